//! The conditions of the writes, by name, so that each can be dropped in turn.

macro_rules! conditions {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        /// What a write of the engine demands of what is stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Condition {
            $($(#[$doc])+ $name),+
        }

        impl Condition {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

conditions! {
    /// A new account has an id that no account has.
    NewAccountId,
    /// A new account has a key that no account of its directory has.
    NewAccountKey,
    /// An account is replaced from its present version.
    AccountVersion,
    /// A key is replaced from the present version of its account.
    ReplacedKeyVersion,
    /// A key that replaces another belongs to no other account of the directory.
    ReplacementKey,
    /// A new authorization has an id that none of the account has.
    NewAuthorizationId,
    /// An authorization is replaced from its present version.
    AuthorizationVersion,
    /// A new order has an id that none of the account has.
    NewOrderId,
    /// An authorization that is stored with a new order has an id that none of the account has.
    NewOrderAuthorizationId,
    /// An order is replaced from its present version.
    OrderVersion,
    /// An intended certificate has an id that none has.
    IntendedId,
    /// A certificate is replaced from its present version.
    CertificateVersion,
    /// An issuance begins with a certificate whose id none has.
    BegunCertificateId,
    /// An issuance begins from the present version of its order.
    BegunOrderVersion,
    /// An issuance is completed from the present version of its certificate.
    CompletedCertificateVersion,
    /// An issuance is completed from the present version of its order.
    CompletedOrderVersion,
    /// A key is blocked only once, at the time of the first.
    BlockedKey,
    /// A CRL has a higher number than the stored one.
    CrlNumber,
    /// A new external account key has an id that none has.
    NewExternalKeyId,
    /// An external account key is replaced from its present version.
    ExternalKeyVersion,
    /// A bound account has an id that no account has.
    BoundAccountId,
    /// A bound account has a key that no account of its directory has.
    BoundAccountKey,
    /// An account is bound from the present version of the external account key.
    BindingKeyVersion,
    /// The secret of external accounts is stored only once.
    ExternalAccountSecret,
    /// A new issuer has a name that none has.
    NewIssuerId,
    /// An issuer is replaced from what is stored.
    IssuerRecord,
    /// A counter stays within its maximum.
    CounterMaximum,
    /// A count is undone only while it is the last one.
    CounterVersion,
    /// A nonce is redeemed only once.
    UnusedNonce,
    /// The nonce secrets are replaced from their present version.
    NonceSecretsVersion,
    /// A grant is replaced from its present version.
    GrantVersion,
    /// An incident is replaced from its present version.
    IncidentVersion,
    /// The expiry watch is replaced from its present version.
    WatchVersion,
    /// A seal takes a place that is free.
    NewSealPlace,
    /// An audit record is appended only once.
    NewAuditId,
}

//! A store whose every call waits for its turn, so that a schedule decides the order of the calls
//! of several operations.
//!
//! A call of a record that the explored operations change is one turn. Profiles, issuers, incidents
//! and audit records stay as they are meanwhile, and are answered at once.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use acme::{
    Account, AccountId, AuditId, Authorization, AuthorizationId, CertificateId, Contact, DirectoryId,
    ExternalAccountKeyId, Identifier, Order, OrderId, ProfileName,
};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;
use store::{
    AccountCertificates, AccountStore, AcmeProfile, AppliedConfiguration, AuditRecord, AuditStore, AuthorizationStore,
    BlockedKey, CertificateEntry, CertificateRecord, CertificateStore, Counted, Creation, CrlRecord, CrlStore,
    EnrolmentGrant, ExpiryWatch, ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, GrantStore,
    IamPrincipal, Incident, IncidentStore, IssuanceStore, IssuerId, IssuerRecord, IssuerStore, KeyReplacement,
    LimitStore, LimitWindow, LookupStore, NonceSecrets, NonceStore, OperationId, OrderPage, OrderStore, Page,
    ProfileChanges, ProfileSet, ProfileStore, Proof, RaProfile, Redemption, RevokedCertificate, Seal, SealPlace,
    SealStore, Sha256Digest, Store, StoreError, UnboundAccounts, Versioned, WatchStore,
};

/// The store behind turns.
pub struct Gated(pub Arc<dyn Store>);

impl Store for Gated {}

/// The place before a call: an operation waits there until it is polled again.
#[derive(Debug, Default)]
pub struct Turn {
    waited: bool,
}

thread_local! {
    /// Whether an operation came to the place before its next call when it was last polled.
    static IS_AT_GATE: Cell<bool> = const { Cell::new(false) };
    /// Whether a call that writes was made since this was last asked.
    static HAS_WRITTEN: Cell<bool> = const { Cell::new(false) };
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.waited {
            return Poll::Ready(());
        }
        self.waited = true;
        IS_AT_GATE.set(true);
        Poll::Pending
    }
}

/// Lets an operation make its next call and go on up to the one after it, or to its end. What an
/// engine waits for itself, such as a disk or a socket, is within the turn.
pub async fn turn<T>(mut operation: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    poll_fn(|context| {
        IS_AT_GATE.set(false);
        match operation.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Poll::Ready(output)),
            Poll::Pending if IS_AT_GATE.get() => Poll::Ready(Poll::Pending),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Lets an operation make all of its calls, with nothing between them.
pub async fn all_turns<T>(operation: impl Future<Output = T>) -> T {
    let mut operation = pin!(operation);
    loop {
        if let Poll::Ready(output) = turn(operation.as_mut()).await {
            return output;
        }
    }
}

/// Whether the store may have changed since this was last asked.
pub(crate) fn take_written() -> bool {
    HAS_WRITTEN.replace(false)
}

fn note(call: &str) {
    if WRITES.iter().any(|verb| call.starts_with(verb)) {
        HAS_WRITTEN.set(true);
    }
}

/// With what the names of the calls begin that write.
const WRITES: [&str; 12] = [
    "begin_",
    "block_",
    "complete_",
    "count",
    "create_",
    "index_",
    "intend_",
    "put_",
    "redeem_",
    "replace_",
    "take_",
    "update_",
];

macro_rules! forwarded {
    ($wait:expr, $trait:ident { $($name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)+ }) => {
        #[async_trait]
        impl $trait for Gated {
            $(async fn $name(&self, $($arg: $ty),*) -> Result<$out, StoreError> {
                $wait;
                note(stringify!($name));
                self.0.$name($($arg),*).await
            })+
        }
    };
}

macro_rules! in_turn {
    ($($trait:ident { $($methods:tt)+ })+) => {
        $(forwarded!(Turn::default().await, $trait { $($methods)+ });)+
    };
}

macro_rules! at_once {
    ($($trait:ident { $($methods:tt)+ })+) => {
        $(forwarded!((), $trait { $($methods)+ });)+
    };
}

in_turn! {
    AccountStore {
        create_account_if_absent(account: &Versioned<Account>) -> Creation<Versioned<Account>>;
        account(id: AccountId) -> Option<Versioned<Account>>;
        account_by_key(directory: &DirectoryId, key: &Thumbprint) -> Option<Versioned<Account>>;
        update_account(before: &Versioned<Account>, after: &Versioned<Account>) -> ();
        replace_account_key(before: &Versioned<Account>, after: &Versioned<Account>) -> KeyReplacement;
    }
    AuthorizationStore {
        create_authorization(authorization: &Versioned<Authorization>) -> ();
        authorization(account: AccountId, id: AuthorizationId) -> Option<Versioned<Authorization>>;
        authorizations(account: AccountId, ids: &[AuthorizationId]) -> Vec<Versioned<Authorization>>;
        update_authorization(before: &Versioned<Authorization>, after: &Versioned<Authorization>) -> ();
        proofs(account: AccountId, names: &[Identifier]) -> Vec<Proof>;
    }
    CertificateStore {
        intend_certificate(certificate: &Versioned<CertificateRecord>) -> ();
        certificate(id: &CertificateId) -> Option<Versioned<CertificateRecord>>;
        certificates(ids: &[CertificateId]) -> Vec<Versioned<CertificateRecord>>;
        update_certificate(before: &Versioned<CertificateRecord>, after: &Versioned<CertificateRecord>) -> ();
        block_key(key: &Thumbprint, at: Timestamp) -> ();
        is_key_blocked(key: &Thumbprint) -> bool;
    }
    CrlStore {
        revoked_certificates(issuer: &IssuerId, shard: u16, ended_after: Timestamp) -> Vec<RevokedCertificate>;
        crl(issuer: &IssuerId, shard: u16) -> Option<CrlRecord>;
        put_crl(crl: &CrlRecord) -> ();
    }
    ExternalAccountStore {
        create_external_account_key(key: &Versioned<ExternalAccountKey>) -> ();
        external_account_key(id: ExternalAccountKeyId) -> Option<Versioned<ExternalAccountKey>>;
        external_account_keys(after: Option<ExternalAccountKeyId>, limit: usize) -> Page<Versioned<ExternalAccountKey>>;
        update_external_account_key(before: &Versioned<ExternalAccountKey>, after: &Versioned<ExternalAccountKey>) -> ();
        create_bound_account_if_absent(account: &Versioned<Account>, before: &Versioned<ExternalAccountKey>, after: &Versioned<ExternalAccountKey>) -> Creation<Versioned<Account>>;
        external_account_secret() -> Option<ExternalAccountSecret>;
        create_external_account_secret_if_absent(secret: &ExternalAccountSecret) -> ();
    }
    IssuanceStore {
        begin_issuance(intended: &Versioned<CertificateRecord>, before: &Versioned<Order>, after: &Versioned<Order>) -> ();
        complete_issuance(intended: &Versioned<CertificateRecord>, issued: &Versioned<CertificateRecord>, before: &Versioned<Order>, after: &Versioned<Order>) -> ();
    }
    LimitStore {
        count(window: &LimitWindow, amount: u32, maximum: u32, operation: OperationId) -> Counted;
        take_back(window: &LimitWindow, amount: u32, counted: OperationId, operation: OperationId) -> ();
        counted(windows: &[LimitWindow]) -> Vec<u32>;
    }
    LookupStore {
        certificates_by_name(name: &Identifier, before: Option<&CertificateEntry>, limit: usize) -> Page<CertificateEntry>;
        certificates_by_key(key: &Thumbprint, before: Option<&CertificateEntry>, limit: usize) -> Page<CertificateEntry>;
        index_keys(certificates: &[Versioned<CertificateRecord>]) -> ();
        certificates_ending(from: Timestamp, until: Timestamp, after: Option<&CertificateEntry>, limit: usize) -> Page<CertificateEntry>;
        accounts_by_contact(contact: &Contact, after: Option<AccountId>, limit: usize) -> Page<Versioned<Account>>;
        accounts_by_key(key: &Thumbprint, after: Option<&DirectoryId>, limit: usize) -> Page<Versioned<Account>>;
        accounts_by_former_key(key: &Thumbprint, after: Option<AccountId>, limit: usize) -> Page<Versioned<Account>>;
        unbound_accounts(directory: &DirectoryId, after: Option<AccountId>, limit: usize) -> UnboundAccounts;
        blocked_keys(after: Option<&Thumbprint>, limit: usize) -> Page<BlockedKey>;
        certificates_of_account(account: AccountId, before: Option<OrderId>, limit: usize) -> AccountCertificates;
    }
    NonceStore {
        redeem_nonce(nonce: &str, expires_at: Timestamp, operation: OperationId) -> Redemption;
        nonce_secrets() -> Option<Versioned<NonceSecrets>>;
        update_nonce_secrets(before: Option<OperationId>, after: &Versioned<NonceSecrets>) -> ();
    }
    OrderStore {
        create_order(order: &Versioned<Order>, new_authorizations: &[Versioned<Authorization>]) -> ();
        order(account: AccountId, id: OrderId) -> Option<Versioned<Order>>;
        update_order(before: &Versioned<Order>, after: &Versioned<Order>) -> ();
        orders(account: AccountId, before: Option<OrderId>, limit: usize) -> OrderPage;
    }
}

at_once! {
    AuditStore {
        append_audit(record: &AuditRecord) -> ();
        audit(before: Option<AuditId>, limit: usize) -> Page<AuditRecord>;
    }
    GrantStore {
        put_grant(before: Option<OperationId>, after: &Versioned<EnrolmentGrant>) -> ();
        grants(to: Option<&IamPrincipal>) -> Vec<Versioned<EnrolmentGrant>>;
    }
    IncidentStore {
        put_incident(before: Option<OperationId>, after: &Versioned<Incident>) -> ();
        incidents() -> Vec<Versioned<Incident>>;
    }
    IssuerStore {
        create_issuer_if_absent(issuer: &IssuerRecord) -> Creation<IssuerRecord>;
        issuer(id: &IssuerId) -> Option<IssuerRecord>;
        update_issuer(before: &IssuerRecord, after: &IssuerRecord) -> ();
        issuers() -> Vec<IssuerRecord>;
    }
    ProfileStore {
        acme_profile(name: &ProfileName) -> Option<AcmeProfile>;
        ra_profile(name: &ProfileName) -> Option<RaProfile>;
        acme_profiles_page(after: Option<&ProfileName>, limit: usize) -> Page<AcmeProfile>;
        ra_profiles_page(after: Option<&ProfileName>, limit: usize) -> Page<RaProfile>;
        profiles() -> ProfileSet;
        apply_profiles(changes: &ProfileChanges) -> ();
        applied_configuration() -> Option<AppliedConfiguration>;
        put_applied_configuration(applied: &AppliedConfiguration) -> ();
    }
    SealStore {
        receipts_written(from: Timestamp, until: Timestamp, latest: Timestamp) -> Vec<Sha256Digest>;
        seals(after: Option<SealPlace>, limit: usize) -> Page<Seal>;
        last_seal(before: Option<SealPlace>) -> Option<Seal>;
        put_seal(seal: &Versioned<Seal>) -> ();
    }
    WatchStore {
        expiry_watch() -> Option<Versioned<ExpiryWatch>>;
        put_expiry_watch(before: Option<OperationId>, after: &Versioned<ExpiryWatch>) -> ();
    }
}

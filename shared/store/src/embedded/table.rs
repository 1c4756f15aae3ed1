//! The tables. Each maps a text key (see [`super::key`]) to a row of bytes.

use redb::TableDefinition;

/// The name of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableName(&'static str);

impl TableName {
    /// The name, which is also the name of its records in errors.
    pub(super) const fn as_str(self) -> &'static str {
        self.0
    }

    /// The definition with which the database opens the table.
    pub(super) const fn definition(self) -> TableDefinition<'static, &'static str, &'static [u8]> {
        TableDefinition::new(self.0)
    }
}

/// The table with that name.
pub(super) fn named(name: &str) -> Option<TableName> {
    ALL.into_iter().find(|table| table.0 == name)
}

/// `a` → version, [`acme::Account`].
pub(super) const ACCOUNT: TableName = TableName("account");
/// `directory#thumbprint` → `a`.
pub(super) const ACCOUNT_BY_KEY: TableName = TableName("account by key");
/// `a#o` → version, [`acme::Order`]. Sorted by creation time, so that it is also the list of the
/// account.
pub(super) const ORDER: TableName = TableName("order");
/// `a#z` → version, [`acme::Authorization`].
pub(super) const AUTHORIZATION: TableName = TableName("authorization");
/// `a#type#value` → [`crate::Proof`].
pub(super) const PROOF: TableName = TableName("proof");
/// `certID` → version, [`crate::CertificateRecord`].
pub(super) const CERTIFICATE: TableName = TableName("certificate");
/// `issuer#shard#serial` → [`crate::RevokedCertificate`].
pub(super) const REVOKED: TableName = TableName("revoked certificate");
/// `issuer#shard` → [`crate::CrlRecord`].
pub(super) const CRL: TableName = TableName("CRL");
/// `thumbprint` → when it was blocked.
pub(super) const BLOCKED_KEY: TableName = TableName("blocked key");
/// `issuer` → [`crate::IssuerRecord`].
pub(super) const ISSUER: TableName = TableName("issuer");
/// `name` → [`crate::AcmeProfileRecord`].
pub(super) const ACME_PROFILE: TableName = TableName("ACME Profile");
/// `name` → [`crate::RaProfileRecord`].
pub(super) const RA_PROFILE: TableName = TableName("RA Profile");
/// `profiles` → [`crate::AppliedConfiguration`].
pub(super) const APPLIED_CONFIGURATION: TableName = TableName("applied configuration");
/// `nonce` → version, [`crate::NonceSecrets`].
pub(super) const SECRET: TableName = TableName("nonce secrets");
/// `id` → version, [`crate::ExternalAccountKey`].
pub(super) const EXTERNAL_ACCOUNT_KEY: TableName = TableName("external account key");
/// `secret` → [`crate::ExternalAccountSecret`].
pub(super) const EXTERNAL_ACCOUNT_SECRET: TableName = TableName("external account secret");
/// `principal#profile` → version, [`crate::EnrolmentGrant`].
pub(super) const GRANT: TableName = TableName("enrolment grant");
/// `id` → version, [`crate::AuditRecord`].
pub(super) const AUDIT: TableName = TableName("audit");
/// `id` → version, [`crate::Incident`].
pub(super) const INCIDENT: TableName = TableName("incident");
/// `start#length#what` → version, the count in that window.
pub(super) const LIMIT: TableName = TableName("limit");
/// `time#nonce` → the operation that redeemed it.
pub(super) const NONCE: TableName = TableName("nonce");
/// `from#part` → [`crate::Seal`].
pub(super) const SEAL: TableName = TableName("seal");
/// `watch` → version, [`crate::ExpiryWatch`].
pub(super) const WATCH: TableName = TableName("watch");
/// `type#name#end#certID` → nothing: certificates by name.
pub(super) const NAMED: TableName = TableName("certificate by name");
/// `thumbprint#end#certID` → nothing: certificates by key.
pub(super) const KEYED: TableName = TableName("certificate by key");
/// `end#certID` → nothing: certificates by end.
pub(super) const ENDING: TableName = TableName("certificate by end");
/// `contact#a` → nothing: accounts by contact.
pub(super) const CONTACT: TableName = TableName("account by contact");
/// `thumbprint#directory` → nothing: the directories in which a key has an account.
pub(super) const DIRECTORY_OF_KEY: TableName = TableName("directory of a key");
/// `thumbprint#a` → nothing: accounts by the keys that they had before.
pub(super) const FORMER_KEY: TableName = TableName("account by former key");
/// `hour#table#key` → nothing: records that may be due for deletion.
pub(super) const EXPIRY: TableName = TableName("expiry");
/// `a#z#challenge type` → nothing: validations that are under way.
pub(super) const VALIDATING: TableName = TableName("validating");
/// `a#o` → nothing: orders that are being issued.
pub(super) const ISSUING: TableName = TableName("issuing");
/// Facts about the file itself.
pub(super) const META: TableName = TableName("meta");

/// Every table. A new file gets all of them, so that reads need not check whether a table exists.
pub(super) const ALL: [TableName; 33] = [
    ACCOUNT,
    ACCOUNT_BY_KEY,
    ORDER,
    AUTHORIZATION,
    PROOF,
    CERTIFICATE,
    REVOKED,
    CRL,
    BLOCKED_KEY,
    ISSUER,
    ACME_PROFILE,
    RA_PROFILE,
    APPLIED_CONFIGURATION,
    SECRET,
    EXTERNAL_ACCOUNT_KEY,
    EXTERNAL_ACCOUNT_SECRET,
    GRANT,
    AUDIT,
    INCIDENT,
    LIMIT,
    NONCE,
    SEAL,
    WATCH,
    NAMED,
    KEYED,
    ENDING,
    CONTACT,
    DIRECTORY_OF_KEY,
    FORMER_KEY,
    EXPIRY,
    VALIDATING,
    ISSUING,
    META,
];

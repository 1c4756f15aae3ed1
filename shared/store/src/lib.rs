//! The store: one trait for each kind of record, with methods named by their meaning.
//!
//! Invariants that every engine keeps, and that the contract tests check:
//!
//! - **Conditional.** A write names the version of the record that it is based on. If another write
//!   has changed the record in between, it changes nothing and fails with [`StoreError::Conflict`].
//! - **A lost answer is not a lost write.** Every write carries an [`OperationId`]; repeating a
//!   write that was applied succeeds and changes nothing.
//! - **Owned.** Orders and authorizations are addressed by account and id. Under another account
//!   they are as unknown as if they did not exist.
//! - **Durable.** Acknowledged writes survive a crash. The only exception is redeemed nonces, which
//!   a power failure may lose if the engine then invalidates all older nonces.
//! - **Consistent.** Reads see every write that was acknowledged before they started. Reads of a
//!   single profile or a single issuer may be slightly stale; callers cache the result for some
//!   seconds anyway.
//!
//! Keys, conditions, indexes and expiry are internal to each engine.

mod account;
mod audit;
mod authorization;
mod certificate;
mod crl;
mod digest;
mod error;
mod external_account;
mod grant;
mod iam_principal;
mod identifier_rule;
mod incident;
mod issuance;
mod issuer;
mod limit;
mod lookup;
mod nonce;
mod order;
mod page;
mod profile;
mod receipt;
mod retention;
mod seal;
mod selection;
mod versioned;
mod watch;

#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "embedded")]
pub mod embedded;

pub use account::{AccountStore, Creation, KeyReplacement};
pub use audit::{AuditRecord, AuditStore};
pub use authorization::{AuthorizationStore, Proof};
pub use certificate::{CertificateRecord, CertificateState, CertificateStore, Replacement, Revocation};
pub use crl::{CrlRecord, CrlStore, RevokedCertificate};
pub use digest::{Sha256Digest, Sha256DigestError};
pub use error::StoreError;
pub use external_account::{ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore};
pub use grant::{EnrolmentGrant, GrantStore};
pub use iam_principal::{IamPrincipal, IamPrincipalError};
pub use identifier_rule::{IdentifierRule, IdentifierRuleError};
pub use incident::{Incident, IncidentStore, StagedRevocation};
pub use issuance::IssuanceStore;
pub use issuer::{
    CrlBackdate, CrlBackdateError, Der, IssuerId, IssuerIdError, IssuerRecord, IssuerRevocation, IssuerRole,
    IssuerState, IssuerStore,
};
pub use limit::{Counted, LimitStore, LimitWindow};
pub use lookup::{AccountCertificates, BlockedKey, CertificateEntry, LookupStore, UnboundAccounts};
pub use nonce::{NonceSecret, NonceSecrets, NonceStore, Redemption};
pub use order::{OrderPage, OrderStore};
pub use page::Page;
pub use profile::{
    AcmeProfile, AcmeProfileRecord, AppliedConfiguration, Caa, Difference, DnsResolver, Dnssec, ExistingAccounts,
    FirstProfiles, InvalidProfiles, Limit, Limits, NameRefusal, OfferedProfile, Perspectives, PreApproval, Preset,
    ProfileChanges, ProfileFault, ProfileKind, ProfileRefusal, ProfileSet, ProfileStore, RaProfile, RaProfileRecord,
    TermsOfServiceChange, Validity, is_web_page,
};
pub use receipt::{Basis, Ground, Receipt, rules_version};
pub use retention::Retention;
pub use seal::{Seal, SealPlace, SealStore, SealedPeriod};
pub use selection::{Position, Selection};
pub use versioned::{OperationId, Versioned};
pub use watch::{ExpiryWatch, WatchStore};

/// All records, stored by one engine.
pub trait Store:
    AccountStore
    + AuditStore
    + AuthorizationStore
    + CertificateStore
    + CrlStore
    + ExternalAccountStore
    + GrantStore
    + IncidentStore
    + IssuanceStore
    + IssuerStore
    + LimitStore
    + LookupStore
    + NonceStore
    + OrderStore
    + ProfileStore
    + SealStore
    + WatchStore
    + Send
    + Sync
{
}

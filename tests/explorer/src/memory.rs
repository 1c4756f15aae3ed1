//! An engine of maps: the contract of the store in its shortest form.
//!
//! It answers at once and always the same, so that an interleaving of calls can be repeated
//! exactly. It can be copied as it stands, and each condition of its writes can be dropped, to see
//! whether the explorer notices.

mod account;
mod authorization;
mod certificate;
mod condition;
mod crl;
mod external_account;
mod issuer;
mod limit;
mod lookup;
mod nonce;
mod operator;
mod order;
mod profile;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use acme::{Account, AccountId, Authorization, Order};
use jiff::Timestamp;
use store::{
    AcmeProfile, AppliedConfiguration, AuditRecord, CertificateRecord, CrlRecord, EnrolmentGrant, ExpiryWatch,
    ExternalAccountKey, ExternalAccountSecret, Incident, IssuerRecord, NonceSecrets, OperationId, Proof, RaProfile,
    RevokedCertificate, Seal, Store, StoreError, Versioned,
};

pub use condition::Condition;

/// The records in memory, for as long as the process lives.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    dropped: &'static [Condition],
}

/// The records, each by the text of its id; those that belong to an account begin with its id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) accounts: Rows<Account>,
    pub(crate) account_of_key: BTreeMap<String, AccountId>,
    pub(crate) applied_configuration: Option<AppliedConfiguration>,
    pub(crate) audit: Rows<AuditRecord>,
    pub(crate) authorizations: Rows<Authorization>,
    pub(crate) acme_profiles: BTreeMap<String, AcmeProfile>,
    pub(crate) blocked_keys: BTreeMap<String, Timestamp>,
    pub(crate) certificates: Rows<CertificateRecord>,
    pub(crate) counters: Rows<u32>,
    pub(crate) crls: BTreeMap<String, CrlRecord>,
    pub(crate) external_account_keys: Rows<ExternalAccountKey>,
    pub(crate) external_account_secret: Option<ExternalAccountSecret>,
    pub(crate) grants: Rows<EnrolmentGrant>,
    pub(crate) incidents: Rows<Incident>,
    pub(crate) issuers: BTreeMap<String, IssuerRecord>,
    pub(crate) nonces: BTreeMap<String, OperationId>,
    pub(crate) nonce_secrets: Rows<NonceSecrets>,
    pub(crate) orders: Rows<Order>,
    pub(crate) proofs: BTreeMap<String, Proof>,
    pub(crate) ra_profiles: BTreeMap<String, RaProfile>,
    pub(crate) revoked: BTreeMap<String, RevokedCertificate>,
    pub(crate) seals: Rows<Seal>,
    pub(crate) watch: Rows<ExpiryWatch>,
}

pub(crate) type Rows<T> = BTreeMap<String, Versioned<T>>;

/// The only row of a table.
const ONLY: &str = "";

impl Store for MemoryStore {}

impl MemoryStore {
    /// A copy of all that is stored.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self { tables: Mutex::new(self.tables()), dropped: self.dropped }
    }

    /// A copy whose writes no longer demand these.
    #[must_use]
    pub fn without(&self, conditions: &'static [Condition]) -> Self {
        Self { dropped: conditions, ..self.copied() }
    }

    /// All that is stored.
    pub(crate) fn tables(&self) -> Tables {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // No code that holds the lock can panic with a table half changed.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the condition holds, or is not asked for.
    fn demands(&self, condition: Condition, holds: bool) -> Result<(), StoreError> {
        if holds || self.dropped.contains(&condition) { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Whether a change is still to be made: the row is at the version `before`, and not already at
    /// that of the change.
    fn is_due<T>(
        &self,
        rows: &Rows<T>,
        key: &str,
        before: Option<OperationId>,
        after: &Versioned<T>,
        condition: Condition,
    ) -> Result<bool, StoreError> {
        let stored = rows.get(key).map(|row| row.version);
        if stored == Some(after.version) {
            return Ok(false);
        }
        self.demands(condition, stored == before)?;
        Ok(true)
    }

    /// Puts the row from the version `before`.
    fn replace<T: Clone>(
        &self,
        rows: &mut Rows<T>,
        key: String,
        before: Option<OperationId>,
        after: &Versioned<T>,
        condition: Condition,
    ) -> Result<(), StoreError> {
        if self.is_due(rows, &key, before, after, condition)? {
            rows.insert(key, after.clone());
        }
        Ok(())
    }
}

/// The key of a record that belongs to an account.
fn owned(account: AccountId, id: impl std::fmt::Display) -> String {
    format!("{account}/{id}")
}

//! Renewals: certificates that replace an earlier one, and are therefore issued although a limit is
//! reached.

use std::sync::Arc;

use acme::{Account, Identifier};
use store::{CertificateState, LookupStore};

use crate::Error;

/// Recognizes orders that renew certificates, which limits exempt.
pub struct Renewals {
    lookup: Arc<dyn LookupStore>,
}

impl Renewals {
    /// Recognizes renewals by the certificates of this store.
    pub fn new(lookup: Arc<dyn LookupStore>) -> Self {
        Self { lookup }
    }

    /// Whether the account has a valid certificate for exactly these identifiers, so that another
    /// one renews it. This is only asked when a limit is reached.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn renews(&self, account: &Account, names: &[Identifier]) -> Result<bool, Error> {
        let Some(first) = names.first() else { return Ok(false) };
        let found = self.lookup.certificates_by_name(first, None, MAX_LOOKED_AT).await?;
        for entry in found.items {
            let Some(record) = self.lookup.certificate(&entry.id).await? else { continue };
            if record.account == Some(account.id)
                && matches!(record.state, CertificateState::Issued { .. })
                && record.revocation.is_none()
                && record.identifiers.len() == names.len()
                && record.identifiers.iter().all(|name| names.contains(name))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The maximum number of certificates for a name that are looked at, latest expiry first.
const MAX_LOOKED_AT: usize = 10;

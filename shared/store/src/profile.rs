//! Profiles: what an operator decides, once for each directory.
//!
//! The same fields, names and defaults stand in the configuration file and in the store; documents refuse
//! members that they do not know, records do not.

mod acme_profile;
mod applied;
mod check;
mod difference;
mod limit;
mod ra_profile;
mod record;
mod set;

use acme::ProfileName;
use async_trait::async_trait;

pub use acme_profile::{AcmeProfile, DnsResolver, NameRefusal, OfferedProfile, PreApproval, TermsOfServiceChange};
pub use applied::{AppliedConfiguration, FirstProfiles};
pub use check::{InvalidProfiles, ProfileFault, ProfileKind, ProfileRefusal, is_web_page};
pub use difference::Difference;
pub use limit::{Limit, Limits};
pub use ra_profile::{RaProfile, Validity};
pub use record::{AcmeProfileRecord, RaProfileRecord};
pub use set::{ProfileChanges, ProfileSet};

use crate::{Page, StoreError};

/// The profiles.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// The ACME Profile of that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError>;

    /// The RA Profile of that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError>;

    /// The ACME Profiles by name: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError>;

    /// The RA Profiles by name: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError>;

    /// All profiles, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn profiles(&self) -> Result<ProfileSet, StoreError>;

    /// Makes the changes, in one atomic change up to a hundred of them. An engine that cannot do more at
    /// once puts RA Profiles first, then ACME Profiles, then deletes, so that no profile ever leads to
    /// one that is not there yet. Changes that were made before change nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError>;

    /// What was taken from the configuration; `None` when nothing was remembered yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn applied_configuration(&self) -> Result<Option<AppliedConfiguration>, StoreError>;

    /// Remembers what was taken from the configuration, in the place of what was remembered before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn put_applied_configuration(&self, applied: &AppliedConfiguration) -> Result<(), StoreError>;
}

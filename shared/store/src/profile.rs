//! Profiles: the operator's settings for each directory.
//!
//! The configuration file and the store have the same fields, names and defaults. Documents reject
//! unknown members, records do not.

mod acme_profile;
mod applied;
mod check;
mod difference;
mod limit;
mod preset;
mod ra_profile;
mod record;
mod set;

use acme::ProfileName;
use async_trait::async_trait;

pub use acme_profile::{
    AcmeProfile, Caa, DnsResolver, Dnssec, ExistingAccounts, NameRefusal, OfferedProfile, Perspectives, PreApproval,
    TermsOfServiceChange,
};
pub use applied::{AppliedConfiguration, FirstProfiles};
pub use check::{InvalidProfiles, ProfileFault, ProfileKind, ProfileRefusal, is_web_page};
pub use difference::Difference;
pub use limit::{Limit, Limits};
pub use preset::Preset;
pub use ra_profile::{RaProfile, Validity};
pub use record::{AcmeProfileRecord, RaProfileRecord};
pub use set::{ProfileChanges, ProfileSet};

use crate::{Page, StoreError};

/// Access to the profiles.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// The ACME Profile with that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError>;

    /// The RA Profile with that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError>;

    /// The ACME Profiles after `after`, sorted by name, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError>;

    /// The RA Profiles after `after`, sorted by name, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError>;

    /// All profiles, sorted by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn profiles(&self) -> Result<ProfileSet, StoreError>;

    /// Applies the changes; up to a hundred are applied atomically. An engine that cannot apply
    /// more at once writes RA Profiles first, then ACME Profiles, then deletes, so that no profile
    /// ever refers to one that does not exist yet. Repeating the call changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError>;

    /// What was last applied from the configuration; `None` when nothing was applied yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn applied_configuration(&self) -> Result<Option<AppliedConfiguration>, StoreError>;

    /// Stores what was last applied from the configuration, in place of the previous record.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn put_applied_configuration(&self, applied: &AppliedConfiguration) -> Result<(), StoreError>;
}

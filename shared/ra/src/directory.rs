//! The profiles behind a directory, and whether it serves.

use std::{collections::BTreeMap, sync::Arc};

use acme::{Authorization, DirectoryId, DirectoryMeta, DirectoryObject, Family, Resource, Urls};
use authority::{Cache, Clock, Failure};
use jiff::SignedDuration;
use store::{AcmeProfile, ProfileStore, RaProfile};

use crate::{Error, Refusal};

/// A directory with the profiles behind it.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The family and the name of the directory.
    pub directory: DirectoryId,
    /// The rules for clients.
    pub acme: AcmeProfile,
    /// The kind of certificates that are issued unless the order chooses another profile.
    pub ra: RaProfile,
    /// The RA Profiles that an order may choose, by the names that the directory shows (profiles
    /// extension). A directory of family B is pinned to one RA Profile and offers none.
    pub offered: BTreeMap<String, Offer>,
    /// Whether authorizations count for which nothing was validated, because the test switch that
    /// let them through is still on.
    pub counts_unvalidated: bool,
}

/// An RA Profile that an order may choose.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The kind of certificates that are issued.
    pub ra: RaProfile,
    /// The description that the directory shows.
    pub description: String,
}

impl Directory {
    /// Whether the directory serves what leads to new certificates.
    ///
    /// # Errors
    /// [`Refusal::DirectoryOff`] with the reason.
    pub fn check_in_service(&self) -> Result<(), Error> {
        match (self.acme.enabled, self.ra.enabled) {
            (true, true) => Ok(()),
            (false, _) => Err(Refusal::DirectoryOff("the ACME Profile is disabled").into()),
            (true, false) => Err(Refusal::DirectoryOff("the RA Profile is disabled").into()),
        }
    }

    /// What an order of that profile is issued by.
    ///
    /// # Errors
    /// [`Refusal::InvalidProfile`] when the directory does not offer it, or no longer.
    pub fn issuing_profile(&self, profile: Option<&str>) -> Result<&RaProfile, Error> {
        match profile {
            None => Ok(&self.ra),
            Some(name) => match self.offered.get(name) {
                Some(offer) => Ok(&offer.ra),
                None => Err(Refusal::InvalidProfile(name.to_owned()).into()),
            },
        }
    }

    /// Whether what the authorization shows counts here: it was made in this directory, and control
    /// was shown under the rules of the ACME Profile that is behind the directory now, and not to a
    /// test switch that is off by now. Whether a pre-approval still holds is for the present rules
    /// to say.
    pub fn counts(&self, authorization: &Authorization) -> bool {
        let is_of_profile = authorization.pre_approval.is_some()
            || authorization.shown_under().is_some_and(|profile| *profile == self.acme.name);
        let is_shown = self.counts_unvalidated || !authorization.is_unvalidated();
        authorization.directory == self.directory && is_of_profile && is_shown
    }

    /// The directory object (RFC 8555 §7.1.1).
    pub fn object(&self, urls: &Urls) -> DirectoryObject {
        let at = |resource| urls.of(&self.directory, &resource);
        DirectoryObject {
            new_nonce: at(Resource::NewNonce),
            new_account: at(Resource::NewAccount),
            new_order: at(Resource::NewOrder),
            new_authz: at(Resource::NewAuthorization),
            revoke_cert: at(Resource::RevokeCert),
            key_change: at(Resource::KeyChange),
            renewal_info: urls.renewal_info(&self.directory),
            meta: DirectoryMeta {
                terms_of_service: self.acme.terms_of_service_url.clone(),
                website: self.acme.website_url.clone(),
                caa_identities: self.acme.caa_identities.clone(),
                external_account_required: self.acme.external_account_required,
                profiles: self.offered.iter().map(|(name, offer)| (name.clone(), offer.description.clone())).collect(),
            },
        }
    }
}

/// Finds directories, and caches what it found.
pub struct Directories {
    profiles: Arc<dyn ProfileStore>,
    clock: Arc<dyn Clock>,
    counts_unvalidated: bool,
    /// `None` for a directory that is known not to exist.
    found: Cache<DirectoryId, Option<Arc<Directory>>>,
}

impl Directories {
    /// Finds the directories of this store; each is cached for `remembered`.
    pub fn new(profiles: Arc<dyn ProfileStore>, clock: Arc<dyn Clock>, remembered: SignedDuration) -> Self {
        Self { profiles, clock, counts_unvalidated: false, found: Cache::new(remembered) }
    }

    /// Whether authorizations count that a test switch let through: only while it is on.
    #[must_use]
    pub fn counting_unvalidated(self, counts_unvalidated: bool) -> Self {
        Self { counts_unvalidated, ..self }
    }

    /// The profiles behind a directory, whether or not they are enabled.
    ///
    /// # Errors
    /// [`Refusal::NoSuchDirectory`].
    pub async fn directory(&self, directory: &DirectoryId) -> Result<Arc<Directory>, Error> {
        self.find(directory).await?.ok_or(Refusal::NoSuchDirectory.into())
    }

    /// The same; `None` if there is no such directory.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn find(&self, directory: &DirectoryId) -> Result<Option<Arc<Directory>>, Failure> {
        let look_up = async { Ok::<_, Failure>(self.look_up(directory).await?.map(Arc::new)) };
        self.found.get_or_read(directory, self.clock.now(), look_up).await
    }

    /// Clears the cache, because an operator has changed profiles.
    pub async fn forget(&self) {
        self.found.forget().await;
    }

    async fn look_up(&self, directory: &DirectoryId) -> Result<Option<Directory>, Failure> {
        let (acme, ra) = match directory.family {
            Family::AcmeProfile => {
                let acme = self.profiles.acme_profile(&directory.name).await?;
                let ra = match acme.as_ref().and_then(|acme| acme.ra_profile.as_ref()) {
                    Some(name) => self.profiles.ra_profile(name).await?,
                    None => None,
                };
                (acme, ra)
            }
            Family::RaProfile => {
                let ra = self.profiles.ra_profile(&directory.name).await?;
                let acme = match ra.as_ref().and_then(|ra| ra.acme_profile.as_ref()) {
                    Some(name) => self.profiles.acme_profile(name).await?,
                    None => None,
                };
                (acme, ra)
            }
        };
        let Some((acme, ra)) = acme.zip(ra) else { return Ok(None) };
        let offered = match directory.family {
            Family::AcmeProfile => self.offers(&acme).await?,
            Family::RaProfile => BTreeMap::new(),
        };
        let (directory, counts_unvalidated) = (directory.clone(), self.counts_unvalidated);
        Ok(Some(Directory { directory, acme, ra, offered, counts_unvalidated }))
    }

    /// The profiles that the ACME Profile offers, as far as they exist and are enabled.
    async fn offers(&self, acme: &AcmeProfile) -> Result<BTreeMap<String, Offer>, Failure> {
        let mut offers = BTreeMap::new();
        for (name, offered) in &acme.profiles {
            if let Some(ra) = self.profiles.ra_profile(&offered.ra_profile).await?.filter(|ra| ra.enabled) {
                offers.insert(name.clone(), Offer { ra, description: offered.description.clone() });
            }
        }
        Ok(offers)
    }
}

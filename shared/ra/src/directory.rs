//! Which profiles stand behind a directory, and whether they serve.

use std::{collections::HashMap, sync::Arc};

use acme::{DirectoryId, DirectoryMeta, DirectoryObject, Family, Resource, Urls};
use jiff::{SignedDuration, Timestamp};
use store::{AcmeProfile, RaProfile};
use tokio::sync::RwLock;

use crate::{Authority, Error};

/// A directory with the profiles behind it.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Which directory.
    pub directory: DirectoryId,
    /// How clients are treated.
    pub acme: AcmeProfile,
    /// What is issued.
    pub ra: RaProfile,
}

impl Serving {
    /// Whether the directory serves what leads to new certificates.
    ///
    /// # Errors
    /// [`Error::DirectoryOff`] with the reason.
    pub fn check_in_service(&self) -> Result<(), Error> {
        match (self.acme.enabled, self.ra.enabled) {
            (true, true) => Ok(()),
            (false, _) => Err(Error::DirectoryOff("the ACME Profile is disabled")),
            (true, false) => Err(Error::DirectoryOff("the RA Profile is disabled")),
        }
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
                ..DirectoryMeta::default()
            },
        }
    }
}

impl Authority {
    /// The profiles behind a directory, whether or not they are enabled.
    ///
    /// # Errors
    /// [`Error::NoSuchDirectory`].
    pub async fn directory(&self, directory: &DirectoryId) -> Result<Arc<Serving>, Error> {
        let found = match self.profiles.fresh(directory, self.now()).await {
            Some(found) => found,
            None => {
                let found = self.look_up(directory).await?.map(Arc::new);
                self.profiles.remember(directory, &found, self.now()).await;
                found
            }
        };
        found.ok_or(Error::NoSuchDirectory)
    }

    async fn look_up(&self, directory: &DirectoryId) -> Result<Option<Serving>, Error> {
        let (acme, ra) = match directory.family {
            Family::AcmeProfile => {
                let acme = self.store.acme_profile(&directory.name).await?;
                let ra = match acme.as_ref().and_then(|acme| acme.ra_profile.as_ref()) {
                    Some(name) => self.store.ra_profile(name).await?,
                    None => None,
                };
                (acme, ra)
            }
            Family::RaProfile => {
                let ra = self.store.ra_profile(&directory.name).await?;
                let acme = match ra.as_ref().and_then(|ra| ra.acme_profile.as_ref()) {
                    Some(name) => self.store.acme_profile(name).await?,
                    None => None,
                };
                (acme, ra)
            }
        };
        Ok(acme.zip(ra).map(|(acme, ra)| Serving { directory: directory.clone(), acme, ra }))
    }
}

/// Profiles in memory, so that a warm function reads none.
pub(crate) struct ProfileCache {
    for_how_long: SignedDuration,
    entries: RwLock<HashMap<DirectoryId, Entry>>,
}

/// What a look-up found, and when.
struct Entry {
    read_at: Timestamp,
    found: Option<Arc<Serving>>,
}

impl ProfileCache {
    pub(crate) fn new(for_how_long: SignedDuration) -> Self {
        Self { for_how_long, entries: RwLock::default() }
    }

    /// What was found lately: `Some(None)` is a directory that is known not to exist.
    async fn fresh(&self, directory: &DirectoryId, now: Timestamp) -> Option<Option<Arc<Serving>>> {
        let entries = self.entries.read().await;
        let entry = entries.get(directory)?;
        (now.duration_since(entry.read_at) < self.for_how_long).then(|| entry.found.clone())
    }

    async fn remember(&self, directory: &DirectoryId, found: &Option<Arc<Serving>>, now: Timestamp) {
        let mut entries = self.entries.write().await;
        // Names that do not exist are anybody's to invent: they must not fill the memory.
        if entries.len() >= MOST_CACHED {
            entries.clear();
        }
        entries.insert(directory.clone(), Entry { read_at: now, found: found.clone() });
    }
}

const MOST_CACHED: usize = 10_000;

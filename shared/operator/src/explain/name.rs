//! The facts about an identifier: which profiles would issue for it, whether or not it was ever
//! ordered.

use std::collections::{BTreeMap, HashMap};

use acme::{DirectoryId, Family, Identifier, ProfileName};
use ra::{LimitState, NamePolicy, directory_of};
use store::{AcmeProfile, CertificateRecord, RaProfile};

use super::{ExplainedOrder, NameVerdict, OrderSummary, verdict::verdict};
use crate::{Error, Explanations, Refusal};

/// An identifier, with the newest certificates for it and their orders.
#[derive(Debug)]
pub struct ExplainedName {
    /// What each ACME Profile says about it.
    pub verdicts: Vec<NameVerdict>,
    /// The limits of the one profile that was asked about, the narrowest first.
    pub limits: Vec<LimitState>,
    /// The certificates for exactly this identifier, latest expiry first.
    pub certificates: Vec<CertificateRecord>,
    /// Whether there may be more of them.
    pub more_certificates: bool,
    /// The orders of these certificates that are still stored.
    pub orders: Vec<OrderSummary>,
    /// The first of these orders, in full.
    pub newest_order: Option<ExplainedOrder>,
}

impl Explanations {
    /// What each ACME Profile, or only this one, says about the identifier, with the newest
    /// certificates for it and their orders.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such profile.
    pub async fn name(&self, name: &Identifier, profile: Option<&ProfileName>) -> Result<ExplainedName, Error> {
        let (profiles, ra_profiles) = self.profiles_for(profile).await?;
        let mut verdicts = Vec::with_capacity(profiles.len());
        for acme in &profiles {
            let signing = match acme.ra_profile.as_ref().and_then(|ra| ra_profiles.get(ra)) {
                Some(ra) => Some(self.signing(ra).await?),
                None => None,
            };
            let policy = NamePolicy::of_anyone(acme);
            let policy = match &signing {
                Some(signing) => signing.policy(policy),
                None => policy,
            };
            verdicts.push(verdict(acme, signing.as_ref(), &policy, false, name));
        }
        let mut limits = Vec::new();
        if let Some(profile) = profile {
            let directory = DirectoryId { family: Family::AcmeProfile, name: profile.clone() };
            if let Some(serving) = self.directories.find(&directory).await? {
                limits = self.limits.states_for_name(&serving, name).await?;
            }
        }
        let certificates = self.newest_certificates(name, profile).await?;
        let orders = certificates.iter().filter_map(|certificate| certificate.account.zip(certificate.order)).collect();
        let orders = self.summaries(orders).await?;
        let newest_order = match orders.first() {
            Some(newest) => Some(self.order(newest.account, newest.order).await?),
            None => None,
        };
        let more_certificates = certificates.len() >= CERTIFICATES;
        Ok(ExplainedName { verdicts, limits, certificates, more_certificates, orders, newest_order })
    }

    /// The newest certificates for the identifier that were ordered in a directory of this ACME
    /// Profile, or in any.
    async fn newest_certificates(
        &self,
        name: &Identifier,
        profile: Option<&ProfileName>,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let (mut certificates, mut directories) = (Vec::new(), HashMap::new());
        let most = if profile.is_some() { LOOKED_AT } else { CERTIFICATES };
        for entry in self.lookup.certificates_by_name(name, None, most).await?.items {
            let Some(record) = self.lookup.certificate(&entry.id).await? else { continue };
            let directory = match (&record.directory, record.account) {
                (None, Some(account)) => directory_of(self.accounts.as_ref(), account, &mut directories).await?,
                (known, _) => known.clone(),
            };
            let is_meant = match (profile, directory) {
                (None, _) => true,
                (Some(profile), Some(directory)) => self.is_behind(profile, &directory).await?,
                (Some(_), None) => false,
            };
            if is_meant {
                certificates.push(record.value);
            }
            if certificates.len() == CERTIFICATES {
                break;
            }
        }
        Ok(certificates)
    }

    /// Whether the ACME Profile is the one of the directory.
    async fn is_behind(&self, profile: &ProfileName, directory: &DirectoryId) -> Result<bool, Error> {
        match directory.family {
            Family::AcmeProfile => Ok(directory.name == *profile),
            Family::RaProfile => {
                Ok(self.directories.find(directory).await?.is_some_and(|serving| serving.acme.name == *profile))
            }
        }
    }

    /// The ACME Profiles to be explained, and the RA Profiles by name.
    async fn profiles_for(
        &self,
        profile: Option<&ProfileName>,
    ) -> Result<(Vec<AcmeProfile>, BTreeMap<ProfileName, RaProfile>), Error> {
        let (acme, ra) = match profile {
            None => {
                let all = self.profiles.profiles().await?;
                (all.acme_profile, all.ra_profile)
            }
            Some(name) => {
                let acme = self.profiles.acme_profile(name).await?.ok_or(Refusal::NotFound)?;
                let ra = match &acme.ra_profile {
                    Some(name) => self.profiles.ra_profile(name).await?,
                    None => None,
                };
                (vec![acme], ra.into_iter().collect())
            }
        };
        Ok((acme, ra.into_iter().map(|ra| (ra.name.clone(), ra)).collect()))
    }
}

/// The maximum number of certificates that are explained, latest expiry first.
const CERTIFICATES: usize = 5;
/// The maximum number that are looked at for those of one profile.
const LOOKED_AT: usize = 100;

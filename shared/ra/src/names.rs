//! The identifiers for which an account may have certificates. This is decided here, and nowhere
//! else.
//!
//! It is checked when an identifier first appears, in new-order and new-authorization, and again in
//! finalize, so that stricter rules also apply to existing orders. Three things decide: the ACME
//! Profile, the external account key that bound the account, and the challenge types that are
//! offered. If the issuer is known, the name constraints of its certificate are the fourth.

use std::{collections::BTreeSet, sync::Arc};

use acme::{
    Account, Authorization, AuthorizationState, CaaPermission, ChallengeType, ExternalAccountKeyId, Identifier,
    IdentifierObject, Observation, ProfileName, ValidationEvidence,
};
use authority::{Cache, Clock, Failure};
use issuing::LoadedIssuer;
use jiff::SignedDuration;
use store::{AcmeProfile, ExternalAccountKey, ExternalAccountStore, PreApproval};

use crate::{Directory, Error, IdentifierRefusal, Refusal, public_name};

/// What an account may order in a directory.
pub struct NamePolicy<'a> {
    profile: &'a AcmeProfile,
    binding: Binding,
    /// The issuer that would sign, if it is known.
    issuer: Option<&'a LoadedIssuer>,
}

/// The external account binding of an account.
enum Binding {
    /// The account is not bound.
    None,
    /// The account is bound by this key.
    Key(Box<ExternalAccountKey>),
    /// The account is bound by a key that is no longer stored, so its scope is unknown.
    Forgotten,
}

/// Decides what accounts may order, by the profile and by the external account keys that bound
/// them.
pub struct NamePolicies {
    external_accounts: Arc<dyn ExternalAccountStore>,
    clock: Arc<dyn Clock>,
    keys: Cache<ExternalAccountKeyId, Option<ExternalAccountKey>>,
}

impl NamePolicies {
    /// Uses the keys of this store; each is cached for `remembered`.
    pub fn new(
        external_accounts: Arc<dyn ExternalAccountStore>,
        clock: Arc<dyn Clock>,
        remembered: SignedDuration,
    ) -> Self {
        Self { external_accounts, clock, keys: Cache::new(remembered) }
    }

    /// What the account may order. Nothing is read if the account is not bound, or if its key was
    /// read recently.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn of<'a>(&self, serving: &'a Directory, account: &Account) -> Result<NamePolicy<'a>, Failure> {
        let binding = match account.external_account {
            None => Binding::None,
            Some(id) => match self.key(id).await? {
                Some(key) => Binding::Key(Box::new(key)),
                None => Binding::Forgotten,
            },
        };
        Ok(NamePolicy { profile: &serving.acme, binding, issuer: None })
    }

    /// The key, from the cache if possible: what it allows hardly ever changes.
    async fn key(&self, id: ExternalAccountKeyId) -> Result<Option<ExternalAccountKey>, Failure> {
        let read =
            async { Ok::<_, Failure>(self.external_accounts.external_account_key(id).await?.map(|key| key.value)) };
        self.keys.get_or_read(&id, self.clock.now(), read).await
    }

    /// Clears the cache, because an operator has changed a key.
    pub async fn forget(&self) {
        self.keys.forget().await;
    }
}

impl<'a> NamePolicy<'a> {
    /// The same policy for certificates of this issuer, whose name constraints also apply.
    pub fn below(self, issuer: &'a LoadedIssuer) -> Self {
        Self { issuer: Some(issuer), ..self }
    }

    /// Whether the account may go on where the profile requires an external account binding.
    ///
    /// # Errors
    /// [`Refusal::ExternalAccountRequired`] for an account from before, if the profile refuses it.
    pub(crate) fn check_binding(&self) -> Result<(), Refusal> {
        match self.binding {
            Binding::None if self.profile.refuses_unbound_accounts() => Err(Refusal::ExternalAccountRequired),
            _ => Ok(()),
        }
    }

    /// What an account without an external account binding may order.
    pub fn of_anyone(profile: &'a AcmeProfile) -> Self {
        Self { profile, binding: Binding::None, issuer: None }
    }

    /// The identifiers of a request, each once, or all refusals together.
    pub(crate) fn accept(&self, requested: &[IdentifierObject]) -> Result<Vec<Identifier>, Error> {
        self.check_binding()?;
        if requested.is_empty() {
            return Err(Refusal::NoIdentifiers.into());
        }
        let mut seen = BTreeSet::new();
        let mut accepted = Vec::new();
        let mut refused = Vec::new();
        for object in requested {
            match Identifier::try_from(object.clone()).and_then(Identifier::orderable) {
                Err(error) => refused.push((object.clone(), error.into())),
                Ok(identifier) if !seen.insert(identifier.clone()) => {}
                Ok(identifier) => match self.refusal(&identifier) {
                    None => accepted.push(identifier),
                    Some(refusal) => refused.push((object.clone(), refusal)),
                },
            }
        }
        self.check_count(accepted.len() + refused.len())?;
        if refused.is_empty() { Ok(accepted) } else { Err(Refusal::Identifiers(refused).into()) }
    }

    /// Whether all of the names of an order are still allowed, what its authorizations show is
    /// still accepted, and it was shown under the rules of the profile that is behind the directory
    /// now.
    ///
    /// # Errors
    /// [`Refusal::Identifiers`] with those that are not; [`Refusal::TooManyIdentifiers`].
    pub(crate) fn check(
        &self,
        serving: &Directory,
        identifiers: &[Identifier],
        authorizations: &[Authorization],
    ) -> Result<(), Error> {
        self.check_binding()?;
        let names = identifiers.iter().filter_map(|name| Some((name.clone().into(), self.rule_refusal(name)?)));
        let mut refused: Vec<_> = names.collect();
        refused.extend(authorizations.iter().filter_map(|authorization| {
            let reason = match (self.accepts(authorization), serving.counts(authorization)) {
                (false, _) if authorization.pre_approval.is_some() => PRE_APPROVAL_WITHDRAWN,
                (false, _) if !self.is_permitted_by_caa(authorization) => CAA_UNCHECKED,
                (false, _) if !self.has_validated_dns(authorization) => DNS_UNVALIDATED,
                (false, _) if !self.is_corroborated(authorization) => UNCORROBORATED,
                (false, _) => WAY_WITHDRAWN,
                (true, false) if authorization.is_unvalidated() => UNVALIDATED,
                (true, false) => OTHER_PROFILE,
                (true, true) => return None,
            };
            Some((authorization.identifier.clone().into(), IdentifierRefusal::Policy(reason)))
        }));
        self.check_count(identifiers.len())?;
        if refused.is_empty() { Ok(()) } else { Err(Refusal::Identifiers(refused).into()) }
    }

    /// Whether the present rules accept how the authorization shows control, or can still show it:
    /// by a pre-approval that holds, at an address that validation may contact, by a challenge type
    /// that is offered. Challenges that were withdrawn since show nothing.
    pub(crate) fn accepts(&self, authorization: &Authorization) -> bool {
        if authorization.pre_approval.is_some() {
            return self.pre_approval(&authorization.identifier).is_some();
        }
        let is_looked_up = self.is_permitted_by_caa(authorization)
            && self.has_validated_dns(authorization)
            && self.is_corroborated(authorization);
        if authorization.state == AuthorizationState::Valid && !is_looked_up {
            return false;
        }
        let offered = self.challenges(&authorization.identifier);
        match (&authorization.evidence, authorization.state) {
            (Some(evidence), _) => {
                let is_allowed = |observation: &Observation| match (observation.address, &observation.network) {
                    (Some(address), Some(network)) => self.profile.still_allows(address, network),
                    _ => true,
                };
                offered.contains(&evidence.challenge) && evidence.observations.iter().all(is_allowed)
            }
            // Once it is valid, the challenges are the one that was validated.
            (None, _) => authorization.challenges.iter().any(|challenge| offered.contains(&challenge.r#type)),
        }
    }

    /// Whether CAA records permitted a certificate when control was shown, and their permission
    /// holds for the present names of the CA (RFC 8659). Always, where none are asked for.
    fn is_permitted_by_caa(&self, authorization: &Authorization) -> bool {
        if !self.profile.enforces_caa() || authorization.identifier.is_address() || authorization.is_unvalidated() {
            return true;
        }
        let names_us = |permission: &CaaPermission| match &permission.identity {
            Some(identity) => self.profile.caa_identities.contains(identity),
            None => permission.record.is_none(),
        };
        let is_permission = |observation: &Observation| observation.caa.as_ref().is_some_and(names_us);
        own_observations(authorization).next().is_some() && own_observations(authorization).all(is_permission)
    }

    /// Whether a resolver that validates answered when control was shown (DNSSEC). Always, where
    /// the profile demands none.
    fn has_validated_dns(&self, authorization: &Authorization) -> bool {
        if !self.profile.demands_dnssec() || authorization.identifier.is_address() || authorization.is_unvalidated() {
            return true;
        }
        own_observations(authorization).next().is_some()
            && own_observations(authorization).all(|seen| seen.authenticated.is_some())
    }

    /// Whether remote perspectives were asked when control was shown; without enough of them, it
    /// would not have been. Always, where the profile asks none.
    fn is_corroborated(&self, authorization: &Authorization) -> bool {
        if !self.profile.demands_perspectives() || authorization.is_unvalidated() {
            return true;
        }
        authorization.evidence.as_ref().is_some_and(ValidationEvidence::is_corroborated)
    }

    /// The pre-approval by which the account needs no challenge for the identifier (interface row
    /// P8). Only accounts with an external account binding have it, and only while the key that
    /// bound them is valid.
    pub fn pre_approval(&self, identifier: &Identifier) -> Option<&PreApproval> {
        let Binding::Key(key) = &self.binding else { return None };
        if key.revoked || !is_for(key, &self.profile.name) || !key.covers(identifier) {
            return None;
        }
        self.profile.pre_approval(identifier)
    }

    /// The challenge types that can validate the identifier here.
    pub fn challenges(&self, identifier: &Identifier) -> Vec<ChallengeType> {
        let offered = |r#type: &ChallengeType| self.profile.challenge_types.contains(r#type) && r#type.fits(identifier);
        ChallengeType::ALL.into_iter().filter(offered).collect()
    }

    /// The id of the external account key that bound the account.
    pub fn external_account(&self) -> Option<&ExternalAccountKey> {
        match &self.binding {
            Binding::Key(key) => Some(key),
            Binding::None | Binding::Forgotten => None,
        }
    }

    /// Why there can be no certificate for the identifier.
    pub fn refusal(&self, identifier: &Identifier) -> Option<IdentifierRefusal> {
        if let Some(refusal) = self.rule_refusal(identifier) {
            return Some(refusal);
        }
        if self.pre_approval(identifier).is_some() || !self.challenges(identifier).is_empty() {
            return None;
        }
        Some(IdentifierRefusal::Policy(if identifier.is_wildcard() {
            "wildcard names need the dns-01 challenge, which this directory does not offer"
        } else {
            "none of the challenges that this directory offers can show control of this name"
        }))
    }

    /// Why the rules of the profile refuse the identifier to any account.
    pub(crate) fn refusal_by_rule(&self, identifier: &Identifier) -> Option<IdentifierRefusal> {
        if let Some(refusal) = self.profile.name_refusal(identifier) {
            return Some(refusal.into());
        }
        public_name::refusal(identifier).filter(|_| self.profile.is_public()).map(IdentifierRefusal::NotPublic)
    }

    fn rule_refusal(&self, identifier: &Identifier) -> Option<IdentifierRefusal> {
        if let Some(refusal) = self.refusal_by_rule(identifier) {
            return Some(refusal);
        }
        let is_covered = match &self.binding {
            Binding::None => true,
            Binding::Key(key) => key.covers(identifier),
            Binding::Forgotten => false,
        };
        if !is_covered {
            return Some(IdentifierRefusal::Policy(OUT_OF_SCOPE));
        }
        let constraints = self.issuer.and_then(|issuer| issuer.issuer.constraints_against(identifier));
        constraints.map(|constraints| IdentifierRefusal::Constrained(constraints.to_string()))
    }

    fn check_count(&self, names: usize) -> Result<(), Error> {
        let most = usize::from(self.profile.maximum_identifiers);
        if names > most { Err(Refusal::TooManyIdentifiers(most).into()) } else { Ok(()) }
    }
}

/// What the CA observed itself when control was shown.
fn own_observations(authorization: &Authorization) -> impl Iterator<Item = &Observation> {
    let evidence = authorization.evidence.iter();
    evidence.flat_map(|shown| &shown.observations).filter(|observation| observation.is_own())
}

/// Whether the key binds accounts of the profile.
pub(crate) fn is_for(key: &ExternalAccountKey, profile: &ProfileName) -> bool {
    key.profile.as_ref().is_none_or(|only| only == profile)
}

const OUT_OF_SCOPE: &str = "the external account that this account is bound to may not have certificates for this name";

const WAY_WITHDRAWN: &str = "control of this name was shown in a way that this directory no longer accepts; create a \
                             new order and show it again";

const CAA_UNCHECKED: &str = "CAA records were not looked up when control of this name was shown, or named this CA \
                             otherwise than now; create a new order";

const DNS_UNVALIDATED: &str = "no resolver validated the answers of DNS when control of this name was shown; create a \
                               new order";

const UNCORROBORATED: &str = "no other networks were asked when control of this name was shown; create a new order";

const PRE_APPROVAL_WITHDRAWN: &str = "this name is no longer pre-approved; create a new order and show control of it";

const UNVALIDATED: &str = "control of this name was never validated, because a test switch was on; create a new order \
                           and show it";

const OTHER_PROFILE: &str =
    "control of this name was shown under the rules of another profile; create a new order and show it again";

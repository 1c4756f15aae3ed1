//! Grants of enrolment: how operators give and take them, and how those to whom they were given
//! mint external account keys for themselves.

use std::{collections::BTreeMap, sync::Arc};

use acme::{ProfileName, UnknownMembers};
use authority::{AuditTrail, Clock, Rounds, applied, versioned};
use store::{EnrolmentGrant, GrantStore, IamPrincipal, IdentifierRule, Versioned};

use crate::{Error, ExternalAccountKeyTerms, ExternalAccountKeys, MintedExternalAccountKey, Refusal};

/// Grants of enrolment, as operators give and take them.
pub struct EnrolmentGrants {
    store: Arc<dyn GrantStore>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

/// The terms of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentTerms {
    /// Who may mint keys.
    pub principal: IamPrincipal,
    /// The ACME Profile in whose directories the keys bind accounts.
    pub profile: ProfileName,
    /// The identifiers that the accounts of the keys may order.
    pub scope: Vec<IdentifierRule>,
    /// For how many seconds a key can bind an account.
    pub key_seconds: u32,
}

impl EnrolmentGrants {
    /// Those of this store.
    pub fn new(store: Arc<dyn GrantStore>, audit: Arc<AuditTrail>, clock: Arc<dyn Clock>) -> Self {
        Self { store, audit, clock }
    }

    /// Grants enrolment on these terms, which replace those of an earlier grant to the same
    /// principal for the same profile. `actor` is the operator.
    ///
    /// # Errors
    /// [`Refusal::EnrolmentTerms`]; when the store cannot answer.
    pub async fn grant(&self, actor: &str, terms: EnrolmentTerms) -> Result<EnrolmentGrant, Error> {
        let EnrolmentTerms { principal, profile, scope, key_seconds } = terms;
        if scope.is_empty() || !(1..=EnrolmentGrant::MAX_KEY_SECONDS).contains(&key_seconds) {
            return Err(Refusal::EnrolmentTerms.into());
        }
        let scope_text: Vec<String> = scope.iter().map(ToString::to_string).collect();
        let detail = [("scope", scope_text.join(",")), ("keySeconds", key_seconds.to_string())];
        self.record(actor, "enrolment grant", &principal, &profile, detail.into()).await?;
        let grant = EnrolmentGrant {
            principal,
            profile,
            scope,
            key_seconds,
            granted_at: acme::whole_seconds(self.clock.now()),
            granted_by: actor.to_owned(),
            revoked_at: None,
            unknown: UnknownMembers::default(),
        };
        let (principal, profile) = (grant.principal.clone(), grant.profile.clone());
        self.change(&principal, &profile, |_| Ok(grant.clone())).await
    }

    /// Revokes a grant: no more keys are minted for it. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; when the store cannot answer.
    pub async fn revoke(
        &self,
        actor: &str,
        principal: &IamPrincipal,
        profile: &ProfileName,
    ) -> Result<EnrolmentGrant, Error> {
        let before = self.find(principal, profile).await?.ok_or(Refusal::NotFound)?;
        if before.revoked_at.is_some() {
            return Ok(before.value);
        }
        self.record(actor, "enrolment revoke", principal, profile, Vec::new()).await?;
        let now = acme::whole_seconds(self.clock.now());
        self.change(principal, profile, |before| {
            let before = before.ok_or(Refusal::NotFound)?;
            Ok(EnrolmentGrant { revoked_at: before.revoked_at.or(Some(now)), ..before })
        })
        .await
    }

    /// All grants, by principal and profile, those that were revoked too.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn all(&self) -> Result<Vec<EnrolmentGrant>, Error> {
        Ok(self.store.grants(None).await?.into_iter().map(|grant| grant.value).collect())
    }

    async fn find(
        &self,
        principal: &IamPrincipal,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<EnrolmentGrant>>, Error> {
        let grants = self.store.grants(Some(principal)).await?;
        Ok(grants.into_iter().find(|grant| grant.profile == *profile))
    }

    async fn change(
        &self,
        principal: &IamPrincipal,
        profile: &ProfileName,
        change: impl Fn(Option<EnrolmentGrant>) -> Result<EnrolmentGrant, Error>,
    ) -> Result<EnrolmentGrant, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.find(principal, profile).await?;
            let version = before.as_ref().map(|before| before.version);
            let after = versioned(change(before.map(|before| before.value))?)?;
            if applied(self.store.put_grant(version, &after).await)? {
                return Ok(after.value);
            }
        }
    }

    async fn record(
        &self,
        actor: &str,
        act: &'static str,
        principal: &IamPrincipal,
        profile: &ProfileName,
        detail: Vec<(&str, String)>,
    ) -> Result<(), Error> {
        let detail = detail.into_iter().chain([("profile", profile.to_string())]);
        let detail: BTreeMap<String, String> = detail.map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(self.audit.record(actor, act, principal, detail).await?)
    }
}

/// Enrolment: who has a grant mints a key for itself.
pub struct Enrolment {
    grants: Arc<dyn GrantStore>,
    keys: ExternalAccountKeys,
}

/// A key that a principal minted for itself.
#[derive(Clone)]
pub struct EnrolledKey {
    /// The secret, and what its client sends as `kid`.
    pub minted: MintedExternalAccountKey,
    /// The ACME Profile in whose directories it binds one account.
    pub profile: ProfileName,
}

impl Enrolment {
    /// By the grants of this store, with keys of these.
    pub fn new(grants: Arc<dyn GrantStore>, keys: ExternalAccountKeys) -> Self {
        Self { grants, keys }
    }

    /// Mints a key for the caller, as AWS proves it by this ARN: for one account, on the terms of
    /// its grant for this profile, or of the only one that it has.
    ///
    /// # Errors
    /// [`Refusal::NotGranted`], [`Refusal::SeveralGrants`]; when the store cannot answer.
    pub async fn mint(&self, caller: &str, profile: Option<&ProfileName>) -> Result<EnrolledKey, Error> {
        let principal = IamPrincipal::of_caller(caller).ok_or(Refusal::NotGranted)?;
        let mut grants = self.grants.grants(Some(&principal)).await?;
        grants.retain(|grant| grant.is_in_force() && profile.is_none_or(|profile| grant.profile == *profile));
        let grant = match grants.as_slice() {
            [] => return Err(Refusal::NotGranted.into()),
            [grant] => &grant.value,
            several => {
                return Err(Refusal::SeveralGrants(several.iter().map(|grant| grant.profile.clone()).collect()).into());
            }
        };
        let terms = ExternalAccountKeyTerms {
            label: format!("enrolment of {principal}"),
            profile: Some(grant.profile.clone()),
            scope: grant.scope.clone(),
            max_accounts: Some(1),
            ..ExternalAccountKeyTerms::new(grant.key_lifetime())
        };
        let minted = self.keys.mint(&format!("{caller} (proven)"), terms).await?;
        Ok(EnrolledKey { minted, profile: grant.profile.clone() })
    }
}

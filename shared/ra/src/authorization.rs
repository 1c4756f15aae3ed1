//! Authorizations: creating them with or before an order, reusing, reading and deactivating them
//! (RFC 8555 §7.4.1, §7.5).

use std::sync::Arc;

use acme::{
    Account, Authorization, AuthorizationEvent, AuthorizationId, AuthorizationState, AuthorizationStatus, Challenge,
    ChallengeState, ChallengeToken, Identifier, IdentifierObject,
};
use authority::{Clock, Rounds, ValidationQueue, applied, random, versioned};
use jiff::{SignedDuration, Timestamp};
use store::{AuthorizationStore, Proof, Versioned};

use crate::{Directory, Error, IdentifierRefusal, Limits, NamePolicies, Refusal, limit, names::NamePolicy};

/// The outcome of a new-authorization request.
#[derive(Clone, Debug)]
pub enum AuthorizationCreation {
    /// The authorization is new.
    Created(Authorization),
    /// The account already had one that is valid, or that is pending and untouched.
    Reused(Authorization),
}

/// Creates authorizations before an order (pre-authorization).
pub struct NewAuthorizations {
    authorizations: Arc<dyn AuthorizationStore>,
    policies: Arc<NamePolicies>,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
}

impl NewAuthorizations {
    /// Creates authorizations in this store.
    pub fn new(
        authorizations: Arc<dyn AuthorizationStore>,
        policies: Arc<NamePolicies>,
        limits: Arc<Limits>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authorizations, policies, limits, clock }
    }

    /// Authorizes an identifier before an order (RFC 8555 §7.4.1).
    ///
    /// # Errors
    /// [`Refusal::Identifiers`] when the identifier is refused, as a wildcard always is (§7.4.1).
    pub async fn create(
        &self,
        serving: &Directory,
        account: &Account,
        requested: IdentifierObject,
    ) -> Result<AuthorizationCreation, Error> {
        let refused = |refusal| Error::from(Refusal::Identifiers(vec![(requested.clone(), refusal)]));
        let identifier = Identifier::try_from(requested.clone()).and_then(Identifier::orderable);
        let identifier = identifier.map_err(|error| refused(error.into()))?;
        if identifier.is_wildcard() {
            return Err(refused(IdentifierRefusal::Policy("wildcard names cannot be authorized ahead of an order")));
        }
        let now = self.clock.now();
        let policy = self.policies.of(serving, account).await?;
        policy.check_binding()?;
        if let Some(refusal) = policy.refusal(&identifier) {
            return Err(refused(refusal));
        }
        if policy.pre_approval(&identifier).is_none()
            && let [Some(reusable)] = reusable_authorizations(
                self.authorizations.as_ref(),
                now,
                serving,
                account,
                &policy,
                std::slice::from_ref(&identifier),
            )
            .await?
            .as_slice()
        {
            return Ok(AuthorizationCreation::Reused(reusable.clone()));
        }
        let authorization = new_authorization(now, serving, account, &policy, identifier)?;
        let pending = usize::from(authorization.state == AuthorizationState::Pending);
        self.limits.count(serving, &[limit::of_pending_authorizations(serving, account.id, pending)]).await?;
        self.authorizations.create_authorization(&authorization).await?;
        Ok(AuthorizationCreation::Created(authorization.value))
    }
}

/// Reads and deactivates authorizations.
pub struct Authorizations {
    pub(crate) authorizations: Arc<dyn AuthorizationStore>,
    pub(crate) validation_queue: Arc<dyn ValidationQueue>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Authorizations {
    /// Reads the authorizations of this store. Validations that a lost worker left unfinished are
    /// sent to this queue.
    pub fn new(
        authorizations: Arc<dyn AuthorizationStore>,
        validation_queue: Arc<dyn ValidationQueue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authorizations, validation_queue, clock }
    }

    /// One of the account's authorizations. A validation whose worker was lost is queued again.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn authorization(&self, account: &Account, id: AuthorizationId) -> Result<Authorization, Error> {
        let authorization = self.owned(account, id).await?;
        self.hand_over_orphaned_validations(&authorization).await?;
        Ok(authorization.value)
    }

    /// Deactivates an authorization (RFC 8555 §7.5.2). Repeating it is harmless.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::StatusNotAllowed`] for any status other than
    /// `deactivated`; [`Refusal::AuthorizationEnded`] if it ended in another way.
    pub async fn deactivate(
        &self,
        account: &Account,
        id: AuthorizationId,
        status: &str,
    ) -> Result<Authorization, Error> {
        if status != "deactivated" {
            return Err(Refusal::StatusNotAllowed.into());
        }
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.owned(account, id).await?;
            if before.state == AuthorizationState::Deactivated {
                return Ok(before.value);
            }
            let after = before
                .transition(AuthorizationEvent::Deactivated)
                .map_err(|_| Refusal::AuthorizationEnded(before.status(self.clock.now())))?;
            let after = versioned(after)?;
            if applied(self.authorizations.update_authorization(&before, &after).await)? {
                return Ok(after.value);
            }
        }
    }

    pub(crate) async fn owned(
        &self,
        account: &Account,
        id: AuthorizationId,
    ) -> Result<Versioned<Authorization>, Error> {
        self.authorizations.authorization(account.id, id).await?.ok_or(Refusal::NotFound.into())
    }
}

/// For each identifier, the authorization that the account already has in the directory, as far as
/// the present rules accept it: a valid one that lasts long enough to complete an order without
/// haste, or a pending one that no challenge was answered of and that leaves enough time to do so.
/// Orders share it: what validates or deactivates it does so for all of them.
pub(crate) async fn reusable_authorizations(
    store: &dyn AuthorizationStore,
    now: Timestamp,
    serving: &Directory,
    account: &Account,
    policy: &NamePolicy<'_>,
    names: &[Identifier],
) -> Result<Vec<Option<Authorization>>, Error> {
    let lifetime = lifetime(serving);
    let proofs = store.proofs(account.id, names).await?;
    // The proof knows when the authorization expires as long as it is pending.
    let may_last = |proof: &&Proof| {
        let last = proof.expires_at.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        last > now + valid_lifetime(serving) / MIN_REUSE
    };
    let ids: Vec<AuthorizationId> = proofs.iter().filter(may_last).map(|proof| proof.authorization).collect();
    let mut found = Vec::new();
    if !ids.is_empty() {
        found = store.authorizations(account.id, &ids).await?;
    }
    found.retain(|authorization| {
        let (needed, is_of_here) = match authorization.status(now) {
            AuthorizationStatus::Valid => (valid_lifetime(serving) / MIN_REUSE, serving.counts(authorization)),
            AuthorizationStatus::Pending if is_untouched(authorization) => {
                (lifetime / MIN_SHARED, authorization.directory == serving.directory)
            }
            _ => return false,
        };
        is_of_here && authorization.expires_at > now + needed && policy.accepts(authorization)
    });
    let for_name =
        |name: &Identifier| found.iter().find(|found| found.identifier == *name).map(|found| found.value.clone());
    Ok(names.iter().map(for_name).collect())
}

/// Whether no challenge of the authorization was answered. One that is being validated may fail,
/// and would take a new order with it.
fn is_untouched(authorization: &Authorization) -> bool {
    authorization.challenges.iter().all(|challenge| matches!(challenge.state, ChallengeState::Pending))
}

pub(crate) fn new_authorization(
    now: Timestamp,
    serving: &Directory,
    account: &Account,
    policy: &NamePolicy<'_>,
    identifier: Identifier,
) -> Result<Versioned<Authorization>, Error> {
    let id = AuthorizationId::new(now, random()?);
    let pre_approval = policy.pre_approval(&identifier).map(|approval| approval.rule.to_string());
    let (state, challenges) = match &pre_approval {
        // There is nothing to validate, so no challenges are offered.
        Some(rule) => {
            tracing::info!(authorization = %id, account = %account.id, %identifier, %rule, "an identifier is pre-approved");
            (AuthorizationState::Valid, Vec::new())
        }
        None => {
            let token = ChallengeToken::from_random(random()?);
            // All challenges share one token, so a client provisions the same value for each type.
            let challenge = |r#type| Challenge::new(r#type, token.clone());
            (AuthorizationState::Pending, policy.challenges(&identifier).into_iter().map(challenge).collect())
        }
    };
    Ok(versioned(Authorization {
        id,
        account: account.id,
        directory: serving.directory.clone(),
        identifier,
        created_at: acme::whole_seconds(now),
        expires_at: expiry(serving, now),
        state,
        challenges,
        pre_approval,
        evidence: None,
    })?)
}

/// Applies an event to an authorization, and decides again when another write has changed it.
pub(crate) async fn apply_to_authorization(
    store: &dyn AuthorizationStore,
    mut before: Versioned<Authorization>,
    event: AuthorizationEvent,
) -> Result<Versioned<Authorization>, Error> {
    let mut rounds = Rounds::default();
    loop {
        rounds.begin()?;
        let after = versioned(before.transition(event.clone())?)?;
        if applied(store.update_authorization(&before, &after).await)? {
            return Ok(after);
        }
        let again = store.authorization(before.account, before.id).await?;
        before = again.ok_or(Refusal::NotFound)?;
    }
}

/// The lifetime of orders and authorizations in the directory.
pub(crate) fn lifetime(serving: &Directory) -> SignedDuration {
    SignedDuration::from_secs(serving.acme.validity.into())
}

/// How long an authorization is valid once control was shown. It does not outlive what CAA records
/// said then: the certificate is signed within the eight hours that the Baseline Requirements grant
/// (section 3.2.2.8), with one for an issuance that has to be resumed.
pub(crate) fn valid_lifetime(serving: &Directory) -> SignedDuration {
    let lifetime = lifetime(serving);
    if serving.acme.enforces_caa() { lifetime.min(CAA_LIFETIME) } else { lifetime }
}

pub(crate) fn expiry(serving: &Directory, now: Timestamp) -> Timestamp {
    acme::whole_seconds(now + lifetime(serving))
}

/// How long a permission of CAA records is relied on.
const CAA_LIFETIME: SignedDuration = SignedDuration::from_hours(7);

/// A valid authorization is reused as long as at least this fraction of a lifetime is left.
const MIN_REUSE: i32 = 10;

/// A pending authorization is shared as long as at least this fraction of a lifetime is left.
const MIN_SHARED: i32 = 2;

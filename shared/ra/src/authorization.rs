//! Authorizations: making them for an order or ahead of one, reuse, reading, giving up
//! (RFC 8555 §7.4.1, §7.5).

use acme::{
    Account, Authorization, AuthorizationEvent, AuthorizationId, AuthorizationState, AuthorizationStatus, Challenge,
    ChallengeToken, Identifier, IdentifierObject,
};
use authority::{Rounds, applied, random, versioned};
use jiff::{SignedDuration, Timestamp};
use store::Versioned;

use crate::{Authority, Directory, Error, IdentifierRefusal, limit, names::NamePolicy};

/// The outcome of a new-authorization request.
#[derive(Clone, Debug)]
pub enum AuthorizationCreation {
    /// It is new.
    Created(Authorization),
    /// The account had a valid one.
    Reused(Authorization),
}

impl Authority {
    /// Authorizes a name ahead of an order (RFC 8555 §7.4.1).
    ///
    /// # Errors
    /// [`Error::Identifiers`] when the name is refused; with `*.` it always is (§7.4.1).
    pub async fn create_authorization(
        &self,
        serving: &Directory,
        account: &Account,
        requested: IdentifierObject,
    ) -> Result<AuthorizationCreation, Error> {
        let made = self.make_authorization(serving, account, requested).await;
        self.told(serving, Some(account.id), made)
    }

    async fn make_authorization(
        &self,
        serving: &Directory,
        account: &Account,
        requested: IdentifierObject,
    ) -> Result<AuthorizationCreation, Error> {
        let refused = |refusal| Error::Identifiers(vec![(requested.clone(), refusal)]);
        let identifier = Identifier::try_from(requested.clone()).map_err(|error| refused(error.into()))?;
        if identifier.is_wildcard() {
            return Err(refused(IdentifierRefusal::Policy("wildcard names cannot be authorized ahead of an order")));
        }
        let policy = self.name_policy(serving, account).await?;
        if let Some(refusal) = policy.refusal(&identifier) {
            return Err(refused(refusal));
        }
        if policy.pre_approval(&identifier).is_none()
            && let [Some(reusable)] =
                self.reusable_authorizations(serving, account, std::slice::from_ref(&identifier)).await?.as_slice()
        {
            return Ok(AuthorizationCreation::Reused(reusable.clone()));
        }
        let authorization = self.new_authorization(serving, account, &policy, identifier)?;
        let pending = usize::from(authorization.state == AuthorizationState::Pending);
        self.count(serving, &[limit::of_pending_authorizations(serving, account.id, pending)]).await?;
        self.store.create_authorization(&authorization).await?;
        Ok(AuthorizationCreation::Created(authorization.value))
    }

    /// One of the account's authorizations. A validation that no worker holds any more is handed
    /// over again on the way.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn authorization(&self, account: &Account, id: AuthorizationId) -> Result<Authorization, Error> {
        let authorization = self.owned_authorization(account, id).await?;
        self.hand_over_orphaned_validations(&authorization).await?;
        Ok(authorization.value)
    }

    /// Gives an authorization up (RFC 8555 §7.5.2). Giving up twice is harmless.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::StatusNotAllowed`] for any status but `deactivated`;
    /// [`Error::AuthorizationEnded`] when it ended otherwise.
    pub async fn deactivate_authorization(
        &self,
        account: &Account,
        id: AuthorizationId,
        status: &str,
    ) -> Result<Authorization, Error> {
        if status != "deactivated" {
            return Err(Error::StatusNotAllowed);
        }
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.owned_authorization(account, id).await?;
            if before.state == AuthorizationState::Deactivated {
                return Ok(before.value);
            }
            let after = before
                .transition(AuthorizationEvent::Deactivated)
                .map_err(|_| Error::AuthorizationEnded(before.status(self.now())))?;
            let after = versioned(after)?;
            if applied(self.store.update_authorization(&before, &after).await)? {
                return Ok(after.value);
            }
        }
    }

    pub(crate) async fn owned_authorization(
        &self,
        account: &Account,
        id: AuthorizationId,
    ) -> Result<Versioned<Authorization>, Error> {
        self.store.authorization(account.id, id).await?.ok_or(Error::NotFound)
    }

    /// For each name, the account's valid authorization, when it has one that lasts long enough for
    /// the order to be finished at leisure.
    pub(crate) async fn reusable_authorizations(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
    ) -> Result<Vec<Option<Authorization>>, Error> {
        let now = self.now();
        let needed_until = now + lifetime(serving) / MIN_REUSE;
        let proofs = self.store.proofs(account.id, names).await?;
        let ids: Vec<AuthorizationId> =
            proofs.iter().filter(|proof| proof.expires_at > needed_until).map(|proof| proof.authorization).collect();
        let mut valid = Vec::new();
        if !ids.is_empty() {
            valid = self.store.authorizations(account.id, &ids).await?;
        }
        valid.retain(|authorization| {
            authorization.status(now) == AuthorizationStatus::Valid && authorization.expires_at > needed_until
        });
        let for_name =
            |name: &Identifier| valid.iter().find(|valid| valid.identifier == *name).map(|valid| valid.value.clone());
        Ok(names.iter().map(for_name).collect())
    }

    pub(crate) fn new_authorization(
        &self,
        serving: &Directory,
        account: &Account,
        policy: &NamePolicy<'_>,
        identifier: Identifier,
    ) -> Result<Versioned<Authorization>, Error> {
        let now = self.now();
        let id = AuthorizationId::new(now, random()?);
        let pre_approval = policy.pre_approval(&identifier).map(|approval| approval.rule.to_string());
        let (state, challenges) = match &pre_approval {
            // Nothing is left to be shown, so no way of showing is offered.
            Some(rule) => {
                tracing::info!(authorization = %id, account = %account.id, %identifier, %rule, "a name is pre-approved");
                (AuthorizationState::Valid, Vec::new())
            }
            None => {
                let token = ChallengeToken::from_random(random()?);
                // One token for all: a client shows the same value whichever way it chooses.
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

    /// Applies an event to an authorization, deciding anew when another write comes between.
    pub(crate) async fn apply_to_authorization(
        &self,
        mut before: Versioned<Authorization>,
        event: AuthorizationEvent,
    ) -> Result<Versioned<Authorization>, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let after = versioned(before.transition(event.clone())?)?;
            if applied(self.store.update_authorization(&before, &after).await)? {
                return Ok(after);
            }
            let again = self.store.authorization(before.account, before.id).await?;
            before = again.ok_or(Error::NotFound)?;
        }
    }
}

/// How long orders and authorizations of the directory live.
pub(crate) fn lifetime(serving: &Directory) -> SignedDuration {
    SignedDuration::from_secs(serving.acme.validity.into())
}

pub(crate) fn expiry(serving: &Directory, now: Timestamp) -> Timestamp {
    acme::whole_seconds(now + lifetime(serving))
}

/// An authorization is reused while at least this fraction of a life is left to it.
const MIN_REUSE: i32 = 10;

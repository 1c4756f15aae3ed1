//! Authorizations: making them for an order or ahead of one, reuse, reading, giving up
//! (RFC 8555 §7.4.1, §7.5).

use acme::{
    Account, Authorization, AuthorizationEvent, AuthorizationId, AuthorizationState, AuthorizationStatus, Challenge,
    ChallengeToken, ChallengeType, Identifier, IdentifierObject,
};
use jiff::{SignedDuration, Timestamp};
use store::Versioned;

use crate::{
    Authority, Error, IdentifierRefusal, Serving,
    authority::{ROUNDS, applied, versioned},
    random,
};

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
        serving: &Serving,
        account: &Account,
        requested: IdentifierObject,
    ) -> Result<AuthorizationCreation, Error> {
        let refused = |refusal| Error::Identifiers(vec![(requested.clone(), refusal)]);
        let identifier = Identifier::try_from(requested.clone()).map_err(|error| refused(error.into()))?;
        if identifier.is_wildcard() {
            return Err(refused(IdentifierRefusal::Policy("wildcard names cannot be authorized ahead of an order")));
        }
        challenges_for(serving, &identifier).map_err(refused)?;
        let names = [identifier];
        if let [Some(reusable)] = self.reusable_authorizations(serving, account, &names).await?.as_slice() {
            return Ok(AuthorizationCreation::Reused(reusable.clone()));
        }
        let [identifier] = names;
        let authorization = self.new_authorization(serving, account, identifier)?;
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
        for _ in 0..ROUNDS {
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
        Err(Error::Busy)
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
        serving: &Serving,
        account: &Account,
        names: &[Identifier],
    ) -> Result<Vec<Option<Authorization>>, Error> {
        let now = self.now();
        let needed_until = now + lifetime(serving) / SHORTEST_REUSE;
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
        serving: &Serving,
        account: &Account,
        identifier: Identifier,
    ) -> Result<Versioned<Authorization>, Error> {
        let now = self.now();
        let token = ChallengeToken::from_random(random()?);
        let challenges = challenges_for(serving, &identifier)
            .map_err(|refusal| Error::Identifiers(vec![(identifier.clone().into(), refusal)]))?
            .into_iter()
            // One token for all: a client shows the same value whichever way it chooses.
            .map(|r#type| Challenge::new(r#type, token.clone()))
            .collect();
        versioned(Authorization {
            id: AuthorizationId::new(now, random()?),
            account: account.id,
            directory: serving.directory.clone(),
            identifier,
            created_at: acme::whole_seconds(now),
            expires_at: expiry(serving, now),
            state: AuthorizationState::Pending,
            challenges,
        })
    }

    /// Applies an event to an authorization, deciding anew when another write comes between.
    pub(crate) async fn apply_to_authorization(
        &self,
        mut before: Versioned<Authorization>,
        event: AuthorizationEvent,
    ) -> Result<Versioned<Authorization>, Error> {
        for _ in 0..ROUNDS {
            let after = versioned(before.transition(event.clone())?)?;
            if applied(self.store.update_authorization(&before, &after).await)? {
                return Ok(after);
            }
            let again = self.store.authorization(before.account, before.id).await?;
            before = again.ok_or(Error::NotFound)?;
        }
        Err(Error::Busy)
    }
}

/// The ways in which this directory lets that name be shown; none when its rules do not allow it.
pub(crate) fn challenges_for(
    serving: &Serving,
    identifier: &Identifier,
) -> Result<Vec<ChallengeType>, IdentifierRefusal> {
    if !serving.acme.allows(identifier) {
        return Err(NOT_ALLOWED);
    }
    let offered: Vec<ChallengeType> = ChallengeType::ALL
        .into_iter()
        .filter(|r#type| serving.acme.challenge_types.contains(r#type) && r#type.fits(identifier))
        .collect();
    match offered.is_empty() {
        false => Ok(offered),
        true if identifier.is_wildcard() => Err(IdentifierRefusal::Policy(
            "wildcard names need the dns-01 challenge, which this directory does not offer",
        )),
        true => Err(IdentifierRefusal::Policy(
            "none of the challenges that this directory offers can show control of this name",
        )),
    }
}

/// Whether the rules of the directory still allow all of the names.
///
/// # Errors
/// [`Error::Identifiers`] with those that they do not.
pub(crate) fn check_allowed(serving: &Serving, identifiers: &[Identifier]) -> Result<(), Error> {
    let refused = identifiers.iter().filter(|identifier| !serving.acme.allows(identifier));
    let refused: Vec<_> = refused.map(|identifier| (identifier.clone().into(), NOT_ALLOWED)).collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::Identifiers(refused)) }
}

/// How long orders and authorizations of the directory live.
pub(crate) fn lifetime(serving: &Serving) -> SignedDuration {
    SignedDuration::from_secs(serving.acme.validity.into())
}

pub(crate) fn expiry(serving: &Serving, now: Timestamp) -> Timestamp {
    acme::whole_seconds(now + lifetime(serving))
}

const NOT_ALLOWED: IdentifierRefusal =
    IdentifierRefusal::Policy("this directory does not issue certificates for this name");

/// An authorization is reused while at least this fraction of a life is left to it.
const SHORTEST_REUSE: i32 = 10;

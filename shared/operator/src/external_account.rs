//! External account keys (RFC 8555 §7.3.4): how operators create, rotate and revoke them, and the
//! secret from which their MAC keys are derived.

use std::sync::Arc;

use acme::{ExternalAccountKeyId, ProfileName};
use authority::{AuditTrail, Clock, Failure, Rounds, applied, random, versioned};
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use ra::{NamePolicies, mac_key};
use store::{ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, IdentifierRule, Page};
use zeroize::Zeroizing;

use crate::{Error, Refusal};

/// A new key, as its holder gets it. It cannot be shown again.
#[derive(Clone)]
pub struct MintedExternalAccountKey {
    /// The key identifier, which clients send as `kid`.
    pub id: ExternalAccountKeyId,
    /// The MAC key, 32 octets.
    pub mac_key: Zeroizing<Vec<u8>>,
    /// The time until which the key can bind accounts.
    pub expires_at: Timestamp,
}

/// A key that replaces another one.
#[derive(Clone)]
pub struct RotatedExternalAccountKey {
    /// The new key.
    pub minted: MintedExternalAccountKey,
    /// The old key, as it is now.
    pub old: ExternalAccountKey,
}

/// The terms of an external account key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalAccountKeyTerms {
    /// For how long the key can bind accounts.
    pub lifetime: SignedDuration,
    /// A note for operators.
    pub label: String,
    /// The ACME Profile in whose directories the key binds accounts; all when absent.
    pub profile: Option<ProfileName>,
    /// The identifiers that its accounts may order; all when there is no rule.
    pub scope: Vec<IdentifierRule>,
    /// The maximum number of accounts that the key binds; unlimited when absent.
    pub max_accounts: Option<u32>,
}

impl ExternalAccountKeyTerms {
    /// A key for one account, in every profile and for all identifiers.
    pub fn new(lifetime: SignedDuration) -> Self {
        Self { lifetime, label: String::new(), profile: None, scope: Vec::new(), max_accounts: Some(1) }
    }
}

/// External account keys, as operators mint, rotate and revoke them.
pub struct ExternalAccountKeys {
    store: Arc<dyn ExternalAccountStore>,
    policies: Arc<NamePolicies>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

impl ExternalAccountKeys {
    /// Those of this store. What changes is forgotten by these policies.
    pub fn new(
        store: Arc<dyn ExternalAccountStore>,
        policies: Arc<NamePolicies>,
        audit: Arc<AuditTrail>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, policies, audit, clock }
    }

    /// Creates a key. `actor` is the operator.
    ///
    /// # Errors
    /// When the store cannot answer; [`Failure::NoExternalAccountSecret`].
    pub async fn mint(&self, actor: &str, terms: ExternalAccountKeyTerms) -> Result<MintedExternalAccountKey, Error> {
        let now = acme::whole_seconds(self.clock.now());
        let expires_at = now.checked_add(terms.lifetime).unwrap_or(Timestamp::MAX);
        let (id, mac_key) = self.key_for_command_lines(now).await?;
        let key = ExternalAccountKey {
            minted_by: actor.to_owned(),
            label: terms.label,
            profile: terms.profile,
            scope: terms.scope,
            max_accounts: terms.max_accounts,
            ..ExternalAccountKey::new(id, now, expires_at)
        };
        let detail = [("label", key.label.clone()), ("expiresAt", expires_at.to_string())];
        let detail = detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.audit.record(actor, "eab mint", id, detail).await?;
        self.store.create_external_account_key(&versioned(key)?).await?;
        Ok(MintedExternalAccountKey { id, mac_key, expires_at })
    }

    /// A key whose text does not begin with a hyphen: people put it behind an option on a command
    /// line, where it would be taken for another option.
    async fn key_for_command_lines(&self, now: Timestamp) -> Result<(ExternalAccountKeyId, Zeroizing<Vec<u8>>), Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let id = ExternalAccountKeyId::new(now, random()?);
            let key = mac_key(self.store.as_ref(), id).await?;
            if !base64url::encode(&key).starts_with('-') {
                return Ok((id, key));
            }
        }
    }

    /// Creates a key with the terms of another one. The old key can bind accounts for at most
    /// `overlap` longer, or not at all if that is zero. The accounts that it has bound are not
    /// affected.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; when the store cannot answer.
    pub async fn rotate(
        &self,
        actor: &str,
        id: ExternalAccountKeyId,
        overlap: SignedDuration,
    ) -> Result<RotatedExternalAccountKey, Error> {
        let old = self.store.external_account_key(id).await?.ok_or(Refusal::NotFound)?.value;
        let terms = ExternalAccountKeyTerms {
            lifetime: old.expires_at.duration_since(old.created_at),
            label: old.label,
            profile: old.profile.clone(),
            scope: old.scope,
            max_accounts: old.max_accounts,
        };
        let minted = self.mint(actor, terms).await?;
        let detail = [("newKey", minted.id.to_string()), ("overlap", format!("{overlap:#}"))];
        let detail = detail.map(|(name, value)| (name.to_owned(), value)).into();
        self.audit.record(actor, "eab rotate", id, detail).await?;
        let end = acme::whole_seconds(self.clock.now()).checked_add(overlap).unwrap_or(Timestamp::MAX);
        let old = self
            .change(id, |key| ExternalAccountKey {
                revoked: key.revoked || overlap.is_zero(),
                expires_at: key.expires_at.min(end.max(key.created_at)),
                ..key
            })
            .await?;
        Ok(RotatedExternalAccountKey { minted, old })
    }

    async fn change(
        &self,
        id: ExternalAccountKeyId,
        change: impl Fn(ExternalAccountKey) -> ExternalAccountKey,
    ) -> Result<ExternalAccountKey, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.store.external_account_key(id).await?.ok_or(Refusal::NotFound)?;
            let after = versioned(change(before.value.clone()))?;
            if applied(self.store.update_external_account_key(&before, &after).await)? {
                self.policies.forget().await;
                return Ok(after.value);
            }
        }
    }

    /// The keys by id, oldest first: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn page(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<ExternalAccountKey>, Error> {
        self.store.external_account_keys(after, limit).await?.try_map(|key| Ok(key.value))
    }

    /// Revokes a key: it binds no more accounts. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; when the store cannot answer.
    pub async fn revoke(&self, actor: &str, id: ExternalAccountKeyId) -> Result<ExternalAccountKey, Error> {
        let before = self.store.external_account_key(id).await?.ok_or(Refusal::NotFound)?;
        if before.revoked {
            return Ok(before.value);
        }
        self.audit.record(actor, "eab revoke", id, Default::default()).await?;
        self.change(id, |key| ExternalAccountKey { revoked: true, ..key }).await
    }
}

/// Creates the secret from which MAC keys are derived. Only hosts use it, never a request of a
/// client.
pub struct ExternalAccountSecrets {
    external_accounts: Arc<dyn ExternalAccountStore>,
    clock: Arc<dyn Clock>,
}

impl ExternalAccountSecrets {
    /// Creates the secret in this store.
    pub fn new(external_accounts: Arc<dyn ExternalAccountStore>, clock: Arc<dyn Clock>) -> Self {
        Self { external_accounts, clock }
    }

    /// Creates the secret from which MAC keys are derived, unless there is one.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ensure(&self) -> Result<(), Failure> {
        if self.external_accounts.external_account_secret().await?.is_some() {
            return Ok(());
        }
        let secret = ExternalAccountSecret { made_at: self.clock.now(), key: random::<32>()?.to_vec() };
        Ok(self.external_accounts.create_external_account_secret_if_absent(&secret).await?)
    }
}

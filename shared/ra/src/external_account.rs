//! External account binding (RFC 8555 §7.3.4): a new account shows that somebody who has an account
//! elsewhere was given a key for it.
//!
//! The operator mints a key: an id and a MAC key, shown once. The MAC key is derived from a secret
//! of the CA and the id, so it is stored nowhere. A key binds one account, and it is used up in the
//! same atomic change that makes the account. Whatever is wrong with a binding, the client is told
//! the same: nobody learns which keys exist.

use std::sync::Arc;

use acme::{Account, ExternalAccountKeyId, ProfileName};
use authority::{Clock, Failure, Rounds, applied, random, versioned};
use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use jose::{ExternalAccountBinding, PublicKey, base64url, external_account::ExternalAccountBindingError};
use serde_json::value::RawValue;
use store::{
    Creation, ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, IdentifierRule, Page, StoreError,
    Versioned,
};
use zeroize::Zeroizing;

use crate::{Authority, Directory, Error, names::is_for};

/// A key as its holder gets it. It cannot be shown again.
#[derive(Clone)]
pub struct MintedExternalAccountKey {
    /// The `kid`.
    pub id: ExternalAccountKeyId,
    /// The MAC key, 32 octets.
    pub mac_key: Zeroizing<Vec<u8>>,
    /// Until when an account can be bound with it.
    pub expires_at: Timestamp,
}

/// A key in the place of another one.
#[derive(Clone)]
pub struct RotatedExternalAccountKey {
    /// The new one.
    pub minted: MintedExternalAccountKey,
    /// The old one, as it is now.
    pub old: ExternalAccountKey,
}

/// What a key is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalAccountKeyTerms {
    /// For how long accounts can be bound with it.
    pub lifetime: SignedDuration,
    /// For people.
    pub label: String,
    /// The ACME Profile in whose directories it binds accounts; every one when absent.
    pub profile: Option<ProfileName>,
    /// The names that its accounts may ask for; all when there is no rule.
    pub scope: Vec<IdentifierRule>,
    /// How many accounts it may bind; any number when absent.
    pub max_accounts: Option<u32>,
}

impl ExternalAccountKeyTerms {
    /// For one account, in every profile and for all names.
    pub fn new(lifetime: SignedDuration) -> Self {
        Self { lifetime, label: String::new(), profile: None, scope: Vec::new(), max_accounts: Some(1) }
    }
}

impl Authority {
    /// Mints a key. `actor` is the operator who has it made.
    ///
    /// # Errors
    /// When the store cannot answer; [`Failure::NoExternalAccountSecret`].
    pub async fn mint_external_account_key(
        &self,
        actor: &str,
        terms: ExternalAccountKeyTerms,
    ) -> Result<MintedExternalAccountKey, Error> {
        let now = acme::whole_seconds(self.now());
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

    /// Mints a key with the terms of another one. That one binds accounts for `overlap` longer at
    /// most, or no longer when that is nothing; the accounts that it bound go on.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the store cannot answer.
    pub async fn rotate_external_account_key(
        &self,
        actor: &str,
        id: ExternalAccountKeyId,
        overlap: SignedDuration,
    ) -> Result<RotatedExternalAccountKey, Error> {
        let old = self.store.external_account_key(id).await?.ok_or(Error::NotFound)?.value;
        let terms = ExternalAccountKeyTerms {
            lifetime: old.expires_at.duration_since(old.created_at),
            label: old.label,
            profile: old.profile.clone(),
            scope: old.scope,
            max_accounts: old.max_accounts,
        };
        let minted = self.mint_external_account_key(actor, terms).await?;
        let detail = [("newKey", minted.id.to_string()), ("overlap", format!("{overlap:#}"))];
        let detail = detail.map(|(name, value)| (name.to_owned(), value)).into();
        self.audit.record(actor, "eab rotate", id, detail).await?;
        let end = acme::whole_seconds(self.now()).checked_add(overlap).unwrap_or(Timestamp::MAX);
        let old = self
            .change_external_account_key(id, |key| ExternalAccountKey {
                revoked: key.revoked || overlap.is_zero(),
                expires_at: key.expires_at.min(end.max(key.created_at)),
                ..key
            })
            .await?;
        Ok(RotatedExternalAccountKey { minted, old })
    }

    async fn change_external_account_key(
        &self,
        id: ExternalAccountKeyId,
        change: impl Fn(ExternalAccountKey) -> ExternalAccountKey,
    ) -> Result<ExternalAccountKey, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.store.external_account_key(id).await?.ok_or(Error::NotFound)?;
            let after = versioned(change(before.value.clone()))?;
            if applied(self.store.update_external_account_key(&before, &after).await)? {
                self.policies.forget().await;
                return Ok(after.value);
            }
        }
    }

    /// The keys by id, oldest first: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn external_account_keys(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<ExternalAccountKey>, Error> {
        self.store.external_account_keys(after, limit).await?.try_map(|key| Ok(key.value))
    }

    /// Takes a key back: no further account is bound with it. Taking back twice is harmless.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the store cannot answer.
    pub async fn revoke_external_account_key(
        &self,
        actor: &str,
        id: ExternalAccountKeyId,
    ) -> Result<ExternalAccountKey, Error> {
        let before = self.store.external_account_key(id).await?.ok_or(Error::NotFound)?;
        if before.revoked {
            return Ok(before.value);
        }
        self.audit.record(actor, "eab revoke", id, Default::default()).await?;
        self.change_external_account_key(id, |key| ExternalAccountKey { revoked: true, ..key }).await
    }
}

/// Makes the secret that MAC keys are derived from. Part of hosts, never of what clients ask.
pub struct ExternalAccountSecrets {
    external_accounts: Arc<dyn ExternalAccountStore>,
    clock: Arc<dyn Clock>,
}

impl ExternalAccountSecrets {
    /// In this store.
    pub fn new(external_accounts: Arc<dyn ExternalAccountStore>, clock: Arc<dyn Clock>) -> Self {
        Self { external_accounts, clock }
    }

    /// Makes the secret that MAC keys are derived from, unless there is one.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ensure(&self) -> Result<(), Error> {
        if self.external_accounts.external_account_secret().await?.is_some() {
            return Ok(());
        }
        let secret = ExternalAccountSecret { made_at: self.clock.now(), key: random::<32>()?.to_vec() };
        Ok(self.external_accounts.create_external_account_secret_if_absent(&secret).await?)
    }
}

/// Judges bindings of new accounts to accounts elsewhere, and uses their keys up.
pub struct Bindings {
    external_accounts: Arc<dyn ExternalAccountStore>,
    clock: Arc<dyn Clock>,
}

impl Bindings {
    /// With the keys of this store.
    pub fn new(external_accounts: Arc<dyn ExternalAccountStore>, clock: Arc<dyn Clock>) -> Self {
        Self { external_accounts, clock }
    }

    /// The key that a good binding of the account's key was made with; it is not used up yet.
    /// `url` is that of the outer JWS.
    ///
    /// # Errors
    /// [`Error::ExternalAccountRefused`] whatever is wrong with the binding; when the store cannot
    /// answer.
    pub(crate) async fn key(
        &self,
        serving: &Directory,
        binding: &RawValue,
        account_key: &PublicKey,
        url: &str,
    ) -> Result<Versioned<ExternalAccountKey>, Error> {
        let binding = ExternalAccountBinding::parse(binding).map_err(BindingRefusal::from)?;
        if binding.url() != url {
            return Err(BindingRefusal::Url.into());
        }
        let id: ExternalAccountKeyId = binding.kid().parse().map_err(|_| BindingRefusal::UnknownKey)?;
        let key = self.external_accounts.external_account_key(id).await?.ok_or(BindingRefusal::UnknownKey)?;
        let mac_key = mac_key(self.external_accounts.as_ref(), id).await?;
        let payload = binding.verify(&mac_key).map_err(BindingRefusal::from)?;
        let bound = str::from_utf8(&payload).ok().and_then(|jwk| PublicKey::from_jwk_str(jwk).ok());
        if bound.is_none_or(|bound| bound != *account_key) {
            return Err(BindingRefusal::OtherAccountKey.into());
        }
        if !is_for(&key, &serving.acme.name) {
            return Err(BindingRefusal::OtherProfile.into());
        }
        if key.is_usable(self.clock.now()) { Ok(key) } else { Err(BindingRefusal::UsedUp.into()) }
    }

    /// Makes the account, and counts it with the key that binds it. A key for several accounts is
    /// asked again when another account came between.
    ///
    /// # Errors
    /// [`Error::ExternalAccountRefused`] when the key is used up or taken back meanwhile; when the
    /// store cannot answer.
    pub(crate) async fn create_account(
        &self,
        account: &Versioned<Account>,
        key: Versioned<ExternalAccountKey>,
    ) -> Result<Creation<Versioned<Account>>, Error> {
        let mut before = key;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let after = versioned(before.binding(account.id))?;
            match self.external_accounts.create_bound_account_if_absent(account, &before, &after).await {
                Err(StoreError::Conflict) => {}
                made => return Ok(made?),
            }
            let now = self.external_accounts.external_account_key(before.id).await?;
            before = now.filter(|key| key.is_usable(self.clock.now())).ok_or(BindingRefusal::UsedUp)?;
        }
    }
}

async fn mac_key(store: &dyn ExternalAccountStore, id: ExternalAccountKeyId) -> Result<Zeroizing<Vec<u8>>, Error> {
    let secret = store.external_account_secret().await?.ok_or(Failure::NoExternalAccountSecret)?;
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret.key);
    Ok(Zeroizing::new(hmac::sign(&secret, id.to_string().as_bytes()).as_ref().to_vec()))
}

/// Why a binding is refused. For the log: the client is told none of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingRefusal {
    /// Form, algorithm or MAC.
    #[error(transparent)]
    Jws(#[from] ExternalAccountBindingError),
    /// Its `url` is not that of the request.
    #[error("the url of the binding is not that of the request")]
    Url,
    /// Its `kid` names no key.
    #[error("the kid of the binding names no key")]
    UnknownKey,
    /// It binds another key than the account's.
    #[error("the binding is not for the key that signed the request")]
    OtherAccountKey,
    /// Its key is for another profile.
    #[error("the key of the binding is for another profile")]
    OtherProfile,
    /// The key is bound, revoked or expired.
    #[error("the key of the binding is used, revoked or expired")]
    UsedUp,
}

//! External account binding (RFC 8555 §7.3.4): a new account shows that somebody who has an account
//! elsewhere was given a key for it.
//!
//! The operator mints a key: an id and a MAC key, shown once. The MAC key is derived from a secret of
//! the CA and the id, so it is stored nowhere. A key binds one account, and it is used up in the same
//! atomic change that makes the account. Whatever is wrong with a binding, the client is told the
//! same: nobody learns which keys exist.

use acme::{AccountId, ExternalAccountKeyId};
use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use jose::{ExternalAccountBinding, PublicKey, external_account::ExternalAccountBindingError};
use serde_json::value::RawValue;
use store::{ExternalAccountKey, ExternalAccountSecret, Versioned};
use zeroize::Zeroizing;

use crate::{Authority, Error, authority::versioned, random};

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

impl Authority {
    /// Makes the secret that MAC keys are derived from, unless there is one.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ensure_external_account_secret(&self) -> Result<(), Error> {
        if self.store.external_account_secret().await?.is_some() {
            return Ok(());
        }
        let secret = ExternalAccountSecret { made_at: self.now(), key: random::<32>()?.to_vec() };
        Ok(self.store.create_external_account_secret_if_absent(&secret).await?)
    }

    /// Mints a key that binds one account within `lifetime`.
    ///
    /// # Errors
    /// When the store cannot answer; [`Error::NoExternalAccountSecret`].
    pub async fn mint_external_account_key(&self, lifetime: SignedDuration) -> Result<MintedExternalAccountKey, Error> {
        let now = acme::whole_seconds(self.now());
        let expires_at = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let id = ExternalAccountKeyId::new(now, random()?);
        let mac_key = self.mac_key(id).await?;
        let key = ExternalAccountKey { id, created_at: now, expires_at, revoked: false, account: None };
        self.store.create_external_account_key(&versioned(key)?).await?;
        Ok(MintedExternalAccountKey { id, mac_key, expires_at })
    }

    /// The key that a good binding of the account's key was made with; it is not used up yet.
    /// `url` is that of the outer JWS.
    ///
    /// # Errors
    /// [`Error::ExternalAccountRefused`] whatever is wrong with the binding; when the store cannot
    /// answer.
    pub(crate) async fn binding_key(
        &self,
        binding: &RawValue,
        account_key: &PublicKey,
        url: &str,
    ) -> Result<Versioned<ExternalAccountKey>, Error> {
        let binding = ExternalAccountBinding::parse(binding).map_err(BindingRefusal::from)?;
        if binding.url() != url {
            return Err(BindingRefusal::Url.into());
        }
        let id: ExternalAccountKeyId = binding.kid().parse().map_err(|_| BindingRefusal::UnknownKey)?;
        let key = self.store.external_account_key(id).await?.ok_or(BindingRefusal::UnknownKey)?;
        let mac_key = self.mac_key(id).await?;
        let payload = binding.verify(&mac_key).map_err(BindingRefusal::from)?;
        let bound = str::from_utf8(&payload).ok().and_then(|jwk| PublicKey::from_jwk_str(jwk).ok());
        if bound.is_none_or(|bound| bound != *account_key) {
            return Err(BindingRefusal::OtherAccountKey.into());
        }
        match key.is_usable(self.now()) {
            true => Ok(key),
            false => Err(BindingRefusal::UsedUp.into()),
        }
    }

    async fn mac_key(&self, id: ExternalAccountKeyId) -> Result<Zeroizing<Vec<u8>>, Error> {
        let secret = self.store.external_account_secret().await?.ok_or(Error::NoExternalAccountSecret)?;
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret.key);
        Ok(Zeroizing::new(hmac::sign(&secret, id.to_string().as_bytes()).as_ref().to_vec()))
    }
}

/// The key once it binds the account.
pub(crate) fn bound(key: &ExternalAccountKey, account: AccountId) -> Result<Versioned<ExternalAccountKey>, Error> {
    versioned(ExternalAccountKey { account: Some(account), ..key.clone() })
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
    /// The key is bound, revoked or expired.
    #[error("the key of the binding is used, revoked or expired")]
    UsedUp,
}

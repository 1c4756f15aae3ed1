//! External account binding (RFC 8555 §7.3.4): a new account shows that somebody who has an account
//! elsewhere was given a key for it.
//!
//! The operator mints a key: an id and a MAC key, shown once. The MAC key is derived from a secret
//! of the CA and the id, so it is stored nowhere. A key binds one account, and it is used up in the
//! same atomic change that makes the account. Whatever is wrong with a binding, the client is told
//! the same: nobody learns which keys exist.

use std::sync::Arc;

use acme::{Account, ExternalAccountKeyId};
use authority::{Clock, Failure, Rounds, versioned};
use aws_lc_rs::hmac;
use jose::{ExternalAccountBinding, PublicKey, external_account::ExternalAccountBindingError};
use serde_json::value::RawValue;
use store::{Creation, ExternalAccountKey, ExternalAccountStore, StoreError, Versioned};
use zeroize::Zeroizing;

use crate::{Directory, Error, names::is_for};

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
    /// [`crate::Refusal::ExternalAccountRefused`] whatever is wrong with the binding; when the store cannot
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
    /// [`crate::Refusal::ExternalAccountRefused`] when the key is used up or taken back meanwhile; when the
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

/// The MAC key of that id, derived from the secret of the CA. It is stored nowhere.
///
/// # Errors
/// [`Failure::NoExternalAccountSecret`]; when the store cannot answer.
pub async fn mac_key(
    store: &dyn ExternalAccountStore,
    id: ExternalAccountKeyId,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
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

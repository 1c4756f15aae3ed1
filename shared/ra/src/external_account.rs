//! External account binding (RFC 8555 §7.3.4): a new account proves that it holds a key that was
//! given to an existing customer.
//!
//! The operator creates a key: an id and a MAC key, which is shown once. The MAC key is derived
//! from the id and a secret of the CA, so it is not stored. The accounts that a key binds are
//! counted in the same atomic change that creates the account. Whatever is wrong with a binding,
//! the client gets the same answer, so no one learns which keys exist.

use std::sync::Arc;

use acme::{Account, AccountId, ExternalAccountKeyId};
use authority::{Clock, Failure, Rounds, versioned};
use aws_lc_rs::hmac;
use jose::{ExternalAccountBinding, PublicKey, external_account::ExternalAccountBindingError};
use serde_json::value::RawValue;
use store::{Creation, ExternalAccountKey, ExternalAccountStore, StoreError, Versioned};
use zeroize::Zeroizing;

use crate::{Directory, Error, names::is_for};

/// Checks the external account bindings of new accounts, and counts them with their keys.
pub struct Bindings {
    external_accounts: Arc<dyn ExternalAccountStore>,
    clock: Arc<dyn Clock>,
}

impl Bindings {
    /// Checks bindings with the keys of this store.
    pub fn new(external_accounts: Arc<dyn ExternalAccountStore>, clock: Arc<dyn Clock>) -> Self {
        Self { external_accounts, clock }
    }

    /// The key that a good binding of the account's key was made with; it is not used up yet.
    /// `url` is that of the outer JWS. An `existing` account may have been counted with the key by
    /// a process that crashed before it bound the account.
    ///
    /// # Errors
    /// [`crate::Refusal::ExternalAccountRefused`] whatever is wrong with the binding; when the
    /// store cannot answer.
    pub(crate) async fn key(
        &self,
        serving: &Directory,
        binding: &RawValue,
        account_key: &PublicKey,
        url: &str,
        existing: Option<AccountId>,
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
        let is_counted = existing.is_some_and(|account| key.bound.contains(&account) && !key.revoked);
        if is_counted || key.is_usable(self.clock.now()) { Ok(key) } else { Err(BindingRefusal::UsedUp.into()) }
    }

    /// Counts an account that exists already with the key, unless that was done before.
    ///
    /// # Errors
    /// [`crate::Refusal::ExternalAccountRefused`] when the key is used up or taken back meanwhile;
    /// when the store cannot answer.
    pub(crate) async fn count(&self, account: AccountId, key: Versioned<ExternalAccountKey>) -> Result<(), Error> {
        let mut before = key;
        let mut rounds = Rounds::default();
        while !before.bound.contains(&account) {
            rounds.begin()?;
            let after = versioned(before.binding(account))?;
            match self.external_accounts.update_external_account_key(&before, &after).await {
                Err(StoreError::Conflict) => {}
                counted => return Ok(counted?),
            }
            let now = self.external_accounts.external_account_key(before.id).await?;
            before = now.filter(|key| key.is_usable(self.clock.now())).ok_or(BindingRefusal::UsedUp)?;
        }
        Ok(())
    }

    /// Makes the account, and counts it with the key that binds it. A key for several accounts is
    /// asked again when another account came between.
    ///
    /// # Errors
    /// [`crate::Refusal::ExternalAccountRefused`] when the key is used up or taken back meanwhile;
    /// when the store cannot answer.
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

/// The MAC key for this id, derived from the secret of the CA. It is not stored.
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

/// Why a binding is refused. This is for the log; the client does not learn the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingRefusal {
    /// The form, the algorithm or the MAC is wrong.
    #[error(transparent)]
    Jws(#[from] ExternalAccountBindingError),
    /// The `url` is not that of the request.
    #[error("the url of the binding is not that of the request")]
    Url,
    /// There is no key with this `kid`.
    #[error("there is no key with the kid of the binding")]
    UnknownKey,
    /// It binds a key other than the account's.
    #[error("the binding is not for the key that signed the request")]
    OtherAccountKey,
    /// The external account key is for another profile.
    #[error("the key of the binding is for another profile")]
    OtherProfile,
    /// The external account key is used up, revoked or expired.
    #[error("the key of the binding is used up, revoked or expired")]
    UsedUp,
}

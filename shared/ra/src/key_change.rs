//! Key rollover (RFC 8555 §7.3.5): an account gets another key, in one atomic change.

use acme::{Account, AccountId};
use jose::PublicKey;
use store::{KeyReplacement, StoreError, Versioned};

use crate::{Authority, Error, authority::versioned};

/// A rollover whose inner signature was verified with the new key.
#[derive(Clone, Debug)]
pub struct KeyRollover {
    /// The account that the inner payload names; `None` when its URL names none of this directory.
    pub account: Option<AccountId>,
    /// The key that the inner payload names as the present one.
    pub old_key: PublicKey,
    /// The key that signed the inner JWS.
    pub new_key: PublicKey,
}

impl Authority {
    /// Gives the account its new key.
    ///
    /// # Errors
    /// [`Error::KeyChange`] when the request contradicts itself, [`Error::KeyInUse`],
    /// [`Error::KeyBlocked`]; [`Error::Busy`] when the account changed meanwhile: the outer
    /// signature was then made for a state that is gone.
    pub async fn change_key(
        &self,
        account: &Versioned<Account>,
        rollover: KeyRollover,
    ) -> Result<Account, Error> {
        if rollover.account != Some(account.id) {
            return Err(Error::KeyChange("account in the inner payload is not the account that signed the request"));
        }
        if rollover.old_key != account.key {
            return Err(Error::KeyChange("oldKey is not the account's present key"));
        }
        if rollover.new_key == account.key {
            return Err(Error::KeyInUse(account.id));
        }
        if self.store.is_key_blocked(&rollover.new_key.thumbprint()).await? {
            return Err(Error::KeyBlocked);
        }
        let after = versioned(Account { key: rollover.new_key, ..account.value.clone() })?;
        match self.store.replace_account_key(account, &after).await {
            Ok(KeyReplacement::Replaced) => Ok(after.value),
            Ok(KeyReplacement::KeyInUse(other)) => Err(Error::KeyInUse(other)),
            Err(StoreError::Conflict) => Err(Error::Busy),
            Err(error) => Err(error.into()),
        }
    }
}

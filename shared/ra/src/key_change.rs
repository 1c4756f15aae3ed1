//! Key change (RFC 8555 §7.3.5): an account gets a new key, in one atomic change.

use std::sync::Arc;

use acme::{Account, AccountId};
use authority::{Clock, Rounds, versioned};
use jose::PublicKey;
use store::{AccountStore, KeyReplacement, StoreError, Versioned};

use crate::{Accounts, BlockedKeys, Directory, Error, Limits, Refusal, limit};

/// A key change whose inner signature was verified with the new key.
#[derive(Clone, Debug)]
pub struct KeyRollover {
    /// The account in the inner payload; `None` if its URL is not one of this directory.
    pub account: Option<AccountId>,
    /// The key that the inner payload gives as the old one.
    pub old_key: PublicKey,
    /// The key that signed the inner JWS.
    pub new_key: PublicKey,
}

/// Changes the keys of accounts.
pub struct KeyChanges {
    accounts: Arc<dyn AccountStore>,
    blocked_keys: Arc<BlockedKeys>,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
}

impl KeyChanges {
    /// Changes the keys of accounts in this store, unless the new key is blocked.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        blocked_keys: Arc<BlockedKeys>,
        limits: Arc<Limits>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { accounts, blocked_keys, limits, clock }
    }

    /// Replaces the account's key.
    ///
    /// # Errors
    /// [`Refusal::KeyChange`] when the request contradicts itself or the account, also if the
    /// account's key was changed in the meantime; [`Refusal::KeyInUse`], [`Refusal::KeyBlocked`].
    pub async fn change(
        &self,
        serving: &Directory,
        account: &Versioned<Account>,
        rollover: KeyRollover,
    ) -> Result<Account, Error> {
        let KeyRollover { account: named, old_key, new_key } = rollover;
        if named != Some(account.id) {
            return Err(
                Refusal::KeyChange("account in the inner payload is not the account that signed the request").into()
            );
        }
        if new_key == account.key {
            return Err(Refusal::KeyInUse(account.id).into());
        }
        if let Some(block) = self.blocked_keys.block(&new_key).await? {
            return Err(Refusal::from(block).into());
        }
        if old_key != account.key {
            return Err(OTHER_OLD_KEY);
        }
        self.limits.count(serving, &[limit::of_key_change(serving, account.id)]).await?;
        let mut before = account.clone();
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            if old_key != before.key {
                return Err(OTHER_OLD_KEY);
            }
            let after = versioned(before.with_key(new_key.clone()))?;
            match self.accounts.replace_account_key(&before, &after).await {
                Ok(KeyReplacement::Replaced) => return Ok(after.value),
                Ok(KeyReplacement::KeyInUse(other)) => return Err(Refusal::KeyInUse(other).into()),
                Err(StoreError::Conflict) => {
                    let accounts = Accounts::new(self.accounts.clone(), self.clock.clone());
                    before = accounts.account(&before.directory, before.id).await?
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

const OTHER_OLD_KEY: Error = Error::Refused(Refusal::KeyChange("oldKey is not the account's present key"));

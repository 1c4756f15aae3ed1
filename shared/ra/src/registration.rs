//! New accounts (RFC 8555 §7.3, §7.3.1, §7.3.4).

use std::sync::Arc;

use acme::{Account, AccountId, AccountStatus, EventKind, NewAccount, UnknownMembers};
use authority::{Clock, Events, Rounds, account_facts, random, versioned};
use jiff::{SignedDuration, Timestamp};
use jose::PublicKey;
use serde_json::value::RawValue;
use store::{AccountStore, Creation, StoreError, Versioned};

use crate::{
    Bindings, BlockedKeys, Directory, Error, Limits, Refusal,
    account::{accepted_contacts, agreement},
    limit::Count,
};

/// The outcome of a new-account request.
#[derive(Clone, Debug)]
pub enum AccountCreation {
    /// The account is new.
    Created(Account),
    /// The key already had an account.
    Existing(Account),
}

/// Creates accounts, and finds them by their key (RFC 8555 §7.3).
pub struct Registrations {
    accounts: Arc<dyn AccountStore>,
    blocked_keys: Arc<BlockedKeys>,
    bindings: Bindings,
    limits: Arc<Limits>,
    events: Events,
    clock: Arc<dyn Clock>,
}

impl Registrations {
    /// Creates accounts in this store, unless their key is blocked.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        blocked_keys: Arc<BlockedKeys>,
        bindings: Bindings,
        limits: Arc<Limits>,
        events: Events,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { accounts, blocked_keys, bindings, limits, events, clock }
    }

    /// Creates an account, or finds the one of the key (RFC 8555 §7.3, §7.3.1). A known key is
    /// answered before anything else in the request is checked, except a binding for an account
    /// that has none: a good one binds it. `url` is that of the signed
    /// request, which an external account binding must repeat (§7.3.4).
    ///
    /// # Errors
    /// [`Refusal::AccountEnded`], [`Refusal::AccountDoesNotExist`] if no account may be created,
    /// and every refusal of contact, terms, key and binding.
    pub async fn create(
        &self,
        serving: &Directory,
        key: PublicKey,
        request: &NewAccount,
        url: &str,
    ) -> Result<AccountCreation, Error> {
        let thumbprint = key.thumbprint();
        let existing = self.accounts.account_by_key(&serving.directory, &thumbprint).await?;
        if let Some(existing) = existing.filter(|existing| !existing.has_lapsed(self.clock.now())) {
            let existing = match &request.external_account_binding {
                Some(binding) if existing.status == AccountStatus::Valid && existing.external_account.is_none() => {
                    self.bind(serving, existing, binding, url).await?
                }
                _ => existing,
            };
            return found(existing.value);
        }
        if request.only_return_existing == Some(true) {
            return Err(Refusal::AccountDoesNotExist.into());
        }
        if let Some(block) = self.blocked_keys.block(&key).await? {
            return Err(Refusal::from(block).into());
        }
        let contact = accepted_contacts(serving, request.contact.as_deref().unwrap_or_default())?;
        let agreed = request.terms_of_service_agreed == Some(true);
        if serving.acme.require_terms_of_service && !agreed {
            return Err(Refusal::TermsNotAgreed { url: serving.acme.terms_of_service_url.clone() }.into());
        }
        let binding = match &request.external_account_binding {
            Some(binding) => Some(self.bindings.key(serving, binding, &key, url, None).await?),
            None if serving.acme.external_account_required => return Err(Refusal::ExternalAccountRequired.into()),
            None => None,
        };
        let limits = &serving.acme.limits;
        let per_key = binding.as_ref().map(|key| {
            let limit = limits.new_accounts_per_external_account_key;
            Count::of_external_account("newAccountsPerExternalAccountKey", limit, key.id)
        });
        let of_all = Count::of_profile("newAccounts", limits.new_accounts);
        self.limits.count(serving, &per_key.into_iter().chain([of_all]).collect::<Vec<_>>()).await?;
        let now = self.clock.now();
        let account = versioned(Account {
            id: AccountId::new(now, random()?),
            directory: serving.directory.clone(),
            key,
            status: AccountStatus::Valid,
            contact,
            agreed_terms: agreed.then(|| agreement(serving, now)),
            created_at: acme::whole_seconds(now),
            external_account: binding.as_ref().map(|key| key.id),
            former_keys: Vec::new(),
            unused_until: if binding.is_some() { None } else { unused_until(serving, now) },
            unknown: UnknownMembers::default(),
        })?;
        let creation = match binding {
            None => self.accounts.create_account_if_absent(&account).await?,
            Some(key) => self.bindings.create_account(&account, key).await?,
        };
        match creation {
            Creation::Created => {
                self.events.emit(EventKind::AccountCreated(account_facts(&account, None)));
                Ok(AccountCreation::Created(account.value))
            }
            Creation::Existing(winner) => found(winner.value),
        }
    }
}

impl Registrations {
    /// Binds an account that was made without an external account. The account is counted with the
    /// key first, so that no key ever binds more accounts than it may.
    async fn bind(
        &self,
        serving: &Directory,
        account: Versioned<Account>,
        binding: &RawValue,
        url: &str,
    ) -> Result<Versioned<Account>, Error> {
        let key = self.bindings.key(serving, binding, &account.key, url, Some(account.id)).await?;
        let id = key.id;
        self.bindings.count(account.id, key).await?;
        let mut before = account;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let bound = Account { external_account: Some(id), unused_until: None, ..before.value.clone() };
            let after = versioned(bound)?;
            match self.accounts.update_account(&before, &after).await {
                Ok(()) => {
                    tracing::info!(account = %after.id, external_account = %id, "an existing account is bound");
                    return Ok(after);
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            let now = self.accounts.account(before.id).await?;
            before = now.ok_or(Refusal::AccountDoesNotExist)?;
            if before.external_account.is_some() || before.status != AccountStatus::Valid {
                return Ok(before);
            }
        }
    }
}

/// When an account that is made now is deleted unless it has ordered by then.
fn unused_until(serving: &Directory, now: Timestamp) -> Option<Timestamp> {
    let lifetime = SignedDuration::from_secs(i64::from(serving.acme.unused_account_lifetime()?));
    now.checked_add(lifetime).ok()
}

fn found(account: Account) -> Result<AccountCreation, Error> {
    match account.status {
        AccountStatus::Valid => Ok(AccountCreation::Existing(account)),
        ended => Err(Refusal::AccountEnded(ended).into()),
    }
}

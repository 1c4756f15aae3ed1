//! Accounts: making, changing, ending (RFC 8555 §7.3).

use acme::{
    Account, AccountId, AccountStatus, AccountUpdate, AgreedTerms, Contact, DirectoryId, EventKind, NewAccount,
    UnknownMembers,
};
use authority::{Rounds, account_facts, applied, random, versioned};
use jose::PublicKey;
use store::{Creation, Versioned};

use crate::{Authority, Directory, Error, limit::Count};

/// The outcome of a new-account request.
#[derive(Clone, Debug)]
pub enum AccountCreation {
    /// It is new.
    Created(Account),
    /// The key had one.
    Existing(Account),
}

impl Authority {
    /// The valid account behind a `kid` of this directory.
    ///
    /// # Errors
    /// [`Error::AccountDoesNotExist`] also for an account of another directory;
    /// [`Error::AccountEnded`].
    pub async fn account(&self, directory: &DirectoryId, id: AccountId) -> Result<Versioned<Account>, Error> {
        let account = self.account_of_any_status(directory, id).await?;
        match account.status {
            AccountStatus::Valid => Ok(account),
            ended => Err(Error::AccountEnded(ended)),
        }
    }

    /// The account behind a `kid` of this directory, also one that has ended: to verify the signature before its request is
    /// refused by [`Authority::check_account`].
    ///
    /// # Errors
    /// [`Error::AccountDoesNotExist`] also for an account of another directory.
    pub async fn account_of_any_status(
        &self,
        directory: &DirectoryId,
        id: AccountId,
    ) -> Result<Versioned<Account>, Error> {
        let account = self.store.account(id).await?.filter(|account| account.directory == *directory);
        account.ok_or(Error::AccountDoesNotExist)
    }

    /// Refuses the request of an account that has ended.
    ///
    /// # Errors
    /// [`Error::AccountEnded`].
    pub fn check_account(&self, serving: &Directory, account: &Account) -> Result<(), Error> {
        self.told(
            serving,
            Some(account.id),
            match account.status {
                AccountStatus::Valid => Ok(()),
                ended => Err(Error::AccountEnded(ended)),
            },
        )
    }

    /// Makes an account, or finds the one that the key has (RFC 8555 §7.3, §7.3.1). A known key is
    /// answered before anything else in the request is looked at. `url` is that of the signed request,
    /// which a binding to an account elsewhere must repeat (§7.3.4).
    ///
    /// # Errors
    /// [`Error::AccountEnded`], [`Error::AccountDoesNotExist`] when none is to be made, and every
    /// refusal of contact, terms, key and binding.
    pub async fn create_account(
        &self,
        serving: &Directory,
        key: PublicKey,
        request: &NewAccount,
        url: &str,
    ) -> Result<AccountCreation, Error> {
        let made = self.make_account(serving, key, request, url).await;
        self.told(serving, None, made)
    }

    async fn make_account(
        &self,
        serving: &Directory,
        key: PublicKey,
        request: &NewAccount,
        url: &str,
    ) -> Result<AccountCreation, Error> {
        let thumbprint = key.thumbprint();
        if let Some(existing) = self.store.account_by_key(&serving.directory, &thumbprint).await? {
            return found(existing.value);
        }
        if request.only_return_existing == Some(true) {
            return Err(Error::AccountDoesNotExist);
        }
        if self.store.is_key_blocked(&thumbprint).await? {
            return Err(Error::KeyBlocked);
        }
        let contact = accepted_contacts(serving, request.contact.as_deref().unwrap_or_default())?;
        let agreed = request.terms_of_service_agreed == Some(true);
        if serving.acme.require_terms_of_service && !agreed {
            return Err(Error::TermsNotAgreed { url: serving.acme.terms_of_service_url.clone() });
        }
        let binding = match &request.external_account_binding {
            Some(binding) => Some(self.binding_key(serving, binding, &key, url).await?),
            None if serving.acme.external_account_required => return Err(Error::ExternalAccountRequired),
            None => None,
        };
        let limits = &serving.acme.limits;
        let per_key = binding.as_ref().map(|key| {
            let limit = limits.new_accounts_per_external_account_key;
            Count::of_external_account("newAccountsPerExternalAccountKey", limit, key.id)
        });
        let of_all = Count::of_profile("newAccounts", limits.new_accounts);
        self.count(serving, &per_key.into_iter().chain([of_all]).collect::<Vec<_>>()).await?;
        let now = self.now();
        let account = versioned(Account {
            id: AccountId::new(now, random()?),
            directory: serving.directory.clone(),
            key,
            status: AccountStatus::Valid,
            contact,
            agreed_terms: agreed.then(|| self.agreement(serving)),
            created_at: acme::whole_seconds(now),
            external_account: binding.as_ref().map(|key| key.id),
            former_keys: Vec::new(),
            unknown: UnknownMembers::default(),
        })?;
        let creation = match binding {
            None => self.store.create_account_if_absent(&account).await?,
            Some(key) => self.create_bound_account(&account, key).await?,
        };
        match creation {
            Creation::Created => {
                self.events.emit(EventKind::AccountCreated(account_facts(&account, None)));
                Ok(AccountCreation::Created(account.value))
            }
            Creation::Existing(winner) => found(winner.value),
        }
    }

    /// Changes contacts, agrees to terms, or ends the account (RFC 8555 §7.3.2, §7.3.3, §7.3.6).
    ///
    /// The orders and authorizations of an ended account end with it without a write: every request
    /// for them is made by the account, and refused.
    ///
    /// # Errors
    /// [`Error::StatusNotAllowed`] for any status but `deactivated`, and every refusal of a contact.
    pub async fn update_account(
        &self,
        serving: &Directory,
        account: Versioned<Account>,
        update: &AccountUpdate,
    ) -> Result<Account, Error> {
        let mut before = account;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let mut after = before.value.clone();
            match update.status.as_deref() {
                None => {}
                Some("valid") if after.status == AccountStatus::Valid => {}
                Some("deactivated") => after.status = AccountStatus::Deactivated,
                Some(_) => return Err(Error::StatusNotAllowed),
            }
            if let Some(contact) = &update.contact {
                after.contact = accepted_contacts(serving, contact)?;
            }
            if update.terms_of_service_agreed == Some(true) {
                after.agreed_terms = Some(self.agreement(serving));
            }
            if after == before.value {
                return Ok(after);
            }
            let after = versioned(after)?;
            if applied(self.store.update_account(&before, &after).await)? {
                if after.status == AccountStatus::Deactivated {
                    self.events.emit(EventKind::AccountDeactivated(account_facts(&after, None)));
                }
                return Ok(after.value);
            }
            before = self.account(&before.directory, before.id).await?;
        }
    }

    fn agreement(&self, serving: &Directory) -> AgreedTerms {
        AgreedTerms { url: serving.acme.terms_of_service_url.clone(), at: acme::whole_seconds(self.now()) }
    }
}

fn found(account: Account) -> Result<AccountCreation, Error> {
    match account.status {
        AccountStatus::Valid => Ok(AccountCreation::Existing(account)),
        ended => Err(Error::AccountEnded(ended)),
    }
}

fn accepted_contacts(serving: &Directory, contacts: &[String]) -> Result<Vec<Contact>, Error> {
    if contacts.is_empty() && serving.acme.require_contact {
        return Err(Error::ContactRequired);
    }
    if contacts.len() > MAX_CONTACTS {
        return Err(Error::TooManyContacts(MAX_CONTACTS));
    }
    let contacts: Vec<Contact> = contacts.iter().map(|contact| contact.parse()).collect::<Result<_, _>>()?;
    match contacts.iter().all(|contact| serving.acme.allows_contact_domain(contact.domain())) {
        true => Ok(contacts),
        false => Err(Error::ContactDomain(serving.acme.allowed_contact_domains.clone())),
    }
}

const MAX_CONTACTS: usize = 10;

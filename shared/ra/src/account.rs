//! Accounts: looking them up, changing them and ending them (RFC 8555 §7.3).

use std::sync::Arc;

use acme::{Account, AccountId, AccountStatus, AccountUpdate, AgreedTerms, Contact, DirectoryId, EventKind};
use authority::{Clock, Events, Rounds, account_facts, applied, versioned};
use jiff::Timestamp;
use store::{AccountStore, Versioned};

use crate::{Directory, Error, Refusal};

/// Finds the accounts that requests refer to.
pub struct Accounts {
    accounts: Arc<dyn AccountStore>,
    clock: Arc<dyn Clock>,
}

impl Accounts {
    /// Finds the accounts of this store.
    pub fn new(accounts: Arc<dyn AccountStore>, clock: Arc<dyn Clock>) -> Self {
        Self { accounts, clock }
    }

    /// The valid account with this `kid` in this directory.
    ///
    /// # Errors
    /// [`Refusal::AccountDoesNotExist`], also for an account of another directory;
    /// [`Refusal::AccountEnded`].
    pub async fn account(&self, directory: &DirectoryId, id: AccountId) -> Result<Versioned<Account>, Error> {
        let account = self.account_of_any_status(directory, id).await?;
        match account.status {
            AccountStatus::Valid => Ok(account),
            ended => Err(Refusal::AccountEnded(ended).into()),
        }
    }

    /// The account with this `kid` in this directory, whatever its status. The signature of a
    /// request is verified with its key before [`Accounts::check`] refuses an account that has
    /// ended.
    ///
    /// # Errors
    /// [`Refusal::AccountDoesNotExist`], also for an account of another directory.
    pub async fn account_of_any_status(
        &self,
        directory: &DirectoryId,
        id: AccountId,
    ) -> Result<Versioned<Account>, Error> {
        let account = self.accounts.account(id).await?;
        // A database may delete what has lapsed days later.
        let account =
            account.filter(|account| account.directory == *directory && !account.has_lapsed(self.clock.now()));
        account.ok_or(Refusal::AccountDoesNotExist.into())
    }

    /// Refuses the request of an account that has ended.
    ///
    /// # Errors
    /// [`Refusal::AccountEnded`].
    pub fn check(&self, account: &Account) -> Result<(), Refusal> {
        match account.status {
            AccountStatus::Valid => Ok(()),
            ended => Err(Refusal::AccountEnded(ended)),
        }
    }
}

/// Changes and ends accounts at their own request.
pub struct AccountChanges {
    accounts: Arc<dyn AccountStore>,
    events: Events,
    clock: Arc<dyn Clock>,
}

impl AccountChanges {
    /// Changes the accounts of this store.
    pub fn new(accounts: Arc<dyn AccountStore>, events: Events, clock: Arc<dyn Clock>) -> Self {
        Self { accounts, events, clock }
    }

    /// Changes contacts, agrees to terms, or ends the account (RFC 8555 §7.3.2, §7.3.3, §7.3.6).
    ///
    /// The orders and authorizations of a deactivated account end with it, without a write: only
    /// the account itself can ask for them, and its requests are refused.
    ///
    /// # Errors
    /// [`Refusal::StatusNotAllowed`] for any status other than `deactivated`, and every refusal of
    /// a contact.
    pub async fn update(
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
                Some(_) => return Err(Refusal::StatusNotAllowed.into()),
            }
            if let Some(contact) = &update.contact {
                after.contact = accepted_contacts(serving, contact)?;
            }
            if update.terms_of_service_agreed == Some(true) {
                after.agreed_terms = Some(agreement(serving, self.clock.now()));
            }
            if after == before.value {
                return Ok(after);
            }
            let after = versioned(after)?;
            if applied(self.accounts.update_account(&before, &after).await)? {
                if after.status == AccountStatus::Deactivated {
                    self.events.emit(EventKind::AccountDeactivated(account_facts(&after, None)));
                }
                return Ok(after.value);
            }
            before =
                Accounts::new(self.accounts.clone(), self.clock.clone()).account(&before.directory, before.id).await?;
        }
    }
}

/// The record that the account agrees to the current terms.
pub(crate) fn agreement(serving: &Directory, now: Timestamp) -> AgreedTerms {
    AgreedTerms { url: serving.acme.terms_of_service_url.clone(), at: acme::whole_seconds(now) }
}

pub(crate) fn accepted_contacts(serving: &Directory, contacts: &[String]) -> Result<Vec<Contact>, Error> {
    if contacts.is_empty() && serving.acme.require_contact {
        return Err(Refusal::ContactRequired.into());
    }
    if contacts.len() > MAX_CONTACTS {
        return Err(Refusal::TooManyContacts(MAX_CONTACTS).into());
    }
    if contacts.iter().map(String::len).sum::<usize>() > MAX_CONTACT_LENGTH {
        return Err(Refusal::ContactsTooLong(MAX_CONTACT_LENGTH).into());
    }
    let contacts: Vec<Contact> = contacts.iter().map(|contact| contact.parse()).collect::<Result<_, _>>()?;
    if contacts.iter().all(|contact| serving.acme.allows_contact_domain(contact.domain())) {
        Ok(contacts)
    } else {
        Err(Refusal::ContactDomain(serving.acme.allowed_contact_domains.clone()).into())
    }
}

const MAX_CONTACTS: usize = 10;

/// The maximum length of all contacts together: an account is kept for ever, and each contact is
/// stored twice.
const MAX_CONTACT_LENGTH: usize = 1_000;

//! New orders (RFC 8555 §7.4, RFC 9773 §5).

use std::sync::Arc;

use acme::{Account, AgreedTerms, AuthorizationState, Identifier, NewOrder, Order, OrderId, OrderState};
use authority::{Clock, Rounds, applied, random, versioned};
use issuing::{Issuers, RequestedValidity, Validities};
use jiff::Timestamp;
use store::{AccountStore, AuthorizationStore, OrderStore, TermsOfServiceChange};

use crate::{
    Directory, Error, Limits, NamePolicies, OrderView, Refusal, Renewals,
    authorization::{expiry, new_authorization, reusable_authorizations},
    limit,
    renewal::Replaceable,
};

/// Creates orders and their authorizations (RFC 8555 §7.4).
pub struct NewOrders {
    accounts: Arc<dyn AccountStore>,
    orders: Arc<dyn OrderStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    issuers: Arc<Issuers>,
    policies: Arc<NamePolicies>,
    validities: Arc<Validities>,
    limits: Arc<Limits>,
    renewals: Arc<Renewals>,
    clock: Arc<dyn Clock>,
}

impl NewOrders {
    /// Creates orders in this store, for certificates of these issuers.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        orders: Arc<dyn OrderStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        issuers: Arc<Issuers>,
        policies: Arc<NamePolicies>,
        validities: Arc<Validities>,
        limits: Arc<Limits>,
        renewals: Arc<Renewals>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { accounts, orders, authorizations, issuers, policies, validities, limits, renewals, clock }
    }

    /// Creates an order with an authorization for each identifier; the account's valid and pending
    /// ones are reused.
    ///
    /// # Errors
    /// Every refusal of terms, identifiers, validity, profile and `replaces`.
    pub async fn create(&self, serving: &Directory, account: &Account, request: NewOrder) -> Result<OrderView, Error> {
        check_terms(serving, account)?;
        let profile = serving.issuing_profile(request.profile.as_deref())?;
        let issuer = self.issuers.active(&profile.issuer).await?;
        let policy = self.policies.of(serving, account).await?.below(&issuer);
        let identifiers = policy.accept(&request.identifiers)?;
        let now = self.clock.now();
        let wish = RequestedValidity {
            not_before: request.not_before.map(acme::whole_seconds),
            not_after: request.not_after.map(acme::whole_seconds),
        };
        self.validities.period(&issuer, profile, wish, now)?;

        let id = OrderId::new(now, random()?);
        let named = match &request.replaces {
            Some(text) => Some(self.renewals.named(serving, account, &identifiers, text).await?),
            None => None,
        };
        let to_show: Vec<_> = identifiers.iter().filter(|name| policy.pre_approval(name).is_none()).cloned().collect();
        let reusable = reusable_authorizations(self.authorizations.as_ref(), now, serving, account, &policy, &to_show);
        let reusable = reusable.await?;
        let mut authorizations = Vec::with_capacity(identifiers.len());
        let mut new_authorizations = Vec::new();
        for identifier in &identifiers {
            let found = reusable.iter().flatten().find(|found| found.identifier == *identifier);
            authorizations.push(match found {
                Some(found) => found.clone(),
                None => {
                    let new = new_authorization(now, serving, account, &policy, identifier.clone())?;
                    new_authorizations.push(new.clone());
                    new.value
                }
            });
        }
        let pending = new_authorizations.iter().filter(|new| new.state == AuthorizationState::Pending).count();
        let replaced = self.count(serving, account, &identifiers, pending, named).await?;
        let is_renewal = replaced.as_ref().is_some_and(|replaced| replaced.is_renewal);
        let marked = match replaced {
            Some(replaced) => Some(self.renewals.mark(replaced, id).await?),
            None => None,
        };
        // An order expires with the first of its authorizations.
        let first_end = authorizations.iter().map(|authorization| authorization.expires_at).min();
        let order = versioned(Order {
            id,
            account: account.id,
            directory: serving.directory.clone(),
            identifiers,
            authorizations: authorizations.iter().map(|authorization| authorization.id).collect(),
            created_at: acme::whole_seconds(now),
            expires_at: first_end.map_or(expiry(serving, now), |end| end.min(expiry(serving, now))),
            not_before: wish.not_before,
            not_after: wish.not_after,
            profile: request.profile,
            replaces: marked.filter(|_| request.replaces.is_some()),
            is_renewal,
            state: OrderState::Open,
        })?;
        self.keep(account, now).await?;
        self.orders.create_order(&order, &new_authorizations).await?;
        Ok(OrderView { order: order.value, authorizations })
    }

    /// From its first order on, an account is kept. This is written before the order, on condition
    /// that the account is still there: an account that has an order is never deleted for not
    /// having one, and one that was deleted gets none.
    async fn keep(&self, account: &Account, now: Timestamp) -> Result<(), Error> {
        if account.unused_until.is_none() {
            return Ok(());
        }
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let stored = self.accounts.account(account.id).await?.filter(|stored| !stored.has_lapsed(now));
            let before = stored.ok_or(Refusal::AccountDoesNotExist)?;
            if before.unused_until.is_none() {
                return Ok(());
            }
            let after = versioned(Account { unused_until: None, ..before.value.clone() })?;
            if applied(self.accounts.update_account(&before, &after).await)? {
                return Ok(());
            }
        }
    }

    /// Counts an order that replaces the certificate `named`, and returns which one it replaces. A
    /// renewal counts where the account's disk space is bounded, and nowhere else. An order that
    /// names no certificate is counted everywhere; when a rate is reached, it is accepted if it
    /// renews one.
    async fn count(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
        pending: usize,
        named: Option<Replaceable>,
    ) -> Result<Option<Replaceable>, Error> {
        let bounds = limit::of_stored_order(serving, account.id, pending);
        if named.as_ref().is_some_and(|named| named.is_renewal) {
            self.limits.count(serving, &bounds).await?;
            return Ok(named);
        }
        let rates = limit::of_order(serving, account, names);
        let all = [bounds.as_slice(), rates.as_slice()].concat();
        match self.limits.count(serving, &all).await {
            Err(Error::Refused(Refusal::LimitReached(reached)))
                if named.is_none() && rates.iter().any(|rate| rate.is(reached.name)) =>
            {
                let unnamed = self.renewals.unnamed(serving, account, names).await?.ok_or(reached)?;
                self.limits.count(serving, &bounds).await?;
                Ok(Some(unnamed))
            }
            counted => counted.map(|()| named),
        }
    }
}

fn check_terms(serving: &Directory, account: &Account) -> Result<(), Error> {
    let terms = &serving.acme;
    let agreed_to = account.agreed_terms.as_ref().and_then(|AgreedTerms { url, .. }| url.as_ref());
    let changed =
        terms.terms_of_service_change == TermsOfServiceChange::Url && agreed_to != terms.terms_of_service_url.as_ref();
    if terms.require_terms_of_service && changed {
        return Err(Refusal::TermsNotAgreed { url: terms.terms_of_service_url.clone() }.into());
    }
    Ok(())
}

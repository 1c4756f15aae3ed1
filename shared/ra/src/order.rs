//! Orders: making, reading, listing (RFC 8555 §7.4, §7.1.2.1; RFC 9773 §5).

use acme::{
    Account, AccountId, AgreedTerms, Authorization, AuthorizationState, CertificateId, Identifier, NewOrder, Order,
    OrderId, OrderState, OrderStatus,
};
use authority::{IssuanceTask, Rounds, applied, random, versioned};
use issuing::RequestedValidity;
use jiff::SignedDuration;
use store::{CertificateRecord, CertificateState, Replacement, TermsOfServiceChange, Versioned};

use crate::{Authority, Directory, Error, authorization::expiry, limit};

/// An order with what its object is made of.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// Its authorizations; only read while the status depends on them.
    pub authorizations: Vec<Authorization>,
}

/// A page of an account's orders.
#[derive(Clone, Debug)]
pub struct OrderList {
    /// Newest first.
    pub orders: Vec<OrderId>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<OrderId>,
}

impl Authority {
    /// Makes an order with an authorization for each name; valid ones of the account are reused.
    ///
    /// # Errors
    /// Every refusal of terms, names, validity, profile and `replaces`.
    pub async fn create_order(
        &self,
        serving: &Directory,
        account: &Account,
        request: NewOrder,
    ) -> Result<OrderView, Error> {
        let made = self.make_order(serving, account, request).await;
        self.told(serving, Some(account.id), made)
    }

    async fn make_order(&self, serving: &Directory, account: &Account, request: NewOrder) -> Result<OrderView, Error> {
        check_terms(serving, account)?;
        let profile = serving.issuing_profile(request.profile.as_deref())?;
        let issuer = self.issuers.active(&profile.issuer).await?;
        let policy = self.name_policy(serving, account).await?.below(&issuer);
        let identifiers = policy.accept(&request.identifiers)?;
        let now = self.now();
        let wish = RequestedValidity {
            not_before: request.not_before.map(acme::whole_seconds),
            not_after: request.not_after.map(acme::whole_seconds),
        };
        self.validities.period(&issuer, profile, wish, now)?;

        let id = OrderId::new(now, random()?);
        let replaces = match request.replaces {
            Some(text) => Some(self.replace(account, id, &identifiers, &text).await?),
            None => None,
        };
        let to_show: Vec<_> = identifiers.iter().filter(|name| policy.pre_approval(name).is_none()).cloned().collect();
        let reusable = self.reusable_authorizations(serving, account, &to_show).await?;
        let mut authorizations = Vec::with_capacity(identifiers.len());
        let mut new_authorizations = Vec::new();
        for identifier in &identifiers {
            let shown = reusable.iter().flatten().find(|valid| valid.identifier == *identifier);
            authorizations.push(match shown {
                Some(valid) => valid.clone(),
                None => {
                    let new = self.new_authorization(serving, account, &policy, identifier.clone())?;
                    new_authorizations.push(new.clone());
                    new.value
                }
            });
        }
        if replaces.is_none() {
            self.count_order(serving, account, &identifiers, &new_authorizations).await?;
        }
        // An order cannot outlive the authorizations that it rests on.
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
            replaces,
            state: OrderState::Open,
        })?;
        self.store.create_order(&order, &new_authorizations).await?;
        Ok(OrderView { order: order.value, authorizations })
    }

    /// Counts an order that replaces no certificate. One that renews a certificate all the same, because it
    /// is for the very same names, goes on when a limit is reached.
    async fn count_order(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), Error> {
        let pending = new_authorizations.iter().filter(|new| new.state == AuthorizationState::Pending).count();
        let counts = limit::of_order(serving, account, names, pending);
        match self.count(serving, &counts).await {
            Err(Error::LimitReached(_)) if self.renews(account, names).await? => Ok(()),
            counted => counted,
        }
    }

    /// One of the account's orders. A certificate that is there makes a `processing` order valid;
    /// an issuance that takes too long is handed over again on the way.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn order(&self, account: &Account, id: OrderId) -> Result<OrderView, Error> {
        let order = self.owned_order(account.id, id).await?;
        self.view(order).await
    }

    /// Those of the account's orders that are there. A list may for some hours name one that is gone.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn order_views(&self, account: &Account, ids: &[OrderId]) -> Result<Vec<OrderView>, Error> {
        let mut views = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(order) = self.store.order(account.id, *id).await? {
                views.push(self.view(order).await?);
            }
        }
        Ok(views)
    }

    /// A page of the account's orders, newest first (RFC 8555 §7.1.2.1).
    ///
    /// # Errors
    /// [`Error::NotFound`] when `owner` is not the account itself.
    pub async fn orders(
        &self,
        account: &Account,
        owner: AccountId,
        before: Option<OrderId>,
    ) -> Result<OrderList, Error> {
        if owner != account.id {
            return Err(Error::NotFound);
        }
        let page = self.store.orders(account.id, before, self.settings.orders_per_page).await?;
        let next = if page.more { page.orders.last().copied() } else { None };
        Ok(OrderList { orders: page.orders, next })
    }

    pub(crate) async fn owned_order(&self, account: AccountId, id: OrderId) -> Result<Versioned<Order>, Error> {
        self.store.order(account, id).await?.ok_or(Error::NotFound)
    }

    pub(crate) async fn authorizations_of(&self, order: &Order) -> Result<Vec<Authorization>, Error> {
        let read = self.store.authorizations(order.account, &order.authorizations).await?;
        Ok(read.into_iter().map(|authorization| authorization.value).collect())
    }

    /// The order as it is to be shown.
    pub(crate) async fn view(&self, order: Versioned<Order>) -> Result<OrderView, Error> {
        let order = order.value;
        match &order.state {
            OrderState::Open => {
                let authorizations = self.authorizations_of(&order).await?;
                Ok(OrderView { order, authorizations })
            }
            OrderState::Processing(issuance) => {
                let certificate = self.store.certificate(&issuance.certificate).await?;
                let issued = certificate.is_some_and(|record| matches!(record.state, CertificateState::Issued { .. }));
                if self.now().duration_since(issuance.began_at) >= PATIENCE {
                    self.issuance_queue.issue(IssuanceTask { account: order.account, order: order.id }).await?;
                }
                let state = if issued { OrderState::Valid(issuance.clone()) } else { order.state.clone() };
                Ok(OrderView { order: Order { state, ..order }, authorizations: Vec::new() })
            }
            OrderState::Valid(_) | OrderState::Invalid(_) => Ok(OrderView { order, authorizations: Vec::new() }),
        }
    }

    /// Reserves the certificate that `text` names to be replaced by order `by` (RFC 9773 §5).
    ///
    /// The mark is written before the order: a crash between leaves a mark that points to no order,
    /// which the next order overwrites, as it does the mark of an order that failed.
    async fn replace(
        &self,
        account: &Account,
        by: OrderId,
        identifiers: &[Identifier],
        text: &str,
    ) -> Result<CertificateId, Error> {
        let id: CertificateId = text.parse().map_err(|_| Error::Replaces("that is no certificate id"))?;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.store.certificate(&id).await?.filter(|record| record.account == Some(account.id));
            let before = before.ok_or(Error::Replaces("this account has no such certificate"))?;
            if !before.identifiers.iter().any(|name| identifiers.contains(name)) {
                return Err(Error::Replaces("the order shares no name with it"));
            }
            if let Some(replacement) = before.replacement
                && self.is_alive(replacement).await?
            {
                return Err(Error::AlreadyReplaced);
            }
            let replacement = Some(Replacement { account: account.id, order: by });
            let after = versioned(CertificateRecord { replacement, ..before.value.clone() })?;
            if applied(self.store.update_certificate(&before, &after).await)? {
                return Ok(id);
            }
        }
    }

    async fn is_alive(&self, replacement: Replacement) -> Result<bool, Error> {
        let Some(order) = self.store.order(replacement.account, replacement.order).await? else {
            // Its mark was written a moment ago and the order itself is on its way, or a crash took it.
            return Ok(self.now().duration_since(replacement.order.made_at()) < ON_ITS_WAY);
        };
        let authorizations = self.authorizations_of(&order).await?;
        Ok(order.status(&authorizations, self.now()) != OrderStatus::Invalid)
    }
}

fn check_terms(serving: &Directory, account: &Account) -> Result<(), Error> {
    let terms = &serving.acme;
    let agreed_to = account.agreed_terms.as_ref().and_then(|AgreedTerms { url, .. }| url.as_ref());
    let changed =
        terms.terms_of_service_change == TermsOfServiceChange::Url && agreed_to != terms.terms_of_service_url.as_ref();
    if terms.require_terms_of_service && changed {
        return Err(Error::TermsNotAgreed { url: terms.terms_of_service_url.clone() });
    }
    Ok(())
}

/// How long after its mark on the certificate an order may take to be written.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(1);

/// For how long an order may be processing before somebody else is asked to finish it.
const PATIENCE: SignedDuration = SignedDuration::from_secs(15);

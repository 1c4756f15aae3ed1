//! New orders (RFC 8555 §7.4, RFC 9773 §5).

use std::sync::Arc;

use acme::{
    Account, AgreedTerms, Authorization, AuthorizationState, CertificateId, Identifier, NewOrder, Order, OrderId,
    OrderState, OrderStatus,
};
use authority::{Clock, Rounds, applied, random, versioned};
use issuing::{Issuers, RequestedValidity, Validities};
use jiff::SignedDuration;
use store::{
    AuthorizationStore, CertificateRecord, CertificateStore, OrderStore, Replacement, TermsOfServiceChange, Versioned,
};

use crate::{
    Directory, Error, Limits, NamePolicies, OrderView, Refusal, Renewals,
    authorization::{expiry, new_authorization, reusable_authorizations},
    limit,
    order::authorizations_of,
};

/// Creates orders and their authorizations (RFC 8555 §7.4).
pub struct NewOrders {
    orders: Arc<dyn OrderStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    certificates: Arc<dyn CertificateStore>,
    issuers: Arc<Issuers>,
    policies: Arc<NamePolicies>,
    validities: Arc<Validities>,
    limits: Arc<Limits>,
    renewals: Renewals,
    clock: Arc<dyn Clock>,
}

impl NewOrders {
    /// Creates orders in this store, for certificates of these issuers.
    pub fn new(
        orders: Arc<dyn OrderStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        certificates: Arc<dyn CertificateStore>,
        issuers: Arc<Issuers>,
        policies: Arc<NamePolicies>,
        validities: Arc<Validities>,
        limits: Arc<Limits>,
        renewals: Renewals,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { orders, authorizations, certificates, issuers, policies, validities, limits, renewals, clock }
    }

    /// Creates an order with an authorization for each identifier; the account's valid ones are
    /// reused.
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
        let replaces = match request.replaces {
            Some(text) => Some(self.replace(account, id, &identifiers, &text).await?),
            None => None,
        };
        let to_show: Vec<_> = identifiers.iter().filter(|name| policy.pre_approval(name).is_none()).cloned().collect();
        let reusable = reusable_authorizations(self.authorizations.as_ref(), now, serving, account, &to_show).await?;
        let mut authorizations = Vec::with_capacity(identifiers.len());
        let mut new_authorizations = Vec::new();
        for identifier in &identifiers {
            let shown = reusable.iter().flatten().find(|valid| valid.identifier == *identifier);
            authorizations.push(match shown {
                Some(valid) => valid.clone(),
                None => {
                    let new = new_authorization(now, serving, account, &policy, identifier.clone())?;
                    new_authorizations.push(new.clone());
                    new.value
                }
            });
        }
        if replaces.is_none() {
            self.count_order(serving, account, &identifiers, &new_authorizations).await?;
        }
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
            replaces,
            state: OrderState::Open,
        })?;
        self.orders.create_order(&order, &new_authorizations).await?;
        Ok(OrderView { order: order.value, authorizations })
    }

    /// Counts an order that does not say what it replaces. If it renews a certificate anyway,
    /// because it has exactly the same identifiers, it is accepted although a limit is reached.
    async fn count_order(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), Error> {
        let pending = new_authorizations.iter().filter(|new| new.state == AuthorizationState::Pending).count();
        let counts = limit::of_order(serving, account, names, pending);
        match self.limits.count(serving, &counts).await {
            Err(Error::Refused(Refusal::LimitReached(_))) if self.renewals.renews(account, names).await? => Ok(()),
            counted => counted,
        }
    }

    /// Reserves the certificate in `text` to be replaced by the order `by` (RFC 9773 §5).
    ///
    /// The mark on the certificate is written before the order. A crash in between leaves a mark
    /// that points to no order. The next order overwrites it, as it overwrites the mark of a failed
    /// order.
    async fn replace(
        &self,
        account: &Account,
        by: OrderId,
        identifiers: &[Identifier],
        text: &str,
    ) -> Result<CertificateId, Error> {
        let id: CertificateId = text.parse().map_err(|_| Refusal::Replaces("that is no certificate id"))?;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.certificates.certificate(&id).await?.filter(|record| record.account == Some(account.id));
            let before = before.ok_or(Refusal::Replaces("this account has no such certificate"))?;
            if !before.identifiers.iter().any(|name| identifiers.contains(name)) {
                return Err(Refusal::Replaces("the order shares no name with it").into());
            }
            if let Some(replacement) = before.replacement
                && self.is_alive(replacement).await?
            {
                return Err(Refusal::AlreadyReplaced.into());
            }
            let replacement = Some(Replacement { account: account.id, order: by });
            let after = versioned(CertificateRecord { replacement, ..before.value.clone() })?;
            if applied(self.certificates.update_certificate(&before, &after).await)? {
                return Ok(id);
            }
        }
    }

    async fn is_alive(&self, replacement: Replacement) -> Result<bool, Error> {
        let Some(order) = self.orders.order(replacement.account, replacement.order).await? else {
            // The mark was written a moment ago and the order is about to be written, or a crash
            // prevented that.
            return Ok(self.clock.now().duration_since(replacement.order.made_at()) < ON_ITS_WAY);
        };
        let authorizations = authorizations_of(self.authorizations.as_ref(), &order).await?;
        Ok(order.status(&authorizations, self.clock.now()) != OrderStatus::Invalid)
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

/// The maximum time between the mark on the certificate and the order.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(1);

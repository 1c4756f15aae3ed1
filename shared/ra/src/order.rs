//! Orders: reading and listing (RFC 8555 §7.4, §7.1.2.1).

use std::sync::Arc;

use acme::{Account, AccountId, Authorization, Order, OrderId, OrderState};
use authority::{Clock, Failure, IssuanceQueue, IssuanceTask};
use jiff::SignedDuration;
use store::{AuthorizationStore, CertificateState, CertificateStore, OrderStore, Versioned};

use crate::{Error, Refusal};

/// An order with the authorizations that its status depends on.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// The stored order; one whose certificate is issued is shown as valid.
    pub order: Order,
    /// Its authorizations; they are only read while the status depends on them.
    pub authorizations: Vec<Authorization>,
}

/// A page of an account's orders.
#[derive(Clone, Debug)]
pub struct OrderList {
    /// The ids of the orders, newest first.
    pub orders: Vec<OrderId>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<OrderId>,
}

/// Orders of a page.
#[derive(Clone, Debug)]
pub struct OrderViews {
    /// The orders, newest first.
    pub views: Vec<OrderView>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<OrderId>,
}

/// Reads the orders of accounts.
pub struct Orders {
    orders: Arc<dyn OrderStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    certificates: Arc<dyn CertificateStore>,
    issuance_queue: Arc<dyn IssuanceQueue>,
    clock: Arc<dyn Clock>,
    orders_per_page: usize,
}

impl Orders {
    /// Reads the orders of this store; issuances that take too long are sent to this queue.
    pub fn new(
        orders: Arc<dyn OrderStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        certificates: Arc<dyn CertificateStore>,
        issuance_queue: Arc<dyn IssuanceQueue>,
        clock: Arc<dyn Clock>,
        orders_per_page: usize,
    ) -> Self {
        Self { orders, authorizations, certificates, issuance_queue, clock, orders_per_page }
    }

    /// One of the account's orders. A certificate that is there makes a `processing` order valid;
    /// an issuance that takes too long is handed over again on the way.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn order(&self, account: &Account, id: OrderId) -> Result<OrderView, Error> {
        let order = self.owned(account.id, id).await?;
        self.view(order).await
    }

    /// The account's orders of a page, as far as they exist: for some hours, a list may name one
    /// that is gone. The page ends early when its orders have cost 200 records, so that one request
    /// is never many times as expensive as another.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn views(&self, account: &Account, page: OrderList) -> Result<OrderViews, Error> {
        let mut views = Vec::with_capacity(page.orders.len());
        let (mut reads, mut last) = (0, None);
        for id in page.orders {
            let order = self.orders.order(account.id, id).await?;
            reads += 1 + order.as_ref().map_or(0, |order| self.further_reads(order));
            if reads > MAX_READS && last.is_some() {
                return Ok(OrderViews { views, next: last });
            }
            if let Some(order) = order {
                views.push(self.view(order).await?);
            }
            last = Some(id);
        }
        Ok(OrderViews { views, next: page.next })
    }

    /// A page of the account's orders, newest first (RFC 8555 §7.1.2.1).
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when `owner` is not the account itself.
    pub async fn list(&self, account: &Account, owner: AccountId, before: Option<OrderId>) -> Result<OrderList, Error> {
        if owner != account.id {
            return Err(Refusal::NotFound.into());
        }
        let page = self.orders.orders(account.id, before, self.orders_per_page).await?;
        let next = if page.more { page.orders.last().copied() } else { None };
        Ok(OrderList { orders: page.orders, next })
    }

    pub(crate) async fn owned(&self, account: AccountId, id: OrderId) -> Result<Versioned<Order>, Error> {
        self.orders.order(account, id).await?.ok_or(Refusal::NotFound.into())
    }

    /// The number of further records on which the status of the order depends.
    fn further_reads(&self, order: &Order) -> usize {
        match order.state {
            OrderState::Open => order.authorizations.len(),
            OrderState::Processing(_) => 1,
            OrderState::Valid(_) | OrderState::Invalid(_) => 0,
        }
    }

    /// The order as clients see it.
    pub(crate) async fn view(&self, order: Versioned<Order>) -> Result<OrderView, Error> {
        let order = order.value;
        match &order.state {
            OrderState::Open => {
                let authorizations = authorizations_of(self.authorizations.as_ref(), &order).await?;
                Ok(OrderView { order, authorizations })
            }
            OrderState::Processing(issuance) => {
                let certificate = self.certificates.certificate(&issuance.certificate).await?;
                let issued = certificate.is_some_and(|record| matches!(record.state, CertificateState::Issued { .. }));
                if self.clock.now().duration_since(issuance.began_at) >= PATIENCE {
                    self.issuance_queue.issue(IssuanceTask { account: order.account, order: order.id }).await?;
                }
                let state = if issued { OrderState::Valid(issuance.clone()) } else { order.state.clone() };
                Ok(OrderView { order: Order { state, ..order }, authorizations: Vec::new() })
            }
            OrderState::Valid(_) | OrderState::Invalid(_) => Ok(OrderView { order, authorizations: Vec::new() }),
        }
    }
}

/// The authorizations of an order.
///
/// # Errors
/// When the store cannot answer.
pub async fn authorizations_of(store: &dyn AuthorizationStore, order: &Order) -> Result<Vec<Authorization>, Failure> {
    let read = store.authorizations(order.account, &order.authorizations).await?;
    Ok(read.into_iter().map(|authorization| authorization.value).collect())
}

/// As many records as a page of orders reads, if its first order needs no more.
const MAX_READS: usize = 200;

/// The time after which an order that is still processing is queued to be finished.
const PATIENCE: SignedDuration = SignedDuration::from_secs(15);

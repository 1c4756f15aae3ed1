//! Orders, and the issuance of their certificates.

use acme::{AccountId, Authorization, Order, OrderId};
use async_trait::async_trait;
use store::{CertificateRecord, IssuanceStore, OrderPage, OrderStore, StoreError, Versioned};

use super::{Condition, MemoryStore, owned};

#[async_trait]
impl OrderStore for MemoryStore {
    async fn create_order(
        &self,
        order: &Versioned<Order>,
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let key = owned(order.account, order.id);
        let is_due = self.is_due(&tables.orders, &key, None, order, Condition::NewOrderId)?;
        let mut due = Vec::new();
        for new in new_authorizations {
            let key = owned(new.account, new.id);
            if self.is_due(&tables.authorizations, &key, None, new, Condition::NewOrderAuthorizationId)? {
                due.push((key, new.clone()));
            }
        }
        for (_, new) in &due {
            tables.point_to(new);
        }
        tables.authorizations.extend(due);
        if is_due {
            tables.orders.insert(key, order.clone());
        }
        Ok(())
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Versioned<Order>>, StoreError> {
        Ok(self.lock().orders.get(&owned(account, id)).cloned())
    }

    async fn update_order(&self, before: &Versioned<Order>, after: &Versioned<Order>) -> Result<(), StoreError> {
        let (mut tables, key) = (self.lock(), owned(after.account, after.id));
        self.replace(&mut tables.orders, key, Some(before.version), after, Condition::OrderVersion)
    }

    async fn orders(&self, account: AccountId, before: Option<OrderId>, limit: usize) -> Result<OrderPage, StoreError> {
        let tables = self.lock();
        let of_account = tables.orders.values().map(|order| (order.account, order.id));
        let older = of_account.filter(|(owner, id)| *owner == account && before.is_none_or(|before| *id < before));
        let mut ids: Vec<OrderId> = older.map(|(_, id)| id).collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let more = ids.len() > limit;
        ids.truncate(limit);
        Ok(OrderPage { orders: ids, more })
    }
}

#[async_trait]
impl IssuanceStore for MemoryStore {
    async fn begin_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        let conditions = [Condition::BegunCertificateId, Condition::BegunOrderVersion];
        self.change_both((None, intended), (before, after), conditions)
    }

    async fn complete_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        issued: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        let conditions = [Condition::CompletedCertificateVersion, Condition::CompletedOrderVersion];
        self.change_both((Some(intended), issued), (before, after), conditions)
    }
}

impl MemoryStore {
    /// Changes a certificate and its order, or neither.
    fn change_both(
        &self,
        certificate: (Option<&Versioned<CertificateRecord>>, &Versioned<CertificateRecord>),
        order: (&Versioned<Order>, &Versioned<Order>),
        [of_certificate, of_order]: [Condition; 2],
    ) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let id = certificate.1.id.to_string();
        let before = certificate.0.map(|before| before.version);
        let certificate_is_due = self.is_due(&tables.certificates, &id, before, certificate.1, of_certificate)?;
        let key = owned(order.1.account, order.1.id);
        if self.is_due(&tables.orders, &key, Some(order.0.version), order.1, of_order)? {
            tables.orders.insert(key, order.1.clone());
        }
        if certificate_is_due {
            tables.certificates.insert(id, certificate.1.clone());
        }
        Ok(())
    }
}

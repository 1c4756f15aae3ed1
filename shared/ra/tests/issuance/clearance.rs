//! What is checked before a certificate is intended holds when it is signed (N16): whatever ends in
//! between – while the signer is away, across a crash, or just after the intention was stored – the
//! order ends with the reason, and nothing is signed.

use std::sync::Arc;

use acme::{Account, AccountId, AccountStatus, Authorization, CertificateId, Order, OrderId, OrderState, ProblemType};
use async_trait::async_trait;
use authority::{Events, IssuanceTask};
use ca::CertificateKeyType;
use issuing::{Issuance, StatusUrl, Validities};
use jiff::Timestamp;
use jose::Thumbprint;
use ra::{BlockedKeys, Finalization, OrderClearance, Renewals};
use store::{
    AccountStore, AcmeProfile, CertificateRecord, CertificateStore, IssuanceStore, IssuerRecord, IssuerStore,
    OperationId, OrderPage, OrderStore, ProfileChanges, ProfileStore, RaProfile, StoreError, Versioned,
    embedded::EmbeddedStore,
};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::ca::{Ca, Keys, Moment, copy_store, csr};

/// What happens between the intention and the signature.
#[derive(Clone, Copy, Debug)]
enum Change {
    AccountDeactivated,
    AccountDisabled,
    AccountKeyBlocked,
    AuthorizationDeactivated,
    AuthorizationExpired,
    CertificateKeyBlocked,
    DirectoryDisabled,
    IssuerRetired,
    KeyTypeWithdrawn,
    NameDenied,
    RaProfileDisabled,
}

use Change::*;

/// Every change, with the type of the problem that the order ends with.
const CHANGES: [(Change, ProblemType); 11] = [
    (AccountDeactivated, ProblemType::Unauthorized),
    (AccountDisabled, ProblemType::Unauthorized),
    (AccountKeyBlocked, ProblemType::Unauthorized),
    (AuthorizationDeactivated, ProblemType::Unauthorized),
    (AuthorizationExpired, ProblemType::Unauthorized),
    (CertificateKeyBlocked, ProblemType::BadCsr),
    (DirectoryDisabled, ProblemType::Unauthorized),
    (IssuerRetired, ProblemType::ServerInternal),
    (KeyTypeWithdrawn, ProblemType::BadCsr),
    (NameDenied, ProblemType::RejectedIdentifier),
    (RaProfileDisabled, ProblemType::Unauthorized),
];

impl Change {
    /// Makes the change. What processes remember of profiles and issuers is forgotten by then.
    async fn make(self, ca: &Ca, account: &Account, order: OrderId) {
        let acme = |change: fn(&mut AcmeProfile)| {
            let mut profile = ca.serving.acme.clone();
            change(&mut profile);
            ProfileChanges { put_acme: vec![profile], ..ProfileChanges::default() }
        };
        let ra = |change: fn(&mut RaProfile)| {
            let mut profile = ca.serving.ra.clone();
            change(&mut profile);
            ProfileChanges { put_ra: vec![profile], ..ProfileChanges::default() }
        };
        let profiles = async |changes: ProfileChanges| ca.store.apply_profiles(&changes).await.unwrap();
        let end_account = async |status| {
            let before = ca.store.account(account.id).await.unwrap().unwrap();
            let after = Account { status, ..before.value.clone() };
            let after = Versioned::new(after, OperationId::from_random([9; 16]));
            ca.store.update_account(&before, &after).await.unwrap();
        };
        match self {
            AccountDeactivated => end_account(AccountStatus::Deactivated).await,
            AccountDisabled => end_account(AccountStatus::Revoked).await,
            AccountKeyBlocked => ca.store.block_key(&account.key.thumbprint(), ca.now()).await.unwrap(),
            AuthorizationDeactivated => {
                let order = ca.store.order(account.id, order).await.unwrap().unwrap();
                let id = order.authorizations[0];
                ca.parts.authorizations.deactivate(account, id, "deactivated").await.unwrap();
            }
            AuthorizationExpired => ca.clock.jump(i64::from(ca.serving.acme.validity)),
            CertificateKeyBlocked => {
                let key = ca.record(account, order).await.state.public_key().unwrap();
                ca.store.block_key(&key.thumbprint(), ca.now()).await.unwrap();
            }
            DirectoryDisabled => profiles(acme(|profile| profile.enabled = false)).await,
            IssuerRetired => {
                let issuers = ca.store.issuers().await.unwrap();
                let before = issuers.iter().find(|issuer| issuer.id.as_str() == "issuing").unwrap();
                let after = IssuerRecord { retired_at: Some(ca.now()), ..before.clone() };
                ca.store.update_issuer(before, &after).await.unwrap();
            }
            KeyTypeWithdrawn => profiles(ra(|profile| profile.key_types = [CertificateKeyType::Ed25519].into())).await,
            NameDenied => {
                profiles(acme(|profile| profile.denied_identifiers = vec![".example.test".parse().unwrap()])).await;
            }
            RaProfileDisabled => profiles(ra(|profile| profile.enabled = false)).await,
        }
        ca.clock.jump(60);
    }
}

#[tokio::test]
async fn n16_nothing_is_signed_for_what_ended_while_the_signer_was_away() {
    for (change, problem) in CHANGES {
        let (_folder, keys, ca) = open().await;
        let (account, order) = ca.ready_order().await;
        keys.stop_at(Some(Moment::Away));
        ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
        keys.stop_at(None);
        change.make(&ca, &account, order).await;
        resume(&ca, &account, order).await;
        has_ended_unsigned(&ca, &account, order, change, problem).await;
    }
}

#[tokio::test]
async fn n16_nothing_is_signed_after_a_crash_for_what_ended_meanwhile() {
    for (change, problem) in CHANGES {
        let (folder, keys, before) = open().await;
        let (account, order) = before.ready_order().await;
        keys.stop_at(Some(Moment::BeforeSigning));
        let Ca { parts, serving, .. } = before.clone();
        let request = tokio::spawn({
            let account = account.clone();
            async move { parts.finalization.finalize(&serving, &account, order, &csr()).await.map(drop) }
        });
        keys.stopped.notified().await;
        let file = folder.path().join("after.redb");
        copy_store(&folder.path().join("store.redb"), &file);
        request.abort();
        drop(before);

        keys.stop_at(None);
        let after = Ca::open(&file, &keys).await;
        change.make(&after, &account, order).await;
        resume(&after, &account, order).await;
        has_ended_unsigned(&after, &account, order, change, problem).await;
    }
}

#[tokio::test]
async fn n16_nothing_is_signed_for_what_ended_just_after_the_intention_was_stored() {
    for (change, problem) in CHANGES {
        let (_folder, _keys, ca) = open().await;
        let (account, order) = ca.ready_order().await;
        let pause = Arc::new(Pausing { store: ca.store.clone(), intended: Notify::new(), go_on: Notify::new() });
        let finalization = finalization(&ca, pause.clone());
        let (serving, of) = (ca.serving.clone(), account.clone());
        let request = tokio::spawn(async move { finalization.finalize(&serving, &of, order, &csr()).await });
        pause.intended.notified().await;
        change.make(&ca, &account, order).await;
        pause.go_on.notify_one();
        let view = request.await.unwrap().unwrap();
        assert!(matches!(view.order.state, OrderState::Invalid(_)), "{change:?}: {:?}", view.order.state);
        has_ended_unsigned(&ca, &account, order, change, problem).await;
    }
}

async fn open() -> (TempDir, Arc<Keys>, Ca) {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    (folder, keys, ca)
}

/// Queues deliver at least once.
async fn resume(ca: &Ca, account: &Account, order: OrderId) {
    for _ in 0..2 {
        ca.parts.resumption.resume(IssuanceTask { account: account.id, order }).await.unwrap();
    }
}

async fn has_ended_unsigned(ca: &Ca, account: &Account, order: OrderId, change: Change, expected: ProblemType) {
    let signed = ca.keys.signed();
    assert!(signed.is_empty(), "{change:?}: {} signatures", signed.len());
    let order = ca.store.order(account.id, order).await.unwrap().unwrap();
    let OrderState::Invalid(problem) = &order.state else { panic!("{change:?}: the order is {:?}", order.state) };
    assert_eq!(problem.r#type, expected, "{change:?}: {}", problem.detail);
}

/// Finalization as in the CA, over a store that pauses after the intention.
fn finalization(ca: &Ca, pausing: Arc<Pausing>) -> Finalization {
    let (store, parts, clock) = (ca.store.clone(), &ca.parts, ca.clock.clone());
    let events = Events::new(Arc::new(()), clock.clone());
    let clearance = OrderClearance::new(
        store.clone(),
        store.clone(),
        store.clone(),
        parts.directories.clone(),
        parts.policies.clone(),
        clock.clone(),
    );
    let issuance = Issuance::new(
        parts.issuers.clone(),
        store.clone(),
        ca.keys.clone(),
        Arc::new(clearance),
        events,
        StatusUrl(None),
    );
    let renewals = Renewals::new(
        store.clone(),
        store.clone(),
        store.clone(),
        store.clone(),
        parts.renewal_infos.clone(),
        clock.clone(),
    );
    Finalization::new(
        parts.orders.clone(),
        store.clone(),
        Arc::new(BlockedKeys::new(store, None)),
        pausing,
        parts.issuers.clone(),
        Arc::new(issuance),
        parts.policies.clone(),
        Arc::new(Validities::new(StatusUrl(None), clock.clone())),
        parts.limits.clone(),
        Arc::new(renewals),
        ca.queue.clone(),
        clock,
    )
}

/// A store that says when an issuance has begun, and waits before it answers.
struct Pausing {
    store: Arc<EmbeddedStore>,
    intended: Notify,
    go_on: Notify,
}

#[async_trait]
impl IssuanceStore for Pausing {
    async fn begin_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        self.store.begin_issuance(intended, before, after).await?;
        self.intended.notify_one();
        self.go_on.notified().await;
        Ok(())
    }
}

#[async_trait]
impl CertificateStore for Pausing {
    async fn intend_certificate(&self, certificate: &Versioned<CertificateRecord>) -> Result<(), StoreError> {
        self.store.intend_certificate(certificate).await
    }

    async fn certificate(&self, id: &CertificateId) -> Result<Option<Versioned<CertificateRecord>>, StoreError> {
        self.store.certificate(id).await
    }

    async fn certificates(&self, ids: &[CertificateId]) -> Result<Vec<Versioned<CertificateRecord>>, StoreError> {
        self.store.certificates(ids).await
    }

    async fn update_certificate(
        &self,
        before: &Versioned<CertificateRecord>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<(), StoreError> {
        self.store.update_certificate(before, after).await
    }

    async fn block_key(&self, key: &Thumbprint, at: Timestamp) -> Result<(), StoreError> {
        self.store.block_key(key, at).await
    }

    async fn is_key_blocked(&self, key: &Thumbprint) -> Result<bool, StoreError> {
        self.store.is_key_blocked(key).await
    }
}

#[async_trait]
impl OrderStore for Pausing {
    async fn create_order(
        &self,
        order: &Versioned<Order>,
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), StoreError> {
        self.store.create_order(order, new_authorizations).await
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Versioned<Order>>, StoreError> {
        self.store.order(account, id).await
    }

    async fn update_order(&self, before: &Versioned<Order>, after: &Versioned<Order>) -> Result<(), StoreError> {
        self.store.update_order(before, after).await
    }

    async fn orders(&self, account: AccountId, before: Option<OrderId>, limit: usize) -> Result<OrderPage, StoreError> {
        self.store.orders(account, before, limit).await
    }
}

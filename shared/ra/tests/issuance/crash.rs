//! A crash between the intended and the issued certificate: afterwards the order has exactly one
//! certificate, and it is the one that was intended (threat 29).
//!
//! The signer stops the finalize request at the worst moments. What a crash would leave is the
//! content of the store's file at that moment, so the test continues with a copy of it.

use std::sync::Arc;

use acme::{OrderState, OrderStatus};
use authority::IssuanceTask;
use tempfile::TempDir;

use crate::ca::{Ca, Keys, Moment, copy_store, csr};

#[tokio::test]
async fn threat_29_a_crash_before_the_signature_is_made_good_once() {
    crash(Moment::BeforeSigning).await;
}

#[tokio::test]
async fn threat_29_a_crash_after_the_signature_and_before_its_record_is_made_good_once() {
    crash(Moment::AfterSigning).await;
}

async fn crash(moment: Moment) {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let before = Ca::open(&folder.path().join("before.redb"), &keys).await;
    let (account, order) = before.ready_order().await;
    let csr = csr();

    keys.stop_at(Some(moment));
    let Ca { parts, serving, .. } = before.clone();
    let request = tokio::spawn({
        let (account, csr) = (account.clone(), csr.clone());
        async move { parts.finalization.finalize(&serving, &account, order, &csr).await.map(drop) }
    });
    keys.stopped.notified().await;
    let file = folder.path().join("after.redb");
    copy_store(&folder.path().join("before.redb"), &file);
    request.abort();
    // Where a queue outlives the process, it will have the order finished.
    assert_eq!(before.queue.later(), [IssuanceTask { account: account.id, order }]);
    drop(before);

    keys.stop_at(None);
    keys.forget_signed();
    let after = Ca::open(&file, &keys).await;
    assert!(after.store.was_unclean());
    let intended = after.intended(&account, order).await;
    let unfinished = after.store.unfinished().await.unwrap();
    assert_eq!(unfinished.issuances, [(account.id, order)]);
    let task = IssuanceTask { account: account.id, order };
    // Queues deliver at least once.
    for _ in 0..2 {
        after.parts.resumption.resume(task).await.unwrap();
    }

    assert_eq!(keys.signed(), std::slice::from_ref(&intended), "the stored bytes are signed, once");
    let view = after.parts.orders.order(&account, order).await.unwrap();
    assert_eq!(view.order.status(&view.authorizations, after.now()), OrderStatus::Valid);
    assert!(after.store.unfinished().await.unwrap().issuances.is_empty());
    let chain = after.parts.downloads.chain(account.id, order).await.unwrap();
    let leaf = chain.certificates()[0].der();
    // After the tag and the three octets of the length of the whole.
    assert_eq!(&leaf[4..4 + intended.len()], intended);

    // The client saw its connection break, and asks again.
    let view = after.parts.finalization.finalize(&after.serving, &account, order, &csr).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Valid(_)));
    let again = after.parts.downloads.chain(account.id, order).await.unwrap();
    assert_eq!(again.certificates()[0].der(), leaf);
    let other = after.parts.finalization.finalize(&after.serving, &account, order, &crate::ca::csr()).await;
    assert!(matches!(other, Err(ra::Error::Refused(ra::Refusal::OtherCsr))), "{other:?}");
    assert_eq!(keys.signed().len(), 1);
}

#[tokio::test]
async fn a_signer_that_is_away_leaves_the_order_processing_and_a_task_to_finish_it() {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (account, order) = ca.ready_order().await;
    let csr = csr();

    keys.stop_at(Some(Moment::Away));
    let view = ca.parts.finalization.finalize(&ca.serving, &account, order, &csr).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Processing(_)));
    let task = IssuanceTask { account: account.id, order };
    assert_eq!(ca.queue.issuances(), [task]);
    assert!(matches!(ca.parts.resumption.resume(task).await, Err(issuing::Error::Failed(authority::Failure::Sign(_)))));

    keys.stop_at(None);
    let intended = ca.intended(&account, order).await;
    ca.parts.resumption.resume(task).await.unwrap();
    let view = ca.parts.finalization.finalize(&ca.serving, &account, order, &csr).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Valid(_)));
    assert_eq!(keys.signed().last(), Some(&intended));
}

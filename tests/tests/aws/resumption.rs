//! Issuances that are interrupted: the task that was queued before they began finishes them, and
//! no one has to ask.

use std::time::Duration;

use cloud::{Fault, FaultKind, Injection, Service};
use tests::{
    Directory,
    client::{Client, Key, csr},
    deployed::template::Template,
};
use tokio::time::sleep;

use crate::HOST;

/// The function dies after each of its calls in turn, and its client never comes back.
#[tokio::test]
async fn an_order_whose_function_dies_is_finished_although_no_one_asks_for_it() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (mut interrupted, mut nth, mut died) = (0, 0, true);
        while died {
            nth += 1;
            let order = client.ready_order(&[NAME]).await;
            ca.aws().let_delays_pass().await;
            let crash = ca.aws().cloud().inject(Fault::new(FaultKind::Crash).of(FINALIZE).at(nth));
            finalize_and_leave(&ca, &client, &order, &crash).await;
            died = crash.struck() > 0;
            let stored = status(&client, &order).await;
            interrupted += usize::from(stored == "processing");
            let delays = ca.aws().let_delays_pass().await;
            match stored.as_str() {
                // Nothing was intended that an order points to, so nothing is done.
                "ready" => assert_eq!(status(&client, &order).await, "ready", "after call {nth}"),
                _ => {
                    assert_eq!(status(&client, &order).await, "valid", "after call {nth}");
                    assert_eq!(delays.len(), 1, "after call {nth}");
                }
            }
        }
        // After the order points to the certificate, after the reads of the last check, and after
        // the signature.
        assert!(interrupted >= 3, "{interrupted} of {nth} deaths left an order that was processing");
    })
    .await;
}

#[tokio::test]
async fn an_issuance_that_cannot_be_finished_becomes_a_dead_letter() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let order = client.ready_order(&[NAME]).await;
    let away = ca.aws().cloud().inject(Fault::new(FaultKind::Unavailable).on(Service::Kms, "Sign").always());
    client.finalize(&order, &csr(&[NAME], &Key::p256())).await.expect(200);
    // Finalize itself asks for another try at once.
    ca.aws().settled().await;
    assert_eq!(ca.aws().dead_letters().len(), 1);
    ca.aws().let_delays_pass().await;
    let letters = ca.aws().dead_letters();
    let id = order.rsplit('/').next().unwrap();
    assert_eq!(letters.iter().filter(|letter| letter.contains(id)).count(), 2, "{letters:?}");
    ca.aws().cloud().remove(&away);
    assert_eq!(status(&client, &order).await, "processing");
}

/// A task that came while its request still ran would sign the same bytes a second time.
#[tokio::test]
async fn the_task_comes_when_lambda_has_stopped_every_function_that_answers_requests() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    ca.client().await.obtain(&[NAME]).await;
    let [delay] = ca.aws().let_delays_pass().await.try_into().unwrap();
    let template = Template::read();
    let of_all = template.of_all_functions("Timeout").as_u64().unwrap();
    let limit = template.functions()[FINALIZE]["Timeout"].as_u64().unwrap_or(of_all);
    assert!(delay >= 2 * Duration::from_secs(limit), "{delay:?}, and {limit} seconds");
}

/// Sends the request, and does not wait for its answer if the function dies.
async fn finalize_and_leave(ca: &Directory<'_>, client: &Client, order: &str, crash: &Injection) {
    let request = csr(&[NAME], &Key::p256());
    tokio::select! {
        reply = client.finalize(order, &request) => drop(reply),
        () = until_it_strikes(crash) => {}
    }
    ca.aws().functions().named(FINALIZE).kill();
    ca.aws().cloud().revive(FINALIZE);
    ca.aws().cloud().heal();
}

async fn until_it_strikes(crash: &Injection) {
    while crash.struck() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
}

async fn status(client: &Client, order: &str) -> String {
    client.read(order).await.expect(200).json()["status"].as_str().unwrap().to_owned()
}

const NAME: &str = "interrupted.test";
const FINALIZE: &str = "FinalizeFunction";

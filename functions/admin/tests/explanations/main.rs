//! What `explain` says about orders, identifiers and accounts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

#[allow(dead_code, reason = "the tests of `ra` use more of it")]
#[path = "../../../../shared/ra/tests/issuance/ca.rs"]
mod ca;
#[allow(dead_code, reason = "the tests of `operator` use more of it")]
#[path = "../../../../shared/operator/tests/operations/operated.rs"]
mod operated;

use std::sync::Arc;

use acme::{AccountId, ChallengeType, OrderId, OrderStatus, Problem, ProblemType};
use admin::{
    Action, AdminError,
    explain::{Explain, ExplainedSubject, Explanation},
};
use authority::ValidationTask;
use issuing::HostCertificate;
use store::{ProfileKind, RaProfile};
use tempfile::TempDir;

use crate::{
    ca::{Keys, account_key, csr, request},
    operated::Ca,
};

async fn ca() -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    (folder, ca)
}

async fn explain(ca: &Ca, subject: ExplainedSubject) -> Result<Explanation, AdminError> {
    Explain { subject }.perform(&ca.operator, "alice").await
}

async fn explain_order(ca: &Ca, account: AccountId, order: OrderId) -> Explanation {
    explain(ca, ExplainedSubject::Order { account, order }).await.unwrap()
}

async fn explain_name(ca: &Ca, name: &str, profile: Option<&str>) -> Result<Explanation, AdminError> {
    let profile = profile.map(|profile| profile.parse().unwrap());
    explain(ca, ExplainedSubject::Name { name: name.to_owned(), profile }).await
}

#[tokio::test]
async fn an_order_is_explained_with_its_authorizations_and_what_to_do() {
    let (_folder, ca) = ca().await;
    let account = ca.account().await;
    let order = ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap().order;
    let waiting = explain_order(&ca, account.id, order.id).await;
    assert!(waiting.summary.ends_with("in the directory default is pending."), "{}", waiting.summary);
    assert!(waiting.advice[0].contains("by one of http-01, dns-01, tls-alpn-01"), "{:?}", waiting.advice);
    assert_eq!((waiting.timeline.len(), waiting.records.authorizations.len()), (1, 1));
    assert!(waiting.names[0].allowed, "{:?}", waiting.names);
    ca.operator.accounts.disable("alice", account.id).await.unwrap();
    let disabled = explain_order(&ca, account.id, order.id).await;
    assert!(disabled.advice[0].contains("disabled"), "{:?}", disabled.advice);
}

#[tokio::test]
async fn a_failed_order_is_explained_with_each_attempt_its_address_and_its_reason() {
    let (_folder, ca) = ca().await;
    let account = ca.account().await;
    let order = ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap().order;
    let challenge = ChallengeType::Http01;
    let authorization = order.authorizations[0];
    ca.parts.challenges.initiate(&ca.serving, &account, authorization, challenge, &[]).await.unwrap();
    let task = ValidationTask { account: account.id, authorization, challenge };
    let job = ca.parts.validations.job(task).await.unwrap().unwrap();
    let problem = |text| Problem::new(ProblemType::Connection, text);
    let address = Some([192, 0, 2, 1].into());
    let finding = ra::Finding { address, ..problem("no answer").into() };
    let job = ca.parts.validations.attempt_failed(job, finding).await.unwrap();
    ca.clock.jump(5);
    ca.parts.validations.failed(job, problem("still none").into()).await.unwrap();
    let story = explain_order(&ca, account.id, order.id).await;
    let told: Vec<_> = story.timeline.iter().map(|then| then.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "the client ordered www.example.test",
            "http-01 for www.example.test: attempt 1 failed at 192.0.2.1: no answer",
            "http-01 for www.example.test: attempt 2 failed: still none",
            "http-01 for www.example.test: no attempts are left, the authorization is invalid",
        ]
    );
    assert!(story.timeline[1].at < story.timeline[2].at);
    assert_eq!(story.error.unwrap().detail, "still none");
    let of_account = explain(&ca, ExplainedSubject::Account(account.id)).await.unwrap();
    let reason = of_account.orders[0].reason.as_deref();
    assert_eq!((of_account.orders[0].status, reason), (OrderStatus::Invalid, Some("still none")));
}

#[tokio::test]
async fn an_account_and_a_name_are_explained_with_their_limits_and_who_did_what() {
    let (_folder, mut ca) = ca().await;
    let limit = |maximum| Some(store::Limit { maximum, window: 366 * 24 * 60 * 60 });
    let mut set = ca.operator.profiles.all().await.unwrap();
    let acme = &mut set.acme_profile[0];
    acme.limits.new_orders_per_account = limit(1);
    acme.limits.new_orders_per_registered_domain = limit(5);
    acme.denied_identifiers = vec![".denied.test".parse().unwrap()];
    ca.operator.profiles.apply("alice", &set).await.unwrap();
    ca.serving = ca.parts.directories.directory(&ca.serving.directory).await.unwrap();
    let account = ca.account().await;
    ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap();
    ca.operator.accounts.disable("alice", account.id).await.unwrap();

    let told = explain(&ca, ExplainedSubject::Account(account.id)).await.unwrap();
    assert!(told.advice[0].contains(&format!("admin accounts enable {}", account.id)), "{:?}", told.advice);
    assert!(told.advice[1].contains("newOrdersPerAccount is reached for the account"), "{:?}", told.advice);
    assert_eq!((told.limits[0].used, told.limits[0].maximum, told.orders.len()), (1, 1, 1));
    assert!(told.timeline.iter().any(|then| then.what == "alice: account disable"), "{:?}", told.timeline);

    let told = explain_name(&ca, "a.denied.test", Some("default")).await.unwrap();
    assert_eq!(told.names[0].because, "the rule .denied.test of deniedIdentifiers");
    let told = explain_name(&ca, "www.example.test", Some("default")).await.unwrap();
    assert_eq!((told.limits[0].of.as_str(), told.limits[0].used), ("example.test", 1));
    assert!(told.names[0].allowed && told.orders.is_empty(), "{told:?}");
    assert!(told.summary.ends_with("it has 0 certificates."), "{}", told.summary);
    let unknown = explain_name(&ca, "a.test", Some("other")).await;
    assert!(matches!(unknown, Err(AdminError::NoProfile(ProfileKind::Acme, _))), "{unknown:?}");
}

#[tokio::test]
async fn the_certificate_of_the_host_itself_is_counted_and_no_order_is_missing() {
    let (_folder, ca) = ca().await;
    let name = acme::Identifier::Dns("localhost".parse().unwrap());
    let request = HostCertificate {
        identifiers: &[name],
        public_key: &account_key(),
        profile: &RaProfile::new("host".parse().unwrap(), "issuing".parse().unwrap()),
    };
    ca.parts.host_certificates.issue(request).await.unwrap();
    let told = explain_name(&ca, "localhost", None).await.unwrap();
    assert_eq!(told.summary, "1 of 1 ACME Profiles would accept an order for localhost; it has 1 certificate.");
    let advice = "No client ordered a certificate for localhost: the host obtained it for its own HTTPS listener.";
    assert_eq!(told.advice, [advice]);
}

#[tokio::test]
async fn a_name_with_a_certificate_is_explained_by_the_order_of_the_newest_one() {
    let (_folder, ca) = ca().await;
    let never = explain_name(&ca, "www.example.test", None).await.unwrap();
    assert!(never.advice[0].starts_with("There is no certificate for www.example.test."), "{:?}", never.advice);
    for (index, certificates) in
        ["1 certificate.", "2 certificates.", "3 certificates.", "4 certificates.", "5 or more certificates."]
            .into_iter()
            .enumerate()
    {
        let (account, order) = ca.ready_order().await;
        ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
        let told = explain_name(&ca, "www.example.test", None).await.unwrap();
        assert!(told.summary.ends_with(&format!("it has {certificates}")), "{}", told.summary);
        assert_eq!(told.orders.len(), index + 1);
        assert!(told.advice[0].starts_with("The timeline shows"), "{:?}", told.advice);
        assert!(told.timeline.iter().any(|then| then.what == "the client ordered www.example.test"), "{told:?}");
        assert_eq!(told.records.order.unwrap().id, told.orders[0].order);
    }
}

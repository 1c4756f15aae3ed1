//! What one certificate costs, in the units for which DynamoDB and KMS charge.

use cloud::{Service, Units};
use host::Config;
use serde_json::json;
use store::{Limit, Limits};
use tests::{
    Aws, Directory,
    client::{Client, Key, challenge, csr},
};

use crate::HOST;

#[tokio::test]
async fn a_certificate_costs_one_signature_and_at_most_21_write_and_22_read_units() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        client.obtain(&["warm.test"]).await;
        ca.aws().settled().await;
        let cost = certificate(&ca, &client, "warm").await;
        assert_eq!(cost.signatures, 1);
        assert!(cost.units.write <= 21.0, "{cost:?}");
        assert!(cost.units.read <= 22.0, "{cost:?}");
    })
    .await;
}

#[tokio::test]
async fn a_certificate_from_functions_that_are_all_cold_costs_at_most_42_read_units() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        client.obtain(&["warm.test"]).await;
        ca.aws().settled().await;
        ca.aws().functions().cool();
        let cost = certificate(&ca, &client, "cold").await;
        assert_eq!(cost.signatures, 1);
        assert!(cost.units.write <= 21.0, "{cost:?}");
        // Half a unit of each function is for the number of the layout.
        assert!(cost.units.read <= 42.0, "{cost:?}");
    })
    .await;
}

#[tokio::test]
async fn policy_costs_one_write_unit_for_each_counter_and_one_read_unit_when_functions_are_warm() {
    let environment = HOST
        .configured(|config| {
            let profile = &mut config.acme_profiles[0];
            profile.allowed_identifiers = vec![".budget.test".parse().unwrap()];
            profile.denied_identifiers = vec!["denied.budget.test".parse().unwrap()];
            let limit = Some(Limit { maximum: 1_000, window: 24 * 60 * 60 });
            let limits = &mut profile.limits;
            (limits.new_orders, limits.new_orders_per_account) = (limit, limit);
            (limits.new_orders_per_registered_domain, limits.certificates_per_registered_domain) = (limit, limit);
            (limits.pending_authorizations_per_account, limits.failed_validations_per_account) = (limit, limit);
            (limits.certificates, limits.certificates_per_account) = (limit, limit);
            limits.certificates_per_set_of_names = limit;
        })
        .await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.obtain(&["warm.budget.test"]).await;
            ca.aws().settled().await;
            let cost = certificate(&ca, &client, "warm").await;
            assert_eq!(cost.signatures, 1);
            // At newOrder the counters of the account, its pending authorizations, the domain and
            // the profile; at finalize those of the names, the account, the domain and the profile.
            assert!(cost.units.write <= 21.0 + 8.0, "{cost:?}");
            // To check whether too many validations failed.
            assert!(cost.units.read <= 22.0 + 1.0, "{cost:?}");
        })
        .await;
}

#[tokio::test]
async fn a_certificate_of_the_first_profile_costs_three_write_units_and_one_read_unit_more_for_its_limits() {
    let limits = |config: &mut Config| config.acme_profiles[0].limits = Limits::bounds_and_rates();
    let environment = HOST.configured(limits).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.obtain(&["warm.budget.test"]).await;
            ca.aws().settled().await;
            let cost = certificate(&ca, &client, "warm").await;
            assert_eq!(cost.signatures, 1);
            // The orders of the account, its pending authorizations, and the domain.
            assert_eq!(cost.units.write, 21.0 + 3.0, "{cost:?}");
            // Whether too many validations of the account failed.
            assert!(cost.units.read <= 22.0 + 1.0, "{cost:?}");
        })
        .await;
}

#[tokio::test]
async fn the_task_of_a_certificate_costs_one_message_and_one_read_unit_when_nothing_is_left_to_do() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        client.obtain(&["warm.test"]).await;
        ca.aws().let_delays_pass().await;
        let before = ca.aws().cloud().calls().len();
        certificate(&ca, &client, "task").await;
        let calls = ca.aws().cloud().calls().split_off(before);
        let sent = calls.iter().filter(|call| call.service == Service::Sqs).count();
        assert_eq!(sent, 2, "one message has the name validated, the other looks whether the order is finished");
        let mut meter = Meter::start(&ca);
        assert_eq!(ca.aws().let_delays_pass().await.len(), 1);
        let cost = meter.step("the task of the certificate");
        assert_eq!((cost.units.write, cost.units.read, cost.signatures), (0.0, 1.0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_new_account_costs_at_most_six_write_units() {
    HOST.on_both_families(async |ca| {
        ca.client().await;
        let client = ca.stranger().await;
        client.fresh_nonce().await;
        let mut meter = Meter::start(&ca);
        client.registered().await;
        let cost = meter.step("new account");
        assert!(cost.units.write <= 6.0, "{cost:?}");
        assert_eq!(cost.signatures, 0);
    })
    .await;
}

#[tokio::test]
async fn threat_28_directories_and_nonces_cost_no_write_and_nothing_at_all_when_warm() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        client.fresh_nonce().await;
        let mut meter = Meter::start(&ca);
        for _ in 0..50 {
            client.fresh_nonce().await;
            ca.http().get(&ca.url()).await.expect(200);
        }
        let warm = meter.step("50 nonces and directories, warm");
        assert_eq!(warm.units, Units::default());
        ca.aws().functions().cool();
        client.fresh_nonce().await;
        ca.http().get(&ca.url()).await.expect(200);
        let cold = meter.step("a nonce and a directory, cold");
        assert_eq!((cold.units.write, cold.signatures), (0.0, 0));
    })
    .await;
}

/// One name by http-01 for an existing account: seven signed requests, as a client sends them that
/// honours `Retry-After`.
async fn certificate(ca: &Directory<'_>, client: &Client, name: &str) -> Cost {
    let name = format!("{name}.one.budget.test");
    let mut meter = Meter::start(ca);
    let order = client.new_order(&[&name]).await.expect(201);
    let mut total = meter.step("new order");
    let authorization = order.json()["authorizations"][0].as_str().unwrap().to_owned();
    let object = client.read(&authorization).await.expect(200).json();
    total += meter.step("read authorization");
    let http = challenge(&object, "http-01");
    client.provision(&object, &http);
    client.post(http["url"].as_str().unwrap(), &json!({})).await.expect(200);
    ca.aws().settled().await;
    total += meter.step("challenge and its validation");
    assert_eq!(client.read(&authorization).await.expect(200).json()["status"], "valid");
    total += meter.step("read authorization");
    client.finalize(&order.location(), &csr(&[&name], &Key::p256())).await.expect(200);
    total += meter.step("finalize");
    let valid = client.read(&order.location()).await.expect(200).json();
    total += meter.step("read order");
    client.read(valid["certificate"].as_str().unwrap()).await.expect(200);
    total += meter.step("download certificate");
    println!("{}", total.line("one certificate"));
    total
}

/// What AWS charged.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    units: Units,
    signatures: usize,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.units += other.units;
        self.signatures += other.signatures;
    }
}

impl Cost {
    fn line(&self, step: &str) -> String {
        format!(
            "{step:<32} {:>5} write units {:>5} read units {} signatures",
            self.units.write, self.units.read, self.signatures
        )
    }
}

/// Measures the cost of each step.
struct Meter<'a> {
    aws: &'a Aws,
    seen: usize,
}

impl<'a> Meter<'a> {
    fn start(ca: &'a Directory<'_>) -> Self {
        Self { aws: ca.aws(), seen: ca.aws().cloud().calls().len() }
    }

    /// The cost since the last step, which is also printed.
    fn step(&mut self, name: &str) -> Cost {
        let calls = self.aws.cloud().calls().split_off(self.seen);
        self.seen += calls.len();
        let signatures = calls.iter().filter(|call| call.service == Service::Kms && call.operation == "Sign").count();
        let cost = Cost { units: calls.iter().map(|call| call.units).sum(), signatures };
        println!("{}", cost.line(name));
        for call in calls {
            println!("    {} {} {:?} {:?}", call.principal, call.operation, call.leading_keys(), call.units);
        }
        cost
    }
}

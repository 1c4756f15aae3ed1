//! How much certificates, accounts and revocations share of the table. DynamoDB spreads different
//! keys over any number of partitions, but one partition takes 1,000 write units and 3,000 read
//! units a second: what many operations write under one key ends there. docs/scale.md has the
//! figures.

use std::collections::{BTreeMap, BTreeSet};

use cloud::{Call, Units};
use jiff::civil::Date;
use store::Limits;
use tests::{Directory, Environment};

use crate::HOST;

#[tokio::test]
async fn certificates_are_held_up_by_no_key_of_the_table_before_4_000_a_second() {
    let environment = limited().await;
    let ca = environment.directory("default");
    let mut clients = Vec::new();
    for number in 0..OPERATIONS {
        let client = ca.client().await;
        client.obtain(&[&format!("warm.n{number}.test")]).await;
        clients.push(client);
    }
    let shared = shared(&ca, async |number| {
        clients[number].obtain(&[&format!("a.n{number}.test")]).await;
    })
    .await;
    // All that end on the same day are listed in four parts.
    assert_eq!(shared.nearest(), ("CERTIFICATE#END", 4_000), "{shared:?}");
}

#[tokio::test]
async fn accounts_without_a_binding_are_held_up_by_their_list_at_1_000_a_second() {
    let environment = limited().await;
    let ca = environment.directory("default");
    ca.client().await;
    let shared = shared(&ca, async |_| drop(ca.client().await)).await;
    assert_eq!(shared.nearest(), ("ACCOUNT#UNBOUND", 1_000), "{shared:?}");
}

#[tokio::test]
async fn revocations_are_held_up_by_a_shard_of_the_crl_before_500_a_second() {
    let environment = limited().await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let mut issued = Vec::new();
    for number in 0..OPERATIONS {
        issued.push(client.obtain(&[&format!("a.n{number}.test")]).await);
    }
    client.revoke(&client.obtain(&["warm.test"]).await, 4).await.expect(200);
    let shared = shared(&ca, async |number| {
        client.revoke(&issued[number], 4).await.expect(200);
    })
    .await;
    // A transaction of two items, each for twice its units.
    let (key, rate) = shared.nearest();
    assert!(key == "CRL#issuing" && (300..=500).contains(&rate), "{shared:?}");
}

/// The limits that the bundle makes, which count in the table, too.
async fn limited() -> Environment {
    HOST.configured(|config| config.acme_profiles[0].limits = Limits::bounds_and_rates()).await
}

/// Does the same for some accounts or certificates, one after another, and says which keys more
/// than one of them needed.
async fn shared(ca: &Directory<'_>, operation: impl AsyncFn(usize)) -> Shared {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    for number in 0..OPERATIONS {
        ca.aws().settled().await;
        let before = ca.aws().cloud().calls().len();
        operation(number).await;
        ca.aws().settled().await;
        let calls = ca.aws().cloud().calls().split_off(before);
        // Operations at the same time share the CRLs that follow.
        for call in calls.into_iter().filter(|call| call.principal != "PublishCrlFunction") {
            for (key, units) in divided(&call) {
                // Midnight makes no other kind.
                let words = key.split('#').filter(|word| word.parse::<Date>().is_err());
                let words = words.collect::<Vec<_>>().join("#");
                let (kind, part) = words.rsplit_once('#').unwrap_or((&words, ""));
                let kind = kinds.entry(kind.to_owned()).or_default();
                kind.operations.insert(number);
                *kind.parts.entry(part.to_owned()).or_default() += units;
            }
        }
    }
    kinds.retain(|_, kind| kind.operations.len() > 1);
    Shared(kinds)
}

/// The units of a call, as if each of its keys had the same part of them: a smaller item gets too
/// many.
fn divided(call: &Call) -> Vec<(String, Units)> {
    let keys = call.leading_keys();
    let part = |units: f64| units / keys.len() as f64;
    let units = Units { read: part(call.units.read), write: part(call.units.write) };
    keys.iter().map(|key| ((*key).to_owned(), units)).collect()
}

/// What happened under the keys that differ in their last word alone.
#[derive(Clone, Debug, Default)]
struct Kind {
    operations: BTreeSet<usize>,
    /// The units by the last word.
    parts: BTreeMap<String, Units>,
}

impl Kind {
    /// The number of operations a second with which a key of these is full.
    fn rate(&self) -> u64 {
        let most = |units: fn(&Units) -> f64| {
            let sum: f64 = self.parts.values().map(units).sum();
            let first = self.parts.values().map(units).fold(0.0, f64::max);
            // What is chosen by chance gets the same in the long run. More than half is no chance.
            let each = if first > sum / 2.0 { first } else { sum / self.parts.len() as f64 };
            each / OPERATIONS as f64
        };
        (WRITE_UNITS / most(|units| units.write)).min(READ_UNITS / most(|units| units.read)) as u64
    }
}

/// The kinds of keys that several operations need.
#[derive(Debug)]
struct Shared(BTreeMap<String, Kind>);

impl Shared {
    /// The kind that is full first, and at how many operations a second.
    fn nearest(&self) -> (&str, u64) {
        for (name, kind) in &self.0 {
            println!("{name}: {} parts, full at {} a second", kind.parts.len(), kind.rate());
        }
        self.0.iter().map(|(name, kind)| (name.as_str(), kind.rate())).min_by_key(|(_, rate)| *rate).unwrap()
    }
}

/// Enough that each of the four parts of a list gets some.
const OPERATIONS: usize = 48;
/// What a partition takes in a second, from the page "Partitions and data distribution in
/// DynamoDB".
const WRITE_UNITS: f64 = 1_000.0;
const READ_UNITS: f64 = 3_000.0;

//! Faults of the cloud, one at each call of a whole life of an account: nothing is lost, nothing is
//! done twice, and a client that retries succeeds.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use cloud::{Call, Fault, FaultKind, Injection, Service};
use serde_json::Value;
use tests::{Aws, Directory, all, client::Reply};
use tokio::time::sleep;

use crate::{
    HOST,
    patient::Patient,
    story::{self, StoryResult},
};

#[tokio::test]
async fn throttling_at_any_call_is_survived() {
    at_every_call(FaultKind::Throttled).await;
}

#[tokio::test]
async fn a_conflict_of_transactions_at_any_write_is_survived() {
    at_every_call(FaultKind::TransactionConflict).await;
}

#[tokio::test]
async fn a_batch_that_is_done_by_half_is_survived() {
    at_every_call(FaultKind::Unprocessed).await;
}

#[tokio::test]
async fn a_stale_answer_to_any_read_that_allows_one_is_survived() {
    at_every_call(FaultKind::Stale).await;
}

#[tokio::test]
async fn a_lost_answer_to_any_call_is_survived() {
    at_every_call(FaultKind::AnswerLost).await;
}

#[tokio::test]
async fn a_late_answer_to_any_call_is_survived() {
    at_every_call(FaultKind::AnswerLate).await;
}

#[tokio::test]
async fn a_connection_that_breaks_before_any_call_is_survived() {
    at_every_call(FaultKind::Unreachable).await;
}

#[tokio::test]
async fn a_service_that_fails_at_any_call_is_survived() {
    at_every_call(FaultKind::Unavailable).await;
}

#[tokio::test]
async fn a_permission_that_is_not_effective_yet_at_any_call_is_survived() {
    at_every_call(FaultKind::Denied).await;
}

#[tokio::test]
async fn a_process_that_crashes_after_any_call_is_survived() {
    at_every_call(FaultKind::Crash).await;
}

/// Plays the story once for each of its calls that the fault can affect, in several clouds at the
/// same time, because the clients mostly wait.
async fn at_every_call(kind: FaultKind) {
    let lanes = all((0..LANES).map(|lane| every_nth_call(kind, lane))).await;
    let mut refused = BTreeMap::<u16, usize>::new();
    for status in lanes.iter().flat_map(|lane| &lane.refused) {
        *refused.entry(*status).or_default() += 1;
    }
    let tried: u64 = lanes.iter().map(|lane| lane.tried).sum();
    let struck: u64 = lanes.iter().map(|lane| lane.struck).sum();
    println!("{kind:?}: {tried} stories, {struck} struck, answers other than success: {refused:?}");
    assert!(tried > 0, "the fault can affect some call");
    // Occasionally, a call comes in another order, and a fault misses.
    assert!(struck * 10 >= tried * 9, "{struck} of {tried}");
}

/// The results of one cloud.
#[derive(Default)]
struct Lane {
    tried: u64,
    struck: u64,
    refused: Vec<u16>,
}

/// Plays the story to learn its calls, and then again for every call that belongs to this lane.
async fn every_nth_call(kind: FaultKind, lane: usize) -> Lane {
    // Profiles are changed once, so that a stale read returns something else.
    let environment = HOST.start().await.restarted(|config| {
        config.acme_profiles[0].description += " Changed.";
        config.ra_profiles[0].description += " Changed.";
    });
    let environment = environment.await;
    let ca = environment.directory("default");
    let begin = async || {
        if kind == FaultKind::Stale {
            // Warm functions keep what may be stale in memory.
            ca.aws().functions().cool();
        }
        Patient::new(&ca).await
    };
    // A second name makes the functions use batches.
    let names = &["a.story.test", "b.story.test"][..if kind == FaultKind::Unprocessed { 2 } else { 1 }];
    story::play(&ca, &begin().await, names).await;
    let patient = begin().await;
    let before = ca.aws().cloud().calls().len();
    story::play(&ca, &patient, names).await;
    let calls = ca.aws().cloud().calls().split_off(before);
    let mut seen = Lane::default();
    for (call, name, fault) in strikes(kind, &calls).into_iter().skip(lane).step_by(LANES) {
        // Shown if the test fails.
        println!("{kind:?} at {name}");
        let patient = begin().await;
        let census = Census::take(ca.aws());
        let injection = ca.aws().cloud().inject(fault);
        let told = match kind {
            FaultKind::Crash => tokio::select! {
                told = story::play(&ca, &patient, names) => told,
                never = bury_the_dead(ca.aws(), &call.principal, &injection) => never,
            },
            _ => story::play(&ca, &patient, names).await,
        };
        ca.aws().cloud().heal();
        seen.tried += 1;
        seen.struck += injection.struck();
        for reply in patient.refusals() {
            assert_clean(kind, &reply);
            seen.refused.push(reply.status);
        }
        assert_eq!(ca.aws().dead_letters(), Vec::<String>::new(), "no message is in a dead-letter queue");
        census.has_grown_by_one_story(ca.aws());
        is_in_the_crl(&ca, &told).await;
    }
    seen
}

/// The faults of this kind, one at each of the calls that it can affect, with a name for each.
fn strikes(kind: FaultKind, calls: &[Call]) -> Vec<(&Call, String, Fault)> {
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut faults = Vec::new();
    for call in calls {
        let place = match kind {
            FaultKind::Crash => call.principal.clone(),
            // Reads that may be stale run beside each other, and come in any order.
            FaultKind::Stale => format!("{} {:?}", call.principal, call.leading_keys()),
            _ => format!("{:?} {}", call.service, call.operation),
        };
        let n = seen.entry(place).or_default();
        *n += 1;
        let is_struck = match kind {
            FaultKind::TransactionConflict => is_write(call),
            FaultKind::Unprocessed => call.operation.starts_with("Batch"),
            // Issuers have no earlier version: they are created before the first request.
            FaultKind::Stale => {
                call.service == Service::DynamoDb && !call.consistent && call.leading_keys() != ["ISSUER"]
            }
            _ => true,
        };
        if is_struck {
            let fault = match kind {
                FaultKind::Crash => Fault::new(kind).of(&call.principal),
                FaultKind::Stale => Fault::new(kind).of(&call.principal).about(&call.leading_keys()),
                _ => Fault::new(kind).on(call.service, &call.operation),
            };
            let name = format!("{} {} {:?}, the {n}th", call.principal, call.operation, call.leading_keys());
            faults.push((call, name, fault.at(*n)));
        }
    }
    faults
}

fn is_write(call: &Call) -> bool {
    let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
    call.service == Service::DynamoDb && writes.contains(&call.operation.as_str())
}

/// Ends the processes of a function as soon as it has crashed, and lets new ones start.
async fn bury_the_dead<T>(aws: &Aws, dead: &str, crash: &Injection) -> T {
    let mut buried = 0;
    loop {
        sleep(Duration::from_millis(1)).await;
        if crash.struck() > buried {
            buried = crash.struck();
            aws.functions().named(dead).kill();
            aws.cloud().revive(dead);
        }
    }
}

/// Checks the answer to a client while something fails: it must ask to try again, in the correct
/// form.
#[track_caller]
fn assert_clean(kind: FaultKind, reply: &Reply) {
    let text = format!("{} {}", reply.status, reply.text());
    match reply.status {
        429 | 503 => {
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{text}");
            let seconds = reply.header("retry-after").expect("a Retry-After");
            assert!(seconds.parse::<u32>().is_ok(), "{seconds}");
            assert!(reply.json()["detail"].is_string(), "{text}");
        }
        400..=499 => assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{text}"),
        // The gateway's own answer when the process behind it has crashed.
        500 if kind == FaultKind::Crash => {}
        _ => panic!("{text}"),
    }
}

/// The number of records that must be neither lost nor duplicated.
#[derive(Debug, PartialEq, Eq)]
struct Census(HashMap<&'static str, usize>);

impl Census {
    fn take(aws: &Aws) -> Self {
        let mut counts: HashMap<&'static str, usize> = SINGLE.iter().map(|noun| (*noun, 0)).collect();
        // Records that refer to another one have a sort key of their own.
        for item in aws.items().iter().filter(|item| item["sk"]["S"] == "-") {
            let key = item["pk"]["S"].as_str().unwrap();
            let record = item.get("record").and_then(|record| record["S"].as_str()).unwrap_or("null");
            let record: Value = serde_json::from_str(record).unwrap();
            // An intention that no order refers to is never signed, and expires.
            let is_one = |noun: &str| noun != "CERTIFICATE" || record["state"].get("issued").is_some();
            let noun = SINGLE.iter().find(|noun| key.strip_prefix(**noun).is_some_and(|rest| rest.starts_with('#')));
            if let Some(noun) = noun.filter(|noun| is_one(noun)) {
                *counts.entry(noun).or_default() += 1;
            }
        }
        Self(counts)
    }

    #[track_caller]
    fn has_grown_by_one_story(self, aws: &Aws) {
        let grown = Self(self.0.into_iter().map(|(noun, count)| (noun, count + 1)).collect());
        assert_eq!(Self::take(aws), grown, "one account, one certificate, one blocked key, one revocation");
    }
}

/// The number of clouds at the same time.
const LANES: usize = 4;

/// The records of which a story makes exactly one.
const SINGLE: [&str; 3] = ["ACCOUNT", "CERTIFICATE", "BLOCKED"];

/// Checks that relying parties see the revocation.
async fn is_in_the_crl(ca: &Directory<'_>, told: &StoryResult) {
    let crl = ca.http().get(&format!("{}/crl/issuing/0.crl", ca.status_url())).await.expect(200);
    let serial = told.issued.leaf().tbs_certificate().serial_number().as_bytes().to_vec();
    assert!(crl.body.windows(serial.len()).any(|window| window == serial), "{} is not in the CRL", told.account);
}

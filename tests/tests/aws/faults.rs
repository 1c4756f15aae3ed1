//! Faults of the cloud, one at each call of a whole life of an account: nothing is lost, nothing is
//! doubled, and a client that tries again gets to the end.

use std::{collections::HashMap, time::Duration};

use cloud::{Call, Fault, Injection, Kind, Service};
use serde_json::Value;
use tests::{Aws, Directory, client::Reply};
use tokio::time::sleep;

use crate::{
    HOST,
    patient::Patient,
    story::{self, Told},
};

#[tokio::test]
async fn throttling_at_any_call_is_survived() {
    at_every_call(Kind::Throttled).await;
}

#[tokio::test]
async fn a_conflict_of_transactions_at_any_write_is_survived() {
    at_every_call(Kind::TransactionConflict).await;
}

#[tokio::test]
async fn a_batch_that_is_done_by_half_is_survived() {
    at_every_call(Kind::Unprocessed).await;
}

#[tokio::test]
async fn a_stale_answer_to_any_read_that_allows_one_is_survived() {
    at_every_call(Kind::Stale).await;
}

#[tokio::test]
async fn a_lost_answer_to_any_call_is_survived() {
    at_every_call(Kind::AnswerLost).await;
}

#[tokio::test]
async fn a_late_answer_to_any_call_is_survived() {
    at_every_call(Kind::AnswerLate).await;
}

#[tokio::test]
async fn a_connection_that_breaks_before_any_call_is_survived() {
    at_every_call(Kind::Unreachable).await;
}

#[tokio::test]
async fn a_service_that_fails_at_any_call_is_survived() {
    at_every_call(Kind::Unavailable).await;
}

#[tokio::test]
async fn a_right_that_does_not_hold_yet_at_any_call_is_survived() {
    at_every_call(Kind::Denied).await;
}

#[tokio::test]
async fn a_process_that_dies_after_any_call_is_survived() {
    at_every_call(Kind::Crash).await;
}

/// Tells the story once to know its calls, and then once for each of them that the fault can strike.
async fn at_every_call(kind: Kind) {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    story::tell(&ca, &Patient::new(&ca).await).await;
    let before = ca.aws().cloud().calls().len();
    story::tell(&ca, &Patient::new(&ca).await).await;
    let calls = ca.aws().cloud().calls().split_off(before);
    let (mut tried, mut struck, mut refused) = (0, 0, HashMap::<u16, usize>::new());
    for (call, name, fault) in strikes(kind, &calls) {
        // Shown when the test fails.
        println!("{kind:?} at {name}");
        let patient = Patient::new(&ca).await;
        let census = Census::take(ca.aws());
        let injection = ca.aws().cloud().inject(fault);
        let told = match kind {
            Kind::Crash => tokio::select! {
                told = story::tell(&ca, &patient) => told,
                never = bury_the_dead(ca.aws(), &call.principal, &injection) => never,
            },
            _ => story::tell(&ca, &patient).await,
        };
        ca.aws().cloud().heal();
        tried += 1;
        struck += injection.struck();
        for reply in patient.refusals() {
            assert_clean(kind, &reply);
            *refused.entry(reply.status).or_default() += 1;
        }
        assert_eq!(ca.aws().dead_letters(), Vec::<String>::new(), "no work is given up");
        census.has_grown_by_one_story(ca.aws());
        is_in_the_crl(&ca, &told).await;
    }
    println!("{kind:?}: {tried} stories, {struck} struck, answers other than success: {refused:?}");
    // Now and then a call comes in another order, and a fault misses.
    assert!(struck * 10 >= tried * 9, "{struck} of {tried}");
}

/// The faults of this kind at each of the calls that it can strike, with a name for each.
fn strikes(kind: Kind, calls: &[Call]) -> Vec<(&Call, String, Fault)> {
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut faults = Vec::new();
    for call in calls {
        let place = match kind {
            Kind::Crash => call.principal.clone(),
            _ => format!("{:?} {}", call.service, call.operation),
        };
        let n = seen.entry(place).or_default();
        *n += 1;
        let is_struck = match kind {
            Kind::TransactionConflict => is_write(call),
            Kind::Unprocessed => call.operation.starts_with("Batch"),
            Kind::Stale => call.service == Service::DynamoDb && !call.consistent,
            _ => true,
        };
        if is_struck {
            let fault = match kind {
                Kind::Crash => Fault::new(kind).of(&call.principal),
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

/// What a client may be told while something fails: to try again, in the right form.
#[track_caller]
fn assert_clean(kind: Kind, reply: &Reply) {
    let text = format!("{} {}", reply.status, reply.text());
    match reply.status {
        429 | 503 => {
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{text}");
            let seconds = reply.header("retry-after").expect("when to come back");
            assert!(seconds.parse::<u32>().is_ok(), "{seconds}");
            assert!(reply.json()["detail"].is_string(), "{text}");
        }
        400..=499 => assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{text}"),
        // The gateway's own words when the process behind it is gone.
        500 => assert_eq!(kind, Kind::Crash, "{text}"),
        _ => panic!("{text}"),
    }
}

/// How many there are of what may not be doubled or lost.
#[derive(Debug, PartialEq, Eq)]
struct Census(HashMap<&'static str, usize>);

impl Census {
    fn take(aws: &Aws) -> Self {
        let mut counts: HashMap<&'static str, usize> = SINGLE.iter().map(|noun| (*noun, 0)).collect();
        for item in aws.items() {
            let key = item["pk"]["S"].as_str().unwrap();
            let record = item.get("record").and_then(|record| record["S"].as_str()).unwrap_or("null");
            let record: Value = serde_json::from_str(record).unwrap();
            // An intention that no order came to know is never signed and expires.
            let is_there = record["state"].get("intended").is_none();
            let noun = SINGLE.iter().find(|noun| key.strip_prefix(**noun).is_some_and(|rest| rest.starts_with('#')));
            if let Some(noun) = noun.filter(|_| is_there) {
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

/// What a story makes one of.
const SINGLE: [&str; 3] = ["ACCOUNT", "CERTIFICATE", "BLOCKED"];

/// The revocation reached relying parties.
async fn is_in_the_crl(ca: &Directory<'_>, told: &Told) {
    let crl = ca.http().get(&format!("{}/crl/issuing/0.crl", ca.status_url())).await.expect(200);
    let serial = told.issued.leaf().tbs_certificate().serial_number().as_bytes().to_vec();
    assert!(crl.body.windows(serial.len()).any(|window| window == serial), "{} is not in the CRL", told.account);
}

//! What the functions measure, and which alarms the measurements raise.

use ca::IssuerKeyType;
use cloud::{Fault, FaultKind, Service};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{CrlRecord, IssuerId};
use tests::{
    Environment,
    alarm::{Alarm, Data, Source},
    deployed::template::Template,
    metrics::measured,
};

use crate::HOST;

/// Invokes a function as its schedule does; what it measures, and whether it succeeded.
async fn by_schedule(environment: &Environment, function: &str) -> (Result<Value, String>, Vec<(String, i64)>) {
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    environment.aws().functions().cool();
    measured(environment.aws().functions().named(function).invoke(event)).await
}

/// Whether the alarm is raised when each run measures this.
fn raises(alarm: &str, measured: &[(String, i64)]) -> bool {
    let template = Template::read();
    let data = measured.iter().fold(Data::none(), |data, (name, value)| {
        // No measurement is larger than what a float has exactly.
        data.every(&Source::own(name), 60, f64::from(i32::try_from(*value).unwrap()))
    });
    Alarm::all(&template)[alarm].is_raised_by(&data)
}

/// Makes the stored CRL this old, of its seven days.
async fn age(environment: &Environment, issuer: &IssuerId, shard: u16, days: i64) {
    let crl = environment.store().crl(issuer, shard).await.unwrap().unwrap();
    let (now, day) = (acme::whole_seconds(Timestamp::now()), SignedDuration::from_hours(24));
    let (this_update, next_update) = (now - day * days as i32, now + day * (7 - days) as i32);
    let old = CrlRecord { number: crl.number + 1, this_update, next_update, made_at: None, ..crl };
    environment.store().put_crl(&old).await.unwrap();
}

#[tokio::test]
async fn a_crl_that_is_not_renewed_raises_its_alarm_whatever_the_others_do() {
    let environment = HOST.start().await;
    let issuer = json!({
        "id": "second", "name": "second", "days": 400, "shards": 3,
        "key": environment.issuer_key(IssuerKeyType::P256),
    });
    environment.act(json!({"action": "add-issuer", "issuer": issuer})).await.unwrap();
    environment.settled().await;
    let (result, good) = by_schedule(&environment, "PublishCrlFunction").await;
    result.unwrap();
    assert!(good.iter().any(|(name, value)| name == "CrlPercentLeft" && *value >= 99), "{good:?}");
    assert!(!raises("CrlEnds", &good), "{good:?}");

    let fault = Fault::new(FaultKind::Denied).of("PublishCrlFunction").on(Service::Kms, "Sign").always();
    environment.aws().cloud().inject(fault);
    for (issuer, shard) in [("issuing", 0), ("second", 0), ("second", 2), ("root", 0)] {
        let issuer: IssuerId = issuer.parse().unwrap();
        age(&environment, &issuer, shard, 5).await;
        let (result, measured) = by_schedule(&environment, "PublishCrlFunction").await;
        // Another function has the key of the root.
        assert_eq!(result.is_ok(), issuer.as_str() == "root", "{result:?}");
        assert!(measured.contains(&("CrlPercentLeft".to_owned(), 28)), "{issuer} {shard}: {measured:?}");
        assert!(raises("CrlEnds", &measured), "{issuer} {shard}");
        age(&environment, &issuer, shard, 1).await;
    }
    let (_, mended) = by_schedule(&environment, "PublishCrlFunction").await;
    assert!(!raises("CrlEnds", &mended), "{mended:?}");
    // A run that fails before it measures is none that can be relied on.
    assert!(raises("CrlEnds", &[]));
}

/// Has the admin function do what its schedule asks for.
async fn administered(environment: &Environment, action: &str) -> (Result<Value, String>, Vec<(String, i64)>) {
    environment.aws().functions().cool();
    let admin = environment.aws().functions().named("AdminFunction");
    measured(admin.invoke(json!({"action": action}))).await
}

#[tokio::test]
async fn what_doctor_finds_on_schedule_raises_an_alarm() {
    let environment = HOST.start().await;
    let (found, good) = administered(&environment, "doctor").await;
    let count = |verdict: &str| {
        let findings = found.as_ref().unwrap().as_array().unwrap().iter();
        i64::try_from(findings.filter(|finding| finding["verdict"] == verdict).count()).unwrap()
    };
    assert_eq!(good, [("DoctorBad".to_owned(), 0), ("DoctorWarnings".to_owned(), count("warning"))]);
    assert!(!raises("DoctorFoundBad", &good));
    // The CAs of these tests are open, and `doctor` says so.
    assert!(raises("DoctorWarned", &good), "{good:?}");

    let fault = Fault::new(FaultKind::Denied).of("AdminFunction").on(Service::Kms, "GetPublicKey").always();
    let fault = environment.aws().cloud().inject(fault);
    let (_, bad) = administered(&environment, "doctor").await;
    assert!(bad.contains(&("DoctorBad".to_owned(), 2)), "{bad:?}");
    assert!(raises("DoctorFoundBad", &bad));
    environment.aws().cloud().remove(&fault);

    let fault = Fault::new(FaultKind::Denied).of("AdminFunction").on(Service::DynamoDb, "Query").always();
    environment.aws().cloud().inject(fault);
    let (failed, none) = administered(&environment, "doctor").await;
    failed.unwrap_err();
    assert!(none.is_empty() && raises("DoctorFoundBad", &none), "{none:?}");
}

#[tokio::test]
async fn a_schedule_that_fails_measures_no_run_which_raises_its_alarm() {
    let environment = HOST.start().await;
    let (_, revocations) = administered(&environment, "continue-revocations").await;
    let (_, root) = by_schedule(&environment, "BootstrapFunction").await;
    assert!(!raises("RevocationsNotContinued", &revocations), "{revocations:?}");
    assert!(!raises("RootCrlNotChecked", &root), "{root:?}");
    for function in ["AdminFunction", "BootstrapFunction"] {
        let fault = Fault::new(FaultKind::Denied).of(function).on(Service::DynamoDb, "Query").always();
        environment.aws().cloud().inject(fault);
    }
    let (failed, revocations) = administered(&environment, "continue-revocations").await;
    failed.unwrap_err();
    let (failed, root) = by_schedule(&environment, "BootstrapFunction").await;
    failed.unwrap_err();
    assert!(raises("RevocationsNotContinued", &revocations) && raises("RootCrlNotChecked", &root));
}

#[tokio::test]
async fn a_signature_that_kms_throttles_raises_an_alarm() {
    let environment = HOST.start().await;
    age(&environment, &"issuing".parse().unwrap(), 0, 5).await;
    let fault = Fault::new(FaultKind::Throttled).of("PublishCrlFunction").on(Service::Kms, "Sign").always();
    let fault = environment.aws().cloud().inject(fault);
    let (_, throttled) = by_schedule(&environment, "PublishCrlFunction").await;
    assert!(raises("KeysThrottled", &throttled), "{throttled:?}");
    environment.aws().cloud().remove(&fault);
    let (_, good) = by_schedule(&environment, "PublishCrlFunction").await;
    assert!(!raises("KeysThrottled", &good), "{good:?}");
}

#[tokio::test]
async fn the_end_of_a_ca_raises_its_alarm_until_the_ca_is_retired() {
    let environment = HOST.start().await;
    let add = async |id: &str, days: u32| {
        let key = environment.issuer_key(IssuerKeyType::P256);
        let issuer = json!({"id": id, "name": id, "days": days, "key": key});
        environment.act(json!({"action": "add-issuer", "issuer": issuer})).await.unwrap();
        environment.settled().await;
        by_schedule(&environment, "PublishCrlFunction").await.1
    };
    assert!(!raises("CaEnds", &add("long", 181).await));
    assert!(raises("CaEnds", &add("short", 179).await));
    environment.act(json!({"action": "retire-issuer", "id": "short"})).await.unwrap();
    assert!(!raises("CaEnds", &by_schedule(&environment, "PublishCrlFunction").await.1));
}

//! Validation seen from several regions: the functions of remote perspectives, each with a
//! resolver of its own, so that a test decides what each region shows.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use aws::Function;
use cloud::{ACCOUNT, Access, Cloud, Fault, FaultKind, FunctionHandler, REGION, Service};
use http::HeaderMap;
use serde_json::{Value, json, value::RawValue};
use store::{Caa, Perspectives};
use tests::{
    Aws, Environment,
    challenge_server::ChallengeServer,
    client::{Key, challenge, csr},
    clients::{Failure, Tool},
    deployed::{repository, transformed::Transformed},
    events::of_account,
    iam::{Policies, Rights, Simulator, Verdict},
};
use tokio::runtime::Handle;

use crate::{HOST, iam, signature};

/// The functions of six regions, far from each other and from the stack.
pub(crate) const FUNCTIONS: [&str; 6] = [
    "arn:aws:lambda:sa-east-1:123456789012:function:perspective-RemotePerspectiveFunction-1A2B",
    "arn:aws:lambda:af-south-1:123456789012:function:perspective-RemotePerspectiveFunction-3C4D",
    "arn:aws:lambda:ap-northeast-1:123456789012:function:perspective-RemotePerspectiveFunction-5E6F",
    "arn:aws:lambda:us-east-1:123456789012:function:perspective-RemotePerspectiveFunction-7A8B:live",
    "arn:aws:lambda:eu-north-1:123456789012:function:perspective-RemotePerspectiveFunction-9C0D",
    "arn:aws:lambda:ap-south-1:123456789012:function:perspective-RemotePerspectiveFunction-1E2F",
];

/// A file from which the simulated stack takes the first of them for its parameter.
pub(crate) fn file(folder: &Path, number: usize) -> PathBuf {
    let path = folder.join("perspectives.toml");
    let members = FUNCTIONS[..number].iter().map(|function| format!("[[perspective]]\nfunction = \"{function}\"\n"));
    fs::write(&path, members.collect::<String>()).unwrap();
    path
}

/// Some profile that does not demand perspectives so far does, for one certificate.
pub(crate) async fn is_seen_from_elsewhere(environment: Environment) -> Environment {
    let environment = environment.restarted(|config| demand(config, true)).await;
    let own = environment.challenges.clone();
    deploy(&environment, 0, &own);
    environment.directory("default").client().await.obtain(&["elsewhere.test"]).await;
    environment.restarted(|config| demand(config, false)).await
}

fn demand(config: &mut host::Config, demands: bool) {
    config.acme_profiles[0].perspectives = demands.then_some(Perspectives::Enforce);
}

/// A stack whose default profile demands that many perspectives. None of their functions is there
/// yet.
async fn demanding(number: usize) -> Environment {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), number);
    HOST.configured(|config| {
        config.perspectives = Some(file);
        demand(config, true);
    })
    .await
}

/// Deploys a function that looks where this challenge server is.
fn deploy(environment: &Environment, index: usize, sees: &ChallengeServer) {
    let region = FUNCTIONS[index].split(':').nth(3).unwrap();
    environment.aws().cloud().create_function(FUNCTIONS[index], looking(region, sees));
}

/// What the program of the function does in this region.
fn looking(region: &str, sees: &ChallengeServer) -> FunctionHandler {
    let variables = [
        ("AWS_REGION", region.to_owned()),
        ("DNS_RESOLVER", sees.dns_addr.to_string()),
        ("ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
        ("HTTP_PORT", sees.http_port.to_string()),
        ("TLS_PORT", sees.tls_port.to_string()),
    ];
    let function = remote_perspective::lambda::open(&variables.into_iter().collect()).unwrap();
    Arc::new(move |_, event| {
        let event = RawValue::from_string(String::from_utf8(event.to_vec()).unwrap()).unwrap();
        let answer = Handle::current().block_on(function.invoke(&event));
        answer.map(|answer| serde_json::from_str(answer.get()).unwrap()).map_err(|error| error.to_string())
    })
}

async fn doctor(environment: &Environment) -> Vec<Value> {
    let findings = environment.act(json!({"action": "doctor"})).await.unwrap();
    findings.as_array().unwrap().iter().filter(|finding| finding["check"] == "perspectives").cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_24_a_name_that_looks_different_from_two_regions_of_five_is_not_certified() {
    let environment = demanding(5).await;
    let own = environment.challenges.clone();
    let (first, second) = (ChallengeServer::start().await, ChallengeServer::start().await);
    for index in [0, 1, 2] {
        deploy(&environment, index, &own);
    }
    deploy(&environment, 3, &first);
    deploy(&environment, 4, &second);
    let client = environment.directory("default").client().await;

    let seen_by_all = async {
        let (order, ended) = client.show_to(&[&own, &first, &second], "all.test", "\"valid\"").await;
        assert_eq!(ended["status"], "valid", "{ended}");
        client.finalize(&order, &csr(&["all.test"], &Key::p256())).await.expect(200);
        let timeline = environment.explained(&client, &order).await;
        let line = "perspectives for all.test: 5 of 5 saw the same: sa-east-1 (lacnic), af-south-1 (afrinic), \
                    ap-northeast-1 (apnic), us-east-1 (arin), eu-north-1 (ripe)";
        assert!(timeline.contains(line), "{timeline}");
    };
    let one_lies = async {
        let (order, ended) = client.show_to(&[&own, &first], "one.test", "\"valid\"").await;
        assert_eq!(ended["status"], "valid", "{ended}");
        let timeline = environment.explained(&client, &order).await;
        assert!(timeline.contains("eu-north-1 (ripe) saw something else: "), "{timeline}");
    };
    let two_lie = async {
        let (_, told) = client.show_to(&[&own], "two.test", "4 are needed. One saw this: ").await;
        let error = &challenge(&told, "dns-01")["error"];
        assert_eq!(error["type"], "urn:ietf:params:acme:error:dns", "{error}");
        assert!(error["detail"].as_str().unwrap().starts_with("3 of the 5 other networks"), "{error}");
    };
    tokio::join!(seen_by_all, one_lies, two_lie);
    let split = of_account(client.account_id(), "perspectives.disagree");
    assert!(split.iter().any(|event| event["differing"] == json!(["us-east-1", "eu-north-1"])), "{split:?}");

    let found = doctor(&environment).await;
    assert_eq!((found.len(), &found[0]["verdict"]), (1, &json!("good")), "{found:?}");
    assert_eq!(found[0]["seen"], "5 for default");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_missing_fails_or_is_in_another_region_is_not_heard() {
    let environment = demanding(5).await;
    let own = environment.challenges.clone();
    for index in [0, 1] {
        deploy(&environment, index, &own);
    }
    let cloud = environment.aws().cloud();
    cloud.create_function(FUNCTIONS[2], Arc::new(|_, _| Err("no memory".to_owned())));
    cloud.create_function(FUNCTIONS[3], looking("us-west-2", &own));
    let client = environment.directory("default").client().await;
    let (order, told) = client.show_to(&[&own], "a.test", "others did not answer").await;
    let error = &challenge(&told, "dns-01")["error"];
    assert_eq!(error["type"], "urn:ietf:params:acme:error:serverInternal", "{error}");
    let timeline = environment.explained(&client, &order).await;
    for unheard in [
        "ap-northeast-1 (apnic) was not heard: the function failed (Unhandled): no memory",
        "us-east-1 (arin) was not heard: \\\"us-west-2\\\" answered",
        "eu-north-1 (ripe) was not heard: ",
        "ResourceNotFoundException",
    ] {
        assert!(timeline.contains(unheard), "{unheard}: {timeline}");
    }
    for index in [2, 3] {
        deploy(&environment, index, &own);
    }
    let (_, ended) = client.show_to(&[&own], "b.test", "\"valid\"").await;
    assert_eq!(ended["status"], "valid", "{ended}");
}

/// By dns-01 under CAA records: the record with what six saw is within the KiB that a unit writes.
#[tokio::test(flavor = "multi_thread")]
async fn what_six_functions_see_takes_no_further_unit() {
    let environment = demanding(6).await;
    let own = environment.challenges.clone();
    (0..6).for_each(|index| deploy(&environment, index, &own));
    let mut writes = Vec::new();
    let mut environment = environment;
    for (name, demands) in [("www.seen-by-one.test", false), ("www.seen-by-six.test", true)] {
        let change = |config: &mut host::Config| {
            demand(config, demands);
            let profile = &mut config.acme_profiles[0];
            (profile.caa, profile.caa_identities) = (Some(Caa::Enforce), vec!["ca.example.com".to_owned()]);
        };
        environment = environment.restarted(change).await;
        own.dns.set_caa(name, &[(false, "issue", "ca.example.com")]);
        let client = environment.directory("default").client().await;
        let order = client.order(&[name]).await;
        let url = client.read(&order).await.json()["authorizations"][0].as_str().unwrap().to_owned();
        let dns_01 = challenge(&client.read(&url).await.json(), "dns-01");
        own.set_dns(name, &client.key_authorization(dns_01["token"].as_str().unwrap()));
        let before = environment.counts().writes;
        client.post(dns_01["url"].as_str().unwrap(), &json!({})).await.expect(200);
        environment.settled().await;
        writes.push(environment.counts().writes - before);
        let ended = client.read(&url).await.json();
        assert_eq!(ended["status"], "valid", "{ended}");
    }
    assert_eq!(writes[0], writes[1]);
}

/// As an independent simulator of IAM decides. Lambda decrypts the variables of a function as its
/// role, by a grant: no policy allows that, and one that denied it would keep every function from
/// starting.
#[tokio::test]
async fn a_perspective_may_write_to_its_log_and_nothing_else() -> Result<(), Failure> {
    let template = repository().join("deploy/perspective.yaml");
    let (Some(simulator), Some(template)) = (Simulator::find()?, Transformed::of(&template).await?) else {
        return Ok(());
    };
    let arn_of = |name: &str| iam::arn_of(&BTreeMap::new(), name, "/");
    let rights = Rights::of(&template, &template.deployed(&[], arn_of), arn_of, &Policies::new());
    let of = |service: &str, name: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}");
    let own = of("logs", &format!("log-group:/{}/perspective/1", Aws::STACK));
    let expected = [
        ("logs:CreateLogStream", format!("{own}:log-stream:1"), Verdict::Allowed),
        ("logs:PutLogEvents", format!("{own}:log-stream:1"), Verdict::Allowed),
        ("logs:PutLogEvents", of("logs", "log-group:/other:log-stream:1"), Verdict::Denied),
        ("logs:CreateLogGroup", own, Verdict::Denied),
        ("kms:Decrypt", of("kms", "key/00000000-0000-0000-0000-000000000000"), Verdict::NotAllowed),
        ("kms:Sign", of("kms", "key/00000000-0000-0000-0000-000000000000"), Verdict::NotAllowed),
        ("dynamodb:GetItem", of("dynamodb", "table/acme"), Verdict::NotAllowed),
        ("lambda:InvokeFunction", FUNCTIONS[0].to_owned(), Verdict::NotAllowed),
        ("sqs:SendMessage", of("sqs", "other"), Verdict::NotAllowed),
    ];
    let ask = |(action, resource, _): &(&str, String, Verdict)| {
        let access = Access { action: (*action).to_owned(), resource: resource.clone(), context: BTreeMap::new() };
        rights.asked_by_function("RemotePerspectiveFunction", &access)
    };
    let questions: Vec<_> = expected.iter().map(ask).collect();
    let verdicts = simulator.verdicts(rights.policies(), &questions).await;
    for ((action, resource, expected), verdict) in expected.into_iter().zip(verdicts) {
        assert_eq!(verdict, expected, "{action} {resource}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_lost_on_the_way_or_throttled_is_asked_once_more() {
    let environment = demanding(1).await;
    let own = environment.challenges.clone();
    deploy(&environment, 0, &own);
    let client = environment.directory("default").client().await;
    for (kind, name) in [
        (FaultKind::Unreachable, "unreachable.test"),
        (FaultKind::AnswerLost, "lost.test"),
        (FaultKind::Throttled, "throttled.test"),
        (FaultKind::Unavailable, "unavailable.test"),
    ] {
        environment.aws().cloud().inject(Fault::new(kind).on(Service::Lambda, "Invoke"));
        let (order, ended) = client.show_to(&[&own], name, "no end before the last attempt").await;
        assert_eq!(ended["status"], "valid", "{kind:?}: {ended}");
        let timeline = environment.explained(&client, &order).await;
        assert!(!timeline.contains("failed"), "{kind:?}: {timeline}");
    }
}

/// Three perspectives are too few since June 2026.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_profile_validates_nothing_while_its_perspectives_break_a_rule_that_is_in_force() {
    for (number, is_enough) in [(3, false), (5, true)] {
        let environment = demanding(number).await;
        let own = environment.challenges.clone();
        for index in 0..number {
            deploy(&environment, index, &own);
        }
        // Any other profile that demands perspectives takes what there is.
        environment.directory("default").client().await.obtain(&["a.test"]).await;
        let public = json!({"name": "default", "preset": "public", "caa": "off", "dnssec": "off"});
        environment.act(json!({"action": "apply-profiles", "profiles": {"acmeProfile": [public]}})).await.unwrap();
        environment.settled().await;
        let client = environment.directory("default").client().await;
        let sign = if is_enough { "\"valid\"" } else { "Tell its operator." };
        let (_, ended) = client.show_to(&[&own], "b.test", sign).await;
        assert_eq!(ended["status"] == "valid", is_enough, "{ended}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_named_by_doctor_and_stops_no_other_profile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("perspectives.toml");
    let member = |function: &str| format!("[[perspective]]\nfunction = \"{function}\"\n");
    let of_mars = FUNCTIONS[1].replace("af-south-1", "mars-1");
    fs::write(&path, member(FUNCTIONS[0]) + &member(&of_mars)).unwrap();
    let environment = HOST.configured(|config| config.perspectives = Some(path)).await;
    environment.directory("default").client().await.obtain(&["a.test"]).await;
    let environment = environment.restarted(|config| demand(config, true)).await;
    let found = doctor(&environment).await;
    assert_eq!((found.len(), &found[0]["verdict"]), (1, &json!("bad")), "{found:?}");
    let seen = found[0]["seen"].as_str().unwrap();
    assert!(seen.contains("does not know where the region mars-1"), "{seen}");
}

/// The judge is the library by which AWS's own tools sign.
#[tokio::test]
async fn an_invocation_is_signed_as_aws_itself_signs_it() -> Result<(), Failure> {
    let Some(sam) = Tool::find("sam")? else { return Ok(()) };
    let environment = demanding(1).await;
    let seen = Arc::new(Mutex::new((HeaderMap::new(), String::new())));
    let keep = seen.clone();
    let refuse = move |headers: &HeaderMap, event: &[u8]| {
        *keep.lock().unwrap() = (headers.clone(), String::from_utf8(event.to_vec()).unwrap());
        Err("it only listens".to_owned())
    };
    environment.aws().cloud().create_function(FUNCTIONS[0], Arc::new(refuse));
    let client = environment.directory("default").client().await;
    client.show_to(&[&environment.challenges], "a.test", "others did not answer").await;

    let (headers, body) = seen.lock().unwrap().clone();
    let header = |name: &str| headers[name].to_str().unwrap();
    let url = format!(
        "https://lambda.sa-east-1.amazonaws.com/2015-03-31/functions/{}/invocations",
        FUNCTIONS[0].replace(':', "%3A")
    );
    let given = json!({
        "url": url, "date": header("x-amz-date"), "region": "sa-east-1", "key": "ValidateFunction",
        "secret": Cloud::SECRET, "token": Cloud::TOKEN, "body": body,
    });
    assert_eq!(signature::of_aws(&sam, &given).await?, header("authorization"));
    Ok(())
}

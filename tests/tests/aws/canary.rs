//! The canary: what it obtains and says, and what it says when it obtains nothing.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use authority::{PublishError, PublishedObject, Publisher};
use canary::{CanaryError, Step, Timings};
use cloud::{ACCOUNT, Cloud, REGION};
use http::HeaderMap;
use serde_json::{Value, json};
use tests::{
    Aws, Environment,
    challenge_server::{Page, Site},
    clients::{Failure, Tool},
    deployed::repository,
    iam::role_of,
    metrics::measured,
};
use tokio::runtime::Handle;

use crate::{HOST, signature};

#[tokio::test]
async fn the_canary_obtains_a_certificate_and_says_how_long_each_step_took() {
    let environment = demanding_accounts().await;
    grant(&environment).await;
    let (timings, measured) = measured(sing(&environment, true)).await;
    let timings = timings.unwrap();
    let shown = serde_json::to_value(timings).unwrap();
    for step in ["key", "account", "order", "validation", "certificate", "deactivation"] {
        assert!(shown[step].is_u64(), "{step} of {shown}");
    }
    assert_eq!(measured, [("CanaryMilliseconds".to_owned(), timings.total())]);
    let found = json!({"action": "find-certificates", "filter": {"name": "127.0.0.1"}});
    let found = environment.act(found).await.unwrap();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(statuses(&environment), ["deactivated"]);
}

#[tokio::test]
async fn a_canary_without_a_grant_gets_no_key_and_measures_nothing() {
    let environment = demanding_accounts().await;
    let (failed, measured) = measured(sing(&environment, true)).await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.step, Step::Key);
    let why = acme::failure_chain(&failed);
    assert!(why.contains("status 403") && why.contains("has no grant for this"), "{why}");
    assert!(measured.is_empty(), "{measured:?}");
}

#[tokio::test]
async fn a_canary_whose_answers_no_one_serves_names_the_step_and_leaves_no_account_behind() {
    let environment = demanding_accounts().await;
    grant(&environment).await;
    let (failed, measured) = measured(sing(&environment, false)).await;
    assert_eq!(failed.unwrap_err().step, Step::Validation);
    assert!(measured.is_empty(), "{measured:?}");
    assert_eq!(statuses(&environment), ["deactivated"]);
}

/// The judge is the library by which AWS's own tools sign.
#[tokio::test]
async fn the_request_for_a_key_is_signed_as_aws_itself_signs_it() -> Result<(), Failure> {
    let Some(sam) = Tool::find("sam")? else { return Ok(()) };
    let environment = HOST.start().await;
    let seen = Arc::new(Mutex::new(HeaderMap::new()));
    let keep = seen.clone();
    let refuse = move |_: &str, headers: &HeaderMap| {
        headers.clone_into(&mut keep.lock().unwrap());
        json!({"statusCode": 403})
    };
    let function = environment.aws().arn_of("EnrolFunction");
    environment.aws().cloud().create_function_url(Aws::ENROLMENT_HOST, &function, Arc::new(refuse));
    environment.aws().canary().sing().await.unwrap_err();

    let headers = seen.lock().unwrap().clone();
    let header = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(header("x-amz-security-token"), Cloud::TOKEN);
    let given = json!({
        "url": format!("https://{}/", Aws::ENROLMENT_HOST), "date": header("x-amz-date"), "region": REGION,
        "key": "CanaryFunction", "secret": Cloud::SECRET, "token": Cloud::TOKEN,
    });
    assert_eq!(signature::of_aws(&sam, &given).await?, header("authorization"));
    Ok(())
}

/// Gets its grant, sings, and loses the grant. The directory requires a binding.
pub(crate) async fn sings(environment: &Environment) {
    grant(environment).await;
    sing(environment, true).await.unwrap();
    let revoked = json!({"action": "revoke-enrolment", "principal": role(), "profile": "default"});
    environment.act(revoked).await.unwrap();
}

async fn demanding_accounts() -> Environment {
    HOST.configured(|config| config.acme_profiles[0].external_account_required = true).await
}

async fn grant(environment: &Environment) {
    let grant = json!({
        "action": "grant-enrolment", "principal": role(), "profile": "default", "scope": ["127.0.0.1/32"], "minutes": 5,
    });
    environment.act(grant).await.unwrap();
}

/// The canary as its function has it, on a machine that trusts the gateway of this cloud.
async fn sing(environment: &Environment, is_served: bool) -> Result<Timings, CanaryError> {
    open_url(environment);
    let mut canary = environment.aws().canary();
    canary.trusted = Some(environment.https_root());
    if is_served {
        let site = environment.challenges.web.clone();
        canary.answers = Arc::new(Served { bucket: canary.answers, site });
    }
    canary.sing().await
}

/// A bucket, and the site at which the CA looks for what is in it.
struct Served {
    bucket: Arc<dyn Publisher>,
    site: Site,
}

#[async_trait]
impl Publisher for Served {
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError> {
        let answer = Page::text(std::str::from_utf8(&object.bytes).unwrap());
        self.site.set(&format!("/{}", object.path), answer);
        self.bucket.publish(object).await
    }
}

/// The function URL of `enrol`, which says who calls as Lambda does.
fn open_url(environment: &Environment) {
    let functions = environment.aws().functions().clone();
    let event = fs::read_to_string(repository().join("events/enrol.json")).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let mint = move |principal: &str, _: &HeaderMap| {
        let role = role_of(principal, "/");
        let name = role.rsplit('/').next().unwrap();
        let mut event = event.clone();
        event["requestContext"]["authorizer"]["iam"]["userArn"] =
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{principal}").into();
        Handle::current().block_on(functions.named("EnrolFunction").invoke(event)).unwrap()
    };
    let (host, function) = (Aws::ENROLMENT_HOST, environment.aws().arn_of("EnrolFunction"));
    environment.aws().cloud().create_function_url(host, &function, Arc::new(mint));
}

fn role() -> String {
    role_of("CanaryFunction", "/")
}

/// Those of all accounts.
fn statuses(environment: &Environment) -> Vec<String> {
    let items = environment.aws().items();
    let accounts = items.iter().filter(|item| item["sk"]["S"] == "-" && is_account(&item["pk"]));
    let records = accounts.map(|item| serde_json::from_str::<Value>(item["record"]["S"].as_str().unwrap()).unwrap());
    records.map(|record| record["status"].as_str().unwrap().to_owned()).collect()
}

/// Whether this is the key of an account, which has two words.
fn is_account(key: &Value) -> bool {
    let words: Vec<&str> = key["S"].as_str().unwrap().split('#').collect();
    matches!(words[..], ["ACCOUNT", _])
}

//! Keys that a role mints for itself: what comes of them, and what the policy allows that the
//! manual gives a workload.

use std::{collections::BTreeMap, fs};

use cloud::{ACCOUNT, Access, REGION};
use serde_json::{Value, json};
use tests::{
    Aws, Environment,
    clients::Failure,
    deployed::{repository, transformed::Transformed},
    iam::{Policies, Rights, Simulator, Verdict, role_of},
};

use crate::{HOST, everything, everything::binding, iam::arn_of};

#[tokio::test]
async fn an_account_that_a_role_has_bound_orders_what_the_grant_covers_and_nothing_else() {
    let environment = everything::bound_accounts(HOST.start().await).await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/web");
    let aws = environment.aws();
    let keys = aws.functions().named("AdminFunction").invoke(json!({"action": "external-account-keys"})).await;
    let keys = keys.unwrap();
    let of_role: Vec<&Value> =
        keys["items"].as_array().unwrap().iter().filter(|key| key["label"] == format!("enrolment of {role}")).collect();
    let [key] = of_role[..] else { panic!("{keys}") };
    assert_eq!((&key["state"], &key["mintedBy"]), (&json!("used"), &json!(format!("{SESSION} (proven)"))));
}

/// A role gets a grant, a key and an account, and loses the grant. The directory requires a
/// binding.
pub(crate) async fn of_a_role(environment: &Environment) {
    let functions = environment.aws().functions();
    let (admin, enrol) = (functions.named("AdminFunction"), functions.named("EnrolFunction"));
    let event = fs::read_to_string(repository().join("events/enrol.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    event["requestContext"]["authorizer"]["iam"]["userArn"] = SESSION.into();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/pki/web");
    let grant = json!({
        "action": "grant-enrolment", "principal": role, "profile": "default", "scope": [".web.test"], "minutes": 5,
    });
    assert_eq!(enrol.invoke(event.clone()).await.unwrap()["statusCode"], 403, "before it is granted");
    admin.invoke(grant).await.unwrap();
    let answer = enrol.invoke(event.clone()).await.unwrap();
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let minted: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let ca = environment.directory("default");
    assert_eq!(minted["directory"], ca.url());

    let key = json!({"keyIdentifier": minted["kid"], "key": minted["hmacKey"]});
    let client = ca.stranger().await;
    let bound = client.new_account(&json!({"externalAccountBinding": binding(&client, &key)})).await.expect(201);
    let again = ca.stranger().await;
    again.new_account(&json!({"externalAccountBinding": binding(&again, &key)})).await.refused(403, "unauthorized");
    let client = client.with_kid(&bound.location());
    client.obtain(&["a.web.test"]).await;
    for name in ["web.test", "a.other.test"] {
        client.new_order(&[name]).await.refused(400, "rejectedIdentifier");
    }

    let revoked = json!({"action": "revoke-enrolment", "principal": role, "profile": "default"});
    admin.invoke(revoked).await.unwrap();
    assert_eq!(enrol.invoke(event).await.unwrap()["statusCode"], 403, "after it was revoked");
    client.obtain(&["b.web.test"]).await;
}

/// The judge is an independent simulator of IAM, as in `iam.rs`.
#[tokio::test]
async fn a_role_with_the_documented_policy_reaches_the_function_url_and_nothing_else() -> Result<(), Failure> {
    let (Some(simulator), Some(template)) = (Simulator::find()?, Transformed::read().await?) else { return Ok(()) };
    let arn = |name: &str| arn_of(&BTreeMap::new(), name, "/");
    let mut rights = Rights::of(&template, &template.deployed(&[("Enrolment", "on")], arn), arn, &Policies::new());
    rights.add_policy(WORKLOAD, documented());
    let role = role_of("web", "/");
    let ask = |action: &str, resource: &str, context: &[(&'static str, &str)]| {
        let context = context.iter().map(|(key, value)| ((*key).into(), vec![(*value).to_owned()])).collect();
        let access = Access { action: action.to_owned(), resource: resource.to_owned(), context };
        rights.asked_by(SESSION, &role, &[WORKLOAD.to_owned()], &access)
    };
    let signed = ("lambda:FunctionUrlAuthType", "AWS_IAM");
    let by_url = (VIA_URL, "true");
    let (url, invoke) = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction");
    let admin = FUNCTION.replace("Enrol", "Admin");
    let cases = [
        (true, ask(url, FUNCTION, &[signed])),
        (true, ask(invoke, FUNCTION, &[by_url])),
        // Who invokes it directly writes the event, and with it the caller.
        (false, ask(invoke, FUNCTION, &[])),
        (false, ask(invoke, FUNCTION, &[(VIA_URL, "false")])),
        (false, ask(url, FUNCTION, &[("lambda:FunctionUrlAuthType", "NONE")])),
        (false, ask(url, &admin, &[signed])),
        (false, ask(invoke, &admin, &[by_url])),
        (false, ask(invoke, &format!("{FUNCTION}:enrol"), &[by_url])),
    ];
    let (expected, questions): (Vec<bool>, Vec<_>) = cases.into_iter().unzip();
    let verdicts = simulator.verdicts(rights.policies(), &questions).await;
    let allowed: Vec<bool> = verdicts.iter().map(|verdict| *verdict == Verdict::Allowed).collect();
    assert_eq!(allowed, expected, "{verdicts:?}");

    // Whatever else can be asked of the services that the stack is made of.
    let of = |service: &str, name: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}");
    let resources = [
        FUNCTION.to_owned(),
        admin,
        of("dynamodb", &format!("table/{}", Aws::STACK)),
        of("kms", "key/00000000-0000-0000-0000-000000000000"),
        of("sqs", "acme"),
        of("logs", "log-group:/acme/functions/1"),
        role_of("EnrolFunction", "/"),
        format!("arn:aws:s3:::{}/crl/root/0.crl", Aws::STACK),
    ];
    let requests =
        simulator.requests(&["dynamodb", "iam", "kms", "lambda", "logs", "s3", "sqs", "sts"], &resources).await;
    assert!(requests.len() > 300, "{}", requests.len());
    let questions: Vec<_> = requests.iter().map(|request| ask(&request.action, &request.resource, &[])).collect();
    let verdicts = simulator.verdicts(rights.policies(), &questions).await;
    let allowed = requests.iter().zip(verdicts).filter(|(_, verdict)| *verdict == Verdict::Allowed);
    let allowed: Vec<String> = allowed.map(|(request, _)| format!("{} {}", request.action, request.resource)).collect();
    // AWS tells every principal its own name, and no policy is asked about that.
    assert_eq!(allowed, ["sts:GetCallerIdentity *"]);
    Ok(())
}

#[tokio::test]
async fn no_policy_of_the_function_opens_it_and_its_url_is_made_only_where_it_is_on() -> Result<(), Failure> {
    let Some(template) = Transformed::read().await? else { return Ok(()) };
    let arn = |name: &str| arn_of(&BTreeMap::new(), name, "/");
    let urls = template.resources("AWS::Lambda::Url");
    let [(_, url)] = urls.iter().collect::<Vec<_>>()[..] else { panic!("{urls:?}") };
    assert_eq!(url["Properties"]["AuthType"], "AWS_IAM");
    let function = &template.resources("AWS::Lambda::Function")["EnrolFunction"];
    for (value, exists) in [("on", true), ("off", false)] {
        let deployed = template.deployed(&[("Enrolment", value)], arn);
        assert_eq!((deployed.exists(url), deployed.exists(function)), (exists, exists), "{value}");
    }
    for (name, permission) in template.resources("AWS::Lambda::Permission") {
        assert!(!permission["Properties"]["FunctionName"].to_string().contains("EnrolFunction"), "{name}");
    }
    Ok(())
}

/// The policy of a workload, as the page about enrolment has it.
fn documented() -> Value {
    let page = fs::read_to_string(repository().join("docs/operations/enrolment.md")).unwrap();
    let lines = page.lines().skip_while(|line| *line != "    {");
    let policy: String = lines.take_while(|line| line.starts_with("    ")).collect();
    assert!(policy.contains("FUNCTION_ARN"));
    serde_json::from_str(&policy.replace("FUNCTION_ARN", FUNCTION)).unwrap()
}

const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/web/i-0123456789abcdef0";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:acme-EnrolFunction-1A2B";
const VIA_URL: &str = "lambda:InvokedViaFunctionUrl";
const WORKLOAD: &str = "workload";

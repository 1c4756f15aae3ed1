//! The keys' own policies: the functions that sign may sign, and no one else in the account may,
//! whatever policies of identities say.

use std::{collections::BTreeMap, fs};

use cloud::{ACCOUNT, Access, REGION};
use serde_json::{Value, json};
use tests::{
    Aws,
    clients::Failure,
    deployed::{repository, transformed::Transformed},
    iam::{Policies, Question, Rights, Simulator, Verdict, role_of},
};

use crate::iam::arn_of;

/// The functions that may sign with a key; the further ones are those that operators make.
const SIGNERS: [(&str, &[&str]); 3] = [
    ("RootKey", &["BootstrapFunction", "CeremonyFunction"]),
    ("IssuingKey", &["FinalizeFunction", "IssueFunction", "PublishCrlFunction"]),
    ("FurtherKey", &["AdminFunction", "FinalizeFunction", "IssueFunction", "PublishCrlFunction"]),
];

#[tokio::test]
async fn only_the_functions_that_sign_may_use_a_key_whatever_other_roles_are_allowed() -> Result<(), Failure> {
    let Some((simulator, rights)) = judge(&[]).await? else { return Ok(()) };
    let sign = |key: &str, kind: &str| {
        let mut access = access("kms:Sign", key, "kms:SigningAlgorithm", "ECDSA_SHA_256");
        access.context.insert("kms:MessageType".into(), vec![kind.to_owned()]);
        access
    };
    let functions: Vec<&str> = rights.functions().collect();
    let others = ["role/Administrator", "user/operator", "role/another-stack-FinalizeFunctionRole-X1"];
    let mut asked: Vec<(String, bool)> = Vec::new();
    let mut questions = Vec::new();
    for (key, signers) in SIGNERS {
        for kind in ["DIGEST", "RAW"] {
            let access = sign(key, kind);
            for function in &functions {
                let is_signer = signers.contains(function) && kind == "DIGEST";
                asked.push((format!("{function} signs with {key}: {kind}"), is_signer));
                questions.push(rights.asked_by_function(function, &access));
                // A policy that allows everything changes nothing for those that do not sign.
                if !signers.contains(function) {
                    asked.push((format!("{function}, which may do everything, signs with {key}: {kind}"), false));
                    questions.push(asked_by_almighty(&rights, &role_of(function, "/"), &access));
                }
            }
            for other in others {
                asked.push((format!("{other} signs with {key}: {kind}"), false));
                questions.push(asked_by_almighty(&rights, &format!("arn:aws:iam::{ACCOUNT}:{other}"), &access));
            }
            asked.push((format!("another account signs with {key}: {kind}"), false));
            questions.push(asked_by_almighty(&rights, "arn:aws:iam::999999999999:user/operator", &access));
        }
    }
    check(&simulator, &rights, asked, questions).await;
    Ok(())
}

#[tokio::test]
async fn a_key_is_deleted_after_thirty_days_at_the_earliest() -> Result<(), Failure> {
    let Some((simulator, rights)) = judge(&[]).await? else { return Ok(()) };
    let (mut asked, mut questions) = (Vec::new(), Vec::new());
    for (key, _) in SIGNERS {
        for (days, is_allowed) in [("7", false), ("29", false), ("30", true)] {
            let access = access("kms:ScheduleKeyDeletion", key, "kms:ScheduleKeyDeletionPendingWindowInDays", days);
            asked.push((format!("{key} is deleted after {days} days"), is_allowed));
            questions.push(asked_by_almighty(&rights, &format!("arn:aws:iam::{ACCOUNT}:role/Administrator"), &access));
        }
    }
    check(&simulator, &rights, asked, questions).await;
    Ok(())
}

#[tokio::test]
async fn the_status_bucket_is_read_by_everybody_only_if_it_is_public_and_written_by_no_one_outside()
-> Result<(), Failure> {
    for is_public in ["false", "true"] {
        let Some((simulator, rights)) = judge(&[("StatusBucketIsPublic", is_public)]).await? else { return Ok(()) };
        let (mut asked, mut questions) = (Vec::new(), Vec::new());
        for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] {
            let access = Access {
                action: action.to_owned(),
                resource: "arn:aws:s3:::status/crl/root/0.crl".to_owned(),
                context: BTreeMap::new(),
            };
            asked.push((format!("{action}, public: {is_public}"), action == "s3:GetObject" && is_public == "true"));
            questions.push(rights.asked_unsigned(&access));
        }
        check(&simulator, &rights, asked, questions).await;
    }
    Ok(())
}

/// The policies of the stack, and of a key that an operator made for a further issuer.
async fn judge(parameters: &[(&str, &str)]) -> Result<Option<(Simulator, Rights)>, Failure> {
    let (Some(simulator), Some(template)) = (Simulator::find()?, Transformed::read().await?) else { return Ok(None) };
    let mut rights = Rights::of(&template, &template.deployed(parameters, arn), arn, &Policies::new());
    rights.set_policy(&arn("FurtherKey"), documented("/"));
    let everything = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    rights.add_policy(EVERYTHING, json!({"Version": "2012-10-17", "Statement": everything}));
    Ok(Some((simulator, rights)))
}

async fn check(simulator: &Simulator, rights: &Rights, asked: Vec<(String, bool)>, questions: Vec<Question>) {
    let verdicts = simulator.verdicts(rights.policies(), &questions).await;
    let wrong = asked.iter().zip(verdicts).filter(|((_, should), verdict)| *should != (*verdict == Verdict::Allowed));
    let wrong: Vec<String> = wrong.map(|((what, _), verdict)| format!("{verdict:?}: {what}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asks for a principal whose own policies allow everything.
fn asked_by_almighty(rights: &Rights, arn: &str, access: &Access) -> Question {
    rights.asked_by(arn, arn, &[EVERYTHING.to_owned()], access)
}

fn access(action: &str, key: &str, name: &'static str, value: &str) -> Access {
    let mut context = BTreeMap::from([(name.into(), vec![value.to_owned()])]);
    if key == "FurtherKey" {
        context.insert("aws:ResourceTag/serverless-acme-issuer-of".into(), vec![Aws::STACK.to_owned()]);
    }
    Access { action: action.to_owned(), resource: arn(key), context }
}

/// The policy of a key for a further issuer, as the page about issuers has it, for this stack with
/// its roles under a path.
pub(crate) fn documented(path: &str) -> Value {
    let page = fs::read_to_string(repository().join("docs/operations/issuers.md")).unwrap();
    let lines = page.lines().skip_while(|line| *line != "    {");
    let policy: String = lines.take_while(|line| line.starts_with("    ")).collect();
    let stack = format!("role{path}{}-", Aws::STACK);
    serde_json::from_str(&policy.replace("111122223333", ACCOUNT).replace("role/pki-", &stack)).unwrap()
}

fn arn(name: &str) -> String {
    let key = |name: &str| format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}");
    let known = BTreeMap::from([
        ("RootKey", key("root")),
        ("IssuingKey", key("issuing")),
        ("FurtherKey", key("further")),
        ("StatusBucket", "arn:aws:s3:::status".to_owned()),
    ]);
    arn_of(&known, name, "/")
}

const EVERYTHING: &str = "everything";

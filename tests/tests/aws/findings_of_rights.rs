//! What the template of the commit e70810c allowed and refused wrongly, and the present one does
//! not: the findings AWS-A5, C1, C3, C7 and C8 (docs/findings.md), by the same judge.

use std::{collections::BTreeMap, path::Path};

use cloud::{ACCOUNT, Access, REGION};
use serde_json::json;
use tests::{
    Aws,
    clients::Failure,
    deployed::{repository, transformed::Transformed},
    iam::{Policies, Question, Rights, Simulator, Verdict},
};

use crate::iam::arn_of;

#[tokio::test]
async fn the_judge_finds_what_was_wrong_with_rights_and_keys_and_finds_it_mended() -> Result<(), Failure> {
    let Some(simulator) = Simulator::find()? else { return Ok(()) };
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws/e70810c.yaml");
    let (Some(old), Some(new)) =
        (Transformed::of(&old).await?, Transformed::of(&repository().join("template.yaml")).await?)
    else {
        return Ok(());
    };
    let before = verdicts(&simulator, &old).await;
    let after = verdicts(&simulator, &new).await;
    let mut faults = Vec::new();
    for (finding, (before, after)) in findings().iter().zip(before.into_iter().zip(after)) {
        if (before == Verdict::Allowed) == finding.should {
            faults.push(format!("the judge does not find {}, {finding:?}: {before:?}", finding.number));
        }
        if (after == Verdict::Allowed) != finding.should {
            faults.push(format!("{} is not mended, {finding:?}: {after:?}", finding.number));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// The verdicts on what the findings are about.
async fn verdicts(simulator: &Simulator, template: &Transformed) -> Vec<Verdict> {
    let known = BTreeMap::from([
        ("Table", format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}", Aws::STACK)),
        ("RootKey", format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/root")),
        ("IssuingKey", format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/issuing")),
        ("LogsOfOthers", format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/others")),
        ("*", "*".to_owned()),
    ]);
    let arn_of = |name: &str| arn_of(&known, name, "/");
    let mut rights = Rights::of(template, &template.deployed(&[], arn_of), arn_of, &Policies::new());
    let everything = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    rights.add_policy("everything", json!({"Version": "2012-10-17", "Statement": everything}));
    let administrator = format!("arn:aws:iam::{ACCOUNT}:user/administrator");
    let ask = |finding: &Finding| {
        let context = finding.context.iter().map(|(key, value)| ((*key).into(), vec![(*value).to_owned()]));
        let access =
            Access { action: finding.action.to_owned(), resource: arn_of(finding.on), context: context.collect() };
        match finding.who {
            Who::Administrator => rights.asked_by(&administrator, &administrator, &["everything".to_owned()], &access),
            Who::Function(function) => rights.asked_by_function(function, &access),
        }
    };
    let questions: Vec<Question> = findings().iter().map(ask).collect();
    simulator.verdicts(rights.policies(), &questions).await
}

/// A request that was judged wrongly.
#[derive(Debug)]
struct Finding {
    number: &'static str,
    who: Who,
    action: &'static str,
    /// The logical id of the resource, or `*`.
    on: &'static str,
    context: Vec<(&'static str, &'static str)>,
    /// Whether it should be allowed.
    should: bool,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    /// A user who may do everything, as far as its own policies go.
    Administrator,
    Function(&'static str),
}

fn findings() -> Vec<Finding> {
    let refused = |number, who, action, on, context: &[(&'static str, &'static str)]| Finding {
        number,
        who,
        action,
        on,
        context: context.to_vec(),
        should: false,
    };
    let touches = |function, action, key| {
        refused("AWS-C3", Who::Function(function), action, "Table", &[("dynamodb:LeadingKeys", key)])
    };
    let signs = |on| {
        let how = [("kms:MessageType", "DIGEST"), ("kms:SigningAlgorithm", "ECDSA_SHA_256")];
        refused("AWS-C1", Who::Administrator, "kms:Sign", on, &how)
    };
    let days = ("kms:ScheduleKeyDeletionPendingWindowInDays", "7");
    vec![
        // More than a hundred profiles are applied in batches.
        Finding { number: "AWS-A5", should: true, ..touches("AdminFunction", BATCH_WRITE, "PROFILE#ra") },
        signs("RootKey"),
        signs("IssuingKey"),
        refused("AWS-C1", Who::Administrator, "kms:ScheduleKeyDeletion", "RootKey", &[days]),
        touches("AdminFunction", DELETE, "AUDIT#2026-11-28"),
        touches("AdminFunction", DELETE, "CERTIFICATE#1"),
        touches("AdminFunction", DELETE, "CRL#issuing#0"),
        touches("AdminFunction", DELETE, "ISSUER"),
        touches("AdminFunction", DELETE, "ACCOUNT#1"),
        touches("KeyChangeFunction", DELETE, "NONCE#1"),
        touches("KeyChangeFunction", DELETE, "ACCOUNT#1"),
        touches("NewOrderFunction", BATCH_WRITE, "NONCE#1"),
        touches("NewOrderFunction", BATCH_WRITE, "ORDER#1"),
        touches("FinalizeFunction", BATCH_WRITE, "NONCE#1"),
        touches("FinalizeFunction", BATCH_WRITE, "LIMIT#1"),
        touches("FinalizeFunction", BATCH_WRITE, "CERTIFICATE#1"),
        refused("AWS-C7", Who::Function("ValidateFunction"), "ec2:DescribeSubnets", "*", &[]),
        refused("AWS-C7", Who::Function("FinalizeFunction"), "logs:CreateLogGroup", "LogsOfOthers", &[]),
        // A request without leading keys fits any list of them.
        refused("AWS-C8", Who::Function("AdminFunction"), DELETE, "Table", &[]),
    ]
}

const BATCH_WRITE: &str = "dynamodb:BatchWriteItem";
const DELETE: &str = "dynamodb:DeleteItem";

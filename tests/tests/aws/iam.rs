//! What the functions of the bundle do is allowed, and nothing else: both as an independent
//! simulator of IAM decides, on the policies that SAM's translator makes of the template.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use cloud::{ACCOUNT, Access, Call, REGION};
use host::Config;
use serde_json::{Value, json};
use tests::{
    Aws,
    clients::Failure,
    deployed::transformed::Transformed,
    iam::{Policies, Question, Rights, Simulator, Verdict, role_of},
};
use tokio::sync::OnceCell;

use crate::{HOST, everything, explained::EXPLAINED, key_policies, perspectives};

#[tokio::test]
async fn every_function_has_the_permissions_that_it_uses_and_no_others() -> Result<(), Failure> {
    let (Some(simulator), Some(template)) = (Simulator::find()?, Transformed::read().await?) else { return Ok(()) };
    let story = Story::told().await;
    let rights = story.rights(&template, &[], &Policies::new());
    let mut faults = story.refused(&simulator, &rights).await;
    faults.extend(story.unknown_keys(&rights));

    let used = story.used();
    let allowed = story.allowed(&simulator, &rights).await;
    println!("{} rights are used, {} are given", used.len(), allowed.len());
    let mut unused: BTreeSet<&Right> = allowed.difference(&used).collect();
    for entry in EXPLAINED {
        let before = unused.len();
        unused.retain(|right| !entry.is_about(&right.to_string()));
        if unused.len() == before {
            faults.push(format!("{} is explained in vain: {}", entry.right, entry.why));
        }
    }
    faults.extend(unused.iter().map(|right| format!("never used: {right}")));
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    Ok(())
}

#[tokio::test]
async fn roles_under_a_path_and_below_a_boundary_may_do_what_the_functions_do() -> Result<(), Failure> {
    let (Some(simulator), Some(template)) = (Simulator::find()?, Transformed::read().await?) else { return Ok(()) };
    let story = Story::told().await;
    let boundary = |actions: Value| {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        Policies::from([(BOUNDARY.to_owned(), json!({"Version": "2012-10-17", "Statement": [statement]}))])
    };
    let parameters = [("PermissionsBoundaryArn", BOUNDARY), ("RolePath", "/pki/")];
    let services =
        json!(["dynamodb:*", "kms:*", "lambda:Invoke*", "s3:PutObject", "sqs:*", "events:PutEvents", "logs:*"]);
    let rights = story.rights(&template, &parameters, &boundary(services));
    let faults = story.refused(&simulator, &rights).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    // A boundary takes away what it does not give, and nothing else.
    let without_kms = json!(["dynamodb:*", "lambda:*", "s3:*", "sqs:*", "events:*", "logs:*"]);
    let rights = story.rights(&template, &parameters, &boundary(without_kms));
    let refused = story.refused(&simulator, &rights).await;
    let of_kms = story.accesses.iter().filter(|(_, access)| access.action.starts_with("kms:")).count();
    assert!(refused.len() == of_kms && refused.iter().all(|one| one.contains("kms:")), "{}", refused.join("\n"));
    Ok(())
}

/// A right to do one thing, without the details that decide nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    function: String,
    action: String,
    resource: String,
    /// The class of leading keys, or what is signed and how.
    details: Vec<String>,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, action, resource, details } = self;
        let details: String = details.iter().map(|detail| format!(" {detail}")).collect();
        write!(f, "{function} {action} {resource}{details}")
    }
}

/// What the functions did while everything happened that they ever do.
struct Story {
    /// One of each kind, with its function.
    accesses: BTreeSet<(String, Access)>,
    /// A leading key of each class.
    keys: BTreeMap<String, String>,
    /// ARNs by logical ids.
    arns: BTreeMap<&'static str, String>,
}

static TOLD: OnceCell<Story> = OnceCell::const_new();

impl Story {
    /// Everything happens once for all tests.
    async fn told() -> &'static Self {
        TOLD.get_or_init(async || {
            let folder = tempfile::tempdir().unwrap();
            let file = perspectives::file(folder.path(), 1);
            let change = |config: &mut Config| (config.ca.issuing_days, config.perspectives) = (120, Some(file));
            let started = HOST.configured(change).await;
            let environment = everything::happens(started).await;
            Self::of(environment.aws())
        })
        .await
    }

    fn of(aws: &Aws) -> Self {
        let calls = aws.cloud().calls().into_iter().filter(|call| call.principal != Aws::TEST);
        let by_sdk = calls.flat_map(|Call { principal, accesses, .. }| {
            accesses.into_iter().map(move |access| (principal.clone(), access))
        });
        let mut keys = BTreeMap::from([(class("OTHER#1"), "OTHER#1".to_owned())]);
        let mut accesses = BTreeSet::new();
        for (function, mut access) in by_sdk.chain(aws.deliveries()) {
            for key in access.context.get_mut(LEADING_KEYS).into_iter().flatten() {
                *key = keys.entry(class(key)).or_insert_with(|| key.clone()).clone();
            }
            if let Some(keys) = access.context.get_mut(LEADING_KEYS) {
                keys.sort();
                keys.dedup();
            }
            accesses.insert((function, access));
        }
        let names = [
            "EnrolFunction",
            "Table",
            "RootKey",
            "IssuingKey",
            "StatusBucket",
            "ValidateQueue",
            "IssueQueue",
            "PublishCrlQueue",
        ];
        Self { accesses, keys, arns: names.map(|name| (name, aws.arn_of(name))).into_iter().collect() }
    }

    /// The policies of the template with these parameters.
    fn rights(&self, template: &Transformed, parameters: &[(&str, &str)], boundaries: &Policies) -> Rights {
        let given = [
            ("EventBusName", Aws::EVENT_BUS),
            ("Enrolment", "on"),
            ("Canary", "on"),
            ("Perspectives", perspectives::FUNCTIONS[0]),
        ];
        let given: Vec<(&str, &str)> = given.iter().chain(parameters).copied().collect();
        let path = parameters.iter().find(|(name, _)| *name == "RolePath").map_or("/", |(_, path)| path);
        let arn_of = |name: &str| arn_of(&self.arns, name, path);
        let mut rights = Rights::of(template, &template.deployed(&given, arn_of), arn_of, boundaries);
        let policy = key_policies::documented(path);
        rights.set_policy(FURTHER_KEY, policy.clone());
        for (_, access) in self.accesses.iter().filter(|(_, access)| access.context.contains_key(TAG)) {
            rights.set_policy(&access.resource, policy.clone());
        }
        rights
    }

    /// What the functions did and may not do.
    async fn refused(&self, simulator: &Simulator, rights: &Rights) -> Vec<String> {
        let ask = |(function, access): &(String, Access)| rights.asked_by_function(function, access);
        let questions: Vec<Question> = self.accesses.iter().map(ask).collect();
        let verdicts = simulator.verdicts(rights.policies(), &questions).await;
        let answered = self.accesses.iter().zip(verdicts);
        let refused = answered.filter(|(_, verdict)| *verdict != Verdict::Allowed);
        refused.map(|((function, access), verdict)| format!("{verdict:?}: {function} {access:?}")).collect()
    }

    /// Patterns of leading keys in policies that no function has touched, so that no class stands
    /// for them.
    fn unknown_keys(&self, rights: &Rights) -> Vec<String> {
        let mut unknown = Vec::new();
        for (name, policy) in rights.policies() {
            for statement in policy["Statement"].as_array().into_iter().flatten() {
                let patterns = &statement["Condition"]["ForAllValues:StringLike"][LEADING_KEYS];
                for pattern in patterns.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let is_known = |key: &String| match pattern.strip_suffix('*') {
                        Some(start) => key.starts_with(start),
                        None => key == pattern,
                    };
                    if !self.keys.values().any(is_known) {
                        unknown.push(format!("{name}: no function has touched {pattern}"));
                    }
                }
            }
        }
        unknown
    }

    fn used(&self) -> BTreeSet<Right> {
        let mut used = BTreeSet::new();
        for (function, access) in &self.accesses {
            let right = |details: Vec<String>| Right {
                function: function.clone(),
                action: access.action.clone(),
                resource: self.kind_of(&access.resource),
                details,
            };
            match access.context.get(LEADING_KEYS) {
                // All keys have to fit, so each is a right of its own.
                Some(keys) => used.extend(keys.iter().map(|key| right(vec![class(key)]))),
                None => {
                    used.insert(right(signature(access)));
                }
            }
        }
        used
    }

    /// Which of all things that can be asked of the services are allowed to whom.
    async fn allowed(&self, simulator: &Simulator, rights: &Rights) -> BTreeSet<Right> {
        let resources: Vec<String> = self.resources();
        let mut accesses: Vec<(Access, Vec<String>)> = Vec::new();
        for request in simulator.requests(&SERVICES, &resources).await {
            let mut access = Access { action: request.action, resource: request.resource, context: BTreeMap::new() };
            if access.resource == FURTHER_KEY {
                access.context.insert(TAG.into(), vec![Aws::STACK.to_owned()]);
            }
            let has = |key: &str| request.keys.iter().any(|own| own == key);
            if has(LEADING_KEYS) && access.resource == self.arns["Table"] {
                for (class, key) in &self.keys {
                    let mut access = access.clone();
                    access.context.insert(LEADING_KEYS.into(), vec![key.clone()]);
                    accesses.push((access, vec![class.clone()]));
                }
            } else if has("kms:SigningAlgorithm") && has("kms:MessageType") {
                for (algorithm, kind) in ALGORITHMS.iter().flat_map(|one| ["DIGEST", "RAW"].map(|kind| (*one, kind))) {
                    let mut access = access.clone();
                    access.context.insert("kms:SigningAlgorithm".into(), vec![algorithm.to_owned()]);
                    access.context.insert("kms:MessageType".into(), vec![kind.to_owned()]);
                    let details = signature(&access);
                    accesses.push((access, details));
                }
            }
            // Also without any of these keys.
            accesses.push((access, Vec::new()));
        }
        let mut asked = Vec::new();
        let mut questions = Vec::new();
        for function in rights.functions() {
            for (access, details) in &accesses {
                questions.push(rights.asked_by_function(function, access));
                asked.push((function, access, details));
            }
        }
        println!("{} questions", questions.len());
        let verdicts = simulator.verdicts(rights.policies(), &questions).await;
        let allowed = asked.into_iter().zip(verdicts).filter(|(_, verdict)| *verdict == Verdict::Allowed);
        let right = |((function, access, details), _): ((&str, &Access, &Vec<String>), Verdict)| Right {
            function: function.to_owned(),
            action: access.action.clone(),
            resource: self.kind_of(&access.resource),
            details: details.clone(),
        };
        allowed.map(right).collect()
    }

    /// What a function may try to touch: what is of the stack, and something of each kind that is
    /// not.
    fn resources(&self) -> Vec<String> {
        let of = |service: &str, name: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}");
        let own = self.arns.values().cloned();
        let of_bucket = OBJECTS.map(|object| format!("{}/{object}", self.arns["StatusBucket"]));
        let others = [
            FURTHER_KEY.to_owned(),
            of("kms", "key/00000000-0000-0000-0000-000000000000"),
            of("kms", &format!("alias/{}-root", Aws::STACK)),
            of("dynamodb", "table/other"),
            of("sqs", "ForwardEventsDeadLetters"),
            of("sqs", "other"),
            of("events", &format!("event-bus/{}", Aws::EVENT_BUS)),
            of("events", "event-bus/other"),
            of("events", "rule/other"),
            of("logs", &format!("log-group:/{}/functions/1", Aws::STACK)),
            of("logs", &format!("log-group:/{}/functions/1:log-stream:1", Aws::STACK)),
            of("logs", "log-group:/other"),
            of("logs", "log-group:/other:log-stream:1"),
            of("lambda", &format!("function:{}-AdminFunction-1", Aws::STACK)),
            perspectives::FUNCTIONS[0].to_owned(),
            perspectives::FUNCTIONS[1].to_owned(),
            "arn:aws:s3:::other".to_owned(),
            "arn:aws:s3:::other/crl/root/0.crl".to_owned(),
            role_of("AdminFunction", "/"),
        ];
        own.chain(of_bucket).chain(others).collect()
    }

    /// The name of a resource in a right; those that stand for many have one in common.
    fn kind_of(&self, arn: &str) -> String {
        if let Some((name, _)) = self.arns.iter().find(|(_, own)| *own == arn) {
            return (*name).to_owned();
        }
        let is_further_key = arn == FURTHER_KEY
            || self.accesses.iter().any(|(_, access)| access.resource == arn && access.context.contains_key(TAG));
        if is_further_key {
            return "FurtherKey".to_owned();
        }
        match arn.strip_prefix(&format!("{}/", self.arns["StatusBucket"])) {
            Some("crl/root/0.crl") => "StatusBucket/crl/root".to_owned(),
            Some(object) => format!("StatusBucket/{}", object.split('/').next().unwrap()),
            None => arn.rsplit_once(&format!(":{ACCOUNT}:")).map_or(arn, |(_, name)| name).to_owned(),
        }
    }
}

/// What stands for all leading keys of a kind: the words of the key, without ids.
fn class(key: &str) -> String {
    let words: Vec<&str> = key.split('#').collect();
    match words.as_slice() {
        [noun, word, ..] if NAMED.contains(word) => format!("{noun}#{word}"),
        [noun, _, ..] => format!("{noun}#…"),
        _ => key.to_owned(),
    }
}

/// How something is signed.
fn signature(access: &Access) -> Vec<String> {
    let keys = ["kms:SigningAlgorithm", "kms:MessageType"];
    keys.iter().flat_map(|key| access.values(key)).map(str::to_owned).collect()
}

/// The ARN of a resource of the stack.
pub(crate) fn arn_of(known: &BTreeMap<&'static str, String>, name: &str, path: &str) -> String {
    if let Some(arn) = known.get(name) {
        return arn.clone();
    }
    match (name.strip_suffix("Role"), name.ends_with("DeadLetters")) {
        (Some(function), _) => role_of(function, path),
        (None, true) => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"),
        (None, false) => format!("arn:aws:iam::{ACCOUNT}:policy/{name}"),
    }
}

/// The second words of keys that are no ids (`shared/aws/src/dynamodb/key.rs`).
const NAMED: [&str; 15] = [
    "CONTACT", "DAY", "END", "FORMER", "KEY", "LIST", "NAME", "UNBOUND", "acme", "applied", "eab", "expiry", "key",
    "nonce", "ra",
];
const OBJECTS: [&str; 5] =
    [".well-known/acme-challenge/token", "crl/root/0.crl", "crl/issuing/0.crl", "issuer/issuing.cer", "other.txt"];
const ALGORITHMS: [&str; 5] =
    ["ECDSA_SHA_256", "ECDSA_SHA_384", "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256", "ED25519_SHA_512"];
const SERVICES: [&str; 10] = ["dynamodb", "events", "iam", "kms", "lambda", "logs", "s3", "sqs", "sts", "xray"];
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
const TAG: &str = "aws:ResourceTag/serverless-acme-issuer-of";
const FURTHER_KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111";
const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";

//! The judge is judged first: verdicts that AWS documents, each with the page that says so.
//!
//! Pages are those of the IAM User Guide, unless another guide is named.

use cloud::Access;
use serde_json::{Value, json};
use tests::{
    clients::Failure,
    iam::{Policies, Question, Simulator, Verdict},
};

#[tokio::test]
async fn the_simulator_decides_as_aws_documents() -> Result<(), Failure> {
    let Some(simulator) = Simulator::find()? else { return Ok(()) };
    let cases = [evaluation(), elements(), operators(), sets(), keys(), boundaries()].concat();
    let mut policies = Policies::new();
    let mut questions = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let mut add = |kind: &str, policy: &Value| {
            let name = format!("{kind} {at}");
            policies.insert(name.clone(), policy.clone());
            name
        };
        questions.push(Question {
            principal: case.principal.map(str::to_owned),
            access: case.access.clone(),
            account: ACCOUNT.to_owned(),
            identity: case.identity.iter().map(|policy| add("identity", policy)).collect(),
            boundary: case.boundary.as_ref().map(|policy| add("boundary", policy)),
            resource_policy: case.resource.as_ref().map(|policy| add("resource", policy)),
        });
    }
    let verdicts = simulator.verdicts(&policies, &questions).await;
    let wrong = cases.iter().zip(verdicts).filter(|(case, verdict)| case.verdict != *verdict);
    let wrong: Vec<String> =
        wrong.map(|(case, verdict)| format!("{verdict:?}, but “{}” says: {}", case.page, case.says)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// The one rule that the simulator is known to have wrong: variables are literal strings in
/// policies of the version 2008-10-17, which is that of a policy without one ("IAM JSON policy
/// elements: Version"). No question about such a policy is answered.
#[tokio::test]
async fn policies_that_the_simulator_misreads_are_refused() -> Result<(), Failure> {
    let Some(simulator) = Simulator::find()? else { return Ok(()) };
    let mut own = policy(json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:userid}/*"}]));
    own.as_object_mut().unwrap().remove("Version");
    let question = Question {
        principal: Some(SESSION.to_owned()),
        access: access("s3:GetObject", OBJECT, &[]),
        account: ACCOUNT.to_owned(),
        identity: vec!["own".to_owned()],
        boundary: None,
        resource_policy: None,
    };
    let policies = Policies::from([("own".to_owned(), own)]);
    let asked = tokio::spawn(async move { simulator.verdicts(&policies, &[question]).await });
    let refusal = *asked.await.unwrap_err().into_panic().downcast::<String>().unwrap();
    assert!(refusal.contains("own has variables"), "{refusal}");
    Ok(())
}

/// A verdict that follows from a page of AWS.
#[derive(Clone)]
struct Known {
    page: &'static str,
    says: &'static str,
    principal: Option<&'static str>,
    identity: Option<Value>,
    boundary: Option<Value>,
    resource: Option<Value>,
    access: Access,
    verdict: Verdict,
}

impl Known {
    /// A role without policies gets an object of a bucket.
    fn new(page: &'static str, says: &'static str, verdict: Verdict) -> Self {
        let access = access("s3:GetObject", OBJECT, &[("aws:PrincipalArn", &[ROLE])]);
        Self { page, says, principal: Some(SESSION), identity: None, boundary: None, resource: None, access, verdict }
    }

    fn asks(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    fn by(mut self, principal: Option<&'static str>) -> Self {
        self.principal = principal;
        self
    }

    fn identity(mut self, statements: Value) -> Self {
        self.identity = Some(policy(statements));
        self
    }

    fn boundary(mut self, statements: Value) -> Self {
        self.boundary = Some(policy(statements));
        self
    }

    fn resource(mut self, statements: Value) -> Self {
        self.resource = Some(policy(statements));
        self
    }
}

fn evaluation() -> Vec<Known> {
    let page = "Policy evaluation logic";
    let across = "Cross-account policy evaluation logic";
    let allow = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"});
    let to_everyone = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": ALL_OBJECTS});
    vec![
        Known::new(page, "by default, all requests are denied", NotAllowed),
        Known::new(page, "an explicit deny overrides an allow", Denied).identity(json!([allow, deny])),
        Known::new(page, "in one account a policy of the resource is enough", Allowed)
            .resource(json!([to_role("s3:GetObject", ALL_OBJECTS)])),
        Known::new(page, "an explicit deny in the policy of the resource overrides an allow", Denied)
            .identity(json!([allow]))
            .resource(json!([
                {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": ALL_OBJECTS}
            ])),
        Known::new(across, "both accounts have to allow", NotAllowed).by(Some(STRANGER)).identity(json!([allow])),
        Known::new(across, "both accounts have to allow", Allowed)
            .by(Some(STRANGER))
            .identity(json!([allow]))
            .resource(json!([to_everyone])),
        Known::new("AWS JSON policy elements: Principal", "anonymous users are part of everyone", Allowed)
            .by(None)
            .asks(access("s3:GetObject", OBJECT, &[]))
            .resource(json!([to_everyone])),
        Known::new("AWS JSON policy elements: Principal", "anonymous users are part of everyone", NotAllowed)
            .by(None)
            .asks(access("s3:PutObject", OBJECT, &[]))
            .resource(json!([to_everyone])),
    ]
}

fn elements() -> Vec<Known> {
    let (action, not_action) = ("IAM JSON policy elements: Action", "IAM JSON policy elements: NotAction");
    let (resource, variables) = ("IAM JSON policy elements: Resource", "IAM policy elements: Variables and tags");
    let on = |resource: &str| json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}]);
    let allow = |name: &str, value: &str| json!([{"Effect": "Allow", name: value, "Resource": "*"}]);
    let all_but = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"},
    ]);
    let own = json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:userid}"}]);
    let of_user = access("s3:GetObject", "arn:aws:s3:::bucket/AROA:me", &[("aws:userid", &["AROA:me"])]);
    let literally = access("s3:GetObject", "arn:aws:s3:::bucket/${aws:userid}", &[("aws:userid", &["AROA:me"])]);
    vec![
        Known::new(action, "prefix and name are not case-sensitive", Allowed).identity(allow("Action", "S3:getobject")),
        Known::new(action, "an asterisk stands for characters of the name", Allowed)
            .identity(allow("Action", "s3:Get*")),
        Known::new(not_action, "with Allow, everything but the listed actions", NotAllowed)
            .identity(allow("NotAction", "s3:GetObject")),
        Known::new(not_action, "with Allow, everything but the listed actions", Allowed)
            .identity(allow("NotAction", "s3:PutObject")),
        Known::new(not_action, "with Deny, everything but the listed actions", Allowed).identity(all_but.clone()),
        Known::new(not_action, "with Deny, everything but the listed actions", Denied)
            .asks(access("s3:PutObject", OBJECT, &[]))
            .identity(all_but),
        Known::new(resource, "an asterisk stands for any characters, slashes too", Allowed)
            .identity(on("arn:aws:s3:::bucket/*.crl")),
        Known::new(resource, "a question mark stands for one character", Allowed)
            .identity(on("arn:aws:s3:::bucket/crl/root/?.crl")),
        Known::new(resource, "a question mark stands for one character", NotAllowed)
            .identity(on("arn:aws:s3:::bucket/crl/root/?.cr")),
        Known::new(resource, "the statement is about the listed resources", NotAllowed)
            .identity(on("arn:aws:s3:::bucket/issuer/*")),
        Known::new(variables, "a variable is replaced by its value", Allowed).asks(of_user).identity(own.clone()),
        Known::new(variables, "a variable is replaced by its value", NotAllowed).asks(literally).identity(own),
    ]
}

fn operators() -> Vec<Known> {
    let page = "IAM JSON policy elements: Condition operators";
    let several = "Conditions with multiple context keys or values";
    let iff = |conditions: Value| json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": conditions}]);
    let from = |agent: &str| access("s3:GetObject", OBJECT, &[("aws:UserAgent", &[agent])]);
    let without = access("s3:GetObject", OBJECT, &[]);
    let equals = iff(json!({"StringEquals": {"aws:UserAgent": "Good"}}));
    let equals_if_exists = iff(json!({"StringEqualsIfExists": {"aws:UserAgent": "Good"}}));
    let differs = iff(json!({"StringNotEquals": {"aws:UserAgent": "bad"}}));
    let either = iff(json!({"StringLike": {"aws:UserAgent": ["one*", "two*"]}}));
    let both = iff(json!({"StringEquals": {"aws:UserAgent": "Good", "aws:PrincipalAccount": "999999999999"}}));
    let role_like = |pattern: &str| iff(json!({"ArnLike": {"aws:PrincipalArn": pattern}}));
    let days = |days: &'static str| {
        access("kms:ScheduleKeyDeletion", KEY, &[("kms:ScheduleKeyDeletionPendingWindowInDays", &[days])])
    };
    let early = json!([
        {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:ScheduleKeyDeletion", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*",
         "Condition": {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}}},
    ]);
    vec![
        Known::new(page, "StringEquals is exact", Allowed).asks(from("Good")).identity(equals.clone()),
        Known::new(page, "StringEquals is case-sensitive", NotAllowed).asks(from("good")).identity(equals.clone()),
        Known::new(page, "a key that is absent does not match", NotAllowed).asks(without.clone()).identity(equals),
        Known::new(page, "…IfExists: a key that is absent matches", Allowed)
            .asks(without.clone())
            .identity(equals_if_exists.clone()),
        Known::new(page, "…IfExists: a key that is there is compared", NotAllowed)
            .asks(from("other"))
            .identity(equals_if_exists),
        Known::new(page, "negated operators match a key that is absent", Allowed).asks(without).identity(differs),
        Known::new(page, "asterisks match in ArnLike, across slashes", Allowed)
            .identity(role_like("arn:aws:iam::123456789012:role/*Role-*")),
        Known::new(page, "each component of an ARN is compared on its own", NotAllowed)
            .identity(role_like("arn:aws:iam::*/acme-FinalizeFunctionRole-1")),
        Known::new(page, "ARNs are case-sensitive", NotAllowed)
            .identity(role_like("arn:aws:iam::123456789012:role/pki/ACME-*")),
        Known::new(page, "numbers are compared as numbers", Denied).asks(days("7")).resource(early.clone()),
        Known::new(page, "numbers are compared as numbers", Allowed).asks(days("30")).resource(early),
        Known::new(several, "values are alternatives", Allowed).asks(from("two-1")).identity(either.clone()),
        Known::new(several, "values are alternatives", NotAllowed).asks(from("three")).identity(either),
        Known::new(several, "all keys have to match", NotAllowed).asks(from("Good")).identity(both),
    ]
}

fn sets() -> Vec<Known> {
    let fine_grained = "Using IAM policy conditions for fine-grained access control, DynamoDB Developer Guide";
    let page = "Set operators for multi-valued context keys";
    let existence = "IAM JSON policy elements: Condition operators, to check existence of condition keys";
    let iff = |conditions: Value| json!([{"Effect": "Allow", "Action": "dynamodb:*", "Resource": TABLE, "Condition": conditions}]);
    let keys = |keys: &[&str]| access("dynamodb:BatchGetItem", TABLE, &[("dynamodb:LeadingKeys", keys)]);
    let none = access("dynamodb:DescribeTable", TABLE, &[]);
    let all = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ORDER#*", "ISSUER"]}});
    let any = json!({"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["ORDER#*"]}});
    let mut there = all.clone();
    there["Null"] = json!({"dynamodb:LeadingKeys": "false"});
    vec![
        Known::new(fine_grained, "all leading keys are among the values", Allowed)
            .asks(keys(&["ORDER#1", "ISSUER"]))
            .identity(iff(all.clone())),
        Known::new(fine_grained, "one leading key is not among the values", NotAllowed)
            .asks(keys(&["ORDER#1", "SECRET#eab"]))
            .identity(iff(all.clone())),
        Known::new(page, "ForAllValues is true if the request has no such key", Allowed)
            .asks(none.clone())
            .identity(iff(all)),
        Known::new(page, "ForAnyValue is false if the request has no such key", NotAllowed)
            .asks(none.clone())
            .identity(iff(any.clone())),
        Known::new(page, "ForAnyValue is true if one value matches", Allowed)
            .asks(keys(&["ORDER#1", "SECRET#eab"]))
            .identity(iff(any)),
        Known::new(existence, "Null: false demands the key", NotAllowed).asks(none).identity(iff(there.clone())),
        Known::new(existence, "Null: false demands the key", Allowed).asks(keys(&["ISSUER"])).identity(iff(there)),
    ]
}

fn keys() -> Vec<Known> {
    let page = "Key policies in AWS KMS, KMS Developer Guide";
    let default = "Default key policy, KMS Developer Guide";
    let sign = || access("kms:Sign", KEY, &[("aws:PrincipalArn", &[ROLE]), ("kms:MessageType", &["DIGEST"])]);
    let may_sign = json!([{"Effect": "Allow", "Action": "kms:Sign", "Resource": KEY}]);
    let to_account = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                            "Action": "kms:*", "Resource": "*"});
    let but_role = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Sign", "Resource": "*",
                          "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/pki/acme-*"}}});
    let administrator = access("kms:Sign", KEY, &[("aws:PrincipalArn", &[ADMINISTRATOR])]);
    vec![
        Known::new(page, "no principal has a right that the key's policy does not give", NotAllowed)
            .asks(sign())
            .identity(may_sign.clone())
            .resource(
                json!([{"Effect": "Allow", "Principal": {"AWS": ADMINISTRATOR}, "Action": "kms:*", "Resource": "*"}]),
            ),
        Known::new(page, "the key's policy is enough", Allowed)
            .asks(sign())
            .resource(json!([to_role("kms:Sign", "*")])),
        Known::new(default, "the account is no principal that signs", NotAllowed)
            .asks(sign())
            .resource(json!([to_account])),
        Known::new(default, "a right for the account enables policies of identities", Allowed)
            .asks(sign())
            .identity(may_sign.clone())
            .resource(json!([to_account])),
        Known::new(default, "administrators of the account are not excepted", Denied)
            .by(Some(ADMINISTRATOR))
            .asks(administrator)
            .identity(json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]))
            .resource(json!([to_account, but_role])),
        Known::new(default, "a right for the account enables policies of identities", Allowed)
            .asks(sign())
            .identity(may_sign)
            .resource(json!([to_account, but_role])),
    ]
}

fn boundaries() -> Vec<Known> {
    let page = "Permissions boundaries for IAM entities";
    let allow = |action: &str| json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]);
    let to_session = json!([{"Effect": "Allow", "Principal": {"AWS": SESSION}, "Action": "s3:GetObject",
                             "Resource": ALL_OBJECTS}]);
    vec![
        Known::new(page, "effective are the rights that both give", Allowed)
            .identity(allow("s3:*"))
            .boundary(allow("s3:GetObject")),
        Known::new(page, "effective are the rights that both give", NotAllowed)
            .identity(allow("s3:*"))
            .boundary(allow("s3:PutObject")),
        Known::new(page, "a boundary does not give rights", NotAllowed).boundary(allow("s3:*")),
        Known::new(page, "an explicit deny in a boundary counts", Denied)
            .identity(allow("s3:*"))
            .boundary(json!([{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}])),
        Known::new(page, "a right for the role's ARN is limited by the boundary", NotAllowed)
            .resource(json!([to_role("s3:GetObject", ALL_OBJECTS)]))
            .boundary(allow("s3:PutObject")),
        Known::new(page, "a right for the session's ARN is not limited by the boundary", Allowed)
            .resource(to_session)
            .boundary(allow("s3:PutObject")),
    ]
}

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn to_role(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": action, "Resource": resource})
}

fn access(action: &str, resource: &str, context: &[(&'static str, &[&str])]) -> Access {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let context = context.iter().map(|(key, of_key)| ((*key).into(), values(of_key)));
    Access { action: action.to_owned(), resource: resource.to_owned(), context: context.collect() }
}

use Verdict::{Allowed, Denied, NotAllowed};

const ACCOUNT: &str = "123456789012";
const ROLE: &str = "arn:aws:iam::123456789012:role/pki/acme-FinalizeFunctionRole-1";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/acme-FinalizeFunctionRole-1/session";
const ADMINISTRATOR: &str = "arn:aws:iam::123456789012:user/administrator";
const STRANGER: &str = "arn:aws:iam::999999999999:user/stranger";
const OBJECT: &str = "arn:aws:s3:::bucket/crl/root/0.crl";
const ALL_OBJECTS: &str = "arn:aws:s3:::bucket/*";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/acme";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

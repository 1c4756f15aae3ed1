//! The keys' own policies: the functions that sign may sign, and no one else in the account may,
//! whatever policies of identities say.

use cloud::{ACCOUNT, Access};
use tests::{Aws, deployed::template::Template};

use crate::{HOST, policies::Policies};

/// The functions that may sign with a key.
const SIGNERS: [(&str, &[&str]); 2] = [
    ("RootKey", &["AdminFunction", "BootstrapFunction"]),
    ("IssuingKey", &["FinalizeFunction", "IssueFunction", "PublishCrlFunction"]),
];

#[tokio::test]
async fn only_the_functions_that_sign_may_use_a_key_whatever_other_roles_are_allowed() {
    let environment = HOST.start().await;
    environment.directory("default").client().await.obtain(&["signed.test"]).await;
    let aws = environment.aws();
    let policies = Policies::read(aws);
    let template = Template::read();
    let others = ["role/Administrator", "user/operator", "role/another-stack-FinalizeFunctionRole-X1"].map(arn);
    let principals: Vec<String> = template.functions().into_keys().map(role_of).chain(others).collect();
    for (key, signers) in SIGNERS {
        let signers: Vec<String> = signers.iter().map(|function| role_of(function)).collect();
        let arn = aws.arn_of(key);
        let calls = aws.cloud().calls();
        let signed: Vec<&Access> = calls
            .iter()
            .flat_map(|call| &call.accesses)
            .filter(|access| access.action == "kms:Sign" && access.resource == arn)
            .collect();
        assert!(!signed.is_empty(), "{key} is in use");
        for principal in &principals {
            for access in &signed {
                let is_signer = signers.contains(principal);
                assert_eq!(may(&policies, key, principal, access), is_signer, "{principal} with {key}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_deleted_after_thirty_days_at_the_earliest() {
    let environment = HOST.start().await;
    let policies = Policies::read(environment.aws());
    for (key, _) in SIGNERS {
        for (days, is_allowed) in [("7", false), ("29", false), ("30", true)] {
            let mut access = Access {
                action: "kms:ScheduleKeyDeletion".to_owned(),
                resource: environment.aws().arn_of(key),
                context: Default::default(),
            };
            access.context.insert("kms:ScheduleKeyDeletionPendingWindowInDays".into(), vec![days.to_owned()]);
            assert_eq!(may(&policies, key, &arn("role/Administrator"), &access), is_allowed, "{days} days, {key}");
        }
    }
}

/// Whether the policy of a key lets a principal do this, if its own policies allow everything.
fn may(policies: &Policies<'_>, key: &str, principal: &str, access: &Access) -> bool {
    let mut access = access.clone();
    // The resource of a key's policy is the key.
    access.resource = "*".to_owned();
    access.context.insert("aws:PrincipalArn".into(), vec![principal.to_owned()]);
    let (allow, deny) = policies.of_key(key);
    let mut deny = deny.iter();
    allow.iter().any(|statement| statement.allows(&access)) && !deny.any(|statement| statement.allows(&access))
}

/// The role that CloudFormation makes for a function of the stack.
fn role_of(function: &str) -> String {
    arn(&format!("role/{}-{function}Role-1ABCDEFGHIJKL", Aws::STACK))
}

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

//! What each alias of the admin function allows.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use admin::Role;
use aws::{Clients, Environment, Function, Invocation, InvocationError};
use cloud::Cloud;
use operator::ExternalAccountSecrets;
use serde_json::{Value, json, value::to_raw_value};

/// What each role may do beside asking.
const ACTS: [(Role, &[&str]); 4] = [
    (
        Role::Enrol,
        &[
            "grant-enrolment",
            "mint-external-account-key",
            "revoke-enrolment",
            "revoke-external-account-key",
            "rotate-external-account-key",
        ],
    ),
    (
        Role::Policy,
        &[
            "apply-profiles",
            "delete-profile",
            "install-issuer",
            "request-issuer",
            "retire-issuer",
            "set-issuer",
            "test-events",
        ],
    ),
    (
        Role::Revoke,
        &[
            "block-key",
            "continue-revocations",
            "declare-incident",
            "end-incident",
            "index-keys",
            "revoke-certificate",
            "revoke-certificates",
            "set-account-status",
        ],
    ),
    (Role::View, &[]),
];

/// What no alias performs, nor the function itself: the root signs it.
const CEREMONIES: [&str; 3] = ["add-issuer", "revoke-issuer", "roll-over-issuer"];

/// What every role may ask.
const QUESTIONS: [&str; 21] = [
    "audit",
    "blocked-keys",
    "ceremony-function",
    "doctor",
    "enrolments",
    "evidence",
    "explain",
    "export-certificate",
    "external-account-keys",
    "find-accounts",
    "find-certificates",
    "incidents",
    "issuer",
    "issuers",
    "list-profiles",
    "list-unbound-accounts",
    "profiles",
    "seals",
    "select-certificates",
    "status",
    "support-bundle",
];

#[tokio::test]
async fn each_alias_performs_the_actions_of_its_role_and_refuses_all_others() {
    let ca = Ca::start().await;
    let all = ca.actions().await;
    let mut known: Vec<&str> =
        ACTS.iter().flat_map(|(_, acts)| *acts).chain(&QUESTIONS).chain(&CEREMONIES).copied().collect();
    known.sort_unstable();
    assert_eq!(all, known, "every action has one role");
    let others = || all.iter().filter(|action| !CEREMONIES.contains(&action.as_str()));
    for (role, acts) in ACTS {
        for action in others() {
            let answer = ca.ask(Some(role.name()), json!({ "action": action })).await;
            let is_refused = answer.as_ref().is_err_and(|reason| reason.contains("does not allow"));
            let is_allowed = acts.contains(&action.as_str()) || QUESTIONS.contains(&action.as_str());
            assert_eq!(is_refused, !is_allowed, "{action} as {role}: {answer:?}");
        }
    }
    for action in others() {
        let answer = ca.ask(None, json!({ "action": action })).await;
        assert!(!answer.is_err_and(|reason| reason.contains("does not allow")), "{action} without an alias");
    }
}

#[tokio::test]
async fn what_the_root_signs_is_refused_with_the_function_that_performs_it() {
    let ca = Ca::start().await;
    for action in CEREMONIES {
        // Before the members are read, so that a request is not mended in vain.
        for alias in Role::ALIASES.map(Role::name).map(Some).into_iter().chain([None]) {
            let refused = ca.ask(alias, json!({ "action": action })).await.unwrap_err();
            let expected =
                format!("`{action}` has the root sign, which only the function {CEREMONY} may; invoke that one for it");
            assert_eq!(refused, expected, "{alias:?}");
        }
    }
    assert_eq!(
        ca.ask(Some("view"), json!({ "action": "ceremony-function" })).await.unwrap(),
        json!({ "function": CEREMONY })
    );
}

#[tokio::test]
async fn an_alias_that_is_no_role_may_do_nothing() {
    let ca = Ca::start().await;
    for alias in ["admin", "ceremony", "View", "12", ""] {
        let refused = ca.ask(Some(alias), json!({ "action": "status" })).await.unwrap_err();
        assert_eq!(refused, format!("there is no role `{alias}`; there are enrol, policy, revoke, view"));
    }
}

#[tokio::test]
async fn the_record_says_which_role_is_proven_and_which_name_is_claimed() {
    let ca = Ca::start().await;
    for (alias, claimed, recorded) in [
        (Some("enrol"), Some("alice"), "alice (as claimed), in the role enrol (proven)"),
        (Some("enrol"), None, "an invoker of the function, in the role enrol (proven)"),
        (None, Some("alice"), "alice (as claimed)"),
        (None, None, "an invoker of the function"),
    ] {
        let mut request = json!({ "action": "mint-external-account-key" });
        if let Some(claimed) = claimed {
            request["actor"] = claimed.into();
        }
        ca.ask(alias, request).await.unwrap();
        let records = ca.ask(Some("view"), json!({ "action": "audit", "limit": 1 })).await.unwrap();
        assert_eq!(records["items"][0]["actor"], recorded);
    }
}

const CEREMONY: &str = "arn:aws:lambda:eu-west-1:123456789012:function:acme-CeremonyFunction-1A2B";

struct Ca {
    function: Invocation,
    _cloud: Cloud,
}

impl Ca {
    async fn start() -> Self {
        let cloud = Cloud::start();
        cloud.create_table("acme");
        let variables = [
            ("TABLE_NAME", "acme"),
            ("PUBLISH_CRL_QUEUE_URL", "https://sqs.test/crl"),
            ("CEREMONY_FUNCTION", CEREMONY),
        ];
        let environment: Environment = variables.into_iter().collect();
        let clients = Clients::new(&cloud.sdk_config("AdminFunction"), &environment).unwrap();
        ExternalAccountSecrets::new(clients.external_account_store(), clients.clock()).ensure().await.unwrap();
        Self { function: admin::lambda::open(&clients).unwrap(), _cloud: cloud }
    }

    async fn ask(&self, alias: Option<&str>, request: Value) -> Result<Value, String> {
        match self.function.invoke_through(alias, &to_raw_value(&request).unwrap()).await {
            Ok(answer) => Ok(serde_json::from_str(answer.get()).unwrap()),
            Err(InvocationError::Failed(reason)) => Err(reason),
            Err(other) => panic!("{other}"),
        }
    }

    /// The names of all actions, as the refusal of another one lists them.
    async fn actions(&self) -> Vec<String> {
        let refused = self.ask(None, json!({ "action": "none" })).await.unwrap_err();
        let (_, names) = refused.split_once("there are ").unwrap();
        let mut names: Vec<String> = names.split(", ").map(str::to_owned).collect();
        names.sort_unstable();
        names
    }
}

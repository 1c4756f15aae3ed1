//! What an operator decides and does: limits, and every action of the admin function.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use store::{LimitWindow, Limits, OperationId};
use tests::{
    Environment,
    client::{Client, Key, certificate_id},
};

use crate::everything::{binding, crl_in_parts, start};

/// Does all of it, with a profile that requires an external account binding.
pub(crate) async fn administers(environment: Environment) -> Environment {
    let environment = environment.restarted(|config| config.acme_profiles[0].limits = limits()).await;
    let act = async |request: Value| {
        let admin = environment.aws().functions().named("AdminFunction");
        admin.invoke(request.clone()).await.unwrap_or_else(|error| panic!("{request}: {error}"))
    };
    let contact = "mailto:operator@example.org";
    let minted = act(json!({"action": "mint-external-account-key", "accounts": null, "scope": [".test"]})).await;
    let stranger = environment.directory("default").stranger().await;
    let request = json!({"contact": [contact], "externalAccountBinding": binding(&stranger, &minted)});
    let account = stranger.new_account(&request).await.expect(201).location();
    let client = stranger.with_kid(&account);
    let issued = client.obtain(&["operator.test"]).await;
    act(incident(Value::Null)).await;
    environment.aws().functions().cool();
    let info = format!("{}/{}", client.url("renewalInfo"), certificate_id(&issued.chain));
    assert_eq!(client.http().get(&info).await.expect(200).json()["explanationURL"], PAGE);
    use_up(&client).await;
    no_more_accounts(&environment, &minted).await;

    let account = account.rsplit('/').next().unwrap();
    let order = issued.certificate.rsplit('/').next().unwrap();
    let certificate = certificate_id(&issued.chain);
    let serial: acme::CertificateId = certificate.parse().unwrap();
    let serial = serial.serial().to_string();
    let spare = Key::p256().thumbprint();
    // No publication is on its way, so `status` and `doctor` read all parts of it.
    environment.settled().await;
    crl_in_parts(&environment).await;
    for request in [
        json!({"action": "status"}),
        json!({"action": "doctor"}),
        json!({"action": "support-bundle"}),
        json!({"action": "profiles"}),
        json!({"action": "list-profiles", "kind": "acmeProfile", "limit": 1}),
        json!({"action": "apply-profiles", "profiles": {"acmeProfile": [{"name": "web", "raProfile": "default"}]}}),
        json!({"action": "delete-profile", "kind": "acmeProfile", "name": "web"}),
        json!({"action": "apply-profiles", "profiles": {"raProfile": [{"name": "spare", "issuer": "issuing"}]}}),
        json!({"action": "delete-profile", "kind": "raProfile", "name": "spare"}),
        json!({"action": "external-account-keys"}),
        json!({"action": "rotate-external-account-key", "id": minted["keyIdentifier"], "overlapDays": 1}),
        json!({"action": "revoke-external-account-key", "id": minted["keyIdentifier"]}),
        json!({"action": "find-accounts", "filter": {"id": account}}),
        json!({"action": "find-accounts", "filter": {"contact": contact}}),
        json!({"action": "find-accounts", "filter": {"key": client.key.thumbprint()}}),
        json!({"action": "find-accounts", "filter": {"formerKey": client.key.thumbprint()}}),
        json!({"action": "list-unbound-accounts", "profile": "default", "limit": 1_000}),
        json!({"action": "set-account-status", "id": account, "status": "revoked"}),
        json!({"action": "find-certificates", "filter": {"id": certificate}}),
        json!({"action": "find-certificates", "filter": {"serial": serial}}),
        json!({"action": "export-certificate", "id": certificate}),
        json!({"action": "evidence", "id": certificate}),
        json!({"action": "seals"}),
        json!({"action": "find-certificates", "filter": {"name": "operator.test"}}),
        json!({"action": "find-certificates", "filter": {"key": client.key.thumbprint()}}),
        json!({"action": "find-certificates", "filter": {"account": account}}),
        json!({"action": "find-certificates", "filter": {"endingWithinDays": 100}}),
        json!({"action": "revoke-certificate", "id": certificate, "reason": 1}),
        json!({"action": "select-certificates", "selection": {"issuer": "issuing"}, "show": 100}),
        json!({"action": "select-certificates", "selection": {"account": account}}),
        json!({"action": "revoke-certificates", "selection": {"name": "operator.test"}, "reason": 1}),
        incident(json!({"reason": 4, "afterHours": 0})),
        json!({"action": "continue-revocations"}),
        json!({"action": "set-issuer", "id": "issuing", "crlBackdate": 60}),
        json!({"action": "enrolments"}),
        json!({"action": "incidents"}),
        json!({"action": "block-key", "key": spare}),
        json!({"action": "blocked-keys"}),
        json!({"action": "explain", "subject": {"order": {"account": account, "order": order}}}),
        json!({"action": "explain", "subject": {"name": {"name": "operator.test"}}}),
        json!({"action": "explain", "subject": {"name": {"name": "operator.test", "profile": "default"}}}),
        json!({"action": "explain", "subject": {"account": account}}),
        json!({"action": "audit"}),
        json!({"action": "audit", "filter": {"action": "eab"}}),
    ] {
        act(request).await;
    }
    let mut incidents = act(json!({"action": "incidents"})).await;
    for _ in 0..SLICES {
        if incidents[1]["revocation"]["finishedAt"].is_string() {
            break;
        }
        act(json!({"action": "continue-revocations"})).await;
        incidents = act(json!({"action": "incidents"})).await;
    }
    assert!(incidents[1]["revocation"]["finishedAt"].is_string(), "{incidents}");
    for incident in incidents.as_array().unwrap() {
        act(json!({"action": "end-incident", "id": incident["id"]})).await;
    }
    environment.settled().await;
    environment
}

/// Does everything that counts towards a limit, until one is reached.
async fn use_up(client: &Client) {
    client.challenges().dns.set_addresses("refused.test", &["169.254.169.254"]);
    let order = client.order(&["refused.test"]).await;
    let (authorization, _) = start(client, &order, "http-01").await;
    client.wait(&authorization, "invalid").await;
    // The limit of certificates is reached, but a renewal is accepted, which the incident asks for.
    let renewed = client.obtain(&["operator.test"]).await;
    // The limit of orders is reached, but a renewal is accepted.
    client.new_order(&["more.test"]).await.refused(429, "rateLimited");
    client.revoke(&renewed, 4).await.expect(200);
    client.obtain(&["operator.test"]).await;
    let request = json!({"identifier": {"type": "dns", "value": "ahead.test"}});
    client.post(client.url("newAuthz"), &request).await.expect(201);
    let rolled = Arc::new(Key::p256());
    client.change_key(&client.rollover(&rolled)).await.expect(200);
    let client = client.with_key(rolled).with_kid(client.account());
    let again = Arc::new(Key::p256());
    client.change_key(&client.rollover(&again)).await.refused(429, "rateLimited");
}

/// Fills all parts of the counter of new accounts.
async fn no_more_accounts(environment: &Environment, minted: &Value) {
    for part in ["", "1", "2"] {
        let window = LimitWindow::containing(Timestamp::now(), A_DAY, format!("default#newAccounts#{part}"));
        let [used] = *environment.store().counted(std::slice::from_ref(&window)).await.unwrap() else { panic!() };
        let operation = OperationId::from_random(authority::random().unwrap());
        environment.store().count(&window, 1_000 - used, 1_000, operation).await.unwrap();
    }
    let stranger = environment.directory("default").stranger().await;
    let request = json!({"externalAccountBinding": binding(&stranger, minted)});
    stranger.new_account(&request).await.refused(429, "rateLimited");
}

/// An incident that concerns all certificates of the directory.
fn incident(revocation: Value) -> Value {
    json!({"action": "declare-incident", "incident": {
        "description": "the wrong policy in certificates",
        "explanationUrl": PAGE,
        "selection": {"profile": "default", "issuer": "issuing"},
        "revocation": revocation,
    }})
}

/// Every limit; those of an account are low.
fn limits() -> Limits {
    let far = json!({"maximum": 1000, "window": A_DAY});
    let near = |maximum: u32| json!({"maximum": maximum, "window": A_DAY});
    let limits = json!({
        // Counted in three parts.
        "newAccounts": near(3_000),
        "newAccountsPerExternalAccountKey": far,
        "newOrders": far,
        "newOrdersPerAccount": near(3),
        "newOrdersPerExternalAccountKey": far,
        "newOrdersPerRegisteredDomain": far,
        "pendingOrdersPerAccount": far,
        "pendingAuthorizationsPerAccount": far,
        "failedValidationsPerAccount": far,
        "certificates": far,
        "certificatesPerAccount": near(1),
        "certificatesPerRegisteredDomain": far,
        "certificatesPerSetOfNames": far,
        "keyChangesPerAccount": near(1),
    });
    serde_json::from_value(limits).unwrap()
}

/// Runs that a revocation of a few certificates takes at most, on the busiest machine.
const SLICES: usize = 20;
const A_DAY: u32 = 24 * 60 * 60;
const PAGE: &str = "https://ca.example/incident";

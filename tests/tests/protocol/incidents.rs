//! Incidents move the renewal information of the certificates that they concern (RFC 9773 §4.2),
//! and revoke these afterwards.

use acme::IncidentId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Incident;
use tests::{
    Environment,
    client::{Client, Issued},
};

use super::{renewal_info::certificate_id, revocation::crl_check};
use crate::HOST;

#[tokio::test]
async fn s18_an_incident_moves_the_windows_of_its_certificates_and_says_why() {
    let ca = start().await;
    let (client, other) = (ca.directory("default").client().await, ca.directory("raProfile/default").client().await);
    let (issued, elsewhere) = (client.obtain(&["a.test"]).await, other.obtain(&["b.test"]).await);
    let now = Timestamp::now();
    let (begin, end) = (now - SignedDuration::from_hours(1), now + SignedDuration::from_hours(1));
    for (selection, concerns_both) in [
        (json!({"profile": "default"}), false),
        (json!({"account": client.account_id()}), false),
        (json!({"name": "a.test"}), false),
        (json!({"issuer": "issuing", "issuedFrom": begin, "issuedUntil": end}), true),
        (json!({"issuedFrom": begin}), true),
    ] {
        let incident = declared(&ca, &selection, Value::Null).await;
        let moved = info(&client, &issued).await;
        assert_eq!(moved["explanationURL"], PAGE, "{selection}");
        assert_eq!(time(&moved, "start"), incident.declared_at);
        assert_eq!(time(&moved, "end"), incident.renew_by, "clients are spread until then");
        let kept = info(&other, &elsewhere).await;
        assert_eq!(kept["explanationURL"] == PAGE, concerns_both, "{selection}");
        assert_eq!(time(&kept, "start") == incident.declared_at, concerns_both, "{selection}");
        ca.act(json!({"action": "end-incident", "id": incident.id})).await.unwrap();
        assert_eq!(info(&client, &issued).await.get("explanationURL"), None, "it is over");
    }
    declared(&ca, &json!({"issuer": "issuing", "issuedUntil": begin}), Value::Null).await;
    assert_eq!(info(&client, &issued).await.get("explanationURL"), None, "it was issued later");
}

#[tokio::test]
async fn s18_the_replacement_of_an_affected_certificate_is_not_affected() {
    let ca = start().await;
    let client = ca.directory("default").client().await;
    let issued = client.obtain(&["a.test"]).await;
    let incident = declared(&ca, &json!({"issuer": "issuing"}), Value::Null).await;
    assert_eq!(time(&info(&client, &issued).await, "end"), incident.renew_by);
    let next = client.obtain(&["a.test"]).await;
    let info = info(&client, &next).await;
    assert_eq!(info.get("explanationURL"), None);
    assert!(time(&info, "start") > incident.renew_by);
}

#[tokio::test]
async fn a_staged_revocation_revokes_exactly_the_certificates_of_its_incident() {
    let ca = start().await;
    let home = ca.directory("default");
    let (client, other) = (home.client().await, ca.directory("raProfile/default").client().await);
    let mut affected = Vec::new();
    for name in ["a.test", "b.test", "c.test"] {
        affected.push(client.obtain(&[name]).await);
    }
    let own = client.obtain(&["own.test"]).await;
    client.revoke(&own, 1).await.expect(200);
    let elsewhere = other.obtain(&["a.test"]).await;
    let later = declared(&ca, &json!({"profile": "default"}), json!({"reason": 4, "afterHours": 24})).await;
    let now = declared(&ca, &json!({"profile": "default"}), json!({"reason": 4, "afterHours": 0})).await;
    let after = client.obtain(&["a.test"]).await;

    let go_on = json!({"action": "continue-revocations"});
    assert_eq!(ca.act(go_on.clone()).await.unwrap(), json!({"more": false}));
    let [waiting, done] = [&later, &now].map(|incident| incident.id);
    let revocation = self::incident(&ca, waiting).await.revocation.unwrap();
    assert_eq!((revocation.revoked, revocation.finished_at), (0, None), "it has not started");
    let revocation = self::incident(&ca, done).await.revocation.unwrap();
    assert_eq!(revocation.revoked, 3, "without the one that its owner revoked for another reason");
    assert!(revocation.finished_at.is_some());
    ca.act(go_on).await.unwrap();
    assert_eq!(self::incident(&ca, done).await.revocation.unwrap(), revocation, "it stays finished");

    ca.settled().await;
    for issued in &affected {
        let refusal = crl_check(&home, issued).await.unwrap_err();
        assert!(refusal.contains("certificate revoked"), "{refusal}");
        let info = info(&client, issued).await;
        assert!(time(&info, "end") < Timestamp::now(), "it has to be replaced at once");
        assert_eq!(info["explanationURL"], PAGE);
    }
    for issued in [&elsewhere, &after] {
        crl_check(&home, issued).await.unwrap();
    }
    let audit = acts_of_operators(&ca).await;
    let acts: Vec<_> = audit.iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["incident revoke", "incident declare", "incident declare"], "newest first");
    assert_eq!(audit[0]["detail"]["certificates"], "3");
}

#[tokio::test]
async fn certificates_are_revoked_by_what_they_have_in_common_and_repeating_it_is_harmless() {
    let ca = start().await;
    let home = ca.directory("default");
    let (client, other) = (home.client().await, home.client().await);
    let (first, second) = (client.obtain(&["a.test", "b.test"]).await, other.obtain(&["a.test"]).await);
    let third = other.obtain(&["c.test"]).await;
    let selection = json!({"name": "a.test"});
    let select = json!({"action": "select-certificates", "selection": selection, "show": 1});
    let found = ca.act(select.clone()).await.unwrap();
    assert_eq!((&found["good"], &found["revoked"], &found["next"]), (&json!(2), &json!(0), &Value::Null));
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "as many as asked for");
    let of_both = json!({"name": "a.test", "account": client.account_id()});
    let found = ca.act(json!({"action": "select-certificates", "selection": of_both})).await.unwrap();
    assert_eq!(found["good"], 1, "all that is said holds");

    let revoke = json!({"action": "revoke-certificates", "selection": selection, "reason": 1});
    let revoked = ca.act(revoke.clone()).await.unwrap();
    assert_eq!(revoked, json!({"revoked": 2, "alreadyRevoked": 0, "next": null}));
    let again = ca.act(revoke).await.unwrap();
    assert_eq!(again, json!({"revoked": 0, "alreadyRevoked": 2, "next": null}));
    ca.settled().await;
    for issued in [&first, &second] {
        assert!(crl_check(&home, issued).await.unwrap_err().contains("certificate revoked"));
    }
    crl_check(&home, &third).await.unwrap();
    let blocked = ca.act(json!({"action": "blocked-keys"})).await.unwrap();
    assert_eq!(blocked["items"].as_array().map(Vec::len), Some(2), "compromised keys are blocked");
    let audit = acts_of_operators(&ca).await;
    assert_eq!(audit.len(), 1, "a revocation of nothing has no audit record");
    assert_eq!((&audit[0]["action"], &audit[0]["subject"]), (&json!("certificates revoke"), &json!("name=a.test")));
}

#[tokio::test]
async fn a_selection_of_something_unknown_is_refused_and_changes_nothing() {
    let ca = start().await;
    let unknown = "0".repeat(26);
    for (selection, expected) in [
        (json!({}), "the selection is empty"),
        (json!({"issuer": "isuing"}), "there is no issuer `isuing`"),
        (json!({"issuer": "root"}), "there is no issuer `root` for certificates"),
        (json!({"profile": "defualt"}), "there is no profile `defualt`"),
        (json!({"account": unknown}), "there is no account"),
        (json!({"name": "a b"}), "neither a DNS name nor an address"),
        (
            json!({"issuedFrom": "2026-01-02T00:00:00Z", "issuedUntil": "2026-01-01T00:00:00Z"}),
            "issuedFrom should be earlier",
        ),
        (json!({"issuers": "issuing"}), "unknown field `issuers`"),
    ] {
        let incident = json!({"description": "x", "selection": selection});
        for request in [
            json!({"action": "select-certificates", "selection": selection}),
            json!({"action": "revoke-certificates", "selection": selection, "reason": 0}),
            json!({"action": "declare-incident", "incident": incident}),
        ] {
            let refusal = ca.act(request.clone()).await.unwrap_err();
            assert!(refusal.contains(expected), "{request}: {refusal}");
        }
    }
    let good = json!({"description": "x", "selection": {"issuer": "issuing"}});
    for (member, value, expected) in [
        ("description", json!(""), "description should be"),
        ("description", json!("a\nb"), "description should be"),
        ("description", json!("x".repeat(501)), "description should be"),
        ("explanationUrl", json!("javascript:alert(1)"), "explanationUrl should be"),
        ("renewWithinHours", json!(0), "hours should be"),
        ("renewWithinHours", json!(721), "hours should be"),
        ("revocation", json!({"reason": 4, "afterHours": 721}), "hours should be"),
        ("revocation", json!({"reason": 2}), "reason"),
    ] {
        let mut incident = good.clone();
        incident[member] = value;
        let refusal = ca.act(json!({"action": "declare-incident", "incident": incident})).await.unwrap_err();
        assert!(refusal.contains(expected), "{incident}: {refusal}");
    }
    assert_eq!(ca.act(json!({"action": "incidents"})).await.unwrap(), json!([]));
    assert_eq!(acts_of_operators(&ca).await, [Value::Null; 0]);
    ca.act(json!({"action": "end-incident", "id": unknown})).await.unwrap_err();
}

/// With an issuer that expires soon, because the search goes through the days until then.
async fn start() -> Environment {
    HOST.configured(|config| config.ca.issuing_days = 120).await
}

/// Declares an incident for 48 hours.
async fn declared(ca: &Environment, selection: &Value, revocation: Value) -> Incident {
    let incident = json!({
        "description": "the wrong policy in certificates",
        "explanationUrl": PAGE,
        "selection": selection,
        "renewWithinHours": 48,
        "revocation": revocation,
    });
    let incident = ca.act(json!({"action": "declare-incident", "incident": incident})).await.unwrap();
    serde_json::from_value(incident).unwrap()
}

async fn incident(ca: &Environment, id: IncidentId) -> Incident {
    let incidents = ca.act(json!({"action": "incidents"})).await.unwrap();
    let incidents: Vec<Incident> = serde_json::from_value(incidents).unwrap();
    incidents.into_iter().find(|incident| incident.id == id).unwrap()
}

/// The audit records, newest first, without those of the start.
async fn acts_of_operators(ca: &Environment) -> Vec<Value> {
    let mut audit = ca.act(json!({"action": "audit"})).await.unwrap();
    let mut acts = std::mem::take(audit["items"].as_array_mut().unwrap());
    // Both hosts make or apply profiles when they start.
    acts.retain(|act| act["actor"] != "the configuration file" && act["actor"] != "bootstrap");
    acts
}

async fn info(client: &Client, issued: &Issued) -> Value {
    let url = format!("{}/{}", client.url("renewalInfo"), certificate_id(issued));
    client.http().get(&url).await.expect(200).json()
}

fn time(info: &Value, member: &str) -> Timestamp {
    info["suggestedWindow"][member].as_str().unwrap().parse().unwrap()
}

const PAGE: &str = "https://ca.example/incidents/1";

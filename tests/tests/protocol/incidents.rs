//! Incidents move the renewal information of what they concern (RFC 9773 §4.2).

use acme::{DirectoryId, IncidentId};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Affected, Incident, OperationId, Versioned};
use tests::{
    Environment,
    client::{Client, Issued},
};

use super::renewal_info::certificate_id;
use crate::HOST;

#[tokio::test]
async fn s18_an_incident_moves_the_windows_of_what_it_concerns_and_says_why() {
    let environment = HOST.start().await;
    let (client, other) =
        (environment.directory("default").client().await, environment.directory("raProfile/default").client().await);
    let (issued, elsewhere) = (client.obtain(&["a.test"]).await, other.obtain(&["a.test"]).await);
    let directory: DirectoryId = "default".parse().unwrap();
    let incident = declared(&environment, Affected { directory: Some(directory), ..Affected::default() }).await;

    let info = info(&client, &issued).await;
    assert_eq!(info["explanationURL"], PAGE);
    assert_eq!(time(&info, "start"), incident.declared_at);
    assert_eq!(time(&info, "end"), incident.renew_by, "clients are spread until then");
    let info = self::info(&other, &elsewhere).await;
    assert_eq!(info.get("explanationURL"), None);
    assert!(time(&info, "start") > incident.renew_by, "as ever");

    let ended = Incident { ended_at: Some(Timestamp::now()), ..incident.value.clone() };
    let ended = Versioned::new(ended, OperationId::from_random([2; 16]));
    environment.store().put_incident(Some(incident.version), &ended).await.unwrap();
    let environment = environment.restarted(|_| {}).await;
    let client = environment.directory("default").stranger().await;
    assert_eq!(self::info(&client, &issued).await.get("explanationURL"), None, "it is over");
}

async fn declared(ca: &Environment, affected: Affected) -> Versioned<Incident> {
    let now = acme::whole_seconds(Timestamp::now());
    let incident = Incident {
        id: IncidentId::new(now, [1; 10]),
        declared_at: now,
        declared_by: "tests".to_owned(),
        description: "the wrong policy in certificates".to_owned(),
        explanation_url: Some(PAGE.to_owned()),
        affected,
        renew_by: now + SignedDuration::from_hours(48),
        revocation: None,
        ended_at: None,
    };
    let incident = Versioned::new(incident, OperationId::from_random([1; 16]));
    ca.store().put_incident(None, &incident).await.unwrap();
    incident
}

async fn info(client: &Client, issued: &Issued) -> Value {
    let url = format!("{}/{}", client.url("renewalInfo"), certificate_id(issued));
    client.http().get(&url).await.expect(200).json()
}

fn time(info: &Value, member: &str) -> Timestamp {
    info["suggestedWindow"][member].as_str().unwrap().parse().unwrap()
}

const PAGE: &str = "https://ca.example/incidents/1";

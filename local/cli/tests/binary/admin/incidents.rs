//! `admin incidents`, and `admin certificates revoke` for several certificates.

use std::process::Output;

use super::{admin, json, text};
use crate::{
    acme::Client,
    process::{Server, refusal},
};

#[tokio::test]
async fn many_certificates_are_counted_first_and_revoked_after_consent() {
    let server = Server::start(&["--always-valid"]).await;
    let data = server.data();
    let client = Client::register(&server).await;
    for name in ["a.test", "b.test"] {
        client.obtain(name, None).await;
    }
    let account = client.account.id().rsplit('/').next().unwrap();
    let of_account = ["certificates", "revoke", "--account", account, "--reason", "superseded"];
    let dry = json(&data, &[&of_account[..], &["--dry-run"]].concat()).await;
    assert_eq!((&dry["certificates"], &dry["alreadyRevoked"]), (&json!(2), &json!(0)));
    assert_eq!(dry["items"].as_array().map(Vec::len), Some(2));
    let shown = text(&data, &[&of_account[..], &["--dry-run"]].concat()).await;
    assert!(shown.contains("a.test") && shown.contains("2 certificates; already revoked: 0"), "{shown}");
    assert_not_confirmed(admin(&data, &of_account).await);
    let revoked = json(&data, &[&of_account[..], &["--yes"]].concat()).await;
    assert_eq!(revoked, json!({"revoked": 2, "alreadyRevoked": 0}));
    let again = text(&data, &of_account).await;
    assert_eq!(again, "0 certificates revoked; already revoked: 2\n", "what does nothing needs no consent");
    let found = json(&data, &["certificates", "find", "--name", "a.test"]).await;
    assert_eq!(found["items"][0]["reason"], 4);
    for wrong in [&["certificates", "revoke"][..], &["certificates", "revoke", "x", "--name", "a.test"]] {
        assert_eq!(admin(&data, wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let message = refusal(admin(&data, &["certificates", "revoke", "--profile", "none", "--yes"]).await);
    assert!(message.contains("there is no profile `none`"), "{message}");
}

#[tokio::test]
async fn an_incident_is_declared_shown_followed_and_ended() {
    let server = Server::start(&["--always-valid"]).await;
    let data = server.data();
    let client = Client::register(&server).await;
    client.obtain("a.test", None).await;
    let declare = ["incidents", "declare", "--profile", "default", "--description", "wrong policy"];
    let dry = json(&data, &[&declare[..], &["--dry-run"]].concat()).await;
    assert_eq!(dry["certificates"], 1);
    assert_eq!(text(&data, &["incidents", "list"]).await, "none\n", "nothing is declared yet");
    assert_not_confirmed(admin(&data, &declare).await);

    let url = "https://ca.example/1";
    let with = ["--yes", "--url", url, "--renew-within", "36h", "--revoke", "superseded", "--revoke-after", "0h"];
    let incident = json(&data, &[&declare[..], &with[..]].concat()).await;
    assert_eq!((&incident["counted"], &incident["explanationUrl"]), (&json!(1), &json!(url)));
    let id = incident["id"].as_str().unwrap();
    assert!(text(&data, &["incidents", "show", id]).await.contains("starts at"));
    let after = text(&data, &["incidents", "continue"]).await;
    assert!(after.contains("1 revoked, finished"), "{after}");
    let watched = text(&data, &["incidents", "show", id, "--watch"]).await;
    assert!(watched.contains("1 revoked, finished") && watched.contains("wrong policy"), "{watched}");
    let ended = json(&data, &["incidents", "end", id]).await;
    assert!(ended["endedAt"].is_string());

    let waiting = json(&data, &[&declare[..], &["--yes", "--revoke", "superseded"]].concat()).await;
    let id = waiting["id"].as_str().unwrap();
    // Its revocation has not finished.
    assert_not_confirmed(admin(&data, &["incidents", "end", id]).await);
    text(&data, &["incidents", "end", id, "--yes"]).await;
    let message = refusal(admin(&data, &["incidents", "show", &"0".repeat(26)]).await);
    assert!(message.contains("there is no incident"), "{message}");
    for wrong in [&["incidents", "declare", "--profile", "a"][..], &[&declare[..], &["--renew-within", "5m"]].concat()]
    {
        assert_eq!(admin(&data, wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    for command in ["declare", "list", "show", "end", "continue"] {
        assert!(text(&data, &["incidents", command, "--help"]).await.contains("Example"), "{command}");
    }
}

/// The affected certificates are shown, and nothing is changed.
fn assert_not_confirmed(output: Output) {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nothing was changed") && said.contains("use --yes to skip it"), "{said}");
    assert!(output.stdout.is_empty());
}

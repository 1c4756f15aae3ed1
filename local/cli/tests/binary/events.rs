//! The webhook: deliveries, retries, and requests that do not wait for them.

use std::{collections::HashSet, fs, path::Path};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    acme::{self, Client},
    process::{Server, command, finish, program, refusal},
    receiver::{Delivery, Receiver, ReceiverAnswer},
    site::Site,
};

/// The secret that the host created.
fn secret(data: &Path) -> Vec<u8> {
    let text = fs::read_to_string(data.join("webhook.secret")).unwrap();
    STANDARD.decode(text.trim().strip_prefix("whsec_").unwrap()).unwrap()
}

/// Verifies a delivery as described in docs/events.md.
#[track_caller]
fn verified(delivery: &Delivery, secret: &[u8]) -> Value {
    let header = |name: &str| delivery.headers.get(name).unwrap().to_str().unwrap().to_owned();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let signed = [format!("{id}.{timestamp}.").as_bytes(), &delivery.body].concat();
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &signed, &signature).expect("a good signature");
    assert_eq!(header("content-type"), "application/json");
    let event: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(event["id"], id);
    event
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn admin(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output = finish(program().args(["admin", "--data"]).arg(data).args(arguments)).await;
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Orders a certificate, whose validation fails or not.
async fn issue(server: &Server, name: &str) -> Client {
    let client = Client::register(server).await;
    client.obtain(name, None).await;
    client
}

#[tokio::test]
async fn sl11_an_event_of_the_ca_overtakes_those_of_anyone_that_are_not_delivered() {
    let receiver = Receiver::plain(ReceiverAnswer::Status(200)).await;
    let server = Server::start(&["--webhook-url", &receiver.url()]).await;
    for _ in 0..2 {
        assert_eq!(receiver.next().await.json()["type"], "profile.changed");
    }
    receiver.answer(ReceiverAnswer::Status(500));
    Client::register(&server).await;
    Client::register(&server).await;
    assert_eq!(receiver.next().await.json()["type"], "account.created");
    assert_eq!(admin(&server.data(), &["events", "test"]).await.0, 0);
    receiver.answer(ReceiverAnswer::Status(200));
    let mut overtaken = HashSet::new();
    loop {
        let event = receiver.next().await.json();
        if event["type"] == "test" {
            break;
        }
        overtaken.insert(event["id"].to_string());
    }
    assert!(overtaken.len() <= 1, "only one of them was tried before: {overtaken:?}");
}

#[tokio::test]
async fn events_arrive_signed_and_in_order() {
    let receiver = Receiver::plain(ReceiverAnswer::Status(200)).await;
    let server = Server::start(&["--webhook-url", &receiver.url(), "--always-valid"]).await;
    let client = Client::register(&server).await;
    let secret = secret(&server.data());
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(verified(&receiver.next().await, &secret));
    }
    client.obtain("a.test", None).await;
    events.push(verified(&receiver.next().await, &secret));
    let first = ["profile.changed", "profile.changed"];
    assert_eq!(types(&events), [&first[..], &["account.created", "certificate.issued"]].concat());
    assert_eq!(
        (&events[0]["profile"], &events[0]["actor"]),
        (&json!("acmeProfile.default"), &json!("the start of the host"))
    );
    assert_eq!(events[3]["names"], json!(["a.test"]));

    let (status, said) = admin(&server.data(), &["events", "test"]).await;
    assert_eq!(status, 0);
    assert!(said.contains(&format!("on its way to http://127.0.0.1:{}", receiver.port())), "{said}");
    let event = verified(&receiver.next().await, &secret);
    assert_eq!(event["type"], "test");
    let (_, audit) = admin(&server.data(), &["audit", "list"]).await;
    assert!(audit.contains("events test"), "{audit}");
}

#[tokio::test]
async fn each_event_is_a_line_of_the_log_at_every_level() {
    let server = Server::start(&["--always-valid", "--log-level", "error"]).await;
    issue(&server, "a.test").await;
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    let expected = vec!["profile.changed", "profile.changed", "account.created", "certificate.issued"];
    assert_eq!((events, lines.len()), (expected, 4), "{log}");
    let document: Value = serde_json::from_str(lines[3]["document"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&document["type"], &lines[3]["message"]),
        (&json!("certificate.issued"), &json!("a certificate is issued"))
    );
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_and_what_comes_later_waits_behind_it() {
    let receiver = Receiver::plain(ReceiverAnswer::Status(500)).await;
    let server = Server::start(&["--webhook-url", &receiver.url(), "--always-valid"]).await;
    issue(&server, "a.test").await;
    let first = receiver.next().await;
    let (_, doctor) = admin(&server.data(), &["doctor"]).await;
    assert!(doctor.contains("BAD   webhook http://127.0.0.1:"), "{doctor}");
    assert!(doctor.contains("4 events are waiting: the receiver answered 500"), "{doctor}");
    receiver.answer(ReceiverAnswer::Status(200));
    let secret = secret(&server.data());
    let again = receiver.next().await;
    let mut events = vec![verified(&again, &secret)];
    for _ in 0..3 {
        events.push(verified(&receiver.next().await, &secret));
    }
    assert_eq!(again.headers["webhook-id"], first.headers["webhook-id"], "the same event, with the same id");
    let order = ["profile.changed", "profile.changed", "certificate.issued", "account.created"];
    assert_eq!(types(&events), order, "those that anyone can cause come last");
    receiver.settled(&server).await;
    let (_, doctor) = admin(&server.data(), &["doctor"]).await;
    assert!(doctor.contains("deliveries succeed, 0 events are waiting"), "{doctor}");
}

#[tokio::test]
async fn issuing_goes_on_while_the_webhook_hangs_or_is_down() {
    let receiver = Receiver::plain(ReceiverAnswer::Never).await;
    let server = Server::start(&["--webhook-url", &receiver.url(), "--always-valid"]).await;
    let client = Client::register(&server).await;
    // The first delivery has started, and is not answered before all of this is done.
    receiver.next().await;
    for name in ["a.test", "b.test", "c.test"] {
        client.obtain(name, None).await;
    }
    assert_eq!(receiver.deliveries(), 1, "no other delivery has begun");
    drop(receiver);
    client.obtain("d.test", None).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::plain(ReceiverAnswer::Status(200)).await;
    let receiver = Receiver::plain(ReceiverAnswer::Redirect(elsewhere.url())).await;
    let server = Server::start(&["--webhook-url", &receiver.url()]).await;
    Client::register(&server).await;
    receiver.next().await;
    receiver.next().await;
    assert_eq!(elsewhere.deliveries(), 0);
    let (_, doctor) = admin(&server.data(), &["doctor"]).await;
    assert!(doctor.contains("the receiver answered 307 Temporary Redirect"), "{doctor}");
}

#[tokio::test]
async fn threat_13_addresses_that_validation_may_not_reach_are_not_reached() {
    let receiver = Receiver::plain(ReceiverAnswer::Status(200)).await;
    let local = receiver.url();
    for (url, networks, reason) in [
        ("https://169.254.169.254/latest", "0.0.0.0/0", "169.254.0.0/16"),
        ("https://[::ffff:169.254.169.254]/", "::/0", "never contacted"),
        ("https://[64:ff9b::a9fe:a9fe]/", "::/0", "never contacted"),
        (local.as_str(), "10.0.0.0/8", "127.0.0.0/8"),
    ] {
        let server = Server::start(&["--webhook-url", url, "--webhook-networks", networks]).await;
        Client::register(&server).await;
        server.logged("an event is not delivered").await;
        let (status, doctor) = admin(&server.data(), &["doctor"]).await;
        assert_eq!(status, 1);
        assert!(doctor.contains("Not connecting to ") && doctor.contains(reason), "{url}: {doctor}");
    }
    assert_eq!(receiver.deliveries(), 0);
}

#[tokio::test]
async fn over_tls_the_receiver_must_have_a_certificate_that_is_trusted() {
    let receiver = Receiver::tls(ReceiverAnswer::Status(200)).await;
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, receiver.certificate()).unwrap();

    let server = Server::start(&["--webhook-url", &receiver.url()]).await;
    Client::register(&server).await;
    server.logged("invalid peer certificate").await;
    assert_eq!(receiver.deliveries(), 0);
    server.signal("TERM").await;
    let (_, data) = server.ended().await;

    let arguments = ["--webhook-url", &receiver.url(), "--webhook-ca-file", ca.to_str().unwrap()];
    let server = Server::start_in(data, &arguments).await;
    let event = verified(&receiver.next().await, &secret(&server.data()));
    assert_eq!(event["type"], "profile.changed", "it waited in the spool");
}

#[tokio::test]
async fn what_was_answered_before_a_kill_is_delivered_after_it() {
    let receiver = Receiver::plain(ReceiverAnswer::Never).await;
    let server = Server::start(&["--webhook-url", &receiver.url(), "--always-valid"]).await;
    let client = issue(&server, "a.test").await;
    receiver.next().await;
    server.signal("KILL").await;
    let (_, folder) = server.ended().await;

    // Without a host, events of operators' actions wait for one too.
    let data = folder.path().join("data");
    let account = client.account.id().rsplit('/').next().unwrap().to_owned();
    assert_eq!(admin(&data, &["accounts", "disable", &account]).await.0, 0);

    let again = Receiver::plain(ReceiverAnswer::Status(200)).await;
    let server = Server::start_in(folder, &["--webhook-url", &again.url()]).await;
    let secret = secret(&server.data());
    let mut events = Vec::new();
    for _ in 0..5 {
        events.push(verified(&again.next().await, &secret));
    }
    let first = ["profile.changed", "profile.changed"];
    let later = ["certificate.issued", "account.disabled", "account.created"];
    assert_eq!(types(&events), [&first[..], &later].concat());
    again.settled(&server).await;
    server.signal("TERM").await;
    let (_, folder) = server.ended().await;
    let server = Server::start_in(folder, &["--webhook-url", &again.url()]).await;
    Client::register(&server).await;
    assert_eq!(verified(&again.next().await, &secret)["type"], "account.created", "nothing of before comes again");
}

#[tokio::test]
async fn a_webhook_that_cannot_work_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (short, empty) = (file("short", "whsec_YQ=="), file("empty", ""));
    for (arguments, expected) in [
        (vec!["--webhook-url", "https://hooks.example/", "--webhook-secret-file", &short], "whsec_ and base64"),
        (vec!["--webhook-url", "https://hooks.example/", "--webhook-ca-file", &empty], "it holds no certificate"),
    ] {
        let data = folder.path().join("data");
        let message = refusal(finish(command(&data).args(arguments)).await);
        assert!(message.contains(expected), "{message}");
    }
    let plain = finish(command(&folder.path().join("data")).args(["--webhook-url", "http://hooks.example/"])).await;
    assert_eq!(plain.status.code(), Some(2));
    assert!(String::from_utf8(plain.stderr).unwrap().contains("or http:// with a loopback host"));
}

#[tokio::test]
async fn a_site_that_answers_wrongly_is_reported_as_a_failed_validation() {
    let receiver = Receiver::plain(ReceiverAnswer::Status(204)).await;
    let site = Site::start().await;
    let server = Server::start(&["--webhook-url", &receiver.url(), "--http-port", &site.port.to_string()]).await;
    let client = Client::register(&server).await;
    let mut order = client.order("localhost").await;
    acme::begin(&mut order, None).await;
    // Two profiles and an account.
    for _ in 0..3 {
        receiver.next().await;
    }
    let event = verified(&receiver.next().await, &secret(&server.data()));
    assert_eq!((&event["type"], &event["names"]), (&json!("validation.failed"), &json!(["localhost"])));
}

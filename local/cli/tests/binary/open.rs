//! A CA that others can reach is closed until its operator opens it, and the switches for testing
//! clients do not slip into it.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::{
    acme::Client,
    admin::{admin, file, json, text},
    http,
    process::{Server, command, finish, refusal},
};

const BOUND: &str = "[[acmeProfile]]\nname = \"team\"\nraProfile = \"team\"\nexternalAccountRequired = true\n\
                     [[raProfile]]\nname = \"team\"\nissuer = \"issuing\"\n";

/// Arguments with which others reach the CA; the last of the same kind counts.
const REACHED: [&[&str]; 4] = [
    &["--base-url", "https://ca.test/api"],
    &["--base-url", "https://192.0.2.1:14000/api"],
    &["--base-url", "https://localhost.test/api"],
    &["--trusted-proxies", "127.0.0.1"],
];

async fn refused(data: &Path, arguments: &[&str]) -> String {
    refusal(finish(command(data).args(arguments)).await)
}

#[tokio::test]
async fn n14_a_reachable_ca_starts_only_closed_or_with_the_word_that_opens_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let bound = file(folder.path(), BOUND);
    let open = folder.path().join("open.toml");
    fs::write(&open, BOUND.replace("true", "false")).unwrap();
    for reached in REACHED {
        for more in [&[][..], &["--open=false"], &["--config", open.to_str().unwrap()]] {
            let message = refused(&data, &[reached, more].concat()).await;
            for part in
                ["anyone could register", reached[1], "--open", "SERVERLESS_ACME_OPEN", "externalAccountRequired"]
            {
                assert!(message.contains(part), "{part}\n{message}");
            }
            assert!(!data.exists(), "nothing was begun");
        }
        for more in [&["--config", &bound][..], &["--open"]] {
            let server = Server::start(&[reached, more].concat()).await;
            assert_eq!(server.banner["open"], more == ["--open"]);
        }
    }
    let everywhere = |data: &Path| {
        let mut command = crate::process::program();
        command.args(["serve", "--log", "json", "--listen", "0.0.0.0:0", "--status-listen", "127.0.0.1:0", "--data"]);
        command.arg(data);
        command
    };
    let message = refusal(finish(&mut everywhere(&data)).await);
    assert!(message.contains("it listens on 0.0.0.0:0 (--listen)"), "{message}");
    // In a container, the word is a variable.
    let server = Server::spawn(folder, everywhere(&data).env("SERVERLESS_ACME_OPEN", "true")).await;
    assert_eq!(server.banner["open"], true);
}

#[tokio::test]
async fn n12_a_ca_that_was_opened_begins_with_rates_and_one_on_this_machine_with_bounds() {
    for (arguments, has_rates) in [(&["--base-url", "https://ca.test/api", "--open"][..], true), (&[], false)] {
        let server = Server::start(arguments).await;
        let profiles = json(&server.data(), &["profiles", "show"]).await;
        let limits = &profiles["acmeProfile"][0]["limits"];
        assert_eq!(limits.get("newOrdersPerAccount").is_some(), has_rates, "{limits}");
        assert!(limits.get("pendingAuthorizationsPerAccount").is_some(), "{limits}");
    }
}

#[tokio::test]
async fn n14_on_this_machine_a_first_start_needs_no_word() {
    for local in [&[][..], &["--base-url", "https://localhost/api"], &["--base-url", "https://ca.localhost/api"]] {
        let server = Server::start(local).await;
        assert_eq!(server.banner["open"], false);
        if local.is_empty() {
            Client::register(&server).await;
        }
        let said = text(&server.data(), &["doctor"]).await;
        assert!(said.contains("anyone may register in default, which only this machine reaches"), "{said}");
    }
}

#[tokio::test]
async fn n14_a_ca_that_becomes_reachable_is_refused_with_the_open_profile_that_it_has() {
    let server = Server::start(&[]).await;
    server.signal("TERM").await;
    let folder = server.ended().await.1;
    let data = folder.path().join("data");
    let reached = REACHED[0];
    let message = refused(&data, reached).await;
    assert!(message.contains("ACME Profile default"), "{message}");
    // A closed profile beside it ends it, as at every start.
    let bound = file(folder.path(), BOUND);
    let server = Server::start_in(folder, &[reached, &["--config", &bound]].concat()).await;
    assert_eq!(server.banner["directories"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn n14_nothing_that_is_applied_opens_a_reachable_ca() {
    let folder = TempDir::new().unwrap();
    let bound = file(folder.path(), BOUND);
    let server = Server::start_in(folder, &["--base-url", "https://ca.test/api", "--config", &bound]).await;
    let data = server.data();
    let open = server.folder.path().join("open.toml");
    for (text, why) in [
        ("[[acmeProfile]]\nname = \"team\"\nexternalAccountRequired = false\n", "an edit"),
        ("[[acmeProfile]]\nname = \"other\"\nraProfile = \"team\"\n", "a new one"),
    ] {
        fs::write(&open, text).unwrap();
        let said = admin(&data, &["apply", "--yes", open.to_str().unwrap()]).await;
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(said.contains("anyone could register") && said.contains("--open"), "{why}: {said}");
    }
    // A disabled one is not open; enabling it is refused.
    fs::write(&open, "[[acmeProfile]]\nname = \"other\"\nraProfile = \"team\"\nenabled = false\n").unwrap();
    text(&data, &["apply", "--yes", open.to_str().unwrap()]).await;
    assert!(!admin(&data, &["profiles", "enable", "acme", "other"]).await.status.success());
    let said = text(&data, &["doctor"]).await;
    assert!(said.contains("every directory demands an external account"), "{said}");
    assert_eq!(http::get(&server, server.directory()).await.json()["meta"]["externalAccountRequired"], true);
}

#[tokio::test]
async fn an_opened_ca_says_so_wherever_an_operator_looks() {
    let server = Server::start(&["--open", "--base-url", "https://ca.test/api"]).await;
    let findings = json(&server.data(), &["doctor"]).await;
    let finding = findings.as_array().unwrap().iter().find(|f| f["check"] == "registration of strangers").unwrap();
    assert_eq!(finding["verdict"], "warning");
    assert!(finding["seen"].as_str().unwrap().contains("this CA was opened"), "{finding}");
}

#[tokio::test]
async fn threat_31_test_switches_beside_a_real_configuration_need_a_second_word() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let bound = file(folder.path(), BOUND);
    let own = folder.path().join("own.toml");
    fs::write(&own, BOUND.replace("true", "false")).unwrap();
    let real: [&[&str]; 3] =
        [&["--open", "--base-url", "https://ca.test/api"], &["--config", &bound], &["--config", own.to_str().unwrap()]];
    let switches: [(&[&str], &str); 4] = [
        (&["--always-valid"], "alwaysValid"),
        (&["--nonce-refusals", "1"], "nonceRefusals"),
        (&["--validation-delay", "0.1"], "validationDelay"),
        (&["--orders-per-page", "2"], "ordersPerPage"),
    ];
    for real in real {
        for (switch, key) in switches {
            let message = refused(&data, &[real, switch].concat()).await;
            assert!(message.contains(key) && message.contains("--allow-test-switches"), "{message}");
            assert!(!data.exists(), "nothing was begun");
        }
        let all: Vec<&str> = switches.iter().flat_map(|(switch, _)| switch.iter().copied()).collect();
        let server = Server::start(&[real, &all, &["--allow-test-switches"]].concat()).await;
        assert_eq!(server.banner["testSwitches"].as_array().unwrap().len(), 4);
    }
    // What an operator applied counts like what the file says.
    let server = Server::start(&[]).await;
    text(&server.data(), &["apply", "--yes", &bound]).await;
    server.signal("TERM").await;
    let folder = server.ended().await.1;
    let message = refused(&folder.path().join("data"), &["--always-valid"]).await;
    assert!(message.contains("team, which requires external accounts"), "{message}");
}

#[tokio::test]
async fn threat_31_a_test_switch_is_seen_at_the_start_by_doctor_and_in_what_it_let_through() {
    let server = Server::start(&["--always-valid"]).await;
    let client = Client::register(&server).await;
    let (order, _) = client.obtain("no-such-host.test", None).await;
    let data = server.data();
    let log = server.log();
    assert!(log.contains("a test switch is on") && log.contains("a test switch let it through"), "{log}");
    assert!(!log.contains("the identifier was validated"), "{log}");

    let doctor = admin(&data, &["doctor"]).await;
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert_eq!(doctor.status.code(), Some(1), "{said}");
    assert!(said.contains("BAD   test switch alwaysValid: on: no challenge is validated"), "{said}");

    let explained = json(&data, &["explain", "--account", client.account.id(), "--order", order.url()]).await;
    let timeline = explained["timeline"].to_string();
    assert!(timeline.contains("NOT validated: a test switch let it through"), "{timeline}");
    let authorization = &explained["records"]["authorizations"][0];
    assert_eq!(authorization["evidence"]["observations"][0]["testSwitch"], true, "{authorization}");
}

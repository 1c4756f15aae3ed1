//! `serverless-acme admin issuers`: keys are created in the data folder and found again.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use crate::{
    acme::Client,
    admin::{admin, at_rest, file, json, text},
    process::{Server, command, finish, refusal},
};

#[tokio::test]
async fn an_added_issuer_signs_at_once_and_after_a_restart_with_the_key_that_was_made() {
    let server = Server::start(&["--always-valid"]).await;
    let data = server.data();
    let added =
        text(&data, &["issuers", "add", "internal", "--name", "Example Internal CA", "--key-type", "P-384"]).await;
    for part in ["state        active", "CN=Example Internal CA", "P-384", "issuer = \"internal\""] {
        assert!(added.contains(part), "{part}\n{added}");
    }
    let key = data.join("internal.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let made = fs::read(&key).unwrap();
    let set = "[[raProfile]]\nname = \"default\"\nissuer = \"internal\"\n";
    text(&data, &["apply", "--yes", &file(server.folder.path(), set)]).await;
    Client::register(&server).await.obtain("www.test", None).await;

    let server = server.restarted("TERM", &["--always-valid"]).await;
    assert_eq!(fs::read(&key).unwrap(), made);
    Client::register(&server).await.obtain("www.test", None).await;
    let found = json(&data, &["certificates", "find", "--name", "www.test"]).await;
    let issuers: Vec<_> = found["items"].as_array().unwrap().iter().map(|found| found["issuer"].clone()).collect();
    assert_eq!(issuers, ["internal", "internal"]);
    let shown = json(&data, &["issuers", "show", "internal"]).await;
    assert_eq!((&shown["raProfiles"], &shown["keyType"]), (&json!(["default"]), &json!("P-384")));
    let doctor = String::from_utf8(admin(&data, &["doctor"]).await.stdout).unwrap();
    assert!(doctor.contains("ok    key of issuer internal"), "{doctor}");
}

#[tokio::test]
async fn without_a_host_an_issuer_is_rolled_over_and_retired_and_its_certificate_says_where_the_crl_is() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let rolled = text(&data, &["issuers", "roll-over", "issuing", "issuing-2"]).await;
    assert!(rolled.contains("raProfile.default.issuer: \"issuing\" -> \"issuing-2\""), "{rolled}");
    assert!(rolled.contains("CN=serverless-acme Issuing CA 2"), "{rolled}");
    let again = text(&data, &["issuers", "roll-over", "issuing", "issuing-2"]).await;
    assert!(again.contains("no RA Profile referred to the old issuer"), "{again}");
    let asked = admin(&data, &["issuers", "retire", "issuing"]).await;
    assert_eq!(asked.status.code(), Some(1));
    assert!(String::from_utf8(asked.stderr).unwrap().contains("use --yes to skip it"));
    text(&data, &["issuers", "retire", "issuing", "--yes"]).await;
    let listed = text(&data, &["issuers", "list"]).await;
    let line = |id: &str| listed.lines().find(|line| line.starts_with(&format!("{id} "))).unwrap().to_owned();
    assert!(line("issuing").contains("retired") && line("issuing-2").contains("active"), "{listed}");
    let refused = refusal(admin(&data, &["issuers", "retire", "issuing-2", "--yes", "--anyway"]).await);
    assert!(refused.contains("the last active issuer"), "{refused}");

    // The certificate of the host, too, is signed by the active issuer.
    let server = Server::start_in(folder, &["--always-valid"]).await;
    Client::register(&server).await.obtain("www.test", None).await;
    let shown = json(&data, &["issuers", "show", "issuing-2"]).await;
    let pem = shown["certificates"][0].as_str().unwrap().as_bytes();
    let certificate = ca::Certificate::from_der(&pem_bytes(pem)).unwrap();
    let url = certificate.pointers().crl.unwrap();
    assert!(url.ends_with("/crl/root/0.crl"), "{url}");
    let audit = json(&data, &["audit", "list"]).await;
    let acts: Vec<_> = audit.as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["issuer retire", "apply", "issuer add", "apply", "apply"], "two by the first start");
}

#[tokio::test]
async fn without_a_host_an_issuer_is_revoked_and_the_command_says_what_is_out_of_service() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let asked = admin(&data, &["issuers", "revoke", "issuing", "--reason", "ca-compromise"]).await;
    assert!(String::from_utf8(asked.stderr).unwrap().contains("all certificates that it issued will be revoked"));
    let done = text(&data, &["issuers", "revoke", "issuing", "--reason", "ca-compromise", "--yes"]).await;
    for part in [
        "state        revoked",
        "cACompromise",
        "The CRL of its root lists it.",
        "admin incidents show",
        "OUT OF SERVICE until they refer to another issuer: the RA Profiles default.",
        "admin issuers roll-over issuing NEW",
    ] {
        assert!(done.contains(part), "{part}\n{done}");
    }
    text(&data, &["issuers", "roll-over", "issuing", "issuing-2"]).await;
    let listed = text(&data, &["issuers", "list"]).await;
    assert!(listed.lines().any(|line| line.starts_with("issuing ") && line.contains("revoked")), "{listed}");

    // A start signs and serves the root's CRL again.
    let server = Server::start_in(folder, &["--always-valid"]).await;
    Client::register(&server).await.obtain("www.test", None).await;
    let doctor = String::from_utf8(admin(&data, &["doctor"]).await.stdout).unwrap();
    assert!(doctor.contains("ok    revocation of issuer issuing"), "{doctor}");
}

#[tokio::test]
async fn a_lost_key_of_a_further_issuer_stops_that_issuer_alone() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    text(&data, &["issuers", "add", "internal", "--name", "Example Internal CA"]).await;
    fs::remove_file(data.join("internal.key")).unwrap();
    let server = Server::start_in(folder, &["--always-valid"]).await;
    Client::register(&server).await.obtain("www.test", None).await;
    let doctor = admin(&data, &["doctor"]).await;
    assert_eq!(doctor.status.code(), Some(1));
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("BAD   key of issuer internal") && said.contains("ok    key of issuer issuing"), "{said}");
    // A new issuer uses the key of an earlier failed try; an existing issuer keeps its own.
    let refused = refusal(admin(&data, &["issuers", "add", "internal", "--name", "Again"]).await);
    assert!(refused.contains("there is already an issuer `internal`"), "{refused}");
    assert!(!data.join("internal.key").exists());
}

#[tokio::test]
async fn what_an_earlier_try_left_is_taken_up_and_a_key_of_another_kind_is_not() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    text(&data, &["issuers", "add", "first", "--name", "First"]).await;
    let key = fs::read(data.join("first.key")).unwrap();
    fs::write(data.join("second.key"), fs::read(data.join("root.key")).unwrap()).unwrap();
    let refused = refusal(admin(&data, &["issuers", "add", "second", "--name", "Second"]).await);
    assert!(refused.contains("that is the key of issuer `root`"), "{refused}");
    let refused = refusal(admin(&data, &["issuers", "add", "second", "--name", "Second", "--key-type", "P-384"]).await);
    assert!(refused.contains("a key of another kind"), "{refused}");
    assert_eq!(fs::read(data.join("first.key")).unwrap(), key);
    for arguments in [
        &["issuers", "add", "Third", "--name", "Third"][..],
        &["issuers", "add", "third"],
        &["issuers", "add", "third", "--name", "Third", "--key-type", "P-521"],
        &["issuers", "add", "third", "--name", "Third", "--key-type", "P-256", "--kms-key", "arn"],
    ] {
        assert_eq!(admin(&data, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
    for command in ["list", "show", "add", "roll-over", "retire", "revoke"] {
        assert!(text(&data, &["issuers", command, "--help"]).await.contains("Example"), "{command}");
    }
}

#[tokio::test]
async fn a_configuration_file_leads_to_an_issuer_that_is_there() {
    let folder = at_rest().await;
    let (data, path) = (folder.path().join("data"), folder.path().join("ca.toml"));
    fs::write(&path, "[[raProfile]]\nname = \"web\"\nissuer = \"internal\"\n").unwrap();
    let message = refusal(finish(command(&data).arg("--config").arg(&path)).await);
    assert!(
        message.contains("raProfile.web.issuer: there is no issuer `internal` for certificates, only `issuing`"),
        "{message}"
    );
    text(&data, &["issuers", "add", "internal", "--name", "Example Internal CA"]).await;
    Server::start_in(folder, &["--config", path.to_str().unwrap()]).await;
}

/// The DER inside a PEM.
fn pem_bytes(pem: &[u8]) -> Vec<u8> {
    der::pem::decode_vec(pem).unwrap().1
}

//! Configuration files.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    acme::Client,
    process::{Server, command, finish, refusal},
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/serverless-acme.toml");

#[tokio::test]
async fn the_example_is_accepted_as_it_is_and_with_every_key_set() {
    let text = fs::read_to_string(EXAMPLE).unwrap();
    // A disabled key has no space after its `#`; an explanation has one.
    let all: String = text
        .lines()
        .map(|line| {
            format!(
                "{}\n",
                line.strip_prefix('#').filter(|rest| rest.contains(" = ") && !rest.starts_with(' ')).unwrap_or(line)
            )
        })
        .collect();
    assert_ne!(text, all);
    for (text, base) in [(&text, "https://localhost:"), (&all, "https://ca.example:14000/")] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("ca.toml");
        // The files, folders and groups that it names exist.
        let here = folder.path().to_str().unwrap();
        let text = text.replace("/etc/serverless-acme", here).replace("/var/log/serverless-acme", here);
        let group = folder.path().metadata().unwrap().gid().to_string();
        let text = text.replace("/run/serverless-acme", here).replace("auditors", &group).replace("helpdesk", &group);
        fs::write(&path, text).unwrap();
        fs::write(folder.path().join("webhook.secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let ca = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("webhook-ca.pem"), ca.cert.pem()).unwrap();
        fs::write(folder.path().join("blocklist.dat"), [0; 16]).unwrap();
        let perspectives = include_str!("../../../../examples/perspectives.toml");
        fs::write(folder.path().join("perspectives.toml"), perspectives).unwrap();
        let server = Server::start_in(folder, &["--config", path.to_str().unwrap()]).await;
        let directories = server.banner["directories"].as_array().unwrap();
        let ends: Vec<_> = directories.iter().map(|url| url.as_str().unwrap().strip_prefix(base).unwrap()).collect();
        let ends: Vec<_> = ends.iter().map(|end| end.split_once("/protocols/acme/").unwrap().1).collect();
        assert_eq!(ends, ["web/directory", "raProfile/web/directory"]);
    }
}

#[tokio::test]
async fn the_base_url_is_announced_as_clients_write_it_however_it_was_given() {
    let server = Server::start(&["--open", "--base-url", "https://CA.Example:443/api/"]).await;
    let directories = server.banner["directories"].as_array().unwrap();
    assert!(
        directories.iter().all(|url| url.as_str().unwrap().starts_with("https://ca.example/api/v1/")),
        "{directories:?}"
    );
}

#[tokio::test]
async fn a_broken_file_stops_the_start_with_its_place_and_what_is_allowed() {
    for (text, expected) in [
        ("[serve]\nlisten = \n", ":2:"),
        ("[serve]\nhttpPort = \"80\"\n", ":2:12: expected a whole number from 1 to 65535"),
        (
            "[[raProfile]]\nname = \"web\"\nisuer = \"issuing\"\n",
            ":3:1: unknown field `isuer`, expected one of `name`, ",
        ),
        (
            "[[raProfile]]\nname = \"web\"\nissuer = \"root\"\n",
            ":3:10: raProfile.web.issuer: there is no issuer `root`",
        ),
        (
            "[[acmeProfile]]\nname = \"web\"\nraProfile = \"x\"\n",
            ":3:13: acmeProfile.web.raProfile: there is no RA Profile `x`",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let (path, data) = (folder.path().join("ca.toml"), folder.path().join("data"));
        fs::write(&path, text).unwrap();
        let message = refusal(finish(command(&data).arg("--config").arg(&path)).await);
        assert!(message.starts_with(&format!("error: {}{expected}", path.display())), "{message}");
        assert!(!data.exists(), "nothing was begun");
    }
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("none.toml");
    let message = refusal(finish(command(folder.path()).arg("--config").arg(&missing)).await);
    assert!(message.contains("none.toml cannot be read: No such file or directory"), "{message}");
}

#[tokio::test]
async fn cas_with_p_384_and_rsa_keys_start_and_issue() {
    for (root, issuing, root_signature, leaf_signature) in [
        ("P-384", "P-384", "ecdsa-with-SHA384", "ecdsa-with-SHA384"),
        ("RSA-3072", "RSA-2048", "sha256WithRSAEncryption", "sha256WithRSAEncryption"),
        ("RSA-4096", "P-256", "sha256WithRSAEncryption", "ecdsa-with-SHA256"),
    ] {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("ca.toml");
        let text = format!(
            "[ca]\nrootName = \"Root of {root}\"\norganization = \"Example\"\nrootKey = \"{root}\"\nissuingKey = \"{issuing}\"\n"
        );
        fs::write(&config, text).unwrap();
        let server = Server::start_in(folder, &["--always-valid", "--config", config.to_str().unwrap()]).await;
        let client = Client::register(&server).await;
        let (_, chain) = client.obtain("www.test", None).await;

        let root_pem = server.data().join("root.pem");
        let text = openssl(&root_pem, &["x509", "-noout", "-text"]).await;
        for part in [&format!("Root of {root}"), "O = Example", root_signature] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let chain_pem = server.folder.path().join("chain.pem");
        fs::write(&chain_pem, chain).unwrap();
        assert!(openssl(&chain_pem, &["x509", "-noout", "-text"]).await.contains(leaf_signature));
        let verified = Command::new("openssl")
            .args(["verify", "-x509_strict", "-CAfile"])
            .arg(&root_pem)
            .arg("-untrusted")
            .args([&chain_pem, &chain_pem])
            .output();
        let verified = verified.await.unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    }
}

async fn openssl(path: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).arg("-in").arg(path).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn threat_23_a_file_that_is_no_list_of_keys_stops_the_start_before_anything_is_made() {
    let folder = TempDir::new().unwrap();
    let (data, list) = (folder.path().join("data"), folder.path().join("blocklist.dat"));
    let start = async || refusal(finish(command(&data).args(["--key-block-list", list.to_str().unwrap()])).await);
    let message = start().await;
    assert!(message.contains("No such file") && message.contains("--key-block-list"), "{message}");
    fs::write(&list, "# Keys that may not be used\n").unwrap();
    let message = start().await;
    assert!(message.contains("is no list of keys in the format of badkeys"), "{message}");
    assert!(!data.exists());
}

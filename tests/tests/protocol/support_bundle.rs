//! A support bundle holds what a helper needs, and nothing that an operator would not send.

use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use cloud::{Fault, FaultKind, Service};
use host::{Config, WebhookConfig};
use jose::base64url;
use serde_json::{Value, json};
use tests::{Environment, Host};

use crate::HOST;

#[tokio::test]
async fn a_support_bundle_holds_no_secret_and_names_no_one() {
    let folder = tempfile::tempdir().unwrap();
    let webhook_secret = STANDARD.encode(format!("{MARK} is the secret of a webhook"));
    let secret_file = folder.path().join(format!("{MARK}.secret"));
    fs::write(&secret_file, format!("whsec_{webhook_secret}\n")).unwrap();
    let ca = HOST
        .configured(|config| {
            noted(config);
            config.events.webhook = Some(WebhookConfig {
                secret_file: Some(secret_file.clone()),
                ..WebhookConfig::new(format!("http://127.0.0.1:9/{MARK}").parse().unwrap())
            });
        })
        .await;
    let mut secrets = Secrets(vec![("a mark", MARK.to_owned()), ("the webhook's secret", webhook_secret)]);
    fill(&ca, &mut secrets).await;

    let injected = (HOST == Host::Aws).then(|| {
        let fault = Fault::new(FaultKind::Denied).on(Service::Kms, "GetPublicKey").always();
        ca.aws().cloud().inject(fault)
    });
    let bundle = ca.act(json!({"action": "support-bundle"})).await.unwrap();
    if let Some(injection) = injected {
        assert!(injection.is_reached());
        ca.aws().cloud().remove(&injection);
        assert!(bundle["findings"].to_string().contains("not authorized to perform"), "{bundle:#}");
    }
    let text = bundle.to_string();
    for (what, secret) in &secrets.0 {
        assert!(secret.len() >= 8, "{what} would be found anywhere: {secret}");
        assert!(!text.contains(secret.as_str()), "{what}, {secret}, is in {bundle:#}");
    }
}

#[tokio::test]
async fn a_support_bundle_says_what_a_helper_asks_first() {
    let ca = HOST.configured(noted).await;
    fill(&ca, &mut Secrets(Vec::new())).await;
    let bundle = ca.act(json!({"action": "support-bundle", "auditRecords": 1})).await.unwrap();
    assert_eq!(bundle["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(bundle["settings"]["statusUrl"], ca.status_url());
    assert_eq!(bundle["hostSettings"].get("serve.httpPort").is_some(), HOST == Host::OneProcess);
    let issuers = bundle["issuers"].as_array().unwrap();
    let ids: Vec<_> = issuers.iter().map(|issuer| issuer["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["issuing", "root"]);
    let root = fs::read_to_string(ca.root()).unwrap();
    assert_eq!(issuers[1]["certificates"][0].as_str().unwrap().trim(), root.trim());
    assert!(issuers[0]["crls"][0]["nextUpdate"].is_string(), "{bundle:#}");
    let checks = bundle["findings"].as_array().unwrap().iter().map(|finding| finding["check"].as_str().unwrap());
    assert!(checks.into_iter().any(|check| check == "key of issuer root"), "{bundle:#}");
    assert_eq!(bundle["counts"]["externalAccountKeys"], json!({"number": 1, "more": false}));
    assert_eq!(bundle["incidents"][0]["affected"], json!({"issuer": "issuing"}));
    let actions: Vec<_> = bundle["audit"].as_array().unwrap().iter().map(|record| &record["action"]).collect();
    assert_eq!(actions, ["incident declare"], "the newest");
    assert_eq!(bundle["moreAudit"], true);
    assert_eq!(bundle["profiles"]["acmeProfile"][0]["name"], "default");
}

/// Writes the mark wherever an operator may write what others need not read.
fn noted(config: &mut Config) {
    for profile in &mut config.acme_profiles {
        profile.description = format!("ask {MARK}");
        profile.labels.insert(format!("owner-{MARK}"), format!("{MARK}@example.org"));
    }
    for profile in &mut config.ra_profiles {
        profile.description = format!("ask {MARK}");
    }
}

/// Has the CA keep every kind of secret, and notes each.
async fn fill(ca: &Environment, secrets: &mut Secrets) {
    let mint = json!({"action": "mint-external-account-key", "label": format!("laptop of {MARK}")});
    let minted = ca.act(acted(mint)).await.unwrap();
    secrets.text("an external account key", minted["key"].as_str().unwrap());
    let incident = json!({
        "description": format!("{MARK} lost a laptop"),
        "explanationUrl": format!("https://intranet.example/{MARK}"),
        "selection": {"issuer": "issuing"},
    });
    ca.act(acted(json!({"action": "declare-incident", "incident": incident}))).await.unwrap();

    let directory = ca.directory("default");
    let stranger = directory.stranger().await;
    let request = json!({"contact": [format!("mailto:{MARK}@example.org")], "termsOfServiceAgreed": true});
    let account = stranger.new_account(&request).await.expect(201).location();
    let client = stranger.with_kid(&account);
    let order = client.order(&["a.test"]).await;
    let order = client.read(&order).await.expect(200).json();
    let authorization = client.read(order["authorizations"][0].as_str().unwrap()).await.expect(200).json();
    for challenge in authorization["challenges"].as_array().unwrap() {
        secrets.text("a token", challenge["token"].as_str().unwrap());
    }
    let secret = ca.store().external_account_secret().await.unwrap().unwrap();
    secrets.octets("the secret of external accounts", &secret.key);
    for secret in &ca.store().nonce_secrets().await.unwrap().unwrap().value.live {
        secrets.octets("a nonce secret", &secret.key);
    }
    for issuer in ca.store().issuers().await.unwrap() {
        let handle = issuer.key.as_str();
        match HOST {
            Host::Aws | Host::Stack | Host::StackByTurns => {
                secrets.text("the ARN of a key", handle);
                secrets.text("the number of the account", handle.split(':').nth(4).unwrap());
            }
            Host::OneProcess => {
                let key = fs::read_to_string(data(ca).join(format!("{handle}.key"))).unwrap();
                assert!(key.contains("PRIVATE KEY"), "{key}");
                key.lines().filter(|line| line.len() >= 8).for_each(|line| secrets.text("a line of a key", line));
            }
        }
    }
    if HOST == Host::OneProcess {
        secrets.text("the data folder", data(ca).to_str().unwrap());
    }
}

/// The data folder of the one process.
fn data(ca: &Environment) -> PathBuf {
    ca.root().parent().unwrap().to_owned()
}

/// A request with the name of its actor, where the host takes one.
fn acted(mut request: Value) -> Value {
    if HOST == Host::Aws {
        request["actor"] = format!("arn:aws:iam::123456789012:user/{MARK}").into();
    }
    request
}

/// What must not be in a bundle, each with what it is.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn text(&mut self, what: &'static str, secret: &str) {
        self.0.push((what, secret.to_owned()));
    }

    fn octets(&mut self, what: &'static str, secret: &[u8]) {
        let hexadecimal: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
        let numbers: Vec<String> = secret.iter().map(u8::to_string).collect();
        for form in [base64url::encode(secret), STANDARD.encode(secret), hexadecimal, numbers.join(",")] {
            self.0.push((what, form));
        }
    }
}

/// In each text that someone wrote: no word of the CA contains it.
const MARK: &str = "zqmarkqz";

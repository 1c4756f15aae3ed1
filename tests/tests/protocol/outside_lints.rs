//! What pkilint, a linter of others, says about a certificate and a CRL of every kind that the CA
//! makes.

use std::{fs, sync::Arc};

use ca::IssuerKeyType;
use serde_json::{Value, json};
use store::ProfileSet;
use tests::{
    Environment,
    client::{Algorithm, Client, Issued, Key, strings},
    clients::Failure,
    deployed::repository,
    pkilint::{Covers, Finding, Pkilint},
};
use x509_cert::{
    Certificate,
    certificate::Rfc5280,
    crl::CertificateList,
    der::{Decode, EncodePem, pem::LineEnding},
};

use crate::HOST;

#[tokio::test]
async fn a_linter_of_others_finds_nothing_in_a_certificate_and_a_crl_of_every_kind() -> Result<(), Failure> {
    let Some(mut pkilint) = Pkilint::find()? else { return Ok(()) };
    let environment = HOST.start().await;
    for (id, kind, terms) in issuers() {
        add(&environment, id, kind, terms).await;
    }
    for (name, terms) in profiles() {
        let mut profile = json!({"name": name, "issuer": "issuing", "acmeProfile": "default"});
        profile.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        environment.act(json!({"action": "apply-profiles", "profiles": {"raProfile": [profile]}})).await.unwrap();
    }
    environment.settled().await;
    crls(&environment, &mut pkilint, "before a revocation").await;

    let client = environment.directory("default").client().await;
    for algorithm in Algorithm::ALL {
        let issued = client.obtain_for(&["a.test"], Key::generate(algorithm)).await;
        leaf(&mut pkilint, &format!("a leaf with a key for {algorithm:?}"), &issued);
    }
    let many: Vec<String> = (0..100).map(|number| format!("host-{number}.a.test")).collect();
    let long = format!("{}.{}.test", "a".repeat(63), "b".repeat(63));
    for (kind, names) in [
        ("a wildcard", vec!["*.a.test"]),
        ("names of every kind", vec!["a.test", "*.a.test", "127.0.0.1", "::1", "xn--bcher-kva.test"]),
        ("an IPv4 address", vec!["127.0.0.1"]),
        ("an IPv6 address", vec!["::1"]),
        ("a name that is no common name", vec![&long]),
        ("a hundred names", many.iter().map(String::as_str).collect()),
    ] {
        leaf(&mut pkilint, kind, &client.obtain(&names).await);
    }
    for (name, _) in profiles() {
        let client = environment.directory(&format!("raProfile/{name}")).client().await;
        leaf(&mut pkilint, &format!("a leaf of the profile {name}"), &client.obtain(&["www.a.test"]).await);
        revoke_for_every_reason(&client).await;
    }

    environment.act(roll_over(&environment)).await.unwrap();
    environment.settled().await;
    leaf(&mut pkilint, "a leaf after the roll-over", &client.obtain(&["a.test"]).await);
    authorities(&environment, &mut pkilint).await;
    environment.act(json!({"action": "revoke-issuer", "id": "rsa", "reason": 4})).await.unwrap();
    environment.settled().await;
    let of_root = environment.http().get(&format!("{}/crl/root/0.crl", environment.status_url())).await.expect(200);
    let of_root = CertificateList::<Rfc5280>::from_der(&of_root.body).unwrap().tbs_cert_list;
    assert_eq!(of_root.revoked_certificates.map(|entries| entries.len()), Some(1), "the root's CRL has an entry, too");
    crls(&environment, &mut pkilint, "after revocations").await;

    println!("{} documents", pkilint.count());
    let findings = pkilint.findings().await;
    let unexpected: Vec<String> = findings.iter().filter(|one| !is_tolerated(one)).map(Finding::to_string).collect();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    Ok(())
}

/// The rules for public CAs, for certificates of the page that says how to configure one.
#[tokio::test]
async fn a_certificate_as_of_a_public_ca_passes_the_linter_for_them() -> Result<(), Failure> {
    let Some(mut pkilint) = Pkilint::find()? else { return Ok(()) };
    let environment = HOST.start().await;
    let page = fs::read_to_string(repository().join("docs/operations/as-a-public-ca.md")).unwrap();
    let lines = page.lines().filter_map(|line| line.strip_prefix("    "));
    let profiles: ProfileSet = toml::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap();
    let [profile] = profiles.ra_profile.as_slice() else { panic!("the page has one RA Profile") };
    let name = &profile.name;
    let mut profile = serde_json::to_value(profile).unwrap();
    profile["acmeProfile"] = "default".into();
    environment.act(json!({"action": "apply-profiles", "profiles": {"raProfile": [profile]}})).await.unwrap();
    environment.settled().await;
    let client = environment.directory(&format!("raProfile/{name}")).client().await;
    for name in ["www.example.com", "example.com"] {
        environment.challenges.dns.set_addresses(name, &["127.0.0.1"]);
    }
    // What the preset leaves out: it is not permitted there, or browsers do not accept it.
    let is_accepted = |algorithm: &Algorithm| !matches!(algorithm, Algorithm::EdDsa | Algorithm::Es512);
    for algorithm in Algorithm::ALL.into_iter().filter(is_accepted) {
        let issued = client.obtain_for(&["www.example.com", "example.com"], Key::generate(algorithm)).await;
        let chain = Certificate::load_pem_chain(issued.chain.as_bytes()).unwrap();
        pkilint.public_certificate(&format!("{algorithm:?}"), &chain[0].to_pem(LineEnding::LF).unwrap());
    }
    let findings = pkilint.findings().await;
    // The CA of the tests is on this machine, and so are its URLs.
    let is_of_this_machine = |one: &&Finding| one.message.contains("localhost") || one.message.contains("127.0.0.1");
    let findings = findings.iter().filter(|one| !is_of_this_machine(one));
    let findings: Vec<String> = findings.map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    Ok(())
}

/// Further issuers: a key of each type, CRLs in shards, an organization, name constraints.
fn issuers() -> [(&'static str, IssuerKeyType, Value); 5] {
    [
        ("p384", IssuerKeyType::P384, json!({})),
        ("rsa", IssuerKeyType::Rsa2048, json!({"organization": "Example Ltd", "days": 30})),
        ("sharded", IssuerKeyType::P256, json!({"shards": 4})),
        ("narrow", IssuerKeyType::P256, json!({"permit": [".a.test", "10.0.0.0/8"], "exclude": ["b.a.test"]})),
        ("excluding", IssuerKeyType::P256, json!({"exclude": [".b.test", "2001:db8::/32"]})),
    ]
}

/// RA Profiles: whatever changes the contents of a certificate, and each issuer.
fn profiles() -> [(&'static str, Value); 10] {
    [
        ("server", json!({"extendedKeyUsage": ["server"]})),
        ("client", json!({"extendedKeyUsage": ["client"]})),
        ("policies", json!({"policies": ["1.3.6.1.4.1.32473.1", "2.23.140.1.2.1"]})),
        ("empty", json!({"subject": "empty"})),
        ("short", json!({"certificateValidity": {"default": 3_600, "maximum": 3_600}})),
        ("p384", json!({"issuer": "p384"})),
        ("rsa", json!({"issuer": "rsa", "certificateValidity": {"default": 86_400, "maximum": 86_400}})),
        ("sharded", json!({"issuer": "sharded"})),
        ("narrow", json!({"issuer": "narrow"})),
        ("excluding", json!({"issuer": "excluding"})),
    ]
}

async fn add(environment: &Environment, id: &str, kind: IssuerKeyType, terms: Value) {
    let mut issuer = json!({"id": id, "name": format!("Linted {id}"), "keyType": kind});
    issuer.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    if let Some(key) = environment.issuer_key(kind) {
        issuer["key"] = key.into();
    }
    environment.act(json!({"action": "add-issuer", "issuer": issuer})).await.unwrap();
}

fn roll_over(environment: &Environment) -> Value {
    let mut request = json!({"action": "roll-over-issuer", "old": "issuing", "new": "issuing-2"});
    if let Some(key) = environment.issuer_key(IssuerKeyType::P256) {
        request["key"] = key.into();
    }
    request
}

/// Adds the leaf, alone and with its issuer.
fn leaf(pkilint: &mut Pkilint, name: &str, issued: &Issued) {
    let pem = |certificate: &Certificate| certificate.to_pem(LineEnding::LF).unwrap();
    let chain = Certificate::load_pem_chain(issued.chain.as_bytes()).unwrap();
    pkilint.certificate(name, &pem(&chain[0]));
    pkilint.pair(&format!("{name} and its issuer"), &pem(&chain[1]), &pem(&chain[0]));
}

/// Adds the certificates of all issuers, those below the root also with the root's.
async fn authorities(environment: &Environment, pkilint: &mut Pkilint) {
    let issuers = environment.act(json!({"action": "issuers"})).await.unwrap();
    let issuers = issuers.as_array().unwrap();
    let own = |issuer: &Value| strings(&issuer["certificates"]).remove(0);
    let root = issuers.iter().find(|issuer| issuer["id"] == "root").map(own).unwrap();
    assert_eq!(issuers.len(), 8);
    for issuer in issuers {
        let name = format!("the issuer {}", issuer["id"]);
        pkilint.certificate(&name, &own(issuer));
        pkilint.pair(&format!("{name} and the root"), &root, &own(issuer));
    }
}

/// Adds every CRL of every issuer.
async fn crls(environment: &Environment, pkilint: &mut Pkilint, when: &str) {
    let issuers = environment.act(json!({"action": "issuers"})).await.unwrap();
    for issuer in issuers.as_array().unwrap() {
        let id = issuer["id"].as_str().unwrap();
        let covers = if id == "root" { Covers::Authorities } else { Covers::Leaves };
        for shard in 0..issuer["shards"].as_u64().unwrap() {
            let url = format!("{}/crl/{id}/{shard}.crl", environment.status_url());
            let crl = environment.http().get(&url).await.expect(200);
            pkilint.crl(&format!("the CRL {id}/{shard} {when}"), &crl.body, covers);
        }
    }
}

/// One certificate for each reason that a subscriber may give.
async fn revoke_for_every_reason(client: &Client) {
    let key = Arc::new(Key::p256());
    for reason in [0, 1, 3, 4, 5, 9] {
        let issued = client.obtain_for(&["www.a.test"], key.clone()).await;
        client.revoke(&issued, reason).await.expect(200);
    }
}

/// What is as it should be although pkilint does not like it.
fn is_tolerated(finding: &Finding) -> bool {
    TOLERATED.iter().any(|(code, said, _)| finding.code == *code && finding.message.contains(said))
}

/// The code of a finding, a part of what is said about it, and the reason.
const TOLERATED: [(&str, &str, &str); 2] = [
    (
        "pkix.invalid_domain_name_syntax",
        "\"*.",
        "RFC 5280 §4.2.1.6 leaves wildcards to others, and RFC 9525 §6.3 matches them",
    ),
    (
        "pkix.invalid_uri_syntax",
        "\"http://localhost:",
        "a host of one label is a host (RFC 3986 §3.2.2); a CA on a laptop has no other",
    ),
];

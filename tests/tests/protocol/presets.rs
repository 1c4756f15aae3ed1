//! Presets: what a word in a profile fills in, and what it refuses of its own accord.

use serde_json::{Value, json};
use tests::{
    Environment,
    client::{Algorithm, Key, csr},
};
use x509_cert::{
    der::oid::AssociatedOid,
    ext::pkix::{CertificatePolicies, SubjectKeyIdentifier},
};

use crate::HOST;

/// The host with these ACME Profiles and RA Profiles beside its own.
async fn with_profiles(acme: Value, ra: Value) -> Environment {
    let environment = HOST.start().await;
    apply(&environment, json!({"acmeProfile": acme, "raProfile": ra})).await;
    environment
}

async fn apply(environment: &Environment, profiles: Value) {
    environment.act(json!({"action": "apply-profiles", "profiles": profiles})).await.unwrap();
    environment.settled().await;
}

#[tokio::test]
async fn certificates_are_as_the_preset_of_their_profile_says() {
    let ra = ["private", "short-lived", "public"]
        .map(|preset| json!({"name": preset, "preset": preset, "issuer": "issuing", "acmeProfile": "default"}));
    let environment = with_profiles(json!([]), json!(ra)).await;
    let hours = 60 * 60;
    for (preset, lifetime, is_public) in
        [("private", 45 * 24 * hours, false), ("short-lived", 160 * hours, false), ("public", 45 * 24 * hours, true)]
    {
        let client = environment.directory(&format!("raProfile/{preset}")).client().await;
        let issued = client.obtain(&["a.test", "b.test"]).await;
        let leaf = issued.leaf();
        let certificate = leaf.tbs_certificate();
        let validity = certificate.validity();
        let seconds = validity.not_after.to_unix_duration() - validity.not_before.to_unix_duration();
        assert_eq!(seconds.as_secs() + 1, lifetime, "{preset}");
        assert_eq!(certificate.subject().is_empty(), is_public, "{preset}");
        let has = |oid| certificate.extensions().unwrap().iter().any(|extension| extension.extn_id == oid);
        assert_eq!(has(CertificatePolicies::OID), is_public, "{preset}");
        assert_eq!(has(SubjectKeyIdentifier::OID), !is_public, "{preset}");

        let ed25519 = client.ready_order(&["c.test"]).await;
        let reply = client.finalize(&ed25519, &csr(&["c.test"], &Key::generate(Algorithm::EdDsa))).await;
        match is_public {
            true => drop(reply.refused(400, "badCSR")),
            false => drop(reply.expect(200)),
        }
    }
}

#[tokio::test]
async fn a_public_directory_refuses_what_no_public_ca_certifies_and_explains_it() {
    let public = json!({
        "name": "public", "preset": "public", "raProfile": "default",
        "caaIdentities": ["ca.example"], "dnsResolver": {"address": "127.0.0.1"},
    });
    let environment = with_profiles(json!([public]), json!([])).await;
    let client = environment.directory("public").client().await;
    let names = ["a.example.com", "*.example.com", "localhost", "1.2.0.192.in-addr.arpa", "*.co.uk", "*.kawasaki.jp"];
    let refused = client.new_order(&names).await.refused(400, "rejectedIdentifier");
    let subproblems: Vec<_> = refused["subproblems"].as_array().unwrap().iter().collect();
    let said = |problem: &Value| {
        format!("{}: {}", problem["identifier"]["value"].as_str().unwrap(), problem["detail"].as_str().unwrap())
    };
    let rule = "The directory follows the rules for public CAs, which certify no";
    assert_eq!(
        subproblems.into_iter().map(said).collect::<Vec<_>>(),
        [
            format!("localhost: {rule} name of one label."),
            format!("1.2.0.192.in-addr.arpa: {rule} names below .arpa."),
            format!("*.co.uk: {rule} wildcard directly below a public suffix."),
            format!("*.kawasaki.jp: {rule} wildcard directly below a public suffix."),
        ]
    );
    client.new_order(&["a.example.com", "*.example.com", "*.github.io"]).await.expect(201);
    // Any other directory may have them.
    environment.directory("default").client().await.new_order(&["localhost", "printer.arpa"]).await.expect(201);

    let subject = json!({"name": {"name": "localhost", "profile": "public"}});
    let explained = environment.act(json!({"action": "explain", "subject": subject})).await.unwrap().to_string();
    assert!(explained.contains("which certify no name of one label"), "{explained}");
}

#[tokio::test]
async fn what_a_public_profile_turns_off_is_a_finding_of_doctor() {
    let public = |fields: Value| {
        let mut profile = json!({
            "name": "public", "preset": "public", "raProfile": "default", "caaIdentities": ["ca.example"],
            "dnsResolver": {"address": "127.0.0.1"},
        });
        profile.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"acmeProfile": [profile]})
    };
    let environment = with_profiles(json!([]), json!([])).await;
    for (fields, verdict, seen) in [
        (json!({}), "good", "public"),
        (json!({"caa": "off", "dnssec": "off"}), "warning", "public, and turns off caa, dnssec"),
    ] {
        apply(&environment, public(fields)).await;
        let findings = environment.act(json!({"action": "doctor"})).await.unwrap();
        let found = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "preset of public").unwrap();
        assert_eq!((&found["verdict"], &found["seen"]), (&json!(verdict), &json!(seen)));
    }
}

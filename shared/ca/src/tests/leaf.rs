//! Leaves and their chains, as OpenSSL sees them.

use std::error::Error;

use acme::{AuthorizationId, Identifier};
use aws_lc_rs::digest;
use jose::{KeyKind, PublicKey};
use rcgen::{KeyPair, PublicKeyData, RsaKeySize};

use super::{Authorities, SoftwareSigner, at, identifiers, openssl::Openssl, public_key, serial};
use crate::{
    AssembleError, AuthorizationEvidence, BuildError, CaaEvidence, Certificate, CertificateKeyType, Chain, Evidence,
    ExtendedKeyUsage, IssueError, IssuerKeyType, Leaf, LeafExtensions, LeafProfile, LintedTbs, Pointers, SignError,
    SignatureError, Signer, SubjectRule,
};

fn evidence(identifiers: &[Identifier]) -> Evidence {
    let mut evidence = Evidence::new();
    let authorization = AuthorizationId::new(at("2026-02-01T00:00:00Z"), [7; 10]);
    for identifier in identifiers {
        evidence.insert(
            identifier.clone(),
            AuthorizationEvidence::Authorization(authorization),
            CaaEvidence::PolicyOff,
        );
    }
    evidence
}

fn pointers() -> Pointers {
    Pointers {
        ca_issuers: Some("http://status.test/issuing.der".to_owned()),
        crl: Some("http://status.test/issuing.crl".to_owned()),
    }
}

fn linted(
    authorities: &Authorities,
    key: &PublicKey,
    identifiers: &[Identifier],
    profile: &LeafProfile,
    seed: u8,
) -> LintedTbs {
    let leaf = Leaf {
        issuer: &authorities.issuing,
        serial: serial(seed),
        public_key: key,
        identifiers,
        not_before: at("2026-02-01T00:00:00Z"),
        not_after: at("2026-05-02T00:00:00Z"),
        profile,
        pointers: &pointers(),
        evidence: &evidence(identifiers),
    };
    leaf.tbs().unwrap().lint().unwrap()
}

pub(super) async fn issue(authorities: &Authorities, key: &PublicKey, names: &[&str], seed: u8) -> Certificate {
    let tbs = linted(authorities, key, &identifiers(names), &LeafProfile::default(), seed);
    tbs.sign(&authorities.issuing, &authorities.signer, &authorities.issuing_key).await.unwrap().value
}

fn rcgen_key(pair: &KeyPair) -> PublicKey {
    PublicKey::from_spki_der(&pair.subject_public_key_info()).unwrap()
}

/// The middle of February 2026, for `-attime`.
pub(super) const NOW: &str = "1771113600";

#[tokio::test]
async fn n10_openssl_verifies_every_issuer_key_with_every_leaf_key() {
    let Some(openssl) = Openssl::find() else { return };
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap();
    let keys = [
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
        rsa(RsaKeySize::_2048),
        rsa(RsaKeySize::_4096),
    ];
    let names = ["example.com", "*.example.com", "192.0.2.1", "2001:db8::1"];
    for kind in [IssuerKeyType::P256, IssuerKeyType::P384, IssuerKeyType::Rsa2048] {
        let authorities = Authorities::new(kind).await;
        openssl.write("root.pem", authorities.root.certificate().pem());
        openssl.write("issuing.pem", authorities.issuing.certificate().pem());
        for (seed, pair) in keys.iter().enumerate() {
            let key = rcgen_key(pair);
            let leaf = issue(&authorities, &key, &names, 10 + seed as u8).await;
            assert_eq!(leaf.public_key(), &key);
            assert_eq!(leaf.identifiers(), &identifiers(&names).into_iter().collect());
            openssl.write("leaf.pem", leaf.pem());
            for check in [
                "-verify_hostname example.com",
                "-verify_hostname any.example.com",
                "-verify_ip 192.0.2.1",
                "-verify_ip 2001:db8::1",
            ] {
                openssl.expect(&format!(
                    "verify -x509_strict -policy_check -purpose sslserver -attime {NOW} {check} \
                     -CAfile root.pem -untrusted issuing.pem leaf.pem"
                ));
            }
            for check in ["-verify_hostname a.b.example.com", "-verify_ip 192.0.2.2", "-purpose sslclient"] {
                let outcome = openssl.run(&format!(
                    "verify -x509_strict -attime {NOW} {check} -CAfile root.pem \
                     -untrusted issuing.pem leaf.pem"
                ));
                assert!(!outcome.success, "{check}");
            }
            let text = openssl.expect("x509 -in leaf.pem -noout -ext keyUsage");
            let transports = matches!(key.kind(), KeyKind::Rsa { .. });
            assert_eq!(text.contains("Key Encipherment"), transports, "{text}");

            let fewest = LeafProfile { extensions: LeafExtensions::Fewest, ..LeafProfile::default() };
            let tbs = linted(&authorities, &key, &identifiers(&names), &fewest, 40 + seed as u8);
            let leaf = tbs.sign(&authorities.issuing, &authorities.signer, &authorities.issuing_key).await.unwrap();
            assert_eq!(leaf.value.subject_key_identifier(), None);
            openssl.write("leaf.pem", leaf.value.pem());
            openssl.expect(&format!(
                "verify -x509_strict -purpose sslserver -attime {NOW} -CAfile root.pem -untrusted issuing.pem leaf.pem"
            ));
            let text = openssl.expect("x509 -in leaf.pem -noout -ext keyUsage");
            assert!(text.contains("Digital Signature") && !text.contains("Key Encipherment"), "{text}");
        }
    }
}

#[tokio::test]
async fn openssl_prints_every_extension_of_a_leaf_as_intended() {
    let Some(openssl) = Openssl::find() else { return };
    let authorities = Authorities::shared();
    let profile = LeafProfile {
        extended_key_usage: ExtendedKeyUsage::ALL.into(),
        policies: vec!["2.23.140.1.2.1".parse().unwrap(), "1.3.6.1.4.1.55555.1".parse().unwrap()],
        ..LeafProfile::default()
    };
    let key = public_key();
    let names = identifiers(&["example.com", "2001:db8::1"]);
    let tbs = linted(authorities, &key, &names, &profile, 20);
    let leaf = tbs.sign(&authorities.issuing, &authorities.signer, &authorities.issuing_key).await.unwrap().value;
    openssl.write("leaf.pem", leaf.pem());
    let text = openssl.expect("x509 -in leaf.pem -noout -text");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for line in [
        "Version: 3 (0x2)",
        "54:14:14:14:14:14:14:14:14:14:14:14:14:14:14:14",
        "Signature Algorithm: ecdsa-with-SHA256",
        "Issuer: CN = Issuing E1",
        "Not Before: Feb  1 00:00:00 2026 GMT",
        "Not After : May  2 00:00:00 2026 GMT",
        "Subject: CN = example.com",
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Extended Key Usage:",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
        "X509v3 Subject Key Identifier:",
        "X509v3 Authority Key Identifier:",
        "Authority Information Access:",
        "CA Issuers - URI:http://status.test/issuing.der",
        "X509v3 Subject Alternative Name:",
        "DNS:example.com, IP Address:2001:DB8:0:0:0:0:0:1",
        "X509v3 Certificate Policies:",
        "Policy: 2.23.140.1.2.1",
        "Policy: 1.3.6.1.4.1.55555.1",
        "X509v3 CRL Distribution Points:",
        "URI:http://status.test/issuing.crl",
    ] {
        assert!(lines.contains(&line), "{line}\n{text}");
    }
    let printed = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    assert!(text.contains(&printed(leaf.subject_key_identifier().unwrap())));
    assert!(text.contains(&printed(authorities.issuing.key_identifier())));
    let fingerprint = openssl.expect("x509 -in leaf.pem -noout -fingerprint -sha256");
    assert!(fingerprint.contains(&printed(&leaf.fingerprint())));
}

#[tokio::test]
async fn openssl_prints_the_authorities_as_intended() {
    let Some(openssl) = Openssl::find() else { return };
    let authorities = Authorities::shared();
    openssl.write("root.pem", authorities.root.certificate().pem());
    openssl.write("issuing.pem", authorities.issuing.certificate().pem());
    openssl.expect(&format!("verify -x509_strict -attime {NOW} -CAfile root.pem root.pem"));
    let root = openssl.expect("x509 -in root.pem -noout -text");
    let issuing = openssl.expect("x509 -in issuing.pem -noout -text");
    for text in [&root, &issuing] {
        assert!(text.contains("X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n"), "{text}");
        assert!(text.contains("Issuer: O = Example Ltd, CN = Root X1\n"), "{text}");
    }
    assert!(root.contains("Subject: O = Example Ltd, CN = Root X1\n"), "{root}");
    assert!(root.contains("CA:TRUE\n"), "{root}");
    assert!(issuing.contains("Subject: CN = Issuing E1\n"), "{issuing}");
    assert!(issuing.contains("CA:TRUE, pathlen:0\n"), "{issuing}");
    assert!(issuing.contains("CA Issuers - URI:http://status.test/root.der\n"), "{issuing}");
    assert!(issuing.contains("URI:http://status.test/root.crl\n"), "{issuing}");
}

#[tokio::test]
async fn a_subject_follows_the_rule_and_the_names_are_critical_only_without_one() {
    let authorities = Authorities::shared();
    let key = public_key();
    let long = format!("{}.example.com", "a".repeat(60));
    let fifty_nine = format!("{}.example.com", "b".repeat(52));
    for (rule, names, common_name) in [
        (SubjectRule::CommonName, vec!["example.com"], Some("example.com")),
        (SubjectRule::CommonName, vec!["*.example.com", "b.example"], Some("*.example.com")),
        (SubjectRule::CommonName, vec!["192.0.2.1", "b.example"], Some("b.example")),
        (SubjectRule::CommonName, vec![&long, &fifty_nine], Some(fifty_nine.as_str())),
        (SubjectRule::CommonName, vec![&long], None),
        (SubjectRule::CommonName, vec!["192.0.2.1", "::1"], None),
        (SubjectRule::Empty, vec!["example.com"], None),
    ] {
        let profile = LeafProfile { subject: rule, ..LeafProfile::default() };
        let tbs = linted(authorities, &key, &identifiers(&names), &profile, 21);
        let leaf = tbs.sign(&authorities.issuing, &authorities.signer, &authorities.issuing_key).await.unwrap().value;
        assert_eq!(leaf.subject_common_name(), common_name, "{names:?}");
        let names = leaf
            .tbs()
            .extensions()
            .unwrap()
            .iter()
            .find(|e| e.extn_id == const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME)
            .unwrap();
        assert_eq!(names.critical, common_name.is_none());
    }
}

#[tokio::test]
async fn openssl_verifies_a_leaf_without_a_subject() {
    let Some(openssl) = Openssl::find() else { return };
    let authorities = Authorities::shared();
    let leaf = issue(authorities, &public_key(), &["192.0.2.1"], 30).await;
    openssl
        .write("root.pem", authorities.root.certificate().pem())
        .write("issuing.pem", authorities.issuing.certificate().pem())
        .write("leaf.pem", leaf.pem());
    openssl.expect(&format!(
        "verify -x509_strict -verify_ip 192.0.2.1 -attime {NOW} -CAfile root.pem -untrusted \
         issuing.pem leaf.pem"
    ));
    let text = openssl.expect("x509 -in leaf.pem -noout -text");
    assert!(text.contains("Subject: \n"), "{text}");
    assert!(text.contains("X509v3 Subject Alternative Name: critical"), "{text}");
}

#[test]
fn threat_2_threat_3_one_name_of_a_hundred_without_evidence_stops_the_issuance() {
    let names: Vec<String> = (0..100).map(|number| format!("n{number}.example.com")).collect();
    let names = identifiers(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let lacking = &names[57];
    let others: Vec<Identifier> = names.iter().filter(|name| *name != lacking).cloned().collect();
    let key = public_key();
    let leaf = Leaf {
        issuer: &Authorities::shared().issuing,
        serial: serial(22),
        public_key: &key,
        identifiers: &names,
        not_before: at("2026-02-01T00:00:00Z"),
        not_after: at("2026-05-02T00:00:00Z"),
        profile: &LeafProfile::default(),
        pointers: &pointers(),
        evidence: &evidence(&others),
    };
    assert_eq!(leaf.clone().tbs().err(), Some(BuildError::MissingEvidence(lacking.clone())));
    let complete = Leaf { evidence: &evidence(&names), ..leaf };
    assert!(complete.tbs().unwrap().lint().is_ok());
}

#[test]
fn evidence_for_a_name_is_none_for_its_wildcard() {
    let key = public_key();
    let wildcard = identifiers(&["*.example.com"]);
    let leaf = Leaf {
        issuer: &Authorities::shared().issuing,
        serial: serial(23),
        public_key: &key,
        identifiers: &wildcard,
        not_before: at("2026-02-01T00:00:00Z"),
        not_after: at("2026-05-02T00:00:00Z"),
        profile: &LeafProfile::default(),
        pointers: &pointers(),
        evidence: &evidence(&identifiers(&["example.com"])),
    };
    assert_eq!(leaf.tbs().err(), Some(BuildError::MissingEvidence(wildcard[0].clone())));
}

#[test]
fn a_key_that_the_profile_does_not_allow_is_refused() {
    let key = public_key();
    let names = identifiers(&["example.com"]);
    let profile = LeafProfile { key_types: [CertificateKeyType::Rsa].into(), ..LeafProfile::default() };
    let leaf = Leaf {
        issuer: &Authorities::shared().issuing,
        serial: serial(24),
        public_key: &key,
        identifiers: &names,
        not_before: at("2026-02-01T00:00:00Z"),
        not_after: at("2026-05-02T00:00:00Z"),
        profile: &profile,
        pointers: &pointers(),
        evidence: &evidence(&names),
    };
    assert_eq!(leaf.tbs().err(), Some(BuildError::KeyType(CertificateKeyType::P256)));
}

#[tokio::test]
async fn threat_29_stored_bytes_are_signed_as_they_were_stored() {
    let authorities = Authorities::shared();
    let names = identifiers(&["example.com"]);
    let tbs = linted(authorities, &public_key(), &names, &LeafProfile::default(), 25);
    let stored = tbs.bytes().to_vec();
    let again = LintedTbs::from_stored(stored.clone(), &authorities.issuing, &names).unwrap();
    assert_eq!(again, tbs);
    let mut certificates = Vec::new();
    for tbs in [&tbs, &again] {
        let leaf = tbs.sign(&authorities.issuing, &authorities.signer, &authorities.issuing_key).await.unwrap().value;
        assert_eq!(leaf.tbs_bytes(), stored);
        assert_eq!(leaf.certificate_id(), tbs.certificate_id());
        certificates.push(leaf);
    }
    assert_eq!(certificates[0].certificate_id(), certificates[1].certificate_id());
}

#[tokio::test]
async fn stored_bytes_of_another_order_or_issuer_are_refused() {
    let authorities = Authorities::shared();
    let names = identifiers(&["example.com"]);
    let tbs = linted(authorities, &public_key(), &names, &LeafProfile::default(), 26);
    let of = |issuer, names: &[&str]| {
        let error = LintedTbs::from_stored(tbs.bytes().to_vec(), issuer, &identifiers(names)).unwrap_err();
        error.findings().iter().map(|finding| finding.lint).collect::<Vec<_>>()
    };
    assert_eq!(of(&authorities.issuing, &["other.example"]), ["leaf-subject", "leaf-names"]);
    assert_eq!(of(&authorities.issuing, &["example.com", "b.example"]), ["leaf-names"]);
    let others = Authorities::new(IssuerKeyType::P256).await;
    assert_eq!(of(&others.issuing, &["example.com"]), ["authority-key-identifier"]);
    let error = LintedTbs::from_stored(vec![0x30, 0], &authorities.issuing, &names).unwrap_err();
    assert_eq!(error.findings()[0].lint, "well-formed");
}

#[tokio::test]
async fn a_signature_by_another_key_or_over_other_bytes_makes_no_certificate() {
    let authorities = Authorities::shared();
    let names = identifiers(&["example.com"]);
    let tbs = linted(authorities, &public_key(), &names, &LeafProfile::default(), 27);
    let wrong = |error| matches!(error, AssembleError::Signature(SignatureError::Invalid));
    let by_root = authorities.signer.sign(&authorities.root_key, tbs.algorithm(), tbs.bytes()).await.unwrap();
    assert!(wrong(tbs.assemble(&by_root, &authorities.issuing).unwrap_err()));
    let digest = digest::digest(&digest::SHA256, tbs.bytes());
    let over_digest =
        authorities.signer.sign(&authorities.issuing_key, tbs.algorithm(), digest.as_ref()).await.unwrap();
    assert!(wrong(tbs.assemble(&over_digest, &authorities.issuing).unwrap_err()));
    assert!(matches!(tbs.assemble_root(&by_root).unwrap_err(), AssembleError::NotSelfIssued));
    let error = tbs.sign(&authorities.issuing, &SoftwareSigner::default(), &authorities.issuing_key).await.unwrap_err();
    assert!(matches!(error, IssueError::Sign(SignError::UnknownKey(_))), "{error:?}");
    assert!(error.source().is_none());
}

#[tokio::test]
async fn a_chain_has_the_leaf_first_and_no_root() {
    let authorities = Authorities::shared();
    let leaf = issue(authorities, &public_key(), &["example.com"], 28).await;
    let issuing = authorities.issuing.certificate().clone();
    let root = authorities.root.certificate().clone();
    let chain = Chain::new(leaf.clone(), [issuing.clone(), root.clone()]).unwrap();
    assert_eq!(chain.certificates(), [leaf.clone(), issuing.clone()]);
    assert_eq!(chain.pem(), leaf.pem() + &issuing.pem());
    assert!(chain.pem().ends_with("-----END CERTIFICATE-----\n"));
    assert!(Chain::new(leaf.clone(), [root.clone()]).is_err());
    assert!(Chain::new(leaf, [root, issuing]).is_err());
}

#[tokio::test]
async fn a_leaf_is_no_issuer() {
    let leaf = issue(Authorities::shared(), &public_key(), &["example.com"], 29).await;
    assert_eq!(crate::Issuer::new(leaf).unwrap_err(), crate::IssuerError::NotAnAuthority);
}

//! Each lint gets a TBSCertificate in which it must find a fault, and no lint is without such a
//! test.

use std::{collections::BTreeSet, sync::LazyLock};

use acme::Identifier;
use const_oid::db::{rfc4519, rfc5280 as oid};
use der::{
    Any, Tag,
    asn1::{BitString, GeneralizedTime, Ia5String, Int, SetOfVec},
};
use x509_cert::{
    Version,
    attr::AttributeTypeAndValue,
    ext::{
        Extension,
        pkix::{
            AccessDescription, BasicConstraints, KeyUsage, KeyUsages,
            name::{GeneralName, GeneralNames},
        },
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
    spki::SubjectPublicKeyInfoOwned,
    time::Time,
};

use super::*;
use crate::{
    AuthorizationEvidence, CaaEvidence, Evidence, ExtendedKeyUsage, IssuingAuthority, Leaf, Root, SignatureAlgorithm,
    Subtree, distinguished_name, general_name,
    tbs::Fields,
    tests::{Authorities, at, identifiers, public_key, serial},
    time,
};

/// Breaks a certificate in one respect.
type Break = fn(&mut Fields);

struct Subject {
    names: Vec<Identifier>,
    profile: LeafProfile,
    pointers: Pointers,
    key: PublicKey,
    authority_name: AuthorityName,
}

impl Subject {
    fn new() -> Self {
        Self {
            names: identifiers(&["example.com", "192.0.2.1"]),
            profile: LeafProfile {
                policies: vec!["2.23.140.1.2.1".parse().unwrap()],
                key_types: [crate::CertificateKeyType::P256].into(),
                ..LeafProfile::default()
            },
            pointers: Pointers {
                ca_issuers: Some("http://status.test/issuing.der".to_owned()),
                crl: Some("http://status.test/issuing.crl".to_owned()),
            },
            key: public_key(),
            authority_name: AuthorityName::new("Issuing E2", None).unwrap(),
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            serial: serial(7),
            public_key: &self.key,
            not_before: at("2026-02-01T00:00:00Z"),
            not_after: at("2026-05-02T00:00:00Z"),
            pointers: &self.pointers,
        }
    }

    fn leaf(&self) -> Vec<u8> {
        let mut evidence = Evidence::new();
        for name in &self.names {
            let owner = AuthorizationEvidence::HostOwner;
            evidence.insert(name.clone(), owner, CaaEvidence::PolicyOff);
        }
        let request = self.request();
        let leaf = Leaf {
            issuer: &Authorities::shared().issuing,
            serial: request.serial,
            public_key: request.public_key,
            identifiers: &self.names,
            not_before: request.not_before,
            not_after: request.not_after,
            profile: &self.profile,
            pointers: &self.pointers,
            evidence: &evidence,
        };
        leaf.tbs().unwrap().lint().unwrap().bytes().to_vec()
    }

    fn leaf_kind(&self) -> CertificateKind<'_> {
        CertificateKind::Leaf { identifiers: &self.names, profile: &self.profile }
    }

    fn authority(&self) -> Vec<u8> {
        let request = self.request();
        let authority = IssuingAuthority {
            issuer: &Authorities::shared().root,
            subject: &self.authority_name,
            serial: request.serial,
            public_key: request.public_key,
            not_before: request.not_before,
            not_after: request.not_after,
            pointers: &self.pointers,
            constraints: None,
        };
        authority.tbs().unwrap().lint().unwrap().bytes().to_vec()
    }

    fn authority_kind(&self) -> CertificateKind<'_> {
        CertificateKind::Authority { subject: &self.authority_name, path_length: Some(0), constraints: None }
    }
}

fn names_of(outcome: Result<CertificateId, LintError>) -> Vec<&'static str> {
    match outcome {
        Ok(_) => Vec::new(),
        Err(error) => error.findings().iter().map(|finding| finding.lint).collect(),
    }
}

fn every_lint(
    bytes: &[u8],
    issuer: &Authority<'_>,
    subject: &Subject,
    kind: &CertificateKind<'_>,
) -> BTreeSet<&'static str> {
    let examined = Examined::new(bytes, issuer).unwrap();
    let report = check_built(&examined, &subject.request(), kind);
    report.0.iter().map(|(lint, _)| *lint).collect()
}

fn extension_mut(fields: &mut Fields, id: ObjectIdentifier) -> &mut Extension {
    fields.extensions.as_mut().unwrap().iter_mut().find(|one| one.extn_id == id).unwrap()
}

fn remove(fields: &mut Fields, id: ObjectIdentifier) {
    fields.extensions.as_mut().unwrap().retain(|one| one.extn_id != id);
}

fn set(fields: &mut Fields, id: ObjectIdentifier, value: &impl Encode) {
    extension_mut(fields, id).extn_value = der::asn1::OctetString::new(value.to_der().unwrap()).unwrap();
}

fn flip_criticality(fields: &mut Fields, id: ObjectIdentifier) {
    let extension = extension_mut(fields, id);
    extension.critical = !extension.critical;
}

fn add(fields: &mut Fields, id: ObjectIdentifier, value: &impl Encode) {
    let extn_value = der::asn1::OctetString::new(value.to_der().unwrap()).unwrap();
    fields.extensions.as_mut().unwrap().push(Extension { extn_id: id, critical: false, extn_value });
}

fn general_names(texts: &[&str]) -> GeneralNames {
    identifiers(texts).iter().map(|name| general_name::encode(name).unwrap()).collect()
}

fn uri(url: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(url).unwrap())
}

fn general_time(text: &str) -> Time {
    let written = time::asn1(at(text)).unwrap();
    Time::GeneralTime(GeneralizedTime::from_date_time(written.to_date_time()))
}

fn set_key(fields: &mut Fields, key: &PublicKey) {
    fields.subject_public_key_info = SubjectPublicKeyInfoOwned::from_der(key.spki_der()).unwrap();
}

fn subject_of(attributes: &[(ObjectIdentifier, Tag, &str)]) -> Name {
    let mut sequence = RdnSequence::default();
    for (oid, tag, text) in attributes {
        let value = Any::new(*tag, text.as_bytes()).unwrap();
        let attribute = AttributeTypeAndValue { oid: *oid, value };
        let set = SetOfVec::from_iter([attribute]).unwrap();
        sequence.push(RelativeDistinguishedName::from(set));
    }
    Name::from_der(&sequence.to_der().unwrap()).unwrap()
}

/// Faults of any kind of certificate.
const COMMON: &[(&str, Break)] = &[
    ("version", |fields| fields.version = Version::V2),
    ("serial-number", |fields| fields.serial_number = Int::new(&[0x41; 15]).unwrap()),
    ("serial-number", |fields| fields.serial_number = Int::new(&[0xc1; 16]).unwrap()),
    ("serial-number", |fields| fields.serial_number = Int::new(&[0x41; 21]).unwrap()),
    ("signature-algorithm", |fields| fields.signature = SignatureAlgorithm::EcdsaSha384.identifier()),
    ("signature-algorithm", |fields| fields.signature.parameters = Some(Any::null())),
    ("issuer-name", |fields| fields.issuer = distinguished_name::of_leaf(Some("Issuing E9")).unwrap()),
    ("issuer-name", |fields| {
        // The same letters in another string type have other bytes.
        fields.issuer = subject_of(&[(rfc4519::COMMON_NAME, Tag::PrintableString, "Issuing E1")]);
    }),
    ("validity-encoding", |fields| {
        fields.validity.not_before = general_time("2026-02-01T00:00:00Z");
    }),
    ("validity-order", |fields| {
        std::mem::swap(&mut fields.validity.not_before, &mut fields.validity.not_after);
    }),
    ("validity-order", |fields| fields.validity.not_after = fields.validity.not_before),
    ("validity-within-issuer", |fields| {
        fields.validity.not_after = time::asn1(at("2036-01-01T00:00:01Z")).unwrap();
    }),
    ("validity-within-issuer", |fields| {
        fields.validity.not_before = time::asn1(at("2025-12-31T23:59:59Z")).unwrap();
    }),
    ("unique-identifiers", |fields| {
        fields.issuer_unique_id = Some(BitString::from_bytes(&[1]).unwrap());
    }),
    ("unique-identifiers", |fields| {
        fields.subject_unique_id = Some(BitString::from_bytes(&[1]).unwrap());
    }),
    ("repeated-extension", |fields| {
        let extensions = fields.extensions.as_mut().unwrap();
        extensions.push(extensions[0].clone());
    }),
    ("subject-key-identifier", |fields| remove(fields, oid::ID_CE_SUBJECT_KEY_IDENTIFIER)),
    ("subject-key-identifier", |fields| flip_criticality(fields, oid::ID_CE_SUBJECT_KEY_IDENTIFIER)),
    ("subject-key-identifier", |fields| set_key(fields, &public_key())),
    ("authority-key-identifier", |fields| remove(fields, oid::ID_CE_AUTHORITY_KEY_IDENTIFIER)),
    ("authority-key-identifier", |fields| {
        let other = extension::authority_key_identifier(&[1; 20]).unwrap();
        *extension_mut(fields, oid::ID_CE_AUTHORITY_KEY_IDENTIFIER) = other;
    }),
    ("authority-key-identifier", |fields| flip_criticality(fields, oid::ID_CE_AUTHORITY_KEY_IDENTIFIER)),
    ("pointer-scheme", |fields| {
        let other = extension::crl_distribution_points("https://status.test/issuing.crl").unwrap();
        *extension_mut(fields, oid::ID_CE_CRL_DISTRIBUTION_POINTS) = other;
    }),
    ("pointer-scheme", |fields| {
        let other = extension::authority_information_access("ldap://status.test/x").unwrap();
        *extension_mut(fields, oid::ID_PE_AUTHORITY_INFO_ACCESS) = other;
    }),
    ("pointer-scheme", |fields| {
        let ocsp = AccessDescription {
            access_method: oid::ID_AD_OCSP,
            access_location: uri("http://status.test/issuing.der"),
        };
        set(fields, oid::ID_PE_AUTHORITY_INFO_ACCESS, &vec![ocsp]);
    }),
    ("requested-serial-number", |fields| fields.serial_number = Int::new(&[0x42; 16]).unwrap()),
    ("requested-public-key", |fields| set_key(fields, &public_key())),
    ("requested-validity", |fields| {
        fields.validity.not_after = time::asn1(at("2026-05-02T00:00:01Z")).unwrap();
    }),
    ("requested-pointers", |fields| remove(fields, oid::ID_PE_AUTHORITY_INFO_ACCESS)),
    ("requested-pointers", |fields| remove(fields, oid::ID_CE_CRL_DISTRIBUTION_POINTS)),
    ("requested-pointers", |fields| {
        let other = extension::crl_distribution_points("http://status.test/other.crl").unwrap();
        *extension_mut(fields, oid::ID_CE_CRL_DISTRIBUTION_POINTS) = other;
    }),
];

const LEAF: &[(&str, Break)] = &[
    ("leaf-names-constrained", |fields| set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &general_names(&["a.excluded.test"]))),
    ("key-reuse", |fields| set_key(fields, Authorities::shared().issuing.public_key())),
    ("leaf-extensions", |fields| {
        add(fields, oid::ID_CE_NAME_CONSTRAINTS, &Any::null());
    }),
    ("leaf-subject", |fields| {
        fields.subject = distinguished_name::of_leaf(Some("evil.example")).unwrap();
    }),
    ("leaf-subject", |fields| {
        fields.subject = distinguished_name::of_leaf(Some("192.0.2.1")).unwrap();
    }),
    ("leaf-subject", |fields| {
        fields.subject = subject_of(&[(rfc4519::ORGANIZATION_NAME, Tag::Utf8String, "example.com")]);
    }),
    ("leaf-subject", |fields| {
        fields.subject = subject_of(&[(rfc4519::COMMON_NAME, Tag::PrintableString, "example.com")]);
    }),
    ("leaf-subject", |fields| {
        let common_name = (rfc4519::COMMON_NAME, Tag::Utf8String, "example.com");
        fields.subject = subject_of(&[common_name, common_name]);
    }),
    ("leaf-names", |fields| remove(fields, oid::ID_CE_SUBJECT_ALT_NAME)),
    ("leaf-names", |fields| set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &general_names(&[]))),
    ("leaf-names", |fields| {
        set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &general_names(&["example.com"]));
    }),
    ("leaf-names", |fields| {
        let names = general_names(&["example.com", "192.0.2.1", "b.example"]);
        set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &names);
    }),
    ("leaf-names", |fields| {
        let names = general_names(&["*.example.com", "192.0.2.1"]);
        set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &names);
    }),
    ("leaf-names", |fields| {
        let names = general_names(&["example.com", "example.com", "192.0.2.1"]);
        set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &names);
    }),
    ("leaf-names", |fields| {
        let mut names = general_names(&["example.com", "192.0.2.1"]);
        names.push(uri("https://example.com"));
        set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &names);
    }),
    ("leaf-names-canonical", |fields| {
        let mut names = general_names(&["192.0.2.1"]);
        names.push(GeneralName::DnsName(Ia5String::new("EXAMPLE.com").unwrap()));
        set(fields, oid::ID_CE_SUBJECT_ALT_NAME, &names);
    }),
    ("leaf-names-criticality", |fields| flip_criticality(fields, oid::ID_CE_SUBJECT_ALT_NAME)),
    ("leaf-names-criticality", |fields| fields.subject = Name::default()),
    ("leaf-key-usage", |fields| remove(fields, oid::ID_CE_KEY_USAGE)),
    ("leaf-key-usage", |fields| flip_criticality(fields, oid::ID_CE_KEY_USAGE)),
    ("leaf-key-usage", |fields| {
        let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign);
        set(fields, oid::ID_CE_KEY_USAGE, &usage);
    }),
    ("leaf-key-usage", |fields| {
        let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment);
        set(fields, oid::ID_CE_KEY_USAGE, &usage);
    }),
    ("profile-key-usage", |fields| {
        set(fields, oid::ID_CE_KEY_USAGE, &KeyUsage(KeyUsages::KeyEncipherment.into()));
    }),
    ("leaf-extended-key-usage", |fields| remove(fields, oid::ID_CE_EXT_KEY_USAGE)),
    ("leaf-extended-key-usage", |fields| flip_criticality(fields, oid::ID_CE_EXT_KEY_USAGE)),
    ("leaf-extended-key-usage", |fields| {
        set(fields, oid::ID_CE_EXT_KEY_USAGE, &Vec::<ObjectIdentifier>::new());
    }),
    ("leaf-extended-key-usage", |fields| {
        set(fields, oid::ID_CE_EXT_KEY_USAGE, &vec![oid::ANY_EXTENDED_KEY_USAGE]);
    }),
    ("leaf-extended-key-usage", |fields| {
        let server = ExtendedKeyUsage::Server.oid();
        set(fields, oid::ID_CE_EXT_KEY_USAGE, &vec![server, server]);
    }),
    ("leaf-basic-constraints", |fields| remove(fields, oid::ID_CE_BASIC_CONSTRAINTS)),
    ("leaf-basic-constraints", |fields| flip_criticality(fields, oid::ID_CE_BASIC_CONSTRAINTS)),
    ("leaf-basic-constraints", |fields| {
        let constraints = BasicConstraints { ca: true, path_len_constraint: None };
        set(fields, oid::ID_CE_BASIC_CONSTRAINTS, &constraints);
    }),
    ("leaf-policies", |fields| flip_criticality(fields, oid::ID_CE_CERTIFICATE_POLICIES)),
    ("leaf-policies", |fields| {
        let none = extension::certificate_policies(&[]).unwrap();
        *extension_mut(fields, oid::ID_CE_CERTIFICATE_POLICIES) = none;
    }),
    ("profile-key-type", |fields| {
        set_key(fields, p384_key());
    }),
    ("profile-subject", |fields| fields.subject = Name::default()),
    ("profile-extended-key-usage", |fields| {
        let client = ExtendedKeyUsage::Client.oid();
        set(fields, oid::ID_CE_EXT_KEY_USAGE, &vec![client]);
    }),
    ("profile-policies", |fields| remove(fields, oid::ID_CE_CERTIFICATE_POLICIES)),
    ("profile-policies", |fields| {
        let other = extension::certificate_policies(&["1.2.3".parse().unwrap()]).unwrap();
        *extension_mut(fields, oid::ID_CE_CERTIFICATE_POLICIES) = other;
    }),
];

const AUTHORITY: &[(&str, Break)] = &[
    ("authority-name-constraints", |fields| add(fields, oid::ID_CE_NAME_CONSTRAINTS, &Vec::<Any>::new())),
    ("key-reuse", |fields| set_key(fields, Authorities::shared().root.public_key())),
    ("authority-extensions", |fields| {
        add(fields, oid::ID_CE_SUBJECT_ALT_NAME, &general_names(&["example.com"]));
    }),
    ("authority-extensions", |fields| {
        add(fields, oid::ID_CE_EXT_KEY_USAGE, &vec![ExtendedKeyUsage::Server.oid()]);
    }),
    ("authority-subject", |fields| {
        fields.subject = distinguished_name::of_leaf(Some("Issuing E9")).unwrap();
    }),
    ("authority-self-issued", |fields| fields.subject = fields.issuer.clone()),
    ("authority-key-type", |fields| set_key(fields, ed25519_key())),
    ("authority-key-usage", |fields| remove(fields, oid::ID_CE_KEY_USAGE)),
    ("authority-key-usage", |fields| flip_criticality(fields, oid::ID_CE_KEY_USAGE)),
    ("authority-key-usage", |fields| {
        set(fields, oid::ID_CE_KEY_USAGE, &KeyUsage(KeyUsages::KeyCertSign.into()));
    }),
    ("authority-basic-constraints", |fields| remove(fields, oid::ID_CE_BASIC_CONSTRAINTS)),
    ("authority-basic-constraints", |fields| {
        flip_criticality(fields, oid::ID_CE_BASIC_CONSTRAINTS);
    }),
    ("authority-basic-constraints", |fields| {
        set(fields, oid::ID_CE_BASIC_CONSTRAINTS, &extension::LEAF);
    }),
    ("authority-basic-constraints", |fields| {
        let constraints = BasicConstraints { ca: true, path_len_constraint: None };
        set(fields, oid::ID_CE_BASIC_CONSTRAINTS, &constraints);
    }),
];

fn p384_key() -> &'static PublicKey {
    static KEY: LazyLock<PublicKey> = LazyLock::new(|| generated(&rcgen::PKCS_ECDSA_P384_SHA384));
    &KEY
}

fn ed25519_key() -> &'static PublicKey {
    static KEY: LazyLock<PublicKey> = LazyLock::new(|| generated(&rcgen::PKCS_ED25519));
    &KEY
}

fn generated(algorithm: &'static rcgen::SignatureAlgorithm) -> PublicKey {
    use rcgen::PublicKeyData;
    let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
    PublicKey::from_spki_der(&pair.subject_public_key_info()).unwrap()
}

#[test]
fn every_lint_of_leaves_finds_its_fault() {
    let subject = Subject::new();
    let bytes = subject.leaf();
    let excluded = vec![Subtree::Dns("excluded.test".to_owned())];
    let constraints: Vec<_> = NameConstraints::new(Vec::new(), excluded).into_iter().collect();
    let issuer = Authority { constraints: &constraints, ..Authorities::shared().issuing.authority() };
    check_all(&subject, &issuer, &bytes, &subject.leaf_kind(), LEAF);
}

#[test]
fn every_lint_of_authorities_finds_its_fault() {
    let subject = Subject::new();
    let bytes = subject.authority();
    let kind = subject.authority_kind();
    check_all(&subject, &Authorities::shared().root.authority(), &bytes, &kind, AUTHORITY);
}

fn check_all(
    subject: &Subject,
    issuer: &Authority<'_>,
    bytes: &[u8],
    kind: &CertificateKind<'_>,
    own: &[(&'static str, Break)],
) {
    let mut silent = every_lint(bytes, issuer, subject, kind);
    // No value can break this lint; it has a test of its own.
    silent.remove("encoding");
    for (number, (lint, r#break)) in COMMON.iter().chain(own).enumerate() {
        let mut fields = Fields::from_der(bytes).unwrap();
        r#break(&mut fields);
        let broken = fields.to_der().unwrap();
        assert_ne!(broken, bytes, "{lint} {number}");
        let found = names_of(built(&broken, issuer, &subject.request(), kind));
        assert!(found.contains(lint), "{lint} {number}: {found:?}");
        silent.remove(lint);
    }
    assert!(silent.is_empty(), "lints without a test: {silent:?}");
}

#[test]
fn bytes_that_are_not_canonical_are_found() {
    let subject = Subject::new();
    let mut fields = Fields::from_der(&subject.leaf()).unwrap();
    let two = SetOfVec::from_iter([
        AttributeTypeAndValue { oid: rfc4519::COMMON_NAME, value: Any::new(Tag::Utf8String, *b"a").unwrap() },
        AttributeTypeAndValue { oid: rfc4519::COMMON_NAME, value: Any::new(Tag::Utf8String, *b"b").unwrap() },
    ])
    .unwrap();
    let mut sequence = RdnSequence::default();
    sequence.push(RelativeDistinguishedName::from(two));
    fields.subject = Name::from_der(&sequence.to_der().unwrap()).unwrap();
    let mut bytes = fields.to_der().unwrap();
    // A SET is sorted in DER; exchanging the two values breaks that and nothing else.
    let position =
        |bytes: &[u8], value: u8| bytes.windows(8).position(|w| w == [6, 3, 0x55, 4, 3, 0x0c, 1, value]).unwrap() + 7;
    let (a, b) = (position(&bytes, b'a'), position(&bytes, b'b'));
    bytes.swap(a, b);
    let issuing = Authorities::shared().issuing.authority();
    let found = names_of(built(&bytes, &issuing, &subject.request(), &subject.leaf_kind()));
    assert!(found.contains(&"encoding"), "{found:?}");
}

#[test]
fn bytes_that_are_not_a_tbs_or_have_an_unacceptable_key_are_found() {
    let subject = Subject::new();
    let issuing = Authorities::shared().issuing.authority();
    let bytes = subject.leaf();
    for broken in [&bytes[1..], &bytes[..bytes.len() - 1], &[]] {
        let found = names_of(stored(broken, &issuing, &subject.names));
        assert_eq!(found, ["well-formed"]);
    }
    let mut fields = Fields::from_der(&bytes).unwrap();
    fields.subject_public_key_info.subject_public_key = BitString::from_bytes(&[4; 65]).unwrap();
    let found = names_of(stored(&fields.to_der().unwrap(), &issuing, &subject.names));
    assert_eq!(found, ["public-key"]);
}

#[test]
fn a_root_is_signed_by_its_own_key_and_name() {
    let subject = Subject::new();
    let request = Request { pointers: &Pointers::default(), ..subject.request() };
    let root = Root {
        subject: &subject.authority_name,
        serial: request.serial.clone(),
        public_key: &subject.key,
        not_before: request.not_before,
        not_after: request.not_after,
    };
    let bytes = root.tbs().unwrap().lint().unwrap().bytes().to_vec();
    let name = subject.authority_name.to_name().unwrap().to_der().unwrap();
    let kind = CertificateKind::Authority { subject: &subject.authority_name, path_length: None, constraints: None };
    let authority = |key| Authority {
        name: name.clone(),
        key_identifier: extension::key_identifier(&subject.key),
        algorithm: SignatureAlgorithm::EcdsaSha256,
        key,
        validity: None,
        constraints: &[],
    };
    assert!(built(&bytes, &authority(&subject.key), &request, &kind).is_ok());
    let other = public_key();
    assert_eq!(names_of(built(&bytes, &authority(&other), &request, &kind)), ["key-reuse"]);
    let mut fields = Fields::from_der(&bytes).unwrap();
    fields.subject = distinguished_name::of_leaf(Some("Root X9")).unwrap();
    let broken = fields.to_der().unwrap();
    let found = names_of(built(&broken, &authority(&subject.key), &request, &kind));
    assert_eq!(found, ["authority-subject", "authority-self-issued"]);
}

#[test]
fn the_message_names_every_finding() {
    let subject = Subject::new();
    let issuing = Authorities::shared().issuing.authority();
    let mut fields = Fields::from_der(&subject.leaf()).unwrap();
    fields.version = Version::V2;
    remove(&mut fields, oid::ID_CE_KEY_USAGE);
    let error = stored(&fields.to_der().unwrap(), &issuing, &subject.names).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate must not be signed: version (not version 3); leaf-key-usage (absent)"
    );
}

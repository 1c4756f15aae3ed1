//! Requests that other software makes, and requests that no software should make.

use std::str::FromStr;

use acme::IdentifierError;
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use const_oid::db::{
    rfc5280::{ID_CE_BASIC_CONSTRAINTS, ID_CE_SUBJECT_ALT_NAME},
    rfc5912::{ECDSA_WITH_SHA_256, ID_EXTENSION_REQ},
};
use der::{
    Any, Decode, Encode,
    asn1::{BitString, Ia5String, OctetString, SetOfVec},
    oid::ObjectIdentifier,
};
use jose::{KeyError, KeyKind, WeakKey};
use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use x509_cert::{
    attr::{Attribute, Attributes},
    ext::{
        Extension,
        pkix::{
            BasicConstraints,
            name::{GeneralName, OtherName},
        },
    },
    name::Name,
    request::{CertReq, CertReqInfo, Version},
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::{identifiers, openssl::Openssl};
use crate::{Csr, CsrError, NameError, SignatureError};

/// A request put together by hand and correctly signed with a P-256 key.
fn handmade(subject: &str, attributes: Vec<Attribute>) -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let info = CertReqInfo {
        version: Version::V1,
        subject: if subject.is_empty() { Name::default() } else { Name::from_str(subject).unwrap() },
        public_key: SubjectPublicKeyInfoOwned::from_der(spki.as_ref()).unwrap(),
        attributes: Attributes::try_from(attributes).unwrap(),
    };
    let signature = pair.sign(&SystemRandom::new(), &info.to_der().unwrap()).unwrap();
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA_256, parameters: None },
        signature: BitString::from_bytes(signature.as_ref()).unwrap(),
    };
    request.to_der().unwrap()
}

/// A request with these fields, each in DER, and correctly signed.
fn of_fields(version: &[u8], subject: &str, attributes: Option<&[u8]>) -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let subject = if subject.is_empty() { Name::default() } else { Name::from_str(subject).unwrap() };
    let fields = [version, &subject.to_der().unwrap(), spki.as_ref(), attributes.unwrap_or_default()].concat();
    let info = encoded(0x30, &fields);
    let signature = pair.sign(&SystemRandom::new(), &info).unwrap();
    let algorithm = AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA_256, parameters: None };
    let signature = BitString::from_bytes(signature.as_ref()).unwrap();
    encoded(0x30, &[info, algorithm.to_der().unwrap(), signature.to_der().unwrap()].concat())
}

/// A value with this tag.
fn encoded(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        short @ ..128 => vec![short as u8],
        long => [0x82].into_iter().chain((long as u16).to_be_bytes()).collect(),
    };
    // The shortest form of the length is demanded.
    let length = if length.starts_with(&[0x82, 0]) { vec![0x81, length[2]] } else { length };
    [vec![tag], length, value.to_vec()].concat()
}

fn extension(extn_id: ObjectIdentifier, value: &impl Encode) -> Extension {
    let extn_value = OctetString::new(value.to_der().unwrap()).unwrap();
    Extension { extn_id, critical: false, extn_value }
}

fn names(names: Vec<GeneralName>) -> Extension {
    extension(ID_CE_SUBJECT_ALT_NAME, &names)
}

fn dns(name: &str) -> GeneralName {
    GeneralName::DnsName(Ia5String::new(name).unwrap())
}

fn requesting(extensions: Vec<Extension>) -> Attribute {
    let value = Any::encode_from(&extensions).unwrap();
    Attribute { oid: ID_EXTENSION_REQ, values: SetOfVec::try_from(vec![value]).unwrap() }
}

/// A request with that subject and the name `example.com`.
fn with_subject(subject: &str) -> Result<Csr, CsrError> {
    Csr::from_der(&handmade(subject, vec![requesting(vec![names(vec![dns("example.com")])])]))
}

/// A request with `example.com` and one more name.
fn with_name(name: GeneralName) -> Result<Csr, CsrError> {
    let extension = names(vec![dns("example.com"), name]);
    Csr::from_der(&handmade("", vec![requesting(vec![extension])]))
}

#[test]
fn a_request_of_another_library_is_read() {
    let pair = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![
        "Example.COM".to_owned(),
        "*.example.com".to_owned(),
        "192.0.2.1".to_owned(),
        "2001:db8::1".to_owned(),
    ])
    .unwrap();
    params.distinguished_name.push(DnType::CommonName, "EXAMPLE.com");
    params.distinguished_name.push(DnType::OrganizationName, "Example Ltd");
    let der = params.serialize_request(&pair).unwrap().der().to_vec();
    let csr = Csr::from_der(&der).unwrap();
    let order = identifiers(&["2001:db8::1", "192.0.2.1", "*.example.com", "example.com"]);
    assert_eq!(csr.identifiers(), &order.iter().cloned().collect());
    assert_eq!(csr.check_names(&order), Ok(()));
    assert_eq!(csr.public_key().subject_public_key(), pair.public_key_raw());
    assert_eq!(csr.digest(), Csr::from_der(&der).unwrap().digest());
}

#[test]
fn n4_the_names_are_exactly_those_of_the_order() {
    let pair = KeyPair::generate().unwrap();
    let csr = |names: &[&str], common_name: Option<&str>| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(text) = common_name {
            params.distinguished_name.push(DnType::CommonName, text);
        }
        Csr::from_der(params.serialize_request(&pair).unwrap().der()).unwrap()
    };
    let accepted = [
        (vec!["a.example"], None, vec!["a.example"]),
        (vec!["A.Example"], Some("a.eXample"), vec!["a.example"]),
        (vec![], Some("a.example"), vec!["a.example"]),
        (vec!["b.example"], Some("a.example"), vec!["a.example", "b.example"]),
        (vec!["192.0.2.1"], Some("192.0.2.1"), vec!["192.0.2.1"]),
        (vec!["2001:db8::1"], Some("2001:DB8:0::1"), vec!["2001:db8::1"]),
        (vec!["*.a.example"], Some("*.a.example"), vec!["*.a.example"]),
        (vec!["a.example", "a.example"], None, vec!["a.example"]),
    ];
    for (names, common_name, order) in accepted {
        let outcome = csr(&names, common_name).check_names(&identifiers(&order));
        assert_eq!(outcome, Ok(()), "{names:?} {common_name:?}");
    }
    let refused = [
        (vec!["a.example"], None, vec!["a.example", "b.example"]),
        (vec!["a.example", "b.example"], None, vec!["a.example"]),
        (vec!["a.example"], Some("b.example"), vec!["a.example"]),
        (vec!["a.example"], Some("192.0.2.1"), vec!["a.example"]),
        (vec!["*.a.example"], None, vec!["a.example"]),
        (vec!["a.example"], None, vec!["*.a.example"]),
        (vec!["192.0.2.1"], None, vec!["192.0.2.2"]),
        (vec!["::ffff:192.0.2.1"], None, vec!["192.0.2.1"]),
        (vec![], None, vec!["a.example"]),
    ];
    for (names, common_name, order) in refused {
        let outcome = csr(&names, common_name).check_names(&identifiers(&order));
        let refusal = matches!(outcome, Err(CsrError::OtherNames { .. }));
        assert!(refusal, "{names:?} {common_name:?} {order:?}");
    }
    let error = csr(&["a.example"], None).check_names(&identifiers(&["b.example"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the CSR must have exactly the identifiers of the order; not in the CSR: b.example; not in the \
         order: a.example"
    );
}

#[test]
fn n10_requests_of_openssl_with_every_key_and_hash_are_read() {
    let Some(openssl) = Openssl::find() else { return };
    for (key, kind) in [
        ("EC -pkeyopt ec_paramgen_curve:P-256", KeyKind::P256),
        ("EC -pkeyopt ec_paramgen_curve:P-384", KeyKind::P384),
        ("EC -pkeyopt ec_paramgen_curve:P-521", KeyKind::P521),
        ("RSA -pkeyopt rsa_keygen_bits:2048", KeyKind::Rsa { bits: 2048 }),
        ("RSA -pkeyopt rsa_keygen_bits:4096", KeyKind::Rsa { bits: 4096 }),
    ] {
        openssl.expect(&format!("genpkey -out key.pem -algorithm {key}"));
        for hash in ["sha256", "sha384", "sha512"] {
            openssl.expect(&format!(
                "req -new -key key.pem -{hash} -subj /C=CH/O=x/CN=example.com -outform DER -out csr \
                 -addext subjectAltName=DNS:example.com,IP:2001:db8::1 -addext tlsfeature=status_request"
            ));
            let csr = Csr::from_der(&openssl.read("csr")).unwrap();
            assert_eq!(csr.public_key().kind(), kind);
            assert_eq!(csr.check_names(&identifiers(&["example.com", "2001:db8::1"])), Ok(()));
        }
    }
    openssl.expect("genpkey -out key.pem -algorithm ED25519");
    openssl.expect("req -new -key key.pem -subj /CN=example.com -outform DER -out csr");
    let csr = Csr::from_der(&openssl.read("csr")).unwrap();
    assert_eq!(csr.public_key().kind(), KeyKind::Ed25519);
}

#[test]
fn requests_signed_with_a_weak_hash_are_refused_by_its_name() {
    let Some(openssl) = Openssl::find() else { return };
    for (key, hashes) in [
        ("EC -pkeyopt ec_paramgen_curve:P-256", &[("sha1", "SHA-1"), ("sha224", "SHA-224")][..]),
        ("RSA -pkeyopt rsa_keygen_bits:2048", &[("sha1", "SHA-1"), ("sha224", "SHA-224"), ("md5", "MD5")]),
    ] {
        openssl.expect(&format!("genpkey -out key.pem -algorithm {key}"));
        for (hash, name) in hashes {
            openssl.expect(&format!("req -new -key key.pem -{hash} -subj /CN=example.com -outform DER -out csr"));
            let error = Csr::from_der(&openssl.read("csr")).unwrap_err();
            assert_eq!(error, CsrError::Signature(SignatureError::Weak(name)), "{key}");
        }
    }
}

#[test]
fn threat_23_requests_with_weak_keys_are_refused() {
    let Some(openssl) = Openssl::find() else { return };
    for (key, refusal) in [
        ("RSA -pkeyopt rsa_keygen_bits:1024", KeyError::RsaTooSmall { bits: 1024 }),
        ("RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3", KeyError::Weak(WeakKey::Exponent)),
        ("EC -pkeyopt ec_paramgen_curve:secp256k1", KeyError::UnsupportedCurve),
        ("ED448", KeyError::UnsupportedType),
    ] {
        openssl.expect(&format!("genpkey -out key.pem -algorithm {key}"));
        openssl.expect("req -new -key key.pem -subj /CN=example.com -outform DER -out csr");
        let error = Csr::from_der(&openssl.read("csr")).unwrap_err();
        assert_eq!(error, CsrError::Key(refusal), "{key}");
    }
}

#[test]
fn a_request_with_rsa_pss_is_refused_by_name() {
    let Some(openssl) = Openssl::find() else { return };
    openssl.expect("genpkey -out key.pem -algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    openssl.expect("req -new -key key.pem -subj /CN=example.com -sigopt rsa_padding_mode:pss -outform DER -out csr");
    let error = Csr::from_der(&openssl.read("csr")).unwrap_err();
    let expected = SignatureError::Unsupported(const_oid::db::rfc5912::ID_RSASSA_PSS);
    assert_eq!(error, CsrError::Signature(expected));
}

#[test]
fn a_request_signed_by_another_key_or_changed_after_is_refused() {
    let der = handmade("CN=example.com", vec![]);
    assert!(Csr::from_der(&der).is_ok());
    let changed: Vec<u8> = {
        let position = der.windows(11).position(|window| window == b"example.com").unwrap();
        let mut changed = der.clone();
        changed[position] = b'E';
        changed
    };
    let invalid = Err(CsrError::Signature(SignatureError::Invalid));
    assert_eq!(Csr::from_der(&changed).map(|_| ()), invalid);
    let mut request = CertReq::from_der(&der).unwrap();
    let other = CertReq::from_der(&handmade("CN=example.com", vec![])).unwrap();
    request.info.public_key = other.info.public_key;
    assert_eq!(Csr::from_der(&request.to_der().unwrap()).map(|_| ()), invalid);
}

#[test]
fn a_signature_algorithm_of_another_kind_of_key_is_refused() {
    let mut request = CertReq::from_der(&handmade("CN=example.com", vec![])).unwrap();
    for (oid, parameters) in [
        (const_oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
        (const_oid::db::rfc8410::ID_ED_25519, None),
    ] {
        request.algorithm = AlgorithmIdentifierOwned { oid, parameters };
        let error = Csr::from_der(&request.to_der().unwrap()).unwrap_err();
        assert_eq!(error, CsrError::Signature(SignatureError::Key));
    }
}

#[test]
fn bytes_around_a_request_are_refused() {
    let der = handmade("CN=example.com", vec![]);
    let mut long = der.clone();
    long.push(0);
    for bytes in [&long[..], &der[..der.len() - 1], b"", b"-----BEGIN CERTIFICATE REQUEST-----"] {
        assert!(matches!(Csr::from_der(bytes), Err(CsrError::Malformed(_))));
    }
}

#[test]
fn threat_15_names_of_other_types_are_refused() {
    assert!(with_name(dns("b.example")).is_ok());
    let text = |text| Ia5String::new(text).unwrap();
    let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");
    let other = OtherName { type_id: oid, value: Any::null() };
    for (name, r#type) in [
        (GeneralName::Rfc822Name(text("a@example.com")), "rfc822Name"),
        (GeneralName::UniformResourceIdentifier(text("https://example.com")), "uniformResourceIdentifier"),
        (GeneralName::DirectoryName(Name::from_str("CN=b.example").unwrap()), "directoryName"),
        (GeneralName::OtherName(other), "otherName"),
        (GeneralName::RegisteredId(oid), "registeredID"),
    ] {
        let error = CsrError::SubjectAlternativeName(NameError::Type(r#type));
        assert_eq!(with_name(name).map(|_| ()), Err(error));
    }
}

#[test]
fn threat_15_odd_spellings_of_names_are_refused() {
    for (name, reason) in [
        (dns("192.0.2.1"), NameError::Dns(IdentifierError::NumericTopLevel)),
        (dns("example.com."), NameError::Dns(IdentifierError::TrailingDot)),
        (dns("a.example\0.evil.example"), NameError::Dns(IdentifierError::Character)),
        (dns("*.*.example"), NameError::Dns(IdentifierError::Asterisk)),
        (dns(""), NameError::Dns(IdentifierError::Empty)),
        (GeneralName::IpAddress(OctetString::new([192, 0, 2]).unwrap()), NameError::IpLength),
        // An address with a mask, as in name constraints.
        (GeneralName::IpAddress(OctetString::new([0; 8]).unwrap()), NameError::IpLength),
    ] {
        let error = CsrError::SubjectAlternativeName(reason);
        assert_eq!(with_name(name).map(|_| ()), Err(error));
    }
}

#[test]
fn threat_15_a_common_name_is_one_identifier_or_none() {
    for (subject, error) in [
        ("CN=example.com+CN=b.example", CsrError::Repeated("common name")),
        ("CN=example.com,CN=b.example", CsrError::Repeated("common name")),
        ("CN=example.com,CN=example.com", CsrError::Repeated("common name")),
        ("CN=Jane Doe", CsrError::CommonName(NameError::Dns(IdentifierError::Character))),
        ("CN=a@example.com", CsrError::CommonName(NameError::Dns(IdentifierError::Character))),
        // A BMPString with half a character at its end, and one with half a surrogate pair.
        ("CN=#1e03006100", CsrError::CommonNameEncoding),
        ("CN=#1e02d800", CsrError::CommonNameEncoding),
        // An INTEGER.
        ("CN=#020101", CsrError::CommonNameEncoding),
    ] {
        assert_eq!(with_subject(subject).map(|_| ()), Err(error), "{subject}");
    }
}

#[test]
fn what_a_subject_holds_beside_its_common_name_decides_nothing() {
    let order = identifiers(&["example.com"]);
    for subject in [
        "C=CH,ST=ZH,L=Zurich,O=x,OU=y,OU=z,CN=example.com",
        // emailAddress, as `openssl req` asks for it.
        "1.2.840.113549.1.9.1=#161161646d696e406578616d706c652e636f6d,CN=example.com",
        // domainComponent and UID, as directories write them.
        "DC=example,DC=com",
        "UID=a,CN=example.com",
        // unstructuredName, as routers write it.
        "1.2.840.113549.1.9.2=#1609722e6578616d706c65",
        // description, organizationIdentifier, dnQualifier, and one without a name.
        "2.5.4.13=#0c0178,2.5.4.97=#0c0178,2.5.4.46=#130178,CN=example.com",
        "1.3.6.1.4.1.55555.7=#0500,CN=example.com",
        // Several attributes in one relative distinguished name.
        "CN=example.com+O=x",
        "O=x+OU=y,CN=example.com",
        // An empty common name, in two types of string.
        "CN=#0c00",
        "CN=#1e00",
        // example.com as a BMPString.
        "CN=#1e16006500780061006d0070006c0065002e0063006f006d",
    ] {
        let csr = with_subject(subject).unwrap_or_else(|error| panic!("{subject}: {error}"));
        assert_eq!(csr.check_names(&order), Ok(()), "{subject}");
    }
}

#[test]
fn the_version_and_the_attributes_of_a_request_decide_nothing() {
    let names = requesting(vec![names(vec![dns("example.com")])]).to_der().unwrap();
    let other = [0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2].as_slice();
    let two = [other, names.as_slice(), other].concat();
    let order = identifiers(&["example.com"]);
    for (version, attributes) in [
        ([2, 1, 0], Some(names.as_slice())),
        ([2, 1, 1], Some(names.as_slice())),
        ([2, 1, 2], Some(names.as_slice())),
        // Not in the order of DER, with two of one type that have no values.
        ([2, 1, 0], Some(two.as_slice())),
        // Left out, and empty.
        ([2, 1, 0], None),
        ([2, 1, 2], None),
        ([2, 1, 0], Some(&[])),
    ] {
        let attributes = attributes.map(|attributes| encoded(0xa0, attributes));
        let csr = Csr::from_der(&of_fields(&version, "CN=example.com", attributes.as_deref())).unwrap();
        assert_eq!(csr.check_names(&order), Ok(()), "{version:?} {attributes:?}");
    }
    // A text where the version should be, and a field too many.
    for (version, attributes) in
        [([0x0c, 1, b'0'], None), ([2, 1, 0], Some([encoded(0xa0, &[]), encoded(0xa1, &[])].concat()))]
    {
        let error = Csr::from_der(&of_fields(&version, "CN=example.com", attributes.as_deref())).unwrap_err();
        assert!(matches!(error, CsrError::Malformed(_)), "{error:?}");
    }
}

#[test]
fn how_a_requested_extension_is_marked_decides_nothing() {
    let value = encoded(4, &vec![dns("example.com")].to_der().unwrap());
    let order = identifiers(&["example.com"]);
    let subject_alternative_name = [6, 3, 0x55, 0x1d, 17].as_slice();
    // FALSE, which DER leaves out; TRUE as BER has it.
    for critical in [&[][..], &[1, 1, 0], &[1, 1, 0xff], &[1, 1, 1]] {
        let extension = encoded(0x30, &[subject_alternative_name, critical, &value].concat());
        let list = encoded(0x31, &encoded(0x30, &extension));
        let attribute = encoded(0x30, &[&ID_EXTENSION_REQ.to_der().unwrap(), &list[..]].concat());
        let der = of_fields(&[2, 1, 0], "", Some(&encoded(0xa0, &attribute)));
        assert_eq!(Csr::from_der(&der).unwrap().check_names(&order), Ok(()), "{critical:?}");
    }
    // A request for extensions that has no list.
    let attribute = encoded(0x30, &[&ID_EXTENSION_REQ.to_der().unwrap()[..], &[0x31, 0]].concat());
    let der = of_fields(&[2, 1, 0], "CN=example.com", Some(&encoded(0xa0, &attribute)));
    assert_eq!(Csr::from_der(&der).unwrap().check_names(&order), Ok(()));
}

#[test]
fn the_parameters_of_the_signature_algorithm_may_be_null_or_absent() {
    let mut request = CertReq::from_der(&handmade("CN=example.com", vec![])).unwrap();
    request.algorithm.parameters = Some(Any::null());
    assert!(Csr::from_der(&request.to_der().unwrap()).is_ok());
    request.algorithm.parameters = Some(Any::encode_from(&ECDSA_WITH_SHA_256).unwrap());
    let error = Csr::from_der(&request.to_der().unwrap()).unwrap_err();
    assert_eq!(error, CsrError::Signature(SignatureError::Key));
}

#[test]
fn threat_23_rsa_keys_of_unusual_sizes_are_refused_with_the_usual_ones() {
    let Some(openssl) = Openssl::find() else { return };
    for bits in [2056, 3000] {
        openssl.expect(&format!("genpkey -out key.pem -algorithm RSA -pkeyopt rsa_keygen_bits:{bits}"));
        openssl.expect("req -new -key key.pem -subj /CN=example.com -outform DER -out csr");
        let error = Csr::from_der(&openssl.read("csr")).unwrap_err();
        assert_eq!(error, CsrError::RsaSize { bits });
        assert!(error.to_string().contains("2048, 3072 or 4096 bits"), "{error}");
    }
}

#[test]
fn threat_15_an_extra_common_name_is_not_in_the_order() {
    let csr = with_subject("CN=evil.example").unwrap();
    let error = csr.check_names(&identifiers(&["example.com"])).unwrap_err();
    let unexpected = identifiers(&["evil.example"]);
    assert_eq!(error, CsrError::OtherNames { missing: vec![], unexpected });
}

#[test]
fn threat_15_a_second_list_of_names_is_refused() {
    let one = requesting(vec![names(vec![dns("example.com")])]);
    let two = requesting(vec![names(vec![dns("evil.example")])]);
    let values = one.values.iter().chain(two.values.iter()).cloned().collect::<Vec<_>>();
    let both = Attribute { oid: ID_EXTENSION_REQ, values: values.try_into().unwrap() };
    for attributes in [vec![one.clone(), two], vec![one.clone(), one], vec![both]] {
        let error = Csr::from_der(&handmade("", attributes)).unwrap_err();
        assert_eq!(error, CsrError::Repeated("extension request"));
    }
    let twice = requesting(vec![names(vec![dns("example.com")]), names(vec![dns("evil.example")])]);
    let error = Csr::from_der(&handmade("", vec![twice])).unwrap_err();
    assert_eq!(error, CsrError::Repeated("subject alternative name extension"));
}

#[test]
fn requested_extensions_other_than_names_are_ignored() {
    let constraints = BasicConstraints { ca: true, path_len_constraint: None };
    let wild = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55555.7");
    let extensions = vec![
        extension(ID_CE_BASIC_CONSTRAINTS, &constraints),
        extension(wild, &Any::null()),
        names(vec![dns("example.com")]),
    ];
    let challenge_password = Attribute {
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7"),
        values: vec![Any::new(der::Tag::Utf8String, "secret".as_bytes()).unwrap()].try_into().unwrap(),
    };
    let der = handmade("", vec![requesting(extensions), challenge_password]);
    let csr = Csr::from_der(&der).unwrap();
    assert_eq!(csr.check_names(&identifiers(&["example.com"])), Ok(()));
}

#[test]
fn threat_30_refusals_do_not_repeat_what_was_sent() {
    let script = "<script>\u{202e}";
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, script);
    let pair = KeyPair::generate().unwrap();
    let error = Csr::from_der(params.serialize_request(&pair).unwrap().der()).unwrap_err();
    assert!(error.to_string().is_ascii() && !error.to_string().contains("script"), "{error}");
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(SanType::URI("https://<script>".try_into().unwrap()));
    let error = Csr::from_der(params.serialize_request(&pair).unwrap().der()).unwrap_err();
    assert!(error.to_string().is_ascii() && !error.to_string().contains("script"), "{error}");
}

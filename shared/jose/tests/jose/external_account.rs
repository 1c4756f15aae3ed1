//! The inner JWS of external account binding (RFC 8555 §7.3.4, threat 19).

use aws_lc_rs::hmac;
use jose::{
    Algorithm, MalformedJws, base64url,
    external_account::{ExternalAccountBinding, ExternalAccountBindingError, MacAlgorithm},
};
use serde_json::value::RawValue;

use crate::signer::{Signer, URL};

const MAC_KEY: [u8; 32] = [7; 32];

fn binding(algorithm: MacAlgorithm, header: &str, payload: &[u8]) -> String {
    let protected = base64url::encode(header.as_bytes());
    let payload = base64url::encode(payload);
    let hash = match algorithm {
        MacAlgorithm::Hs256 => hmac::HMAC_SHA256,
        MacAlgorithm::Hs384 => hmac::HMAC_SHA384,
        MacAlgorithm::Hs512 => hmac::HMAC_SHA512,
    };
    let mac = hmac::sign(&hmac::Key::new(hash, &MAC_KEY), format!("{protected}.{payload}").as_bytes());
    let mac = base64url::encode(mac.as_ref());
    format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{mac}"}}"#)
}

fn header(algorithm: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","kid":"kid-1","url":"{URL}"}}"#)
}

fn parse(jws: &str) -> Result<ExternalAccountBinding, ExternalAccountBindingError> {
    ExternalAccountBinding::parse(&RawValue::from_string(jws.to_owned()).unwrap())
}

#[test]
fn each_mac_algorithm_gives_the_payload() {
    let account = Signer::new(Algorithm::Es256).jwk();
    for algorithm in MacAlgorithm::ALL {
        let jws = binding(algorithm, &header(algorithm.as_str()), account.as_bytes());
        let binding = parse(&jws).unwrap();
        assert_eq!((binding.kid(), binding.url()), ("kid-1", URL));
        assert_eq!(binding.verify(&MAC_KEY).unwrap(), account.as_bytes());
    }
}

#[test]
fn threat_19_another_key_hash_or_content_does_not_verify() {
    let jws = binding(MacAlgorithm::Hs256, &header("HS256"), b"{}");
    let bad = Err(ExternalAccountBindingError::BadMac);
    assert_eq!(parse(&jws).unwrap().verify(&[8; 32]), bad);
    assert_eq!(parse(&jws).unwrap().verify(&[7; 33]), bad);
    assert_eq!(parse(&jws.replace("\"e30\"", "\"e31\"")).unwrap_err(), MalformedJws::MalformedMember("payload").into());
    assert_eq!(parse(&jws.replace("\"e30\"", "\"e30K\"")).unwrap().verify(&MAC_KEY), bad);
    for (made, claimed) in
        [(MacAlgorithm::Hs256, "HS512"), (MacAlgorithm::Hs512, "HS256"), (MacAlgorithm::Hs384, "HS512")]
    {
        assert_eq!(parse(&binding(made, &header(claimed), b"{}")).unwrap().verify(&MAC_KEY), bad);
    }
    let empty_mac = format!("{}\"}}", &jws[..jws.rfind(":\"").unwrap() + 2]);
    assert_eq!(parse(&empty_mac).unwrap().verify(&MAC_KEY), bad);
    // 43 characters are 32 octets; 20 of them are the first 15.
    let first_octets_of_mac = format!("{}\"}}", &jws[..jws.len() - "\"}".len() - 23]);
    assert_eq!(parse(&first_octets_of_mac).unwrap().verify(&MAC_KEY), bad);
    assert_eq!(parse(&jws).unwrap().verify(&[7; 31]), Err(ExternalAccountBindingError::MacKeyTooShort));
}

#[test]
fn threat_19_signature_algorithms_and_none_are_refused() {
    for algorithm in ["ES256", "RS256", "EdDSA", "none", "HS1", "hs256", ""] {
        let refused = parse(&binding(MacAlgorithm::Hs256, &header(algorithm), b"{}")).unwrap_err();
        assert_eq!(refused, ExternalAccountBindingError::UnsupportedAlgorithm { algorithm: algorithm.into() });
    }
}

#[test]
fn threat_19_faults_of_the_inner_jws_are_refused() {
    use MalformedJws::{
        ForbiddenParameter, HeaderNotAnObject, MissingParameter, NotAnObject, RepeatedParameter, UnknownMember,
    };
    let with = |member: &str| header("HS256").replacen('{', &format!("{{{member},"), 1);
    for (header, fault) in [
        ("[]".into(), HeaderNotAnObject),
        (with(r#""nonce":"AAAA""#), ForbiddenParameter("nonce")),
        (with(r#""jwk":{}"#), ForbiddenParameter("jwk")),
        (with(r#""crit":["x"]"#), ForbiddenParameter("crit")),
        (with(r#""b64":false"#), ForbiddenParameter("b64")),
        (with(r#""alg":"HS512""#), RepeatedParameter),
        (r#"{"alg":"HS256","url":""}"#.into(), MissingParameter("kid")),
        (r#"{"alg":"HS256","kid":""}"#.into(), MissingParameter("url")),
    ] {
        let refused = parse(&binding(MacAlgorithm::Hs256, &header, b"{}")).unwrap_err();
        assert_eq!(refused, fault.into(), "{header}");
    }
    assert_eq!(parse("\"a.b.c\"").unwrap_err(), NotAnObject.into());
    assert_eq!(parse("null").unwrap_err(), NotAnObject.into());
    let unprotected = binding(MacAlgorithm::Hs256, &header("HS256"), b"{}").replacen('{', r#"{"header":{},"#, 1);
    assert_eq!(parse(&unprotected).unwrap_err(), UnknownMember.into());
    let large = format!("[{}]", " ".repeat(70_000));
    assert_eq!(parse(&large).unwrap_err(), MalformedJws::TooLarge.into());
}

//! Every fault that the JWS of a request can have (threats 18, 20 and 21), and the valid forms.

use jose::{
    Algorithm, JwsError, KeyError, KeyKind, KeyReference, MAX_JWS_LEN, MalformedJws, MalformedKey, UnverifiedJws,
    base64url,
};
use proptest::prelude::*;

use crate::signer::{Signer, URL};

fn refusal(body: &str) -> JwsError {
    UnverifiedJws::parse(body.as_bytes()).expect_err(body)
}

#[test]
fn each_algorithm_and_both_forms_of_key_verify() {
    for signer in Signer::all() {
        let by_kid =
            format!(r#"{{"alg":"{}","kid":"https://ca.example/acct/1","url":"{URL}","x":[1]}}"#, signer.algorithm);
        for (header, payload) in [(signer.header(), &b"{\"a\":1}"[..]), (by_kid.clone(), b"")] {
            let jws = UnverifiedJws::parse(signer.jws(&header, payload).as_bytes()).unwrap();
            assert_eq!(jws.url(), URL);
            if header == by_kid {
                assert_eq!(jws.key(), &KeyReference::Kid("https://ca.example/acct/1".into()));
                assert_eq!(jws.nonce(), None);
            } else {
                assert_eq!(jws.key(), &KeyReference::Jwk(signer.key.clone()));
                assert_eq!(jws.nonce(), Some("bm9uY2U"));
            }
            let jws = jws.verify(&signer.key).unwrap();
            assert_eq!((jws.payload(), jws.url()), (payload, URL));
        }
    }
}

#[test]
fn white_space_escapes_and_the_order_of_members_do_not_matter() {
    let signer = Signer::new(Algorithm::Es256);
    let jws: serde_json::Value = serde_json::from_str(&signer.jws(&signer.header(), b"x")).unwrap();
    let member = |name: &str| jws[name].as_str().unwrap().to_owned();
    let (signature, payload, protected) = (member("signature"), member("payload"), member("protected"));
    let escaped = protected.replacen('e', "\\u0065", 1);
    let body = format!(
        "\n{{ \"signature\" :\"{signature}\",\t\"p\\u0061yload\":\"{payload}\",\r\n\"protected\":\"{escaped}\" }} "
    );
    UnverifiedJws::parse(body.as_bytes()).unwrap().verify(&signer.key).unwrap();
}

#[test]
fn threat_20_anything_but_the_flattened_form_is_refused() {
    use MalformedJws::{MalformedMember, MissingMember, NotAnObject, RepeatedMember, UnknownMember};
    let signer = Signer::new(Algorithm::Es256);
    let good = signer.jws(&signer.header(), b"{}");
    let with = |member: &str| format!("{},{member}}}", good.strip_suffix('}').unwrap());
    let without = |name: &str| good.replacen(&format!("\"{name}\""), "\"x\"", 1);
    let emptied = |name: &str| {
        let mut jws: serde_json::Value = serde_json::from_str(&good).unwrap();
        jws[name] = serde_json::Value::Null;
        jws.to_string()
    };
    let compact = {
        let jws: serde_json::Value = serde_json::from_str(&good).unwrap();
        ["protected", "payload", "signature"].map(|name| jws[name].as_str().unwrap().to_owned()).join(".")
    };
    for (body, fault) in [
        (String::new(), NotAnObject),
        ("null".into(), NotAnObject),
        ("[]".into(), NotAnObject),
        (format!("[{good}]"), NotAnObject),
        (format!("{good}{good}"), NotAnObject),
        (format!("\"{compact}\""), NotAnObject),
        (compact, NotAnObject),
        (good[..good.len() - 1].into(), NotAnObject),
        ("{}".into(), MissingMember("protected")),
        (with(r#""header":{}"#), UnknownMember),
        (with(r#""header":{"alg":"ES256"}"#), UnknownMember),
        (with(r#""signatures":[]"#), UnknownMember),
        (with(r#""x":1"#), UnknownMember),
        (without("payload"), UnknownMember),
        (with(r#""payload":"""#), RepeatedMember),
        (with(r#""\u0070rotected":"e30""#), RepeatedMember),
        (with(r#""x":1,"x":1"#), RepeatedMember),
        (r#"{"payload":"","signature":""}"#.into(), MissingMember("protected")),
        (r#"{"protected":"e30","signature":""}"#.into(), MissingMember("payload")),
        (r#"{"protected":"e30","payload":""}"#.into(), MissingMember("signature")),
        (emptied("protected"), MalformedMember("protected")),
        (emptied("payload"), MalformedMember("payload")),
        (emptied("signature"), MalformedMember("signature")),
        (r#"{"protected":"e30=","payload":"","signature":""}"#.into(), MalformedMember("protected")),
        (r#"{"protected":"e30","payload":"Zh","signature":""}"#.into(), MalformedMember("payload")),
        (r#"{"protected":"e30","payload":"","signature":"+/8"}"#.into(), MalformedMember("signature")),
        (r#"{"protected":"e30","payload":"","signature":"\n"}"#.into(), MalformedMember("signature")),
    ] {
        assert_eq!(refusal(&body), fault.into(), "{body}");
    }
    assert_eq!(UnverifiedJws::parse(b"\xff{}").unwrap_err(), NotAnObject.into());
}

#[test]
fn threat_20_faults_of_the_protected_header_are_refused() {
    use MalformedJws::{
        ForbiddenParameter, HeaderNotAnObject, JwkAndKid, MalformedParameter, MissingParameter, NeitherJwkNorKid,
        RepeatedParameter,
    };
    let signer = Signer::new(Algorithm::Es256);
    let jwk = signer.jwk();
    let header = |parameters: &str| format!(r#"{{"alg":"ES256","url":"{URL}",{parameters}}}"#);
    for (header, fault) in [
        (String::new(), HeaderNotAnObject),
        ("[]".into(), HeaderNotAnObject),
        ("\"ES256\"".into(), HeaderNotAnObject),
        (r#"{"alg":"ES256""#.into(), HeaderNotAnObject),
        (header(r#""kid":"a","kid":"a""#), RepeatedParameter),
        (header(r#""kid":"a","alg":"ES256""#), RepeatedParameter),
        (header(r#""kid":"a","\u0061lg":"none""#), RepeatedParameter),
        (header(r#""kid":"a","x":1,"x":2"#), RepeatedParameter),
        (header(r#""kid":"a","crit":["x"]"#), ForbiddenParameter("crit")),
        (header(r#""kid":"a","crit":[]"#), ForbiddenParameter("crit")),
        (header(r#""kid":"a","b64":false,"crit":["b64"]"#), ForbiddenParameter("crit")),
        (header(r#""kid":"a","b64":false"#), ForbiddenParameter("b64")),
        (header(r#""kid":"a","b64":true"#), ForbiddenParameter("b64")),
        ("{}".into(), MissingParameter("alg")),
        (r#"{"alg":null}"#.into(), MalformedParameter("alg")),
        (r#"{"alg":["ES256"]}"#.into(), MalformedParameter("alg")),
        (header(r#""x":1"#), NeitherJwkNorKid),
        (header(&format!(r#""kid":"a","jwk":{jwk}"#)), JwkAndKid),
        (header(&format!(r#""kid":null,"jwk":{jwk}"#)), JwkAndKid),
        (header(r#""kid":1"#), MalformedParameter("kid")),
        (header(r#""kid":null"#), MalformedParameter("kid")),
        (header(r#""kid":"a","nonce":"a b""#), MalformedParameter("nonce")),
        (header(r#""kid":"a","nonce":"bm9uY2U=""#), MalformedParameter("nonce")),
        (header(r#""kid":"a","nonce":1"#), MalformedParameter("nonce")),
        (header(r#""kid":"a","nonce":null"#), MalformedParameter("nonce")),
        (r#"{"alg":"ES256","kid":"a"}"#.into(), MissingParameter("url")),
        (r#"{"alg":"ES256","kid":"a","url":{}}"#.into(), MalformedParameter("url")),
    ] {
        assert_eq!(refusal(&signer.jws(&header, b"{}")), fault.into(), "{header}");
    }
    let not_utf_8 = base64url::encode(b"{\"\xff\":1}");
    let body = format!(r#"{{"protected":"{not_utf_8}","payload":"","signature":""}}"#);
    assert_eq!(refusal(&body), HeaderNotAnObject.into());
}

#[test]
fn threat_20_none_mac_and_foreign_algorithms_are_unsupported() {
    let signer = Signer::new(Algorithm::Es256);
    for algorithm in
        ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "PS256", "RS384", "ES256K", "Ed448", "es256"]
    {
        let header = format!(r#"{{"alg":"{algorithm}","jwk":{},"url":"{URL}"}}"#, signer.jwk());
        let expected = JwsError::UnsupportedAlgorithm { algorithm: algorithm.into() };
        assert_eq!(refusal(&signer.jws(&header, b"{}")), expected);
    }
}

#[test]
fn threat_20_an_algorithm_of_another_type_of_key_is_refused_in_both_forms() {
    for signer in Signer::all() {
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != signer.algorithm) {
            let mismatch = JwsError::AlgorithmMismatch { algorithm, key: signer.key.kind() };
            let embedded = format!(r#"{{"alg":"{algorithm}","jwk":{},"url":"{URL}"}}"#, signer.jwk());
            assert_eq!(refusal(&signer.jws(&embedded, b"{}")), mismatch);
            let by_kid = format!(r#"{{"alg":"{algorithm}","kid":"a","url":"{URL}"}}"#);
            let jws = UnverifiedJws::parse(signer.jws(&by_kid, b"{}").as_bytes()).unwrap();
            assert_eq!(jws.verify(&signer.key).unwrap_err(), mismatch);
        }
    }
}

#[test]
fn the_embedded_key_must_pass_the_rules_and_agree_with_its_own_alg() {
    let signer = Signer::new(Algorithm::Es256);
    let with = |member: &str| signer.jwk().replacen('{', &format!("{{{member},"), 1);
    let header = |jwk: &str| format!(r#"{{"alg":"ES256","jwk":{jwk},"url":"{URL}"}}"#);
    for (jwk, fault) in [
        ("null".into(), MalformedKey::NotAnObject.into()),
        ("\"key\"".into(), MalformedKey::NotAnObject.into()),
        (with(r#""kid":"a","kid":"b""#), MalformedKey::RepeatedMember.into()),
        (with(r#""d":"AQ""#), MalformedKey::PrivateMember("d").into()),
        (with(r#""alg":"ES384""#), KeyError::AlgorithmMismatch { expected: Algorithm::Es256 }),
        (with(r#""alg":null"#), MalformedKey::MalformedMember("alg").into()),
        (r#"{"kty":"oct","k":"c2VjcmV0"}"#.into(), KeyError::UnsupportedType),
    ] {
        assert_eq!(refusal(&signer.jws(&header(&jwk), b"{}")), JwsError::Key(fault), "{jwk}");
    }
    let agreeing = header(&with(r#""alg":"ES256","use":"sig","kid":"a""#));
    UnverifiedJws::parse(signer.jws(&agreeing, b"{}").as_bytes()).unwrap().verify(&signer.key).unwrap();
}

#[test]
fn threat_18_changing_any_part_breaks_the_signature() {
    for signer in Signer::all() {
        let other = Signer::new(signer.algorithm);
        let header = format!(r#"{{"alg":"{}","kid":"a","url":"{URL}"}}"#, signer.algorithm);
        let jws: serde_json::Value = serde_json::from_str(&signer.jws(&header, b"{}")).unwrap();
        let changed = |name: &str, octets: &[u8]| {
            let mut jws = jws.clone();
            jws[name] = base64url::encode(octets).into();
            UnverifiedJws::parse(jws.to_string().as_bytes()).unwrap()
        };
        let mut signature = base64url::decode(jws["signature"].as_str().unwrap()).unwrap();
        changed("signature", &signature).verify(&signer.key).unwrap();
        for index in [0, signature.len() / 2, signature.len() - 1] {
            signature[index] ^= 1;
            assert_eq!(changed("signature", &signature).verify(&signer.key).unwrap_err(), JwsError::BadSignature);
            signature[index] ^= 1;
        }
        for jws in [
            changed("protected", header.replace("new-account", "new-order").as_bytes()),
            changed("payload", b"{} "),
            changed("payload", b""),
            changed("signature", b""),
        ] {
            assert_eq!(jws.verify(&signer.key).unwrap_err(), JwsError::BadSignature);
        }
        assert_eq!(changed("signature", &signature).verify(&other.key).unwrap_err(), JwsError::BadSignature);
    }
}

#[test]
fn a_jws_verifies_only_with_the_key_that_it_embeds() {
    let (signer, claimed) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    let jws = UnverifiedJws::parse(signer.jws(&claimed.header(), b"{}").as_bytes()).unwrap();
    assert_eq!(jws.verify(&signer.key).unwrap_err(), JwsError::BadSignature);
    let jws = UnverifiedJws::parse(signer.jws(&claimed.header(), b"{}").as_bytes()).unwrap();
    assert_eq!(jws.verify(&claimed.key).unwrap_err(), JwsError::BadSignature);
}

#[test]
fn threat_21_large_and_deep_bodies_are_refused_at_once() {
    let megabyte = 1 << 20;
    for body in [".".repeat(megabyte), "[".repeat(megabyte), "{\"a\":".repeat(megabyte), "\"".repeat(megabyte)] {
        assert_eq!(refusal(&body), MalformedJws::TooLarge.into());
    }
    for body in [".".repeat(MAX_JWS_LEN), "[".repeat(MAX_JWS_LEN), "{\"a\":".repeat(MAX_JWS_LEN / 5)] {
        assert_eq!(refusal(&body), MalformedJws::NotAnObject.into());
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let protected = base64url::encode(format!(r#"{{"alg":"ES256","url":"","jwk":{{"kty":{deep}}}}}"#).as_bytes());
    let body = format!(r#"{{"protected":"{protected}","payload":"","signature":""}}"#);
    assert_eq!(refusal(&body), JwsError::Key(MalformedKey::NotAnObject.into()));
    let dots = format!(r#"{{"protected":"{}","payload":"","signature":""}}"#, ".".repeat(60_000));
    assert_eq!(refusal(&dots), MalformedJws::MalformedMember("protected").into());
}

#[test]
fn messages_do_not_repeat_what_the_client_sent() {
    let signer = Signer::new(Algorithm::Es256);
    let header =
        r#"{"alg":"\u0007\u202e<script>\"\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","kid":"a","url":""}"#;
    let message = refusal(&signer.jws(header, b"")).to_string();
    assert!(message.chars().all(|char| char.is_ascii_graphic() || char == ' ') && message.len() < 120, "{message}");
    let mismatch = JwsError::AlgorithmMismatch { algorithm: Algorithm::Rs256, key: KeyKind::P256 };
    assert_eq!(mismatch.to_string(), "the JWS algorithm RS256 does not fit the key (ECDSA P-256): use ES256");
}

proptest! {
    #[test]
    fn parsing_never_panics_on_octets(body: Vec<u8>) {
        let _ = UnverifiedJws::parse(&body);
    }

    #[test]
    fn parsing_never_panics_on_headers(header in ".*", payload: Vec<u8>) {
        let (protected, payload) = (base64url::encode(header.as_bytes()), base64url::encode(&payload));
        let body = format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":""}}"#);
        let _ = UnverifiedJws::parse(body.as_bytes());
    }

    #[test]
    fn parsing_never_panics_on_damaged_headers(at: prop::sample::Index, damage in "[\\x00-\\x7f]{0,4}", cut in 0usize..4) {
        let header = format!(r#"{{"alg":"EdDSA","nonce":"AAAA","url":"{URL}","jwk":{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}}}"#);
        let start = at.index(header.len());
        let end = (start + cut).min(header.len());
        let protected = base64url::encode(format!("{}{damage}{}", &header[..start], &header[end..]).as_bytes());
        let body = format!(r#"{{"protected":"{protected}","payload":"","signature":""}}"#);
        if let Ok(jws) = UnverifiedJws::parse(body.as_bytes()) {
            prop_assert!(matches!(jws.key(), KeyReference::Jwk(key) if key.algorithm() == Algorithm::EdDsa));
        }
    }
}

//! The rules for public keys, from JWK and from SubjectPublicKeyInfo (threats 20 and 23).

use std::collections::HashSet;

use aws_lc_rs::rsa::KeySize;
use jose::{Algorithm, KeyError, KeyKind, MalformedKey, PublicKey, WeakKey, base64url};
use proptest::prelude::*;

use crate::signer::Signer;

fn refusal(jwk: &str) -> KeyError {
    PublicKey::from_jwk_str(jwk).expect_err(jwk)
}

fn rsa_jwk(modulus: &[u8], exponent: &[u8]) -> String {
    let (n, e) = (base64url::encode(modulus), base64url::encode(exponent));
    format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)
}

#[test]
fn a_key_is_the_same_by_jwk_by_spki_and_from_storage() {
    let mut seen = HashSet::new();
    for signer in Signer::all() {
        let key = &signer.key;
        let stored = serde_json::to_string(key).unwrap();
        assert_eq!(stored, signer.jwk());
        let value: serde_json::Value = serde_json::from_str(&stored).unwrap();
        for same in [
            PublicKey::from_jwk_str(&stored).unwrap(),
            PublicKey::from_spki_der(key.spki_der()).unwrap(),
            serde_json::from_str(&stored).unwrap(),
            serde_json::from_value(value).unwrap(),
        ] {
            assert_eq!(&same, key);
            assert_eq!(same.spki_der(), key.spki_der());
            assert_eq!(serde_json::to_string(&same).unwrap(), stored);
            assert_eq!(same.thumbprint(), key.thumbprint());
            assert_eq!((same.kind(), same.algorithm()), (key.kind(), signer.algorithm));
        }
        assert!(key.spki_der().ends_with(key.subject_public_key()));
        assert_eq!(format!("{key:?}"), format!("PublicKey({}, {})", key.kind(), key.thumbprint()));
        seen.insert(key.clone());
    }
    assert_eq!(seen.len(), Algorithm::ALL.len());
}

#[test]
fn rsa_keys_of_2048_to_4096_bits_are_accepted() {
    for (size, bits) in [(KeySize::Rsa2048, 2048), (KeySize::Rsa3072, 3072), (KeySize::Rsa4096, 4096)] {
        let signer = Signer::rsa(size);
        assert_eq!(signer.key.kind(), KeyKind::Rsa { bits });
        signer.key.verify(Algorithm::Rs256, b"message", &signer.sign(b"message")).unwrap();
    }
}

#[test]
fn rsa_keys_of_other_sizes_are_refused() {
    let modulus = |bits: usize| {
        let mut modulus = vec![0xFF; bits.div_ceil(8)];
        modulus[0] >>= 8 * modulus.len() - bits;
        modulus
    };
    for bits in [1, 512, 1024, 2040, 2047] {
        assert_eq!(refusal(&rsa_jwk(&modulus(bits), &F4)), KeyError::RsaTooSmall { bits });
    }
    for bits in [4097, 4104, 8192, 65536] {
        assert_eq!(refusal(&rsa_jwk(&modulus(bits), &F4)), KeyError::RsaTooLarge { bits });
    }
}

#[test]
fn threat_23_rsa_exponents_that_are_small_even_or_large_are_refused() {
    let signer = Signer::new(Algorithm::Rs256);
    let jwk: serde_json::Value = serde_json::from_str(&signer.jwk()).unwrap();
    let modulus = base64url::decode(jwk["n"].as_str().unwrap()).unwrap();
    assert_eq!(rsa_jwk(&modulus, &F4).len(), signer.jwk().len());
    PublicKey::from_jwk_str(&rsa_jwk(&modulus, &[1, 0, 0, 0, 1])).unwrap();
    for exponent in
        [&[1][..], &[3], &[17], &[1, 0, 0], &[1, 0, 2], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 0, 0, 1, 0, 1], &modulus]
    {
        assert_eq!(refusal(&rsa_jwk(&modulus, exponent)), KeyError::Weak(WeakKey::Exponent));
    }
    for (modulus, exponent) in [(&[][..], &F4[..]), (&[0, 1], &F4), (&[0], &F4)] {
        assert_eq!(refusal(&rsa_jwk(modulus, exponent)), MalformedKey::MalformedMember("n").into());
    }
    for exponent in [&[][..], &[0], &[0, 1, 0, 1]] {
        assert_eq!(refusal(&rsa_jwk(&modulus, exponent)), MalformedKey::MalformedMember("e").into());
    }
}

#[test]
fn threat_23_a_modulus_with_a_small_factor_is_refused() {
    // All octets 0xFF: 2^2048 − 1 is a multiple of 3.
    assert_eq!(refusal(&rsa_jwk(&[0xFF; 256], &F4)), KeyError::Weak(WeakKey::SmallFactor));
    assert_eq!(refusal(&rsa_jwk(&[0xFE; 256], &F4)), KeyError::Weak(WeakKey::SmallFactor));
}

#[test]
fn faults_of_a_jwk_are_named() {
    use MalformedKey::{MalformedMember, MissingMember, NotAnObject, PrivateMember, RepeatedMember};
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    let ec = |members: &str| format!(r#"{{"kty":"EC","crv":"P-256",{members}}}"#);
    let short = base64url::encode(&base64url::decode(x).unwrap()[1..]);
    let long = base64url::encode(&[&[0][..], &base64url::decode(x).unwrap()].concat());
    for (jwk, fault) in [
        (String::new(), NotAnObject.into()),
        ("[]".into(), NotAnObject.into()),
        ("{".into(), NotAnObject.into()),
        ("{}".into(), MissingMember("kty").into()),
        (r#"{"kty":1}"#.into(), MalformedMember("kty").into()),
        (r#"{"kty":"ec"}"#.into(), KeyError::UnsupportedType),
        (r#"{"kty":"oct","k":"AAAA"}"#.into(), KeyError::UnsupportedType),
        (r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}"#.into(), KeyError::UnsupportedType),
        (r#"{"kty":"EC"}"#.into(), MissingMember("crv").into()),
        (r#"{"kty":"EC","crv":"secp256k1","x":"","y":""}"#.into(), KeyError::UnsupportedCurve),
        (r#"{"kty":"EC","crv":"Ed25519","x":"","y":""}"#.into(), KeyError::UnsupportedCurve),
        (r#"{"kty":"OKP","crv":"X25519","x":""}"#.into(), KeyError::UnsupportedCurve),
        (r#"{"kty":"OKP","crv":"Ed448","x":""}"#.into(), KeyError::UnsupportedCurve),
        (r#"{"kty":"OKP","crv":"Ed25519"}"#.into(), MissingMember("x").into()),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.into(), MalformedMember("x").into()),
        (r#"{"kty":"RSA","e":"AQAB"}"#.into(), MissingMember("n").into()),
        (r#"{"kty":"RSA","n":"!","e":"AQAB"}"#.into(), MalformedMember("n").into()),
        (ec(&format!(r#""x":"{x}""#)), MissingMember("y").into()),
        (ec(&format!(r#""x":"{x}","y":"{y}","y":"{y}""#)), RepeatedMember.into()),
        (ec(&format!(r#""x":"{x}=","y":"{y}""#)), MalformedMember("x").into()),
        (ec(&format!(r#""x":"{short}","y":"{y}""#)), MalformedMember("x").into()),
        (ec(&format!(r#""x":"{long}","y":"{y}""#)), MalformedMember("x").into()),
        (ec(&format!(r#""x":"{x}","y":null"#)), MalformedMember("y").into()),
        (ec(&format!(r#""x":"{y}","y":"{x}""#)), KeyError::PointNotOnCurve),
        (ec(&format!(r#""x":"{x}","y":"{y}","d":"AQ""#)), PrivateMember("d").into()),
        (ec(&format!(r#""x":"{x}","y":"{y}","d":null"#)), PrivateMember("d").into()),
        (rsa_jwk(&[0xC1; 256], &F4).replace('{', r#"{"qi":"AQ","#), PrivateMember("qi").into()),
    ] {
        assert_eq!(refusal(&jwk), fault, "{jwk}");
        assert!(serde_json::from_str::<PublicKey>(&jwk).is_err());
    }
    let curve_of_another_length = format!(r#"{{"kty":"EC","crv":"P-384","x":"{x}","y":"{y}"}}"#);
    assert_eq!(refusal(&curve_of_another_length), MalformedMember("x").into());
}

#[test]
fn a_subject_public_key_info_has_exactly_one_accepted_form() {
    let malformed = KeyError::Malformed(MalformedKey::SubjectPublicKeyInfo);
    for signer in Signer::all() {
        let der = signer.key.spki_der();
        let refused = |der: &[u8]| PublicKey::from_spki_der(der).expect_err("refused");
        assert_eq!(refused(&[der, &[0]].concat()), malformed);
        assert_eq!(refused(&der[..der.len() - 1]), malformed);
        let bit_string = der.len() - signer.key.subject_public_key().len() - 1;
        let mut unused_bits = der.to_vec();
        assert_eq!(unused_bits[bit_string], 0);
        unused_bits[bit_string] = 1;
        assert_eq!(refused(&unused_bits), malformed);
    }
    assert_eq!(PublicKey::from_spki_der(&[]).unwrap_err(), malformed);
}

#[test]
fn compressed_points_foreign_types_and_curves_in_an_spki_are_refused() {
    let p256 = Signer::new(Algorithm::Es256).key;
    let (x, y) = p256.subject_public_key()[1..].split_at(32);
    let compressed = [&[2 + (y[31] & 1)][..], x].concat();
    let malformed = KeyError::Malformed(MalformedKey::SubjectPublicKeyInfo);
    for (der, fault) in [
        (spki(&EC, Some(&P256), &compressed), malformed),
        (spki(&EC, Some(&P256), &[0]), malformed),
        (spki(&EC, None, p256.subject_public_key()), malformed),
        (spki(&EC, Some(&[0x05, 0x00]), p256.subject_public_key()), KeyError::UnsupportedCurve),
        (spki(&EC, Some(&SECP256K1), p256.subject_public_key()), KeyError::UnsupportedCurve),
        (spki(&ED25519, Some(&[0x05, 0x00]), &[9; 32]), malformed),
        (spki(&ED25519, None, &[9; 31]), malformed),
        (spki(&X25519, None, &[9; 32]), KeyError::UnsupportedType),
        (spki(&RSA, None, &[0x30, 0]), malformed),
        (spki(&RSA, Some(&[0x05, 0x00]), &[0x30, 0]), malformed),
        (spki(&RSASSA_PSS, None, &[0x30, 0]), KeyError::UnsupportedType),
    ] {
        assert_eq!(PublicKey::from_spki_der(&der).unwrap_err(), fault, "{der:02x?}");
    }
    assert_eq!(PublicKey::from_spki_der(&spki(&EC, Some(&P256), p256.subject_public_key())).unwrap(), p256);
}

proptest! {
    #[test]
    fn reading_octets_as_spki_never_panics(der: Vec<u8>) {
        let _ = PublicKey::from_spki_der(&der);
    }

    #[test]
    fn a_damaged_spki_is_refused_or_is_its_own_canonical_form(at in 0usize..91, flip in 1u8..) {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        let mut der = PublicKey::from_jwk_str(&jwk).unwrap().spki_der().to_vec();
        der[at] ^= flip;
        if let Ok(key) = PublicKey::from_spki_der(&der) {
            prop_assert_eq!(key.spki_der(), der);
        }
    }

    #[test]
    fn reading_text_as_jwk_never_panics(text in ".*") {
        let _ = PublicKey::from_jwk_str(&text);
    }

    #[test]
    fn random_moduli_never_panic(modulus in prop::collection::vec(any::<u8>(), 250..520), exponent in prop::collection::vec(any::<u8>(), 0..10)) {
        let _ = PublicKey::from_jwk_str(&rsa_jwk(&modulus, &exponent));
        let _ = PublicKey::from_jwk_str(&rsa_jwk(&modulus, &F4));
    }
}

/// DER written by hand, so that the parser is not tested with its own encoder.
fn spki(algorithm: &[u8], parameters: Option<&[u8]>, key: &[u8]) -> Vec<u8> {
    let algorithm = tlv(0x30, &[tlv(0x06, algorithm), parameters.unwrap_or_default().to_vec()].concat());
    tlv(0x30, &[algorithm, tlv(0x03, &[&[0], key].concat())].concat())
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(value.len()).unwrap()][..], value].concat()
}

const F4: [u8; 3] = [1, 0, 1];
const EC: [u8; 7] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const P256: [u8; 10] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const SECP256K1: [u8; 7] = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A];
const ED25519: [u8; 3] = [0x2B, 0x65, 0x70];
const X25519: [u8; 3] = [0x2B, 0x65, 0x6E];
const RSA: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const RSASSA_PSS: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];

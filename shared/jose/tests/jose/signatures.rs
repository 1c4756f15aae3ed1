//! Signatures at the limits of their encodings (threat 21), and a comparison of the two
//! cryptographic libraries.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair},
};
use jose::{Algorithm, PublicKey, SignatureError};
use proptest::prelude::*;
use rsa::pkcs8::DecodePublicKey;

use crate::signer::{KeyPairOf, Signer};

#[test]
fn a_signature_fits_one_algorithm_only() {
    for signer in Signer::all() {
        let signature = signer.sign(b"message");
        for algorithm in Algorithm::ALL {
            let expected = if algorithm == signer.algorithm {
                Ok(())
            } else {
                Err(SignatureError::AlgorithmMismatch { algorithm, key: signer.key.kind() })
            };
            assert_eq!(signer.key.verify(algorithm, b"message", &signature), expected);
        }
    }
}

#[test]
fn a_signature_fits_one_key_only() {
    for signer in Signer::all() {
        for other in Signer::all() {
            let signature = signer.sign(b"message");
            let verdict = other.key.verify(other.algorithm, b"message", &signature);
            assert_eq!(verdict, Err(SignatureError::BadSignature));
        }
    }
}

#[test]
fn threat_21_ecdsa_numbers_outside_their_range_are_refused() {
    for (algorithm, order) in
        [(Algorithm::Es256, P256_ORDER), (Algorithm::Es384, P384_ORDER), (Algorithm::Es512, P521_ORDER)]
    {
        let signer = Signer::new(algorithm);
        let order = octets(order);
        let good = signer.sign(b"message");
        let (r, s) = good.split_at(good.len() / 2);
        let number = |low: u8| [vec![0; order.len() - 1], vec![low]].concat();
        let mut above_order = order.clone();
        *above_order.last_mut().unwrap() += 1;
        let mut high_bit = r.to_vec();
        high_bit[0] |= 0x80;
        let all_ones = vec![0xFF; order.len()];
        assert_eq!(signer.key.verify(algorithm, b"message", &[r, s].concat()), Ok(()));
        for (r, s) in [
            (&number(0)[..], &number(0)[..]),
            (&number(0), s),
            (r, &number(0)),
            (&number(1), &number(1)),
            (&number(1), &number(0)),
            (&order, s),
            (r, &order),
            (&order, &order),
            (&order, &number(0)),
            (&above_order, s),
            (r, &above_order),
            (&above_order, &above_order),
            (&all_ones, &all_ones),
            (if high_bit == r { s } else { &high_bit }, s),
            (s, r),
        ] {
            let verdict = signer.key.verify(algorithm, b"message", &[r, s].concat());
            assert_eq!(verdict, Err(SignatureError::BadSignature), "{algorithm} {r:02x?} {s:02x?}");
        }
    }
}

#[test]
fn threat_21_signatures_of_another_length_are_refused() {
    for signer in Signer::all() {
        let good = signer.sign(b"message");
        let (r, s) = good.split_at(good.len() / 2);
        let zero = &[0][..];
        for signature in [
            vec![],
            good[1..].to_vec(),
            good[..good.len() - 1].to_vec(),
            r.to_vec(),
            [zero, &good].concat(),
            [&good, zero].concat(),
            [zero, r, zero, s].concat(),
            [&good[..], &good].concat(),
            vec![0; 1 << 16],
        ] {
            let verdict = signer.key.verify(signer.algorithm, b"message", &signature);
            assert_eq!(verdict, Err(SignatureError::BadSignature), "{} {}", signer.algorithm, signature.len());
        }
    }
}

#[test]
fn an_ecdsa_signature_without_its_leading_zero_is_refused() {
    let signer = Signer::new(Algorithm::Es256);
    let with_zero = (0..).map(|_| signer.sign(b"message")).find(|signature| signature[0] == 0).unwrap();
    assert_eq!(signer.key.verify(Algorithm::Es256, b"message", &with_zero), Ok(()));
    let verdict = signer.key.verify(Algorithm::Es256, b"message", &with_zero[1..]);
    assert_eq!(verdict, Err(SignatureError::BadSignature));
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    let signer = Signer::new(Algorithm::Es256);
    let KeyPairOf::Ec(pair) = &signer.pair else { unreachable!() };
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
    let der = pair.sign(&SystemRandom::new(), b"message").unwrap();
    let verdict = signer.key.verify(Algorithm::Es256, b"message", der.as_ref());
    assert_eq!(verdict, Err(SignatureError::BadSignature));
}

#[test]
fn ecdsa_signatures_are_malleable_and_therefore_no_identities() {
    let signer = Signer::new(Algorithm::Es256);
    let signature = p256::ecdsa::Signature::from_slice(&signer.sign(b"message")).unwrap();
    let (r, s) = signature.split_scalars();
    let twin = p256::ecdsa::Signature::from_scalars(r, -s).unwrap();
    assert_eq!(signer.key.verify(Algorithm::Es256, b"message", &twin.to_bytes()), Ok(()));
}

#[test]
fn threat_21_an_ed25519_scalar_above_the_order_is_refused() {
    let signer = Signer::new(Algorithm::EdDsa);
    let mut signature = signer.sign(b"message");
    // S + L, little-endian, is a second form of the same scalar (RFC 8032 §5.1.7).
    let mut carry = 0;
    for (octet, order) in signature[32..].iter_mut().zip(octets(ED25519_ORDER).iter().rev()) {
        let sum = u16::from(*octet) + u16::from(*order) + carry;
        (*octet, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(carry, 0);
    let verdict = signer.key.verify(Algorithm::EdDsa, b"message", &signature);
    assert_eq!(verdict, Err(SignatureError::BadSignature));
}

#[test]
fn an_rsa_signature_with_another_padding_or_hash_is_refused() {
    use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
    let signer = Signer::new(Algorithm::Rs256);
    let KeyPairOf::Rsa(pair) = &signer.pair else { unreachable!() };
    for encoding in [&RSA_PKCS1_SHA384, &RSA_PKCS1_SHA512, &RSA_PSS_SHA256] as [&'static dyn RsaEncoding; 3] {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), b"message", &mut signature).unwrap();
        let verdict = signer.key.verify(Algorithm::Rs256, b"message", &signature);
        assert_eq!(verdict, Err(SignatureError::BadSignature));
    }
}

/// The verdict of the pure Rust libraries on a signature.
fn second_opinion(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    use ed25519_dalek::Verifier;
    let (der, point) = (key.spki_der(), key.subject_public_key());
    match key.algorithm() {
        Algorithm::Es256 => p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
            p256::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap().verify(message, &signature).is_ok()
        }),
        Algorithm::Es384 => p384::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
            p384::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap().verify(message, &signature).is_ok()
        }),
        Algorithm::Es512 => p521::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
            p521::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap().verify(message, &signature).is_ok()
        }),
        Algorithm::Rs256 => {
            let key = rsa::PublicKey::from_public_key_der(der).unwrap();
            key.pkcs1v15_verify::<sha2::Sha256>(message, signature).is_ok()
        }
        Algorithm::EdDsa => ed25519_dalek::Signature::from_slice(signature).is_ok_and(|signature| {
            ed25519_dalek::VerifyingKey::try_from(point).unwrap().verify(message, &signature).is_ok()
        }),
    }
}

fn agree(signer: &Signer, message: &[u8], signature: &[u8]) -> bool {
    let verdict = signer.key.verify(signer.algorithm, message, signature).is_ok();
    assert_eq!(verdict, second_opinion(&signer.key, message, signature), "{} {signature:02x?}", signer.algorithm);
    verdict
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_libraries_agree_on_good_damaged_and_random_signatures(
        message: Vec<u8>,
        at: prop::sample::Index,
        flip in 1u8..,
        noise in prop::collection::vec(any::<u8>(), 512),
    ) {
        thread_local!(static SIGNERS: Vec<Signer> = Signer::all());
        SIGNERS.with(|signers| for signer in signers {
            let mut signature = signer.sign(&message);
            assert!(agree(signer, &message, &signature));
            let noise = &noise[..signature.len()];
            assert!(!agree(signer, &message, noise));
            signature[at.index(noise.len())] ^= flip;
            assert!(!agree(signer, &message, &signature));
            assert!(!agree(signer, &message, &signature[1..]));
        });
    }
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

// The orders of the groups (SEC 2 §2.4.2, §2.5.1, §2.6.1; RFC 8032 §5.1).
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
const P521_ORDER: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
const ED25519_ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

//! The vectors of Wycheproof: signatures that are valid at the edge of what is allowed, and those
//! that careless verifiers accept.
//!
//! Every signature that they call valid verifies, and no other one does. Keys that the rules of
//! this crate refuse are listed with the reason; their signatures are not asked for.

use std::collections::BTreeMap;

use jose::{Algorithm, KeyError, PublicKey};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify};

/// What one file of vectors came to.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    verified: usize,
    refused: usize,
    /// How many keys were refused, by the error.
    refused_keys: BTreeMap<String, usize>,
    /// The vectors that were judged otherwise than they say.
    disagreements: Vec<usize>,
}

impl Tally {
    fn group<'a>(
        &mut self,
        algorithm: Algorithm,
        key: Result<PublicKey, KeyError>,
        vectors: impl Iterator<Item = (usize, TestResult, &'a [u8], &'a [u8])>,
    ) {
        let key = match key {
            Ok(key) => key,
            Err(error) => return *self.refused_keys.entry(error.to_string()).or_default() += 1,
        };
        for (id, expected, message, signature) in vectors {
            let verifies = key.verify(algorithm, message, signature).is_ok();
            *(if verifies { &mut self.verified } else { &mut self.refused }) += 1;
            if verifies != (expected == TestResult::Valid) {
                self.disagreements.push(id);
            }
        }
    }

    /// `[verified, refused]`, if there were neither disagreements nor refused keys.
    fn counts(self) -> [usize; 2] {
        assert_eq!((self.disagreements, self.refused_keys), (Vec::new(), BTreeMap::new()));
        [self.verified, self.refused]
    }
}

/// Signatures in the form of JWS, `r ‖ s`.
fn of_ecdsa(algorithm: Algorithm, name: ecdsa::TestName) -> Tally {
    let mut tally = Tally::default();
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let vectors = group.tests.iter().map(|test| (test.tc_id, test.result, &test.msg[..], &test.sig[..]));
        tally.group(algorithm, PublicKey::from_spki_der(&group.der), vectors);
    }
    tally
}

fn of_rsa(name: rsa_pkcs1_verify::TestName) -> Tally {
    let mut tally = Tally::default();
    for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
        let vectors = group.tests.iter().map(|test| (test.tc_id, test.result, &test.msg[..], &test.sig[..]));
        tally.group(Algorithm::Rs256, PublicKey::from_spki_der(&group.der), vectors);
    }
    tally
}

#[test]
fn ecdsa_signatures_are_judged_as_wycheproof_says() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256P1363, EcdsaSecp384r1Sha384P1363, EcdsaSecp521r1Sha512P1363};

    for (algorithm, name, counts) in [
        (Algorithm::Es256, EcdsaSecp256r1Sha256P1363, [173, 89]),
        (Algorithm::Es384, EcdsaSecp384r1Sha384P1363, [193, 87]),
        (Algorithm::Es512, EcdsaSecp521r1Sha512P1363, [231, 87]),
    ] {
        assert_eq!(of_ecdsa(algorithm, name).counts(), counts, "{algorithm}");
    }
}

#[test]
fn a_signature_in_der_is_none_in_the_form_of_jws() {
    let tally = of_ecdsa(Algorithm::Es256, ecdsa::TestName::EcdsaSecp256r1Sha256);
    assert_eq!(tally.verified, 0);
}

#[test]
fn ed25519_signatures_are_judged_as_wycheproof_says() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let vectors = group.tests.iter().map(|test| (test.tc_id, test.result, &test.msg[..], &test.sig[..]));
        tally.group(Algorithm::EdDsa, PublicKey::from_spki_der(&group.der), vectors);
    }
    assert_eq!(tally.counts(), [88, 63]);
}

/// In each file, one vector "may" be accepted: its DigestInfo has no NULL. RFC 8017 §A.2.4 lets
/// verifiers accept it; the library does not, and no signer leaves NULL out. Some keys have the
/// exponent 3 or a modulus of 8192 bits.
#[test]
fn rsa_signatures_are_judged_as_wycheproof_says() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256};

    let exponent = "the key is weak: the RSA exponent must be odd, at least 65537 and at most 33 bits long";
    for (name, verified, refused, refused_keys) in [
        (Rsa2048Sha256, 7, 250, vec![(exponent, 2)]),
        (Rsa3072Sha256, 7, 251, vec![(exponent, 1)]),
        (Rsa4096Sha256, 7, 251, vec![]),
        (Rsa8192Sha256, 0, 0, vec![("an RSA key of 8192 bits is too large: at most 4096 are accepted", 1)]),
    ] {
        let refused_keys = refused_keys.into_iter().map(|(reason, keys)| (reason.to_owned(), keys)).collect();
        let expected = Tally { verified, refused, refused_keys, disagreements: Vec::new() };
        assert_eq!(of_rsa(name), expected, "{name:?}");
    }
}

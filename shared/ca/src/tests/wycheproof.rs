//! The vectors of Wycheproof, as signatures of certificate requests and certificates: those that
//! are valid at the edge of what is allowed, and those that careless verifiers accept.
//!
//! Every signature that they call valid verifies, and no other one does. Signatures of keys that
//! `jose` refuses are not asked for; its own test lists them.

use const_oid::db::{rfc5912, rfc8410};
use der::oid::ObjectIdentifier;
use jose::{KeyError, PublicKey};
use wycheproof::{
    TestResult, ecdsa,
    ecdsa::TestName::{
        EcdsaSecp256r1Sha256, EcdsaSecp256r1Sha256P1363, EcdsaSecp256r1Sha512, EcdsaSecp384r1Sha256,
        EcdsaSecp384r1Sha384, EcdsaSecp384r1Sha512, EcdsaSecp521r1Sha512,
    },
    eddsa, rsa_pkcs1_verify,
    rsa_pkcs1_verify::TestName::{
        Rsa2048Sha256, Rsa2048Sha384, Rsa2048Sha512, Rsa3072Sha256, Rsa3072Sha384, Rsa3072Sha512, Rsa4096Sha256,
        Rsa4096Sha384, Rsa4096Sha512,
    },
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::{Signature, signature::verify_stated};

/// What one file of vectors came to.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    verified: usize,
    refused: usize,
    /// The vectors that were judged otherwise than they say.
    disagreements: Vec<usize>,
}

impl Tally {
    fn group<'a>(
        &mut self,
        oid: ObjectIdentifier,
        key: &Result<PublicKey, KeyError>,
        vectors: impl Iterator<Item = (usize, TestResult, &'a [u8], &'a [u8])>,
    ) {
        let Ok(key) = key else { return };
        let algorithm = AlgorithmIdentifierOwned { oid, parameters: None };
        for (id, expected, message, signature) in vectors {
            let verifies = verify_stated(&algorithm, key, message, &Signature::new(signature.to_vec())).is_ok();
            *(if verifies { &mut self.verified } else { &mut self.refused }) += 1;
            if verifies != (expected == TestResult::Valid) {
                self.disagreements.push(id);
            }
        }
    }
}

fn of_ecdsa(oid: ObjectIdentifier, name: ecdsa::TestName) -> Tally {
    let mut tally = Tally::default();
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let vectors = group.tests.iter().map(|test| (test.tc_id, test.result, &test.msg[..], &test.sig[..]));
        tally.group(oid, &PublicKey::from_spki_der(&group.der), vectors);
    }
    tally
}

fn of_rsa(oid: ObjectIdentifier, name: rsa_pkcs1_verify::TestName) -> Tally {
    let mut tally = Tally::default();
    for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
        let vectors = group.tests.iter().map(|test| (test.tc_id, test.result, &test.msg[..], &test.sig[..]));
        tally.group(oid, &PublicKey::from_spki_der(&group.der), vectors);
    }
    tally
}

#[test]
fn ecdsa_signatures_are_judged_as_wycheproof_says() {
    for (oid, name, verified, refused) in [
        (rfc5912::ECDSA_WITH_SHA_256, EcdsaSecp256r1Sha256, 174, 310),
        (rfc5912::ECDSA_WITH_SHA_512, EcdsaSecp256r1Sha512, 243, 311),
        (rfc5912::ECDSA_WITH_SHA_256, EcdsaSecp384r1Sha256, 162, 310),
        (rfc5912::ECDSA_WITH_SHA_384, EcdsaSecp384r1Sha384, 194, 310),
        (rfc5912::ECDSA_WITH_SHA_512, EcdsaSecp384r1Sha512, 231, 311),
        (rfc5912::ECDSA_WITH_SHA_512, EcdsaSecp521r1Sha512, 232, 310),
    ] {
        assert_eq!(of_ecdsa(oid, name), Tally { verified, refused, disagreements: Vec::new() }, "{name:?}");
    }
}

#[test]
fn a_signature_in_the_form_of_jws_is_none_in_der() {
    assert_eq!(of_ecdsa(rfc5912::ECDSA_WITH_SHA_256, EcdsaSecp256r1Sha256P1363).verified, 0);
}

#[test]
fn ed25519_signatures_are_judged_as_wycheproof_says() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let vectors = group.tests.iter().map(|test| (test.tc_id, test.result, &test.msg[..], &test.sig[..]));
        tally.group(rfc8410::ID_ED_25519, &PublicKey::from_spki_der(&group.der), vectors);
    }
    assert_eq!(tally, Tally { verified: 88, refused: 63, disagreements: Vec::new() });
}

/// In each file, one vector "may" be accepted: its DigestInfo has no NULL. RFC 8017 §A.2.4 lets
/// verifiers accept it; the library does not, and no signer leaves NULL out.
#[test]
fn rsa_signatures_are_judged_as_wycheproof_says() {
    for (oid, name, verified, refused) in [
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Rsa2048Sha256, 7, 250),
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Rsa2048Sha384, 7, 251),
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Rsa2048Sha512, 7, 251),
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Rsa3072Sha256, 7, 251),
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Rsa3072Sha384, 7, 252),
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Rsa3072Sha512, 7, 252),
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Rsa4096Sha256, 7, 251),
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Rsa4096Sha384, 7, 252),
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Rsa4096Sha512, 7, 252),
    ] {
        assert_eq!(of_rsa(oid, name), Tally { verified, refused, disagreements: Vec::new() }, "{name:?}");
    }
}

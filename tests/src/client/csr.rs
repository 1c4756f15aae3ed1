//! Certificate requests, valid and faulty.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rcgen::{Attribute, CertificateParams, DistinguishedName, KeyPair};

use super::Key;

/// A request for exactly these names, in DER.
pub fn csr(names: &[&str], key: &Key) -> Vec<u8> {
    csr_with(names, key.pair(), |_| {})
}

/// A request for these names that `change` modifies before it is signed.
pub fn csr_with(names: &[&str], key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = params(names);
    change(&mut params);
    params.serialize_request(key).unwrap().der().to_vec()
}

/// A request for these names with additional attributes.
pub fn csr_with_attributes(names: &[&str], key: &Key, attributes: Vec<Attribute>) -> Vec<u8> {
    params(names).serialize_request_with_attributes(key.pair(), attributes).unwrap().der().to_vec()
}

/// A request for one name, which is its common name, with another `version` than RFC 2986 has, and
/// perhaps without the field `attributes`, as some libraries write it.
pub fn csr_of_version(name: &str, version: u8, has_attributes: bool) -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let key: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let common_name = encoded(0x30, &[&[6, 3, 0x55, 4, 3], encoded(0x0c, name.as_bytes()).as_slice()].concat());
    let subject = encoded(0x30, &encoded(0x31, &common_name));
    let attributes = if has_attributes { &[0xa0, 0][..] } else { &[] };
    let info = encoded(0x30, &[&[2, 1, version], subject.as_slice(), key.as_ref(), attributes].concat());
    let signature = pair.sign(&SystemRandom::new(), &info).unwrap();
    let signature = encoded(3, &[&[0], signature.as_ref()].concat());
    encoded(0x30, &[info.as_slice(), &ECDSA_WITH_SHA256, &signature].concat())
}

/// A value in DER; the values here are shorter than 256 octets.
fn encoded(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = if value.len() < 128 { vec![value.len() as u8] } else { vec![0x81, value.len() as u8] };
    [vec![tag], length, value.to_vec()].concat()
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params
}

/// The AlgorithmIdentifier of ecdsa-with-SHA256.
const ECDSA_WITH_SHA256: [u8; 12] = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

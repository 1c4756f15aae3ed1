//! Certificate requests, valid and faulty.

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

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params
}

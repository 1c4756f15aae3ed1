//! No bytes make a parser panic, and what a parser accepts encodes back to the same bytes.

use std::sync::LazyLock;

use proptest::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::Authorities;
use crate::{Certificate, Crl, Csr};

static CSR: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["example.com".to_owned(), "192.0.2.1".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    let der = params.serialize_request(&pair).unwrap().der().to_vec();
    assert!(Csr::from_der(&der).is_ok());
    der
});

fn certificate() -> &'static [u8] {
    Authorities::shared().issuing.certificate().der()
}

/// Overwrites, removes or inserts bytes at a few places.
fn mutated(original: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let change = (0..original.len(), any::<u8>(), 0..3_u8);
    proptest::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = original.to_vec();
        for (position, byte, kind) in changes {
            let position = position.min(bytes.len().saturating_sub(1));
            match kind {
                0 => bytes[position] = byte,
                1 if bytes.len() > 1 => drop(bytes.remove(position)),
                _ => bytes.insert(position, byte),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Csr::from_der(&bytes).is_err());
        prop_assert!(Certificate::from_der(&bytes).is_err());
        prop_assert!(Crl::from_der(&bytes).is_err());
    }

    #[test]
    fn a_mutated_request_is_refused_without_a_panic(bytes in mutated(&CSR)) {
        if bytes != *CSR {
            prop_assert!(Csr::from_der(&bytes).is_err());
        }
    }

    #[test]
    fn a_mutated_certificate_does_not_panic_and_does_not_verify(bytes in mutated(certificate())) {
        if bytes == certificate() {
            return Ok(());
        }
        if let Ok(read) = Certificate::from_der(&bytes) {
            prop_assert_eq!(read.der(), bytes.as_slice());
            prop_assert!(read.verify(Authorities::shared().root.public_key()).is_err());
        }
    }
}

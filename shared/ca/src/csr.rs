//! Certificate signing requests (RFC 2986, RFC 8555 §7.4).
//!
//! A [`Csr`] exists only if it is well-formed, is signed with its own key, the key passes the key
//! rules, and all its names are host names or addresses. The certificate takes the public key from
//! it and nothing else; the names are read only to be compared with the order (N4, threat 15).
//! `info.rs` says of each field what is demanded of it, and why.

mod info;
mod names;

use std::{collections::BTreeSet, fmt};

use acme::Identifier;
use const_oid::db::rfc5912::ID_EXTENSION_REQ;
use der::oid::ObjectIdentifier;
use info::Info;
use jose::{KeyError, KeyKind, PublicKey};
use sha2::{Digest, Sha256};

use crate::{NameError, SignatureError, raw::Signed, signature::verify_stated};

/// A certificate signing request that proves possession of its key.
#[derive(Clone)]
pub struct Csr {
    public_key: PublicKey,
    identifiers: BTreeSet<Identifier>,
    digest: [u8; 32],
}

impl Csr {
    /// Parses a request.
    ///
    /// # Errors
    /// It is not well-formed or not signed with its own key, one of its names is not an identifier,
    /// or its key is refused. All of these are `badCSR`.
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        let signed = Signed::from_der(der).map_err(CsrError::Malformed)?;
        let info = Info::read(signed.message)?;
        let public_key = public_key(&info)?;
        verify_stated(&signed.algorithm, &public_key, signed.message, &signed.signature)?;
        let identifiers = names::identifiers(&info)?;
        Ok(Self { public_key, identifiers, digest: Sha256::digest(der).into() })
    }

    /// The key to be certified.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its identifiers: the subject alternative names and the common name, in canonical form.
    pub fn identifiers(&self) -> &BTreeSet<Identifier> {
        &self.identifiers
    }

    /// SHA-256 of the DER, by which a repeated request is recognized.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Compares its identifiers with those of an order: they must be the same set (RFC 8555 §7.4,
    /// N4).
    ///
    /// # Errors
    /// The error has the identifiers that are in only one of the two.
    pub fn check_names(&self, order: &[Identifier]) -> Result<(), CsrError> {
        let order: BTreeSet<_> = order.iter().cloned().collect();
        if self.identifiers == order {
            return Ok(());
        }
        Err(CsrError::OtherNames {
            missing: order.difference(&self.identifiers).cloned().collect(),
            unexpected: self.identifiers.difference(&order).cloned().collect(),
        })
    }
}

impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csr")
            .field("public_key", &self.public_key)
            .field("identifiers", &self.identifiers)
            .finish_non_exhaustive()
    }
}

/// Why a request is refused, in words for the client. The texts repeat nothing that the client sent
/// except identifiers in canonical form and object identifiers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// The bytes are not the DER of a PKCS#10 request.
    #[error("the CSR is not a well-formed PKCS#10 request in DER")]
    Malformed(#[source] der::Error),
    /// The key is refused.
    #[error("the key of the CSR is refused: {0}")]
    Key(#[from] KeyError),
    /// The modulus has a length that no certificate here has.
    #[error("the key of the CSR is refused: an RSA key must have 2048, 3072 or 4096 bits, not {bits}")]
    RsaSize {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// It is not signed with its own key.
    #[error("the CSR is not signed with its own key: {0}")]
    Signature(#[from] SignatureError),
    /// A list of names or the common name occurs more than once.
    #[error("the CSR has more than one {0}")]
    Repeated(&'static str),
    /// The common name has a string type that is not in use, or is not a text of that type.
    #[error("the common name of the CSR cannot be read; write it as a UTF8String or leave it out")]
    CommonNameEncoding,
    /// The common name is not an identifier.
    #[error("the common name of the CSR is not an identifier: {0}")]
    CommonName(#[source] NameError),
    /// A subject alternative name is not an identifier.
    #[error("a subject alternative name of the CSR is not an identifier: {0}")]
    SubjectAlternativeName(#[source] NameError),
    /// The identifiers are not those of the order.
    #[error("the CSR must have exactly the identifiers of the order{}", differences(.missing, .unexpected))]
    OtherNames {
        /// Identifiers of the order that are not in the CSR.
        missing: Vec<Identifier>,
        /// Identifiers of the CSR that are not in the order.
        unexpected: Vec<Identifier>,
    },
}

/// The key, if it is one that a certificate may have. RSA keys have the sizes that every relying
/// party has met; accounts may have others, because only this CA verifies their signatures.
fn public_key(info: &Info<'_>) -> Result<PublicKey, CsrError> {
    let key = PublicKey::from_spki_der(info.key)?;
    match key.kind() {
        KeyKind::Rsa { bits } if !RSA_SIZES.contains(&bits) => Err(CsrError::RsaSize { bits }),
        _ => Ok(key),
    }
}

fn differences(missing: &[Identifier], unexpected: &[Identifier]) -> String {
    let list = |title: &str, names: &[Identifier]| {
        // A few names are a hint, a hundred are noise.
        let shown: Vec<String> = names.iter().take(SHOWN).map(Identifier::to_string).collect();
        match names.len() {
            0 => String::new(),
            1..=SHOWN => format!("; {title}: {}", shown.join(", ")),
            many => format!("; {title}: {} and {} more", shown.join(", "), many - SHOWN),
        }
    };
    list("not in the CSR", missing) + &list("not in the order", unexpected)
}

const SHOWN: usize = 5;
const RSA_SIZES: [usize; 3] = [2048, 3072, 4096];

/// The attribute that carries the requested extensions (RFC 2985 §5.4.2).
pub(crate) const EXTENSION_REQUEST: ObjectIdentifier = ID_EXTENSION_REQ;

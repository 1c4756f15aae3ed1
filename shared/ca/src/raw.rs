//! DER as it is: slices of the very bytes that were signed or will be signed.
//!
//! A signature is over bytes, not over values. So what is verified, compared or copied is cut out
//! of the input and never encoded again.

use der::{
    Decode, Encode, Header, Reader, Sequence, SliceReader, Tag,
    asn1::{AnyRef, BitStringRef},
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::{Signature, SignatureAlgorithm};

/// The elements of one SEQUENCE, each including its header.
pub(crate) fn elements(der: &[u8]) -> der::Result<Vec<&[u8]>> {
    elements_of(der, Tag::Sequence)
}

/// The elements of one value with this tag, each including its header.
pub(crate) fn elements_of(der: &[u8], tag: Tag) -> der::Result<Vec<&[u8]>> {
    let mut outer = SliceReader::new(der)?;
    let header = Header::decode(&mut outer)?;
    header.tag().assert_eq(tag)?;
    let body = outer.read_slice(header.length())?;
    outer.finish()?;
    let mut inner = SliceReader::new(body)?;
    let mut elements = Vec::new();
    while !inner.is_finished() {
        elements.push(inner.tlv_bytes()?);
    }
    Ok(elements)
}

/// What certificates, requests and CRLs have in common: the signed part, the algorithm, and the
/// signature.
pub(crate) struct Signed<'a> {
    /// The signed bytes.
    pub(crate) message: &'a [u8],
    /// The algorithm in the outer, unsigned part.
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    /// The contents of the signature's BIT STRING.
    pub(crate) signature: Signature,
}

impl<'a> Signed<'a> {
    pub(crate) fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let elements = elements(der)?;
        let [message, algorithm, signature] = elements.as_slice() else {
            return Err(Tag::Sequence.length_error().into());
        };
        let signature = BitStringRef::from_der(signature)?;
        let octets = signature.as_bytes().ok_or_else(|| Tag::BitString.value_error())?;
        Ok(Self {
            message,
            algorithm: AlgorithmIdentifierOwned::from_der(algorithm)?,
            signature: Signature::new(octets.to_vec()),
        })
    }

    /// Joins the parts; `message` is taken over byte for byte.
    pub(crate) fn encode(message: &[u8], algorithm: SignatureAlgorithm, signature: &Signature) -> der::Result<Vec<u8>> {
        Parts {
            message: AnyRef::from_der(message)?,
            algorithm: algorithm.identifier(),
            signature: BitStringRef::from_bytes(signature.as_bytes())?,
        }
        .to_der()
    }
}

#[derive(Sequence)]
struct Parts<'a> {
    message: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitStringRef<'a>,
}

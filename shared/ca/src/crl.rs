//! Certificate revocation lists (RFC 5280 §5), made in the same two steps as certificates.

use std::{collections::BTreeMap, fmt};

use acme::{Serial, whole_seconds};
use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER};
use der::{Decode, Encode, asn1::Uint};
use jiff::Timestamp;
use jose::PublicKey;
use x509_cert::{
    Version,
    crl::{CertificateList, RevokedCert, TbsCertList},
    ext::pkix::AuthorityKeyIdentifier,
    serial_number::SerialNumber,
};

use crate::{
    Issued, Issuer, KeyHandle, SignError, Signature, SignatureAlgorithm, SignatureError, Signer, TimeError, extension,
    raw::Signed, signature::verify_stated, time,
};

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlEntry {
    /// Its serial number.
    pub serial: Serial,
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// The code of the reason (RFC 5280 §5.3.1); zero if none is given.
    pub reason_code: u8,
}

/// A TBSCertList: a CRL that is ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlTbs {
    bytes: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl CrlTbs {
    /// Builds a CRL of an issuer. `number` increases with every CRL of the issuer and shard. The
    /// entries are sorted by serial number, so that equal sets give equal bytes; if there are two
    /// entries for a certificate, the later one counts. `distribution` is the URL of a shard,
    /// exactly as in the certificates that the shard covers; a CRL without it covers all
    /// certificates of the issuer.
    ///
    /// # Errors
    /// The times are in the wrong order or out of range, or the URL is not ASCII.
    pub fn build(
        issuer: &Issuer,
        number: u64,
        this_update: Timestamp,
        next_update: Timestamp,
        entries: impl IntoIterator<Item = CrlEntry>,
        distribution: Option<&str>,
    ) -> Result<Self, CrlError> {
        if whole_seconds(next_update) <= whole_seconds(this_update) {
            return Err(CrlError::Order);
        }
        let entries: BTreeMap<Serial, CrlEntry> =
            entries.into_iter().map(|entry| (entry.serial.clone(), entry)).collect();
        let revoked = entries.into_values().map(|entry| revoked(&entry)).collect::<Result<Vec<_>, _>>()?;
        let mut extensions =
            vec![extension::authority_key_identifier(issuer.key_identifier())?, extension::crl_number(number)?];
        if let Some(url) = distribution {
            extensions.push(extension::issuing_distribution_point(url)?);
        }
        let list: TbsCertList = TbsCertList {
            version: Version::V2,
            signature: issuer.algorithm().identifier(),
            issuer: issuer.name().clone(),
            this_update: time::asn1(this_update)?,
            next_update: Some(time::asn1(next_update)?),
            // RFC 5280 §5.1.2.6: the list is absent, not empty, when nothing is revoked.
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(extensions),
        };
        Ok(Self { bytes: list.to_der()?, algorithm: issuer.algorithm() })
    }

    /// The DER of the TBSCertList: exactly what is signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Has the bytes signed and assembles the CRL.
    ///
    /// # Errors
    /// The signer does not sign, or what it signed is not a CRL of this issuer.
    pub async fn sign(&self, issuer: &Issuer, signer: &dyn Signer, key: &KeyHandle) -> Result<Issued<Crl>, CrlError> {
        let signature = signer.sign(key, self.algorithm, &self.bytes).await?;
        Ok(signature.issued(self.assemble(&signature, issuer)?))
    }

    /// Assembles the CRL, parses it, compares the signed part byte for byte and verifies the
    /// signature with the issuer's key.
    ///
    /// # Errors
    /// One of these steps fails; then there is no CRL.
    pub fn assemble(&self, signature: &Signature, issuer: &Issuer) -> Result<Crl, CrlError> {
        let crl = Crl::from_der(&Signed::encode(&self.bytes, self.algorithm, signature)?)?;
        if Signed::from_der(&crl.der)?.message != self.bytes {
            return Err(CrlError::OtherBytes);
        }
        if crl.authority_key_identifier != issuer.key_identifier() {
            return Err(CrlError::OtherIssuer);
        }
        crl.verify(issuer.public_key())?;
        Ok(crl)
    }
}

/// A signed CRL.
#[derive(Clone, PartialEq, Eq)]
pub struct Crl {
    der: Vec<u8>,
    number: u64,
    this_update: Timestamp,
    next_update: Timestamp,
    authority_key_identifier: Vec<u8>,
}

impl Crl {
    /// The number of the next CRL of an issuer and shard (RFC 5280 §5.2.3): higher than the last
    /// one, and at least the time of its creation in microseconds since 1970. No CRLs are made
    /// faster than that, so numbers never run ahead of the clock, and keep increasing for relying
    /// parties after the store was restored from a backup.
    pub fn number_after(last: Option<u64>, now: Timestamp) -> u64 {
        let time = u64::try_from(now.as_microsecond()).unwrap_or(0);
        last.map_or(time, |last| time.max(last.saturating_add(1)))
    }

    /// Parses a CRL of this authority. That it was parsed says nothing about its signature.
    ///
    /// # Errors
    /// The bytes are not a CRL that this authority could have made.
    pub fn from_der(der: &[u8]) -> Result<Self, CrlError> {
        let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der)?.tbs_cert_list;
        let extensions = list.crl_extensions.as_ref();
        let number = extension::find::<Uint>(extensions, ID_CE_CRL_NUMBER)?
            .and_then(|(_, number)| number_of(&number))
            .ok_or(CrlError::Foreign)?;
        let authority_key_identifier =
            extension::find::<AuthorityKeyIdentifier>(extensions, ID_CE_AUTHORITY_KEY_IDENTIFIER)?
                .and_then(|(_, value)| value.key_identifier)
                .map(|identifier| identifier.as_bytes().to_vec())
                .ok_or(CrlError::Foreign)?;
        Ok(Self {
            der: der.to_vec(),
            number,
            this_update: time::timestamp(&list.this_update),
            next_update: list.next_update.as_ref().map(time::timestamp).ok_or(CrlError::Foreign)?,
            authority_key_identifier,
        })
    }

    /// The CRL in DER, the body of `application/pkix-crl` (RFC 2585 §4.2).
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The CRL number (RFC 5280 §5.2.3).
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was made (`thisUpdate`).
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// When the next one is published at the latest (`nextUpdate`).
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// Whether it lists the certificate with that serial number.
    ///
    /// # Errors
    /// The bytes are not a CRL.
    pub fn lists(&self, serial: &Serial) -> Result<bool, CrlError> {
        let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&self.der)?.tbs_cert_list;
        let mut entries = list.revoked_certificates.iter().flatten();
        let of = |entry: &RevokedCert| Serial::from_der_content(entry.serial_number.as_bytes().to_vec());
        Ok(entries.any(|entry| of(entry).as_ref() == Some(serial)))
    }

    /// Verifies the signature with the key of the issuer.
    ///
    /// # Errors
    /// The signature was not made with that key.
    pub fn verify(&self, issuer: &PublicKey) -> Result<(), SignatureError> {
        let signed = Signed::from_der(&self.der).map_err(|_| SignatureError::Invalid)?;
        verify_stated(&signed.algorithm, issuer, signed.message, &signed.signature)
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({} of {})", self.number, self.this_update)
    }
}

/// Why there is no CRL.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    /// `nextUpdate` is not after `thisUpdate`.
    #[error("the next update of a CRL must be later than this one")]
    Order,
    /// A time is out of range.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A part cannot be encoded, or the bytes are not the DER of a CRL.
    #[error("the CRL is not well-formed")]
    Malformed(#[from] der::Error),
    /// It is a CRL, but not one that this authority could have made: it has no number, no next
    /// update, or no authority key identifier.
    #[error("the CRL was not made by this authority")]
    Foreign,
    /// It was assembled with an issuer other than the one that it was built for.
    #[error("the CRL was built for another issuer")]
    OtherIssuer,
    /// The signed part of the result is not what was built.
    #[error("the assembled CRL does not contain the bytes that were built")]
    OtherBytes,
    /// The signer did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The signature was not made with the issuer's key.
    #[error("the signer's answer does not verify with the key of the issuer")]
    Signature(#[from] SignatureError),
}

fn revoked(entry: &CrlEntry) -> Result<RevokedCert, CrlError> {
    Ok(RevokedCert {
        serial_number: SerialNumber::new(entry.serial.as_bytes())?,
        revocation_date: time::asn1(entry.revoked_at)?,
        crl_entry_extensions: extension::reason_code(entry.reason_code)?.map(|reason| vec![reason]),
    })
}

fn number_of(number: &Uint) -> Option<u64> {
    number.as_bytes().iter().try_fold(0_u64, |value, octet| value.checked_mul(256)?.checked_add(u64::from(*octet)))
}

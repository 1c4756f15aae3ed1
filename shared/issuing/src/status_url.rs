//! The URLs at which relying parties find CRLs and issuer certificates.

use ca::Pointers;
use jiff::SignedDuration;
use store::IssuerId;

/// The base of the URLs inside certificates: an `http://` URL without a slash at its end. Without
/// one, certificates contain no such URLs and are valid for at most seven days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusUrl(pub Option<String>);

impl StatusUrl {
    /// The URLs for an issuer and shard: of the issuer's certificate and of the CRL of the shard.
    pub fn pointers(&self, issuer: &IssuerId, shard: u16) -> Pointers {
        let at = |path: String| self.0.as_ref().map(|base| format!("{base}/{path}"));
        Pointers { ca_issuers: at(certificate_path(issuer)), crl: at(crl_path(issuer, shard)) }
    }

    /// The longest validity of a certificate in seconds if certificates contain no CRL URLs.
    /// Relying parties cannot learn of a revocation then, so certificates are short-lived.
    pub fn max_validity(&self) -> Option<u32> {
        self.0.is_none().then_some(MAX_WITHOUT_POINTERS)
    }
}

/// Path of an issuer's certificate below the status URL.
pub(crate) fn certificate_path(issuer: &IssuerId) -> String {
    format!("issuer/{issuer}.cer")
}

/// Path of a CRL below the status URL.
pub(crate) fn crl_path(issuer: &IssuerId, shard: u16) -> String {
    format!("crl/{issuer}/{shard}.crl")
}

/// Seven days: the longest lifetime of a short-lived certificate in the Baseline Requirements of
/// public CAs.
const MAX_WITHOUT_POINTERS: u32 = SignedDuration::from_hours(7 * 24).as_secs() as u32;

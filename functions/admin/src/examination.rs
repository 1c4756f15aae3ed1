//! The evidence for a certificate, and its examination, for which no CA is needed.
//!
//! It finds what contradicts itself or is missing, and what the CA did not seal. Whether the root
//! is the right one is for those who read it to decide.

use std::collections::BTreeSet;

use acme::{CertificateId, Identifier, Observation, ValidationEvidence};
use ca::{Certificate, CertificateError};
use jiff::{SignedDuration, Timestamp};
use perspective::{Quorum, Region};
use serde::{Deserialize, Serialize};
use store::{Ground, Receipt, Seal};

use crate::{
    finding::{Finding, finding},
    observed, sealed,
};

/// A certificate, and why it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceDocument {
    /// The id of the certificate (RFC 9773 §4.1).
    pub id: CertificateId,
    /// The certificate, followed by those of its issuers without the root, in PEM.
    pub certificate: String,
    /// The root above it, in PEM; absent where an external CA is above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Why it was signed; absent for the host's own, and where an earlier version issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The seal of the receipt, a JWS in compact form; absent while it is not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

/// The chain of seals, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ChainDocument {
    /// The seals, in the order of the chain.
    pub seals: Vec<Seal>,
}

impl ChainDocument {
    /// What an examination of it finds.
    pub fn examined(&self) -> Vec<Finding> {
        sealed::of_chain(&self.seals)
    }
}

impl EvidenceDocument {
    /// What an examination of it finds at this time.
    ///
    /// # Errors
    /// A certificate in it cannot be read.
    pub fn examined(&self, now: Timestamp) -> Result<Vec<Finding>, CertificateError> {
        let chain = Certificate::from_pem(&self.certificate)?;
        let root = self.root.as_deref().map(Certificate::from_pem).transpose()?.unwrap_or_default();
        let Some((leaf, issuers)) = chain.split_first() else { return Ok(Vec::new()) };
        Ok(examined(self, leaf, issuers, root.first(), now))
    }
}

/// The text is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvidence {
    /// It is longer than any document.
    #[error("it is longer than {MAX_LENGTH} octets")]
    TooLong,
    /// It is not the document of `admin certificates evidence --json`.
    #[error("it is not what `admin certificates evidence ID --json` or `admin certificates seals --json` prints: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Its certificate cannot be read.
    #[error("its certificate cannot be read: {0}")]
    Certificate(#[from] CertificateError),
}

/// Examines an [`EvidenceDocument`] or a [`ChainDocument`] in JSON, at this time.
///
/// # Errors
/// The text is neither.
pub fn examine(text: &[u8], now: Timestamp) -> Result<Vec<Finding>, UnreadableEvidence> {
    if text.len() > MAX_LENGTH {
        return Err(UnreadableEvidence::TooLong);
    }
    if let Ok(chain) = serde_json::from_slice::<ChainDocument>(text) {
        return Ok(chain.examined());
    }
    let document: EvidenceDocument = serde_json::from_slice(text)?;
    Ok(document.examined(now)?)
}

/// The findings about a document with these certificates.
fn examined(
    document: &EvidenceDocument,
    leaf: &Certificate,
    issuers: &[Certificate],
    root: Option<&Certificate>,
    now: Timestamp,
) -> Vec<Finding> {
    let is_it = *leaf.certificate_id() == document.id;
    let mut findings = vec![finding(is_it, format!("the certificate is {}", leaf.certificate_id()))];
    let authorities: Vec<&Certificate> = issuers.iter().chain(root).collect();
    let chain: Vec<&Certificate> = [leaf].into_iter().chain(authorities.iter().copied()).collect();
    for (subject, issuer) in chain.iter().zip(chain.iter().skip(1)) {
        let is_signed = subject.verify(issuer.public_key()).is_ok() && subject.issuer() == issuer.subject();
        findings.push(finding(is_signed, format!("{} signed it, or the CA above it", issuer.subject())));
    }
    if let Some(root) = root {
        let is_root = root.is_self_issued() && root.verify(root.public_key()).is_ok();
        findings.push(finding(is_root, format!("the root has the SHA-256 fingerprint {}", fingerprint(root))));
    }
    match &document.receipt {
        None => findings.push(Finding { holds: false, says: NO_RECEIPT.to_owned() }),
        Some(receipt) => {
            findings.extend(of_receipt(receipt, leaf));
            findings.extend(sealed::of_receipt(leaf, receipt, document.seal.as_deref(), &authorities, now));
        }
    }
    findings
}

fn of_receipt(receipt: &Receipt, leaf: &Certificate) -> Vec<Finding> {
    let granted: BTreeSet<&Identifier> = receipt.grounds.iter().map(|ground| &ground.identifier).collect();
    let certified: BTreeSet<&Identifier> = leaf.identifiers().iter().collect();
    let names = |names: &BTreeSet<&Identifier>| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let is_covered = granted == certified && granted.len() == receipt.grounds.len();
    let says = if is_covered {
        format!("the receipt is for the names of the certificate, and no others: {}", names(&certified))
    } else {
        format!("the receipt is for {}, and the certificate for {}", names(&granted), names(&certified))
    };
    let is_in_time = receipt.at >= leaf.not_before() - FURTHEST && receipt.at <= leaf.not_after();
    let rules = format!(
        "at {}, by the rules {} of the ACME Profile {}, for a certificate that is valid from {}",
        receipt.at,
        receipt.rules,
        receipt.acme_profile,
        leaf.not_before()
    );
    let mut findings = vec![
        finding(receipt.tbs == leaf.tbs_digest().into(), "what was signed has the digest of the receipt"),
        finding(is_covered, says),
        finding(
            receipt.has_its_grounds().unwrap_or_default(),
            "why each name may be in it is what the receipt was written with",
        ),
        finding(is_in_time, rules),
    ];
    for ground in &receipt.grounds {
        let of_name = of_ground(ground, receipt).into_iter();
        findings.extend(of_name.map(|(holds, says)| finding(holds, format!("{}: {says}", ground.identifier))));
    }
    findings
}

fn of_ground(ground: &Ground, receipt: &Receipt) -> Vec<(bool, String)> {
    match (&ground.evidence, &ground.pre_approval) {
        (Some(evidence), _) => of_evidence(evidence, ground, receipt),
        (None, Some(rule)) => vec![(true, format!("pre-approved by the rule {rule}: no one showed control of it"))],
        (None, None) => vec![(false, "there is no evidence; a version that kept none validated it".to_owned())],
    }
}

fn of_evidence(evidence: &ValidationEvidence, ground: &Ground, receipt: &Receipt) -> Vec<(bool, String)> {
    let own: Vec<&Observation> = evidence.observations.iter().filter(|seen| seen.is_own()).collect();
    let mut found = vec![
        (
            evidence.challenge.fits(&ground.identifier),
            format!("{} shows control of names of its kind", evidence.challenge),
        ),
        (evidence.at <= receipt.at, format!("control was shown at {}, and then the receipt was written", evidence.at)),
    ];
    if evidence.observations.iter().any(|seen| seen.test_switch) {
        found.push((false, "nothing was validated: a test switch let it through".to_owned()));
        return found;
    }
    match own.as_slice() {
        [seen] => found.push((seen.agrees(), sight(seen))),
        _ => found.push((false, "what the CA itself saw is missing".to_owned())),
    }
    for seen in own {
        found.extend(seen.authenticated.map(|is_authentic| (true, observed::authenticity(is_authentic).to_owned())));
        found.extend(seen.caa.as_ref().map(|permission| {
            let names_a_ca = permission.record.is_none() || permission.identity.is_some();
            (names_a_ca, format!("CAA: {}", observed::caa(permission)))
        }));
    }
    found.extend(quorum(evidence));
    found.extend(observed::perspectives(&evidence.observations).into_iter().map(|said| (true, said)));
    found
}

/// What the CA itself saw.
fn sight(seen: &Observation) -> String {
    let what = seen.seen.as_deref().unwrap_or("nothing that was kept");
    let address = seen.address.map(|address| format!(" at {address}")).unwrap_or_default();
    let network = seen.network.as_deref().map(|network| format!(" in the allowed network {network}"));
    let resolver = seen.resolver.map(|resolver| format!(", by the resolver {resolver}"));
    format!("the CA saw {what}{address}{}{}", network.unwrap_or_default(), resolver.unwrap_or_default())
}

/// Whether enough perspectives in enough regions agreed; `None` where none were asked.
fn quorum(evidence: &ValidationEvidence) -> Option<(bool, String)> {
    let remote: Vec<&Observation> = evidence.observations.iter().filter(|seen| !seen.is_own()).collect();
    if remote.is_empty() {
        return None;
    }
    let region = |seen: &Observation| seen.region.as_deref().and_then(|region| region.parse::<Region>().ok());
    let Some(regions) = remote.iter().map(|seen| region(seen)).collect::<Option<Vec<Region>>>() else {
        return Some((false, "a perspective is in no region that is known".to_owned()));
    };
    let names: BTreeSet<&Option<String>> = remote.iter().map(|seen| &seen.perspective).collect();
    if names.len() < remote.len() {
        return Some((false, "a perspective is named twice".to_owned()));
    }
    let agreed: Vec<Region> = remote.iter().filter(|seen| seen.agrees()).filter_map(|seen| region(seen)).collect();
    let quorum = Quorum::of(regions);
    let is_reached = quorum.decision(&agreed, remote.len() - agreed.len()) == Some(true);
    Some((is_reached, format!("{} of {} perspectives had to agree, in two regions", quorum.needed(), quorum.asked())))
}

/// In the form that `openssl x509 -fingerprint` shows.
fn fingerprint(certificate: &Certificate) -> String {
    certificate.fingerprint().map(|octet| format!("{octet:02X}")).join(":")
}

/// The longest document: the seals of half a million certificates. The evidence for one certificate
/// of a hundred names is some hundred times shorter.
pub const MAX_LENGTH: usize = 32 * 1024 * 1024;

/// How long before its beginning a certificate is ordered, at most: a day, and an hour for the time
/// that an interrupted issuance takes.
const FURTHEST: SignedDuration = SignedDuration::from_hours(25);

const NO_RECEIPT: &str = "there is no receipt: the certificate is the CA's own, or an earlier version issued it";

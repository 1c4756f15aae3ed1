//! The evidence for a certificate, and its examination, for which no CA is needed.
//!
//! It finds what contradicts itself or is missing. That the document is what the CA kept then, and
//! was not made up as a whole, it cannot find.

use std::collections::BTreeSet;

use acme::{CertificateId, Identifier, Observation, ValidationEvidence};
use ca::{Certificate, CertificateError};
use jiff::SignedDuration;
use perspective::{Quorum, Region};
use serde::{Deserialize, Serialize};
use store::{Ground, Receipt};

use crate::observed;

/// A certificate, and why it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceDocument {
    /// The id of the certificate (RFC 9773 §4.1).
    pub id: CertificateId,
    /// The SHA-256 digest of what was signed, the TBSCertificate.
    #[serde(with = "jose::base64url")]
    pub tbs: Vec<u8>,
    /// The certificate, followed by those of its issuers without the root, in PEM.
    pub certificate: String,
    /// Why it was signed; absent for the host's own, and where an earlier version issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

impl EvidenceDocument {
    /// What an examination of it finds.
    ///
    /// # Errors
    /// Its certificate cannot be read.
    pub fn examined(&self) -> Result<Vec<Finding>, CertificateError> {
        let chain = Certificate::from_pem(&self.certificate)?;
        Ok(chain.split_first().map(|(leaf, issuers)| examined(self, leaf, issuers)).unwrap_or_default())
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it has to be.
    pub holds: bool,
    /// What was found.
    pub says: String,
}

/// The text is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvidence {
    /// It is longer than any document.
    #[error("it is longer than {MAX_LENGTH} octets")]
    TooLong,
    /// It is not the document of `admin certificates evidence --json`.
    #[error("it is not what `admin certificates evidence ID --json` prints: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Its certificate cannot be read.
    #[error("its certificate cannot be read: {0}")]
    Certificate(#[from] CertificateError),
}

/// Examines a document of [`ShowEvidence`](crate::evidence::ShowEvidence) in JSON.
///
/// # Errors
/// The text is not one.
pub fn examine(text: &[u8]) -> Result<Vec<Finding>, UnreadableEvidence> {
    if text.len() > MAX_LENGTH {
        return Err(UnreadableEvidence::TooLong);
    }
    let document: EvidenceDocument = serde_json::from_slice(text)?;
    Ok(document.examined()?)
}

/// Whether everything is as it has to be.
pub fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.holds)
}

/// The findings about a document with that certificate.
fn examined(document: &EvidenceDocument, leaf: &Certificate, issuers: &[Certificate]) -> Vec<Finding> {
    let mut findings = vec![
        finding(*leaf.certificate_id() == document.id, format!("the certificate is {}", leaf.certificate_id())),
        finding(leaf.tbs_digest() == *document.tbs, "what was signed has the digest of the document"),
    ];
    let chain: Vec<&Certificate> = [leaf].into_iter().chain(issuers).collect();
    for (subject, issuer) in chain.iter().zip(chain.iter().skip(1)) {
        let is_signed = subject.verify(issuer.public_key()).is_ok() && subject.issuer() == issuer.subject();
        findings.push(finding(is_signed, format!("{} signed it, or the CA above it", issuer.subject())));
    }
    match &document.receipt {
        None => findings.push(Finding { holds: false, says: NO_RECEIPT.to_owned() }),
        Some(receipt) => findings.extend(of_receipt(receipt, leaf)),
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
    let mut findings = vec![finding(is_covered, says), finding(is_in_time, rules)];
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

fn finding(holds: bool, says: impl Into<String>) -> Finding {
    Finding { holds, says: says.into() }
}

/// The longest document: a hundred names, each seen from six networks, take a tenth of it.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// How long before its beginning a certificate is ordered, at most: a day, and an hour for the time
/// that an interrupted issuance takes.
const FURTHEST: SignedDuration = SignedDuration::from_hours(25);

const NO_RECEIPT: &str = "there is no receipt: the certificate is the CA's own, or an earlier version issued it";

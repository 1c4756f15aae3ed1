//! The examination of seals, alone and as a chain.

use ca::{Certificate, Statement};
use jiff::{SignedDuration, Timestamp};
use store::{Receipt, Seal, SealedPeriod, Sha256Digest};

use crate::finding::{Finding, finding};

/// What a seal says of the receipt of this certificate, below one of these CAs. A seal that is
/// missing is one that was left out, once it had to be there.
pub(crate) fn of_receipt(
    leaf: &Certificate,
    receipt: &Receipt,
    seal: Option<&str>,
    authorities: &[&Certificate],
    now: Timestamp,
) -> Vec<Finding> {
    let Some(seal) = seal else {
        let is_early = now.duration_since(receipt.at) <= SEALED_WITHIN;
        let says = if is_early {
            "the receipt is not sealed yet: that follows an hour after the end of its day (UTC)"
        } else {
            "the receipt is not sealed, and its day ended long ago: it was written later, or its seal was left out"
        };
        return vec![finding(is_early, says)];
    };
    let (statement, period) = match read(seal) {
        Ok(read) => read,
        Err(says) => return vec![finding(false, format!("the seal of the receipt: {says}"))],
    };
    let by = statement.certificate();
    let signed = |above: &&Certificate| by.verify(above.public_key()).is_ok() && by.issuer() == above.subject();
    let is_known = authorities.iter().any(|authority| *authority == by || signed(authority));
    let digest = receipt.digest(leaf.certificate_id());
    let is_in = period.has(receipt.at) && digest.is_ok_and(|digest| period.receipts.binary_search(&digest).is_ok());
    vec![
        finding(is_known, format!("{} sealed it, which is one of these CAs or below one of them", by.subject())),
        finding(
            is_in,
            format!("the receipt is one of the {} of the seal {}", period.receipts.len(), described(&period)),
        ),
    ]
}

/// What an examination of the chain finds, which is given from its beginning or from any place in
/// it.
pub(crate) fn of_chain(seals: &[Seal]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before: Option<(SealedPeriod, Sha256Digest)> = None;
    for seal in seals {
        match read(&seal.jws) {
            Ok((statement, period)) => {
                let follows = match &before {
                    Some((before, digest)) => period.follows(before, *digest),
                    None => (period.number == 0) == period.previous.is_none(),
                };
                let is_sorted = period.receipts.is_sorted();
                let by = statement.certificate().subject();
                let says = format!("{}: {} receipts, by {by}", described(&period), period.receipts.len());
                let says = if follows { says } else { format!("{says}; it does not follow the one before it") };
                findings.push(finding(follows && is_sorted, says));
                before = Some((period, Sha256Digest::of(seal.jws.as_bytes())));
            }
            Err(says) => {
                findings.push(finding(false, format!("the seal of {}: {says}", seal.place.from)));
                before = None;
            }
        }
    }
    findings
}

fn read(jws: &str) -> Result<(Statement, SealedPeriod), String> {
    let statement = Statement::verify(SealedPeriod::TYPE, jws).map_err(|error| error.to_string())?;
    let period = serde_json::from_slice(statement.payload()).map_err(|error| error.to_string())?;
    Ok((statement, period))
}

fn described(period: &SealedPeriod) -> String {
    if period.number == 0 {
        return format!("number 0, with which the chain begins, for receipts since {}", period.until);
    }
    let part = match period.parts {
        1 => String::new(),
        parts => format!(", part {} of {parts}", period.part.saturating_add(1)),
    };
    format!("number {}, for {} until {}{part}", period.number, period.from, period.until)
}

/// The longest time from a receipt to its seal: its day, the hour after it, and a day for a CA that
/// could not sign.
const SEALED_WITHIN: SignedDuration = SignedDuration::from_hours(49);

//! dns-01 (RFC 8555 §8.4): a TXT record below `_acme-challenge`.

use acme::Observation;

use crate::{Failure, Probe, connection::Dialer, excerpt::excerpt, fault::Fault, host::Host};

/// Looks for the digest of the key authorization among all TXT records. The resolver follows
/// CNAMEs, so the record may be in a zone made for validation.
pub(crate) async fn run(probe: &Probe, dialer: &Dialer<'_>) -> Result<Observation, Failure> {
    let name = format!("_acme-challenge.{}", Host::from(&probe.identifier));
    let texts = dialer.resolver.texts(&name).await.map_err(|fault| fault.at(None))?;
    shows(&name, &texts, probe).map_err(|fault| fault.at(None))
}

/// Whether the TXT records of `name` have the digest of the key authorization among them.
pub(crate) fn shows(name: &str, texts: &[Vec<u8>], probe: &Probe) -> Result<Observation, Fault> {
    let expected = probe.key_authorization.dns_value();
    if texts.iter().any(|text| text == expected.as_bytes()) {
        let observed = Observation { resolver: probe.rules.resolver, ..Observation::default() };
        return Ok(observed.with_seen(name));
    }
    Err(Fault::WrongTxt { name: name.to_owned(), expected, found: listed(texts) })
}

fn listed(texts: &[Vec<u8>]) -> String {
    let shown = texts.iter().take(SHOWN_RECORDS).map(|text| format!("\"{}\"", excerpt(text, SHOWN_LENGTH)));
    let mut list = shown.collect::<Vec<_>>().join(", ");
    if let Some(more) = texts.len().checked_sub(SHOWN_RECORDS).filter(|more| *more > 0) {
        list.push_str(&format!(" and {more} more"));
    }
    list
}

const SHOWN_RECORDS: usize = 3;
/// Enough for a whole digest, so that the owner of the zone can compare.
const SHOWN_LENGTH: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_records_are_listed_up_to_three() {
        let texts = |count: usize| vec![b"x\"y".to_vec(); count];
        assert_eq!(listed(&texts(1)), "\"x\\\"y\"");
        assert_eq!(listed(&texts(3)), "\"x\\\"y\", \"x\\\"y\", \"x\\\"y\"");
        assert_eq!(listed(&texts(5)), "\"x\\\"y\", \"x\\\"y\", \"x\\\"y\" and 2 more");
    }
}

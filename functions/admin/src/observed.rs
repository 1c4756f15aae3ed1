//! What was observed when control of a name was shown, in words.

use acme::{CaaPermission, Observation};

/// How many other networks saw the same, and what the others said; nothing where none were asked.
pub(crate) fn perspectives<'a>(observations: impl IntoIterator<Item = &'a Observation>) -> Vec<String> {
    let remote: Vec<_> = observations.into_iter().filter(|observation| !observation.is_own()).collect();
    if remote.is_empty() {
        return Vec::new();
    }
    let name = |observation: &&Observation| {
        let Observation { perspective, region, .. } = observation;
        format!("{} ({})", perspective.as_deref().unwrap_or_default(), region.as_deref().unwrap_or_default())
    };
    let agreeing: Vec<_> = remote.iter().filter(|observation| observation.agrees()).map(name).collect();
    let mut lines = vec![format!("{} of {} saw the same: {}", agreeing.len(), remote.len(), agreeing.join(", "))];
    lines.extend(remote.iter().filter_map(|observation| match (&observation.problem, &observation.unheard) {
        (Some(problem), _) => Some(format!("{} saw something else: {problem}", name(observation))),
        (None, Some(reason)) => Some(format!("{} was not heard: {reason}", name(observation))),
        (None, None) => None,
    }));
    lines
}

/// What a resolver that validates said of its answers.
pub(crate) fn authenticity(is_authentic: bool) -> &'static str {
    if is_authentic {
        "the resolver found every answer authentic (DNSSEC)"
    } else {
        "an answer is from a zone without signatures (DNSSEC)"
    }
}

/// Why CAA records permitted a certificate.
pub(crate) fn caa(permission: &CaaPermission) -> String {
    let of_dns = permission.authenticated.map(|authentic| format!("; {}", authenticity(authentic)));
    of_records(permission) + &of_dns.unwrap_or_default()
}

fn of_records(permission: &CaaPermission) -> String {
    match (&permission.domain, &permission.record) {
        (Some(domain), Some(record)) => format!("permitted by the record {record} of {domain}"),
        (Some(domain), None) => format!("the records of {domain} restrict no CA"),
        (None, _) => "there are no records".to_owned(),
    }
}

//! testssl.sh against the listener of the host: which protocols and ciphers it speaks, and whether
//! any of the known faults of TLS servers is there.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use super::{Outcome, host::Host};
use crate::{Error, command::Program, setup::Tools};

pub(super) fn run(_: &Tools) -> Result<Outcome, Error> {
    let mut host = Host::start("tls")?;
    let file = host.folder().join("findings.json");
    let address = format!("https://localhost:{}", host.port());
    // Its exit status counts what it does not like; the file has the same with more detail.
    let options = "--quiet --color 0 --warnings off --ip 127.0.0.1 --nodns none -p -E -f -S -P -U --jsonfile";
    let run = Program::new("testssl").args(options.split(' ')).arg(&file).arg("--add-ca").arg(host.root()).arg(address);
    let ended = run.output();
    let text = fs::read_to_string(&file).map_err(|source| Error::File { path: file.clone(), source })?;
    let findings: Vec<Value> = serde_json::from_str(&text)?;
    let mut faults = judge(&findings);
    if findings.len() < AT_LEAST {
        faults.push(format!(
            "it says only {} things: {}",
            findings.len(),
            ended.err().map(|error| error.to_string()).unwrap_or_default()
        ));
    }
    faults.extend(host.faults());
    let ciphers = ciphers(&findings);
    Ok(Outcome { figures: format!("{} findings; {} ciphers", findings.len(), ciphers.len()), faults })
}

fn judge(findings: &[Value]) -> Vec<String> {
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap_or_default().to_owned();
    let mut faults = Vec::new();
    for finding in findings {
        let (id, severity, said) = (text(finding, "id"), text(finding, "severity"), text(finding, "finding"));
        let is_fine = ["OK", "INFO", "DEBUG"].contains(&severity.as_str());
        if !is_fine && !TOLERATED.iter().any(|(known, words, _)| *known == id && said.contains(words)) {
            faults.push(format!("{severity}: {id}: {said}"));
        }
    }
    for (id, expected) in EXPECTED {
        let found = findings.iter().find(|finding| text(finding, "id") == id).map(|finding| text(finding, "finding"));
        if !found.as_deref().is_some_and(|said| said.starts_with(expected)) {
            faults.push(format!("{id} should be {expected:?} and is {found:?}"));
        }
    }
    let found = ciphers(findings);
    let expected: BTreeSet<String> = CIPHERS.iter().map(|cipher| (*cipher).to_owned()).collect();
    if found != expected {
        faults.push(format!("the ciphers are {found:?}"));
    }
    faults
}

/// The ciphers that were negotiated, with their protocols.
fn ciphers(findings: &[Value]) -> BTreeSet<String> {
    let of = |finding: &Value| {
        let id = finding["id"].as_str()?.strip_prefix("cipher-")?.split('_').rev().skip(1).collect::<Vec<_>>();
        let name = finding["finding"].as_str()?.split_whitespace().last()?.to_owned();
        Some(format!("{} {name}", id.into_iter().rev().collect::<Vec<_>>().join("_")))
    };
    findings.iter().filter_map(of).collect()
}

/// The id of a finding and the beginning of what has to be said.
const EXPECTED: [(&str, &str); 6] = [
    ("SSLv2", "not offered"),
    ("SSLv3", "not offered"),
    ("TLS1", "not offered"),
    ("TLS1_1", "not offered"),
    ("TLS1_2", "offered"),
    ("TLS1_3", "offered"),
];

/// Every cipher that is negotiated, with its protocol: all have forward secrecy and authenticate.
const CIPHERS: [&str; 6] = [
    "tls1_2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "tls1_2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "tls1_2 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "tls1_3 TLS_AES_128_GCM_SHA256",
    "tls1_3 TLS_AES_256_GCM_SHA384",
    "tls1_3 TLS_CHACHA20_POLY1305_SHA256",
];

/// What testssl.sh does not like and is as it should be: the id, words of the finding, the reason.
const TOLERATED: [(&str, &str, &str); 4] = [
    ("cert_expirationStatus", "expires < 30 days", "the host renews its certificate of 30 days by itself"),
    ("cert_notAfter", "", "the same"),
    ("cipher_order", "NOT a cipher order", "each of the ciphers is good, so the client chooses what is fast for it"),
    ("engine_problem", "GOST", "about this machine's OpenSSL"),
];

/// Fewer findings mean that it did not run to its end.
const AT_LEAST: usize = 50;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Vec<Value> {
        let finding = |id: &str, said: &str| json!({"id": id, "severity": if said == "offered" { "INFO" } else { "OK" }, "finding": said});
        let protocols = EXPECTED.map(|(id, said)| finding(id, said)).into_iter();
        protocols
            .chain(CIPHERS.iter().map(|cipher| {
                let (protocol, name) = cipher.split_once(' ').unwrap();
                finding(&format!("cipher-{protocol}_x1"), &format!("TLS x1 {name}"))
            }))
            .collect()
    }

    #[test]
    fn a_weakness_an_old_protocol_and_another_cipher_are_faults() {
        assert_eq!(judge(&good()), Vec::<String>::new());
        let mut findings = good();
        findings.push(json!({"id": "heartbleed", "severity": "CRITICAL", "finding": "VULNERABLE"}));
        assert_eq!(judge(&findings), ["CRITICAL: heartbleed: VULNERABLE"]);
        findings = good();
        findings[2]["finding"] = "offered".into();
        assert!(judge(&findings)[0].starts_with("TLS1 should be"));
        findings = good();
        findings.pop();
        assert!(judge(&findings)[0].starts_with("the ciphers are"));
    }
}

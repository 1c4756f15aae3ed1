//! Whether this CA would issue under a path of CA certificates, and whether rustls-webpki would
//! accept it: one side of `cargo xtask judges paths`.
//!
//! Standard input has a line of JSON for each path: `name`, `time` in seconds since 1970, and
//! `certificates` in DER and base64url, the root first and a leaf for the name last. Standard
//! output has a line of JSON for each with both verdicts; an empty reason means acceptance.

use std::{
    error::Error,
    io::{self, BufRead, Write},
    time::Duration,
};

use acme::{Identifier, IdentifierObject};
use ca::{Certificate, Issuer};
use jiff::Timestamp;
use jose::base64url;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, aws_lc_rs};

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let path: Value = serde_json::from_str(&line?)?;
        let text = |value: &Value| value.as_str().map(base64url::decode);
        let certificates = path.get("certificates").and_then(Value::as_array).into_iter().flatten().filter_map(text);
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        let name = path.get("name").and_then(Value::as_str).unwrap_or_default();
        let time = path.get("time").and_then(Value::as_i64).unwrap_or_default();
        let ours = ours(&certificates, name, time).err().map(|reason| reason.to_string());
        let webpki = webpki(&certificates, time).err().map(|reason| reason.to_string());
        let verdicts = json!({"ours": ours.unwrap_or_default(), "webpki": webpki.unwrap_or_default()});
        writeln!(io::stdout(), "{verdicts}")?;
    }
    Ok(())
}

/// What `issuers install` checks of an issuing CA, and then an order of the name. The leaf is not
/// needed: this CA would make it.
fn ours(certificates: &[Vec<u8>], name: &str, time: i64) -> Result<(), Box<dyn Error>> {
    let cas = certificates.split_last().map(|(_, cas)| cas).unwrap_or_default();
    let mut cas = cas.iter().rev().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    let issuing = cas.remove(0);
    let above = ca::path(&issuing, &cas, Timestamp::from_second(time)?)?;
    let issuer = Issuer::new(issuing)?.below(&above)?;
    let r#type = if name.parse::<std::net::IpAddr>().is_ok() { "ip" } else { "dns" };
    let identifier = Identifier::try_from(IdentifierObject { r#type: r#type.into(), value: name.into() })?;
    match issuer.constraints_against(&identifier) {
        Some(constraints) => Err(constraints.to_string().into()),
        None => Ok(()),
    }
}

/// What a TLS client with rustls accepts that trusts the root.
fn webpki(certificates: &[Vec<u8>], time: i64) -> Result<(), Box<dyn Error>> {
    let certificates: Vec<_> = certificates.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let [root, between @ .., leaf] = certificates.as_slice() else { return Err("too short".into()) };
    let anchors = [anchor_from_trusted_cert(root)?];
    let algorithms = [aws_lc_rs::ECDSA_P256_SHA256];
    let time = UnixTime::since_unix_epoch(Duration::from_secs(time.try_into()?));
    let usage = KeyUsage::server_auth();
    EndEntityCert::try_from(leaf)?.verify_for_usage(&algorithms, &anchors, between, time, usage, None, None)?;
    Ok(())
}

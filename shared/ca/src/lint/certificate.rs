//! Lints for every certificate: its form, and its relation to its issuer.

use acme::Serial;
use const_oid::db::rfc5280::{
    ID_AD_CA_ISSUERS, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_SUBJECT_KEY_IDENTIFIER,
    ID_PE_AUTHORITY_INFO_ACCESS,
};
use der::{
    Encode,
    asn1::{OctetString, UtcTime},
};
use x509_cert::{
    Version,
    ext::pkix::{
        AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, CrlDistributionPoints,
        name::{DistributionPointName, GeneralName},
    },
    time::Time,
};

use super::{Examined, Fault, Report, ensure};
use crate::{extension, time};

pub(super) fn check(examined: &Examined<'_>, report: &mut Report) {
    report.note("encoding", encoding(examined));
    report.note("version", version(examined));
    report.note("serial-number", serial_number(examined));
    report.note("signature-algorithm", signature_algorithm(examined));
    report.note("issuer-name", issuer_name(examined));
    report.note("validity-encoding", validity_encoding(examined));
    report.note("validity-order", validity_order(examined));
    report.note("validity-within-issuer", validity_within_issuer(examined));
    report.note("key-reuse", key_reuse(examined));
    report.note("unique-identifiers", unique_identifiers(examined));
    report.note("repeated-extension", repeated_extension(examined));
    report.note("subject-key-identifier", subject_key_identifier(examined));
    report.note("authority-key-identifier", authority_key_identifier(examined));
    report.note("pointer-scheme", pointer_scheme(examined));
}

/// DER has one form for each value: the decoded value must encode to the same bytes.
fn encoding(examined: &Examined<'_>) -> Result<(), Fault> {
    ensure(examined.tbs.to_der()? == examined.bytes, "not canonical DER")
}

/// Version 3 (RFC 5280 §4.1.2.1).
fn version(examined: &Examined<'_>) -> Result<(), Fault> {
    ensure(examined.tbs.version() == Version::V3, "not version 3")
}

/// Positive and at most twenty octets (RFC 5280 §4.1.2.2). At least sixteen octets, so that it has
/// enough randomness.
fn serial_number(examined: &Examined<'_>) -> Result<(), Fault> {
    let octets = examined.tbs.serial_number().as_bytes();
    ensure(Serial::from_der_content(octets.to_vec()).is_some(), "not positive or too long")?;
    ensure(octets.len() >= 16, "shorter than sixteen octets")
}

/// The algorithm of the issuer's key (RFC 5280 §4.1.2.3).
fn signature_algorithm(examined: &Examined<'_>) -> Result<(), Fault> {
    let expected = examined.authority.algorithm.identifier();
    ensure(*examined.tbs.signature() == expected, "not that of the issuer's key")
}

/// The very bytes of the issuer's subject (RFC 5280 §4.1.2.4, §7.1).
fn issuer_name(examined: &Examined<'_>) -> Result<(), Fault> {
    let name = examined.tbs.issuer().to_der()?;
    ensure(name == examined.authority.name, "not the subject of the issuer")
}

/// UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5).
fn validity_encoding(examined: &Examined<'_>) -> Result<(), Fault> {
    let validity = examined.tbs.validity();
    let fits = |time: &Time| match time {
        Time::UtcTime(_) => true,
        Time::GeneralTime(time) => time.to_date_time().year() > UtcTime::MAX_YEAR,
    };
    ensure(fits(&validity.not_before) && fits(&validity.not_after), "GeneralizedTime before 2050")
}

fn validity_order(examined: &Examined<'_>) -> Result<(), Fault> {
    let validity = examined.tbs.validity();
    let (first, last) = (time::timestamp(&validity.not_before), time::timestamp(&validity.not_after));
    ensure(first < last, "ends before it starts")
}

/// A certificate that outlives its issuer cannot be verified until its end.
fn validity_within_issuer(examined: &Examined<'_>) -> Result<(), Fault> {
    let Some((first, last)) = examined.authority.validity else {
        return Ok(());
    };
    let validity = examined.tbs.validity();
    ensure(time::timestamp(&validity.not_before) >= first, "starts before its issuer")?;
    ensure(time::timestamp(&validity.not_after) <= last, "ends after its issuer")
}

/// Only a root has the key that signs it.
fn key_reuse(examined: &Examined<'_>) -> Result<(), Fault> {
    let same = examined.key == *examined.authority.key;
    let root = examined.authority.validity.is_none();
    ensure(same == root, if root { "not the key that signs" } else { "the key of its issuer" })
}

/// There are no unique identifiers (RFC 5280 §4.1.2.8).
fn unique_identifiers(examined: &Examined<'_>) -> Result<(), Fault> {
    let tbs = &examined.tbs;
    ensure(tbs.issuer_unique_id().is_none() && tbs.subject_unique_id().is_none(), "there are unique identifiers")
}

/// No extension is repeated (RFC 5280 §4.2).
fn repeated_extension(examined: &Examined<'_>) -> Result<(), Fault> {
    let mut seen = Vec::new();
    for oid in examined.extensions() {
        if seen.contains(&oid) {
            return Err(Fault(format!("{oid} is there more than once")));
        }
        seen.push(oid);
    }
    Ok(())
}

/// If there is a key identifier, it is that of the key (RFC 5280 §4.2.1.2).
fn subject_key_identifier(examined: &Examined<'_>) -> Result<(), Fault> {
    let Some((critical, identifier)) = examined.optional_extension::<OctetString>(ID_CE_SUBJECT_KEY_IDENTIFIER)? else {
        return Ok(());
    };
    ensure(!critical, "critical")?;
    ensure(identifier.as_bytes() == extension::key_identifier(&examined.key), "not that of the key")
}

/// The key identifier is that of the issuer (RFC 5280 §4.2.1.1).
fn authority_key_identifier(examined: &Examined<'_>) -> Result<(), Fault> {
    let (critical, value) = examined.extension::<AuthorityKeyIdentifier>(ID_CE_AUTHORITY_KEY_IDENTIFIER)?;
    ensure(!critical, "critical")?;
    let identifier = value.key_identifier.as_ref().map(OctetString::as_bytes);
    ensure(identifier == Some(&examined.authority.key_identifier), "not the key identifier of the issuer")?;
    ensure(
        value.authority_cert_issuer.is_none() && value.authority_cert_serial_number.is_none(),
        "names a certificate of the issuer, not its key alone",
    )
}

/// Only plain HTTP URLs (RFC 5280 §4.2.1.13, §4.2.2.1, §8).
fn pointer_scheme(examined: &Examined<'_>) -> Result<(), Fault> {
    for url in pointers(examined)?.iter().flatten() {
        ensure(is_http(url), "not an http URL")?;
    }
    Ok(())
}

fn is_http(url: &str) -> bool {
    url.strip_prefix("http://").is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

/// The URLs of the issuer's certificate and of the CRL. Each extension may have exactly one.
pub(super) fn pointers(examined: &Examined<'_>) -> Result<[Option<String>; 2], Fault> {
    let access = examined.optional_extension::<AuthorityInfoAccessSyntax>(ID_PE_AUTHORITY_INFO_ACCESS)?;
    let ca_issuers = match access {
        None => None,
        Some((critical, AuthorityInfoAccessSyntax(access))) => {
            ensure(!critical, "authority information access is critical")?;
            let [description] = access.as_slice() else {
                return Err("more or less than one access description".into());
            };
            ensure(description.access_method == ID_AD_CA_ISSUERS, "access other than caIssuers")?;
            Some(url(&description.access_location)?)
        }
    };
    let points = examined.optional_extension::<CrlDistributionPoints>(ID_CE_CRL_DISTRIBUTION_POINTS)?;
    let crl = match points {
        None => None,
        Some((critical, CrlDistributionPoints(points))) => {
            ensure(!critical, "CRL distribution points are critical")?;
            let [point] = points.as_slice() else {
                return Err("more or less than one CRL distribution point".into());
            };
            ensure(
                point.reasons.is_none() && point.crl_issuer.is_none(),
                "a CRL distribution point with reasons or a CRL issuer",
            )?;
            match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => match names.as_slice() {
                    [name] => Some(url(name)?),
                    _ => return Err("more or less than one name of the CRL".into()),
                },
                _ => return Err("a CRL distribution point without a full name".into()),
            }
        }
    };
    Ok([ca_issuers, crl])
}

fn url(name: &GeneralName) -> Result<String, Fault> {
    match name {
        GeneralName::UniformResourceIdentifier(url) => Ok(url.as_str().to_owned()),
        _ => Err("a pointer that is not a URL".into()),
    }
}

//! Lints for roots and issuing CAs.

use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_KEY_USAGE,
    ID_CE_NAME_CONSTRAINTS, ID_CE_SUBJECT_KEY_IDENTIFIER, ID_PE_AUTHORITY_INFO_ACCESS,
};
use der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::{Examined, Fault, Report, ensure};
use crate::{AuthorityName, IssuerKeyType, NameConstraints, extension};

pub(super) fn check(
    examined: &Examined<'_>,
    subject: &AuthorityName,
    path_length: Option<u8>,
    constraints: Option<&NameConstraints>,
    report: &mut Report,
) {
    report.note("authority-extensions", known_extensions(examined));
    report.note("authority-subject", self::subject(examined, subject));
    report.note("authority-self-issued", self_issued(examined));
    report.note("authority-key-type", key_type(examined));
    report.note("authority-key-usage", key_usage(examined));
    report.note("subject-key-identifier", subject_key_identifier(examined));
    report.note("authority-basic-constraints", basic_constraints(examined, path_length));
    report.note("authority-name-constraints", name_constraints(examined, constraints));
}

fn known_extensions(examined: &Examined<'_>) -> Result<(), Fault> {
    match examined.extensions().find(|oid| !EXTENSIONS.contains(oid)) {
        None => Ok(()),
        Some(oid) => Err(Fault(format!("{oid} has no place in an authority"))),
    }
}

fn subject(examined: &Examined<'_>, subject: &AuthorityName) -> Result<(), Fault> {
    ensure(*examined.tbs.subject() == subject.to_name()?, "another name")
}

/// A root is its own issuer, and no other certificate is: if two CAs had the same name, the chain
/// that a relying party builds would depend on which one it finds first.
fn self_issued(examined: &Examined<'_>) -> Result<(), Fault> {
    let same = examined.tbs.subject() == examined.tbs.issuer();
    let root = examined.authority.validity.is_none();
    ensure(same == root, if root { "a root with another issuer" } else { "the name of its issuer" })
}

fn key_type(examined: &Examined<'_>) -> Result<(), Fault> {
    ensure(IssuerKeyType::of(&examined.key).is_some(), "issuers may not have a key of this type")
}

fn key_usage(examined: &Examined<'_>) -> Result<(), Fault> {
    let (critical, usage) = examined.extension::<KeyUsage>(ID_CE_KEY_USAGE)?;
    ensure(critical, "not critical")?;
    ensure(usage == extension::key_usage_of_authority(), "not that of an authority")
}

/// By it, relying parties find the issuer of a certificate (RFC 5280 §4.2.1.2).
fn subject_key_identifier(examined: &Examined<'_>) -> Result<(), Fault> {
    ensure(examined.extensions().any(|oid| oid == ID_CE_SUBJECT_KEY_IDENTIFIER), "missing")
}

fn basic_constraints(examined: &Examined<'_>, path_length: Option<u8>) -> Result<(), Fault> {
    let (critical, constraints) = examined.extension::<BasicConstraints>(ID_CE_BASIC_CONSTRAINTS)?;
    ensure(critical, "not critical")?;
    ensure(constraints.ca, "not those of a CA")?;
    ensure(constraints.path_len_constraint == path_length, "another path length")
}

/// The name constraints are those that were asked for (RFC 5280 §4.2.1.10).
fn name_constraints(examined: &Examined<'_>, constraints: Option<&NameConstraints>) -> Result<(), Fault> {
    let stated = NameConstraints::find(examined.tbs.extensions()).map_err(|error| Fault(error.to_string()))?;
    let critical = stated.as_ref().is_none_or(|(critical, _)| *critical);
    ensure(critical, "not critical")?;
    ensure(stated.as_ref().map(|(_, stated)| stated) == constraints, "other name constraints")
}

const EXTENSIONS: [ObjectIdentifier; 7] = [
    ID_CE_AUTHORITY_KEY_IDENTIFIER,
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_KEY_USAGE,
    ID_CE_NAME_CONSTRAINTS,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
    ID_PE_AUTHORITY_INFO_ACCESS,
];

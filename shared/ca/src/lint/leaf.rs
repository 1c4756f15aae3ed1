//! Lints for leaves: the identifiers of the order and no others, and no usage beyond TLS
//! handshakes.

use std::collections::BTreeSet;

use acme::Identifier;
use const_oid::db::{
    rfc4519::COMMON_NAME,
    rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES,
        ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME,
        ID_CE_SUBJECT_KEY_IDENTIFIER, ID_PE_AUTHORITY_INFO_ACCESS,
    },
};
use der::{Tag, Tagged, oid::ObjectIdentifier};
use x509_cert::ext::pkix::{
    BasicConstraints, CertificatePolicies, ExtendedKeyUsage as ExtendedKeyUsages, KeyUsage, name::GeneralNames,
};

use super::{Examined, Fault, Report, ensure};
use crate::{ExtendedKeyUsage, LeafExtensions, distinguished_name, extension, general_name};

pub(super) fn check(examined: &Examined<'_>, identifiers: &[Identifier], report: &mut Report) {
    report.note("leaf-extensions", known_extensions(examined));
    report.note("leaf-subject", subject(examined, identifiers));
    report.note("leaf-names", names(examined, identifiers));
    report.note("leaf-names-canonical", names_canonical(examined));
    report.note("leaf-names-criticality", names_criticality(examined));
    report.note("leaf-names-constrained", names_constrained(examined));
    report.note("leaf-key-usage", key_usage(examined));
    report.note("leaf-extended-key-usage", extended_key_usage(examined));
    report.note("leaf-basic-constraints", basic_constraints(examined));
    report.note("leaf-policies", policies(examined));
}

fn known_extensions(examined: &Examined<'_>) -> Result<(), Fault> {
    match examined.extensions().find(|oid| !EXTENSIONS.contains(oid)) {
        None => Ok(()),
        Some(oid) => Err(Fault(format!("{oid} has no place in a leaf"))),
    }
}

/// The subject is empty, or has one common name that is a host name of the order.
fn subject(examined: &Examined<'_>, identifiers: &[Identifier]) -> Result<(), Fault> {
    let subject = examined.tbs.subject();
    if subject.is_empty() {
        return Ok(());
    }
    let mut attributes = subject.iter();
    let (Some(attribute), None) = (attributes.next(), attributes.next()) else {
        return Err("more than one attribute".into());
    };
    ensure(attribute.oid == COMMON_NAME, "an attribute other than the common name")?;
    ensure(attribute.value.tag() == Tag::Utf8String, "not a UTF8String")?;
    let text = distinguished_name::text(attribute).ok_or("not UTF-8")?;
    ensure(text.len() <= distinguished_name::MAX_LENGTH, "longer than 64 characters")?;
    let is_named = |identifier: &Identifier| !matches!(identifier, Identifier::Ip(_)) && identifier.to_string() == text;
    ensure(identifiers.iter().any(is_named), "a common name that is not a host name of the order")
}

/// Exactly the identifiers of the order (N4), without repetition.
fn names(examined: &Examined<'_>, identifiers: &[Identifier]) -> Result<(), Fault> {
    let (_, names) = examined.extension::<GeneralNames>(ID_CE_SUBJECT_ALT_NAME)?;
    let named = names
        .iter()
        .map(general_name::identifier)
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|error| Fault(error.to_string()))?;
    ensure(!named.is_empty(), "no names")?;
    ensure(named.len() == names.len(), "a name is there more than once")?;
    ensure(named == identifiers.iter().cloned().collect(), "not the names of the order")
}

fn names_canonical(examined: &Examined<'_>) -> Result<(), Fault> {
    let (_, names) = examined.extension::<GeneralNames>(ID_CE_SUBJECT_ALT_NAME)?;
    for name in &names {
        let identifier = general_name::identifier(name).map_err(|e| Fault(e.to_string()))?;
        ensure(general_name::encode(&identifier)? == *name, "a name not in its canonical form")?;
    }
    Ok(())
}

/// The issuer's name constraints permit the identifiers (RFC 5280 §4.2.1.10): otherwise relying
/// parties would refuse the certificate.
fn names_constrained(examined: &Examined<'_>) -> Result<(), Fault> {
    let (_, names) = examined.extension::<GeneralNames>(ID_CE_SUBJECT_ALT_NAME)?;
    for name in &names {
        let identifier = general_name::identifier(name).map_err(|e| Fault(e.to_string()))?;
        let permitted = examined.authority.constraints.iter().all(|constraints| constraints.permits(&identifier));
        ensure(permitted, "a name that the issuer may not certify")?;
    }
    Ok(())
}

/// Critical if and only if the subject is empty (RFC 5280 §4.2.1.6).
fn names_criticality(examined: &Examined<'_>) -> Result<(), Fault> {
    let (critical, _) = examined.extension::<GeneralNames>(ID_CE_SUBJECT_ALT_NAME)?;
    ensure(critical == examined.tbs.subject().is_empty(), "critical exactly without a subject")
}

fn key_usage(examined: &Examined<'_>) -> Result<(), Fault> {
    let (critical, usage) = examined.extension::<KeyUsage>(ID_CE_KEY_USAGE)?;
    ensure(critical, "not critical")?;
    let is_one_of_a_leaf = |extensions| usage == extension::key_usage_of_leaf(&examined.key, extensions);
    let forms = [LeafExtensions::Usual, LeafExtensions::Fewest];
    ensure(forms.into_iter().any(is_one_of_a_leaf), "not that of such a key")
}

fn extended_key_usage(examined: &Examined<'_>) -> Result<(), Fault> {
    let (critical, ExtendedKeyUsages(usages)) = examined.extension(ID_CE_EXT_KEY_USAGE)?;
    ensure(!critical, "critical")?;
    ensure(!usages.is_empty(), "empty")?;
    let known = |oid: &ObjectIdentifier| ExtendedKeyUsage::ALL.iter().any(|one| one.oid() == *oid);
    ensure(usages.iter().all(known), "neither server nor client authentication")?;
    let once = |oid: &ObjectIdentifier| usages.iter().filter(|other| *other == oid).count() == 1;
    ensure(usages.iter().all(once), "a usage is there more than once")
}

fn basic_constraints(examined: &Examined<'_>) -> Result<(), Fault> {
    let (critical, constraints) = examined.extension::<BasicConstraints>(ID_CE_BASIC_CONSTRAINTS)?;
    ensure(critical, "not critical")?;
    ensure(constraints == extension::LEAF, "those of a CA")
}

fn policies(examined: &Examined<'_>) -> Result<(), Fault> {
    let stated = examined.optional_extension(ID_CE_CERTIFICATE_POLICIES)?;
    let Some((critical, CertificatePolicies(policies))) = stated else {
        return Ok(());
    };
    ensure(!critical, "critical")?;
    ensure(!policies.is_empty(), "empty")?;
    ensure(policies.iter().all(|policy| policy.policy_qualifiers.is_none()), "a qualifier")
}

const EXTENSIONS: [ObjectIdentifier; 9] = [
    ID_CE_AUTHORITY_KEY_IDENTIFIER,
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES,
    ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_ALT_NAME,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
    ID_PE_AUTHORITY_INFO_ACCESS,
];

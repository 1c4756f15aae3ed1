//! Lints for leaves that were just built: they have what the profile says, and nothing else.

use acme::Identifier;
use const_oid::db::{
    rfc4519::COMMON_NAME,
    rfc5280::{ID_CE_CERTIFICATE_POLICIES, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_SUBJECT_KEY_IDENTIFIER},
};
use der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::{CertificatePolicies, ExtendedKeyUsage as ExtendedKeyUsages, KeyUsage};

use super::{Examined, Fault, Report, ensure};
use crate::{CertificateKeyType, LeafExtensions, LeafProfile, distinguished_name, extension};

pub(super) fn check(examined: &Examined<'_>, identifiers: &[Identifier], profile: &LeafProfile, report: &mut Report) {
    report.note("profile-key-type", key_type(examined, profile));
    report.note("profile-subject", subject(examined, identifiers, profile));
    report.note("profile-extended-key-usage", extended_key_usage(examined, profile));
    report.note("profile-policies", policies(examined, profile));
    report.note("profile-key-usage", key_usage(examined, profile));
    report.note("subject-key-identifier", subject_key_identifier(examined, profile));
}

fn key_type(examined: &Examined<'_>, profile: &LeafProfile) -> Result<(), Fault> {
    let allowed = profile.key_types.contains(&CertificateKeyType::of(&examined.key));
    ensure(allowed, "a key that the profile does not allow")
}

fn subject(examined: &Examined<'_>, identifiers: &[Identifier], profile: &LeafProfile) -> Result<(), Fault> {
    let mut attributes = examined.tbs.subject().iter();
    let common_name = attributes.find(|attribute| attribute.oid == COMMON_NAME).and_then(distinguished_name::text);
    let expected = profile.subject.common_name(identifiers);
    ensure(common_name == expected.as_deref(), "not the subject of the profile")
}

fn extended_key_usage(examined: &Examined<'_>, profile: &LeafProfile) -> Result<(), Fault> {
    let (_, ExtendedKeyUsages(usages)) = examined.extension(ID_CE_EXT_KEY_USAGE)?;
    let expected = profile.extended_key_usage.iter().map(|usage| usage.oid());
    ensure(usages.into_iter().eq(expected), "not the usages of the profile")
}

fn key_usage(examined: &Examined<'_>, profile: &LeafProfile) -> Result<(), Fault> {
    let (_, usage) = examined.extension::<KeyUsage>(ID_CE_KEY_USAGE)?;
    let expected = extension::key_usage_of_leaf(&examined.key, profile.extensions);
    ensure(usage == expected, "not the key usage of the profile")
}

fn subject_key_identifier(examined: &Examined<'_>, profile: &LeafProfile) -> Result<(), Fault> {
    let is_there = examined.extensions().any(|oid| oid == ID_CE_SUBJECT_KEY_IDENTIFIER);
    ensure(is_there == (profile.extensions == LeafExtensions::Usual), "not there exactly where the profile has it")
}

fn policies(examined: &Examined<'_>, profile: &LeafProfile) -> Result<(), Fault> {
    let stated: Vec<ObjectIdentifier> = examined
        .optional_extension::<CertificatePolicies>(ID_CE_CERTIFICATE_POLICIES)?
        .map(|(_, CertificatePolicies(policies))| policies)
        .unwrap_or_default()
        .iter()
        .map(|policy| policy.policy_identifier)
        .collect();
    let expected = profile.policies.iter().map(|policy| policy.0);
    ensure(stated.into_iter().eq(expected), "not the policies of the profile")
}

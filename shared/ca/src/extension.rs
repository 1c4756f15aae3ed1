//! The extensions of certificates and CRLs, each built in one place with its criticality.

use acme::Identifier;
use const_oid::db::rfc5280 as oid;
use der::{
    Decode, Encode,
    asn1::{Ia5String, OctetString, Uint},
    oid::ObjectIdentifier,
};
use jose::{KeyKind, PublicKey};
use sha2::{Digest, Sha256};
use x509_cert::ext::{
    Extension,
    pkix::{
        AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
        CrlReason, IssuingDistributionPoint, KeyUsage, KeyUsages, NameConstraints,
        certpolicy::PolicyInformation,
        crl::dp::DistributionPoint,
        name::{DistributionPointName, GeneralName},
    },
};

use crate::{ExtendedKeyUsage, LeafExtensions, Pointers, Policy, general_name};

/// The key identifier of a key: the first 160 bits of the SHA-256 of its BIT STRING (RFC 7093 §2,
/// method 1).
pub(crate) fn key_identifier(key: &PublicKey) -> Vec<u8> {
    Sha256::digest(key.subject_public_key()).iter().copied().take(20).collect()
}

/// The authority key identifier (RFC 5280 §4.2.1.1).
pub(crate) fn authority_key_identifier(identifier: &[u8]) -> der::Result<Extension> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(identifier)?),
        ..AuthorityKeyIdentifier::default()
    };
    extension(oid::ID_CE_AUTHORITY_KEY_IDENTIFIER, NON_CRITICAL, &value)
}

/// The subject key identifier (RFC 5280 §4.2.1.2).
pub(crate) fn subject_key_identifier(identifier: &[u8]) -> der::Result<Extension> {
    let value = OctetString::new(identifier)?;
    extension(oid::ID_CE_SUBJECT_KEY_IDENTIFIER, NON_CRITICAL, &value)
}

/// The key usage of a leaf (RFC 5280 §4.2.1.3). A leaf signs handshakes; with RSA it may also take
/// part in the key transport of TLS 1.2.
pub(crate) fn key_usage_of_leaf(key: &PublicKey, extensions: LeafExtensions) -> KeyUsage {
    match (key.kind(), extensions) {
        (KeyKind::Rsa { .. }, LeafExtensions::Usual) => {
            KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment)
        }
        _ => KeyUsage(KeyUsages::DigitalSignature.into()),
    }
}

/// The key usage of a CA (RFC 5280 §4.2.1.3): it signs certificates and CRLs.
pub(crate) fn key_usage_of_authority() -> KeyUsage {
    KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)
}

/// The key usage extension (RFC 5280 §4.2.1.3), which is critical.
pub(crate) fn key_usage(usage: &KeyUsage) -> der::Result<Extension> {
    extension(oid::ID_CE_KEY_USAGE, CRITICAL, usage)
}

/// The certificate policies (RFC 5280 §4.2.1.4).
pub(crate) fn certificate_policies(policies: &[Policy]) -> der::Result<Extension> {
    let value: Vec<PolicyInformation> = policies
        .iter()
        .map(|policy| PolicyInformation { policy_identifier: policy.0, policy_qualifiers: None })
        .collect();
    extension(oid::ID_CE_CERTIFICATE_POLICIES, NON_CRITICAL, &value)
}

/// The subject alternative name (RFC 5280 §4.2.1.6), which is critical if and only if the subject
/// is empty.
pub(crate) fn subject_alternative_name(identifiers: &[Identifier], critical: bool) -> der::Result<Extension> {
    let names = identifiers.iter().map(general_name::encode).collect::<der::Result<Vec<_>>>()?;
    extension(oid::ID_CE_SUBJECT_ALT_NAME, critical, &names)
}

/// The basic constraints (RFC 5280 §4.2.1.9). A leaf has them too, critical and empty: it states
/// that it is not a CA.
pub(crate) fn basic_constraints(constraints: &BasicConstraints) -> der::Result<Extension> {
    extension(oid::ID_CE_BASIC_CONSTRAINTS, CRITICAL, constraints)
}

/// The basic constraints of a leaf.
pub(crate) const LEAF: BasicConstraints = BasicConstraints { ca: false, path_len_constraint: None };

/// The name constraints (RFC 5280 §4.2.1.10), which are critical.
pub(crate) fn name_constraints(constraints: &NameConstraints) -> der::Result<Extension> {
    extension(oid::ID_CE_NAME_CONSTRAINTS, CRITICAL, constraints)
}

/// The extended key usage (RFC 5280 §4.2.1.12).
pub(crate) fn extended_key_usage<'a>(usages: impl IntoIterator<Item = &'a ExtendedKeyUsage>) -> der::Result<Extension> {
    let value: Vec<ObjectIdentifier> = usages.into_iter().map(|usage| usage.oid()).collect();
    extension(oid::ID_CE_EXT_KEY_USAGE, NON_CRITICAL, &value)
}

/// The CRL distribution point (RFC 5280 §4.2.1.13).
pub(crate) fn crl_distribution_points(url: &str) -> der::Result<Extension> {
    let value = CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(full_name(url)?),
        reasons: None,
        crl_issuer: None,
    }]);
    extension(oid::ID_CE_CRL_DISTRIBUTION_POINTS, NON_CRITICAL, &value)
}

/// The authority information access (RFC 5280 §4.2.2.1), with only the certificate of the issuer.
pub(crate) fn authority_information_access(ca_issuers: &str) -> der::Result<Extension> {
    let value = vec![AccessDescription {
        access_method: oid::ID_AD_CA_ISSUERS,
        access_location: GeneralName::UniformResourceIdentifier(Ia5String::new(ca_issuers)?),
    }];
    extension(oid::ID_PE_AUTHORITY_INFO_ACCESS, NON_CRITICAL, &value)
}

/// The CRL number (RFC 5280 §5.2.3).
pub(crate) fn crl_number(number: u64) -> der::Result<Extension> {
    extension(oid::ID_CE_CRL_NUMBER, NON_CRITICAL, &Uint::new(&number.to_be_bytes())?)
}

/// The issuing distribution point (RFC 5280 §5.2.5). The object identifier is given explicitly,
/// because the type has that of another extension.
pub(crate) fn issuing_distribution_point(url: &str) -> der::Result<Extension> {
    let value = IssuingDistributionPoint {
        distribution_point: Some(full_name(url)?),
        only_contains_user_certs: false,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    };
    extension(oid::ID_CE_ISSUING_DISTRIBUTION_POINT, CRITICAL, &value)
}

/// The reason code (RFC 5280 §5.3.1), which is absent for unspecified.
pub(crate) fn reason_code(code: u8) -> der::Result<Option<Extension>> {
    if code == 0 {
        return Ok(None);
    }
    let reason = CrlReason::try_from(u32::from(code))?;
    extension(oid::ID_CE_CRL_REASONS, NON_CRITICAL, &reason).map(Some)
}

/// The value and the criticality of an extension; `None` if it is absent. If there are several with
/// the same identifier, the first one is read: another check makes sure that there is only one.
pub(crate) fn find<'a, T: Decode<'a, Error = der::Error>>(
    extensions: Option<&'a Vec<Extension>>,
    oid: ObjectIdentifier,
) -> der::Result<Option<(bool, T)>> {
    extensions
        .into_iter()
        .flatten()
        .find(|extension| extension.extn_id == oid)
        .map(|found| Ok((found.critical, T::from_der(found.extn_value.as_bytes())?)))
        .transpose()
}

/// The first URL of the issuer's certificate and of the CRL, if there are any.
pub(crate) fn pointers(extensions: Option<&Vec<Extension>>) -> Pointers {
    let access = find::<AuthorityInfoAccessSyntax>(extensions, oid::ID_PE_AUTHORITY_INFO_ACCESS).ok().flatten();
    let access = access.map(|(_, AuthorityInfoAccessSyntax(access))| access).unwrap_or_default();
    let points = find::<CrlDistributionPoints>(extensions, oid::ID_CE_CRL_DISTRIBUTION_POINTS).ok().flatten();
    let points = points.map(|(_, CrlDistributionPoints(points))| points).unwrap_or_default();
    let names = points.iter().flat_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.as_slice(),
        _ => &[],
    });
    let url = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(url) => Some(url.as_str().to_owned()),
        _ => None,
    };
    let issuers = access.iter().filter(|one| one.access_method == oid::ID_AD_CA_ISSUERS);
    Pointers { ca_issuers: issuers.map(|one| &one.access_location).find_map(url), crl: names.into_iter().find_map(url) }
}

fn extension(extn_id: ObjectIdentifier, critical: bool, value: &impl Encode) -> der::Result<Extension> {
    Ok(Extension { extn_id, critical, extn_value: OctetString::new(value.to_der()?)? })
}

fn full_name(url: &str) -> der::Result<DistributionPointName> {
    let name = GeneralName::UniformResourceIdentifier(Ia5String::new(url)?);
    Ok(DistributionPointName::FullName(vec![name]))
}

const CRITICAL: bool = true;
const NON_CRITICAL: bool = false;

//! Every parameter, changed.

use std::collections::BTreeSet;

use tests::{clients::Failure, deployed::template::Template};

use super::{Life, stack};

/// A parameter with another value than its default.
pub(crate) struct Changed {
    pub(crate) parameter: &'static str,
    pub(crate) value: &'static str,
    /// What the value needs beside it.
    pub(crate) with: &'static [(&'static str, &'static str)],
}

/// All of them, in the order of the template.
pub(crate) fn changed() -> impl Iterator<Item = Changed> {
    let companions: [(&str, &[(&str, &str)]); 8] = [
        ("Canary", &[("Enrolment", "on"), ("StatusUrl", "http://pki.example.org")]),
        ("DomainName", &[("DomainCertificateArn", "arn:aws:acm:::certificate/1")]),
        ("DomainCertificateArn", &[("DomainName", "ca.example.org")]),
        ("TruststoreUri", &[("DomainName", "ca.example.org"), ("DomainCertificateArn", "arn:aws:acm:::certificate/1")]),
        ("VpcEndpointIds", &[("ValidationSubnetIds", "subnet-1")]),
        ("PrivateAccessLog", &[("VpcEndpointIds", "vpce-1"), ("ValidationSubnetIds", "subnet-1")]),
        ("ValidationSecurityGroupIds", &[("ValidationSubnetIds", "subnet-1")]),
        ("ValidationIpv6", &[("ValidationSubnetIds", "subnet-1")]),
    ];
    VALUES.into_iter().map(move |(parameter, value)| {
        let with = companions.iter().find(|(name, _)| *name == parameter).map_or(&[][..], |(_, with)| *with);
        Changed { parameter, value, with }
    })
}

/// Nothing is silently ignored: a value by itself makes another stack, or a rule refuses it in
/// words.
#[tokio::test]
async fn every_parameter_has_an_effect_by_itself_or_is_refused() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let template = Template::read();
    let usual = stack(life.new, "1", &[]);
    let mut ignored = Vec::new();
    for Changed { parameter, value, with } in changed() {
        let has_effect = |value: &str| {
            let other = stack(life.new, "1", &[(parameter, value)]);
            other.resources != usual.resources || other.outputs != usual.outputs
        };
        let is_refused = template.refused_by(&[(parameter, value)]).is_some();
        if !is_refused && !has_effect(value) {
            ignored.push(format!("{parameter}={value}"));
        }
        // In the company that it needs, it is not refused and has an effect.
        let company: Vec<(&str, &str)> = with.iter().copied().chain([(parameter, value)]).collect();
        assert_eq!(template.refused_by(&company), None, "{company:?}");
        let (without, with) = (stack(life.new, "1", with), stack(life.new, "1", &company));
        if without.resources == with.resources && without.outputs == with.outputs {
            ignored.push(format!("{parameter}={value} beside what it needs"));
        }
        for allowed in life.new.allowed_values(parameter) {
            let is_refused = template.refused_by(&[(parameter, &allowed)]).is_some();
            if allowed != life.new.default(parameter) && !is_refused && !has_effect(&allowed) {
                ignored.push(format!("{parameter}={allowed}"));
            }
        }
    }
    assert!(ignored.is_empty(), "nothing becomes of {}", ignored.join(", "));
    Ok(())
}

#[tokio::test]
async fn the_tests_change_every_parameter() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let tested: BTreeSet<&str> = VALUES.iter().map(|(parameter, _)| *parameter).collect();
    assert_eq!(tested, life.new.parameters().collect());
    for (parameter, value) in VALUES {
        assert_ne!(value, life.new.default(parameter), "{parameter}");
    }
    Ok(())
}

const VALUES: [(&str, &str); 54] = [
    ("Organization", "Example"),
    ("RootName", "Another Root CA"),
    ("RootDays", "7000"),
    ("RootKeySpec", "P-384"),
    ("IssuingName", "Another Issuing CA"),
    ("IssuingDays", "3000"),
    ("IssuingKeySpec", "P-384"),
    ("CrlShards", "2"),
    ("MultiRegionKeys", "true"),
    ("Open", "true"),
    ("Enrolment", "on"),
    ("Canary", "on"),
    ("AllowedIdentifiers", ".corp.example,10.0.0.0/8"),
    ("ChallengeTypes", "dns-01"),
    ("CertificateDays", "5"),
    ("RetentionDays", "30"),
    ("KeyBlockListLayerArn", "arn:aws:lambda:eu-central-1:123456789012:layer:keys:1"),
    ("PublicBaseUrl", "https://ca.example.org/api"),
    ("DomainName", "ca.example.org"),
    ("DomainCertificateArn", "arn:aws:acm:::certificate/2"),
    ("TruststoreUri", "s3://bucket/clients.pem"),
    ("VpcEndpointIds", "vpce-1,vpce-2"),
    ("PrivateAccessLog", "true"),
    ("StatusUrl", "http://pki.example.org"),
    ("StatusBucketIsPublic", "true"),
    ("ValidationSubnetIds", "subnet-1,subnet-2"),
    ("ValidationSecurityGroupIds", "sg-1"),
    ("ValidationIpv6", "true"),
    ("ValidationNetworks", "10.0.0.0/8"),
    ("ValidationResolver", "10.0.0.2:53"),
    ("ValidationConcurrency", "10"),
    ("ValidationHttpPort", "8080"),
    ("ValidationTlsPort", "8443"),
    ("Perspectives", "arn:aws:lambda:sa-east-1:123456789012:function:perspective"),
    ("AdoptTableName", "another-table"),
    ("AdoptRootKeyArn", "arn:aws:kms:::key/root"),
    ("AdoptIssuingKeyArn", "arn:aws:kms:::key/issuing"),
    ("AdoptStatusBucketName", "another-bucket"),
    ("DeletionProtection", "true"),
    ("Architecture", "arm64"),
    ("MemorySize", "1024"),
    ("RequestsPerSecond", "10"),
    ("RequestBurst", "20"),
    ("MaxReadUnitsPerSecond", "4000"),
    ("MaxWriteUnitsPerSecond", "1000"),
    ("PermissionsBoundaryArn", "arn:aws:iam::123456789012:policy/boundary"),
    ("RolePath", "/ca/"),
    ("DataKeyArn", "arn:aws:kms:::key/data"),
    ("Tracing", "Active"),
    ("LogLevel", "debug"),
    ("LogDays", "365"),
    ("AlarmTopicArn", "arn:aws:sns:::topic"),
    ("EventBusName", "default"),
    ("ExpiringDays", "30"),
];

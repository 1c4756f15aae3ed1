//! Profiles as a support bundle shows them: without what operators note for themselves.

use std::collections::BTreeMap;

use store::{AcmeProfile, ProfileSet, RaProfile};

pub(super) fn profiles(profiles: ProfileSet) -> ProfileSet {
    let ProfileSet { acme_profile, ra_profile } = profiles;
    ProfileSet {
        acme_profile: acme_profile.into_iter().map(acme).collect(),
        ra_profile: ra_profile.into_iter().map(ra).collect(),
    }
}

fn acme(profile: AcmeProfile) -> AcmeProfile {
    // Every member is named, so that a new one is decided about before it is shown.
    let AcmeProfile {
        name: _,
        enabled: _,
        description: _,
        preset: _,
        ra_profile: _,
        profiles: _,
        require_contact: _,
        allowed_contact_domains: _,
        require_terms_of_service: _,
        terms_of_service_url: _,
        website_url: _,
        caa_identities: _,
        caa: _,
        former_base_urls: _,
        terms_of_service_change: _,
        dns_resolver: _,
        dnssec: _,
        perspectives: _,
        retry_interval: _,
        validity: _,
        challenge_types: _,
        allowed_networks: _,
        allowed_identifiers: _,
        denied_identifiers: _,
        allow_wildcards: _,
        maximum_identifiers: _,
        pre_approved: _,
        external_account_required: _,
        existing_accounts: _,
        unused_accounts: _,
        allowed_origins: _,
        limits: _,
        labels: _,
    } = &profile;
    AcmeProfile { description: String::new(), labels: BTreeMap::new(), ..profile }
}

fn ra(profile: RaProfile) -> RaProfile {
    // Every member is named, so that a new one is decided about before it is shown.
    let RaProfile {
        name: _,
        enabled: _,
        description: _,
        preset: _,
        issuer: _,
        certificate_validity: _,
        key_types: _,
        extended_key_usage: _,
        policies: _,
        subject: _,
        extensions: _,
        acme_profile: _,
    } = &profile;
    RaProfile { description: String::new(), ..profile }
}

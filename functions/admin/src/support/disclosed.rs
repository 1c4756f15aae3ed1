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
    let AcmeProfile {
        name,
        enabled,
        description: _,
        ra_profile,
        profiles,
        require_contact,
        allowed_contact_domains,
        require_terms_of_service,
        terms_of_service_url,
        website_url,
        caa_identities,
        terms_of_service_change,
        dns_resolver,
        retry_interval,
        validity,
        challenge_types,
        allowed_networks,
        allowed_identifiers,
        denied_identifiers,
        allow_wildcards,
        maximum_identifiers,
        pre_approved,
        external_account_required,
        existing_accounts,
        unused_accounts,
        allowed_origins,
        limits,
        labels: _,
    } = profile;
    AcmeProfile {
        name,
        enabled,
        description: String::new(),
        ra_profile,
        profiles,
        require_contact,
        allowed_contact_domains,
        require_terms_of_service,
        terms_of_service_url,
        website_url,
        caa_identities,
        terms_of_service_change,
        dns_resolver,
        retry_interval,
        validity,
        challenge_types,
        allowed_networks,
        allowed_identifiers,
        denied_identifiers,
        allow_wildcards,
        maximum_identifiers,
        pre_approved,
        external_account_required,
        existing_accounts,
        unused_accounts,
        allowed_origins,
        limits,
        labels: BTreeMap::new(),
    }
}

fn ra(profile: RaProfile) -> RaProfile {
    let RaProfile {
        name,
        enabled,
        description: _,
        issuer,
        certificate_validity,
        key_types,
        extended_key_usage,
        policies,
        subject,
        acme_profile,
    } = profile;
    RaProfile {
        name,
        enabled,
        description: String::new(),
        issuer,
        certificate_validity,
        key_types,
        extended_key_usage,
        policies,
        subject,
        acme_profile,
    }
}

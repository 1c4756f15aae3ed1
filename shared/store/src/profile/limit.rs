//! The limits of an ACME Profile: how often something may happen within a window of time.

use serde::{Deserialize, Serialize};

/// A maximum number of events within a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// The maximum number of events within a window.
    pub maximum: u32,
    /// The length of the window in seconds. Windows are fixed: each starts at a multiple of its
    /// length since the epoch.
    pub window: u32,
}

/// The limits of an ACME Profile; an absent limit is unlimited.
///
/// Some limits bound what an account leaves on disk, and count everything: the pending
/// authorizations and orders, the failed validations, the key changes, and the accounts. The others
/// are rates of orders and certificates, and exempt renewals: an order for exactly the identifiers
/// of a certificate of the account, whose window for renewal is open and that no other order
/// replaces. One that names the certificate (RFC 9773 §5) is not counted; one that does not is
/// accepted when a rate is reached, but still counts for `certificates_per_set_of_names`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// New accounts in the directories of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_accounts: Option<Limit>,
    /// New accounts that one external account key binds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_accounts_per_external_account_key: Option<Limit>,
    /// New orders in the directories of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders: Option<Limit>,
    /// New orders of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders_per_account: Option<Limit>,
    /// New orders of all accounts that one external account key binds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders_per_external_account_key: Option<Limit>,
    /// New orders with a name in the same registered domain; see
    /// `certificates_per_registered_domain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders_per_registered_domain: Option<Limit>,
    /// New orders of one account, renewals included: each is stored until days after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_orders_per_account: Option<Limit>,
    /// New pending authorizations of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_authorizations_per_account: Option<Limit>,
    /// Failed validations of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_validations_per_account: Option<Limit>,
    /// Certificates issued in the directories of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Limit>,
    /// Certificates issued to one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_per_account: Option<Limit>,
    /// Certificates with a name in the same registered domain. The registered domain is the public
    /// suffix and one label more, by the public suffix list at the time of the build: for
    /// `www.example.co.uk` it is `example.co.uk`. Where no suffix is listed, as for internal names,
    /// the last label is the suffix: for `a.b.corp` it is `b.corp`. A public suffix and a name of
    /// one label count as themselves, an IPv4 address as itself, an IPv6 address as its /64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_per_registered_domain: Option<Limit>,
    /// Certificates for exactly the same set of identifiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_per_set_of_names: Option<Limit>,
    /// Key changes of one account (RFC 8555 §7.3.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_changes_per_account: Option<Limit>,
}

impl Limits {
    /// What bounds the disk space and the memory that one account takes: the limits of the first
    /// profile of a CA that only its own machine reaches. docs/operations/limits.md says why these.
    pub fn bounds() -> Self {
        let per_ten_hours = |maximum| Some(Limit { maximum, window: 36_000 });
        Self {
            pending_orders_per_account: per_ten_hours(5_000),
            pending_authorizations_per_account: per_ten_hours(5_000),
            failed_validations_per_account: Some(Limit { maximum: 500, window: 3_600 }),
            ..Self::default()
        }
    }

    /// The limits of the first profile of a CA that others reach: rates as well. Each counter costs
    /// a write; where orders have a rate and renewals are few, their number needs no bound.
    pub fn bounds_and_rates() -> Self {
        let per_hour = |maximum| Some(Limit { maximum, window: 3_600 });
        let per_three_hours = |maximum| Some(Limit { maximum, window: 10_800 });
        Self {
            new_accounts: per_hour(100),
            new_orders_per_account: per_three_hours(300),
            new_orders_per_registered_domain: per_three_hours(2_000),
            pending_orders_per_account: None,
            failed_validations_per_account: per_hour(100),
            key_changes_per_account: per_hour(10),
            ..Self::bounds()
        }
    }

    /// The limits that are set, with their JSON names.
    pub fn set(&self) -> impl Iterator<Item = (&'static str, Limit)> {
        let all = [
            ("newAccounts", self.new_accounts),
            ("newAccountsPerExternalAccountKey", self.new_accounts_per_external_account_key),
            ("newOrders", self.new_orders),
            ("newOrdersPerAccount", self.new_orders_per_account),
            ("newOrdersPerExternalAccountKey", self.new_orders_per_external_account_key),
            ("newOrdersPerRegisteredDomain", self.new_orders_per_registered_domain),
            ("pendingOrdersPerAccount", self.pending_orders_per_account),
            ("pendingAuthorizationsPerAccount", self.pending_authorizations_per_account),
            ("failedValidationsPerAccount", self.failed_validations_per_account),
            ("certificates", self.certificates),
            ("certificatesPerAccount", self.certificates_per_account),
            ("certificatesPerRegisteredDomain", self.certificates_per_registered_domain),
            ("certificatesPerSetOfNames", self.certificates_per_set_of_names),
            ("keyChangesPerAccount", self.key_changes_per_account),
        ];
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_listed_by_the_name_of_its_field() {
        let limit = serde_json::json!({ "maximum": 1, "window": 60 });
        let all = Limits {
            new_accounts: Some(Limit { maximum: 1, window: 60 }),
            ..serde_json::from_value(serde_json::json!({
                "newAccountsPerExternalAccountKey": limit, "newOrders": limit, "newOrdersPerAccount": limit,
                "newOrdersPerExternalAccountKey": limit, "newOrdersPerRegisteredDomain": limit,
                "pendingOrdersPerAccount": limit, "pendingAuthorizationsPerAccount": limit,
                "failedValidationsPerAccount": limit, "certificates": limit, "certificatesPerAccount": limit,
                "certificatesPerRegisteredDomain": limit, "certificatesPerSetOfNames": limit, "keyChangesPerAccount": limit,
            }))
            .unwrap()
        };
        let json = serde_json::to_value(&all).unwrap();
        let mut listed: Vec<&str> = all.set().map(|(name, _)| name).collect();
        listed.sort_unstable();
        assert_eq!(listed, json.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(Limits::default().set().count(), 0);
    }
}

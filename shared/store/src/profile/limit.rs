//! The limits of an ACME Profile: how much of something may happen in a window of time.

use serde::{Deserialize, Serialize};

/// How much of something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// How often within a window.
    pub maximum: u32,
    /// The window, in seconds. Windows are fixed: each begins at a multiple of its length.
    pub window: u32,
}

/// The limits of an ACME Profile; what is absent has none.
///
/// A renewal is refused for none of them: an order that replaces a certificate is not counted, and one for
/// the very names of a certificate that the account has goes on when a limit is reached. Only
/// `certificates_per_set_of_names` is for such orders too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// New accounts of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_accounts: Option<Limit>,
    /// New accounts by one key of an external account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_accounts_per_external_account_key: Option<Limit>,
    /// New orders of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders: Option<Limit>,
    /// New orders of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders_per_account: Option<Limit>,
    /// New orders of all accounts that one key of an external account binds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders_per_external_account_key: Option<Limit>,
    /// New orders that have a name of the same registered domain; see `certificates_per_registered_domain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_orders_per_registered_domain: Option<Limit>,
    /// Authorizations that are new and pending, of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_authorizations_per_account: Option<Limit>,
    /// Validations that failed, of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_validations_per_account: Option<Limit>,
    /// Certificates of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Limit>,
    /// Certificates of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_per_account: Option<Limit>,
    /// Certificates that have a name of the same registered domain. That is the name below its public
    /// suffix, by the public suffix list of the day on which the software was built: of
    /// `www.example.co.uk` it is `example.co.uk`. Where no suffix is listed, as for internal names, the
    /// last label is taken for one: of `a.b.corp` it is `b.corp`. A public suffix, and a name of one
    /// label, stand for themselves, an IPv4 address for itself, an IPv6 address for its /64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_per_registered_domain: Option<Limit>,
    /// Certificates for exactly the same names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_per_set_of_names: Option<Limit>,
    /// Key changes of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_changes_per_account: Option<Limit>,
}

impl Limits {
    /// The limits that there are, by the names of their fields.
    pub fn set(&self) -> impl Iterator<Item = (&'static str, Limit)> {
        let all = [
            ("newAccounts", self.new_accounts),
            ("newAccountsPerExternalAccountKey", self.new_accounts_per_external_account_key),
            ("newOrders", self.new_orders),
            ("newOrdersPerAccount", self.new_orders_per_account),
            ("newOrdersPerExternalAccountKey", self.new_orders_per_external_account_key),
            ("newOrdersPerRegisteredDomain", self.new_orders_per_registered_domain),
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
                "newOrdersPerExternalAccountKey": limit, "newOrdersPerRegisteredDomain": limit, "pendingAuthorizationsPerAccount": limit,
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

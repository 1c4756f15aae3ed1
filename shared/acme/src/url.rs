//! All URLs of the interface: this file alone builds and parses them.

use std::fmt;

use crate::{AccountId, AuthorizationId, CertificateId, ChallengeType, DirectoryId, OrderId, directory::RA_PROFILE};

/// The resource that a path below a directory names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `/directory`
    Directory,
    /// `/new-nonce`
    NewNonce,
    /// `/new-account`
    NewAccount,
    /// `/acct/{accountId}`
    Account(AccountId),
    /// `/acct/{accountId}/orders`: the orders list of RFC 8555
    AccountOrders(AccountId),
    /// `/orders/{accountId}`: whole order objects
    Orders(AccountId),
    /// `/new-order`
    NewOrder,
    /// `/new-authz`
    NewAuthorization,
    /// `/order/{orderId}`
    Order(OrderId),
    /// `/order/{orderId}/finalize`
    Finalize(OrderId),
    /// `/authz/{authorizationId}`
    Authorization(AuthorizationId),
    /// `/chall/{authorizationId}.{type}`
    Challenge(AuthorizationId, ChallengeType),
    /// `/cert/{orderId}`
    Certificate(OrderId),
    /// `/revoke-cert`
    RevokeCert,
    /// `/key-change`
    KeyChange,
    /// `/renewal-info/{certId}`
    RenewalInfo(CertificateId),
}

impl Resource {
    /// Parses a path below `/v1/protocols/acme`; `None` if it names no resource.
    pub fn parse(path: &str) -> Option<(DirectoryId, Self)> {
        let (directory, suffix) = Self::split(path)?;
        Some((directory, Self::parse_suffix(suffix)?))
    }

    /// The directory that a path is below, and the rest of the path, whether or not that names a
    /// resource.
    fn split(path: &str) -> Option<(DirectoryId, &str)> {
        let path = path.strip_prefix('/')?;
        let (first, rest) = path.split_once('/')?;
        let (directory, rest) = if first == RA_PROFILE {
            let (name, rest) = rest.split_once('/')?;
            (format!("{RA_PROFILE}/{name}"), rest)
        } else {
            (first.to_owned(), rest)
        };
        Some((directory.parse().ok()?, rest))
    }

    fn parse_suffix(suffix: &str) -> Option<Self> {
        let mut segments = suffix.split('/');
        let resource = match (segments.next()?, segments.next(), segments.next()) {
            ("directory", None, None) => Self::Directory,
            ("new-nonce", None, None) => Self::NewNonce,
            ("new-account", None, None) => Self::NewAccount,
            ("new-order", None, None) => Self::NewOrder,
            ("new-authz", None, None) => Self::NewAuthorization,
            ("revoke-cert", None, None) => Self::RevokeCert,
            ("key-change", None, None) => Self::KeyChange,
            ("acct", Some(account), None) => Self::Account(account.parse().ok()?),
            ("acct", Some(account), Some("orders")) => Self::AccountOrders(account.parse().ok()?),
            ("orders", Some(account), None) => Self::Orders(account.parse().ok()?),
            ("order", Some(order), None) => Self::Order(order.parse().ok()?),
            ("order", Some(order), Some("finalize")) => Self::Finalize(order.parse().ok()?),
            ("authz", Some(authorization), None) => Self::Authorization(authorization.parse().ok()?),
            ("chall", Some(challenge), None) => {
                let (authorization, r#type) = challenge.split_once('.')?;
                Self::Challenge(authorization.parse().ok()?, r#type.parse().ok()?)
            }
            ("cert", Some(order), None) => Self::Certificate(order.parse().ok()?),
            ("renewal-info", Some(certificate), None) => Self::RenewalInfo(certificate.parse().ok()?),
            _ => return None,
        };
        segments.next().is_none().then_some(resource)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory => f.write_str("/directory"),
            Self::NewNonce => f.write_str("/new-nonce"),
            Self::NewAccount => f.write_str("/new-account"),
            Self::Account(account) => write!(f, "/acct/{account}"),
            Self::AccountOrders(account) => write!(f, "/acct/{account}/orders"),
            Self::Orders(account) => write!(f, "/orders/{account}"),
            Self::NewOrder => f.write_str("/new-order"),
            Self::NewAuthorization => f.write_str("/new-authz"),
            Self::Order(order) => write!(f, "/order/{order}"),
            Self::Finalize(order) => write!(f, "/order/{order}/finalize"),
            Self::Authorization(authorization) => write!(f, "/authz/{authorization}"),
            Self::Challenge(authorization, r#type) => write!(f, "/chall/{authorization}.{type}"),
            Self::Certificate(order) => write!(f, "/cert/{order}"),
            Self::RevokeCert => f.write_str("/revoke-cert"),
            Self::KeyChange => f.write_str("/key-change"),
            Self::RenewalInfo(certificate) => write!(f, "/renewal-info/{certificate}"),
        }
    }
}

/// Builds absolute URLs below the configured public base URL, such as `https://ca.example/api`.
///
/// The base URL comes from the configuration, never from the Host header of a request: a client
/// must not choose the URLs that signatures are checked against (RFC 8555 §6.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    base: String,
    origin_length: usize,
}

impl Urls {
    /// Builds URLs below `base`, which has the form `https://host[:port][/path]`; a slash at its
    /// end is dropped.
    pub fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let host = base.find("://").map_or(0, |scheme| scheme + "://".len());
        let slash = base.get(host..).and_then(|rest| rest.find('/'));
        let origin_length = slash.map_or(base.len(), |slash| host + slash);
        Self { base, origin_length }
    }

    /// The base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Scheme, host and port of the base URL.
    pub fn origin(&self) -> &str {
        self.base.get(..self.origin_length).unwrap_or_default()
    }

    /// The directory and the resource that the path of a URL names.
    pub fn parse(&self, path: &str) -> Option<(DirectoryId, Resource)> {
        Resource::parse(self.below_root(path)?)
    }

    /// The directory that the path of a URL is below, even if the rest of it names no resource.
    pub fn directory_in(&self, path: &str) -> Option<DirectoryId> {
        Resource::split(self.below_root(path)?).map(|(directory, _)| directory)
    }

    fn below_root<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.base.get(self.origin_length..)?)?.strip_prefix(ROOT)
    }

    /// The URL of a resource of a directory.
    pub fn of(&self, directory: &DirectoryId, resource: &Resource) -> String {
        format!("{}{ROOT}/{directory}{resource}", self.base)
    }

    /// The account that `kid` names, if it is an account URL of that directory.
    pub fn account_in_kid(&self, directory: &DirectoryId, kid: &str) -> Option<AccountId> {
        kid.strip_prefix(&self.base)?
            .strip_prefix(ROOT)?
            .strip_prefix('/')?
            .strip_prefix(&directory.to_string())?
            .strip_prefix("/acct/")?
            .parse()
            .ok()
    }

    /// The URL of the directory object.
    pub fn directory(&self, directory: &DirectoryId) -> String {
        self.of(directory, &Resource::Directory)
    }

    /// The URL of an account, which is also its `kid`.
    pub fn account(&self, directory: &DirectoryId, account: AccountId) -> String {
        self.of(directory, &Resource::Account(account))
    }

    /// The URL of an order.
    pub fn order(&self, directory: &DirectoryId, order: OrderId) -> String {
        self.of(directory, &Resource::Order(order))
    }

    /// The URL at which an order is finalized.
    pub fn finalize(&self, directory: &DirectoryId, order: OrderId) -> String {
        self.of(directory, &Resource::Finalize(order))
    }

    /// The URL of an authorization.
    pub fn authorization(&self, directory: &DirectoryId, authorization: AuthorizationId) -> String {
        self.of(directory, &Resource::Authorization(authorization))
    }

    /// The URL of a challenge.
    pub fn challenge(&self, directory: &DirectoryId, authorization: AuthorizationId, r#type: ChallengeType) -> String {
        self.of(directory, &Resource::Challenge(authorization, r#type))
    }

    /// The URL of the certificate of an order.
    pub fn certificate(&self, directory: &DirectoryId, order: OrderId) -> String {
        self.of(directory, &Resource::Certificate(order))
    }

    /// The URL of the account's list of orders.
    pub fn orders(&self, directory: &DirectoryId, account: AccountId) -> String {
        self.of(directory, &Resource::AccountOrders(account))
    }

    /// The renewal information resource, to which clients append `/` and a certificate id.
    pub fn renewal_info(&self, directory: &DirectoryId) -> String {
        format!("{}{ROOT}/{directory}/renewal-info", self.base)
    }
}

/// The path of the protocol below the base URL.
const ROOT: &str = "/v1/protocols/acme";

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn resources() -> Vec<Resource> {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let account = AccountId::new(now, [1; 10]);
        let order = OrderId::new(now, [2; 10]);
        let authorization = AuthorizationId::new(now, [3; 10]);
        let mut all = vec![
            Resource::Directory,
            Resource::NewNonce,
            Resource::NewAccount,
            Resource::Account(account),
            Resource::AccountOrders(account),
            Resource::Orders(account),
            Resource::NewOrder,
            Resource::NewAuthorization,
            Resource::Order(order),
            Resource::Finalize(order),
            Resource::Authorization(authorization),
            Resource::Certificate(order),
            Resource::RevokeCert,
            Resource::KeyChange,
            Resource::RenewalInfo("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap()),
        ];
        all.extend(ChallengeType::ALL.map(|r#type| Resource::Challenge(authorization, r#type)));
        all
    }

    #[test]
    fn every_url_reads_back_on_both_families() {
        let urls = Urls::new("https://ca.test/api/");
        for directory in ["default", "raProfile/default"] {
            let directory: DirectoryId = directory.parse().unwrap();
            for resource in resources() {
                let url = urls.of(&directory, &resource);
                let path = url.strip_prefix(urls.origin()).unwrap();
                assert_eq!(urls.origin(), "https://ca.test");
                assert_eq!(urls.parse(path), Some((directory.clone(), resource)), "{url}");
                assert_eq!(urls.directory_in(path), Some(directory.clone()), "{url}");
            }
        }
    }

    #[test]
    fn a_kid_belongs_to_one_directory_only() {
        let urls = Urls::new("https://ca.test/api");
        let account = AccountId::new(Timestamp::from_second(1_700_000_000).unwrap(), [1; 10]);
        let here: DirectoryId = "default".parse().unwrap();
        let there: DirectoryId = "raProfile/default".parse().unwrap();
        let kid = urls.account(&here, account);
        assert_eq!(urls.account_in_kid(&here, &kid), Some(account));
        assert_eq!(urls.account_in_kid(&there, &kid), None);
        for kid in [kid.replace("https", "http"), format!("{kid}/"), format!("{kid}?a"), account.to_string()] {
            assert_eq!(urls.account_in_kid(&here, &kid), None, "{kid}");
        }
    }

    #[test]
    fn paths_that_only_look_alike_name_nothing() {
        for path in [
            "",
            "/",
            "//",
            "/default",
            "/default/",
            "/default/directory/",
            "/default//directory",
            "/default/Directory",
            "/raProfile/directory",
            "/raProfile//directory",
            "/../directory",
            "/default/order/x",
            "/default/new-order/x",
            "/default/renewal-info",
            "/default/renewal-info/",
            "/default/chall/x.http-01",
        ] {
            assert_eq!(Resource::parse(path), None, "{path}");
        }
    }
}

//! The ACME operations, one for each function, and the methods that each allows.

use acme::Resource;
use http::Method;

/// An operation; it has the name of its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Read, update or deactivate an account (RFC 8555 §7.3.2, §7.3.6).
    Account,
    /// Read or deactivate an authorization (RFC 8555 §7.5, §7.5.2).
    Authorization,
    /// Download a certificate (RFC 8555 §7.4.2).
    Certificate,
    /// Read a challenge or respond to it (RFC 8555 §7.5.1).
    Challenge,
    /// Read a directory (RFC 8555 §7.1.1).
    Directory,
    /// Finalize an order (RFC 8555 §7.4).
    Finalize,
    /// Change the key of an account (RFC 8555 §7.3.5).
    KeyChange,
    /// Create an account or find one by its key (RFC 8555 §7.3, §7.3.1).
    NewAccount,
    /// Create an authorization before there is an order (RFC 8555 §7.4.1).
    NewAuthorization,
    /// Get a nonce (RFC 8555 §7.2).
    NewNonce,
    /// Create an order (RFC 8555 §7.4).
    NewOrder,
    /// Read an order (RFC 8555 §7.1.3).
    Order,
    /// List the orders of an account (RFC 8555 §7.1.2.1).
    Orders,
    /// Ask when to renew a certificate (RFC 9773 §4).
    RenewalInfo,
    /// Revoke a certificate (RFC 8555 §7.6).
    RevokeCert,
}

impl Operation {
    /// The operation that a resource belongs to.
    pub fn on(resource: &Resource) -> Self {
        match resource {
            Resource::Directory => Self::Directory,
            Resource::NewNonce => Self::NewNonce,
            Resource::NewAccount => Self::NewAccount,
            Resource::Account(_) => Self::Account,
            Resource::AccountOrders(_) | Resource::Orders(_) => Self::Orders,
            Resource::NewOrder => Self::NewOrder,
            Resource::NewAuthorization => Self::NewAuthorization,
            Resource::Order(_) => Self::Order,
            Resource::Finalize(_) => Self::Finalize,
            Resource::Authorization(_) => Self::Authorization,
            Resource::Challenge(..) => Self::Challenge,
            Resource::Certificate(_) => Self::Certificate,
            Resource::RevokeCert => Self::RevokeCert,
            Resource::KeyChange => Self::KeyChange,
            Resource::RenewalInfo(_) => Self::RenewalInfo,
        }
    }

    /// The methods that it allows. The directory and newNonce answer POST-as-GET too (RFC 8555
    /// §6.3); renewal information is no resource of that RFC.
    pub fn methods(self) -> &'static [Method] {
        match self {
            Self::Directory | Self::NewNonce => &[Method::GET, Method::HEAD, Method::POST],
            Self::RenewalInfo => &[Method::GET, Method::HEAD],
            _ => &[Method::POST],
        }
    }

    /// Whether certificates that already exist need it while the directory is disabled.
    pub fn is_aftercare(self) -> bool {
        matches!(self, Self::Certificate | Self::RenewalInfo | Self::RevokeCert)
    }

    /// Whether it allows this method.
    pub fn takes(self, method: &Method) -> bool {
        self.methods().contains(method)
    }

    /// The value of the `Allow` header.
    pub fn allow(self) -> &'static str {
        match self {
            Self::Directory | Self::NewNonce => "GET, HEAD, POST, OPTIONS",
            Self::RenewalInfo => "GET, HEAD, OPTIONS",
            _ => "POST, OPTIONS",
        }
    }
}

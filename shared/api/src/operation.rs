//! The operations of the interface, one for each function, and the methods that they take.

use acme::Resource;
use http::Method;

/// An operation, named as its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Read, change or end an account.
    Account,
    /// Read or give up an authorization.
    Authorization,
    /// Download a certificate.
    Certificate,
    /// Read or initiate a challenge.
    Challenge,
    /// Read a directory.
    Directory,
    /// Finalize an order.
    Finalize,
    /// Roll an account's key over.
    KeyChange,
    /// Make or find an account.
    NewAccount,
    /// Authorize a name ahead of an order.
    NewAuthorization,
    /// Fetch a nonce.
    NewNonce,
    /// Make an order.
    NewOrder,
    /// Read an order.
    Order,
    /// List an account's orders.
    Orders,
    /// When to renew.
    RenewalInfo,
    /// Revoke a certificate.
    RevokeCert,
}

impl Operation {
    /// The operation on a resource.
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

    /// Whether it is asked with GET and HEAD; all others take a signed POST.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Directory | Self::NewNonce | Self::RenewalInfo)
    }

    /// Whether existing certificates still need it when the directory is off.
    pub fn is_aftercare(self) -> bool {
        matches!(self, Self::Certificate | Self::RenewalInfo | Self::RevokeCert)
    }

    /// Whether it takes this method.
    pub fn takes(self, method: &Method) -> bool {
        match self.is_public() {
            true => [Method::GET, Method::HEAD].contains(method),
            false => *method == Method::POST,
        }
    }

    /// The `Allow` header.
    pub fn allow(self) -> &'static str {
        match self.is_public() {
            true => "GET, HEAD, OPTIONS",
            false => "POST, OPTIONS",
        }
    }
}

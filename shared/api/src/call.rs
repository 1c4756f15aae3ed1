//! What a handler receives. Each type states a requirement on the request and proves that it was
//! met.

use std::sync::Arc;

use acme::{Account, AccountId, Resource};
use http::Method;
use jose::PublicKey;
use ra::{Directory, Revoker};
use store::Versioned;

use crate::{Context, Empty, Error, Payload, Request, Route, verify::verify};

/// A request that does not have to be signed. When it is a POST, it is a POST-as-GET (RFC 8555
/// §6.3), and is as good as any other: an account signed it, and the payload is empty.
#[derive(Debug)]
pub struct PublicCall {
    /// The directory that the request was sent to.
    pub serving: Arc<Directory>,
    /// The resource that the path names.
    pub resource: Resource,
}

/// A request signed by the key that it carries: a new-account request.
#[derive(Debug)]
pub struct KeyCall<P> {
    /// The directory that the request was sent to.
    pub serving: Arc<Directory>,
    /// The key in the `jwk` header parameter, which made the signature.
    pub key: PublicKey,
    /// The verified payload.
    pub payload: P,
    /// The signed `url`, equal to the URL of the request.
    pub url: String,
}

/// A request signed by a valid account of the directory.
#[derive(Debug)]
pub struct AccountCall<P> {
    /// The directory that the request was sent to.
    pub serving: Arc<Directory>,
    /// The resource that the path names.
    pub resource: Resource,
    /// The raw query, without the question mark.
    pub query: Option<String>,
    /// The account that signed, as it was read for this request.
    pub account: Versioned<Account>,
    /// The verified payload.
    pub payload: P,
    /// The signed `url`, equal to the URL of the request.
    pub url: String,
}

/// A request signed by either an account or a key: a revocation (RFC 8555 §7.6).
#[derive(Debug)]
pub struct RevocationCall<P> {
    /// The directory that the request was sent to.
    pub serving: Arc<Directory>,
    /// The account or the key that signed.
    pub signer: RevocationSigner,
    /// The verified payload.
    pub payload: P,
}

/// The account or the key that signed a revocation request.
#[derive(Debug)]
pub enum RevocationSigner {
    /// A valid account of the directory.
    Account(Box<Versioned<Account>>),
    /// The key in the `jwk` header parameter; it need not be that of the certificate.
    Key(PublicKey),
}

impl RevocationSigner {
    /// The signer, in the type that the authority takes.
    pub fn revoker(&self) -> Revoker<'_> {
        match self {
            Self::Account(account) => Revoker::Account(account),
            Self::Key(key) => Revoker::Key(key),
        }
    }
}

/// A requirement on a request.
pub trait Call: Sized + Send {
    /// Checks the requirement and returns the proof, or the reason why it is not met.
    #[doc(hidden)]
    fn admit(
        context: &Context,
        serving: Arc<Directory>,
        route: Route,
        request: &Request,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// The account that signed, if one did.
    fn account(&self) -> Option<AccountId>;
}

impl Call for PublicCall {
    async fn admit(context: &Context, serving: Arc<Directory>, route: Route, request: &Request) -> Result<Self, Error> {
        if *request.method() == Method::POST {
            let (_, jws) = verify::<Versioned<Account>>(context, &serving, request).await?;
            Empty::read(jws.payload())?;
        }
        Ok(Self { serving, resource: route.resource })
    }

    fn account(&self) -> Option<AccountId> {
        None
    }
}

impl<P: Payload + Send> Call for KeyCall<P> {
    async fn admit(context: &Context, serving: Arc<Directory>, _: Route, request: &Request) -> Result<Self, Error> {
        let (key, jws) = verify(context, &serving, request).await?;
        Ok(Self { serving, key, payload: P::read(jws.payload())?, url: jws.url().to_owned() })
    }

    fn account(&self) -> Option<AccountId> {
        None
    }
}

impl<P: Payload + Send> Call for AccountCall<P> {
    async fn admit(context: &Context, serving: Arc<Directory>, route: Route, request: &Request) -> Result<Self, Error> {
        let (account, jws) = verify(context, &serving, request).await?;
        let Route { resource, query, .. } = route;
        let payload = P::read(jws.payload())?;
        Ok(Self { serving, resource, query, account, payload, url: jws.url().to_owned() })
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.account.id)
    }
}

impl<P: Payload + Send> Call for RevocationCall<P> {
    async fn admit(context: &Context, serving: Arc<Directory>, _: Route, request: &Request) -> Result<Self, Error> {
        let (signer, jws) = verify(context, &serving, request).await?;
        Ok(Self { serving, signer, payload: P::read(jws.payload())? })
    }

    fn account(&self) -> Option<AccountId> {
        match &self.signer {
            RevocationSigner::Account(account) => Some(account.id),
            RevocationSigner::Key(_) => None,
        }
    }
}

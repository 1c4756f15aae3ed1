//! What a handler is given. Each type is a demand on the request, and the proof that it was met.

use std::sync::Arc;

use acme::{Account, Resource};
use jose::PublicKey;
use ra::{Directory, Revoker};
use store::Versioned;

use crate::{Context, Error, Payload, Request, Route, verify::verify};

/// A request that nobody has to sign.
#[derive(Debug)]
pub struct PublicCall {
    /// The directory.
    pub serving: Arc<Directory>,
    /// What is asked for.
    pub resource: Resource,
}

/// A request that a key signed for itself: of a new account.
#[derive(Debug)]
pub struct KeyCall<P> {
    /// The directory.
    pub serving: Arc<Directory>,
    /// The key that signed.
    pub key: PublicKey,
    /// What it signed.
    pub payload: P,
    /// The URL that it signed for.
    pub url: String,
}

/// A request that a valid account of the directory signed.
#[derive(Debug)]
pub struct AccountCall<P> {
    /// The directory.
    pub serving: Arc<Directory>,
    /// What is asked for.
    pub resource: Resource,
    /// The raw query.
    pub query: Option<String>,
    /// The account that signed.
    pub account: Versioned<Account>,
    /// What it signed.
    pub payload: P,
    /// The URL that it signed for.
    pub url: String,
}

/// A request that either an account or a key signed: a revocation.
#[derive(Debug)]
pub struct RevocationCall<P> {
    /// Who signed.
    pub signer: RevocationSigner,
    /// What was signed.
    pub payload: P,
}

/// Who signed a revocation request.
#[derive(Debug)]
pub enum RevocationSigner {
    /// A valid account.
    Account(Box<Versioned<Account>>),
    /// A key, perhaps that of the certificate.
    Key(PublicKey),
}

impl RevocationSigner {
    /// The same for the authority.
    pub fn revoker(&self) -> Revoker<'_> {
        match self {
            Self::Account(account) => Revoker::Account(account),
            Self::Key(key) => Revoker::Key(key),
        }
    }
}

/// A demand on a request.
pub trait Call: Sized + Send {
    /// Meets the demand, or says why not.
    #[doc(hidden)]
    fn admit(
        context: &Context,
        serving: Arc<Directory>,
        route: Route,
        request: &Request,
    ) -> impl Future<Output = Result<Self, Error>> + Send;
}

impl Call for PublicCall {
    async fn admit(_: &Context, serving: Arc<Directory>, route: Route, _: &Request) -> Result<Self, Error> {
        Ok(Self { serving, resource: route.resource })
    }
}

impl<P: Payload + Send> Call for KeyCall<P> {
    async fn admit(context: &Context, serving: Arc<Directory>, _: Route, request: &Request) -> Result<Self, Error> {
        let (key, jws) = verify(context, &serving, request).await?;
        Ok(Self { serving, key, payload: P::read(jws.payload())?, url: jws.url().to_owned() })
    }
}

impl<P: Payload + Send> Call for AccountCall<P> {
    async fn admit(context: &Context, serving: Arc<Directory>, route: Route, request: &Request) -> Result<Self, Error> {
        let (account, jws) = verify(context, &serving, request).await?;
        let Route { resource, query, .. } = route;
        let payload = P::read(jws.payload())?;
        Ok(Self { serving, resource, query, account, payload, url: jws.url().to_owned() })
    }
}

impl<P: Payload + Send> Call for RevocationCall<P> {
    async fn admit(context: &Context, serving: Arc<Directory>, _: Route, request: &Request) -> Result<Self, Error> {
        let (signer, jws) = verify(context, &serving, request).await?;
        Ok(Self { signer, payload: P::read(jws.payload())? })
    }
}

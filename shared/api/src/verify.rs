//! The checks of a signed request (RFC 8555 §6.2–§6.5), in the order in which they are made.
//!
//! What costs nothing comes first; the only write, the redemption of the nonce, comes last, when the
//! signature is verified. A request without a fresh nonce and a valid signature never writes.

use acme::Account;
use jose::{KeyReference, PublicKey, UnverifiedJws, VerifiedJws};
use ra::Serving;
use store::Versioned;

use crate::{Context, Error, MAX_BODY_LEN, NonceError, Request, UrlError, route::raw_target};

/// Which keys an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signers {
    /// `jwk` only.
    Key,
    /// `kid` only.
    Account,
    /// Either.
    Any,
}

/// Who signed.
#[derive(Clone, Debug)]
pub(crate) enum Signer {
    /// A key that names itself.
    Key(PublicKey),
    /// A valid account of the directory.
    Account(Box<Versioned<Account>>),
}

/// Verifies a request whole. What comes out was signed by that signer, for this URL, just now.
pub(crate) async fn verify(
    context: &Context,
    serving: &Serving,
    request: &Request,
    signers: Signers,
) -> Result<(Signer, VerifiedJws), Error> {
    check_media_type(request)?;
    if request.body().len() > MAX_BODY_LEN {
        return Err(Error::TooLarge);
    }
    let jws = UnverifiedJws::parse(request.body())?;
    check_key_reference(&jws, signers)?;
    check_url(context, request, &jws)?;
    let nonce = jws.nonce().ok_or(NonceError::Missing)?;
    let nonce = context.nonces().check(context.authority(), &serving.directory, nonce).await?;
    let signer = signer(context, serving, &jws).await?;
    let verified = match &signer {
        Signer::Key(key) => jws.verify(key)?,
        Signer::Account(account) => jws.verify(&account.key)?,
    };
    nonce.redeem(context.authority()).await?;
    Ok((signer, verified))
}

/// `application/jose+json` and nothing else, so that no web form can be made to post a request
/// (RFC 8555 §6.2).
fn check_media_type(request: &Request) -> Result<(), Error> {
    let value = request.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/jose+json") => Ok(()),
        _ => Err(Error::MediaType),
    }
}

fn check_key_reference(jws: &UnverifiedJws, signers: Signers) -> Result<(), Error> {
    match (signers, jws.key()) {
        (Signers::Key, KeyReference::Kid(_)) => Err(Error::KeyReference("a \"jwk\", not a \"kid\"")),
        (Signers::Account, KeyReference::Jwk(_)) => Err(Error::KeyReference("a \"kid\" (the account URL), not a \"jwk\"")),
        _ => Ok(()),
    }
}

/// The signed URL is the request's to the byte. The origin is configuration: what the Host header
/// says was not signed by anybody.
fn check_url(context: &Context, request: &Request, jws: &UnverifiedJws) -> Result<(), Error> {
    let received = context.url_of(raw_target(request.uri()));
    match jws.url() == received {
        true => Ok(()),
        false => Err(UrlError { signed: jws.url().to_owned(), received }.into()),
    }
}

async fn signer(context: &Context, serving: &Serving, jws: &UnverifiedJws) -> Result<Signer, Error> {
    match jws.key() {
        KeyReference::Jwk(key) => Ok(Signer::Key(key.clone())),
        KeyReference::Kid(kid) => {
            let directory = &serving.directory;
            let account = context.urls().account_in_kid(directory, kid).ok_or(ra::Error::AccountDoesNotExist)?;
            let account = context.authority().account(directory, account).await?;
            Ok(Signer::Account(Box::new(account)))
        }
    }
}

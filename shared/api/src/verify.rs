//! The checks of a signed request (RFC 8555 §6.2 to §6.5), in the order in which they are made.
//!
//! Checks that need no I/O come first. The only write, the redemption of the nonce, comes last,
//! after the signature has been verified: a request without a fresh nonce and a valid signature
//! never causes a write.

use acme::Account;
use jose::{KeyReference, Printable, PublicKey, UnverifiedJws, VerifiedJws};
use ra::Directory;
use store::Versioned;

use crate::{Context, Error, MAX_BODY_LEN, NonceError, Request, RevocationSigner, UrlError, route::raw_target};

/// Verifies a request completely. The result was signed by the signatory, for this URL, with a
/// fresh nonce.
pub(crate) async fn verify<S: Signatory>(
    context: &Context,
    serving: &Directory,
    request: &Request,
) -> Result<(S, VerifiedJws), Error> {
    check_media_type(request)?;
    if request.body().len() > MAX_BODY_LEN {
        return Err(Error::TooLarge);
    }
    let jws = UnverifiedJws::parse(request.body())?;
    check_url(context, request, &jws)?;
    let nonce = jws.nonce().ok_or(NonceError::Missing)?;
    let nonce = context.nonces().check(&serving.directory, nonce).await?;
    let signatory = S::named_by(context, serving, jws.key()).await?;
    let verified = jws.verify(signatory.key())?;
    signatory.check(context, serving)?;
    nonce.redeem(context.nonces()).await?;
    Ok((signatory, verified))
}

/// A party that can sign the requests of an operation.
pub(crate) trait Signatory: Sized + Send {
    /// Finds the signatory that the protected header names, if it is of the kind that the operation
    /// requires (RFC 8555 §6.2).
    fn named_by(
        context: &Context,
        serving: &Directory,
        reference: &KeyReference,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// The key that verifies the signature.
    fn key(&self) -> &PublicKey;

    /// Whether the signatory may still sign. Checked only after the signature has been verified, so
    /// that only the owner of the key learns of a refusal.
    fn check(&self, context: &Context, serving: &Directory) -> Result<(), Error>;
}

/// A key that is its own reference.
impl Signatory for PublicKey {
    async fn named_by(_: &Context, _: &Directory, reference: &KeyReference) -> Result<Self, Error> {
        match reference {
            KeyReference::Jwk(key) => Ok(key.clone()),
            KeyReference::Kid(_) => Err(Error::KeyReference("a \"jwk\", not a \"kid\"")),
        }
    }

    fn key(&self) -> &PublicKey {
        self
    }

    fn check(&self, _: &Context, _: &Directory) -> Result<(), Error> {
        Ok(())
    }
}

/// A valid account of the directory.
impl Signatory for Versioned<Account> {
    async fn named_by(context: &Context, serving: &Directory, reference: &KeyReference) -> Result<Self, Error> {
        match reference {
            KeyReference::Jwk(_) => Err(Error::KeyReference("a \"kid\" (the account URL), not a \"jwk\"")),
            KeyReference::Kid(kid) => {
                let account = context.urls().account_in_kid(&serving.directory, kid);
                let account = account.ok_or(ra::Refusal::AccountDoesNotExist)?;
                Ok(context.accounts().account_of_any_status(&serving.directory, account).await?)
            }
        }
    }

    fn key(&self) -> &PublicKey {
        &self.value.key
    }

    fn check(&self, context: &Context, serving: &Directory) -> Result<(), Error> {
        let checked = context.accounts().check(self);
        Ok(checked.inspect_err(|refusal| context.refusals().report(&serving.directory, Some(self.id), refusal))?)
    }
}

/// Either an account or a key.
impl Signatory for RevocationSigner {
    async fn named_by(context: &Context, serving: &Directory, reference: &KeyReference) -> Result<Self, Error> {
        match reference {
            KeyReference::Jwk(key) => Ok(Self::Key(key.clone())),
            KeyReference::Kid(_) => {
                let account = Versioned::<Account>::named_by(context, serving, reference).await?;
                Ok(Self::Account(Box::new(account)))
            }
        }
    }

    fn key(&self) -> &PublicKey {
        match self {
            Self::Account(account) => &account.value.key,
            Self::Key(key) => key,
        }
    }

    fn check(&self, context: &Context, serving: &Directory) -> Result<(), Error> {
        match self {
            Self::Account(account) => account.check(context, serving),
            Self::Key(key) => key.check(context, serving),
        }
    }
}

/// Only `application/jose+json` is accepted, so that a web form cannot be used to post a request
/// (RFC 8555 §6.2).
fn check_media_type(request: &Request) -> Result<(), Error> {
    let value = request.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/jose+json") => Ok(()),
        _ => Err(Error::MediaType),
    }
}

/// The signed URL must be equal to the request's, octet for octet. The origin comes from the
/// configuration, because the Host header is not signed.
fn check_url(context: &Context, request: &Request, jws: &UnverifiedJws) -> Result<(), Error> {
    let received = format!("{}{}", context.urls().origin(), raw_target(request.uri()));
    if jws.url() == received {
        Ok(())
    } else {
        Err(UrlError { signed: Printable::new(jws.url()), received: Printable::new(received) }.into())
    }
}

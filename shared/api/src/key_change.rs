//! The inner JWS of a key change (RFC 8555 §7.3.5): the payload of a request that the account
//! signed, itself signed with the account's new key.

use acme::KeyChange;
use jose::{JwsError, KeyReference, MalformedJws, Printable, PublicKey, UnverifiedJws};
use ra::KeyRollover;

use crate::{AccountCall, Context, Error, Json, Payload, PayloadError, UrlError};

/// The octets of an inner JWS; nothing about them has been checked.
#[derive(Debug)]
pub struct InnerJws(Vec<u8>);

impl Payload for InnerJws {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        Ok(Self(payload.to_vec()))
    }
}

impl AccountCall<InnerJws> {
    /// Verifies the inner JWS: it is signed with its own `jwk`, for the same URL as the outer one,
    /// and has no nonce.
    ///
    /// # Errors
    /// One of these is not so, or its payload is not that of a key change.
    pub fn verify_inner(&self, context: &Context) -> Result<KeyRollover, Error> {
        let inner = UnverifiedJws::parse(&self.payload.0)?;
        let KeyReference::Jwk(new_key) = inner.key().clone() else {
            return Err(Error::KeyReference("a \"jwk\", the new key, in the inner JWS"));
        };
        if inner.nonce().is_some() {
            return Err(JwsError::from(MalformedJws::ForbiddenParameter("nonce")).into());
        }
        if inner.url() != self.url {
            return Err(UrlError { signed: Printable::new(inner.url()), received: Printable::new(&self.url) }.into());
        }
        let verified = inner.verify(&new_key)?;
        let Json(change) = Json::<KeyChange>::read(verified.payload())?;
        let old_key = PublicKey::from_jwk(&change.old_key).map_err(JwsError::from)?;
        let account = context.urls().account_in_kid(&self.serving.directory, &change.account);
        Ok(KeyRollover { account, old_key, new_key })
    }
}

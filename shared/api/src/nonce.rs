//! Nonces (RFC 8555 §6.5): handed out without a write, redeemed by one.
//!
//! A nonce is `number ‖ seconds ‖ random ‖ MAC`, 32 octets in base64url. The MAC covers what stands
//! before it and the directory, so nobody else can make one, and one of another directory is not
//! good here. Whether it was used is the only thing that is remembered, from its redemption until
//! it could not be good any more.

use acme::DirectoryId;
use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use ra::Authority;
use store::NonceSecrets;
use tokio::sync::RwLock;

use crate::Error;

/// Makes nonces and judges them. The secrets are kept in memory for a minute.
#[derive(Default)]
pub(crate) struct Nonces {
    secrets: RwLock<Option<(Timestamp, NonceSecrets)>>,
    refusals: u8,
}

impl Nonces {
    /// Nonces of which `refusals` percent are refused although they are good.
    pub(crate) fn new(refusals: u8) -> Self {
        Self { refusals, ..Self::default() }
    }

    /// A fresh nonce for the directory.
    ///
    /// # Errors
    /// When the secrets cannot be read.
    pub(crate) async fn issue(&self, authority: &Authority, directory: &DirectoryId) -> Result<String, Error> {
        let secrets = self.secrets(authority, None).await?;
        let now = authority.now();
        // A new secret is used when every process has read it, so that no good nonce is ever refused.
        let spread = secrets.live.iter().find(|secret| now.duration_since(secret.made_at) >= REMEMBERED);
        let newest = spread.or(secrets.live.last()).ok_or(ra::Error::NoNonceSecrets)?;
        let mut nonce = Vec::with_capacity(LENGTH);
        nonce.push(newest.number as u8);
        nonce.extend(seconds(now).to_be_bytes());
        nonce.extend(ra::random::<RANDOM_LENGTH>()?);
        let mac = mac(&newest.key, &nonce, directory);
        nonce.extend(mac.as_ref().iter().take(MAC_LENGTH));
        Ok(base64url::encode(&nonce))
    }

    /// Judges a nonce without remembering it: made here, for this directory, not too old.
    ///
    /// # Errors
    /// [`NonceError`] inside [`Error::Nonce`]; or when the secrets cannot be read.
    pub(crate) async fn check(
        &self,
        authority: &Authority,
        directory: &DirectoryId,
        text: &str,
    ) -> Result<GoodNonce, Error> {
        let octets = base64url::decode(text).map_err(|_| NonceError::Unknown)?;
        let (number, body, tag) = split(&octets).ok_or(NonceError::Unknown)?;
        let secrets = self.secrets(authority, Some(number)).await?;
        let secret = secrets.live.iter().find(|secret| secret.number as u8 == number).ok_or(NonceError::Unknown)?;
        let expected = mac(&secret.key, body, directory);
        let expected = expected.as_ref().get(..MAC_LENGTH).unwrap_or_default();
        aws_lc_rs::constant_time::verify_slices_are_equal(expected, tag).map_err(|_| NonceError::Unknown)?;

        let made_at = made_at(body).ok_or(NonceError::Unknown)?;
        let expires_at = made_at + LIFE;
        let now = authority.now();
        if expires_at <= now || made_at > now + SignedDuration::from_mins(1) {
            return Err(NonceError::Expired.into());
        }
        if self.refusals > 0 && u32::from(ra::random::<1>()?[0]) * 100 < u32::from(self.refusals) * 256 {
            return Err(NonceError::RefusedForTest.into());
        }
        Ok(GoodNonce { text: text.to_owned(), forget_at: expires_at + SignedDuration::from_mins(5) })
    }

    async fn secrets(&self, authority: &Authority, number: Option<u8>) -> Result<NonceSecrets, Error> {
        let now = authority.now();
        if let Some((read_at, secrets)) = &*self.secrets.read().await {
            let age = now.duration_since(*read_at);
            let known = number.is_none_or(|number| secrets.live.iter().any(|secret| secret.number as u8 == number));
            // A number that is not known may be a new one, made by another process. A stranger can
            // invent numbers, so they lead to a read once a second at most.
            if age < if known { REMEMBERED } else { SignedDuration::from_secs(1) } {
                return Ok(secrets.clone());
            }
        }
        let secrets = authority.nonce_secrets().await?;
        *self.secrets.write().await = Some((now, secrets.clone()));
        Ok(secrets)
    }
}

/// A nonce that was made here and is young enough. Whether it was used before shows its redemption.
#[derive(Debug)]
pub(crate) struct GoodNonce {
    text: String,
    forget_at: Timestamp,
}

impl GoodNonce {
    /// Uses it up. Called only when the signature over the request is verified: strangers can
    /// neither burn nonces nor cause writes.
    ///
    /// # Errors
    /// [`NonceError::Used`] inside [`Error::Nonce`].
    pub(crate) async fn redeem(self, authority: &Authority) -> Result<(), Error> {
        match authority.redeem_nonce(&self.text, self.forget_at).await? {
            true => Ok(()),
            false => Err(NonceError::Used.into()),
        }
    }
}

/// Why a nonce is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// None was sent.
    #[error("the request has no nonce")]
    Missing,
    /// Not made here, or for another directory, or with a secret that is gone.
    #[error("the nonce was not made for this directory")]
    Unknown,
    /// Too old.
    #[error("the nonce is too old")]
    Expired,
    /// Used before.
    #[error("the nonce was used before")]
    Used,
    /// Good, and refused because the operator asked for that.
    #[error("the nonce is refused by a test setting")]
    RefusedForTest,
}

fn split(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    if octets.len() != LENGTH {
        return None;
    }
    let (body, tag) = octets.split_at_checked(LENGTH - MAC_LENGTH)?;
    Some((*body.first()?, body, tag))
}

fn made_at(body: &[u8]) -> Option<Timestamp> {
    let seconds: [u8; 4] = body.get(1..5)?.try_into().ok()?;
    Timestamp::from_second(u32::from_be_bytes(seconds).into()).ok()
}

fn mac(key: &[u8], body: &[u8], directory: &DirectoryId) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(body);
    context.update(directory.to_string().as_bytes());
    context.sign()
}

/// Seconds since 1970 in four octets, which last until 2106.
fn seconds(now: Timestamp) -> u32 {
    u32::try_from(now.as_second()).unwrap_or(u32::MAX)
}

/// For how long a process answers by the secrets that it has read.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);

const LIFE: SignedDuration = SignedDuration::from_hours(1);
const RANDOM_LENGTH: usize = 11;
const MAC_LENGTH: usize = 16;
const LENGTH: usize = 1 + 4 + RANDOM_LENGTH + MAC_LENGTH;

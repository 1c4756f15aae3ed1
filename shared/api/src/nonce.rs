//! Nonces (RFC 8555 §6.5): issued without a write, redeemed with one.
//!
//! A nonce is `number ‖ seconds ‖ random ‖ MAC`, 32 octets in base64url. The MAC covers the parts
//! before it and the directory, so only this CA can make one, and a nonce of one directory is not
//! good in another. The store remembers only that a nonce was redeemed, until the nonce would have
//! expired anyway.

use std::sync::Arc;

use acme::DirectoryId;
use authority::{Clock, Failure};
use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use ra::Nonces;
use store::NonceSecrets;
use tokio::sync::RwLock;

use crate::Error;

/// Issues and checks nonces. The secrets are kept in memory for a minute.
pub(crate) struct NonceIssuer {
    nonces: Arc<Nonces>,
    clock: Arc<dyn Clock>,
    secrets: RwLock<Option<(Timestamp, NonceSecrets)>>,
    refusals: u8,
}

impl NonceIssuer {
    /// Creates the nonces of a process; `refusals` is the percentage of good ones to refuse.
    pub(crate) fn new(nonces: Arc<Nonces>, clock: Arc<dyn Clock>, refusals: u8) -> Self {
        Self { nonces, clock, secrets: RwLock::default(), refusals }
    }

    /// Issues a fresh nonce for the directory.
    ///
    /// # Errors
    /// The secrets cannot be read.
    pub(crate) async fn issue(&self, directory: &DirectoryId) -> Result<String, Error> {
        let secrets = self.secrets(None).await?;
        let now = self.clock.now();
        // A new secret is used only after every process has read it, so that no good nonce is
        // refused.
        let spread = secrets.live.iter().find(|secret| now.duration_since(secret.made_at) >= REMEMBERED);
        let newest = spread.or(secrets.live.last()).ok_or(Failure::NoNonceSecrets)?;
        let mut nonce = Vec::with_capacity(LENGTH);
        nonce.push(newest.number as u8);
        nonce.extend(seconds(now).to_be_bytes());
        nonce.extend(authority::random::<RANDOM_LENGTH>()?);
        let mac = mac(&newest.key, &nonce, directory);
        nonce.extend(mac.as_ref().iter().take(MAC_LENGTH));
        Ok(base64url::encode(&nonce))
    }

    /// Checks a nonce without redeeming it: it was made here, for this directory, and has not
    /// expired.
    ///
    /// # Errors
    /// [`NonceError`] inside [`Error::Nonce`], or the secrets cannot be read.
    pub(crate) async fn check(&self, directory: &DirectoryId, text: &str) -> Result<GoodNonce, Error> {
        let octets = base64url::decode(text).map_err(|_| NonceError::Unknown)?;
        let (number, body, tag) = split(&octets).ok_or(NonceError::Unknown)?;
        let secrets = self.secrets(Some(number)).await?;
        let secret = secrets.live.iter().find(|secret| secret.number as u8 == number).ok_or(NonceError::Unknown)?;
        let expected = mac(&secret.key, body, directory);
        let expected = expected.as_ref().get(..MAC_LENGTH).unwrap_or_default();
        aws_lc_rs::constant_time::verify_slices_are_equal(expected, tag).map_err(|_| NonceError::Unknown)?;

        let made_at = made_at(body).ok_or(NonceError::Unknown)?;
        let expires_at = made_at + LIFE;
        let now = self.clock.now();
        if expires_at <= now || made_at > now + SignedDuration::from_mins(1) {
            return Err(NonceError::Expired.into());
        }
        if self.refusals > 0 && u32::from(authority::random::<1>()?[0]) * 100 < u32::from(self.refusals) * 256 {
            return Err(NonceError::RefusedForTest.into());
        }
        Ok(GoodNonce { text: text.to_owned(), forget_at: expires_at + SignedDuration::from_mins(5) })
    }

    async fn secrets(&self, number: Option<u8>) -> Result<NonceSecrets, Error> {
        let now = self.clock.now();
        if let Some((read_at, secrets)) = &*self.secrets.read().await {
            let age = now.duration_since(*read_at);
            let known = number.is_none_or(|number| secrets.live.iter().any(|secret| secret.number as u8 == number));
            // An unknown number may belong to a new secret that another process made. An attacker
            // can invent numbers, so they cause at most one read a second.
            if age < if known { REMEMBERED } else { SignedDuration::from_secs(1) } {
                return Ok(secrets.clone());
            }
        }
        let secrets = self.nonces.secrets().await?;
        *self.secrets.write().await = Some((now, secrets.clone()));
        Ok(secrets)
    }
}

/// A nonce that was made here and has not expired. Whether it has been used is decided when it is
/// redeemed.
#[derive(Debug)]
pub(crate) struct GoodNonce {
    text: String,
    forget_at: Timestamp,
}

impl GoodNonce {
    /// Redeems the nonce. Called only after the signature of the request has been verified, so that
    /// an unsigned request can neither use up nonces nor cause writes.
    ///
    /// # Errors
    /// [`NonceError::Used`] inside [`Error::Nonce`].
    pub(crate) async fn redeem(self, issuer: &NonceIssuer) -> Result<(), Error> {
        if issuer.nonces.redeem(&self.text, self.forget_at).await? { Ok(()) } else { Err(NonceError::Used.into()) }
    }
}

/// Why a nonce is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// The request has none.
    #[error("the request has no nonce")]
    Missing,
    /// It was not made here, or for another directory, or with a secret that no longer exists.
    #[error("the nonce was not made for this directory")]
    Unknown,
    /// It has expired.
    #[error("the nonce is too old")]
    Expired,
    /// It was redeemed before.
    #[error("the nonce was used before")]
    Used,
    /// It is good, but the operator asked for a share of good nonces to be refused.
    #[error("the nonce is refused by a test setting")]
    RefusedForTest,
}

/// When a text that has the form of a nonce says that it was made, in seconds since 1970.
#[cfg(fuzzing)]
pub(crate) fn stated_time(text: &str) -> Option<i64> {
    let octets = base64url::decode(text).ok()?;
    let (_, body, _) = split(&octets)?;
    made_at(body).map(Timestamp::as_second)
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

/// Seconds since 1970 in four octets, enough until 2106.
fn seconds(now: Timestamp) -> u32 {
    u32::try_from(now.as_second()).unwrap_or(u32::MAX)
}

/// How long a process uses the secrets that it has read before it reads them again.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);

const LIFE: SignedDuration = SignedDuration::from_hours(1);
const RANDOM_LENGTH: usize = 11;
const MAC_LENGTH: usize = 16;
const LENGTH: usize = 1 + 4 + RANDOM_LENGTH + MAC_LENGTH;

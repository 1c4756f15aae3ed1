//! A client of this CA that runs on schedule: it obtains a certificate as any other client does,
//! through the public URL, and says how long each step took.
//!
//! The name in the certificate is the host of the status URL. What serves the CRLs there serves the
//! answer to http-01, too, so the canary needs no web server and no zone of its own. Its client
//! is another project's, so what it proves does not rest on our own reading of RFC 8555.

mod timings;

#[cfg(feature = "lambda")]
pub mod lambda;

use std::{error::Error, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use authority::{Metric, PublishedObject, Publisher};
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, ExternalAccountKey, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};

pub use self::timings::{Step, Timings};

/// Obtains a certificate, again and again.
pub struct Canary {
    /// Where it gets an external account key.
    pub keys: Arc<dyn Keys>,
    /// Where it puts the answers to http-01: what is at `path` there, the host `name` serves.
    pub answers: Arc<dyn Publisher>,
    /// The name or the address in the certificate.
    pub name: String,
    /// The file with the root of the API's own certificate, in PEM; those of the system if absent.
    pub trusted: Option<PathBuf>,
}

/// Mints the external account keys of the canary.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Mints a key that binds one account.
    ///
    /// # Errors
    /// No key was minted.
    async fn mint(&self) -> Result<Key, Box<dyn Error + Send + Sync>>;
}

/// An external account key (RFC 8555 §7.3.4), and where it can be used.
pub struct Key {
    /// What the binding names it by.
    pub kid: String,
    /// The octets of the MAC key.
    pub mac_key: Vec<u8>,
    /// The URL of the directory.
    pub directory: String,
}

impl Canary {
    /// Registers an account, obtains a certificate, and deactivates the account.
    ///
    /// # Errors
    /// The step that failed, or took longer than half a minute. It is in the log as well.
    pub async fn sing(&self) -> Result<Timings, CanaryError> {
        let mut timings = Timings::default();
        match self.obtain(&mut timings).await {
            Ok(()) => {
                timings.log(&self.name);
                Metric::CanaryMilliseconds.measured(timings.total());
                Ok(timings)
            }
            Err(error) => {
                tracing::error!(step = %error.step, error = &error as &dyn Error, "the canary got no certificate");
                Err(error)
            }
        }
    }

    async fn obtain(&self, timings: &mut Timings) -> Result<(), CanaryError> {
        let key = timings.of(Step::Key, self.keys.mint()).await?;
        let account = timings.of(Step::Account, self.register(&key)).await?;
        let obtained = self.obtain_by(&account, timings).await;
        // Whatever came of it, the account is not left behind.
        let deactivated = timings.of(Step::Deactivation, account.deactivate()).await;
        obtained.and(deactivated)
    }

    async fn obtain_by(&self, account: &Account, timings: &mut Timings) -> Result<(), CanaryError> {
        let name = self.name.parse().map_or_else(|_| Identifier::Dns(self.name.clone()), Identifier::Ip);
        let names = [name];
        let mut order = timings.of(Step::Order, account.new_order(&NewOrder::new(&names))).await?;
        timings.of(Step::Validation, self.validate(&mut order)).await?;
        let chain = timings.of(Step::Certificate, certificate(&mut order)).await?;
        timings.of(Step::Certificate, async { self.verify(&chain) }).await
    }

    async fn register(&self, key: &Key) -> Result<Account, instant_acme::Error> {
        let builder = match &self.trusted {
            Some(root) => Account::builder_with_root(root)?,
            None => Account::builder()?,
        };
        let new_account = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
        let external = ExternalAccountKey::new(key.kid.clone(), &key.mac_key);
        let (account, _) = builder.create(&new_account, key.directory.clone(), Some(&external)).await?;
        Ok(account)
    }

    /// Answers the challenge of each authorization, and waits until the order is ready.
    async fn validate(&self, order: &mut Order) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge = authorization.challenge(ChallengeType::Http01).ok_or("http-01 is not offered")?;
            let answer = PublishedObject {
                path: format!(".well-known/acme-challenge/{}", challenge.token),
                media_type: "application/octet-stream",
                max_age: 0,
                bytes: challenge.key_authorization().as_str().as_bytes().to_vec(),
            };
            self.answers.publish(answer).await?;
            challenge.set_ready().await?;
        }
        match order.poll_ready(&RETRIES).await? {
            OrderStatus::Ready => Ok(()),
            status => Err(format!("the order is {status:?} and not ready").into()),
        }
    }

    /// Whether the first certificate of the chain is for the name.
    fn verify(&self, chain: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
        let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).map_err(|_| "the chain has no certificate")?;
        let name = ServerName::try_from(self.name.as_str())?;
        Ok(webpki::EndEntityCert::try_from(&leaf)?.verify_is_valid_for_subject_name(&name)?)
    }
}

/// Finalizes the order with a new key, and waits for the chain in PEM.
async fn certificate(order: &mut Order) -> Result<String, instant_acme::Error> {
    order.finalize().await?;
    order.poll_certificate(&RETRIES).await
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[error("the step {step} failed")]
pub struct CanaryError {
    /// The step that failed.
    pub step: Step,
    source: Box<dyn Error + Send + Sync>,
}

/// A step that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(30);
const RETRIES: RetryPolicy = RetryPolicy::new().initial_delay(Duration::from_millis(200)).backoff(1.5).timeout(LIMIT);

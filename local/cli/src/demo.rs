//! `demo`: the life cycle of one certificate, step by step. The CA is this one; the client is
//! another project's library, and rustls verifies the certificate.

mod journal;
mod relying_party;
mod responder;

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use host::{Config, Host, StartError};
use instant_acme::{
    Account, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy, RevocationReason,
    RevocationRequest,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tempfile::TempDir;

use self::{
    journal::Journal,
    relying_party::{RelyingParty, RelyingPartyError},
    responder::Responder,
};

/// Goes through all steps on a CA in a temporary folder, which is removed afterwards, and prints
/// each.
///
/// # Errors
/// The step that failed.
pub(crate) async fn run(out: &mut dyn Write) -> Result<(), DemoError> {
    let folder = TempDir::with_prefix("serverless-acme-demo-").map_err(DemoError::Folder)?;
    let responder = Responder::start().await.map_err(DemoError::Responder)?;
    let mut journal = Journal::begin(out)?;
    let host = Host::start(config(&folder, responder.port())).await?;
    let directory = host.directories().first().map(|directory| host.directory_url(directory)).unwrap_or_default();
    journal.step("CA started", &directory)?;

    live(&host, &directory, &responder, &mut journal).await?;

    host.stop().await;
    folder.close().map_err(DemoError::Folder)?;
    Ok(journal.end()?)
}

async fn live(host: &Host, directory: &str, responder: &Responder, journal: &mut Journal<'_>) -> Result<(), DemoError> {
    let new_account = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_root(host.root_path())?;
    let (account, _) = builder.create(&new_account, directory.to_owned(), None).await?;
    journal.step("account created", account.id())?;

    let mut order = account.new_order(&NewOrder::new(&[Identifier::Dns(NAME.to_owned())])).await?;
    journal.step("order placed", &format!("{NAME} ({})", order.url()))?;

    answer_challenges(&mut order, responder).await?;
    journal.step("identifier validated", &format!("http-01 on port {}", responder.port()))?;

    order.finalize().await?;
    let pem = order.poll_certificate(&RETRIES).await?;
    let chain: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(RelyingPartyError::Pem)?;
    journal.step("certificate issued", &relying_party::describe(&chain)?)?;

    let judge = RelyingParty::trusting(CertificateDer::from(host.root().der().to_vec()))?;
    judge.verify(&chain, NAME, None)?;
    journal.step("certificate verified", "its chain ends at the root")?;

    let certificate = chain.first().ok_or(DemoError::NoCertificate)?;
    let request = RevocationRequest { certificate, reason: Some(RevocationReason::Superseded) };
    account.revoke(&request).await?;
    journal.step("certificate revoked", "reason superseded")?;

    let url = relying_party::crl_url(&chain)?;
    let crl = relying_party::fetch(&url).await?;
    match judge.verify(&chain, NAME, Some(crl)) {
        Err(RelyingPartyError::Revoked) => journal.step("found on the CRL", &url)?,
        Err(error) => return Err(error.into()),
        Ok(()) => return Err(DemoError::NotRevoked),
    }
    Ok(())
}

/// Answers every challenge of the order and waits until it is ready.
async fn answer_challenges(order: &mut Order, responder: &Responder) -> Result<(), DemoError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let mut challenge = authorization.challenge(ChallengeType::Http01).ok_or(DemoError::NoChallenge)?;
        responder.answer(&challenge.token, challenge.key_authorization().as_str());
        challenge.set_ready().await?;
    }
    match order.poll_ready(&RETRIES).await? {
        OrderStatus::Ready => Ok(()),
        status => Err(DemoError::Order(status)),
    }
}

fn config(folder: &TempDir, http_port: u16) -> Config {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(folder.path().to_owned());
    config.listen = any_port;
    config.status_listen = any_port;
    config.http_port = http_port;
    config
}

/// Why the demonstration failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The temporary folder cannot be created or removed.
    #[error("the temporary folder cannot be used: {0}")]
    Folder(#[source] io::Error),
    /// The web server that answers challenges.
    #[error("the web server for the challenge cannot be started: {0}")]
    Responder(#[source] io::Error),
    /// Standard output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
    /// The CA did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The ACME client failed, or the CA refused.
    #[error("the ACME client failed: {0}")]
    Acme(#[from] instant_acme::Error),
    /// The CA does not offer the challenge.
    #[error("the CA offers no http-01 challenge")]
    NoChallenge,
    /// The order did not become ready.
    #[error("the order is not ready; its status is {0:?}")]
    Order(OrderStatus),
    /// The downloaded chain is empty.
    #[error("the CA sent no certificate")]
    NoCertificate,
    /// The certificate or the CRL was not accepted.
    #[error(transparent)]
    RelyingParty(#[from] RelyingPartyError),
    /// The CRL does not list the revoked certificate.
    #[error("the certificate is revoked, but the CRL does not list it")]
    NotRevoked,
}

const NAME: &str = "localhost";
const RETRIES: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(2)).backoff(2.0).timeout(Duration::from_secs(20));

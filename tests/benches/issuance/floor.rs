//! The floor: what no CA can leave out, for the same client.
//!
//! It speaks HTTPS, verifies each signed request and the certificate request, probes the name,
//! signs once and verifies that, and makes three appends durable. There is no policy, no lint, no
//! log and no check of nonces, and its documents are texts of the length that ours have. So the
//! time that a CA needs beyond the floor's is what it could save at most.
//!
//! The benchmark starts itself again to be the floor, so that its processor time is its own.

mod append;
mod documents;
mod probe;
mod sign;

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ::aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use self::{
    append::Appends,
    documents::{Documents, State},
    probe::Probe,
    sign::Signer,
};
use crate::connection::Failure;

/// The first argument of a benchmark that is to be the floor.
const WORD: &str = "--floor";

/// What the floor needs to start.
pub(crate) struct Arguments {
    /// The port to listen on.
    pub(crate) port: u16,
    /// The certificate of the server and its key, as PEM.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The file of the appends.
    pub(crate) appends: PathBuf,
    /// Where names are resolved, and the port on which they are probed.
    pub(crate) dns: SocketAddr,
    pub(crate) http_port: u16,
}

impl Arguments {
    /// Reads a command line; `None` if it is not that of a floor.
    pub(crate) fn read(given: &[String]) -> Result<Option<Self>, Failure> {
        let [word, port, certificate, key, appends, dns, http_port] = given else { return Ok(None) };
        if word != WORD {
            return Ok(None);
        }
        Ok(Some(Self {
            port: port.parse()?,
            certificate: certificate.into(),
            key: key.into(),
            appends: appends.into(),
            dns: dns.parse()?,
            http_port: http_port.parse()?,
        }))
    }

    /// The command line.
    pub(crate) fn words(&self) -> [String; 7] {
        let path = |path: &Path| path.display().to_string();
        [
            WORD.to_owned(),
            self.port.to_string(),
            path(&self.certificate),
            path(&self.key),
            path(&self.appends),
            self.dns.to_string(),
            self.http_port.to_string(),
        ]
    }
}

/// Serves until the process is killed.
pub(crate) async fn serve(arguments: Arguments) -> Result<(), Failure> {
    let certificate = CertificateDer::from_pem_file(&arguments.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&arguments.key)?;
    let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let floor = Arc::new(Floor {
        documents: Documents::at(arguments.port),
        appends: Appends::to(&arguments.appends)?,
        probe: Probe { dns: arguments.dns, http_port: arguments.http_port },
        signer: Signer::new()?,
        last: AtomicU64::default(),
        accounts: Mutex::default(),
        orders: Mutex::default(),
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(converse(stream, acceptor.clone(), floor.clone()));
    }
}

async fn converse(stream: TcpStream, acceptor: TlsAcceptor, floor: Arc<Floor>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let service = service_fn(|request| {
        let floor = floor.clone();
        async move { Ok::<_, Infallible>(floor.answer(request).await) }
    });
    Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

struct Floor {
    documents: Documents,
    appends: Appends,
    probe: Probe,
    signer: Signer,
    /// The number that was given last, to an account or an order.
    last: AtomicU64,
    accounts: Mutex<HashMap<u64, Arc<Account>>>,
    orders: Mutex<HashMap<u64, Order>>,
}

struct Account {
    key: sign::PublicKey,
    thumbprint: String,
}

#[derive(Clone)]
struct Order {
    name: String,
    token: String,
    state: State,
}

/// A signed request (RFC 8555 §6.2).
#[derive(Deserialize)]
struct Jws<'a> {
    protected: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl Floor {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let answer = match *request.method() {
            Method::GET => Ok(Answer::document(self.documents.directory())),
            Method::HEAD => Ok(Answer::document(String::new())),
            _ => self.signed(request).await,
        };
        let answer = answer.unwrap_or_else(|failure| Answer {
            status: StatusCode::BAD_REQUEST,
            location: None,
            body: failure.to_string(),
        });
        let mut response = Response::builder()
            .status(answer.status)
            .header("replay-nonce", random())
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::LINK, self.documents.link());
        if let Some(location) = answer.location {
            response = response.header(header::LOCATION, location);
        }
        response.body(Full::from(answer.body)).unwrap_or_default()
    }

    async fn signed(&self, request: Request<Incoming>) -> Result<Answer, Failure> {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await?.to_bytes();
        let jws: Jws<'_> = serde_json::from_slice(&body)?;
        let header: Value = serde_json::from_slice(&decode(jws.protected)?)?;
        let account = match header["kid"].as_str() {
            Some(kid) => found(locked(&self.accounts).get(&number(kid)?).cloned())?,
            None => Arc::new(Account::of(&header["jwk"])?),
        };
        // The message that was signed stands in the body, with two quotation marks between.
        let message = format!("{}.{}", jws.protected, jws.payload);
        account.key.verify_fixed(message.as_bytes(), &decode(jws.signature)?)?;
        let payload = decode(jws.payload)?;

        if path.ends_with("new-account") {
            let account_number = self.next();
            locked(&self.accounts).insert(account_number, account);
            return Ok(Answer::created(self.documents.account(account_number), "{\"status\":\"valid\"}".to_owned()));
        }
        if path.ends_with("new-order") {
            let payload: Value = serde_json::from_slice(&payload)?;
            let name = found(payload["identifiers"][0]["value"].as_str())?.to_owned();
            let (order_number, order) = (self.next(), Order { name, token: random(), state: State::Pending });
            self.appends.append(&order.name).await?;
            let document = self.documents.order(order_number, &order.name, order.state);
            locked(&self.orders).insert(order_number, order);
            return Ok(Answer::created(self.documents.order_url(order_number), document));
        }
        let order_number = number(&path)?;
        let order = found(locked(&self.orders).get(&order_number).cloned())?;
        let document = match Documents::kind(&path) {
            "authorization" => self.documents.authorization(order_number, &order.name, &order.token, order.state),
            "challenge" => {
                self.probe.fetch(&order.name, &order.token, &account.thumbprint).await?;
                self.appends.append(&order.token).await?;
                self.reach(order_number, State::Ready);
                self.documents.challenge(order_number, &order.token, State::Ready)
            }
            "finalize" => {
                let payload: Value = serde_json::from_slice(&payload)?;
                sign::verify_request(&decode(found(payload["csr"].as_str())?)?)?;
                let signature = self.signer.sign_and_verify()?;
                self.appends.append(&signature).await?;
                self.reach(order_number, State::Valid);
                self.documents.order(order_number, &order.name, State::Valid)
            }
            "order" => self.documents.order(order_number, &order.name, order.state),
            _ => {
                locked(&self.orders).remove(&order_number);
                self.documents.chain()
            }
        };
        Ok(Answer::document(document))
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    fn reach(&self, order: u64, state: State) {
        if let Some(order) = locked(&self.orders).get_mut(&order) {
            order.state = state;
        }
    }
}

impl Account {
    fn of(jwk: &Value) -> Result<Self, Failure> {
        let coordinate = |name: &str| found(jwk[name].as_str());
        let (x, y) = (coordinate("x")?, coordinate("y")?);
        Ok(Self { key: sign::PublicKey::of(&decode(x)?, &decode(y)?), thumbprint: sign::thumbprint(x, y) })
    }
}

struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

impl Answer {
    fn document(body: String) -> Self {
        Self { status: StatusCode::OK, location: None, body }
    }

    fn created(location: String, body: String) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), body }
    }
}

/// The number at the end of a URL or path.
fn number(url: &str) -> Result<u64, Failure> {
    Ok(url.rsplit('/').next().unwrap_or_default().parse()?)
}

fn found<T>(value: Option<T>) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::new("not found"))
}

fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    Ok(BASE64_URL_SAFE_NO_PAD.decode(text)?)
}

/// A nonce or a token.
fn random() -> String {
    let mut octets = [0; 32];
    // It fails where the system has no randomness, and then no signature is made either.
    let filled = rand::fill(&mut octets);
    filled.map(|()| BASE64_URL_SAFE_NO_PAD.encode(octets)).unwrap_or_default()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

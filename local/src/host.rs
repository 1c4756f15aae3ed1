//! The host: parts put together, started in order, stopped in order.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use acme::{DirectoryId, Identifier, Urls};
use api::{Context, Options as ApiOptions};
use ca::{AuthorityName, Certificate};
use http::Uri;
use jiff::SignedDuration;
use ra::{Authority, Hierarchy, IssuanceTask, IssuerPlan, Queue, Seams, Settings, SystemClock, ValidationTask};
use store::{
    IssuerId, ProfileStore, RaProfile, Validity,
    embedded::{EmbeddedStore, Options as StoreOptions},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use crate::{
    Config, StartError,
    config::{DEFAULT, ISSUING, ROOT},
    data_folder::{DataFolder, write_whole},
    dispatch::dispatch,
    host_tls::HostTls,
    listener::{self, Transport},
    maintenance::maintain,
    queue::{self, InProcessQueue},
    software_signer::SoftwareSigner,
    status::StatusFiles,
};

/// A running host. It stops when it is told to; dropping it stops it without ceremony.
pub struct Host {
    urls: Urls,
    status_url: String,
    root: Certificate,
    root_path: PathBuf,
    store: Arc<EmbeddedStore>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    workers: Vec<JoinHandle<()>>,
    _data: DataFolder,
}

impl Host {
    /// Starts: data folder, keys, store, hierarchy, listeners, and what the last stop interrupted.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let data = DataFolder::open(&config.data)?;
        let listen = bind(config.listen, "--listen").await?;
        let status_listen = bind(config.status_listen, "--status-listen").await?;
        let (address, status_address) = (local_address(&listen)?, local_address(&status_listen)?);
        let base_url = config.base_url.clone().unwrap_or_else(|| format!("https://localhost:{}/api", address.port()));
        let names = host_names(&base_url, address.ip())?;
        let status_url = config.status_url.clone().unwrap_or_else(|| status_url(&base_url, status_address.port()));

        let mut signer = SoftwareSigner::default();
        let hierarchy = hierarchy(&config, &mut signer)?;
        let store = EmbeddedStore::open(data.file("store.redb"), StoreOptions::default()).map_err(StartError::Store)?;
        let store = Arc::new(store);
        store.set_profiles(&config.acme_profiles, &config.ra_profiles).await?;

        let (queue, workers) = queue::queue();
        let files = StatusFiles::default();
        let seams = Seams {
            store: store.clone(),
            signer: Arc::new(signer),
            queue: Arc::new(queue.clone()),
            publisher: Arc::new(files.clone()),
            clock: Arc::new(SystemClock),
        };
        let settings = Settings {
            status_url: Some(status_url.clone()),
            orders_per_page: config.test.orders_per_page.unwrap_or(Settings::default().orders_per_page),
            ..Settings::default()
        };
        let authority = Arc::new(Authority::new(seams, settings));
        let root = authority.ensure_hierarchy(&hierarchy).await?;
        let root_path = data.file("root.pem");
        write_whole(&root_path, 0o644, root.pem().as_bytes())
            .map_err(|source| StartError::Data { path: root_path.clone(), source })?;
        files.put_root(root.pem());
        publish_crl::on_schedule(&authority).await?;
        let tls = HostTls::start(&authority, names, host_profile()?).await?;
        let acceptor = TlsAcceptor::from(Arc::new(tls.server_config()?));

        let options = ApiOptions { nonce_refusals: config.test.nonce_refusals };
        let context = Arc::new(Context::new(authority.clone(), &base_url, options));
        let (stop, stopped) = watch::channel(false);
        let listeners = vec![
            serve_acme(listen, acceptor, stopped.clone(), context.clone())?,
            serve_status(status_listen, stopped, files),
        ];
        let settings = validate::Settings {
            resolver: config.dns_resolver,
            allowed_networks: Vec::new(),
            http_port: config.http_port,
            tls_port: config.tls_port,
            always_valid: config.test.always_valid,
        };
        let workers = vec![
            tokio::spawn(workers.run(authority.clone(), settings, config.test.validation_delay)),
            tokio::spawn(maintain(authority, store.clone(), tls)),
        ];
        resume(&store, &queue).await?;
        let urls = context.urls().clone();
        Ok(Self { urls, status_url, root, root_path, store, stop, listeners, workers, _data: data })
    }

    /// The URL of a directory.
    pub fn directory_url(&self, directory: &DirectoryId) -> String {
        self.urls.directory(directory)
    }

    /// The base of all ACME URLs.
    pub fn base_url(&self) -> &str {
        self.urls.base()
    }

    /// The base of the URLs inside certificates.
    pub fn status_url(&self) -> &str {
        &self.status_url
    }

    /// The root's certificate.
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The file with the root's certificate.
    pub fn root_path(&self) -> &PathBuf {
        &self.root_path
    }

    /// The store, for counting and looking.
    pub fn store(&self) -> &EmbeddedStore {
        &self.store
    }

    /// Stops: no new connections, requests under way are answered, the store is closed. Validations
    /// under way are interrupted; the next start resumes them.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for listener in std::mem::take(&mut self.listeners) {
            // A listener that panicked has nothing to finish.
            drop(listener.await);
        }
        for worker in std::mem::take(&mut self.workers) {
            worker.abort();
            drop(worker.await);
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the store was not closed cleanly");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for task in self.listeners.iter().chain(&self.workers) {
            task.abort();
        }
    }
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, flag, source })
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Data { path: PathBuf::from("socket"), source })
}

/// The names in the listener's certificate: the base URL's host, where it listens, and this machine.
fn host_names(base_url: &str, listen: IpAddr) -> Result<Vec<Identifier>, StartError> {
    let wrong = || StartError::BaseUrl(base_url.to_owned());
    let uri: Uri = base_url.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("https") || uri.query().is_some() {
        return Err(wrong());
    }
    let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']);
    let host = match host.parse::<IpAddr>() {
        Ok(address) => Identifier::Ip(address),
        Err(_) => Identifier::Dns(host.parse().map_err(|_| wrong())?),
    };
    let localhost = "localhost".parse().map(Identifier::Dns).map_err(|_| wrong())?;
    let mut names = vec![host, localhost];
    names.extend([IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])].map(Identifier::Ip));
    if !listen.is_unspecified() {
        names.push(Identifier::Ip(listen));
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

fn status_url(base_url: &str, port: u16) -> String {
    let host = base_url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    format!("http://{}:{port}", host.as_deref().unwrap_or("localhost"))
}

/// What the CA looks like, with its keys made or read.
fn hierarchy(config: &Config, signer: &mut SoftwareSigner) -> Result<Hierarchy, StartError> {
    let ca = &config.ca;
    let mut plan = |id: &str, name: &str, kind, days: u32| -> Result<IssuerPlan, StartError> {
        Ok(IssuerPlan {
            id: issuer_id(id)?,
            subject: AuthorityName::new(name, ca.organization.clone())?,
            key: signer.ensure_key(&config.data, id, kind)?,
            lifetime: SignedDuration::from_hours(i64::from(days) * 24),
            crl_shards: 1,
        })
    };
    Ok(Hierarchy {
        root: plan(ROOT, &ca.root_name, ca.root_key, ca.root_days)?,
        issuing: plan(ISSUING, &ca.issuing_name, ca.issuing_key, ca.issuing_days)?,
    })
}

/// The profile of the host's own certificate. No directory refers to it.
fn host_profile() -> Result<RaProfile, StartError> {
    let name = DEFAULT.parse().map_err(|_| StartError::BaseUrl(DEFAULT.to_owned()))?;
    let month = 30 * 24 * 60 * 60;
    let certificate_validity = Validity { default: month, maximum: month };
    Ok(RaProfile { certificate_validity, ..RaProfile::new(name, issuer_id(ISSUING)?) })
}

fn issuer_id(name: &str) -> Result<IssuerId, StartError> {
    name.parse().map_err(|_| StartError::Data { path: PathBuf::from(name), source: io::ErrorKind::InvalidInput.into() })
}

fn serve_acme(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    stop: watch::Receiver<bool>,
    context: Arc<Context>,
) -> Result<JoinHandle<()>, StartError> {
    let default: DirectoryId = DEFAULT.parse().map_err(|_| StartError::BaseUrl(DEFAULT.to_owned()))?;
    let served = Arc::new(AtomicU64::new(0));
    let answer = move |request| {
        let (context, default, served) = (context.clone(), default.clone(), served.clone());
        async move {
            let id = served.fetch_add(1, Ordering::Relaxed) + 1;
            let request = listener::collect(request, id.to_string()).await;
            dispatch(&context, &default, request).await
        }
    };
    Ok(tokio::spawn(listener::serve(listener, Transport::Tls(acceptor), stop, answer)))
}

fn serve_status(listener: TcpListener, stop: watch::Receiver<bool>, files: StatusFiles) -> JoinHandle<()> {
    let answer = move |request| {
        let files = files.clone();
        async move { files.answer(&request) }
    };
    tokio::spawn(listener::serve(listener, Transport::Plain, stop, answer))
}

/// Hands over again what the last stop interrupted.
async fn resume(store: &EmbeddedStore, queue: &InProcessQueue) -> Result<(), StartError> {
    let unfinished = store.unfinished().await?;
    for (account, authorization, challenge) in unfinished.validations {
        let task = ValidationTask { account, authorization, challenge };
        queue.validate(task).await.map_err(ra::Error::from)?;
    }
    for (account, order) in unfinished.issuances {
        queue.issue(IssuanceTask { account, order }).await.map_err(ra::Error::from)?;
    }
    Ok(())
}


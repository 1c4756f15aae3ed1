//! The host: parts put together, started in order, stopped in order.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use acme::{DirectoryId, Identifier, Urls};
use admin::Surroundings;
use api::{Admission, Context, ContextOptions, RequestId};
use authority::{
    Clock, EventSink, Events, Failure, IssuanceQueue, IssuanceTask, SystemClock, ValidationQueue, ValidationTask,
};
use bytes::Bytes;
use ca::{AuthorityName, Certificate, ExtendedKeyUsage, IssuerKeyType};
use http::Request;
use issuing::{Hierarchy, IssuerPlan, Sealing};
use jiff::SignedDuration;
use operator::{
    AppliedProfiles, Configurations, ConfiguredProfiles, ExpiryNotices, ExternalAccountSecrets, InitialProfiles,
    Refusal,
};
use publish_crl::Upkeep;
use ra::{KeyBlockList, Openness, Parts, Seams, Settings};
use store::{
    AcmeProfile, IssuerId, IssuerRecord, IssuerStore, Limits, ProfileSet, ProfileStore, RaProfile, Validity,
    embedded::EmbeddedStore,
};
use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::TlsAcceptor;

use crate::{
    Config, StartError,
    admin_socket::{AdminSocket, Answering},
    completeness::open_store,
    config::{BaseUrl, DEFAULT, ISSUING, ROOT, built_in_profiles},
    data_folder::{DataFolder, ROOT_PEM, STORE, write_whole},
    descriptors,
    directories::serving,
    dispatch::dispatch,
    listener::{self, Transport},
    maintenance::maintain,
    own_certificate::OwnCertificate,
    perspectives,
    queue::{self, InProcessQueue},
    readiness::Readiness,
    software_signer::SoftwareSigner,
    status::{READY, StatusFiles},
    tasks::{EndedTask, Tasks},
    trusted_proxies::TrustedProxies,
    webhook::{self, Webhook},
};

/// A running host. [`Host::stop`] stops it; dropping it aborts all work.
pub struct Host {
    urls: Urls,
    directories: Vec<DirectoryId>,
    profiles: AppliedProfiles,
    is_opened: bool,
    test_switches: Vec<&'static str>,
    listen_address: SocketAddr,
    status_listen_address: SocketAddr,
    status_url: String,
    http_port: u16,
    root: Certificate,
    root_path: PathBuf,
    store: Arc<EmbeddedStore>,
    stop: watch::Sender<bool>,
    listeners: Tasks,
    workers: Tasks,
    data: DataFolder,
}

impl Host {
    /// Starts: data folder, keys, store, hierarchy, listeners, and what the last stop interrupted.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_by(config, Arc::new(SystemClock)).await
    }

    /// Starts by another clock than the system's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_by(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        // Nothing is begun with a configuration that is refused.
        if !config.data.join(STORE).exists() {
            config.check_first_start()?;
        }
        let key_block_list = match &config.key_block_list {
            Some(path) => Some(KeyBlockList::checked(path.clone()).await?),
            None => None,
        };
        let remote = config.perspectives.as_deref().map(perspectives::read).transpose()?;
        let data = DataFolder::open(&config.data)?;
        let (listen, listen_address) = bind(config.listen, "--listen").await?;
        let (status_listen, status_listen_address) = bind(config.status_listen, "--status-listen").await?;
        let given = config.admin_groups.iter().map(|given| AdminSocket::bind_role(&config.admin_sockets, given));
        let role_sockets = given.collect::<Result<Vec<_>, _>>()?;
        let local_url: BaseUrl = format!("https://localhost:{}/api", listen_address.port()).parse()?;
        let base_url = config.base_url.clone().unwrap_or_else(|| local_url.clone());
        let status_url = config.status_url.clone().unwrap_or_else(|| base_url.status_url(status_listen_address.port()));
        let status_url = status_url.as_str().to_owned();

        let is_as_left = data.store_is_as_left();
        let store = open_store(&data, &config).await?;
        config.check_test_switches(&store.profiles().await?)?;
        let signer = Arc::new(SoftwareSigner::new(&data));
        let now = clock.now();
        if now.as_second() < MADE && store.issuers().await?.is_empty() {
            return Err(StartError::ClockBehind(now));
        }

        let webhook = match &config.events.webhook {
            Some(webhook) => Some(Arc::new(Webhook::open(webhook, &data, clock.clone())?)),
            None => {
                webhook::warn_of_left_events(&data)?;
                None
            }
        };
        let events: Arc<dyn EventSink> = match &webhook {
            Some(webhook) => webhook.spools(),
            None => Arc::new(()),
        };
        let (queue, workers) = queue::queue();
        let files = StatusFiles::default();
        let tasks_queue = Arc::new(queue.clone());
        let settings = Settings {
            status_url: Some(status_url.clone()),
            key_block_list,
            perspectives: Some(remote.as_ref().map(perspectives::facts).unwrap_or_default()),
            orders_per_page: config.test.orders_per_page.unwrap_or(Settings::default().orders_per_page),
            expiring: SignedDuration::from_hours(i64::from(config.events.expiring_days) * 24),
            openness: config.openness(),
            test_switches: config.test.switched_on(),
            ..Settings::default()
        };
        let seams = Seams {
            store: store.clone(),
            signer: signer.clone(),
            validation_queue: tasks_queue.clone(),
            issuance_queue: tasks_queue.clone(),
            crl_queue: tasks_queue.clone(),
            publisher: Arc::new(files.clone()),
            events: events.clone(),
            clock: clock.clone(),
        };
        let parts = Arc::new(Parts::new(seams, &settings));
        let seams = operator::Seams::over(store.clone(), signer.clone(), tasks_queue, events.clone(), clock.clone());
        let operator =
            operator::Parts { host_settings: config.disclosed(), ..operator::Parts::beside(&parts, seams, &settings) };
        let operator = Arc::new(operator);
        let expiring = settings.expiring;
        let expiry = ExpiryNotices::new(
            store.clone(),
            store.clone(),
            Events::new(events, clock.clone()),
            clock.clone(),
            expiring,
        );
        let sealing = Sealing::new(parts.issuers.clone(), store.clone(), store.clone(), signer.clone(), clock);
        let upkeep = Upkeep {
            nonce_secrets: parts.nonce_secret_rotation.clone(),
            crls: parts.crls.clone(),
            expiry: Arc::new(expiry),
            sealing: Arc::new(sealing),
        };
        InitialProfiles::new(operator.profiles.clone(), store.clone(), store.clone()).mark_new_store().await?;
        let hierarchy = hierarchy(&config, &store, &signer).await?;
        let further = further_issuers(&hierarchy, &store).await?;
        for error in signer.read_keys(&further) {
            tracing::error!(%error, "an issuer cannot sign; `serverless-acme admin doctor` says more");
        }
        let root = operator.ceremony.ensure(&hierarchy).await.map_err(|error| match error {
            issuing::Error::Failed(Failure::ForeignIssuer(issuer)) => {
                StartError::KeyOfAnotherCa(signer.path(issuer.as_str()))
            }
            other => operator::Error::from(other).into(),
        })?;
        let profiles = apply_profiles(&config, &operator, &store).await?;
        let stored = operator.profiles.all().await?.acme_profile;
        config.check_open(&stored)?;
        let is_opened = config.openness() == Openness::Opened && stored.iter().any(AcmeProfile::is_open);
        for switch in config.test.switched_on() {
            tracing::warn!(switch, "a test switch is on: this CA is for testing clients, and nothing else");
        }
        let root_path = data.file(ROOT_PEM);
        write_whole(&root_path, 0o644, root.pem().as_bytes())
            .map_err(|source| StartError::Data { path: root_path.clone(), source })?;
        files.put_root(root.pem());
        if is_as_left {
            parts.nonce_secret_rotation.ensure().await?;
        } else {
            parts.nonce_secret_rotation.renew().await?;
        }
        ExternalAccountSecrets::new(store.clone(), operator.clock.clone()).ensure().await?;
        if let Err(error) = publish_crl::at_start(&upkeep).await {
            // The others are published, and the missing ones are retried every minute.
            tracing::error!(error = &error as &dyn std::error::Error, "not all CRLs were published");
        }
        let is_unsealed = upkeep.sealing.begin().await.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the receipts are sealed later");
            false
        });
        let names = host_names([&base_url, &local_url], listen_address.ip());
        let tls = OwnCertificate::start(&parts.host_certificates, names, host_profile(&hierarchy)?).await?;
        let acceptor = TlsAcceptor::from(Arc::new(tls.server_config()?));
        let mut own_certificates = vec![tls];
        let remote = match &remote {
            Some(file) => {
                let names = vec![base_url.host().clone()];
                let asking =
                    OwnCertificate::start(&parts.host_certificates, names, asking_profile(&hierarchy)?).await?;
                own_certificates.push(asking.clone());
                Some(perspectives::connect(file, &asking, root.der())?)
            }
            None => None,
        };

        let options = ContextOptions { nonce_refusals: config.test.nonce_refusals };
        let admission = Admission::new(
            parts.directories.clone(),
            parts.nonces.clone(),
            parts.accounts.clone(),
            parts.refusals.clone(),
            operator.clock.clone(),
        );
        let context = Arc::new(Context::new(admission, base_url.as_str(), options));
        let urls = context.urls().clone();
        let directories = serving(&operator.profiles, &parts.directories).await?;
        let (stop, stopped) = watch::channel(false);
        let mut listeners = Tasks::default();
        let surroundings = Surroundings {
            base_url: urls.base().to_owned(),
            root: root_path.clone(),
            http_port: config.http_port,
            dns_resolver: config.dns_resolver,
            webhook: None,
        };
        let answering = Answering { operator: operator.clone(), host: surroundings, webhook: webhook.clone() };
        for socket in admin_socket(&data).into_iter().chain(role_sockets) {
            listeners.spawn("an admin socket", socket.serve(answering.clone(), stopped.clone()));
        }
        let proxies = &config.trusted_proxies;
        if !proxies.is_empty() {
            tracing::info!(%proxies, "X-Forwarded-For of these proxies says who asks");
        }
        // The status listener has a quarter of the places.
        let places = descriptors::places();
        let of_acme = (listen, places - places / 4, proxies.clone());
        let serving = serve_acme(of_acme, acceptor, stopped.clone(), context, operator.clone(), parts.clone());
        listeners.spawn("the listener for ACME", serving);
        let readiness = Arc::new(Readiness::new(store.clone(), operator.clone()));
        let of_status = (status_listen, places / 4, proxies.clone());
        listeners.spawn("the status listener", serve_status(of_status, stopped, files, readiness));
        let settings = validate::ValidationSettings {
            resolver: config.dns_resolver,
            allowed_networks: Vec::new(),
            http_port: config.http_port,
            tls_port: config.tls_port,
            always_valid: config.test.always_valid,
            perspectives: remote,
            ..validate::ValidationSettings::default()
        };
        let http_port = config.http_port;
        let mut tasks = Tasks::default();
        tasks.spawn("the work queues", workers.run(parts.clone(), settings, config.test.validation_delay));
        tasks.spawn("maintenance", maintain(operator, parts, upkeep, store.clone(), own_certificates, is_unsealed));
        let writing = store.clone();
        tasks.spawn("the writer of the store", async move { writing.writer_ended().await });
        if let Some(webhook) = webhook {
            tasks.spawn("the webhook", webhook.deliver());
        }
        resume(&store, &queue).await?;
        Ok(Self {
            urls,
            directories,
            profiles,
            is_opened,
            test_switches: config.test.switched_on(),
            listen_address,
            status_listen_address,
            status_url,
            http_port,
            root,
            root_path,
            store,
            stop,
            listeners,
            workers: tasks,
            data,
        })
    }

    /// The URL of a directory.
    pub fn directory_url(&self, directory: &DirectoryId) -> String {
        self.urls.directory(directory)
    }

    /// The directories that served at the start, in both families, the default ones first.
    pub fn directories(&self) -> &[DirectoryId] {
        &self.directories
    }

    /// Whether its operator opened it to everybody who reaches it.
    pub fn is_opened(&self) -> bool {
        self.is_opened
    }

    /// The switches for testing clients that are on.
    pub fn test_switches(&self) -> &[&'static str] {
        &self.test_switches
    }

    /// What the start made of the profiles of the configuration.
    pub fn profiles(&self) -> &AppliedProfiles {
        &self.profiles
    }

    /// Where it listens for ACME.
    pub fn listen_address(&self) -> SocketAddr {
        self.listen_address
    }

    /// Where it listens for relying parties.
    pub fn status_listen_address(&self) -> SocketAddr {
        self.status_listen_address
    }

    /// The base of all ACME URLs.
    pub fn base_url(&self) -> &str {
        self.urls.base()
    }

    /// The base of the URLs inside certificates.
    pub fn status_url(&self) -> &str {
        &self.status_url
    }

    /// The port that http-01 connects to.
    pub fn http_port(&self) -> u16 {
        self.http_port
    }

    /// The root's certificate.
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The file with the root's certificate; its path is absolute.
    pub fn root_path(&self) -> &Path {
        &self.root_path
    }

    /// The store, for counting and looking.
    pub fn store(&self) -> &EmbeddedStore {
        &self.store
    }

    /// Waits until a part of the host ends that should not. The process should end then: a
    /// supervisor starts it again, and nothing that was answered is lost.
    pub async fn ended(&mut self) -> EndedTask {
        tokio::select! {
            ended = self.listeners.ended() => ended,
            ended = self.workers.ended() => ended,
        }
    }

    /// Stops: no new connections, requests under way are answered, the store is closed. Validations
    /// under way are interrupted; the next start resumes them.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.listeners.join().await;
        self.workers.abort().await;
        if let Err(error) = self.store.close().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the store was not closed cleanly");
        } else {
            self.data.leave_store();
        }
    }
}

/// The listener, and where it really listens: port 0 is any free one.
async fn bind(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bound.await.map_err(|source| StartError::Listen { address, flag, source })
}

/// The names in the listener's certificate: the hosts of its URLs, this machine, and where it
/// listens.
fn host_names(urls: [&BaseUrl; 2], listen: IpAddr) -> Vec<Identifier> {
    let addresses = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), listen];
    let addresses = addresses.into_iter().filter(|address: &IpAddr| !address.is_unspecified()).map(Identifier::Ip);
    let mut names: Vec<Identifier> = urls.into_iter().map(|url| url.host().clone()).chain(addresses).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The plan of the CA. The keys are read from their files, or created if there is no CA yet.
async fn hierarchy(config: &Config, store: &EmbeddedStore, signer: &SoftwareSigner) -> Result<Hierarchy, StartError> {
    let ca = &config.ca;
    let plan = async |id: &str, name: &str, kind: IssuerKeyType, days: u32| -> Result<IssuerPlan, StartError> {
        let id: IssuerId = id.parse()?;
        let is_new = store.issuer(&id).await?.is_none();
        Ok(IssuerPlan {
            subject: AuthorityName::new(name, ca.organization.clone())?,
            key: signer.ensure_key(id.as_str(), kind, is_new)?,
            lifetime: SignedDuration::from_hours(i64::from(days) * 24),
            crl_shards: 1,
            id,
        })
    };
    Ok(Hierarchy {
        root: plan(ROOT, &ca.root_name, ca.root_key, ca.root_days).await?,
        issuing: plan(ISSUING, &ca.issuing_name, ca.issuing_key, ca.issuing_days).await?,
    })
}

/// The issuers that operators made beside the hierarchy.
async fn further_issuers(hierarchy: &Hierarchy, store: &EmbeddedStore) -> Result<Vec<IssuerRecord>, StartError> {
    let mut issuers = store.issuers().await?;
    issuers.retain(|issuer| issuer.id != hierarchy.root.id && issuer.id != hierarchy.issuing.id);
    Ok(issuers)
}

/// The profile of the host's own certificate. No directory refers to it.
fn host_profile(hierarchy: &Hierarchy) -> Result<RaProfile, StartError> {
    let month = 30 * 24 * 60 * 60;
    let certificate_validity = Validity { default: month, maximum: month };
    Ok(RaProfile { certificate_validity, ..RaProfile::new(DEFAULT.parse()?, hierarchy.issuing.id.clone()) })
}

/// The profile of the certificate with which the host asks perspectives.
fn asking_profile(hierarchy: &Hierarchy) -> Result<RaProfile, StartError> {
    let extended_key_usage = BTreeSet::from([ExtendedKeyUsage::Client]);
    Ok(RaProfile { extended_key_usage, ..host_profile(hierarchy)? })
}

/// Has the profiles of the configuration applied, as far as they changed.
async fn apply_profiles(
    config: &Config,
    operator: &operator::Parts,
    store: &Arc<EmbeddedStore>,
) -> Result<AppliedProfiles, StartError> {
    let (acme_profile, ra_profile) = (config.acme_profiles.clone(), config.ra_profiles.clone());
    let named = ProfileSet { acme_profile, ra_profile };
    let mut built_in = built_in_profiles();
    if config.openness() == Openness::Opened {
        built_in.acme_profile.iter_mut().for_each(|profile| profile.limits = Limits::bounds_and_rates());
    }
    let configured = ConfiguredProfiles { named, built_in };
    let configurations = Configurations::new(operator.profiles.clone(), store.clone(), operator.audit.clone());
    configurations.apply(&configured).await.map_err(|error| match error {
        operator::Error::Refused(Refusal::Profiles(invalid)) => StartError::Profiles(invalid),
        operator::Error::Refused(Refusal::Open(open)) => config.refusal_of_open(&open),
        other => other.into(),
    })
}

/// The socket of the owner, who can do without it: the folder is open to them when no host runs.
fn admin_socket(data: &DataFolder) -> Option<AdminSocket> {
    let bound = AdminSocket::bind(data);
    bound.inspect_err(|error| tracing::warn!(%error, "there is no socket for `serverless-acme admin`")).ok()
}

async fn serve_acme(
    (listener, places, proxies): (TcpListener, usize, TrustedProxies),
    acceptor: TlsAcceptor,
    stop: watch::Receiver<bool>,
    context: Arc<Context>,
    operator: Arc<operator::Parts>,
    parts: Arc<Parts>,
) {
    let served = Arc::new(AtomicU64::new(0));
    let answer = move |mut request: Request<Bytes>| {
        let (context, operator) = (context.clone(), operator.clone());
        let (parts, served) = (parts.clone(), served.clone());
        async move {
            let id = served.fetch_add(1, Ordering::Relaxed) + 1;
            request.extensions_mut().insert(RequestId(id.to_string()));
            dispatch(&context, &operator, &parts, request).await
        }
    };
    listener::serve(listener, places, proxies, Transport::Tls(acceptor), stop, answer).await;
}

async fn serve_status(
    (listener, places, proxies): (TcpListener, usize, TrustedProxies),
    stop: watch::Receiver<bool>,
    files: StatusFiles,
    readiness: Arc<Readiness>,
) {
    let answer = move |request: Request<Bytes>| {
        let (files, readiness) = (files.clone(), readiness.clone());
        async move {
            match request.uri().path() {
                READY => files.answer_ready(request.method(), &readiness.check().await),
                _ => files.answer(&request),
            }
        }
    };
    listener::serve(listener, places, proxies, Transport::Plain, stop, answer).await;
}

/// Hands over again what the last stop interrupted.
async fn resume(store: &EmbeddedStore, queue: &InProcessQueue) -> Result<(), StartError> {
    let unfinished = store.unfinished().await?;
    for (account, authorization, challenge) in unfinished.validations {
        let task = ValidationTask { account, authorization, challenge };
        queue.validate(task).await.map_err(operator::Error::from)?;
    }
    for (account, order) in unfinished.issuances {
        queue.issue(IssuanceTask { account, order }).await.map_err(operator::Error::from)?;
    }
    Ok(())
}

/// 1 November 2026 in seconds since 1970: this program was made later, so every clock that is right
/// says a later time.
const MADE: i64 = 1_793_491_200;

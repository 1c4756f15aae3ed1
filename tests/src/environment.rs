//! A CA for one test, on either host, and the network around it.

mod aws;
mod one_process;
mod stack;

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use authority::Clock;
use aws_lc_rs::hmac;
use ca::IssuerKeyType;
use host::Config;
use jiff::SignedDuration;
use jose::base64url;
use serde_json::{Map, Value, json};
use store::Store;

use crate::{
    challenge_server::ChallengeServer,
    client::{Algorithm, Client, Http, Key},
    clients::{Authority, Target},
    clock::TestClock,
    events,
    reach::out_of_reach,
};

use self::{one_process::OneProcess, stack::DeployedStack};

pub use self::aws::{Aws, Deployed, Functions};

/// Where a CA runs. The same tests run on the first two, and those that need only what clients see
/// on the third one, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// One process with the embedded store.
    OneProcess,
    /// The functions of the bundle, in a cloud that the test simulates.
    Aws,
    /// The bundle as it is deployed, in an emulator of AWS: one stack for all tests of a program,
    /// which leave the network as it is.
    Stack,
    /// The same, one test after another, each with a network that no other has changed.
    StackByTurns,
}

impl Host {
    /// Starts a CA with the built-in profiles. The deployed one is that of all tests, which gets no
    /// other.
    pub async fn start(self) -> Environment {
        if self.is_deployed() { self.shared().await.expect(TOOLS) } else { self.configured(|_| {}).await }
    }

    /// The deployed CA of all tests; `None` without the tools for it, which is reported loudly.
    async fn shared(self) -> Option<Environment> {
        let stack = DeployedStack::shared(self == Self::StackByTurns).await?;
        Some(Environment::deployed(stack))
    }

    /// Starts a CA with a configuration that `change` adapts. The CA and the profiles in it apply
    /// to every host but the deployed one, where it is the profiles alone; the rest applies only to
    /// the one process.
    pub async fn configured(self, change: impl FnOnce(&mut Config)) -> Environment {
        if self.is_deployed() {
            return Environment::deployed(DeployedStack::with(change).await.expect(TOOLS));
        }
        self.by(TestClock::default(), change).await
    }

    /// Starts a CA with the built-in profiles whose clock is that number of days slow.
    pub async fn started_days_ago(self, days: i64) -> Environment {
        if self.is_deployed() {
            out_of_reach();
        }
        self.by(TestClock::slow(SignedDuration::from_hours(24 * days)), |_| {}).await
    }

    async fn by(self, clock: TestClock, change: impl FnOnce(&mut Config)) -> Environment {
        events::listen();
        let challenges = Arc::new(ChallengeServer::start().await);
        let ca = match self {
            Self::OneProcess => Running::OneProcess(Box::new(OneProcess::start(&challenges, clock, change).await)),
            _ => Running::Aws(Box::new(Aws::start(&challenges, clock, change).await)),
        };
        Environment::around(challenges, ca)
    }

    /// What a test finds in [`Environment::counts`] after this number of writes.
    pub fn counted(self, writes: u64) -> u64 {
        if self.is_deployed() { 0 } else { writes }
    }

    fn is_deployed(self) -> bool {
        matches!(self, Self::Stack | Self::StackByTurns)
    }

    /// Runs a test on the default directory of each kind of one CA. Without the tools for the
    /// deployed stack it does not run, which is reported loudly.
    pub async fn on_both_families(self, test: impl AsyncFn(Directory<'_>)) {
        let environment = if self.is_deployed() { self.shared().await } else { Some(self.start().await) };
        let Some(environment) = environment else { return };
        environment.on_both_families(test).await;
    }
}

/// A new CA that runs on free ports. Everything stops on drop.
pub struct Environment {
    /// The network in which it validates.
    pub challenges: Arc<ChallengeServer>,
    http: Arc<Http>,
    ca: Running,
}

enum Running {
    OneProcess(Box<OneProcess>),
    Aws(Box<Aws>),
    Stack(Box<DeployedStack>),
}

impl Environment {
    fn around(challenges: Arc<ChallengeServer>, ca: Running) -> Self {
        let root = match &ca {
            Running::OneProcess(host) => host.root(),
            Running::Aws(aws) => aws.https_root(),
            Running::Stack(stack) => stack.trusted(),
        };
        Self { challenges, http: Arc::new(Http::trusting(&root)), ca }
    }

    fn deployed(stack: DeployedStack) -> Self {
        Self::around(stack.challenges(), Running::Stack(Box::new(stack)))
    }

    /// Stops it and starts it again with its data and an adapted configuration. All URLs stay the
    /// same.
    pub async fn restarted(self, change: impl FnOnce(&mut Config)) -> Self {
        let ca = match self.ca {
            Running::OneProcess(host) => Running::OneProcess(Box::new(host.restarted(change).await)),
            Running::Aws(aws) => Running::Aws(Box::new(aws.restarted(change).await)),
            Running::Stack(_) => out_of_reach(),
        };
        Self::around(self.challenges, ca)
    }

    /// What `explain` says of an order of this client, as text.
    pub async fn explained(&self, client: &Client, order: &str) -> String {
        let id = |url: &str| url.rsplit('/').next().unwrap().to_owned();
        let subject = json!({"order": {"account": id(client.account()), "order": id(order)}});
        let explanation = self.act(json!({"action": "explain", "subject": subject})).await.unwrap();
        explanation["timeline"].to_string()
    }

    /// The directory with that name: `default` for an ACME Profile, `raProfile/default` for an RA
    /// Profile.
    pub fn directory<'a>(&'a self, name: &'a str) -> Directory<'a> {
        Directory { environment: self, name }
    }

    /// Runs a test on the default directory of each kind.
    pub async fn on_both_families(&self, test: impl AsyncFn(Directory<'_>)) {
        for name in FAMILIES {
            // Shown if the test fails.
            println!("on the directory {name}");
            test(self.directory(name)).await;
        }
    }

    /// An HTTP client that trusts the CA's listener.
    pub fn http(&self) -> &Arc<Http> {
        &self.http
    }

    /// The base URL of ACME.
    pub fn base_url(&self) -> &str {
        match &self.ca {
            Running::OneProcess(host) => host.host().base_url(),
            Running::Aws(aws) => aws.base_url(),
            Running::Stack(stack) => stack.base_url(),
        }
    }

    /// The base of the URLs in certificates.
    pub fn status_url(&self) -> &str {
        match &self.ca {
            Running::OneProcess(host) => host.host().status_url(),
            Running::Aws(aws) => aws.status_url(),
            Running::Stack(stack) => stack.status_url(),
        }
    }

    /// The PEM file of the root certificate.
    pub fn root(&self) -> PathBuf {
        match &self.ca {
            Running::OneProcess(host) => host.root(),
            Running::Aws(aws) => aws.root(),
            Running::Stack(stack) => stack.root(),
        }
    }

    /// The PEM file of the root of the listener's own certificate.
    pub fn https_root(&self) -> PathBuf {
        match &self.ca {
            Running::OneProcess(host) => host.root(),
            Running::Aws(aws) => aws.https_root(),
            Running::Stack(stack) => stack.trusted(),
        }
    }

    /// The store of the CA.
    pub fn store(&self) -> &dyn Store {
        match &self.ca {
            Running::OneProcess(host) => host.host().store(),
            Running::Aws(aws) => aws.store(),
            Running::Stack(stack) => stack.store(),
        }
    }

    /// Adds an issuer with a key of its own, and returns the answer.
    ///
    /// # Errors
    /// The text of the refusal.
    pub async fn add_issuer(&self, id: &str, terms: Value) -> Result<Value, String> {
        let mut issuer = json!({"id": id, "name": format!("Test {id}")});
        issuer.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        if let Some(key) = self.issuer_key(IssuerKeyType::P256) {
            issuer["key"] = key.into();
        }
        self.act(json!({"action": "add-issuer", "issuer": issuer})).await
    }

    /// Makes a key for an issuer, if operators have to make it on this host.
    pub fn issuer_key(&self, kind: IssuerKeyType) -> Option<String> {
        match &self.ca {
            Running::OneProcess(_) => None,
            Running::Aws(aws) => Some(aws.issuer_key(kind)),
            Running::Stack(_) => out_of_reach(),
        }
    }

    /// Waits until the work that requests have queued is done. The one process does it before it
    /// answers.
    pub async fn settled(&self) {
        match &self.ca {
            Running::OneProcess(_) => {}
            Running::Aws(aws) => aws.settled().await,
            Running::Stack(stack) => stack.settled().await,
        }
    }

    /// What the CA read from and wrote to its store.
    /// No one counts in a deployed stack: nothing, always.
    pub fn counts(&self) -> Counts {
        match &self.ca {
            Running::OneProcess(host) => host.counts(),
            Running::Aws(aws) => aws.counts(),
            Running::Stack(_) => Counts::default(),
        }
    }

    /// Sends a request of an operator, in the form of the admin function, in the way of this host.
    /// Its effect is visible to the next request.
    ///
    /// # Errors
    /// The text of the refusal.
    pub async fn act(&self, request: Value) -> Result<Value, String> {
        match &self.ca {
            Running::OneProcess(host) => host.act(request).await,
            Running::Aws(aws) => aws.act(request).await,
            Running::Stack(stack) => stack.act(request).await,
        }
    }

    /// Runs the hourly work. The one process also does it when it starts.
    pub async fn an_hour_later(self) -> Self {
        let Running::Aws(aws) = &self.ca else { return self.restarted(|_| {}).await };
        let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
        aws.functions().named("PublishCrlFunction").invoke(event).await.unwrap();
        self.settled().await;
        self
    }

    /// Puts the clock of the CA forward by that number of days, and then runs the hourly work.
    pub async fn days_later(self, days: i64) -> Self {
        let by = SignedDuration::from_hours(24 * days);
        match &self.ca {
            Running::OneProcess(host) => host.clock().put_forward(by),
            Running::Aws(aws) => aws.clock().put_forward(by),
            Running::Stack(_) => out_of_reach(),
        }
        let environment = self.an_hour_later().await;
        environment.sealed().await;
        environment
    }

    /// Waits until the receipts of past days are sealed. The one process does it after its start.
    async fn sealed(&self) {
        let Running::OneProcess(host) = &self.ca else { return };
        let an_hour_ago = host.clock().now() - SignedDuration::from_hours(1);
        let midnight = an_hour_ago.as_second() - an_hour_ago.as_second().rem_euclid(24 * 60 * 60);
        let is_sealed = async || {
            let last = self.store().last_seal(None).await.unwrap();
            last.is_some_and(|seal| seal.until.as_second() >= midnight && seal.place.part + 1 == seal.parts)
        };
        for _ in 0..1_000 {
            if is_sealed().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the receipts of past days are not sealed");
    }

    /// The one process, for tests of what only it has.
    pub fn one_process(&self) -> &host::Host {
        match &self.ca {
            Running::OneProcess(host) => host.host(),
            Running::Aws(_) | Running::Stack(_) => panic!("this CA is on AWS"),
        }
    }

    /// The bundle, with a table that was restored from a backup.
    pub async fn restored(mut self, items: Vec<Map<String, Value>>) -> Self {
        match &mut self.ca {
            Running::Aws(aws) => aws.adopt(&self.challenges, items).await,
            Running::Stack(_) => out_of_reach(),
            Running::OneProcess(_) => panic!("this CA is one process"),
        }
        self
    }

    /// The bundle, after a stack in another region took over with replicas of table and keys.
    pub async fn taken_over_in(mut self, region: &str) -> Self {
        match &mut self.ca {
            Running::Aws(aws) => aws.take_over(&self.challenges, region).await,
            Running::Stack(_) => out_of_reach(),
            Running::OneProcess(_) => panic!("this CA is one process"),
        }
        self
    }

    /// The bundle, for tests of what only AWS has.
    pub fn aws(&self) -> &Aws {
        match &self.ca {
            Running::Aws(aws) => aws,
            Running::Stack(_) => out_of_reach(),
            Running::OneProcess(_) => panic!("this CA is one process"),
        }
    }
}

/// The use of a store: in records of the embedded store, in capacity units of DynamoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of records or units read.
    pub reads: u64,
    /// The number of records or units written.
    pub writes: u64,
}

/// One directory of a running CA.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    environment: &'a Environment,
    /// The part of the URL that names the directory.
    pub name: &'a str,
}

impl Directory<'_> {
    /// The URL of the directory object.
    pub fn url(&self) -> String {
        format!("{}/v1/protocols/acme/{}/directory", self.base_url(), self.name)
    }

    /// The directory of the same profile, of the other kind.
    pub fn other(&self) -> Self {
        let name = FAMILIES.into_iter().find(|name| *name != self.name).unwrap();
        Self { name, ..*self }
    }

    /// A nonce as the CA would have made it at that second: the test knows its secrets.
    pub async fn nonce_made_at(&self, second: i64) -> String {
        let secrets = self.store().nonce_secrets().await.unwrap().unwrap();
        let secret = &secrets.value.live[0];
        let mut nonce = vec![secret.number as u8];
        nonce.extend(u32::try_from(second).unwrap().to_be_bytes());
        nonce.extend(self.url().as_bytes().iter().rev().take(3).chain(&[0; 8]));
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.key));
        mac.update(&nonce);
        mac.update(self.name.as_bytes());
        nonce.extend(&mac.sign().as_ref()[..16]);
        base64url::encode(&nonce)
    }

    /// A client without an account.
    pub async fn stranger(&self) -> Client {
        self.stranger_with(Key::p256()).await
    }

    /// A client without an account, with this key.
    pub async fn stranger_with(&self, key: impl Into<Arc<Key>>) -> Client {
        Client::new(self.http.clone(), self.challenges.clone(), &self.url(), key).await
    }

    /// A client with a new account.
    pub async fn client(&self) -> Client {
        self.stranger().await.registered().await
    }

    /// A client with a new account that reaches the same functions through a REST API.
    pub async fn client_of_rest_api(&self) -> Client {
        let base = self.base_url().replace("/api", &format!("/{}/api", aws::rest_api::STAGE));
        let url = self.url().replace(self.base_url(), &base);
        Client::new(self.http.clone(), self.challenges.clone(), &url, Key::p256()).await.registered().await
    }

    /// A client with a new account and a key for this algorithm.
    pub async fn client_with(&self, algorithm: Algorithm) -> Client {
        self.stranger_with(Key::generate(algorithm)).await.registered().await
    }
}

impl Deref for Directory<'_> {
    type Target = Environment;

    fn deref(&self) -> &Environment {
        self.environment
    }
}

impl Authority for Environment {
    async fn target(&self, names: &[&str]) -> Target {
        let address = [127, 0, 0, 2].into();
        for name in names {
            let name = name.trim_start_matches("*.");
            self.challenges.dns.set_addresses(name, &[&format!("{address}")]);
        }
        let directory = self.directory(FAMILIES[0]).url();
        let object: Value = self.http.get(&directory).await.expect(200).json();
        Target {
            directory,
            root: self.root(),
            address,
            http_port: self.challenges.http_port,
            tls_port: self.challenges.tls_port,
            resolver: self.challenges.dns_addr,
            management: format!("http://127.0.0.1:{}", self.challenges.management_port),
            terms: object["meta"]["termsOfService"].as_str().map(str::to_owned),
            lifetime: Target::of_first_profile(),
        }
    }
}

/// The configuration of a test, which names the built-in profiles without their limits, for the
/// test to adapt.
fn config(folder: &Path) -> Config {
    let store::ProfileSet { mut acme_profile, ra_profile } = host::built_in_profiles();
    // A test sets the limits that it is about.
    acme_profile.iter_mut().for_each(|profile| profile.limits = store::Limits::default());
    Config {
        acme_profiles: acme_profile,
        ra_profiles: ra_profile,
        allow_test_switches: true,
        ..Config::new(folder.to_owned())
    }
}

const TOOLS: &str = "the tools for a deployed stack";

const FAMILIES: [&str; 2] = ["default", "raProfile/default"];

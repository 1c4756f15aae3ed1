//! The CA of the bundle as it is deployed: stacks in an emulator. One of them serves all tests of a
//! program that want nothing but the built-in profiles, until an operator acts on it: the next test
//! gets another one. A test with a configuration has its own.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, LazyLock, Mutex as Lock, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use aws::dynamodb::DynamoDbStore;
use aws_config::SdkConfig;
use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
};
use host::Config;
use serde_json::{Value, json};
use store::{ProfileSet, ProfileStore, Retention, Store};
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    sync::{Mutex, OwnedMutexGuard},
    time::sleep,
};

use crate::{challenge_server::ChallengeServer, client::Http, deployed::Stack, reach::out_of_reach};

/// A stack for one test, or for every one.
#[derive(Clone)]
pub(super) struct DeployedStack {
    stack: Arc<Stack>,
    base_url: String,
    sdk: SdkConfig,
    store: Arc<DynamoDbStore>,
    /// Whether an operator has acted on it.
    is_changed: Arc<AtomicBool>,
    _turn: Option<Arc<OwnedMutexGuard<()>>>,
}

impl DeployedStack {
    /// The stack of every test, which the first one deploys; by turns, for this test alone until
    /// the answer is dropped. `None` if a tool is missing on this machine.
    ///
    /// # Panics
    /// An installed tool fails, or a tool is missing under `cargo xtask test`.
    pub(super) async fn shared(by_turns: bool) -> Option<Self> {
        static TURNS: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);
        static STACK: Lock<Option<DeployedStack>> = Lock::new(None);
        let turn = if by_turns { Some(Arc::new(TURNS.clone().lock_owned().await)) } else { None };
        // A test that fails here leaves no stack, so the next one deploys.
        let mut shared = STACK.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.as_ref().is_none_or(|stack| stack.is_changed.load(Ordering::Relaxed)) {
            drop(shared.take());
            *shared = Self::of_every_test();
        }
        let stack = shared.as_ref()?;
        if by_turns {
            stack.stack.challenges.forget();
        }
        Some(Self { _turn: turn, ..stack.clone() })
    }

    /// A stack whose network belongs to no test, so that it is there for the next one.
    fn of_every_test() -> Option<Self> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            Runtime::new().unwrap().block_on(async move {
                sender.send(Self::with(|_| {}).await).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().expect("the stack is deployed")
    }

    /// A new stack with the profiles of a configuration; `None` if a tool is missing on this
    /// machine. What else is in a configuration is not the stack's.
    ///
    /// # Panics
    /// Those of [`DeployedStack::shared`]; and more than profiles was changed.
    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let folder = TempDir::with_prefix("serverless-acme-test").unwrap();
        let built_in = super::config(folder.path());
        let mut config = super::config(folder.path());
        change(&mut config);
        let profiles =
            ProfileSet { acme_profile: config.acme_profiles.clone(), ra_profile: config.ra_profiles.clone() };
        config.acme_profiles.clone_from(&built_in.acme_profiles);
        config.ra_profiles.clone_from(&built_in.ra_profiles);
        if format!("{config:?}") != format!("{built_in:?}") {
            out_of_reach();
        }

        let stack = Stack::deploy_for_profiles().await.unwrap_or_else(|failure| panic!("{failure}"))?;
        let sdk = stack.sdk_config().await;
        let table = stack.outputs["TableName"].clone();
        let store = DynamoDbStore::new(aws_sdk_dynamodb::Client::new(&sdk), &table, Retention::default());
        // No function has run yet that would remember other profiles.
        let changes = profiles.changes_from(&store.profiles().await.unwrap());
        store.apply_profiles(&changes).await.unwrap();
        Some(Self {
            base_url: stack.base_url(),
            stack: Arc::new(stack),
            sdk,
            store: Arc::new(store),
            is_changed: Arc::default(),
            _turn: None,
        })
    }

    pub(super) fn challenges(&self) -> Arc<ChallengeServer> {
        self.stack.challenges.clone()
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(super) fn status_url(&self) -> &str {
        self.stack.status_url()
    }

    pub(super) fn root(&self) -> PathBuf {
        self.stack.root()
    }

    pub(super) fn trusted(&self) -> PathBuf {
        self.stack.trusted()
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Invokes the function of operators. All other functions then start again, because they
    /// remember profiles and issuers for a while.
    pub(super) async fn act(&self, request: Value) -> Result<Value, String> {
        self.is_changed.store(true, Ordering::Relaxed);
        let is_ceremony = admin::ceremony_names().any(|name| request["action"] == name);
        let function = &self.stack.outputs[if is_ceremony { "CeremonyFunctionArn" } else { "AdminFunctionName" }];
        let url = self.functions(&format!("{function}/invocations"));
        let reply = Http::trusting(&self.trusted()).request("POST", &url, None, request.to_string().into_bytes()).await;
        self.cool().await;
        // Answers for operators have members that are null; those for clients have none.
        let answer: Value =
            serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", reply.text()));
        match answer["errorMessage"].as_str() {
            Some(message) => Err(message.to_owned()),
            None => Ok(answer),
        }
    }

    /// Ends the processes of all functions, as Lambda does after a change of their configuration.
    async fn cool(&self) {
        let http = Http::trusting(&self.trusted());
        let listed = http.get(&self.functions("")).await.expect(200).json();
        for function in listed["Functions"].as_array().unwrap() {
            let url = self.functions(&format!("{}/configuration", function["FunctionName"].as_str().unwrap()));
            // The emulator asks what is configured, not whether it is new.
            let change = json!({"Timeout": function["Timeout"]}).to_string().into_bytes();
            http.request("PUT", &url, None, change).await.expect(200);
        }
    }

    fn functions(&self, path: &str) -> String {
        format!("{}/2015-03-31/functions/{path}", self.stack.endpoint())
    }

    /// Waits until no queue of a worker has a message, visible or not.
    pub(super) async fn settled(&self) {
        let sqs = aws_sdk_sqs::Client::new(&self.sdk);
        let queues = sqs.list_queues().send().await.unwrap().queue_urls.unwrap_or_default();
        for queue in queues.iter().filter(|url| QUEUES.iter().any(|queue| url.contains(queue))) {
            let began = Instant::now();
            loop {
                assert!(began.elapsed() < PATIENCE, "{queue} is not empty after {PATIENCE:?}");
                let counts = [
                    ApproximateNumberOfMessages,
                    ApproximateNumberOfMessagesDelayed,
                    ApproximateNumberOfMessagesNotVisible,
                ];
                let request = sqs.get_queue_attributes().queue_url(queue).set_attribute_names(Some(counts.into()));
                let counts: HashMap<_, _> = request.send().await.unwrap().attributes.unwrap_or_default();
                if counts.values().all(|count| count == "0") {
                    break;
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The logical ids of the workers' queues, which are part of their names.
const QUEUES: [&str; 3] = ["ValidateQueue", "IssueQueue", "PublishCrlQueue"];

/// Longer than a worker takes for all tries of a message.
const PATIENCE: Duration = Duration::from_secs(120);

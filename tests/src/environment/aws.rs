//! The CA on AWS, simulated in this process: the functions of the bundle behind an API Gateway and
//! queues, in a cloud that records every call and fails those that a test chooses.

mod api_gateway;
mod functions;
mod lambda;
mod listener;
mod queues;
pub(super) mod rest_api;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use aws::{Capability, Environment, dynamodb::DynamoDbStore};
use bytes::Bytes;
use ca::IssuerKeyType;
use cloud::{Access, Cloud, KeySpec, REGION};
use host::{Config, TestSwitches};
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use store::{ProfileSet, ProfileStore, Retention, Store};
use tempfile::TempDir;

use crate::{challenge_server::ChallengeServer, clock::TestClock};

use super::Counts;

use self::{
    api_gateway::ApiGateway,
    listener::{Listener, Port},
    queues::{Delivery, WORKERS, Worker},
};

pub use self::lambda::{Deployed, Functions};

/// A running bundle.
pub struct Aws {
    cloud: Cloud,
    functions: Functions,
    capabilities: BTreeMap<&'static str, BTreeSet<Capability>>,
    clock: TestClock,
    variables: Environment,
    store: DynamoDbStore,
    config: Config,
    base_url: String,
    status_url: String,
    folder: TempDir,
    delivery: Delivery,
    /// The ARNs of resources, by their logical ids in the template.
    arns: BTreeMap<&'static str, String>,
    /// Where the functions are.
    region: String,
    _listeners: [Listener; 2],
}

impl Aws {
    /// The name of the caller when a test reads the table itself.
    pub const TEST: &str = "test";
    /// The name of the stack, which is also that of the table.
    pub const STACK: &str = TABLE;

    /// The host of the URL of the function `enrol`, which leads nowhere until a test creates it.
    pub const ENROLMENT_HOST: &str = "enrol.lambda-url.eu-central-1.on.aws";
    /// The name of the event bus.
    pub const EVENT_BUS: &str = "events";

    pub(super) async fn start(
        challenges: &ChallengeServer,
        clock: TestClock,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = TempDir::with_prefix("serverless-acme-test").unwrap();
        let mut config = super::config(folder.path());
        change(&mut config);
        let (gateway, site) = (Port::free().await, Port::free().await);
        let domain = format!("localhost:{}", gateway.number());
        let status_url = format!("http://127.0.0.1:{}", site.number());

        let cloud = Cloud::start();
        let table = cloud.create_table(TABLE);
        cloud.create_bucket(BUCKET);
        cloud.create_event_bus(Self::EVENT_BUS);
        let (root_key, issuing_key) = (key_spec(config.ca.root_key), key_spec(config.ca.issuing_key));
        let mut arns = BTreeMap::from([
            ("Table", table),
            ("RootKey", cloud.create_multi_region_key(root_key)),
            ("IssuingKey", cloud.create_multi_region_key(issuing_key)),
            ("StatusBucket", format!("arn:aws:s3:::{BUCKET}")),
            ("EnrolFunction", ENROL.to_owned()),
        ]);
        for Worker { queue, logical_id, .. } in WORKERS {
            arns.insert(logical_id, queues::arn(queue));
        }
        let base_url = format!("https://{domain}/api");
        let environment = environment(&cloud, challenges, &base_url, &status_url, TABLE, &config);
        let capabilities = functions::capabilities(&cloud, &environment);
        let functions = functions::deploy(&cloud, &environment, REGION, &clock);
        let store = DynamoDbStore::new(
            aws_sdk_dynamodb::Client::new(&cloud.sdk_config(Self::TEST)),
            TABLE,
            Retention::default(),
        );
        let aws = Self {
            delivery: Delivery::start(&cloud, &functions),
            _listeners: [
                serve_acme(
                    gateway,
                    &folder.path().join(HTTPS_ROOT),
                    ApiGateway::new(functions.clone(), domain.clone()),
                ),
                serve_status(site, cloud.clone()),
            ],
            base_url,
            arns,
            region: REGION.to_owned(),
            cloud,
            functions,
            capabilities,
            clock,
            variables: environment,
            store,
            config,
            status_url,
            folder,
        };
        aws.bootstrap().await;
        aws.set_profiles().await;
        aws
    }

    /// Ends all processes and changes the profiles.
    pub(super) async fn restarted(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self.set_profiles().await;
        self.functions.cool();
        self
    }

    pub(super) fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Sends a request of an operator. Every process sees its effect at once.
    pub(super) async fn act(&self, request: Value) -> Result<Value, String> {
        let is_ceremony = admin::ceremony_names().any(|name| request["action"] == name);
        let function = if is_ceremony { "CeremonyFunction" } else { "AdminFunction" };
        let answer = self.functions.named(function).invoke(request).await;
        self.functions.cool();
        answer.map_err(|error| error.to_string())
    }

    async fn set_profiles(&self) {
        assert_eq!(self.config.test, TestSwitches::default(), "only the one process has test switches");
        let Config { acme_profiles, ra_profiles, .. } = self.config.clone();
        let profiles = ProfileSet { acme_profile: acme_profiles, ra_profile: ra_profiles };
        let changes = profiles.changes_from(&self.store.profiles().await.unwrap());
        self.store.apply_profiles(&changes).await.unwrap();
    }

    /// Runs the custom resource of the template as CloudFormation does.
    async fn bootstrap(&self) {
        let ca = &self.config.ca;
        self.cloud.create_bucket(ANSWERS);
        let event = json!({
            "RequestType": "Create",
            "ResponseURL": format!("https://{ANSWERS}.s3.{}.amazonaws.com/answer", REGION),
            "StackId": "stack",
            "RequestId": "request",
            "ResourceType": "Custom::CertificateAuthority",
            "LogicalResourceId": "CertificateAuthority",
            "ResourceProperties": {
                "ServiceToken": "function",
                "RootKeyId": self.arn_of("RootKey"),
                "IssuingKeyId": self.arn_of("IssuingKey"),
                "RootName": ca.root_name,
                "IssuingName": ca.issuing_name,
                "Organization": ca.organization.as_deref().unwrap_or_default(),
                "RootDays": ca.root_days.to_string(),
                "IssuingDays": ca.issuing_days.to_string(),
                "Open": "true",
            },
        });
        self.functions.named("BootstrapFunction").invoke(event).await.unwrap();
        let answer = self.cloud.object(ANSWERS, "answer").expect("an answer for CloudFormation");
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
        fs::write(self.root(), answer["Data"]["RootCertificate"].as_str().unwrap()).unwrap();
        self.settled().await;
    }

    /// Replaces the table by one with these items, as a deployment that adopts a table restored
    /// from a backup. Keys and bucket stay the same.
    pub(super) async fn adopt(&mut self, challenges: &ChallengeServer, items: Vec<Map<String, Value>>) {
        self.cloud.create_table(RESTORED);
        self.cloud.fill_table(RESTORED, items);
        let environment =
            environment(&self.cloud, challenges, &self.base_url, &self.status_url, RESTORED, &self.config);
        self.functions.update(&functions::deploy(&self.cloud, &environment, REGION, &self.clock));
        let client = aws_sdk_dynamodb::Client::new(&self.cloud.sdk_config(Self::TEST));
        self.store = DynamoDbStore::new(client, RESTORED, Retention::default());
        self.bootstrap().await;
    }

    /// Loses the keys of the home region, and has a stack in another one take over: replicas of the
    /// keys, and the replica of a global table with the same content.
    pub(super) async fn take_over(&mut self, challenges: &ChallengeServer, region: &str) {
        for key in ["RootKey", "IssuingKey"] {
            let replica = self.cloud.replicate_key(&self.arn_of(key), region);
            self.arns.insert(key, replica);
        }
        self.cloud.lose_keys_of(REGION);
        region.clone_into(&mut self.region);
        let environment = environment(&self.cloud, challenges, &self.base_url, &self.status_url, TABLE, &self.config);
        self.functions.update(&functions::deploy(&self.cloud, &environment, region, &self.clock));
        self.bootstrap().await;
    }

    /// Makes a KMS key for an issuer that is to be added, with the tag that an operator gives it.
    pub fn issuer_key(&self, kind: IssuerKeyType) -> String {
        let key = self.cloud.create_multi_region_key(key_spec(kind));
        let key = self.cloud.replicate_key(&key, &self.region);
        self.cloud.tag_key(&key, "serverless-acme-issuer-of", Self::STACK);
        key
    }

    /// The simulated cloud.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// What each function is constructed from.
    pub fn capabilities(&self) -> BTreeMap<&'static str, BTreeSet<Capability>> {
        self.capabilities.clone()
    }

    /// The canary as its function has it.
    pub fn canary(&self) -> canary::Canary {
        functions::canary(&self.cloud, &self.variables)
    }

    /// The functions of the bundle.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The ARN of the resource with this logical id in the template.
    pub fn arn_of(&self, logical_id: &str) -> String {
        self.arns.get(logical_id).unwrap_or_else(|| panic!("this cloud has no {logical_id}")).clone()
    }

    /// The calls that Lambda made with the permissions of a function to take messages from its
    /// queue.
    pub fn deliveries(&self) -> Vec<(String, Access)> {
        self.delivery.accesses()
    }

    /// All items of the table.
    pub fn items(&self) -> Vec<Map<String, Value>> {
        self.cloud.items(TABLE)
    }

    /// Lets the delays of all messages pass, and waits until they are processed. Returns these
    /// delays.
    pub async fn let_delays_pass(&self) -> Vec<Duration> {
        // Those that were sent just now come first.
        self.settled().await;
        let delays = self.delivery.let_delays_pass();
        self.settled().await;
        delays
    }

    /// Waits until no message is in a queue or being processed, other than those whose delay has
    /// not passed.
    pub async fn settled(&self) {
        self.delivery.settled().await;
    }

    /// The bodies of the messages in the dead-letter queues.
    pub fn dead_letters(&self) -> Vec<String> {
        self.delivery.dead_letters()
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(super) fn status_url(&self) -> &str {
        &self.status_url
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    pub(super) fn https_root(&self) -> PathBuf {
        self.folder.path().join(HTTPS_ROOT)
    }

    pub(super) fn store(&self) -> &dyn Store {
        &self.store
    }

    /// The units of DynamoDB, without the calls of the test itself and those that were refused.
    pub(super) fn counts(&self) -> Counts {
        let calls = self.cloud.calls();
        let applied = calls.iter().filter(|call| call.principal != Self::TEST && call.is_applied());
        let units: cloud::Units = applied.map(|call| call.units).sum();
        Counts { reads: units.read as u64, writes: units.write as u64 }
    }
}

/// The environment variables that the template sets.
fn environment(
    cloud: &Cloud,
    challenges: &ChallengeServer,
    base_url: &str,
    status_url: &str,
    table: &str,
    config: &Config,
) -> Environment {
    let key_block_list = config.key_block_list.as_deref().unwrap_or(Path::new(""));
    let [validate, issue, publish_crl] = WORKERS.map(|worker| cloud.create_queue(worker.queue));
    [
        ("TABLE_NAME", table.to_owned()),
        ("STATUS_BUCKET", BUCKET.to_owned()),
        ("STATUS_URL", status_url.to_owned()),
        ("VALIDATE_QUEUE_URL", validate),
        ("ISSUE_QUEUE_URL", issue),
        ("PUBLISH_CRL_QUEUE_URL", publish_crl),
        ("DNS_RESOLVER", challenges.dns_addr.to_string()),
        ("HTTP_PORT", challenges.http_port.to_string()),
        ("TLS_PORT", challenges.tls_port.to_string()),
        ("EVENT_BUS_NAME", Aws::EVENT_BUS.to_owned()),
        ("OPEN", "true".to_owned()),
        ("KEY_BLOCK_LIST", key_block_list.display().to_string()),
        ("ACME_BASE_URL", base_url.to_owned()),
        ("ENROLMENT_URL", format!("https://{}/", Aws::ENROLMENT_HOST)),
        ("CEREMONY_FUNCTION", CEREMONY.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("PERSPECTIVES", config.perspectives.as_deref().map(functions_of).unwrap_or_default()),
    ]
    .into_iter()
    .collect()
}

/// The functions that a file of perspectives names, as the parameter of the template has them.
fn functions_of(path: &Path) -> String {
    let file: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let members = file["perspective"].as_array().unwrap().iter();
    members.map(|member| member["function"].as_str().unwrap()).collect::<Vec<_>>().join(",")
}

const ENROL: &str = "arn:aws:lambda:eu-central-1:123456789012:function:acme-EnrolFunction-1A2B";
const CEREMONY: &str = "arn:aws:lambda:eu-west-1:123456789012:function:acme-CeremonyFunction-1A2B";

fn key_spec(kind: IssuerKeyType) -> KeySpec {
    match kind {
        IssuerKeyType::P256 => KeySpec::EccNistP256,
        IssuerKeyType::P384 => KeySpec::EccNistP384,
        IssuerKeyType::Rsa2048 => KeySpec::Rsa2048,
        IssuerKeyType::Rsa3072 => KeySpec::Rsa3072,
        IssuerKeyType::Rsa4096 => KeySpec::Rsa4096,
    }
}

fn serve_acme(port: Port, root: &std::path::Path, gateway: ApiGateway) -> Listener {
    let gateway = Arc::new(gateway);
    port.serve(Some(listener::tls(root)), move |request| {
        let gateway = gateway.clone();
        async move { gateway.answer(request).await }
    })
}

/// Serves the status bucket as relying parties see it.
fn serve_status(port: Port, cloud: Cloud) -> Listener {
    port.serve(None, move |request| {
        let response = status_file(&cloud, &request);
        async move { response }
    })
}

fn status_file(cloud: &Cloud, request: &Request<Bytes>) -> Response<Bytes> {
    let mut response = Response::default();
    match cloud.object(BUCKET, request.uri().path().trim_start_matches('/')) {
        None => *response.status_mut() = StatusCode::NOT_FOUND,
        Some(object) => {
            let value = |text: &str| HeaderValue::from_str(text).unwrap();
            response.headers_mut().insert(header::CONTENT_TYPE, value(&object.content_type));
            response.headers_mut().insert(header::CACHE_CONTROL, value(&object.cache_control));
            *response.body_mut() = object.body;
        }
    }
    response
}

const TABLE: &str = "acme";
const RESTORED: &str = "acme-restored";
const BUCKET: &str = "status";
/// The bucket in which CloudFormation waits for responses.
const ANSWERS: &str = "cloudformation";
const HTTPS_ROOT: &str = "https-root.pem";

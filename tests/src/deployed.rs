//! The deployed bundle: the stack of `template.yaml`, with the programs that `sam build` made, in
//! an emulator of AWS on this machine.
//!
//! The emulator runs each program as Lambda does, behind API Gateway, with DynamoDB, KMS, SQS and
//! S3. There are two [`Front`]s before it: one is the public domain of the API, over HTTPS; the
//! other stands for the CloudFront distribution of the status bucket. Everything stops on drop.

mod account;
mod emulator;
mod engine;
pub mod event;
mod front;
pub mod template;
pub mod transformed;

use std::{
    collections::BTreeMap,
    env, fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use tempfile::TempDir;

use crate::{
    challenge_server::ChallengeServer,
    clients::{Authority, Failure, Run, Target, Tool},
};

use self::emulator::Emulator;

pub use self::account::Account;
pub use self::engine::Engine;
pub use self::front::{Front, Identity, Upstream};

/// The programs that `sam build` made, each in a folder with the name of its function; `None` under
/// a plain `cargo test`, which is reported loudly.
pub fn bundle() -> Option<PathBuf> {
    let folder = env::var_os("SERVERLESS_ACME_BUNDLE").map(PathBuf::from);
    if folder.is_none() {
        Tool::skipped("the bundle", "is not built (cargo xtask test builds it)");
    }
    folder
}

/// A deployed stack.
pub struct Stack {
    /// The network in which it validates.
    pub challenges: Arc<ChallengeServer>,
    /// The outputs of the stack.
    pub outputs: BTreeMap<String, String>,
    emulator: Emulator,
    api: Front,
    status: Front,
    identity: Arc<Identity>,
    folder: TempDir,
}

impl Stack {
    /// Deploys the bundle, with the emulator at a loopback address; `None` if a tool is missing on
    /// this machine.
    ///
    /// # Errors
    /// An installed tool fails, or a tool is missing under `cargo xtask test`.
    pub async fn deploy() -> Result<Option<Self>, Failure> {
        Self::deploy_at(Ipv4Addr::LOCALHOST.into()).await
    }

    /// The same, where only a profile may let it validate on this machine.
    ///
    /// # Errors
    /// Those of [`Stack::deploy`].
    pub async fn deploy_for_profiles() -> Result<Option<Self>, Failure> {
        Self::validating_in("", Ipv4Addr::LOCALHOST.into()).await
    }

    /// The same, with the emulator at an address that containers can reach.
    ///
    /// # Errors
    /// Those of [`Stack::deploy`].
    pub async fn deploy_at(address: IpAddr) -> Result<Option<Self>, Failure> {
        Self::validating_in(LOOPBACK, address).await
    }

    async fn validating_in(networks: &str, address: IpAddr) -> Result<Option<Self>, Failure> {
        let Some(bundle) = bundle() else { return Ok(None) };
        let (Some(sam), Some(ministack)) = (Tool::find("sam")?, Tool::find("ministack")?) else { return Ok(None) };

        let folder = TempDir::with_prefix("serverless-acme-stack").map_err(Failure::io("temporary folder"))?;
        let identity = Arc::new(Identity::new("localhost"));
        let challenges = Arc::new(ChallengeServer::start().await);
        let api = Front::over_tls(&identity).await;
        let status = Front::plain().await;
        let emulator = Emulator::start(&ministack, address, folder.path()).await?;
        let outputs = Self::create(&sam, &bundle, folder.path(), &emulator, |parameters| {
            parameters.extend([
                format!("PublicBaseUrl={}/api", api.origin()),
                format!("StatusUrl={}", status.origin()),
                "Open=true".to_owned(),
                format!("ValidationResolver={}", challenges.dns_addr),
                format!("ValidationHttpPort={}", challenges.http_port),
                format!("ValidationTlsPort={}", challenges.tls_port),
                format!("ValidationNetworks={networks}"),
                "EventBusName=default".to_owned(),
                "Enrolment=on".to_owned(),
                "Canary=on".to_owned(),
            ]);
        })
        .await?;

        let output = |name: &str| outputs.get(name).cloned().unwrap_or_default();
        let upstream = emulator.address();
        let host = format!("{}.execute-api.{upstream}", output("HttpApiId"));
        api.lead_to(Upstream { address: upstream, host: host.clone(), prefix: String::new() });
        let prefix = format!("/{}", output("StatusBucketName"));
        status.lead_to(Upstream { address: upstream, host: upstream.to_string(), prefix });
        let stack = Self { challenges, outputs, emulator, api, status, identity, folder };
        let root = stack.outputs.get("RootCertificate").cloned().unwrap_or_default();
        // The root of HTTPS comes first, because some clients read only the first one.
        let trusted = format!("{}{root}", stack.identity.root_pem());
        fs::write(stack.trusted(), trusted).map_err(Failure::io(TRUSTED))?;
        fs::write(stack.root(), root).map_err(Failure::io(ROOT))?;
        Ok(Some(stack))
    }

    async fn create(
        sam: &Tool,
        bundle: &Path,
        folder: &Path,
        emulator: &Emulator,
        parameters: impl FnOnce(&mut Vec<String>),
    ) -> Result<BTreeMap<String, String>, Failure> {
        let mut values = Vec::new();
        parameters(&mut values);
        let python = sam.path.with_file_name("python");
        let deployed = Run::new(&python, folder)
            .env("PYTHONPYCACHEPREFIX", sam.path.with_file_name("pycache"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deployed/deploy.py"))
            .arg("--template")
            .arg(repository().join("template.yaml"))
            .arg("--code")
            .arg(bundle)
            .args(["--endpoint", &emulator.url(), "--stack", "serverless-acme", "--local"])
            .arg(folder.join(LOCAL))
            .args(values)
            .finish()
            .await
            .map_err(|failure| emulator.explain(failure))?;
        serde_json::from_str(&deployed.stdout).map_err(|error| Failure::Io {
            place: format!("outputs of the stack: {}", deployed.stdout),
            source: error.into(),
        })
    }

    /// The base URL of ACME.
    pub fn base_url(&self) -> String {
        format!("{}/api", self.api.origin())
    }

    /// The URL of the status bucket, without a slash at the end.
    pub fn status_url(&self) -> &str {
        self.status.origin()
    }

    /// The URL of a directory: `default` for an ACME Profile, `raProfile/default` for an RA
    /// Profile.
    pub fn directory(&self, name: &str) -> String {
        format!("{}/v1/protocols/acme/{name}/directory", self.base_url())
    }

    /// The PEM file with the trusted roots: first that of the API's HTTPS certificate, then that of
    /// the CA.
    pub fn trusted(&self) -> PathBuf {
        self.folder.path().join(TRUSTED)
    }

    /// The PEM file of the CA's root certificate.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join(ROOT)
    }

    /// The template of functions that `sam local` runs beside this stack, with its table, keys and
    /// queues.
    pub fn local_template(&self) -> PathBuf {
        self.folder.path().join(LOCAL)
    }

    /// The URL at which the emulator serves every AWS service.
    pub fn endpoint(&self) -> String {
        self.emulator.url()
    }

    /// The configuration of AWS's SDK for calls to the emulator.
    pub async fn sdk_config(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(emulator::REGION))
            .credentials_provider(Credentials::new("test", "test", None, None, "emulator"))
            .endpoint_url(self.endpoint())
            .load()
            .await
    }

    /// The identity of the API over HTTPS, which another front can have too.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The log of the emulator and the functions, to be shown when a test fails.
    pub fn log(&self) -> String {
        self.emulator.log()
    }

    /// The stack as the CA of a client that uses this directory and listens at this address.
    pub fn door<'a>(&'a self, directory: &'a str, address: [u8; 4]) -> Door<'a> {
        Door { stack: self, directory, address: address.into() }
    }
}

/// A stack, as seen by the clients of one directory at one address.
#[derive(Clone, Copy)]
pub struct Door<'a> {
    stack: &'a Stack,
    directory: &'a str,
    address: IpAddr,
}

impl Authority for Door<'_> {
    async fn target(&self, names: &[&str]) -> Target {
        let Stack { challenges, .. } = self.stack;
        for name in names {
            challenges.dns.set_addresses(name.trim_start_matches("*."), &[&self.address.to_string()]);
        }
        Target {
            directory: self.stack.directory(self.directory),
            root: self.stack.trusted(),
            address: self.address,
            http_port: challenges.http_port,
            tls_port: challenges.tls_port,
            resolver: challenges.dns_addr,
            management: format!("http://127.0.0.1:{}", challenges.management_port),
            terms: None,
            lifetime: Target::of_first_profile(),
        }
    }
}

/// The top folder of the repository.
pub fn repository() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

const LOCAL: &str = "local.yaml";
const TRUSTED: &str = "trusted.pem";
const ROOT: &str = "root.pem";
const LOOPBACK: &str = "127.0.0.0/8,::1/128";

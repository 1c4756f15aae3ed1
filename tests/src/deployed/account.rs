//! An account without any stack: the emulator, and around it what an account has elsewhere, for a
//! program that deploys by itself.

use std::{fs, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    challenge_server::ChallengeServer,
    client::Http,
    clients::{Failure, Tool},
};

use super::{
    emulator::Emulator,
    front::{Front, Identity, Upstream},
};

/// An account in the emulator. It stops on drop.
pub struct Account {
    // Ends before what it asks.
    _follows: JoinSet<()>,
    challenges: ChallengeServer,
    emulator: Emulator,
    api: Arc<Front>,
    status: Front,
    trust: String,
    _folder: TempDir,
}

impl Account {
    /// Starts it, and writes the root of the API's HTTPS certificate to `folder`. The bucket, which
    /// there is not yet, is read at [`Account::state`]'s `statusUrl`.
    ///
    /// # Errors
    /// The emulator is not installed, or does not start.
    pub async fn start(folder: &Path, bucket: &str) -> Result<Self, Failure> {
        let Some(ministack) = Tool::find("ministack")? else {
            return Err(Failure::Missing { program: "ministack" });
        };
        let own = TempDir::with_prefix("serverless-acme-account").map_err(Failure::io("temporary folder"))?;
        let identity = Identity::new("localhost");
        let trust = folder.join("https-root.pem");
        fs::write(&trust, identity.root_pem()).map_err(Failure::io(trust.display()))?;
        let (api, status) = (Arc::new(Front::over_tls(&identity).await), Front::plain().await);
        let emulator = Emulator::start(&ministack, Ipv4Addr::LOCALHOST.into(), own.path()).await?;
        let upstream = emulator.address();
        status.lead_to(Upstream { address: upstream, host: upstream.to_string(), prefix: format!("/{bucket}") });
        let mut follows = JoinSet::new();
        follows.spawn(follow(Http::trusting(&trust), emulator.url(), Arc::clone(&api), upstream));
        Ok(Self {
            _follows: follows,
            challenges: ChallengeServer::start().await,
            emulator,
            api,
            status,
            trust: trust.display().to_string(),
            _folder: own,
        })
    }

    /// What a program has to know: the endpoint of all services; parameters for a stack that is
    /// reached and validates here; the URL at which the bucket is read, and a name at which those
    /// who validate read it, too.
    pub fn state(&self) -> Value {
        let port = self.status.origin().rsplit(':').next().unwrap_or_default();
        json!({
            "endpoint": self.emulator.url(),
            "host": "status.test",
            "statusUrl": self.status.origin(),
            "trust": self.trust,
            "parameters": {
                "PublicBaseUrl": format!("{}/api", self.api.origin()),
                "ValidationHttpPort": port,
                "ValidationNetworks": "127.0.0.0/8",
                "ValidationResolver": self.challenges.dns_addr.to_string(),
            },
        })
    }
}

/// Leads the public domain to the API that there is: one stack after another makes one.
async fn follow(http: Http, endpoint: String, api: Arc<Front>, address: std::net::SocketAddr) {
    loop {
        let listed = http.get(&format!("{endpoint}/v2/apis")).await.json();
        let id = listed["items"].as_array().and_then(|apis| apis.last()).and_then(|last| last["apiId"].as_str());
        if let Some(id) = id {
            api.lead_to(Upstream { address, host: format!("{id}.execute-api.{address}"), prefix: String::new() });
        }
        sleep(Duration::from_millis(200)).await;
    }
}

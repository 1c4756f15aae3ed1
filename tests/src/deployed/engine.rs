//! A container engine for `sam local`: the one that already runs on this machine, or one that the
//! test starts and stops; and the image in which the functions run.

use std::{
    env,
    fs::File,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::clients::{Failure, Run, Tool};

/// A running engine that has the image.
pub struct Engine {
    own: Option<Child>,
    socket: String,
    folder: TempDir,
}

impl Engine {
    /// Starts the engine; if this machine cannot, that is reported loudly.
    ///
    /// # Errors
    /// A tool is missing under `cargo xtask test`, or the image cannot be made.
    pub async fn start() -> Result<Option<Self>, Failure> {
        let (Some(dockerd), Some(_)) = (Tool::find("dockerd")?, Tool::find("busybox")?) else { return Ok(None) };
        let folder = TempDir::with_prefix("serverless-acme-engine").map_err(Failure::io("temporary folder"))?;
        let running = env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let mut engine = Self { own: None, socket: running, folder };
        if !engine.answers().await {
            engine.socket = format!("unix://{}", engine.folder.path().join("docker.sock").display());
            engine.own = Some(engine.spawn(&dockerd)?);
            if let Err(why) = engine.wait().await {
                Tool::skipped("dockerd", &format!("does not start here: {why}"));
                return Ok(None);
            }
        }
        engine.run("sh").arg(script()).arg(engine.folder.path().join("image")).arg(IMAGE).finish().await?;
        Ok(Some(engine))
    }

    /// The name of the image, for `--invoke-image`.
    pub fn image(&self) -> &'static str {
        IMAGE
    }

    /// The address of this machine as containers see it.
    ///
    /// # Errors
    /// The engine does not report it.
    pub async fn gateway(&self) -> Result<IpAddr, Failure> {
        let inspected = self.run("docker").args(["network", "inspect", "bridge"]).finish().await?;
        let networks: Value = serde_json::from_str(&inspected.stdout).unwrap_or_default();
        gateway(&networks[0]["IPAM"]["Config"][0]).ok_or_else(|| Failure::Silent {
            command: "docker network inspect bridge".to_owned(),
            wanted: "Gateway",
            output: inspected.stdout,
        })
    }

    /// A program that uses this engine.
    pub fn run(&self, program: impl AsRef<Path>) -> Run {
        Run::new(program.as_ref(), self.folder.path()).env("DOCKER_HOST", &self.socket)
    }

    /// The path of a file for a program that uses this engine.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spawn(&self, dockerd: &Tool) -> Result<Child, Failure> {
        let at = |name: &str| self.folder.path().join(name);
        let log = File::create(at("dockerd.log")).map_err(Failure::io("dockerd.log"))?;
        let copy = log.try_clone().map_err(Failure::io("dockerd.log"))?;
        Command::new(&dockerd.path)
            .arg("--data-root")
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("dockerd.pid"))
            .args(["--host", &self.socket])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(copy)
            .spawn()
            .map_err(Failure::io(dockerd.path.display()))
    }

    async fn answers(&self) -> bool {
        self.run("docker").args(["version", "--format", "{{.Server.Version}}"]).finish().await.is_ok()
    }

    async fn wait(&mut self) -> Result<(), String> {
        let began = Instant::now();
        while !self.answers().await {
            let ended = self.own.as_mut().is_some_and(|own| !matches!(own.try_wait(), Ok(None)));
            if ended || began.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.file("dockerd.log")).unwrap_or_default();
                return Err(log.lines().last().unwrap_or("it says nothing").to_owned());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let Some(own) = &mut self.own else { return };
        // It stops its containers and unmounts their file systems.
        let _ = Command::new("kill").arg(own.id().to_string()).stderr(Stdio::null()).status();
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(own.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = own.kill();
        let _ = own.wait();
    }
}

/// The gateway of the bridge according to an engine. On a machine where no engine ran before, the
/// engine reports only the network; the gateway is its first address.
fn gateway(config: &Value) -> Option<IpAddr> {
    if let Some(gateway) = config["Gateway"].as_str() {
        return gateway.parse().ok();
    }
    let (network, _) = config["Subnet"].as_str()?.split_once('/')?;
    let network: Ipv4Addr = network.parse().ok()?;
    Some(Ipv4Addr::from_bits(network.to_bits().checked_add(1)?).into())
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deployed/base_image.sh")
}

const IMAGE: &str = "serverless-acme/lambda-base:1";
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bridge_of_an_engine_that_never_ran_before_has_a_gateway_too() {
        let first = json!({"Subnet": "172.17.0.0/16"});
        assert_eq!(gateway(&first), Some([172, 17, 0, 1].into()));
        let later = json!({"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.9"});
        assert_eq!(gateway(&later), Some([172, 17, 0, 9].into()));
        assert_eq!(gateway(&json!(null)), None);
    }
}

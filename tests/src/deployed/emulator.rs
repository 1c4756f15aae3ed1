//! The emulator: one process for all services, with the functions as its children.

use std::{
    fs::File,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::clients::{Failure, Tool};

/// A running emulator.
pub(super) struct Emulator {
    child: Child,
    /// Ends it if this process is killed, so that nothing is dropped.
    reaper: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Emulator {
    /// Starts it on a free port of the address, without any resources.
    pub(super) async fn start(program: &Tool, address: IpAddr, folder: &Path) -> Result<Self, Failure> {
        let free = TcpListener::bind((address, 0)).and_then(|listener| listener.local_addr());
        let address = free.map_err(Failure::io(address))?;
        let url = format!("http://{address}");
        let log = folder.join("emulator.log");
        let file = File::create(&log).map_err(Failure::io(log.display()))?;
        let copy = file.try_clone().map_err(Failure::io(log.display()))?;
        let child = Command::new(&program.path)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .env("BIND_HOST", address.ip().to_string())
            .env("GATEWAY_PORT", address.port().to_string())
            .env("MINISTACK_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ENDPOINT_URL", &url)
            .env("IOT_MTLS_ENABLED", "0")
            // The host to which a custom resource sends its response, and the domain of the APIs.
            .env("MINISTACK_HOST", address.ip().to_string())
            .current_dir(folder)
            // A process group of its own, so that it ends together with the functions.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(copy)
            .spawn()
            .map_err(Failure::io(program.path.display()))?;
        let mut emulator = Self { reaper: reaper(child.id(), folder), child, address, log };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = emulator.child.try_wait().map_err(Failure::io("the emulator"))?;
            if ended.is_some() || began.elapsed() > PATIENCE {
                return Err(Failure::Slow {
                    command: program.path.display().to_string(),
                    limit: PATIENCE,
                    output: emulator.log(),
                });
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(emulator)
    }

    /// The address at which it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint URL of every service.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The output of the emulator and the functions.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The failure of a program that used the emulator, with the emulator's output.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Ended { command, status, output } => {
                Failure::Ended { command, status, output: format!("{output}\n{}", self.log()) }
            }
            other => other,
        }
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // It stops its functions by itself if it has the time.
            self.signal("-TERM");
            let began = Instant::now();
            while began.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        self.signal("-KILL");
        let _ = self.child.wait();
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
    }
}

/// A process that ends a process group and removes a folder when its input has ended, which happens
/// at the latest when this process ends, whatever ended it.
fn reaper(group: u32, folder: &Path) -> Child {
    let script = r#"
        cat > /dev/null
        kill -TERM "-$1"
        for _ in 1 2 3 4 5 6; do kill -0 "-$1" || break; sleep 0.5; done
        kill -KILL "-$1"
        rm -rf -- "$2""#;
    let reaper = Command::new("sh")
        .args(["-c", script, "sh", &group.to_string()])
        .arg(folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    reaper.expect("sh starts")
}

/// The region that `sam local` assumes.
pub(super) const REGION: &str = "us-east-1";

const PATIENCE: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_ends_with_the_process_that_started_it_and_leaves_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut shared = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let mut reaper = reaper(shared.id(), folder.path());
        assert!(shared.try_wait().unwrap().is_none());
        drop(reaper.stdin.take());
        assert!(!shared.wait().unwrap().success());
        reaper.wait().unwrap();
        assert!(!folder.path().exists());
    }
}

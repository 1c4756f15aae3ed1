//! Measures how long a function takes from its start to its first answer, under Lambda's runtime
//! emulator on this machine, with the simulated AWS of the tests: `cargo run --release --package
//! tests --example cold_start -- target/sam target/tools`, after `cargo xtask test` has made both
//! folders.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tests::{
    Host,
    client::Http,
    deployed::{
        repository,
        template::{Template, program},
    },
};

#[tokio::main]
async fn main() {
    let [bundle, tools] = &env::args().skip(1).map(PathBuf::from).collect::<Vec<_>>()[..] else {
        panic!("the folder of the bundle and that of the tools are wanted");
    };
    let ca = Host::Aws.start().await;
    let cloud = ca.aws().cloud().listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let http = Http::trusting(&ca.root());
    println!("{:<20} {:>8} {:>8} {:>8}", "function", "fastest", "p50", "p95");
    for name in Template::read().functions().keys() {
        let function = program(name);
        // It sends its response to CloudFormation, which does not exist here.
        if function == "bootstrap" {
            continue;
        }
        let event = fs::read(repository().join(format!("events/{function}.json"))).unwrap();
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let start = Start::new(&runtime(tools), &bundle.join(name).join("bootstrap"), &cloud.url());
            times.push(start.first_answer(&http, event.clone()).await);
        }
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
        println!("{function:<20} {:>8.1} {:>8.1} {:>8.1}", at(0), at(50), at(95));
    }
}

/// A program to be started: the runtime emulator listens, and starts the program with the first
/// event.
struct Start {
    process: std::process::Child,
    address: SocketAddr,
}

impl Start {
    fn new(runtime: &Path, program: &Path, endpoint: &str) -> Self {
        let [address, api] =
            [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap());
        let variables = [
            ("AWS_LAMBDA_FUNCTION_NAME", "function"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", endpoint),
            ("TABLE_NAME", "acme"),
            ("STATUS_BUCKET", "status"),
            ("VALIDATE_QUEUE_URL", "http://localhost/validate"),
            ("ISSUE_QUEUE_URL", "http://localhost/issue"),
            ("PUBLISH_CRL_QUEUE_URL", "http://localhost/publish-crl"),
            ("EVENT_BUS_NAME", "acme"),
        ];
        let process = Command::new(runtime)
            .args(["--log-level", "error", "--runtime-interface-emulator-address", &address.to_string()])
            .args(["--runtime-api-address", &api.to_string()])
            .arg(program)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        while TcpStream::connect(address).is_err() {}
        Self { process, address }
    }

    async fn first_answer(self, http: &Http, event: Vec<u8>) -> Duration {
        let url = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let began = Instant::now();
        let answer = http.request("POST", &url, None, event).await.expect(200);
        let took = began.elapsed();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(
            answer["errorType"].is_null() && answer["statusCode"].as_u64().is_none_or(|status| status < 500),
            "{answer}"
        );
        took
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// The runtime emulator inside the SAM command line.
fn runtime(tools: &Path) -> PathBuf {
    let libraries = fs::read_dir(tools.join("sam/lib")).unwrap();
    let library = libraries.map(|entry| entry.unwrap().path()).find(|path| path.join("site-packages").is_dir());
    library.unwrap().join("site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
}

const STARTS: usize = 21;

//! What a developer does with SAM on a machine: `sam validate`, `sam local invoke`, `sam local
//! start-api`.
//!
//! Functions run in containers of an engine that the test starts, on an image that it makes, beside
//! a stack in the emulator, of which they use the table, the keys and the queues.

use std::{fs, net::Ipv4Addr, sync::Arc};

use serde_json::{Value, json};
use tests::{
    client::{Client, Http, Key},
    clients::{Failure, Run, Service, Tool},
    deployed::{
        Engine, Front, Stack, Upstream,
        event::fresh,
        repository,
        template::{TEMPLATES, Template, program},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn the_templates_are_valid_and_free_of_lint() -> Result<(), Failure> {
    let Some(sam) = Tool::find("sam")? else { return Ok(()) };
    let folder = tempfile::tempdir().unwrap();
    for template in TEMPLATES {
        Run::new(&sam.path, folder.path())
            .env("SAM_CLI_TELEMETRY", "0")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .args(["validate", "--lint", "--template"])
            .arg(repository().join(template))
            .finish()
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_answers_its_event_in_a_container_and_an_api_of_containers_issues() -> Result<(), Failure> {
    let Some(sam) = Tool::find("sam")? else { return Ok(()) };
    if tests::deployed::bundle().is_none() {
        return Ok(());
    }
    let Some(engine) = Engine::start().await? else { return Ok(()) };
    let gateway = engine.gateway().await?;
    let Some(stack) = Stack::deploy_at(gateway).await? else { return Ok(()) };
    let local = Local { sam, engine, stack };

    // This one runs alone, because the first container makes the image with the runtime emulator.
    local.answers("DirectoryFunction").await?;
    let functions: Vec<String> = Template::read().functions().into_keys().map(str::to_owned).collect();
    for some in functions.chunks(AT_A_TIME) {
        for answered in tests::all(some.iter().map(|function| local.answers(function))).await {
            answered?;
        }
    }
    local.takes_a_fresh_event().await?;
    local.looks_from_elsewhere().await?;
    local.issues().await
}

/// `sam local`, with everything that it needs.
struct Local {
    sam: Tool,
    engine: Engine,
    stack: Stack,
}

impl Local {
    /// Invokes a function with its example event and checks the answer.
    async fn answers(&self, function: &str) -> Result<(), Failure> {
        let program = program(function);
        let text = fs::read_to_string(repository().join(format!("events/{program}.json"))).unwrap();
        let mut event: Value = serde_json::from_str(&text).unwrap();
        let answers = CloudFormation::listen(&self.engine).await?;
        if program == "bootstrap" {
            event["ResponseURL"] = answers.url.as_str().into();
            for (property, output) in [("RootKeyId", "RootKeyArn"), ("IssuingKeyId", "IssuingKeyArn")] {
                event["ResourceProperties"][property] = self.stack.outputs[output].as_str().into();
            }
            // As the stack of the tests is.
            event["ResourceProperties"]["Open"] = "true".into();
        }
        let answer = self.invoke(function, &event).await?;
        match program.as_str() {
            "admin" => assert_eq!(answer["issuers"].as_array().map(Vec::len), Some(2), "{answer}"),
            // It performs ceremonies itself.
            "ceremony" => assert_eq!(answer, json!({"function": null})),
            "bootstrap" => {
                let told = answers.told().await;
                assert_eq!(told["Status"], "SUCCESS", "{told}");
                assert_eq!(told["Data"]["RootCertificate"], self.stack.outputs["RootCertificate"].as_str(), "{told}");
            }
            // No one has a function URL here.
            "canary" => {
                let why = answer["errorMessage"].as_str().unwrap_or_default();
                assert!(why.starts_with("the step key failed"), "{answer}");
            }
            // Its own role of the example was granted nothing.
            "enrol" => {
                assert_eq!(answer["statusCode"], 403, "{answer}");
                assert!(answer["body"].as_str().unwrap().contains("has no grant for this"), "{answer}");
            }
            "forward-events" => assert_eq!(answer, json!({"put": 1})),
            "publish-crl" => assert_eq!(answer, Value::Null),
            // The object of the task does not exist, so there is nothing to retry.
            "issue" | "validate" => assert_eq!(answer["batchItemFailures"], json!([]), "{answer}"),
            "directory" | "new-nonce" => assert_eq!(answer["statusCode"], 200, "{answer}"),
            "fallback" | "renewal-info" => assert_eq!(answer["statusCode"], 404, "{answer}"),
            // The request is correctly signed, but its nonce expired long ago.
            _ => {
                assert_eq!(answer["statusCode"], 400, "{program}: {answer}");
                assert!(answer["body"].as_str().unwrap().contains("acme:error:badNonce"), "{program}: {answer}");
                assert!(answer["headers"]["replay-nonce"].is_string(), "{program}: {answer}");
            }
        }
        Ok(())
    }

    /// What `cargo xtask event new-account | sam local invoke NewAccountFunction --event -` does.
    async fn takes_a_fresh_event(&self) -> Result<(), Failure> {
        let http = Arc::new(Http::trusting(&self.stack.trusted()));
        let management = format!("http://127.0.0.1:{}", self.stack.challenges.management_port);
        let event = fresh(http, &self.stack.directory("default"), &management, "new-account").await.unwrap();
        let answer = self.invoke("NewAccountFunction", &event).await?;
        assert_eq!(answer["statusCode"], 201, "{answer}");
        Ok(())
    }

    /// The function of the other template says what it did not see.
    async fn looks_from_elsewhere(&self) -> Result<(), Failure> {
        let text = fs::read_to_string(repository().join("events/remote-perspective.json")).unwrap();
        let template = tests::deployed::bundle().unwrap().with_file_name("sam-perspective").join("template.yaml");
        let resolver = self.stack.challenges.dns_addr.to_string();
        let variables = self.engine.file("perspective-variables.json");
        fs::write(&variables, json!({"Parameters": {"DNS_RESOLVER": resolver}}).to_string()).unwrap();
        let sam = self.sam_with("invoke", &template).env("AWS_DEFAULT_REGION", "us-east-1");
        let sam = sam.arg("--env-vars").arg(variables);
        let answer = self.invoked(sam, "RemotePerspectiveFunction", &serde_json::from_str(&text).unwrap()).await?;
        assert_eq!((&answer["perspective"], &answer["region"]), (&json!("us-east-1"), &json!("arin")), "{answer}");
        assert_eq!(answer["sight"]["problem"]["type"], "urn:ietf:params:acme:error:dns", "{answer}");
        Ok(())
    }

    async fn invoke(&self, function: &str, event: &Value) -> Result<Value, Failure> {
        self.invoked(self.sam("invoke"), function, event).await
    }

    async fn invoked(&self, sam: Run, function: &str, event: &Value) -> Result<Value, Failure> {
        let file = self.engine.file(&format!("{function}.json"));
        fs::write(&file, event.to_string()).unwrap();
        let invoked = sam.arg(function).arg("--event").arg(file).finish().await?;
        let answer = invoked.stdout.trim();
        Ok(serde_json::from_str(answer)
            .unwrap_or_else(|error| panic!("{function}: {error}: {answer}\n{}", invoked.stderr)))
    }

    /// Obtains a certificate through `sam local start-api`; the workers are those of the stack.
    async fn issues(&self) -> Result<(), Failure> {
        let front = Front::over_tls(self.stack.identity()).await;
        let base = format!("{}/api", front.origin());
        let variables = self.engine.file("variables.json");
        fs::write(&variables, json!({"Parameters": {"PUBLIC_BASE_URL": base}}).to_string()).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let mut api: Service = self
            .sam("start-api")
            .args(["--port", &free.port().to_string(), "--warm-containers", "LAZY", "--env-vars"])
            .arg(variables)
            .serve()?;
        api.until(|| std::net::TcpStream::connect(free).ok()).await?;
        front.lead_to(Upstream { address: free, host: free.to_string(), prefix: String::new() });

        let http = Arc::new(Http::trusting(&self.stack.trusted()));
        let directory = format!("{base}/v1/protocols/acme/default/directory");
        let challenges = self.stack.challenges.clone();
        let client = Client::new(http, challenges, &directory, Key::p256()).await.registered().await;
        let issued = client.obtain(&["sam.test"]).await;
        assert!(issued.chain.starts_with("-----BEGIN CERTIFICATE-----"), "{}", issued.chain);
        // It stops its containers only when it is asked to end.
        api.terminate().await
    }

    fn sam(&self, command: &str) -> Run {
        self.sam_with(command, self.stack.local_template())
    }

    fn sam_with(&self, command: &str, template: impl AsRef<std::ffi::OsStr>) -> Run {
        self.engine
            .run(&self.sam.path)
            .env("SAM_CLI_TELEMETRY", "0")
            .args(["local", command, "--skip-pull-image", "--invoke-image", self.engine.image(), "--template"])
            .arg(template)
    }
}

/// A server for the response of a custom resource.
struct CloudFormation {
    url: String,
    listener: TcpListener,
}

impl CloudFormation {
    async fn listen(engine: &Engine) -> Result<Self, Failure> {
        let listener = TcpListener::bind((engine.gateway().await?, 0)).await.unwrap();
        Ok(Self { url: format!("http://{}/answer", listener.local_addr().unwrap()), listener })
    }

    /// The body of the first request.
    async fn told(self) -> Value {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut request = Vec::new();
        loop {
            stream.read_buf(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request);
            let body = text.split_once("\r\n\r\n").map(|(_, body)| serde_json::from_str(body));
            if let Some(Ok(body)) = body {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                return body;
            }
        }
    }
}

/// There are two processors, and each start waits a little for the engine.
const AT_A_TIME: usize = 3;

//! A tour of an operator: everything that can be decided about a CA, with nothing but
//! `serverless-acme admin`, and the effects on real clients.
//!
//! The tour is the same on both hosts; on AWS the commands use the `aws` tool to invoke the
//! deployed admin function.

#[path = "operator/perspectives.rs"]
mod perspectives;

use std::{path::Path, time::Duration};

use serde_json::Value;
use store::Validity;
use tests::{
    Host, Operator, SignedZones,
    client::{Http, certificate_id},
    clients::{Authority, Certbot, Certificate, CertificateKey, Challenge, Failure, Lego, Run, Target, Tool},
    deployed::Stack,
};
use tokio::time::sleep;

#[tokio::test]
async fn an_operator_walks_through_everything_that_can_be_decided_on_the_running_host() -> Result<(), Failure> {
    let (Some(certbot), Some(lego)) = (Tool::find(Certbot::PROGRAM)?, Tool::find(Lego::PROGRAM)?) else {
        return Ok(());
    };
    let environment = Host::OneProcess.start().await;
    let data = environment.one_process().root_path().parent().expect("the root lies in the data folder").to_owned();
    let operator = Operator::of_folder(PROGRAM, &data)?;
    for (id, name) in ISSUERS {
        operator.read(&["issuers", "add", id, "--name", name]).await?;
    }
    let site = Site { operator, certbot, lego, patience: Duration::ZERO };
    let environment = &environment;
    site.walk(environment.target(&[]).await, async |names| {
        environment.target(names).await;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_walks_through_the_same_on_the_deployed_bundle() -> Result<(), Failure> {
    let (Some(certbot), Some(lego)) = (Tool::find(Certbot::PROGRAM)?, Tool::find(Lego::PROGRAM)?) else {
        return Ok(());
    };
    let (Some(aws), Some(stack)) = (Tool::find("aws")?, Stack::deploy().await?) else { return Ok(()) };
    let operator = Operator::of_stack(PROGRAM, &stack, &aws)?;
    let folder = tempfile::tempdir().map_err(Failure::io("temporary folder"))?;
    for (id, name) in ISSUERS {
        let key = new_kms_key(&stack, &aws, folder.path()).await?;
        operator.read(&["issuers", "add", id, "--name", name, "--kms-key", &key]).await?;
    }
    // Warm functions keep what they have read for ten seconds.
    let site = Site { operator, certbot, lego, patience: Duration::from_secs(11) };
    let door = stack.door("default", [127, 0, 0, 7]);
    let outcome = site.walk(door.target(&[]).await, async |names| {
        door.target(names).await;
    });
    let outcome = outcome.await;
    if outcome.is_err() {
        // Shown if the test fails.
        println!("{}", stack.log());
    }
    outcome
}

/// What a resolver is to do is tried with two names, one of which it has to refuse.
#[tokio::test]
async fn doctor_tells_a_resolver_that_validates_from_one_that_does_not() -> Result<(), Failure> {
    let Some(zones) = SignedZones::start("").await? else { return Ok(()) };
    let environment = Host::OneProcess.start().await;
    let data = environment.one_process().root_path().parent().expect("the root lies in the data folder").to_owned();
    let operator = Operator::of_folder(PROGRAM, &data)?;
    for (resolver, says) in
        [(zones.address, None), (environment.challenges.dns_addr, Some("it does not call the answer for . authentic"))]
    {
        let (address, port) = (resolver.ip(), resolver.port());
        let profile = format!(
            "[[acmeProfile]]\nname = \"default\"\ndnssec = \"resolver\"\n\
             dnsResolver = {{ address = \"{address}\", port = {port} }}\n"
        );
        operator.read(&["apply", "--yes", &operator.file("profile.toml", &profile)?]).await?;
        let doctor = ["doctor", "--bogus-name", "forged.test"];
        let check = format!("DNSSEC of default, by resolver {resolver}: ");
        match says {
            None => {
                let well = operator.read(&doctor).await?;
                assert!(well.contains(&format!("ok    {check}validates: it refuses forged.test")), "{well}");
                let other = operator.read(&["doctor", "--bogus-name", "nowhere.test"]).await?;
                assert!(other.contains(&format!("WARN  {check}the trial with nowhere.test shows nothing")), "{other}");
            }
            Some(reason) => {
                let ill = operator.refusal(&doctor).await;
                assert!(ill.contains(&format!("BAD   {check}{reason}")), "{ill}");
                assert!(ill.contains("until then, forged answers count"), "{ill}");
            }
        }
    }
    Ok(())
}

/// The operator, the clients, and the differences between the hosts.
struct Site {
    operator: Operator,
    certbot: Tool,
    lego: Tool,
    /// How long a change takes to be visible at most.
    patience: Duration,
}

impl Site {
    /// Runs the tour. `target` is the CA as clients see it; `lead` makes names resolve to its
    /// address.
    async fn walk(self, target: Target, lead: impl AsyncFn(&[&str])) -> Result<(), Failure> {
        let folder = tempfile::tempdir().map_err(Failure::io("temporary folder"))?;
        let target = Target {
            directory: target.directory.replace("/default/", "/servers/"),
            terms: Some("https://ca.walk.test/terms/1".to_owned()),
            // The profiles of the walk have no preset.
            lifetime: Duration::from_secs(Validity::default().default.into()),
            ..target
        };
        lead(&[WEB, LAB]).await;

        // Two RA Profiles with an issuer each, and a directory that requires external account
        // bindings.
        let shown = self.apply("blue", 1, "disabled").await?;
        assert!(shown.contains("acmeProfile.servers: (none) -> "), "{shown}");
        assert!(
            self.operator.read(&["apply", "--yes", &self.set("blue", 1, "disabled")?]).await?.contains("no changes")
        );

        // Without a key there is no account; with one, each client gets an account, and each key is
        // valid for one account.
        let certbot = Certbot::new(&target, self.certbot.clone(), &fresh(folder.path(), "certbot")?);
        let refused = certbot.obtain(WEB, &[]).await.unwrap_err().to_string();
        assert!(refused.contains("external") || refused.contains("eab"), "{refused}");
        let [id, key] = self.mint(&["--scope", ".walk.test"]).await?;
        let bound = ["--eab-kid", &id, "--eab-hmac-key", &key];
        let chain = certbot.obtain(WEB, &bound).await?;
        let first = accept(&target, folder.path(), &chain, &[WEB], "Blue").await?;
        let [id, key] = self.mint(&["--scope", ".lab.test"]).await?;
        let lego = Lego::new(&target, self.lego.clone(), &fresh(folder.path(), "lego")?).bound_to(&id, &key);
        // No server answers for this name: it is approved without a challenge.
        let chain_of_lego = lego.obtain(Challenge::Tls, &[LAB], "ec256").await?;
        accept(&target, folder.path(), &chain_of_lego, &[LAB], "Blue").await?;
        let keys = self.operator.ask(&["eab", "list"]).await?;
        let states: Vec<_> = items(&keys).iter().map(|key| key["state"].clone()).collect();
        assert_eq!(states, ["used", "used"]);

        // The directory gets another CA; nothing changes for the clients.
        self.apply("green", 1, "disabled").await?;
        certbot.renew(&["--force-renewal"]).await?;
        let second = accept(&target, folder.path(), &chain, &[WEB], "Green").await?;

        // New terms: no orders for accounts that have not agreed; a new client agrees when it
        // registers.
        self.apply("green", 2, "url").await?;
        let refused = certbot.renew(&["--force-renewal"]).await.unwrap_err().to_string();
        assert!(refused.contains("terms"), "{refused}");
        let [id, key] = self.mint(&["--scope", ".lab.test"]).await?;
        let newcomer = Lego::new(&target, self.lego.clone(), &fresh(folder.path(), "newcomer")?).bound_to(&id, &key);
        newcomer.obtain(Challenge::Tls, &[LAB], "ec256").await?;
        self.apply("green", 2, "disabled").await?;
        certbot.renew(&["--force-renewal"]).await?;
        let third = accept(&target, folder.path(), &chain, &[WEB], "Green").await?;
        assert!(first.serial != second.serial && second.serial != third.serial);

        // An account is disabled, refused, and enabled again.
        let found = self.operator.ask(&["certificates", "find", "--name", WEB]).await?;
        let account = items(&found)[0]["account"].as_str().unwrap_or_default().to_owned();
        assert_eq!(self.operator.ask(&["accounts", "disable", &account]).await?["status"], "revoked");
        let refused = certbot.renew(&["--force-renewal"]).await.unwrap_err().to_string();
        assert!(refused.contains("disabled") || refused.contains("unauthorized"), "{refused}");
        self.operator.ask(&["accounts", "enable", &account]).await?;

        self.explain_a_failure(&certbot, &account).await?;

        // Certificates are found by name, counted and revoked; relying parties see it.
        let counted = self.operator.read(&["certificates", "revoke", "--name", WEB, "--dry-run"]).await?;
        assert!(counted.contains('3'), "{counted}");
        assert!(!third.is_revoked(&target).await?);
        self.operator.read(&["certificates", "revoke", "--name", WEB, "--reason", "superseded", "--yes"]).await?;
        for certificate in [&first, &second, &third] {
            until_revoked(certificate, &target).await?;
        }

        self.declare_an_incident(&target, &chain_of_lego).await?;

        // All of it has audit records.
        let audit = self.operator.ask(&["audit", "list"]).await?;
        for action in ["issuer add", "apply", "eab mint", "account disable", "account enable", "incident declare"] {
            assert!(items(&audit).iter().any(|act| act["action"] == action), "{action}: {audit}");
        }
        Ok(())
    }

    /// A name that resolves to no server: the client learns the reason, and so does the operator.
    async fn explain_a_failure(&self, certbot: &Certbot, account: &str) -> Result<(), Failure> {
        let refused = certbot.obtain(NOWHERE, &[]).await.unwrap_err().to_string();
        assert!(refused.contains(NOWHERE), "{refused}");
        let story = self.operator.read(&["explain", "--name", NOWHERE]).await?;
        assert!(story.contains(NOWHERE) && story.contains("http-01"), "{story}");
        let story = self.operator.read(&["explain", "--account", account]).await?;
        assert!(story.contains(NOWHERE), "{story}");
        Ok(())
    }

    /// The renewal information moves to now, with a page that explains why.
    async fn declare_an_incident(&self, target: &Target, chain: &Path) -> Result<(), Failure> {
        let chain = std::fs::read_to_string(chain).map_err(Failure::io("chain"))?;
        let url = format!("{}/{}", target.directory.replace("/directory", "/renewal-info"), certificate_id(&chain));
        let http = Http::trusting(&target.root);
        let usual = http.get(&url).await.expect(200).json();
        let declared = self.operator.ask(&[
            "incidents",
            "declare",
            "--profile",
            "servers",
            "--description",
            "a walk",
            "--url",
            PAGE,
            "--renew-within",
            "2h",
            "--yes",
        ]);
        let declared = declared.await?;
        sleep(self.patience).await;
        let moved = http.get(&url).await.expect(200).json();
        assert_eq!(moved["explanationURL"], PAGE);
        let end = |info: &Value| info["suggestedWindow"]["end"].as_str().unwrap_or_default().to_owned();
        assert!(end(&moved) < end(&usual), "{moved} {usual}");
        let id = declared["id"].as_str().unwrap_or_default();
        self.operator.read(&["incidents", "end", id, "--yes"]).await?;
        sleep(self.patience).await;
        assert_eq!(http.get(&url).await.expect(200).json(), usual);
        Ok(())
    }

    /// Applies a profile set and waits until it is effective; returns the differences shown to the
    /// operator.
    async fn apply(&self, issuing: &str, terms: u8, change: &str) -> Result<String, Failure> {
        let file = self.set(issuing, terms, change)?;
        let shown = self.operator.read(&["diff", &file]).await?;
        self.operator.read(&["apply", "--yes", &file]).await?;
        sleep(self.patience).await;
        Ok(shown)
    }

    fn set(&self, issuing: &str, terms: u8, change: &str) -> Result<String, Failure> {
        let set = format!(
            r#"
[[acmeProfile]]
name = "servers"
raProfile = "{issuing}"
externalAccountRequired = true
allowedIdentifiers = [".walk.test", ".lab.test"]
allowedNetworks = ["127.0.0.0/8"]
preApproved = [{{ rule = ".lab.test" }}]
requireTermsOfService = true
termsOfServiceUrl = "https://ca.walk.test/terms/{terms}"
termsOfServiceChange = "{change}"

[[raProfile]]
name = "blue"
issuer = "blue"

[[raProfile]]
name = "green"
issuer = "green"
"#
        );
        self.operator.file("profiles.toml", &set)
    }

    /// Creates an external account key; returns its identifier and the key.
    async fn mint(&self, more: &[&str]) -> Result<[String; 2], Failure> {
        let minted = self.operator.ask(&[&["eab", "mint", "--profile", "servers"], more].concat()).await?;
        Ok(["keyIdentifier", "key"].map(|member| minted[member].as_str().unwrap_or_default().to_owned()))
    }
}

/// Makes a KMS key for an issuer, as an operator does.
async fn new_kms_key(stack: &Stack, aws: &Tool, folder: &Path) -> Result<String, Failure> {
    let made = Run::new(&aws.path, folder)
        .env("AWS_ENDPOINT_URL", stack.endpoint())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .args(["kms", "create-key", "--key-spec", "ECC_NIST_P256", "--key-usage", "SIGN_VERIFY"])
        .args(["--tags", "TagKey=serverless-acme-issuer-of,TagValue=serverless-acme"])
        .args(["--query", "KeyMetadata.Arn", "--output", "text"])
        .finish();
    Ok(made.await?.stdout.trim().to_owned())
}

/// Checks a chain that the issuer with this colour signed.
async fn accept(
    target: &Target,
    folder: &Path,
    chain: &Path,
    names: &[&str],
    colour: &str,
) -> Result<Certificate, Failure> {
    let copy = tempfile::tempdir_in(folder).map_err(Failure::io("temporary folder"))?.keep().join("chain.pem");
    std::fs::copy(chain, &copy).map_err(Failure::io("chain"))?;
    let printed = Run::new("openssl", folder).args(["x509", "-noout", "-issuer", "-in"]).arg(&copy).finish().await?;
    assert!(printed.stdout.contains(colour), "{}", printed.stdout);
    Certificate::accept(target, copy, names, CertificateKey::P256).await
}

/// Waits until the certificate is revoked; a worker makes the CRL, perhaps behind a queue.
async fn until_revoked(certificate: &Certificate, target: &Target) -> Result<(), Failure> {
    for _ in 0..100 {
        if certificate.is_revoked(target).await? {
            return Ok(());
        }
        sleep(Duration::from_millis(200)).await;
    }
    panic!("the CRL does not list the certificate");
}

fn fresh(folder: &Path, name: &str) -> Result<std::path::PathBuf, Failure> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).map_err(Failure::io("temporary folder"))?;
    Ok(folder)
}

/// The entries of a list in either form.
fn items(list: &Value) -> &[Value] {
    list.as_array().or_else(|| list["items"].as_array()).map(Vec::as_slice).unwrap_or_default()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_operated");
const ISSUERS: [(&str, &str); 2] = [("blue", "Blue Issuing CA"), ("green", "Green Issuing CA")];
const WEB: &str = "www.walk.test";
const LAB: &str = "host.lab.test";
const NOWHERE: &str = "nowhere.walk.test";
const PAGE: &str = "https://ca.walk.test/incidents/1";

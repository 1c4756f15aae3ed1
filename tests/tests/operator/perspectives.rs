//! Validation seen from several networks: perspectives as processes, each with a resolver of its
//! own, so that a test decides what each network shows.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use ca::ExtendedKeyUsage;
use host::{Config, PerspectiveConfig, PerspectiveProcess, Region};
use serde_json::{Value, json};
use store::{Caa, Perspectives};
use tempfile::TempDir;
use tests::{
    Environment, Host,
    challenge_server::ChallengeServer,
    client::{Key, csr},
    events::of_account,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

use super::PROGRAM;

/// A CA, and the files that a perspective gets from it.
struct Site {
    environment: Environment,
    folder: TempDir,
    members: String,
    processes: Vec<PerspectiveProcess>,
    programs: Vec<Child>,
}

impl Site {
    /// A CA that has issued a certificate for the machine of its perspectives.
    async fn start() -> Self {
        Self::of(|_| {}).await
    }

    async fn of(change: impl FnOnce(&mut Config)) -> Self {
        let environment = Host::OneProcess.configured(change).await;
        let folder = tempfile::tempdir().unwrap();
        let client = environment.directory("default").client().await;
        let issued = client.obtain(&["localhost"]).await;
        fs::write(folder.path().join("chain.pem"), &issued.chain).unwrap();
        fs::write(folder.path().join("key.pem"), issued.key.pair().serialize_pem()).unwrap();
        fs::copy(environment.root(), folder.path().join("root.pem")).unwrap();
        Self { environment, folder, members: String::new(), processes: Vec::new(), programs: Vec::new() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self, name: &str, region: Region, sees: &ChallengeServer) -> PerspectiveConfig {
        PerspectiveConfig {
            name: name.to_owned(),
            region,
            listen: "127.0.0.1:0".parse().unwrap(),
            certificate: self.file("chain.pem"),
            key: self.file("key.pem"),
            root: self.file("root.pem"),
            primary: "localhost".to_owned(),
            dns_resolver: Some(sees.dns_addr),
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
            http_port: sees.http_port,
            tls_port: sees.tls_port,
        }
    }

    /// Adds a perspective that looks where this challenge server is.
    async fn add(&mut self, name: &str, region: Region, sees: &ChallengeServer) {
        let process = PerspectiveProcess::start(self.config(name, region, sees)).await.unwrap();
        self.list(name, region, process.address().port(), process.public_key());
        self.processes.push(process);
    }

    /// Adds one that is the real program.
    async fn add_program(&mut self, name: &str, region: Region, sees: &ChallengeServer) {
        let mut program = Command::new(PROGRAM);
        program.args(["perspective", "--name", name, "--region", region.as_str(), "--listen", "127.0.0.1:0"]);
        program.arg("--certificate").arg(self.file("chain.pem")).arg("--key").arg(self.file("key.pem"));
        program.arg("--root").arg(self.file("root.pem")).args(["--primary", "localhost"]);
        program.args(["--dns-resolver", &sees.dns_addr.to_string(), "--allowed-networks", "127.0.0.0/8"]);
        let mut program = program.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let (mut line, mut key) = (String::new(), String::new());
        let mut said = BufReader::new(program.stdout.as_mut().unwrap());
        said.read_line(&mut line).await.unwrap();
        said.read_line(&mut key).await.unwrap();
        assert!(line.starts_with(&format!("perspective {name} ({region}) answers localhost on ")), "{line}");
        let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        self.list(name, region, port, key.trim().rsplit(' ').next().unwrap());
        self.programs.push(program);
    }

    fn list(&mut self, name: &str, region: Region, port: u16, public_key: &str) {
        let member = format!(
            "[[perspective]]\nname = \"{name}\"\nregion = \"{region}\"\nurl = \"https://localhost:{port}\"\n\
             publicKey = \"{public_key}\"\n"
        );
        self.members.push_str(&member);
    }

    /// The CA with these perspectives, which its default profile demands.
    async fn demanding(mut self) -> Self {
        let path = self.file("perspectives.toml");
        fs::write(&path, &self.members).unwrap();
        let change = |config: &mut Config| {
            config.perspectives = Some(path);
            let profile = &mut config.acme_profiles[0];
            profile.perspectives = Some(Perspectives::Enforce);
            (profile.caa, profile.caa_identities) = (Some(Caa::Enforce), vec!["ca.example".to_owned()]);
        };
        self.environment = self.environment.restarted(change).await;
        self
    }
}

/// What an authorization says whose validation has failed for good.
const INVALID: &str = "\"status\":\"invalid\"";

/// SHA-256 of nothing that has a key.
const OTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn error_of(authorization: &Value) -> &Value {
    authorization["challenges"].as_array().unwrap().iter().find_map(|challenge| challenge.get("error")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_24_a_name_that_looks_different_from_two_networks_of_five_is_not_certified() {
    let mut site = Site::start().await;
    let own = site.environment.challenges.clone();
    let (first, second) = (Arc::new(ChallengeServer::start().await), Arc::new(ChallengeServer::start().await));
    site.add("lax", Region::Arin, &own).await;
    site.add("fra", Region::Ripe, &own).await;
    site.add_program("nrt", Region::Apnic, &own).await;
    site.add("gru", Region::Lacnic, &first).await;
    site.add("cpt", Region::Afrinic, &second).await;
    let site = site.demanding().await;
    let client = site.environment.directory("default").client().await;
    for hijacked in [&first, &second] {
        hijacked.dns.set_caa("caa.test", &[(false, "issue", "other.example")]);
    }

    let seen_by_all = async {
        let (order, ended) = client.show_to(&[&own, &first, &second], "all.test", INVALID).await;
        assert_eq!(ended["status"], "valid", "{ended}");
        client.finalize(&order, &csr(&["all.test"], &Key::p256())).await.expect(200);
        let timeline = site.environment.explained(&client, &order).await;
        let line = "perspectives for all.test: 5 of 5 saw the same: lax (arin), fra (ripe), nrt (apnic), gru (lacnic), \
                    cpt (afrinic)";
        assert!(timeline.contains(line), "{timeline}");
    };
    let one_lies = async {
        let (order, ended) = client.show_to(&[&own, &first], "one.test", INVALID).await;
        assert_eq!(ended["status"], "valid", "{ended}");
        let timeline = site.environment.explained(&client, &order).await;
        assert!(timeline.contains("4 of 5 saw the same"), "{timeline}");
        assert!(timeline.contains("cpt (afrinic) saw something else: "), "{timeline}");
    };
    let two_lie = async {
        let (order, ended) = client.show_to(&[&own], "two.test", INVALID).await;
        assert_eq!(ended["status"], "invalid", "{ended}");
        let error = error_of(&ended);
        assert_eq!(error["type"], "urn:ietf:params:acme:error:dns", "{error}");
        let detail = error["detail"].as_str().unwrap();
        let counted =
            "3 of the 5 other networks from which the CA looked saw the same, and 4 are needed. One saw this: ";
        assert!(detail.starts_with(counted), "{detail}");
        let timeline = site.environment.explained(&client, &order).await;
        assert!(timeline.contains("3 of 5 saw the same: lax (arin), fra (ripe), nrt (apnic)"), "{timeline}");
        assert!(timeline.contains("gru (lacnic) saw something else: "), "{timeline}");
    };
    let caa_differs = async {
        let (_, ended) = client.show_to(&[&own, &first, &second], "caa.test", INVALID).await;
        assert_eq!(error_of(&ended)["type"], "urn:ietf:params:acme:error:caa", "{ended}");
    };
    // A client that shows nothing has the CA ask no one else.
    let shows_nothing = async {
        let (_, ended) = client.show_to(&[&first, &second], "none.test", INVALID).await;
        assert_eq!(ended["status"], "invalid", "{ended}");
        for network in [&first, &second] {
            let asked = network.dns.questions();
            assert!(asked.iter().all(|question| !question.name.contains("none.test")), "{asked:?}");
        }
    };
    tokio::join!(seen_by_all, one_lies, two_lie, caa_differs, shows_nothing);

    let events = of_account(client.account_id(), "perspectives.disagree");
    let about = |name: &str| events.iter().filter(|event| event["names"] == json!([name])).collect::<Vec<_>>();
    assert_eq!(about("all.test"), Vec::<&Value>::new());
    assert_eq!(about("none.test"), Vec::<&Value>::new());
    let split = about("one.test");
    assert_eq!((split.len(), &split[0]["corroborated"]), (1, &json!(true)), "{split:?}");
    assert_eq!(split[0]["differing"], json!(["cpt"]));
    // One for each of the three attempts.
    let refused = about("two.test");
    assert_eq!((refused.len(), &refused[0]["corroborated"]), (3, &json!(false)), "{refused:?}");
    assert_eq!(refused[0]["differing"], json!(["gru", "cpt"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_or_is_not_what_the_operator_wrote_down_does_not_count_and_delays_little() {
    let mut site = Site::start().await;
    let own = site.environment.challenges.clone();
    for (name, region) in
        [("lax", Region::Arin), ("fra", Region::Ripe), ("nrt", Region::Apnic), ("gru", Region::Lacnic)]
    {
        site.add(name, region, &own).await;
    }
    // It accepts connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    site.list("mute", Region::Ripe, silent.local_addr().unwrap().port(), OTHER_KEY);
    // It is where the operator did not put it.
    let elsewhere = PerspectiveProcess::start(site.config("cpt", Region::Ripe, &own)).await.unwrap();
    site.list("cpt", Region::Afrinic, elsewhere.address().port(), elsewhere.public_key());
    let site = site.demanding().await;
    let client = site.environment.directory("default").client().await;
    let (order, ended) = client.show_to(&[&own], "a.test", INVALID).await;
    assert_eq!(ended["status"], "valid", "{ended}");
    let timeline = site.environment.explained(&client, &order).await;
    assert!(timeline.contains("4 of 6 saw the same"), "{timeline}");
    assert!(timeline.contains("mute (ripe) was not heard: no answer in time"), "{timeline}");
    assert!(timeline.contains("cpt (afrinic) was not heard: it answered from the region \\\"ripe\\\""), "{timeline}");
    assert!(of_account(client.account_id(), "perspectives.disagree").is_empty(), "no one saw anything else");

    let findings = site.environment.act(json!({"action": "doctor"})).await.unwrap();
    let seen: Vec<_> =
        findings.as_array().unwrap().iter().filter(|finding| finding["check"] == "perspectives").collect();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0]["seen"].as_str().unwrap().starts_with("without their location, no one can say"), "{seen:?}");
    assert!(seen[0]["seen"].as_str().unwrap().ends_with("the CA, lax, fra, nrt, gru, mute, cpt"), "{seen:?}");

    // One less, and there are too few.
    let mut processes = site.processes;
    processes.pop().unwrap().stop().await;
    let (_, ended) = client.show_to(&[&own], "b.test", "others did not answer").await;
    let error = error_of(&ended);
    assert_eq!(error["type"], "urn:ietf:params:acme:error:serverInternal", "{error}");
    assert!(error["detail"].as_str().unwrap().contains("3 of the 6"), "{error}");
    drop(silent);
}

/// Those who divert the traffic of the CA can have a certificate for the perspective's name.
#[tokio::test(flavor = "multi_thread")]
async fn threat_24_a_perspective_with_another_key_than_the_operator_wrote_down_does_not_count() {
    let mut site = Site::start().await;
    let own = site.environment.challenges.clone();
    site.add("lax", Region::Arin, &own).await;
    site.add("fra", Region::Ripe, &own).await;
    let other = PerspectiveProcess::start(site.config("nrt", Region::Apnic, &own)).await.unwrap();
    site.list("nrt", Region::Apnic, other.address().port(), OTHER_KEY);
    let site = site.demanding().await;
    let client = site.environment.directory("default").client().await;
    let (order, ended) = client.show_to(&[&own], "a.test", INVALID).await;
    assert_eq!(ended["status"], "valid", "{ended}");
    let timeline = site.environment.explained(&client, &order).await;
    assert!(timeline.contains("2 of 3 saw the same: lax (arin), fra (ripe)"), "{timeline}");
    assert!(timeline.contains("nrt (apnic) was not heard: invalid peer certificate"), "{timeline}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_perspectives_see_takes_no_further_write() {
    let mut site = Site::start().await;
    let own = site.environment.challenges.clone();
    for (name, region) in ["p1", "p2", "p3", "p4", "p5", "p6"].into_iter().zip(Region::ALL.into_iter().cycle()) {
        site.add(name, region, &own).await;
    }
    let mut writes = Vec::new();
    for name in ["before.test", "after.test"] {
        let client = site.environment.directory("default").client().await;
        let before = site.environment.counts().writes;
        let (order, _) = client.show_to(&[&own], name, INVALID).await;
        client.finalize(&order, &csr(&[name], &Key::p256())).await.expect(200);
        writes.push(site.environment.counts().writes - before);
        if name == "before.test" {
            site = site.demanding().await;
        }
    }
    assert_eq!(writes[0], writes[1], "without perspectives, and with six of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_ca_itself_may_ask_a_perspective() {
    // Certificates of this CA are good for clients, too.
    let site = Site::of(|config| {
        config.ra_profiles[0].extended_key_usage.insert(ExtendedKeyUsage::Client);
    });
    let site = site.await;
    let (own, root) = (site.environment.challenges.clone(), site.file("root.pem"));
    let of_it = site.config("fra", Region::Ripe, &own);
    let of_another = PerspectiveConfig { primary: "ca.example".to_owned(), ..of_it.clone() };
    let certificate = [site.file("chain.pem"), site.file("key.pem")];
    // One that matches the name of the CA, and is not in it.
    let issued = site.environment.directory("default").client().await.obtain(&["*.site.test"]).await;
    let matching = [site.file("matching.pem"), site.file("matching-key.pem")];
    fs::write(&matching[0], &issued.chain).unwrap();
    fs::write(&matching[1], issued.key.pair().serialize_pem()).unwrap();
    let below_it = PerspectiveConfig { primary: "ca.site.test".to_owned(), ..of_it.clone() };
    for (config, certificate, answer) in [
        (of_it.clone(), Some(&certificate), "answered 400"),
        (of_it, None, "answered 000"),
        (of_another, Some(&certificate), "answered 000"),
        (below_it, Some(&matching), "answered 000"),
    ] {
        let process = PerspectiveProcess::start(config).await.unwrap();
        let url = format!("https://localhost:{}/perspective/v1", process.address().port());
        assert_eq!(curl(&url, &root, certificate).await, answer);
    }
}

/// What `curl` gets for an empty question, with this certificate and its key.
async fn curl(url: &str, root: &Path, certificate: Option<&[PathBuf; 2]>) -> String {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--write-out", "answered %{http_code}", "--data", "{}", "--cacert"]).arg(root);
    if let Some([chain, key]) = certificate {
        curl.arg("--cert").arg(chain).arg("--key").arg(key);
    }
    String::from_utf8(curl.arg(url).output().await.unwrap().stdout).unwrap()
}

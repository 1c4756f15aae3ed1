//! Profiles of the configuration file and built-in ones: what a start makes, and what it leaves as
//! an operator decided it.

mod upgrade;

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    admin::{admin, json, text},
    http,
    process::{Server, command, finish, refusal},
};

/// A pair of the operator's own.
const WEB: &str = r#"
[[acmeProfile]]
name = "web"
raProfile = "web"
externalAccountRequired = true

[[raProfile]]
name = "web"
issuer = "issuing"
acmeProfile = "web"
"#;

/// A host with a configuration file, and every start with it.
struct Site {
    server: Server,
}

impl Site {
    /// Starts on an empty data folder.
    async fn start(profiles: &str) -> Self {
        Self::start_in(TempDir::with_prefix("serverless-acme-profiles-").unwrap(), profiles).await
    }

    async fn start_in(folder: TempDir, profiles: &str) -> Self {
        let file = folder.path().join("ca.toml");
        fs::write(&file, profiles).unwrap();
        Self { server: Server::start_in(folder, &["--config", file.to_str().unwrap()]).await }
    }

    /// Starts again, with this file.
    async fn restarted(self, profiles: &str) -> Self {
        let file = self.server.folder.path().join("ca.toml");
        fs::write(&file, profiles).unwrap();
        Self { server: self.server.restarted("TERM", &["--config", file.to_str().unwrap()]).await }
    }

    async fn admin(&self, arguments: &[&str]) -> String {
        text(&self.server.data(), arguments).await
    }

    async fn apply(&self, arguments: &[&str], set: &str) -> String {
        let file = crate::admin::file(self.server.folder.path(), set);
        self.admin(&[&["apply", "--yes", &file], arguments].concat()).await
    }

    /// The stored profiles.
    async fn profiles(&self) -> Value {
        json(&self.server.data(), &["profiles", "show"]).await
    }

    /// What `audit list` says of profiles: actor, subject, and what it is now.
    async fn acts(&self) -> Vec<(String, String)> {
        let audit = json(&self.server.data(), &["audit", "list"]).await;
        let acts = audit.as_array().unwrap().iter().filter(|act| act["action"] == "apply");
        acts.map(|act| (act["actor"].as_str().unwrap().to_owned(), act["subject"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// Starts again with the same file, twice, and sees that profiles and record stay as they are.
    async fn settled(self, profiles: &str) -> Self {
        let (stored, acts) = (self.profiles().await, self.acts().await);
        let mut site = self;
        for _ in 0..2 {
            site = site.restarted(profiles).await;
            assert_eq!(site.profiles().await, stored, "a start changed what an operator decided");
            assert_eq!(site.acts().await, acts);
        }
        site
    }

    /// The ends of the directories' URLs that the banner shows.
    fn directories(&self) -> Vec<String> {
        let urls = self.server.banner["directories"].as_array().unwrap().iter();
        urls.map(|url| url.as_str().unwrap().split_once("/protocols/acme/").unwrap().1.replace("/directory", ""))
            .collect()
    }
}

fn names(profiles: &Value, kind: &str) -> Vec<String> {
    profiles[kind].as_array().unwrap().iter().map(|profile| profile["name"].as_str().unwrap().to_owned()).collect()
}

const FILE: &str = "the configuration file";

#[tokio::test]
async fn n15_a_roll_over_outlives_a_restart_with_the_old_issuer_in_the_file() {
    let site = Site::start(WEB).await;
    let acts = site.acts().await;
    assert_eq!(acts.len(), 2, "both are recorded");
    assert!(acts.iter().all(|(actor, _)| actor == FILE), "{acts:?}");
    site.admin(&["issuers", "roll-over", "issuing", "issuing2"]).await;
    site.admin(&["issuers", "retire", "issuing", "--yes"]).await;
    let site = site.settled(WEB).await;
    assert_eq!(site.profiles().await["raProfile"][0]["issuer"], "issuing2");
    let doctor = site.admin(&["doctor"]).await;
    assert!(!doctor.contains("BAD") && !doctor.contains("WARN"), "{doctor}");

    // A text that would be applied with the retired issuer is refused, and the profile is named.
    let file = site.server.folder.path().join("ca.toml");
    fs::write(&file, format!("{WEB}{}", WEB.replace("web", "late"))).unwrap();
    let data = site.server.data();
    site.server.signal("TERM").await;
    let (_, _folder) = site.server.ended().await;
    let refused = finish(command(&data).arg("--config").arg(&file)).await;
    let refused = refusal(refused);
    let expected = "raProfile.late.issuer: issuer `issuing` is retired and does not issue; the active ones: `issuing2`";
    assert!(refused.contains(expected), "{refused}");
}

#[tokio::test]
async fn n15_threat_39_profiles_that_an_operator_deleted_are_not_made_again() {
    let other = WEB.replace("web", "other");
    let both = format!("{WEB}{other}");
    let site = Site::start(&both).await;
    site.apply(&["--exact"], &other).await;
    let site = site.settled(&both).await;
    assert_eq!(names(&site.profiles().await, "acmeProfile"), ["other"]);

    // Two that lead to each other go together.
    let refused = refusal(admin(&site.server.data(), &["profiles", "delete", "acme", "other", "--yes"]).await);
    assert!(refused.contains("there is no ACME Profile `other`"), "{refused}");
    site.admin(&["profiles", "delete", "acme", "other", "--pair", "--yes"]).await;
    let site = site.settled(&both).await;
    assert_eq!(site.profiles().await, json!({ "acmeProfile": [], "raProfile": [] }));
}

#[tokio::test]
async fn n15_built_in_profiles_are_made_once() {
    let site = Site::start("").await;
    assert_eq!(site.directories(), ["default", "raProfile/default"]);
    let acts = site.acts().await;
    assert!(acts.iter().all(|(actor, _)| actor == "the start of the host") && acts.len() == 2, "{acts:?}");
    let site = site.settled("").await;
    assert_eq!(site.directories(), ["default", "raProfile/default"], "alone they go on");
    site.admin(&["issuers", "roll-over", "issuing", "issuing2"]).await;
    let site = site.settled("").await;
    assert_eq!(site.directories(), ["default", "raProfile/default"], "also by another issuer");
    site.admin(&["profiles", "delete", "ra", "default", "--pair", "--yes"]).await;
    let site = site.settled("").await;
    assert_eq!(site.directories(), [""; 0]);
}

#[tokio::test]
async fn n14_nothing_serves_beside_what_the_file_names() {
    let site = Site::start(WEB).await.settled(WEB).await;
    assert_eq!(site.directories(), ["web", "raProfile/web"]);
    assert_eq!(names(&site.profiles().await, "acmeProfile"), ["web"]);
    assert_eq!(names(&site.profiles().await, "raProfile"), ["web"]);
}

#[tokio::test]
async fn n14_built_in_profiles_end_when_the_operator_has_some_and_stay_as_an_operator_wants_them() {
    for by_file in [true, false] {
        let site = Site::start("").await;
        if !by_file {
            site.apply(&[], WEB).await;
        }
        let file = if by_file { WEB } else { "" };
        let site = site.restarted(file).await;
        assert_eq!(site.directories(), ["web", "raProfile/web"], "by file: {by_file}");
        let said = site.server.banner["profiles"].to_string();
        assert!(said.contains("acmeProfile.default is a built-in profile") && said.contains("disabled"), "{said}");
        assert!(site.server.log().contains("a built-in profile is disabled, because"), "{}", site.server.log());
        let acts = site.acts().await;
        let disabled = ("the start of the host".to_owned(), "acmeProfile.default.enabled".to_owned());
        assert!(acts.contains(&disabled), "{acts:?}");
        let site = site.settled(file).await;
        for kind in ["acme", "ra"] {
            site.admin(&["profiles", "enable", kind, "default"]).await;
        }
        let site = site.settled(file).await;
        assert_eq!(site.directories()[0], "default", "an operator wants it");
    }
}

#[tokio::test]
async fn n15_a_text_is_applied_when_it_changed_and_shown_with_what_it_changes() {
    let site = Site::start(WEB).await;
    let longer = WEB.replace("raProfile = \"web\"", "raProfile = \"web\"\nvalidity = 7200");
    let site = site.restarted(&longer).await;
    assert_eq!(site.profiles().await["acmeProfile"][0]["validity"], 7200);
    assert_eq!(site.acts().await[0], (FILE.to_owned(), "acmeProfile.web.validity".to_owned()));
    let log = site.server.log();
    let line = log.lines().find(|line| {
        line.contains("the configuration file changes a profile") && line.contains("acmeProfile.web.validity")
    });
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("\"before\":\"36000\"") && line.contains("\"after\":\"7200\""), "{line}");
    assert!(log.contains("profile.changed"), "{log}");
    site.settled(&longer).await;
}

#[tokio::test]
async fn n15_what_an_operator_changed_stays_and_when_the_file_changed_too_both_are_named() {
    let site = Site::start(WEB).await;
    site.apply(&[], "[[acmeProfile]]\nname = \"web\"\nvalidity = 100\n").await;
    let site = site.settled(WEB).await;
    let mended = WEB.replace("raProfile = \"web\"", "raProfile = \"web\"\nvalidity = 7200");
    let site = site.restarted(&mended).await;
    assert_eq!(site.profiles().await["acmeProfile"][0]["validity"], 100);
    let log = site.server.log();
    let line =
        log.lines().find(|line| line.contains("an operator changed this profile")).unwrap_or_else(|| panic!("{log}"));
    for part in ["\"WARN\"", "acmeProfile.web", "validity"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(site.server.banner["profiles"][0].as_str().unwrap().contains("acmeProfile.web"), "{}", site.server.banner);
    let doctor = site.admin(&["doctor"]).await;
    assert!(doctor.contains("WARN  acmeProfile.web in the configuration file"), "{doctor}");
    let site = site.settled(&mended).await;

    // The way to the file's side that `doctor` says.
    let file = site.server.folder.path().join("ca.toml");
    site.admin(&["apply", "--yes", "--defaults", file.to_str().unwrap()]).await;
    assert_eq!(site.profiles().await["acmeProfile"][0]["validity"], 7200);
    assert!(!site.admin(&["doctor"]).await.contains("in the configuration file"));
    let again = mended.replace("7200", "7300");
    let site = site.settled(&mended).await.restarted(&again).await;
    assert_eq!(site.profiles().await["acmeProfile"][0]["validity"], 7300, "the file is followed again");

    // And to the store's.
    site.apply(&[], "[[acmeProfile]]\nname = \"web\"\nvalidity = 100\n").await;
    let site = site.restarted(&mended).await.restarted(&mended.replace("7200", "100")).await;
    assert!(!site.admin(&["doctor"]).await.contains("in the configuration file"));
    assert_eq!(site.profiles().await["acmeProfile"][0]["validity"], 100);
    let site = site.restarted(&again).await;
    assert_eq!(site.profiles().await["acmeProfile"][0]["validity"], 7300);
}

#[tokio::test]
async fn n15_a_deleted_profile_whose_text_changed_stays_deleted_and_is_named() {
    let site = Site::start(WEB).await;
    site.admin(&["profiles", "delete", "acme", "web", "--pair", "--yes"]).await;
    let changed = WEB.replace("externalAccountRequired = true", "");
    let site = site.restarted(&changed).await;
    assert_eq!(names(&site.profiles().await, "acmeProfile"), [""; 0]);
    let doctor = site.admin(&["doctor"]).await;
    assert!(
        doctor.contains("acmeProfile.web in the configuration file: it is in the file, but an operator"),
        "{doctor}"
    );
    // What leaves the file is forgotten, and new when it comes back.
    let other = WEB.replace("web", "other");
    let site = site.restarted(&other).await;
    assert!(!site.admin(&["doctor"]).await.contains("in the configuration file"));
    let site = site.restarted(&format!("{other}{WEB}")).await;
    assert_eq!(names(&site.profiles().await, "acmeProfile"), ["other", "web"]);
}

#[tokio::test]
async fn dir_is_the_default_directory_else_the_only_one_else_says_which_there_are() {
    let dir = async |site: &Site| {
        let url = format!("https://localhost:{}/dir", site.server.listen().port());
        http::get(&site.server, &url).await
    };
    let site = Site::start(WEB).await;
    let found = dir(&site).await.json();
    assert!(found["newOrder"].as_str().unwrap().contains("/acme/web/"), "the only one: {found}");
    site.apply(&[], &WEB.replace("web", "other")).await;
    let refused = dir(&site).await;
    assert_eq!((refused.status, refused.header("content-type")), (404, Some("application/problem+json")));
    let detail = refused.json()["detail"].to_string();
    for directory in ["/acme/other/directory", "/acme/web/directory", "/acme/raProfile/web/directory"] {
        assert!(detail.contains(directory), "{detail}");
    }
    site.apply(&[], &WEB.replace("web", "default")).await;
    assert!(dir(&site).await.json()["newOrder"].as_str().unwrap().contains("/acme/default/"));
    for name in ["default", "other"] {
        site.admin(&["profiles", "disable", "acme", name]).await;
    }
    assert!(dir(&site).await.json()["newOrder"].as_str().unwrap().contains("/acme/web/"));
    site.admin(&["profiles", "disable", "acme", "web"]).await;
    assert_eq!(dir(&site).await.json()["detail"], "No directory is in service.");
}

//! Decisions about CAA records of generated zones, beside those of another implementation (RFC
//! 8659). Its differences in parameters, in tags that only one of them knows, and in faults are
//! not asked for: docs/acme-divergences.md has ours.

use std::{collections::BTreeMap, fmt::Write, fs, io};

use acme::ChallengeType::Dns01;
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;
use tests::clients::{Run, Tool};
use validation::CaaTerms;

use crate::Scene;

/// What is asked of both.
#[derive(Serialize)]
struct Question {
    name: String,
    zones: BTreeMap<String, Vec<(u8, &'static str, &'static str)>>,
}

/// Choices that are the same in each run: a linear congruential generator (Knuth, MMIX).
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len())]
    }

    /// A name, and records at it or above it; each question has a domain of its own.
    fn question(&mut self, number: usize) -> Question {
        let domains = [format!("a.b.d{number}.test"), format!("b.d{number}.test"), format!("d{number}.test")];
        let wildcard = if self.below(3) == 0 { "*." } else { "" };
        let name = format!("{wildcard}{}", domains[self.below(domains.len())]);
        let zones = domains.into_iter().filter_map(|domain| {
            let records = if self.below(2) == 0 { 0 } else { 1 + self.below(4) };
            let records = (0..records).map(|_| self.record()).collect::<Vec<_>>();
            (!records.is_empty()).then_some((domain, records))
        });
        Question { zones: zones.collect(), name }
    }

    fn record(&mut self) -> (u8, &'static str, &'static str) {
        let flags = if self.below(8) == 0 { 0x80 } else { 0 };
        match self.below(10) {
            0 => (flags, "iodef", "mailto:security@d.test"),
            1 => (flags, "issuemail", "ca.example"),
            2 => (flags, self.of(&["unheardof", "tbs", "auth"]), "ca.example"),
            3..6 => (flags, self.of(&["issuewild", "IssueWild"]), self.of(VALUES)),
            _ => (flags, self.of(&["issue", "ISSUE"]), self.of(VALUES)),
        }
    }
}

#[tokio::test]
async fn decisions_about_generated_zones_are_those_of_another_implementation() {
    let Some(other) = Tool::find("open-mpic").unwrap() else { return };
    let questions: usize = std::env::var("CAA_QUESTIONS").map_or(500, |number| number.parse().unwrap());
    let mut choices = Choices(7);
    let questions: Vec<Question> = (0..questions).map(|number| choices.question(number)).collect();
    let folder = TempDir::new().unwrap();
    let lines = questions.iter().fold(String::new(), |mut lines, question| {
        writeln!(lines, "{}", serde_json::to_string(question).unwrap()).unwrap();
        lines
    });
    let file = folder.path().join("questions");
    fs::write(&file, lines).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/caa_opinion.py");
    let run = Run::new(other.path.with_file_name("bin").join("python"), folder.path());
    let run = run.args([script.as_ref(), file.as_os_str()]).args(["ca.example", "new.example"]);
    let opinions = run.finish().await.unwrap().stdout;
    let opinions: Vec<Value> = opinions.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(opinions.len(), questions.len());

    let mut scene = Scene::new().await;
    let identities = vec!["ca.example".to_owned(), "new.example".to_owned()];
    let (mut permitted, mut differences) = (0, Vec::new());
    for (question, opinion) in questions.iter().zip(&opinions) {
        for (domain, records) in &question.zones {
            let records: Vec<_> = records.iter().map(|(flags, tag, value)| (*flags != 0, *tag, *value)).collect();
            scene.server.dns.set_caa(domain, &records);
        }
        let base = question.name.trim_start_matches("*.");
        scene.server.set_dns(base, &scene.key_authorization);
        let is_wildcard = base != question.name;
        scene.caa = Some(CaaTerms { identities: identities.clone(), account_urls: Vec::new(), is_wildcard });
        let ours = scene.probe(Dns01, base).await.is_ok();
        permitted += usize::from(ours);
        assert_eq!(opinion["completed"], true);
        if opinion["permitted"] != ours {
            differences.push(serde_json::to_string(question).unwrap());
        }
    }
    assert!(differences.is_empty(), "{} differ, such as {}", differences.len(), differences[0]);
    // Neither answer is the usual one, or nothing would be compared.
    assert!((questions.len() / 5..questions.len() * 4 / 5).contains(&permitted), "{permitted} permitted");
    let _ = io::Write::write_fmt(
        &mut io::stdout(),
        format_args!("{} decisions about CAA records, {permitted} of them permit\n", questions.len()),
    );
}

/// Values of the grammar and beside it.
const VALUES: &[&str] = &[
    "ca.example",
    "ca.example",
    "NEW.example",
    " ca.example ",
    "\tca.example\t;",
    "ca.example; foo=bar",
    "ca.example;foo=bar; baz = qux",
    "ca.example; foo",
    "ca.example; =bar",
    "ca.example; f_o=bar",
    "ca.example foo=bar",
    "ca.example, new.example",
    "other.example",
    "sub.ca.example",
    "example",
    ";",
    "",
    " ; foo=bar",
    "%%%%%",
    "ca..example",
    ".ca.example",
    "ca.example.",
    "-ca.example",
    "ca-.example",
];

//! A differential judge of paths and name constraints: thousands of generated paths, on which this
//! CA, rustls-webpki, `cryptography` and OpenSSL have to agree.
//!
//! The question is the same for each: does a relying party that trusts the root accept a
//! certificate for the name below these CAs? This CA answers it when an issuer is installed and
//! when a name is ordered. A disagreement is explained by a class of [`classes`], or is a fault.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;

use super::{Outcome, host};
use crate::{Error, built, command::Program, progress, repository, setup::Tools};

mod classes;

pub(super) fn run(tools: &Tools) -> Result<Outcome, Error> {
    let folder = host::folder("paths")?;
    let count = PATHS.to_string();
    let generated = Program::new(tools.folder.join("judges").join("bin").join("python"))
        .args(["-c", include_str!("paths/generate.py"), SEED, &count])
        .arg(&folder)
        .output()?;
    let file = folder.join("paths.jsonl");
    fs::write(&file, &generated).map_err(|source| Error::File { path: file.clone(), source })?;
    progress::say(&format!("judge paths: {count} paths are made (seed {SEED})"));
    let paths = parse(&generated)?;
    let verdicts = parse(&verdicts(&file)?)?;
    progress::say("judge paths: OpenSSL");
    let openssl = openssl(&folder, paths.len());
    Ok(compare(&paths, &verdicts, &openssl))
}

/// The lines of JSON with our verdicts and those of rustls-webpki.
fn verdicts(file: &Path) -> Result<String, Error> {
    let failed = |source| Error::File { path: file.to_path_buf(), source };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["build", "--quiet", "--locked", "--workspace", "--example", "verdicts"];
    Program::new(cargo).args(build).directory(repository()).show()?;
    Program::new(built().join("examples").join("verdicts")).input(fs::File::open(file).map_err(failed)?).output()
}

/// The reasons of OpenSSL, empty where it accepts.
fn openssl(folder: &Path, count: usize) -> Vec<String> {
    let verify = |number: usize| {
        let file = |part: &str| folder.join(format!("{number}-{part}.pem"));
        let mut command = Command::new("openssl");
        command.args(["verify", "-attime", TIME, "-purpose", "sslserver", "-CAfile"]).arg(file("root"));
        command.arg("-untrusted").arg(file("others")).arg(file("leaf")).stdin(Stdio::null());
        match command.output() {
            Ok(output) if output.status.success() => String::new(),
            Ok(output) => String::from_utf8_lossy(&output.stderr).lines().take(2).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    };
    let half = count / 2;
    thread::scope(|scope| {
        let second = scope.spawn(|| (half..count).map(verify).collect::<Vec<_>>());
        let mut reasons: Vec<_> = (0..half).map(verify).collect();
        reasons.extend(second.join().unwrap_or_default());
        reasons
    })
}

fn compare(paths: &[Value], verdicts: &[Value], openssl: &[String]) -> Outcome {
    let mut faults = Vec::new();
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut accepted, mut refused, mut differing) = (0, 0, 0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if verdicts.len() != paths.len() || openssl.len() != paths.len() {
        faults.push(format!("{} paths, {} and {} verdicts", paths.len(), verdicts.len(), openssl.len()));
    }
    for ((path, both), openssl) in paths.iter().zip(verdicts).zip(openssl) {
        let features: Vec<String> = path["features"].as_array().into_iter().flatten().map(text).collect();
        let ours = text(&both["ours"]);
        *if ours.is_empty() { &mut accepted } else { &mut refused } += 1;
        let others =
            [("cryptography", text(&path["reason"])), ("openssl", openssl.clone()), ("webpki", text(&both["webpki"]))];
        for (judge, theirs) in others {
            if ours.is_empty() == theirs.is_empty() {
                continue;
            }
            differing += 1;
            match classes::explain(judge, &features, &text(&path["name"]), &ours, &theirs) {
                Some(class) => *classes.entry(class).or_default() += 1,
                None => faults.push(format!(
                    "path {} for {} with {features:?}: this CA says {:?}, {judge} says {:?}",
                    path["number"],
                    path["name"],
                    said(&ours),
                    said(&theirs)
                )),
            }
        }
    }
    for (class, count) in &classes {
        progress::say(&format!("judge paths: {count:4} × {class}"));
    }
    if accepted < paths.len() / 5 || refused < paths.len() / 5 {
        faults.push(format!("too few of a kind: {accepted} accepted, {refused} refused"));
    }
    let unused = classes::all().filter(|class| !classes.contains_key(class));
    faults.extend(unused.map(|class| format!("no path is of the class: {class}")));
    let figures = format!(
        "{} paths of seed {SEED}, {accepted} accepted and {refused} refused here; {differing} of {} verdicts of others differ, in {} classes",
        paths.len(),
        3 * paths.len(),
        classes.len()
    );
    Outcome { figures, faults }
}

fn said(reason: &str) -> &str {
    if reason.is_empty() { "yes" } else { reason }
}

fn parse(lines: &str) -> Result<Vec<Value>, Error> {
    Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

const PATHS: usize = 5_000;
const SEED: &str = "9";

/// The second at which all paths are judged, as in the generator: 2026-06-01.
const TIME: &str = "1780272000";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(features: &[&str], ours: &str, webpki: &str) -> Vec<String> {
        let path = json!({"number": 1, "name": "a.test", "features": features, "reason": ours});
        let both = json!({"ours": ours, "webpki": webpki});
        let all = compare(&[path], &[both], &[ours.to_owned()]).faults;
        all.into_iter().filter(|fault| fault.starts_with("path ")).collect()
    }

    #[test]
    fn only_a_disagreement_of_a_known_class_is_no_fault() {
        assert!(faults(&[], "", "").is_empty() && faults(&["expired: root"], "late", "late").is_empty());
        let late = "the certificate of CN=CA 1.0 is valid only from 1 to 2";
        assert!(faults(&["expired: root"], late, "").is_empty());
        assert_eq!(faults(&["expired: issuing"], late, "").len(), 1, "of the root only");
        assert_eq!(faults(&["expired: root"], "", "late").len(), 1, "the other way round");
        assert_eq!(faults(&[], "", "late").len(), 1);
    }
}

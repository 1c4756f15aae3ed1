//! `verify-evidence`: whether the evidence for a certificate is sound.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use admin::{
    examination::{MAX_LENGTH, UnreadableEvidence, examine},
    finding::{Finding, is_sound},
};
use authority::{Clock, SystemClock};

/// Why evidence was not examined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvidenceFailure {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file has no evidence.
    #[error("{}: {source}", .path.display())]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        source: UnreadableEvidence,
    },
}

/// Examines the file, or standard input where the path is `-`, and prints what it finds. The status
/// is a failure if anything is not as it has to be.
pub(crate) fn verify(path: &Path) -> Result<ExitCode, EvidenceFailure> {
    let text = read(path).map_err(|source| EvidenceFailure::File { path: path.to_owned(), source })?;
    let findings = examine(&text, SystemClock.now())
        .map_err(|source| EvidenceFailure::Unreadable { path: path.to_owned(), source })?;
    let is_sound = is_sound(&findings);
    let verdict = if is_sound { SOUND } else { UNSOUND };
    // A reader that closed the pipe has the status.
    let _ = writeln!(io::stdout(), "{}\n{verdict}", listed(&findings));
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line for each finding.
pub(crate) fn listed(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let says: String = finding.says.chars().map(|sign| if sign.is_control() { '?' } else { sign }).collect();
        format!("{:<6}{says}\n", if finding.holds { "ok" } else { "WRONG" })
    };
    findings.iter().map(line).collect()
}

/// At most an octet more than any document has.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    let mut text = Vec::new();
    source.take(MAX_LENGTH as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

const SOUND: &str = "The evidence is sound: nothing in it is missing or contradicts the rest. Compare the root's fingerprint with \
                     the one that you trust, and a chain of seals with your last copy of it.";

const UNSOUND: &str = "The evidence is NOT sound: see the lines that say WRONG.";

//! pkilint, which lints certificates and CRLs that this CA made, by rules that others wrote down.
//!
//! Each of its programs takes a second to start, so one process of Python runs them on all
//! documents.

use std::{fmt, fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::clients::{Failure, Tool};

/// An installation of pkilint, and the documents that it will lint.
pub struct Pkilint {
    python: PathBuf,
    folder: TempDir,
    lines: String,
    names: Vec<String>,
}

impl Pkilint {
    /// Finds pkilint; `None`, loudly, if it is not installed.
    ///
    /// # Errors
    /// Those of [`Tool::find`].
    pub fn find() -> Result<Option<Self>, Failure> {
        let Some(tool) = Tool::find("pkilint")? else { return Ok(None) };
        let folder = tempfile::tempdir().map_err(Failure::io("temporary folder"))?;
        Ok(Some(Self {
            python: tool.path.with_file_name("bin").join("python"),
            folder,
            lines: String::new(),
            names: Vec::new(),
        }))
    }

    /// Adds a certificate in PEM, by the rules of RFC 5280.
    pub fn certificate(&mut self, name: &str, pem: &str) {
        let file = self.write(name, pem.as_bytes());
        self.add(name, "lint_pkix_cert", &[&file]);
    }

    /// Adds a certificate in PEM that shows control of names and of no more, by the rules for
    /// public CAs (Baseline Requirements for TLS server certificates). What these do not
    /// recommend is a finding, too.
    pub fn public_certificate(&mut self, name: &str, pem: &str) {
        let file = self.write(name, pem.as_bytes());
        let arguments = ["--severity", "NOTICE", "--type", "DV-FINAL-CERTIFICATE", &file];
        self.add(name, "lint_cabf_serverauth_cert", &arguments);
    }

    /// Adds a certificate and that of its issuer, both in PEM: their names, identifiers and
    /// policies must fit, and the signature must verify.
    pub fn pair(&mut self, name: &str, issuer: &str, subject: &str) {
        let files = [self.write("issuer", issuer.as_bytes()), self.write("subject", subject.as_bytes())];
        self.add(name, "lint_pkix_signer_signee_cert_chain", &[&files[0], &files[1]]);
    }

    /// Adds a CRL in DER, by the rules of RFC 5280 and those for public CAs. `covers` is what may
    /// be in it.
    pub fn crl(&mut self, name: &str, der: &[u8], covers: Covers) {
        let kind = match covers {
            Covers::Authorities => "ARL",
            Covers::Leaves => "CRL",
        };
        let file = self.write(name, der);
        for rules in ["PKIX", "BR"] {
            self.add(&format!("{name} by {rules}"), "lint_crl", &["--type", kind, "--profile", rules, &file]);
        }
    }

    /// What pkilint finds, of the severity of a warning at least.
    ///
    /// # Panics
    /// It does not run to its end.
    pub async fn findings(self) -> Vec<Finding> {
        let input = self.folder.path().join("input");
        fs::write(&input, &self.lines).unwrap();
        let mut python = Command::new(&self.python);
        python.args(["-c", include_str!("pkilint.py")]).stdin(fs::File::open(&input).unwrap());
        let output = python.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let mut lines: Vec<&str> = said.lines().collect();
        let last: Value = serde_json::from_str(lines.pop().unwrap_or_default()).unwrap();
        assert_eq!(last["documents"], self.names.len(), "it has linted every document");
        let read = |line: &str| {
            let Line { document, severity, code, place, message } = serde_json::from_str(line).unwrap();
            let message = message.unwrap_or_default();
            Finding { document: self.names[document].clone(), severity, code, place, message }
        };
        lines.into_iter().map(read).collect()
    }

    /// The number of documents.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    fn add(&mut self, name: &str, program: &str, arguments: &[&str]) {
        self.lines.push_str(&format!("{program}\t{}\n", arguments.join("\t")));
        self.names.push(name.to_owned());
    }

    fn write(&self, name: &str, content: &[u8]) -> String {
        let name: String = name.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect();
        let file = self.folder.path().join(format!("{}-{name}", self.names.len()));
        fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    }
}

/// What a CRL may have entries of.
#[derive(Clone, Copy, Debug)]
pub enum Covers {
    /// Certificates of CAs.
    Authorities,
    /// Certificates that subscribers asked for.
    Leaves,
}

/// Something that a linter does not like.
#[derive(Debug)]
pub struct Finding {
    /// What was linted, as the test named it.
    pub document: String,
    /// `WARNING`, `ERROR` or `FATAL`.
    pub severity: String,
    /// The linter's word for it.
    pub code: String,
    /// The part of the document.
    pub place: String,
    /// What the linter adds to the code; empty if nothing.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, severity, code, place, message } = self;
        write!(f, "{severity}: {document}: {code} at {place} {message}")
    }
}

/// A finding as the script prints it.
#[derive(Deserialize)]
struct Line {
    document: usize,
    severity: String,
    code: String,
    place: String,
    message: Option<String>,
}

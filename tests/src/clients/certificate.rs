//! A certificate that a client obtained, checked with `openssl`, which shares no code with the CA.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Failure, Target, run::Run};

/// A chain that a client stored, with the leaf first.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The PEM file of the chain.
    pub file: PathBuf,
    /// The serial number in hexadecimal digits, which no two certificates share.
    pub serial: String,
}

/// The key type of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKey {
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 4096 bits.
    Rsa4096,
}

impl Certificate {
    /// Accepts the chain in `file` if it is what the client needs: it verifies against the root for
    /// all of `names` and for server authentication, has no other names, and has a key of this type
    /// and the target's lifetime.
    ///
    /// # Errors
    ///
    /// [`Failure::Certificate`] says what is wrong.
    pub async fn accept(target: &Target, file: PathBuf, names: &[&str], key: CertificateKey) -> Result<Self, Failure> {
        for name in names {
            // A wildcard is not a host name; a name that it matches is.
            let host = name.replace('*', "anything");
            openssl(&["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", &host, "-CAfile"], &file)
                .arg(&target.root)
                .arg("-untrusted")
                .args([&file, &file])
                .finish()
                .await?;
        }
        let text = field(&file, &["-serial", "-ext", "subjectAltName"]).await?;
        let serial = text.lines().find_map(|line| line.strip_prefix("serial=")).unwrap_or_default().to_owned();
        let found: BTreeSet<_> =
            text.split([',', '\n']).filter_map(|entry| entry.trim().strip_prefix("DNS:")).collect();
        let wanted: BTreeSet<_> = names.iter().copied().collect();
        expect(&file, &wanted, &found)?;

        let text = field(&file, &["-text"]).await?;
        let found = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("Public Key Algorithm:") || line.starts_with("Public-Key:"))
            .collect::<Vec<_>>()
            .join(", ");
        expect(&file, &key.as_printed(), &found.as_str())?;

        let found = lifetime(&file).await?;
        // A client cannot ask for less, and a CA may backdate a certificate for the sake of slow
        // clocks.
        if found.abs_diff(target.lifetime) > Duration::from_secs(2 * 60 * 60) {
            return Err(wrong(&file, &target.lifetime, &found));
        }
        Ok(Self { file, serial })
    }

    /// Whether the CRL that the certificate refers to lists it. The CRL is downloaded, verified and
    /// searched as a relying party does.
    ///
    /// # Errors
    ///
    /// There is no such CRL, or `openssl` refuses it.
    pub async fn is_revoked(&self, target: &Target) -> Result<bool, Failure> {
        let text = field(&self.file, &["-ext", "crlDistributionPoints"]).await?;
        let url = text.lines().find_map(|line| line.trim().strip_prefix("URI:"));
        let url = url.ok_or_else(|| wrong(&self.file, &"a CRL distribution point", &text))?;
        let folder = folder_of(&self.file);
        let crl = folder.join("fetched.crl");
        Run::new("curl", folder)
            .args(["--silent", "--show-error", "--fail", "--max-time", "10", url, "--output"])
            .arg(&crl)
            .finish()
            .await?;
        let verified = openssl(&["verify", "-crl_check", "-CRLfile"], &self.file)
            .arg(&crl)
            .arg("-CAfile")
            .arg(&target.root)
            .arg("-untrusted")
            .args([&self.file, &self.file])
            .finish()
            .await;
        match verified {
            Ok(_) => Ok(false),
            Err(Failure::Ended { output, .. }) if output.contains("certificate revoked") => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}

impl CertificateKey {
    fn as_printed(self) -> &'static str {
        match self {
            Self::P256 => "Public Key Algorithm: id-ecPublicKey, Public-Key: (256 bit)",
            Self::P384 => "Public Key Algorithm: id-ecPublicKey, Public-Key: (384 bit)",
            Self::Rsa2048 => "Public Key Algorithm: rsaEncryption, Public-Key: (2048 bit)",
            Self::Rsa4096 => "Public Key Algorithm: rsaEncryption, Public-Key: (4096 bit)",
        }
    }
}

async fn lifetime(file: &Path) -> Result<Duration, Failure> {
    let text = field(file, &["-startdate", "-enddate", "-dateopt", "iso_8601"]).await?;
    let date = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.parse::<jiff::Timestamp>().ok()
    };
    let life = date("notBefore=")
        .zip(date("notAfter="))
        .and_then(|(before, after)| Duration::try_from(after.duration_since(before)).ok());
    life.ok_or_else(|| wrong(file, &"two dates", &text))
}

async fn field(file: &Path, options: &[&str]) -> Result<String, Failure> {
    let printed = openssl(&["x509", "-noout", "-in"], file).arg(file).args(options).finish().await?;
    Ok(printed.stdout)
}

fn openssl(arguments: &[&str], file: &Path) -> Run {
    Run::new("openssl", folder_of(file)).args(arguments)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

fn expect<T: PartialEq + std::fmt::Debug>(file: &Path, wanted: &T, found: &T) -> Result<(), Failure> {
    if wanted == found {
        return Ok(());
    }
    Err(wrong(file, wanted, found))
}

fn wrong(file: &Path, wanted: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug) -> Failure {
    Failure::Certificate { file: file.to_path_buf(), wanted: format!("{wanted:?}"), found: format!("{found:?}") }
}

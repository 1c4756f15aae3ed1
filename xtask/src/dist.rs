//! `target/dist`: what is deployed without Rust, without make and without a compiler.
//!
//! A zip for each function, the template that names these zips, the defaults of the SAM command
//! line, the list of everything that is linked, and checksums. Equal programs give equal octets,
//! and on machines of one kind the commit decides the programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use sha2::{Digest, Sha256};

use crate::{Error, command::Program, progress, repository, setup};

pub use self::architecture::Architecture;
pub(crate) use self::template::program;

mod architecture;
mod bom;
mod template;
mod zip;

/// Builds the functions and fills `target/dist`.
///
/// # Errors
///
/// The compiler cannot be installed, the build fails, or Lambda could not start what it made.
pub fn run(architecture: Architecture) -> Result<(), Error> {
    let began = Instant::now();
    setup::for_dist()?;
    progress::say(&format!("building the functions for {architecture}"));
    Program::new(repository().join("deploy").join("build.sh"))
        .arg(architecture.name())
        .directory(repository())
        .show()?;
    progress::say(&format!("built after {} s", began.elapsed().as_secs()));

    let built = repository().join("target").join("functions").join(architecture.name());
    let programs = functions()?.into_iter().map(|name| (name.clone(), built.join(name))).collect();
    let folder = repository().join("target").join("dist");
    pack(&programs, architecture, &folder)?;
    progress::say(&format!("done after {} s: {}", began.elapsed().as_secs(), folder.display()));
    Ok(())
}

/// The names of the functions' packages, which are those of their programs.
///
/// # Errors
///
/// The folder cannot be read.
pub fn functions() -> Result<Vec<String>, Error> {
    let folder = repository().join("functions");
    let names = fs::read_dir(&folder).and_then(|entries| {
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>, _>>()
    });
    let mut names = names.map_err(|source| Error::File { path: folder, source })?;
    names.sort();
    Ok(names)
}

/// Fills `folder`, which is emptied first, from the built programs by the names of their packages.
///
/// # Errors
///
/// Lambda could not start a program, the template has other functions, or a file cannot be read
/// or written.
pub fn pack(programs: &BTreeMap<String, PathBuf>, architecture: Architecture, folder: &Path) -> Result<(), Error> {
    let out = Folder::empty(folder)?;
    let mut digests = BTreeMap::new();
    thread::scope(|scope| {
        let packed: Vec<_> = programs
            .iter()
            .map(|(name, path)| (name, scope.spawn(|| zipped(name, path, architecture, &out))))
            .collect();
        for (name, digest) in packed {
            digests.insert(name.clone(), digest.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok::<(), Error>(())
    })?;

    let top = repository();
    let mut named = BTreeSet::new();
    for file in ["template.yaml", "deploy/perspective.yaml"] {
        let template = String::from_utf8_lossy(&read(&top.join(file))?).into_owned();
        let (packaged, functions) = template::packaged(&template, architecture)?;
        out.write(file.rsplit('/').next().unwrap_or(file), packaged.as_bytes())?;
        named.extend(functions);
    }
    if !named.iter().eq(programs.keys()) {
        let programs: Vec<_> = programs.keys().collect();
        return Err(Error::Template(format!("the functions are {named:?}, and the programs are {programs:?}")));
    }
    let commit = Commit::read();
    out.write("sbom.cdx.json", bom::of(architecture, &digests, commit.date.as_deref())?.as_bytes())?;
    out.write("README.md", readme(architecture, &commit).as_bytes())?;
    for file in [
        "samconfig.toml",
        "deploy/archive.yaml",
        "deploy/edge.yaml",
        "deploy/status.yaml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
    ] {
        out.write(file.rsplit('/').next().unwrap_or(file), &read(&top.join(file))?)?;
    }
    out.write(CHECKSUMS, checksums(folder)?.as_bytes())
}

/// Writes the zip of a program that Lambda can start; returns the digest of the program.
fn zipped(name: &str, path: &Path, architecture: Architecture, out: &Folder<'_>) -> Result<String, Error> {
    let fits = repository().join("deploy").join("fits-lambda.sh");
    Program::new(fits).arg(path).arg(architecture.name()).directory(repository()).output()?;
    let program = read(path)?;
    let zip = zip::of("bootstrap", &program).map_err(|source| Error::File { path: path.to_path_buf(), source })?;
    out.write(&format!("{name}.zip"), &zip)?;
    progress::say(&format!("{name}.zip: {} KiB", zip.len() / 1024));
    Ok(hexadecimal(&program))
}

/// The lines of `sha256sum`, in the order of the names.
fn checksums(folder: &Path) -> Result<String, Error> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|source| Error::File { path: folder.to_path_buf(), source })?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    paths.iter().map(|path| Ok(format!("{}  {}\n", hexadecimal(&read(path)?), name(path)))).collect()
}

fn readme(architecture: Architecture, commit: &Commit) -> String {
    include_str!("dist/readme.md")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{architecture}", architecture.name())
        .replace("{commit}", &commit.name)
}

/// What is packed.
struct Commit {
    name: String,
    /// When it was made, RFC 3339.
    date: Option<String>,
}

impl Commit {
    fn read() -> Self {
        let git = |arguments: &[&str]| {
            let output = Program::new("git").args(arguments).directory(repository()).output();
            output.map(|output| output.trim().to_owned())
        };
        // A tree without git, such as that of a source archive, has only its version.
        let (Ok(name), Ok(changes)) = (git(&["rev-parse", "HEAD"]), git(&["status", "--porcelain"])) else {
            return Self { name: "unknown".to_owned(), date: None };
        };
        let changed = if changes.is_empty() { "" } else { ", with changes that are not committed" };
        Self { name: format!("{name}{changed}"), date: git(&["show", "--no-patch", "--format=%cI", "HEAD"]).ok() }
    }
}

/// The folder that is filled.
struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    fn empty(path: &'a Path) -> Result<Self, Error> {
        if path.exists() {
            fs::remove_dir_all(path).map_err(|source| Error::File { path: path.to_path_buf(), source })?;
        }
        fs::create_dir_all(path).map_err(|source| Error::File { path: path.to_path_buf(), source })?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = self.0.join(name);
        fs::write(&path, content).map_err(|source| Error::File { path, source })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { path: path.to_path_buf(), source })
}

fn hexadecimal(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|octet| format!("{octet:02x}")).collect()
}

const CHECKSUMS: &str = "SHA256SUMS";

//! Fuzz targets: built with the pinned toolchain, run from the kept corpus.
//!
//! The coverage that leads libFuzzer is LLVM's own, which a stable compiler has, too. Address
//! sanitizer needs a nightly one: `cargo +nightly fuzz run` has it. What is asked here of an input
//! is that it neither ends the target nor takes it too long, nor much memory.
//!
//! New inputs go to `target/fuzz/found`; `--keep` chooses those that reach more for the corpus.

mod corpus;
mod machine;
mod outcome;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use crate::{
    Error,
    command::{Beside, Program},
    progress, repository,
};

use outcome::Outcome;

/// How long each target runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few seconds from a fixed seed, so that a commit is judged by what it changes more than by
    /// luck. Only a target that hashes with random keys tries other inputs at each run.
    Repeated,
    /// That many executions.
    Runs(u64),
    /// That many seconds.
    Seconds(u64),
    /// A hundred million executions without cryptography, and an hour with it.
    Thorough,
}

impl Effort {
    /// What a target gets when no more is asked for.
    pub const SHORT: Self = Self::Seconds(SHORT);

    fn arguments(self, target: &str) -> Vec<String> {
        match self {
            // Looking for the inputs of other processes goes by the clock.
            Self::Repeated => {
                vec!["-seed=1".to_owned(), "-reload=0".to_owned(), format!("-max_total_time={SHORT}")]
            }
            Self::Runs(runs) => vec![format!("-runs={runs}")],
            Self::Seconds(seconds) => vec![format!("-max_total_time={seconds}")],
            Self::Thorough if WITH_CRYPTOGRAPHY.contains(&target) => Self::Seconds(3_600).arguments(target),
            Self::Thorough => Self::Runs(100_000_000).arguments(target),
        }
    }

    /// Where a target keeps what it finds. What earlier runs found would lead a repeated run
    /// elsewhere.
    fn found(self, target: &str) -> Result<PathBuf, Error> {
        match self {
            Self::Repeated => emptied(&folder().join("repeated").join(target)),
            Self::Runs(_) | Self::Seconds(_) | Self::Thorough => made(&folder().join("found").join(target)),
        }
    }
}

/// What all targets did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// The number of targets; none where they cannot be built.
    pub targets: usize,
    /// The sum of their executions.
    pub executions: u64,
    /// Those that reached something new in the last tenth of their executions.
    pub unsettled: usize,
}

/// Builds the targets, and runs those that are named, or all of them, as many at a time as the
/// machine has processors. With `keep`, the kept corpus then has what they found.
///
/// # Errors
///
/// The build fails, a target is unknown, or an input ends one: the error says where the input is.
pub fn run(names: &[String], effort: Effort, keep: bool) -> Result<Ran, Error> {
    if let Some(reason) = machine::lacks() {
        progress::say(&format!("SKIPPED: no fuzz target runs, because {reason}"));
        return Ok(Ran::default());
    }
    let targets = chosen(names)?;
    let began = Instant::now();
    progress::say("building the fuzz targets");
    build().show()?;
    progress::say(&format!("building the fuzz targets: done after {} s", began.elapsed().as_secs()));
    let waiting = Mutex::new(targets.iter());
    let (ran, failures) = (Mutex::new(Ran::default()), Mutex::new(Vec::new()));
    let work = || {
        // The lock is held to the end of a statement: a loop over it would hold it for its body.
        while let Some(target) = { locked(&waiting).next() } {
            let outcome = one(target, effort)
                .and_then(|outcome| if keep { merge(target).map(|()| outcome) } else { Ok(outcome) });
            match outcome {
                Ok(outcome) => {
                    let mut ran = locked(&ran);
                    ran.targets += 1;
                    ran.executions += outcome.executions;
                    ran.unsettled += usize::from(!outcome.is_settled());
                }
                Err(error) => {
                    progress::say(&format!("{target}: FAILED"));
                    locked(&failures).push(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        let others = thread::available_parallelism().map_or(0, |processors| processors.get() - 1);
        for _ in 0..others {
            scope.spawn(work);
        }
        work();
    });
    progress::say(&format!("{} fuzz targets: done after {} s", targets.len(), began.elapsed().as_secs()));
    let ran = *locked(&ran);
    match locked(&failures).pop() {
        Some(error) => Err(error),
        None => Ok(ran),
    }
}

/// Begins to build the targets beside other work; `None` where they cannot be built.
///
/// # Errors
///
/// The build does not start.
pub fn build_beside() -> Result<Option<Beside>, Error> {
    if machine::lacks().is_some() {
        return Ok(None);
    }
    progress::say("building the fuzz targets beside the tests, with the time that these leave");
    build().beside().map(Some)
}

/// No code that holds one of these locks can panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names of all targets.
///
/// # Errors
///
/// The folder cannot be read.
pub fn targets() -> Result<BTreeSet<String>, Error> {
    let folder = repository().join("fuzz").join("targets");
    let failed = |source| Error::File { path: folder.clone(), source };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.to_string_lossy().strip_suffix(".rs").map(str::to_owned));
    }
    Ok(names)
}

fn chosen(names: &[String]) -> Result<BTreeSet<String>, Error> {
    let all = targets()?;
    if names.is_empty() {
        return Ok(all);
    }
    match names.iter().find(|name| !all.contains(*name)) {
        Some(unknown) => Err(Error::UnknownTarget(unknown.clone())),
        None => Ok(names.iter().cloned().collect()),
    }
}

/// Builds every target: they share all crates, so that one more costs little.
fn build() -> Program {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Program::new(cargo)
        .args(["build", "--quiet", "--release", "--locked", "--bins", "--target", machine::PLATFORM, "--target-dir"])
        .arg(folder())
        // The flags that `cargo fuzz` gives a nightly compiler, without a sanitizer. Those for the
        // platform leave build scripts and macros alone.
        .env("RUSTFLAGS", FLAGS.join(" "))
        .directory(repository().join("fuzz"))
}

/// Runs a target, and says what came of it.
fn one(target: &str, effort: Effort) -> Result<Outcome, Error> {
    let (kept, found) = (corpus::unpacked(target)?, effort.found(target)?);
    let crashes = made(&folder().join("crashes"))?;
    let began = Instant::now();
    let written = program(target)
        .args(effort.arguments(target))
        .arg(format!("-timeout={TIMEOUT}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/{target}-", crashes.display()))
        .arg(found)
        .arg(kept)
        .report()?;
    let outcome = Outcome::read(&written);
    progress::say(&format!("{target}: {outcome}, {} s", began.elapsed().as_secs()));
    Ok(outcome)
}

/// Chooses the smallest inputs of those that were kept and found that reach all that they reach.
fn merge(target: &str) -> Result<(), Error> {
    let chosen = emptied(&folder().join("chosen").join(target))?;
    program(target)
        .args(["-set_cover_merge=1", &format!("-max_len={LONGEST_KEPT}")])
        .arg(&chosen)
        .arg(corpus::unpacked(target)?)
        .arg(folder().join("found").join(target))
        .report()?;
    corpus::pack(target, &chosen)
}

/// A target that cannot have more memory than [`ADDRESSES`]: an allocation beyond it ends it.
fn program(target: &str) -> Program {
    let program = folder().join(machine::PLATFORM).join("release").join(target);
    // libFuzzer looks its last comparisons up by their addresses, which are random otherwise.
    let run = "setarch -R true 2>/dev/null && set -- setarch -R \"$@\"; exec \"$@\"";
    Program::new("sh").args(["-c", &format!("ulimit -v {ADDRESSES} || exit 1; {run}"), "sh"]).arg(program)
}

fn emptied(folder: &Path) -> Result<PathBuf, Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|source| Error::File { path: folder.to_path_buf(), source })?;
    }
    made(folder)
}

fn made(folder: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder).map_err(|source| Error::File { path: folder.to_path_buf(), source })?;
    Ok(folder.to_path_buf())
}

/// Everything that is built and found; flags of its own would rebuild what the tests use.
fn folder() -> PathBuf {
    repository().join("target").join("fuzz")
}

const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg fuzzing",
];
/// Targets that spend their time in signatures, points of curves and MACs.
const WITH_CRYPTOGRAPHY: [&str; 7] =
    ["admin_request", "certificate", "csr", "external_account", "issuer_certificates", "jwk", "jws"];
/// Seconds for a target that is only looked at.
const SHORT: u64 = 6;
/// Seconds for one input; the slowest takes a hundredth of one.
const TIMEOUT: u32 = 10;
/// Mebibytes that a target may use, with the inputs that libFuzzer keeps in memory.
const MEMORY: u32 = 512;
/// Kibibytes of address space.
const ADDRESSES: u32 = 2 << 20;
/// Octets of an input that is kept.
const LONGEST_KEPT: u32 = 2_048;

//! `cargo xtask smoke`: the life of a stack in a real account, from a deployment that fails to the
//! clean-up, with certbot and lego as its clients; and a report of it.
//!
//! What only CloudFormation, IAM, API Gateway and CloudFront can show is shown here by them. In the
//! emulator the same steps run, and what it cannot show is never reported as good.
//!
//! Nothing is made before the operator has agreed, everything that is made has a name of this run,
//! and only that is taken away at the end, also after a failure or Ctrl-C.

mod aws;
mod client;
mod emulator;
mod fault;
mod interrupt;
mod made;
mod report;
mod scene;
mod stack;
mod step;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, Read},
    path::{Path, PathBuf},
    time::Instant,
};

use sha2::{Digest, Sha256};

use crate::{
    Error,
    command::Program,
    progress, repository,
    setup::{self, Tools},
    test,
};

pub(crate) use self::report::Report;

use self::{
    aws::{Aws, text},
    emulator::StandIn,
    fault::Fault,
    interrupt::Interrupt,
    made::{Cleaned, Made},
    scene::{Known, STEPS, Scene},
    step::{Done, Outcome, Shown},
};

/// What the operator wants.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Use the emulator on this machine in the place of an account, with what this working copy
    /// builds.
    #[arg(long, conflicts_with_all = ["dist", "region"])]
    pub emulator: bool,
    /// Begin without asking.
    #[arg(long)]
    pub yes: bool,
    /// Leave what was made.
    #[arg(long)]
    pub keep: bool,
    /// The region; that of the configuration of AWS when absent.
    #[arg(long)]
    pub region: Option<String>,
    /// What the names of all stacks begin with; random digits follow.
    #[arg(long, default_value = PREFIX)]
    pub stack_prefix: String,
    /// The folder that `dist` filled; `target/dist` when absent.
    #[arg(long)]
    pub dist: Option<PathBuf>,
    /// A parameter of the template that your account demands, such as `PermissionsBoundaryArn=…`.
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let stack_prefix = PREFIX.to_owned();
        let (emulator, yes, keep, region, dist) = (false, false, false, None, None);
        Self { emulator, yes, keep, region, stack_prefix, dist, parameters: Vec::new() }
    }
}

/// Installs the clients that are missing, and runs the test.
///
/// # Errors
///
/// There are no credentials, nothing to deploy, no agreement; or a step failed.
pub fn run(options: &Options) -> Result<(), Error> {
    let tools = setup::for_smoke()?;
    if !options.emulator {
        let dist = options.dist.clone().unwrap_or_else(|| repository().join("target").join("dist"));
        return with(options, &tools, &dist, &folder()?, &mut io::stdin().lock());
    }
    let bundle = match std::env::var_os("SERVERLESS_ACME_BUNDLE") {
        Some(bundle) => Some(PathBuf::from(bundle)),
        None => test::bundle(&tools)?,
    };
    match bundle {
        Some(bundle) => verdict(&emulated(options, &tools, &bundle)?),
        None => Ok(()),
    }
}

/// The same in the emulator, with a bundle that is built.
///
/// # Errors
///
/// The emulator does not start. A step that failed is in the report.
pub(crate) fn emulated(options: &Options, tools: &Tools, bundle: &Path) -> Result<Report, Error> {
    let dist = folder()?.join("dist");
    emulator::pack(bundle, &dist)?;
    let name = name(&options.stack_prefix)?;
    let stand_in = StandIn::start(&name, &folder()?, tools)?;
    begin(options, tools, Places { dist: &dist, folder: &folder()? }, Some((name, stand_in)), &mut io::stdin().lock())
}

/// Runs the test in an account with what is installed; files and the report go to `folder`, and
/// `answer` is what the operator says.
///
/// # Errors
///
/// Those of [`run`].
pub fn with(
    options: &Options,
    tools: &Tools,
    dist: &Path,
    folder: &Path,
    answer: &mut impl BufRead,
) -> Result<(), Error> {
    verdict(&begin(options, tools, Places { dist, folder }, None, answer)?)
}

fn verdict(report: &Report) -> Result<(), Error> {
    let bad = report.bad();
    if bad.is_empty() { Ok(()) } else { Err(Error::Smoked(bad.join(", "))) }
}

/// Where what a run needs lies, and where what it writes goes.
#[derive(Clone, Copy)]
struct Places<'a> {
    /// What is deployed.
    dist: &'a Path,
    /// Where the report goes.
    folder: &'a Path,
}

fn begin(
    options: &Options,
    tools: &Tools,
    Places { dist, folder }: Places<'_>,
    stand_in: Option<(String, StandIn)>,
    answer: &mut impl BufRead,
) -> Result<Report, Error> {
    let (name, stand_in) = match stand_in {
        Some((name, stand_in)) => (name, Some(stand_in)),
        None => (name(&options.stack_prefix)?, None),
    };
    let parameters = parameters(&options.parameters)?;
    let files = folder.join(&name);
    fs::create_dir_all(&files).map_err(|source| Error::File { path: files.clone(), source })?;
    let environment = stand_in.as_ref().map(StandIn::environment).unwrap_or_default();
    let aws = Aws::new(tools.folder.join("aws").join("bin").join("aws"), environment, &files);
    let region = match &stand_in {
        Some(_) => emulator::REGION.to_owned(),
        None => region(options, &aws)?,
    };
    let aws = aws.in_region(&region);
    let caller = aws.ask(&["sts", "get-caller-identity"]).map_err(|fault| Error::NoCredentials(fault.to_string()))?;
    let account = text(&caller, "/Account").map_err(|fault| Error::NoCredentials(fault.to_string()))?;
    let template = fs::read(dist.join("template.yaml")).map_err(|_| Error::NotPacked(dist.to_owned()))?;

    let who = text(&caller, "/Arn").unwrap_or_default();
    progress::show(&plan(&name, &account, &who, &region, options.keep));
    if !options.yes && !agreed(answer) {
        return Err(Error::Declined);
    }
    let interrupt = Interrupt::listen().map_err(|source| Error::File { path: "signals".into(), source })?;
    let scene = Scene {
        aws: aws.until(&interrupt),
        tools,
        stand_in: stand_in.as_ref(),
        name,
        account,
        region,
        dist: dist.to_owned(),
        parameters,
        folder: files,
        made: Made::default(),
        secrets: Vec::new(),
        known: Known::default(),
    };
    let facts = facts(&scene, &template)?;
    play(scene, facts, options.keep, &folder.join(REPORT))
}

/// Runs every step that can be run, cleans up, and shows the report.
fn play(mut scene: Scene<'_>, facts: Vec<(&'static str, String)>, keep: bool, path: &Path) -> Result<Report, Error> {
    let mut report = Report { facts, ..Report::default() };
    for step in &STEPS {
        let is_bad = |need: &str| report.steps.iter().any(|done| done.name == need && done.is_bad());
        let missing = step.needs.iter().find(|need| is_bad(need));
        let began = Instant::now();
        let outcome = match (scene.aws.interrupt().check(), missing) {
            (Err(fault), _) => Outcome::NotRun(fault.to_string()),
            (Ok(()), Some(need)) => Outcome::NotRun(format!("it needs `{need}`")),
            (Ok(()), None) => {
                progress::say(&format!("{}: {}", step.name, step.does));
                match (step.run)(&mut scene) {
                    Ok(shown) => Outcome::Shown(shown),
                    Err(fault) => Outcome::Failed(fault.to_string()),
                }
            }
        };
        // What is there if this process ends now.
        report.remains = scene.made.list();
        take(&mut report, &scene, Done { name: step.name, does: step.does, duration: began.elapsed(), outcome }, path)?;
    }
    let began = Instant::now();
    // From here on nothing interrupts it but a signal that no process can catch.
    scene.aws = scene.aws.until(&Interrupt::never());
    let (does, outcome) = if keep {
        ("nothing, because of `--keep`", Outcome::Shown(Shown::Here("docs/operations/deploy.md, Tear down".to_owned())))
    } else {
        progress::say("clean-up: deletes what this run made");
        let Cleaned { gone, pending, left } = scene.made.clean_up(&scene.aws);
        let said = format!("{gone} things are gone, {} are to be, {} are left", pending.len(), left.len());
        let outcome = if left.is_empty() { Outcome::Shown(Shown::Here(said)) } else { Outcome::Failed(said) };
        report.remains = pending.into_iter().chain(left).collect();
        ("deletes what this run made, and nothing else", outcome)
    };
    take(&mut report, &scene, Done { name: "clean-up", does, duration: began.elapsed(), outcome }, path)?;
    progress::show(&report.markdown());
    progress::say(&format!("the report is {}", path.display()));
    Ok(report)
}

/// Adds a step to the report, which is written after each one: it says what there is whatever ends
/// this process.
fn take(report: &mut Report, scene: &Scene<'_>, done: Done, path: &Path) -> Result<(), Error> {
    progress::say(&format!("{}: {} after {} s", done.name, word(&done.outcome), done.duration.as_secs()));
    report.steps.push(done);
    report.hidden = vec![(scene.account.clone(), "<account>")];
    report.hidden.extend(scene.secrets.iter().map(|secret| (secret.clone(), "<secret>")));
    fs::write(path, report.markdown()).map_err(|source| Error::File { path: path.to_owned(), source })
}

fn word(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed(_) => "failed",
        Outcome::NotRun(_) => "not run",
        Outcome::Shown(Shown::Here(_)) => "good",
        Outcome::Shown(Shown::Elsewhere { .. }) => "not shown here",
    }
}

/// What the operator agrees to.
fn plan(name: &str, account: &str, who: &str, region: &str, keep: bool) -> String {
    let after = if keep {
        "Nothing is taken away (--keep): a stack costs US$3 a month and more (docs/operations/costs.md)."
    } else {
        "Everything is taken away at the end but the KMS keys, which are deleted after 30 days without a charge."
    };
    format!(
        "In account {account}, region {region}, as {who}, this makes and deletes:\n\
         - the stacks {name} (twice: once it fails), {name}-adopt and {name}-status (CloudFront)\n\
         - with all that they retain: a table, at most four KMS keys and their aliases, buckets, log groups\n\
         - the bucket {name}-code-{region}\n\
         Everything has the tag {tag}={name}. It takes about 40 minutes, most of it for CloudFront.\n\
         Keys and alarms are charged by the hour, requests by their number: less than US$0.10 together, and less\n\
         than US$1.00 if this is interrupted for a day.\n{after}",
        tag = scene::TAG,
    )
}

fn agreed(answer: &mut impl BufRead) -> bool {
    progress::show("Begin? Only `yes` begins.");
    let mut line = String::new();
    answer.read_line(&mut line).is_ok() && line.trim() == "yes"
}

fn facts(scene: &Scene<'_>, template: &[u8]) -> Result<Vec<(&'static str, String)>, Error> {
    let said = |program: &Path, arguments: &[&str]| {
        let mut printed = Program::new(program).args(arguments).output().unwrap_or_else(|_| "not there".to_owned());
        printed.truncate(printed.find('\n').unwrap_or(printed.len()));
        printed
    };
    let client = |name: &str| {
        let own = scene.tools.folder.join(name).join("bin").join(name);
        said(if own.exists() { &own } else { Path::new(name) }, &["--version"])
    };
    let commit = Program::new("git").args(["rev-parse", "--short=12", "HEAD"]).directory(repository()).output();
    let place = if scene.stand_in.is_some() { "the emulator ministack, not an account" } else { "an account" };
    let given: Vec<_> = scene.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(vec![
        ("version", format!("{}, commit {}", env!("CARGO_PKG_VERSION"), commit.unwrap_or_default().trim())),
        ("template", format!("SHA-256 {}", hexadecimal(template))),
        ("begun", Program::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output()?),
        ("place", place.to_owned()),
        ("region", scene.region.clone()),
        ("stack", scene.name.clone()),
        ("parameters of the operator", if given.is_empty() { "none".to_owned() } else { given.join(" ") }),
        ("command line of AWS", said(scene.aws.program(), &["--version"])),
        ("certbot", client("certbot")),
        ("lego", client("lego")),
        ("openssl", said(Path::new("openssl"), &["version"])),
    ])
}

fn region(options: &Options, aws: &Aws) -> Result<String, Error> {
    let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().filter_map(|name| std::env::var(name).ok());
    // The last way to know it is asked last.
    let configured = std::iter::once_with(|| aws.say(&["configure", "get", "region"])).flatten();
    let configured = configured.map(|said| said.trim().to_owned());
    let mut known = options.region.clone().into_iter().chain(variables).chain(configured);
    known.find(|region| !region.is_empty()).ok_or(Error::NoRegion)
}

fn parameters(given: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let pairs = given.iter().map(|text| text.split_once('=').ok_or_else(|| Error::NoParameter(text.clone())));
    pairs.map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// A name that nothing in the account has: the prefix with random digits.
fn name(prefix: &str) -> Result<String, Error> {
    let is_fit = prefix.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if prefix.len() > LONGEST_PREFIX || !is_fit || !prefix.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(Error::NoPrefix(prefix.to_owned()));
    }
    let mut random = [0; 3];
    let path = Path::new("/dev/urandom");
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut random));
    read.map_err(|source| Error::File { path: path.to_owned(), source })?;
    let digits: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
    Ok(format!("{prefix}-{digits}"))
}

fn folder() -> Result<PathBuf, Error> {
    let folder = repository().join("target").join("smoke");
    fs::create_dir_all(&folder).map_err(|source| Error::File { path: folder.clone(), source })?;
    Ok(folder)
}

fn hexadecimal(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|octet| format!("{octet:02x}")).collect()
}

const PREFIX: &str = "acme-smoke";
const REPORT: &str = "report.md";

/// The names of stacks have 28 characters at most, and end with a hyphen, six digits and `-status`.
const LONGEST_PREFIX: usize = 14;

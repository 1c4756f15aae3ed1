//! The steps, and what they know of each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use super::{
    Fault,
    aws::{Aws, text},
    client::{Binding, CERTBOT, Client, LEGO, RelyingParty, Site},
    emulator::StandIn,
    made::{Made, arn_of_table},
    stack::{Change, Resource, Stack, Wish},
    step::Shown,
};
use crate::setup::Tools;

/// What the steps know.
pub(super) struct Scene<'a> {
    /// Through which everything is asked for.
    pub(super) aws: Aws,
    /// Where the programs of clients are.
    pub(super) tools: &'a Tools,
    /// What stands in for what only an account has; `None` in an account.
    pub(super) stand_in: Option<&'a StandIn>,
    /// The name of the stack, which the names of everything else begin with.
    pub(super) name: String,
    /// The number of the account.
    pub(super) account: String,
    /// Where everything is made.
    pub(super) region: String,
    /// The folder that `cargo xtask dist` filled.
    pub(super) dist: PathBuf,
    /// What the operator wants besides.
    pub(super) parameters: BTreeMap<String, String>,
    /// An empty folder for files.
    pub(super) folder: PathBuf,
    /// What was made so far.
    pub(super) made: Made,
    /// What no report may show.
    pub(super) secrets: Vec<String>,
    /// What the steps found out.
    pub(super) known: Known,
}

/// What one step finds out for later ones.
#[derive(Debug, Default)]
pub(super) struct Known {
    template: String,
    status_template: String,
    status_url: String,
    host: String,
    bucket: String,
    /// The stack that is there now, and its outputs.
    stack: Option<(Stack, BTreeMap<String, String>)>,
    kept: BTreeSet<Resource>,
    /// The chain of the certificate that stays valid.
    valid: Option<PathBuf>,
}

/// A step of the test.
pub(super) struct Step {
    /// One or two words.
    pub(super) name: &'static str,
    /// What it does, for the report.
    pub(super) does: &'static str,
    /// The steps without which it cannot be run.
    pub(super) needs: &'static [&'static str],
    /// What shows it.
    pub(super) run: fn(&mut Scene<'_>) -> Result<Shown, Fault>,
}

/// In their order.
pub(super) const STEPS: [Step; 10] = [
    Step { name: "package", does: "uploads the zips to a bucket of its own", needs: &[], run: package },
    Step {
        name: "status",
        does: "deploys `status.yaml`: the status bucket, with CloudFront in front of it",
        needs: &["package"],
        run: status,
    },
    Step {
        name: "failed create",
        does: "creates the stack with an issuing key that does not exist: it fails, and leaves nothing",
        needs: &["status"],
        run: failed_create,
    },
    Step {
        name: "create",
        does: "creates the stack, by the name of the failed one",
        needs: &["failed create"],
        run: create,
    },
    Step {
        name: "certbot",
        does: "registers with a minted key, obtains a certificate that openssl accepts, revokes it, sees that on the CRL",
        needs: &["create"],
        run: certbot,
    },
    Step {
        name: "lego",
        does: "registers with a minted key, obtains and renews a certificate that openssl accepts",
        needs: &["create"],
        run: lego,
    },
    Step {
        name: "update",
        does: "changes a throttle and the level of the log; the CA stays the same",
        needs: &["create"],
        run: update,
    },
    Step {
        name: "roll-back",
        does: "changes what is fixed: it fails with the reason, and the stack is as it was",
        needs: &["update"],
        run: roll_back,
    },
    Step {
        name: "delete",
        does: "deletes the stack; table, keys, bucket and logs stay",
        needs: &["create"],
        run: delete,
    },
    Step {
        name: "adopt",
        does: "creates a stack of another name with what the deleted one left; certbot obtains from the same root, and the \
               certificate of before is accepted",
        needs: &["delete"],
        run: adopt,
    },
];

fn package(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let bucket = format!("{}-code-{}", scene.name, scene.region);
    scene.made.bucket(&bucket);
    scene.aws.say(&["s3", "mb", &format!("s3://{bucket}")])?;
    let tags = json!({ "TagSet": [{ "Key": TAG, "Value": scene.name }] });
    scene.aws.say(&["s3api", "put-bucket-tagging", "--bucket", &bucket, "--tagging", &tags.to_string()])?;
    let packaged = scene.folder.join("packaged.yaml");
    let source = scene.dist.join("template.yaml").display().to_string();
    let out = packaged.display().to_string();
    let options = ["--template-file", &source, "--s3-bucket", &bucket, "--output-template-file", &out];
    scene.aws.say(&[&["cloudformation", "package"], &options[..]].concat())?;
    let packaged = match scene.stand_in {
        Some(stand_in) => scene.aws.file("rewritten.json", stand_in.rewritten(&packaged, &scene.usual())?)?,
        None => packaged,
    };
    scene.known.template = scene.upload(&bucket, &packaged)?;
    scene.known.status_template = scene.upload(&bucket, &scene.dist.join("status.yaml"))?;
    let zips = fs::read_dir(&scene.dist).map_err(|source| Fault::File { path: scene.dist.clone(), source })?;
    let zips = zips.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "zip")).count();
    Ok(Shown::Here(format!("{zips} functions")))
}

fn status(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let name = format!("{}-status", scene.name);
    let template = scene.known.status_template.clone();
    let stack = scene.deploy(&name, Change::Create, &template, &BTreeMap::new(), "CREATE_COMPLETE")?;
    let outputs = stack.outputs(&scene.aws)?;
    scene.known.bucket = output(&outputs, "AdoptStatusBucketName")?;
    scene.known.status_url = output(&outputs, "StatusUrl")?;
    scene.known.host = scene.known.status_url.trim_start_matches("http://").to_owned();
    let Some(stand_in) = scene.stand_in else {
        return Ok(Shown::Here("the certificates of this run are for its host name".to_owned()));
    };
    scene.known.status_url.clone_from(&stand_in.status_url);
    scene.known.host.clone_from(&stand_in.host);
    Ok(Shown::Elsewhere {
        done: "the stack is complete".to_owned(),
        why: "no CloudFront answers in the emulator; a server of the tests reads the bucket in its place",
    })
}

fn failed_create(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let mut parameters = scene.usual();
    let key = format!("arn:aws:kms:{}:{}:key/00000000-0000-4000-8000-000000000000", scene.region, scene.account);
    parameters.insert("AdoptIssuingKeyArn".to_owned(), key);
    let (name, template) = (scene.name.clone(), scene.known.template.clone());
    let stack = scene.deploy(&name, Change::Create, &template, &parameters, "ROLLBACK_COMPLETE")?;
    let made = scene.made.read(&scene.aws, &stack)?;
    let left = scene.those(&made, true)?;
    if !left.is_empty() {
        return Err(Fault::Left(left));
    }
    let reasons = stack.reasons(&scene.aws)?;
    stack.delete(&scene.aws)?;
    Ok(Shown::Here(format!("{} things that keep state were made and taken back; {reasons}", made.len())))
}

fn create(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let (name, template, parameters) = (scene.name.clone(), scene.known.template.clone(), scene.usual());
    let stack = scene.deploy(&name, Change::Create, &template, &parameters, "CREATE_COMPLETE")?;
    let root = scene.know(stack)?;
    Ok(Shown::Here(format!("root {root}")))
}

fn certbot(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let Some(program) = scene.client(CERTBOT) else { return Ok(absent()) };
    let (site, binding) = (scene.site()?, scene.mint()?);
    let folder = scene.folder.join(CERTBOT);
    let client = Client { name: CERTBOT, program, folder, site: &site, aws: &scene.aws };
    let chain = client.obtain(&binding)?;
    let party = scene.relying_party(&site);
    party.accepts(CERTBOT, &chain)?;
    client.revoke()?;
    party.refuses(CERTBOT, &chain)?;
    Ok(Shown::Here("accepted, then refused as revoked".to_owned()))
}

fn lego(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let Some(program) = scene.client(LEGO) else { return Ok(absent()) };
    let (site, binding) = (scene.site()?, scene.mint()?);
    let folder = scene.folder.join(LEGO);
    let client = Client { name: LEGO, program, folder, site: &site, aws: &scene.aws };
    let party = scene.relying_party(&site);
    party.accepts(LEGO, &client.obtain(&binding)?)?;
    let chain = client.renew(&binding)?;
    party.accepts(LEGO, &chain)?;
    scene.known.valid = Some(chain);
    Ok(Shown::Here("accepted, and again after a renewal".to_owned()))
}

fn update(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let parameters = scene.changed();
    let (name, template, before) = (scene.name.clone(), scene.known.template.clone(), scene.root()?);
    let stack = scene.deploy(&name, Change::Update { name: "update" }, &template, &parameters, "UPDATE_COMPLETE")?;
    scene.goes_on(stack, before)?;
    Ok(Shown::Here(CHANGED.map(|(name, value)| format!("{name}={value}")).join(", ")))
}

fn roll_back(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let mut parameters = scene.changed();
    parameters
        .extend([("CrlShards", "2"), ("LogLevel", "warn")].map(|(name, value)| (name.to_owned(), value.to_owned())));
    let (name, template, before) = (scene.name.clone(), scene.known.template.clone(), scene.root()?);
    let stack = scene.deploy(
        &name,
        Change::Update { name: "roll-back" },
        &template,
        &parameters,
        "UPDATE_ROLLBACK_COMPLETE",
    )?;
    let reasons = stack.reasons(&scene.aws)?;
    if !reasons.contains("CrlShards") {
        return Err(Fault::Reason { wanted: "that CrlShards is fixed", said: reasons });
    }
    for (name, wanted) in [("CrlShards", "1"), CHANGED[1]] {
        let value = stack.parameter(&scene.aws, name)?;
        if value != wanted {
            return Err(Fault::Lost(vec![format!("{name}={wanted}, but {value}")]));
        }
    }
    scene.goes_on(stack, before)?;
    Ok(Shown::Here(reasons))
}

fn delete(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let stack = scene.stack()?.0.clone();
    let kept = scene.made.read(&scene.aws, &stack)?;
    stack.delete(&scene.aws)?;
    let lost = scene.those(&kept, false)?;
    if !lost.is_empty() {
        return Err(Fault::Lost(lost));
    }
    scene.known.kept = kept;
    Ok(Shown::Here(scene.known.kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")))
}

/// As docs/operations/deploy.md says it.
fn adopt(scene: &mut Scene<'_>) -> Result<Shown, Fault> {
    let (old, before) = (scene.stack()?.1.clone(), scene.root()?);
    let name = format!("{}-adopt", scene.name);
    let renamed = |policy: &str| policy.replace(&format!(":role/{}-", scene.name), &format!(":role/{name}-"));
    let (table, keys) = (output(&old, "TableName")?, [output(&old, "RootKeyArn")?, output(&old, "IssuingKeyArn")?]);
    for key in &keys {
        let policy = scene.aws.ask(&["kms", "get-key-policy", "--key-id", key, "--policy-name", "default"])?;
        let file = scene.aws.file("policy.json", renamed(&text(&policy, "/Policy")?))?;
        let file = format!("file://{}", file.display());
        scene.aws.ask(&["kms", "put-key-policy", "--key-id", key, "--policy-name", "default", "--policy", &file])?;
    }
    let arn = arn_of_table(&scene.aws, &table)?;
    let policy = match scene.aws.ask(&["dynamodb", "get-resource-policy", "--resource-arn", &arn]) {
        Err(fault) if scene.stand_in.is_some() && fault.to_string().contains("PolicyNotFound") => None,
        answer => Some(text(&answer?, "/Policy")?),
    };
    if let Some(policy) = &policy {
        let file = format!("file://{}", scene.aws.file("policy.json", renamed(policy))?.display());
        scene.aws.ask(&["dynamodb", "put-resource-policy", "--resource-arn", &arn, "--policy", &file])?;
    }

    let [root, issuing] = keys;
    let adopted = [("AdoptTableName", table), ("AdoptRootKeyArn", root), ("AdoptIssuingKeyArn", issuing)];
    let mut parameters = scene.usual();
    parameters.extend(adopted.map(|(name, value)| (name.to_owned(), value)));
    let template = scene.known.template.clone();
    let stack = scene.deploy(&name, Change::Create, &template, &parameters, "CREATE_COMPLETE")?;
    scene.goes_on(stack, before)?;

    let Some(program) = scene.client(CERTBOT) else { return Ok(absent()) };
    let (site, binding) = (scene.site()?, scene.mint()?);
    let folder = scene.folder.join("certbot-after-adopting");
    let client = Client { name: CERTBOT, program, folder, site: &site, aws: &scene.aws };
    scene.relying_party(&site).accepts(CERTBOT, &client.obtain(&binding)?)?;
    let done = format!("root {}", scene.root()?);
    Ok(match policy {
        Some(_) => Shown::Here(done),
        None => {
            Shown::Elsewhere { done, why: "the emulator gives the table no policy, and no policy of a key is judged" }
        }
    })
}

impl Scene<'_> {
    /// What every stack of this run is given.
    fn usual(&self) -> BTreeMap<String, String> {
        let Known { host, status_url, bucket, .. } = &self.known;
        let ours = [
            ("Organization", "Smoke test"),
            ("AllowedIdentifiers", host),
            ("StatusUrl", status_url),
            ("AdoptStatusBucketName", bucket),
            ("LogDays", "1"),
        ];
        let mut parameters: BTreeMap<_, _> = ours.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        parameters.extend(self.stand_in.map(|stand_in| stand_in.parameters.clone()).unwrap_or_default());
        parameters.extend(self.parameters.clone());
        parameters
    }

    fn changed(&self) -> BTreeMap<String, String> {
        let mut parameters = self.usual();
        parameters.extend(CHANGED.map(|(name, value)| (name.to_owned(), value.to_owned())));
        parameters
    }

    fn upload(&self, bucket: &str, file: &Path) -> Result<String, Fault> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let from = file.display().to_string();
        self.aws.say(&["s3", "cp", "--quiet", &from, &format!("s3://{bucket}/{name}")])?;
        Ok(match self.stand_in {
            Some(stand_in) => format!("{}/{bucket}/{name}", stand_in.endpoint),
            None => format!("https://{bucket}.s3.{}.amazonaws.com/{name}", self.region),
        })
    }

    fn deploy(
        &mut self,
        name: &str,
        change: Change,
        template: &str,
        parameters: &BTreeMap<String, String>,
        wanted: &'static str,
    ) -> Result<Stack, Fault> {
        let wish = Wish { template, parameters, tag: [TAG, &self.name] };
        let stack = Stack::ask(&self.aws, name, change, &wish)?;
        self.made.stack(&stack);
        stack.execute(&self.aws, wanted)?;
        Ok(stack)
    }

    /// Goes on with this stack; returns the fingerprint of its root.
    fn know(&mut self, stack: Stack) -> Result<String, Fault> {
        let outputs = stack.outputs(&self.aws)?;
        self.aws.file("root.pem", output(&outputs, "RootCertificate")?)?;
        self.known.stack = Some((stack, outputs));
        self.root()
    }

    /// Goes on with this stack, whose root must be that of before; and so must the valid
    /// certificate.
    fn goes_on(&mut self, stack: Stack, before: String) -> Result<(), Fault> {
        let after = self.know(stack)?;
        if after != before {
            return Err(Fault::AnotherRoot { before, after });
        }
        let Some(valid) = &self.known.valid else { return Ok(()) };
        self.relying_party(&self.site()?).accepts(LEGO, valid)
    }

    fn stack(&self) -> Result<&(Stack, BTreeMap<String, String>), Fault> {
        let none = || Fault::Member { answer: "this run".to_owned(), member: "stack".to_owned() };
        self.known.stack.as_ref().ok_or_else(none)
    }

    fn root(&self) -> Result<String, Fault> {
        output(&self.stack()?.1, "RootFingerprint")
    }

    fn site(&self) -> Result<Site, Fault> {
        Ok(Site {
            directory: output(&self.stack()?.1, "DirectoryUrl")?,
            host: self.known.host.clone(),
            bucket: self.known.bucket.clone(),
            trust: self.stand_in.map(|stand_in| stand_in.trust.clone()),
            root: self.folder.join("root.pem"),
        })
    }

    fn relying_party<'s>(&'s self, site: &'s Site) -> RelyingParty<'s> {
        // CloudFront keeps a CRL for the five minutes that it allows, and a CRL takes a moment.
        let minutes = if self.stand_in.is_some() { 1 } else { 15 };
        RelyingParty { aws: &self.aws, site, patience: Duration::from_secs(minutes * 60) }
    }

    fn mint(&mut self) -> Result<Binding, Fault> {
        let function = output(&self.stack()?.1, "AdminFunctionName")?;
        let request = json!({ "action": "mint-external-account-key", "label": "smoke", "days": 1 });
        let minted = self.aws.invoke(&function, &request)?;
        let binding = Binding { identifier: text(&minted, "/keyIdentifier")?, key: text(&minted, "/key")? };
        self.secrets.push(binding.key.clone());
        Ok(binding)
    }

    /// Those that are there, or that are not.
    fn those(&self, resources: &BTreeSet<Resource>, there: bool) -> Result<Vec<String>, Fault> {
        let mut those = Vec::new();
        for resource in resources {
            if resource.is_there(&self.aws)? == there {
                those.push(resource.to_string());
            }
        }
        Ok(those)
    }

    fn client(&self, name: &'static str) -> Option<PathBuf> {
        if self.tools.without.contains(&name) {
            return None;
        }
        let own = self.tools.folder.join(name).join("bin").join(name);
        Some(if own.exists() { own } else { PathBuf::from(name) })
    }
}

fn output(outputs: &BTreeMap<String, String>, name: &str) -> Result<String, Fault> {
    let none = || Fault::Member { answer: "the outputs of the stack".to_owned(), member: name.to_owned() };
    outputs.get(name).cloned().ok_or_else(none)
}

fn absent() -> Shown {
    Shown::Elsewhere { done: String::new(), why: "the client cannot be installed on this machine" }
}

/// The tag of everything that CloudFormation makes for this run.
pub(super) const TAG: &str = "serverless-acme-smoke";

/// What an update changes.
const CHANGED: [(&str, &str); 2] = [("RequestsPerSecond", "40"), ("LogLevel", "debug")];

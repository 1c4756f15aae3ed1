//! `profiles`, `apply` and `diff`: the profiles of the CA.

use std::{fs, path::Path};

use acme::ProfileName;
use admin::profile::{ApplyProfiles, DeleteProfile, ListProfiles, ProfileDocuments, StoredProfile};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};
use store::{Difference, ProfileKind, ProfileSet};

use super::{
    AdminFailure,
    connection::Connection,
    output::{Output, PAGE},
    table::{printable, table},
};

/// A file with profiles: a profile set, or a configuration of `serve`, whose other tables are
/// ignored here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ProfileFile {
    acme_profile: Vec<Map<String, Value>>,
    ra_profile: Vec<Map<String, Value>>,
    #[serde(rename = "serve")]
    _serve: IgnoredAny,
    #[serde(rename = "events")]
    _events: IgnoredAny,
    #[serde(rename = "test")]
    _test: IgnoredAny,
    #[serde(rename = "ca")]
    _ca: IgnoredAny,
}

/// The profiles of a file. With `with_defaults`, fields that it omits are set to their defaults.
pub(super) fn read(path: &Path, with_defaults: bool) -> Result<ProfileDocuments, AdminFailure> {
    let failed = |reason: String| AdminFailure::File { path: path.to_owned(), reason };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let ProfileFile { acme_profile, ra_profile, .. } = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        failed(format!("line {}: {}", before.matches('\n').count() + 1, error.message().replace('\n', " ")))
    })?;
    let documents = ProfileDocuments { acme_profile, ra_profile };
    if !with_defaults {
        return Ok(documents);
    }
    let whole = || -> serde_json::Result<ProfileDocuments> {
        let set: ProfileSet = serde_json::from_value(serde_json::to_value(&documents)?)?;
        serde_json::from_value(serde_json::to_value(set)?)
    };
    // The CA refuses what cannot be parsed here, and says where it is.
    Ok(whole().unwrap_or(documents))
}

/// All stored profiles. They are requested in pages, so that no answer grows with their number.
pub(super) async fn stored(connection: &Connection) -> Result<ProfileSet, AdminFailure> {
    let mut stored = ProfileSet::default();
    for kind in [ProfileKind::Acme, ProfileKind::Ra] {
        let mut after = None;
        loop {
            let page = connection.ask(&ListProfiles { kind, after, limit: Some(PAGE) }).await?;
            after = page.items.last().map(|profile| profile.name().clone()).filter(|_| page.more);
            for profile in page.items {
                match profile {
                    StoredProfile::Acme(profile) => stored.acme_profile.push(*profile),
                    StoredProfile::Ra(profile) => stored.ra_profile.push(profile),
                }
            }
            if after.is_none() {
                break;
            }
        }
    }
    Ok(stored)
}

pub(super) async fn apply(
    connection: &Connection,
    output: &Output,
    profiles: ProfileDocuments,
    exact: bool,
    yes: bool,
    dry_run: bool,
) -> Result<(), AdminFailure> {
    let request = |dry_run, shown| ApplyProfiles { profiles: profiles.clone(), exact, dry_run, shown };
    let compared = connection.ask(&request(true, None)).await?;
    if dry_run || compared.differences.is_empty() {
        return output.print(&compared, || differences(&compared.differences));
    }
    if !yes {
        output.agree(&differences(&compared.differences), "Apply?")?;
    }
    let applied = connection.ask(&request(false, Some(compared.differences))).await?;
    output.print(&applied, || {
        // With confirmation, the differences were shown before the question.
        if yes { differences(&applied.differences) + "applied" } else { "applied".to_owned() }
    })
}

pub(super) async fn set_enabled(
    connection: &Connection,
    output: &Output,
    kind: ProfileKind,
    name: ProfileName,
    enabled: bool,
) -> Result<(), AdminFailure> {
    let known = stored(connection).await?;
    if !has(&known, kind, &name) {
        return Err(AdminFailure::NoProfile(name));
    }
    let document = [("name".to_owned(), name.as_str().into()), ("enabled".to_owned(), enabled.into())];
    let documents = vec![Map::from_iter(document)];
    let profiles = match kind {
        ProfileKind::Acme => ProfileDocuments { acme_profile: documents, ..ProfileDocuments::default() },
        ProfileKind::Ra => ProfileDocuments { ra_profile: documents, ..ProfileDocuments::default() },
    };
    apply(connection, output, profiles, false, true, false).await
}

pub(super) async fn delete(
    connection: &Connection,
    output: &Output,
    kind: ProfileKind,
    name: ProfileName,
    pair: bool,
    yes: bool,
) -> Result<(), AdminFailure> {
    if !yes {
        let other = if pair { " and the profile it refers to" } else { "" };
        output.agree(&format!("{kind} {name}{other} will be deleted with their directories."), "Delete?")?;
    }
    let deleted = connection.ask(&DeleteProfile { kind, name, pair }).await?;
    output.print(&deleted, || "deleted".to_owned())
}

pub(super) async fn list(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let profiles = stored(connection).await?;
    let name = |name: &Option<ProfileName>| name.as_ref().map_or("-".to_owned(), ProfileName::to_string);
    let yes = |enabled: bool| if enabled { "yes" } else { "no" }.to_owned();
    output.print(&profiles, || {
        let acme = profiles.acme_profile.iter().map(|profile| {
            let account = yes(profile.external_account_required);
            [
                profile.name.to_string(),
                yes(profile.enabled),
                name(&profile.ra_profile),
                account,
                profile.description.clone(),
            ]
        });
        let ra = profiles.ra_profile.iter().map(|profile| {
            let validity = duration(profile.certificate_validity.default);
            let issuer = profile.issuer.to_string();
            [
                profile.name.to_string(),
                yes(profile.enabled),
                name(&profile.acme_profile),
                issuer,
                validity,
                profile.description.clone(),
            ]
        });
        let acme = table(["ACME PROFILE", "ENABLED", "RA PROFILE", "EAB", "DESCRIPTION"], acme);
        let ra = table(["RA PROFILE", "ENABLED", "ACME PROFILE", "ISSUER", "VALIDITY", "DESCRIPTION"], ra);
        format!("{acme}\n{ra}")
    })
}

pub(super) async fn show(
    connection: &Connection,
    output: &Output,
    name: Option<ProfileName>,
) -> Result<(), AdminFailure> {
    let mut profiles = stored(connection).await?;
    if let Some(name) = name {
        profiles.acme_profile.retain(|profile| profile.name == name);
        profiles.ra_profile.retain(|profile| profile.name == name);
        if profiles == ProfileSet::default() {
            return Err(AdminFailure::NoProfile(name));
        }
    }
    let text = toml::to_string(&profiles)?;
    output.print(&profiles, || text)
}

/// Seconds as days where they are whole days, as hours where they are whole hours: `90d`.
fn duration(seconds: u32) -> String {
    match (seconds % (24 * HOUR), seconds % HOUR) {
        (0, _) => format!("{}d", seconds / (24 * HOUR)),
        (_, 0) => format!("{}h", seconds / HOUR),
        _ => format!("{seconds}s"),
    }
}

const HOUR: u32 = 60 * 60;

fn has(profiles: &ProfileSet, kind: ProfileKind, name: &ProfileName) -> bool {
    match kind {
        ProfileKind::Acme => profiles.acme_profile.iter().any(|profile| profile.name == *name),
        ProfileKind::Ra => profiles.ra_profile.iter().any(|profile| profile.name == *name),
    }
}

/// `path: before -> after`, a line for each difference.
pub(super) fn differences(differences: &[Difference]) -> String {
    let line = |Difference { path, before, after }: &Difference| {
        let side = |value: &Option<Value>| value.as_ref().map_or("(none)".to_owned(), ToString::to_string);
        printable(&format!("{path}: {} -> {}", side(before), side(after))) + "\n"
    };
    if differences.is_empty() { "no changes".to_owned() } else { differences.iter().map(line).collect() }
}

//! `profiles`, `apply`, `diff`.

use std::{fs, path::Path};

use acme::ProfileName;
use admin::{Listed, ProfileDocuments, ProfileKind, Request};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use store::{AcmeProfile, ProfileSet, RaProfile};

use super::{
    AdminFailure,
    connection::Connection,
    output::{Output, PAGE},
    table::{printable, table},
};

/// The profile set of a file.
pub(super) fn read(path: &Path) -> Result<ProfileDocuments, AdminFailure> {
    let failed = |reason: String| AdminFailure::File { path: path.to_owned(), reason };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        failed(format!("line {}: {}", before.matches('\n').count() + 1, error.message().replace('\n', " ")))
    })
}

/// All profiles that are stored, asked for in pages: no answer grows with their number.
pub(super) async fn stored(connection: &Connection) -> Result<ProfileSet, AdminFailure> {
    let (acme_profile, ra_profile) = (
        all(connection, ProfileKind::AcmeProfile, |profile: &AcmeProfile| profile.name.clone()).await?,
        all(connection, ProfileKind::RaProfile, |profile: &RaProfile| profile.name.clone()).await?,
    );
    Ok(ProfileSet { acme_profile, ra_profile })
}

async fn all<T: DeserializeOwned>(
    connection: &Connection,
    kind: ProfileKind,
    name: fn(&T) -> ProfileName,
) -> Result<Vec<T>, AdminFailure> {
    let mut profiles: Vec<T> = Vec::new();
    loop {
        let request = Request::ListProfiles { kind, after: profiles.last().map(name), limit: Some(PAGE) };
        let page: Listed<T> = connection.ask(&request).await?.value;
        let ends = !page.more || page.items.is_empty();
        profiles.extend(page.items);
        if ends {
            return Ok(profiles);
        }
    }
}

pub(super) async fn apply(
    connection: &Connection,
    output: &Output,
    profiles: ProfileDocuments,
    exact: bool,
    yes: bool,
    dry_run: bool,
) -> Result<(), AdminFailure> {
    let request = |dry_run, shown| Request::ApplyProfiles { profiles: profiles.clone(), exact, dry_run, shown };
    let compared = connection.ask_value(&request(true, None)).await?;
    let differences = compared.get("differences").cloned().unwrap_or_default();
    if dry_run || differences == json!([]) {
        return output.print(&compared, || listed(&compared));
    }
    if !yes {
        output.agree(&listed(&compared), "Apply?")?;
    }
    let applied = connection.ask_value(&request(false, Some(differences))).await?;
    output.print(&applied, || if yes { listed(&applied) + "applied" } else { "applied".to_owned() })
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
        ProfileKind::AcmeProfile => ProfileDocuments { acme_profile: documents, ..ProfileDocuments::default() },
        ProfileKind::RaProfile => ProfileDocuments { ra_profile: documents, ..ProfileDocuments::default() },
    };
    apply(connection, output, profiles, false, true, false).await
}

pub(super) async fn delete(
    connection: &Connection,
    output: &Output,
    kind: ProfileKind,
    name: ProfileName,
    yes: bool,
) -> Result<(), AdminFailure> {
    if !yes {
        output.agree(&format!("{kind} {name} will be gone, and its directories with it."), "Delete?")?;
    }
    let deleted = connection.ask_value(&Request::DeleteProfile { kind, name }).await?;
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
            let days = format!("{} s", profile.certificate_validity.default);
            let issuer = profile.issuer.to_string();
            [
                profile.name.to_string(),
                yes(profile.enabled),
                name(&profile.acme_profile),
                issuer,
                days,
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

fn has(profiles: &ProfileSet, kind: ProfileKind, name: &ProfileName) -> bool {
    match kind {
        ProfileKind::AcmeProfile => profiles.acme_profile.iter().any(|profile| profile.name == *name),
        ProfileKind::RaProfile => profiles.ra_profile.iter().any(|profile| profile.name == *name),
    }
}

/// `path: before -> after`, a line for each difference.
fn listed(compared: &Value) -> String {
    let differences = compared.get("differences").and_then(Value::as_array);
    let lines: Vec<String> = differences.into_iter().flatten().map(line).collect();
    match lines.is_empty() {
        true => "nothing differs".to_owned(),
        false => lines.concat(),
    }
}

fn line(difference: &Value) -> String {
    let side = |name: &str| match difference.get(name) {
        None | Some(Value::Null) => "(none)".to_owned(),
        Some(value) => value.to_string(),
    };
    let path = difference.get("path").and_then(Value::as_str).unwrap_or_default();
    printable(&format!("{path}: {} -> {}", side("before"), side("after"))) + "\n"
}

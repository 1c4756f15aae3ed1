//! `doctor`: checks everything that an operator would check, and says what to do.

use acme::failure_chain;
use authority::Failure;
use jiff::{SignedDuration, Timestamp};
use operator::{
    CrlStatus, Error, IssuerStatus, Openness, Parts, Refusal, RemotePerspectives, RevocationStatus, Status,
};
use serde::{Deserialize, Serialize};
use store::{IssuerRole, IssuerState, ProfileSet};

use crate::{Action, AdminError};

/// The result of one check.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The subject of the check, such as `CRL 0 of issuer issuing`.
    pub check: String,
    /// Whether the subject is in order.
    pub verdict: Verdict,
    /// The facts that the check found.
    pub seen: String,
    /// The steps that correct it; empty if none are needed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// The verdict of a check.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is in order.
    Good,
    /// It works now, but will not for long.
    Warning,
    /// It does not work.
    Bad,
}

impl Finding {
    /// A finding that needs no action.
    pub fn good(check: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Good, seen: seen.into(), remedy: String::new() }
    }

    /// A finding that needs action soon.
    pub fn warning(check: impl Into<String>, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Warning, seen: seen.into(), remedy: remedy.into() }
    }

    /// A finding that needs action now.
    pub fn bad(check: impl Into<String>, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Bad, seen: seen.into(), remedy: remedy.into() }
    }
}

/// Checks keys, issuer certificates, CRLs, secrets and profiles.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Examine {}

impl Action for Examine {
    type Answer = Vec<Finding>;

    const NAME: &str = "doctor";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Vec<Finding>, AdminError> {
        let status = parts.status_reports.report().await?;
        let profiles = parts.profiles.all().await?;
        let mut findings = Vec::new();
        for role in [IssuerRole::Root, IssuerRole::Issuing] {
            if !status.issuers.iter().any(|issuer| issuer.role == role) {
                let check = format!("issuers of role {role:?}").to_lowercase();
                findings.push(Finding::bad(check, "there is none", "start the host, or run the bootstrap function"));
            }
        }
        for issuer in &status.issuers {
            findings.push(key(parts, issuer).await);
            findings.push(end(issuer, &profiles, status.time));
            findings.extend(issuer.revocation.as_ref().map(|revocation| revoked(issuer, revocation, status.time)));
            findings.extend(named_for_nothing(issuer, &profiles));
            findings.extend(issuer.crls.iter().map(|crl| crl_is_fresh(issuer, crl, status.time)));
        }
        findings.push(nonce_secret(&status));
        findings.extend(profiles_are_consistent(parts, &profiles).await?);
        findings.extend(kept_profiles(parts).await?);
        findings.push(external_accounts(&status, &profiles));
        findings.extend(key_block_list(parts, status.time).await);
        let remote = parts.settings.perspectives.as_ref();
        findings.extend(remote.into_iter().flat_map(|remote| perspectives(remote, &profiles)));
        findings.extend(departures(&profiles));
        findings.push(openness(parts.profiles.openness(), &profiles));
        findings.extend(parts.settings.test_switches.iter().map(|switch| test_switch(switch)));
        Ok(findings)
    }
}

async fn key(parts: &Parts, issuer: &IssuerStatus) -> Finding {
    let check = format!("key of issuer {}", issuer.id);
    match parts.ceremony.check_key(&issuer.id).await {
        Ok(()) => Finding::good(check, "matches the certificate of the issuer"),
        Err(error @ issuing::Error::Failed(Failure::ForeignIssuer(_))) => Finding::bad(
            check,
            error.to_string(),
            "restore the right key from a backup; no other key can sign for this issuer",
        ),
        Err(error) => Finding::bad(
            check,
            failure_chain(&error),
            "check that the key file exists and is readable; on AWS, that the KMS key is enabled and that this function may call kms:GetPublicKey on it",
        ),
    }
}

fn end(issuer: &IssuerStatus, profiles: &ProfileSet, now: Timestamp) -> Finding {
    let check = format!("certificate of issuer {}", issuer.id);
    let Some(end) = issuer.not_after else {
        return Finding::warning(
            check,
            "requested, but not installed",
            "have the parent CA sign the request (`admin issuers show`), and install the certificate (`admin issuers install`)",
        );
    };
    if let Some(begin) = issuer.not_before.filter(|begin| *begin > now) {
        let seen = format!("{}, not valid before {begin}", issuer.state);
        return Finding::bad(check, seen, CLOCK_WAS_AHEAD);
    }
    let seen = format!("{}, expires {end}", issuer.state);
    let is_named = profiles.ra_profile.iter().any(|profile| profile.issuer == issuer.id && profile.enabled);
    let left = end.duration_since(now);
    let has_ended = left <= SignedDuration::ZERO;
    match (issuer.state, issuer.role) {
        _ if left >= days(180) => Finding::good(check, seen),
        (IssuerState::Retired | IssuerState::Revoked, _) => Finding::good(check, seen),
        (_, IssuerRole::Root) if has_ended => Finding::bad(check, seen, NEW_ROOT),
        (_, IssuerRole::Root) => Finding::warning(check, seen, NEW_ROOT),
        (_, IssuerRole::Issuing) if !is_named => {
            Finding::good(check, format!("{seen}; no enabled RA Profile leads to it any more"))
        }
        (_, IssuerRole::Issuing) => {
            let (seen, remedy) = succession(issuer, seen);
            if has_ended { Finding::bad(check, seen, remedy) } else { Finding::warning(check, seen, remedy) }
        }
    }
}

/// What to do for certificates that go on after an issuing CA, of which `seen` is known: a new
/// issuer below a CA that ends with it would last no longer.
fn succession(issuer: &IssuerStatus, seen: String) -> (String, String) {
    let seen = match &issuer.ends_with {
        Some(above) => format!("{seen} with {above}, the CA above it"),
        None => seen,
    };
    let remedy = match (issuer.is_external, &issuer.ends_with) {
        (false, Some(_)) => return (seen, NEW_ROOT.to_owned()),
        (false, None) => "roll over to a new issuer (`admin issuers roll-over`)".to_owned(),
        (true, None) => format!("{NEW_REQUEST} and have the CA above it sign that one, too"),
        (true, Some(above)) => format!("{NEW_REQUEST} and have it signed below a CA that lasts longer than {above}"),
    };
    (seen, format!("{remedy}: {SHORTER}"))
}

/// How an issuer is replaced that the CA's own root did not sign.
const NEW_REQUEST: &str =
    "request a certificate for a new issuer (`admin issuers request`, `install`, and then `roll-over`),";

const SHORTER: &str = "certificates cannot outlive their issuer and the CAs above it, so their lifetimes get shorter, and after its end nothing that it signed is valid";

/// A root cannot be rolled over: relying parties have its certificate.
const NEW_ROOT: &str = "create a new CA in another data folder (on AWS, another deployment), have relying parties trust its root beside this one, and move the clients there: nothing below this root outlives it";

const CLOCK_WAS_AHEAD: &str = "correct the clock; if it is right now, it was ahead when this certificate was made, and clients are answered with an error until then: add another issuer (`admin issuers add`) and roll over to it, or, for a root, create a new CA";

/// What relying parties can know of a revoked issuer.
fn revoked(issuer: &IssuerStatus, revocation: &RevocationStatus, now: Timestamp) -> Finding {
    let check = format!("revocation of issuer {}", issuer.id);
    let RevocationStatus { at, reason, serial, listed } = revocation;
    let seen = format!("revoked at {at}, {reason}, serial number {serial}");
    match listed {
        _ if issuer.not_after.is_some_and(|end| end <= now) => Finding::good(check, format!("{seen}; it has expired")),
        Some(true) => Finding::good(check, format!("{seen}; on the CRL of its root")),
        Some(false) => Finding::bad(
            check,
            format!("{seen}; not on the CRL of its root, so relying parties accept it"),
            "make sure that the key of the root can sign (on AWS, that it is enabled), then repeat `admin issuers revoke`",
        ),
        None => Finding::warning(
            check,
            format!("{seen}; only the external CA that signed its certificate can revoke it"),
            "have that CA revoke the serial number; this CA cannot see whether it did",
        ),
    }
}

/// A finding about RA Profiles that refer to an issuer which does not issue.
fn named_for_nothing(issuer: &IssuerStatus, profiles: &ProfileSet) -> Option<Finding> {
    let naming = profiles.ra_profile.iter().filter(|profile| profile.issuer == issuer.id && profile.enabled);
    let naming: Vec<&str> = naming.map(|profile| profile.name.as_str()).collect();
    if naming.is_empty() || issuer.state == IssuerState::Active {
        return None;
    }
    Some(Finding::bad(
        format!("RA Profiles of issuer {}", issuer.id),
        format!("{} refer to it, but it is {}", naming.join(", "), issuer.state),
        "roll over to another issuer (`admin issuers roll-over`), or disable them",
    ))
}

fn crl_is_fresh(issuer: &IssuerStatus, crl: &CrlStatus, now: Timestamp) -> Finding {
    let check = format!("CRL {} of issuer {}", crl.shard, issuer.id);
    if issuer.not_after.is_some_and(|end| end <= now) {
        return Finding::good(check, "the issuer has expired, and with it every certificate that the CRL could list");
    }
    let remedy = "check the log of CRL publication: the key may be unusable, or the files may not be writable";
    let (Some(made), Some(next)) = (crl.this_update, crl.next_update) else {
        return Finding::bad(check, "there is none", remedy);
    };
    let seen = format!("this update {made}, next update {next}");
    if made > now {
        return Finding::bad(
            check,
            seen,
            "correct the clock; if it is right now, it was ahead when the CRL was made, and the next one is made within a minute",
        );
    }
    // A new CRL is due after half of its lifetime.
    match next.duration_since(now) {
        left if left <= SignedDuration::ZERO => Finding::bad(check, seen, remedy),
        left if left < next.duration_since(made) / 3 => Finding::warning(check, seen, remedy),
        _ => Finding::good(check, seen),
    }
}

fn nonce_secret(status: &Status) -> Finding {
    let check = "nonce secret";
    let remedy = "a new one is created every day: check that the host is running, or that the schedule of the publish-crl function is enabled";
    match status.nonce_secret_made_at {
        None => Finding::bad(check, "there is none, so every request is refused", remedy),
        Some(made) if status.time.duration_since(made) > days(2) => {
            Finding::warning(check, format!("created {made}"), remedy)
        }
        Some(made) => Finding::good(check, format!("created {made}")),
    }
}

async fn profiles_are_consistent(parts: &Parts, profiles: &ProfileSet) -> Result<Vec<Finding>, AdminError> {
    let check = "profiles";
    let serving =
        profiles.acme_profile.iter().filter(|profile| profile.enabled && profile.ra_profile.is_some()).count();
    match parts.profiles.compare(profiles).await {
        Ok(_) if serving == 0 => Ok(vec![Finding::warning(
            check,
            "no enabled ACME Profile has an RA Profile, so there is no directory",
            "apply profiles (`admin apply`), or enable one (`admin profiles enable`)",
        )]),
        Ok(_) => {
            let (acme, ra) = (profiles.acme_profile.len(), profiles.ra_profile.len());
            Ok(vec![Finding::good(check, format!("ACME Profiles: {acme}, RA Profiles: {ra}; all are consistent"))])
        }
        Err(Error::Refused(Refusal::Profiles(invalid))) => Ok(invalid
            .faults
            .iter()
            .map(|fault| Finding::bad(check, fault.to_string(), "apply a corrected profile (`admin apply`)"))
            .collect()),
        Err(other) => Err(other.into()),
    }
}

/// Profiles whose text in the configuration file differs from the stored profile, because an
/// operator has changed that.
async fn kept_profiles(parts: &Parts) -> Result<Vec<Finding>, AdminError> {
    let kept = parts.profiles.kept().await?.into_iter();
    let found = kept.map(|(path, is_stored)| {
        let check = format!("{path} in the configuration file");
        let take = "to use the file: `admin apply FILE --defaults`; to keep the stored state:";
        if is_stored {
            Finding::warning(
                check,
                "both the file and the stored profile were changed; the stored profile was kept",
                format!("{take} copy what `admin profiles show` prints into the file, or remove the profile from it"),
            )
        } else {
            Finding::warning(
                check,
                "it is in the file, but an operator has deleted it; it was not created again",
                format!("{take} remove the profile from the file"),
            )
        }
    });
    Ok(found.collect())
}

fn external_accounts(status: &Status, profiles: &ProfileSet) -> Finding {
    let check = "secret of external accounts";
    let needed = profiles.acme_profile.iter().any(|profile| profile.external_account_required);
    match (status.external_accounts, needed) {
        (true, _) => Finding::good(check, "external account keys can be created"),
        (false, false) => Finding::warning(check, "there is none", "start the host, or run the bootstrap function"),
        (false, true) => Finding::bad(
            check,
            "there is none, and a profile requires external account binding",
            "start the host, or run the bootstrap function",
        ),
    }
}

/// The list of blocked keys: whether it can be read, and how old it is.
async fn key_block_list(parts: &Parts, now: Timestamp) -> Option<Finding> {
    let list = parts.settings.key_block_list.as_ref()?;
    let check = "list of blocked keys";
    let facts = match list.facts().await {
        Ok(facts) => facts,
        Err(error) => {
            let remedy = "put a list in the format of badkeys there: until then, no new key is accepted";
            return Some(Finding::bad(check, error.to_string(), remedy));
        }
    };
    let Some(written) = facts.written_at else {
        return Some(Finding::good(check, format!("{} keys, of unknown age", facts.keys)));
    };
    let seen = format!("{} keys, written {written}", facts.keys);
    if now.duration_since(written) > LIST_LIFETIME {
        return Some(Finding::warning(
            check,
            seen,
            "fetch a newer one (`badkeys --update-bl`), and put it in its place",
        ));
    }
    Some(Finding::good(check, seen))
}

/// How long a list of blocked keys is taken for new.
const LIST_LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Whether the host has the perspectives that profiles demand, and what these lack of the rules for
/// public CAs.
fn perspectives(remote: &RemotePerspectives, profiles: &ProfileSet) -> Vec<Finding> {
    let demanding = profiles.acme_profile.iter().filter(|profile| profile.demands_perspectives());
    let demanding: Vec<&str> = demanding.map(|profile| profile.name.as_str()).collect();
    if demanding.is_empty() {
        return Vec::new();
    }
    let check = "perspectives";
    let seen = format!("{} for {}", remote.number, demanding.join(", "));
    if remote.number == 0 {
        let remedy = "set perspectives = \"off\", or give the CA some (docs/operations/perspectives.md; in one process --perspectives, on AWS the parameter Perspectives): until then, these profiles validate nothing";
        let why = remote.weaknesses.iter().map(|fault| format!(": {fault}")).collect::<String>();
        return vec![Finding::bad(check, format!("{seen}{why}"), remedy)];
    }
    if remote.weaknesses.is_empty() {
        return vec![Finding::good(check, seen)];
    }
    let remedy = "add perspectives (docs/operations/perspectives.md); a private CA can do without, and a profile with preset = \"public\" validates nothing while a rule of today is broken";
    remote.weaknesses.iter().map(|weakness| Finding::warning(check, weakness, remedy)).collect()
}

/// The profiles that promise what browsers demand, and turn a part of it off.
fn departures(profiles: &ProfileSet) -> Vec<Finding> {
    let public = profiles.acme_profile.iter().filter(|profile| profile.is_public());
    let found = public.map(|profile| {
        let check = format!("preset of {}", profile.name);
        match profile.departures().as_slice() {
            [] => Finding::good(check, "public"),
            off => Finding::warning(
                check,
                format!("public, and turns off {}", off.join(", ")),
                "leave these members out, or set preset = \"private\" (`admin apply`): a certificate says by its policy that the rules for public CAs were followed",
            ),
        }
    });
    found.collect()
}

/// Whether anyone may register who reaches the CA.
fn openness(openness: Openness, profiles: &ProfileSet) -> Finding {
    let check = "registration of strangers";
    let open = profiles.acme_profile.iter().filter(|profile| profile.is_open());
    let open: Vec<&str> = open.map(|profile| profile.name.as_str()).collect();
    if open.is_empty() {
        return Finding::good(check, "every directory demands an external account");
    }
    let seen = format!("anyone may register in {}", open.join(", "));
    match openness {
        Openness::Local => Finding::good(check, format!("{seen}, which only this machine reaches")),
        Openness::Opened => Finding::warning(
            check,
            format!("{seen}, which others reach: this CA was opened"),
            "this is meant for test CAs: otherwise set externalAccountRequired = true, and start without --open (on AWS, deploy with Open=false)",
        ),
        Openness::Closed => Finding::bad(
            check,
            format!("{seen}, which others reach, and no one opened this CA"),
            "set externalAccountRequired = true (`admin apply`), and give clients keys (`admin eab mint`)",
        ),
    }
}

fn test_switch(switch: &str) -> Finding {
    let seen = match switch {
        "alwaysValid" => "on: no challenge is validated, anyone gets any certificate",
        _ => "on: this CA is for testing clients",
    };
    let remedy = "remove it from the command line, the environment and [test] in the configuration file, and restart";
    Finding::bad(format!("test switch {switch}"), seen, remedy)
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

#[cfg(test)]
mod tests;

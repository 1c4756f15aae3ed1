//! What an operator asks and does. A request is JSON with an `action`; the answer is JSON.
//!
//! | action | members | what |
//! |---|---|---|
//! | `status` | – | issuers, CRLs, profiles, secrets, version |
//! | `doctor` | – | what an operator would look at, with what to do |
//! | `profiles` | – | the profiles as they are stored |
//! | `list-profiles` | `kind`, `after`, `limit` | profiles of a kind, by name, in pages |
//! | `apply-profiles` | `profiles`, `exact`, `dryRun`, `shown` | see [`Request::ApplyProfiles`] |
//! | `delete-profile` | `kind`, `name` | a profile that no other one leads to |
//! | `mint-external-account-key` | `days`, `label`, `profile`, `scope`, `accounts` | a key that binds accounts; shown once |
//! | `external-account-keys` | `after`, `limit` | the keys, without what is secret |
//! | `rotate-external-account-key` | `id`, `overlapDays` | a new key with the same terms, shown once; the old one ends |
//! | `revoke-external-account-key` | `id` | no further account is bound with it |
//! | `find-accounts` | `filter`: `id`, `contact` or `key`; `limit` | accounts of all directories |
//! | `set-account-status` | `id`, `status`: `valid`, `revoked` (disabled) or `deactivated` | an account enabled, disabled, ended |
//! | `find-certificates` | `filter`: `id`, `serial`, `name`, `account` or `endingWithinDays`; `limit` | certificates |
//! | `export-certificate` | `id` | DER, PEM, and the chain |
//! | `revoke-certificate` | `id`, `reason` (a code) | revoked, and on the next CRL |
//! | `select-certificates` | `selection`, `position`, `show` | a piece of many certificates, counted and listed |
//! | `revoke-certificates` | `selection`, `reason`, `position` | a piece of many certificates, revoked |
//! | `declare-incident` | `incident`: see [`IncidentDocument`] | clients are told to renew, and certificates revoked later |
//! | `incidents` | – | incidents, with how far their revocations have come |
//! | `end-incident` | `id` | it is over |
//! | `continue-revocations` | `seconds` | revocations of incidents; the schedule asks for it |
//! | `block-key` | `key` (a thumbprint) | no account and no certificate may use it |
//! | `blocked-keys` | `after`, `limit` | such keys |
//! | `issuers` | – | the issuers, with their certificates and the RA Profiles that name them |
//! | `issuer` | `id` | one of them |
//! | `add-issuer` | `issuer`: see [`IssuerTerms`] | an issuing CA below the CA's own root |
//! | `request-issuer` | `issuer`: see [`RequestTerms`] | a request for a CA elsewhere to sign |
//! | `install-issuer` | `id`, `certificates` (PEM) | the certificate that it signed, with the chain up to its root |
//! | `roll-over-issuer` | `old`, `new`, `name`, `key` | RA Profiles that name the old one name the new one, which is made when it is not there |
//! | `retire-issuer` | `id`, `named` | it issues no more; its CRLs go on |
//! | `explain` | `subject`: `order` (`account`, `order`), `name` (`name`, `profile`) or `account` | what happened, what policy says, what to do |
//! | `test-events` | – | an event of the type `test`, to see whether it arrives |
//! | `audit` | `filter`: `actor`, `action`, `subject`, `since`, `until`; `before`, `limit` | what operators did, newest first |
//!
//! Who may ask is the host's affair: IAM on AWS, the owner of the data folder in one process. Nothing of this is
//! reachable through the API. Each act is recorded with its actor before it is done.

mod account;
mod audit;
mod certificate;
mod doctor;
mod error;
mod explain;
mod external_account;
mod incident;
mod issuer;
mod page;
mod profile;
mod request;
mod selection;
mod socket;
mod status;

use ra::{Authority, Needs};
use serde_json::Value;

pub use account::{AccountFilter, ShownAccount};
pub use audit::{AuditFilter, AuditPage};
pub use certificate::{CertificateFilter, ExportedCertificate, ShownCertificate};
pub use doctor::{Finding, Verdict};
pub use error::{AdminError, RequestError};
pub use explain::ExplainedSubject;
pub use external_account::{ExternalAccountKeyState, ListedKey, ShownKey};
pub use incident::{Continued, IncidentDocument, RevocationDocument, continue_revocations};
pub use issuer::{IssuerTerms, RequestTerms, ShownIssuer, ShownRollOver};
pub use page::Listed;
pub use profile::{Applied, ProfileDocuments, ProfileKind};
pub use request::Request;
pub use selection::{CertificateSelection, RevokedCertificates, SelectedCertificates};
pub use socket::{SocketReply, Surroundings, WebhookStatus};

/// What it uses beside the store: the public halves of the issuers' keys, and CRLs after revocations.
pub const NEEDS: Needs = Needs { signer: true, crl_queue: true, ..Needs::STORE };

/// Does what a request asks for, on AWS. Who invokes a function is known to IAM and to CloudTrail and not to the
/// function; the member `actor` of the request says it for the audit record, as a claim.
///
/// # Errors
/// [`AdminError`].
pub async fn act(authority: &Authority, mut request: Value) -> Result<Value, AdminError> {
    let claimed = request.as_object_mut().and_then(|members| members.remove("actor"));
    let actor = match claimed {
        None => "an invoker of the function".to_owned(),
        Some(Value::String(name)) if (1..=MAX_ACTOR).contains(&name.len()) => format!("{name} (as claimed)"),
        Some(_) => return Err(AdminError::Actor),
    };
    answer(authority, &actor, request).await
}

/// Does what a request asks for, for an actor whom the host knows.
///
/// # Errors
/// [`AdminError`].
pub async fn answer(authority: &Authority, actor: &str, request: Value) -> Result<Value, AdminError> {
    let answer = match request::parse(request)? {
        Request::Status {} => serde_json::to_value(status::status(authority).await?),
        Request::Doctor {} => serde_json::to_value(doctor::examine(authority).await?),
        Request::Profiles {} => serde_json::to_value(authority.profiles().await?),
        Request::ListProfiles { kind: ProfileKind::AcmeProfile, after, limit } => {
            serde_json::to_value(authority.acme_profiles_page(after.as_ref(), page::size(limit)?).await?)
        }
        Request::ListProfiles { kind: ProfileKind::RaProfile, after, limit } => {
            serde_json::to_value(authority.ra_profiles_page(after.as_ref(), page::size(limit)?).await?)
        }
        Request::ApplyProfiles { profiles, exact, dry_run, shown } => {
            serde_json::to_value(profile::apply(authority, actor, profiles, exact, dry_run, shown).await?)
        }
        Request::DeleteProfile { kind, name } => {
            serde_json::to_value(profile::delete(authority, actor, kind, name).await?)
        }
        Request::MintExternalAccountKey { days, label, profile, scope, accounts } => {
            let terms = external_account::terms(authority, days, label, profile, scope, accounts).await?;
            serde_json::to_value(external_account::mint(authority, actor, terms).await?)
        }
        Request::ExternalAccountKeys { after, limit } => {
            serde_json::to_value(external_account::list(authority, after, page::size(limit)?).await?)
        }
        Request::RotateExternalAccountKey { id, overlap_days } => {
            serde_json::to_value(external_account::rotate(authority, actor, id, overlap_days).await?)
        }
        Request::RevokeExternalAccountKey { id } => {
            serde_json::to_value(external_account::revoke(authority, actor, id).await?)
        }
        Request::FindAccounts { filter, limit } => {
            serde_json::to_value(account::find(authority, filter, page::size(limit)?).await?)
        }
        Request::SetAccountStatus { id, status } => {
            serde_json::to_value(account::set_status(authority, actor, id, status).await?)
        }
        Request::FindCertificates { filter, limit } => {
            serde_json::to_value(certificate::find(authority, filter, page::size(limit)?).await?)
        }
        Request::ExportCertificate { id } => serde_json::to_value(certificate::export(authority, &id).await?),
        Request::RevokeCertificate { id, reason } => {
            serde_json::to_value(certificate::revoke(authority, actor, &id, reason).await?)
        }
        Request::SelectCertificates { selection, position, show } => {
            serde_json::to_value(selection::select(authority, selection, position, show.into()).await?)
        }
        Request::RevokeCertificates { selection, reason, position } => {
            serde_json::to_value(selection::revoke(authority, actor, selection, reason, position).await?)
        }
        Request::DeclareIncident { incident } => {
            serde_json::to_value(incident::declare(authority, actor, incident).await?)
        }
        Request::Incidents {} => serde_json::to_value(incident::list(authority).await?),
        Request::EndIncident { id } => serde_json::to_value(incident::end(authority, actor, id).await?),
        Request::ContinueRevocations { seconds } => {
            serde_json::to_value(incident::continue_revocations(authority, seconds).await?)
        }
        Request::BlockKey { key } => serde_json::to_value(authority.block_key(actor, &key).await?),
        Request::BlockedKeys { after, limit } => {
            serde_json::to_value(authority.blocked_keys(after.as_ref(), page::size(limit)?).await?)
        }
        Request::Issuers {} => serde_json::to_value(issuer::list(authority).await?),
        Request::Issuer { id } => serde_json::to_value(issuer::show(authority, &id).await?),
        Request::AddIssuer { issuer } => serde_json::to_value(issuer::add(authority, actor, issuer).await?),
        Request::RequestIssuer { issuer } => serde_json::to_value(issuer::request(authority, actor, issuer).await?),
        Request::InstallIssuer { id, certificates } => {
            serde_json::to_value(issuer::install(authority, actor, &id, &certificates).await?)
        }
        Request::RollOverIssuer { old, new, name, key } => {
            serde_json::to_value(issuer::roll_over(authority, actor, old, new, name, key).await?)
        }
        Request::RetireIssuer { id, named } => {
            serde_json::to_value(issuer::retire(authority, actor, &id, named).await?)
        }
        Request::TestEvents {} => serde_json::to_value(authority.emit_test(actor).await?),
        Request::Explain { subject } => serde_json::to_value(explain::explain(authority, subject).await?),
        Request::Audit { filter, before, limit } => {
            serde_json::to_value(audit::list(authority, filter, before, page::size(limit)?).await?)
        }
    };
    answer.map_err(AdminError::Answer)
}

const MAX_ACTOR: usize = 256;

//! What an operator can ask and do. A request is JSON with the name of an [`Action`] as `action`
//! and the members of its type; the answer is JSON of the type that the action names. `action.rs`
//! lists all actions; each one is described at its type, in the module of its noun.
//!
//! The host decides who may ask: IAM on AWS, the owner of the data folder and groups of the system
//! in one process. Nothing here can be reached through the API. Each act is recorded with its actor
//! before it is performed.

pub mod account;
pub mod audit;
pub mod ceremony;
pub mod certificate;
pub mod doctor;
pub mod enrolment;
pub mod event;
pub mod evidence;
pub mod examination;
pub mod explain;
pub mod external_account;
pub mod finding;
pub mod incident;
pub mod issuer;
pub mod issuer_revocation;
pub mod key;
mod observed;
pub mod profile;
pub mod seal;
mod sealed;
pub mod selection;
pub mod status;
pub mod support;

mod action;
mod error;
mod page;
mod role;
mod socket;

#[cfg(feature = "lambda")]
pub mod lambda;

use operator::{Ceremonies, Parts};
use serde_json::Value;

pub use action::{Action, ceremony_names};
pub use error::{AdminError, RequestError};
pub use incident::continue_revocations;
pub use page::Listed;
pub use role::{Role, UnknownRole};
pub use socket::{SocketReply, Surroundings, WebhookStatus};

/// Performs the action of a request on AWS, invoked through this alias.
///
/// IAM decides who may invoke an alias, so the role is proven. Who of those it was, IAM and
/// CloudTrail know, but the function does not: the member `actor` of the request says it for the
/// audit record, as a claim.
///
/// # Errors
/// [`AdminError`].
pub async fn act(parts: &Parts, alias: Option<&str>, mut request: Value) -> Result<Value, AdminError> {
    let role = alias.map(Role::of_alias).transpose()?;
    let actor = actor(&mut request, role)?;
    action::perform(parts, &actor, role, request).await
}

/// Performs the ceremony of a request on AWS.
///
/// IAM decides who may invoke the function, and it performs nothing else, so the role is proven.
/// The member `actor` says who it was, as a claim.
///
/// # Errors
/// [`AdminError`].
pub async fn hold(ceremonies: &Ceremonies, mut request: Value) -> Result<Value, AdminError> {
    let actor = actor(&mut request, Some(Role::Ceremony))?;
    action::hold(ceremonies, &actor, request).await
}

/// The actor for the audit record: the name that the request claims, and the role that IAM proves.
fn actor(request: &mut Value, role: Option<Role>) -> Result<String, AdminError> {
    let claimed = request.as_object_mut().and_then(|members| members.remove("actor"));
    let actor = match claimed {
        None => "an invoker of the function".to_owned(),
        Some(Value::String(name)) if (1..=MAX_ACTOR).contains(&name.len()) => format!("{name} (as claimed)"),
        Some(_) => return Err(AdminError::Actor),
    };
    Ok(role.map_or_else(|| actor.clone(), |role| format!("{actor}, in the role {role} (proven)")))
}

/// Performs the action of a request, for an actor that the host knows.
///
/// # Errors
/// [`AdminError`].
pub async fn answer(parts: &Parts, actor: &str, request: Value) -> Result<Value, AdminError> {
    action::perform(parts, actor, None, request).await
}

/// Performs the action of a request, for an actor that the host knows and that has this role.
///
/// # Errors
/// [`AdminError`]; [`AdminError::Role`] for an action of another role.
pub async fn answer_in(parts: &Parts, actor: &str, role: Role, request: Value) -> Result<Value, AdminError> {
    action::perform(parts, &format!("{actor}, in the role {role} (proven)"), Some(role), request).await
}

const MAX_ACTOR: usize = 256;

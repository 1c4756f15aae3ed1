//! Actions: what an operator can ask or do. Each action is a type: its members are those of the
//! request, and it names the type of its answer. The admin function, the admin socket and the
//! command line all use this one type.
//!
//! To add an action, write its type in the file of its noun, and add a line to [`ACTIONS`], which
//! says the role that may perform it.

use std::pin::Pin;

use operator::{Ceremonies, Parts};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    AdminError, RequestError, Role, account, audit,
    ceremony::{self, CeremonialAct},
    certificate, doctor, enrolment, event, evidence, explain, external_account, incident, issuer, issuer_revocation,
    key, profile, seal, selection, status, support,
};

/// All actions, sorted by noun, each with its role.
const ACTIONS: [KnownAction; 44] = [
    KnownAction::of::<status::ShowStatus>(Role::View),
    KnownAction::of::<doctor::Examine>(Role::View),
    KnownAction::of::<explain::Explain>(Role::View),
    KnownAction::of::<support::CollectSupportBundle>(Role::View),
    KnownAction::of::<profile::ShowProfiles>(Role::View),
    KnownAction::of::<profile::ListProfiles>(Role::View),
    KnownAction::of::<profile::ApplyProfiles>(Role::Policy),
    KnownAction::of::<profile::DeleteProfile>(Role::Policy),
    KnownAction::of::<external_account::MintExternalAccountKey>(Role::Enrol),
    KnownAction::of::<external_account::ListExternalAccountKeys>(Role::View),
    KnownAction::of::<external_account::RotateExternalAccountKey>(Role::Enrol),
    KnownAction::of::<external_account::RevokeExternalAccountKey>(Role::Enrol),
    KnownAction::of::<enrolment::GrantEnrolment>(Role::Enrol),
    KnownAction::of::<enrolment::ListEnrolments>(Role::View),
    KnownAction::of::<enrolment::RevokeEnrolment>(Role::Enrol),
    KnownAction::of::<account::FindAccounts>(Role::View),
    KnownAction::of::<account::ListUnboundAccounts>(Role::View),
    KnownAction::of::<account::SetAccountStatus>(Role::Revoke),
    KnownAction::of::<certificate::FindCertificates>(Role::View),
    KnownAction::of::<certificate::ExportCertificate>(Role::View),
    KnownAction::of::<certificate::RevokeCertificate>(Role::Revoke),
    KnownAction::of::<evidence::ShowEvidence>(Role::View),
    KnownAction::of::<seal::ListSeals>(Role::View),
    KnownAction::of::<selection::SelectCertificates>(Role::View),
    KnownAction::of::<selection::RevokeCertificates>(Role::Revoke),
    KnownAction::of::<selection::IndexKeys>(Role::Revoke),
    KnownAction::of::<incident::DeclareIncident>(Role::Revoke),
    KnownAction::of::<incident::ListIncidents>(Role::View),
    KnownAction::of::<incident::EndIncident>(Role::Revoke),
    KnownAction::of::<incident::ContinueRevocations>(Role::Revoke),
    KnownAction::of::<key::BlockKey>(Role::Revoke),
    KnownAction::of::<key::ListBlockedKeys>(Role::View),
    KnownAction::of::<issuer::ListIssuers>(Role::View),
    KnownAction::of::<issuer::ShowIssuer>(Role::View),
    KnownAction::of::<ceremony::FindCeremonyFunction>(Role::View),
    KnownAction::ceremony::<issuer::AddIssuer>(),
    KnownAction::of::<issuer::RequestIssuer>(Role::Policy),
    KnownAction::of::<issuer::InstallIssuer>(Role::Policy),
    KnownAction::ceremony::<issuer::RollOverIssuer>(),
    KnownAction::of::<issuer::RetireIssuer>(Role::Policy),
    KnownAction::ceremony::<issuer_revocation::RevokeIssuer>(),
    KnownAction::of::<issuer::SetIssuer>(Role::Policy),
    KnownAction::of::<event::EmitTestEvent>(Role::Policy),
    KnownAction::of::<audit::ListAuditRecords>(Role::View),
];

/// Something that an operator can ask or do.
pub trait Action: DeserializeOwned + Send + Serialize + 'static {
    /// The type of the answer.
    type Answer: DeserializeOwned + Serialize;

    /// The name of the action, in the member `action` of a request.
    const NAME: &str;
    /// Whether it changes something. Its request then has an `actor` for the audit record.
    const IS_ACT: bool;
    /// Whether it has the root sign. On AWS a function of its own performs it then.
    const IS_CEREMONY: bool = false;

    /// Performs the action for this actor.
    ///
    /// # Errors
    /// [`AdminError`], in words for the operator.
    fn perform(self, parts: &Parts, actor: &str) -> impl Future<Output = Result<Self::Answer, AdminError>> + Send;

    /// Whether the action changes something, with these members.
    fn is_act(&self) -> bool {
        Self::IS_ACT
    }

    /// The request for this action: its members, and its name as `action`.
    ///
    /// # Errors
    /// When a member cannot be written as JSON.
    fn request(&self) -> Result<Value, serde_json::Error> {
        let mut request = serde_json::to_value(self)?;
        if let Some(members) = request.as_object_mut() {
            members.insert(ACTION.to_owned(), Self::NAME.into());
        }
        Ok(request)
    }
}

/// Performs the action of a request for an operator of this role, or of every one.
pub(crate) async fn perform(
    parts: &Parts,
    actor: &str,
    role: Option<Role>,
    mut request: Value,
) -> Result<Value, AdminError> {
    let name = take_name(&mut request)?;
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return Err(RequestError::UnknownAction(name).into());
    };
    if action.hold.is_some() {
        ceremony::here(parts, action.name)?;
    }
    match role {
        Some(role) if !role.includes(action.role) => {
            Err(AdminError::Role { role, action: action.name, of: action.role })
        }
        _ => (action.perform)(parts, actor, request).await,
    }
}

/// Performs the ceremony of a request, and nothing else.
pub(crate) async fn hold(ceremonies: &Ceremonies, actor: &str, mut request: Value) -> Result<Value, AdminError> {
    let name = take_name(&mut request)?;
    if name == ceremony::FindCeremonyFunction::NAME {
        return written::<ceremony::FindCeremonyFunction>(ceremony::CeremonyFunction { function: None });
    }
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return Err(RequestError::UnknownAction(name).into());
    };
    match action.hold {
        Some(hold) => hold(ceremonies, actor, request).await,
        None => Err(AdminError::NoCeremony(name)),
    }
}

/// Takes the name of the action out of a request.
fn take_name(request: &mut Value) -> Result<String, RequestError> {
    match request.as_object_mut().and_then(|members| members.remove(ACTION)) {
        Some(Value::String(name)) => Ok(name),
        _ => Err(RequestError::NoAction),
    }
}

/// Reads the members of a request for this action.
fn read<A: Action>(members: Value) -> Result<A, RequestError> {
    serde_json::from_value(members).map_err(|source| RequestError::Members { action: A::NAME, source })
}

/// Writes the answer of this action.
fn written<A: Action>(answer: A::Answer) -> Result<Value, AdminError> {
    let answer = serde_json::to_value(answer).map_err(AdminError::Answer)?;
    debug_assert!(is_read_back::<A>(&answer), "`{}` reads its own answer as another one: {answer}", A::NAME);
    Ok(answer)
}

/// The names of all actions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.name)
}

/// The names of the acts that have the root sign.
pub fn ceremony_names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().filter(|action| action.hold.is_some()).map(|action| action.name)
}

/// An action by its name, independent of its type.
struct KnownAction {
    name: &'static str,
    role: Role,
    perform: for<'a> fn(&'a Parts, &'a str, Value) -> BoxedAnswer<'a>,
    /// How the function for ceremonies performs it, if it does.
    hold: Option<for<'a> fn(&'a Ceremonies, &'a str, Value) -> BoxedAnswer<'a>>,
}

type BoxedAnswer<'a> = Pin<Box<dyn Future<Output = Result<Value, AdminError>> + Send + 'a>>;

impl KnownAction {
    const fn of<A: Action>(role: Role) -> Self {
        // A role that only asks performs no act: an act with this role does not compile.
        assert!(!(A::IS_ACT && matches!(role, Role::View)));
        // One that the command line would send to the function for ceremonies, or should, neither.
        assert!(!A::IS_CEREMONY && !matches!(role, Role::Ceremony));
        Self { name: A::NAME, role, perform: read_and_perform::<A>, hold: None }
    }

    const fn ceremony<A: CeremonialAct>() -> Self {
        assert!(A::IS_CEREMONY && A::IS_ACT);
        let hold = Some(read_and_hold::<A> as for<'a> fn(&'a Ceremonies, &'a str, Value) -> BoxedAnswer<'a>);
        Self { name: A::NAME, role: Role::Ceremony, perform: read_and_perform::<A>, hold }
    }
}

fn read_and_perform<'a, A: Action>(parts: &'a Parts, actor: &'a str, members: Value) -> BoxedAnswer<'a> {
    Box::pin(async move { written::<A>(read::<A>(members)?.perform(parts, actor).await?) })
}

fn read_and_hold<'a, A: CeremonialAct>(ceremonies: &'a Ceremonies, actor: &'a str, members: Value) -> BoxedAnswer<'a> {
    Box::pin(async move { written::<A>(read::<A>(members)?.hold(ceremonies, actor).await?) })
}

/// Whether the answer can be parsed again without loss. Every test that performs an action checks
/// it.
fn is_read_back<A: Action>(answer: &Value) -> bool {
    let read = serde_json::from_value::<A::Answer>(answer.clone());
    read.and_then(serde_json::to_value).is_ok_and(|again| again == *answer)
}

const ACTION: &str = "action";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own() {
        assert_eq!(names().collect::<BTreeSet<_>>().len(), ACTIONS.len());
    }

    #[test]
    fn an_answer_that_is_not_read_back_is_noticed() {
        let formerly = serde_json::json!({ "items": [], "more": false });
        let used = serde_json::json!({ "disabled": [], "formerly": formerly, "incident": null });
        assert!(is_read_back::<key::BlockKey>(&used));
        assert!(is_read_back::<key::ListBlockedKeys>(&serde_json::json!({ "items": [], "more": false })));
        for wrong in [serde_json::json!({ "items": [] }), serde_json::json!({ "items": [], "more": true, "next": 1 })] {
            assert!(!is_read_back::<key::ListBlockedKeys>(&wrong), "{wrong}");
        }
    }

    #[test]
    fn the_request_of_an_action_is_its_members_and_its_name() {
        let action = key::ListBlockedKeys { after: None, limit: Some(7) };
        let expected = serde_json::json!({ "action": "blocked-keys", "after": null, "limit": 7 });
        assert_eq!(action.request().unwrap(), expected);
    }
}

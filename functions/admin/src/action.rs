//! Actions: what an operator can ask or do. Each action is a type: its members are those of the
//! request, and it names the type of its answer. The admin function, the admin socket and the
//! command line all use this one type.
//!
//! To add an action, write its type in the file of its noun, and add a line to [`ACTIONS`].

use std::pin::Pin;

use operator::Parts;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    AdminError, RequestError, account, audit, certificate, doctor, event, explain, external_account, incident, issuer,
    issuer_revocation, key, profile, selection, status, support,
};

/// All actions, sorted by noun.
const ACTIONS: [KnownAction; 37] = [
    KnownAction::of::<status::ShowStatus>(),
    KnownAction::of::<doctor::Examine>(),
    KnownAction::of::<explain::Explain>(),
    KnownAction::of::<support::CollectSupportBundle>(),
    KnownAction::of::<profile::ShowProfiles>(),
    KnownAction::of::<profile::ListProfiles>(),
    KnownAction::of::<profile::ApplyProfiles>(),
    KnownAction::of::<profile::DeleteProfile>(),
    KnownAction::of::<external_account::MintExternalAccountKey>(),
    KnownAction::of::<external_account::ListExternalAccountKeys>(),
    KnownAction::of::<external_account::RotateExternalAccountKey>(),
    KnownAction::of::<external_account::RevokeExternalAccountKey>(),
    KnownAction::of::<account::FindAccounts>(),
    KnownAction::of::<account::SetAccountStatus>(),
    KnownAction::of::<certificate::FindCertificates>(),
    KnownAction::of::<certificate::ExportCertificate>(),
    KnownAction::of::<certificate::RevokeCertificate>(),
    KnownAction::of::<selection::SelectCertificates>(),
    KnownAction::of::<selection::RevokeCertificates>(),
    KnownAction::of::<selection::IndexKeys>(),
    KnownAction::of::<incident::DeclareIncident>(),
    KnownAction::of::<incident::ListIncidents>(),
    KnownAction::of::<incident::EndIncident>(),
    KnownAction::of::<incident::ContinueRevocations>(),
    KnownAction::of::<key::BlockKey>(),
    KnownAction::of::<key::ListBlockedKeys>(),
    KnownAction::of::<issuer::ListIssuers>(),
    KnownAction::of::<issuer::ShowIssuer>(),
    KnownAction::of::<issuer::AddIssuer>(),
    KnownAction::of::<issuer::RequestIssuer>(),
    KnownAction::of::<issuer::InstallIssuer>(),
    KnownAction::of::<issuer::RollOverIssuer>(),
    KnownAction::of::<issuer::RetireIssuer>(),
    KnownAction::of::<issuer_revocation::RevokeIssuer>(),
    KnownAction::of::<issuer::SetIssuer>(),
    KnownAction::of::<event::EmitTestEvent>(),
    KnownAction::of::<audit::ListAuditRecords>(),
];

/// Something that an operator can ask or do.
pub trait Action: DeserializeOwned + Send + Serialize + 'static {
    /// The type of the answer.
    type Answer: DeserializeOwned + Serialize;

    /// The name of the action, in the member `action` of a request.
    const NAME: &str;
    /// Whether it changes something. Its request then has an `actor` for the audit record.
    const IS_ACT: bool;

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

/// Performs the action of a request.
pub(crate) async fn perform(parts: &Parts, actor: &str, mut request: Value) -> Result<Value, AdminError> {
    let name = request.as_object_mut().and_then(|members| members.remove(ACTION));
    let Some(Value::String(name)) = name else { return Err(RequestError::NoAction.into()) };
    match ACTIONS.iter().find(|action| action.name == name) {
        Some(action) => (action.perform)(parts, actor, request).await,
        None => Err(RequestError::UnknownAction(name).into()),
    }
}

/// The names of all actions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.name)
}

/// An action by its name, independent of its type.
struct KnownAction {
    name: &'static str,
    perform: for<'a> fn(&'a Parts, &'a str, Value) -> BoxedAnswer<'a>,
}

type BoxedAnswer<'a> = Pin<Box<dyn Future<Output = Result<Value, AdminError>> + Send + 'a>>;

impl KnownAction {
    const fn of<A: Action>() -> Self {
        Self { name: A::NAME, perform: read_and_perform::<A> }
    }
}

fn read_and_perform<'a, A: Action>(parts: &'a Parts, actor: &'a str, members: Value) -> BoxedAnswer<'a> {
    Box::pin(async move {
        let action: A =
            serde_json::from_value(members).map_err(|source| RequestError::Members { action: A::NAME, source })?;
        let answer = action.perform(parts, actor).await?;
        let answer = serde_json::to_value(answer).map_err(AdminError::Answer)?;
        debug_assert!(is_read_back::<A>(&answer), "`{}` reads its own answer as another one: {answer}", A::NAME);
        Ok(answer)
    })
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
        assert!(is_read_back::<key::BlockKey>(&serde_json::json!({ "disabled": [], "incident": null })));
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

//! The admin function on Lambda, and what it is constructed from. The statements of its role in the
//! template match this.

use std::sync::Arc;

use authority::Metric;
use aws::{Asked, Clients, Environment, Invocation, StartError};
use operator::{Parts, Seams};
use perspective::{AwsRegion, Member, members_of, weaknesses};
use ra::{RemotePerspectives, Settings};
use serde_json::Value;

use crate::{
    Action,
    doctor::{Examine, Finding, Verdict},
    incident::ContinueRevocations,
};

/// Constructs the function.
///
/// # Errors
/// An environment variable is missing or invalid.
pub fn open(clients: &Clients) -> Result<Invocation, StartError> {
    let seams = Seams {
        accounts: clients.account_store(),
        audit: clients.audit_store(),
        authorizations: clients.authorization_store(),
        certificates: clients.certificate_store(),
        crls: clients.crl_store(),
        external_accounts: clients.external_account_store(),
        grants: clients.grant_store(),
        incidents: clients.incident_store(),
        issuers: clients.issuer_store(),
        limits: clients.limit_store(),
        lookups: clients.lookup_store(),
        orders: clients.order_store(),
        nonces: clients.nonce_store(),
        profiles: clients.profile_store(),
        seals: clients.seal_store(),
        signer: clients.signer(),
        crl_queue: clients.crl_queue()?,
        // To the log, whose lines a subscription forwards.
        events: Arc::new(()),
        clock: clients.clock(),
    };
    let ceremony = clients.environment().required("CEREMONY_FUNCTION", "the ARN of the function for ceremonies")?;
    let settings = Settings { perspectives: Some(perspectives(clients.environment())), ..clients.settings().clone() };
    let parts = Parts::without_ceremonies(seams, ceremony.to_owned(), &settings);
    let act = aws::work_by(parts, |parts, asked: Asked| {
        Box::pin(async move {
            let Asked { alias, request } = asked;
            let action = request.get("action").and_then(Value::as_str).map(str::to_owned);
            let answer = crate::act(parts, alias.as_deref(), request).await?;
            measure(action.as_deref(), &answer);
            Ok(answer)
        })
    });
    Ok(Invocation::new(act))
}

/// What `doctor` says of the perspectives that the function `validate` asks.
fn perspectives(environment: &Environment) -> RemotePerspectives {
    let own = environment.optional("AWS_REGION").and_then(AwsRegion::named).map(|region| region.location);
    let lacks = |members: &Vec<Member>| weaknesses(members, own).iter().map(ToString::to_string).collect();
    match members_of(environment.optional("PERSPECTIVES").unwrap_or_default()) {
        Ok(members) => RemotePerspectives { number: members.len(), weaknesses: lacks(&members) },
        Err(fault) => RemotePerspectives { number: 0, weaknesses: vec![fault.to_string()] },
    }
}

/// Measures what the schedules ask for. An operator may ask for the same, and what `doctor`
/// finds is no less true then.
fn measure(action: Option<&str>, answer: &Value) {
    match action {
        Some(Examine::NAME) => {
            // A missing measurement raises the alarm; zero findings that no one counted would not.
            let Ok(findings) = serde_json::from_value::<Vec<Finding>>(answer.clone()) else { return };
            for (metric, verdict) in [(Metric::DoctorBad, Verdict::Bad), (Metric::DoctorWarnings, Verdict::Warning)] {
                let count = findings.iter().filter(|finding| finding.verdict == verdict).count();
                metric.measured(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
        Some(ContinueRevocations::NAME) => Metric::RevocationRuns.measured(1),
        _ => {}
    }
}

//! One validation attempt: its question, its two results, and the steps between them.

use std::net::IpAddr;

use acme::{CaaPermission, ChallengeToken, ChallengeType, Identifier, KeyAuthorization, Observation, Problem};

use crate::{CaaTerms, Lack, Rules, connection::Dialer, dns_01, fault::Fault, http_01, permission, tls_alpn_01};

/// What to look for, where, and under which rules: everything except the network that the result
/// depends on.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The challenge type.
    pub challenge: ChallengeType,
    /// The identifier to validate; for a wildcard, without `*.`.
    pub identifier: Identifier,
    /// The challenge's token, which is part of the path of http-01.
    pub token: ChallengeToken,
    /// The key authorization to find.
    pub key_authorization: KeyAuthorization,
    /// The rules of the profile.
    pub rules: Rules,
    /// What CAA records are compared with; `None` where the profile asks for none.
    pub caa: Option<CaaTerms>,
}

/// The identifier was not validated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problem.detail)]
pub struct Failure {
    /// What is wrong and what the client can do; it becomes the `error` of the challenge.
    pub problem: Problem,
    /// The same without what was read from the target, for clients that must not read from there.
    pub guarded: Problem,
    /// Whether another attempt may succeed without a change of a rule or a name: records propagate,
    /// servers start, deployments finish.
    pub may_heal: bool,
    /// The address of the last connection; `None` if there was none.
    pub address: Option<IpAddr>,
    /// What this machine lacked; such a failure says nothing about the identifier.
    pub lack: Option<Lack>,
}

/// Runs one validation attempt: looks for what the challenge asks for, and then for CAA records
/// that forbid the certificate. What was observed is the evidence of a success.
///
/// Ends within the rules' `timeout`. When the future is dropped earlier, nothing continues in the
/// background.
pub async fn probe(probe: &Probe) -> Result<Observation, Failure> {
    if !probe.challenge.fits(&probe.identifier) {
        let fault = Fault::Unfit { challenge: probe.challenge, identifier: probe.identifier.clone() };
        return Err(fault.at(None));
    }
    let dialer = Dialer::new(&probe.rules);
    let observed = match probe.challenge {
        ChallengeType::Http01 => http_01::run(probe, &dialer).await?,
        ChallengeType::Dns01 => dns_01::run(probe, &dialer).await?,
        ChallengeType::TlsAlpn01 => tls_alpn_01::run(probe, &dialer).await?,
    };
    let observed = Observation { authenticated: dialer.resolver.said(), ..observed };
    let Some(terms) = &probe.caa else { return Ok(observed) };
    let permission = permission::of(&probe.identifier, probe.challenge, terms, &dialer.resolver).await;
    let permission = permission.map_err(|fault| fault.at(observed.address))?;
    let permission = CaaPermission { authenticated: dialer.resolver.said(), ..permission };
    Ok(Observation { caa: Some(permission), ..observed })
}

//! One probe: its message, its two outcomes, and the way from one to the other.

use std::net::IpAddr;

use acme::{ChallengeToken, ChallengeType, Identifier, KeyAuthorization, Problem};
use serde::{Deserialize, Serialize};

use crate::{Rules, connection::Dialer, dns_01, fault::Fault, http_01, tls_alpn_01};

/// What to look for, where, and under which rules. Everything that a probe depends on besides the
/// network is in here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// The way in which control is shown.
    pub challenge: ChallengeType,
    /// The name or address; of a wildcard its base.
    pub identifier: Identifier,
    /// The challenge's token: the path of http-01.
    pub token: ChallengeToken,
    /// What has to be found.
    pub key_authorization: KeyAuthorization,
    /// The profile's rules.
    pub rules: Rules,
}

/// Control was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The address that showed it; none for dns-01.
    pub address: Option<IpAddr>,
}

/// Control was not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{}", .problem.detail)]
pub struct Failure {
    /// Why, and what the client can do, for the challenge's `error`.
    pub problem: Problem,
    /// Whether another attempt may find something else without anybody changing a rule or a name:
    /// records spread, servers start, deployments lag.
    pub may_heal: bool,
    /// The address that was spoken to last.
    pub address: Option<IpAddr>,
}

/// Looks for the proof.
///
/// Ends within the rules' `timeout`. Nothing stays behind when the future is dropped sooner.
pub async fn probe(probe: &Probe) -> Result<Proof, Failure> {
    if !probe.challenge.fits(&probe.identifier) {
        let fault = Fault::Unfit { challenge: probe.challenge, identifier: probe.identifier.clone() };
        return Err(fault.at(None));
    }
    let dialer = Dialer::new(&probe.rules);
    match probe.challenge {
        ChallengeType::Http01 => http_01::run(probe, &dialer).await,
        ChallengeType::Dns01 => dns_01::run(probe, &dialer).await,
        ChallengeType::TlsAlpn01 => tls_alpn_01::run(probe, &dialer).await,
    }
}

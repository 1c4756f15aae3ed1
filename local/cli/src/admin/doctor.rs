//! `doctor`: the findings of the CA, and whether its DNS resolvers answer from this machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use admin::doctor::{Examine, Finding, Verdict};
use clap::Args;
use store::ProfileSet;
use tokio::{net::UdpSocket, time};

use super::{AdminFailure, connection::Connection, events, output::Output, profiles, table::printable};

#[derive(Args)]
pub(super) struct DoctorArguments {
    /// A name with whole DNSSEC signatures, for trying resolvers that are to validate
    #[arg(long, value_name = "NAME", default_value = ".")]
    signed_name: String,
    /// A name with broken DNSSEC signatures, which they have to refuse
    #[arg(long, value_name = "NAME", default_value = "dnssec-failed.org")]
    bogus_name: String,
}

pub(super) async fn doctor(
    connection: &Connection,
    output: &Output,
    arguments: DoctorArguments,
) -> Result<ExitCode, AdminFailure> {
    let answer = connection.ask_host(&Examine {}).await?;
    let mut findings = answer.value;
    let profiles = profiles::stored(connection).await?;
    for (resolver, names) in validating(&profiles) {
        let check = format!("DNSSEC of {}, by resolver {resolver}", names.join(", "));
        findings.push(if connection.is_local() {
            try_resolver(check, resolver, &arguments).await
        } else {
            Finding::warning(
                check,
                "not tried: the validate function asks it, and this machine may see another network",
                "from a machine of that network, see that `dig` answers SERVFAIL for a name with broken signatures, and with the flag `ad` for one with whole ones",
            )
        });
    }
    if connection.is_local() {
        let of_profiles = profiles.acme_profile.iter().filter_map(|profile| profile.dns_resolver);
        let resolvers: BTreeSet<SocketAddr> = of_profiles
            .map(|resolver| resolver.socket_address())
            .chain(answer.host.as_ref().and_then(|host| host.dns_resolver))
            .collect();
        for resolver in resolvers {
            findings.push(examine(resolver).await);
        }
        findings.extend(answer.host.and_then(|host| host.webhook).iter().map(events::examine));
    }
    output.print(&findings, || {
        let shown = findings.iter().map(|Finding { check, verdict, seen, remedy }| {
            let mark = match verdict {
                Verdict::Good => "ok  ",
                Verdict::Warning => "WARN",
                Verdict::Bad => "BAD ",
            };
            let remedy = if remedy.is_empty() { String::new() } else { format!("\n      -> {remedy}") };
            format!("{mark}  {}: {}{remedy}\n", printable(check), printable(seen))
        });
        shown.collect()
    })?;
    let works = findings.iter().all(|finding| finding.verdict != Verdict::Bad);
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The resolvers that are to validate, each with the profiles that demand it.
fn validating(profiles: &ProfileSet) -> BTreeMap<SocketAddr, Vec<&str>> {
    let mut resolvers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for profile in profiles.acme_profile.iter().filter(|profile| profile.demands_dnssec()) {
        if let Some(resolver) = profile.dns_resolver {
            resolvers.entry(resolver.socket_address()).or_default().push(profile.name.as_str());
        }
    }
    resolvers
}

#[cfg(feature = "host")]
async fn try_resolver(check: String, resolver: SocketAddr, arguments: &DoctorArguments) -> Finding {
    use host::TrialFailure;

    let DoctorArguments { signed_name, bogus_name } = arguments;
    match host::try_resolver(resolver, signed_name, bogus_name).await {
        Ok(()) => Finding::good(check, format!("validates: it refuses {bogus_name}")),
        Err(failure @ TrialFailure::Nothing { .. }) => Finding::warning(
            check,
            failure.to_string(),
            "name others that this resolver can look up, with --signed-name and --bogus-name",
        ),
        Err(failure) => Finding::bad(
            check,
            failure.to_string(),
            "switch on DNSSEC validation in the resolver, or set dnssec = \"off\": until then, forged answers count",
        ),
    }
}

#[cfg(not(feature = "host"))]
async fn try_resolver(check: String, _: SocketAddr, _: &DoctorArguments) -> Finding {
    Finding::warning(check, "not tried: this program was built without the feature `host`", "use one that has it")
}

/// Asks the resolver for the name servers of the DNS root. Any answer shows that it works.
async fn examine(resolver: SocketAddr) -> Finding {
    let check = format!("resolver {resolver}");
    match time::timeout(PATIENCE, answers(resolver)).await {
        Ok(Ok(())) => Finding::good(check, "answers"),
        Ok(Err(error)) => Finding::bad(check, error.to_string(), REMEDY),
        Err(_) => Finding::bad(check, format!("no answer within {} seconds", PATIENCE.as_secs()), REMEDY),
    }
}

async fn answers(resolver: SocketAddr) -> std::io::Result<()> {
    let any = if resolver.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(resolver).await?;
    // RFC 1035 §4.1: id, recursion desired, one question: the root, NS, IN.
    let question = [0x5a, 0xce, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
    socket.send(&question).await?;
    let mut answer = [0; 512];
    socket.recv(&mut answer).await.map(drop)
}

const REMEDY: &str =
    "check that it is running and that no firewall blocks it; until then, every validation that queries it fails";
const PATIENCE: Duration = Duration::from_secs(3);

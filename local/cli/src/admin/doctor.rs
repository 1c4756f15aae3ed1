//! `doctor`: the findings of the CA, and whether its DNS resolvers answer from this machine.

use std::{collections::BTreeSet, net::SocketAddr, process::ExitCode, time::Duration};

use admin::doctor::{Examine, Finding, Verdict};
use tokio::{net::UdpSocket, time};

use super::{AdminFailure, connection::Connection, events, output::Output, profiles, table::printable};

pub(super) async fn doctor(connection: &Connection, output: &Output) -> Result<ExitCode, AdminFailure> {
    let answer = connection.ask_host(&Examine {}).await?;
    let mut findings = answer.value;
    if connection.is_local() {
        let profiles = profiles::stored(connection).await?;
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

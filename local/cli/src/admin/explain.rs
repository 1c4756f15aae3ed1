//! `explain`: why an order, an identifier or an account does not work.

use std::str::FromStr;

use acme::{AccountId, OrderId, ProfileName};
use admin::explain::{Explain, ExplainedSubject, Explanation};
use clap::{ArgGroup, Args};

use super::{
    AdminFailure,
    connection::Connection,
    output::Output,
    table::{printable, table},
};

/// The subject to be explained.
#[derive(Args)]
#[command(group = ArgGroup::new("subject").required(true))]
pub(super) struct ExplainArguments {
    /// Explain whether this DNS name or IP address could be certified now, and what prevents it
    #[arg(long, group = "subject", conflicts_with = "order")]
    name: Option<String>,
    /// The ACME Profile whose policy and limits are explained [default: the policies of all,
    /// without limits]
    #[arg(long, value_name = "NAME", requires = "name")]
    profile: Option<ProfileName>,
    /// Explain this account, by its id or URL
    #[arg(long, group = "subject", value_name = "ID|URL", value_parser = last::<AccountId>)]
    account: Option<AccountId>,
    /// Explain this order of the account, by its id or URL
    #[arg(long, value_name = "ID|URL", value_parser = last::<OrderId>, requires = "account")]
    order: Option<OrderId>,
}

/// The id alone, or at the end of a URL as clients show them.
fn last<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    let path = text.trim_end_matches('/').trim_end_matches("/finalize");
    path.rsplit('/').next().unwrap_or(path).parse().map_err(|error: T::Err| error.to_string())
}

pub(super) async fn explain(
    connection: &Connection,
    output: &Output,
    ExplainArguments { name, profile, account, order }: ExplainArguments,
) -> Result<(), AdminFailure> {
    let by_name = name.map(|name| ExplainedSubject::Name { name, profile });
    let by_account = account.map(|account| match order {
        Some(order) => ExplainedSubject::Order { account, order },
        None => ExplainedSubject::Account(account),
    });
    let Some(subject) = by_name.or(by_account) else { return Ok(()) };
    let explanation = connection.ask(&Explain { subject }).await?;
    output.print(&explanation, || text(&explanation))
}

/// The explanation as text: the state and what to do come first, then the reasons.
fn text(explanation: &Explanation) -> String {
    let Explanation { summary, error, advice, timeline, names, limits, orders, .. } = explanation;
    let mut text = printable(summary) + "\n";
    if let Some(error) = error {
        text += &format!("\nerror ({})\n  {}\n", error.r#type.urn(), printable(&error.detail));
        for problem in &error.subproblems {
            text += &format!("  {}: {}\n", printable(&problem.identifier.value), printable(&problem.detail));
        }
    }
    text += &section("what to do", advice.iter().map(|advice| printable(advice)));
    text += &section("what happened", timeline.iter().map(|then| format!("{}  {}", then.at, printable(&then.what))));
    if !names.is_empty() {
        let rows = names.iter().map(|verdict| {
            let allowed = if verdict.allowed { "yes" } else { "no" };
            [verdict.name.clone(), verdict.profile.to_string(), allowed.to_owned(), verdict.because.clone()]
        });
        text += &under("policy for a new order", &table(["IDENTIFIER", "ACME PROFILE", "ALLOWED", "BECAUSE"], rows));
    }
    if !limits.is_empty() {
        let rows = limits.iter().map(|limit| {
            let used = format!("{} of {}", limit.used, limit.maximum);
            [limit.limit.clone(), limit.of.clone(), used, limit.frees_at.to_string()]
        });
        text += &under("limits", &table(["LIMIT", "APPLIES TO", "USED", "RESETS"], rows));
    }
    if !orders.is_empty() {
        let rows = orders.iter().map(|order| {
            [
                order.order.to_string(),
                order.account.to_string(),
                order.made_at.to_string(),
                format!("{:?}", order.status).to_lowercase(),
                order.names.join(","),
                order.reason.clone().unwrap_or_default(),
            ]
        });
        text += &under("orders", &table(["ORDER", "ACCOUNT", "CREATED", "STATUS", "IDENTIFIERS", "REASON"], rows));
    }
    text
}

fn section(heading: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| line + "\n").collect();
    if lines.is_empty() { String::new() } else { under(heading, &lines) }
}

fn under(heading: &str, lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("\n{heading}\n{indented}")
}

/// Examples, shown below the help.
pub(super) const EXAMPLES: &str = "Examples:
  serverless-acme admin explain --name www.example.com
  serverless-acme admin explain --name www.example.com --profile servers
  serverless-acme admin explain --account 06cv5pbo4s3u8t1hk8q2m0r9dg
  serverless-acme admin explain --account 06cv5pbo4s3u8t1hk8q2m0r9dg --order https://ca.example/api/v1/protocols/acme/servers/order/06cv5pbp1s3u8t1hk8q2m0r9dg";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_by_its_id_or_by_any_of_its_urls() {
        let id = "06cv5pbp1s3u8t1hk8q2m0r9dg";
        for text in [id.to_owned(), format!("https://ca/acme/order/{id}"), format!("https://ca/order/{id}/finalize")] {
            assert_eq!(last::<OrderId>(&text).unwrap().to_string(), id, "{text}");
        }
        assert!(last::<OrderId>("https://ca/order/").is_err());
    }
}

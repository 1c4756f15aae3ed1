//! From a subscription of CloudWatch Logs to an event bus, on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::put_events(|delivery| {
        let documents = forward_events::documents(delivery)?;
        Ok(documents.into_iter().map(|document| aws::BusEvent::from(document.into_parts())).collect())
    })
}

//! The log: one JSON object per line, with the request id of the invocation. CloudWatch adds the
//! time.
//!
//! The level is that of our own crates. Others keep to `info`: at `trace` the clients of AWS log
//! whole requests and responses, and with them session tokens and the secrets in the table.

use std::io;

use tracing::{Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
};

use crate::{Environment, EnvironmentError};

/// Starts logging, also if the level is invalid, so that the error can be logged.
pub(crate) fn start(environment: &Environment) -> Result<(), EnvironmentError> {
    let level = environment.parsed::<LevelFilter>("LOG_LEVEL", "error, warn, info, debug or trace");
    let log = log(level.as_ref().ok().copied().flatten().unwrap_or(LevelFilter::INFO), io::stdout);
    // There is already a subscriber only in tests.
    drop(tracing::subscriber::set_global_default(log));
    level.map(drop)
}

fn log<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .without_time()
        .with_writer(writer);
    let own = filter_fn(is_own).and(level);
    let of_others = filter_fn(|line| !is_own(line)).and(level.min(LevelFilter::INFO));
    // Events are logged at every level, because their lines are the record of what happened, and
    // measurements, because their absence raises alarms.
    let always = filter_fn(|line| ["event", "metric"].contains(&line.target())).and(LevelFilter::INFO);
    Registry::default().with(lines.with_filter(own.or(of_others).or(always)))
}

/// Whether a line is of a crate of this repository.
fn is_own(line: &Metadata<'_>) -> bool {
    let name = line.target().split("::").next().unwrap_or_default();
    OWN.contains(&name)
}

/// The crates that the functions are made of.
const OWN: [&str; 38] = [
    "account",
    "acme",
    "admin",
    "api",
    "authority",
    "authorization",
    "aws",
    "bootstrap",
    "ca",
    "canary",
    "ceremony",
    "certificate",
    "challenge",
    "directory",
    "enrol",
    "fallback",
    "finalize",
    "forward_events",
    "issue",
    "issuing",
    "jose",
    "key_change",
    "new_account",
    "new_authorization",
    "new_nonce",
    "new_order",
    "operator",
    "perspective",
    "order",
    "orders",
    "publish_crl",
    "ra",
    "remote_perspective",
    "renewal_info",
    "revoke_cert",
    "store",
    "validate",
    "validation",
];

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::Path,
        sync::{Arc, LazyLock, Mutex},
    };

    use authority::Metric;
    use jiff::Timestamp;
    use store::{ExternalAccountSecret, ExternalAccountStore, Retention};
    use tracing::{Dispatch, instrument::WithSubscriber, subscriber::NoSubscriber};

    use super::*;
    use crate::dynamodb::DynamoDbStore;

    /// While a process has one subscriber, whether a line is of interest is asked on the thread
    /// that first reaches it, where a test beside these has none, and never again. Two more end
    /// that.
    static OTHERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(NoSubscriber::new())));

    /// A log that can be read.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged while the secret of external accounts is read from the table.
    async fn logged(secret: &ExternalAccountSecret, log: impl Subscriber + Send + Sync, lines: Lines) -> String {
        LazyLock::force(&OTHERS);
        let cloud = cloud::Cloud::start();
        cloud.create_table("acme");
        let client = aws_sdk_dynamodb::Client::new(&cloud.sdk_config("AdminFunction"));
        let store = DynamoDbStore::new(client, "acme", Retention::default());
        let reading = async {
            store.create_external_account_secret_if_absent(secret).await.unwrap();
            assert!(store.external_account_secret().await.unwrap().is_some());
            tracing::trace!(target: "aws::dynamodb", "a line of ours");
            tracing::trace!(target: "awstats", "a line of others");
        };
        reading.with_subscriber(log).await;
        let lines = lines.0.lock().unwrap();
        String::from_utf8_lossy(&lines).into_owned()
    }

    #[tokio::test]
    async fn no_level_logs_the_requests_of_the_clients_of_aws_with_the_secrets_in_them() {
        let secret = ExternalAccountSecret { made_at: Timestamp::UNIX_EPOCH, key: vec![7; 32] };
        let text = serde_json::to_value(&secret).unwrap()["key"].as_str().unwrap().to_owned();
        let lines = Lines::default();
        let writer = lines.clone();
        let everything = Registry::default().with(fmt::layer().with_writer(move || writer.clone()));
        let unfiltered = logged(&secret, everything, lines).await;
        assert!(unfiltered.contains(&text), "the clients of AWS no longer log what they send");

        for level in [LevelFilter::TRACE, LevelFilter::DEBUG] {
            let lines = Lines::default();
            let writer = lines.clone();
            let logged = logged(&secret, log(level, move || writer.clone()), lines).await;
            assert!(!logged.contains(&text), "{level}: {logged}");
            assert_eq!(logged.contains("a line of ours"), level == LevelFilter::TRACE);
            assert!(!logged.contains("a line of others"));
        }
    }

    #[test]
    fn every_level_logs_measurements_as_the_filters_of_the_template_read_them() {
        LazyLock::force(&OTHERS);
        for level in [LevelFilter::ERROR, LevelFilter::INFO] {
            let lines = Lines::default();
            let writer = lines.clone();
            tracing::subscriber::with_default(log(level, move || writer.clone()), || Metric::CaDaysLeft.measured(181));
            let line: serde_json::Value = serde_json::from_slice(&lines.0.lock().unwrap()).unwrap();
            assert_eq!((&line["metric"], &line["value"]), (&"CaDaysLeft".into(), &181.into()), "{level}: {line}");
        }
    }

    #[test]
    fn every_crate_of_the_functions_is_one_of_ours() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folders = ["shared", "functions"].into_iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
        let names = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap().replace('-', "_"));
        assert_eq!(names.collect::<BTreeSet<_>>(), OWN.map(str::to_owned).into());
    }
}

//! From needs to seams: a function's authority with the clients that it declared, and no others.

use std::sync::Arc;

use authority::{CrlQueue, IssuanceQueue, Publisher, SystemClock, ValidationQueue};
use aws_config::SdkConfig;
use ca::Signer;
use jiff::SignedDuration;
use ra::{Authority, Needs, Seams, Settings};
use store::Retention;

use crate::{
    Absent, Environment, EnvironmentError, KmsSigner, QueueUrls, S3Publisher, SqsQueue, dynamodb::DynamoDbStore, sdk,
};

/// How a function's seams are opened.
///
/// Function pointers, chosen by [`Openers::of`] where the needs are still a constant of `main.rs`:
/// a client that no pointer leads to is not even linked, which keeps binaries small and starts
/// short.
#[derive(Clone, Copy)]
pub(crate) struct Openers {
    needs: Needs,
    signer: fn(&SdkConfig) -> Arc<dyn Signer>,
    queues: fn(&SdkConfig, QueueUrls) -> Queues,
    publisher: fn(&SdkConfig, &str) -> Arc<dyn Publisher>,
}

impl Openers {
    /// The openers of what is needed.
    #[inline(always)]
    pub(crate) fn of(needs: Needs) -> Self {
        Self {
            needs,
            signer: if needs.signer { kms } else { |_| Arc::new(Absent) },
            queues: if needs.has_queue() { sqs } else { |_, _| Queues::of(&Arc::new(Absent)) },
            publisher: if needs.publisher { s3 } else { |_, _| Arc::new(Absent) },
        }
    }

    /// Opens the declared seams with these clients.
    pub(crate) fn open(
        self,
        config: &SdkConfig,
        environment: &Environment,
    ) -> Result<Arc<Authority>, EnvironmentError> {
        let Self { needs, signer, queues, publisher } = self;
        let config = sdk::bounded(config.clone());
        let table = environment.required("TABLE_NAME", "the name of the table")?;
        let client = aws_sdk_dynamodb::Client::new(&config);
        let url = |is_needed: bool, variable| match is_needed {
            true => environment.required(variable, "the URL of a queue").map(|url| Some(url.to_owned())),
            false => Ok(None),
        };
        let urls = QueueUrls {
            validate: url(needs.validation_queue, "VALIDATE_QUEUE_URL")?,
            issue: url(needs.issuance_queue, "ISSUE_QUEUE_URL")?,
            publish_crl: url(needs.crl_queue, "PUBLISH_CRL_QUEUE_URL")?,
        };
        let bucket = match needs.publisher {
            true => environment.required("STATUS_BUCKET", "the name of a bucket")?,
            false => "",
        };
        let queues = queues(&config, urls);
        let seams = Seams {
            store: Arc::new(DynamoDbStore::new(client, table, retention(environment)?)),
            signer: signer(&config),
            validation_queue: queues.validation,
            issuance_queue: queues.issuance,
            crl_queue: queues.crl,
            publisher: publisher(&config, bucket),
            events: Arc::new(()),
            clock: Arc::new(SystemClock),
        };
        let status_url = environment.base_url("STATUS_URL", &["http://"], "an http:// URL, or empty for none")?;
        let settings = Settings::default();
        let days =
            environment.parsed::<u16>("EXPIRING_DAYS", "a whole number of days, 0 for never, or empty for 14")?;
        let expiring = days.map_or(settings.expiring, |days| SignedDuration::from_hours(i64::from(days) * 24));
        Ok(Arc::new(Authority::new(seams, Settings { status_url, expiring, ..settings })))
    }
}

fn kms(config: &SdkConfig) -> Arc<dyn Signer> {
    Arc::new(KmsSigner::new(aws_sdk_kms::Client::new(config)))
}

/// The three queues, behind one client.
struct Queues {
    validation: Arc<dyn ValidationQueue>,
    issuance: Arc<dyn IssuanceQueue>,
    crl: Arc<dyn CrlQueue>,
}

impl Queues {
    fn of<Q: ValidationQueue + IssuanceQueue + CrlQueue + 'static>(queue: &Arc<Q>) -> Self {
        Self { validation: queue.clone(), issuance: queue.clone(), crl: queue.clone() }
    }
}

fn sqs(config: &SdkConfig, urls: QueueUrls) -> Queues {
    Queues::of(&Arc::new(SqsQueue::new(aws_sdk_sqs::Client::new(config), urls)))
}

fn s3(config: &SdkConfig, bucket: &str) -> Arc<dyn Publisher> {
    Arc::new(S3Publisher::new(aws_sdk_s3::Client::new(config), bucket))
}

fn retention(environment: &Environment) -> Result<Retention, EnvironmentError> {
    let days =
        environment.parsed::<u16>("RETENTION_DAYS", "a whole number of days from 0 to 65535, or empty for 365")?;
    let retention = Retention::default();
    Ok(match days {
        Some(days) => Retention { certificates: SignedDuration::from_hours(i64::from(days) * 24), ..retention },
        None => retention,
    })
}

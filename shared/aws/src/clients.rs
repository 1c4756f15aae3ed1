//! What a function is constructed from: clients of AWS, each behind the seam or the store trait
//! that is asked for.
//!
//! A client that nothing asks for is not linked, because nothing leads to it: that keeps binaries
//! small and starts short. What was asked for is noted, so that tests can compare it with the
//! rights of the function's role.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use acme::UrlScheme;
use api::Admission;
use authority::{Clock, CrlQueue, Events, IssuanceQueue, Publisher, SystemClock, ValidationQueue};
use aws_config::SdkConfig;
use ca::Signer;
use issuing::StatusUrl;
use jiff::SignedDuration;
use ra::{Accounts, Directories, KeyBlockList, Nonces, Openness, Refusals, Settings};
use store::{
    AccountStore, AuditStore, AuthorizationStore, CertificateStore, CrlStore, ExternalAccountStore, GrantStore,
    IncidentStore, IssuanceStore, IssuerStore, LimitStore, LookupStore, NonceStore, OrderStore, ProfileStore,
    Retention, SealStore, WatchStore,
};

use crate::{
    Environment, EnvironmentError, FunctionInvoker, FunctionUrl, KmsSigner, S3Publisher, SqsQueue,
    dynamodb::{DynamoDbStore, TableLayout},
    sdk,
};

/// The clients of one function.
pub struct Clients {
    config: SdkConfig,
    environment: Environment,
    store: Arc<DynamoDbStore>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    asked: Mutex<BTreeSet<Capability>>,
}

/// What a function can do: a seam, or a trait of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// What every request needs: directories, nonces, accounts.
    Admission,
    /// [`AccountStore`].
    Accounts,
    /// [`AuditStore`].
    Audit,
    /// [`AuthorizationStore`].
    Authorizations,
    /// [`CertificateStore`].
    Certificates,
    /// [`CrlStore`].
    Crls,
    /// [`ExternalAccountStore`].
    ExternalAccounts,
    /// [`GrantStore`].
    Grants,
    /// [`IncidentStore`].
    Incidents,
    /// [`IssuanceStore`].
    Issuances,
    /// [`IssuerStore`].
    Issuers,
    /// [`TableLayout`].
    Layout,
    /// [`LimitStore`].
    Limits,
    /// [`LookupStore`].
    Lookups,
    /// [`NonceStore`].
    Nonces,
    /// [`OrderStore`].
    Orders,
    /// [`ProfileStore`].
    Profiles,
    /// [`SealStore`].
    Seals,
    /// [`WatchStore`].
    Watch,
    /// [`Signer`].
    Signer,
    /// [`ValidationQueue`].
    ValidationQueue,
    /// [`IssuanceQueue`].
    IssuanceQueue,
    /// [`CrlQueue`].
    CrlQueue,
    /// [`EventBus`](crate::EventBus), which is no seam: only the function that forwards events has
    /// it.
    EventBus,
    /// [`Publisher`].
    Publisher,
    /// The [`FunctionUrl`] of enrolment, which is no seam either.
    EnrolmentUrl,
    /// [`FunctionInvoker`], no seam either.
    FunctionInvoker,
}

impl Clients {
    /// The clients of a function with this environment.
    ///
    /// # Errors
    /// When the environment lacks what all functions need.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, EnvironmentError> {
        let config = sdk::bounded(config.clone());
        let table = environment.required("TABLE_NAME", "the name of the table")?;
        let client = aws_sdk_dynamodb::Client::new(&config);
        let store = Arc::new(DynamoDbStore::new(client, table, retention(environment)?));
        let status_url = environment.base_url("STATUS_URL", UrlScheme::Http, "an http:// URL, or empty for none")?;
        let days =
            environment.parsed::<u16>("EXPIRING_DAYS", "a whole number of days, 0 for never, or empty for 14")?;
        let settings = Settings::default();
        let expiring = days.map_or(settings.expiring, |days| SignedDuration::from_hours(i64::from(days) * 24));
        // Others always reach an API.
        let open = environment.parsed::<bool>("OPEN", "true or false, or empty for false")?;
        let openness = if open == Some(true) { Openness::Opened } else { Openness::Closed };
        let key_block_list = environment.optional("KEY_BLOCK_LIST").map(|path| KeyBlockList::new(path.into()));
        let settings = Settings { status_url, expiring, key_block_list, openness, ..settings };
        let (clock, asked) = (Arc::new(SystemClock), Mutex::default());
        Ok(Self { config, environment: environment.clone(), store, clock, settings, asked })
    }

    /// The same by another clock than the system's.
    #[must_use]
    pub fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// What was asked for.
    pub fn asked(&self) -> BTreeSet<Capability> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, capability: Capability) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(capability);
    }

    /// The configuration of the SDK.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// What the environment decides for every part of the authority.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The variables that the function was configured with.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The clock of this machine.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// The emission of events: to the log, whose lines a subscription forwards.
    pub fn events(&self) -> Events {
        Events::new(Arc::new(()), self.clock())
    }

    /// Where relying parties find CRLs and issuer certificates.
    pub fn status_url(&self) -> StatusUrl {
        StatusUrl(self.settings.status_url.clone())
    }

    /// The time for which decisions of operators may be answered from memory.
    pub fn remembered(&self) -> SignedDuration {
        self.settings.profile_cache
    }

    /// What every request needs.
    pub fn admission(&self) -> Admission {
        self.note(Capability::Admission);
        Admission::new(
            Arc::new(Directories::new(self.store.clone(), self.clock(), self.remembered())),
            Arc::new(Nonces::new(self.store.clone())),
            Arc::new(Accounts::new(self.store.clone(), self.clock())),
            Arc::new(Refusals::new(self.events(), self.clock())),
            self.clock(),
        )
    }

    /// The store of accounts.
    pub fn account_store(&self) -> Arc<dyn AccountStore> {
        self.note(Capability::Accounts);
        self.store.clone()
    }

    /// The store of audit records.
    pub fn audit_store(&self) -> Arc<dyn AuditStore> {
        self.note(Capability::Audit);
        self.store.clone()
    }

    /// The store of authorizations.
    pub fn authorization_store(&self) -> Arc<dyn AuthorizationStore> {
        self.note(Capability::Authorizations);
        self.store.clone()
    }

    /// The store of certificates and blocked keys.
    pub fn certificate_store(&self) -> Arc<dyn CertificateStore> {
        self.note(Capability::Certificates);
        self.store.clone()
    }

    /// The store of CRLs.
    pub fn crl_store(&self) -> Arc<dyn CrlStore> {
        self.note(Capability::Crls);
        self.store.clone()
    }

    /// The store of external account keys.
    pub fn external_account_store(&self) -> Arc<dyn ExternalAccountStore> {
        self.note(Capability::ExternalAccounts);
        self.store.clone()
    }

    /// The store of grants of enrolment.
    pub fn grant_store(&self) -> Arc<dyn GrantStore> {
        self.note(Capability::Grants);
        self.store.clone()
    }

    /// The store of incidents.
    pub fn incident_store(&self) -> Arc<dyn IncidentStore> {
        self.note(Capability::Incidents);
        self.store.clone()
    }

    /// The store of issuances: an order and its certificate, changed together.
    pub fn issuance_store(&self) -> Arc<dyn IssuanceStore> {
        self.note(Capability::Issuances);
        self.store.clone()
    }

    /// The store of issuers.
    pub fn issuer_store(&self) -> Arc<dyn IssuerStore> {
        self.note(Capability::Issuers);
        self.store.clone()
    }

    /// The number of the layout of a new table.
    pub fn table_layout(&self) -> TableLayout {
        self.note(Capability::Layout);
        TableLayout::new(self.store.clone())
    }

    /// The store of counters of limits.
    pub fn limit_store(&self) -> Arc<dyn LimitStore> {
        self.note(Capability::Limits);
        self.store.clone()
    }

    /// The store of look-ups of certificates.
    pub fn lookup_store(&self) -> Arc<dyn LookupStore> {
        self.note(Capability::Lookups);
        self.store.clone()
    }

    /// The store of nonces and their secrets.
    pub fn nonce_store(&self) -> Arc<dyn NonceStore> {
        self.note(Capability::Nonces);
        self.store.clone()
    }

    /// The store of orders.
    pub fn order_store(&self) -> Arc<dyn OrderStore> {
        self.note(Capability::Orders);
        self.store.clone()
    }

    /// The store of profiles.
    pub fn profile_store(&self) -> Arc<dyn ProfileStore> {
        self.note(Capability::Profiles);
        self.store.clone()
    }

    /// The store of seals, and of the receipts that they are about.
    pub fn seal_store(&self) -> Arc<dyn SealStore> {
        self.note(Capability::Seals);
        self.store.clone()
    }

    /// The store of how far was looked for certificates that end soon.
    pub fn watch_store(&self) -> Arc<dyn WatchStore> {
        self.note(Capability::Watch);
        self.store.clone()
    }

    /// The keys, in KMS.
    pub fn signer(&self) -> Arc<dyn Signer> {
        self.note(Capability::Signer);
        Arc::new(KmsSigner::new(aws_sdk_kms::Client::new(&self.config)))
    }

    /// The queue of validations.
    ///
    /// # Errors
    /// When the environment lacks it.
    pub fn validation_queue(&self) -> Result<Arc<dyn ValidationQueue>, EnvironmentError> {
        self.note(Capability::ValidationQueue);
        Ok(Arc::new(self.queue("VALIDATE_QUEUE_URL")?))
    }

    /// The queue of interrupted issuances.
    ///
    /// # Errors
    /// When the environment lacks it.
    pub fn issuance_queue(&self) -> Result<Arc<dyn IssuanceQueue>, EnvironmentError> {
        self.note(Capability::IssuanceQueue);
        Ok(Arc::new(self.queue("ISSUE_QUEUE_URL")?))
    }

    /// The queue of CRLs.
    ///
    /// # Errors
    /// When the environment lacks it.
    pub fn crl_queue(&self) -> Result<Arc<dyn CrlQueue>, EnvironmentError> {
        self.note(Capability::CrlQueue);
        Ok(Arc::new(self.queue("PUBLISH_CRL_QUEUE_URL")?))
    }

    /// The bucket of what relying parties fetch.
    ///
    /// # Errors
    /// When the environment lacks it.
    pub fn publisher(&self) -> Result<Arc<dyn Publisher>, EnvironmentError> {
        self.note(Capability::Publisher);
        let bucket = self.environment.required("STATUS_BUCKET", "the name of a bucket")?;
        Ok(Arc::new(S3Publisher::new(aws_sdk_s3::Client::new(&self.config), bucket)))
    }

    /// The URL of the function that mints external account keys for the role of this one.
    ///
    /// # Errors
    /// When the environment lacks it.
    pub fn enrolment_url(&self) -> Result<FunctionUrl, EnvironmentError> {
        self.note(Capability::EnrolmentUrl);
        let url = self.environment.required("ENROLMENT_URL", "the URL of a function")?;
        Ok(FunctionUrl::new(self.config.clone(), self.clock(), url))
    }

    /// The invocation of other functions.
    pub fn function_invoker(&self) -> FunctionInvoker {
        self.note(Capability::FunctionInvoker);
        FunctionInvoker::new(self.config.clone(), self.clock())
    }

    fn queue(&self, variable: &'static str) -> Result<SqsQueue, EnvironmentError> {
        let url = self.environment.required(variable, "the URL of a queue")?;
        Ok(SqsQueue::new(aws_sdk_sqs::Client::new(&self.config), url))
    }
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

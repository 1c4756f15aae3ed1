//! The functions of the bundle: for each, what its `main.rs` hands to `aws`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::Operation;
use aws::{BusEvent, Capability, Clients, Environment, EventBus, EventForwarder, FindEvents, Function, StartError};
use cloud::Cloud;

use super::lambda::{Deployed, Functions};
use crate::clock::TestClock;

/// All functions of a cloud in a region, each under its own name.
pub(super) fn deploy(cloud: &Cloud, environment: &Environment, region: &str, clock: &TestClock) -> Functions {
    let constructed = CONSTRUCTED.map(|(name, open)| {
        let (config, environment, clock) = (cloud.sdk_config_in(name, region), environment.clone(), clock.shared());
        let make = move || started(open(&started_clients(&config, &environment).by(clock.clone())));
        (name.to_owned(), Deployed::new(make))
    });
    let (config, variables) = (cloud.sdk_config_in(FORWARD_EVENTS, region), environment.clone());
    let forward_events = Deployed::new(move || {
        let find: FindEvents = |delivery| {
            let documents = forward_events::documents(delivery)?;
            Ok(documents.into_iter().map(|document| BusEvent::from(document.into_parts())).collect())
        };
        started(event_forwarder(&config, &variables, find))
    });
    Functions::new(constructed.into_iter().chain([(FORWARD_EVENTS.to_owned(), forward_events)]))
}

/// What each function is constructed from: what it asked its clients for, and the bus of the one
/// that is constructed from a bus.
pub(super) fn capabilities(cloud: &Cloud, environment: &Environment) -> BTreeMap<&'static str, BTreeSet<Capability>> {
    let asked = |(name, open): (&'static str, Open)| {
        let clients = started_clients(&cloud.sdk_config(name), environment);
        started(open(&clients));
        (name, clients.asked())
    };
    let forward_events = (FORWARD_EVENTS, BTreeSet::from([Capability::EventBus]));
    CONSTRUCTED.into_iter().map(asked).chain([forward_events]).collect()
}

/// The canary as its function is constructed.
pub(super) fn canary(cloud: &Cloud, environment: &Environment) -> canary::Canary {
    let clients = started_clients(&cloud.sdk_config("CanaryFunction"), environment);
    canary::lambda::canary(&clients).unwrap_or_else(|error| panic!("the canary does not start: {error}"))
}

fn event_forwarder(
    config: &aws::SdkConfig,
    environment: &Environment,
    find: FindEvents,
) -> Result<Arc<dyn Function>, StartError> {
    Ok(Arc::new(EventForwarder::new(EventBus::new(config, environment)?, find)))
}

type Open = fn(&Clients) -> Result<Arc<dyn Function>, StartError>;

macro_rules! constructed {
    ($($name:literal => $package:ident),* $(,)?) => {
        [$(($name, |clients| Ok(Arc::new($package::lambda::open(clients)?)))),*]
    };
}

const CONSTRUCTED: [(&str, Open); 24] = constructed! {
    "AccountFunction" => account,
    "AdminFunction" => admin,
    "AuthorizationFunction" => authorization,
    "BootstrapFunction" => bootstrap,
    "CanaryFunction" => canary,
    "CeremonyFunction" => ceremony,
    "CertificateFunction" => certificate,
    "ChallengeFunction" => challenge,
    "DirectoryFunction" => directory,
    "EnrolFunction" => enrol,
    "FallbackFunction" => fallback,
    "FinalizeFunction" => finalize,
    "IssueFunction" => issue,
    "KeyChangeFunction" => key_change,
    "NewAccountFunction" => new_account,
    "NewAuthorizationFunction" => new_authorization,
    "NewNonceFunction" => new_nonce,
    "NewOrderFunction" => new_order,
    "OrderFunction" => order,
    "OrdersFunction" => orders,
    "PublishCrlFunction" => publish_crl,
    "RenewalInfoFunction" => renewal_info,
    "RevokeCertFunction" => revoke_cert,
    "ValidateFunction" => validate,
};

const FORWARD_EVENTS: &str = "ForwardEventsFunction";

/// The name of the function of an operation.
pub(super) fn of_operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Account => "AccountFunction",
        Operation::Authorization => "AuthorizationFunction",
        Operation::Certificate => "CertificateFunction",
        Operation::Challenge => "ChallengeFunction",
        Operation::Directory => "DirectoryFunction",
        Operation::Finalize => "FinalizeFunction",
        Operation::KeyChange => "KeyChangeFunction",
        Operation::NewAccount => "NewAccountFunction",
        Operation::NewAuthorization => "NewAuthorizationFunction",
        Operation::NewNonce => "NewNonceFunction",
        Operation::NewOrder => "NewOrderFunction",
        Operation::Order => "OrderFunction",
        Operation::Orders => "OrdersFunction",
        Operation::RenewalInfo => "RenewalInfoFunction",
        Operation::RevokeCert => "RevokeCertFunction",
    }
}

fn started_clients(config: &aws::SdkConfig, environment: &Environment) -> Clients {
    Clients::new(config, environment).unwrap_or_else(|error| panic!("a function does not start: {error}"))
}

fn started(function: Result<Arc<dyn Function>, StartError>) -> Arc<dyn Function> {
    function.unwrap_or_else(|error| panic!("a function does not start: {error}"))
}

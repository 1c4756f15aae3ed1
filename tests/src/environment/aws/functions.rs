//! The functions of the bundle, each constructed as its `main.rs` does.

use std::sync::Arc;

use api::Operation;
use authority::{CrlTask, IssuanceTask, ValidationTask};
use aws::{
    Action, BusEvent, CustomResource, Environment, Establish, EventForwarder, FindEvents, Function, HttpFunction,
    Invocation, OnSchedule, Work, Worker,
};
use cloud::Cloud;
use ra::Needs;
use validate::{Settings, Sleep};

use super::lambda::{Deployed, Functions};

/// All functions of a cloud, by their names.
pub(super) fn deploy(cloud: &Cloud, environment: &Environment) -> Functions {
    let http = |name: &str, needs: Needs, handler: aws::Handler| {
        let (config, environment) = (cloud.sdk_config(name), environment.clone());
        let make = move || started(HttpFunction::new(&config, &environment, needs, handler));
        (name.to_owned(), Deployed::new(make))
    };
    macro_rules! http {
        ($($name:literal => $package:ident),* $(,)?) => {
            [$(http($name, $package::NEEDS, |context, request| Box::pin($package::serve(context, request)))),*]
        };
    }
    let http = http! {
        "AccountFunction" => account,
        "AuthorizationFunction" => authorization,
        "CertificateFunction" => certificate,
        "ChallengeFunction" => challenge,
        "DirectoryFunction" => directory,
        "FallbackFunction" => fallback,
        "FinalizeFunction" => finalize,
        "KeyChangeFunction" => key_change,
        "NewAccountFunction" => new_account,
        "NewAuthorizationFunction" => new_authorization,
        "NewNonceFunction" => new_nonce,
        "NewOrderFunction" => new_order,
        "OrderFunction" => order,
        "OrdersFunction" => orders,
        "RenewalInfoFunction" => renewal_info,
        "RevokeCertFunction" => revoke_cert,
    };
    Functions::new(http.into_iter().chain(others(cloud, environment)))
}

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

fn started<F: Function + 'static>(function: Result<F, aws::StartError>) -> Arc<dyn Function> {
    Arc::new(function.unwrap_or_else(|error| panic!("a function does not start: {error}")))
}

/// The functions for queues, schedules, the log, deployments and operators.
fn others(cloud: &Cloud, environment: &Environment) -> [(String, Deployed); 6] {
    let part = |name: &str| (cloud.sdk_config(name), environment.clone());
    let (config, variables) = part("ValidateFunction");
    let validate = Deployed::new(move || {
        let settings = Arc::new(Settings::from_variables(|name| variables.optional(name)).unwrap());
        let work: Work<ValidationTask> = Arc::new(move |authority, task| {
            let settings = settings.clone();
            Box::pin(async move { validate::work(authority, &settings, task, &Sleep).await })
        });
        started(Worker::new(&config, &variables, validate::NEEDS, work, None))
    });
    let (config, variables) = part("IssueFunction");
    let issue = Deployed::new(move || {
        let work: Work<IssuanceTask> = Arc::new(|authority, task| Box::pin(issue::work(authority, task)));
        started(Worker::new(&config, &variables, issue::NEEDS, work, None))
    });
    let (config, variables) = part("PublishCrlFunction");
    let publish_crl = Deployed::new(move || {
        let work: Work<CrlTask> =
            Arc::new(|authority, task| Box::pin(async move { publish_crl::work(authority, &task).await }));
        let on_schedule: OnSchedule = |authority| Box::pin(publish_crl::on_schedule(authority));
        started(Worker::new(&config, &variables, publish_crl::NEEDS, work, Some(on_schedule)))
    });
    let (config, variables) = part("BootstrapFunction");
    let bootstrap = Deployed::new(move || {
        let establish: Establish = |authority, properties| Box::pin(bootstrap::from_properties(authority, properties));
        let on_schedule: OnSchedule = |authority| Box::pin(bootstrap::on_schedule(authority));
        started(CustomResource::new(&config, &variables, bootstrap::NEEDS, establish, on_schedule))
    });
    let (config, variables) = part("AdminFunction");
    let admin = Deployed::new(move || {
        let act: Action = |authority, request| Box::pin(async move { Ok(admin::act(authority, request).await?) });
        started(Invocation::new(&config, &variables, admin::NEEDS, act))
    });
    let (config, variables) = part("ForwardEventsFunction");
    let forward_events = Deployed::new(move || {
        let find: FindEvents = |delivery| {
            let documents = forward_events::documents(delivery)?;
            Ok(documents.into_iter().map(|document| BusEvent::from(document.into_parts())).collect())
        };
        started(EventForwarder::new(&config, &variables, find))
    });
    [
        ("ValidateFunction", validate),
        ("IssueFunction", issue),
        ("PublishCrlFunction", publish_crl),
        ("BootstrapFunction", bootstrap),
        ("AdminFunction", admin),
        ("ForwardEventsFunction", forward_events),
    ]
    .map(|(name, function)| (name.to_owned(), function))
}

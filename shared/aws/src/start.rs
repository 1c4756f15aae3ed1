//! The start of a function on Lambda: log, runtime, clients, then one invocation after another
//! until Lambda ends the process.
//!
//! One thread is enough: an invocation has the process to itself, and it mostly waits for the
//! network.

use std::{env, process::ExitCode, sync::Arc};

use aws_config::SdkConfig;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::{
    Clients, Environment, EventBus, EventForwarder, FindEvents, Function, InvocationError, StartError,
    function::alias_of, log, sdk,
};

/// Starts the function that `open` constructs from the clients, and runs it until Lambda ends the
/// process.
pub fn start<F: Function + 'static>(open: impl FnOnce(&Clients) -> Result<F, StartError>) -> ExitCode {
    run(move |config, environment| Ok(Box::new(open(&Clients::new(config, environment)?)?)))
}

/// Starts a function that needs no client of AWS: `open` constructs it from its environment.
pub fn start_alone<F: Function + 'static>(open: impl FnOnce(&Environment) -> Result<F, StartError>) -> ExitCode {
    run(move |_, environment| Ok(Box::new(open(environment)?)))
}

/// Starts the function that puts the events that `find` finds in each invocation on an event bus.
pub fn put_events(find: FindEvents) -> ExitCode {
    run(move |config, environment| Ok(Box::new(EventForwarder::new(EventBus::new(config, environment)?, find))))
}

/// Creates the function and passes it to the Lambda runtime.
fn run(make: impl FnOnce(&SdkConfig, &Environment) -> Result<Box<dyn Function>, StartError>) -> ExitCode {
    let environment = Environment::of_process();
    let started = log::start(&environment).map_err(StartError::from);
    let ended = started.and_then(|()| {
        // The runtime crate panics if these variables are missing.
        if LAMBDA.iter().any(|variable| environment.optional(variable).is_none()) {
            return Err(StartError::NotOnLambda);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let config = sdk::of_process().await;
            take_events(make(&config, &environment)?).await
        })
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, program = ?env::args_os().next(), "the function was not started");
            ExitCode::FAILURE
        }
    }
}

async fn take_events(function: Box<dyn Function>) -> Result<(), StartError> {
    let function: Arc<dyn Function> = function.into();
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = function.clone();
        async move {
            let alias = alias_of(&event.context.invoked_function_arn);
            function.invoke_through(alias, &event.payload).await.inspect_err(log_unhandled)
        }
    });
    lambda_runtime::run(service).await.map_err(StartError::Runtime)
}

/// Logs errors that are not in the log yet: what failed has said so, and a request that was refused
/// is no error of the function.
fn log_unhandled(error: &InvocationError) {
    if !matches!(error, InvocationError::Failed(_)) {
        tracing::error!(error = error as &dyn std::error::Error, "an event was not handled");
    }
}

/// The environment variables that Lambda sets for every function.
const LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_RUNTIME_API",
];

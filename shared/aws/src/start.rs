//! The start of a function on Lambda: log, runtime, clients, then the events one after the other
//! until Lambda ends the process.
//!
//! One thread is enough: an invocation has the process to itself, and it mostly waits for the
//! network.

use std::{env, hash::Hash, process::ExitCode, sync::Arc};

use aws_config::SdkConfig;
use lambda_runtime::{Error as BoxError, LambdaEvent, service_fn};
use ra::Needs;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    Action, CustomResource, Environment, Establish, EventForwarder, FindEvents, Function, Handler, HttpFunction,
    Invocation, OnSchedule, StartError, Work, Worker, log, sdk, seams::Openers,
};

/// Serves the requests of an HTTP API.
#[inline(always)]
pub fn serve(needs: Needs, handler: Handler) -> ExitCode {
    let openers = Openers::of(needs);
    run(move |config, environment| Ok(Box::new(HttpFunction::open(config, environment, openers, handler)?)))
}

/// Processes the tasks of a queue. `work` creates the worker from the environment.
#[inline(always)]
pub fn work<T: DeserializeOwned + Clone + Eq + Hash + Send + Sync + 'static>(
    needs: Needs,
    work: impl FnOnce(&Environment) -> Result<Work<T>, BoxError> + 'static,
) -> ExitCode {
    let openers = Openers::of(needs);
    run(move |config, environment| {
        let work = work(environment).map_err(StartError::Settings)?;
        Ok(Box::new(Worker::open(config, environment, openers, work, None)?))
    })
}

/// Processes the tasks of a queue, and the work that is due on schedule.
#[inline(always)]
pub fn work_and_schedule<T: DeserializeOwned + Clone + Eq + Hash + Send + Sync + 'static>(
    needs: Needs,
    work: Work<T>,
    on_schedule: OnSchedule,
) -> ExitCode {
    let openers = Openers::of(needs);
    run(move |config, environment| Ok(Box::new(Worker::open(config, environment, openers, work, Some(on_schedule))?)))
}

/// Answers CloudFormation about a custom resource, and does the work that is due on schedule.
#[inline(always)]
pub fn respond(needs: Needs, establish: Establish, on_schedule: OnSchedule) -> ExitCode {
    let openers = Openers::of(needs);
    run(move |config, environment| {
        Ok(Box::new(CustomResource::open(config, environment, openers, establish, on_schedule)?))
    })
}

/// Answers the callers that IAM allows to invoke the function.
#[inline(always)]
pub fn invoke(needs: Needs, action: Action) -> ExitCode {
    let openers = Openers::of(needs);
    run(move |config, environment| Ok(Box::new(Invocation::open(config, environment, openers, action)?)))
}

/// Puts the events that `find` finds in each invocation on an event bus.
#[inline(always)]
pub fn put_events(find: FindEvents) -> ExitCode {
    run(move |config, environment| Ok(Box::new(EventForwarder::new(config, environment, find)?)))
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
        async move { function.invoke(&event.payload).await }
    });
    lambda_runtime::run(service).await.map_err(StartError::Runtime)
}

/// The environment variables that Lambda sets for every function.
const LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_RUNTIME_API",
];

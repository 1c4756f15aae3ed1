//! AWS behind the seams: DynamoDB, KMS, SQS, S3, EventBridge, and the start of a Lambda function.
//! The only crate that knows the SDK.
//!
//! A function's `main.rs` hands its constructor (`lambda.rs` beside it) to [`start`]. The
//! constructor builds a [`Function`] from the [`Clients`] that it asks for. Tests call the same
//! constructors with an [`SdkConfig`] and an [`Environment`] of their own, and feed the functions
//! with events as JSON.

mod clients;
mod custom_resource;
pub mod dynamodb;
mod environment;
mod event_bus;
mod function;
mod function_invoker;
mod function_url;
mod http;
mod invocation;
mod kms;
mod log;
mod part;
mod s3;
mod sdk;
mod signed_post;
mod sqs;
mod start;
mod start_error;
mod worker;

pub use aws_config::SdkConfig;
pub use clients::{Capability, Clients};
pub use custom_resource::{CustomResource, Deployment, RetrySchedule};
pub use environment::{Environment, EnvironmentError};
pub use event_bus::{BusEvent, EventBus, EventForwarder, FindEvents};
pub use function::{Function, InvocationError, Promise};
pub use function_invoker::{FunctionInvoker, InvokedFunction};
pub use function_url::FunctionUrl;
pub use http::HttpFunction;
pub use invocation::{Asked, Invocation};
pub use kms::KmsSigner;
pub use part::{Do, Handle, handler, work_by};
pub use s3::S3Publisher;
pub use sqs::SqsQueue;
pub use start::{put_events, start, start_alone};
pub use start_error::StartError;
pub use worker::Worker;

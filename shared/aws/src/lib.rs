//! AWS behind the seams: DynamoDB, KMS, SQS, S3, EventBridge, and the start of a Lambda function.
//! The only crate that knows the SDK.
//!
//! A function's `main.rs` hands its [`ra::Needs`] and its work to one of [`serve`], [`work`],
//! [`work_and_schedule`], [`respond`], [`invoke`] and [`put_events`]. Each of them is a
//! [`Function`] that tests make themselves, from an [`SdkConfig`] and an [`Environment`] of their
//! own, and feed with events as JSON.

mod absent;
mod custom_resource;
pub mod dynamodb;
mod environment;
mod event_bus;
mod function;
mod http;
mod invocation;
mod kms;
mod log;
mod s3;
mod sdk;
mod seams;
mod sqs;
mod start;
mod start_error;
mod worker;

pub use absent::{Absent, Undeclared};
pub use aws_config::SdkConfig;
pub use custom_resource::{CustomResource, Establish, Patience};
pub use environment::{Environment, EnvironmentError};
pub use event_bus::{BusEvent, EventForwarder, FindEvents};
pub use function::{Function, InvocationError, Promise};
pub use http::{Handler, HttpFunction};
pub use invocation::{Action, Invocation};
pub use kms::KmsSigner;
pub use s3::S3Publisher;
pub use sqs::{QueueUrls, SqsQueue};
pub use start::{invoke, put_events, respond, serve, work, work_and_schedule};
pub use start_error::StartError;
pub use worker::{OnSchedule, Work, Worker};

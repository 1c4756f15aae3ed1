//! AWS inside the process, for tests.
//!
//! A [`Cloud`] answers the SDK's own clients: DynamoDB by an emulator in memory, KMS with real
//! keys, SQS queues, S3 buckets, event buses and URLs of functions in memory. No sockets are used,
//! unless [`Cloud::listen`] is called. Every request is recorded as a [`Call`], with what IAM
//! would see of it and the capacity units that it cost, and a [`Fault`] makes a precisely chosen
//! call fail in a precisely chosen way.
//!
//! ```no_run
//! # async fn example() {
//! use cloud::{Cloud, Fault, FaultKind, Service};
//!
//! let cloud = Cloud::start();
//! cloud.create_table("acme");
//! let config = cloud.sdk_config("NewOrderFunction"); // goes into `aws_sdk_dynamodb::Client::new(&config)`
//! cloud.inject(Fault::new(FaultKind::AnswerLost).on(Service::DynamoDb, "TransactWriteItems").at(2));
//! # drop(config);
//! # }
//! ```

mod account;
mod call;
mod cloud;
mod connector;
mod description;
mod dynamodb;
mod eventbridge;
mod fault;
mod kms;
mod lambda;
mod lock;
mod request;
mod response;
mod s3;
mod server;
mod sqs;

pub use account::{ACCOUNT, REGION};
pub use call::{Access, Call, CallOutcome, Units};
pub use cloud::Cloud;
pub use fault::{Fault, FaultKind, Injection};
pub use kms::KeySpec;
pub use lambda::{FunctionHandler, UrlHandler};
pub use request::Service;
pub use s3::Object;
pub use server::Listener;
pub use sqs::Message;

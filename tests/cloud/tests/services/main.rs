//! The cloud as the SDK's clients see it: one binary, so that the SDK is linked once.

mod dynamodb;
mod eventbridge;
mod kms;
mod listen;
mod s3;
mod sqs;

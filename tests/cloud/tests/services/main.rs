//! The cloud as the SDK's clients see it: one binary, so that the SDK is linked once.

mod dynamodb;
mod kms;
mod listen;
mod s3;
mod sqs;

//! The stored form of records on DynamoDB: what earlier and newer versions write can be read, and a
//! form does not change unnoticed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "these are tests")]

mod golden;
mod items;
mod unknown;

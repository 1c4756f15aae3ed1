//! The engine on DynamoDB keeps the contract.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "these are tests")]

use std::sync::Arc;

use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::Client;
use cloud::Cloud;
use store::{Retention, Store};

store::contract_tests!(open());

fn open() -> (Arc<dyn Store>, Cloud) {
    let cloud = Cloud::start();
    cloud.create_table("acme");
    let client = Client::new(&cloud.sdk_config("contract"));
    (Arc::new(DynamoDbStore::new(client, "acme", Retention::default())), cloud)
}

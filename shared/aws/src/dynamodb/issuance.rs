//! Issuances: certificate, then order, as the trait does it. One transaction for both would cost twice
//! as much and wait no shorter.

use store::IssuanceStore;

use super::DynamoDbStore;

impl IssuanceStore for DynamoDbStore {}

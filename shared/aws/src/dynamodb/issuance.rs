//! Issuance: the certificate first, then the order, as in the default methods of the trait. One
//! transaction for both would cost twice as much and be no faster.

use store::IssuanceStore;

use super::DynamoDbStore;

impl IssuanceStore for DynamoDbStore {}

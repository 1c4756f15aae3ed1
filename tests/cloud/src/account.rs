//! The account and the region of all resources.

/// The region of all resources.
pub const REGION: &str = "eu-central-1";
/// The account that owns all resources.
pub const ACCOUNT: &str = "123456789012";

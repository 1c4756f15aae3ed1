//! What the fuzz targets call.

use validation::Rules;

use crate::{Question, Region, corroborate::read_answer};

/// A question as a perspective reads it: whatever it asks for, special-purpose networks are those
/// that the perspective's own operator allows.
///
/// # Panics
/// When the octets bring in another network.
pub fn question(octets: &[u8]) {
    let Ok(question) = serde_json::from_slice::<Question>(octets) else { return };
    let own = Rules { allowed_networks: "10.0.0.0/8".parse().into_iter().collect(), ..Rules::default() };
    if let Some(probe) = question.probe(&own) {
        assert!(probe.rules.allowed_networks.iter().all(|network| own.allowed_networks[0].contains(network)));
    }
}

/// An answer as the CA reads it: one to another question does not count.
///
/// # Panics
/// When an answer without the id of the question counts.
pub fn answer(octets: &[u8], question: &Question) {
    if read_answer(octets, question, "fra", Region::Ripe).is_ok() {
        // What is in members that no one reads may be no JSON in every detail.
        let Ok(document) = serde_json::from_slice::<serde_json::Value>(octets) else { return };
        assert_eq!(document["requestId"], question.request_id.as_str());
    }
}

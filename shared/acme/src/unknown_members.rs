//! What a newer version wrote into a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The members of a stored record that this version does not know. A newer version wrote them; they
/// are kept when this version writes the record again, so that going back to it for a while loses
/// nothing.
///
/// It stands in a record as a flattened field. Members that are unknown further down are passed
/// over and lost with the next write: what is added to a record is therefore added at its top.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnknownMembers(BTreeMap<String, Value>);

impl UnknownMembers {
    /// Whether there are none, as in every record that no newer version wrote.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

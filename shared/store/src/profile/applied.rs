//! What the starts of a host took from its configuration, so that the next start knows what an
//! operator decided since.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was taken from the configuration. A store that has none was made by a version that did not
/// keep it, or is new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppliedConfiguration {
    /// Whether the first profiles are still to be made.
    pub first_profiles: FirstProfiles,
    /// The profiles of the configuration as they were last applied from it: their digests by path
    /// (`acmeProfile.web`).
    pub applied: BTreeMap<String, String>,
    /// The profiles of the configuration that were not applied, because an operator had changed
    /// what is stored: their digests by path.
    pub kept: BTreeMap<String, String>,
    /// The properties of the deployment that the CA was made with, as text by name; empty on a
    /// host, and where the CA was made before they were kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub founding: BTreeMap<String, String>,
}

/// What became of the profiles that a new CA begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FirstProfiles {
    /// The store is new: they are to be made unless the operator wrote some.
    Due,
    /// They were made. They serve until there are others beside them.
    Made,
    /// They are never made or changed again: the operator has profiles, or has deleted all.
    #[default]
    Settled,
}

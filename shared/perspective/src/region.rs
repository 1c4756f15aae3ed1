//! The regions of the Internet, by the registries that hand out its addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The service region of a regional Internet registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// The continent, with the islands around it.
    Afrinic,
    /// Asia and the Pacific.
    Apnic,
    /// The United States, Canada, and parts of the Caribbean.
    Arin,
    /// Latin America, and parts of the Caribbean.
    Lacnic,
    /// Europe, the Middle East, and parts of Central Asia.
    Ripe,
}

impl Region {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Afrinic, Self::Apnic, Self::Arin, Self::Lacnic, Self::Ripe];

    /// As it is written in configurations and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Afrinic => "afrinic",
            Self::Apnic => "apnic",
            Self::Arin => "arin",
            Self::Lacnic => "lacnic",
            Self::Ripe => "ripe",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|region| region.as_str() == text).ok_or(UnknownRegion)
    }
}

/// The text names no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is none of afrinic, apnic, arin, lacnic and ripe")]
pub struct UnknownRegion;

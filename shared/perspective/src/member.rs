//! The remote perspectives of a CA, as its operator writes them down.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Region;

/// One remote perspective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// Its name: up to 32 lower-case letters, digits and hyphens.
    pub name: String,
    /// By the registry of its addresses.
    pub region: Region,
    /// Where it is; without it, no one can check that two of them are far enough apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// SHA-256 of its public key (SubjectPublicKeyInfo), in base64, as the process says at its
    /// start. Without it, everyone who gets a certificate of the CA for its host name can answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// The URL of its process: `https`, a host, and perhaps a port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The ARN of its Lambda function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// A place on Earth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Location {
    /// In degrees, north of the equator.
    pub latitude: f64,
    /// In degrees, east of Greenwich.
    pub longitude: f64,
}

impl Location {
    /// The distance on the surface of Earth, in kilometres.
    pub fn distance(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (north, east) = (to - from, (other.longitude - self.longitude).to_radians());
        let half_chord = (north / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS * half_chord.clamp(0.0, 1.0).sqrt().asin()
    }

    fn is_on_earth(self) -> bool {
        (-90.0..=90.0).contains(&self.latitude) && (-180.0..=180.0).contains(&self.longitude)
    }
}

/// Checks the perspectives of a configuration.
///
/// # Errors
/// The first one that cannot be asked, or that evidence would not tell from another.
pub fn check_members(members: &[Member]) -> Result<(), MemberFault> {
    if members.len() > MOST {
        return Err(MemberFault::TooMany);
    }
    let (mut names, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
    for member in members {
        let Member { name, location, url, function, .. } = member;
        check_name(name)?;
        if !names.insert(name) {
            return Err(MemberFault::SameName(name.clone()));
        }
        if location.is_some_and(|location| !location.is_on_earth()) {
            return Err(MemberFault::Location(name.clone()));
        }
        let endpoint = match (url, function) {
            (Some(endpoint), None) | (None, Some(endpoint)) => endpoint,
            _ => return Err(MemberFault::Endpoint(name.clone())),
        };
        if !endpoints.insert(endpoint) {
            return Err(MemberFault::SameEndpoint(name.clone()));
        }
    }
    Ok(())
}

/// Checks the name of a perspective.
///
/// # Errors
/// [`MemberFault::Name`].
pub fn check_name(name: &str) -> Result<(), MemberFault> {
    let is_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    let is_name = !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_sign);
    if is_name { Ok(()) } else { Err(MemberFault::Name(name.to_owned())) }
}

/// Why perspectives cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberFault {
    /// There are more of them than any rule needs.
    #[error("there are more than {MOST} perspectives")]
    TooMany,
    /// The name would not be readable in evidence.
    #[error("{0:?} is no name of a perspective; it has 1 to {LONGEST_NAME} of a-z, 0-9 and the hyphen")]
    Name(String),
    /// Evidence would not tell two of them apart.
    #[error("two perspectives are named {0}")]
    SameName(String),
    /// The location is not on Earth.
    #[error(
        "the location of {0} is not on Earth: latitude is from -90 to 90 degrees, longitude from -180 to 180 degrees"
    )]
    Location(String),
    /// There is no way to it, or there are two.
    #[error("{0} needs either url or function, to say how it is asked")]
    Endpoint(String),
    /// A function is known by its whole ARN.
    #[error("{0:?} is no ARN of a Lambda function, such as arn:aws:lambda:eu-central-1:123456789012:function:name")]
    Function(String),
    /// No one here knows where that is.
    #[error("this version does not know where the region {0} of AWS is")]
    AwsRegion(String),
    /// One perspective would vote twice.
    #[error("{0} is asked in the same way as another one, so one of them would count twice")]
    SameEndpoint(String),
}

const MOST: usize = 20;
const LONGEST_NAME: usize = 32;
/// The mean one, in kilometres.
const EARTH_RADIUS: f64 = 6_371.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        let url = Some(format!("https://{name}.example"));
        Member { name: name.to_owned(), region: Region::Ripe, location: None, public_key: None, url, function: None }
    }

    #[test]
    fn what_could_not_be_asked_or_kept_apart_is_refused_with_its_reason() {
        let location = |latitude, longitude| Some(Location { latitude, longitude });
        assert_eq!(check_members(&[]), Ok(()));
        assert_eq!(check_members(&[member("a"), member("b")]), Ok(()));
        let refused = [
            (vec![member("A")], "\"A\" is no name"),
            (vec![member("")], "\"\" is no name"),
            (vec![member(&"a".repeat(33))], "is no name"),
            (vec![member("a"), member("a")], "two perspectives are named a"),
            (vec![Member { location: location(91.0, 0.0), ..member("a") }], "not on Earth"),
            (vec![Member { location: location(0.0, f64::NAN), ..member("a") }], "not on Earth"),
            (vec![Member { url: None, ..member("a") }], "a needs either"),
            (vec![Member { function: Some("arn".into()), ..member("a") }], "a needs either"),
            (vec![member("a"), Member { name: "b".into(), ..member("a") }], "b is asked in the same way"),
            (vec![member("a"); 21], "more than 20"),
        ];
        for (members, reason) in refused {
            let fault = check_members(&members).unwrap_err().to_string();
            assert!(fault.contains(reason), "{fault}");
        }
    }

    #[test]
    fn distances_are_those_of_a_map() {
        let place = |latitude, longitude| Location { latitude, longitude };
        let (frankfurt, zurich, tokyo) = (place(50.11, 8.68), place(47.38, 8.54), place(35.68, 139.69));
        assert!((300.0..310.0).contains(&frankfurt.distance(zurich)), "{}", frankfurt.distance(zurich));
        assert!((9_300.0..9_400.0).contains(&frankfurt.distance(tokyo)), "{}", frankfurt.distance(tokyo));
        assert!(place(0.0, 179.9).distance(place(0.0, -179.9)) < 25.0);
    }
}

//! The file of perspectives.

use std::{collections::BTreeSet, fs, path::Path};

use acme::{UrlBase, UrlScheme};
use base64::{Engine, engine::general_purpose::STANDARD};
use perspective::{Location, Member, MemberFault, check_members};
use serde::Deserialize;

/// What the file holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Where the CA itself is.
    pub(crate) location: Option<Location>,
    /// The remote perspectives, one in each `[[perspective]]`.
    #[serde(default)]
    pub(crate) perspective: Vec<Member>,
}

/// The perspectives of the file, each of which can be asked.
///
/// # Errors
/// [`PerspectivesFileError`], with the line and the column where the file cannot be read.
pub(crate) fn read(path: &Path) -> Result<File, PerspectivesFileError> {
    let error = |reason: String| PerspectivesFileError { path: path.display().to_string(), reason };
    let text = fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
    let file: File = toml::from_str(&text).map_err(|cause| error(cause.to_string()))?;
    let members = &file.perspective;
    if members.is_empty() {
        return Err(error("it names no [[perspective]]".to_owned()));
    }
    check_members(members).map_err(|fault| error(fault.to_string()))?;
    let mut places = BTreeSet::new();
    for member in members {
        let name = &member.name;
        let Some(url) = &member.url else {
            return Err(error(format!("{name} has no url; only a CA on AWS can ask functions")));
        };
        let base = UrlBase::parse(url, UrlScheme::Https);
        let base = base.map_err(|cause| error(format!("the url of {name}: {cause}")))?;
        if base.as_str().matches('/').count() > SLASHES_OF_AN_ORIGIN {
            return Err(error(format!("the url of {name} has a path; it is https://, a host, and perhaps a port")));
        }
        let place = base.as_str().to_ascii_lowercase();
        if !places.insert(place.trim_end_matches(":443").to_owned()) {
            return Err(error(MemberFault::SameEndpoint(name.clone()).to_string()));
        }
        let is_digest = |text: &String| STANDARD.decode(text).is_ok_and(|digest| digest.len() == DIGEST);
        if !member.public_key.as_ref().is_none_or(is_digest) {
            return Err(error(format!(
                "the publicKey of {name} is not SHA-256 in base64, as the perspective prints it"
            )));
        }
    }
    Ok(file)
}

/// The file of perspectives cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the file of perspectives {path} cannot be used: {reason}")]
pub struct PerspectivesFileError {
    path: String,
    reason: String,
}

/// Of SHA-256, in octets.
const DIGEST: usize = 32;
const SLASHES_OF_AN_ORIGIN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_refused_with_the_place_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("perspectives.toml");
        let member = |rest: &str| format!("[[perspective]]\nname = \"fra\"\nregion = \"ripe\"\n{rest}\n");
        let refused = [
            (String::new(), "names no [[perspective]]"),
            (member("url = \"http://a.example\""), "the url of fra: "),
            (member("url = \"https://a.example/?x\""), "the url of fra: "),
            (member("url = \"https://a.example/perspective\""), "has a path"),
            (member("function = \"arn:aws:lambda:eu-central-1:1:function:p\""), "only a CA on AWS"),
            (member("uri = \"https://a.example\""), "line 4"),
            (member("url = \"https://a.example\"").replace("ripe", "mars"), "line 3"),
            (
                member("url = \"https://a.example\"")
                    + &member("url = \"https://A.example:443/\"").replace("fra", "ber"),
                "ber is asked in the same way",
            ),
            (member("url = \"https://a.example\"\npublicKey = \"YQ==\""), "the publicKey of fra is not SHA-256"),
            (member("url = \"https://a.example\"").repeat(2), "two perspectives are named fra"),
        ];
        for (text, reason) in refused {
            fs::write(&path, &text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("perspectives.toml") && error.contains(reason), "{error}");
        }
        fs::write(&path, member("url = \"https://a.example:8443\"\nlocation = { latitude = 50.1, longitude = 8.7 }"))
            .unwrap();
        assert_eq!(read(&path).unwrap().perspective.len(), 1);
        assert!(read(&folder.path().join("none")).is_err());
    }
}

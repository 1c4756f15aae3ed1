//! The file of perspectives.

use std::{fs, path::Path};

use acme::{UrlBase, UrlScheme};
use perspective::{Member, check_members};
use serde::Deserialize;

/// What the file holds: `[[perspective]]`, as often as there are perspectives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    perspective: Vec<Member>,
}

/// The perspectives of the file, each of which can be asked.
///
/// # Errors
/// [`PerspectivesFileError`], with the line and the column where the file cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<Member>, PerspectivesFileError> {
    let error = |reason: String| PerspectivesFileError { path: path.display().to_string(), reason };
    let text = fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
    let members = toml::from_str::<File>(&text).map_err(|cause| error(cause.to_string()))?.perspective;
    if members.is_empty() {
        return Err(error("it names no [[perspective]]".to_owned()));
    }
    check_members(&members).map_err(|fault| error(fault.to_string()))?;
    for member in &members {
        let name = &member.name;
        let Some(url) = &member.url else {
            return Err(error(format!("{name} has no url; only a CA on AWS can ask functions")));
        };
        let base = UrlBase::parse(url, UrlScheme::Https);
        let base = base.map_err(|cause| error(format!("the url of {name}: {cause}")))?;
        if base.as_str().matches('/').count() > SLASHES_OF_AN_ORIGIN {
            return Err(error(format!("the url of {name} has a path; it is https://, a host, and perhaps a port")));
        }
    }
    Ok(members)
}

/// The file of perspectives cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the file of perspectives {path} cannot be used: {reason}")]
pub struct PerspectivesFileError {
    path: String,
    reason: String,
}

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
            (member("url = \"https://a.example\"").repeat(2), "two perspectives are named fra"),
        ];
        for (text, reason) in refused {
            fs::write(&path, &text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("perspectives.toml") && error.contains(reason), "{error}");
        }
        fs::write(&path, member("url = \"https://a.example:8443\"\nlocation = { latitude = 50.1, longitude = 8.7 }"))
            .unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        assert!(read(&folder.path().join("none")).is_err());
    }
}

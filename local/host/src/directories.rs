//! The directories that answer requests, and the one that is used where a client names none.

use acme::{DirectoryId, Family};
use operator::{Error, Profiles};
use ra::Directories;

use crate::config::DEFAULT;

/// The directories that answer requests: the default ones first, then sorted by name.
pub(crate) async fn serving(profiles: &Profiles, directories: &Directories) -> Result<Vec<DirectoryId>, Error> {
    let profiles = profiles.all().await?;
    let acme = profiles.acme_profile.iter().map(|profile| (Family::AcmeProfile, &profile.name));
    let ra = profiles.ra_profile.iter().map(|profile| (Family::RaProfile, &profile.name));
    let all = acme.chain(ra).map(|(family, name)| DirectoryId { family, name: name.clone() });
    let mut serving = Vec::new();
    for directory in all {
        if directories.directory(&directory).await.is_ok_and(|found| found.check_in_service().is_ok()) {
            serving.push(directory);
        }
    }
    serving.sort_by_key(|directory| (directory.name.as_str() != DEFAULT, directory.name.clone(), directory.family));
    Ok(serving)
}

/// The directory at `/dir`: that of the profile `default`, or else the only one. ACME Profiles come
/// first; of a profile that has a directory in both families, that is one and the same choice.
pub(crate) fn usual(serving: &[DirectoryId]) -> Option<&DirectoryId> {
    for family in [Family::AcmeProfile, Family::RaProfile] {
        let mut of_family = serving.iter().filter(|directory| directory.family == family);
        match (of_family.next(), of_family.next()) {
            (Some(first), _) if first.name.as_str() == DEFAULT => return Some(first),
            (Some(only), None) => return Some(only),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_directory_is_the_default_one_else_the_only_one() {
        let at = |family, name: &str| DirectoryId { family, name: name.parse().unwrap() };
        let (acme, ra) = (|name| at(Family::AcmeProfile, name), |name| at(Family::RaProfile, name));
        for (serving, expected) in [
            (vec![], None),
            (vec![acme("default"), ra("default"), acme("web")], Some(acme("default"))),
            (vec![acme("web"), ra("web")], Some(acme("web"))),
            (vec![acme("a"), acme("b"), ra("a")], None),
            (vec![ra("web")], Some(ra("web"))),
            (vec![ra("default"), acme("web")], Some(acme("web"))),
            (vec![ra("a"), ra("b")], None),
        ] {
            assert_eq!(usual(&serving), expected.as_ref(), "{serving:?}");
        }
    }
}

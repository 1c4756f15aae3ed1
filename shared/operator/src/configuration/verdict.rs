//! The decision about each profile of a configuration, made from digests alone.

use std::collections::{BTreeMap, BTreeSet};

use store::AppliedConfiguration;

/// The decision about a profile of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its text replaces the stored profile.
    Apply,
    /// An operator has changed the stored profile, and the text says something else: the stored one
    /// stays.
    Keep,
    /// The text has not changed since it was applied, so the stored profile is left to the
    /// operator.
    Leave,
    /// The stored profile is already what the text says.
    Same,
}

/// The decisions by path. `former` are the stored profiles with what was a default when they were
/// made as the default: no operator decided that either. `deleted` are the profiles that operators
/// have deleted from a store without digests.
pub(super) fn verdicts(
    named: &BTreeMap<String, String>,
    stored: &BTreeMap<String, String>,
    former: &BTreeMap<String, String>,
    built_in: &BTreeMap<String, String>,
    remembered: &AppliedConfiguration,
    deleted: &BTreeSet<String>,
) -> BTreeMap<String, Verdict> {
    let verdict = |(path, text): (&String, &String)| {
        let (applied, stored, former) = (remembered.applied.get(path), stored.get(path), former.get(path));
        let is_built_in = stored.is_some() && stored == built_in.get(path);
        let verdict = match (applied, stored) {
            (_, Some(stored)) if stored == text || former == Some(text) => Verdict::Same,
            (Some(applied), _) if applied == text => Verdict::Leave,
            // No operator has decided about it.
            _ if is_built_in => Verdict::Apply,
            (Some(applied), Some(stored)) if applied == stored || former == Some(applied) => Verdict::Apply,
            (None, None) if !deleted.contains(path) && !remembered.kept.contains_key(path) => Verdict::Apply,
            _ => Verdict::Keep,
        };
        (path.clone(), verdict)
    };
    named.iter().map(verdict).collect()
}

/// Remembers the digests of the profiles that were decided about.
pub(super) fn remember(
    remembered: &mut AppliedConfiguration,
    named: &BTreeMap<String, String>,
    verdicts: &BTreeMap<String, Verdict>,
) {
    let AppliedConfiguration { applied, kept, .. } = remembered;
    if named.is_empty() {
        // A start without the file forgets nothing, because the next one may have it again.
        // Profiles that were not applied stay so.
        applied.append(kept);
        return;
    }
    // A profile that is no longer in the file belongs to the operator; if it comes back, it is new.
    applied.retain(|path, _| named.contains_key(path));
    kept.retain(|path, _| named.contains_key(path));
    for (path, text) in named {
        match verdicts.get(path) {
            Some(Verdict::Keep) => {
                kept.insert(path.clone(), text.clone());
            }
            Some(Verdict::Apply | Verdict::Leave | Verdict::Same) | None => {
                kept.remove(path);
                applied.insert(path.clone(), text.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "acmeProfile.web";

    fn map(digest: Option<&str>) -> BTreeMap<String, String> {
        digest.map(|digest| (WEB.to_owned(), digest.to_owned())).into_iter().collect()
    }

    #[test]
    fn n15_a_text_is_applied_when_it_changed_and_no_operator_changed_what_is_stored() {
        use Verdict::*;

        for (text, applied, stored, expected) in [
            // Unchanged since it was applied.
            ("a", Some("a"), Some("a"), Same),
            ("b", Some("a"), Some("a"), Apply),
            // An operator has changed or deleted it.
            ("a", Some("a"), Some("o"), Leave),
            ("a", Some("a"), None, Leave),
            ("b", Some("a"), Some("o"), Keep),
            ("b", Some("a"), None, Keep),
            // Both say the same.
            ("b", Some("a"), Some("b"), Same),
            ("b", None, Some("b"), Same),
            // New in the file.
            ("b", None, None, Apply),
            ("b", None, Some("o"), Keep),
            // Built in.
            ("b", None, Some("built in"), Apply),
            ("b", Some("a"), Some("built in"), Apply),
        ] {
            let remembered = AppliedConfiguration { applied: map(applied), ..AppliedConfiguration::default() };
            let built_in = map(Some("built in"));
            let found =
                verdicts(&map(Some(text)), &map(stored), &map(stored), &built_in, &remembered, &BTreeSet::new());
            assert_eq!(found.get(WEB), Some(&expected), "{text}, applied {applied:?}, stored {stored:?}");
        }
    }

    #[test]
    fn n15_a_former_default_is_no_decision_of_an_operator() {
        for (text, applied, expected) in
            [("a", Some("a"), Verdict::Same), ("a", None, Verdict::Same), ("b", Some("a"), Verdict::Apply)]
        {
            let remembered = AppliedConfiguration { applied: map(applied), ..AppliedConfiguration::default() };
            let (stored, former, nothing) = (map(Some("a, for clients")), map(Some("a")), BTreeMap::new());
            let found = verdicts(&map(Some(text)), &stored, &former, &nothing, &remembered, &BTreeSet::new());
            assert_eq!(found.get(WEB), Some(&expected), "{text}, applied {applied:?}");
        }
    }

    #[test]
    fn n15_what_was_deleted_before_anything_was_remembered_stays_deleted() {
        let named = map(Some("a"));
        let nothing = BTreeMap::new();
        let deleted = BTreeSet::from([WEB.to_owned()]);
        let mut remembered = AppliedConfiguration::default();
        for deleted in [deleted, BTreeSet::new(), BTreeSet::new()] {
            let verdicts = verdicts(&named, &nothing, &nothing, &nothing, &remembered, &deleted);
            assert_eq!(verdicts.get(WEB), Some(&Verdict::Keep));
            remember(&mut remembered, &named, &verdicts);
        }
        assert_eq!(remembered.kept, named);
    }

    #[test]
    fn n15_a_start_without_the_file_forgets_nothing_and_a_profile_that_left_the_file_is_forgotten() {
        let mut remembered = AppliedConfiguration { applied: map(Some("a")), ..AppliedConfiguration::default() };
        remember(&mut remembered, &BTreeMap::new(), &BTreeMap::new());
        assert_eq!(remembered.applied, map(Some("a")));
        let other = BTreeMap::from([("acmeProfile.other".to_owned(), "x".to_owned())]);
        remember(&mut remembered, &other, &BTreeMap::new());
        assert_eq!(remembered.applied, other);
    }
}

//! What becomes of each profile of a configuration, decided by digests alone.

use std::collections::{BTreeMap, BTreeSet};

use store::AppliedConfiguration;

/// What becomes of a profile of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its text takes the place of what is stored.
    Apply,
    /// An operator changed what is stored, and the text says something else: what is stored stays.
    Keep,
    /// The text has not changed since it was applied: what is stored is the operator's affair.
    Leave,
    /// What is stored is what it says.
    Same,
}

/// The verdicts by path. `deleted` are those that operators deleted from a store that remembers
/// nothing.
pub(super) fn verdicts(
    named: &BTreeMap<String, String>,
    stored: &BTreeMap<String, String>,
    built_in: &BTreeMap<String, String>,
    remembered: &AppliedConfiguration,
    deleted: &BTreeSet<String>,
) -> BTreeMap<String, Verdict> {
    let verdict = |(path, text): (&String, &String)| {
        let (applied, stored) = (remembered.applied.get(path), stored.get(path));
        let is_built_in = stored.is_some() && stored == built_in.get(path);
        let verdict = match (applied, stored) {
            (_, Some(stored)) if stored == text => Verdict::Same,
            (Some(applied), _) if applied == text => Verdict::Leave,
            // No operator decided on it.
            _ if is_built_in => Verdict::Apply,
            (Some(applied), Some(stored)) if applied == stored => Verdict::Apply,
            (None, None) if !deleted.contains(path) && !remembered.kept.contains_key(path) => Verdict::Apply,
            _ => Verdict::Keep,
        };
        (path.clone(), verdict)
    };
    named.iter().map(verdict).collect()
}

/// Remembers what became of them.
pub(super) fn remember(
    remembered: &mut AppliedConfiguration,
    named: &BTreeMap<String, String>,
    verdicts: &BTreeMap<String, Verdict>,
) {
    let AppliedConfiguration { applied, kept, .. } = remembered;
    if named.is_empty() {
        // A start without the file forgets nothing: the next one has it again. What it left open is
        // left.
        applied.append(kept);
        return;
    }
    // What has left the file is the operator's alone, and when it comes back it is new.
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
            // As it was applied.
            ("a", Some("a"), Some("a"), Same),
            ("b", Some("a"), Some("a"), Apply),
            // An operator changed or deleted it.
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
            let found = verdicts(&map(Some(text)), &map(stored), &built_in, &remembered, &BTreeSet::new());
            assert_eq!(found.get(WEB), Some(&expected), "{text}, applied {applied:?}, stored {stored:?}");
        }
    }

    #[test]
    fn n15_what_was_deleted_before_anything_was_remembered_stays_deleted() {
        let named = map(Some("a"));
        let nothing = BTreeMap::new();
        let deleted = BTreeSet::from([WEB.to_owned()]);
        let mut remembered = AppliedConfiguration::default();
        for deleted in [deleted, BTreeSet::new(), BTreeSet::new()] {
            let verdicts = verdicts(&named, &nothing, &nothing, &remembered, &deleted);
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

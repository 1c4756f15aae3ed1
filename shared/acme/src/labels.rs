//! Domain names compared label by label (RFC 1034 §3.1), without regard to the case of letters (RFC
//! 4343). Every rule that is about the names below a name is decided here.

/// Whether `name` is equal to `suffix` or below it. Nothing is within an empty suffix.
pub fn is_within(name: &str, suffix: &str) -> bool {
    let rest = name.len().checked_sub(suffix.len()).and_then(|start| name.split_at_checked(start));
    rest.is_some_and(|(rest, end)| {
        let is_at_a_label = rest.is_empty() || rest.ends_with('.');
        is_at_a_label && !suffix.is_empty() && end.eq_ignore_ascii_case(suffix)
    })
}

/// Whether the wildcard `*.base` stands for `name`: whether that is exactly one label below `base`
/// (RFC 6125 §6.4.3).
pub fn is_one_below(name: &str, base: &str) -> bool {
    name.split_once('.').is_some_and(|(label, parent)| !label.is_empty() && parent.eq_ignore_ascii_case(base))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The labels of a name from the last one, in lower case.
    fn labels(name: &str) -> Vec<String> {
        name.to_ascii_lowercase().split('.').rev().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_is_within_itself_and_the_names_above_it_and_no_others() {
        for (name, suffix) in [
            ("example.com", "example.com"),
            ("a.example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("a.b.example.com", "COM"),
            ("A.Example.COM", "eXample.com"),
        ] {
            assert!(is_within(name, suffix), "{name} in {suffix}");
        }
        for (name, suffix) in [
            ("badexample.com", "example.com"),
            ("a.badexample.com", "example.com"),
            ("example.com", "a.example.com"),
            ("example.com.test", "example.com"),
            ("example.com", "xample.com"),
            ("example.com", ""),
            ("a.example.com", ".example.com"),
            ("", "example.com"),
            ("", ""),
            ("äb", "ab"),
        ] {
            assert!(!is_within(name, suffix), "{name} in {suffix}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_exactly_one_label() {
        assert!(is_one_below("a.example.com", "example.com") && is_one_below("A.example.com", "Example.com"));
        for name in ["example.com", "a.b.example.com", ".example.com", "a.badexample.com", "com", ""] {
            assert!(!is_one_below(name, "example.com"), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_within_a_suffix_if_its_last_labels_are_those_of_the_suffix(
            name in "([abAB]{1,2}\\.){0,3}[abAB]{1,2}",
            suffix in "([abAB]{1,2}\\.){0,2}[abAB]{1,2}",
        ) {
            let (name_labels, suffix_labels) = (labels(&name), labels(&suffix));
            prop_assert_eq!(is_within(&name, &suffix), name_labels.starts_with(&suffix_labels));
            let one_more = name_labels.len() == suffix_labels.len() + 1;
            prop_assert_eq!(is_one_below(&name, &suffix), one_more && is_within(&name, &suffix));
        }

        #[test]
        fn no_text_panics(name: String, suffix: String) {
            prop_assert!(!is_one_below(&name, &suffix) || suffix.is_empty() || is_within(&name, &suffix));
        }
    }
}

//! Paths in the documents: a text in backticks that looks like a file or a folder of the repository
//! must be one.
//!
//! `<name>` and `*` stand for one part of a path. Decision records are left out, because they
//! describe the past.

use super::{File, Violation};

/// Whether the document `name` is checked.
pub fn is_checked(name: &str) -> bool {
    name.ends_with(".md") && !name.starts_with("docs/decisions/") && name != "CHANGELOG.md"
}

/// Checks one document; `files` are all files of the repository.
pub fn check(name: &str, text: &str, files: &[File]) -> Vec<Violation> {
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    spans(text)
        .filter(|(span, _)| names_a_place(span, &names) && !exists(span, &names))
        .map(|(span, line)| Violation { place: format!("{name}:{line}"), rule: format!("there is no `{span}`") })
        .collect()
}

/// The texts between backticks on one line, except those in fenced code.
fn spans(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut fenced = false;
    text.lines().zip(1..).flat_map(move |(line, number)| {
        fenced ^= line.trim_start().starts_with("```");
        let code = fenced || line.starts_with("    ");
        line.split('`').skip(1).step_by(2).filter(move |_| !code).map(move |span| (span, number))
    })
}

/// Whether the text must be a file or a folder of the repository: it starts with a folder at the
/// top, or it is a source file.
fn names_a_place(span: &str, names: &[&str]) -> bool {
    if span.starts_with(['/', '.', '-']) || span.contains([' ', '=', ':', '(', '$', '"', '{']) {
        return false;
    }
    match span.split_once('/') {
        Some((top, _)) => span.ends_with(".rs") || names.iter().any(|name| name.starts_with(&format!("{top}/"))),
        None => span.ends_with(".rs"),
    }
}

/// Whether it exists; a bare file name of a source file may be in any folder.
fn exists(span: &str, names: &[&str]) -> bool {
    let wanted: Vec<_> = span.trim_end_matches('/').split('/').collect();
    names.iter().any(|name| {
        let parts: Vec<_> = name.split('/').collect();
        if !span.contains('/') {
            return parts.last() == wanted.first();
        }
        parts.len() >= wanted.len() && parts.iter().zip(&wanted).all(|(part, wanted)| fits(part, wanted))
    })
}

/// Whether one part of a path matches; each `<…>` or `*` matches anything.
fn fits(part: &str, wanted: &str) -> bool {
    let Some(at) = wanted.find(['<', '*']) else {
        return part == wanted;
    };
    let (before, rest) = wanted.split_at(at);
    let after = rest.split_once('>').map_or(rest.trim_start_matches('*'), |(_, after)| after);
    let Some(open) = part.strip_prefix(before) else {
        return false;
    };
    open.char_indices().map(|(at, _)| open.split_at(at).1).chain([""]).any(|left| fits(left, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<String> {
        let names = ["shared/acme/src/order.rs", "functions/order/src/lib.rs", "events/order.json"];
        let files: Vec<_> = names.map(|name| File { name: name.into(), path: name.into() }).into();
        check("ARCHITECTURE.md", text, &files).into_iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn a_path_that_is_not_there_is_found() {
        assert_eq!(wrong("`shared/acme/src/odrer.rs` or `acme/src/order.rs`").len(), 2);
        assert_eq!(wrong("`functions/<operation>/src/main.rs`").len(), 1);
        assert_eq!(wrong("`odrer.rs`").len(), 1);
    }

    #[test]
    fn files_folders_and_patterns_that_are_there_are_not() {
        let text = "`shared/acme/src/order.rs` `order.rs` `functions/order` `events/` `functions/*` \
                    `functions/<operation>/src/lib.rs` `events/<name>.json` `events/<a>r<b>.json`";
        assert_eq!(wrong(text), [""; 0]);
    }

    #[test]
    fn urls_media_types_and_code_are_no_paths() {
        assert_eq!(wrong("`/new-order` `application/json` `a / b` `aws s3 ls`\n\n    `functions/nothing`\n"), [""; 0]);
    }
}

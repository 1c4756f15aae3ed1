//! Links between the documents.

use super::{File, Violation};
use crate::Error;

/// Checks the links of one document; `files` are all files of the repository.
///
/// # Errors
///
/// A linked document cannot be read.
pub fn check(name: &str, text: &str, files: &[File]) -> Result<Vec<Violation>, Error> {
    let mut violations = Vec::new();
    for (target, line) in links(text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let wrong = |rule: String| Violation { place: format!("{name}:{line}"), rule };
        let linked = resolve(name, path);
        if path.is_empty() {
            if !anchor.is_empty() && !headings(text).any(|heading| heading == anchor) {
                violations.push(wrong(format!("no heading `#{anchor}` here")));
            }
            continue;
        }
        let folder = format!("{}/", linked.trim_end_matches('/'));
        match files.iter().find(|file| file.name == linked) {
            None if files.iter().any(|file| file.name.starts_with(&folder)) => {}
            None => violations.push(wrong(format!("`{target}` leads nowhere"))),
            Some(file) if !anchor.is_empty() && linked.ends_with(".md") => {
                if !headings(&file.read()?).any(|heading| heading == anchor) {
                    violations.push(wrong(format!("`{path}` has no heading `#{anchor}`")));
                }
            }
            Some(_) => {}
        }
    }
    Ok(violations)
}

/// Link targets with their line numbers, except those in fenced code.
fn links(text: &str) -> impl Iterator<Item = (&str, usize)> {
    prose(text).flat_map(|(line, number)| {
        line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(move |(target, _)| (target, number))
    })
}

/// The anchors that GitHub gives to headings.
fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    prose(text).filter(|(line, _)| line.starts_with('#')).map(|(line, _)| {
        line.trim_start_matches('#')
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    })
}

fn prose(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut fenced = false;
    text.lines().zip(1..).filter(move |(line, _)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// `path` relative to the folder of `document`; with a leading `/`, relative to the top folder.
fn resolve(document: &str, path: &str) -> String {
    let mut parts: Vec<_> = match path.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => document.split('/').collect(),
    };
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> File {
        File { name: name.into(), path: name.into() }
    }

    #[test]
    fn a_link_to_a_missing_file_is_found_and_one_to_a_file_or_a_folder_is_not() {
        let files = [file("docs/there.md"), file("shared/ra/src/lib.rs")];
        let text = "[a](there.md) [b](../shared/ra) [c](https://example.org/x)\n[d](gone.md)";
        let violations = check("docs/page.md", text, &files).unwrap();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].place, "docs/page.md:2");
    }

    #[test]
    fn a_heading_is_found_by_the_anchor_that_github_makes_of_it() {
        let text = "# What `a` client sees\n[up](#what-a-client-sees) [down](#nothing)";
        assert_eq!(check("page.md", text, &[]).unwrap().len(), 1);
    }

    #[test]
    fn code_in_a_fence_has_no_links() {
        assert_eq!(check("page.md", "```\nx[0](nothing)\n```\n", &[]).unwrap(), []);
    }
}

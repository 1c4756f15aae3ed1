//! What one source file declares and names: its modules, its `use` declarations and its paths.

use std::collections::BTreeSet;

/// What a file says about the other files of its crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Imports {
    /// The modules that it declares and that are files of their own.
    modules: BTreeSet<String>,
    /// Paths into its own crate, in `use` and elsewhere, except re-exports.
    pub(super) paths: Vec<Vec<String>>,
}

/// Parses a file; what comes after `#[cfg(test)]` at the end of the file does not count.
pub(super) fn read(text: &str) -> Imports {
    let tokens = tokens(text);
    let tokens = without_tests(&tokens);
    let mut imports = Imports::default();
    for (at, token) in tokens.iter().enumerate() {
        let is = |distance: usize, text: &str| tokens.get(at + distance).is_some_and(|token| token == text);
        if token == "mod" && is(2, ";") {
            imports.modules.extend(tokens.get(at + 1).cloned());
        }
    }
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).map(String::as_str);
        if token == "use" && !matches!(before, Some("+" | "," | "<")) {
            let is_offered = matches!(before, Some("pub" | ")"));
            at += 1;
            let mut reader = Reader { tokens: &tokens, at };
            reader.tree(Vec::new(), &mut |path| {
                let is_inside = path
                    .first()
                    .is_some_and(|first| INSIDE.contains(&first.as_str()) || imports.modules.contains(first));
                if is_inside && !is_offered {
                    imports.paths.push(path);
                }
            });
            at = reader.at;
            continue;
        }
        let starts = INSIDE.contains(&token.as_str()) || imports.modules.contains(token);
        if starts && before != Some("::") && tokens.get(at + 1).is_some_and(|next| next == "::") {
            let mut path = vec![token.clone()];
            while tokens.get(at + 1).is_some_and(|next| next == "::") {
                match tokens.get(at + 2) {
                    Some(segment) if is_name(segment) => path.push(segment.clone()),
                    _ => break,
                }
                at += 2;
            }
            // `pub(in crate::x)` limits the visibility and uses nothing.
            if before != Some("in") && path.len() > 1 {
                imports.paths.push(path);
            }
        }
        at += 1;
    }
    imports
}

/// The first segments of paths into the own crate, besides the modules of the file.
const INSIDE: [&str; 3] = ["crate", "self", "super"];

/// Parses the tree of one `use` declaration.
struct Reader<'t> {
    tokens: &'t [String],
    at: usize,
}

impl Reader<'_> {
    fn tree(&mut self, prefix: Vec<String>, found: &mut dyn FnMut(Vec<String>)) {
        let mut path = prefix;
        while let Some(token) = self.tokens.get(self.at).map(String::as_str) {
            match token {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while let Some(token) = self.tokens.get(self.at).map(String::as_str) {
                        match token {
                            "}" => {
                                self.at += 1;
                                return;
                            }
                            "," => self.at += 1,
                            _ => {
                                let before = self.at;
                                self.tree(path.clone(), found);
                                if self.at == before {
                                    return;
                                }
                            }
                        }
                    }
                    return;
                }
                "as" => {
                    self.at += 2;
                    break;
                }
                "*" => {
                    self.at += 1;
                    break;
                }
                name if is_name(name) => {
                    path.push(name.to_owned());
                    self.at += 1;
                }
                _ => break,
            }
        }
        // `use a::{self, B}` names `a`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if !path.is_empty() {
            found(path);
        }
    }
}

/// Everything before a test module, without modules that exist only for tests.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        if rest.len() > 7 && rest.iter().take(7).map(String::as_str).eq(["#", "[", "cfg", "(", "test", ")", "]"]) {
            let mut end = at + 7;
            let mut depth = 0;
            while let Some(token) = tokens.get(end) {
                match token.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                end += 1;
                if depth == 0 && matches!(token.as_str(), ";" | "}") {
                    break;
                }
            }
            at = end;
            continue;
        }
        kept.push(token.clone());
        at += 1;
    }
    kept
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && token != "as"
}

/// Names, `::` and single characters; comments, strings and character literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if first == '"' {
            quoted(rest)
        } else if first == '\'' {
            character(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            tokens.push(rest.split_at(length).0.to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".into());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = rest.split_at(length).1;
    }
    tokens
}

/// The length of a raw string such as `r#"…"#` at the start of `text`.
fn raw_text(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or(text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let content = after.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.len() - content.len();
    Some(content.find(&end).map_or(text.len(), |found| length + found + end.len()))
}

/// The length of a string literal at the start of `text`.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal at the start of `text`, or of the sign of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text.get(3..).and_then(|rest| rest.find('\'')).map_or(1, |end| end + 4),
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn a_tree_of_uses_is_read_leaf_by_leaf_without_what_is_offered_on() {
        let text = "use std::fmt;\nuse crate::{a::{self, B as C}, d::*};\npub(crate) use super::e;\nuse self::f;\n";
        assert_eq!(read(text).paths, ["crate::a", "crate::a::B", "crate::d", "self::f"].map(path));
    }

    #[test]
    fn a_path_in_the_text_counts_and_one_in_a_comment_a_text_or_a_test_does_not() {
        let text = "mod a;\n// crate::b::C\nfn f<'x>(d: super::D) { a::g('\"', \"crate::e::F\", r#\"crate::\"x\"#) }\n\
                    #[cfg(test)]\nmod tests { use crate::h::I; }\n";
        let imports = read(text);
        assert_eq!(imports.paths, [path("super::D"), path("a::g")]);
        assert_eq!(imports.modules, ["a".to_owned()].into());
    }
}

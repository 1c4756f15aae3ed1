//! Phrases to avoid, and doc comments that say nothing.
//!
//! The list is `words.txt`, with a replacement for each phrase. A doc comment of one or two words
//! only repeats the name beside it.

use super::Violation;

/// The file with the phrases.
pub const LIST: &str = "xtask/src/tidy/words.txt";

/// The maximum length of a doc comment that says nothing, in words.
const MAX_EMPTY_WORDS: usize = 2;

/// A phrase and its replacement.
#[derive(Debug, PartialEq, Eq)]
pub struct Phrase {
    words: Vec<String>,
    replacement: String,
}

/// Reads the list.
pub fn phrases(list: &str) -> Vec<Phrase> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(phrase, replacement)| Phrase {
            words: phrase.split(' ').map(str::to_lowercase).collect(),
            replacement: replacement.to_owned(),
        })
        .collect()
}

/// Whether the file `name` is checked for phrases.
pub fn is_read(name: &str) -> bool {
    let is_text = [".rs", ".md", ".yaml", ".yml", ".toml"].iter().any(|ending| name.ends_with(ending));
    let is_read = is_text || name.starts_with(".github/") || name.starts_with("examples/");
    // The tests of this rule have to contain what it finds.
    is_read && name != "xtask/src/tidy/words.rs"
}

/// Every occurrence of a phrase in `text`, and, in Rust code, doc comments of one or two words.
pub fn check(name: &str, text: &str, phrases: &[Phrase]) -> Vec<Violation> {
    let words = words(text);
    let mut violations = Vec::new();
    for (at, word) in words.iter().enumerate() {
        for phrase in phrases {
            let found = words.get(at..).unwrap_or_default().iter().zip(&phrase.words);
            let is_here = phrase.words.first().is_some_and(|first| *first == word.text)
                && words.len() - at >= phrase.words.len()
                && found
                    .enumerate()
                    .all(|(place, (word, wanted))| word.text == *wanted && (place == 0 || word.follows));
            if is_here {
                violations.push(Violation {
                    place: format!("{name}:{}", word.line),
                    rule: format!("`{}`: write {}", phrase.words.join(" "), phrase.replacement),
                });
            }
        }
    }
    if name.ends_with(".rs") {
        violations.extend(empty_docs(text).map(|(line, doc)| Violation {
            place: format!("{name}:{line}"),
            rule: format!("the doc comment `{doc}` repeats the name: say what a reader does not know"),
        }));
    }
    violations
}

/// Doc comments of one line that say nothing, with their line numbers. Technical terms (code,
/// numbers, acronyms, as in `RFC 5280`) do say something.
fn empty_docs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let doc = |line: &&str| line.trim_start().starts_with("///");
    let lines: Vec<_> = text.lines().collect();
    (0..lines.len()).filter_map(move |at| {
        let line = lines.get(at).filter(|line| doc(line))?;
        let beside = [at.checked_sub(1), Some(at + 1)];
        if beside.into_iter().flatten().filter_map(|at| lines.get(at)).any(doc) {
            return None;
        }
        let said = line.trim_start().trim_start_matches('/').trim();
        let is_term = said.contains(['`', '[']) || said.chars().any(|c| c.is_ascii_digit()) || has_acronym(said);
        (said.split(' ').count() <= MAX_EMPTY_WORDS && !is_term && !said.is_empty()).then_some((at + 1, said))
    })
}

fn has_acronym(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1 && word.chars().all(char::is_uppercase))
}

/// A word of a text.
struct Word {
    /// In lower case.
    text: String,
    line: usize,
    /// Whether there is nothing between the previous word and this one except spaces, line breaks,
    /// comment signs, or the `_` of a name.
    follows: bool,
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut line, mut word, mut follows) = (1, String::new(), false);
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '\'' {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            words.push(Word { text: std::mem::take(&mut word), line, follows });
            follows = true;
        }
        if c == '\n' {
            line += 1;
        }
        follows &= c.is_whitespace() || matches!(c, '_' | '/' | '!' | '#' | '>' | '\\');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(name: &str, text: &str) -> Vec<String> {
        let phrases = phrases("# comment\nis told = is notified\nnobody = no one\n");
        check(name, text, &phrases).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn a_phrase_is_found_over_line_ends_of_comments_and_in_names_of_functions() {
        assert_eq!(places("a.md", "It Is\ntold.\n\nNobody\n"), ["a.md:1", "a.md:4"]);
        assert_eq!(places("a.rs", "/// what an event is\n/// told for\nfn nobody_reads() {}\n"), ["a.rs:1", "a.rs:3"]);
    }

    #[test]
    fn words_apart_and_longer_words_are_no_phrase() {
        assert_eq!(places("a.md", "What it is: told. nobodys, is untold, this told\n"), [""; 0]);
    }

    #[test]
    fn a_doc_comment_of_one_or_two_words_is_found_unless_it_is_a_term() {
        let text = "/// Whose.\na: A,\n/// Which one.\nb: B,\n/// The `kid`.\nc: C,\n/// RFC 5280.\nd: D,\n/// Whose order\n/// it is.\n";
        assert_eq!(places("a.rs", text), ["a.rs:1", "a.rs:3"]);
    }

    #[test]
    fn the_list_has_a_replacement_for_every_phrase() {
        let list = include_str!("words.txt");
        let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
        assert_eq!(phrases(list).len(), lines);
        assert!(phrases(list).iter().all(|phrase| !phrase.replacement.is_empty()));
    }
}

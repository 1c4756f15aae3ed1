//! The width of prose: lines of documents and of comments have at most 100 columns.
//!
//! Tables, code, and what cannot be broken (a link, a long word) are exempt.

use super::Violation;

/// The maximum length of a line of prose, in characters.
pub const MAX_COLUMNS: usize = 100;

/// Checks a document.
pub fn check(name: &str, text: &str) -> Vec<Violation> {
    let mut fenced = false;
    let lines = text.lines().zip(1..).filter(move |(line, _)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let is_table = line.trim_start().starts_with('|');
        let is_code = fenced || fence || (line.starts_with("    ") && !is_item(line));
        !is_table && !is_code
    });
    lines.filter(|(line, _)| is_too_wide(line)).map(|(_, number)| violation(name, number)).collect()
}

/// Checks the comments of a source file.
pub fn check_comments(name: &str, text: &str) -> Vec<Violation> {
    wide_comments(text).map(|number| violation(name, number)).collect()
}

fn wide_comments(text: &str) -> impl Iterator<Item = usize> {
    let mut fenced = false;
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let said = line.trim_start().strip_prefix("//")?.trim_start_matches(['/', '!']);
        fenced ^= said.trim_start().starts_with("```");
        let is_exempt = fenced || said.trim_start().starts_with('|');
        (!is_exempt && is_too_wide(line)).then_some(number)
    })
}

/// Whether the line is too long although it could have been broken.
fn is_too_wide(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches(['-', '*', '/', '!', '>']).trim_start();
    let indent = line.chars().count() - text.chars().count();
    let breakable = text.char_indices().take(MAX_COLUMNS.saturating_sub(indent)).any(|(_, c)| c == ' ');
    line.chars().count() > MAX_COLUMNS && breakable
}

/// Whether the line is an item of a list, which may be indented below another one.
fn is_item(line: &str) -> bool {
    line.trim_start().starts_with("- ")
}

fn violation(name: &str, line: usize) -> Violation {
    Violation { place: format!("{name}:{line}"), rule: format!("wider than {MAX_COLUMNS} columns") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_of_prose_is_found_and_a_table_code_or_one_long_word_is_not() {
        let words = "word ".repeat(21);
        let url = format!("- https://example.org/{}", "x".repeat(100));
        assert_eq!(check("a.md", &words).len(), 1);
        assert_eq!(check("a.md", &format!("- {words}")).len(), 1);
        for line in [format!("| {words} |"), format!("    {words}"), format!("```\n{words}\n```"), url] {
            assert_eq!(check("a.md", &line), [], "{line}");
        }
    }

    #[test]
    fn a_long_comment_is_found_and_long_code_is_not() {
        let words = "word ".repeat(21);
        let text = format!("/// {words}\n    // {words}\nlet a = \"{words}\"; // short\n");
        assert_eq!(wide_comments(&text).collect::<Vec<_>>(), [1, 2]);
    }
}

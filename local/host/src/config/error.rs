//! The errors of configurations, with messages for the operator.

use std::{fmt, io, ops::Range, path::PathBuf};

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read: {source}")]
    Unreadable {
        /// The path of the configuration file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not valid TOML, or a setting in it is refused.
    #[error("{path}:{position}: {reason}")]
    Wrong {
        /// The path of the configuration file.
        path: PathBuf,
        /// The place of the error.
        position: Position,
        /// What is wrong, and what is allowed.
        reason: String,
    },
}

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The number of the line, from 1.
    pub line: usize,
    /// The number of the character in the line, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A fault in the text of a file. `span` is its place in bytes.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) span: Option<Range<usize>>,
    pub(super) reason: String,
}

impl Flaw {
    /// The error for the operator, with path, line and column.
    pub(super) fn at(self, path: PathBuf, text: &str) -> ConfigError {
        let before = text.get(..self.span.map_or(0, |span| span.start)).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        let position = Position { line, column };
        ConfigError::Wrong { path, position, reason: self.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_is_found_by_line_and_character() {
        let text = "a\n\nü = x\n";
        for (start, line, column) in [(0, 1, 1), (1, 1, 2), (2, 2, 1), (3, 3, 1), (8, 3, 5)] {
            let flaw = Flaw { span: Some(start..start), reason: "it is wrong".to_owned() };
            let error = flaw.at(PathBuf::from("ca.toml"), text);
            assert_eq!(error.to_string(), format!("ca.toml:{line}:{column}: it is wrong"));
        }
    }
}

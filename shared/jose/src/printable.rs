//! Text of strangers, in a form that may stand in a message, in a log line and on a terminal.

use std::fmt::{self, Write};

/// Text that came from elsewhere, escaped to printable ASCII and cut to [`MAX_LEN`](Self::MAX_LEN).
///
/// An error that repeats what a stranger sent holds it in this type. Its `Display` can therefore
/// neither begin a line of the log that it is written to, nor move the cursor of a terminal, nor
/// fill a disk.
#[derive(Clone, PartialEq, Eq)]
pub struct Printable(Box<str>);

impl Printable {
    /// The longest form of any text, in octets. Every URL of the protocol is shorter.
    pub const MAX_LEN: usize = 512;

    /// The form of `text`. Text that is too long ends in how much was cut.
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let mut shown = String::new();
        for (place, character) in text.char_indices() {
            let before = shown.len();
            escape(&mut shown, character);
            if shown.len() > Self::MAX_LEN - LONGEST_NOTE {
                shown.truncate(before);
                // Writing to a string does not fail.
                let _ = write!(shown, "... ({} octets more)", text.len() - place);
                break;
            }
        }
        Self(shown.into())
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: AsRef<str>> From<T> for Printable {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Appends a character, if it is printable ASCII, else its escape.
fn escape(out: &mut String, character: char) {
    match character {
        ' '..='~' => out.push(character),
        _ => out.extend(character.escape_default()),
    }
}

/// Octets of the longest note about what was cut.
const LONGEST_NOTE: usize = "... ( octets more)".len() + 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let url = "https://ca.example/acme/web/order/1?a=\"b\"";
        assert_eq!(Printable::new(url).as_str(), url);
    }

    #[test]
    fn lines_terminals_and_directions_are_escaped() {
        let text = Printable::new("a\r\nb\u{1b}[31m\u{9b}\u{202e}\u{2066}\0é");
        assert_eq!(text.to_string(), r"a\r\nb\u{1b}[31m\u{9b}\u{202e}\u{2066}\u{0}\u{e9}");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let text = Printable::new("a".repeat(60_000));
        assert!(text.as_str().len() <= Printable::MAX_LEN, "{text}");
        assert!(text.as_str().ends_with("octets more)"), "{text}");
    }

    proptest! {
        #[test]
        fn threat_34_any_text_is_printable_and_short(text: String) {
            let shown = Printable::new(text);
            prop_assert!(shown.as_str().bytes().all(|octet| matches!(octet, b' '..=b'~')));
            prop_assert!(shown.as_str().len() <= Printable::MAX_LEN);
        }
    }
}

//! Foreign text, as it may be shown.

/// An excerpt of foreign text: the first bytes, escaped to printable ASCII. A probe that was
/// directed to the wrong server must not become a means of reading from it.
pub(crate) fn excerpt(text: &[u8], length: usize) -> String {
    match text.split_at_checked(length) {
        Some((start, [_, ..])) => format!("{}...", start.escape_ascii()),
        _ => text.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_12_foreign_text_is_cut_and_escaped() {
        assert_eq!(excerpt(b"short", 8), "short");
        assert_eq!(excerpt(b"exactly8", 8), "exactly8");
        assert_eq!(excerpt(b"<b>\x1b[31m\xff\"secret", 8), "<b>\\x1b[31m...");
    }
}

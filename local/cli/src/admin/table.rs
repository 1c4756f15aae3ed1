//! Tables for people.

/// Rows under their headings, each column as wide as its widest cell. Control characters, which a
/// client may have put into a name, are shown as escapes: they must not reach the terminal.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(|cell| printable(&cell))).collect();
    if rows.is_empty() {
        return "none".to_owned();
    }
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let body = rows.iter().map(|row| line(&row.each_ref().map(String::as_str)));
    std::iter::once(line(&headings)).chain(body).collect()
}

/// The text without control characters.
pub(super) fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_nothing_commands_the_terminal() {
        let rows = [["a".to_owned(), "ü\u{1b}[2J".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(table(["x", "name"], rows), "x     name\na     ü\\u{1b}[2J\nlong\n");
        assert_eq!(table(["x"], []), "none");
    }
}

//! The fields of a line of text: whatever they hold, the line stays one line.

use std::{
    error::Error,
    fmt::{self, Write},
};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

/// Writes fields as `name=value`, and the message without its name. Control and format characters
/// of every value are escaped, so that text of strangers can neither begin a line nor move the
/// cursor of a terminal nor change the direction in which the line reads.
pub(super) struct EscapedFields;

impl<'writer> FormatFields<'writer> for EscapedFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { out: Escaping(writer), is_empty: true, result: Ok(()) };
        fields.record(&mut line);
        line.result
    }
}

/// The fields of one line, as far as they are written.
struct Line<W> {
    out: Escaping<W>,
    is_empty: bool,
    result: fmt::Result,
}

impl<W: Write> Line<W> {
    fn add(&mut self, name: &str, value: fmt::Arguments<'_>) {
        let gap = if self.is_empty { "" } else { " " };
        self.is_empty = false;
        self.result = self.result.and_then(|()| match name {
            MESSAGE => write!(self.out, "{gap}{value}"),
            name => write!(self.out, "{gap}{}={value}", name.strip_prefix("r#").unwrap_or(name)),
        });
    }
}

impl<W: Write> Visit for Line<W> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            MESSAGE => self.add(MESSAGE, format_args!("{value}")),
            name => self.add(name, format_args!("{value:?}")),
        }
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        self.add(field.name(), format_args!("{error}"));
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        if !causes.is_empty() {
            self.add(&format!("{}.sources", field.name()), format_args!("[{}]", causes.join(", ")));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), format_args!("{value:?}"));
    }
}

/// Passes text on, with control and format characters escaped.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(acts) {
            let (plain, acting) = match part.char_indices().next_back() {
                Some((place, last)) if acts(last) => (part.get(..place).unwrap_or_default(), Some(last)),
                _ => (part, None),
            };
            self.0.write_str(plain)?;
            if let Some(character) = acting {
                write!(self.0, "{}", character.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Whether a character does something instead of being seen: the control characters (C0, DEL, C1),
/// the separators of lines, and the format characters (Unicode, general category Cf).
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

const MESSAGE: &str = "message";

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex, PoisonError},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("signed for {0}")]
    struct Foreign(String, #[source] io::Error);

    fn lines(log: impl FnOnce()) -> String {
        let written = Written::default();
        let to = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || to.clone())
            .fmt_fields(EscapedFields)
            .with_ansi(false)
            .without_time()
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn threat_34_no_value_and_no_message_begins_a_line() {
        let text = "a\n2026-11-27T23:00:00Z  INFO an operator acts\r\u{1b}[2J\u{9b}\u{202e}\u{2066}\u{2028}";
        let error = Foreign(text.to_owned(), io::Error::other(text));
        let log = lines(|| {
            let error = &error as &dyn Error;
            tracing::info!(text, display = %text, debug = ?text, error, "{text}");
        });
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.ends_with('\n') && !log.trim_end_matches('\n').contains(acts), "{log}");
        assert!(log.contains(r"error=signed for a\n2026") && log.contains(r"error.sources=[a\n2026"), "{log}");
    }

    #[test]
    fn what_is_seen_stays_as_it_is() {
        let log = lines(|| tracing::info!(request = "7", status = 200, r#type = "é", "GET /dir"));
        assert_eq!(log, " INFO serverless_acme::log::fields::tests: GET /dir request=\"7\" status=200 type=\"é\"\n");
    }
}

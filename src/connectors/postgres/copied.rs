//! Rows as `COPY … TO STDOUT` sends them: a line each, which the server makes faster than anything else it can send.
//!
//! Values are divided by tabs, NULL is `\N`, and a backslash escapes what would be taken for one of these (PostgreSQL's
//! documentation of COPY, "Text Format").

use crate::connectors::Row;

/// What was sent is no row of so many values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Lines out of messages, which may hold many of them and end amid one.
#[derive(Default)]
pub(super) struct Lines {
    /// The beginning of a line that goes on in the next message.
    begun: Vec<u8>,
}

impl Lines {
    /// Hands on each line that is complete with this message, without its end, if it is text.
    pub(super) fn each<E>(
        &mut self,
        message: &[u8],
        mut line: impl FnMut(Result<&str, Malformed>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = message;
        if !self.begun.is_empty() {
            let Some(at) = memchr::memchr(b'\n', rest) else {
                self.begun.extend_from_slice(rest);
                return Ok(());
            };
            let mut begun = std::mem::take(&mut self.begun);
            begun.extend_from_slice(&rest[..at]);
            line(std::str::from_utf8(&begun).map_err(|_| Malformed))?;
            rest = &rest[at + 1..];
        }
        let Some(end) = memchr::memrchr(b'\n', rest) else {
            self.begun.extend_from_slice(rest);
            return Ok(());
        };
        // Many lines are looked through at once faster than one by one.
        match std::str::from_utf8(&rest[..end]) {
            Ok(lines) => {
                let mut from = 0;
                for at in memchr::memchr_iter(b'\n', lines.as_bytes()) {
                    line(Ok(&lines[from..at]))?;
                    from = at + 1;
                }
                line(Ok(&lines[from..]))?;
            }
            Err(_) => line(Err(Malformed))?,
        }
        self.begun.extend_from_slice(&rest[end + 1..]);
        Ok(())
    }

    /// Whether nothing of a line is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.begun.is_empty()
    }
}

/// Reads a line of `width` values into a row.
pub(super) fn read(row: &mut Row, text: &str, width: usize) -> Result<(), Malformed> {
    if width == 0 {
        // Rows of which nothing is read are printed as a NULL each.
        row.clear();
        return if text == NULL { Ok(()) } else { Err(Malformed) };
    }
    let escaped = row.take_over(text, divide);
    if row.len() != width {
        return Err(Malformed);
    }
    if escaped {
        row.clear();
        for value in text.split('\t') {
            match value {
                NULL => row.push(None),
                value => row.push(Some(&unescaped(value)?)),
            }
        }
    }
    Ok(())
}

/// How NULL is sent.
const NULL: &str = "\\N";

/// Finds where each value ends and whether it is NULL; says whether something in them is escaped.
fn divide(line: &str, ends: &mut Vec<(usize, bool)>) -> bool {
    let line = line.as_bytes();
    let is_null = |from: usize, to: usize| line[from..to] == *NULL.as_bytes();
    let (mut from, mut escaped) = (0, false);
    for at in memchr::memchr2_iter(b'\t', b'\\', line) {
        if line[at] == b'\t' {
            ends.push((at, is_null(from, at)));
            from = at + 1;
        } else {
            escaped |= at != from || line.get(at + 1) != Some(&b'N');
        }
    }
    ends.push((line.len(), is_null(from, line.len())));
    escaped
}

fn unescaped(value: &str) -> Result<String, Malformed> {
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let mut behind = rest[at + 1..].chars();
        plain.push(match behind.next().ok_or(Malformed)? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            other => other,
        });
        rest = behind.as_str();
    }
    plain.push_str(rest);
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(line: &str, width: usize) -> Result<Vec<Option<String>>, Malformed> {
        let mut row = Row::new();
        read(&mut row, line, width)?;
        Ok(row.iter().map(|value| value.map(str::to_owned)).collect())
    }

    #[rstest::rstest]
    #[case("1\tAda\t", &[Some("1"), Some("Ada"), Some("")])]
    #[case("\\N\t\t\\N", &[None, Some(""), None])]
    #[case("a\\tb\t\\\\N\tc\\nd", &[Some("a\tb"), Some("\\N"), Some("c\nd")])]
    #[case("\\\\\t\\r\\b\\f\\v\té😀", &[Some("\\"), Some("\r\u{8}\u{c}\u{b}"), Some("é😀")])]
    #[case("x\\\\N\t\\N\t\\\\\\\\", &[Some("x\\N"), None, Some("\\\\")])]
    fn values_come_as_they_are(#[case] line: &str, #[case] expected: &[Option<&str>]) {
        let expected: Vec<_> = expected.iter().map(|value| value.map(str::to_owned)).collect();
        assert_eq!(values(line, expected.len()), Ok(expected));
    }

    #[rstest::rstest]
    #[case("a\tb", 3)]
    #[case("a\tb", 1)]
    #[case("a\\", 1)]
    #[case("a", 0)]
    fn another_width_or_a_torn_escape_is_no_row(#[case] line: &str, #[case] width: usize) {
        assert_eq!(values(line, width), Err(Malformed));
    }

    #[test]
    fn bytes_that_are_no_text_are_no_row() {
        for message in [&b"\xFF\n"[..], b"a\n\xFF\nb\n", b"\xC3\n\xA9\n"] {
            assert_eq!(Lines::default().each(message, |line| line.map(drop)), Err(Malformed));
        }
    }

    /// As the server writes it.
    fn sent(row: &[Option<String>]) -> String {
        let value = |value: &Option<String>| match value {
            None => "\\N".to_owned(),
            Some(text) => text
                .chars()
                .map(|c| match c {
                    '\\' => "\\\\".to_owned(),
                    '\u{8}' => "\\b".to_owned(),
                    '\u{c}' => "\\f".to_owned(),
                    '\n' => "\\n".to_owned(),
                    '\r' => "\\r".to_owned(),
                    '\t' => "\\t".to_owned(),
                    '\u{b}' => "\\v".to_owned(),
                    other => other.to_string(),
                })
                .collect(),
        };
        row.iter().map(value).collect::<Vec<_>>().join("\t") + "\n"
    }

    proptest! {
        #[test]
        fn rows_survive_however_they_are_cut_into_messages(
            rows in prop::collection::vec(prop::collection::vec(prop::option::of("[\\\\\t\n\r\u{8}\u{b}\u{c}Nab é😀]{0,9}|.{0,20}"), 3), 0..12),
            cut in 1..40_usize,
        ) {
            let all: String = rows.iter().map(|row| sent(row)).collect();
            let (mut lines, mut read_back) = (Lines::default(), Vec::new());
            for message in all.as_bytes().chunks(cut) {
                lines.each(message, |line| {
                    let mut row = Row::new();
                    read(&mut row, line?, 3)?;
                    read_back.push(row.iter().map(|value| value.map(str::to_owned)).collect::<Vec<_>>());
                    Ok::<_, Malformed>(())
                }).unwrap();
            }
            prop_assert!(lines.is_complete());
            prop_assert_eq!(read_back, rows);
        }
    }
}

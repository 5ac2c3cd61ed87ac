//! The CSV meant for spreadsheets: the same rows, but no cell runs as a formula, in whatever way the program splits it.
//!
//! A program set to a country that writes `1,5` splits at semicolons instead of commas and reads quotes as text, so a
//! formula hidden after a semicolon or a line break becomes a cell of its own. Every place where a cell could begin is
//! therefore defused, with an apostrophe before it. A value that is a number below zero stays one.

use std::borrow::Cow;

use super::batch::Row;
use super::lines::Lines;
use super::{Cell, csv};

/// Spreadsheets take a file with a byte order mark for UTF-8.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How many rows a spreadsheet takes below the names of its columns: 1,048,576 lines are the limit of the usual programs
/// (Excel's and LibreOffice Calc's specifications). What is beyond they would drop, some without a word.
pub(super) const MOST_ROWS: u64 = 1_048_575;

/// How long a cell may be, in the units that Excel counts (UTF-16): of a longer one it makes cells of the next row, and
/// what begins there may run (Excel's specifications: 32,767).
const LONGEST: usize = 32_767;

/// What stands at the end of a cell that was longer.
const CUT: &str = " [cut here: the whole is in data/]";

/// Appends a row of a batch.
pub(super) fn row(out: &mut Lines, row: &Row<'_>) {
    if !csv::as_it_stands(out, row, |text| is_harmless(text, true)) {
        line(out, row.cells());
    }
}

/// Appends one line.
pub(super) fn line<'a>(out: &mut Lines, cells: impl Iterator<Item = Cell<'a>>) {
    let mut before = "";
    for cell in cells {
        out.field(before);
        before = ",";
        let shown = cell.shown();
        if let Some(text) = shown.filter(|text| is_harmless(text, false)) {
            out.push(text);
            continue;
        }
        match shown.map(|text| cut(defuse(text))) {
            None => {}
            Some(text) if text.contains([',', '"', '\r', '\n', ';', '\t']) => csv::quoted(out, &text),
            Some(text) => out.push(&text),
        }
    }
    out.push(csv::LINE_END);
}

/// Whether the text needs neither quotes nor an apostrophe, as most values do: it begins with a letter or a digit, and no
/// other cell can begin in it, which `smooth` says of it.
fn is_harmless(text: &str, smooth: bool) -> bool {
    // Without an early end the whole text is looked at many bytes at a time.
    let special = |b: u8| matches!(b, b',' | b'"' | b'\r' | b'\n' | b';' | b'\t');
    let first = text.as_bytes().first();
    first.is_some_and(u8::is_ascii_alphanumeric)
        && text.len() <= LONGEST
        && (smooth || !text.bytes().fold(false, |found, b| found | special(b)))
}

/// As much of a text as a cell holds.
fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    // A unit takes a byte at least.
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return text;
    }
    let mut left = LONGEST - CUT.len();
    let fits = |c: &char| {
        left = left.saturating_sub(c.len_utf16());
        left > 0
    };
    Cow::Owned(text.chars().take_while(fits).chain(CUT.chars()).collect())
}

/// The text with an apostrophe wherever a cell could begin and would run.
fn defuse(text: &str) -> Cow<'_, str> {
    let pieces = || text.split_inclusive(is_separator);
    if is_negative_number(text) || !pieces().any(runs) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 4);
    for piece in pieces() {
        if runs(piece) {
            safe.push('\'');
        }
        safe.push_str(piece);
    }
    Cow::Owned(safe)
}

/// What some spreadsheet, somewhere, may split a line at.
fn is_separator(c: char) -> bool {
    matches!(c, ';' | '\t' | '\r' | '\n')
}

/// Whether a cell that begins like this would be taken for a formula, or for a control character that hides one.
fn runs(piece: &str) -> bool {
    let seen = piece.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c) || c == '"');
    let sigil = seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    sigil || piece.starts_with(['\t', '\r'])
}

/// Characters without a width that a program may drop before it looks at a cell.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{ad}')
}

/// `-12.50`, `-3e-7`. A leading plus is no number here: it is how telephone numbers begin.
fn is_negative_number(cell: &str) -> bool {
    let Some(rest) = cell.strip_prefix('-') else { return false };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).map_or((rest, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case("Ada", "Ada")]
    #[case("-12.50", "-12.50")]
    #[case("-3e-7", "-3e-7")]
    #[case("12", "12")]
    #[case("a=b", "a=b")]
    #[case("o'neill@example.com", "o'neill@example.com")]
    #[case("=1+1", "'=1+1")]
    #[case("+49301234", "'+49301234")]
    #[case("-2+3", "'-2+3")]
    #[case("--5", "'--5")]
    #[case("@SUM(A1)", "'@SUM(A1)")]
    #[case("＝1+1", "'＝1+1")]
    #[case("＠x", "'＠x")]
    #[case("  =1", "'  =1")]
    #[case("\u{200b}=1", "'\u{200b}=1")]
    #[case("\"=1", "'\"=1")]
    #[case("x;=cmd()", "x;'=cmd()")]
    #[case("x\n=cmd()", "x\n'=cmd()")]
    #[case("\t=1", "'\t'=1")]
    #[case("\rx", "'\rx")]
    #[case("1;-5;2", "1;'-5;2")]
    #[case("[held, not disclosed]", "[held, not disclosed]")]
    fn a_cell_that_would_run_is_defused(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(defuse(text), expected);
    }

    #[test]
    fn null_and_empty_look_the_same() {
        let mut lines = Lines::new();
        line(&mut lines, [Cell::Null, Cell::Text(""), Cell::Text("x;y"), Cell::Withheld].into_iter());
        let out = lines.written();
        assert_eq!(out, ",,\"x;y\",[withheld: another person]\r\n");
    }

    #[test]
    fn a_cell_ends_where_a_spreadsheet_would_begin_another() {
        let written = |text: &str| {
            let mut out = Lines::new();
            line(&mut out, [Cell::Text(text)].into_iter());
            out.written().trim_end().to_owned()
        };
        let whole = "x".repeat(LONGEST);
        assert_eq!(written(&whole), whole);
        let hides = format!("{whole}=cmd()");
        assert!(written(&hides).ends_with("xx [cut here: the whole is in data/]"));
        assert!(written(&hides).len() <= LONGEST);
        let faces = "🙂".repeat(LONGEST / 2);
        assert_eq!(written(&faces), faces, "two units each, and four bytes");
        assert!(written(&format!("{faces}🙂")).encode_utf16().count() <= LONGEST);
    }

    fn dangerous(field: &str) -> bool {
        let seen = field.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        let first = field.split([',', '"']).next().unwrap_or_default();
        seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) && !is_negative_number(first)
    }

    proptest! {
        #[test]
        fn however_it_is_split_no_cell_runs(cells in prop::collection::vec("[=+@a1\"; ,\t\r\n|＝-]{0,10}", 1..5)) {
            let mut lines = Lines::new();
            line(&mut lines, cells.iter().map(|c| Cell::Text(c)));
            let out = lines.written();
            for delimiter in [b',', b';', b'\t'] {
                let mut reader = ::csv::ReaderBuilder::new();
                let reader = reader.has_headers(false).flexible(true).delimiter(delimiter);
                for record in reader.from_reader(out.as_bytes()).records() {
                    for field in record.unwrap().iter() {
                        prop_assert!(!dangerous(field), "{:?} split at {:?} in {:?}", field, delimiter as char, out);
                    }
                }
            }
        }
    }
}

//! Dates and moments as a program reads them that knows nothing of the database they come from.

use chrono::NaiveDate;

/// Whether the text is a day of the years 1 to 9999: `2026-11-22`.
pub(super) fn is_date(text: &str) -> bool {
    let number = |part: &[u8]| {
        let digits = part.len() <= 4 && part.iter().all(u8::is_ascii_digit);
        digits.then(|| part.iter().fold(0_u16, |n, b| n * 10 + u16::from(b - b'0')))
    };
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return false };
    let (4, Some(year @ 1..), Some(month), Some(day)) = (y.len(), number(y), number(&[*m1, *m2]), number(&[*d1, *d2]))
    else {
        return false;
    };
    NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day)).is_some()
}

/// Whether the text is a moment of such a day, with or without seconds, parts of them and an offset from UTC.
pub(super) fn is_moment(text: &str) -> bool {
    let Some((day, time)) = text.split_at_checked(10) else { return false };
    let Some(time) = time.strip_prefix([' ', 'T']) else { return false };
    let clock = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    is_date(day) && is_clock(&time[..clock]) && is_offset(&time[clock..])
}

/// `10:15`, `10:15:00`, `10:15:00.25`
fn is_clock(text: &str) -> bool {
    let (whole, parts) = text.split_once('.').map_or((text, None), |(whole, parts)| (whole, Some(parts)));
    let parts_are_digits = parts.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    match whole.as_bytes() {
        [h1, h2, b':', m1, m2] => parts.is_none() && below(24, *h1, *h2) && below(60, *m1, *m2),
        [h1, h2, b':', m1, m2, b':', s1, s2] => {
            parts_are_digits && below(24, *h1, *h2) && below(60, *m1, *m2) && below(60, *s1, *s2)
        }
        _ => false,
    }
}

/// Nothing, `Z`, `+02`, `+0200`, `+02:00`
fn is_offset(text: &str) -> bool {
    match text.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', h1, h2] => below(24, *h1, *h2),
        [b'+' | b'-', h1, h2, m1, m2] | [b'+' | b'-', h1, h2, b':', m1, m2] => {
            below(24, *h1, *h2) && below(60, *m1, *m2)
        }
        _ => false,
    }
}

fn below(most: u8, tens: u8, ones: u8) -> bool {
    tens.is_ascii_digit() && ones.is_ascii_digit() && (tens - b'0') * 10 + (ones - b'0') < most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("2026-11-22", true)]
    #[case("0001-01-01", true)]
    #[case("0000-01-01", false)]
    #[case("2026-02-29", false)]
    #[case("2024-02-29", true)]
    #[case("2026-1-1", false)]
    #[case("26-11-22", false)]
    #[case("2026-11-22 ", false)]
    #[case("infinity", false)]
    #[case("0044-03-15 BC", false)]
    #[case("", false)]
    fn a_day_is_told_from_what_looks_like_one(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_date(text), expected);
    }

    #[rstest::rstest]
    #[case("2026-03-01 10:00:00.123456+00", true)]
    #[case("2026-03-01T10:00:00Z", true)]
    #[case("2026-03-01 10:00", true)]
    #[case("2026-03-01 10:00:00+05:30", true)]
    #[case("2026-03-01 10:00:00-0330", true)]
    #[case("2026-03-01 24:00:00", false)]
    #[case("2026-03-01 10:00:60", false)]
    #[case("2026-03-01 10:00:00.", false)]
    #[case("2026-03-01 10:00.5", false)]
    #[case("2026-03-01", false)]
    #[case("2026-03-01 ", false)]
    #[case("0000-00-00 00:00:00", false)]
    #[case("0044-03-15 12:00:00 BC", false)]
    #[case("2026-03-0é 10:00", false)]
    #[case("-infinity", false)]
    #[case("1700000000", false)]
    fn a_moment_is_told_from_what_looks_like_one(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_moment(text), expected);
    }
}

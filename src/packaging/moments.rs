//! Dates and moments as a program reads them that knows nothing of the database they come from.

/// Whether the text is a day of the years 1 to 9999: `2026-11-22`.
pub(super) fn is_date(text: &str) -> bool {
    text.as_bytes().try_into().is_ok_and(is_day)
}

/// Whether the text is a moment of such a day, with or without seconds, parts of them and an offset from UTC.
pub(super) fn is_moment(text: &str) -> bool {
    let Some((day, [b' ' | b'T', clock @ ..])) = text.as_bytes().split_first_chunk() else { return false };
    let Some(([h1, h2, b':', m1, m2], rest)) = clock.split_first_chunk() else { return false };
    let (seconds, offset) = match rest {
        [b':', s1, s2, rest @ ..] => (below(60, *s1, *s2), behind_parts(rest)),
        _ => (true, Some(rest)),
    };
    is_day(day) && below(24, *h1, *h2) && below(60, *m1, *m2) && seconds && offset.is_some_and(is_offset)
}

/// What stands behind the parts of a second, if there are any; `None` where they have no digit.
fn behind_parts(text: &[u8]) -> Option<&[u8]> {
    let [b'.', parts @ ..] = text else { return Some(text) };
    let digits = parts.iter().take_while(|b| b.is_ascii_digit()).count();
    (digits > 0).then(|| &parts[digits..])
}

/// Nothing, `Z`, `+02`, `+0200`, `+02:00`
fn is_offset(text: &[u8]) -> bool {
    match text {
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

fn is_day(text: &[u8; 10]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return false };
    if ![y1, y2, y3, y4, m1, m2, d1, d2].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
    let (year, month, day) = (number(y1, y2) * 100 + number(y3, y4), number(m1, m2), number(d1, d2));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day)
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

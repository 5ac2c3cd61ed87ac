//! The date of Easter, Western and Orthodox, on the Gregorian calendar, for any year a deadline can fall in.

use chrono::{Days, NaiveDate};

/// Easter Sunday of the Western churches (the anonymous Gregorian algorithm, as Meeus gives it).
pub fn western(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    date(year, n)
}

/// Easter Sunday of the Orthodox churches, from the Julian reckoning (Meeus).
pub fn orthodox(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year.rem_euclid(4), year.rem_euclid(7), year.rem_euclid(19));
    let d = (19 * c + 15) % 30;
    let e = (2 * a + 4 * b - d + 34) % 7;
    let julian = date(year, d + e + 114)?;
    // How far the Julian calendar lags behind after February of the year: 13 days from 1900 to 2099.
    let lag = year.div_euclid(100) - year.div_euclid(400) - 2;
    julian.checked_add_days(Days::new(u64::try_from(lag).ok()?))
}

/// Both algorithms end in `31 × month + day − 1`.
fn date(year: i32, n: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(1961, "1961-04-02", "1961-04-09")]
    #[case(2000, "2000-04-23", "2000-04-30")]
    #[case(2024, "2024-03-31", "2024-05-05")]
    #[case(2025, "2025-04-20", "2025-04-20")]
    #[case(2026, "2026-04-05", "2026-04-12")]
    #[case(2027, "2027-03-28", "2027-05-02")]
    #[case(2038, "2038-04-25", "2038-04-25")]
    #[case(2100, "2100-03-28", "2100-05-02")]
    fn easter_is_when_the_churches_keep_it(#[case] year: i32, #[case] west: &str, #[case] east: &str) {
        assert_eq!(western(year).unwrap().to_string(), west);
        assert_eq!(orthodox(year).unwrap().to_string(), east);
    }
}

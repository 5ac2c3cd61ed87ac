//! National numbers that are known by a check digit and by one thing more: how they are divided, the date of birth in
//! them, or a word beside them. Each rule is the one that the authority who gives the number out describes.

use super::check_digits::{iso_11_10, luhn, weighted};
use super::numbers::{Candidate, fits};

/// Whether two digits are a day and two a month.
fn date(day: &[u8], month: &[u8]) -> bool {
    let two = |digits: &[u8]| digits[0] * 10 + digits[1];
    (1..=31).contains(&two(day)) && (1..=12).contains(&two(month))
}

/// What a number of digits alone is.
pub(super) fn of_digits(it: &Candidate<'_>, digits: &[u8]) -> Option<&'static str> {
    match digits.len() {
        9 => nine(it, digits),
        10 => ten(it, digits),
        11 => eleven(it, digits),
        12 => twelve(it, digits),
        13 => thirteen(it, digits),
        15 if digits.starts_with(&[7, 8, 4])
            && matches!(digits[3..5], [1, 9] | [2, 0])
            && luhn(digits)
            && matches!(it.shape, [15] | [3, 4, 7, 1]) =>
        {
            Some("Emirates ID")
        }
        _ => None,
    }
}

fn nine(it: &Candidate<'_>, digits: &[u8]) -> Option<&'static str> {
    let rest = || match weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    if is_itin(digits) && it.shape == [3, 2, 4] && it.separators == b"--" {
        return Some("US ITIN");
    }
    if weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == u32::from(digits[8])
        && it.hears(&["bsn", "burgerservice"])
    {
        return Some("Dutch BSN");
    }
    if weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && it.hears(&["tfn", "tax file"]) {
        return Some("Australian TFN");
    }
    (rest() == u32::from(digits[8]) && it.hears(&["nif", "contribuinte"])).then_some("Portuguese NIF")
}

/// Groups that the US tax authority gives out to whoever has no social security number.
fn is_itin(digits: &[u8]) -> bool {
    digits[0] == 9 && matches!(digits[3] * 10 + digits[4], 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn ten(it: &Candidate<'_>, digits: &[u8]) -> Option<&'static str> {
    // Many an order has a number of a date, a hyphen and four digits, so these two need their word.
    if luhn(digits) && born_in_sweden(digits) && it.hears(&SWEDISH) {
        return Some("Swedish personal number");
    }
    if date(&digits[..2], &digits[2..4]) && it.hears(&["cpr", "cprnr"]) {
        return Some("Danish CPR number");
    }
    if weighted(digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(digits[3])
        && digits[0] != 0
        && date(&digits[4..6], &digits[6..8])
        && (it.shape == [4, 6] || it.hears(&["svnr", "sozialversicherung"]))
    {
        return Some("Austrian insurance number");
    }
    if weighted(&digits[..9], &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == u32::from(digits[9]) && it.hears(&["egn"]) {
        return Some("Bulgarian EGN");
    }
    if weighted(&digits[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(digits[8])
        && matches!(digits[0], 2..=6)
        && it.hears(&["medicare"])
    {
        return Some("Australian Medicare number");
    }
    let nhs = weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11);
    (nhs && it.hears(&["nhs"])).then_some("UK NHS number")
}

const SWEDISH: [&str; 4] = ["personnummer", "personnr", "pnr", "personal number"];

/// Year, month and day; a day and sixty is that of a coordination number.
fn born_in_sweden(digits: &[u8]) -> bool {
    let day = if digits[4] >= 6 { [digits[4] - 6, digits[5]] } else { [digits[4], digits[5]] };
    date(&day, &digits[2..4])
}

fn eleven(it: &Candidate<'_>, digits: &[u8]) -> Option<&'static str> {
    if is_norwegian(digits) && (it.shape == [6, 5] || it.hears(&["fodselsnummer", "fødselsnummer", "fnr"])) {
        return Some("Norwegian identity number");
    }
    if weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10) && it.hears(&["pesel"]) {
        return Some("Polish PESEL");
    }
    if is_belgian(digits)
        && (it.shape == [2, 2, 2, 3, 2] || it.hears(&["rijksregister", "registre national", "niss", "insz"]))
    {
        return Some("Belgian national number");
    }
    if iso_11_10(digits) && it.hears(&["oib"]) {
        return Some("Croatian OIB");
    }
    (is_baltic(digits) && it.hears(&["isikukood", "asmens kodas"])).then_some("Estonian or Lithuanian personal code")
}

fn is_norwegian(digits: &[u8]) -> bool {
    let first = weighted(&digits[..10], &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    date(&digits[..2], &digits[2..4]) && first.is_multiple_of(11) && second.is_multiple_of(11)
}

/// Who was born from 2000 on has a two before the nine digits that are checked.
fn is_belgian(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0_u64, |n, d| n * 10 + u64::from(*d));
    let (body, check) = (number(&digits[..9]), number(&digits[9..]));
    [body, body + 2_000_000_000].iter().any(|body| 97 - body % 97 == check)
}

fn is_baltic(digits: &[u8]) -> bool {
    let check = match weighted(&digits[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weighted(&digits[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        check => check,
    };
    date(&digits[5..7], &digits[3..5]) && check == u32::from(digits[10])
}

fn twelve(it: &Candidate<'_>, digits: &[u8]) -> Option<&'static str> {
    let swedish = luhn(&digits[2..]) && matches!(digits[..2], [1, 9] | [2, 0]) && born_in_sweden(&digits[2..]);
    if swedish && ((it.shape == [8, 4] && digits[0] == 1) || it.hears(&SWEDISH)) {
        return Some("Swedish personal number");
    }
    let check = match weighted(&digits[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    let japanese = check == u32::from(digits[11]);
    (japanese && it.hears(&["my number", "mynumber", "マイナンバー", "個人番号"])).then_some("Japanese My Number")
}

fn thirteen(it: &Candidate<'_>, digits: &[u8]) -> Option<&'static str> {
    // Year, month and day; then four digits, and whether a citizen.
    if luhn(digits)
        && date(&digits[4..6], &digits[2..4])
        && digits[10] < 2
        && it.hears(&["id number", "id no", "identity number", "rsa id", "sa id"])
    {
        return Some("South African identity number");
    }
    let check = weighted(&digits[..12], &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let romanian = if check == 10 { 1 } else { check } == u32::from(digits[12]);
    (romanian && it.hears(&["cnp", "cod numeric"])).then_some("Romanian CNP")
}

/// What a number with letters in it is.
pub(super) fn with_letters(it: &Candidate<'_>) -> Option<&'static str> {
    match it.signs.len() {
        10 if it.shape == [6, 4] && it.separators == b"-" && is_finnish(&it.signs[..6], &it.signs[6..]) => {
            Some("Finnish personal identity code")
        }
        11 if it.shape.len() == 1
            && b"ABCDEFUVWXY".contains(&it.signs[6])
            && is_finnish(&it.signs[..6], &it.signs[7..]) =>
        {
            Some("Finnish personal identity code")
        }
        12 if matches!(it.shape, [12] | [2, 6, 1, 3] | [8, 1, 3] | [2, 6, 4]) && is_german_pension(it.signs) => {
            Some("German pension insurance number")
        }
        _ => None,
    }
}

/// Day, month and year, three digits, and the sign that the remainder by 31 names.
fn is_finnish(born: &[u8], rest: &[u8]) -> bool {
    const SIGNS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let digit = |b: &u8| b.wrapping_sub(b'0');
    if !fits(born, "999999") || !fits(rest, "999*") {
        return false;
    }
    let born: Vec<u8> = born.iter().map(digit).collect();
    let number = born.iter().copied().chain(rest[..3].iter().map(digit)).fold(0, |n, d| n * 10 + usize::from(d));
    date(&born[..2], &born[2..4]) && SIGNS[number % 31] == rest[3]
}

/// Office, day, month and year, the first letter of the name at birth, two digits, and the last of the sum of the
/// products' digits.
fn is_german_pension(signs: &[u8]) -> bool {
    if !fits(signs, "99999999A999") {
        return false;
    }
    let letter = signs[8] - b'A' + 1;
    let digit = |b: &u8| b - b'0';
    let digits = signs[..8].iter().map(digit).chain([letter / 10, letter % 10]).chain(signs[9..11].iter().map(digit));
    let products = digits.zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1_u8]).map(|(digit, weight)| digit * weight);
    let sum: u32 = products.map(|product| u32::from(product / 10 + product % 10)).sum();
    let born = [digit(&signs[2]) % 5, digit(&signs[3])];
    date(&born, &[digit(&signs[4]), digit(&signs[5])]) && sum % 10 == u32::from(digit(&signs[11]))
}

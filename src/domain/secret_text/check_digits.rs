//! The arithmetic by which numbers prove themselves: each check fails for most numbers that are not what they seem.

/// ISO/IEC 7812-1: cards, and Canada's social insurance numbers.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, d)| doubled(u32::from(*d), at % 2 == 1)).sum();
    sum.is_multiple_of(10)
}

fn doubled(digit: u32, double: bool) -> u32 {
    match digit * 2 {
        _ if !double => digit,
        twice if twice > 9 => twice - 9,
        twice => twice,
    }
}

/// MOD 11,10 and the rule that among the first ten digits exactly one stands twice or three times: Germany's tax number.
pub(super) fn steuer_id(digits: &[u8]) -> bool {
    let mut counts = [0; 10];
    digits[..10].iter().for_each(|d| counts[usize::from(*d)] += 1);
    let repeated: Vec<u8> = counts.into_iter().filter(|n| *n > 1).collect();
    digits[0] != 0 && matches!(repeated[..], [2 | 3]) && iso_11_10(digits)
}

/// ISO/IEC 7064, MOD 11,10.
pub(super) fn iso_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let mut product = 10;
    for digit in body {
        let sum = (u32::from(*digit) + product) % 10;
        product = (if sum == 0 { 10 } else { sum } * 2) % 11;
    }
    (11 - product) % 10 == u32::from(*check)
}

/// The sum of the digits, each times its weight.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

/// Two weighted sums modulo 11: Brazil's CPF. Eleven equal digits pass the sums and are none.
pub(super) fn cpf(digits: &[u8]) -> bool {
    let check = |n: usize| {
        let weights = (2..=n as u32 + 1).rev();
        let sum: u32 = digits[..n].iter().zip(weights).map(|(d, w)| u32::from(*d) * w).sum();
        sum * 10 % 11 % 10
    };
    digits.iter().any(|d| *d != digits[0]) && check(9) == u32::from(digits[9]) && check(10) == u32::from(digits[10])
}

/// Verhoeff's check over the dihedral group of order ten: India's Aadhaar.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    /// What each position permutes a digit to; the row repeats after eight.
    const FIRST: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted = |digit: u8, times: usize| (0..times).fold(digit, |d, _| FIRST[usize::from(d)]);
    let all = digits.iter().rev().enumerate();
    all.fold(0, |check, (at, digit)| dihedral(check, permuted(*digit, at % 8))) == 0
}

/// The group's product: 0 to 4 turn, 5 to 9 turn and mirror.
fn dihedral(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Thirteen digits weighted 1 and 3: Switzerland's insurance number.
pub(super) fn ean13(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().enumerate().map(|(at, d)| u32::from(*d) * if at % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10)
}

/// 97 less the remainder: France's NIR. Departments 2A and 2B count as 19 and 18.
pub(super) fn nir(text: &[u8]) -> bool {
    let body: String = match &text[5..7] {
        b"2A" => [&text[..5], b"19", &text[7..13]].concat(),
        b"2B" => [&text[..5], b"18", &text[7..13]].concat(),
        _ => text[..13].to_vec(),
    }
    .into_iter()
    .map(char::from)
    .collect();
    let key = std::str::from_utf8(&text[13..15]).ok().and_then(|key| key.parse::<u64>().ok());
    body.parse::<u64>().is_ok_and(|body| Some(97 - body % 97) == key)
}

/// The letter that the number's remainder by 23 names: Spain's DNI, and NIE with its first letter as a digit.
pub(super) fn dni(text: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let first = match text[0] {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        digit => digit,
    };
    let digits = std::iter::once(&first).chain(&text[1..8]);
    let number = digits.fold(0_usize, |n, d| n * 10 + usize::from(d.wrapping_sub(b'0') % 10));
    LETTERS[number % 23] == text[8]
}

/// Letters and digits weighted by odd and even place: Italy's codice fiscale.
pub(super) fn codice_fiscale(text: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let rank = |b: u8| usize::from(if b.is_ascii_digit() { b - b'0' } else { b.wrapping_sub(b'A') % 26 });
    let weight = |(at, b): (usize, &u8)| if at % 2 == 0 { ODD[rank(*b)] } else { rank(*b) as u32 };
    let sum: u32 = text[..15].iter().enumerate().map(weight).sum();
    sum % 26 == u32::from(text[15].wrapping_sub(b'A'))
}

/// A weighted sum modulo 11, then a letter by series: Singapore's NRIC and FIN.
pub(super) fn nric(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 7] = [2, 7, 6, 5, 4, 3, 2];
    let sum: u32 = text[1..8].iter().zip(WEIGHTS).map(|(d, w)| u32::from(d.wrapping_sub(b'0') % 10) * w).sum();
    let (offset, letters): (u32, &[u8; 11]) = match text[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => return false,
    };
    letters[(sum + offset) as usize % 11] == text[8]
}

/// ISO 7064 MOD 97-10 over letters as two digits: an IBAN.
pub(super) fn iban(text: &[u8]) -> bool {
    let turned = text[4..].iter().chain(&text[..4]);
    let remainder = turned.fold(0_u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.wrapping_sub(b'A')) % 26 + 10) % 97,
    });
    remainder == 1
}

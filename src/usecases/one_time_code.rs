//! One-time codes by time (RFC 6238): six digits that change every thirty seconds, as authenticator apps show them.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

/// How many bytes a secret has: as many as SHA-1 gives (RFC 4226 section 4, R6).
pub const SECRET_BYTES: usize = 20;

/// How long one code lasts, in seconds.
const STEP: i64 = 30;

/// How many steps a telephone's clock may be ahead or behind (RFC 6238 section 5.2).
const DRIFT: i64 = 1;

/// The step to which a code belongs, if it is one of these moments and of a later step than `after`: a code that was
/// taken is taken once, and none before it any more. All candidates are compared, in constant time.
pub fn step_of(secret: &[u8], code: &SecretString, now: DateTime<Utc>, after: i64) -> Option<i64> {
    let given: String = code.expose_secret().chars().filter(|c| !c.is_whitespace()).collect();
    let current = now.timestamp() / STEP;
    let mut found = None;
    for step in current - DRIFT..=current + DRIFT {
        let right = verify_slices_are_equal(code_at(secret, step).as_bytes(), given.as_bytes()).is_ok();
        if right && step > after {
            found = Some(step);
        }
    }
    found
}

/// The secret as an app takes it by hand: base32 without padding (RFC 4648 section 6).
pub fn base32(secret: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(secret.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in secret {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[(bits >> held & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - held) & 31) as usize]));
    }
    text
}

/// The secret as an app takes it from a QR code.
pub fn uri(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    let secret = base32(secret);
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}")
}

/// HMAC-SHA1, because that is what every app has (RFC 6238 section 1.2); a MAC does not need SHA-1 to be collision
/// resistant.
fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 15);
    let word = [tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]];
    format!("{:06}", u32::from_be_bytes(word) % 1_000_000)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[rstest::rstest]
    #[case(59, "287082")]
    #[case(1_111_111_109, "081804")]
    #[case(1_111_111_111, "050471")]
    #[case(1_234_567_890, "005924")]
    #[case(2_000_000_000, "279037")]
    #[case(20_000_000_000, "353130")]
    fn the_vectors_of_the_rfc_hold(#[case] seconds: i64, #[case] code: &str) {
        assert_eq!(code_at(SECRET, seconds / STEP), code);
        assert_eq!(step_of(SECRET, &code.into(), at(seconds), 0), Some(seconds / STEP));
    }

    #[rstest::rstest]
    #[case(0, true)]
    #[case(29, true)]
    #[case(-30, true)]
    #[case(60, false)]
    #[case(-60, false)]
    fn a_clock_may_be_half_a_minute_off(#[case] off: i64, #[case] taken: bool) {
        let code = code_at(SECRET, 1_000).into();
        assert_eq!(step_of(SECRET, &code, at(30_000 + off), 0).is_some(), taken);
    }

    #[test]
    fn a_code_is_taken_once() {
        let code = code_at(SECRET, 1_000).into();
        let step = step_of(SECRET, &code, at(30_000), 0).unwrap();
        assert_eq!(step_of(SECRET, &code, at(30_001), step), None);
        assert_eq!(step_of(SECRET, &"28 70 82".into(), at(59), 0), Some(1), "spaces are for the eye");
        assert_eq!(step_of(SECRET, &"".into(), at(59), 0), None);
    }

    /// RFC 4648, section 10.
    #[rstest::rstest]
    #[case("", "")]
    #[case("f", "MY")]
    #[case("fo", "MZXQ")]
    #[case("foo", "MZXW6")]
    #[case("foob", "MZXW6YQ")]
    #[case("fooba", "MZXW6YTB")]
    #[case("foobar", "MZXW6YTBOI")]
    fn base32_is_that_of_the_rfc(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(base32(text.as_bytes()), expected);
    }

    #[test]
    fn an_app_can_read_the_uri() {
        insta::assert_snapshot!(
            uri("privacy.shop.example", "olga+x@shop.example", SECRET),
            @"otpauth://totp/privacy.shop.example:olga%2Bx%40shop.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=privacy.shop.example&algorithm=SHA1&digits=6&period=30"
        );
    }
}

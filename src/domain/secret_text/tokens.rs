//! Hashes, private keys and tokens announce themselves: each has a beginning that nothing else has.

use super::{Found, Secret};

/// How far a secret reaches behind its beginning.
enum Reach {
    /// To the next blank, quote or bracket; at least so many bytes in all.
    Word(usize),
    /// Exactly so many capitals and digits more, and then none.
    Capitals(usize),
    /// At least so many letters, digits, `_` and `-` more.
    Tail(usize),
    /// Three parts with points between.
    Jwt,
    /// To the end line of the key.
    Pem,
}

/// Beginnings as their makers document them.
const KNOWN: &[(&str, Reach, Secret)] = &[
    ("$2$", Reach::Word(59), Secret::PasswordHash),
    ("$2a$", Reach::Word(59), Secret::PasswordHash),
    ("$2b$", Reach::Word(59), Secret::PasswordHash),
    ("$2x$", Reach::Word(59), Secret::PasswordHash),
    ("$2y$", Reach::Word(59), Secret::PasswordHash),
    ("$argon2", Reach::Word(30), Secret::PasswordHash),
    ("$pbkdf2", Reach::Word(30), Secret::PasswordHash),
    ("$scrypt$", Reach::Word(30), Secret::PasswordHash),
    ("$1$", Reach::Word(24), Secret::PasswordHash),
    ("$5$", Reach::Word(40), Secret::PasswordHash),
    ("$6$", Reach::Word(80), Secret::PasswordHash),
    ("$7$", Reach::Word(40), Secret::PasswordHash),
    ("$y$", Reach::Word(40), Secret::PasswordHash),
    ("$gy$", Reach::Word(40), Secret::PasswordHash),
    ("$apr1$", Reach::Word(36), Secret::PasswordHash),
    ("$sha1$", Reach::Word(36), Secret::PasswordHash),
    ("$P$", Reach::Word(34), Secret::PasswordHash),
    ("$H$", Reach::Word(34), Secret::PasswordHash),
    ("$S$", Reach::Word(55), Secret::PasswordHash),
    ("sha1$", Reach::Word(46), Secret::PasswordHash),
    ("pbkdf2_sha", Reach::Word(40), Secret::PasswordHash),
    ("bcrypt_sha256$", Reach::Word(60), Secret::PasswordHash),
    ("scrypt:", Reach::Word(60), Secret::PasswordHash),
    ("AQAAAAEAACcQ", Reach::Word(80), Secret::PasswordHash),
    ("AQAAAAIAAYag", Reach::Word(80), Secret::PasswordHash),
    ("{SHA", Reach::Word(33), Secret::PasswordHash),
    ("{MD5}", Reach::Word(29), Secret::PasswordHash),
    ("{SMD5}", Reach::Word(30), Secret::PasswordHash),
    ("{CRYPT}", Reach::Word(20), Secret::PasswordHash),
    ("{SSHA", Reach::Word(30), Secret::PasswordHash),
    ("{PBKDF2", Reach::Word(30), Secret::PasswordHash),
    ("-----BEGIN ", Reach::Pem, Secret::PrivateKey),
    ("AKIA", Reach::Capitals(16), Secret::AccessToken),
    ("ASIA", Reach::Capitals(16), Secret::AccessToken),
    ("AIza", Reach::Tail(35), Secret::AccessToken),
    ("ghp_", Reach::Tail(36), Secret::AccessToken),
    ("gho_", Reach::Tail(36), Secret::AccessToken),
    ("ghu_", Reach::Tail(36), Secret::AccessToken),
    ("ghs_", Reach::Tail(36), Secret::AccessToken),
    ("ghr_", Reach::Tail(36), Secret::AccessToken),
    ("github_pat_", Reach::Tail(40), Secret::AccessToken),
    ("glpat-", Reach::Tail(20), Secret::AccessToken),
    ("sk_live_", Reach::Tail(16), Secret::AccessToken),
    ("rk_live_", Reach::Tail(16), Secret::AccessToken),
    ("sk_test_", Reach::Tail(16), Secret::AccessToken),
    ("sk-", Reach::Tail(40), Secret::AccessToken),
    ("xoxb-", Reach::Tail(20), Secret::AccessToken),
    ("xoxp-", Reach::Tail(20), Secret::AccessToken),
    ("xoxa-", Reach::Tail(20), Secret::AccessToken),
    ("xoxs-", Reach::Tail(20), Secret::AccessToken),
    ("xapp-", Reach::Tail(20), Secret::AccessToken),
    ("npm_", Reach::Tail(36), Secret::AccessToken),
    ("pypi-", Reach::Tail(60), Secret::AccessToken),
    ("hf_", Reach::Tail(30), Secret::AccessToken),
    ("shpat_", Reach::Tail(32), Secret::AccessToken),
    ("whsec_", Reach::Word(38), Secret::AccessToken),
    ("ya29.", Reach::Word(40), Secret::AccessToken),
    ("GOCSPX-", Reach::Tail(20), Secret::AccessToken),
    ("SG.", Reach::Word(60), Secret::AccessToken),
    ("AGE-SECRET-KEY-", Reach::Tail(58), Secret::PrivateKey),
    ("eyJ", Reach::Jwt, Secret::AccessToken),
];

/// For each of the first three bytes, the groups of beginnings that have it there: a bit each. Few places of a text have a
/// group in all three.
pub(super) const GROUPS: [[u8; 256]; 3] = {
    let mut groups = [[0; 256]; 3];
    let mut at = 0;
    while at < KNOWN.len() {
        let beginning = KNOWN[at].0.as_bytes();
        let mut place = 0;
        while place < 3 {
            // Neighbours in the list are alike, so they share a group.
            groups[place][beginning[place] as usize] |= 1 << (at * 8 / KNOWN.len());
            place += 1;
        }
        at += 1;
    }
    groups
};

/// Stands in the title of each private key.
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// The first two parts of a JWT, a header and claims, have no fewer bytes each.
const LEAST_PART: usize = 10;

/// The bytes of the shortest of all.
const LEAST: usize = {
    let (mut least, mut at) = (usize::MAX, 0);
    while at < KNOWN.len() {
        let (beginning, reach, _) = &KNOWN[at];
        let bytes = match reach {
            Reach::Word(least) => *least,
            Reach::Capitals(more) | Reach::Tail(more) => beginning.len() + *more,
            Reach::Jwt => 2 * (LEAST_PART + 1),
            Reach::Pem => beginning.len() + PRIVATE_KEY.len(),
        };
        least = if bytes < least { bytes } else { least };
        at += 1;
    }
    least
};

/// Which of the beginnings stands at a place, where no word runs into it; there are three bytes at least.
fn known(text: &[u8], at: usize) -> Option<&'static (&'static str, Reach, Secret)> {
    // Most places end here: nothing begins so.
    let group = |place: usize| GROUPS[place][usize::from(text[at + place])];
    if group(0) & group(1) & group(2) == 0 {
        return None;
    }
    // What begins with a sign begins wherever it stands, as in `argon2$argon2id$`; a letter may be the end of an escape.
    let runs_in = |at: usize| text[at].is_ascii_alphanumeric() && !is_escape(text, at);
    if text[at].is_ascii_alphanumeric() && at > 0 && runs_in(at - 1) {
        return None;
    }
    KNOWN.iter().find(|(beginning, ..)| text[at..].starts_with(beginning.as_bytes()))
}

/// Whether the letter at a place is that of an escape, as the `n` of a line break in JSON.
fn is_escape(text: &[u8], at: usize) -> bool {
    matches!(text[at], b'b' | b'f' | b'n' | b'r' | b't') && at > 0 && text[at - 1] == b'\\'
}

/// All of them.
pub(super) fn find(text: &str) -> Vec<Found> {
    let (bytes, mut at, mut found) = (text.as_bytes(), 0, Vec::new());
    while at + LEAST <= bytes.len() {
        match known(bytes, at).and_then(|(beginning, reach, secret)| Some((end(text, at, beginning, reach)?, *secret)))
        {
            Some((end, secret)) => {
                found.push(Found { at: at..end, secret });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Where it ends; `None` when it only begins like one.
fn end(text: &str, at: usize, beginning: &str, reach: &Reach) -> Option<usize> {
    let bytes = text.as_bytes();
    let behind = at + beginning.len();
    let run = |from: usize, of: fn(&u8) -> bool| from + bytes[from..].iter().take_while(|b| of(b)).count();
    match reach {
        Reach::Word(least) => {
            let of_word =
                |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b')' | b']' | b'\\');
            let mut end = run(at, of_word);
            // Some write a slash in JSON as an escape.
            while bytes[end..].starts_with(b"\\/") {
                end = run(end + 2, of_word);
            }
            // The sentence goes on behind it.
            let end = at + text[at..end].trim_end_matches([',', '.', ';', ':', '!', '?']).len();
            (end - at >= *least).then_some(end)
        }
        Reach::Capitals(exactly) => {
            let end = run(behind, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
            let over = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
            (end - behind == *exactly && !over).then_some(end)
        }
        Reach::Tail(least) => {
            let end = run(behind, is_base64url);
            (end - behind >= *least).then_some(end)
        }
        Reach::Jwt => {
            let end = run(at, |b| is_base64url(b) || *b == b'.');
            let parts: Vec<&str> = text[at..end].split('.').collect();
            (parts.len() >= 3 && parts[..2].iter().all(|part| part.len() >= LEAST_PART)).then_some(end)
        }
        Reach::Pem => {
            let title = text[behind..].split("-----").next()?;
            if title.len() > 40 || !title.contains(PRIVATE_KEY) {
                return None;
            }
            let closing = format!("-----END {title}-----");
            // A key that was cut off is one still; in JSON its string ends with a quote.
            let cut = || text[behind..].find('"').map_or(text.len(), |quote| behind + quote);
            Some(text[behind..].find(&closing).map_or_else(cut, |found| behind + found + closing.len()))
        }
    }
}

fn is_base64url(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

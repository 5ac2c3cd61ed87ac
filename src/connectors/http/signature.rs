//! Messages between Habeas and a company's service are signed as Standard Webhooks says, in both directions.
//!
//! The signature is HMAC-SHA256 over `{id}.{timestamp}.{body}` under a secret that only the two sides know
//! (Standard Webhooks 1.0.0, "Signature scheme").

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

/// How many signatures of one message are looked at: a secret that is being replaced needs two.
const SIGNATURES: usize = 8;

/// How far the sender's clock may be off, and how long a signed message may be on its way.
pub const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// The secret that a service and Habeas share. Has no `Debug`.
pub struct SharedSecret(hmac::Key);

/// Why a text is no shared secret; repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is none: it needs the form whsec_ and 24 to 64 random bytes in base64")]
pub struct BadSecret;

/// What stands in the headers of a signed message.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `webhook-id`: the same at each attempt to deliver one message.
    pub id: &'a str,
    /// `webhook-timestamp`: of this attempt, in seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or several, apart by spaces.
    pub signature: &'a str,
}

impl SharedSecret {
    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// [`BadSecret`].
    pub fn parse(text: &SecretString) -> Result<Self, BadSecret> {
        let encoded = text.expose_secret().trim().strip_prefix("whsec_").ok_or(BadSecret)?;
        let bytes = zeroize::Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BadSecret)?);
        match bytes.len() {
            24..=64 => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))),
            _ => Err(BadSecret),
        }
    }

    /// The `webhook-signature` of a message.
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &content(id, &at.timestamp().to_string(), body));
        format!("v1,{}", STANDARD.encode(tag))
    }

    /// Whether the message is of whoever has the secret, and of these minutes. Compares in constant time.
    pub fn verifies(&self, signed: Signed<'_>, body: &[u8], now: DateTime<Utc>) -> bool {
        let sent = signed.timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        if sent.is_none_or(|sent| (now - sent).abs() > WINDOW) {
            return false;
        }
        // Signed once, however many signatures a stranger sends along.
        let ours = hmac::sign(&self.0, &content(signed.id, signed.timestamp, body));
        let sent = signed.signature.split(' ').take(SIGNATURES);
        let tags = sent.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        // Every one is looked at, so that the time does not tell which.
        tags.fold(false, |good, tag| good | verify_slices_are_equal(ours.as_ref(), &tag).is_ok())
    }
}

fn content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn secret() -> SharedSecret {
        SharedSecret::parse(&SECRET.into()).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// The vector that the libraries of Standard Webhooks are tested with.
    #[test]
    fn signs_as_the_standard_says() {
        let signature = secret().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at(1_614_265_330), br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[rstest::rstest]
    #[case::itself("a", "1000", 0, true)]
    #[case::after_five_minutes("a", "1000", 300, true)]
    #[case::replayed_later("a", "1000", 301, false)]
    #[case::from_the_future("a", "1000", -301, false)]
    #[case::of_another_message("b", "1000", 0, false)]
    #[case::of_another_time("a", "1001", 0, false)]
    #[case::without_a_time("a", "soon", 0, false)]
    fn a_message_is_taken_once_it_is_its_own(
        #[case] id: &str,
        #[case] timestamp: &str,
        #[case] later: i64,
        #[case] good: bool,
    ) {
        let signature = secret().sign("a", at(1000), b"{}");
        let signed = Signed { id, timestamp, signature: &signature };
        assert_eq!(secret().verifies(signed, b"{}", at(1000 + later)), good);
        assert!(!secret().verifies(signed, b"{ }", at(1000 + later)), "another body");
    }

    #[test]
    fn one_good_signature_of_several_is_enough_while_a_secret_is_replaced() {
        let good = secret().sign("a", at(1000), b"{}");
        let several = format!("v1,AAAA v2,{good} {good}");
        assert!(secret().verifies(Signed { id: "a", timestamp: "1000", signature: &several }, b"{}", at(1000)));
        let other = Signed { id: "a", timestamp: "1000", signature: "v1,AAAA" };
        assert!(!secret().verifies(other, b"{}", at(1000)));
    }

    #[rstest::rstest]
    #[case("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    #[case("whsec_short")]
    #[case("whsec_AAAA")]
    fn what_is_no_secret_is_refused_without_being_repeated(#[case] text: &str) {
        let error = SharedSecret::parse(&text.into()).err().unwrap();
        assert!(!error.to_string().contains(text));
    }

    #[test]
    fn the_signature_is_looked_for_among_a_few() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let good = secret().sign("msg_1", now, b"{}");
        let verifies = |before: usize| {
            let signature = format!("{}{good}", "v1,AAAA ".repeat(before));
            let signed = Signed { id: "msg_1", timestamp: "1700000000", signature: &signature };
            secret().verifies(signed, b"{}", now)
        };
        assert!(verifies(0) && verifies(SIGNATURES - 1));
        assert!(!verifies(SIGNATURES), "a stranger does not choose how long it takes");
    }
}

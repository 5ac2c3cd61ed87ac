//! Evidence that the requester is the person: what each kind proves, and the six-digit code as the first of them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How sure the controller is that the requester is the person; ordered.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing was shown.
    #[default]
    None,
    /// Control of the e-mail address.
    Email,
    /// A reasonable degree of certainty (11 CCR 7062(b)).
    Reasonable,
    /// A reasonably high degree of certainty (11 CCR 7062(c)).
    High,
}

/// One way of showing who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The code that was mailed came back.
    EmailCode,
    /// An agent whose authority was accepted answers for the person.
    AgentAttestation,
    /// The person confirmed by the link mailed to them that an agent acts for them.
    PersonConfirmation,
    /// A member of staff checked and answers for it.
    StaffCheck,
}

/// What is needed, what was reached, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Verification {
    /// The level that regime and policy ask for this right.
    pub required: Level,
    /// The level reached so far.
    pub reached: Level,
    /// By which methods.
    pub methods: Vec<Method>,
}

impl Verification {
    /// Nothing shown yet.
    pub fn required(required: Level) -> Self {
        Self { required, reached: Level::None, methods: Vec::new() }
    }

    /// Whether the person's control of the mailbox is still to be shown before anybody works on the request. What a
    /// higher level needs beyond it is for staff to see to in review.
    pub fn wants_code(&self) -> bool {
        self.required > Level::None && self.reached == Level::None
    }

    /// Whether the level needed is reached.
    pub fn complete(&self) -> bool {
        self.reached >= self.required
    }

    /// The same with one more piece of evidence.
    #[must_use]
    pub fn with(mut self, method: Method, level: Level) -> Self {
        if !self.methods.contains(&method) {
            self.methods.push(method);
        }
        self.reached = self.reached.max(level);
        self
    }
}

/// One mailed code, as much of it as is kept: the code itself is derived from `serial` under a secret key and stands
/// nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// What the current code is derived from; a new one for every code.
    pub serial: u64,
    /// Until when the current code is taken.
    pub expires_at: DateTime<Utc>,
    /// How many more tries the current code has.
    pub tries_left: u8,
    /// When codes were sent in the last day, the newest last.
    pub sent: Vec<DateTime<Utc>>,
    /// When the right code came; after that the challenge is done.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// Why no (further) code is sent or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The code is not the one that was sent.
    #[error("this is not the code that was sent; {tries_left} tries are left")]
    Wrong {
        /// How many more tries the code has.
        tries_left: u8,
    },
    /// The code's ten minutes are over.
    #[error("the code has expired; ask for another one")]
    Expired,
    /// The code was tried too often.
    #[error("the code was tried too often; ask for another one")]
    Exhausted,
    /// Too many codes were sent.
    #[error("too many codes were sent; the next can be sent in {} seconds", retry_after.num_seconds())]
    TooManySent {
        /// How long until another can be sent.
        retry_after: TimeDelta,
    },
    /// The right code came already.
    #[error("the address is already confirmed")]
    AlreadyConfirmed,
}

impl Challenge {
    /// How long a code is taken.
    pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
    /// How many tries a code has.
    pub const TRIES: u8 = 5;
    /// How many codes may be sent in ten minutes, and in a day.
    pub const SENDS: (usize, usize) = (3, 10);

    /// The first code.
    pub fn first(serial: u64, now: DateTime<Utc>) -> Self {
        Self { serial, expires_at: now + Self::LIFETIME, tries_left: Self::TRIES, sent: vec![now], confirmed_at: None }
    }

    /// Another code; the one before is void.
    ///
    /// # Errors
    /// When the address is confirmed or too many codes were sent.
    pub fn again(mut self, serial: u64, now: DateTime<Utc>) -> Result<Self, ChallengeError> {
        if self.confirmed_at.is_some() {
            return Err(ChallengeError::AlreadyConfirmed);
        }
        self.sent.retain(|at| now - *at < TimeDelta::days(1));
        for (most, window) in [(Self::SENDS.0, TimeDelta::minutes(10)), (Self::SENDS.1, TimeDelta::days(1))] {
            let recent: Vec<_> = self.sent.iter().filter(|at| now - **at < window).collect();
            if recent.len() >= most {
                return Err(ChallengeError::TooManySent { retry_after: window - (now - *recent[recent.len() - most]) });
            }
        }
        self.sent.push(now);
        Ok(Self { serial, expires_at: now + Self::LIFETIME, tries_left: Self::TRIES, ..self })
    }

    /// Takes a code that the requester typed; `right` says whether it is the one derived from `serial` (compared in
    /// constant time by the caller). Every try counts, the right one too.
    pub fn answer(mut self, right: bool, now: DateTime<Utc>) -> (Self, Result<(), ChallengeError>) {
        if self.confirmed_at.is_some() {
            return (self, Err(ChallengeError::AlreadyConfirmed));
        }
        if self.tries_left == 0 {
            return (self, Err(ChallengeError::Exhausted));
        }
        if now >= self.expires_at {
            return (self, Err(ChallengeError::Expired));
        }
        self.tries_left -= 1;
        if !right {
            let tries_left = self.tries_left;
            return (self, Err(ChallengeError::Wrong { tries_left }));
        }
        self.confirmed_at = Some(now);
        (self, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_code_has_five_tries_even_for_the_right_answer() {
        let mut challenge = Challenge::first(1, at(0));
        for left in (0..5).rev() {
            let (next, answer) = challenge.answer(false, at(1));
            assert_eq!(answer, Err(ChallengeError::Wrong { tries_left: left }));
            challenge = next;
        }
        assert_eq!(challenge.answer(true, at(2)).1, Err(ChallengeError::Exhausted));
    }

    #[rstest::rstest]
    #[case(599, Ok(()))]
    #[case(600, Err(ChallengeError::Expired))]
    fn a_code_lives_ten_minutes(#[case] after: i64, #[case] expected: Result<(), ChallengeError>) {
        assert_eq!(Challenge::first(1, at(0)).answer(true, at(after)).1, expected);
    }

    #[test]
    fn a_code_is_taken_once() {
        let (challenge, first) = Challenge::first(1, at(0)).answer(true, at(5));
        assert_eq!(first, Ok(()));
        assert_eq!(challenge.clone().answer(true, at(6)).1, Err(ChallengeError::AlreadyConfirmed));
        assert_eq!(challenge.again(2, at(7)), Err(ChallengeError::AlreadyConfirmed));
    }

    #[test]
    fn codes_are_sent_three_in_ten_minutes_and_ten_a_day() {
        let mut challenge = Challenge::first(0, at(0));
        let mut sent = 1;
        for second in 1..86_400 {
            if let Ok(next) = challenge.clone().again(second, at(second as i64)) {
                assert_eq!((next.tries_left, next.serial), (5, second));
                challenge = next;
                sent += 1;
            }
        }
        assert_eq!(sent, 10);
        let error = Challenge::first(0, at(0)).again(1, at(10)).unwrap().again(2, at(20)).unwrap().again(3, at(30));
        assert_eq!(error, Err(ChallengeError::TooManySent { retry_after: TimeDelta::seconds(570) }));
    }

    #[test]
    fn a_new_code_gives_new_tries_and_voids_the_old() {
        let (challenge, _) = Challenge::first(1, at(0)).answer(false, at(1));
        let next = challenge.again(2, at(2)).unwrap();
        assert_eq!((next.serial, next.tries_left, next.expires_at), (2, 5, at(602)));
    }
}

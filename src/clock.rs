//! The one place that reads the clock and draws randomness; everything else is given both as arguments.
#![allow(clippy::disallowed_methods)]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// The time, as the system tells it or as a test sets it.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that moves only by [`Clock::advance`].
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.timestamp_micros()))))
    }

    /// The moment, to the microsecond (what both stores keep).
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.0 {
            Source::System => Utc::now().timestamp_micros(),
            Source::Manual(at) => at.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).expect("a moment between the years -262143 and 262142")
    }

    /// Moves a manual clock; the system's clock does not move.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(at) = &self.0 {
            at.fetch_add(by.num_microseconds().unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

/// Counts identifiers of one millisecond up (RFC 9562 section 6.2, method 1).
static COUNTER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new identifier that sorts by `now`, and within this process by the order of making (UUID version 7, RFC 9562
/// section 5.7).
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(&COUNTER, seconds, now.timestamp_subsec_nanos()))
}

/// A moment to measure a while from, whatever is done to the system's clock meanwhile.
pub fn steady() -> Instant {
    Instant::now()
}

/// Fresh random bytes from the operating system's generator.
///
/// # Panics
/// When the operating system cannot give randomness; going on without it would be worse.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_by_hand_only() {
        let clock = Clock::manual(DateTime::from_timestamp(1_000_000, 0).unwrap());
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(TimeDelta::minutes(10));
        assert_eq!(clock.now() - before, TimeDelta::minutes(10));
    }

    #[test]
    fn identifiers_sort_by_time() {
        let clock = Clock::system();
        let early = new_id(clock.now() - TimeDelta::seconds(5));
        assert!(early < new_id(clock.now()));
        let now = clock.now();
        let many: Vec<_> = (0..1000).map(|_| new_id(now)).collect();
        assert!(many.is_sorted(), "also those of one moment");
    }
}

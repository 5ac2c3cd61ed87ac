//! Limits: nobody's mailbox is flooded with codes by somebody who types in their address.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Error, Office};
use crate::domain::identity::Email;
use crate::domain::ids::ControllerId;

/// How many submissions are taken from outside for one address at one controller; none is any number. What staff
/// enter is not counted, and what signals bring sends no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In an hour.
    pub per_hour: Option<u32>,
    /// In a day.
    pub per_day: Option<u32>,
}

impl Limits {
    /// Where mails reach a mailbox.
    pub const MAILBOX: Limits = Limits { per_hour: Some(20), per_day: Some(60) };
    /// Any number.
    pub const NONE: Limits = Limits { per_hour: None, per_day: None };

    /// How long until another submission is taken, if none is now; `sent` are the earlier ones, the newest first.
    fn wait(self, sent: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<TimeDelta> {
        let over = |most: Option<u32>, window: TimeDelta| {
            let oldest_that_counts = sent.get(most?.checked_sub(1)? as usize)?;
            Some(*oldest_that_counts + window - now).filter(|wait| *wait > TimeDelta::zero())
        };
        over(self.per_hour, TimeDelta::hours(1)).max(over(self.per_day, TimeDelta::days(1)))
    }
}

/// Lets a submission pass, or says when to try again. The answer is the same whether the company knows the address or
/// not. Two at the very same moment may both pass.
pub(super) async fn admit(
    office: &Office,
    controller: ControllerId,
    email: Email,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let limits = office.limits;
    let Some(most) = limits.per_hour.max(limits.per_day) else { return Ok(()) };
    let yesterday = now - TimeDelta::days(1);
    let read = move |tx: &mut crate::store::Tx<'_>| Ok(tx.submissions_since(&controller, &email, yesterday, most)?);
    let sent = office.store.read::<_, Error>(read).await?;
    match limits.wait(&sent, now) {
        Some(retry_after) => Err(Error::TooManySubmissions { retry_after }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_sent(&[], None)]
    #[case::one_left(&[5], None)]
    #[case::the_hour_is_full(&[5, 10], Some(50))]
    #[case::an_hour_ago_no_longer_counts(&[5, 60], None)]
    #[case::the_day_is_full(&[90, 100, 110], Some(1330))]
    #[case::both_are_full_and_the_longer_wait_counts(&[1, 2, 3], Some(1437))]
    fn the_window_moves_with_the_clock(#[case] minutes_ago: &[i64], #[case] wait: Option<i64>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let sent: Vec<_> = minutes_ago.iter().map(|ago| now - TimeDelta::minutes(*ago)).collect();
        let limits = Limits { per_hour: Some(2), per_day: Some(3) };
        assert_eq!(limits.wait(&sent, now).map(|wait| wait.num_minutes()), wait);
        assert_eq!(Limits::NONE.wait(&sent, now), None);
    }
}

//! What a day asks for: whom to remind of which date, which one was missed, and when to look again.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::day_off;
use super::deadline::{Deadline, Duty};
use super::policy::Policy;
use super::reckoning::Reckoning;
use super::request::{Request, State};
use super::task::Task;

/// How many working days before its date the acknowledgement goes out by itself, if nothing sent it before.
const ACKNOWLEDGED_AHEAD: u32 = 2;

/// A wait for proof that is shorter than this many days needs no reminder half-way.
const WORTH_REMINDING: u32 = 4;

/// What staff are told about one date of one request. It names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What is owed.
    pub duty: Duty,
    /// By when.
    pub due: NaiveDate,
    /// On what occasion.
    pub occasion: Occasion,
    /// The work by hand whose day it is, by its number, where it is not the duty's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<i32>,
}

/// Why staff are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The date is so many days away, or fewer.
    Ahead(u32),
    /// The date has passed.
    Missed,
}

impl Notice {
    /// Its name beside request and date: no two notices of one name leave for the same date.
    pub fn name(&self) -> String {
        let what = self.task.map_or_else(|| self.duty.to_string(), |number| format!("task.{number}"));
        match self.occasion {
            Occasion::Ahead(days) => format!("{what}.ahead.{days}"),
            Occasion::Missed => format!("{what}.missed"),
        }
    }

    /// What staff are to be told on a day about work by hand, which the answer waits for: as before and after a date of the
    /// law's, so that a delay is seen while there is time.
    pub fn of_task(policy: &Policy, task: &Task, today: NaiveDate) -> Option<Self> {
        if task.done.is_some() {
            return None;
        }
        let notice = |occasion| Notice { duty: Duty::Response, due: task.due, occasion, task: Some(task.ordinal) };
        if today > task.due {
            return Some(notice(Occasion::Missed));
        }
        let begun = policy.day_of(task.arose_at);
        nearest(&policy.reminders.days_before, task.due, begun, today).map(|days| notice(Occasion::Ahead(days)))
    }
}

/// What a day asks for in one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// What staff are to be told, unless they were.
    pub notices: Vec<Notice>,
    /// The acknowledgement is to go out now, although nobody proved who they are.
    pub acknowledge: bool,
    /// The person is to be reminded, unless they were, that their request waits for them; until when it does.
    pub remind_person: Option<NaiveDate>,
    /// The next day, after this one, on which the request has to be looked at.
    pub next: Option<NaiveDate>,
}

/// Of the reminders before a date whose day has come, but not by the day on which it all `began`, the most urgent.
fn nearest(ahead: &[u32], due: NaiveDate, began: NaiveDate, today: NaiveDate) -> Option<u32> {
    let has_come = |days: &u32| {
        let day = due.checked_sub_days(Days::new(u64::from(*days)));
        day.is_some_and(|day| day > began && day <= today)
    };
    ahead.iter().copied().filter(has_come).min()
}

impl Watch {
    /// Whether there may be something to do today.
    pub fn is_due(&self) -> bool {
        !self.notices.is_empty() || self.acknowledge || self.remind_person.is_some()
    }

    fn again(&mut self, day: NaiveDate) {
        self.next = Some(self.next.map_or(day, |next| next.min(day)));
    }
}

impl Reckoning<'_> {
    /// What the day of `now`, at the controller's seat, asks for in a request.
    ///
    /// While the clock stands still no date is watched. While the person has still to prove who they are only the
    /// acknowledgement's is: for the answer, staff can do nothing yet.
    pub fn watch(&self, request: &Request, now: DateTime<Utc>) -> Watch {
        let today = self.policy.day_of(now);
        let unproved = matches!(request.state, State::AwaitingVerification { .. });
        let mut watch = Watch::default();
        for deadline in request.open_deadlines() {
            let acknowledgement = deadline.duty == Duty::Acknowledgement;
            if acknowledgement && request.acknowledges_by_itself() {
                self.watch_acknowledgement(deadline, today, &mut watch);
            }
            let stopped = deadline.duty == Duty::Response && request.stopped_since().is_some();
            if stopped || (unproved && !acknowledgement) {
                continue;
            }
            let ahead: &[u32] = if unproved { &[] } else { &self.policy.reminders.days_before };
            self.watch_date(request, deadline, ahead, today, &mut watch);
        }
        self.watch_proof(request, today, &mut watch);
        watch
    }

    /// Of several reminders that are due, the most urgent is enough.
    fn watch_date(&self, request: &Request, deadline: &Deadline, ahead: &[u32], today: NaiveDate, watch: &mut Watch) {
        let Deadline { duty, due, .. } = *deadline;
        if today > due {
            watch.notices.push(Notice { duty, due, occasion: Occasion::Missed, task: None });
            return;
        }
        if let Some(day_after) = due.succ_opt() {
            watch.again(day_after);
        }
        let days_before = ahead.iter().filter_map(|days| due.checked_sub_days(Days::new(u64::from(*days))));
        days_before.filter(|day| *day > today).for_each(|day| watch.again(day));
        let nearest = nearest(ahead, due, self.policy.day_of(request.received_at), today);
        watch.notices.extend(nearest.map(|days| Notice { duty, due, occasion: Occasion::Ahead(days), task: None }));
    }

    fn watch_acknowledgement(&self, deadline: &Deadline, today: NaiveDate, watch: &mut Watch) {
        let day = self.working_days_before(deadline.due, ACKNOWLEDGED_AHEAD);
        if today >= day { watch.acknowledge = true } else { watch.again(day) }
    }

    /// Once, half-way to the day on which the request expires.
    fn watch_proof(&self, request: &Request, today: NaiveDate, watch: &mut Watch) {
        let State::AwaitingVerification { since } = request.state else { return };
        let days = self.policy.verification_days;
        if days < WORTH_REMINDING {
            return;
        }
        let half_way = self.policy.day_of(since + TimeDelta::hours(12 * i64::from(days)));
        let until = self.policy.day_of(since + TimeDelta::days(i64::from(days)));
        if today < half_way {
            watch.again(half_way);
        } else if today < until {
            watch.remind_person = Some(until);
        }
    }

    fn working_days_before(&self, due: NaiveDate, mut days: u32) -> NaiveDate {
        let clock = self.regime.clocks.get(&Duty::Acknowledgement);
        let name = clock.and_then(|clock| clock.calendar.as_deref()).unwrap_or(&self.policy.country);
        let calendar = self.regime.holidays(name);
        let mut day = due;
        while days > 0 {
            let Some(before) = day.pred_opt() else { return day };
            day = before;
            if day_off(calendar, day).is_none() {
                days -= 1;
            }
        }
        day
    }
}

#[cfg(test)]
mod tests;

//! A request's dates: counted from its receipt and its clocks, by its law and its controller's promise.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::actor::Actor;
use super::audit::NewEntry;
use super::clocks::Clocks;
use super::deadline::{Deadline, Duty, Options, Pause, deadline};
use super::lifecycle::Refusal;
use super::policy::{Policy, Terms};
use super::regime::Regime;
use super::request::{Outcome, Request};

/// What a request's dates are counted by.
#[derive(Clone, Copy)]
pub struct Reckoning<'a> {
    /// What its controller promises, and where it is.
    pub policy: &'a Policy,
    /// The law.
    pub regime: &'a Regime,
}

impl Reckoning<'_> {
    /// What is due when for a request, the stricter of law and promise counting. An appeal's dates are not among them.
    pub fn deadlines(&self, request: &Request) -> Vec<Deadline> {
        let received = self.policy.day_of(request.received_at);
        let terms = Terms::of(self.policy, self.regime, request.right, received);
        let extends = request.extension.is_some() && terms.as_ref().is_some_and(|t| t.extends);
        let of = |duty: Duty| {
            let response = duty == Duty::Response;
            let proof = request.clocks.proved_at.filter(|_| response).map(|at| self.policy.day_of(at));
            let start = proof.map_or(received, |proof| proof.max(received));
            let options = Options {
                extended: extends && response,
                country: Some(self.policy.country.clone()),
                proof,
                paused: if response { self.pauses(&request.clocks, start) } else { Vec::new() },
                promised: terms.as_ref().and_then(|t| t.promised),
            };
            let mut found = deadline(self.regime, duty, received, &options).ok()?;
            if response && request.clocks.starts_with_proof && proof.is_none() {
                found.steps.push(
                    "counted from receipt for now: the clock starts when the proof of identity arrives".to_owned(),
                );
            }
            Some(found)
        };
        self.regime.duties(request.right, received).into_iter().filter_map(of).collect()
    }

    /// The dates with the one extension; none where neither law nor promise gives a later day for the answer.
    pub fn extended(&self, request: &Request, extension: super::request::Extension) -> Option<Vec<Deadline>> {
        let longer = self.deadlines(&Request { extension: Some(extension), ..request.clone() });
        let answer = |dates: &[Deadline]| dates.iter().find(|d| d.duty == Duty::Response).map(|d| d.due);
        (answer(&longer) > answer(&request.deadlines)).then_some(longer)
    }

    /// Whether a question asked now can stop the response clock (UK GDPR Art. 12A).
    ///
    /// # Errors
    /// When the law knows no such thing, or the clock has run out already.
    pub fn may_stop(&self, request: &Request, now: DateTime<Utc>) -> Result<(), Refusal> {
        let answer = request.deadline(Duty::Response).filter(|_| self.regime.pausing.is_some());
        let due = answer.ok_or(Refusal::ClockRunsOn)?.due;
        if self.policy.day_of(now) > due { Err(Refusal::ClockRanOut { due }) } else { Ok(()) }
    }

    /// An outcome with its dates: counted anew if the clocks are no longer as they were `before`, and with the day on
    /// which the request is next to be looked at.
    #[must_use]
    pub fn dated(&self, before: &Clocks, mut outcome: Outcome, now: DateTime<Utc>) -> Outcome {
        let request = &mut outcome.request;
        if !request.clocks.counts_as(before) {
            let from = request.due();
            request.deadlines = self.deadlines(request);
            let to = request.due();
            if from != to {
                let moved = json!({ "from": from, "to": to });
                let entry = NewEntry::new(&request.controller, Some(request.id), now, Actor::System, "request.redated");
                outcome.entries.push(entry.with(moved));
            }
        }
        let watch = self.watch(request, now);
        request.clocks.look_at = if watch.is_due() { Some(self.policy.day_of(now)) } else { watch.next };
        outcome
    }

    fn pauses(&self, clocks: &Clocks, start: chrono::NaiveDate) -> Vec<Pause> {
        let day = |at| self.policy.day_of(at);
        let days = clocks.stops.iter().map(|stop| Pause { from: day(stop.from).max(start), to: day(stop.to) });
        // A question that was answered before the clock even started stopped nothing.
        days.filter(|pause| pause.from <= pause.to).collect()
    }
}

#[cfg(test)]
mod tests;

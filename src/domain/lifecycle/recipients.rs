//! Telling recipients: who was told of a change, and whom staff have to tell themselves, becomes part of the result.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Step, Transition, entry};
use crate::domain::actor::Actor;
use crate::domain::job::{Job, NewJob};
use crate::domain::request::{Fulfilment, Outcome, Request};

impl Request {
    /// Recipients are told: `notified` by mail, each once; `to_notify` by staff, since no address of theirs is known
    /// (GDPR Art. 19; Cal. Civ. Code 1798.105(c)).
    ///
    /// # Errors
    /// When nothing was done that they have to know.
    pub fn recipients_told(self, now: DateTime<Utc>, notified: Vec<String>, to_notify: Vec<String>) -> Transition {
        let result = self.state.result().filter(|result| self.state.closed_at().is_some() && result.changed());
        let known = result.ok_or_else(|| self.illegal("told to recipients"))?.notified.clone();
        let new = notified.iter().filter(|name| !known.contains(name));
        let job = |name: &String| Job::MailNotice { request: self.id, recipient: name.clone() };
        let jobs = new.map(|name| NewJob { job: job(name), run_at: now }).collect();
        let facts = json!({ "notified": notified, "to_notify": to_notify });
        let entries = vec![entry(&self, Step { now, by: Actor::System }, "request.recipients_told", facts)];
        let request = self.with_result(|result| Fulfilment { notified, to_notify, ..result });
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, request, state};
    use super::*;
    use crate::domain::request::StateName;
    use crate::domain::right::Right;

    #[test]
    fn each_recipient_is_told_once() {
        let opt_out = request(Right::OptOut, state(StateName::AwaitingVerification));
        let step = Step { now: now(), by: Actor::Requester };
        let honoured = opt_out.verified(
            step,
            crate::domain::verification::Method::EmailCode,
            crate::domain::verification::Level::Email,
        );
        let names = || vec!["Parcels".to_owned()];
        let told = honoured.unwrap().request.recipients_told(now(), names(), vec!["Letters".into()]).unwrap();
        assert_eq!(told.jobs.len(), 1);
        let again = told.request.recipients_told(now(), names(), vec!["Letters".into()]).unwrap();
        assert!(again.jobs.is_empty(), "a job that runs twice mails once");
        let result = again.request.state.result().unwrap();
        assert_eq!((&result.notified, &result.to_notify), (&names(), &vec!["Letters".to_owned()]));
    }

    #[test]
    fn nobody_is_told_of_a_copy() {
        let access = request(Right::Access, state(StateName::Fulfilled));
        assert!(access.recipients_told(now(), Vec::new(), Vec::new()).is_err());
    }
}

//! Free text is looked at while the answer waits for release; then the package is made again with what was decided.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Again, Refusal, Step, Transition, entry, stay};
use crate::domain::actor::Actor;
use crate::domain::free_text::FreeTextTally;
use crate::domain::ids::StaffId;
use crate::domain::request::{Outcome, Request, StateName};

impl Request {
    /// Staff looked at cells of free text; which they were and what stands in them is not for the trail.
    ///
    /// # Errors
    /// When no free text of the request waits.
    pub fn free_text_decided(self, now: DateTime<Utc>, by: StaffId, tally: FreeTextTally) -> Transition {
        if self.state.result().is_none_or(|result| result.free_text_open == 0) {
            return Err(Refusal::IllegalState { verb: "looked through", state: self.state.name() });
        }
        self.only_in(&[StateName::AwaitingRelease], "looked through")?;
        let facts = json!(tally);
        let entries = vec![entry(&self, Step { now, by: Actor::Staff(by) }, "request.free_text_decided", facts)];
        Ok(Outcome { entries, ..stay(self) })
    }

    /// The package is made again with what staff decided about free text, of which `open` cells are left.
    ///
    /// # Errors
    /// [`Refusal::FreeTextOpen`]; when nothing waits for release.
    pub fn pack_with_free_text(self, now: DateTime<Utc>, by: StaffId, open: u64) -> Transition {
        let verb = "packed again";
        self.only_in(&[StateName::AwaitingRelease], verb)?;
        self.is_up_to_date()?;
        if open > 0 {
            return Err(Refusal::FreeTextOpen { open });
        }
        self.made_again(Step { now, by: Actor::Staff(by) }, Again { verb, ..Again::RUN }, None)
    }
}

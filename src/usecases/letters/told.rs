//! Remedies in the words of a letter.

use crate::domain::appeal::Remedies;
use crate::domain::regime::AppealKind;
use crate::domain::request::Request;
use crate::mail::letters;
use crate::usecases::Office;
use crate::usecases::remedies::remedies;

/// What a letter tells of remedies, with the words made for it.
pub(super) struct Told {
    remedies: Remedies,
    how: String,
}

impl Told {
    /// What goes with a letter about the request as it stands. An answer that was given keeps what was told with it; to
    /// somebody who has none yet, an appeal is nothing, but a complaint is open.
    pub(super) fn with(office: &Office, request: &Request) -> Self {
        let now = office.clock.now();
        let found = request.remedies.clone().or_else(|| {
            let mut found = remedies(office, request, request.state.closed_at().unwrap_or(now))?;
            found.appeal = found.appeal.filter(|a| a.kind == AppealKind::Complaint || request.is_contestable());
            Some(found)
        });
        Self::of(found.unwrap_or_default(), &office.address_of(request.id))
    }

    /// These remedies, for a request that is followed at that address.
    pub(super) fn of(remedies: Remedies, page: &str) -> Self {
        let how = format!(
            "send your reasons to {page}/appeal,\nwith the token you got when you sent the request, or write to the address below."
        );
        Self { remedies, how }
    }

    /// The same, after an appeal: there is no second one.
    pub(super) fn after_appeal(mut self) -> Self {
        self.remedies.appeal = None;
        self
    }

    /// As letters take them.
    pub(super) fn shown(&self) -> letters::Remedies<'_> {
        letters::Remedies {
            appeal: self.remedies.appeal.map(|offer| letters::Appeal {
                kind: offer.kind,
                how: &self.how,
                until: offer.until,
                answered_in_days: offer.answered_in_days,
            }),
            authority: self.remedies.authority.as_ref().map(|a| letters::Authority {
                name: &a.name,
                url: a.url.as_deref(),
                address: a.address.as_deref(),
                note: a.note.as_deref(),
            }),
            court: self.remedies.court,
        }
    }
}

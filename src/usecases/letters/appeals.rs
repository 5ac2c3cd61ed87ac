//! What the person is told of their appeal.

use super::told::Told;
use super::{Dispatch, LetterError, day, send};
use crate::domain::appeal::AppealState;
use crate::domain::deadline::Duty;
use crate::domain::job::Letter as Kind;
use crate::domain::regime::AppealKind;
use crate::domain::request::Request;
use crate::mail::letters::{
    AppealExtended, AppealOverturned, AppealReceived, AppealUpheld, AppealWithdrawn, Concerning,
};
use crate::usecases::Office;

/// Mails a letter about the latest appeal; one that the appeal has outlived is not sent.
pub(super) async fn mail(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    kind: Kind,
    about: Concerning<'_>,
) -> Result<(), LetterError> {
    let Some(appeal) = request.appeal() else { return Ok(()) };
    let owed = appeal.deadlines.iter().find(|d| d.duty == Duty::Appeal);
    let (of, received) = (appeal.kind, day(office, request, appeal.filed_at)?);
    match (kind, &appeal.state, owed) {
        // It may be settled by the time the mail leaves; that it arrived is told all the same.
        (
            Kind::AppealReceived,
            AppealState::Open | AppealState::Upheld(_) | AppealState::Overturned { .. },
            Some(owed),
        ) => {
            let (rule, citation) = (owed.rule.as_str(), owed.citation.as_str());
            let letter = AppealReceived { about, kind: of, received, due: owed.due, rule, citation };
            send(office, job, request, &letter).await
        }
        (Kind::AppealExtended, AppealState::Open, Some(owed)) => {
            let Some(extension) = &appeal.extension else { return Ok(()) };
            let (reason, citation) = (extension.reason.expose(), owed.citation.as_str());
            send(office, job, request, &AppealExtended { about, kind: of, reason, due: owed.due, citation }).await
        }
        (Kind::AppealSettled, AppealState::Upheld(settlement), _) => {
            let told = Told::with(office, request).after_appeal();
            let explanation = settlement.explanation.expose();
            send(office, job, request, &upheld(about, of, explanation, &told)).await
        }
        (Kind::AppealWithdrawn, AppealState::Withdrawn { .. }, _) => {
            let until = request.remedies.as_ref().and_then(|remedies| remedies.appeal?.until);
            send(office, job, request, &AppealWithdrawn { about, kind: of, until }).await
        }
        (Kind::AppealSettled, AppealState::Overturned { settlement, decision }, _) => {
            let explanation = settlement.explanation.expose();
            let due = request.due().filter(|_| !request.state.name().is_final());
            let reopened = decision.is_some();
            send(office, job, request, &AppealOverturned { about, kind: of, explanation, due, reopened }).await
        }
        _ => Ok(()),
    }
}

/// The letter that denies an appeal.
fn upheld<'a>(about: Concerning<'a>, kind: AppealKind, explanation: &'a str, told: &'a Told) -> AppealUpheld<'a> {
    AppealUpheld { about, kind, explanation, remedies: told.shown() }
}

#[cfg(test)]
mod tests;

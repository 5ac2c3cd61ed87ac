//! What the person is told when what was kept for a time after a deletion is erased.

use super::{Dispatch, LetterError, day, erased_lines, send};
use crate::domain::request::Request;
use crate::mail::letters::{Concerning, Erased, ErasedLater};
use crate::usecases::Office;

/// Mails what was erased last; where nothing was, nothing.
pub(super) async fn mail(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    about: Concerning<'_>,
) -> Result<(), LetterError> {
    let Some(later) = request.erasure_answered().and_then(|done| done.result.erased_later.last()) else {
        return Ok(());
    };
    let words: Vec<String> = later.retained.iter().map(|rows| rows.kept.words()).collect();
    let still = later.retained.iter().zip(&words).map(|(rows, why)| Erased {
        collection: &rows.collection,
        deleted: 0,
        masked: 0,
        kept: rows.kept.rows,
        why_kept: Some(why.as_str()),
    });
    let (results, still) = (erased_lines(&later.lines), still.collect::<Vec<_>>());
    let letter = ErasedLater { about, on: day(office, request, later.at)?, results: &results, still: &still };
    send(office, job, request, &letter).await
}

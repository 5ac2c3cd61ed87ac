//! Free text that may tell of other people: found while a package is made, looked at by staff, shown as they decided.

use std::collections::HashMap;
use std::io;

use uuid::Uuid;

use super::{Error, Office};
use crate::clock;
use crate::domain::free_text::{FreeTextAction, FreeTextCell, FreeTextDecision, FreeTextLine, FreeTextTally};
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::request::StateName;
use crate::fulfilment::{FreeText, Sight};
use crate::store::{CellNames, Page};

/// How many cells are kept in one transaction.
const BATCH: usize = 200;

/// Knows what staff decided about a request's free text while its package is made, and lists what they did not.
pub(super) struct Desk<'a> {
    office: &'a Office,
    request: RequestId,
    run: Uuid,
    /// Looked up with the first cell: most packages have none.
    known: Option<(CellNames, HashMap<Uuid, FreeTextDecision>)>,
    found: i64,
    batch: Vec<(Uuid, i64, FreeTextCell)>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(office: &'a Office, request: RequestId) -> Self {
        let run = clock::new_id(office.clock.now());
        Self { office, request, run, known: None, found: 0, batch: Vec::new() }
    }

    /// What was decided about a cell; one that nobody looked at is listed for staff.
    pub(super) fn sight(&mut self, cell: &FreeText<'_>) -> io::Result<Sight> {
        self.look_up().map_err(io::Error::other)?;
        let Some((names, decided)) = &self.known else { return Ok(Sight::Open) };
        let row = cell.row.iter().map(|(column, value)| ((*column).to_owned(), value.map(str::to_owned))).collect();
        let cell = FreeTextCell {
            dataset: cell.dataset.to_owned(),
            collection: cell.collection.to_owned(),
            row: Personal::new(row),
            field: cell.field.to_owned(),
            text: Personal::new(cell.text.to_owned()),
        };
        let name = names.of(&cell);
        self.found += 1;
        match decided.get(&name) {
            Some(FreeTextDecision { action: FreeTextAction::Show, .. }) => Ok(Sight::Show),
            Some(FreeTextDecision { action: FreeTextAction::Replace, text: Some(text), .. }) => {
                Ok(Sight::Replace(text.expose().clone()))
            }
            Some(_) => Ok(Sight::Withhold),
            None => {
                self.batch.push((name, self.found, cell));
                if self.batch.len() >= BATCH {
                    self.pass_on().map_err(io::Error::other)?;
                }
                Ok(Sight::Open)
            }
        }
    }

    /// Keeps what is left, and forgets what an earlier run listed and this one did not find.
    pub(super) fn close(mut self) -> Result<(), Error> {
        self.pass_on()?;
        let (id, run) = (self.request, self.run);
        self.office.store.write_blocking(move |tx| Ok::<_, Error>(tx.forget_other_free_texts(id, run)?))
    }

    fn look_up(&mut self) -> Result<(), Error> {
        if self.known.is_none() {
            let id = self.request;
            let known = self.office.store.read_blocking(move |tx| {
                let names = tx.cell_names(id)?.ok_or(Error::NotFound("request"))?;
                Ok::<_, Error>((names, tx.free_text_decisions(id)?.into_iter().collect()))
            })?;
            self.known = Some(known);
        }
        Ok(())
    }

    fn pass_on(&mut self) -> Result<(), Error> {
        let (id, run, batch) = (self.request, self.run, std::mem::take(&mut self.batch));
        if batch.is_empty() {
            return Ok(());
        }
        self.office.store.write_blocking(move |tx| Ok::<_, Error>(tx.put_free_texts(id, run, &batch)?))
    }
}

/// A page of a request's free text.
///
/// # Errors
/// [`Error::NotFound`]; when the cursor is none of ours.
pub async fn list(
    office: &Office,
    id: RequestId,
    open: bool,
    limit: u32,
    cursor: Option<String>,
) -> Result<Page<FreeTextLine>, Error> {
    let read = move |tx: &mut crate::store::Tx<'_>| {
        let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
        // While a package is made, the list is, too.
        if request.state.name() != StateName::AwaitingRelease {
            return Ok(Page { items: Vec::new(), next: None });
        }
        Ok(tx.free_text_list(id, open, limit, cursor.as_deref())?)
    };
    office.store.read(read).await
}

/// What a member of staff says: about cells one by one, and about all others that are open.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    /// Cells by name.
    pub cells: Vec<(Uuid, FreeTextAction, Option<Personal<String>>)>,
    /// What is done with every other open one.
    pub others: Option<FreeTextAction>,
}

/// Staff looked at free text; gives how many cells are left to look at.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for a cell that is not on the list, [`Error::Refused`] when no answer waits.
pub async fn decide(office: &Office, by: StaffId, id: RequestId, verdicts: Verdicts) -> Result<u64, Error> {
    let now = office.clock.now();
    let write = move |tx: &mut crate::store::Tx<'_>| {
        let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
        let mut tally = FreeTextTally::default();
        for (at, (cell, action, text)) in verdicts.cells.iter().enumerate() {
            let decision = FreeTextDecision { action: *action, text: text.clone(), by, at: now };
            if !tx.decide_free_text(id, *cell, &decision)? {
                let detail = "the request's list has no such cell; it may have changed since, so read it again";
                return Err(Error::invalid(format!("/cells/{at}/cell"), detail));
            }
            tally.add(*action);
        }
        if let Some(action) = verdicts.others {
            for cell in tx.open_free_text_cells(id)? {
                tx.decide_free_text(id, cell, &FreeTextDecision { action, text: None, by, at: now })?;
                tally.add(action);
            }
        }
        tx.save(&request.free_text_decided(now, by, tally)?)?;
        Ok(tx.open_free_texts(id)?)
    };
    office.store.write(write).await
}

//! The access package: everything found is streamed into a sealed ZIP, which is there whole or not at all.

use std::collections::HashSet;
use std::io;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::super::follow::file_key;
use super::super::free_text::Desk;
use super::super::office::Controller;
use super::super::services::unsearched;
use super::super::{Error, Office, receipt};
use super::progress::Progress;
use super::{background, ground_title, left_out, ranges, unproved};
use crate::clock;
use crate::connectors::Row;
use crate::crash;
use crate::datamap::Graph;
use crate::domain::ids::RequestId;
use crate::domain::regime::Regime;
use crate::domain::request::{Action, Exception, Fulfilment, Line, Outcome, Package, Request, State, StateName};
use crate::domain::right::Right;
use crate::domain::secret_text::Forms;
use crate::domain::task::BY_HAND;
use crate::fulfilment::export::ExportedCollection;
use crate::fulfilment::{self, Counts, ExportOptions, Exported, FreeText, Handed, Sight, Sink, export_with};
use crate::packaging::sealed::{FileKey, SealedWriter};
use crate::packaging::shelf::ShelfFile;
use crate::packaging::{self, About, Options, PackageWriter, PackagingError, Summary};
use crate::store::{Queue, Sort, Tx};

/// Searches the company's systems and packs what belongs to the person. Nothing found is no package.
pub fn make(
    office: &Office,
    controller: &Controller,
    request: &Request,
    disclose: bool,
    handed: &[Handed<'_>],
) -> Result<Fulfilment, Error> {
    let regime = office.regimes.get(&request.regime);
    let (never_disclose, left_out) = (controller.never_disclosed(regime), left_out(request));
    let range = request.particulars.range;
    let forms = Forms::for_answer(&never_disclose);
    let options = ExportOptions { disclose, never_disclose: &never_disclose, forms, range, left_out: &left_out };
    let mut excluded = excluded(controller, regime, request);
    excluded.extend(unsearched(controller));
    let mut exported = Exported::default();
    let package = shelve(office, controller, request, |out, about| {
        let generated_at = about.generated_at.to_rfc3339();
        let packaging = Options {
            machine_readable_only: request.right == Right::Portability,
            spool_directory: office.shelf.directory().to_owned(),
        };
        let writer = PackageWriter::new(out, about.clone(), packaging, FileKey::new(clock::random()))
            .signed(receipt::of_package(office, request, about.generated_at));
        let (from, desk) = (Sources { office, controller, handed }, Desk::new(office, request.id));
        let (all, summary) = pack(&from, request, options, writer, desk, &generated_at, &excluded)?;
        exported = all;
        Ok(summary)
    })?;
    let mut lines = lines(&exported);
    lines.extend(excluded);
    let (notes, unproved) = (notes(request, &exported), exported.unproved());
    if package.is_none() {
        return Ok(Fulfilment { lines, notes, unproved, ..Fulfilment::default() });
    }
    let withheld = exported.collections.iter().map(|c| c.withheld).sum();
    let free_text_open = exported.collections.iter().map(|c| c.free_text_open).sum();
    let seen = Fulfilment { withheld, free_text_open, unproved, disclosed: disclose, ..Fulfilment::default() };
    Ok(Fulfilment { lines, notes, package, ..seen })
}

/// Puts a package on the shelf, sealed under a key of the request's; `write` writes it, or gives nothing where there is
/// nothing to send.
pub fn shelve(
    office: &Office,
    controller: &Controller,
    request: &Request,
    write: impl FnOnce(&mut SealedWriter<ShelfFile>, &About) -> Result<Option<Summary>, Error>,
) -> Result<Option<Package>, Error> {
    let id = request.id;
    let key = office.store.read_blocking(move |tx| file_key(tx, id))?;
    let now = office.clock.now();
    // Each run has a file of its own: one that lost its lease and goes on writing cannot replace what another delivered.
    let name = clock::new_id(now);
    let file = office.shelf.create(name).map_err(|e| Error::Files(format!("begin a package: {e}")))?;
    let sealed = SealedWriter::new(file, &key, clock::random());
    let mut sealed = sealed.map_err(|e| Error::Files(format!("begin a package: {e}")))?;
    let about = About {
        controller: controller.policy.name.clone(),
        reference: id.reference(),
        right: request.right,
        generated_at: now,
        language: request.particulars.language.clone().unwrap_or_else(|| controller.policy.language.clone()),
        background: background::of(controller, office.regimes.get(&request.regime)),
    };
    let Some(summary) = write(&mut sealed, &about)? else { return Ok(None) };
    crash::point("package.before_commit");
    sealed.finish().and_then(|file| file.commit()).map_err(|e| Error::Files(format!("finish a package: {e}")))?;
    crash::point("package.after_commit");
    let expires_at = until(controller, now);
    Ok(Some(Package { id: name, bytes: summary.bytes, sha256: summary.sha256, expires_at }))
}

/// Until when a package can be fetched that is delivered at that moment.
fn until(controller: &Controller, delivered: DateTime<Utc>) -> DateTime<Utc> {
    delivered + TimeDelta::days(i64::from(controller.policy.package_days))
}

/// The same for an answer given now, whose package was made earlier: staff may have looked at it for weeks.
pub(in crate::usecases) fn delivered(office: &Office, outcome: Outcome, now: DateTime<Utc>) -> Outcome {
    match office.controller(&outcome.request.controller) {
        Some(controller) => outcome.with_package_until(until(controller, now)),
        None => outcome,
    }
}

/// A package that is about to be released lies on the shelf as long from now as if it were made now.
///
/// # Errors
/// When it is not there any more; the answer can be made again.
pub(in crate::usecases) async fn renew(office: &Office, id: RequestId) -> Result<(), Error> {
    let read = move |tx: &mut Tx<'_>| Ok::<_, Error>(tx.request(id)?);
    let Some(package) = office.store.read(read).await?.as_ref().and_then(waiting) else { return Ok(()) };
    let (shelf, now) = (office.shelf.clone(), office.clock.now());
    let renewed = tokio::task::spawn_blocking(move || shelf.renew(package, now)).await;
    let renewed = renewed.map_err(|_| Error::Files("look for a package".into()))?;
    renewed.map_err(|e| Error::Files(format!("find the package that is to be released: {e}; retry makes it again")))
}

/// The package that waits until it may be delivered.
fn waiting(request: &Request) -> Option<Uuid> {
    let result = match &request.state {
        State::AwaitingRelease { result, .. } => result,
        State::Fulfilling { prepared: Some(prepared), .. } => &prepared.result,
        _ => return None,
    };
    result.package.as_ref().map(|package| package.id)
}

/// Where the rows of a package come from.
struct Sources<'a> {
    office: &'a Office,
    controller: &'a Controller,
    handed: &'a [Handed<'a>],
}

/// Streams the export into the package; there is no package where nothing was found.
fn pack<W: io::Write>(
    from: &Sources<'_>,
    request: &Request,
    options: ExportOptions<'_>,
    writer: PackageWriter<W>,
    desk: Desk<'_>,
    generated_at: &str,
    excluded: &[Line],
) -> Result<(Exported, Option<Summary>), Error> {
    let graph = from.controller.systems.graph();
    let progress = Progress::new(from.office, request, graph, options.left_out);
    let mut packer = Packer { writer, desk, graph, progress };
    let identities = request.identities();
    let exported = export_with(&from.controller.systems, &identities, options, from.handed, &mut packer)?;
    packer.desk.close()?;
    if exported.is_empty() {
        return Ok((exported, None));
    }
    let receipt = asked_and_done(request, &exported, excluded, generated_at);
    let note = |l: &Line| Some(format!("{} is left out: {}", l.collection, l.note.as_deref()?));
    let mut notes = notes(request, &exported);
    notes.extend(excluded.iter().filter_map(note));
    notes.extend(exported.collections.iter().flat_map(kept_back));
    let summary = packer.writer.finish(&receipt, &notes).map_err(packing)?;
    Ok((exported, Some(summary)))
}

/// Removes packages whose time is over from the shelf; one that waits for release is kept until it was delivered.
///
/// # Errors
/// When the store fails; a file that cannot be removed is tried again the next time.
pub async fn remove_expired_packages(office: &Office) -> Result<(), Error> {
    let longest = office.controllers().map(|c| c.policy.package_days).max().unwrap_or(30);
    // A day more: a package that goes to another company first is delivered some hours after it was made.
    let before = office.clock.now() - TimeDelta::days(i64::from(longest) + 1);
    if older_than(office, before).await?.is_empty() {
        return Ok(());
    }
    let kept = all_waiting(office).await?;
    // Once more: one that was released meanwhile waits no more, and is not old any more either.
    let old = older_than(office, before).await?;
    for id in old.into_iter().filter(|id| !kept.contains(id)) {
        if let Err(error) = office.shelf.remove(id) {
            tracing::warn!(%error, "an expired package could not be removed");
        }
    }
    Ok(())
}

async fn older_than(office: &Office, before: DateTime<Utc>) -> Result<Vec<Uuid>, Error> {
    let shelf = office.shelf.clone();
    let old = tokio::task::spawn_blocking(move || shelf.older_than(before)).await;
    let old = old.map_err(|_| Error::Files("look through the packages".into()))?;
    old.map_err(|e| Error::Files(format!("look through the packages: {e}")))
}

/// The packages that nobody could fetch yet, whatever their age.
async fn all_waiting(office: &Office) -> Result<HashSet<Uuid>, Error> {
    let mut packages = HashSet::new();
    for state in [StateName::AwaitingRelease, StateName::Fulfilling] {
        let mut cursor = None;
        loop {
            let queue = Queue { state: Some(state), limit: 500, cursor, sort: Sort::Received, ..Queue::default() };
            let page = office.store.read(move |tx| Ok::<_, Error>(tx.queue(&queue)?)).await?;
            packages.extend(page.items.iter().filter_map(waiting));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(packages)
}

/// What the approval leaves out, one line each with its ground; how many rows there are is not told.
pub(super) fn excluded(controller: &Controller, regime: Option<&Regime>, request: &Request) -> Vec<Line> {
    let graph = controller.systems.graph();
    let line = |e: &Exception| {
        let node = graph.node(graph.find(&e.dataset, &e.collection)?);
        Some(Line {
            system: node.system.to_string(),
            dataset: e.dataset.clone(),
            collection: e.collection.clone(),
            field: None,
            action: Action::Excluded,
            rows: 0,
            note: Some(ground_title(regime, &e.ground)),
        })
    };
    request.state.exceptions().iter().filter_map(line).collect()
}

/// What the person should know about the answer as a whole.
pub(super) fn notes(request: &Request, exported: &Exported) -> Vec<String> {
    let of_range = ranges::notes(request.particulars.range, exported).into_iter();
    of_range.chain(unproved::notes(&exported.unproved_identifiers)).collect()
}

/// What was kept out of the texts of a collection, in words for the person: that it is held is told, and what it is, so
/// that it is known for sure (11 CCR 7024(d)).
fn kept_back(collection: &ExportedCollection) -> Vec<String> {
    let name = &collection.collection;
    let secret = |(what, count): (&String, &u64)| {
        format!("{name}: the texts hold a {what} in {count} places, which we hold and do not send out.")
    };
    let mut notes: Vec<String> = collection.in_texts.iter().map(secret).collect();
    if collection.free_text_kept > 0 {
        let count = collection.free_text_kept;
        notes.push(format!("{name}: {count} free texts are left out, because they tell of other people."));
    }
    notes
}

fn lines(exported: &Exported) -> Vec<Line> {
    // What staff found by hand has a line with its task.
    let searched = exported.collections.iter().filter(|c| c.system.as_str() != BY_HAND);
    searched
        .map(|c| {
            let withheld =
                (c.withheld > 0).then(|| format!("{} values that name somebody else are withheld", c.withheld));
            let secret =
                (c.not_disclosed > 0).then(|| format!("{} values are held and never disclosed", c.not_disclosed));
            let kept = c.free_text_kept + c.free_text_open;
            let free = (kept > 0).then(|| format!("{kept} free texts that may tell of other people are withheld"));
            let note: Vec<String> = withheld.into_iter().chain(secret).chain(free).collect();
            Line {
                system: c.system.to_string(),
                dataset: c.dataset.clone(),
                collection: c.collection.clone(),
                field: None,
                action: Action::Disclosed,
                rows: c.counts.total(),
                note: (!note.is_empty()).then(|| note.join("; ")),
            }
        })
        .collect()
}

/// What was asked when and what was done when, inside the package itself.
fn asked_and_done(request: &Request, exported: &Exported, excluded: &[Line], generated_at: &str) -> serde_json::Value {
    let collections: Vec<_> = exported
        .collections
        .iter()
        .map(|c| json!({ "dataset": c.dataset, "collection": c.collection, "rows": c.counts.total() }))
        .collect();
    let left_out: Vec<_> =
        excluded.iter().map(|l| json!({ "dataset": l.dataset, "collection": l.collection, "why": l.note })).collect();
    json!({
        "reference": request.id.reference(),
        "request": request.id,
        "controller": request.controller,
        "right": request.right,
        "regime": request.regime,
        "received_at": request.received_at.to_rfc3339(),
        "generated_at": generated_at,
        "collections": collections,
        "left_out": left_out,
    })
}

pub fn packing(error: PackagingError) -> Error {
    Error::Files(format!("write a package: {error}"))
}

/// Hands an export on to the package.
struct Packer<'a, W: io::Write> {
    writer: PackageWriter<W>,
    desk: Desk<'a>,
    graph: &'a Graph,
    progress: Progress,
}

impl<W: io::Write> Sink for Packer<'_, W> {
    fn collection(&mut self, header: &fulfilment::CollectionHeader) -> io::Result<()> {
        self.progress.collection(&header.dataset, &header.collection);
        let node = self.graph.find(&header.dataset, &header.collection).map(|id| self.graph.node(id));
        let header = packaging::CollectionHeader {
            dataset: header.dataset.clone(),
            collection: header.collection.clone(),
            description: header.description.clone(),
            columns: header.columns.iter().map(column).collect(),
            primary_key: node.map(|n| n.collection.primary_key().map(str::to_owned).collect()).unwrap_or_default(),
            standing: match header.standing {
                fulfilment::Standing::Own => packaging::Standing::Own,
                fulfilment::Standing::Context => packaging::Standing::Context,
                fulfilment::Standing::Shared => packaging::Standing::Shared,
            },
        };
        self.writer.begin_collection(header).map_err(io::Error::other)
    }

    fn row(&mut self, _: fulfilment::Standing, cells: &[fulfilment::Cell<'_>]) -> io::Result<()> {
        let length = |cell: &fulfilment::Cell<'_>| match cell {
            fulfilment::Cell::Text(text) | fulfilment::Cell::Edited(text) => text.len(),
            fulfilment::Cell::Null | fulfilment::Cell::Withheld | fulfilment::Cell::NotDisclosed => 0,
        };
        self.progress.row(cells.iter().map(length).sum());
        let cells = cells.iter().map(|cell| match cell {
            fulfilment::Cell::Null => packaging::Cell::Null,
            fulfilment::Cell::Text(text) | fulfilment::Cell::Edited(text) => packaging::Cell::Text(text),
            fulfilment::Cell::Withheld => packaging::Cell::Withheld,
            fulfilment::Cell::NotDisclosed => packaging::Cell::NotDisclosed,
        });
        self.writer.row(cells).map_err(io::Error::other)
    }

    fn plain_row(&mut self, _: fulfilment::Standing, row: &Row, columns: usize) -> io::Result<()> {
        let Some((text, values)) = row.divided(columns) else {
            let values = row.iter().take(columns);
            self.progress.row(values.clone().flatten().map(str::len).sum());
            let cells = values.map(|value| value.map_or(packaging::Cell::Null, packaging::Cell::Text));
            return self.writer.row(cells).map_err(io::Error::other);
        };
        let (mut begins, mut bytes) = (0, 0);
        for (end, null) in values {
            bytes += if *null { 0 } else { end - begins };
            begins = end + 1;
        }
        self.progress.row(bytes);
        self.writer.row_of_text(text, values).map_err(io::Error::other)
    }

    fn free_text(&mut self, cell: &FreeText<'_>) -> io::Result<Sight> {
        self.desk.sight(cell)
    }

    fn end(&mut self, _: Counts) -> io::Result<()> {
        self.progress.end();
        self.writer.end_collection().map_err(io::Error::other)
    }
}

fn column(header: &fulfilment::ColumnHeader) -> packaging::ColumnHeader {
    packaging::ColumnHeader {
        name: header.shown_as.clone(),
        kind: header.kind,
        sql_type: header.sql_type.clone(),
        data_categories: header.data_categories.clone(),
        description: header.description.clone(),
    }
}

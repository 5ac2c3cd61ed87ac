//! Rows that staff found by hand, as a CSV or JSON file: checked when they come, sealed until they are packed.

use std::io::Write;

use uuid::Uuid;

use super::super::services::{Aside, begin, open_handed};
use super::super::{Error, Office};
pub use super::table::FileKind;
use super::table::{self, Receiver};
use crate::clock;
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::request::{Request, StateName};
use crate::domain::right::Right;
use crate::domain::task::{BY_HAND, Done, Task, TaskResult, Upload};
use crate::fulfilment::Handed;
use crate::fulfilment::handed::{Gathering, HandedCollection};
use crate::store::Tx;

/// The longest file taken, in bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// The name of the rows in the package, in the folder of their task.
const ROWS: &str = "rows";

/// Takes rows for a task, which is done by that; they replace what was handed in before.
///
/// # Errors
/// [`Error::Invalid`] for a file that is no table, or where the right brings no package; [`Error::Refused`] when the
/// request is not being carried out any more.
pub async fn upload(
    office: &Office,
    by: StaffId,
    id: RequestId,
    ordinal: i32,
    kind: FileKind,
    bytes: Vec<u8>,
) -> Result<Task, Error> {
    let now = office.clock.now();
    let size = bytes.len() as u64;
    let did = move |rows| Done { at: now, by, result: TaskResult::Done, rows, ground: None, note: None };
    // Asked first, so that a refusal leaves no file; asked again by the verb itself.
    office
        .store
        .read(move |tx| {
            let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
            takes_rows(&request)?;
            request.did_task(super::one(tx, id, ordinal)?, did(1))?;
            Ok::<_, Error>(())
        })
        .await?;
    let (file, inner) = (clock::new_id(now), office.clone());
    // Millions of cells take their time, in which nobody else's call may wait.
    let put = tokio::task::spawn_blocking(move || put_aside(&inner, id, file, kind, &bytes));
    let (described, rows) = put.await.map_err(|_| Error::Files("keep a file".into()))??;
    let done = did(rows);
    let upload = Upload { file, bytes: size, described };
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            takes_rows(&request)?;
            let (task, entry) = request.did_task(super::one(tx, id, ordinal)?, done.clone())?;
            let task = Task { upload: Some(upload.clone()), ..task };
            tx.save_task(&task)?;
            tx.append(&entry)?;
            made_again(tx, request, by, now)?;
            Ok(task)
        })
        .await
}

/// A package that was made without these rows, or with others, is made again.
pub(super) fn made_again(
    tx: &mut Tx<'_>,
    request: Request,
    by: StaffId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    // While it is being carried out, the job looks at the rows again before it commits.
    if request.state.name() == StateName::AwaitingRelease {
        tx.save(&request.rows_handed_in(now, by)?)?;
    }
    Ok(())
}

fn takes_rows(request: &Request) -> Result<(), Error> {
    match request.right {
        Right::Access | Right::Portability => Ok(()),
        _ => Err(Error::invalid("", "this right brings no package; confirm the task with the number of records")),
    }
}

/// The files that are to be in the package of a request, by task.
///
/// # Errors
/// When the store fails.
pub(in crate::usecases) fn files(tx: &mut Tx<'_>, request: &Request) -> Result<Vec<(String, Upload)>, Error> {
    Ok(of(request, &tx.tasks(request.id)?).map(|(name, upload)| (name.to_owned(), upload.clone())).collect())
}

/// The same of tasks that are at hand.
pub(in crate::usecases) fn of<'t>(request: &Request, tasks: &'t [Task]) -> impl Iterator<Item = (&'t str, &'t Upload)> {
    tasks.iter().filter(|t| t.is_of(request)).filter_map(|t| Some((t.name.as_str(), t.upload.as_ref()?)))
}

/// The rows of those files, to be packed.
///
/// # Errors
/// When what was kept cannot be read.
pub(in crate::usecases) fn handed<'o>(
    office: &'o Office,
    id: RequestId,
    files: &[(String, Upload)],
) -> Result<Vec<Handed<'o>>, Error> {
    let one = |(name, upload): &(String, Upload)| {
        let collections: Vec<HandedCollection> = serde_json::from_str(upload.described.expose())
            .map_err(|_| Error::Files("read what was handed in".into()))?;
        let file = upload.file;
        let open = Box::new(move || open_handed(office, id, file));
        Ok(Handed { system: BY_HAND.into(), dataset: name.clone(), collections, open })
    };
    files.iter().map(one).collect()
}

/// Seals a file's rows while they are read; where it turns out to be no table, nothing is left of it.
fn put_aside(
    office: &Office,
    id: RequestId,
    file: Uuid,
    kind: FileKind,
    bytes: &[u8],
) -> Result<(Personal<String>, u64), Error> {
    let mut shelf = Shelving { office, id, file, gathering: None };
    let rows = table::read(kind, bytes, &mut shelf)?;
    let gathering = shelf.gathering.ok_or_else(|| Error::Files("keep a file".into()))?;
    let (collections, mut out) = gathering.finish();
    out.flush().map_err(broken)?;
    let sealed = out.into_inner().map_err(|e| broken(e.into_error()))?;
    sealed.finish().and_then(|file| file.commit()).map_err(broken)?;
    let described = serde_json::to_string(&collections).map_err(|_| Error::Files("keep a file".into()))?;
    Ok((Personal::new(described), rows))
}

/// A file on its way to the shelf; it begins with the first line.
struct Shelving<'o> {
    office: &'o Office,
    id: RequestId,
    file: Uuid,
    gathering: Option<Gathering<Aside>>,
}

impl Receiver for Shelving<'_> {
    fn columns(&mut self, names: &[String]) -> Result<(), Error> {
        self.gathering = Some(Gathering::new(begin(self.office, self.id, self.file)?, [(ROWS, names)]));
        Ok(())
    }

    fn row(&mut self, cells: &[Option<String>]) -> Result<(), Error> {
        self.gathering.as_mut().map_or(Ok(()), |gathering| gathering.add_texts(cells)).map_err(broken)
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::Files(format!("keep rows that were handed in: {error}"))
}

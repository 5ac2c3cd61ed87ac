//! Rows that staff found by hand, as a CSV or JSON file: checked when they come, sealed until they are packed.

use std::collections::BTreeSet;
use std::io::Write;

use uuid::Uuid;

use super::super::services::{begin, open_handed};
use super::super::{Error, Office};
use crate::clock;
use crate::connectors::http::rows::{Fields, cell};
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

/// The most columns.
const MOST_COLUMNS: usize = 500;

/// The name of the rows in the package, in the folder of their task.
const ROWS: &str = "rows";

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// RFC 4180, the first line the names of the columns.
    Csv,
    /// A list of objects.
    Json,
}

/// A table as it was read.
#[derive(Debug, PartialEq, Eq)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

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
    let table = read(kind, &bytes)?;
    let (rows, size) = (table.rows.len() as u64, bytes.len() as u64);
    let done = Done { at: now, by, result: TaskResult::Done, rows, ground: None, note: None };
    // Asked first, so that a refusal leaves no file; asked again by the verb itself.
    let first = done.clone();
    office
        .store
        .read(move |tx| {
            let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
            takes_rows(&request)?;
            request.did_task(super::one(tx, id, ordinal)?, first)?;
            Ok::<_, Error>(())
        })
        .await?;
    let (file, inner) = (clock::new_id(now), office.clone());
    let put = tokio::task::spawn_blocking(move || put_aside(&inner, id, file, &table));
    let described = put.await.map_err(|_| Error::Files("keep a file".into()))??;
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
    let tasks = tx.tasks(request.id)?.into_iter();
    Ok(tasks.filter(|t| t.is_of(request)).filter_map(|t| Some((t.name, t.upload?))).collect())
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

fn put_aside(office: &Office, id: RequestId, file: Uuid, table: &Table) -> Result<Personal<String>, Error> {
    let broken = |e: std::io::Error| Error::Files(format!("keep rows that were handed in: {e}"));
    let mut gathering = Gathering::new(begin(office, id, file)?, [(ROWS, table.columns.as_slice())]);
    for row in &table.rows {
        gathering.add_texts(row).map_err(broken)?;
    }
    let (collections, mut out) = gathering.finish();
    out.flush().map_err(broken)?;
    let sealed = out.into_inner().map_err(|e| broken(e.into_error()))?;
    sealed.finish().and_then(|file| file.commit()).map_err(broken)?;
    let described = serde_json::to_string(&collections).map_err(|_| Error::Files("keep a file".into()))?;
    Ok(Personal::new(described))
}

fn read(kind: FileKind, bytes: &[u8]) -> Result<Table, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        Error::invalid("", format!("the file is not UTF-8, from byte {} on; save it as UTF-8", e.valid_up_to() + 1))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table = match kind {
        FileKind::Csv => read_csv(text),
        FileKind::Json => read_json(text),
    };
    let table = table.map_err(|why| Error::invalid("", why))?;
    check(&table).map_err(|why| Error::invalid("", why))?;
    Ok(table)
}

fn read_csv(text: &str) -> Result<Table, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let broken = |_| "the file is no CSV".to_owned();
    let columns: Vec<String> = reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_owned()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        if record.len() != columns.len() {
            let line = record.position().map_or(0, csv::Position::line);
            return Err(format!("line {line} has {} fields, the first line {}", record.len(), columns.len()));
        }
        // As in a package: an empty field is nothing.
        rows.push(record.iter().map(|field| (!field.is_empty()).then(|| field.to_owned())).collect());
    }
    Ok(Table { columns, rows })
}

fn read_json(text: &str) -> Result<Table, String> {
    let objects: Vec<Fields> = serde_json::from_str(text)
        .map_err(|e| format!("the file is no JSON list of objects, from line {} column {} on", e.line(), e.column()))?;
    let names: BTreeSet<&String> = objects.iter().flat_map(Fields::keys).collect();
    let columns: Vec<String> = names.into_iter().cloned().collect();
    if let Some(at) = objects.iter().position(|o| o.len() != columns.len()) {
        return Err(format!(
            "object {} has not the same members as the others; write null where there is nothing",
            at + 1
        ));
    }
    let row = |o: &Fields| o.values().map(|value| cell(value).1).collect();
    Ok(Table { rows: objects.iter().map(row).collect(), columns })
}

fn check(table: &Table) -> Result<(), String> {
    if table.columns.is_empty() || table.columns.iter().any(|name| name.is_empty() || name.chars().count() > 200) {
        return Err("the first line names every column, each with at most 200 characters".to_owned());
    }
    if table.columns.len() > MOST_COLUMNS {
        return Err(format!("a file has at most {MOST_COLUMNS} columns"));
    }
    if table.columns.iter().collect::<BTreeSet<_>>().len() < table.columns.len() {
        return Err("two columns have the same name".to_owned());
    }
    if table.rows.is_empty() {
        return Err("the file has no rows; where there was nothing, confirm the task with nothing_held".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_the_same_table() {
        let some = |text: &str| Some(text.to_owned());
        let table = Table {
            columns: vec!["a".to_owned(), "b".to_owned()],
            rows: vec![vec![some("1.50"), some("x,\"y\"\n")], vec![some("2"), None]],
        };
        assert_eq!(read(FileKind::Csv, b"\xef\xbb\xbfa,b\r\n1.50,\"x,\"\"y\"\"\n\"\r\n2,\r\n").unwrap(), table);
        let json = r#"[{"a": 1.50, "b": "x,\"y\"\n"}, {"b": null, "a": 2}]"#;
        assert_eq!(read(FileKind::Json, json.as_bytes()).unwrap(), table);
    }

    #[rstest::rstest]
    #[case(FileKind::Csv, b"a,b\n1\n", "line 2 has 1 fields, the first line 2")]
    #[case(FileKind::Csv, b"a,a\n1,2\n", "two columns have the same name")]
    #[case(FileKind::Csv, b"a,\n1,2\n", "the first line names every column")]
    #[case(FileKind::Csv, b"a,b\n", "the file has no rows")]
    #[case(FileKind::Csv, b"", "the first line names every column")]
    #[case(FileKind::Csv, b"a\n\xff\n", "not UTF-8, from byte 3 on")]
    #[case(FileKind::Json, b"{\"a\": 1}", "no JSON list of objects")]
    #[case(FileKind::Json, b"[{\"a\": 1}, {\"b\": 1}]", "object 1 has not the same members")]
    #[case(FileKind::Json, b"[]", "the first line names every column")]
    fn what_is_no_table_is_refused(#[case] kind: FileKind, #[case] bytes: &[u8], #[case] why: &str) {
        let error = read(kind, bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

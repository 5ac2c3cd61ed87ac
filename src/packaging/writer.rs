//! Writes a package while its rows arrive. A small collection is written form by form when it ends. A large one takes all
//! its forms at once, each on a thread of its own: the exact CSV goes straight into the ZIP, and the others wait in spools,
//! compressed already, until it is complete.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;

use super::archive::Archive;
use super::batch::{self, Batch};
use super::form::{Blocks, Form, Running};
use super::index::{self, Preview};
use super::jsonl::{Keys, Odd};
use super::paths::Paths;
use super::press::Pressed;
use super::sealed::FileKey;
use super::spool::{Spool, SpoolReader, Spools};
use super::{
    About, Cell, CollectionHeader, CollectionSummary, Options, PackagingError, Summary, datapackage, spreadsheet,
};

/// A collection with more bytes of rows takes threads.
const MUCH: usize = 256 * 1024;

/// How many bytes of its rows are gathered before they are handed on: so few that what is made of them stays in a processor's
/// own memory until it is written.
const BATCH: usize = 64 * 1024;

/// A collection that is in the package.
pub(super) struct Written {
    pub header: CollectionHeader,
    /// Its path below `data/`, without extension.
    pub stem: String,
    pub rows: u64,
    /// For each column, in how many rows it is withheld and in how many not disclosed.
    pub omitted: Vec<(u64, u64)>,
    /// The columns in which a value is none of the column's kind.
    pub odd: Odd,
}

impl Written {
    /// Whether a spreadsheet takes only the first of its rows.
    pub fn exceeds_spreadsheets(&self) -> bool {
        self.rows > spreadsheet::MOST_ROWS
    }

    /// The path of its exact copy.
    pub fn data_path(&self, extension: &str) -> String {
        format!("data/{}.{extension}", self.stem)
    }
}

/// A collection whose rows are arriving.
struct Open {
    written: Written,
    batch: Batch,
    preview: Preview,
    /// Once it turned out to be large.
    large: Option<Large>,
}

const NO_COLLECTION: &str = "a row came outside a collection";

impl Open {
    /// Counts a row that is as wide as the collection.
    fn next_row(&mut self, got: usize) -> Result<(), PackagingError> {
        let header = &self.written.header;
        let expected = header.columns.len();
        if got != expected {
            return Err(PackagingError::RowWidth { collection: header.collection.clone(), expected, got });
        }
        self.written.rows += 1;
        Ok(())
    }
}

/// A large collection's forms under way.
struct Large {
    csv: Running<Blocks>,
    /// What of the exact CSV is compressed.
    blocks: Receiver<Vec<u8>>,
    /// The other forms, by the path each will have.
    others: Vec<(String, Running<Spool>)>,
}

/// Writes one package to `out`. Calls come in the order begin, rows, end, for each collection, then finish. After an
/// error the package is worthless and whatever `out` received should be thrown away.
pub struct PackageWriter<W: Write> {
    archive: Archive<W>,
    about: About,
    machine_readable_only: bool,
    spools: Spools,
    paths: Paths,
    open: Option<Open>,
    written: Vec<Written>,
    /// The rows shown in `index.html`, rendered.
    previews: Spool,
    sign: Option<Sign>,
}

/// Makes a signed receipt over the paths and the SHA-256 sums of a package's files.
pub type Sign = Box<dyn FnOnce(Vec<(String, String)>) -> String>;

impl<W: Write> PackageWriter<W> {
    /// Begins a package. `spool_key` is 32 fresh random bytes that nothing else uses.
    pub fn new(out: W, about: About, options: Options, spool_key: FileKey) -> Self {
        let mut spools = Spools::new(spool_key, options.spool_directory);
        Self {
            archive: Archive::new(out, about.generated_at),
            about,
            machine_readable_only: options.machine_readable_only,
            previews: spools.spool(),
            spools,
            paths: Paths::default(),
            open: None,
            written: Vec::new(),
            sign: None,
        }
    }

    /// The same with a `receipt.jws`: what `sign` makes of the sums of all files before it.
    #[must_use]
    pub fn signed(self, sign: Sign) -> Self {
        Self { sign: Some(sign), ..self }
    }

    /// Begins a collection.
    ///
    /// # Errors
    /// [`PackagingError::Order`] while another one is open; those of `out`.
    pub fn begin_collection(&mut self, header: CollectionHeader) -> Result<(), PackagingError> {
        if self.open.is_some() {
            return Err(PackagingError::Order("a collection began inside another"));
        }
        let stem = self.paths.stem(&header.dataset, &header.collection);
        let omitted = vec![(0, 0); header.columns.len()];
        let batch = Batch::new(header.columns.len());
        let odd = header.columns.iter().map(|_| AtomicBool::new(false)).collect();
        let written = Written { header, stem, rows: 0, omitted, odd };
        self.archive.begin(written.data_path("csv"))?;
        let preview = Preview::new(if self.machine_readable_only { 0 } else { index::PREVIEW_ROWS });
        self.open = Some(Open { written, batch, preview, large: None });
        Ok(())
    }

    /// Adds a row to the open collection, its cells in the order of the header's columns.
    ///
    /// # Errors
    /// [`PackagingError::Order`] outside a collection, [`PackagingError::RowWidth`]; those of `out` and the spool.
    pub fn row<'c>(&mut self, cells: impl ExactSizeIterator<Item = Cell<'c>> + Clone) -> Result<(), PackagingError> {
        let open = self.open.as_mut().ok_or(PackagingError::Order(NO_COLLECTION))?;
        open.next_row(cells.len())?;
        if !open.preview.is_full() {
            open.preview.add(cells.clone());
        }
        for (cell, (withheld, not_disclosed)) in cells.zip(&mut open.written.omitted) {
            *withheld += u64::from(cell == Cell::Withheld);
            *not_disclosed += u64::from(cell == Cell::NotDisclosed);
            open.batch.push(cell);
        }
        self.hand_over_much()
    }

    /// The same with values that stand in one text, a tab between two of them; of each it is said where it ends there and
    /// whether it is NULL, whatever stands in the text then. It takes a fraction of the time.
    ///
    /// # Errors
    /// As [`PackageWriter::row`].
    pub fn row_of_text(&mut self, text: &str, values: &[(usize, bool)]) -> Result<(), PackagingError> {
        let open = self.open.as_mut().ok_or(PackagingError::Order(NO_COLLECTION))?;
        open.next_row(values.len())?;
        if !open.preview.is_full() {
            open.preview.add(batch::cells(text, values));
        }
        open.batch.push_row(text, values);
        self.hand_over_much()
    }

    /// Hands the rows on once they are many.
    fn hand_over_much(&mut self) -> Result<(), PackagingError> {
        let most = |open: &Open| if open.large.is_some() { BATCH } else { MUCH };
        let Some(open) = self.open.as_mut().filter(|open| open.batch.bytes() >= most(open)) else { return Ok(()) };
        if open.large.is_none() {
            open.large = Some(large(&open.written, &mut self.spools, self.machine_readable_only)?);
        }
        hand_over(open, &mut self.archive)
    }

    /// Ends the open collection.
    ///
    /// # Errors
    /// [`PackagingError::Order`] outside a collection; those of `out` and the spool.
    pub fn end_collection(&mut self) -> Result<(), PackagingError> {
        let mut open = self.open.take().ok_or(PackagingError::Order("a collection ended that had not begun"))?;
        if open.large.is_some() {
            hand_over(&mut open, &mut self.archive)?;
        }
        let Open { written, batch, preview, large } = open;
        match large {
            Some(large) => end_large(&mut self.archive, large)?,
            None => write_small(&mut self.archive, &written, &batch, self.machine_readable_only)?,
        }
        if !self.machine_readable_only {
            self.previews.write_all(preview.render(self.written.len(), &written)?.as_bytes())?;
        }
        self.written.push(written);
        Ok(())
    }

    /// Ends the package: the readable page, the description, the receipt as given, and the sums over all of them.
    /// `notes` are sentences for the page: what was kept back, and why.
    ///
    /// # Errors
    /// [`PackagingError::Order`] while a collection is open; those of `out` and the spool.
    pub fn finish(mut self, receipt: &Value, notes: &[String]) -> Result<Summary, PackagingError> {
        if self.open.is_some() {
            return Err(PackagingError::Order("the package ended inside a collection"));
        }
        self.archive.begin("index.html".to_owned())?;
        let (head, foot) = index::render(&self.about, &self.written, notes, self.machine_readable_only)?;
        self.archive.write_all(head.as_bytes())?;
        io::copy(&mut self.previews.into_reader()?, &mut self.archive)?;
        self.archive.write_all(foot.as_bytes())?;
        self.archive.end()?;
        let description = datapackage::describe(&self.about, &self.written, |path| self.archive.file(path));
        self.archive.add("datapackage.json", &pretty(&description)?)?;
        self.archive.add("receipt.json", &pretty(receipt)?)?;
        if let Some(sign) = self.sign.take() {
            let files = self.archive.files().iter().map(|f| (f.path.clone(), f.sha256.clone())).collect();
            self.archive.add("receipt.jws", sign(files).as_bytes())?;
        }
        let sums: String = self.archive.files().iter().map(|f| format!("{}  {}\n", f.sha256, f.path)).collect();
        self.archive.add("SHA256SUMS", sums.as_bytes())?;
        let (bytes, sha256) = self.archive.finish()?;
        Ok(Summary { collections: self.written.into_iter().map(summary).collect(), bytes, sha256 })
    }
}

/// The forms besides the exact CSV, each with its path.
fn other_forms(written: &Written, machine_readable_only: bool) -> Vec<(String, Form)> {
    let keys = Keys::new(&written.header.columns, Arc::clone(&written.odd));
    let mut forms = vec![(written.data_path("jsonl"), Form::Jsonl(keys))];
    if !machine_readable_only {
        forms.push((format!("spreadsheet/{}.csv", written.stem), Form::Spreadsheet(spreadsheet::MOST_ROWS)));
    }
    forms
}

/// Writes a collection that is all in one batch, behind the beginning of its exact CSV.
fn write_small<W: Write>(
    archive: &mut Archive<W>,
    written: &Written,
    batch: &Batch,
    machine_readable_only: bool,
) -> Result<(), PackagingError> {
    let write = |archive: &mut Archive<W>, mut form: Form| {
        let mut lines = form.head(&written.header);
        form.encode(&mut lines, batch);
        archive.write_all(lines.text())?;
        archive.end()
    };
    write(archive, Form::Csv)?;
    crate::crash::point("package.inside_zip");
    for (path, form) in other_forms(written, machine_readable_only) {
        archive.begin(path)?;
        write(archive, form)?;
    }
    Ok(())
}

/// Begins the forms of a collection that turned out to be large.
fn large(written: &Written, spools: &mut Spools, machine_readable_only: bool) -> Result<Large, PackagingError> {
    let (sender, blocks) = mpsc::channel();
    let csv = Running::start(Form::Csv, &written.header, Blocks(sender))?;
    let mut others = Vec::new();
    for (path, form) in other_forms(written, machine_readable_only) {
        others.push((path, Running::start(form, &written.header, spools.spool())?));
    }
    Ok(Large { csv, blocks, others })
}

/// Hands the rows gathered so far to a large collection's forms, and takes what is compressed of its exact CSV.
fn hand_over<W: Write>(open: &mut Open, archive: &mut Archive<W>) -> Result<(), PackagingError> {
    let Some(large) = &open.large else { return Ok(()) };
    let next = open.batch.another();
    let batch = Arc::new(std::mem::replace(&mut open.batch, next));
    let sent = large.csv.send(&batch) && large.others.iter().all(|(_, form)| form.send(&batch));
    if !sent && let Some(large) = open.large.take() {
        // One of them failed: ending them says how.
        return end_large(archive, large);
    }
    let Some(large) = &open.large else { return Ok(()) };
    for block in large.blocks.try_iter() {
        archive.packed(&block)?;
    }
    Ok(())
}

/// Ends the exact CSV, and copies the other forms behind it.
fn end_large<W: Write>(archive: &mut Archive<W>, large: Large) -> Result<(), PackagingError> {
    let Large { csv, blocks, others } = large;
    let (pressed, ()) = csv.finish()?;
    for block in blocks {
        archive.packed(&block)?;
    }
    archive.seal(pressed)?;
    crate::crash::point("package.inside_zip");
    for (path, form) in others {
        let (pressed, spooled) = form.finish()?;
        copy(archive, path, pressed, spooled)?;
    }
    Ok(())
}

fn copy<W: Write>(
    archive: &mut Archive<W>,
    path: String,
    pressed: Pressed,
    spooled: SpoolReader,
) -> Result<(), PackagingError> {
    archive.begin(path)?;
    let mut copied = 0;
    for block in spooled.ahead()? {
        let block = block?;
        archive.packed(&block)?;
        copied += block.len() as u64;
    }
    if copied != pressed.packed {
        return Err(io::Error::other("a part of the package was cut off").into());
    }
    archive.seal(pressed)
}

fn pretty(value: &Value) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn summary(written: Written) -> CollectionSummary {
    let CollectionHeader { dataset, collection, standing, .. } = written.header;
    CollectionSummary { dataset, collection, standing, rows: written.rows }
}

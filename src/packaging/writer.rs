//! Writes a package while its rows arrive: the exact CSV at once, the other forms from the spool when a collection ends.

use std::io::{self, Write};

use serde_json::Value;

use super::archive::Archive;
use super::index::{self, Preview};
use super::jsonl::Lines;
use super::paths::Paths;
use super::sealed::FileKey;
use super::spool::{Spool, Spools, StoredRows, store_row};
use super::{
    About, Cell, CollectionHeader, CollectionSummary, Options, PackagingError, Summary, csv, datapackage, spreadsheet,
};

/// How much is gathered before it is compressed.
const BATCH: usize = 64 * 1024;

/// A collection that is in the package.
pub(super) struct Written {
    pub header: CollectionHeader,
    /// Its path below `data/`, without extension.
    pub stem: String,
    pub rows: u64,
    /// For each column, in how many rows it is withheld and in how many not disclosed.
    pub omitted: Vec<(u64, u64)>,
}

impl Written {
    /// The path of its exact copy.
    pub fn data_path(&self, extension: &str) -> String {
        format!("data/{}.{extension}", self.stem)
    }
}

/// A collection whose rows are arriving.
struct Open {
    written: Written,
    spool: Spool,
    /// Rows on their way to the spool.
    bytes: Vec<u8>,
    /// Lines on their way to the ZIP.
    lines: String,
    preview: Preview,
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
        let mut lines = String::new();
        csv::line(&mut lines, names(&header));
        let written = Written { header, stem, rows: 0, omitted };
        self.archive.begin(written.data_path("csv"))?;
        let preview = Preview::new(if self.machine_readable_only { 0 } else { index::PREVIEW_ROWS });
        self.open = Some(Open { written, spool: self.spools.spool(), bytes: Vec::new(), lines, preview });
        Ok(())
    }

    /// Adds a row to the open collection, its cells in the order of the header's columns.
    ///
    /// # Errors
    /// [`PackagingError::Order`] outside a collection, [`PackagingError::RowWidth`]; those of `out` and the spool.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), PackagingError> {
        let open = self.open.as_mut().ok_or(PackagingError::Order("a row came outside a collection"))?;
        let header = &open.written.header;
        if cells.len() != header.columns.len() {
            let (expected, got) = (header.columns.len(), cells.len());
            return Err(PackagingError::RowWidth { collection: header.collection.clone(), expected, got });
        }
        open.written.rows += 1;
        for (cell, (withheld, not_disclosed)) in cells.iter().zip(&mut open.written.omitted) {
            *withheld += u64::from(*cell == Cell::Withheld);
            *not_disclosed += u64::from(*cell == Cell::NotDisclosed);
        }
        open.preview.add(cells);
        csv::line(&mut open.lines, cells.iter().copied());
        store_row(&mut open.bytes, cells)?;
        if open.lines.len() >= BATCH {
            pass_on(&mut open.lines, &mut self.archive)?;
            open.spool.write_all(&open.bytes)?;
            open.bytes.clear();
        }
        Ok(())
    }

    /// Ends the open collection.
    ///
    /// # Errors
    /// [`PackagingError::Order`] outside a collection; those of `out` and the spool.
    pub fn end_collection(&mut self) -> Result<(), PackagingError> {
        let mut open = self.open.take().ok_or(PackagingError::Order("a collection ended that had not begun"))?;
        pass_on(&mut open.lines, &mut self.archive)?;
        self.archive.end();
        crate::crash::point("package.inside_zip");
        open.spool.write_all(&open.bytes)?;
        let mut rows = open.spool.into_reader()?;
        let written = open.written;
        let lines = Lines::new(&written.header.columns);
        self.archive.begin(written.data_path("jsonl"))?;
        let encode = |out: &mut String, cells: &mut dyn Iterator<Item = Cell<'_>>| lines.line(out, cells);
        again(&mut self.archive, String::new(), &written, StoredRows::new(&mut rows)?, encode)?;
        if !self.machine_readable_only {
            let mut start = String::from(spreadsheet::BYTE_ORDER_MARK);
            spreadsheet::line(&mut start, names(&written.header));
            self.archive.begin(format!("spreadsheet/{}.csv", written.stem))?;
            let encode = |out: &mut String, cells: &mut dyn Iterator<Item = Cell<'_>>| spreadsheet::line(out, cells);
            again(&mut self.archive, start, &written, StoredRows::new(&mut rows)?, encode)?;
            self.previews.write_all(open.preview.render(self.written.len(), &written)?.as_bytes())?;
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
        self.archive.end();
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

fn names(header: &CollectionHeader) -> impl Iterator<Item = Cell<'_>> {
    header.columns.iter().map(|c| Cell::Text(&c.name))
}

fn pass_on<W: Write>(lines: &mut String, archive: &mut Archive<W>) -> io::Result<()> {
    archive.write_all(lines.as_bytes())?;
    lines.clear();
    Ok(())
}

/// Writes a collection's rows once more, in another form, and ends the file begun for it.
fn again<W: Write>(
    archive: &mut Archive<W>,
    start: String,
    written: &Written,
    mut rows: StoredRows<'_>,
    encode: impl Fn(&mut String, &mut dyn Iterator<Item = Cell<'_>>),
) -> Result<(), PackagingError> {
    let mut lines = start;
    for _ in 0..written.rows {
        encode(&mut lines, &mut rows.next_row(written.header.columns.len())?);
        if lines.len() >= BATCH {
            pass_on(&mut lines, archive)?;
        }
    }
    pass_on(&mut lines, archive)?;
    archive.end();
    Ok(())
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

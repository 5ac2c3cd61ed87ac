//! The ZIP itself, written front to back, each file in it counted and hashed as it passes.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, Datelike, Timelike, Utc};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::PackagingError;

/// A file within the package.
pub(super) struct FileFact {
    pub path: String,
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// A ZIP under way. What is written goes to the file begun last.
pub(super) struct Archive<W: Write> {
    zip: ZipWriter<StreamWriter<Tally<W>>>,
    options: SimpleFileOptions,
    open: Option<(String, Counted)>,
    files: Vec<FileFact>,
}

impl<W: Write> Archive<W> {
    /// A ZIP whose files all bear the time `at`, in UTC.
    pub fn new(out: W, at: DateTime<Utc>) -> Self {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true)
            .unix_permissions(0o600)
            .last_modified_time(dos_time(at));
        let out = Tally { out, counted: Counted::new() };
        Self { zip: ZipWriter::new_stream(out), options, open: None, files: Vec::new() }
    }

    /// Begins a file.
    pub fn begin(&mut self, path: String) -> Result<(), PackagingError> {
        self.zip.start_file(path.as_str(), self.options)?;
        self.open = Some((path, Counted::new()));
        Ok(())
    }

    /// Ends the file begun last.
    pub fn end(&mut self) {
        if let Some((path, counted)) = self.open.take() {
            let (bytes, sha256) = counted.finish();
            self.files.push(FileFact { path, bytes, sha256 });
        }
    }

    /// Adds a whole file.
    pub fn add(&mut self, path: &str, content: &[u8]) -> Result<(), PackagingError> {
        self.begin(path.to_owned())?;
        self.write_all(content)?;
        self.end();
        Ok(())
    }

    /// The files ended so far, in order.
    pub fn files(&self) -> &[FileFact] {
        &self.files
    }

    /// The fact about one file ended before.
    pub fn file(&self, path: &str) -> Option<&FileFact> {
        self.files.iter().find(|f| f.path == path)
    }

    /// Ends the ZIP; gives its length and its SHA-256 in hexadecimal.
    pub fn finish(self) -> Result<(u64, String), PackagingError> {
        let mut tally = self.zip.finish()?.into_inner();
        tally.flush()?;
        Ok(tally.counted.finish())
    }
}

impl<W: Write> Write for Archive<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (_, counted) = self.open.as_mut().ok_or_else(|| io::Error::other("no file was begun"))?;
        self.zip.write_all(bytes)?;
        counted.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

/// A ZIP knows the years 1980 to 2107 and no time zone.
fn dos_time(at: DateTime<Utc>) -> zip::DateTime {
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|n| u8::try_from(n).unwrap_or_default());
    let year = u16::try_from(at.year()).unwrap_or_default();
    zip::DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default()
}

/// A length and a hash.
struct Counted {
    hash: Context,
    bytes: u64,
}

impl Counted {
    fn new() -> Self {
        Self { hash: Context::new(&SHA256), bytes: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn finish(self) -> (u64, String) {
        let hex = self.hash.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect();
        (self.bytes, hex)
    }
}

/// Counts and hashes what goes to the outside.
struct Tally<W> {
    out: W,
    counted: Counted,
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.counted.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

//! The ZIP itself, written front to back: what stands around the files in it, by the format's own description (PKWARE,
//! APPNOTE.TXT 6.3.9), with the sizes behind each file and in 64 bits.

use std::io::{self, Write};

use chrono::{DateTime, Datelike, Timelike, Utc};

use super::PackagingError;
use super::press::{Press, Pressed};
use super::tally::Tally;

/// Sizes follow the file (bit 3), its name is UTF-8 (bit 11).
const FLAGS: u16 = 1 << 3 | 1 << 11;
/// The version that knows 64-bit sizes.
const VERSION: u16 = 45;
/// Unix, so that the permissions below count.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// A regular file that only its owner reads and writes.
const PERMISSIONS: u32 = 0o100_600 << 16;
const DEFLATE: u16 = 8;
/// Stands where a 64-bit number stands elsewhere.
const ELSEWHERE: u32 = u32::MAX;

/// A file within the package.
pub(super) struct FileFact {
    pub path: String,
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// What the directory at the end says of one file.
struct Entry {
    path: String,
    crc: u32,
    packed: u64,
    bytes: u64,
    begins: u64,
}

/// A ZIP under way. What is written goes to the file begun last.
pub(super) struct Archive<W: Write> {
    out: Tally<W>,
    stamp: u32,
    press: Press,
    entries: Vec<Entry>,
    open: Option<(String, u64)>,
    files: Vec<FileFact>,
}

impl<W: Write> Archive<W> {
    /// A ZIP whose files all bear the time `at`, in UTC.
    pub fn new(out: W, at: DateTime<Utc>) -> Self {
        Self {
            out: Tally::new(out),
            stamp: dos_time(at),
            press: Press::new(),
            entries: Vec::new(),
            open: None,
            files: Vec::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, path: String) -> Result<(), PackagingError> {
        let name = u16::try_from(path.len()).map_err(|_| PackagingError::Order("a path of 64 KB or more"))?;
        let begins = self.out.bytes();
        let mut header = Vec::with_capacity(50 + path.len());
        put32(&mut header, &[0x0403_4b50]);
        put16(&mut header, &[VERSION, FLAGS, DEFLATE]);
        put32(&mut header, &[self.stamp]);
        put32(&mut header, &[0, ELSEWHERE, ELSEWHERE]);
        put16(&mut header, &[name, 20]);
        header.extend_from_slice(path.as_bytes());
        put16(&mut header, &[1, 16]);
        put64(&mut header, &[0, 0]);
        self.out.write_all(&header)?;
        self.open = Some((path, begins));
        Ok(())
    }

    /// Ends the file begun last.
    pub fn end(&mut self) -> Result<(), PackagingError> {
        let pressed = self.press.finish(&mut self.out)?;
        self.seal(pressed)
    }

    /// Adds bytes that are compressed already to the file begun last, all of whose bytes are.
    pub fn packed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Ends a file whose bytes were compressed elsewhere.
    pub fn seal(&mut self, pressed: Pressed) -> Result<(), PackagingError> {
        let (path, begins) = self.open.take().ok_or(PackagingError::Order("a file ended that had not begun"))?;
        let Pressed { bytes, packed, crc, sha256 } = pressed;
        let mut sizes = Vec::with_capacity(24);
        put32(&mut sizes, &[0x0807_4b50, crc]);
        put64(&mut sizes, &[packed, bytes]);
        self.out.write_all(&sizes)?;
        self.entries.push(Entry { path: path.clone(), crc, packed, bytes, begins });
        self.files.push(FileFact { path, bytes, sha256 });
        Ok(())
    }

    /// Adds a whole file.
    pub fn add(&mut self, path: &str, content: &[u8]) -> Result<(), PackagingError> {
        self.begin(path.to_owned())?;
        self.write_all(content)?;
        self.end()
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
    pub fn finish(mut self) -> Result<(u64, String), PackagingError> {
        let begins = self.out.bytes();
        for entry in &self.entries {
            self.out.write_all(&directory_entry(entry, self.stamp))?;
        }
        let end = directory_end(self.entries.len() as u64, begins, self.out.bytes());
        self.out.write_all(&end)?;
        Ok(self.out.finish()?)
    }
}

impl<W: Write> Write for Archive<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.open.is_none() {
            return Err(io::Error::other("no file was begun"));
        }
        self.press.press(bytes, &mut self.out)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One file's line in the directory: section 4.3.12; numbers too large for it behind it, as in section 4.5.3.
fn directory_entry(entry: &Entry, stamp: u32) -> Vec<u8> {
    let large: Vec<u64> =
        [entry.bytes, entry.packed, entry.begins].into_iter().filter(|n| narrow(*n) == ELSEWHERE).collect();
    let mut extra = Vec::new();
    if !large.is_empty() {
        put16(&mut extra, &[1, 8 * large.len() as u16]);
        put64(&mut extra, &large);
    }
    let mut line = Vec::with_capacity(46 + entry.path.len() + extra.len());
    put32(&mut line, &[0x0201_4b50]);
    put16(&mut line, &[MADE_BY, VERSION, FLAGS, DEFLATE]);
    put32(&mut line, &[stamp, entry.crc, narrow(entry.packed), narrow(entry.bytes)]);
    let name = u16::try_from(entry.path.len()).expect("its header was written with that length");
    // No comment, the first disk, no attributes of PKWARE's own.
    put16(&mut line, &[name, extra.len() as u16, 0, 0, 0]);
    put32(&mut line, &[PERMISSIONS, narrow(entry.begins)]);
    line.extend_from_slice(entry.path.as_bytes());
    line.extend_from_slice(&extra);
    line
}

/// The directory's end: section 4.3.16, and before it, where numbers are too large for it, sections 4.3.14 and 4.3.15.
fn directory_end(entries: u64, begins: u64, ends: u64) -> Vec<u8> {
    let mut end = Vec::with_capacity(98);
    let few = u16::try_from(entries).unwrap_or(u16::MAX);
    if few == u16::MAX || narrow(ends) == ELSEWHERE {
        put32(&mut end, &[0x0606_4b50]);
        put64(&mut end, &[44]);
        put16(&mut end, &[MADE_BY, VERSION]);
        put32(&mut end, &[0, 0]);
        put64(&mut end, &[entries, entries, ends - begins, begins]);
        put32(&mut end, &[0x0706_4b50]);
        put32(&mut end, &[0]);
        put64(&mut end, &[ends]);
        put32(&mut end, &[1]);
    }
    put32(&mut end, &[0x0605_4b50]);
    put16(&mut end, &[0, 0, few, few]);
    put32(&mut end, &[narrow(ends - begins), narrow(begins)]);
    put16(&mut end, &[0]);
    end
}

/// The number, or that it stands elsewhere.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(ELSEWHERE)
}

fn put16(out: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
}

fn put64(out: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
}

/// A ZIP knows the years 1980 to 2107, every other second, and no time zone.
fn dos_time(at: DateTime<Utc>) -> u32 {
    let years = u32::try_from(at.year() - 1980).unwrap_or_default().min(127);
    let date = years << 9 | at.month() << 5 | at.day();
    let time = (at.hour() << 11) | (at.minute() << 5) | (at.second() / 2);
    date << 16 | time
}

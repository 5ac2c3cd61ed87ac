//! Where rows wait for their second and third reading: in memory while they are few, then encrypted in a file without
//! a name, under a key that exists only in this process.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::Cell;
use super::sealed::{FileKey, SealedReader, SealedWriter};

/// How much of one spool stays in memory.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// Makes spools under one key, each with a salt of its own.
pub(super) struct Spools {
    key: Arc<FileKey>,
    directory: PathBuf,
    made: u128,
}

impl Spools {
    /// `key` must be fresh: the salts count up from zero.
    pub fn new(key: FileKey, directory: PathBuf) -> Self {
        Self { key: Arc::new(key), directory, made: 0 }
    }

    /// An empty spool.
    pub fn spool(&mut self) -> Spool {
        self.made += 1;
        Spool {
            content: Content::Memory(Vec::new()),
            key: Arc::clone(&self.key),
            salt: self.made.to_be_bytes(),
            directory: self.directory.clone(),
        }
    }
}

/// Bytes that are written once and then read as often as needed.
pub(super) struct Spool {
    content: Content,
    key: Arc<FileKey>,
    salt: [u8; 16],
    directory: PathBuf,
}

enum Content {
    Memory(Vec<u8>),
    Disk(SealedWriter<File>),
}

impl Spool {
    /// Ends the writing.
    pub fn into_reader(self) -> io::Result<SpoolReader> {
        Ok(match self.content {
            Content::Memory(bytes) => SpoolReader::Memory(Cursor::new(bytes)),
            Content::Disk(file) => SpoolReader::Disk(SealedReader::new(file.finish()?, &self.key)?),
        })
    }

    fn spill(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = SealedWriter::new(tempfile::tempfile_in(&self.directory)?, &self.key, self.salt)?;
        file.write_all(bytes)?;
        self.content = Content::Disk(file);
        Ok(())
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Content::Memory(held) = &mut self.content
            && held.len() + bytes.len() > IN_MEMORY
        {
            let held = std::mem::take(held);
            self.spill(&held)?;
        }
        match &mut self.content {
            Content::Memory(held) => held.write(bytes),
            Content::Disk(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A spool being read.
pub(super) enum SpoolReader {
    Memory(Cursor<Vec<u8>>),
    Disk(SealedReader<File>),
}

impl SpoolReader {
    /// Goes back to the beginning.
    pub fn rewind(&mut self) -> io::Result<()> {
        match self {
            SpoolReader::Memory(bytes) => bytes.seek(SeekFrom::Start(0)),
            SpoolReader::Disk(file) => file.seek(SeekFrom::Start(0)),
        }
        .map(|_| ())
    }
}

impl Read for SpoolReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            SpoolReader::Memory(bytes) => bytes.read(into),
            SpoolReader::Disk(file) => file.read(into),
        }
    }
}

/// Appends a row to `out`: for each cell what it is and, for a text, its length and itself.
pub(super) fn store_row(out: &mut Vec<u8>, cells: &[Cell<'_>]) -> io::Result<()> {
    for cell in cells {
        match cell {
            Cell::Null => out.push(0),
            Cell::Withheld => out.push(1),
            Cell::NotDisclosed => out.push(2),
            Cell::Text(text) => {
                let length = u32::try_from(text.len()).map_err(|_| io::Error::other("a value of 4 GB or more"))?;
                out.push(3);
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    Ok(())
}

/// Reads the rows of a spool again.
pub(super) struct StoredRows<'a> {
    source: BufReader<&'a mut SpoolReader>,
    text: Vec<u8>,
    cells: Vec<(u8, usize)>,
}

impl<'a> StoredRows<'a> {
    /// From the first row.
    pub fn new(source: &'a mut SpoolReader) -> io::Result<Self> {
        source.rewind()?;
        Ok(Self { source: BufReader::with_capacity(64 * 1024, source), text: Vec::new(), cells: Vec::new() })
    }

    /// The next row, which has `columns` cells.
    pub fn next_row(&mut self, columns: usize) -> io::Result<impl Iterator<Item = Cell<'_>>> {
        self.text.clear();
        self.cells.clear();
        for _ in 0..columns {
            let mut kind = [0];
            self.source.read_exact(&mut kind)?;
            if kind[0] == 3 {
                let mut length = [0; 4];
                self.source.read_exact(&mut length)?;
                let start = self.text.len();
                self.text.resize(start + u32::from_le_bytes(length) as usize, 0);
                self.source.read_exact(&mut self.text[start..])?;
            }
            self.cells.push((kind[0], self.text.len()));
        }
        let text = std::str::from_utf8(&self.text).map_err(io::Error::other)?;
        let mut start = 0;
        Ok(self.cells.iter().map(move |(kind, end)| {
            let from = std::mem::replace(&mut start, *end);
            match kind {
                0 => Cell::Null,
                1 => Cell::Withheld,
                2 => Cell::NotDisclosed,
                _ => Cell::Text(&text[from..*end]),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(directory: &std::path::Path, text: &str) -> (bool, usize) {
        let mut spools = Spools::new(FileKey::new([9; 32]), directory.to_owned());
        spools.spool();
        let mut spool = spools.spool();
        let row = [Cell::Text(text), Cell::Null, Cell::Text(""), Cell::Withheld, Cell::NotDisclosed];
        let mut bytes = Vec::new();
        for _ in 0..6 {
            bytes.clear();
            store_row(&mut bytes, &row).unwrap();
            spool.write_all(&bytes).unwrap();
        }
        let on_disk = matches!(spool.content, Content::Disk(_));
        let mut reader = spool.into_reader().unwrap();
        for _ in 0..2 {
            let mut rows = StoredRows::new(&mut reader).unwrap();
            for _ in 0..6 {
                assert!(rows.next_row(row.len()).unwrap().eq(row), "a row came back otherwise");
            }
            assert!(rows.next_row(1).is_err(), "there is no seventh row");
        }
        (on_disk, std::fs::read_dir(directory).unwrap().count())
    }

    #[test]
    fn few_rows_stay_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(round_trip(directory.path(), "Ada, \"é\"\n"), (false, 0));
    }

    #[test]
    fn many_rows_go_to_a_file_without_a_name() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(round_trip(directory.path(), &"x".repeat(1_000_000)), (true, 0));
    }
}

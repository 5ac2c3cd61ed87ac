//! Where parts of a package wait for their turn: in memory while they are small, then encrypted in a file without a name,
//! under a key that exists only in this process.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::sealed::{FileKey, SealedReader, SealedWriter};

/// How much of one spool stays in memory.
const IN_MEMORY: usize = 2 * 1024 * 1024;

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

/// Bytes that are written once and then read.
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

/// How many bytes are read ahead at a time, and how often.
const AHEAD: usize = 64 * 1024;
const BLOCKS: usize = 16;

/// What is read of a spool, block by block.
pub(super) enum InBlocks {
    Here(SpoolReader),
    Ahead(Receiver<io::Result<Vec<u8>>>),
}

impl SpoolReader {
    /// The spool in blocks; one on the disk is read and decrypted on a thread of its own, while what was read is written
    /// elsewhere. Should that thread break off, so do the blocks.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn ahead(mut self) -> io::Result<InBlocks> {
        if matches!(self, SpoolReader::Memory(_)) {
            return Ok(InBlocks::Here(self));
        }
        let (sender, blocks) = mpsc::sync_channel(BLOCKS);
        let work = move || {
            while let Some(block) = self.block()
                && sender.send(block).is_ok()
            {}
        };
        thread::Builder::new().name("package".to_owned()).spawn(work)?;
        Ok(InBlocks::Ahead(blocks))
    }

    fn block(&mut self) -> Option<io::Result<Vec<u8>>> {
        let mut block = vec![0; AHEAD];
        match self.read(&mut block) {
            Ok(0) => None,
            Ok(read) => {
                block.truncate(read);
                Some(Ok(block))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Iterator for InBlocks {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        match self {
            InBlocks::Here(spool) => spool.block(),
            InBlocks::Ahead(blocks) => blocks.recv().ok(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it went to the disk, and how many names that left in the directory.
    fn round_trip(directory: &std::path::Path, length: usize) -> (bool, usize) {
        let mut spools = Spools::new(FileKey::new([9; 32]), directory.to_owned());
        spools.spool();
        let mut spool = spools.spool();
        let content: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        content.chunks(50_000).for_each(|piece| spool.write_all(piece).unwrap());
        let on_disk = matches!(spool.content, Content::Disk(_));
        let read = spool.into_reader().unwrap().ahead().unwrap().flat_map(Result::unwrap).collect::<Vec<u8>>();
        assert!(read == content, "the content came back otherwise");
        (on_disk, std::fs::read_dir(directory).unwrap().count())
    }

    #[test]
    fn a_little_stays_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(round_trip(directory.path(), 100_000), (false, 0));
    }

    #[test]
    fn much_goes_to_a_file_without_a_name() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(round_trip(directory.path(), 2 * IN_MEMORY), (true, 0));
    }
}

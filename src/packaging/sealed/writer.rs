//! Seals what is written, a chunk at a time.

use std::io::{self, Write};

use aws_lc_rs::aead::{Aad, LessSafeKey};

use super::{CHUNK, FileKey, MAGIC, SALT, TAG, nonce};

/// Writes a sealed file. It is whole only after [`SealedWriter::finish`]: dropped before, or only flushed, what was
/// written reads as damaged.
pub struct SealedWriter<W: Write> {
    out: W,
    key: LessSafeKey,
    /// Content not yet sealed. A full chunk waits here until more follows, since only the last one is marked.
    pending: Vec<u8>,
    chunk: u64,
}

impl<W: Write> SealedWriter<W> {
    /// Begins a sealed file. The salt must differ between the files of one key: fresh random bytes, or a counter under
    /// a key that lives no longer than the counter.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, key: &FileKey, salt: [u8; SALT]) -> io::Result<Self> {
        out.write_all(&MAGIC)?;
        out.write_all(&salt)?;
        Ok(Self { out, key: key.chunk_key(&salt), pending: Vec::with_capacity(CHUNK + TAG), chunk: 0 })
    }

    /// Seals the last chunk and gives `out` back, flushed.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce(self.chunk, last), Aad::empty(), &mut self.pending)
            .map_err(|_| io::Error::other("the chunk could not be encrypted"))?;
        self.pending.extend_from_slice(tag.as_ref());
        self.out.write_all(&self.pending)?;
        self.pending.clear();
        self.chunk += 1;
        Ok(())
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Passes on what is sealed already; a chunk that is not full stays here.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

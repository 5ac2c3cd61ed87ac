//! Reads a sealed file from any place in it, decrypting only the chunks it passes through.

use std::io::{self, Read, Seek, SeekFrom};

use aws_lc_rs::aead::{Aad, LessSafeKey};

use super::{CHUNK, FileKey, HEADER, MAGIC, SALT, SealedError, TAG, nonce};

/// Reads the content of a sealed file; seeks cost the decryption of one chunk. What it gives was authenticated first.
pub struct SealedReader<R: Read + Seek> {
    inner: R,
    key: LessSafeKey,
    /// How many chunks the file has; at least one.
    chunks: u64,
    /// The content's length in bytes.
    length: u64,
    position: u64,
    /// The chunk that `content` holds.
    current: Option<u64>,
    content: Vec<u8>,
}

impl<R: Read + Seek> SealedReader<R> {
    /// Opens a sealed file and proves its length by its last chunk.
    ///
    /// # Errors
    /// [`SealedError`] as `InvalidData`, or those of `inner`.
    pub fn new(mut inner: R, key: &FileKey) -> io::Result<Self> {
        let whole = inner.seek(SeekFrom::End(0))?;
        let body = whole.checked_sub(HEADER as u64).ok_or(SealedError::Header)?;
        let mut header = [0; HEADER];
        inner.seek(SeekFrom::Start(0))?;
        inner.read_exact(&mut header)?;
        let salt: [u8; SALT] = header[MAGIC.len()..].try_into().expect("the header is the magic and the salt");
        if header[..MAGIC.len()] != MAGIC {
            return Err(SealedError::Header.into());
        }
        let chunks = body.div_ceil((CHUNK + TAG) as u64);
        let full = chunks.checked_sub(1).ok_or(SealedError::Damaged)?;
        let last = (body - full * (CHUNK + TAG) as u64).checked_sub(TAG as u64).ok_or(SealedError::Damaged)?;
        let length = full * CHUNK as u64 + last;
        let key = key.chunk_key(&salt);
        let mut reader = Self { inner, key, chunks, length, position: 0, current: None, content: Vec::new() };
        reader.load(chunks - 1)?;
        if last == 0 && chunks > 1 {
            return Err(SealedError::Damaged.into());
        }
        Ok(reader)
    }

    /// The content's length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Decrypts one chunk into `content`.
    fn load(&mut self, chunk: u64) -> io::Result<()> {
        if self.current == Some(chunk) {
            return Ok(());
        }
        self.current = None;
        self.content.resize(CHUNK + TAG, 0);
        let last = chunk + 1 == self.chunks;
        let sealed = if last { (self.length - chunk * CHUNK as u64) as usize + TAG } else { CHUNK + TAG };
        self.content.truncate(sealed);
        self.inner.seek(SeekFrom::Start(HEADER as u64 + chunk * (CHUNK + TAG) as u64))?;
        self.inner.read_exact(&mut self.content)?;
        self.key
            .open_in_place(nonce(chunk, last), Aad::empty(), &mut self.content)
            .map_err(|_| SealedError::Damaged)?;
        self.content.truncate(sealed - TAG);
        self.current = Some(chunk);
        Ok(())
    }
}

impl<R: Read + Seek> Read for SealedReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length || into.is_empty() {
            return Ok(0);
        }
        self.load(self.position / CHUNK as u64)?;
        let within = (self.position % CHUNK as u64) as usize;
        let taken = into.len().min(self.content.len() - within);
        into[..taken].copy_from_slice(&self.content[within..within + taken]);
        self.position += taken as u64;
        Ok(taken)
    }
}

impl<R: Read + Seek> Seek for SealedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}

//! One file of the package on its way: counted, hashed and compressed as it passes.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::{Compress, Compression, FlushCompress, Status};

/// How much compressed output is gathered before it is passed on.
const OUT: usize = 64 * 1024;

/// Compresses one file after the other, each as a deflate stream of its own.
pub(super) struct Press {
    deflate: Compress,
    out: Vec<u8>,
    hash: Context,
    crc: crc32fast::Hasher,
    bytes: u64,
    packed: u64,
}

/// What is known of a file once it has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pressed {
    /// Its length.
    pub bytes: u64,
    /// Its length as compressed.
    pub packed: u64,
    /// Its CRC-32, as ZIP wants it.
    pub crc: u32,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Press {
    /// For files of a few kilobytes: small before fast.
    pub fn small() -> Self {
        Self::new(Compression::default())
    }

    /// For files without end: as fast as deflate goes. It compresses table rows to about a third.
    pub fn fast() -> Self {
        Self::new(Compression::fast())
    }

    fn new(level: Compression) -> Self {
        Self {
            deflate: Compress::new(level, false),
            out: vec![0; OUT],
            hash: Context::new(&SHA256),
            crc: crc32fast::Hasher::new(),
            bytes: 0,
            packed: 0,
        }
    }

    /// Takes the next piece of the file; what of it is compressed already goes to `out`.
    pub fn press(&mut self, content: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.hash.update(content);
        self.crc.update(content);
        self.bytes += content.len() as u64;
        self.run(content, FlushCompress::None, out)
    }

    /// Ends the file; the next piece begins another one.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<Pressed> {
        self.run(&[], FlushCompress::Finish, out)?;
        self.deflate.reset();
        let hash = std::mem::replace(&mut self.hash, Context::new(&SHA256)).finish();
        Ok(Pressed {
            bytes: std::mem::take(&mut self.bytes),
            packed: std::mem::take(&mut self.packed),
            crc: std::mem::replace(&mut self.crc, crc32fast::Hasher::new()).finalize(),
            sha256: hash.as_ref().iter().map(|b| format!("{b:02x}")).collect(),
        })
    }

    fn run(&mut self, mut content: &[u8], flush: FlushCompress, out: &mut impl Write) -> io::Result<()> {
        loop {
            let (taken, made) = (self.deflate.total_in(), self.deflate.total_out());
            let status = self.deflate.compress(content, &mut self.out, flush).map_err(io::Error::other)?;
            let taken = usize::try_from(self.deflate.total_in() - taken).map_err(io::Error::other)?;
            let made = usize::try_from(self.deflate.total_out() - made).map_err(io::Error::other)?;
            content = &content[taken..];
            self.packed += made as u64;
            out.write_all(&self.out[..made])?;
            let done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => content.is_empty() && made < self.out.len(),
            };
            if done {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_pressed_inflates_to_the_same(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9_000), 0..12)) {
            let mut press = Press::fast();
            for _ in 0..2 {
                let mut packed = Vec::new();
                for piece in &pieces {
                    press.press(piece, &mut packed).unwrap();
                }
                let pressed = press.finish(&mut packed).unwrap();
                let mut content = Vec::new();
                flate2::read::DeflateDecoder::new(packed.as_slice()).read_to_end(&mut content).unwrap();
                prop_assert!(content == pieces.concat());
                prop_assert_eq!(pressed.bytes, content.len() as u64);
                prop_assert_eq!(pressed.packed, packed.len() as u64);
                prop_assert_eq!(pressed.crc, crc32fast::hash(&content));
            }
        }
    }
}

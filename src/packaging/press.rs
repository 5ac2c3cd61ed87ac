//! One file of the package on its way: counted, hashed and compressed as it passes.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::{Compress, Compression, FlushCompress, Status};

use super::deflate::Deflate;
use super::lines::Lines;

/// How much compressed output is gathered before it is passed on.
const OUT: usize = 64 * 1024;

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

/// The same while it passes.
struct Passing {
    hash: Context,
    crc: crc32fast::Hasher,
    bytes: u64,
    packed: u64,
}

impl Passing {
    fn new() -> Self {
        Self { hash: Context::new(&SHA256), crc: crc32fast::Hasher::new(), bytes: 0, packed: 0 }
    }

    fn content(&mut self, content: &[u8]) {
        self.hash.update(content);
        self.crc.update(content);
        self.bytes += content.len() as u64;
    }

    fn passed(self) -> Pressed {
        Pressed {
            bytes: self.bytes,
            packed: self.packed,
            crc: self.crc.finalize(),
            sha256: self.hash.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect(),
        }
    }
}

/// Compresses one file after the other, each as a deflate stream of its own, for files of a few kilobytes: small before
/// fast.
pub(super) struct Press {
    deflate: Compress,
    out: Vec<u8>,
    file: Passing,
}

impl Press {
    pub fn new() -> Self {
        Self { deflate: Compress::new(Compression::default(), false), out: vec![0; OUT], file: Passing::new() }
    }

    /// Takes the next piece of the file; what of it is compressed already goes to `out`.
    pub fn press(&mut self, content: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.file.content(content);
        self.run(content, FlushCompress::None, out)
    }

    /// Ends the file; the next piece begins another one.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<Pressed> {
        self.run(&[], FlushCompress::Finish, out)?;
        self.deflate.reset();
        Ok(std::mem::replace(&mut self.file, Passing::new()).passed())
    }

    fn run(&mut self, mut content: &[u8], flush: FlushCompress, out: &mut impl Write) -> io::Result<()> {
        loop {
            let (taken, made) = (self.deflate.total_in(), self.deflate.total_out());
            let status = self.deflate.compress(content, &mut self.out, flush).map_err(io::Error::other)?;
            let taken = usize::try_from(self.deflate.total_in() - taken).map_err(io::Error::other)?;
            let made = usize::try_from(self.deflate.total_out() - made).map_err(io::Error::other)?;
            content = &content[taken..];
            self.file.packed += made as u64;
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

/// Compresses one file of very many lines that resemble each other.
pub(super) struct LinePress {
    deflate: Deflate,
    file: Passing,
}

impl LinePress {
    pub fn new() -> Self {
        Self { deflate: Deflate::new(), file: Passing::new() }
    }

    /// Takes the next lines of the file, whose fields are `columns` a line.
    pub fn press(&mut self, lines: &Lines, columns: usize, out: &mut impl Write) -> io::Result<()> {
        let content = lines.text();
        self.file.content(content);
        let packed = self.deflate.piece(content, &lines.marks, columns);
        self.file.packed += packed.len() as u64;
        out.write_all(packed)
    }

    /// Ends the file.
    pub fn finish(mut self, out: &mut impl Write) -> io::Result<Pressed> {
        let packed = self.deflate.end();
        self.file.packed += packed.len() as u64;
        out.write_all(packed)?;
        Ok(self.file.passed())
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
            let mut press = Press::new();
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
    #[test]
    fn what_is_told_of_lines_is_told_of_the_file() {
        let (mut press, mut packed, mut content) = (LinePress::new(), Vec::new(), Vec::new());
        for block in 0..3 {
            let mut lines = Lines::new();
            for row in 0..500 {
                lines.field("");
                lines.push(&(block * row).to_string());
                lines.field(",");
                lines.push("order\n");
            }
            press.press(&lines, 2, &mut packed).unwrap();
            content.extend_from_slice(lines.text());
        }
        let pressed = press.finish(&mut packed).unwrap();
        let mut inflated = Vec::new();
        flate2::read::DeflateDecoder::new(packed.as_slice()).read_to_end(&mut inflated).unwrap();
        assert!(inflated == content);
        assert_eq!((pressed.bytes, pressed.packed), (content.len() as u64, packed.len() as u64));
        assert_eq!(pressed.crc, crc32fast::hash(&content));
    }
}

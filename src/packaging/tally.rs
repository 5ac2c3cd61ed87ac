//! What goes to the outside of a package: counted, and hashed beside the writing once there is much of it.

use std::io::{self, Write};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

use aws_lc_rs::digest::{Context, SHA256};

/// A package of more bytes is hashed on a thread of its own: whoever reads its rows also writes it, and has enough to do.
const MUCH: u64 = 4 * 1024 * 1024;

/// How many bytes are handed over to that thread at once, and how many times as much may wait for it. Less than what the allocator
/// hands back to the system as soon as it is free.
const BLOCK: usize = 128 * 1024;
const WAITING: usize = 16;

/// Counts and hashes what it passes on.
pub(super) struct Tally<W> {
    out: W,
    hash: Hash,
    bytes: u64,
}

enum Hash {
    Here(Context),
    Elsewhere { pending: Vec<u8>, blocks: SyncSender<Vec<u8>>, thread: JoinHandle<Context> },
}

impl<W: Write> Tally<W> {
    pub fn new(out: W) -> Self {
        Self { out, hash: Hash::Here(Context::new(&SHA256)), bytes: 0 }
    }

    /// How many bytes went through.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the writing; gives the length and the SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// Those of the outside; the thread that hashes ended before its time.
    pub fn finish(mut self) -> io::Result<(u64, String)> {
        self.out.flush()?;
        let hash = match self.hash {
            Hash::Here(hash) => hash,
            Hash::Elsewhere { pending, blocks, thread } => {
                blocks.send(pending).map_err(|_| lost())?;
                drop(blocks);
                thread.join().map_err(|_| lost())?
            }
        };
        Ok((self.bytes, hash.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect()))
    }

    /// Goes on hashing on a thread of its own.
    fn move_elsewhere(&mut self) -> io::Result<()> {
        let Hash::Here(hash) = &self.hash else { return Ok(()) };
        let mut hash = hash.clone();
        let (blocks, incoming) = mpsc::sync_channel::<Vec<u8>>(WAITING);
        let work = move || {
            incoming.iter().for_each(|block| hash.update(&block));
            hash
        };
        let thread = thread::Builder::new().name("package".to_owned()).spawn(work)?;
        self.hash = Hash::Elsewhere { pending: Vec::with_capacity(BLOCK), blocks, thread };
        Ok(())
    }
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        match &mut self.hash {
            Hash::Here(hash) => hash.update(&bytes[..written]),
            Hash::Elsewhere { pending, blocks, .. } => {
                if pending.len() + written > BLOCK {
                    let block = std::mem::replace(pending, Vec::with_capacity(BLOCK));
                    blocks.send(block).map_err(|_| lost())?;
                }
                pending.extend_from_slice(&bytes[..written]);
            }
        }
        self.bytes += written as u64;
        if self.bytes >= MUCH {
            self.move_elsewhere()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn lost() -> io::Error {
    io::Error::other("the package could not be hashed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::little(100_000)]
    #[case::just_much(MUCH as usize)]
    #[case::much(MUCH as usize + 3 * BLOCK + 7)]
    fn the_sum_is_that_of_all_that_was_written(#[case] length: usize) {
        let content: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let mut out = Vec::new();
        let mut tally = Tally::new(&mut out);
        content.chunks(70_001).for_each(|piece| tally.write_all(piece).unwrap());
        let (bytes, sum) = tally.finish().unwrap();
        let expected = aws_lc_rs::digest::digest(&SHA256, &content);
        assert_eq!(bytes, length as u64);
        assert_eq!(sum, expected.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>());
        assert!(out == content, "all of it came through");
    }
}

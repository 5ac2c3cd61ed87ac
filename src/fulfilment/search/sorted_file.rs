//! Many hashes in a file, in order: written once from front to back, asked at any place with one read.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

/// A hash of 128 bits.
pub(in crate::fulfilment) type Print = u128;

const PRINT: usize = size_of::<Print>();
/// How many prints are in one read.
const BLOCK: usize = 64;
/// How many bytes are in one read or write of all prints.
const PIECE: usize = 256 * 1024;

/// Prints in ascending order, each once.
pub(in crate::fulfilment) struct SortedFile {
    file: File,
    prints: usize,
    /// The first print of each block.
    firsts: Vec<Print>,
    filter: Filter,
}

impl SortedFile {
    /// Writes those of `before` and the `more`, which are in order and not among them, to an empty file.
    ///
    /// # Errors
    /// Those of the two files.
    pub(in crate::fulfilment) fn merged(file: File, before: Option<&Self>, more: &[Print]) -> io::Result<Self> {
        let prints = before.map_or(0, Self::len) + more.len();
        let mut to = Writing {
            out: BufWriter::with_capacity(PIECE, file),
            written: 0,
            firsts: Vec::with_capacity(prints.div_ceil(BLOCK)),
            filter: Filter::for_so_many(prints),
        };
        let mut more = more.iter().copied().peekable();
        if let Some(before) = before {
            before.each(|print| {
                while let Some(smaller) = more.next_if(|m| *m < print) {
                    to.add(smaller)?;
                }
                to.add(print)
            })?;
        }
        more.try_for_each(|print| to.add(print))?;
        let file = to.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { file, prints, firsts: to.firsts, filter: to.filter })
    }

    /// How many there are.
    pub(in crate::fulfilment) fn len(&self) -> usize {
        self.prints
    }

    /// Whether the print is among them.
    ///
    /// # Errors
    /// Those of the file.
    pub(in crate::fulfilment) fn contains(&self, print: Print) -> io::Result<bool> {
        if !self.filter.may_hold(print) {
            return Ok(false);
        }
        let Some(block) = self.firsts.partition_point(|first| *first <= print).checked_sub(1) else { return Ok(false) };
        let mut bytes = [0; BLOCK * PRINT];
        let length = BLOCK.min(self.prints - block * BLOCK) * PRINT;
        self.file.read_exact_at(&mut bytes[..length], (block * BLOCK * PRINT) as u64)?;
        // Big-endian numbers are in the order of their bytes.
        let (prints, _) = bytes[..length].as_chunks::<PRINT>();
        Ok(prints.binary_search(&print.to_be_bytes()).is_ok())
    }

    fn each(&self, mut take: impl FnMut(Print) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = vec![0; PIECE];
        let (mut at, end) = (0, self.prints * PRINT);
        while at < end {
            let piece = &mut bytes[..PIECE.min(end - at)];
            self.file.read_exact_at(piece, at as u64)?;
            piece.as_chunks::<PRINT>().0.iter().try_for_each(|print| take(Print::from_be_bytes(*print)))?;
            at += piece.len();
        }
        Ok(())
    }
}

/// A file that is being written.
struct Writing {
    out: BufWriter<File>,
    written: usize,
    firsts: Vec<Print>,
    filter: Filter,
}

impl Writing {
    fn add(&mut self, print: Print) -> io::Result<()> {
        if self.written.is_multiple_of(BLOCK) {
            self.firsts.push(print);
        }
        self.written += 1;
        self.filter.add(print);
        self.out.write_all(&print.to_be_bytes())
    }
}

/// Tells of most prints that are not among them without a read: a Bloom filter of eight bits a print, of which each sets
/// four within one word. Of what is not there it lets about one in twenty pass.
struct Filter(Vec<u64>);

impl Filter {
    fn for_so_many(prints: usize) -> Self {
        Self(vec![0; prints.div_ceil(8).max(1)])
    }

    fn add(&mut self, print: Print) {
        let (word, bits) = self.place(print);
        self.0[word] |= bits;
    }

    fn may_hold(&self, print: Print) -> bool {
        let (word, bits) = self.place(print);
        self.0[word] & bits == bits
    }

    /// The upper half of a print names the word, the lower half the bits in it.
    fn place(&self, print: Print) -> (usize, u64) {
        let word = ((print >> 64) * self.0.len() as u128) >> 64;
        let bits = (0..4).fold(0, |bits, i| bits | 1 << (print >> (6 * i) & 63) as u32);
        (word as usize, bits)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_found_and_nothing_else(
            rounds in prop::collection::vec(prop::collection::btree_set(0..400_u128, 0..300), 1..4),
            shift in prop::sample::select(vec![0_u32, 57, 119]),
        ) {
            let mut all = BTreeSet::new();
            let mut file: Option<SortedFile> = None;
            for round in rounds {
                let new: Vec<Print> = round.into_iter().map(|n| n << shift).filter(|p| all.insert(*p)).collect();
                file = Some(SortedFile::merged(tempfile::tempfile().unwrap(), file.as_ref(), &new).unwrap());
            }
            let file = file.unwrap();
            prop_assert_eq!(file.len(), all.len());
            for n in 0..500_u128 {
                prop_assert_eq!(file.contains(n << shift).unwrap(), all.contains(&(n << shift)));
            }
        }
    }

    #[test]
    fn the_filter_spares_most_reads() {
        let prints = |from: u64| {
            (from..from + 10_000).map(|n| {
                let high = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Print::from(high) << 64 | Print::from(high.rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9))
            })
        };
        let mut filter = Filter::for_so_many(10_000);
        prints(0).for_each(|print| filter.add(print));
        assert!(prints(0).all(|print| filter.may_hold(print)));
        let passed = prints(1_000_000).filter(|print| filter.may_hold(*print)).count();
        assert!(passed < 1_000, "{passed} of 10,000");
    }
}

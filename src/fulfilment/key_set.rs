//! A set of keys of any size in little memory: what was put in is known again, and cannot be read out.
//!
//! A key is kept as 128 bits of its SHA-256 together with a secret of the set's own, so that neither the set nor the file
//! it may spill to tells what a key was, and nobody can make two keys that are taken for one: with five million keys,
//! two are by chance with a probability of 10⁻²⁵. Few keys are in memory; many are in a table in a file without a name.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::scratch::Scratch;

/// How many keys are in memory.
const IN_MEMORY: usize = 1 << 15;

/// One key as it is kept.
type Print = u128;

/// Keys, each a list of texts.
pub(super) struct KeySet {
    scratch: Arc<Scratch>,
    secret: Zeroizing<[u8; 32]>,
    few: HashSet<Print>,
    many: Option<Table>,
}

impl KeySet {
    pub(super) fn new(scratch: &Arc<Scratch>) -> Self {
        Self { scratch: Arc::clone(scratch), secret: scratch.key(), few: HashSet::new(), many: None }
    }

    /// Puts a key in; gives whether it is new.
    pub(super) fn insert<'k>(&mut self, key: impl Iterator<Item = &'k str>) -> io::Result<bool> {
        let print = self.print(key);
        if let Some(many) = &mut self.many {
            return many.insert(&self.scratch, print);
        }
        let new = self.few.insert(print);
        if self.few.len() > IN_MEMORY {
            let mut many = Table::new(&self.scratch, 8 * IN_MEMORY as u64)?;
            for print in std::mem::take(&mut self.few) {
                many.insert(&self.scratch, print)?;
            }
            self.many = Some(many);
        }
        Ok(new)
    }

    /// Whether the key is in.
    pub(super) fn contains<'k>(&self, key: impl Iterator<Item = &'k str>) -> io::Result<bool> {
        if self.few.is_empty() && self.many.is_none() {
            return Ok(false);
        }
        let print = self.print(key);
        match &self.many {
            Some(many) => many.contains(print),
            None => Ok(self.few.contains(&print)),
        }
    }

    fn print<'k>(&self, key: impl Iterator<Item = &'k str>) -> Print {
        let mut context = Context::new(&SHA256);
        context.update(self.secret.as_slice());
        for part in key {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let digest = context.finish();
        let bytes = digest.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes");
        // Zero is an empty place of the table.
        Print::from_be_bytes(bytes).max(1)
    }
}

/// Places in one read.
const BLOCK: u64 = 32;
const PLACE: usize = size_of::<Print>();

/// An open-addressing table in a file: a key lies in the block that its first bits name, or in the next that has room.
/// A quarter to half of the blocks' places are empty, so that hardly any key needs a second read.
struct Table {
    file: File,
    blocks: u64,
    keys: u64,
}

/// Where a key is, or would be.
enum Found {
    There,
    Free(u64),
}

impl Table {
    /// A table for up to half as many keys as `places`.
    fn new(scratch: &Scratch, places: u64) -> io::Result<Self> {
        let blocks = places / BLOCK;
        let file = scratch.file()?;
        // The file has holes; they read as zeros and take no room.
        file.set_len(blocks * BLOCK * PLACE as u64)?;
        Ok(Self { file, blocks, keys: 0 })
    }

    fn contains(&self, print: Print) -> io::Result<bool> {
        Ok(matches!(self.find(print)?, Found::There))
    }

    fn insert(&mut self, scratch: &Scratch, print: Print) -> io::Result<bool> {
        let Found::Free(mut at) = self.find(print)? else { return Ok(false) };
        if self.keys >= self.blocks * BLOCK / 2 {
            self.grow(scratch)?;
            let Found::Free(free) = self.find(print)? else { return Ok(false) };
            at = free;
        }
        self.file.write_all_at(&print.to_be_bytes(), at)?;
        self.keys += 1;
        Ok(true)
    }

    fn find(&self, print: Print) -> io::Result<Found> {
        let mut bytes = [0; BLOCK as usize * PLACE];
        let mut block = (((print >> 64) * u128::from(self.blocks)) >> 64) as u64;
        loop {
            let start = block * BLOCK * PLACE as u64;
            self.file.read_exact_at(&mut bytes, start)?;
            for (index, place) in bytes.chunks_exact(PLACE).enumerate() {
                match Print::from_be_bytes(place.try_into().expect("a chunk of that size")) {
                    0 => return Ok(Found::Free(start + (index * PLACE) as u64)),
                    there if there == print => return Ok(Found::There),
                    _ => {}
                }
            }
            block = (block + 1) % self.blocks;
        }
    }

    /// The order of the keys stays, so the larger table is written from front to back.
    fn grow(&mut self, scratch: &Scratch) -> io::Result<()> {
        let mut larger = Self::new(scratch, self.blocks * BLOCK * 4)?;
        let mut bytes = vec![0; BLOCK as usize * PLACE * 128];
        let (mut at, end) = (0, self.blocks * BLOCK * PLACE as u64);
        while at < end {
            let length = bytes.len().min(usize::try_from(end - at).unwrap_or(bytes.len()));
            self.file.read_exact_at(&mut bytes[..length], at)?;
            for place in bytes[..length].chunks_exact(PLACE) {
                let print = Print::from_be_bytes(place.try_into().expect("a chunk of that size"));
                if print != 0 {
                    larger.insert(scratch, print)?;
                }
            }
            at += length as u64;
        }
        *self = larger;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn scratch() -> Arc<Scratch> {
        Arc::new(Scratch::new(std::env::temp_dir(), [3; 32]))
    }

    #[test]
    fn what_was_put_in_is_known_however_much_it_is() {
        let mut set = KeySet::new(&scratch());
        let key = |n: u32| n.to_string();
        let most = 8 * IN_MEMORY as u32;
        for n in 0..most {
            assert!(set.insert([key(n).as_str(), "x"].into_iter()).unwrap(), "{n} is new");
        }
        assert!(set.many.as_ref().is_some_and(|many| many.keys == u64::from(most)), "it has spilled and grown");
        for n in (0..2 * most).step_by(7) {
            assert_eq!(set.contains([key(n).as_str(), "x"].into_iter()).unwrap(), n < most, "{n}");
            assert_eq!(set.insert([key(n).as_str(), "x"].into_iter()).unwrap(), n >= most, "{n}");
        }
    }

    proptest::proptest! {
        #[test]
        fn keys_are_told_apart(keys in proptest::collection::vec(proptest::collection::vec("[ab]{0,2}", 0..3), 0..20)) {
            let (mut set, mut plain) = (KeySet::new(&scratch()), HashSet::new());
            for key in &keys {
                let parts = || key.iter().map(String::as_str);
                proptest::prop_assert_eq!(set.contains(parts()).unwrap(), plain.contains(key));
                proptest::prop_assert_eq!(set.insert(parts()).unwrap(), plain.insert(key.clone()));
            }
        }
    }
}

//! A set of keys of any size in little memory: what was put in is known again, and cannot be read out.
//!
//! A key is kept as 128 bits that a keyed hash gives with a secret of the set's own (SipHash-2-4), so that neither the set nor
//! the file it may spill to tells what a key was, and nobody can make two keys that are taken for one: with five million
//! keys, two are by chance with a probability of 10⁻²⁵. The latest are in memory, the others in order in a file without a
//! name, which is written anew from front to back whenever there are enough of them.

use std::collections::HashSet;
use std::hash::Hasher;
use std::io;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher24};
use zeroize::Zeroizing;

use super::scratch::Scratch;
use super::sorted_file::{Print, SortedFile};

/// How many keys are in memory before any are in a file, and how many at most.
const IN_MEMORY: usize = 1 << 15;
const MOST_IN_MEMORY: usize = 1 << 17;

/// Keys, each a list of texts.
pub(in crate::fulfilment) struct KeySet {
    scratch: Arc<Scratch>,
    secret: Zeroizing<[u8; 16]>,
    latest: HashSet<Print>,
    filed: Option<SortedFile>,
}

impl KeySet {
    pub(in crate::fulfilment) fn new(scratch: &Arc<Scratch>) -> Self {
        let mut secret = Zeroizing::new([0; 16]);
        secret.copy_from_slice(&scratch.key()[..16]);
        Self { scratch: Arc::clone(scratch), secret, latest: HashSet::new(), filed: None }
    }

    /// Puts a key in; gives whether it is new.
    pub(in crate::fulfilment) fn insert<'k>(&mut self, key: impl Iterator<Item = &'k str>) -> io::Result<bool> {
        let print = self.print(key);
        if self.latest.contains(&print) || self.is_filed(print)? {
            return Ok(false);
        }
        self.latest.insert(print);
        let filed = self.filed.as_ref().map_or(0, SortedFile::len);
        if self.latest.len() > (filed / 4).clamp(IN_MEMORY, MOST_IN_MEMORY) {
            let mut prints: Vec<Print> = self.latest.drain().collect();
            prints.sort_unstable();
            self.filed = Some(SortedFile::merged(self.scratch.file()?, self.filed.as_ref(), &prints)?);
        }
        Ok(true)
    }

    /// Whether the key is in.
    pub(in crate::fulfilment) fn contains<'k>(&self, key: impl Iterator<Item = &'k str>) -> io::Result<bool> {
        if self.latest.is_empty() && self.filed.is_none() {
            return Ok(false);
        }
        let print = self.print(key);
        Ok(self.latest.contains(&print) || self.is_filed(print)?)
    }

    fn is_filed(&self, print: Print) -> io::Result<bool> {
        self.filed.as_ref().map_or(Ok(false), |filed| filed.contains(print))
    }

    fn print<'k>(&self, key: impl Iterator<Item = &'k str>) -> Print {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        for part in key {
            hasher.write_u64(part.len() as u64);
            hasher.write(part.as_bytes());
        }
        hasher.finish128().as_u128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> Arc<Scratch> {
        Arc::new(Scratch::new(std::env::temp_dir(), [3; 32]))
    }

    #[test]
    fn what_was_put_in_is_known_however_much_it_is() {
        let mut set = KeySet::new(&scratch());
        let key = |n: usize| n.to_string();
        let most = 8 * IN_MEMORY;
        for n in 0..most {
            assert!(set.insert([key(n).as_str(), "x"].into_iter()).unwrap(), "{n} is new");
        }
        let filed = set.filed.as_ref().map_or(0, SortedFile::len);
        assert!(filed > 4 * IN_MEMORY, "it has spilled more than once: {filed}");
        assert_eq!(filed + set.latest.len(), most);
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

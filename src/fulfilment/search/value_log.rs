//! Values in the order in which they were found, in batches of a size that a query takes: the first batch in memory, the
//! others sealed in a file without a name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::scratch::Scratch;

/// How many values a batch has at most, and how many bytes.
pub(in crate::fulfilment) const VALUES: usize = 10_000;
const BYTES: usize = 512 * 1024;

/// A list of values that only grows.
pub(in crate::fulfilment) struct ValueLog {
    scratch: Arc<Scratch>,
    /// The first batch.
    first: Vec<String>,
    /// The batches in the file, whole ones.
    filed: Option<Filed>,
    /// The last batch, once there is more than one.
    last: Vec<String>,
    /// The bytes of the batch that grows.
    bytes: usize,
}

struct Filed {
    file: File,
    key: LessSafeKey,
    /// Where each batch lies, and how long it is.
    at: Vec<(u64, usize)>,
    end: u64,
}

impl ValueLog {
    pub(in crate::fulfilment) fn new(scratch: &Arc<Scratch>) -> Self {
        Self { scratch: Arc::clone(scratch), first: Vec::new(), filed: None, last: Vec::new(), bytes: 0 }
    }

    /// Adds a value.
    pub(in crate::fulfilment) fn push(&mut self, value: &str) -> io::Result<()> {
        let full = |values: usize, bytes| values >= VALUES || (values > 0 && bytes + value.len() > BYTES);
        let is_first = self.filed.is_none() && self.last.is_empty();
        if is_first && !full(self.first.len(), self.bytes) {
            self.first.push(value.to_owned());
            self.bytes += value.len();
            return Ok(());
        }
        if is_first {
            self.bytes = 0;
        } else if full(self.last.len(), self.bytes) {
            self.file_last()?;
        }
        self.last.push(value.to_owned());
        self.bytes += value.len();
        Ok(())
    }

    /// How many batches there are.
    pub(in crate::fulfilment) fn batches(&self) -> usize {
        let filed = self.filed.as_ref().map_or(0, |filed| filed.at.len());
        usize::from(!self.first.is_empty()) + filed + usize::from(!self.last.is_empty())
    }

    /// How many values a batch has, without reading it; those in the file count as full.
    pub(in crate::fulfilment) fn weight(&self, batch: usize) -> usize {
        match batch {
            0 => self.first.len(),
            _ if batch + 1 == self.batches() => self.last.len(),
            _ => VALUES,
        }
    }

    /// The values of a batch, beginning with the `from`th.
    pub(in crate::fulfilment) fn read(&self, batch: usize, from: usize) -> io::Result<Vec<String>> {
        let rest = |values: &[String]| values.get(from..).unwrap_or_default().to_vec();
        match (&self.filed, batch) {
            (_, 0) => Ok(rest(&self.first)),
            (Some(filed), _) if batch <= filed.at.len() => Ok(rest(&filed.read(batch - 1)?)),
            _ => Ok(rest(&self.last)),
        }
    }

    fn file_last(&mut self) -> io::Result<()> {
        let filed = match &mut self.filed {
            Some(filed) => filed,
            none => none.insert(Filed::new(&self.scratch)?),
        };
        filed.add(&self.last)?;
        self.last.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl Filed {
    fn new(scratch: &Scratch) -> io::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, scratch.key().as_slice()).map_err(|_| io::Error::other("no key"))?;
        Ok(Self { file: scratch.file()?, key: LessSafeKey::new(key), at: Vec::new(), end: 0 })
    }

    fn add(&mut self, values: &[String]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(values.iter().map(|v| v.len() + 4).sum::<usize>() + AES_256_GCM.tag_len());
        for value in values {
            let length = u32::try_from(value.len()).map_err(|_| io::Error::other("a key of 4 GB or more"))?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        let sealed = self.key.seal_in_place_append_tag(nonce(self.at.len()), Aad::empty(), &mut bytes);
        sealed.map_err(|_| io::Error::other("keys could not be sealed"))?;
        self.file.write_all_at(&bytes, self.end)?;
        self.at.push((self.end, bytes.len()));
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn read(&self, batch: usize) -> io::Result<Vec<String>> {
        let (at, length) = self.at[batch];
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at)?;
        let opened = self.key.open_in_place(nonce(batch), Aad::empty(), &mut bytes);
        let mut rest: &[u8] = opened.map_err(|_| io::Error::other("the file of keys is damaged"))?;
        let mut values = Vec::new();
        while let Some((length, more)) = rest.split_first_chunk::<4>() {
            let (value, more) = more.split_at(u32::from_le_bytes(*length) as usize);
            values.push(std::str::from_utf8(value).map_err(io::Error::other)?.to_owned());
            rest = more;
        }
        Ok(values)
    }
}

/// A batch is sealed once, so its number is its nonce.
fn nonce(batch: usize) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[4..].copy_from_slice(&(batch as u64).to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, 0)]
    #[case(VALUES, 1)]
    #[case(VALUES + 1, 2)]
    #[case(3 * VALUES, 3)]
    #[case(5 * VALUES + 7, 6)]
    fn values_come_back_in_order(#[case] count: usize, #[case] batches: usize) {
        let mut log = ValueLog::new(&Arc::new(Scratch::new(std::env::temp_dir(), [1; 32])));
        (0..count).for_each(|n| log.push(&n.to_string()).unwrap());
        assert_eq!(log.batches(), batches);
        let read: Vec<String> = (0..batches).flat_map(|b| log.read(b, 0).unwrap()).collect();
        assert!(read.into_iter().eq((0..count).map(|n| n.to_string())), "a value is missing or misplaced");
        if batches > 1 {
            assert_eq!(log.read(1, 5).unwrap().first(), Some(&(VALUES + 5).to_string()).filter(|_| count > VALUES + 5));
        }
    }

    #[test]
    fn long_values_make_small_batches() {
        let mut log = ValueLog::new(&Arc::new(Scratch::new(std::env::temp_dir(), [1; 32])));
        (0..4).for_each(|_| log.push(&"x".repeat(BYTES)).unwrap());
        assert_eq!(log.batches(), 4);
        assert_eq!(log.read(2, 0).unwrap().len(), 1);
    }
}

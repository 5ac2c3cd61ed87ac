//! A file nobody can read, shorten, reorder or change unnoticed without its key, and any part of which can be read
//! without decrypting the rest.
//!
//! The format is the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and
//! its Nonce-Reuse Misuse-Resistance", CRYPTO 2015) over AES-256-GCM:
//!
//! ```text
//! header   8 bytes  "HABEAS", 0, version 1
//!         16 bytes  salt
//! chunk    up to 65,536 bytes of content, encrypted, and a tag of 16 bytes; all chunks but the last are full,
//!          and the last is empty only when the whole file is
//! ```
//!
//! The chunks' key is HKDF-SHA256 of the file's key with the salt, so one key may seal several files as long as their
//! salts differ. A chunk's nonce is its number (11 bytes, big-endian) and one byte that is 1 in the last chunk only: a
//! chunk moved, repeated, dropped or cut off no longer decrypts.

mod reader;
mod writer;

use std::io;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

pub use reader::SealedReader;
pub use writer::SealedWriter;

const MAGIC: [u8; 8] = *b"HABEAS\0\x01";
const SALT: usize = 16;
const HEADER: usize = MAGIC.len() + SALT;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// Why a sealed file cannot be read. Wrapped in an [`io::Error`] of kind `InvalidData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// It does not begin as a sealed file of a version known here.
    #[error("not a sealed file, or one of a later version")]
    Header,
    /// It was changed, shortened or lengthened since it was sealed, or this is not its key.
    #[error("the sealed file is damaged, or its key is another one")]
    Damaged,
}

impl From<SealedError> for io::Error {
    fn from(error: SealedError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// The 32 random bytes that open a sealed file. Wiped from memory when dropped; has no `Debug`.
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// A key from fresh random bytes, or from those that [`FileKey::expose`] gave.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the one place that encrypts them under another key.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of the chunks of the file with this salt.
    fn chunk_key(&self, salt: &[u8; SALT]) -> LessSafeKey {
        let secret = Salt::new(HKDF_SHA256, salt).extract(self.0.as_slice());
        let info: [&[u8]; 1] = [&MAGIC];
        let key = secret.expand(&info, &AES_256_GCM).expect("32 bytes are within what HKDF-SHA256 gives (8,160)");
        LessSafeKey::new(UnboundKey::from(key))
    }
}

/// The nonce of a chunk: its number and whether it is the last.
fn nonce(chunk: u64, last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[3..11].copy_from_slice(&chunk.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Seek, SeekFrom, Write};

    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const FULL: usize = CHUNK + TAG;

    fn seal(content: &[u8]) -> Vec<u8> {
        let mut writer = SealedWriter::new(Vec::new(), &FileKey::new(KEY), [1; SALT]).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    }

    fn open(sealed: &[u8], key: [u8; 32]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        SealedReader::new(Cursor::new(sealed), &FileKey::new(key))?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn refusal(result: io::Result<Vec<u8>>) -> SealedError {
        let error = result.expect_err("must be refused");
        *error.get_ref().and_then(|e| e.downcast_ref()).expect("a SealedError")
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i % 251) as u8).collect()
    }

    #[rstest::rstest]
    #[case(0, HEADER + TAG)]
    #[case(1, HEADER + 1 + TAG)]
    #[case(CHUNK, HEADER + FULL)]
    #[case(CHUNK + 1, HEADER + FULL + 1 + TAG)]
    #[case(3 * CHUNK, HEADER + 3 * FULL)]
    fn what_is_sealed_is_read_back(#[case] length: usize, #[case] sealed_length: usize) {
        let sealed = seal(&content(length));
        assert_eq!(sealed.len(), sealed_length);
        assert!(open(&sealed, KEY).unwrap() == content(length));
    }

    #[test]
    fn nothing_of_the_content_is_visible() {
        let sealed = seal(&[b'x'; 3 * CHUNK]);
        assert!(!sealed.windows(8).any(|w| w == [b'x'; 8]));
        assert_ne!(sealed[HEADER..HEADER + FULL], sealed[HEADER + FULL..HEADER + 2 * FULL]);
    }

    #[test]
    fn another_key_or_another_salt_opens_nothing() {
        let sealed = seal(b"content");
        assert_eq!(refusal(open(&sealed, [8; 32])), SealedError::Damaged);
        let mut salted = sealed;
        salted[MAGIC.len()] ^= 1;
        assert_eq!(refusal(open(&salted, KEY)), SealedError::Damaged);
    }

    #[rstest::rstest]
    #[case::nothing(b"")]
    #[case::a_zip(b"PK\x03\x04 and then quite a lot of other things")]
    #[case::a_later_version(b"HABEAS\0\x02salt of 16 bytesand a tag of the chunk")]
    #[case::header_only(&[72, 65, 66, 69, 65, 83, 0, 1, 0, 0])]
    fn another_file_is_not_a_sealed_one(#[case] bytes: &[u8]) {
        assert_eq!(refusal(open(bytes, KEY)), SealedError::Header);
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused() {
        let sealed = seal(&content(2 * CHUNK + 100));
        for end in [HEADER, HEADER + TAG, HEADER + FULL, HEADER + 2 * FULL, HEADER + 2 * FULL + TAG, sealed.len() - 1] {
            assert_eq!(refusal(open(&sealed[..end], KEY)), SealedError::Damaged, "cut at {end}");
        }
    }

    #[test]
    fn chunks_moved_repeated_dropped_or_added_are_refused() {
        let sealed = seal(&content(3 * CHUNK));
        let (header, chunks) = sealed.split_at(HEADER);
        let chunk: Vec<&[u8]> = chunks.chunks(FULL).collect();
        for order in [vec![1, 0, 2], vec![0, 0, 2], vec![0, 2], vec![0, 1, 2, 2], vec![0, 1, 1, 2], vec![2], vec![0, 1]]
        {
            let forged = [&[header], order.iter().map(|i| chunk[*i]).collect::<Vec<_>>().as_slice()].concat().concat();
            assert_eq!(refusal(open(&forged, KEY)), SealedError::Damaged, "order {order:?}");
        }
        let longer = [sealed.as_slice(), b"more"].concat();
        assert_eq!(refusal(open(&longer, KEY)), SealedError::Damaged);
    }

    #[test]
    fn an_unfinished_file_is_refused() {
        let mut sealed = Vec::new();
        let mut writer = SealedWriter::new(&mut sealed, &FileKey::new(KEY), [1; SALT]).unwrap();
        writer.write_all(&content(2 * CHUNK + 5)).unwrap();
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(refusal(open(&sealed, KEY)), SealedError::Damaged);
    }

    #[test]
    fn seeking_before_the_start_is_an_error_and_after_the_end_reads_nothing() {
        let sealed = seal(&content(10));
        let mut reader = SealedReader::new(Cursor::new(&sealed), &FileKey::new(KEY)).unwrap();
        assert!(reader.seek(SeekFrom::Current(-1)).is_err());
        assert_eq!(reader.seek(SeekFrom::End(5)).unwrap(), 15);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
        assert_eq!(reader.seek(SeekFrom::Start(u64::MAX)).unwrap(), u64::MAX);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_flipped_bit_is_noticed(length in 0..3 * CHUNK, at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut sealed = seal(&content(length));
            let at = at.index(sealed.len());
            sealed[at] ^= 1_u8 << bit;
            let expected = if at < MAGIC.len() { SealedError::Header } else { SealedError::Damaged };
            prop_assert_eq!(refusal(open(&sealed, KEY)), expected);
        }

        #[test]
        fn any_range_reads_as_in_the_content(length in 1..4 * CHUNK, ranges in prop::collection::vec((any::<prop::sample::Index>(), 0..2 * CHUNK), 1..6)) {
            let content = content(length);
            let sealed = seal(&content);
            let mut reader = SealedReader::new(Cursor::new(&sealed), &FileKey::new(KEY)).unwrap();
            for (from, wanted) in ranges {
                let from = from.index(length);
                let end = (from + wanted).min(length);
                reader.seek(SeekFrom::Start(from as u64)).unwrap();
                let mut part = vec![0; end - from];
                reader.read_exact(&mut part).unwrap();
                prop_assert!(part == content[from..end]);
            }
            prop_assert_eq!(reader.length(), length as u64);
        }

        #[test]
        fn how_it_was_written_makes_no_difference(pieces in prop::collection::vec(0..CHUNK + 9, 0..5)) {
            let content = content(pieces.iter().sum());
            let mut writer = SealedWriter::new(Vec::new(), &FileKey::new(KEY), [1; SALT]).unwrap();
            let mut rest = content.as_slice();
            for piece in pieces {
                let (now, later) = rest.split_at(piece);
                writer.write_all(now).unwrap();
                rest = later;
            }
            prop_assert!(writer.finish().unwrap() == seal(&content));
        }
    }
}

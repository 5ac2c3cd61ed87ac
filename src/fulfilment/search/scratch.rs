//! Where a search puts what memory should not hold: files without a name, in which nothing can be read without keys that
//! exist in this process only.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

/// The folder of such files, and the secret that their keys come from.
pub(in crate::fulfilment) struct Scratch {
    directory: PathBuf,
    secret: Zeroizing<[u8; 32]>,
    given: AtomicU64,
}

impl Scratch {
    /// `secret` must be fresh: keys are numbered from zero.
    pub(in crate::fulfilment) fn new(directory: PathBuf, secret: [u8; 32]) -> Self {
        Self { directory, secret: Zeroizing::new(secret), given: AtomicU64::new(0) }
    }

    /// A key that nothing else has.
    pub(in crate::fulfilment) fn key(&self) -> Zeroizing<[u8; 32]> {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let mut context = Context::new(&SHA256);
        context.update(self.secret.as_slice());
        context.update(&number.to_be_bytes());
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(context.finish().as_ref());
        key
    }

    /// A file that is gone when it is closed, whatever happens to the process.
    pub(in crate::fulfilment) fn file(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.directory)
    }
}

//! Every secret of the server, derived from the one key in the key file.

use std::fmt;
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::domain::identity::IdentityKind;
use crate::domain::ids::BundleId;

/// The server's keys.
pub struct Keys {}

/// Why the key file cannot be used, or something sealed cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the key file {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read the file.
    #[error("the key file {path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    Exposed {
        /// Which.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("the key file {path} does not hold one line of base64 with 32 bytes")]
    Malformed {
        /// Which.
        path: String,
    },
    /// It was sealed under another key, for another place, or was changed.
    #[error("it was sealed under another key, or changed since")]
    NotOurs,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys([secret])")
    }
}

impl Keys {
    /// Reads the key file, or makes it with `fresh` bytes, readable by its owner only.
    ///
    /// # Errors
    /// When the file cannot be read, made or trusted.
    pub fn load_or_create(path: &Path, fresh: impl FnOnce() -> [u8; 32]) -> Result<Keys, KeyError> {
        let _ = (path, fresh);
        todo!()
    }

    /// The keys derived from one master key.
    pub fn from_master(master: [u8; 32]) -> Keys {
        let _ = master;
        todo!()
    }

    /// Encrypts for the place that `aad` names (AES-256-GCM, random nonce).
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let _ = (aad, plain);
        todo!()
    }

    /// Opens what [`Keys::seal`] sealed for the same place.
    ///
    /// # Errors
    /// [`KeyError::NotOurs`].
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let _ = (aad, sealed);
        todo!()
    }

    /// What a person's identifier is looked up by: HMAC-SHA256 of its normalised form, so that the database holds no
    /// address and gives none away by trial.
    pub fn blind_index(&self, kind: IdentityKind, normalised: &str) -> [u8; 32] {
        let _ = (kind, normalised);
        todo!()
    }

    /// The six digits mailed for a bundle's code number `serial`: HMAC-SHA256 truncated as in RFC 4226 section 5.3.
    pub fn code(&self, bundle: BundleId, serial: u64) -> SecretString {
        let _ = (bundle, serial);
        todo!()
    }

    /// What session tokens are signed with (HS256).
    pub fn session_secret(&self) -> &[u8] {
        todo!()
    }

    /// The seed of the Ed25519 key that receipts are signed with.
    pub fn signing_seed(&self) -> &[u8; 32] {
        todo!()
    }

    /// HMAC-SHA256 under a key that is used for nothing else; `label` keeps one use apart from another.
    pub fn mac(&self, label: &str, bytes: &[u8]) -> [u8; 32] {
        let _ = (label, bytes);
        todo!()
    }
}

//! Every secret of the server, derived from the one key in the key file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::{fmt, process};

use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::sealing::{self, aead_key, derive};

use crate::domain::identity::IdentityKind;
use crate::domain::ids::BundleId;

/// The server's keys.
pub struct Keys {
    sealing: LessSafeKey,
    index: hmac::Key,
    code: hmac::Key,
    mac: hmac::Key,
    link: LessSafeKey,
    session: Zeroizing<[u8; 32]>,
    signing: Zeroizing<[u8; 32]>,
}

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
    /// Reads the key file, or makes it with `fresh` bytes, readable by its owner only. Of several processes that make
    /// it at once one wins, and all use what it wrote.
    ///
    /// # Errors
    /// When the file cannot be read, made or trusted.
    pub fn load_or_create(path: &Path, fresh: impl FnOnce() -> [u8; 32]) -> Result<Keys, KeyError> {
        let name = path.display().to_string();
        let file = |source| KeyError::File { path: name.clone(), source };
        if !path.try_exists().map_err(file)? {
            create(path, &Zeroizing::new(fresh())).map_err(file)?;
        }
        let mode = fs::metadata(path).map_err(file)?.permissions().mode() & 0o777;
        // The owner's group may read: that is how orchestrators hand secrets to a process that is not root.
        if mode & 0o037 != 0 {
            return Err(KeyError::Exposed { path: name, mode });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(file)?);
        let master = BASE64_STANDARD.decode(text.trim()).ok().map(Zeroizing::new);
        let master = master.and_then(|m| <[u8; 32]>::try_from(m.as_slice()).ok());
        master.map(Self::from_master).ok_or(KeyError::Malformed { path: name })
    }

    /// The keys derived from one master key.
    pub fn from_master(master: [u8; 32]) -> Keys {
        let master = Zeroizing::new(master);
        let hmac_key = |label| hmac::Key::new(hmac::HMAC_SHA256, derive(&master, label).as_slice());
        Keys {
            sealing: aead_key(&derive(&master, "sealing")),
            index: hmac_key("blind index"),
            code: hmac_key("verification code"),
            mac: hmac_key("mac"),
            link: aead_key(&derive(&master, "link")),
            session: derive(&master, "session"),
            signing: derive(&master, "signing"),
        }
    }

    /// Encrypts for the place that `aad` names (AES-256-GCM, random nonce).
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        sealing::seal(&self.sealing, aad, plain)
    }

    /// Opens what [`Keys::seal`] sealed for the same place.
    ///
    /// # Errors
    /// [`KeyError::NotOurs`].
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        sealing::open(&self.sealing, aad, sealed).ok_or(KeyError::NotOurs)
    }

    /// Encrypts for a link that stands in mails: the same text for the same place always gives the same link. The nonce
    /// is the text's own HMAC, so that two texts have two nonces (the idea of RFC 5297, without its cipher).
    pub fn seal_link(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let tag = sign(&self.mac, &[b"link nonce", &(aad.len() as u64).to_be_bytes(), aad, plain]);
        let nonce = std::array::from_fn(|i| tag[i]);
        sealing::seal_with(&self.link, nonce, aad, plain)
    }

    /// Opens what [`Keys::seal_link`] sealed for the same place.
    ///
    /// # Errors
    /// [`KeyError::NotOurs`].
    pub fn open_link(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        sealing::open(&self.link, aad, sealed).ok_or(KeyError::NotOurs)
    }

    /// What a person's identifier is looked up by: HMAC-SHA256 of its normalised form, so that the database holds no
    /// address and gives none away by trial.
    pub fn blind_index(&self, kind: IdentityKind, normalised: &str) -> [u8; 32] {
        let kind: &[u8] = match kind {
            IdentityKind::Email => b"email\0",
            IdentityKind::Phone => b"phone\0",
            IdentityKind::AccountId => b"account\0",
        };
        sign(&self.index, &[kind, normalised.as_bytes()])
    }

    /// The six digits mailed for a bundle's code number `serial`: HMAC-SHA256 truncated as in RFC 4226 section 5.3.
    pub fn code(&self, bundle: BundleId, serial: u64) -> SecretString {
        let tag = sign(&self.code, &[bundle.0.as_bytes(), &serial.to_be_bytes()]);
        let offset = usize::from(tag[31] & 15);
        let word = [tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]];
        format!("{:06}", u32::from_be_bytes(word) % 1_000_000).into()
    }

    /// What session tokens are signed with (HS256).
    pub fn session_secret(&self) -> &[u8] {
        self.session.as_slice()
    }

    /// The seed of the Ed25519 key that receipts are signed with.
    pub fn signing_seed(&self) -> &[u8; 32] {
        &self.signing
    }

    /// HMAC-SHA256 under a key that is used for nothing else; `label` keeps one use apart from another.
    pub fn mac(&self, label: &str, bytes: &[u8]) -> [u8; 32] {
        sign(&self.mac, &[&(label.len() as u64).to_be_bytes(), label.as_bytes(), bytes])
    }
}

fn sign(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
}

/// Written whole under another name first, then linked: no process ever reads half a key, and a key that is there
/// is never replaced.
fn create(path: &Path, master: &[u8; 32]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("new-{}", process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let line = Zeroizing::new(BASE64_STANDARD.encode(master) + "\n");
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    linked
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets/habeas.key");
        let made = Keys::load_or_create(&path, || [7; 32]).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Keys::load_or_create(&path, || panic!("it is there")).unwrap();
        assert_eq!(made.session_secret(), read.session_secret());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[rstest::rstest]
    #[case(0o644, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "can be read by others (mode 644)")]
    #[case(0o660, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "can be read by others (mode 660)")]
    #[case(0o600, "BwcH\n", "does not hold one line of base64")]
    #[case(0o600, "", "does not hold one line of base64")]
    fn a_key_file_that_cannot_be_trusted_is_refused(#[case] mode: u32, #[case] text: &str, #[case] expected: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("habeas.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Keys::load_or_create(&path, || [7; 32]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn every_use_has_a_key_of_its_own() {
        let keys = Keys::from_master([7; 32]);
        let all = [
            keys.session_secret().to_vec(),
            keys.signing_seed().to_vec(),
            keys.blind_index(IdentityKind::Email, "x").to_vec(),
            keys.blind_index(IdentityKind::Phone, "x").to_vec(),
            keys.mac("a", b"bc").to_vec(),
            keys.mac("ab", b"c").to_vec(),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(!all[i + 1..].contains(one), "{i}");
        }
        assert_eq!(format!("{keys:?}"), "Keys([secret])");
    }

    #[test]
    fn a_link_is_the_same_for_the_same_text_and_opens_in_its_place_only() {
        let keys = Keys::from_master([7; 32]);
        let link = keys.seal_link(b"unsubscribe", b"ada");
        assert_eq!(link, keys.seal_link(b"unsubscribe", b"ada"));
        assert_ne!(link[..12], keys.seal_link(b"unsubscribe", b"bob")[..12], "a nonce of its own");
        assert_eq!(keys.open_link(b"unsubscribe", &link).unwrap().as_slice(), b"ada");
        assert!(keys.open_link(b"confirm", &link).is_err());
        assert!(keys.open(b"unsubscribe", &link).is_err(), "a key of its own");
        assert!(Keys::from_master([8; 32]).open_link(b"unsubscribe", &link).is_err());
    }

    #[test]
    fn codes_have_six_digits_and_change_with_bundle_and_serial() {
        let keys = Keys::from_master([7; 32]);
        let code = |bundle, serial| keys.code(BundleId(Uuid::from_u128(bundle)), serial).expose_secret().to_owned();
        assert!((0..200).all(|n| code(1, n).len() == 6 && code(1, n).bytes().all(|b| b.is_ascii_digit())));
        assert_eq!(code(1, 1), code(1, 1));
        assert_ne!(code(1, 1), code(1, 2));
        assert_ne!(code(1, 1), code(2, 1));
    }
}

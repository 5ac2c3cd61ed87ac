//! Where a person wants their package: an HTTPS address that can be sent to as it stands, or a reason why not.

use std::net::IpAddr;

use reqwest::Url;

use crate::domain::personal::Personal;

/// Why something is not an address to which a package can be sent. No message repeats what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A company's name, or an address of another kind.
    #[error("it is no address that begins with https://")]
    NotHttps,
    /// A password in it would stand in logs along the way.
    #[error("it has a user name or a password in it")]
    Credentials,
    /// A fragment is never sent, so part of what was meant would be lost.
    #[error("it has a fragment (#) in it, which is never sent")]
    Fragment,
    /// Another port than that of HTTPS.
    #[error("it names another port than 443")]
    Port,
    /// Inside, or not on the internet at all.
    #[error("it leads to {0}, where nothing is sent")]
    Inside(&'static str),
}

/// An address to which a package can be sent. What it is is not printed: the person gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(Personal<Url>);

impl Destination {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// [`AddressError`].
    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim()).map_err(|_| AddressError::NotHttps)?;
        if url.scheme() != "https" || url.host().is_none() {
            return Err(AddressError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(AddressError::Fragment);
        }
        Ok(Self(Personal::new(url)))
    }

    /// The host, for the person's own answer.
    pub fn host(&self) -> &str {
        self.url().host_str().unwrap_or_default()
    }

    pub(super) fn url(&self) -> &Url {
        self.0.expose()
    }

    pub(super) fn port(&self) -> u16 {
        self.url().port_or_known_default().unwrap_or(443)
    }

    /// The IP address that stands there in place of a name: no resolver is ever asked for that one.
    pub(super) fn literal(&self) -> Option<IpAddr> {
        // In whatever spelling: the parser has made 127.0.0.1 of 0x7f.1 and of 2130706433.
        self.host().trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

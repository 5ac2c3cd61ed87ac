//! A package leaves for another company: over HTTPS, to the address that was approved and no other, signed and streamed.

mod address;
mod networks;
mod signature;

use std::io::Read;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use reqwest::blocking::{Body, Client, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, StatusCode, redirect};
use uuid::Uuid;

pub use address::{AddressError, Destination};
use networks::Networks;

use crate::signing::Signer;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(15);

/// How long the shortest package may take, from the first byte to the answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a receiver has to take in a second, in bytes: one that is slower holds a worker up for nothing.
const SLOWEST: u64 = 64 * 1024;

/// How much of an answer is read, so that its connection ends in good order. It is thrown away: what another company
/// says is nobody's record.
const ANSWER: u64 = 16 * 1024;

/// Why the configured authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("this holds no certificate that can be used: a file of PEM certificates is expected")]
pub struct NoCertificate;

/// Why a package was not taken. No message names the address, because the person gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It can never be written to.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No such name now.
    #[error("its name cannot be resolved")]
    Unresolved,
    /// What is sent cannot be read, or the connection cannot be prepared.
    #[error("the connection cannot be prepared")]
    Unprepared,
    /// No connection, or nobody there who shows a certificate for the name.
    #[error("no connection came about, or its certificate is not to be trusted")]
    Unreachable,
    /// Too slow.
    #[error("it did not take the package in time")]
    TimedOut,
    /// Cut off in the middle.
    #[error("the connection broke off before it answered")]
    BrokenOff,
    /// It sends us somewhere else, and nobody approved of that address.
    #[error("it answered {0}, a redirect, which is not followed")]
    Redirected(u16),
    /// It says no.
    #[error("it answered {0}")]
    Answered(u16),
}

impl SendError {
    /// Whether trying again cannot help: the address is none, or the receiver refused (RFC 9110 section 15.5), but for
    /// the refusals that ask for another try (408, 425, 429).
    pub const fn is_final(self) -> bool {
        match self {
            SendError::Address(_) | SendError::Redirected(_) => true,
            SendError::Answered(status) => status < 500 && !matches!(status, 408 | 425 | 429),
            _ => false,
        }
    }
}

/// What is sent.
pub struct Parcel<R> {
    /// The same for each try, so that a receiver takes it once.
    pub id: Uuid,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// The ZIP itself, read while it is sent.
    pub content: R,
}

/// Certificate authorities that are trusted beside the system's own.
#[derive(Clone, Default)]
pub struct Authorities(Vec<Certificate>);

impl Authorities {
    /// Those of a PEM file.
    ///
    /// # Errors
    /// [`NoCertificate`].
    pub fn parse(pem: &[u8]) -> Result<Self, NoCertificate> {
        let certificates = Certificate::from_pem_bundle(pem).map_err(|_| NoCertificate)?;
        if certificates.is_empty() { Err(NoCertificate) } else { Ok(Self(certificates)) }
    }
}

/// Sends packages.
pub struct Sender {
    networks: Networks,
    authorities: Authorities,
    signer: Arc<Signer>,
}

impl Sender {
    /// A sender that writes to the public internet, and to what lies in `allow` beside it.
    pub fn new(allow: Vec<IpNet>, authorities: Authorities, signer: Arc<Signer>) -> Self {
        Self { networks: Networks::new(allow), authorities, signer }
    }

    /// What a person typed, as an address that a package can be sent to; nothing is looked up for that.
    ///
    /// # Errors
    /// [`AddressError`]: then it is not sent by itself.
    pub fn destination(&self, text: &str) -> Result<Destination, AddressError> {
        let destination = Destination::parse(text)?;
        if let Some(ip) = destination.literal() {
            self.networks.admit(SocketAddr::new(ip, destination.port()))?;
        } else if destination.port() != 443 && self.networks.only_public() {
            return Err(AddressError::Port);
        }
        Ok(destination)
    }

    /// Sends a package. Blocks; the content is read as the network takes it, so memory stays flat.
    ///
    /// # Errors
    /// [`SendError`]. After a broken connection nobody knows whether it arrived: send it again with the same id.
    pub fn send<R>(&self, to: &Destination, parcel: Parcel<R>, now: DateTime<Utc>) -> Result<(), SendError>
    where
        R: Read + Send + 'static,
    {
        let client = self.client(self.look_up(to)?)?;
        let mut request = client.post(to.url().clone());
        for (name, value) in signature::headers(&self.signer, to.url().as_str(), &parcel, now) {
            request = request.header(name, value);
        }
        let patience = PATIENCE + Duration::from_secs(parcel.bytes / SLOWEST);
        let body = Body::sized(parcel.content, parcel.bytes);
        answer(request.timeout(patience).body(body).send().map_err(failed)?)
    }

    /// The addresses of a destination, all of which may be written to. One that may not refuses the whole: a name that
    /// stands for an inside address as well is not an honest one.
    fn look_up(&self, to: &Destination) -> Result<Vec<SocketAddr>, SendError> {
        let addresses: Vec<SocketAddr> = match to.literal() {
            Some(ip) => vec![SocketAddr::new(ip, to.port())],
            None => (to.host(), to.port()).to_socket_addrs().map_err(|_| SendError::Unresolved)?.collect(),
        };
        if addresses.is_empty() {
            return Err(SendError::Unresolved);
        }
        addresses.iter().try_for_each(|address| self.networks.admit(*address))?;
        Ok(addresses)
    }

    /// A client for one sending, which can reach these addresses and no others: the name is not looked up a second time,
    /// when it could mean something else; a redirect is not followed; no proxy of the environment comes in between.
    fn client(&self, addresses: Vec<SocketAddr>) -> Result<Client, SendError> {
        Client::builder()
            .dns_resolver(Arc::new(Checked(addresses)))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .https_only(true)
            .connect_timeout(CONNECT)
            .tls_certs_merge(self.authorities.0.iter().cloned())
            .user_agent("Habeas")
            .build()
            .map_err(|_| SendError::Unprepared)
    }
}

/// Whatever is asked, these addresses.
struct Checked(Vec<SocketAddr>);

impl Resolve for Checked {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

fn answer(response: Response) -> Result<(), SendError> {
    let status = response.status();
    // The rest of an answer, and one that breaks off, change nothing about its status.
    let _ = std::io::copy(&mut response.take(ANSWER), &mut std::io::sink());
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_MODIFIED => Err(SendError::Answered(status.as_u16())),
        status if status.is_redirection() => Err(SendError::Redirected(status.as_u16())),
        status => Err(SendError::Answered(status.as_u16())),
    }
}

/// The error's own words name the address, so they are not passed on.
fn failed(error: reqwest::Error) -> SendError {
    if error.is_connect() {
        SendError::Unreachable
    } else if error.is_timeout() {
        SendError::TimedOut
    } else {
        SendError::BrokenOff
    }
}

#[cfg(test)]
mod tests;

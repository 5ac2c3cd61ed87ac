//! How a socket becomes a connection: encrypted or not, as `sslmode` says, and its rows merged on the way.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::merged::Merged;

/// Opens connections to the servers of one configuration.
#[derive(Clone)]
pub(super) struct Opening {
    encryption: MakeRustlsConnect,
    /// What to ask the server for; `None` where the driver has asked already.
    ask: Option<SslMode>,
}

impl Opening {
    /// Opens connections as `mode` says; `config` is told how much of it is done here.
    ///
    /// The driver hands a bare socket over only where it believes that encryption begins with the first byte, and only for
    /// servers with a name. The others, which are on this machine, it asks itself; what it finds not to be encrypted does
    /// not come by here and is not merged.
    pub(super) fn new(config: &mut Config, mode: SslMode, encryption: MakeRustlsConnect) -> Self {
        let hosts = config.get_hosts();
        let named = !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Tcp(_)));
        if named && config.get_ssl_negotiation() == SslNegotiation::Postgres {
            config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
            return Self { encryption, ask: Some(mode) };
        }
        config.ssl_mode(mode);
        Self { encryption, ask: None }
    }
}

type Encrypting = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

impl MakeTlsConnect<Socket> for Opening {
    type Stream = Merged<Opened>;
    type TlsConnect = OpeningOne;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<OpeningOne, Self::Error> {
        let encrypting = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.encryption, domain)?;
        Ok(OpeningOne { encrypting, ask: self.ask })
    }
}

/// Opens one connection.
pub(super) struct OpeningOne {
    encrypting: Encrypting,
    ask: Option<SslMode>,
}

impl TlsConnect<Socket> for OpeningOne {
    type Stream = Merged<Opened>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move { self.open(socket).await.map(Merged::new) })
    }
}

/// The message that asks for encryption (PostgreSQL, Frontend/Backend Protocol, SSLRequest): its length and the code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

impl OpeningOne {
    async fn open(self, mut socket: Socket) -> io::Result<Opened> {
        let encrypted = match self.ask {
            None => true,
            Some(SslMode::Disable) => false,
            Some(mode) => {
                let agreed = agrees(&mut socket).await;
                let agreed =
                    agreed.map_err(|e| io::Error::new(e.kind(), format!("no answer to whether it is used: {e}")))?;
                if !agreed && mode != SslMode::Prefer {
                    return Err(io::Error::other("the server does not encrypt its connections"));
                }
                agreed
            }
        };
        Ok(if encrypted {
            Opened::Encrypted(Box::new(self.encrypting.connect(socket).await?))
        } else {
            Opened::Plain(socket)
        })
    }
}

/// Asks a server whether it encrypts this connection.
async fn agrees(socket: &mut Socket) -> io::Result<bool> {
    socket.write_all(&SSL_REQUEST).await?;
    // One byte and no more: behind it would stand what somebody in between put there.
    Ok(socket.read_u8().await? == b'S')
}

/// An open connection, of whose bytes nothing is known yet.
pub(super) enum Opened {
    Plain(Socket),
    Encrypted(Box<Encrypted>),
}

impl TlsStream for Merged<Opened> {
    fn channel_binding(&self) -> ChannelBinding {
        match self.inner() {
            Opened::Plain(_) => ChannelBinding::none(),
            Opened::Encrypted(stream) => stream.channel_binding(),
        }
    }
}

impl AsyncRead for Opened {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Opened::Plain(socket) => Pin::new(socket).poll_read(cx, into),
            Opened::Encrypted(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Opened {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Opened::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Opened::Encrypted(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Opened::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Opened::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Opened::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Opened::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

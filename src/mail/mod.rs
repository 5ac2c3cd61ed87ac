//! Letters to requesters: each is sent once as far as anyone can tell, and no error or log says to whom.
//!
//! A letter's identifier gives its `Message-ID` and its file name, so that sending it again after a crash is the same
//! message again: a directory keeps one copy, and mail programs recognise the second as the first.

pub mod config;
pub mod letters;
mod message;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use uuid::Uuid;

pub use config::{MailConfig, MailConfigError, TransportKind};

use crate::domain::identity::{Email, Name};

/// One mail to one person. Has no `Debug`: all of it is personal.
pub struct Letter {
    /// Names the letter for good; a repeat bears the same.
    pub id: Uuid,
    /// Who receives it.
    pub to: Email,
    /// The receiver's name, if known.
    pub to_name: Option<Name>,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// When it was written: the `Date` header.
    pub date: DateTime<Utc>,
}

/// Why a letter was not sent. Holds no address and nothing of the letter.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The letter cannot be written as a mail: an address that mail does not know, or that this server cannot take.
    #[error("the letter cannot be sent as a mail")]
    Unsendable,
    /// The server refuses it for good (SMTP 5yz, RFC 5321 section 4.2.1).
    #[error("the mail server refuses the letter for good (SMTP {0})")]
    Refused(u16),
    /// The server does not take it now (SMTP 4yz).
    #[error("the mail server does not take the letter now (SMTP {0})")]
    NotNow(u16),
    /// The server does not accept our sign-in (RFC 4954 section 6), which says nothing about the letter.
    #[error("the mail server refuses our sign-in (SMTP {0})")]
    SignIn(u16),
    /// The server cannot be reached, does not answer in time, or breaks off.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(&'static str),
    /// The mail directory cannot be written to.
    #[error("the mail directory cannot be written to: {0}")]
    Directory(#[from] io::Error),
}

impl MailError {
    /// Whether sending the same letter again is pointless.
    pub fn is_permanent(&self) -> bool {
        matches!(self, MailError::Unsendable | MailError::Refused(_))
    }
}

impl From<smtp::Error> for MailError {
    fn from(error: smtp::Error) -> Self {
        let code = error.status().map(u16::from);
        match code {
            Some(code @ (530 | 534 | 535 | 538)) => MailError::SignIn(code),
            Some(code) if error.is_permanent() => MailError::Refused(code),
            Some(code) => MailError::NotNow(code),
            None if error.is_timeout() => MailError::Unreachable("no answer in time"),
            None if error.is_tls() => MailError::Unreachable("no trusted encryption"),
            None if error.is_client() => MailError::Unreachable("it lacks the encryption or sign-in configured"),
            None if error.is_response() => MailError::Unreachable("an answer that is not SMTP"),
            None => MailError::Unreachable("no connection"),
        }
    }
}

/// Sends letters as the configuration says.
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
    shown_by: Option<fn(&Letter)>,
}

enum Transport {
    /// A directory, how many letters were sent there, and how many of them were kept.
    File {
        directory: PathBuf,
        sent: AtomicU64,
        kept: AtomicU64,
    },
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

impl Mailer {
    /// The same, showing each letter once it was sent: for a demo with made-up people, and for nothing else.
    #[must_use]
    pub fn shown_by(self, show: fn(&Letter)) -> Self {
        Self { shown_by: Some(show), ..self }
    }

    /// Sends a letter, or the same letter again. That it has left holds whatever happens from [`Mailer::keep_sent`] on.
    ///
    /// # Errors
    /// [`MailError`]; whether to try again is [`MailError::is_permanent`]'s to say.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        self.hand_over(letter).await?;
        if let Some(show) = self.shown_by {
            show(letter);
        }
        Ok(())
    }

    /// Makes sure that what was sent so far outlives a loss of power: a directory is written to the disk once for many letters.
    ///
    /// # Errors
    /// [`MailError::Directory`]: none of what was sent since the last time may be taken for sent.
    pub async fn keep_sent(&self) -> Result<(), MailError> {
        let Transport::File { directory, sent, kept } = &self.transport else { return Ok(()) };
        let so_far = sent.load(Ordering::Acquire);
        if kept.load(Ordering::Acquire) >= so_far {
            return Ok(());
        }
        let directory = directory.clone();
        let synced = tokio::task::spawn_blocking(move || std::fs::File::open(&directory)?.sync_all());
        synced.await.map_err(io::Error::other)??;
        kept.fetch_max(so_far, Ordering::AcqRel);
        Ok(())
    }

    async fn hand_over(&self, letter: &Letter) -> Result<(), MailError> {
        let message = message::write(letter, &self.from).ok_or(MailError::Unsendable)?;
        match &self.transport {
            Transport::File { directory, sent, .. } => {
                keep(directory.clone(), letter.id, message).await?;
                sent.fetch_add(1, Ordering::AcqRel);
                Ok(())
            }
            Transport::Smtp(server) => match server.send(message).await {
                Ok(_) => Ok(()),
                // a server without SMTPUTF8 (RFC 6531) cannot take an address outside ASCII
                Err(error) if error.is_client() && !letter.to.expose().is_ascii() => Err(MailError::Unsendable),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// Writes the mail into the directory, whole or not at all.
async fn keep(directory: PathBuf, id: Uuid, message: Message) -> Result<(), MailError> {
    let written = tokio::task::spawn_blocking(move || write_whole(&directory, id, &message.formatted()));
    Ok(written.await.map_err(io::Error::other)??)
}

fn write_whole(directory: &Path, id: Uuid, mail: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(mail)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(format!("{id}.eml")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0042);

    fn letter(body: &str) -> Letter {
        Letter {
            id: ID,
            to: "ada@example.com".parse().unwrap(),
            to_name: Some("Ada".parse().unwrap()),
            subject: "Your code".into(),
            body: body.into(),
            date: DateTime::from_timestamp(1_795_344_000, 0).unwrap(),
        }
    }

    fn mailer(directory: &Path) -> Mailer {
        let config = MailConfig {
            transport: TransportKind::File,
            directory: Some(directory.to_owned()),
            url: None,
            from: "privacy@example.com".into(),
        };
        Mailer::new(&config).unwrap()
    }

    #[tokio::test]
    async fn sending_again_after_a_crash_keeps_one_copy() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("mail");
        for body in ["first", "second"] {
            mailer(&place).send(&letter(body)).await.unwrap();
            mailer(&place).keep_sent().await.unwrap();
        }
        let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(files, [format!("{ID}.eml").as_str()]);
        let mail = std::fs::read_to_string(place.join(format!("{ID}.eml"))).unwrap();
        assert!(mail.trim_end().ends_with("second"));
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_made_may_be_there_later() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        mailer(&directory.path().join("mail")).keep_sent().await.unwrap();
        let error = mailer(&file.join("mail")).send(&letter("text")).await.unwrap_err();
        assert!(matches!(error, MailError::Directory(_)) && !error.is_permanent());
    }

    #[tokio::test]
    async fn letters_in_a_directory_that_has_vanished_are_not_taken_for_sent() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("mail");
        let mailer = mailer(&place);
        mailer.send(&letter("text")).await.unwrap();
        std::fs::remove_dir_all(&place).unwrap();
        assert!(matches!(mailer.keep_sent().await, Err(MailError::Directory(_))));
        mailer.send(&letter("text")).await.unwrap();
        mailer.keep_sent().await.unwrap();
        std::fs::remove_dir_all(&place).unwrap();
        mailer.keep_sent().await.expect("nothing was sent since");
    }

    #[tokio::test]
    async fn a_server_that_is_down_may_be_up_later() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = MailConfig {
            transport: TransportKind::Smtp,
            directory: None,
            url: Some(format!("smtp://127.0.0.1:{free}").into()),
            from: "privacy@example.com".into(),
        };
        let error = Mailer::new(&config).unwrap().send(&letter("text")).await.unwrap_err();
        assert!(matches!(error, MailError::Unreachable(_)) && !error.is_permanent());
        assert!(!error.to_string().contains("ada@"));
    }
}

//! The `[mail]` section: a directory or an SMTP server, checked before the first letter.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::{Mailer, Transport};

/// How letters leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportKind {
    /// One `.eml` a message into a directory.
    File,
    /// To a mail server.
    Smtp,
}

/// The `[mail]` section of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// How letters leave.
    pub transport: TransportKind,
    /// For `file`: where the messages go; made when it is not there.
    #[serde(default)]
    pub directory: Option<PathBuf>,
    /// For `smtp`: `smtps://user:password@host` (TLS from the start), `smtp://user:password@host?tls=required`
    /// (STARTTLS or nothing), or `smtp://host:port` (in clear: for a server on this machine).
    #[serde(default, deserialize_with = "secret")]
    pub url: Option<SecretString>,
    /// The sender: `privacy@example.com` or `Infotech privacy <privacy@example.com>`.
    pub from: String,
}

/// What is wrong with the `[mail]` section. Never shows the URL, which holds a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailConfigError {
    /// `from` is no address.
    #[error("mail.from must be an address: privacy@example.com, or Name <privacy@example.com>")]
    From,
    /// `transport = "file"` without a directory.
    #[error("mail.transport = \"file\" needs mail.directory")]
    NoDirectory,
    /// `transport = "smtp"` without a URL.
    #[error("mail.transport = \"smtp\" needs mail.url")]
    NoUrl,
    /// The URL is not one of the three forms.
    #[error("mail.url must be smtps://user:password@host, smtp://user:password@host?tls=required or smtp://host:port")]
    Url,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

impl Mailer {
    /// A mailer as configured. Connects to nothing yet; relative directories are relative to this process's.
    ///
    /// # Errors
    /// [`MailConfigError`].
    pub fn new(config: &MailConfig) -> Result<Self, MailConfigError> {
        let from: Mailbox = config.from.parse().map_err(|_| MailConfigError::From)?;
        let transport = match config.transport {
            TransportKind::File => Transport::File {
                directory: config.directory.clone().ok_or(MailConfigError::NoDirectory)?,
                sent: AtomicU64::new(0),
                kept: AtomicU64::new(0),
            },
            TransportKind::Smtp => {
                let url = config.url.as_ref().ok_or(MailConfigError::NoUrl)?;
                let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
                Transport::Smtp(Box::new(server.map_err(|_| MailConfigError::Url)?.build()))
            }
        };
        Ok(Self { from, transport, shown_by: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(section: &str) -> Option<MailConfigError> {
        Mailer::new(&toml::from_str(section).unwrap()).err()
    }

    #[rstest::rstest]
    #[case("transport = 'file'\ndirectory = 'mail'\nfrom = 'privacy@example.com'", None)]
    #[case("transport = 'file'\ndirectory = 'mail'\nfrom = 'Été GmbH <privacy@example.com>'", None)]
    #[case("transport = 'smtp'\nurl = 'smtp://127.0.0.1:2525'\nfrom = 'privacy@example.com'", None)]
    #[case("transport = 'smtp'\nurl = 'smtps://u:p%40ss@mail.example.com'\nfrom = 'privacy@example.com'", None)]
    #[case("transport = 'smtp'\nurl = 'smtp://u:p@mail.example.com?tls=required'\nfrom = 'privacy@example.com'", None)]
    #[case("transport = 'file'\nfrom = 'privacy@example.com'", Some(MailConfigError::NoDirectory))]
    #[case("transport = 'smtp'\nfrom = 'privacy@example.com'", Some(MailConfigError::NoUrl))]
    #[case("transport = 'smtp'\nurl = 'http://example.com'\nfrom = 'privacy@example.com'", Some(MailConfigError::Url))]
    #[case("transport = 'smtp'\nurl = 'smtp://h?tls=maybe'\nfrom = 'privacy@example.com'", Some(MailConfigError::Url))]
    #[case("transport = 'smtp'\nurl = 'mail.example.com'\nfrom = 'privacy@example.com'", Some(MailConfigError::Url))]
    #[case("transport = 'file'\ndirectory = 'mail'\nfrom = 'privacy'", Some(MailConfigError::From))]
    fn a_section_is_checked_before_the_first_letter(#[case] section: &str, #[case] expected: Option<MailConfigError>) {
        assert_eq!(problem(section), expected);
    }

    #[test]
    fn an_unknown_key_or_transport_is_refused() {
        assert!(toml::from_str::<MailConfig>("transport = 'file'\nfrom = 'a@b.example'\nport = 25").is_err());
        assert!(toml::from_str::<MailConfig>("transport = 'pigeon'\nfrom = 'a@b.example'").is_err());
    }

    #[test]
    fn the_password_is_never_printed() {
        let section = "transport = 'smtp'\nurl = 'smtps://u:hunter2@mail.example.com'\nfrom = 'privacy@example.com'";
        let config: MailConfig = toml::from_str(section).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}

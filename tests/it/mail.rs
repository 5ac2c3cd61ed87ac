//! Mail to a real SMTP server (Debian's `python3-aiosmtpd`).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::DateTime;
use habeas::mail::{Letter, MailConfig, MailError, Mailer, TransportKind};
use tempfile::TempDir;
use uuid::Uuid;

/// A server that ends when this value, or this whole process, does: its standard input is then at its end.
struct Server {
    child: Child,
    port: u16,
    received: TempDir,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let received = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mail_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .arg(received.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().expect("the server prints its port"), received }
    }

    fn mailer(&self, url: &str) -> Mailer {
        let config = MailConfig {
            transport: TransportKind::Smtp,
            directory: None,
            url: Some(url.replace("PORT", &self.port.to_string()).into()),
            from: "Infotech <privacy@infotech.example>".into(),
        };
        Mailer::new(&config).unwrap()
    }

    fn mails(&self) -> Vec<String> {
        let mut files: Vec<_> = std::fs::read_dir(self.received.path()).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first Python that has aiosmtpd: the one in the path may be another than Debian's.
fn python() -> &'static str {
    let has = |python: &&str| {
        let import = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        import.is_ok_and(|s| s.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().find(has).expect("aiosmtpd: apt-get install python3-aiosmtpd")
}

fn letter(to: &str) -> Letter {
    Letter {
        id: Uuid::from_u128(0x42),
        to: to.parse().unwrap(),
        to_name: Some("Ada Löwe".parse().unwrap()),
        subject: "042137 is your code for Été".into(),
        body: format!("Hello,\n\n.\n{}\n042137\n", "a long line, für Sie ".repeat(100)),
        date: DateTime::from_timestamp(1_795_344_000, 0).unwrap(),
    }
}

#[tokio::test]
async fn a_letter_arrives_and_its_repeat_is_the_same_message() {
    let server = Server::start(&[]);
    let mailer = server.mailer("smtp://127.0.0.1:PORT");
    for _ in 0..2 {
        mailer.send(&letter("ada@example.com")).await.unwrap();
    }
    let mails = server.mails();
    assert_eq!((mails.len(), &mails[0]), (2, &mails[1]));
    assert!(mails[0].contains("Message-ID: <00000000-0000-0000-0000-000000000042@infotech.example>\r\n"));
    assert!(mails[0].contains("Auto-Submitted: auto-generated\r\n"));
    assert!(mails[0].contains("\r\n042137"), "the text goes on after a lone dot");
}

#[rstest::rstest]
#[case("gone@example.com", "the mail server refuses the letter for good (SMTP 550)", true)]
#[case("later@example.com", "the mail server does not take the letter now (SMTP 451)", false)]
#[tokio::test]
async fn the_server_says_whether_to_try_again(#[case] to: &str, #[case] says: &str, #[case] permanent: bool) {
    let server = Server::start(&[]);
    let error = server.mailer("smtp://127.0.0.1:PORT").send(&letter(to)).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.is_permanent()), (says, permanent));
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn without_the_encryption_asked_for_nothing_is_sent() {
    let server = Server::start(&[]);
    let mailer = server.mailer("smtp://127.0.0.1:PORT?tls=required");
    let error = mailer.send(&letter("ada@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Unreachable(_)), "{error}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_refused_sign_in_says_nothing_about_the_letter() {
    let server = Server::start(&["sign-in"]);
    let mailer = server.mailer("smtp://habeas:wrong@127.0.0.1:PORT");
    let error = mailer.send(&letter("ada@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::SignIn(535)) && !error.is_permanent(), "{error}");
}

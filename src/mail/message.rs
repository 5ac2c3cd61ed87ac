//! A letter as an Internet message (RFC 5322): the same bytes each time, and no value can add a header.

use std::time::SystemTime;

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};

use super::Letter;

/// Keeps holiday notices and other robots from answering (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message, or `None` when the receiver's address is none that mail knows.
pub(super) fn write(letter: &Letter, from: &Mailbox) -> Option<Message> {
    let to: Address = letter.to.expose().parse().ok()?;
    let name = letter.to_name.as_ref().map(|n| one_line(n.expose()));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(name, to))
        .subject(one_line(&letter.subject))
        .date(SystemTime::from(letter.date))
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        .header(AutoSubmitted)
        .singlepart(SinglePart::plain(letter.body.clone()))
        .ok()
}

/// A header's text has no line of its own to begin: control characters become spaces.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn mail(name: Option<&str>, subject: &str, body: &str) -> String {
        let letter = Letter {
            id: Uuid::from_u128(0x42),
            to: "ada@example.com".parse().unwrap(),
            to_name: name.map(|n| n.parse().unwrap()),
            subject: subject.into(),
            body: body.into(),
            date: DateTime::from_timestamp(1_795_344_000, 0).unwrap(),
        };
        let from = "Été GmbH <privacy@example.com>".parse().unwrap();
        String::from_utf8(write(&letter, &from).unwrap().formatted()).unwrap()
    }

    fn header_names(mail: &str) -> Vec<&str> {
        let head = mail.split("\r\n\r\n").next().unwrap();
        let lines = head.split("\r\n").filter(|l| !l.starts_with([' ', '\t']));
        lines.map(|l| l.split(':').next().unwrap()).collect()
    }

    #[test]
    fn a_message_is_plain_and_says_that_a_machine_sent_it() {
        let mail = mail(Some("Ada Löwe"), "Ihr Code für Été", "Guten Tag,\nIhr Code ist 123456 – zehn Minuten.\n");
        insta::assert_snapshot!(mail.replace('\r', ""), @"
        From: =?utf-8?b?w4l0w6kgR21iSA==?= <privacy@example.com>
        To: =?utf-8?b?QWRhIEzDtndl?= <ada@example.com>
        Subject: Ihr Code =?utf-8?b?ZsO8ciDDiXTDqQ==?=
        Date: Sun, 22 Nov 2026 10:40:00 +0000
        Message-ID: <00000000-0000-0000-0000-000000000042@example.com>
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Guten Tag,
        Ihr Code ist 123456 =E2=80=93 zehn Minuten.
        ");
    }

    #[test]
    fn the_same_letter_is_the_same_message() {
        assert_eq!(mail(None, "Code", "text"), mail(None, "Code", "text"));
    }

    #[test]
    fn a_line_of_a_thousand_characters_still_fits_into_smtp() {
        let mail = mail(None, "Code", &"x".repeat(5_000));
        assert!(mail.split("\r\n").all(|l| l.len() <= 998), "RFC 5322 section 2.1.1");
    }

    const HEADERS: [&str; 8] =
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

    #[rstest::rstest]
    #[case("Code\r\nBcc: all@example.com")]
    #[case("Code\nBcc: all@example.com")]
    #[case("Code\u{2028}Bcc: all@example.com\0")]
    #[case("Код\r\n\r\nnew body")]
    fn a_subject_cannot_add_a_header(#[case] subject: &str) {
        let mail = mail(None, subject, "text");
        assert_eq!(header_names(&mail)[..8], HEADERS);
        assert!(mail.trim_end().ends_with("\r\n\r\ntext"));
    }

    proptest! {
        #[test]
        fn nothing_can_add_a_header(subject in any::<String>(), name in "[^\\pC]{1,40}", body in any::<String>()) {
            let name = Some(name.trim()).filter(|n| !n.is_empty());
            let mail = mail(name, &subject, &body);
            let names = header_names(&mail);
            prop_assert_eq!(&names[..8], HEADERS);
            prop_assert_eq!(&names[8..], ["Content-Transfer-Encoding"]);
        }
    }
}

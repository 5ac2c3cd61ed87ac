//! What the letters say: one type a letter, its text under `templates/mail/`, its first line the subject.
//!
//! No letter holds the requester's token or any value from the company's databases: mail is read on the way.

pub mod agency;
mod appeals;
mod retained;
mod rights;

use askama::Template;
use chrono::NaiveDate;

use crate::domain::regime::AppealKind;
use crate::domain::right::Right;

pub use appeals::{AppealExtended, AppealOverturned, AppealReceived, AppealUpheld, AppealWithdrawn};
pub use retained::ErasedLater;
pub use rights::{Answered, Lifted, Marked, Notice};

/// A letter's words, ready to be sent.
pub struct Text {
    /// The subject, one line.
    pub subject: String,
    /// The body, ending with a line break.
    pub body: String,
}

/// Writes a letter out.
///
/// # Panics
/// Never for the types of this module: writing to memory does not fail, and each of their templates begins with
/// `Subject: `, which a test of each holds it to.
pub fn compose(letter: &impl Template) -> Text {
    let text = letter.render().expect("writing to a String does not fail");
    let text = text.strip_prefix("Subject: ").expect("every template begins with its subject");
    let (subject, body) = text.split_once("\n\n").expect("every template has a body after an empty line");
    Text { subject: subject.replace('\n', " "), body: format!("{}\n", body.trim()) }
}

/// What every letter about one request says.
#[derive(Clone, Copy)]
pub struct Concerning<'a> {
    /// The receiver's name, if known.
    pub name: Option<&'a str>,
    /// For whom the receiver acts, where they are an agent.
    pub on_behalf_of: Option<&'a str>,
    /// The company's name.
    pub controller: &'a str,
    /// The request's number.
    pub reference: &'a str,
    /// What was asked.
    pub right: Right,
    /// Where to turn to: an address or a page.
    pub contact: &'a str,
}

/// One request of a bundle.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The request's number.
    pub reference: &'a str,
    /// What was asked.
    pub right: Right,
}

/// By when one request of a bundle is answered, and why then.
#[derive(Clone, Copy)]
pub struct Due<'a> {
    /// The request's number.
    pub reference: &'a str,
    /// What was asked.
    pub right: Right,
    /// The last day.
    pub due: NaiveDate,
    /// The rule in words: "45 days from receipt".
    pub rule: &'a str,
    /// Where the rule stands: "Cal. Civ. Code 1798.130(a)(2)".
    pub citation: &'a str,
}

/// What somebody can do who is not content with the answer (GDPR Art. 12(4)).
#[derive(Clone, Copy, Default)]
pub struct Remedies<'a> {
    /// An appeal to the company itself.
    pub appeal: Option<Appeal<'a>>,
    /// A complaint to an authority.
    pub authority: Option<Authority<'a>>,
    /// Whether the law at hand names the courts as well.
    pub court: bool,
}

/// How to appeal.
#[derive(Clone, Copy)]
pub struct Appeal<'a> {
    /// What the law calls it.
    pub kind: AppealKind,
    /// The page or address for it.
    pub how: &'a str,
    /// The last day, where there is one.
    pub until: Option<NaiveDate>,
    /// Within how many days it is answered.
    pub answered_in_days: Option<u32>,
}

/// Who supervises the company.
#[derive(Clone, Copy)]
pub struct Authority<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its page for complaints, where it has one.
    pub url: Option<&'a str>,
    /// Its postal address.
    pub address: Option<&'a str>,
    /// Which one it is, where there are several.
    pub note: Option<&'a str>,
}

/// The code that proves control of the address.
#[derive(Template)]
#[template(path = "mail/en/verification_code.txt")]
pub struct VerificationCode<'a> {
    /// The receiver's name, if known.
    pub name: Option<&'a str>,
    /// The company's name.
    pub controller: &'a str,
    /// Everything the code confirms.
    pub asked: &'a [Asked<'a>],
    /// The digits.
    pub code: &'a str,
    /// How long they hold.
    pub minutes: u32,
}

/// The request was received (11 CCR 7021(a): within 10 business days, saying how it is handled).
#[derive(Template)]
#[template(path = "mail/en/acknowledgement.txt")]
pub struct Acknowledgement<'a> {
    /// The receiver's name, if known.
    pub name: Option<&'a str>,
    /// The company's name.
    pub controller: &'a str,
    /// Each request with its date.
    pub due: &'a [Due<'a>],
    /// How the person's identity is verified, one sentence.
    pub verification: &'a str,
    /// Where to turn to.
    pub contact: &'a str,
}

/// The request still waits for the person's confirmation.
#[derive(Template)]
#[template(path = "mail/en/verification_reminder.txt")]
pub struct VerificationReminder<'a> {
    /// The receiver's name, if known.
    pub name: Option<&'a str>,
    /// The company's name.
    pub controller: &'a str,
    /// Everything that waits.
    pub asked: &'a [Asked<'a>],
    /// The day of receipt.
    pub received: NaiveDate,
    /// The day on which it is closed.
    pub until: NaiveDate,
    /// Where the requester, with the token they have, asks for another code.
    pub url: &'a str,
    /// Where to turn to.
    pub contact: &'a str,
}

/// To staff: a date comes near, or has passed. It says nothing about the person.
#[derive(Template)]
#[template(path = "mail/en/staff_notice.txt")]
pub struct StaffNotice<'a> {
    /// The company's name.
    pub controller: &'a str,
    /// The request's number.
    pub reference: &'a str,
    /// What was asked.
    pub right: Right,
    /// What is owed, in words: "the answer".
    pub owed: &'a str,
    /// By when.
    pub due: NaiveDate,
    /// Whether that day has passed.
    pub missed: bool,
}

/// To staff: work by hand is due soon, or was. It says nothing about the person.
#[derive(Template)]
#[template(path = "mail/en/task_notice.txt")]
pub struct TaskNotice<'a> {
    /// The company's name.
    pub controller: &'a str,
    /// The request's number.
    pub reference: &'a str,
    /// What was asked.
    pub right: Right,
    /// The task's number in the request.
    pub number: i32,
    /// The place to look through, as the policy names it.
    pub task: &'a str,
    /// By when.
    pub due: NaiveDate,
    /// Whether that day has passed.
    pub missed: bool,
}

/// What staff did in one place that no connector reaches.
#[derive(Clone, Copy)]
pub struct ByHand<'a> {
    /// The place, as the policy names it: "Paper files".
    pub place: &'a str,
    /// How many records of the person's were there.
    pub records: u64,
    /// What was done with them, as the end of a sentence: "corrected".
    pub done: &'a str,
    /// Why they are kept, where they are.
    pub why_kept: Option<&'a str>,
}

/// The package can be fetched.
#[derive(Template)]
#[template(path = "mail/en/package_ready.txt")]
pub struct PackageReady<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// The page where the requester, with the token they have, fetches it.
    pub url: &'a str,
    /// The last day on which it lies there.
    pub until: NaiveDate,
    /// What else to say, a sentence each.
    pub notes: &'a [String],
    /// What was done beside it.
    pub by_hand: &'a [ByHand<'a>],
}

/// What a deletion did in one collection.
#[derive(Clone, Copy)]
pub struct Erased<'a> {
    /// The collection, in words the person understands.
    pub collection: &'a str,
    /// Rows deleted.
    pub deleted: u64,
    /// Rows from which only the person's details were removed.
    pub masked: u64,
    /// Rows kept.
    pub kept: u64,
    /// Why they were kept.
    pub why_kept: Option<&'a str>,
}

/// A deletion was carried out, whole or in part.
#[derive(Template)]
#[template(path = "mail/en/deletion_done.txt")]
pub struct DeletionDone<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What was done, by collection.
    pub results: &'a [Erased<'a>],
    /// What else to say, a sentence each.
    pub notes: &'a [&'a str],
    /// The recipients who are told of it, by name.
    pub told: &'a [&'a str],
    /// For what was kept; not shown when nothing was.
    pub remedies: Remedies<'a>,
}

impl DeletionDone<'_> {
    fn partly(&self) -> bool {
        self.results.iter().any(|r| r.kept > 0 || r.why_kept.is_some())
    }
}

/// One change of a correction. The values stay out of the mail.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The field, in words the person understands.
    pub field: &'a str,
    /// Why it was not made; `None` when it was.
    pub refused: Option<&'a str>,
}

/// A correction was carried out, whole or in part.
#[derive(Template)]
#[template(path = "mail/en/correction_done.txt")]
pub struct CorrectionDone<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// Every change asked for.
    pub changes: &'a [Change<'a>],
    /// The recipients who are told of it, by name.
    pub told: &'a [&'a str],
    /// What was done by hand.
    pub by_hand: &'a [ByHand<'a>],
    /// For what was not changed; not shown when all was.
    pub remedies: Remedies<'a>,
}

impl CorrectionDone<'_> {
    fn partly(&self) -> bool {
        self.changes.iter().any(|c| c.refused.is_some()) || self.by_hand.iter().any(|w| w.why_kept.is_some())
    }
}

/// An opt-out was honoured (11 CCR 7026(f)).
#[derive(Template)]
#[template(path = "mail/en/opt_out_honoured.txt")]
pub struct OptOutHonoured<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the person opted out of, by the API's names: `sale`, `marketing`.
    pub of: &'a [&'a str],
    /// Since when it is honoured.
    pub since: NaiveDate,
    /// What goes on all the same, a sentence each.
    pub limits: &'a [&'a str],
    /// The recipients who are told of it, by name.
    pub told: &'a [&'a str],
}

/// The request was denied.
#[derive(Template)]
#[template(path = "mail/en/denied.txt")]
pub struct Denied<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// The ground, in words.
    pub ground: &'a str,
    /// Where the ground stands.
    pub citation: Option<&'a str>,
    /// What staff explained.
    pub explanation: &'a str,
    /// What the person gets or can have instead, a paragraph.
    pub instead: Option<&'a str>,
    /// What the person can do.
    pub remedies: Remedies<'a>,
}

/// A collection that was left out of an answer, with its ground.
#[derive(Clone, Copy)]
pub struct LeftOut<'a> {
    /// The collection, in words the person understands.
    pub collection: &'a str,
    /// The ground, in words.
    pub ground: &'a str,
    /// What staff explained.
    pub explanation: &'a str,
}

/// An access was granted in part.
#[derive(Template)]
#[template(path = "mail/en/answered_in_part.txt")]
pub struct AnsweredInPart<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// The page where the package is fetched, and its last day there; none where nothing else was found.
    pub package: Option<(&'a str, NaiveDate)>,
    /// What was left out.
    pub left_out: &'a [LeftOut<'a>],
    /// What else the person should know.
    pub notes: &'a [String],
    /// What the person can do.
    pub remedies: Remedies<'a>,
}

/// The answer takes longer (GDPR Art. 12(3): within the first month, with reasons).
#[derive(Template)]
#[template(path = "mail/en/extended.txt")]
pub struct Extended<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// Why.
    pub reason: &'a str,
    /// The day it was due.
    pub was: NaiveDate,
    /// The day it is due now.
    pub due: NaiveDate,
    /// Where the extension stands.
    pub citation: &'a str,
    /// What the person can do.
    pub remedies: Remedies<'a>,
}

/// Staff have a question.
#[derive(Template)]
#[template(path = "mail/en/clarification.txt")]
pub struct Clarification<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What staff ask.
    pub question: &'a str,
    /// The page where the requester answers.
    pub url: &'a str,
    /// Whether the law stops the clock until the answer.
    pub stops_the_clock: bool,
}

/// Somebody else holds the data.
#[derive(Template)]
#[template(path = "mail/en/referred.txt")]
pub struct Referred<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// Who is the right one.
    pub to: &'a str,
    /// Why.
    pub explanation: &'a str,
}

/// Nothing was found.
#[derive(Template)]
#[template(path = "mail/en/no_match.txt")]
pub struct NoMatch<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What they should know about it, a sentence each.
    pub notes: &'a [String],
    /// What the person can do.
    pub remedies: Remedies<'a>,
}

/// Staff wrote something.
#[derive(Template)]
#[template(path = "mail/en/message.txt")]
pub struct Message<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What staff wrote.
    pub text: &'a str,
    /// The page where the requester answers.
    pub url: &'a str,
}

/// Staff did what was asked, outside of the connected systems.
#[derive(Template)]
#[template(path = "mail/en/carried_out.txt")]
pub struct CarriedOut<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What staff wrote.
    pub answer: Option<&'a str>,
    /// What was done where, if that is known in detail.
    pub by_hand: &'a [ByHand<'a>],
    /// For what is kept; not shown when nothing is.
    pub remedies: Remedies<'a>,
}

impl CarriedOut<'_> {
    fn partly(&self) -> bool {
        self.by_hand.iter().any(|w| w.why_kept.is_some())
    }
}

/// The requester took the request back.
#[derive(Template)]
#[template(path = "mail/en/withdrawn.txt")]
pub struct Withdrawn<'a> {
    /// The request.
    pub about: Concerning<'a>,
}

/// The requester did not confirm, or did not answer, in time.
#[derive(Template)]
#[template(path = "mail/en/expired.txt")]
pub struct Expired<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What was missing, one sentence.
    pub missing: &'a str,
}

#[cfg(test)]
mod tests;

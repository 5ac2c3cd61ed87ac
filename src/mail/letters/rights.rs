//! Letters about marks, answers in words, and notices to those who received the data.

use askama::Template;
use chrono::NaiveDate;

use super::{Concerning, Remedies};
use crate::domain::mark::Mark;
use crate::domain::regime::AppealKind;
use crate::domain::right::Right;

/// A mark stands: the use of the data is restricted or limited, an objection or a withdrawal is honoured.
#[derive(Template)]
#[template(path = "mail/en/marked.txt")]
pub struct Marked<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// The mark.
    pub mark: Mark,
    /// Since when it stands.
    pub since: NaiveDate,
    /// For limits on sensitive data: the kinds of it that the company holds at all, in words.
    pub sensitive: &'a [String],
    /// The recipients who are told of it, by name.
    pub told: &'a [&'a str],
}

/// A restriction ends; told before it does (GDPR Art. 18(3)).
#[derive(Template)]
#[template(path = "mail/en/lifted.txt")]
pub struct Lifted<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// Why.
    pub reason: &'a str,
    /// What the person can do.
    pub remedies: Remedies<'a>,
}

/// An answer in words: what the policy states, and what staff wrote.
#[derive(Template)]
#[template(path = "mail/en/answered.txt")]
pub struct Answered<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the policy states.
    pub statements: &'a [String],
    /// What staff wrote.
    pub answer: Option<&'a str>,
    /// What the person can do.
    pub remedies: Remedies<'a>,
}

/// A recipient of data is told what was done with it (GDPR Art. 19; Cal. Civ. Code 1798.105(c)). The address is the
/// person's: without it nobody could tell whose data is meant.
#[derive(Template)]
#[template(path = "mail/en/notice.txt")]
pub struct Notice<'a> {
    /// The recipient's name.
    pub recipient: &'a str,
    /// The company's name.
    pub controller: &'a str,
    /// Where to turn to.
    pub contact: &'a str,
    /// The request's number.
    pub reference: &'a str,
    /// What was exercised.
    pub right: Right,
    /// The person's e-mail address.
    pub email: &'a str,
    /// For an opt-out, of what, by the API's names.
    pub of: &'a [&'a str],
}

#[cfg(test)]
mod tests {
    use super::super::tests::{about, day, remedies, shown};
    use super::*;

    fn marked(right: Right, sensitive: &[String]) -> String {
        let mark = Mark::of(right).unwrap();
        shown(&Marked { about: about(right), mark, since: day(11, 22), sensitive, told: &["Example Letters Ltd"] })
    }

    #[test]
    fn restricted() {
        insta::assert_snapshot!(marked(Right::Restriction, &[]), @"
        The use of your data is restricted (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        restriction of the use of your personal data.

        Since 22 November 2026 we keep your data and do nothing else with it, except with your
        consent, for legal claims, or to protect somebody's rights. Before that ends
        we will write to you.

        We tell those who received your data from us: Example Letters Ltd.

        You need not do anything more.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn objection_honoured() {
        insta::assert_snapshot!(marked(Right::Objection, &[]), @"
        Your objection is honoured (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        objection to the use of your personal data.

        Since 22 November 2026 we no longer use your data for what you objected to.

        We tell those who received your data from us: Example Letters Ltd.

        You need not do anything more.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn sensitive_data_limited() {
        let kinds = ["Exact location".to_owned(), "Health data".to_owned()];
        insta::assert_snapshot!(marked(Right::LimitSensitive, &kinds), @"
        The use of your sensitive data is limited (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        limits on the use of your sensitive data.

        Since 22 November 2026 we use sensitive data about you only for what you asked us to do, and
        for what the law allows without asking you.

        These kinds of data are sensitive, where we hold them:

        - Exact location
        - Health data

        We tell those who received your data from us: Example Letters Ltd.

        You need not do anything more.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn consent_ended() {
        insta::assert_snapshot!(marked(Right::WithdrawConsent, &[]), @"
        Your consent has ended (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        withdrawal of your consent.

        Since 22 November 2026 we no longer do what rested on your consent alone. What we did before
        stays lawful.

        We tell those who received your data from us: Example Letters Ltd.

        You need not do anything more.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn restriction_lifted() {
        let about = about(Right::Restriction);
        let reason = "You contested your address; we checked it with you and corrected it.";
        insta::assert_snapshot!(shown(&Lifted { about, reason, remedies: remedies() }), @"
        The restriction of your data ends (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        restriction of the use of your personal data.

        You asked us to restrict the use of your data, and we did. With this letter the
        restriction ends, for this reason:

        You contested your address; we checked it with you and corrected it.

        You can appeal: https://privacy.infotech.example/appeal
        The last day for it is 31 December 2026.
        Somebody who had no part in this decision looks at it again, and you have an
        answer within 60 days.

        You can complain to the Attorney General of Virginia: https://www.oag.state.va.us

        You can also go to court.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn answered_in_words() {
        let statements = [
            "Some credit decisions are taken by machine alone.".to_owned(),
            "Credit: we compare your open invoices with a fixed limit. Above it you pay in advance.".to_owned(),
        ];
        let answer = Some("A colleague looked at your case again: you can pay by invoice.");
        let about = about(Right::AutomatedDecision);
        insta::assert_snapshot!(shown(&Answered { about, statements: &statements, answer, remedies: Remedies::default() }), @"
        Our answer to your request (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        review of an automated decision.

        Some credit decisions are taken by machine alone.

        Credit: we compare your open invoices with a fixed limit. Above it you pay in advance.

        A colleague looked at your case again: you can pay by invoice.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
        let alone = ["No decision about you is taken by machine alone.".to_owned()];
        let remedies = Remedies::default();
        insta::assert_snapshot!(shown(&Answered { about, statements: &alone, answer: None, remedies }), @"
        Our answer to your request (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        review of an automated decision.

        No decision about you is taken by machine alone.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    fn notice(right: Right, of: &[&str]) -> String {
        shown(&Notice {
            recipient: "Example Letters Ltd",
            controller: "Infotech",
            contact: "privacy@infotech.example",
            reference: "DSR-7K2M-94QX",
            right,
            email: "ada@example.com",
            of,
        })
    }

    #[test]
    fn recipient_told_of_a_deletion() {
        insta::assert_snapshot!(notice(Right::Deletion, &[]), @"
        Infotech: please delete what we gave you (DSR-7K2M-94QX)
        ====
        To Example Letters Ltd,

        you received personal data from Infotech. The person with this e-mail address
        has exercised a right over it:

            ada@example.com

        We deleted data of this person. Please delete what you received from us as well,
        and tell those to whom you passed it on.

        Use the address for this and for nothing else. Questions? Write to privacy@infotech.example
        and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn recipient_told_of_an_opt_out() {
        insta::assert_snapshot!(notice(Right::OptOut, &["sale", "marketing"]), @"
        Infotech: an opt-out to honour (DSR-7K2M-94QX)
        ====
        To Example Letters Ltd,

        you received personal data from Infotech. The person with this e-mail address
        has exercised a right over it:

            ada@example.com

        This person opted out. Please leave what you received from us out of:

        - sale to others
        - marketing mails and messages

        Use the address for this and for nothing else. Questions? Write to privacy@infotech.example
        and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[rstest::rstest]
    #[case(Right::Correction, "do not restore the old ones")]
    #[case(Right::Restriction, "do nothing else with it")]
    #[case(Right::Objection, "stop using")]
    #[case(Right::LimitSensitive, "only for what they asked for")]
    #[case(Right::WithdrawConsent, "rested on it alone")]
    fn a_recipient_reads_what_to_do(#[case] right: Right, #[case] expected: &str) {
        assert!(notice(right, &[]).replace('\n', " ").contains(expected));
    }
}

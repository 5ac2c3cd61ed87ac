//! Rights in the words of a page: what each is called, and what comes of it.

use crate::domain::right::Right;

/// A right as the page offers it.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub title: &'static str,
    pub meaning: &'static str,
}

pub(super) fn of(right: Right) -> Words {
    let (title, meaning) = match right {
        Right::Access => ("A copy of your data", "Everything held about you, to read and to keep."),
        Right::Categories => (
            "What kinds of data are held",
            "Which kinds of data are collected about you, why, from where, and with whom they are shared.",
        ),
        Right::Portability => ("Your data to take with you", "In a form that another service can read."),
        Right::Deletion => ("Deletion", "What is held about you is erased, except what the law says must be kept."),
        Right::Correction => ("Correction", "What is wrong about you is set right."),
        Right::Restriction => ("Restriction", "Your data is kept but not used while a question about it is open."),
        Right::Objection => ("Objection", "Your data is no longer used for a purpose that you object to."),
        Right::OptOut => (
            "Opt-out",
            "No sale, no sharing for advertising, no targeted advertising, no profiling, no marketing: all or any of them.",
        ),
        Right::LimitSensitive => ("Limits on sensitive data", "It is used for what you asked for and nothing else."),
        Right::WithdrawConsent => ("Withdrawal of consent", "What you once agreed to stops."),
        Right::AutomatedDecision => {
            ("A person instead of a program", "Somebody looks again at a decision that a program made about you.")
        }
    };
    Words { title, meaning }
}

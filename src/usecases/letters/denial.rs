//! The letter of a denial holds what its law demands: a test walks every law and every part.

use crate::domain::regime::{Ground, Regime};
use crate::domain::request::{Instead, Request, State};
use crate::mail::letters::{Concerning, Denied};

use super::told::Told;

/// A denial in words.
pub(super) struct Denial<'a> {
    ground: &'a str,
    citation: Option<&'a str>,
    explanation: &'a str,
    instead: Option<String>,
}

impl<'a> Denial<'a> {
    /// The words for a request that was denied; none for another.
    pub(super) fn of(regime: Option<&'a Regime>, request: &'a Request, contact: &str) -> Option<Self> {
        let State::Denied { ground, explanation, instead, .. } = &request.state else { return None };
        let known = regime.and_then(|regime| regime.ground(ground));
        Some(Self {
            ground: known.map_or(ground.as_str(), |known| known.title.as_str()),
            citation: known.filter(|known| known.code != Ground::DUPLICATE).map(|known| known.citation.as_str()),
            explanation: explanation.expose(),
            instead: instead.map(|instead| in_words(instead, contact)),
        })
    }

    /// The letter.
    pub(super) fn letter<'l>(&'l self, about: Concerning<'l>, told: &'l Told) -> Denied<'l> {
        Denied {
            about,
            ground: self.ground,
            citation: self.citation,
            explanation: self.explanation,
            instead: self.instead.as_deref(),
            remedies: told.shown(),
        }
    }
}

/// What the person gets or can have instead.
fn in_words(instead: Instead, contact: &str) -> String {
    match instead {
        Instead::Categories { request } => format!(
            "Instead we tell you which kinds of personal data we hold and with whom they are shared.\n\
             That is request {}; you need not do anything for it, and it keeps the dates of this one.",
            request.reference()
        ),
        Instead::OptOut => format!(
            "What you can have without showing who you are: an opt-out of the sale and the sharing of\n\
             your personal data. Send us a request for it, or write to {contact}."
        ),
        Instead::Earlier { request } => format!(
            "The earlier request is {}. It keeps its dates, and its answer is the answer to both.",
            request.reference()
        ),
    }
}

#[cfg(test)]
mod tests;

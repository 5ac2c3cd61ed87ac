//! Evidence that the requester is the person: what each kind proves, how pieces add up to a level, what is missing.

mod challenge;
mod compare;
mod declaration;
mod evidence;
mod question;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::identity::IdentityKind;

pub use challenge::{Challenge, ChallengeError};
pub use compare::{Normalise, same_name};
pub use declaration::{Declaration, SignedDeclaration};
pub use evidence::{Answers, Evidence, How, Method, Point, StaffCheck};
pub use question::{FieldPath, Question};

/// How sure the controller is that the requester is the person; ordered.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing was shown.
    #[default]
    None,
    /// Control of the e-mail address.
    Email,
    /// A reasonable degree of certainty (11 CCR 7062(b)).
    Reasonable,
    /// A reasonably high degree of certainty (11 CCR 7062(c)).
    High,
}

impl Level {
    /// The level's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Email => "email",
            Level::Reasonable => "reasonable",
            Level::High => "high",
        }
    }

    /// How many matching data points the level asks for (11 CCR 7062(b), (c)).
    const fn points(self) -> usize {
        match self {
            Level::None | Level::Email => 0,
            Level::Reasonable => 2,
            Level::High => 3,
        }
    }
}

/// How many sets of answers a request takes: enough for a slip, too few to guess.
pub const ANSWERS_A_REQUEST: u8 = 3;

/// How many sets of answers, and likewise names, are compared for one address in a day, over all its requests.
pub const TRIES_A_DAY: u32 = 5;

/// What is needed, what was reached, and how. Sealed with the request; what of it the requester sees is
/// [`Verification::shown`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The level that regime and policy ask for this right.
    pub required: Level,
    /// The level reached so far.
    pub reached: Level,
    /// By which methods.
    pub methods: Vec<Method>,
    /// What the person can do beyond the mailed code, as the policy had it when the request came in.
    #[serde(default)]
    pub ways: Ways,
    /// Every piece, in the order in which it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The declaration that was signed; kept with the request (11 CCR 7062(c)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<SignedDeclaration>,
    /// How many sets of answers were taken.
    #[serde(default)]
    pub tries: u8,
    /// The questions that were answered, rightly or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<String>,
    /// What is still to be held against the company's systems; gone as soon as it was.
    #[serde(default)]
    pub pending: Pending,
}

/// What a person can do by themselves to show who they are, beside the mailed code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    /// Signing in to their account; what of the token names the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<Claim>,
    /// Answering questions, by their ids. None about a field that the request wants corrected (11 CCR 7060-7062).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
}

/// What of a sign-in token names the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The verified e-mail address: a sign-in proves it as the mailed code does.
    Email,
    /// The account's number: it says nothing about the address, so the code is needed all the same.
    Account,
}

/// What waits to be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The name given.
    #[serde(default)]
    pub name: bool,
    /// Answers, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answers>,
}

impl Pending {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        !self.name && self.answers.is_empty()
    }
}

/// What a requester may know of their own verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The level reached.
    pub reached: Level,
    /// By which methods.
    pub methods: Vec<Method>,
    /// What would help from here, in order; nothing once the level is reached.
    pub offered: Vec<Method>,
}

impl Verification {
    /// Nothing shown yet.
    pub fn required(required: Level) -> Self {
        Self {
            required,
            reached: Level::None,
            methods: Vec::new(),
            ways: Ways::default(),
            evidence: Vec::new(),
            declaration: None,
            tries: 0,
            answered: Vec::new(),
            pending: Pending::default(),
        }
    }

    /// Whether the person's control of the mailbox is still to be shown before anybody works on the request. What a
    /// higher level needs beyond it comes while the request is with staff.
    pub fn wants_code(&self) -> bool {
        self.required > Level::None && self.reached == Level::None
    }

    /// Whether the level needed is reached.
    pub fn complete(&self) -> bool {
        self.reached >= self.required
    }

    /// The same with evidence that gives a level by itself.
    #[must_use]
    pub fn with(self, method: Method, level: Level) -> Self {
        self.and(method.alone(level))
    }

    /// The same with one more piece of evidence.
    #[must_use]
    pub fn and(mut self, piece: Evidence) -> Self {
        if self.evidence.is_empty() && self.reached > Level::None {
            // A request from before pieces were kept one by one: what it had reached stays reached.
            let method = self.methods.first().copied().unwrap_or(Method::EmailCode);
            self.evidence.push(method.alone(self.reached));
        }
        if !self.methods.contains(&piece.method) {
            self.methods.push(piece.method);
        }
        self.evidence.push(piece);
        self.reached = evidence::level(&self.evidence);
        self
    }

    /// The same with a signed declaration.
    #[must_use]
    pub fn declared(self, declaration: SignedDeclaration) -> Self {
        let signed = self.with(Method::Declaration, Level::None);
        Self { declaration: Some(declaration), ..signed }
    }

    /// What the requester may know. What came of their answers is not part of it before staff have decided
    /// (`decided`): otherwise the level would tell what the reply to the answers does not, and whoever guesses could
    /// read from it what the company holds. The match of the name is: whoever reads it has shown control of the very
    /// mailbox that the name belongs to.
    pub fn shown(&self, decided: bool) -> Shown {
        let hidden = |e: &&Evidence| !decided && e.method == Method::DataPoints;
        let seen: Vec<Evidence> = self.evidence.iter().filter(|e| !hidden(e)).cloned().collect();
        let reached = if self.evidence.is_empty() { self.reached } else { evidence::level(&seen) };
        let keeps = |m: &Method| decided || *m != Method::DataPoints;
        let methods = self.methods.iter().copied().filter(keeps).collect();
        Shown { reached, methods, offered: self.offered(reached, &seen) }
    }

    /// How many answers are asked for, by what the requester may know: no more than are missing.
    pub fn answers_wanted(&self) -> usize {
        let named = self.methods.contains(&Method::NameMatch);
        // The proved address counts as a point as soon as anything stands beside it.
        let points = if named { 2 } else { 1 };
        let open = self.ways.questions.iter().filter(|id| !self.answered.contains(id)).count();
        let missing = self.required.points().saturating_sub(points).saturating_sub(self.answered.len());
        if self.tries < ANSWERS_A_REQUEST { missing.min(open) } else { 0 }
    }

    fn offered(&self, reached: Level, seen: &[Evidence]) -> Vec<Method> {
        let mut offered = Vec::new();
        if reached >= self.required {
            return offered;
        }
        if reached == Level::None {
            offered.push(Method::EmailCode);
            offered.extend(self.ways.sign_in.filter(|c| *c == Claim::Email).map(|_| Method::SignIn));
            return offered;
        }
        offered.extend(self.ways.sign_in.map(|_| Method::SignIn));
        if self.answers_wanted() > 0 {
            offered.push(Method::DataPoints);
        }
        // Without points beside it a declaration gives nothing.
        let helps = !self.ways.questions.is_empty() || evidence::points(seen) >= Level::High.points();
        if self.required == Level::High && self.declaration.is_none() && helps {
            offered.push(Method::Declaration);
        }
        offered
    }

    /// The identifiers beside the address that are shown to be the person's: the account that they signed in to, and what
    /// staff's checks speak of.
    pub fn identifiers(&self) -> BTreeSet<IdentityKind> {
        let signed_in = self.ways.sign_in == Some(Claim::Account) && self.methods.contains(&Method::SignIn);
        let checked = self.evidence.iter().filter_map(|piece| piece.check.as_ref());
        let named = checked.flat_map(|check| check.identifiers.iter().copied());
        named.chain(signed_in.then_some(IdentityKind::AccountId)).collect()
    }

    /// How many different data points match.
    pub fn matching_points(&self) -> usize {
        evidence::points(&self.evidence)
    }

    /// What is missing, in words for staff; empty when nothing is.
    pub fn missing(&self) -> String {
        if self.complete() {
            return String::new();
        }
        let points = self.required.points().saturating_sub(evidence::points(&self.evidence));
        let mut parts = Vec::new();
        match points {
            0 => {}
            1 => parts.push("one matching data point".to_owned()),
            n => parts.push(format!("{n} matching data points")),
        }
        if self.required == Level::High && self.declaration.is_none() {
            parts.push("the signed declaration".to_owned());
        }
        if self.required == Level::Email {
            parts.push("control of the e-mail address".to_owned());
        }
        let parts = parts.join(" and ");
        format!("{parts}; a sign-in to the account, or a check of your own that you record, does instead")
    }

    /// Takes answers to be compared later.
    #[must_use]
    pub fn taking(mut self, answers: Answers) -> Self {
        self.tries = self.tries.saturating_add(1);
        for id in answers.0.keys() {
            if !self.answered.contains(id) {
                self.answered.push(id.clone());
            }
        }
        self.pending.answers.push(answers);
        self
    }
}

#[cfg(test)]
mod tests;

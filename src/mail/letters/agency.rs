//! Letters where somebody acts for the person: some go to the agent, some to the person, none tells one of the other
//! more than the name.

use askama::Template;
use chrono::NaiveDate;

use super::{Asked, Concerning};
use crate::domain::right::Right;

/// To the agent: the code that proves their address, and what else shows their authority.
#[derive(Template)]
#[template(path = "mail/en/agent_code.txt")]
pub struct AgentCode<'a> {
    /// The agent's name.
    pub name: Option<&'a str>,
    /// For whom they act.
    pub person: &'a str,
    /// The company's name.
    pub controller: &'a str,
    /// Everything that was asked.
    pub asked: &'a [Asked<'a>],
    /// The digits.
    pub code: &'a str,
    /// How long they hold.
    pub minutes: u32,
    /// The proof that law or policy asks for: "permission signed by the person".
    pub proof: &'a str,
    /// Where to hand it in.
    pub url: Option<&'a str>,
    /// Whether the person was asked to confirm as well.
    pub asks_person: bool,
}

/// To the person: somebody asked in their name (11 CCR 7063(a): the business may ask them to confirm).
#[derive(Template)]
#[template(path = "mail/en/asked_in_your_name.txt")]
pub struct AskedInYourName<'a> {
    /// The person's name.
    pub name: Option<&'a str>,
    /// The agent's name.
    pub agent: &'a str,
    /// The company's name.
    pub controller: &'a str,
    /// Everything that was asked.
    pub asked: &'a [Asked<'a>],
    /// The page where the person confirms or refuses; none where the law lets nobody ask.
    pub url: Option<&'a str>,
    /// Where to turn to.
    pub contact: &'a str,
}

/// To the agent: what they handed in does not show their authority.
#[derive(Template)]
#[template(path = "mail/en/proof_refused.txt")]
pub struct ProofRefused<'a> {
    /// The agent's name.
    pub name: Option<&'a str>,
    /// For whom they act.
    pub person: &'a str,
    /// The company's name.
    pub controller: &'a str,
    /// Everything that was asked.
    pub asked: &'a [Asked<'a>],
    /// Why, as staff wrote it.
    pub reason: &'a str,
    /// Where to hand in something else.
    pub url: &'a str,
    /// Where to turn to.
    pub contact: &'a str,
}

/// To the agent: the person says that they do not act for them.
#[derive(Template)]
#[template(path = "mail/en/disowned.txt")]
pub struct Disowned<'a> {
    /// The agent's name.
    pub name: Option<&'a str>,
    /// For whom they said to act.
    pub person: &'a str,
    /// The company's name.
    pub controller: &'a str,
    /// Everything that was asked.
    pub asked: &'a [Asked<'a>],
    /// Where to turn to.
    pub contact: &'a str,
}

/// To the person: what they said about the agent was put into effect.
#[derive(Template)]
#[template(path = "mail/en/disowned_noted.txt")]
pub struct DisownedNoted<'a> {
    /// The person's name.
    pub name: Option<&'a str>,
    /// The agent's name.
    pub agent: &'a str,
    /// The company's name.
    pub controller: &'a str,
    /// Everything that was asked.
    pub asked: &'a [Asked<'a>],
    /// Where to turn to.
    pub contact: &'a str,
}

/// To the person, at the end: what the agent asked in their name was answered.
#[derive(Template)]
#[template(path = "mail/en/answered_for_you.txt")]
pub struct AnsweredForYou<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// The agent's name.
    pub agent: &'a str,
    /// How it ended, one sentence.
    pub outcome: &'a str,
    /// The page where the person fetches the package, where it goes to them alone.
    pub url: Option<&'a str>,
    /// The last day on which it lies there.
    pub until: Option<NaiveDate>,
}

/// To the agent: the package is there, and goes to the person alone.
#[derive(Template)]
#[template(path = "mail/en/package_for_person.txt")]
pub struct PackageForPerson<'a> {
    /// The request.
    pub about: Concerning<'a>,
}

#[cfg(test)]
mod tests;

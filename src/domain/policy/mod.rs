//! A policy is what one controller promises, as a file: rights, evidence, dates, recipients, texts.

mod agents;
mod appeal_terms;
pub mod evidence;
mod parts;
mod terms;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub use agents::{AgentPromise, PackageTo};
pub use appeal_terms::AppealTerms;
pub use evidence::{Approval, SignIn};
pub use parts::{
    AppealPromise, AutomatedDecision, AutomatedDecisions, ByHand, Exclusion, Gpc, Honour, Purpose, Recipient, Referral,
    Release, Reminders, Retention, concerns,
};
pub use terms::Terms;

use super::deadline::Promise;
use super::finding::Finding;
use super::ids::RegimeId;
use super::regime::{Authority, Regime};
use super::right::Right;
use super::verification::{Declaration, FieldPath, Level, Question};

/// What one controller promises.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The controller's name, as letters give it.
    pub name: String,
    /// Its postal address, as letters give it.
    pub postal_address: String,
    /// Where a person reaches it about privacy.
    #[serde(deserialize_with = "email")]
    pub privacy_email: String,
    /// Its country (ISO 3166-1 alpha-2), whose public holidays count.
    #[serde(deserialize_with = "country")]
    pub country: String,
    /// The IANA time zone in which the day of receipt is told.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: Tz,
    /// The language of letters and mails where the person asks for none (BCP 47).
    #[serde(default = "english")]
    pub language: String,
    /// The rights it promises; all that the regime gives when absent. What the law gives cannot be taken away here.
    #[serde(default)]
    pub rights: Option<Vec<Right>>,
    /// The regime of persons to whom no law applies.
    #[serde(default = "voluntary")]
    pub default_regime: RegimeId,
    /// Its own response days, in calendar days; the stricter of law and promise counts.
    #[serde(default)]
    pub promises: BTreeMap<Right, Promise>,
    /// Evidence beyond what the law asks.
    #[serde(default)]
    pub verification: BTreeMap<Right, Level>,
    /// What an approval does where that evidence is not there yet.
    #[serde(default)]
    pub approval: Approval,
    /// Questions whose answers stand in the company's systems.
    #[serde(default)]
    pub verification_questions: Vec<Question>,
    /// The fields that hold names; those of the data category `user.name` when empty.
    #[serde(default)]
    pub name_fields: Vec<FieldPath>,
    /// What a person signs where a right needs a high degree of certainty; the regime's text when absent.
    #[serde(default)]
    pub declaration: Option<Declaration>,
    /// The company's identity provider, where account holders can sign in to show who they are.
    #[serde(default)]
    pub sign_in: Option<SignIn>,
    /// Whether staff look at a package before it goes out.
    #[serde(default)]
    pub release: Release,
    /// For how many days a package can be fetched.
    #[serde(default = "thirty", deserialize_with = "days")]
    pub package_days: u32,
    /// For how many days a request waits for its verification before it expires.
    #[serde(default = "thirty", deserialize_with = "days")]
    pub verification_days: u32,
    /// When staff are told of dates.
    #[serde(default)]
    pub reminders: Reminders,
    /// For how many months after its end the record of a request is kept; never shorter than the law asks.
    #[serde(default, deserialize_with = "months")]
    pub records_months: Option<u32>,
    /// The fideslang data categories it describes but never hands out, beside the regime's.
    #[serde(default)]
    pub never_disclose: Vec<String>,
    /// What agents may do beyond the law, and who receives what they asked for.
    #[serde(default)]
    pub agents: AgentPromise,
    /// The authority to which letters under a regime refer, where the controller's own is more exact than the regime's.
    #[serde(default)]
    pub authorities: BTreeMap<RegimeId, Authority>,
    /// The appeal it promises, where it promises one of its own or on better terms than the law.
    #[serde(default)]
    pub appeal: Option<AppealPromise>,
    /// To whom requests are referred that are somebody else's to answer.
    #[serde(default)]
    pub referrals: Vec<Referral>,
    /// Who is told of corrections, deletions and the like.
    #[serde(default)]
    pub recipients: Vec<Recipient>,
    /// What data is used for.
    #[serde(default)]
    pub purposes: Vec<Purpose>,
    /// How long data stays.
    #[serde(default)]
    pub retention: Vec<Retention>,
    /// What it says of decisions by machine alone; where it says nothing, staff answer.
    #[serde(default)]
    pub automated_decisions: Option<AutomatedDecisions>,
    /// What a person reads of rows that a legal hold keeps; a plain sentence that does not give the hold away when absent.
    #[serde(default, deserialize_with = "words")]
    pub legal_hold_text: Option<String>,
    /// What rights do not reach.
    #[serde(default)]
    pub exclusions: Vec<Exclusion>,
    /// How signals of browsers are treated.
    #[serde(default)]
    pub gpc: Gpc,
    /// What staff look through themselves when a request is approved, because no connector reaches it: paper files.
    #[serde(default)]
    pub by_hand: Vec<ByHand>,
    /// What staff should know when they decide.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Policy {
    /// Reads a policy file; `file` is how the operator names it.
    ///
    /// # Errors
    /// The first thing wrong in it, with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Finding> {
        let policy: Self = toml::from_str(text).map_err(|error| Finding::of_toml(file, text, &error))?;
        match policy.contradiction() {
            None => Ok(policy),
            Some((key, message)) => {
                // The last place: of two that contradict each other that is where the second stands.
                let line = text.lines().collect::<Vec<_>>().iter().rposition(|line| line.contains(&key));
                Err(Finding::error(file, line.map_or(1, |index| index + 1), message))
            }
        }
    }

    /// Whether the policy by itself promises the right: it lists it, or it has no list. [`Terms::of`] adds the law.
    pub fn offers(&self, right: Right) -> bool {
        self.rights.as_ref().is_none_or(|rights| rights.contains(&right))
    }

    /// What `right` does not reach, in the words of an answer.
    pub fn exclusions_of(&self, right: Right) -> impl Iterator<Item = &str> {
        let of = move |exclusion: &&Exclusion| exclusion.rights.is_empty() || exclusion.rights.contains(&right);
        self.exclusions.iter().filter(of).map(|exclusion| exclusion.text.as_str())
    }

    /// Where a person can complain about a decision under `regime`: what the policy names, else what the regime does.
    pub fn authority<'a>(&'a self, regime: &'a Regime) -> Option<&'a Authority> {
        self.authorities.get(&regime.id).or(regime.authority.as_ref())
    }

    /// What a person reads of rows that a legal hold keeps.
    pub fn held_words(&self) -> &str {
        self.legal_hold_text.as_deref().unwrap_or(super::keeping::HELD)
    }

    /// The day of a moment in the controller's time zone: the day of receipt, from which clocks count.
    pub fn day_of(&self, moment: DateTime<Utc>) -> NaiveDate {
        moment.with_timezone(&self.time_zone).date_naive()
    }
}

fn words<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let said = !text.trim().is_empty() && !text.contains('\n');
    said.then_some(Some(text)).ok_or_else(|| D::Error::custom("write a few words on one line"))
}

fn english() -> String {
    "en".to_owned()
}

fn voluntary() -> RegimeId {
    RegimeId::from("voluntary")
}

fn thirty() -> u32 {
    30
}

fn email<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    text.parse::<super::identity::Email>().map_err(D::Error::custom)?;
    Ok(text)
}

fn country<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    code.then_some(text).ok_or_else(|| D::Error::custom("a country is two capital letters (ISO 3166-1), as DE"))
}

fn time_zone<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map_err(|_| D::Error::custom(format!("`{name}` is no IANA time zone; one is `Europe/Berlin`")))
}

fn days<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let days = u32::deserialize(from)?;
    (1..=365).contains(&days).then_some(days).ok_or_else(|| D::Error::custom("write 1 to 365 days"))
}

fn months<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let months = u32::deserialize(from)?;
    (1..=600).contains(&months).then_some(Some(months)).ok_or_else(|| D::Error::custom("write 1 to 600 months"))
}

#[cfg(test)]
pub(crate) mod tests;

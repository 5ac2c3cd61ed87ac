//! How things look on the wire: the shapes of the API's answers and of the bodies it takes.

mod appeal;
mod background;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use appeal::{AppealView, ExceptionView, OtherRequest};
pub use background::{HistoryView, ReferralView};

use crate::domain::agent::{Authorization, DocumentKind, Need, Proof, Standing, StandingName};
use crate::domain::appeal::Remedies;
use crate::domain::deadline::{Confidence, Deadline, Duty};
use crate::domain::identity::{AccountId, Email, Name, Phone, Residence};
use crate::domain::ids::RequestId;
use crate::domain::personal::Personal;
use crate::domain::request::{
    Agent, Channel, Correction, DateRange, Fulfilment, Instead, OptOut, Particulars, Person, Request, State, StateName,
};
use crate::domain::right::Right;
use crate::domain::verification::{Level, Method, Shown};
use crate::usecases::Error;
use crate::usecases::submit::Submission;

/// A list and where it goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// This page.
    pub items: Vec<T>,
    /// The cursor of the next page; null at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A list on one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A moment as the API writes it (RFC 3339, microseconds, UTC).
pub fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A request as its requester sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    /// Its id.
    pub id: Uuid,
    /// The number to read out over the telephone.
    pub reference: String,
    /// Who answers.
    pub controller: String,
    /// What is asked.
    pub right: Right,
    /// Under which law.
    pub regime: String,
    /// Why under that one.
    pub regime_reason: String,
    /// Where it stands.
    pub state: StateName,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// What is due when, and why.
    pub deadlines: Vec<DeadlineView>,
    /// Since when the time for the answer stands still, or has not started to run: a question that the law lets stop it
    /// is open, or the proof of identity with which it starts has not come. Until then the date can still move.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub clock_stopped_since: Option<String>,
    /// How sure the controller is that the requester is the person.
    pub verification: VerificationView,
    /// Whether the agent may act, where one acts for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<AuthorizationView>,
    /// A question that waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// How it ended, once it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeView>,
    /// The latest appeal against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appeal: Option<AppealView>,
}

/// How sure the controller is that the requester is the person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationView {
    /// The level that law and policy ask for this right.
    pub required: Level,
    /// The level reached so far, without what came of answers; that is seen once staff have decided.
    pub reached: Level,
    /// By which methods.
    pub methods: Vec<Method>,
    /// What would help from here, in order; empty when nothing more is needed from the person.
    pub offered: Vec<Method>,
}

impl VerificationView {
    /// As the requester sees it.
    pub fn of(request: &Request) -> Self {
        let Shown { reached, methods, offered } = request.verification_shown();
        Self { required: request.verification.required, reached, methods, offered }
    }

    /// As staff see it: with what came of answers.
    pub fn whole(request: &Request) -> Self {
        let (reached, methods) = (request.verification.reached, request.verification.methods.clone());
        Self { reached, methods, ..Self::of(request) }
    }
}

/// A date and its reasons.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlineView {
    /// What is due.
    pub duty: Duty,
    /// When.
    pub due: NaiveDate,
    /// By which rule.
    pub rule: String,
    /// How the rule gives the date.
    pub steps: Vec<String>,
    /// Where the rule stands: the law, or the controller's policy where its promise is the stricter.
    pub citation: String,
    /// How sure we are that this is the law.
    pub confidence: Confidence,
    /// When it was done, once it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub met_at: Option<String>,
}

impl DeadlineView {
    fn of(deadline: &Deadline, met_at: Option<DateTime<Utc>>) -> Self {
        let Deadline { duty, due, rule, steps, citation, confidence } = deadline.clone();
        Self { duty, due, rule, steps, citation, confidence, met_at: met_at.map(moment) }
    }
}

/// How a request ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    /// `fulfilled`, `partially_fulfilled`, `no_match`, `denied`, `referred`, `withdrawn` or `expired`.
    pub kind: &'static str,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The ground of a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// To whom the person is referred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referred_to: Option<String>,
    /// What the person is offered instead: `opt_out`, for which nothing has to be shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<OptOutOffer>,
    /// The request under which the categories are given instead of the pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_as: Option<OtherRequest>,
    /// The earlier request that is the same and is being worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<OtherRequest>,
    /// The collections that were left out, each with its ground.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ExceptionView>,
    /// What the person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedies: Option<Remedies>,
    /// What was done where.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub result: Option<Fulfilment>,
}

/// The opt-out of sale and sharing that is offered where a deletion could not be verified (11 CCR 7022(g)).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptOutOffer {
    /// An opt-out.
    OptOut,
}

impl OutcomeView {
    fn of(request: &Request) -> Option<Self> {
        let state = &request.state;
        let at = moment(state.closed_at()?);
        let plain = |kind| Self {
            kind,
            at: at.clone(),
            ground: None,
            explanation: None,
            referred_to: None,
            offers: Vec::new(),
            answered_as: None,
            duplicate_of: None,
            except: state.exceptions().iter().map(ExceptionView::from).collect(),
            remedies: request.remedies.clone(),
            result: None,
        };
        match state {
            State::Fulfilled(done) | State::PartiallyFulfilled(done) => {
                // That there are rows under a number that may be somebody else's is for staff alone.
                let result = Fulfilment { unproved: 0, ..done.result.clone() };
                Some(Self { result: Some(result), ..plain(state.outcome()?) })
            }
            State::Denied { ground, explanation, instead, .. } => {
                let other = |wanted: fn(&Instead) -> Option<RequestId>| {
                    instead.as_ref().and_then(wanted).map(OtherRequest::from)
                };
                Some(Self {
                    ground: Some(ground.clone()),
                    explanation: Some(explanation.expose().clone()),
                    offers: instead.iter().filter(|i| **i == Instead::OptOut).map(|_| OptOutOffer::OptOut).collect(),
                    answered_as: other(Instead::categories),
                    duplicate_of: other(Instead::earlier),
                    ..plain("denied")
                })
            }
            State::Referred { to, explanation, .. } => Some(Self {
                referred_to: Some(to.expose().clone()),
                explanation: Some(explanation.expose().clone()),
                ..plain("referred")
            }),
            State::Withdrawn { .. } => Some(plain("withdrawn")),
            State::Expired { .. } => Some(plain("expired")),
            _ => None,
        }
    }
}

impl RequestView {
    /// The request as staff see it.
    pub fn for_staff(request: &Request) -> Self {
        Self { verification: VerificationView::whole(request), ..Self::from(request) }
    }
}

impl From<&Request> for RequestView {
    fn from(r: &Request) -> Self {
        let question = match &r.state {
            State::AwaitingRequester { question, .. } => Some(question.expose().clone()),
            _ => None,
        };
        let own = r.deadlines.iter().map(|d| DeadlineView::of(d, r.met_at(d.duty)));
        // The letter that acknowledges an appeal leaves with its filing.
        let of_appeal = r.open_appeal().into_iter().flat_map(|appeal| {
            let acknowledged = |d: &Deadline| (d.duty == Duty::Acknowledgement).then_some(appeal.filed_at);
            appeal.deadlines.iter().map(move |d| DeadlineView::of(d, acknowledged(d)))
        });
        Self {
            id: r.id.0,
            reference: r.id.reference(),
            controller: r.controller.to_string(),
            right: r.right,
            regime: r.regime.to_string(),
            regime_reason: r.regime_reason.clone(),
            state: r.state.name(),
            received_at: moment(r.received_at),
            deadlines: own.chain(of_appeal).collect(),
            clock_stopped_since: r.stopped_since().map(moment),
            verification: VerificationView::of(r),
            authorization: r.authorization().map(AuthorizationView::from),
            question,
            outcome: OutcomeView::of(r),
            appeal: r.appeal().map(AppealView::from),
        }
    }
}

/// Whether an agent may act for the person, and what would show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationView {
    /// Where it stands.
    pub state: StandingName,
    /// The proof: the one that was accepted, else the one at hand or announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Proof>,
    /// What would help it on, any one of these; empty once it is settled.
    pub needs: Vec<Need>,
    /// The proof that is asked for, in words.
    pub proof: String,
    /// Whether `law` lets an agent act, or only the controller's `promise`.
    pub by: &'static str,
    /// The statute, or the policy.
    pub citation: String,
    /// Why what was handed in was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<&Authorization> for AuthorizationView {
    fn from(a: &Authorization) -> Self {
        let (accepted, reason) = match &a.standing {
            Standing::Accepted { proof, .. } => (Some(*proof), None),
            Standing::Refused { reason, .. } => (None, Some(reason.expose().clone())),
            _ => (None, None),
        };
        Self {
            state: a.standing.name(),
            kind: accepted.or(a.kind().map(Proof::from)),
            needs: a.needs(),
            proof: a.terms.proof.clone(),
            by: if a.terms.by_law { "law" } else { "promise" },
            citation: a.terms.citation.clone(),
            reason,
        }
    }
}

/// What a person submits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmissionBody {
    /// Of whom it is asked.
    #[schema(example = "shop", max_length = 100)]
    pub controller: String,
    /// Which rights are exercised.
    #[schema(min_items = 1, max_items = 11)]
    pub rights: Vec<Right>,
    /// Who asks.
    pub person: PersonBody,
    /// Under which law; left out, the person's residence decides.
    #[serde(default)]
    #[schema(max_length = 50)]
    pub regime: Option<String>,
    /// Anything else the person wants to say.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub details: Option<String>,
    /// For a correction: what should stand where.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub corrections: Vec<CorrectionBody>,
    /// For an opt-out: of what; empty means of everything.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub opt_out_of: Vec<OptOut>,
    /// For an access: only data of this time.
    #[serde(default)]
    pub range: Option<DateRange>,
    /// For portability: the company it should go to. Refused from an agent where the policy gives packages to the person alone.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub transmit_to: Option<String>,
    /// Who acts for the person.
    #[serde(default)]
    pub agent: Option<AgentBody>,
    /// In which language to answer (BCP 47).
    #[serde(default)]
    #[schema(max_length = 35)]
    pub language: Option<String>,
}

/// The person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonBody {
    /// Their name.
    #[schema(example = "Ada Example", min_length = 1, max_length = 200)]
    pub name: String,
    /// Their e-mail address; a code is sent there where the law asks for proof.
    #[schema(example = "ada@example.com", format = "email", max_length = 254)]
    pub email: String,
    /// Their telephone number, with country code or as it is dialled where they live.
    #[serde(default)]
    #[schema(example = "+4930901820", max_length = 40)]
    pub phone: Option<String>,
    /// The company's number for them.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub account_id: Option<String>,
    /// Where they live: a country (ISO 3166-1) or a state in it (ISO 3166-2).
    #[serde(default)]
    #[schema(example = "US-CA", pattern = "^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$")]
    pub residence: Option<String>,
}

/// One field to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// The dataset.
    #[schema(min_length = 1, max_length = 200)]
    pub dataset: String,
    /// The collection in it.
    #[schema(min_length = 1, max_length = 200)]
    pub collection: String,
    /// The field in that.
    #[schema(min_length = 1, max_length = 200)]
    pub field: String,
    /// What stands there now, as far as the person knows.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub current: Option<String>,
    /// What should stand there.
    #[schema(max_length = 10000)]
    pub requested: String,
}

/// Who acts for the person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentBody {
    /// Their name or firm.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Where to reach them; letters about the request go there.
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// Which proof of their authority they will hand in. A parent or guardian says so here: they may exercise rights
    /// that no other agent may.
    #[serde(default)]
    pub authorization_kind: Option<DocumentKind>,
}

impl SubmissionBody {
    /// Parses everything that is personal; beyond this point there are no raw strings.
    ///
    /// # Errors
    /// [`Error::Invalid`] at the first member that is wrong.
    pub fn parse(self) -> Result<Submission, Error> {
        let particulars = Particulars {
            person: self.person.parse()?,
            details: text(self.details, "/details", 10_000)?,
            corrections: corrections(self.corrections)?,
            opt_out_of: self.opt_out_of,
            range: self.range,
            transmit_to: text(self.transmit_to, "/transmit_to", 500)?,
            agent: self.agent.map(AgentBody::parse).transpose()?,
            language: text(self.language, "/language", 35)?.map(Personal::into_inner),
        };
        Ok(Submission {
            controller: self.controller.as_str().into(),
            rights: self.rights,
            regime: self.regime.as_deref().map(Into::into),
            particulars,
            channel: Channel::Web,
            entered_by: None,
            received_at: None,
        })
    }
}

impl PersonBody {
    fn parse(self) -> Result<Person, Error> {
        let residence: Option<Residence> = self.residence.map(|r| at("/person/residence", r.parse())).transpose()?;
        let country = residence.as_ref().map(Residence::country);
        Ok(Person {
            name: at("/person/name", self.name.parse::<Name>())?,
            email: at("/person/email", self.email.parse::<Email>())?,
            phone: self.phone.map(|p| at("/person/phone", Phone::parse_in(&p, country))).transpose()?,
            account_id: self.account_id.map(|a| at("/person/account_id", a.parse::<AccountId>())).transpose()?,
            residence,
        })
    }
}

impl AgentBody {
    fn parse(self) -> Result<Agent, Error> {
        Ok(Agent {
            name: at("/agent/name", self.name.parse())?,
            email: at("/agent/email", self.email.parse())?,
            authorization: Authorization::announcing(self.authorization_kind),
        })
    }
}

fn corrections(bodies: Vec<CorrectionBody>) -> Result<Vec<Correction>, Error> {
    if bodies.len() > 100 {
        return Err(Error::invalid("/corrections", "at most 100 fields can be corrected at once"));
    }
    let parse = |(i, body): (usize, CorrectionBody)| {
        let place = |member: &str| format!("/corrections/{i}/{member}");
        Ok(Correction {
            dataset: required(body.dataset, &place("dataset"), 200)?,
            collection: required(body.collection, &place("collection"), 200)?,
            field: required(body.field, &place("field"), 200)?,
            current: text(body.current, &place("current"), 10_000)?,
            requested: text(Some(body.requested), &place("requested"), 10_000)?
                .ok_or_else(|| Error::invalid(place("requested"), "say what should stand there"))?,
        })
    };
    bodies.into_iter().enumerate().map(parse).collect()
}

/// What was parsed, or what is wrong with it.
///
/// # Errors
/// [`Error::Invalid`] at `pointer`.
pub fn at<T, E: std::fmt::Display>(pointer: &str, parsed: Result<T, E>) -> Result<T, Error> {
    parsed.map_err(|e| Error::invalid(pointer, e.to_string()))
}

/// Free text up to a length; NUL has no place in it (PostgreSQL cannot keep it, and nobody means it).
pub fn text(text: Option<String>, pointer: &str, most: usize) -> Result<Option<Personal<String>>, Error> {
    let Some(text) = text else { return Ok(None) };
    if text.chars().count() > most {
        return Err(Error::invalid(pointer, format!("at most {most} characters")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(pointer, "the NUL character cannot be kept"));
    }
    Ok(Some(Personal::new(text)))
}

/// Text that must not be empty.
///
/// # Errors
/// [`Error::Invalid`] at `pointer`.
pub fn required(value: String, pointer: &str, most: usize) -> Result<String, Error> {
    let kept = text(Some(value), pointer, most)?.map(Personal::into_inner).unwrap_or_default();
    if kept.trim().is_empty() { Err(Error::invalid(pointer, "must not be empty")) } else { Ok(kept) }
}

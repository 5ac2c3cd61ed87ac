//! A request and its states; each state owns the facts that are true in it and no others.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
pub use super::agent::Agent;
use super::appeal::{Appeal, Remedies};
use super::audit::NewEntry;
use super::clocks::Clocks;
use super::deadline::{Deadline, Duty};
use super::identity::{AccountId, Email, Identities, Name, Phone, Residence};
use super::ids::{BundleId, ControllerId, RegimeId, RequestId, StaffId};
use super::job::NewJob;
use super::mark::{Mark, Marking};
use super::personal::Personal;
use super::proof::{ErasedLater, RetainedRows, SystemProof};
use super::receipt::Told;
use super::right::Right;
use super::verification::Verification;

/// One right, exercised by one person against one controller, under one regime.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id; [`RequestId::reference`] is what people read out.
    pub id: RequestId,
    /// The submission it came with.
    pub bundle: BundleId,
    /// Who answers.
    pub controller: ControllerId,
    /// What is asked.
    pub right: Right,
    /// Under which law.
    pub regime: RegimeId,
    /// Why under that one, in a sentence for the requester.
    pub regime_reason: String,
    /// How it came in.
    pub channel: Channel,
    /// The member of staff who entered it on the person's behalf, if one did.
    pub entered_by: Option<StaffId>,
    /// When it was received: where it came by post or telephone, the real date and not that of its entry.
    pub received_at: DateTime<Utc>,
    /// What is due when, and why.
    pub deadlines: Vec<Deadline>,
    /// The dates as they were told at submission: what the receipt says, whatever moved the deadlines since.
    pub told: Vec<Told>,
    /// The extension, once there is one.
    pub extension: Option<Extension>,
    /// What happened to its clocks.
    pub clocks: Clocks,
    /// How sure the controller is that the requester is the person.
    pub verification: Verification,
    /// Who works on it.
    pub assignee: Option<StaffId>,
    /// Where it stands.
    pub state: State,
    /// What the person could do about the answer when it was given, if it left something to contest.
    pub remedies: Option<Remedies>,
    /// The appeals against its answers, the latest last.
    pub appeals: Vec<Appeal>,
    /// Everything personal about it; sealed at rest, gone after the purge.
    pub particulars: Particulars,
}

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The REST API or the web page.
    Web,
    /// An e-mail, entered by staff.
    Email,
    /// A letter, entered by staff.
    Post,
    /// A telephone call, entered by staff.
    Phone,
    /// In person, entered by staff.
    InPerson,
    /// A browser's Global Privacy Control, passed on by the company's own site (11 CCR 7025).
    Gpc,
    /// The unsubscribe link of a mail (RFC 8058).
    Unsubscribe,
}

impl Channel {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Channel::Web => "web",
            Channel::Email => "email",
            Channel::Post => "post",
            Channel::Phone => "phone",
            Channel::InPerson => "in_person",
            Channel::Gpc => "gpc",
            Channel::Unsubscribe => "unsubscribe",
        }
    }

    /// Whether a program sent it and nobody wrote: it is honoured, and answered where it was sent, without a letter.
    pub const fn is_signal(self) -> bool {
        matches!(self, Channel::Gpc | Channel::Unsubscribe)
    }
}

/// A longer deadline, taken once and told with its reason inside the first period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: StaffId,
    /// Why, as the person is told (GDPR Art. 12(3); Cal. Civ. Code 1798.130(a)(2)).
    pub reason: Personal<String>,
}

/// What a request says about its person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Particulars {
    /// Who.
    pub person: Person,
    /// What they wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Personal<String>>,
    /// For a correction: what should stand where.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// For an opt-out: of what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opt_out_of: Vec<OptOut>,
    /// For an access: only data of this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<DateRange>,
    /// For portability: the company it should go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmit_to: Option<Personal<String>>,
    /// Who acts for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// In which language to answer (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// The person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their name.
    pub name: Name,
    /// Where they are answered, and the first identity they are looked up by.
    pub email: Email,
    /// Another identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The company's number for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Where they live, which decides the law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residence: Option<Residence>,
}

impl Person {
    /// The identities by which they are known, as they gave them.
    pub fn identities(&self) -> Identities {
        let (email, phone, account_id) = (self.email.clone(), self.phone.clone(), self.account_id.clone());
        Identities { email, phone, account_id, shown: BTreeSet::new() }
    }
}

/// One field the person wants changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The dataset, by its `fides_key`.
    pub dataset: String,
    /// The collection in it.
    pub collection: String,
    /// The field in that.
    pub field: String,
    /// What stands there now, as far as the person knows; where given, only rows that hold it are changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Personal<String>>,
    /// What should stand there.
    pub requested: Personal<String>,
}

/// What a person opts out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptOut {
    /// Sale of their data.
    Sale,
    /// Sharing for cross-context behavioural advertising.
    Sharing,
    /// Targeted advertising.
    TargetedAdvertising,
    /// Profiling.
    Profiling,
    /// Marketing messages.
    Marketing,
}

impl OptOut {
    /// All of them: what an opt-out means that names none.
    pub const ALL: [OptOut; 5] =
        [OptOut::Sale, OptOut::Sharing, OptOut::TargetedAdvertising, OptOut::Profiling, OptOut::Marketing];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            OptOut::Sale => "sale",
            OptOut::Sharing => "sharing",
            OptOut::TargetedAdvertising => "targeted_advertising",
            OptOut::Profiling => "profiling",
            OptOut::Marketing => "marketing",
        }
    }
}

/// Days from and to, both included; an open side has no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DateRange {
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

/// Where a request stands. Only [`super::lifecycle`] makes one state out of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The person has still to prove who they are.
    AwaitingVerification {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The agent's authority is still to be shown.
    AwaitingAuthorization {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// With staff.
    InReview {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Staff asked something and wait for the answer.
    AwaitingRequester {
        /// Since when.
        since: DateTime<Utc>,
        /// Who asked.
        asked_by: StaffId,
        /// What.
        question: Personal<String>,
        /// Whether the response clock stands still until the answer.
        #[serde(default)]
        stops_clock: bool,
    },
    /// Approved; the company's systems are being searched or changed.
    Fulfilling {
        /// Who approved it, and when.
        approval: Approval,
        /// Staff looked at what names somebody else and found that it may be shown.
        #[serde(default)]
        disclose: bool,
        /// The package is made; what is left is to send it to the other company.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prepared: Option<Box<Prepared>>,
    },
    /// Done in the systems; staff look before the person is answered.
    AwaitingRelease {
        /// Who approved it, and when.
        approval: Approval,
        /// Since when.
        since: DateTime<Utc>,
        /// What came of it.
        result: Fulfilment,
    },
    /// Answered in full.
    Fulfilled(Completed),
    /// Answered, with something left out that is named.
    PartiallyFulfilled(Completed),
    /// Refused.
    Denied {
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: StaffId,
        /// On which ground, by its code in the regime.
        ground: String,
        /// Why, in words for the person.
        explanation: Personal<String>,
        /// What the person is given or offered instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<Instead>,
    },
    /// Passed on: another controller is responsible.
    Referred {
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: StaffId,
        /// To whom the person should turn.
        to: Personal<String>,
        /// Why, in words for the person.
        explanation: Personal<String>,
    },
    /// Taken back by the person.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
    /// Closed because nobody proved to be the person.
    Expired {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Who approved a request, and when: a member of staff, or the system where the law asks for no decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// The collections that the approval leaves out: the request is denied for these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Exception>,
    /// Whether the package may go to the company that the person named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transmit: bool,
}

impl Approval {
    /// An approval of everything that was asked, which sends nothing to anybody but the person.
    pub const fn new(at: DateTime<Utc>, by: Actor) -> Self {
        Self { at, by, except: Vec::new(), transmit: false }
    }
}

/// A package that is made and, where somebody had to look, released; it has yet to reach the other company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// What came of the search.
    pub result: Fulfilment,
    /// Who released it.
    pub released_by: Option<StaffId>,
}

/// A collection for which an otherwise approved request is denied: nothing of it is disclosed or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The dataset, by its `fides_key`.
    pub dataset: String,
    /// The collection in it.
    pub collection: String,
    /// On which ground, by its code in the regime.
    pub ground: String,
    /// Why, in words for the person.
    pub explanation: Personal<String>,
}

/// What a person whose request is denied is given or offered instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Instead {
    /// The categories of data instead of the pieces (11 CCR 7024(a)).
    Categories {
        /// The request under which they are given.
        request: RequestId,
    },
    /// An opt-out of sale and sharing instead of a deletion (11 CCR 7022(g)).
    OptOut,
    /// The answer to an earlier request that is the same.
    Earlier {
        /// The earlier request.
        request: RequestId,
    },
}

impl Instead {
    /// The request under which the categories are given.
    pub fn categories(&self) -> Option<RequestId> {
        match self {
            Instead::Categories { request } => Some(*request),
            _ => None,
        }
    }

    /// The earlier request that is the same.
    pub fn earlier(&self) -> Option<RequestId> {
        match self {
            Instead::Earlier { request } => Some(*request),
            _ => None,
        }
    }
}

/// How a request that was approved ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completed {
    /// When the person was answered.
    pub at: DateTime<Utc>,
    /// Who approved it.
    pub approval: Approval,
    /// Who released the answer, where somebody had to look.
    pub released_by: Option<StaffId>,
    /// What came of it.
    pub result: Fulfilment,
}

/// What came of searching or changing the company's systems: counts and names of places, never a value of anybody's.
/// What staff wrote to the person stands in it as [`Personal`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fulfilment {
    /// One line a collection (or a field, for a correction).
    pub lines: Vec<Line>,
    /// The package, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// What was opted out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opted_out_of: Vec<OptOut>,
    /// How many cells were withheld because they name somebody else.
    #[serde(default)]
    pub withheld: u64,
    /// How many cells of free text staff have still to look at.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub free_text_open: u64,
    /// How many rows are left alone because only an identifier leads to them that may be another person's. Staff are told;
    /// whoever merely typed the number is not, neither by this nor by what becomes of the request.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unproved: u64,
    /// Whether staff were shown another identifier since: the answer is made again before it leaves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
    /// Whether the package holds what names somebody else, because staff looked and found no harm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disclosed: bool,
    /// Staff do what was asked outside of the connected systems.
    #[serde(default)]
    pub by_hand: bool,
    /// The mark that stands from the answer on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<Mark>,
    /// That and why the mark is lifted again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifting: Option<Lifting>,
    /// What the controller's policy says in answer, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<String>,
    /// What the person should know about the answer: what a range left out, and what it could not be applied to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What staff answered in words, where they did something themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub answer: Option<Personal<String>>,
    /// The recipients who were told of it, by name (GDPR Art. 19; Cal. Civ. Code 1798.105(c)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notified: Vec<String>,
    /// The recipients whom staff have to tell themselves, because no address of theirs is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_notify: Vec<String>,
    /// What became of sending the package to another company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmission: Option<Transmission>,
    /// After a deletion: what is kept for a time, and erased when it is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retained: Vec<RetainedRows>,
    /// The proof of an erasure, per system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<SystemProof>,
    /// What was erased after the answer, when its time was over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased_later: Vec<ErasedLater>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Why a mark is lifted, and since when; the person is told before (GDPR Art. 18(3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Lifting {
    /// When staff decided it.
    pub decided_at: DateTime<Utc>,
    /// Who.
    #[schema(value_type = uuid::Uuid)]
    pub by: StaffId,
    /// Why, in words for the person.
    #[schema(value_type = String)]
    pub reason: Personal<String>,
    /// Since when the mark no longer stands; none until the letter to the person has left.
    #[serde(default)]
    pub lifted_at: Option<DateTime<Utc>>,
}

/// What became of sending the package to another company (GDPR Art. 20(2)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Transmission {
    /// The other company took it.
    Sent {
        /// When.
        at: DateTime<Utc>,
        /// The host it went to: the person gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        host: Option<Personal<String>>,
    },
    /// It did not, for good.
    Failed {
        /// When it was tried last.
        at: DateTime<Utc>,
        /// Why, without the address.
        reason: String,
    },
    /// The person named no address that can be written to by itself: staff send it.
    ByHand,
}

/// What was done in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Line {
    /// The company's system.
    #[schema(value_type = String)]
    pub system: String,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The field, for a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was done.
    pub action: Action,
    /// With how many rows.
    pub rows: u64,
    /// Why, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What was done with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Copied into the package.
    Disclosed,
    /// Counted, to say which kinds of data are held.
    Described,
    /// Deleted.
    Deleted,
    /// The person's fields in them were overwritten.
    Masked,
    /// Theirs, but kept, with a reason.
    Kept,
    /// Not theirs alone: kept, because others share it.
    KeptShared,
    /// Left out of the package by the decision; how many rows there are is not told either.
    Excluded,
    /// Changed as asked.
    Corrected,
    /// Not changed, with a reason.
    NotCorrected,
    /// Treated by staff as the right asks, outside of the connected systems.
    DoneByHand,
}

/// The package a person can fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Package {
    /// The name under which it lies on the shelf.
    pub id: uuid::Uuid,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the ZIP, in hexadecimal.
    pub sha256: String,
    /// Until when it can be fetched.
    pub expires_at: DateTime<Utc>,
}

impl Fulfilment {
    /// Nothing of the person's was found anywhere: an outcome of its own, which staff must confirm.
    pub fn no_match(&self) -> bool {
        let searched = !self.by_hand && self.opted_out_of.is_empty() && self.marked.is_none();
        let nothing = |l: &Line| l.rows == 0 && l.action != Action::Excluded;
        searched && self.statements.is_empty() && self.lines.iter().all(nothing)
    }

    /// Something is kept out of the package until staff have looked at it.
    pub fn unseen(&self) -> bool {
        self.withheld > 0 || self.free_text_open > 0
    }

    /// Something that was asked was not done.
    pub fn partial(&self) -> bool {
        let left = |l: &Line| match l.action {
            Action::NotCorrected | Action::Excluded => true,
            Action::Kept => l.rows > 0,
            _ => false,
        };
        self.lines.iter().any(left) || matches!(self.transmission, Some(Transmission::Failed { .. }))
    }

    /// Something changed that recipients of the data have to know (GDPR Art. 19; Cal. Civ. Code 1798.105(c)).
    pub fn changed(&self) -> bool {
        let acted = |l: &Line| matches!(l.action, Action::Deleted | Action::Masked | Action::Corrected) && l.rows > 0;
        let later = self.erased_later.iter().flat_map(|later| &later.lines);
        self.marked.is_some() || !self.opted_out_of.is_empty() || self.lines.iter().chain(later).any(acted)
    }
}

impl State {
    /// The name on the wire and in the database.
    pub const fn name(&self) -> StateName {
        match self {
            State::AwaitingVerification { .. } => StateName::AwaitingVerification,
            State::AwaitingAuthorization { .. } => StateName::AwaitingAuthorization,
            State::InReview { .. } => StateName::InReview,
            State::AwaitingRequester { .. } => StateName::AwaitingRequester,
            State::Fulfilling { .. } => StateName::Fulfilling,
            State::AwaitingRelease { .. } => StateName::AwaitingRelease,
            State::Fulfilled(_) => StateName::Fulfilled,
            State::PartiallyFulfilled(_) => StateName::PartiallyFulfilled,
            State::Denied { .. } => StateName::Denied,
            State::Referred { .. } => StateName::Referred,
            State::Withdrawn { .. } => StateName::Withdrawn,
            State::Expired { .. } => StateName::Expired,
        }
    }

    /// When the request reached its end, if it did.
    pub fn closed_at(&self) -> Option<DateTime<Utc>> {
        match self {
            State::Fulfilled(done) | State::PartiallyFulfilled(done) => Some(done.at),
            State::Denied { at, .. } | State::Referred { at, .. } => Some(*at),
            State::Withdrawn { at } | State::Expired { at } => Some(*at),
            _ => None,
        }
    }

    /// The approval, from there on until the end.
    pub fn approval(&self) -> Option<&Approval> {
        match self {
            State::Fulfilling { approval, .. } | State::AwaitingRelease { approval, .. } => Some(approval),
            State::Fulfilled(done) | State::PartiallyFulfilled(done) => Some(&done.approval),
            _ => None,
        }
    }

    /// The collections that the approval leaves out.
    pub fn exceptions(&self) -> &[Exception] {
        self.approval().map_or(&[], |approval| &approval.except)
    }

    /// How the request ended, in the API's word for it; none before it has.
    pub fn outcome(&self) -> Option<&'static str> {
        match self {
            State::Fulfilled(done) if done.result.no_match() => Some("no_match"),
            state if state.name().is_final() => Some(state.name().as_str()),
            _ => None,
        }
    }

    /// What came of the fulfilment, once there is something.
    pub fn result(&self) -> Option<&Fulfilment> {
        match self {
            State::AwaitingRelease { result, .. } => Some(result),
            State::Fulfilled(done) | State::PartiallyFulfilled(done) => Some(&done.result),
            _ => None,
        }
    }
}

macro_rules! state_names {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A state's name without its facts, for queues and filters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum StateName { $($variant),+ }

        impl StateName {
            /// Every state, in the order of a request's life.
            pub const ALL: &'static [StateName] = &[$(StateName::$variant),+];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(StateName::$variant => $name),+ }
            }
        }
    };
}

state_names! {
    AwaitingVerification = "awaiting_verification",
    AwaitingAuthorization = "awaiting_authorization",
    InReview = "in_review",
    AwaitingRequester = "awaiting_requester",
    Fulfilling = "fulfilling",
    AwaitingRelease = "awaiting_release",
    Fulfilled = "fulfilled",
    PartiallyFulfilled = "partially_fulfilled",
    Denied = "denied",
    Referred = "referred",
    Withdrawn = "withdrawn",
    Expired = "expired",
}

impl StateName {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        use StateName as S;
        matches!(self, S::Fulfilled | S::PartiallyFulfilled | S::Denied | S::Referred | S::Withdrawn | S::Expired)
    }

    /// Whether the person was answered: their request neither waits nor came to nothing by itself.
    pub const fn is_answer(self) -> bool {
        use StateName as S;
        matches!(self, S::Fulfilled | S::PartiallyFulfilled | S::Denied | S::Referred)
    }
}

impl std::str::FromStr for StateName {
    type Err = ();

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        StateName::ALL.iter().copied().find(|n| n.as_str() == s).ok_or(())
    }
}

impl Request {
    /// The identities by which the person's rows are looked for, with what was shown of them.
    pub fn identities(&self) -> Identities {
        Identities { shown: self.verification.identifiers(), ..self.particulars.person.identities() }
    }

    /// Who holds the token that the submission gave out.
    pub fn holder(&self) -> Actor {
        if self.particulars.agent.is_some() { Actor::Agent } else { Actor::Requester }
    }

    /// The date by which the person must have their answer: the opt-out date where there is one, else the response
    /// date.
    pub fn due(&self) -> Option<NaiveDate> {
        self.answer_due()
    }

    /// The same, whatever else becomes due after the answer: what the figures of a year hold the answer against.
    pub fn answer_due(&self) -> Option<NaiveDate> {
        [Duty::OptOut, Duty::Response].iter().find_map(|duty| self.deadline(*duty)).map(|d| d.due)
    }

    /// Since when the response clock stands still, or has not started, if so: then the date can still move, and
    /// nothing is late.
    pub fn stopped_since(&self) -> Option<DateTime<Utc>> {
        match self.state {
            State::AwaitingRequester { since, stops_clock: true, .. } => Some(since),
            State::AwaitingVerification { since } if self.clocks.starts_with_proof => Some(since),
            _ => None,
        }
    }

    /// When a duty was done, if it was.
    pub fn met_at(&self, duty: Duty) -> Option<DateTime<Utc>> {
        match duty {
            Duty::Acknowledgement => self.clocks.acknowledged_at,
            Duty::Response | Duty::OptOut if self.state.name().is_answer() => self.state.closed_at(),
            Duty::Response | Duty::OptOut | Duty::Appeal => None,
        }
    }

    /// Whether the acknowledgement of the request, and not of an appeal against its decision, is still owed.
    pub fn acknowledges_by_itself(&self) -> bool {
        let state = self.state.name();
        let unproved = matches!(state, StateName::AwaitingVerification | StateName::AwaitingAuthorization);
        unproved && self.clocks.acknowledged_at.is_none()
    }

    /// The dates of what is still to be done, those of an open appeal included.
    pub fn open_deadlines(&self) -> impl Iterator<Item = &Deadline> {
        let is_final = self.state.name().is_final();
        let open = move |duty| match duty {
            // Whoever showed who they are got the letter in the same moment.
            Duty::Acknowledgement => self.acknowledges_by_itself(),
            Duty::Response | Duty::OptOut => !is_final,
            Duty::Appeal => false,
        };
        // An appeal is acknowledged by the letter that leaves with its filing; what is left is to settle it.
        let of_appeal = self.open_appeal().into_iter().flat_map(|appeal| &appeal.deadlines);
        let of_appeal = of_appeal.filter(|d| d.duty == Duty::Appeal);
        self.deadlines.iter().filter(move |d| open(d.duty) && self.met_at(d.duty).is_none()).chain(of_appeal)
    }

    /// The deadline of one duty.
    pub fn deadline(&self, duty: Duty) -> Option<&Deadline> {
        self.deadlines.iter().find(|d| d.duty == duty)
    }
}

/// Everything one transition changes, committed whole or not at all.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The request as it is after the transition.
    pub request: Request,
    /// What to write into the audit trail.
    pub entries: Vec<NewEntry>,
    /// What is left to do.
    pub jobs: Vec<NewJob>,
    /// What the person is no longer to be subjected to, from this moment on.
    pub opt_outs: Vec<OptOut>,
    /// What becomes of the person's standing marks.
    pub marks: Vec<Marking>,
}

//! A receipt: what was asked when, and what was done when, in facts that name nobody.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deadline::{Deadline, Duty};
use super::ids::{ControllerId, RegimeId};
use super::proof::{ErasedLater, Found, SystemProof};
use super::request::{Action, Channel, OptOut, Request, State, Transmission};
use super::right::Right;

/// The type of a receipt as a JWS (RFC 8725 section 3.11): no other token of this server's has it.
pub const KIND: &str = "habeas-receipt+jwt";

/// What the server signs about a request. The same facts always give the same receipt, so none is stored; whoever
/// holds one can have it checked after the request itself was purged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The address of the server that signed (RFC 7519 section 4.1.1).
    pub iss: String,
    /// When what it says happened, in seconds since 1970 (RFC 7519 section 4.1.6).
    pub iat: i64,
    /// What it is a receipt of.
    pub event: Event,
    /// The request.
    pub request: Uuid,
    /// The number to read out over the telephone.
    pub reference: String,
    /// Who answers.
    pub controller: ControllerId,
    /// What was asked.
    pub right: Right,
    /// Under which law.
    pub regime: RegimeId,
    /// How it came in.
    pub channel: Channel,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// What is due when, as the person was told at submission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Told>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<End>,
    /// What is in the package that the receipt lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Contents>,
}

/// What a receipt is a receipt of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReceiptEvent)]
pub enum Event {
    /// The request came in.
    Submitted,
    /// The request reached its end.
    Closed,
    /// A package was made.
    Packed,
}

/// A date as the person was told it at submission; an extension or a pause moves the deadline, and not this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What is due.
    pub duty: Duty,
    /// When.
    pub due: NaiveDate,
}

impl From<&Deadline> for Told {
    fn from(deadline: &Deadline) -> Self {
        Self { duty: deadline.duty, due: deadline.due }
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// `fulfilled`, `partially_fulfilled`, `no_match`, `denied`, `referred`, `withdrawn` or `expired`.
    pub kind: String,
    /// When.
    pub closed_at: DateTime<Utc>,
    /// The ground of a denial, by its code in the regime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// What was done in each place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Done>,
    /// What was opted out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opted_out_of: Vec<OptOut>,
    /// How many cells were withheld because they name somebody else.
    #[serde(default, skip_serializing_if = "none")]
    pub withheld: u64,
    /// Staff did it outside of the connected systems.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// `nothing_left_to_erase`: after an erasure the connected systems were searched once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_search: Option<String>,
    /// The proof of an erasure, per system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<SystemProof>,
    /// What was kept for a time and is erased since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased_later: Vec<Later>,
    /// SHA-256 of the package, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_sha256: Option<String>,
    /// When the package was taken by the company that the person named; that company is not named here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmitted_at: Option<DateTime<Utc>>,
}

/// What was erased after the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done in each place.
    pub done: Vec<Done>,
    /// The proof, per system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<SystemProof>,
}

impl From<&ErasedLater> for Later {
    fn from(later: &ErasedLater) -> Self {
        Self { at: later.at, done: later.lines.iter().map(Done::from).collect(), proof: later.proof.clone() }
    }
}

fn none(count: &u64) -> bool {
    *count == 0
}

/// What was done in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The company's system.
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
}

/// What is in a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// When it was made.
    pub generated_at: DateTime<Utc>,
    /// Its files, but the receipt itself and the list of sums.
    pub files: Vec<File>,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path.
    pub path: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl Receipt {
    /// That the request came in, and what is due when. `issuer` is the server's public address.
    pub fn submitted(issuer: &str, request: &Request) -> Self {
        let told = if request.told.is_empty() {
            request.deadlines.iter().map(Told::from).collect()
        } else {
            request.told.clone()
        };
        let submitted_at = request.id.made_at().unwrap_or(request.received_at);
        Self { deadlines: told, ..Self::about(issuer, request, Event::Submitted, submitted_at) }
    }

    /// How the request ended; none before it has.
    pub fn closed(issuer: &str, request: &Request) -> Option<Self> {
        let (kind, closed_at) = (request.state.outcome()?, request.state.closed_at()?);
        let ground = match &request.state {
            State::Denied { ground, .. } => Some(ground.clone()),
            _ => None,
        };
        let result = request.state.result();
        let erased = request.right == Right::Deletion && result.is_some_and(|r| !r.by_hand);
        let end = End {
            kind: kind.to_owned(),
            closed_at,
            ground,
            done: result.map(|r| r.lines.iter().map(Done::from).collect()).unwrap_or_default(),
            opted_out_of: result.map(|r| r.opted_out_of.clone()).unwrap_or_default(),
            withheld: result.map_or(0, |r| r.withheld),
            by_hand: result.is_some_and(|r| r.by_hand),
            second_search: erased.then(|| "nothing_left_to_erase".to_owned()),
            proof: result.map(|r| r.proof.clone()).unwrap_or_default(),
            erased_later: result.map(|r| r.erased_later.iter().map(Later::from).collect()).unwrap_or_default(),
            package_sha256: result.and_then(|r| Some(r.package.as_ref()?.sha256.clone())),
            transmitted_at: result.and_then(|r| match r.transmission {
                Some(Transmission::Sent { at, .. }) => Some(at),
                _ => None,
            }),
        };
        Some(Self { outcome: Some(end), ..Self::about(issuer, request, Event::Closed, closed_at) })
    }

    /// What is in a package that was made for the request.
    pub fn packed(issuer: &str, request: &Request, generated_at: DateTime<Utc>, files: Vec<File>) -> Self {
        let contents = Contents { generated_at, files };
        Self { package: Some(contents), ..Self::about(issuer, request, Event::Packed, generated_at) }
    }

    fn about(issuer: &str, request: &Request, event: Event, at: DateTime<Utc>) -> Self {
        Self {
            iss: issuer.to_owned(),
            iat: at.timestamp(),
            event,
            request: request.id.0,
            reference: request.id.reference(),
            controller: request.controller.clone(),
            right: request.right,
            regime: request.regime.clone(),
            channel: request.channel,
            received_at: request.received_at,
            deadlines: Vec::new(),
            outcome: None,
            package: None,
        }
    }

    /// What it says, in plain words.
    pub fn words(&self) -> String {
        let when = DateTime::from_timestamp(self.iat, 0).map(moment).unwrap_or_default();
        let event = match self.event {
            Event::Submitted => "that this request came in",
            Event::Closed => "how this request ended",
            Event::Packed => "what is in the package made for this request",
        };
        let mut lines = vec![
            format!("{} confirms {event}, as of {when}.", self.iss),
            String::new(),
            format!("  request       {} ({})", self.reference, self.request),
            format!("  asked         {}", self.right),
            format!("  of            {}, under {}", self.controller, self.regime),
            format!("  received      {} by {}", moment(self.received_at), self.channel.as_str()),
        ];
        lines.extend(self.deadlines.iter().map(|told| format!("  due           {}: {}", told.duty, told.due)));
        lines.extend(self.outcome.iter().flat_map(End::words));
        if let Some(package) = &self.package {
            lines.push(format!("  package       made {}", moment(package.generated_at)));
            lines.extend(package.files.iter().map(|file| format!("  file          {}  {}", file.sha256, file.path)));
        }
        lines.join("\n")
    }
}

impl End {
    fn words(&self) -> Vec<String> {
        let ground = self.ground.as_ref().map(|g| format!(", on the ground {g}")).unwrap_or_default();
        let mut lines = vec![format!("  ended         {}: {}{ground}", moment(self.closed_at), self.kind)];
        let of: Vec<&str> = self.opted_out_of.iter().map(|o| o.as_str()).collect();
        if !of.is_empty() {
            lines.push(format!("  opted out       {}", of.join(", ")));
        }
        lines.extend(self.done.iter().map(Done::words));
        if self.withheld > 0 {
            lines.push(format!("  withheld      {} values that name somebody else", self.withheld));
        }
        if self.by_hand {
            lines.push("  done          by staff, outside of the connected systems".to_owned());
        }
        if self.second_search.is_some() {
            lines.push("  searched      once more afterwards: nothing was left to erase".to_owned());
        }
        lines.extend(self.proof.iter().flat_map(proved));
        for later in &self.erased_later {
            lines.push(format!("  later         {}: what had been kept for a time was erased", moment(later.at)));
            lines.extend(later.done.iter().map(Done::words));
            lines.extend(later.proof.iter().flat_map(proved));
        }
        lines.extend(self.package_sha256.iter().map(|sum| format!("  package       SHA-256 {sum}")));
        let sent = |at: &DateTime<Utc>| format!("  transmitted   {} to the company that was asked for", moment(*at));
        lines.extend(self.transmitted_at.iter().map(sent));
        lines
    }
}

impl Done {
    fn words(&self) -> String {
        let field = self.field.as_ref().map(|f| format!(".{f}")).unwrap_or_default();
        let action = serde_json::to_value(self.action).unwrap_or_default();
        let action = action.as_str().unwrap_or_default().replace('_', " ");
        let rows = if self.rows == 1 { "row" } else { "rows" };
        let place = match self.system.as_str() {
            "" => "in a place that does not exist".to_owned(),
            system => format!("in {system} ({}.{}{field})", self.dataset, self.collection),
        };
        format!("  {action:<13} {} {rows} {place}", self.rows)
    }
}

impl From<&super::request::Line> for Done {
    /// A line's note stays behind, because it is written for the person. So does the name of a place where nothing
    /// could be corrected because there is no such place: that name is what the person typed.
    fn from(line: &super::request::Line) -> Self {
        let known = |name: &String| if line.system.is_empty() { String::new() } else { name.clone() };
        Self {
            system: line.system.clone(),
            dataset: known(&line.dataset),
            collection: known(&line.collection),
            field: line.field.clone().filter(|_| line.action != Action::NotCorrected),
            action: line.action,
            rows: line.rows,
        }
    }
}

/// The proof of an erasure in one system, in words.
fn proved(proof: &SystemProof) -> Vec<String> {
    let mut lines = Vec::new();
    let place = &proof.system;
    for collection in &proof.collections {
        lines.extend(collection.kept.iter().map(|kept| {
            let (dataset, name) = (&collection.dataset, &collection.collection);
            format!("  why kept      {} in {place} ({dataset}.{name}): {}", kept.rows, kept.words())
        }));
    }
    lines.extend(proof.manifests.iter().map(|sum| format!("  manifest      {sum}  {place}")));
    if let (Some(from), Some(to)) = (proof.started_at, proof.finished_at) {
        lines.push(format!("  erased        in {place} from {} to {}", moment(from), moment(to)));
    }
    let found = match proof.second_search.found {
        Found::Nothing => "nothing was found",
        Found::NothingButKept => "nothing was found but what is kept",
    };
    lines.push(format!("  searched      {place} again at {}: {found}", moment(proof.second_search.at)));
    lines
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;

//! Standing marks: what the company's tools may no longer do with a person's data, by the right that brought it about.

use serde::{Deserialize, Serialize};

use super::request::OptOut;
use super::right::Right;

/// A mark that stands from the day a request was honoured until it is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The data is kept and not used otherwise (GDPR Art. 18(1)-(2)); where a policy says "suppress", this.
    ProcessingRestricted,
    /// The data is no longer processed for what the person objected to (GDPR Art. 21(1)).
    Objection,
    /// Sensitive data is used only for what the person asked for (Cal. Civ. Code 1798.121).
    SensitiveLimited,
    /// What rested on consent alone has ended (GDPR Art. 7(3)).
    ConsentWithdrawn,
}

impl Mark {
    /// The mark that honouring a right sets; none where the right asks for something else.
    pub const fn of(right: Right) -> Option<Mark> {
        match right {
            Right::Restriction => Some(Mark::ProcessingRestricted),
            Right::Objection => Some(Mark::Objection),
            Right::LimitSensitive => Some(Mark::SensitiveLimited),
            Right::WithdrawConsent => Some(Mark::ConsentWithdrawn),
            _ => None,
        }
    }

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mark::ProcessingRestricted => "processing_restricted",
            Mark::Objection => "objection",
            Mark::SensitiveLimited => "sensitive_limited",
            Mark::ConsentWithdrawn => "consent_withdrawn",
        }
    }

    /// Whether the person is told before it is lifted, and staff may lift it at all: a restriction lasts while its
    /// reason does (GDPR Art. 18(3)); the others are the person's will and stay until they change it.
    pub const fn can_be_lifted(self) -> bool {
        matches!(self, Mark::ProcessingRestricted)
    }
}

/// What a transition does to the marks of its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marking {
    /// The mark stands from now on.
    Set(Mark),
    /// The mark that this request had set no longer stands; one that another request set does.
    Lift(Mark),
}

/// What a tool must not use an address for: an opt-out or a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Suppressed {
    /// What the person opted out of.
    OptOut(OptOut),
    /// What staff or the law marked.
    Mark(Mark),
}

impl Suppressed {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Suppressed::OptOut(what) => what.as_str(),
            Suppressed::Mark(mark) => mark.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Right::Restriction, Some("processing_restricted"))]
    #[case(Right::Objection, Some("objection"))]
    #[case(Right::LimitSensitive, Some("sensitive_limited"))]
    #[case(Right::WithdrawConsent, Some("consent_withdrawn"))]
    #[case(Right::OptOut, None)]
    #[case(Right::Deletion, None)]
    fn a_right_sets_its_mark(#[case] right: Right, #[case] name: Option<&str>) {
        assert_eq!(Mark::of(right).map(Mark::as_str), name);
        assert_eq!(serde_json::to_value(Mark::of(right)).unwrap(), serde_json::json!(name));
    }

    #[test]
    fn no_opt_out_and_no_mark_share_a_name() {
        let marks = Right::ALL.iter().filter_map(|right| Mark::of(*right)).map(Suppressed::Mark);
        for suppressed in OptOut::ALL.into_iter().map(Suppressed::OptOut).chain(marks) {
            let name = serde_json::json!(suppressed.as_str());
            assert_eq!(serde_json::from_value::<Suppressed>(name).unwrap(), suppressed);
        }
    }
}

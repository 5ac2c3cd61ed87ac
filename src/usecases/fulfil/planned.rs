//! Plans: what fulfilling a request would do, before it does it, whichever right it is.

use serde::Serialize;

use super::super::holds::circumstances;
use super::super::office::Controller;
use super::super::recipients::{self, Recipients};
use super::super::{Error, Office};
use super::transmission::Way;
use super::{background, categories, correction, marking, reaches_systems};
use crate::domain::mark::Mark;
use crate::domain::request::{OptOut, Request};
use crate::domain::right::Right;
use crate::fulfilment::{self, ExportOptions, LeftOut};

/// What fulfilling a request would do, and who else hears of it.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// What is done.
    #[serde(flatten)]
    pub what: What,
    /// The services that are asked when it is carried out; how many rows they hold is not known before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// What staff look through by hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// The recipients who are told by mail once it is done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notified: Vec<String>,
    /// The recipients whom staff have to tell themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to_notify: Vec<String>,
    /// For portability: the company to which the person wants the package sent. It goes there only if whoever approves
    /// says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmit_to: Option<String>,
    /// How it gets there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmission: Option<Way>,
}

/// What is done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// A search or an erasure, per collection.
    Collections(fulfilment::Plan),
    /// A correction, field by field, old beside new.
    Corrections(correction::CorrectionPlan),
    /// What is held by its kinds.
    Categories(categories::CategoriesPlan),
    /// A mark that the company's tools find.
    Mark(marking::MarkPlan),
    /// An opt-out that the company's tools find.
    OptOut {
        /// Of what.
        opt_out_of: Vec<OptOut>,
    },
    /// The policy's own words.
    Statements {
        /// What is said.
        statements: Vec<String>,
    },
    /// Nothing that a connected system does: staff do it themselves.
    ByHand {
        /// In words.
        by_hand: &'static str,
        /// What the policy says, for staff to work from.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        statements: Vec<String>,
    },
}

/// Finds out what fulfilling the request would do; changes nothing. Blocks.
///
/// # Errors
/// When a system cannot be used.
pub fn plan(office: &Office, request: &Request) -> Result<Plan, Error> {
    let controller = office.at_work_for(&request.controller)?;
    let what = what(office, &controller, request)?;
    let told = matches!(request.right, Right::Deletion | Right::Correction | Right::OptOut)
        || Mark::of(request.right).is_some();
    let Recipients { by_mail, by_staff } =
        if told { recipients::of(&controller.policy, request.right) } else { Recipients::default() };
    let asked = controller.systems.services().filter(|_| reaches_systems(request.right));
    let by_hand = controller.policy.by_hand.iter().filter(|entry| entry.concerns(request.right));
    Ok(Plan {
        what,
        services: asked.map(|(system, _)| system.to_string()).collect(),
        tasks: by_hand.map(|entry| entry.name.clone()).collect(),
        notified: by_mail,
        to_notify: by_staff,
        transmit_to: request.particulars.transmit_to.as_ref().map(|to| to.expose().clone()),
        transmission: Way::of(office, request),
    })
}

fn what(office: &Office, controller: &Controller, request: &Request) -> Result<What, Error> {
    let identities = request.identities();
    Ok(match request.right {
        Right::Access | Right::Portability => {
            let never_disclose = controller.never_disclosed(office.regimes.get(&request.regime));
            let range = request.particulars.range;
            let options = ExportOptions { never_disclose: &never_disclose, range, ..ExportOptions::default() };
            What::Collections(fulfilment::plan_access(&controller.systems, &identities, options)?)
        }
        Right::Categories => What::Categories(categories::plan(controller, request)?),
        Right::Deletion => {
            let now = circumstances(office, request)?;
            let keeping = now.keeping(<&LeftOut>::default(), &controller.policy);
            What::Collections(fulfilment::prepare_keeping(&controller.systems, &identities, &[], &keeping)?.1)
        }
        Right::Correction => What::Corrections(correction::plan(controller, request)?),
        Right::OptOut => What::OptOut { opt_out_of: request.particulars.opt_out_of.clone() },
        Right::AutomatedDecision => automated(controller),
        Right::Restriction | Right::Objection | Right::LimitSensitive | Right::WithdrawConsent => {
            let mark = Mark::of(request.right).expect("each of these rights sets a mark");
            What::Mark(marking::plan(controller, mark))
        }
    })
}

/// Where the policy says that no decision is taken by machine alone, that is the answer; a decision that is has to be
/// looked at by a person (GDPR Art. 22(3)).
fn automated(controller: &Controller) -> What {
    let statements = background::automated(&controller.policy);
    match &controller.policy.automated_decisions {
        Some(said) if said.decisions.is_empty() => What::Statements { statements },
        Some(_) => What::ByHand { by_hand: "a person looks at the decision again, and answers in words", statements },
        None => {
            What::ByHand { by_hand: "no connected system does this; staff do it and release the answer", statements }
        }
    }
}

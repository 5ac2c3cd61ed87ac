//! The privacy office: everything a use case works with, put together once at start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::Error;
use super::board::Board;
use super::limits::Limits;
use crate::clock::Clock;
use crate::connectors::Cancellation;
use crate::domain::clocks::Clocks;
use crate::domain::ids::{ControllerId, RequestId, SystemId};
use crate::domain::policy::{Policy, Terms};
use crate::domain::reckoning::Reckoning;
use crate::domain::regime::Regime;
use crate::domain::request::{Outcome, Request};
use crate::domain::right::Right;
use crate::fulfilment::Systems;
use crate::mail::Mailer;
use crate::packaging::shelf::Shelf;
use crate::regimes::Regimes;
use crate::sending::Sender;
use crate::sign_in::Verifier;
use crate::signing::Signer;
use crate::store::{Lease, Store};

/// Everything a use case works with. Cheap to clone.
#[derive(Clone)]
pub struct Office {
    /// Where requests are kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The law.
    pub regimes: Arc<Regimes>,
    /// How mail leaves.
    pub mailer: Arc<Mailer>,
    /// Where packages lie.
    pub shelf: Arc<Shelf>,
    /// Where the documents of agents lie, apart from the packages, whose time is another.
    pub documents: Arc<Shelf>,
    /// Where rows lie that services and staff handed over, until the answer has left.
    pub handed: Arc<Shelf>,
    /// What the server signs its receipts with.
    pub signer: Arc<Signer>,
    /// How packages go to other companies.
    pub sender: Arc<Sender>,
    /// How much one address may send.
    pub limits: Limits,
    /// How people reach the server, as it stands in mails; without a slash at its end.
    pub public_url: Arc<str>,
    /// Whether staff without a second factor can do nothing but add one.
    pub require_second_factor: bool,
    /// Who answers, by id.
    pub by_id: Arc<BTreeMap<ControllerId, Controller>>,
    /// Whether what is begun in the company's systems is still wanted: until the process stops, or, in the office of a
    /// job's run, until nobody waits for that.
    pub cancellation: Cancellation,
    /// Where a job's run shows how far it is. Nobody looks at that of the office itself.
    pub board: Board,
}

/// One controller: its policy and its systems.
pub struct Controller {
    /// Its id in the API.
    pub id: ControllerId,
    /// What it promises.
    pub policy: Arc<Policy>,
    /// Where its data is.
    pub systems: Systems,
    /// Where account holders sign in, where they can.
    pub sign_in: Option<Verifier>,
}

impl Office {
    /// The same office for the run of a job under a lease: what the run writes is committed only while the lease holds.
    pub fn for_run(&self, lease: Lease, cancellation: Cancellation) -> Self {
        Self { store: self.store.under(lease), cancellation, board: Board::default(), ..self.clone() }
    }

    /// The controller of that id, for work in its systems that ends when nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::UnknownController`].
    pub fn at_work_for(&self, id: &ControllerId) -> Result<Controller, Error> {
        let controller = self.controller(id).ok_or(Error::UnknownController)?;
        Ok(controller.with(controller.systems.until(&self.cancellation)))
    }

    /// The controller of that id.
    pub fn controller(&self, id: &ControllerId) -> Option<&Controller> {
        self.by_id.get(id)
    }

    /// Every controller.
    pub fn controllers(&self) -> impl Iterator<Item = &Controller> {
        self.by_id.values()
    }

    /// What a request's dates are counted by; none when its controller or its law is no longer configured.
    pub fn reckoning(&self, request: &Request) -> Option<Reckoning<'_>> {
        let policy = &self.controller(&request.controller)?.policy;
        Some(Reckoning { policy, regime: self.regimes.get(&request.regime)? })
    }

    /// An outcome with its dates, after `clocks` were those before it: what every use case does to what it saves.
    pub fn dated(&self, clocks: &Clocks, outcome: Outcome, now: DateTime<Utc>) -> Outcome {
        match self.reckoning(&outcome.request) {
            Some(reckoning) => reckoning.dated(clocks, outcome, now),
            None => outcome,
        }
    }

    /// Where a person reads about one request; the token is not part of it and never in a mail.
    pub fn address_of(&self, id: RequestId) -> String {
        format!("{}/v1/requests/{id}", self.public_url)
    }

    /// Where an agent hands in what shows their authority.
    pub fn authorization_of(&self, id: RequestId) -> String {
        format!("{}/authorization", self.address_of(id))
    }
}

impl Controller {
    /// The same for a run that does without systems that fail at this moment; nobody signs in at it.
    pub(super) fn without(&self, failing: &BTreeSet<SystemId>) -> Self {
        self.with(self.systems.without(failing))
    }

    fn with(&self, systems: Systems) -> Self {
        Self { id: self.id.clone(), policy: Arc::clone(&self.policy), systems, sign_in: None }
    }

    /// The fideslang data categories that the regime or the policy keeps back: described, never shown (11 CCR 7024(d)).
    pub fn never_disclosed(&self, regime: Option<&Regime>) -> Vec<String> {
        let by_law = regime.and_then(|r| r.never_disclosed.as_ref()).map(|n| n.categories.as_slice());
        by_law.unwrap_or_default().iter().chain(&self.policy.never_disclose).cloned().collect()
    }

    /// The rights that law or policy gives to a request received `on` that day.
    pub fn offers(&self, regime: &Regime, on: NaiveDate) -> Vec<Right> {
        Right::ALL.iter().copied().filter(|right| Terms::of(&self.policy, regime, *right, on).is_some()).collect()
    }
}

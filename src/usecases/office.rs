//! The privacy office: everything a use case works with, put together once at start.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::clock::Clock;
use crate::domain::ids::{ControllerId, RequestId};
use crate::domain::policy::{Policy, Terms};
use crate::domain::regime::Regime;
use crate::domain::right::Right;
use crate::fulfilment::Systems;
use crate::mail::Mailer;
use crate::packaging::shelf::Shelf;
use crate::regimes::Regimes;
use crate::signing::Signer;
use crate::store::Store;

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
    /// What the server signs its receipts with.
    pub signer: Arc<Signer>,
    /// How people reach the server, as it stands in mails; without a slash at its end.
    pub public_url: Arc<str>,
    /// Who answers, by id.
    pub by_id: Arc<BTreeMap<ControllerId, Controller>>,
}

/// One controller: its policy and its systems.
pub struct Controller {
    /// Its id in the API.
    pub id: ControllerId,
    /// What it promises.
    pub policy: Policy,
    /// Where its data is.
    pub systems: Systems,
}

impl Office {
    /// The controller of that id.
    pub fn controller(&self, id: &ControllerId) -> Option<&Controller> {
        self.by_id.get(id)
    }

    /// Every controller.
    pub fn controllers(&self) -> impl Iterator<Item = &Controller> {
        self.by_id.values()
    }

    /// Where a person reads about one request; the token is not part of it and never in a mail.
    pub fn address_of(&self, id: RequestId) -> String {
        format!("{}/v1/requests/{id}", self.public_url)
    }
}

impl Controller {
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

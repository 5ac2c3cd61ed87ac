//! The company's own services: each occasion has one message, sent under one id until it is answered, at once or by
//! call-back; one service that fails stands in no other's way.

mod answer;
pub mod call_back;
mod erasure;
mod held;
mod lines;
pub mod opt_out;
mod question;
mod waiting;

use std::collections::BTreeSet;
use std::io::{self, Read};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::follow::file_key;
use super::fulfil::failing::{is_outage, outage_of};
use super::office::Controller;
use super::{Error, Office};
use crate::connectors::ConnectorError;
use crate::connectors::http::{NotTaken, Reply};
use crate::crash;
use crate::domain::delivery::{Delivery, Operation, Standing};
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::request::{Request, State};
use crate::domain::right::Right;
use crate::fulfilment::handed::HandedCollection;
use crate::fulfilment::services::needs_search;
use crate::fulfilment::{FulfilmentError, Handed};
use crate::packaging::sealed::SealedReader;

pub(super) use answer::{Aside, begin};
pub use lines::{read_only, unsearched};
pub use waiting::{Pending, wait};

/// What the services of a controller are asked under one approval of a request, and how far that is.
pub struct Services<'o> {
    office: &'o Office,
    controller: &'o Controller,
    request: &'o Request,
    /// The approval; or the moment after which everything asked is of what was put aside.
    at: DateTime<Utc>,
    /// Whether it is about what was put aside under a hold and is asked for later.
    later: bool,
    deliveries: Vec<Delivery>,
    /// What is put aside under a hold, whenever it was.
    aside: Vec<Delivery>,
    /// What failed in this run: what kept a message from being written, services, and answers that are none.
    failed: Vec<Error>,
}

impl<'o> Services<'o> {
    /// Writes down what is to be asked. As long as none of it has left, it is asked as things stand now: since the last
    /// attempt new rows may have come, whose keys a service's rows hold. Blocks.
    ///
    /// A deletion does not wait for a database that fails: a message that lacks keys of rows over there is written down
    /// when it answers, with what the manifests tell of rows that are gone by then; until then [`Services::pending`] says
    /// what failed.
    ///
    /// # Errors
    /// When the store fails, or a database in which keys for a service are looked for and none are known.
    pub fn plan(office: &'o Office, controller: &'o Controller, request: &'o Request) -> Result<Self, Error> {
        let at = match &request.state {
            State::Fulfilling { approval, .. } => approval.at,
            _ => request.received_at,
        };
        let mut services = Self::none(office, controller, request, at, false);
        if controller.systems.services().next().is_none() {
            return Ok(services);
        }
        services.reload()?;
        let is_here = |d: &Delivery| !d.left && matches!(d.standing, Standing::Open);
        let afresh = services.deliveries.iter().all(is_here) && services.aside.iter().all(|d| d.occasion.at != at);
        let asked = if afresh { services.everybody() } else { services.unasked() };
        if asked.is_empty() {
            return Ok(services);
        }
        match question::of(office, controller, request, at, &asked) {
            Ok(new) if afresh => services.replace(new)?,
            Ok(new) => services.record(new)?,
            Err(error) if is_outage(&error) => services.ask_without_search(error)?,
            Err(error) => return Err(error),
        }
        Ok(services)
    }

    /// A database fails in which keys are looked for. What was written before holds; of a deletion, a service that needs
    /// nothing from there is asked, and the others when it can be known.
    fn ask_without_search(&mut self, outage: Error) -> Result<(), Error> {
        let unasked = self.unasked();
        if unasked.is_empty() {
            return Ok(());
        }
        if self.request.right != Right::Deletion {
            return Err(outage);
        }
        self.failed = vec![outage];
        let free = unasked.into_iter().filter(|service| !self.needs_search(service)).collect();
        self.record(question::of(self.office, self.controller, self.request, self.at, &free)?)
    }

    fn needs_search(&self, service: &SystemId) -> bool {
        needs_search(&self.controller.systems, service, &self.request.identities())
    }

    fn everybody(&self) -> BTreeSet<SystemId> {
        self.controller.systems.services().map(|(system, _)| system.clone()).collect()
    }

    /// The services that no message was written for: all of them at first, and later those of a deletion whose keys were
    /// out of reach.
    fn unasked(&self) -> BTreeSet<SystemId> {
        let written = |d: &&Delivery| d.occasion.at == self.at;
        let asked: BTreeSet<&SystemId> =
            self.deliveries.iter().chain(&self.aside).filter(written).map(|d| &d.occasion.system).collect();
        let later = |system: &&SystemId| {
            self.request.right == Right::Deletion && !asked.contains(system) && self.needs_search(system)
        };
        self.everybody().into_iter().filter(|system| asked.is_empty() || later(&system)).collect()
    }

    /// What was put aside under a hold that is lifted, of a deletion that was answered. What was asked and told before is
    /// not among it. Blocks.
    ///
    /// # Errors
    /// When the store fails.
    pub fn later(office: &'o Office, controller: &'o Controller, request: &'o Request) -> Result<Self, Error> {
        let told = request.state.result().and_then(|result| result.erased_later.last()).map(|later| later.at);
        let approved = request.state.approval().map(|approval| approval.at);
        let since = told.or(approved).unwrap_or(request.received_at);
        held::release(office, request, since)?;
        let mut services = Self::none(office, controller, request, since, true);
        services.reload()?;
        Ok(services)
    }

    fn none(
        office: &'o Office,
        controller: &'o Controller,
        request: &'o Request,
        at: DateTime<Utc>,
        later: bool,
    ) -> Self {
        Self { office, controller, request, at, later, deliveries: Vec::new(), aside: Vec::new(), failed: Vec::new() }
    }

    /// The last moment under which something was asked.
    pub fn asked_at(&self) -> Option<DateTime<Utc>> {
        self.deliveries.iter().map(|d| d.occasion.at).max()
    }

    /// Whether something is put aside under a hold.
    pub fn holds_something(&self) -> bool {
        !self.aside.is_empty()
    }

    /// Who is waited for; `None` when every message has its answer.
    ///
    /// # Errors
    /// What the first service said that failed; what is wrong with an answer goes before what a moment may mend.
    pub fn pending(&mut self) -> Result<Option<Pending>, Error> {
        let mut failed = std::mem::take(&mut self.failed);
        if !failed.is_empty() {
            let first = failed.iter().position(|error| !is_outage(error)).unwrap_or_default();
            return Err(failed.swap_remove(first));
        }
        let open = self.deliveries.iter().filter(|d| d.answer().is_none());
        let waits: Vec<(SystemId, Operation)> =
            open.map(|d| (d.occasion.system.clone(), d.occasion.operation)).collect();
        Ok((!waits.is_empty()).then_some(Pending { waits }))
    }

    /// Goes on without those of the `worn` services that were out of reach in this run; gives which.
    pub fn pass_over(&mut self, worn: &BTreeSet<SystemId>) -> BTreeSet<SystemId> {
        let of_worn = |error: &Error| outage_of(error).filter(|system| worn.contains(system)).cloned();
        let passed: BTreeSet<SystemId> = self.failed.iter().filter_map(of_worn).collect();
        self.failed.retain(|error| of_worn(error).is_none());
        self.deliveries.retain(|d| d.answer().is_some() || !passed.contains(&d.occasion.system));
        passed
    }

    /// The rows that were found, to be packed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn handed(&self) -> Result<Vec<Handed<'o>>, Error> {
        let found = self.deliveries.iter().filter(|d| d.occasion.operation == Operation::Find);
        let mut handed = Vec::new();
        for delivery in found {
            let Some(answer) = delivery.answer() else { continue };
            let collections: Vec<HandedCollection> = answer::read_back(&answer.said)?;
            let (system, file) = (delivery.occasion.system.clone(), answer.file);
            let dataset = self.dataset(&system);
            let (office, id) = (self.office, self.request.id);
            let open = move || match file {
                Some(file) => open_handed(office, id, file),
                None => Ok(Box::new(io::empty()) as Box<dyn Read>),
            };
            handed.push(Handed { system, dataset, collections, open: Box::new(open) });
        }
        Ok(handed)
    }

    fn dataset(&self, system: &SystemId) -> String {
        let mut nodes = self.controller.systems.graph().nodes();
        nodes.find(|(_, n)| n.system == *system).map(|(_, n)| n.dataset.clone()).unwrap_or_default()
    }

    fn reload(&mut self) -> Result<(), Error> {
        let id = self.request.id;
        let all = self.office.store.read_blocking(move |tx| Ok::<_, Error>(tx.deliveries(id)?))?;
        let (aside, asked): (Vec<_>, Vec<_>) = all.into_iter().partition(|d| d.standing == Standing::Held);
        let erases = |d: &Delivery| matches!(d.occasion.operation, Operation::Erase | Operation::Find);
        let (at, later) = (self.at, self.later);
        let meant = |d: &Delivery| if later { d.occasion.at > at && erases(d) } else { d.occasion.at == at };
        (self.aside, self.deliveries) = (aside, asked.into_iter().filter(meant).collect());
        Ok(())
    }

    fn record(&mut self, new: Vec<Delivery>) -> Result<(), Error> {
        if new.is_empty() {
            return Ok(());
        }
        self.office.store.write_blocking(move |tx| Ok::<_, Error>(tx.insert_deliveries(&new)?))?;
        self.reload()
    }

    /// Puts messages in the place of those that never left.
    fn replace(&mut self, new: Vec<Delivery>) -> Result<(), Error> {
        let old: Vec<Uuid> = self.deliveries.iter().map(|d| d.id).collect();
        if old.is_empty() && new.is_empty() {
            return Ok(());
        }
        self.office.store.write_blocking(move |tx| {
            for id in &old {
                tx.withdraw_delivery(*id)?;
            }
            Ok::<_, Error>(tx.insert_deliveries(&new)?)
        })?;
        self.reload()
    }

    /// Sends what has no answer and is not waited for; each on its own. Blocks. A service that fails is no error yet:
    /// see [`Services::pending`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn deliver(&mut self) -> Result<(), Error> {
        let open: Vec<Delivery> = self.deliveries.iter().filter(|d| d.answer().is_none()).cloned().collect();
        for delivery in &open {
            let Some(leaving) = held::on_leaving(self.office, self.request, delivery)? else { continue };
            if let Err(error) = send(self.office, self.controller, &leaving, !delivery.left) {
                self.failed.push(error);
            }
        }
        if open.is_empty() { Ok(()) } else { self.reload() }
    }
}

/// Sends one message and keeps its answer, or that it is waited for; `first` where no attempt before can have reached the
/// service.
///
/// # Errors
/// When the service cannot be reached, refuses, gives no proper answer or did not call back in time.
fn send(office: &Office, controller: &Controller, delivery: &Delivery, first: bool) -> Result<(), Error> {
    let now = office.clock.now();
    if delivery.awaited(now).is_some() {
        return Ok(());
    }
    let system = &delivery.occasion.system;
    let failed = |source| Error::from(FulfilmentError::System { system: system.clone(), source });
    let service = controller.systems.service(system);
    let service = service.ok_or_else(|| FulfilmentError::UnknownSystem(system.clone()))?;
    if matches!(delivery.standing, Standing::Awaiting { .. }) {
        // Told first, so that staff see it; the next attempt sends the same message again.
        keep(office, Delivery { standing: Standing::Open, ..delivery.clone() })?;
        return Err(failed(ConnectorError::TimedOut));
    }
    let (name, body) = (delivery.occasion.operation.as_str(), delivery.body.expose().as_bytes());
    let reply = match service.send(name, delivery.id, now, body, &office.cancellation) {
        Ok(reply) => reply,
        Err(NotTaken { left, source }) => {
            if first && !left {
                did_not_leave(office, delivery)?;
            }
            return Err(failed(source));
        }
    };
    crash::point("services.after_send");
    let standing = match reply {
        Reply::Answer(format, rows) => Standing::Answered(answer::take(office, delivery, format, rows)?),
        Reply::CallsBack => Standing::Awaiting { until: now + service.call_back_within() },
    };
    keep(office, Delivery { standing, ..delivery.clone() })
}

/// No attempt so far reached the service.
fn did_not_leave(office: &Office, delivery: &Delivery) -> Result<(), Error> {
    let id = delivery.id;
    office.store.write_blocking(move |tx| Ok::<_, Error>(tx.note_leaving(id, false)?))
}

/// An answer that came by call-back meanwhile stays.
fn keep(office: &Office, delivery: Delivery) -> Result<(), Error> {
    office.store.write_blocking(move |tx| Ok::<_, Error>(tx.save_standing(&delivery)?)).map(drop)
}

/// Opens rows that were handed over, from their beginning.
pub(super) fn open_handed(office: &Office, id: RequestId, file: Uuid) -> io::Result<Box<dyn Read>> {
    let key = office.store.read_blocking(move |tx| file_key(tx, id)).map_err(io::Error::other)?;
    Ok(Box::new(SealedReader::new(office.handed.open(file)?, &key)?))
}

/// Removes handed-over rows whose requests are at their end or purged, and what a crash left behind.
///
/// # Errors
/// When the store or the shelf fails; a file that cannot be removed is tried again the next time.
pub async fn sweep(office: &Office) -> Result<(), Error> {
    let now = office.clock.now();
    let shelf = office.handed.clone();
    // A file is there before its row: leave answers that are on their way in peace.
    let (settled, abandoned) = (now - TimeDelta::hours(1), now - TimeDelta::days(1));
    let listed = tokio::task::spawn_blocking(move || shelf.sweep(abandoned).and_then(|_| shelf.older_than(settled)));
    let listed = listed.await.map_err(io::Error::other).flatten();
    let files = listed.map_err(|e| Error::Files(format!("look through the rows handed over: {e}")))?;
    for some in files.chunks(500) {
        let asked = some.to_vec();
        let kept = office.store.read(move |tx| Ok::<_, Error>(tx.handed_among(&asked)?)).await?;
        for file in some.iter().filter(|file| !kept.contains(file)) {
            if let Err(error) = office.handed.remove(*file) {
                tracing::warn!(%error, "rows handed over could not be removed; it is tried again");
            }
        }
    }
    Ok(())
}

/// Keeps an answer that came by call-back, and wakes the job that waits for it.
async fn keep_answer(office: &Office, delivery: Delivery, now: DateTime<Utc>) -> Result<(), Error> {
    let id = delivery.occasion.request;
    office
        .store
        .write(move |tx| {
            tx.request_for_update(id)?.ok_or(Error::NotFound("delivery"))?;
            if tx.save_standing(&delivery)? {
                tx.wake(id, now)?;
            }
            Ok(())
        })
        .await
}

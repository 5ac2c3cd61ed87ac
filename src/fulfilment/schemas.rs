//! The schemas of a controller's systems as they were last looked at: kept for as long as their marks say that nothing changed,
//! and looked at by one run for all that begin at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::connectors::{Cancellation, Connector, ConnectorError, LiveSchema, SchemaMark};
use crate::domain::ids::SystemId;

/// How old a look at a schema may be with which an erasure is planned: what changes meanwhile is seen before the commit.
const FRESH: Duration = Duration::from_secs(1);

/// How many marks of one schema are remembered.
const MARKS: usize = 16;

/// How long to wait for somebody's look before it is seen whether the run is still wanted.
const GLANCE: Duration = Duration::from_millis(100);

/// What is known of the systems' schemas, for all runs of a controller.
pub(super) struct Schemas {
    known: Mutex<BTreeMap<SystemId, Known>>,
    looks: BTreeMap<SystemId, Look>,
}

/// A schema as it was looked at.
#[derive(Clone)]
struct Known {
    schema: Arc<LiveSchema>,
    /// The marks under which it was found the same, the newest last. Not every change that another mark tells of is one
    /// of the schema: a company may make temporary tables all day.
    marks: Vec<SchemaMark>,
    /// When the look began that last found it to be so; none where that is in doubt.
    at: Option<Instant>,
}

impl Schemas {
    /// Nothing is known yet of these systems.
    pub(super) fn of(systems: impl Iterator<Item = SystemId>) -> Self {
        Self { known: Mutex::default(), looks: systems.map(|system| (system, Look::default())).collect() }
    }

    /// The schema of one system, looked at once.
    pub(super) fn schema(
        &self,
        system: &SystemId,
        connector: &dyn Connector,
        cancellation: &Cancellation,
    ) -> Result<Arc<LiveSchema>, ConnectorError> {
        let known = || self.locked().get(system).map(|known| Arc::clone(&known.schema));
        if let Some(schema) = known() {
            return Ok(schema);
        }
        let _looking = self.take_look(system, cancellation);
        if let Some(schema) = known() {
            return Ok(schema);
        }
        // The mark first: what changes in between makes it an old one, and the schema is looked at again.
        let at = Some(clock::steady());
        let marks = connector.schema_mark()?.into_iter().collect();
        let schema = Arc::new(connector.probe()?);
        self.locked().insert(system.clone(), Known { schema: schema.clone(), marks, at });
        Ok(schema)
    }

    /// Forgets a system's schema if it has changed since it was looked at, or may have. A look at a system that has marks
    /// holds for a second.
    pub(super) fn renew(&self, system: &SystemId, connector: &dyn Connector, cancellation: &Cancellation) {
        let known = || self.locked().get(system).cloned();
        let Some(before) = known().filter(|known| !known.is_fresh()) else { return };
        let looking = self.take_look(system, cancellation);
        let Some(known) = known().filter(|known| !known.is_fresh()) else { return };
        // Whoever waited takes what was seen meanwhile, however long that took.
        if looking.is_none() && known.at > before.at {
            return;
        }
        let renewed = known.renewed(connector);
        let mut all = self.locked();
        if all.get(system).is_some_and(|now| Arc::ptr_eq(&now.schema, &known.schema)) {
            match renewed {
                Some(renewed) => all.insert(system.clone(), renewed),
                None => all.remove(system),
            };
        }
    }

    /// What a schema that was looked at is recognised by, where the engine has marks; whichever of several searches that
    /// began at once looked at it. One that was replaced by another schema is not recognised any more.
    pub(super) fn mark_of(&self, system: &SystemId, schema: &Arc<LiveSchema>) -> Option<SchemaMark> {
        let all = self.locked();
        match all.get(system).filter(|known| Arc::ptr_eq(&known.schema, schema) || known.schema == *schema) {
            Some(known) => known.marks.last().cloned(),
            None => Some(SchemaMark::of_none()),
        }
    }

    /// Whether the schema is the very one that bore the mark.
    pub(super) fn is_known_by(&self, system: &SystemId, mark: &SchemaMark, schema: &LiveSchema) -> bool {
        self.locked().get(system).is_some_and(|known| known.marks.contains(mark) && *known.schema == *schema)
    }

    /// Forgets a schema, so that it is looked at anew.
    pub(super) fn forget(&self, system: &SystemId) {
        self.locked().remove(system);
    }

    /// Lets the next erasure ask for the mark, however fresh the look is.
    pub(super) fn doubt(&self, system: &SystemId) {
        if let Some(known) = self.locked().get_mut(system) {
            known.at = None;
        }
    }

    fn take_look(&self, system: &SystemId, cancellation: &Cancellation) -> Option<Looking<'_>> {
        self.looks.get(system).and_then(|look| look.take(cancellation))
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<SystemId, Known>> {
        // A map of whole values stays whole whichever thread panicked.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_fresh(&self) -> bool {
        !self.marks.is_empty() && self.at.is_some_and(|at| clock::steady().duration_since(at) < FRESH)
    }

    /// The same, if the system still has this schema; under a new mark it is looked at whole.
    fn renewed(&self, connector: &dyn Connector) -> Option<Self> {
        let at = Some(clock::steady());
        let mark = connector.schema_mark().ok().flatten()?;
        let mut marks: Vec<_> = self.marks.iter().filter(|known| **known != mark).cloned().collect();
        if marks.len() == self.marks.len() && *self.schema != connector.probe().ok()? {
            return None;
        }
        marks.drain(..marks.len().saturating_sub(MARKS - 1));
        marks.push(mark);
        Some(Self { schema: Arc::clone(&self.schema), marks, at })
    }
}

/// Who looks at one system's schema. Nobody who holds a connection that the look may need waits here: a search knows the schemas
/// of its systems before it opens one.
#[derive(Default)]
struct Look {
    taken: Mutex<bool>,
    free: Condvar,
}

impl Look {
    /// Gives the right to look where nobody does, and otherwise waits for whoever does, for as long as the run is wanted. Whoever
    /// waited in vain, because that look failed, looks without it: were they to do it one by one, a system that does not answer
    /// would keep the last of them for as many time-outs as there are others.
    fn take(&self, cancellation: &Cancellation) -> Option<Looking<'_>> {
        let mut taken = self.locked();
        if !std::mem::replace(&mut *taken, true) {
            return Some(Looking(self));
        }
        while *taken && !cancellation.is_cancelled() {
            taken = self.free.wait_timeout(taken, GLANCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }

    fn locked(&self) -> MutexGuard<'_, bool> {
        // Whoever panicked has left nothing half done.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to look, until it is dropped.
struct Looking<'l>(&'l Look);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        *self.0.locked() = false;
        self.0.free.notify_all();
    }
}

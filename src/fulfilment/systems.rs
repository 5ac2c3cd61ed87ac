//! The systems of one controller: their connectors and services, their graph, and their schemas once looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::FulfilmentError;
use super::search::scratch::Scratch;
use crate::clock;
use crate::connectors::http::Service;
use crate::connectors::{Cancellation, Connector, LiveSchema, SchemaMark};
use crate::datamap::{Graph, Pointer};
use crate::domain::ids::SystemId;

/// Everything a controller's requests are fulfilled from. Made once, shared between threads.
pub struct Systems {
    connectors: BTreeMap<SystemId, Arc<dyn Connector>>,
    services: Arc<BTreeMap<SystemId, Service>>,
    disabled: BTreeSet<SystemId>,
    failing: BTreeSet<SystemId>,
    graph: Arc<Graph>,
    country: Option<String>,
    schemas: Arc<Mutex<BTreeMap<SystemId, Known>>>,
    /// Held by whoever looks at a system's schema: many runs that begin at once look at it once.
    looks: Arc<BTreeMap<SystemId, Mutex<()>>>,
    scratch: Arc<Scratch>,
}

/// How old a look at a schema may be with which an erasure is planned: what changes meanwhile is seen before the commit.
const FRESH: Duration = Duration::from_secs(1);

/// How many marks of one schema are remembered.
const MARKS: usize = 16;

/// A schema as it was looked at.
#[derive(Clone)]
struct Known {
    schema: Arc<LiveSchema>,
    /// The marks under which it was found the same, the newest last. Not every change that another mark tells of is one
    /// of the schema: a company may make temporary tables all day.
    marks: Vec<SchemaMark>,
    /// When it was last found to be so.
    at: Instant,
}

impl Systems {
    /// Joins connectors with the graph of their datasets.
    pub fn new(connectors: BTreeMap<SystemId, Box<dyn Connector>>, graph: Graph) -> Self {
        let looks = Arc::new(connectors.keys().map(|id| (id.clone(), Mutex::default())).collect());
        let connectors = connectors.into_iter().map(|(id, connector)| (id, Arc::from(connector))).collect();
        let (services, disabled, failing) = (Arc::default(), BTreeSet::new(), BTreeSet::new());
        let scratch = Arc::new(Scratch::new(std::env::temp_dir(), clock::random()));
        let graph = Arc::new(graph);
        Self { connectors, services, disabled, failing, graph, country: None, schemas: Arc::default(), looks, scratch }
    }

    /// The same with services of the company's own, whose datasets are in the graph as well.
    #[must_use]
    pub fn with_services(self, services: BTreeMap<SystemId, Service>) -> Self {
        Self { services: Arc::new(services), ..self }
    }

    /// The same with systems that the operator has switched off: nothing is asked of them, and every answer says so.
    #[must_use]
    pub fn with_disabled(self, disabled: BTreeSet<SystemId>) -> Self {
        Self { disabled, ..self }
    }

    /// The same for a run that may be told to end: what it has begun in the databases ends with it.
    #[must_use]
    pub fn until(&self, cancellation: &Cancellation) -> Self {
        let connectors = self.connectors.iter();
        let connectors = connectors.map(|(id, connector)| (id.clone(), connector.until(cancellation))).collect();
        Self { connectors, ..self.without(&BTreeSet::new()) }
    }

    /// The same without systems that fail at this moment. They are treated as those that are switched off: a pointer at
    /// their rows names somebody else for all that is known, so what depends on them stays.
    #[must_use]
    pub fn without(&self, failing: &BTreeSet<SystemId>) -> Self {
        let there = self.connectors.iter().filter(|(id, _)| !failing.contains(*id));
        Self {
            connectors: there.map(|(id, connector)| (id.clone(), Arc::clone(connector))).collect(),
            services: Arc::clone(&self.services),
            disabled: self.disabled.clone(),
            failing: self.failing.union(failing).cloned().collect(),
            graph: Arc::clone(&self.graph),
            country: self.country.clone(),
            schemas: Arc::clone(&self.schemas),
            looks: Arc::clone(&self.looks),
            scratch: Arc::clone(&self.scratch),
        }
    }

    /// The systems that are done without because they fail at this moment.
    pub fn failing(&self) -> &BTreeSet<SystemId> {
        &self.failing
    }

    /// The services, by name.
    pub fn services(&self) -> impl Iterator<Item = (&SystemId, &Service)> {
        self.services.iter()
    }

    /// The service of that name.
    pub fn service(&self, system: &SystemId) -> Option<&Service> {
        self.services.get(system)
    }

    /// The systems that are switched off.
    pub fn disabled(&self) -> impl Iterator<Item = &SystemId> {
        self.disabled.iter()
    }

    /// Whether the system is a database that is searched.
    pub fn has_tables(&self, system: &SystemId) -> bool {
        self.connectors.contains_key(system)
    }

    /// Whether rows of a service belong to whom the rows of a database belong that they refer to.
    pub(super) fn leads_into_service(&self, pointer: &Pointer) -> bool {
        let system = |node| &self.graph.node(node).system;
        pointer.down && self.service(system(pointer.from)).is_some() && self.has_tables(system(pointer.to))
    }

    /// The same of a company that writes telephone numbers of its own country (ISO 3166-1 alpha-2) without its code.
    #[must_use]
    pub fn in_country(self, country: &str) -> Self {
        Self { country: Some(country.to_owned()), ..self }
    }

    /// The country of telephone numbers without a country code, where the dataset names no other.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The same, with the keys of persons who have very many rows in files of another directory than the system's
    /// temporary one. Nothing in these files can be read without this process, and they have no names.
    #[must_use]
    pub fn spilling_into(self, directory: &Path) -> Self {
        Self { scratch: Arc::new(Scratch::new(directory.to_owned(), clock::random())), ..self }
    }

    /// Where a search puts what memory should not hold.
    pub(super) fn scratch(&self) -> &Arc<Scratch> {
        &self.scratch
    }

    /// The graph of the datasets.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The names of the databases.
    pub fn ids(&self) -> impl Iterator<Item = &SystemId> {
        self.connectors.keys()
    }

    /// The connector of one system.
    ///
    /// # Errors
    /// [`FulfilmentError::UnknownSystem`].
    pub fn connector(&self, system: &SystemId) -> Result<&dyn Connector, FulfilmentError> {
        let found = self.connectors.get(system).map(Arc::as_ref);
        found.ok_or_else(|| FulfilmentError::UnknownSystem(system.clone()))
    }

    /// The schema of one system, looked at once.
    ///
    /// # Errors
    /// What the connector says.
    pub fn schema(&self, system: &SystemId) -> Result<Arc<LiveSchema>, FulfilmentError> {
        let known = || self.locked().get(system).map(|known| Arc::clone(&known.schema));
        if let Some(schema) = known() {
            return Ok(schema);
        }
        let _look = self.look(system);
        if let Some(schema) = known() {
            return Ok(schema);
        }
        let failed = |source| FulfilmentError::System { system: system.clone(), source };
        let connector = self.connector(system)?;
        // The mark first: what changes in between makes it an old one, and the schema is looked at again.
        let at = clock::steady();
        let marks = connector.schema_mark().map_err(failed)?.into_iter().collect();
        let schema = Arc::new(connector.probe().map_err(failed)?);
        self.locked().insert(system.clone(), Known { schema: schema.clone(), marks, at });
        Ok(schema)
    }

    /// Forgets the schemas that have changed since they were looked at, or may have: before an erasure. A look at a
    /// system that has marks holds for a second.
    pub fn renew_schemas(&self) {
        let known: Vec<_> = self.locked().iter().map(|(system, known)| (system.clone(), known.clone())).collect();
        for (system, known) in known {
            // Those that are done without keep theirs, for whoever reaches them.
            let Ok(connector) = self.connector(&system) else { continue };
            if known.is_fresh() {
                continue;
            }
            let _look = self.look(&system);
            let Some(known) = self.locked().get(&system).filter(|known| !known.is_fresh()).cloned() else { continue };
            let renewed = known.renewed(connector);
            let mut all = self.locked();
            if all.get(&system).is_some_and(|now| Arc::ptr_eq(&now.schema, &known.schema)) {
                match renewed {
                    Some(renewed) => all.insert(system, renewed),
                    None => all.remove(&system),
                };
            }
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
    pub(super) fn forget_schema(&self, system: &SystemId) {
        self.locked().remove(system);
    }

    /// Waits for whoever looks at a system's schema at this moment, or gives the right to be that one. Whoever waited in
    /// vain, because that look failed, looks as well: were they to do it one by one, a system that does not answer would keep
    /// the last of them for as many time-outs as there are others. (Nobody who holds a connection that the look may need waits
    /// here: a search knows the schemas of its systems before it opens one.)
    fn look(&self, system: &SystemId) -> Option<MutexGuard<'_, ()>> {
        let look = self.looks.get(system)?;
        match look.try_lock() {
            Ok(looking) => Some(looking),
            // Whoever panicked has left nothing half done.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                drop(look.lock());
                None
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<SystemId, Known>> {
        // A map of whole values stays whole whichever thread panicked.
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_fresh(&self) -> bool {
        !self.marks.is_empty() && clock::steady().duration_since(self.at) < FRESH
    }

    /// The same, if the system still has this schema; under a new mark it is looked at whole.
    fn renewed(&self, connector: &dyn Connector) -> Option<Self> {
        let at = clock::steady();
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

//! The systems of one controller: their connectors and services, their graph, and their schemas once looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::FulfilmentError;
use super::schemas::Schemas;
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
    schemas: Arc<Schemas>,
    cancellation: Cancellation,
    scratch: Arc<Scratch>,
}

impl Systems {
    /// Joins connectors with the graph of their datasets.
    pub fn new(connectors: BTreeMap<SystemId, Box<dyn Connector>>, graph: Graph) -> Self {
        let schemas = Arc::new(Schemas::of(connectors.keys().cloned()));
        let connectors = connectors.into_iter().map(|(id, connector)| (id, Arc::from(connector))).collect();
        let (services, disabled, failing) = (Arc::default(), BTreeSet::new(), BTreeSet::new());
        let scratch = Arc::new(Scratch::new(std::env::temp_dir(), clock::random()));
        let graph = Arc::new(graph);
        let (country, cancellation) = (None, Cancellation::default());
        Self { connectors, services, disabled, failing, graph, country, schemas, cancellation, scratch }
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
        Self { connectors, cancellation: cancellation.clone(), ..self.without(&BTreeSet::new()) }
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
            cancellation: self.cancellation.clone(),
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
        let connector = self.connector(system)?;
        let looked = self.schemas.schema(system, connector, &self.cancellation);
        looked.map_err(|source| FulfilmentError::System { system: system.clone(), source })
    }

    /// Forgets the schemas that have changed since they were looked at, or may have: before an erasure. A look at a
    /// system that has marks holds for a second.
    pub fn renew_schemas(&self) {
        for (system, connector) in &self.connectors {
            self.schemas.renew(system, connector.as_ref(), &self.cancellation);
        }
    }

    /// What a schema that was looked at is recognised by ([`Schemas::mark_of`]).
    pub(super) fn mark_of(&self, system: &SystemId, schema: &Arc<LiveSchema>) -> Option<SchemaMark> {
        self.schemas.mark_of(system, schema)
    }

    /// Whether the schema is the very one that bore the mark.
    pub(super) fn is_known_by(&self, system: &SystemId, mark: &SchemaMark, schema: &LiveSchema) -> bool {
        self.schemas.is_known_by(system, mark, schema)
    }

    /// Forgets a schema, so that it is looked at anew.
    pub(super) fn forget_schema(&self, system: &SystemId) {
        self.schemas.forget(system);
    }

    /// Has the next erasure ask whether the schema is still the same.
    pub(super) fn doubt_schema(&self, system: &SystemId) {
        self.schemas.doubt(system);
    }
}

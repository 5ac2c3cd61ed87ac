//! The systems of one controller: their connectors, their graph, and their schemas once looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::FulfilmentError;
use crate::connectors::{Connector, LiveSchema};
use crate::datamap::Graph;
use crate::domain::ids::SystemId;

/// Everything a controller's requests are fulfilled from. Made once, shared between threads.
pub struct Systems {
    connectors: BTreeMap<SystemId, Box<dyn Connector>>,
    graph: Graph,
    country: Option<String>,
    schemas: Mutex<BTreeMap<SystemId, Arc<LiveSchema>>>,
}

impl Systems {
    /// Joins connectors with the graph of their datasets.
    pub fn new(connectors: BTreeMap<SystemId, Box<dyn Connector>>, graph: Graph) -> Self {
        Self { connectors, graph, country: None, schemas: Mutex::default() }
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

    /// The graph of the datasets.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The systems' names.
    pub fn ids(&self) -> impl Iterator<Item = &SystemId> {
        self.connectors.keys()
    }

    /// The connector of one system.
    ///
    /// # Errors
    /// [`FulfilmentError::UnknownSystem`].
    pub fn connector(&self, system: &SystemId) -> Result<&dyn Connector, FulfilmentError> {
        let found = self.connectors.get(system).map(Box::as_ref);
        found.ok_or_else(|| FulfilmentError::UnknownSystem(system.clone()))
    }

    /// The schema of one system, looked at once.
    ///
    /// # Errors
    /// What the connector says.
    pub fn schema(&self, system: &SystemId) -> Result<Arc<LiveSchema>, FulfilmentError> {
        if let Some(known) = self.locked().get(system) {
            return Ok(known.clone());
        }
        let probed = self.connector(system)?.probe();
        let schema = Arc::new(probed.map_err(|source| FulfilmentError::System { system: system.clone(), source })?);
        self.locked().insert(system.clone(), schema.clone());
        Ok(schema)
    }

    /// Forgets the schemas, so that they are looked at again: before an erasure, and after a statement failed.
    pub fn forget_schemas(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<SystemId, Arc<LiveSchema>>> {
        // A map of whole values stays whole whichever thread panicked.
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

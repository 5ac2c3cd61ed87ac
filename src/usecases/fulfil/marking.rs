//! Marks: what a restriction, an objection, limits on sensitive data or a withdrawn consent change, and where.

use serde::Serialize;

use super::super::office::Controller;
use crate::datamap::{Category, Graph};
use crate::domain::mark::Mark;

/// What honouring such a right will do.
#[derive(Debug, Serialize)]
pub struct MarkPlan {
    /// The mark that tools find under the person's address from then on.
    pub mark: Mark,
    /// For limits on sensitive data: the collections whose datasets mark some, whoever's it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<SensitivePlace>,
}

/// A collection that holds sensitive data.
#[derive(Debug, Serialize)]
pub struct SensitivePlace {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The kinds of it in words.
    pub kinds: Vec<String>,
}

/// What will be done.
pub fn plan(controller: &Controller, mark: Mark) -> MarkPlan {
    let graph = controller.systems.graph();
    MarkPlan { mark, sensitive: if mark == Mark::SensitiveLimited { sensitive(graph) } else { Vec::new() } }
}

/// Where the datasets mark sensitive data. It says nothing about any person: limits are honoured without proof of
/// identity (11 CCR 7027(e)), so the answer must not depend on whose address it is.
pub fn sensitive(graph: &Graph) -> Vec<SensitivePlace> {
    let searched = graph.nodes().filter(|(_, node)| !node.collection.skip_processing);
    let place = |(_, node): (_, &crate::datamap::Node)| {
        let categories = node.collection.fields.iter().flat_map(|field| &field.categories);
        let mut kinds: Vec<String> = categories.filter(|c| c.is_sensitive()).map(Category::words).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let (dataset, collection) = (node.dataset.clone(), node.collection.name.clone());
        (!kinds.is_empty()).then_some(SensitivePlace { dataset, collection, kinds })
    };
    searched.filter_map(place).collect()
}

//! Collections that a decision leaves out: nothing in them is disclosed or changed.

use std::collections::BTreeSet;

/// Collections, by dataset and name. They are still searched, for what they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeSet<(String, String)>);

/// None.
static NOTHING: LeftOut = LeftOut(BTreeSet::new());

impl LeftOut {
    /// Whether a collection is left out.
    pub fn contains(&self, dataset: &str, collection: &str) -> bool {
        self.0.iter().any(|(d, c)| d == dataset && c == collection)
    }
}

impl FromIterator<(String, String)> for LeftOut {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(collections: I) -> Self {
        Self(collections.into_iter().collect())
    }
}

impl Default for &LeftOut {
    fn default() -> Self {
        &NOTHING
    }
}

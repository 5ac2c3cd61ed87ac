//! How one row is named: by its key, and where NULL stands in that or there is none, by what its engine tells rows apart by.

use crate::connectors::{Key, Table};
use crate::domain::personal::Personal;

/// Which columns name the rows of a table.
#[derive(Clone)]
pub(in crate::fulfilment) struct Naming {
    key: Vec<String>,
    row_id: Option<String>,
}

impl Naming {
    pub(in crate::fulfilment) fn of(table: &Table) -> Self {
        Self { key: table.row_key().to_vec(), row_id: table.row_id.clone() }
    }

    /// Whether nothing tells the table's rows apart.
    pub(in crate::fulfilment) fn is_empty(&self) -> bool {
        self.key.is_empty() && self.row_id.is_none()
    }

    /// The columns to read of a row whose name is wanted.
    pub(in crate::fulfilment) fn columns(&self) -> impl Iterator<Item = &String> {
        self.key.iter().chain(&self.row_id)
    }

    /// A row's name, from the values of [`Naming::columns`]; `None` where nothing tells it apart. One by the row id is
    /// longer than one by the key, so none of them is ever taken for another.
    pub(in crate::fulfilment) fn name<'v>(&self, values: impl Iterator<Item = Option<&'v str>>) -> Option<Key> {
        let values: Vec<Option<&str>> = values.collect();
        let (key, row_id) = values.split_at(self.key.len());
        let whole = !key.is_empty() && key.iter().all(Option::is_some);
        let named = whole || row_id.first().is_some_and(Option::is_some);
        let parts = if whole { key } else { &values };
        let text = |part: &Option<&str>| part.unwrap_or_default().to_owned();
        named.then(|| Key(Personal::new(parts.iter().map(text).collect())))
    }

    /// Whether the name is the row's key, which says of which row it speaks however long it is kept.
    pub(in crate::fulfilment) fn lasts(&self, name: &Key) -> bool {
        !self.key.is_empty() && name.0.expose().len() == self.key.len()
    }

    /// The columns whose values the name is made of.
    pub(in crate::fulfilment) fn columns_of(&self, name: &Key) -> Vec<String> {
        self.columns().take(name.0.expose().len()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::by_its_key("a b", true, &[Some("1"), Some("2"), Some("9")], Some("1,2"))]
    #[case::null_in_the_key("a b", true, &[Some("1"), None, Some("9")], Some("1,,9"))]
    #[case::no_key("", true, &[Some("9")], Some("9"))]
    #[case::nothing_but_a_key("a", false, &[None], None)]
    #[case::nothing("", false, &[], None)]
    fn a_row_is_named(
        #[case] key: &str,
        #[case] row_id: bool,
        #[case] values: &[Option<&str>],
        #[case] expected: Option<&str>,
    ) {
        let key: Vec<String> = key.split_whitespace().map(str::to_owned).collect();
        let (row_id, whole) = (row_id.then(|| "rowid".to_owned()), !key.is_empty() && !values.contains(&None));
        let naming = Naming { key, row_id };
        let name = naming.name(values.iter().copied());
        assert_eq!(name.as_ref().map(|name| name.0.expose().join(",")).as_deref(), expected);
        if let Some(name) = name {
            assert_eq!(naming.lasts(&name), whole);
            assert_eq!(naming.columns_of(&name).len(), name.0.expose().len());
        }
    }
}

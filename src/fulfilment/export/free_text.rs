//! Free text that may tell of other people is shown only as staff decided after they looked at it.

/// One cell of a field that the dataset marks with `free_text`.
#[derive(Clone)]
pub struct FreeText<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// The collection.
    pub collection: &'a str,
    /// The primary key of its row, column by column; empty where the table has none.
    pub row: Vec<(&'a str, Option<&'a str>)>,
    /// The field.
    pub field: &'a str,
    /// What stands there; secrets in it are described already.
    pub text: &'a str,
}

/// What staff decided about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nobody looked yet: it stays out, and the answer waits.
    Open,
    /// It is shown.
    Show,
    /// It stays out.
    Withhold,
    /// This is shown instead.
    Replace(String),
}

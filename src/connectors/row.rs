//! One row as its database prints it: flat, reusable, and silent in logs.

use std::fmt;

/// The values of one row, in the order of the columns asked for. `None` is NULL; every other value is the text the
/// database itself prints for it, so nothing is rounded, shifted or reformatted.
#[derive(Clone, Default)]
pub struct Row {
    text: String,
    /// The end of each value in `text`, and whether it is NULL.
    ends: Vec<(usize, bool)>,
    /// How many bytes stand between two values: none, or the one that divided them where they were taken over together.
    gap: usize,
}

impl Row {
    /// An empty row, to be filled by [`Row::push`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the row and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.gap = 0;
    }

    /// Becomes the values of a line in which one byte stands between two of them; `find` notes where each ends and whether it
    /// is NULL. Taken over at once, since a copy of each value takes longer than one of the line.
    pub(super) fn take_over<T>(&mut self, line: &str, find: impl FnOnce(&str, &mut Vec<(usize, bool)>) -> T) -> T {
        self.clear();
        self.gap = 1;
        self.text.push_str(line);
        find(line, &mut self.ends)
    }

    /// The first `count` values as one text, where each of them ends in it, and whether it is NULL, whatever stands in the
    /// text then; a byte stands between two of them. `None` for a row that was filled value by value.
    pub fn divided(&self, count: usize) -> Option<(&str, &[(usize, bool)])> {
        let values = self.ends.get(..count).filter(|_| self.gap == 1)?;
        Some((&self.text[..values.last()?.0], values))
    }

    /// Adds the next column's value.
    pub fn push(&mut self, value: Option<&str>) {
        debug_assert_eq!(self.gap, 0, "the row was taken over whole");
        if let Some(value) = value {
            self.text.push_str(value);
        }
        self.ends.push((self.text.len(), value.is_none()));
    }

    /// The value of the column at `index`; `None` is NULL.
    ///
    /// # Panics
    /// When the row has no such column.
    pub fn get(&self, index: usize) -> Option<&str> {
        let (end, null) = self.ends[index];
        let start = if index == 0 { 0 } else { self.ends[index - 1].0 + self.gap };
        (!null).then(|| &self.text[start..end])
    }

    /// How many bytes its values take.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// How many values the row has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has no values.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> + Clone {
        (0..self.len()).map(|i| self.get(i))
    }
}

impl<'a> FromIterator<Option<&'a str>> for Row {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(values: I) -> Self {
        let mut row = Row::new();
        values.into_iter().for_each(|v| row.push(v));
        row
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} values)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_empty_stay_apart() {
        let row: Row = [None, Some(""), Some("a"), None].into_iter().collect();
        assert_eq!(row.iter().collect::<Vec<_>>(), [None, Some(""), Some("a"), None]);
        assert_eq!(format!("{row:?}"), "Row(4 values)");
    }

    #[test]
    fn a_line_that_was_taken_over_is_a_row_like_another() {
        let mut row = Row::new();
        row.take_over("a\tbc\t\\N", |_, ends| ends.extend([(1, false), (4, false), (7, true)]));
        assert_eq!(row.iter().collect::<Vec<_>>(), [Some("a"), Some("bc"), None]);
        assert_eq!(row.divided(2), Some(("a\tbc", &[(1, false), (4, false)][..])));
        assert_eq!((row.divided(4), row.divided(0)), (None, None));
        row.clear();
        row.push(Some("a"));
        row.push(None);
        assert_eq!((row.iter().collect::<Vec<_>>(), row.divided(1)), (vec![Some("a"), None], None));
    }
}

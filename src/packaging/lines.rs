//! Lines of text as they are written, with the places of their fields for whoever compresses them.

use super::deflate::Mark;

/// Lines of one form of a collection.
#[derive(Default)]
pub(super) struct Lines {
    /// The text.
    pub text: String,
    /// Its fields in order.
    pub marks: Vec<Mark>,
}

impl Lines {
    /// No lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the lines and keeps their memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.marks.clear();
    }

    /// A field begins: first what stands before its value, then the value, which the caller appends.
    #[inline]
    pub fn field(&mut self, before: &str) {
        let begins = self.text.len();
        self.text.push_str(before);
        self.marks.push(Mark::new(begins, self.text.len()));
    }
}

//! Lines of text as they are written, with the places of their fields for whoever compresses them.

use super::deflate::Mark;

/// Short texts are copied as so many bytes whatever their length is, which takes a few instructions; the next text is written
/// over what was too much.
pub(super) const CHUNK: usize = 64;

/// Lines of one form of a collection.
#[derive(Default)]
pub(super) struct Lines {
    /// The text, and room for more.
    room: Vec<u8>,
    /// How long the text is.
    length: usize,
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
        self.length = 0;
        self.marks.clear();
    }

    /// The text, which is UTF-8.
    pub fn text(&self) -> &[u8] {
        &self.room[..self.length]
    }

    /// Appends a text.
    pub fn push(&mut self, text: &str) {
        self.make_room(text.len());
        self.room[self.length..self.length + text.len()].copy_from_slice(text.as_bytes());
        self.length += text.len();
    }

    /// Appends a character of ASCII.
    #[inline]
    pub fn push_ascii(&mut self, character: u8) {
        self.make_room(1);
        self.room[self.length] = character;
        self.length += 1;
    }

    /// Appends the first `length` bytes, which are UTF-8 and behind which more may stand: where there are enough of them, it
    /// takes less time.
    #[inline]
    pub fn push_first(&mut self, length: usize, bytes: &[u8]) {
        self.make_room(length);
        let to = &mut self.room[self.length..];
        match (bytes.first_chunk::<CHUNK>(), to.first_chunk_mut::<CHUNK>()) {
            (Some(bytes), Some(to)) if length <= CHUNK => *to = *bytes,
            _ => to[..length].copy_from_slice(&bytes[..length]),
        }
        self.length += length;
    }

    /// A field begins, whose value the caller appends: first what stands before the value.
    #[inline]
    pub fn field(&mut self, before: &str) {
        let begins = self.length;
        self.push(before);
        self.marks.push(Mark::new(begins, self.length));
    }

    /// Appends fields whose values stand in one text, a byte between two of them; instead of that byte `separator` is written,
    /// a character of ASCII. `values` says where each begins.
    pub fn divided(&mut self, text: &str, separator: u8, values: impl Iterator<Item = usize>) {
        let begins = self.length;
        self.push(text);
        for value in values.map(|at| begins + at) {
            if value > begins {
                self.room[value - 1] = separator;
            }
            self.marks.push(Mark::new(value.saturating_sub(1).max(begins), value));
        }
    }

    /// A field begins: first what stands before its value, of which `before` may hold more, as in [`Lines::push_first`].
    #[inline]
    pub fn field_first(&mut self, length: usize, before: &[u8]) {
        let begins = self.length;
        self.push_first(length, before);
        self.marks.push(Mark::new(begins, self.length));
    }

    /// Makes room for so many bytes and a chunk.
    #[inline]
    fn make_room(&mut self, more: usize) {
        let least = self.length + more + CHUNK;
        if self.room.len() < least {
            self.grow(least);
        }
    }

    #[cold]
    fn grow(&mut self, least: usize) {
        self.room.resize(least.max(2 * self.room.len()), 0);
    }
}

#[cfg(test)]
impl Lines {
    /// The text.
    pub fn written(&self) -> String {
        String::from_utf8(self.text().to_vec()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_each_other_however_they_are_copied() {
        let (long, mut lines, mut expected) = ("0123456789".repeat(8), Lines::new(), String::new());
        for length in (0..=long.len()).chain([5, 33, 1]) {
            lines.push_first(length, long.as_bytes());
            lines.push("é");
            lines.push_first(length, &long.as_bytes()[..length]);
            expected.extend([&long[..length], "é", &long[..length]]);
        }
        assert_eq!(lines.written(), expected);
        lines.clear();
        lines.field("a");
        lines.field_first(1, long.as_bytes());
        assert_eq!(lines.written(), "a0");
        assert_eq!(lines.marks, [Mark::new(0, 1), Mark::new(1, 2)]);
        lines.divided("1\t\té", b',', [0, 2, 3].into_iter());
        assert_eq!(lines.written(), "a01,,é");
        assert_eq!(lines.marks[2..], [Mark::new(2, 2), Mark::new(3, 4), Mark::new(4, 5)]);
    }
}

//! What of a text repeats the text before it, and what stands for itself.

use super::huffman::LITERALS;
use super::{CODED, CODED_DISTANCES, Mark};

/// The farthest back that a match may lie (RFC 1951, section 2).
const WINDOW: usize = 32 * 1024;

/// The longest match.
pub(super) const MOST: usize = 258;

/// A shorter match of the row above takes as many bits as what it stands for.
const LEAST: usize = 4;

/// The same of a match from farther away.
const LEAST_FAR: usize = 6;

/// How many values are remembered by how they begin, in powers of two.
const REMEMBERED: u32 = 12;

/// Bytes that stand for themselves, and then a match; none at the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub literals: usize,
    pub length: u16,
    pub distance: u16,
}

/// A text as tokens.
#[derive(Default)]
pub(super) struct Tokens {
    pub all: Vec<Token>,
    /// For a hash of how a value begins, one more than where such a one stood last.
    begun: Vec<usize>,
}

impl Tokens {
    /// Takes a text apart.
    pub fn find(&mut self, text: &[u8], marks: &[Mark], columns: usize) {
        self.all.clear();
        self.begun.clear();
        self.begun.resize(1 << REMEMBERED, 0);
        // How far the text is taken apart.
        let mut done = 0;
        for (i, mark) in marks.iter().enumerate() {
            let (begins, value) = (mark.begins as usize, mark.value as usize);
            let above = i.checked_sub(columns).and_then(|i| marks.get(i)).map(|above| above.begins as usize);
            if let Some((above, length)) = above.and_then(|above| repeated(text, done, begins, above, LEAST)) {
                done = self.push(done, begins, above, length);
            }
            let ends = marks.get(i + 1).map_or(text.len(), |next| next.begins as usize);
            if ends.saturating_sub(value) >= LEAST && value >= done {
                let before = self.begun_before(text, value);
                if let Some((before, length)) = before.and_then(|at| repeated(text, done, value, at, LEAST_FAR)) {
                    done = self.push(done, value, before, length);
                }
            }
        }
        self.push(done, text.len(), text.len(), 0);
    }

    /// Notes the literals up to a place and what repeats an earlier one there; gives where that ends.
    #[inline]
    fn push(&mut self, from: usize, to: usize, before: usize, length: usize) -> usize {
        // Within MOST and WINDOW.
        self.all.push(Token { literals: to - from, length: length as u16, distance: (to - before) as u16 });
        to + length
    }

    /// How often each symbol stands in the text that was taken apart.
    pub fn count(&self, text: &[u8]) -> Counted {
        let mut counted = Counted::default();
        let mut at = 0;
        for token in &self.all {
            counted.bytes(&text[at..at + token.literals]);
            at += token.literals;
            if token.length > 0 {
                let (length, distance) = (usize::from(token.length), usize::from(token.distance));
                counted.symbols[length_code(length).0] += 1;
                counted.distances[distance_code(distance).0] += 1;
                at += length;
            }
        }
        counted
    }

    /// Where a value that begins with the same bytes stood last; remembers this one.
    #[inline]
    fn begun_before(&mut self, text: &[u8], value: usize) -> Option<usize> {
        let first = word(text, value)? << 24; // its first five bytes
        let hash = first.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - REMEMBERED);
        let before = std::mem::replace(&mut self.begun[hash as usize], value + 1);
        before.checked_sub(1)
    }
}

/// The earlier place and how many bytes there a place repeats, if they are worth a match: the place is not passed yet, and
/// the earlier one is not too far away.
#[inline]
fn repeated(text: &[u8], done: usize, at: usize, before: usize, least: usize) -> Option<(usize, usize)> {
    if at < done || at >= text.len() || before >= at || at - before > WINDOW {
        return None;
    }
    let most = (text.len() - at).min(MOST);
    let mut length = 0;
    while length < most {
        let differ = match (word(text, at + length), word(text, before + length)) {
            (Some(here), Some(there)) => here ^ there,
            _ => break,
        };
        if differ != 0 {
            length += differ.trailing_zeros() as usize / 8;
            return Some((before, length.min(most))).filter(|(_, length)| *length >= least);
        }
        length += 8;
    }
    length = length.min(most);
    length += (length..most).take_while(|n| text[at + n] == text[before + n]).count();
    Some((before, length)).filter(|(_, length)| *length >= least)
}

/// Eight bytes of a text, if there are as many.
#[inline]
fn word(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// How often each symbol stands in a text. Literals are counted in four tables, since a byte that follows itself would wait
/// for its own count.
pub(super) struct Counted {
    bytes: [[u32; LITERALS]; 4],
    symbols: [u32; CODED],
    distances: [u32; CODED_DISTANCES],
}

impl Default for Counted {
    fn default() -> Self {
        Self { bytes: [[0; LITERALS]; 4], symbols: [0; CODED], distances: [0; CODED_DISTANCES] }
    }
}

impl Counted {
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        let fours = bytes.chunks_exact(4);
        fours.remainder().iter().for_each(|byte| self.bytes[0][usize::from(*byte)] += 1);
        let [first, second, third, fourth] = &mut self.bytes;
        for four in fours {
            first[usize::from(four[0])] += 1;
            second[usize::from(four[1])] += 1;
            third[usize::from(four[2])] += 1;
            fourth[usize::from(four[3])] += 1;
        }
    }

    /// Literals and lengths, none of which may be without a code: it may stand in what follows.
    pub fn literals(&self) -> [u32; CODED] {
        let mut all = self.symbols;
        for table in &self.bytes {
            all.iter_mut().zip(table).for_each(|(sum, count)| *sum += count);
        }
        all.map(|count| count + 1)
    }

    /// The same of distances.
    pub fn distances(&self) -> [u32; CODED_DISTANCES] {
        self.distances.map(|count| count + 1)
    }
}

/// A match's length as its symbol, and how many more bits say which of that symbol's lengths (section 3.2.5).
#[inline]
pub(super) fn length_code(length: usize) -> (usize, u32, u64) {
    let (symbol, more, first) = LENGTHS[length];
    (usize::from(symbol), u32::from(more), (length - usize::from(first)) as u64)
}

/// The same of its distance.
#[inline]
pub(super) fn distance_code(distance: usize) -> (usize, u32, u64) {
    let from_zero = distance - 1;
    if from_zero < 4 {
        return (from_zero, 0, 0);
    }
    let highest = usize::BITS - 1 - from_zero.leading_zeros();
    let more = highest - 1;
    let symbol = 2 * highest as usize + (from_zero >> more & 1);
    (symbol, more, (from_zero & ((1 << more) - 1)) as u64)
}

/// For each length its symbol, how many bits follow, and the first length of that symbol.
static LENGTHS: [(u16, u8, u16); MOST + 1] = {
    // Four symbols each have as many bits; the last one is for the longest match alone.
    let mut table = [(0, 0, 0); MOST + 1];
    let (mut symbol, mut first) = (257, 3);
    while symbol < 285 {
        let more = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        let mut length = first;
        while length < first + (1 << more) && length <= MOST {
            table[length] = (symbol as u16, more as u8, first as u16);
            length += 1;
        }
        first = length;
        symbol += 1;
    }
    table[MOST] = (285, 0, MOST as u16);
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(3, (257, 0, 0))]
    #[case(10, (264, 0, 0))]
    #[case(11, (265, 1, 0))]
    #[case(12, (265, 1, 1))]
    #[case(130, (280, 4, 15))]
    #[case(257, (284, 5, 30))]
    #[case(258, (285, 0, 0))]
    fn lengths_have_the_symbols_of_the_format(#[case] length: usize, #[case] expected: (usize, u32, u64)) {
        assert_eq!(length_code(length), expected);
    }

    #[rstest::rstest]
    #[case(1, (0, 0, 0))]
    #[case(4, (3, 0, 0))]
    #[case(5, (4, 1, 0))]
    #[case(8, (5, 1, 1))]
    #[case(24_577, (29, 13, 0))]
    #[case(32_768, (29, 13, 8191))]
    fn distances_have_the_symbols_of_the_format(#[case] distance: usize, #[case] expected: (usize, u32, u64)) {
        assert_eq!(distance_code(distance), expected);
    }

    #[test]
    fn the_field_above_is_repeated() {
        let text = b"1,Berlin\n2,Berlin\n";
        let mark = Mark::new;
        let mut tokens = Tokens::default();
        tokens.find(text, &[mark(0, 0), mark(1, 2), mark(9, 9), mark(10, 11)], 2);
        let (first, last) =
            (Token { literals: 10, length: 8, distance: 9 }, Token { literals: 0, length: 0, distance: 0 });
        assert_eq!(tokens.all, [first, last]);
    }
}

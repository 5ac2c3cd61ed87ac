//! The Huffman codes of a block, and what is written in them.

use super::bits::Sink;
use super::huffman::{Code, LITERALS};
use super::tokens::{Counted, MOST, Token, distance_code, length_code};
use super::{CODED, CODED_DISTANCES};

/// No literal or length takes more bits, so that two literals fit into an entry of a table, and four with what is left of a
/// byte into a machine word.
const LONGEST: usize = 13;

/// The same for distances, as the format has it.
const LONGEST_DISTANCE: usize = 15;

/// After so many bytes of text codes are made anew. A table goes on as it began, most often, so that to count its symbols
/// all the time would be time lost.
const RENEWED: usize = 4 * 1024 * 1024;

/// What is learned of a shorter piece holds for no other.
const LEAST: usize = 16 * 1024;

/// The order in which a block tells the lengths of the codes in which its codes' lengths are written (section 3.2.7).
const LENGTHS_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The codes of one block.
pub(super) struct Codes {
    literals: Code,
    distances: Code,
    /// For two literals their codes, one behind the other.
    pairs: Box<[u32]>,
    /// For each length of a match its code, with the bits that follow it.
    lengths: Box<[u32]>,
    /// How much text is written in them.
    text: usize,
    /// How much text the first piece had, and how many bytes it took, the codes themselves among them.
    first: Option<(usize, usize)>,
    /// Whether others would be better by now.
    worn: bool,
}

impl Codes {
    /// For a text with these symbols, and for those that follow it.
    pub fn of(counted: &Counted) -> Self {
        let literals = Code::new(&counted.literals(), LONGEST);
        let distances = Code::new(&counted.distances(), LONGEST_DISTANCE);
        let (pairs, lengths) = (pairs(&literals), lengths(&literals));
        Self { literals, distances, pairs, lengths, text: 0, first: None, worn: false }
    }

    /// Whether others would be better by now.
    pub fn are_worn(&self) -> bool {
        self.worn
    }

    /// Takes note of how much room a piece of text took.
    pub fn wear(&mut self, text: usize, written: usize) {
        self.text += text;
        let (text_then, written_then) = *self.first.get_or_insert((text, written));
        // An eighth more than what they were made for.
        let larger = written * 8 * text_then > written_then * 9 * text;
        self.worn = text_then < LEAST || self.text >= RENEWED || larger;
    }

    /// Begins a block that is not the last. The lengths of its codes take four bits each: for a block of many kilobytes the
    /// shortest way to write them would save nothing.
    pub fn begin_block(&self, sink: &mut Sink<'_>) {
        sink.put(0b100, 3); // not the last; codes of its own
        sink.put((CODED - 257) as u64, 5);
        sink.put((CODED_DISTANCES - 1) as u64, 5);
        sink.put((LENGTHS_ORDER.len() - 4) as u64, 4);
        for length in LENGTHS_ORDER {
            sink.put(if length < 16 { 4 } else { 0 }, 3);
        }
        for length in self.literals.lengths(CODED).iter().chain(self.distances.lengths(CODED_DISTANCES)) {
            sink.put(u64::from(length.reverse_bits() >> 4), 4);
        }
    }

    /// Ends the block.
    pub fn end_block(&self, sink: &mut Sink<'_>) {
        let (code, bits) = self.literals.entry(LITERALS);
        sink.put(code, bits);
    }

    /// Writes a text that was taken apart.
    pub fn write(&self, sink: &mut Sink<'_>, text: &[u8], tokens: &[Token]) {
        let mut at = 0;
        for token in tokens {
            self.write_literals(sink, &text[at..at + token.literals]);
            at += token.literals;
            if token.length > 0 {
                let (length, length_bits) = unpacked(self.lengths[usize::from(token.length)]);
                let (symbol, more, value) = distance_code(usize::from(token.distance));
                let (code, bits) = self.distances.entry(symbol);
                // 46 bits at most.
                sink.put(length | (code | value << bits) << length_bits, length_bits + bits + more);
                at += usize::from(token.length);
            }
        }
    }

    #[inline]
    fn write_literals(&self, sink: &mut Sink<'_>, literals: &[u8]) {
        let pair = |two: [u8; 2]| unpacked(self.pairs[usize::from(u16::from_le_bytes(two))]);
        let (fours, rest) = literals.as_chunks::<4>();
        for four in fours {
            let ((left, left_bits), (right, right_bits)) = (pair([four[0], four[1]]), pair([four[2], four[3]]));
            sink.put(left | right << left_bits, left_bits + right_bits);
        }
        for byte in rest {
            let (code, bits) = self.literals.entry(usize::from(*byte));
            sink.put(code, bits);
        }
    }
}

/// Bits, and above [`BITS`] of them how many they are.
fn packed(code: u64, bits: u32) -> u32 {
    code as u32 | bits << BITS
}

fn unpacked(entry: u32) -> (u64, u32) {
    (u64::from(entry & ((1 << BITS) - 1)), entry >> BITS)
}

/// Two of the longest codes.
const BITS: u32 = 2 * LONGEST as u32;

/// By the first byte, and above it the second.
fn pairs(literals: &Code) -> Box<[u32]> {
    let codes: Vec<_> = (0..LITERALS).map(|byte| literals.entry(byte)).collect();
    let behind =
        |(then, more): (u64, u32)| codes.iter().map(move |(code, bits)| packed(code | then << bits, bits + more));
    codes.iter().copied().flat_map(behind).collect()
}

/// By the length; a shorter match than three bytes is none.
fn lengths(literals: &Code) -> Box<[u32]> {
    let packed = |length| {
        let (symbol, more, value) = length_code(length);
        let (code, bits) = literals.entry(symbol);
        packed(code | value << bits, bits + more)
    };
    (0..=MOST).map(|length| if length < 3 { 0 } else { packed(length) }).collect()
}

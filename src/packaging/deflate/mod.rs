//! Compresses lines that resemble each other, as rows of a table do, into a deflate stream (RFC 1951) that every reader of
//! a ZIP knows.
//!
//! A compressor for any content looks at each byte for an earlier place where the same stood. In a table that place is known:
//! the same field of the row above. So it is looked for there alone and, where a value begins, at the last value of the field
//! that began so. What repeats nothing is written in Huffman codes made for the block. That packs smaller than the fastest
//! level of a general compressor and takes a third of its time, which is what a package of millions of rows is made of.

mod bits;
mod huffman;
mod tokens;

use bits::Bits;
use huffman::{Code, LITERALS};
use tokens::{Tokens, distance_code, length_code};

/// Where a field stands in the text of some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The beginning of what stands before its value: the separator, the key.
    begins: u32,
    /// The beginning of its value.
    value: u32,
}

impl Mark {
    /// Of a text beyond four gigabytes it says something wrong, which does no harm.
    #[inline]
    pub fn new(begins: usize, value: usize) -> Self {
        Self { begins: begins as u32, value: value as u32 }
    }
}

/// One deflate stream under way.
pub(super) struct Deflate {
    bits: Bits,
    tokens: Tokens,
    /// Where the bytes of a block are put.
    room: Vec<u8>,
}

/// No symbol of a block takes more bits, so that four literals and what is left of a byte fit into a machine word.
const LONGEST: usize = 12;

/// The same for distances, as the format has it.
const LONGEST_DISTANCE: usize = 15;

/// How many lengths and literals, and how many distances, have a code in each block: all that the format has.
const CODED: usize = 286;
const CODED_DISTANCES: usize = 30;

/// The order in which a block tells the lengths of the codes in which its codes' lengths are written (section 3.2.7).
const LENGTHS_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Deflate {
    /// The beginning of a stream.
    pub fn new() -> Self {
        Self { bits: Bits::default(), tokens: Tokens::default(), room: Vec::new() }
    }

    /// Compresses a piece of text, of which nothing behind it repeats anything; gives the bytes that are complete with it.
    /// `marks` are its fields in order, `columns` of them a line: hints, which cost time and space where they are wrong, and
    /// nothing else.
    pub fn block(&mut self, text: &[u8], marks: &[Mark], columns: usize) -> &[u8] {
        if text.is_empty() {
            return &[];
        }
        self.tokens.find(text, marks, columns);
        let literals = Code::new(&self.tokens.literals, LONGEST);
        let distances = Code::new(&self.tokens.distances, LONGEST_DISTANCE);
        // Twelve bits at most for a literal's eight, and a match takes less than what it stands for.
        let mut sink = self.bits.into_room(&mut self.room, 2 * text.len() + 1024);
        sink.put(0b100, 3); // not the last block; codes of its own
        head(&mut sink, &literals, &distances);
        let mut at = 0;
        for token in &self.tokens.all {
            let run = &text[at..at + token.literals];
            let fours = run.chunks_exact(4);
            let rest = fours.remainder();
            for four in fours {
                let (a, a_bits) = literals.entry(usize::from(four[0]));
                let (b, b_bits) = literals.entry(usize::from(four[1]));
                let (c, c_bits) = literals.entry(usize::from(four[2]));
                let (d, d_bits) = literals.entry(usize::from(four[3]));
                let (left, right) = (a | b << a_bits, c | d << c_bits);
                sink.put(left | right << (a_bits + b_bits), a_bits + b_bits + c_bits + d_bits);
            }
            for byte in rest {
                let (code, bits) = literals.entry(usize::from(*byte));
                sink.put(code, bits);
            }
            at += token.literals;
            if token.length > 0 {
                let (length, distance) = (usize::from(token.length), usize::from(token.distance));
                let (symbol, more, value) = length_code(length);
                let (code, bits) = literals.entry(symbol);
                sink.put(code | value << bits, bits + more);
                let (symbol, more, value) = distance_code(distance);
                let (code, bits) = distances.entry(symbol);
                sink.put(code | value << bits, bits + more);
                at += length;
            }
        }
        let (code, bits) = literals.entry(LITERALS);
        sink.put(code, bits);
        let (written, rest) = sink.end();
        self.bits = rest;
        &self.room[..written]
    }

    /// Ends the stream, and gives its last bytes; the next block begins another one.
    pub fn end(&mut self) -> &[u8] {
        let mut sink = std::mem::take(&mut self.bits).into_room(&mut self.room, 16);
        sink.put(0b011, 3); // the last block; the format's own codes
        sink.put(0, 7); // of which this one ends a block
        sink.fill_byte();
        let (written, _) = sink.end();
        &self.room[..written]
    }
}

/// The lengths of the block's codes, each in four bits: for a block of many kilobytes the shortest way to write them would
/// save nothing.
fn head(sink: &mut bits::Sink<'_>, literals: &Code, distances: &Code) {
    sink.put((CODED - 257) as u64, 5);
    sink.put((CODED_DISTANCES - 1) as u64, 5);
    sink.put((LENGTHS_ORDER.len() - 4) as u64, 4);
    for length in LENGTHS_ORDER {
        sink.put(if length < 16 { 4 } else { 0 }, 3);
    }
    for length in literals.lengths(CODED).iter().chain(distances.lengths(CODED_DISTANCES)) {
        sink.put(u64::from(length.reverse_bits() >> 4), 4);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn inflated(packed: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        flate2::read::DeflateDecoder::new(packed).read_to_end(&mut content).unwrap();
        content
    }

    fn deflated(blocks: &[(Vec<u8>, Vec<Mark>)], columns: usize) -> Vec<u8> {
        let (mut deflate, mut out) = (Deflate::new(), Vec::new());
        blocks.iter().for_each(|(text, marks)| out.extend_from_slice(deflate.block(text, marks, columns)));
        out.extend_from_slice(deflate.end());
        out
    }

    /// Lines of comma-separated values, with their marks.
    fn table(rows: &[Vec<String>]) -> (Vec<u8>, Vec<Mark>) {
        let (mut text, mut marks) = (Vec::new(), Vec::new());
        for row in rows {
            for (i, value) in row.iter().enumerate() {
                let begins = text.len();
                text.extend_from_slice(if i == 0 { b"" } else { b"," });
                marks.push(Mark::new(begins, text.len()));
                text.extend_from_slice(value.as_bytes());
            }
            text.push(b'\n');
        }
        (text, marks)
    }

    #[test]
    fn nothing_and_a_single_byte_are_streams() {
        assert_eq!(inflated(&deflated(&[], 1)), b"");
        assert_eq!(inflated(&deflated(&[(b"a".to_vec(), Vec::new())], 1)), b"a");
    }

    #[test]
    fn rows_that_are_alike_take_little() {
        let rows: Vec<_> = (0..3000).map(|n| vec![n.to_string(), "order".to_owned(), "Berlin".to_owned()]).collect();
        let (text, marks) = table(&rows);
        let packed = deflated(&[(text.clone(), marks)], 3);
        assert_eq!(inflated(&packed), text);
        assert!(packed.len() * 4 < text.len(), "{} of {}", packed.len(), text.len());
    }

    #[test]
    fn long_matches_and_far_ones_come_back() {
        let (near, far) = ("x".repeat(3_000), "y".repeat(40_000));
        let rows = vec![vec![near.clone(), far.clone()], vec![near.clone(), far], vec![near, String::new()]];
        let (text, marks) = table(&rows);
        assert_eq!(inflated(&deflated(&[(text.clone(), marks)], 2)), text);
    }

    #[test]
    fn a_stream_after_a_stream_is_one_of_its_own() {
        let (text, marks) = table(&[vec!["a".to_owned()], vec!["b".to_owned()]]);
        let (mut deflate, mut first, mut second) = (Deflate::new(), Vec::new(), Vec::new());
        for out in [&mut first, &mut second] {
            out.extend_from_slice(deflate.block(&text, &marks, 1));
            out.extend_from_slice(deflate.end());
        }
        assert_eq!(first, second);
    }

    proptest! {
        #[test]
        fn any_table_inflates_to_the_same(blocks in prop::collection::vec(prop::collection::vec(prop::collection::vec("[a-c0-9é ]{0,12}|.{0,40}", 3), 0..40), 0..4)) {
            let blocks: Vec<_> = blocks.iter().map(|rows| table(rows)).collect();
            let text = blocks.iter().flat_map(|(text, _)| text.clone()).collect::<Vec<_>>();
            prop_assert_eq!(inflated(&deflated(&blocks, 3)), text);
        }

        #[test]
        fn wrong_marks_do_no_harm(text in prop::collection::vec(0..4_u8, 0..400), marks in prop::collection::vec((0..500_usize, 0..500_usize), 0..60), columns in 0..5_usize) {
            let marks: Vec<_> = marks.into_iter().map(|(begins, value)| Mark::new(begins, value)).collect();
            prop_assert_eq!(inflated(&deflated(&[(text.clone(), marks)], columns)), text);
        }

        #[test]
        fn bytes_of_every_kind_come_back(text in prop::collection::vec(any::<u8>(), 0..70_000)) {
            let marks: Vec<_> = (0..text.len()).step_by(7).map(|at| Mark::new(at, at + 1)).collect();
            prop_assert!(inflated(&deflated(&[(text.clone(), marks)], 4)) == text);
        }
    }
}

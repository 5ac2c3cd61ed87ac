//! Compresses lines that resemble each other, as rows of a table do, into a deflate stream (RFC 1951) that every reader of
//! a ZIP knows.
//!
//! A compressor for any content looks at each byte for an earlier place where the same stood. In a table that place is known:
//! the same field of the row above. So it is looked for there alone and, where a value begins, at the last value of the field
//! that began so. What repeats nothing is written in Huffman codes made for some megabytes at a time. That packs smaller than
//! the fastest level of a general compressor and takes a fraction of its time, which is what a package of millions of rows is
//! made of.

mod bits;
mod codes;
mod huffman;
mod tokens;

use bits::Bits;
use codes::Codes;
use tokens::Tokens;

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
    /// The codes of the block that is open.
    codes: Option<Codes>,
    /// Where the bytes of a piece are put.
    room: Vec<u8>,
}

/// How many lengths and literals, and how many distances, have a code in each block: all that the format has.
const CODED: usize = 286;
const CODED_DISTANCES: usize = 30;

impl Deflate {
    /// The beginning of a stream.
    pub fn new() -> Self {
        Self { bits: Bits::default(), tokens: Tokens::default(), codes: None, room: Vec::new() }
    }

    /// Compresses a piece of text, of which nothing behind it repeats anything; gives the bytes that are complete with it.
    /// `marks` are its fields in order, `columns` of them a line: hints, which cost time and space where they are wrong, and
    /// nothing else.
    pub fn piece(&mut self, text: &[u8], marks: &[Mark], columns: usize) -> &[u8] {
        if text.is_empty() {
            return &[];
        }
        self.tokens.find(text, marks, columns);
        // Thirteen bits at most for a literal's eight, and a match takes less than twice what it stands for.
        let mut sink = self.bits.into_room(&mut self.room, 2 * text.len() + 1024);
        let codes = match self.codes.take() {
            Some(codes) if !codes.are_worn() => codes,
            worn => {
                worn.iter().for_each(|open| open.end_block(&mut sink));
                let codes = Codes::of(&self.tokens.count(text));
                codes.begin_block(&mut sink);
                codes
            }
        };
        let codes = self.codes.insert(codes);
        codes.write(&mut sink, text, &self.tokens.all);
        let (written, rest) = sink.end();
        codes.wear(text.len(), written);
        self.bits = rest;
        &self.room[..written]
    }

    /// Ends the stream, and gives its last bytes; the next piece begins another one.
    pub fn end(&mut self) -> &[u8] {
        let mut sink = std::mem::take(&mut self.bits).into_room(&mut self.room, 16);
        self.codes.take().iter().for_each(|open| open.end_block(&mut sink));
        sink.put(0b011, 3); // the last block; the format's own codes
        sink.put(0, 7); // of which this one ends a block
        sink.fill_byte();
        let (written, _) = sink.end();
        &self.room[..written]
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
        blocks.iter().for_each(|(text, marks)| out.extend_from_slice(deflate.piece(text, marks, columns)));
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
            out.extend_from_slice(deflate.piece(&text, &marks, 1));
            out.extend_from_slice(deflate.end());
        }
        assert_eq!(first, second);
    }

    #[test]
    fn codes_are_made_anew_where_a_table_changes_and_after_some_megabytes() {
        let digits: Vec<_> = (0..2000).map(|n: u64| vec![(n * n * 7919).to_string(), "0".to_owned()]).collect();
        let words: Vec<_> = (0..2000).map(|n: u64| vec![format!("{:x}ÄÖÜ", n * n * 104_729), "~".to_owned()]).collect();
        let pieces: Vec<_> = [&digits, &digits, &words, &words, &digits].map(|rows| table(rows)).to_vec();
        let text = pieces.iter().flat_map(|(text, _)| text.clone()).collect::<Vec<_>>();
        let packed = deflated(&pieces, 2);
        assert!(inflated(&packed) == text);
        let alone: usize = [&digits, &words].map(|rows| deflated(&[table(rows)], 2).len()).iter().sum();
        // The first piece of another kind is still written in the codes of the one before.
        assert!(packed.len() < 4 * alone, "{} of {alone}", packed.len());
        let names = vec![vec!["number".to_owned(), "sign".to_owned()]];
        let behind_names = deflated(&[table(&names), table(&digits)], 2).len();
        assert!(behind_names < alone, "{behind_names} of {alone}: what a short piece teaches is forgotten");
        let many = vec![table(&digits); 200];
        let long: usize = many.iter().map(|(text, _)| text.len()).sum();
        assert!(long > 4 * 1024 * 1024 && inflated(&deflated(&many, 2)).len() == long);
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

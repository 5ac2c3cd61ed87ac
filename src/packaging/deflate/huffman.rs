//! Huffman codes of limited length, for the symbols of one block.

/// How many symbols are bytes; the next one ends a block.
pub(super) const LITERALS: usize = 256;

/// More than any alphabet of the format has.
const SYMBOLS: usize = 288;

/// A code: for each symbol its bits, as they are written, and how many.
pub(super) struct Code {
    /// The bits, and above sixteen of them how many.
    entries: [u32; SYMBOLS],
    lengths: [u8; SYMBOLS],
}

impl Code {
    /// For symbols that occur so often, no code longer than `limit`. Two symbols at least get a code, since some readers
    /// take no code that leaves bits unused.
    pub fn new(frequencies: &[u32], limit: usize) -> Self {
        let mut frequencies = frequencies.to_vec();
        let used = frequencies.iter().filter(|f| **f > 0).count();
        if used < 2 {
            frequencies.iter_mut().filter(|f| **f == 0).take(2 - used).for_each(|f| *f = 1);
        }
        let lengths = lengths(&frequencies, limit);
        Self { entries: entries(&lengths), lengths }
    }

    /// The bits of a symbol, and how many.
    #[inline]
    pub fn entry(&self, symbol: usize) -> (u64, u32) {
        let entry = self.entries[symbol];
        (u64::from(entry & 0xFFFF), entry >> 16)
    }

    /// How long the codes of the first symbols are; zero where a symbol has none.
    pub fn lengths(&self, symbols: usize) -> &[u8] {
        &self.lengths[..symbols]
    }
}

/// How long each symbol's code is: Huffman's algorithm over sorted symbols, which needs two queues and no heap.
fn lengths(frequencies: &[u32], limit: usize) -> [u8; SYMBOLS] {
    let mut order: Vec<(u32, usize)> =
        frequencies.iter().enumerate().filter(|(_, f)| **f > 0).map(|(symbol, f)| (*f, symbol)).collect();
    order.sort_unstable();
    let (leaves, nodes) = (order.len(), 2 * order.len() - 1);
    let mut weights: Vec<u64> = order.iter().map(|(f, _)| u64::from(*f)).collect();
    weights.reserve(leaves - 1);
    let mut parents = vec![0; nodes];
    let (mut leaf, mut node) = (0, leaves);
    for made in leaves..nodes {
        let mut weight = 0;
        for _ in 0..2 {
            let next = if leaf < leaves && (node == made || weights[leaf] <= weights[node]) {
                leaf += 1;
                leaf - 1
            } else {
                node += 1;
                node - 1
            };
            weight += weights[next];
            parents[next] = made;
        }
        weights.push(weight);
    }
    let (mut depths, mut counts) = (vec![0; nodes], [0_usize; 16]);
    for at in (0..nodes - 1).rev() {
        depths[at] = depths[parents[at]] + 1;
        if at < leaves {
            counts[depths[at].min(limit)] += 1;
        }
    }
    shorten(&mut counts, limit);
    let mut lengths = [0; SYMBOLS];
    let longest_first = (1..=limit).rev().flat_map(|length| std::iter::repeat_n(length, counts[length]));
    for ((_, symbol), length) in order.iter().zip(longest_first) {
        lengths[*symbol] = length as u8;
    }
    lengths
}

/// Codes that were cut down to the limit take more than there is: others get longer until the sum is right again (Kraft's).
fn shorten(counts: &mut [usize; 16], limit: usize) {
    let mut taken: usize = (1..=limit).map(|length| counts[length] << (limit - length)).sum();
    while taken > 1 << limit {
        counts[limit] -= 1;
        if let Some(length) = (1..limit).rev().find(|length| counts[*length] > 0) {
            counts[length] -= 1;
            counts[length + 1] += 2;
        }
        taken -= 1;
    }
}

/// Codes of one length count up in the order of their symbols (RFC 1951, section 3.2.2), and are written from their highest
/// bit.
fn entries(lengths: &[u8; SYMBOLS]) -> [u32; SYMBOLS] {
    let mut counts = [0_u16; 17];
    lengths.iter().filter(|length| **length > 0).for_each(|length| counts[usize::from(*length)] += 1);
    let mut next = [0_u16; 17];
    for length in 1..16 {
        next[length + 1] = (next[length] + counts[length]) << 1;
    }
    lengths.map(|length| match length {
        0 => 0,
        length => {
            let code = next[usize::from(length)];
            next[usize::from(length)] += 1;
            u32::from(code.reverse_bits() >> (16 - u32::from(length))) | u32::from(length) << 16
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_symbol_has_a_code_within_the_limit_and_no_bit_is_unused(
            mut frequencies in prop::collection::vec(prop_oneof![Just(0_u32), 1..9_u32, 1..2_000_000_u32], 286),
            limit in 9..16_usize,
            doubling in any::<bool>(),
        ) {
            if doubling {
                // The worst for a limit: each as rare as all before it together.
                (0..31).for_each(|n| frequencies[n] = 1 << n);
            }
            let code = Code::new(&frequencies, limit);
            let lengths = code.lengths(286);
            let used = |n: usize| lengths[n] > 0;
            prop_assert!((0..286).all(|n| frequencies[n] == 0 || used(n)));
            prop_assert!(lengths.iter().all(|length| usize::from(*length) <= limit));
            let taken: usize = lengths.iter().filter(|l| **l > 0).map(|l| 1_usize << (limit - usize::from(*l))).sum();
            prop_assert_eq!(taken, 1 << limit);
        }
    }

    #[test]
    fn what_is_frequent_is_short() {
        let code = Code::new(&[1, 50, 0, 3, 3], 15);
        assert_eq!(code.lengths(5), [3, 1, 0, 3, 2]);
    }
}

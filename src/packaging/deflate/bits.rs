//! Bits in the order of RFC 1951, section 3.1.1: the first is the lowest of its byte.

/// What does not fill a byte yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    held: u64,
    count: u32,
}

/// Bits on their way into bytes, for which there is room.
pub(super) struct Sink<'o> {
    bits: Bits,
    room: &'o mut [u8],
    /// How many bytes are written.
    at: usize,
}

impl Bits {
    /// Goes on in `room`, which is made large enough for `most` bytes and a machine word, and keeps its size: to clear it
    /// would take as long as to fill it.
    pub fn into_room(self, room: &mut Vec<u8>, most: usize) -> Sink<'_> {
        if room.len() < most + 8 {
            room.resize(most + 8, 0);
        }
        Sink { bits: self, room, at: 0 }
    }
}

impl Sink<'_> {
    /// Appends the lowest `count` bits of a value that has no more; 56 at most.
    #[inline]
    pub fn put(&mut self, value: u64, count: u32) {
        let held = self.bits.held | value << self.bits.count;
        let count = self.bits.count + count;
        self.room[self.at..self.at + 8].copy_from_slice(&held.to_le_bytes());
        let whole = count / 8;
        self.at += whole as usize;
        self.bits = Bits { held: held >> (8 * whole), count: count % 8 };
    }

    /// Fills the byte that was begun with zeros.
    pub fn fill_byte(&mut self) {
        if self.bits.count > 0 {
            self.put(0, 8 - self.bits.count);
        }
    }

    /// How many bytes are written, and what does not fill a byte yet.
    pub fn end(self) -> (usize, Bits) {
        (self.at, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_fill_bytes_from_below_and_go_on_in_the_next_piece() {
        let mut room = Vec::new();
        let mut sink = Bits::default().into_room(&mut room, 8);
        sink.put(0b101, 3);
        sink.put(0xFFFF, 16);
        let (written, bits) = sink.end();
        assert_eq!(room[..written], [0b1111_1101, 0xFF]);
        let mut sink = bits.into_room(&mut room, 8);
        sink.put(0, 1);
        sink.fill_byte();
        let (written, _) = sink.end();
        assert_eq!(room[..written], [0b0000_0111]);
    }

    #[test]
    fn as_many_bits_as_fit_are_taken_at_once() {
        let mut room = Vec::new();
        let mut sink = Bits::default().into_room(&mut room, 16);
        sink.put(0x7F, 7);
        sink.put((1 << 56) - 1, 56);
        sink.fill_byte();
        let (written, _) = sink.end();
        assert_eq!(room[..written], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]);
    }
}

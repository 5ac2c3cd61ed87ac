//! What a closure given to the store reads and writes with.

/// One transaction; its methods are in the modules of their subjects.
pub struct Tx<'a> {
    _conn: &'a mut (),
}

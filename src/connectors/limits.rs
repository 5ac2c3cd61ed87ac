//! How much of a company's database server one connector may take.

use std::time::Duration;

/// How much of the company's database one connector may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many connections may be open at once; a further reader or writer waits for one.
    pub connections: usize,
    /// How long connecting may take.
    pub connect: Duration,
    /// How long one statement may run, the streaming of its rows included; and how long to wait while all connections
    /// are lent.
    pub statement: Duration,
    /// How long a writer may wait for a row that somebody else has locked.
    pub lock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4,
            connect: Duration::from_secs(10),
            statement: Duration::from_secs(900),
            lock: Duration::from_secs(30),
        }
    }
}

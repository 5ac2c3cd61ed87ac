//! Ports for servers that are started a moment after their port was chosen.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the system gives to connections and to whoever asks for any (from 32768 on, on Linux).
const FIRST: u16 = 18_000;
const COUNT: u16 = 14_000;

/// A port that nobody listens on and that no connection and no other test is given, so that it is still free when its server
/// comes to it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two processes of tests begin at different places.
    let begin = u16::try_from(process::id() * 61 % u32::from(COUNT)).expect("less than the count");
    for _ in 0..COUNT {
        let port = FIRST + (begin + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

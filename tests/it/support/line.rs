//! A line to a database that lets through as much as the test says, so that a long answer can be looked at while it comes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// How much of the answers may still pass.
#[derive(Clone, Default)]
struct Allowance(Arc<(Mutex<Option<usize>>, Condvar)>);

impl Allowance {
    fn add(&self, bytes: Option<usize>) {
        let (left, changed) = &*self.0;
        let mut left = left.lock().unwrap();
        *left = bytes.map(|bytes| left.unwrap_or(0) + bytes);
        changed.notify_all();
    }

    /// Waits until something may pass; gives how much of `wanted`.
    fn take(&self, wanted: usize) -> usize {
        let (left, changed) = &*self.0;
        let mut left = changed.wait_while(left.lock().unwrap(), |left| *left == Some(0)).unwrap();
        let taken = left.map_or(wanted, |left| left.min(wanted));
        *left = left.map(|left| left - taken);
        taken
    }
}

/// A line that is open until it is narrowed.
pub struct Line {
    /// The URL of the same database at the other end of the line.
    pub url: String,
    allowance: Allowance,
}

impl Line {
    /// A line to the server of the database at `url`.
    pub fn new(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (user, place) = rest.split_once('@').map_or((String::new(), rest), |(u, p)| (format!("{u}@"), p));
        let (server, database) = place.split_once('/').expect("a database");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let allowance = Allowance::default();
        let (server, allowed) = (server.to_owned(), allowance.clone());
        // They end with the test process, or with the connections they carry.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&server) else { break };
                let (asks, asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || carry(asks, asked, None));
                let allowed = allowed.clone();
                thread::spawn(move || carry(server, client, Some(allowed)));
            }
        });
        Self { url: format!("{scheme}://{user}127.0.0.1:{port}/{database}"), allowance }
    }

    /// Lets so many bytes of the answers through, and then none.
    pub fn let_through(&self, bytes: usize) {
        self.allowance.add(Some(bytes));
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.allowance.add(None);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.open();
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, allowance: Option<Allowance>) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let mut rest = &piece[..read];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(allowance.as_ref().map_or(rest.len(), |a| a.take(rest.len())));
            if to.write_all(now).is_err() {
                return;
            }
            rest = later;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

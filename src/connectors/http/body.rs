//! What a service answers, read as it comes by a blocking thread: no further than allowed, and no longer than it is wanted.

use std::io::{self, Read};

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};

use crate::connectors::Cancellation;

/// A service's answer, read by a blocking thread as it comes, for as long as the run is wanted.
pub(super) struct Body {
    response: Response,
    chunk: io::Cursor<Vec<u8>>,
    cancellation: Cancellation,
}

impl Body {
    pub(super) fn of(response: Response, cancellation: &Cancellation) -> Self {
        Self { response, chunk: io::Cursor::default(), cancellation: cancellation.clone() }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let next = self.cancellation.during(self.response.chunk()).map_err(io::Error::other)?;
            // What the client says of it may hold the address.
            let next = next.map_err(|_| io::Error::new(io::ErrorKind::ConnectionAborted, "the answer broke off"))?;
            let Some(chunk) = next else { return Ok(0) };
            self.chunk = io::Cursor::new(chunk.to_vec());
        }
    }
}

/// Reads up to a limit; what is longer is an error and not an end.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, left: u64) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the service's answer is longer than allowed"));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_too_long_does_not_pass_for_a_short_one() {
        let mut text = String::new();
        assert!(Bounded::new(&b"0123456789"[..], 10).read_to_string(&mut text).is_ok());
        assert!(Bounded::new(&b"0123456789a"[..], 10).read_to_string(&mut text).is_err());
    }
}

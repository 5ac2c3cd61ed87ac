//! What a server sends, with the rows of a COPY merged: it sends each row as a message of its own, and the driver spends
//! more on a message than on what is in it. A message of CopyData may be cut anywhere (PostgreSQL, Frontend/Backend
//! Protocol, COPY Operations), so many of them make one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once.
const ROOM: usize = 64 * 1024;

/// A message's type and its length, in which the type is not counted.
const HEADER: usize = 5;

/// The type of a message with a part of a COPY.
const COPY_DATA: u8 = b'd';

/// The type of none.
const NO_MESSAGE: u8 = 0;

/// A connection behind its beginning: from here on all that the server sends is messages.
pub(super) struct Merged<S> {
    inner: S,
    /// What was read; made with the first byte.
    room: Vec<u8>,
    /// How much of it was handed on.
    from: usize,
    /// How much there is.
    to: usize,
    /// How much of a message is still to be handed on as it comes.
    rest: usize,
}

impl<S> Merged<S> {
    /// The messages of a connection.
    pub(super) fn new(inner: S) -> Self {
        Self { inner, room: Vec::new(), from: 0, to: 0, rest: 0 }
    }

    /// The connection.
    pub(super) fn inner(&self) -> &S {
        &self.inner
    }

    /// Hands on what can be handed on of what is there.
    fn hand_on(&mut self, into: &mut ReadBuf<'_>) {
        while into.remaining() > 0 && self.from < self.to {
            if self.rest > 0 {
                let now = self.rest.min(self.to - self.from).min(into.remaining());
                into.put_slice(&self.room[self.from..self.from + now]);
                self.from += now;
                self.rest -= now;
                continue;
            }
            let there = &self.room[self.from..self.to];
            let Some((kind, length)) = header(there) else { return };
            // What is longer than the room, or than what is asked for, goes on as it is.
            if kind != COPY_DATA || length > ROOM || length > into.remaining() {
                self.rest = length;
                continue;
            }
            let (messages, content) = run(there, into.remaining());
            if messages == 0 {
                return;
            }
            let begins = into.filled().len();
            into.put_slice(&[COPY_DATA]);
            into.put_slice(&((content + HEADER - 1) as u32).to_be_bytes());
            let end = self.from + content + messages * HEADER;
            while self.from < end {
                let (_, length) = header(&self.room[self.from..end]).expect("the run is of whole messages");
                into.put_slice(&self.room[self.from + HEADER..self.from + length]);
                self.from += length;
            }
            debug_assert_eq!(into.filled().len() - begins, content + HEADER, "a message is as long as it says");
        }
    }
}

/// The type of the message that begins here and its whole length, where so much of it is there.
fn header(there: &[u8]) -> Option<(u8, usize)> {
    let [kind, length @ ..] = *there.first_chunk::<HEADER>()?;
    match u32::from_be_bytes(length) as usize {
        // No message has such a length: the driver is to refuse it.
        0..4 => Some((NO_MESSAGE, HEADER)),
        length => Some((kind, length + 1)),
    }
}

/// How many messages of a COPY stand here whole, one behind the other, of which one message can be made that is no longer
/// than `most`; and how long their content is.
fn run(there: &[u8], most: usize) -> (usize, usize) {
    let (mut messages, mut content, mut at) = (0, 0, 0);
    while let Some((COPY_DATA, length)) = header(&there[at..])
        && at + length <= there.len()
        && content + length <= most
    {
        content += length - HEADER;
        at += length;
        messages += 1;
    }
    (messages, content)
}

impl<S: AsyncRead + Unpin> AsyncRead for Merged<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        loop {
            this.hand_on(into);
            if into.filled().len() > before || into.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            // The beginning of a message, of which the rest is yet to come.
            this.room.resize(ROOM, 0);
            this.room.copy_within(this.from..this.to, 0);
            (this.from, this.to) = (0, this.to - this.from);
            let mut room = ReadBuf::new(&mut this.room[this.to..]);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut room))?;
            match room.filled().len() {
                // The end, perhaps amid a message.
                0 if this.to == 0 => return Poll::Ready(Ok(())),
                0 => this.rest = this.to,
                read => this.to += read,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Merged<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    use super::*;

    /// Hands over one piece a call, and then its end.
    struct Pieces(VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(into.remaining()));
                into.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    fn message(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + HEADER - 1).unwrap();
        [&[kind], length.to_be_bytes().as_slice(), content].concat()
    }

    /// What comes out of it, asked for so many bytes at a time.
    fn read(sent: &[u8], piece: usize, asked: usize) -> Vec<u8> {
        let pieces = sent.chunks(piece).map(<[u8]>::to_vec).collect();
        let (mut merged, mut got) = (Merged::new(Pieces(pieces)), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut into = vec![0; asked];
            loop {
                match merged.read(&mut into).await.unwrap() {
                    0 => return got,
                    read => got.extend_from_slice(&into[..read]),
                }
            }
        })
    }

    /// The messages, those of a COPY that follow each other as one; and how many there were.
    fn messages(mut bytes: &[u8]) -> (Vec<(u8, Vec<u8>)>, usize) {
        let (mut found, mut count): (Vec<(u8, Vec<u8>)>, usize) = (Vec::new(), 0);
        while !bytes.is_empty() {
            let (kind, length) = header(bytes).unwrap();
            let content = &bytes[HEADER..length];
            match found.last_mut() {
                Some((COPY_DATA, last)) if kind == COPY_DATA => last.extend_from_slice(content),
                _ => found.push((kind, content.to_vec())),
            }
            bytes = &bytes[length..];
            count += 1;
        }
        (found, count)
    }

    #[test]
    fn rows_come_many_in_a_message() {
        let rows: Vec<u8> = (0..1000).flat_map(|n| message(COPY_DATA, format!("{n}\n").as_bytes())).collect();
        let sent = [message(b'2', b""), rows, message(b'c', b""), message(b'Z', b"T")].concat();
        let got = read(&sent, 8192, 8192);
        assert_eq!(messages(&got).0, messages(&sent).0);
        assert_eq!(messages(&got).1, 5, "the rows in two messages, one before and two behind them");
    }

    #[test]
    fn what_breaks_off_comes_as_far_as_it_got() {
        for sent in [&b"d\0\0"[..], b"d\0\0\0\x09ab", b"Z", b"d\0\0\0\0", b"d\0\0\0\x05ad\0\0\0\x09b"] {
            assert_eq!(read(sent, 3, 64), sent);
        }
    }

    proptest! {
        #[test]
        fn all_comes_whole_and_in_order(
            sent in prop::collection::vec((prop::sample::select(b"ddddDTZ".to_vec()), prop_oneof![9 => 0..40_usize, 1 => 60_000..70_000_usize]), 0..20),
            piece in 1..90_000_usize,
            asked in prop_oneof![1..64_usize, Just(8192), Just(100_000)],
        ) {
            let bytes: Vec<u8> = sent.iter().enumerate().flat_map(|(n, (kind, length))| message(*kind, &vec![n as u8; *length])).collect();
            let got = read(&bytes, piece, asked);
            prop_assert!(messages(&got).0 == messages(&bytes).0);
            prop_assert!(got.len() <= bytes.len());
        }
    }
}

//! The forms in which a collection's rows are written, and the threads on which a large collection takes them all at once.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender, SyncSender};
use std::thread::{self, JoinHandle};

use super::batch::Batch;
use super::jsonl::Keys;
use super::lines::Lines;
use super::press::{LinePress, Pressed};
use super::spool::{Spool, SpoolReader};
use super::{Cell, CollectionHeader, csv, spreadsheet};

/// How many batches may wait for a form: enough that on few processors its thread has work while the one that reads rows
/// waits for its turn. The forms share them.
const WAITING: usize = 16;

/// One form of a collection.
pub(super) enum Form {
    /// The exact CSV.
    Csv,
    /// JSON Lines.
    Jsonl(Keys),
    /// The CSV meant for spreadsheets, and how many rows more it takes.
    Spreadsheet(u64),
}

impl Form {
    /// What stands before the first row.
    pub fn head(&self, header: &CollectionHeader) -> Lines {
        let names = header.columns.iter().map(|c| Cell::Text(&c.name));
        let mut head = Lines::new();
        match self {
            Form::Csv => csv::line(&mut head, names),
            Form::Jsonl(_) => {}
            Form::Spreadsheet(_) => {
                head.push(spreadsheet::BYTE_ORDER_MARK);
                spreadsheet::line(&mut head, names);
            }
        }
        head
    }

    /// Appends the rows of a batch, as many as the form takes.
    pub fn encode(&mut self, out: &mut Lines, batch: &Batch) {
        if matches!(self, Form::Spreadsheet(0)) {
            return;
        }
        for row in batch.rows() {
            match self {
                Form::Csv => csv::row(out, &row),
                Form::Jsonl(keys) => keys.row(out, &row),
                Form::Spreadsheet(0) => return,
                Form::Spreadsheet(left) => {
                    *left -= 1;
                    spreadsheet::row(out, &row);
                }
            }
        }
    }
}

/// Where the compressed bytes of a form go.
pub(super) trait Target: Write + Send + 'static {
    /// What remains when all of them went there.
    type Rest: Send + 'static;

    /// Ends the writing.
    fn end(self) -> io::Result<Self::Rest>;
}

impl Target for Spool {
    type Rest = SpoolReader;

    fn end(self) -> io::Result<SpoolReader> {
        self.into_reader()
    }
}

/// Hands the bytes to whoever holds the other end. How much may lie there is bounded by [`WAITING`] batches, as long as
/// that one takes what is there whenever it sends a batch.
impl Target for Blocks {
    type Rest = ();

    fn end(self) -> io::Result<()> {
        Ok(())
    }
}

/// The near end of a channel for compressed bytes.
pub(super) struct Blocks(pub Sender<Vec<u8>>);

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() {
            self.0.send(bytes.to_vec()).map_err(|_| io::Error::other("the package was given up"))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A form that is being written on a thread of its own.
pub(super) struct Running<T: Target> {
    batches: SyncSender<Arc<Batch>>,
    thread: JoinHandle<io::Result<(Pressed, T::Rest)>>,
}

impl<T: Target> Running<T> {
    /// Begins with what stands before the first row.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(mut form: Form, header: &CollectionHeader, mut target: T) -> io::Result<Self> {
        let (batches, incoming) = mpsc::sync_channel::<Arc<Batch>>(WAITING);
        let (columns, mut lines) = (header.columns.len(), form.head(header));
        let work = move || {
            let mut press = LinePress::new();
            for batch in incoming {
                // Together with what stands before the first row: of that alone nothing is to be learned for the rest.
                form.encode(&mut lines, &batch);
                drop(batch);
                press.press(&lines, columns, &mut target)?;
                lines.clear();
            }
            press.press(&lines, columns, &mut target)?;
            let pressed = press.finish(&mut target)?;
            Ok((pressed, target.end()?))
        };
        let thread = thread::Builder::new().name("package".to_owned()).spawn(work)?;
        Ok(Self { batches, thread })
    }

    /// Hands rows over; waits while too many wait already. A form that failed takes no more, and
    /// [`Running::finish`] says why: then this gives `false`.
    pub fn send(&self, batch: &Arc<Batch>) -> bool {
        self.batches.send(Arc::clone(batch)).is_ok()
    }

    /// Waits until all rows are written.
    ///
    /// # Errors
    /// Those of the target.
    pub fn finish(self) -> io::Result<(Pressed, T::Rest)> {
        drop(self.batches);
        self.thread.join().map_err(|_| io::Error::other("a form of the package could not be written"))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_ends_where_programs_do_and_the_exact_copies_go_on() {
        let mut batch = Batch::new(1);
        ["a", "=b", "c"].iter().for_each(|text| batch.push(Cell::Text(text)));
        let written = |mut form: Form| {
            let mut out = Lines::new();
            (0..2).for_each(|_| form.encode(&mut out, &batch));
            out.written()
        };
        assert_eq!(written(Form::Spreadsheet(4)), "a\r\n'=b\r\nc\r\na\r\n");
        assert_eq!(written(Form::Csv), "a\r\n=b\r\nc\r\n".repeat(2));
    }
}

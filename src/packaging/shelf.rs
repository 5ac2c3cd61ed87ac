//! Where finished packages lie: a file is there whole or not at all, whatever dies in between.
//!
//! Today a shelf is a directory. Its callers see only [`Shelf`], [`ShelfFile`] and [`ShelfReader`], so that an
//! S3-compatible bucket can take the directory's place behind the same three types.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use uuid::Uuid;

const PART: &str = "part";

/// A place that keeps files under UUIDs. What is written to it should be sealed already.
#[derive(Clone, Debug)]
pub struct Shelf {
    directory: PathBuf,
}

impl Shelf {
    /// The shelf in `directory`, made when it is not there, readable by this user only.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn in_directory(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        Ok(Self { directory })
    }

    /// The directory, for temporary files that must lie on the same disk.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Begins a file. Two processes may write the same name at once: each has a part of its own, and the last to
    /// commit wins.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(&self, name: Uuid) -> io::Result<ShelfFile> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let process = std::process::id();
        for attempt in 0_u32.. {
            let part = self.directory.join(format!("{name}.{process}-{attempt}.{PART}"));
            match options.open(&part) {
                // a part that a process with the same number left when it died
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    let whole = self.directory.join(name.to_string());
                    let (directory, unsynced) = (self.directory.clone(), 0);
                    return Ok(ShelfFile { file, part: Some(part), whole, directory, unsynced, syncing: None });
                }
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    /// Opens a committed file.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub fn open(&self, name: Uuid) -> io::Result<ShelfReader> {
        File::open(self.directory.join(name.to_string())).map(ShelfReader)
    }

    /// Counts a file's age from a moment on.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub fn renew(&self, name: Uuid, at: DateTime<Utc>) -> io::Result<()> {
        File::open(self.directory.join(name.to_string()))?.set_modified(SystemTime::from(at))
    }

    /// The committed files last written, or renewed, before a moment.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn older_than(&self, before: DateTime<Utc>) -> io::Result<Vec<Uuid>> {
        let before = SystemTime::from(before);
        let mut old = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else { continue };
            // A file that somebody removed meanwhile is no error.
            if entry.metadata().and_then(|m| m.modified()).is_ok_and(|written| written < before) {
                old.push(name);
            }
        }
        Ok(old)
    }

    /// Removes a file for good; a file that is not there is removed already.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, name: Uuid) -> io::Result<()> {
        match fs::remove_file(self.directory.join(name.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_directory(&self.directory),
        }
    }

    /// Removes the parts last written before `older_than`, which died with their writers; gives how many. Other
    /// processes may be writing, so leave them hours.
    ///
    /// # Errors
    /// The directory cannot be read, or a part not removed.
    pub fn sweep(&self, older_than: DateTime<Utc>) -> io::Result<usize> {
        let limit = SystemTime::from(older_than);
        let mut removed = 0;
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == PART) && left_since(&path, limit)? {
                removed += usize::from(gone_is_fine(fs::remove_file(&path))?.is_some());
            }
        }
        Ok(removed)
    }
}

fn left_since(path: &Path, limit: SystemTime) -> io::Result<bool> {
    Ok(gone_is_fine(fs::metadata(path).and_then(|m| m.modified()))?.is_some_and(|at| at < limit))
}

/// `None` where another process was quicker.
fn gone_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// A rename or removal is durable only once the directory itself is.
fn sync_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = directory;
    Ok(())
}

/// A file being written. Dropped without [`ShelfFile::commit`], it leaves nothing.
pub struct ShelfFile {
    file: File,
    /// `None` once committed.
    part: Option<PathBuf>,
    whole: PathBuf,
    directory: PathBuf,
    /// How many bytes were written since the disk was last asked to take them.
    unsynced: usize,
    /// Where it is asked while more is written.
    syncing: Option<Syncing>,
}

/// After how many bytes the disk is asked to take what is there, so that little is left to wait for in the end.
const SYNCED_AT_ONCE: usize = 16 * 1024 * 1024;

/// A thread that asks the disk to take what is written.
struct Syncing {
    asked: SyncSender<()>,
    /// Ends at the first failure, which the system tells once and not again when the file is committed.
    thread: JoinHandle<io::Result<()>>,
}

impl Syncing {
    fn start(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let (asked, asking) = mpsc::sync_channel(1);
        let work = move || asking.iter().try_for_each(|()| file.sync_data());
        Ok(Self { asked, thread: thread::Builder::new().name("package".to_owned()).spawn(work)? })
    }

    fn end(self) -> io::Result<()> {
        drop(self.asked);
        self.thread.join().map_err(|_| io::Error::other("what was written could not be synced"))?
    }
}

impl ShelfFile {
    /// Puts the file under its name, durably, in place of one that may be there.
    ///
    /// # Errors
    /// The disk is full or failing; the name then still holds what it held before.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(syncing) = self.syncing.take() {
            syncing.end()?;
        }
        self.file.sync_all()?;
        if let Some(part) = &self.part {
            fs::rename(part, &self.whole)?;
        }
        self.part = None;
        sync_directory(&self.directory)
    }
}

impl Write for ShelfFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= SYNCED_AT_ONCE {
            self.unsynced = 0;
            let syncing = match self.syncing.take() {
                Some(syncing) => syncing,
                None => Syncing::start(&self.file)?,
            };
            // One that is asked already will take this along.
            let _ = self.syncing.insert(syncing).asked.try_send(());
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for ShelfFile {
    fn drop(&mut self) {
        if let Some(part) = self.part.take() {
            // what cannot be removed now, the sweep removes later
            let _ = fs::remove_file(part);
        }
    }
}

/// A committed file, to be read from anywhere in it.
pub struct ShelfReader(File);

impl ShelfReader {
    /// The file's length in bytes.
    ///
    /// # Errors
    /// The file's metadata cannot be read.
    pub fn length(&self) -> io::Result<u64> {
        self.0.metadata().map(|m| m.len())
    }
}

impl Read for ShelfReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Seek for ShelfReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Uuid = Uuid::from_u128(0x42);

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let directory = tempfile::tempdir().unwrap();
        let shelf = Shelf::in_directory(directory.path().join("packages")).unwrap();
        (directory, shelf)
    }

    fn put(shelf: &Shelf, content: &[u8]) {
        let mut file = shelf.create(NAME).unwrap();
        file.write_all(content).unwrap();
        file.commit().unwrap();
    }

    fn content(shelf: &Shelf) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        shelf.open(NAME)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn names(shelf: &Shelf) -> Vec<String> {
        let entries = fs::read_dir(shelf.directory()).unwrap();
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_there_only_once_it_is_committed() {
        let (_directory, shelf) = shelf();
        let mut file = shelf.create(NAME).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(shelf.open(NAME).map(|_| ()).unwrap_err().kind(), io::ErrorKind::NotFound);
        file.commit().unwrap();
        assert_eq!(content(&shelf).unwrap(), b"half");
        assert_eq!(shelf.open(NAME).unwrap().length().unwrap(), 4);
        assert_eq!(names(&shelf), [NAME.to_string()]);
    }

    #[test]
    fn a_second_writer_replaces_the_first_and_never_mixes_with_it() {
        let (_directory, shelf) = shelf();
        let mut slow = shelf.create(NAME).unwrap();
        slow.write_all(b"slow").unwrap();
        put(&shelf, b"quick");
        assert_eq!(content(&shelf).unwrap(), b"quick");
        slow.commit().unwrap();
        assert_eq!(content(&shelf).unwrap(), b"slow");
    }

    #[test]
    fn an_abandoned_file_leaves_nothing() {
        let (_directory, shelf) = shelf();
        put(&shelf, b"before");
        drop(shelf.create(NAME).unwrap());
        assert_eq!(names(&shelf), [NAME.to_string()]);
        assert_eq!(content(&shelf).unwrap(), b"before");
    }

    #[test]
    fn the_sweep_takes_old_parts_and_nothing_else() {
        let (_directory, shelf) = shelf();
        put(&shelf, b"whole");
        let crashed = shelf.create(NAME).unwrap();
        let written = DateTime::<Utc>::from(crashed.file.metadata().unwrap().modified().unwrap());
        std::mem::forget(crashed); // as kill -9 would
        assert_eq!(shelf.sweep(written - chrono::TimeDelta::hours(1)).unwrap(), 0);
        assert_eq!(shelf.sweep(written + chrono::TimeDelta::hours(1)).unwrap(), 1);
        assert_eq!(names(&shelf), [NAME.to_string()]);
        put(&shelf, b"again");
        assert_eq!(content(&shelf).unwrap(), b"again");
    }

    #[test]
    fn a_renewed_file_is_as_old_as_it_was_renewed() {
        let (_directory, shelf) = shelf();
        put(&shelf, b"whole");
        let written = fs::metadata(shelf.directory().join(NAME.to_string())).unwrap().modified().unwrap();
        let later = DateTime::<Utc>::from(written) + chrono::TimeDelta::days(40);
        assert_eq!(shelf.older_than(later).unwrap(), [NAME]);
        shelf.renew(NAME, later).unwrap();
        assert!(shelf.older_than(later).unwrap().is_empty());
        assert_eq!(content(&shelf).unwrap(), b"whole");
        assert_eq!(shelf.renew(Uuid::nil(), later).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn removing_twice_is_removing_once() {
        let (_directory, shelf) = shelf();
        put(&shelf, b"whole");
        shelf.remove(NAME).unwrap();
        shelf.remove(NAME).unwrap();
        assert!(names(&shelf).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_on_the_machine_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, shelf) = shelf();
        put(&shelf, b"whole");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(shelf.directory()), 0o700);
        assert_eq!(mode(&shelf.directory().join(NAME.to_string())), 0o600);
    }
}

//! The journal: every answer as it came, a line of JSON each, appended and never changed. The finished files are made
//! from it alone, so they are the same however often a backfill was interrupted.
//!
//! The first line holds the parameters, the others the answers in the order of the plan, so their number says where to
//! go on. A last line that a crash has torn is cut off, and its answer is asked for again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::parameters::{differences, parameters};
use super::plan::Point;
use super::record::Record;
use super::{BackfillError, Job, own};
use eightxeight::answer::Snapshot;

/// What it is, and the version of its format.
const TITLE: &str = "eightxeight-exporter backfill 2";

/// How its first line begins.
const BEGINNING: &str = r#"["eightxeight-exporter backfill 2","#;

/// After a power failure no more than this much time's answers are asked for again. A kill loses none.
const LONGEST_UNSYNCED: Duration = Duration::from_secs(5);

/// A journal that is open for appending. Dropping it lets others use it.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    done: usize,
    segments: Vec<Segment>,
    synced: Instant,
}

/// The part of a journal that holds a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The first day of the month, which is one by UTC.
    pub month: Date,
    /// Where its first line begins.
    pub start: u64,
    /// Where its last line ends.
    pub end: u64,
    /// How many PBXs its answers hold, added up.
    pub rows: usize,
}

/// The month of an instant.
pub(super) fn month_of(instant: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(instant).date().first_of_month()
}

impl Journal {
    /// Opens the journal of a job; its directory is made if need be. The answers in it must be those to the job's
    /// first points.
    ///
    /// # Errors
    ///
    /// When there is an earlier backfill that isn't to be resumed, or another one is to be resumed, or the journal
    /// can't be read or written.
    pub(super) fn open(job: &Job) -> Result<Journal, BackfillError> {
        let (directory, path) = (&job.options.output, job.options.journal());
        let unusable = |path: &Path, error: io::Error| {
            BackfillError::Failed(format!("--output: {}: {error}", path.display()))
        };
        let refused = |problem: &str| {
            let shown = directory.display();
            Err(BackfillError::Usage(format!("--output: {shown} {problem}")))
        };
        if directory.exists() && !directory.is_dir() {
            return refused("is not a directory");
        }
        let finished = std::fs::create_dir_all(directory)
            .and_then(|()| own::any_month_file(directory))
            .map_err(|error| unusable(directory, error))?;
        let unusable = |error| unusable(&path, error);
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        let file = match own::open(&options, &path, BEGINNING).map_err(unusable)? {
            Some(file) if job.options.resume => file,
            None if !finished => options.create_new(true).open(&path).map_err(unusable)?,
            None if job.options.resume => {
                return refused(
                    "holds finished files but no journal to go on from: choose another directory",
                );
            }
            _ => {
                return refused(
                    "holds an earlier backfill: go on with --resume, or choose another directory",
                );
            }
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return refused("is another backfill's, which is at work");
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let mut journal = Journal {
            path: path.clone(),
            file,
            length: 0,
            done: 0,
            segments: Vec::new(),
            synced: Instant::now(),
        };
        let lines = journal.file.try_clone();
        let mut lines = lines
            .and_then(|file| Lines::new(file, 0))
            .map_err(unusable)?;
        let ours = parameters(job);
        let Some((_, theirs)) = lines
            .next::<(String, BTreeMap<String, String>)>()
            .map_err(unusable)?
        else {
            journal.begin(&ours).map_err(unusable)?;
            return Ok(journal);
        };
        let differences = differences(&ours, &theirs);
        if !differences.is_empty() {
            return refused(&format!(
                "holds a backfill with other parameters: {}; give the same ones, or choose another directory",
                differences.join("; ")
            ));
        }
        journal.read(lines, job.points()).map_err(unusable)?;
        Ok(journal)
    }

    /// How many answers it holds.
    #[must_use]
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    /// Its months in the order of time. Only of the last can anything be missing.
    #[must_use]
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Appends the answer to a point. When it can't be written, the journal is as it was before.
    ///
    /// # Errors
    ///
    /// When the file can't be written, for example because the disk is full.
    pub(crate) fn append(&mut self, point: Point, snapshot: &Snapshot) -> io::Result<()> {
        let end = self.write(&Record::new(point.window, snapshot))?;
        self.note(point, snapshot, end);
        if self.synced.elapsed() >= LONGEST_UNSYNCED {
            self.sync()?;
        }
        Ok(())
    }

    /// Removes the journal if it holds no answer.
    pub(crate) fn discard(self) {
        if self.done == 0 {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// Makes sure that all of it survives a power failure.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = Instant::now();
        Ok(())
    }

    /// Reads a segment's answers, each with the index of its window.
    ///
    /// # Errors
    ///
    /// What the system says, or that the file was changed meanwhile.
    pub(crate) fn read_segment(
        path: &Path,
        segment: Segment,
        mut see: impl FnMut(usize, Snapshot),
    ) -> io::Result<()> {
        let file = own::open(OpenOptions::new().read(true), path, BEGINNING)?;
        let file = file.ok_or(ErrorKind::NotFound)?;
        let mut lines = Lines::new(file, segment.start)?;
        while lines.position < segment.end {
            let (window, snapshot) = lines.answer()?.ok_or_else(|| damaged(lines.position))?;
            see(window, snapshot);
        }
        Ok(())
    }

    /// Writes the first line; a crash may have torn an earlier one.
    fn begin(&mut self, parameters: &BTreeMap<&str, String>) -> io::Result<()> {
        self.file.set_len(0)?;
        self.length = self.write(&(TITLE, parameters))?;
        self.sync()
    }

    /// Reads the answers and cuts off what a crash has torn.
    fn read(
        &mut self,
        mut lines: Lines,
        mut points: impl Iterator<Item = Point>,
    ) -> io::Result<()> {
        self.length = lines.position;
        while let Some((window, snapshot)) = lines.answer()? {
            let point = points
                .next()
                .filter(|point| (point.window, point.period) == (window, snapshot.period));
            let point = point.ok_or_else(|| damaged(self.length))?;
            self.note(point, &snapshot, lines.position);
        }
        self.file.set_len(self.length)
    }

    /// Notes that the answer to a point follows, up to `end`.
    fn note(&mut self, point: Point, snapshot: &Snapshot, end: u64) {
        let (month, rows) = (month_of(point.period.end), snapshot.answer.rows.len());
        match self.segments.last_mut() {
            Some(segment) if segment.month == month => {
                segment.end = end;
                segment.rows += rows;
            }
            _ => self.segments.push(Segment {
                month,
                start: self.length,
                end,
                rows,
            }),
        }
        self.done += 1;
        self.length = end;
    }

    /// Writes a line: where it ends.
    fn write(&mut self, value: &impl Serialize) -> io::Result<u64> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            // Half a line on a full disk. Cutting it off needs no space; should it fail, the next start does it.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        Ok(self.length + line.len() as u64)
    }
}

/// Reads lines of JSON.
struct Lines {
    file: BufReader<File>,
    /// Where the last line that was read ends.
    position: u64,
    /// Where the file ends.
    end: u64,
}

impl Lines {
    fn new(mut file: File, start: u64) -> io::Result<Lines> {
        Ok(Lines {
            position: file.seek(SeekFrom::Start(start))?,
            end: file.metadata()?.len(),
            file: BufReader::new(file),
        })
    }

    /// The next answer, and the index of its window.
    fn answer(&mut self) -> io::Result<Option<(usize, Snapshot)>> {
        let start = self.position;
        let record: Option<Record> = self.next()?;
        let answer = record.map(|record| record.into_snapshot().ok_or_else(|| damaged(start)));
        answer.transpose()
    }

    /// The next line; none at the end, nor where a crash has torn the last one.
    fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let mut line = Vec::new();
        let end = self.position + self.file.read_until(b'\n', &mut line)? as u64;
        let whole = Some(&line).filter(|line| line.ends_with(b"\n"));
        let value = whole.and_then(|line| serde_json::from_slice(line).ok());
        if value.is_some() {
            self.position = end;
        } else if end < self.end {
            return Err(damaged(self.position));
        }
        Ok(value)
    }
}

fn damaged(position: u64) -> io::Error {
    io::Error::other(format!(
        "damaged after {position} bytes, which are whole: cut it with `truncate --size {position}` and go on with --resume"
    ))
}

#[cfg(test)]
pub(super) mod tests;

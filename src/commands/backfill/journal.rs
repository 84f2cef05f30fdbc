//! The journal: every answer as it came, one line each, appended and never changed. The finished files are
//! made from it alone, so they are the same however often a backfill was interrupted.
//!
//! A line is a checksum and a JSON text. The first holds the parameters, the others the answers in the
//! order of the plan, so that how many there are says where to go on. What a crash tore off the last
//! line is cut away; it is asked for again.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::parameters::Parameters;
use super::plan::{Month, Point};
use super::record::Record;
use eightxeight::answer::Snapshot;

/// Its name in the output directory.
pub const NAME: &str = "backfill.journal";

/// After a power failure no more than this much time's answers are asked for again. A kill loses none.
const LONGEST_UNSYNCED: Duration = Duration::from_secs(5);

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is one, or what an earlier backfill made, and nobody said to go on.
    #[error(
        "--output: {0} holds an earlier backfill: go on with --resume, or choose another directory"
    )]
    Exists(PathBuf),
    /// There are finished files and no journal that they come from.
    #[error(
        "--output: {0} holds finished files but no journal to go on from: choose another directory"
    )]
    Lost(PathBuf),
    /// It belongs to a backfill with other parameters.
    #[error(
        "--resume: the backfill in {path} has other parameters: {differences}; give the same ones, or choose another directory"
    )]
    Differs {
        /// The directory.
        path: PathBuf,
        /// Which, and what they were.
        differences: String,
    },
    /// A line before the last is not as it was written, or not what belongs there.
    #[error(
        "{path}: damaged at line {line}; what comes before it is whole: cut the file there and go on with --resume"
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Another process has it open.
    #[error("--output: another backfill is at work in {0}")]
    Locked(PathBuf),
    /// The system refuses to read or write it.
    #[error("{path}: {source}")]
    Io {
        /// The journal or its directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// Whether another way to call the command would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, JournalError::Damaged { .. } | JournalError::Io { .. })
    }
}

/// A journal that is open for appending. Dropping it lets others use it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    done: usize,
    segments: Vec<Segment>,
    synced: Instant,
}

/// The part of a journal that holds a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which month.
    pub month: Month,
    /// Where its first line begins.
    pub start: u64,
    /// Where its last line ends.
    pub end: u64,
    /// How many PBXs its answers hold, added up.
    pub rows: usize,
}

impl Journal {
    /// Opens the journal in a directory, which is made if need be. The answers in it must be those to the
    /// first of `points`.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    pub fn open(
        directory: &Path,
        parameters: &Parameters,
        points: impl Iterator<Item = Point>,
        resume: bool,
    ) -> Result<Journal, JournalError> {
        let path = directory.join(NAME);
        let in_directory = |source| JournalError::Io {
            path: directory.to_owned(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(in_directory)?;
        let finished = super::month::any(directory).map_err(in_directory)?;
        let exists = path.try_exists().map_err(in_directory)?;
        match (exists, finished, resume) {
            (true, _, false) | (false, true, false) => {
                return Err(JournalError::Exists(directory.to_owned()));
            }
            (false, true, true) => return Err(JournalError::Lost(directory.to_owned())),
            _ => {}
        }
        let io = |source| JournalError::Io {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let file = options.open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::Locked(directory.to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut journal = Journal {
            path: path.clone(),
            file,
            length: 0,
            done: 0,
            segments: Vec::new(),
            synced: Instant::now(),
        };
        if !journal.read(directory, parameters, points)? {
            journal.write(&parameters.to_json()).map_err(io)?;
            journal.sync().map_err(io)?;
        }
        Ok(journal)
    }

    /// How many answers it holds.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Its months in the order of time. Only of the last can anything be missing.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Appends the answer to a point. When that fails, the journal is as it was before.
    ///
    /// # Errors
    ///
    /// When the file can't be written, for example because the disk is full.
    pub fn append(&mut self, point: Point, snapshot: &Snapshot) -> Result<(), JournalError> {
        let record = Record::new(point.window, snapshot);
        let start = self.length;
        self.write(&record.to_json())
            .and_then(|()| {
                if self.synced.elapsed() >= LONGEST_UNSYNCED {
                    self.sync()?;
                }
                Ok(())
            })
            .map_err(|source| JournalError::Io {
                path: self.path.clone(),
                source,
            })?;
        self.note(point, snapshot.answer.rows.len(), start, self.length);
        Ok(())
    }

    /// Takes the journal away if it holds no answer.
    pub fn discard(self) {
        if self.done == 0 {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// Makes sure that all of it survives a power failure.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = Instant::now();
        Ok(())
    }

    /// Reads a segment's answers, each with the index of its window.
    ///
    /// # Errors
    ///
    /// What the system says, or that the file was changed meanwhile.
    pub fn read_segment(
        path: &Path,
        segment: Segment,
        mut see: impl FnMut(usize, Snapshot),
    ) -> io::Result<()> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(segment.start))?;
        let mut lines = BufReader::new(file.take(segment.end - segment.start));
        let mut line = Vec::new();
        while read_line(&mut lines, &mut line)? {
            let record = text_of(&line).and_then(Record::from_json);
            let (window, snapshot) = record
                .ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidData, "the journal was changed")
                })?
                .into_snapshot();
            see(window, snapshot);
        }
        Ok(())
    }

    /// Reads what is there. False when it has not even parameters.
    fn read(
        &mut self,
        directory: &Path,
        parameters: &Parameters,
        mut points: impl Iterator<Item = Point>,
    ) -> Result<bool, JournalError> {
        let path = self.path.clone();
        let io = |source| JournalError::Io {
            path: path.clone(),
            source,
        };
        let damaged = |line| JournalError::Damaged {
            path: path.clone(),
            line,
        };
        let file = self.file.try_clone().map_err(io)?;
        let whole = file.metadata().map_err(io)?.len();
        let mut lines = BufReader::new(file);
        let (mut number, mut line) = (0, Vec::new());
        while read_line(&mut lines, &mut line).map_err(io)? {
            number += 1;
            let start = self.length;
            let end = start + line.len() as u64;
            let Some(text) = text_of(&line) else {
                if end == whole {
                    break; // Torn off by a crash.
                }
                return Err(damaged(number));
            };
            if number == 1 {
                let differences = parameters.differences(text).ok_or_else(|| damaged(1))?;
                if !differences.is_empty() {
                    return Err(JournalError::Differs {
                        path: directory.to_owned(),
                        differences: differences.join("; "),
                    });
                }
            } else {
                let record = Record::from_json(text).ok_or_else(|| damaged(number))?;
                let point = points.next().filter(|point| record.answers(*point));
                let point = point.ok_or_else(|| damaged(number))?;
                self.note(point, record.rows(), start, end);
            }
            self.length = end;
        }
        if self.length < whole {
            self.file.set_len(self.length).map_err(io)?;
        }
        Ok(self.length > 0)
    }

    fn note(&mut self, point: Point, rows: usize, start: u64, end: u64) {
        self.done += 1;
        let month = Month::of(point.period.end);
        match self.segments.last_mut() {
            Some(segment) if segment.month == month => {
                segment.end = end;
                segment.rows += rows;
            }
            _ => self.segments.push(Segment {
                month,
                start,
                end,
                rows,
            }),
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let line = format!("{:08x} {text}\n", crc32fast::hash(text.as_bytes()));
        let written = self.file.write_all(line.as_bytes());
        match written {
            Ok(()) => self.length += line.len() as u64,
            // Half a line on a full disk. Cutting it off needs no space; should it fail, the next
            // start does it.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written
    }
}

fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(lines.read_until(b'\n', line)? > 0)
}

/// The text of a whole line, if it is as it was written.
fn text_of(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, text) = line.split_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    (sum == crc32fast::hash(text.as_bytes())).then_some(text)
}

#[cfg(test)]
pub(super) mod tests;

//! The finished file of a month, made from the journal.
//!
//! `OpenMetrics` wants all samples of a family together and those of a series in the order of time, while
//! the journal has them by time. So a month is gathered before it is written, as many fields at a time as
//! fit into a bounded piece of memory: the journal is read once for each such set of fields.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::journal::{Journal, Segment};
use super::own;
use super::plan::Month;
use eightxeight::fields::Field;
use exposition::{Format, Kind, Writer, escape_labels, stream};

use crate::page::{GAUGES, metric};
use crate::telemetry::COLLECTION_SUCCESS;
use eightxeight::answer::Snapshot;
use eightxeight::window::Window;

/// What a month's gathered numbers may take. One field takes what it takes: 16 bytes for each PBX, window
/// and step of the month.
const MEMORY: usize = 64 * 1024 * 1024;

const PREFIX: &str = "eightxeight-";
const SUFFIX: &str = ".om";

/// How a file begins.
const BEGINNING: &str = "# HELP eightxeight_";

/// The path of a month's file.
#[must_use]
pub(crate) fn path(directory: &Path, month: Month) -> PathBuf {
    directory.join(format!("{PREFIX}{month}{SUFFIX}"))
}

/// Whether a directory holds such a file.
pub(super) fn any(directory: &Path) -> io::Result<bool> {
    let names = directory.read_dir()?.filter_map(Result::ok);
    let mut names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.any(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)))
}

/// Whether a backfill made the file, wholly or in part; false when there is none.
fn is_own(path: &Path) -> io::Result<bool> {
    match own::open(OpenOptions::new().read(true), path, BEGINNING) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What all months have in common.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) journal: PathBuf,
    pub(super) windows: Vec<Window>,
    pub(super) labels: BTreeMap<String, String>,
}

impl Source {
    /// Writes a month's file, unless it is there already. It appears under its name when it is whole.
    ///
    /// # Errors
    ///
    /// What the system says, or that somebody else's file has this name; nothing is left behind then.
    pub(super) fn write(&self, segment: Segment, path: &Path) -> io::Result<()> {
        self.write_within(MEMORY, segment, path)
    }

    fn write_within(&self, memory: usize, segment: Segment, path: &Path) -> io::Result<()> {
        if is_own(path)? {
            return Ok(());
        }
        let unfinished = path.with_extension("om.unfinished");
        if is_own(&unfinished)? {
            std::fs::remove_file(&unfinished)?;
        }
        let written = self
            .write_to(memory, segment, &unfinished)
            .and_then(|()| std::fs::rename(&unfinished, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        written?;
        // So that the name, too, survives a power failure.
        let directory = path.parent().unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()
    }

    fn write_to(&self, memory: usize, segment: Segment, path: &Path) -> io::Result<()> {
        let file = File::create_new(path)?;
        let mut read = Ok(());
        stream(Format::OpenMetrics, Box::new(file.try_clone()?), |writer| {
            read = self.write_families(memory, segment, writer);
        })?;
        read?;
        file.sync_all()
    }

    fn write_families(
        &self,
        memory: usize,
        segment: Segment,
        writer: &mut Writer,
    ) -> io::Result<()> {
        let mut answers = vec![Vec::new(); self.windows.len()];
        let for_each_field = segment.rows.max(1) * size_of::<f64>();
        let at_once = (memory / for_each_field)
            .saturating_sub(1)
            .clamp(1, Field::COUNT);
        for (turn, fields) in Field::ALL.chunks(at_once).enumerate() {
            let mut gathered = vec![BTreeMap::new(); self.windows.len()];
            Journal::read_segment(&self.journal, segment, |window, snapshot| {
                if let Some(series) = gathered.get_mut(window) {
                    gather(series, fields, &snapshot);
                }
                if let (0, Some(answers)) = (turn, answers.get_mut(window)) {
                    answers.push(answered(&snapshot));
                }
            })?;
            self.write_fields(writer, fields, &gathered);
        }
        self.write_answers(writer, &answers);
        Ok(())
    }

    fn write_fields(
        &self,
        writer: &mut Writer,
        fields: &[Field],
        gathered: &[BTreeMap<Box<str>, Series>],
    ) {
        let mut labels = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let metric = metric(*field);
            let mut family = writer.family(metric.name, Kind::Gauge, metric.help);
            for (window, series) in self.windows.iter().zip(gathered) {
                for (pbx_id, series) in series {
                    self.set_labels(&mut labels, Some(pbx_id), window);
                    let values = series.values.iter().skip(index).step_by(fields.len());
                    for (second, value) in series.seconds.iter().zip(values) {
                        if !value.is_nan() {
                            family.escaped_sample_at(&labels, *value, *second);
                        }
                    }
                }
            }
        }
    }

    fn write_answers(&self, writer: &mut Writer, answers: &[Vec<Answered>]) {
        let mut labels = Vec::new();
        let (success, help) = COLLECTION_SUCCESS;
        let gauges = GAUGES.iter().map(|gauge| (gauge.name, gauge.help));
        for (index, (name, help)) in gauges.chain([(success, help)]).enumerate() {
            let mut family = writer.family(name, Kind::Gauge, help);
            for (window, answers) in self.windows.iter().zip(answers) {
                self.set_labels(&mut labels, None, window);
                for (second, gauges) in answers {
                    // What is in the journal worked.
                    let value = gauges.get(index).copied().unwrap_or(1.0);
                    family.escaped_sample_at(&labels, value, *second);
                }
            }
        }
    }

    fn set_labels(&self, out: &mut Vec<u8>, pbx_id: Option<&str>, window: &Window) {
        let own = self
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let pbx_id = pbx_id.map(|pbx_id| ("pbx_id", pbx_id));
        let labels: Vec<_> = own
            .chain(pbx_id)
            .chain([("window", window.label())])
            .collect();
        out.clear();
        escape_labels(out, &labels, None);
    }
}

/// The numbers of a PBX in one window.
#[derive(Clone, Default)]
struct Series {
    seconds: Vec<i64>,
    /// In base units, for each second as many as there are fields; NaN where there is none.
    values: Vec<f64>,
}

fn gather(all: &mut BTreeMap<Box<str>, Series>, fields: &[Field], snapshot: &Snapshot) {
    for row in &snapshot.answer.rows {
        let series = all.entry(row.pbx_id.clone()).or_default();
        series.seconds.push(snapshot.period.end.as_second());
        let values = fields
            .iter()
            .map(|field| row.base(*field).unwrap_or(f64::NAN));
        series.values.extend(values);
    }
}

/// When an answer's window ended, and what is known of the answer beyond its numbers.
type Answered = (i64, [f64; GAUGES.len()]);

fn answered(snapshot: &Snapshot) -> Answered {
    let gauges = std::array::from_fn(|index| (GAUGES[index].value)(snapshot));
    (snapshot.period.end.as_second(), gauges)
}

#[cfg(test)]
mod tests;

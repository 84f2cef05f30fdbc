//! The finished file of a month, made from the journal.
//!
//! `OpenMetrics` wants all samples of a family together and those of a series in the order of time, while
//! the journal has them by time. So a month is gathered before it is written, as many fields at a time as
//! fit into a bounded piece of memory: the journal is read once for each such set of fields.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::journal::{Journal, Segment};
use super::{Job, own};
use eightxeight::answer::{Row, Snapshot};
use eightxeight::fields::Field;
use exposition::{Format, Kind, Writer, escape_labels, stream};

use crate::page::{GAUGES, metric};
use crate::telemetry::COLLECTION_SUCCESS;

/// What a month's gathered numbers may take. One field takes what it takes: 16 bytes for each PBX, window
/// and step of the month.
const MEMORY: usize = 64 * 1024 * 1024;

/// How a file begins.
const BEGINNING: &str = "# HELP eightxeight_";

/// Whether a backfill made the file, wholly or in part; false when there is none.
fn is_own(path: &Path) -> io::Result<bool> {
    Ok(own::open(OpenOptions::new().read(true), path, BEGINNING)?.is_some())
}

/// Writes a month's file, unless it is there already. It appears under its name when it is whole.
///
/// # Errors
///
/// What the system says, or that somebody else's file has this name; nothing is left behind then.
pub(super) fn write(job: &Job, segment: Segment, path: &Path) -> io::Result<()> {
    write_within(MEMORY, job, segment, path)
}

fn write_within(memory: usize, job: &Job, segment: Segment, path: &Path) -> io::Result<()> {
    if is_own(path)? {
        return Ok(());
    }
    let unfinished = path.with_extension("om.unfinished");
    if is_own(&unfinished)? {
        std::fs::remove_file(&unfinished)?;
    }
    let written = write_to(memory, job, segment, &unfinished)
        .and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written?;
    // So that the name, too, survives a power failure.
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn write_to(memory: usize, job: &Job, segment: Segment, path: &Path) -> io::Result<()> {
    let file = File::create_new(path)?;
    let mut read = Ok(());
    stream(Format::OpenMetrics, Box::new(file.try_clone()?), |writer| {
        read = write_families(memory, job, segment, writer);
    })?;
    read?;
    file.sync_all()
}

fn write_families(
    memory: usize,
    job: &Job,
    segment: Segment,
    writer: &mut Writer,
) -> io::Result<()> {
    let for_each_field = segment.rows.max(1) * size_of::<f64>();
    let at_once = (memory / for_each_field)
        .saturating_sub(1)
        .clamp(1, Field::COUNT);
    for fields in Field::ALL.chunks(at_once) {
        let families: Vec<_> = fields
            .iter()
            .map(|field| (metric(*field).name, metric(*field).help))
            .collect();
        write_set(job, segment, writer, &families, |snapshot| {
            let numbers = |row: &Row| {
                let numbers = fields.iter().map(|field| row.base(*field));
                numbers.map(|number| number.unwrap_or(f64::NAN)).collect()
            };
            let rows = snapshot.answer.rows.iter();
            rows.map(|row| (Some(row.pbx_id.clone()), numbers(row)))
                .collect()
        })?;
    }
    let gauges = GAUGES.iter().map(|gauge| (gauge.name, gauge.help));
    let families: Vec<_> = gauges.chain([COLLECTION_SUCCESS]).collect();
    write_set(job, segment, writer, &families, |snapshot| {
        let gauges = GAUGES.iter().map(|gauge| (gauge.value)(snapshot));
        // What is in the journal worked.
        vec![(None, gauges.chain([1.0]).collect())]
    })
}

/// The numbers of a PBX in one window, or of a window as a whole.
#[derive(Default)]
struct Series {
    seconds: Vec<i64>,
    /// In base units: for each second one for each family, NaN where there is none.
    numbers: Vec<f64>,
}

/// Writes the families of these names and help texts; `numbers` finds those of an answer, by PBX.
fn write_set(
    job: &Job,
    segment: Segment,
    writer: &mut Writer,
    families: &[(&str, &str)],
    numbers: impl Fn(&Snapshot) -> Vec<(Option<Box<str>>, Vec<f64>)>,
) -> io::Result<()> {
    let mut gathered: BTreeMap<_, Series> = BTreeMap::new();
    Journal::read_segment(&job.options.journal(), segment, |window, snapshot| {
        for (pbx_id, numbers) in numbers(&snapshot) {
            let series = gathered.entry((window, pbx_id)).or_default();
            series.seconds.push(snapshot.period.end.as_second());
            series.numbers.extend(numbers);
        }
    })?;
    let mut labels = Vec::new();
    for (index, (name, help)) in families.iter().enumerate() {
        let mut family = writer.family(name, Kind::Gauge, help);
        for ((window, pbx_id), series) in &gathered {
            labels.clear();
            escape_labels(
                &mut labels,
                &labels_of(job, *window, pbx_id.as_deref()),
                None,
            );
            let numbers = series.numbers.iter().skip(index).step_by(families.len());
            for (second, number) in series.seconds.iter().zip(numbers) {
                if !number.is_nan() {
                    family.escaped_sample_at(&labels, *number, *second);
                }
            }
        }
    }
    Ok(())
}

fn labels_of<'a>(job: &'a Job, window: usize, pbx_id: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let own = job.options.labels.iter();
    let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
    let pbx_id = pbx_id.map(|pbx_id| ("pbx_id", pbx_id));
    let window = job.account.collect.windows[window].label();
    own.chain(pbx_id).chain([("window", window)]).collect()
}

#[cfg(test)]
mod tests;

//! What a page says, and whether it is true.

use std::collections::BTreeMap;

use eightxeight::fields::Field;
use eightxeight::window::Period;
use eightxeight_exporter::page::metric;
use eightxeight_simulator::Simulator;
use jiff::Timestamp;

use super::tally::Tally;

pub(crate) const WINDOWS: [&str; 2] = ["1h", "today"];

/// What is looked at of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// The lines with 8x8's numbers.
    company: String,
    /// The periods that they cover, for each window.
    pub periods: [Option<Period>; 2],
    pub up: bool,
    pub refused: bool,
    /// Whether the last reload worked.
    pub reloaded: bool,
    pub memory: f64,
    pub descriptors: f64,
}

impl Page {
    pub(crate) fn read(text: &str) -> Page {
        let mut page = Page::default();
        let mut edges = [[None; 2]; 2];
        for line in text.lines() {
            if line.starts_with("eightxeight_company_") {
                page.company.push_str(line);
                page.company.push('\n');
                continue;
            }
            let Some((series, value)) = line.split_once(' ') else {
                continue;
            };
            let value = || value.parse().unwrap_or(f64::NAN);
            match series {
                "eightxeight_up" => page.up = value() > 0.0,
                "eightxeight_credentials_refused" => page.refused = value() > 0.0,
                "eightxeight_exporter_config_last_reload_successful" => {
                    page.reloaded = value() > 0.0;
                }
                "process_resident_memory_bytes" => page.memory = value(),
                "process_open_fds" => page.descriptors = value(),
                _ => {
                    if let Some((window, edge)) = edge(series) {
                        edges[window][edge] = instant(value());
                    }
                }
            }
        }
        page.periods = edges.map(|[start, end]| {
            Some(Period {
                start: start?,
                end: end?,
            })
        });
        page
    }

    pub(crate) fn has_data(&self) -> bool {
        !self.company.is_empty()
    }

    /// Whether it shows the same numbers.
    pub(crate) fn shows_what(&self, other: &Page) -> bool {
        self.company == other.company && self.periods == other.periods
    }

    /// Holds all samples of 8x8's against what the simulator truly answers for the periods on the page: each that
    /// should be there is, and no other.
    pub(crate) fn compare(&self, simulator: &Simulator, tally: &mut Tally) {
        let samples = self.company.lines().filter_map(|line| line.split_once(' '));
        let mut shown: BTreeMap<&str, &str> = samples.collect();
        tally.pages_compared += 1;
        tally.samples += shown.len() as u64;
        for (window, period) in WINDOWS.into_iter().zip(self.periods) {
            let Some(period) = period else { continue };
            for row in simulator.truth(period, simulator.now()) {
                for field in Field::ALL {
                    let Some(value) = row.base(field) else {
                        continue;
                    };
                    let name = metric(field).name;
                    let series = format!("{name}{{pbx_id=\"{}\",window=\"{window}\"}}", row.pbx_id);
                    let found = shown.remove(&*series);
                    let read = found.and_then(|text| text.parse::<f64>().ok());
                    if read.map(f64::to_bits) != Some(value.to_bits()) {
                        eprintln!("{series} is {found:?}, not {value}, for {period:?}");
                        tally.wrong_samples += 1;
                    }
                }
            }
        }
        for series in shown.keys() {
            eprintln!("{series} has no reason to be there");
            tally.wrong_samples += 1;
        }
    }
}

/// How much memory and how many descriptors the program has.
#[derive(Debug)]
pub(crate) struct Size {
    /// As many pages are looked at together, so that a crowd of scrapes comes and goes within them.
    many: u32,
    first: Option<(f64, f64)>,
    /// The least of both since they were last judged, and in how many pages.
    least: Option<(f64, f64)>,
    pages: u32,
}

impl Size {
    pub(crate) fn new(many: u32) -> Size {
        Size {
            many,
            first: None,
            least: None,
            pages: 0,
        }
    }

    pub(crate) fn note(&mut self, page: &Page, tally: &mut Tally) {
        let size = (page.memory, page.descriptors);
        self.first.get_or_insert(size);
        let (memory, descriptors) = self.least.unwrap_or(size);
        self.least = Some((memory.min(size.0), descriptors.min(size.1)));
        self.pages += 1;
        if self.pages == self.many {
            self.judge(tally);
        }
    }

    /// What is never given back has grown.
    pub(crate) fn judge(&mut self, tally: &mut Tally) {
        if let (Some(first), Some(least)) = (self.first, self.least.take()) {
            tally.memory_growth = tally.memory_growth.max(least.0 - first.0);
            tally.descriptor_growth = tally.descriptor_growth.max(least.1 - first.1);
        }
        self.pages = 0;
    }
}

/// Which window's start or end a series is.
fn edge(series: &str) -> Option<(usize, usize)> {
    let rest = series.strip_prefix("eightxeight_window_")?;
    let (edge, rest) = rest.split_once("_timestamp_seconds{window=\"")?;
    let window = WINDOWS
        .iter()
        .position(|window| rest.strip_suffix("\"}") == Some(window))?;
    Some((window, usize::from(edge == "end")))
}

fn instant(seconds: f64) -> Option<Timestamp> {
    #[allow(clippy::cast_possible_truncation)] // Windows begin and end with whole seconds.
    Timestamp::from_second(seconds as i64).ok()
}

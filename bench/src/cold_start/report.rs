//! What was measured, as a table or as one JSON document.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::bare::BareStart;
use super::emulator::Start;
use super::programs::{FUNCTIONS, HELLO_WORLD, Programs, Size};

/// How much CPU a start gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Speed {
    /// As much as it takes.
    Full,
    /// The share of a small function.
    Quota,
}

impl Speed {
    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Speed::Full => "full speed",
            Speed::Quota => "under the quota",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Speed::Full => "full_speed",
            Speed::Quota => "under_quota",
        }
    }
}

/// The figures of one program at one speed, one of each per start; times in milliseconds.
#[derive(Debug, Default)]
struct Figures {
    init: Vec<f64>,
    first: Vec<f64>,
    warm: Vec<f64>,
    memory_mib: Vec<f64>,
    bare_ready: Vec<f64>,
    bare_cpu: Vec<f64>,
}

/// Takes in what starts at one speed took.
pub(super) struct Samples<'a> {
    figures: &'a mut BTreeMap<(Speed, String), Figures>,
    speed: Speed,
}

impl Samples<'_> {
    fn of(&mut self, program: &str) -> &mut Figures {
        let key = (self.speed, program.to_owned());
        self.figures.entry(key).or_default()
    }

    /// One start of this program without the emulator.
    pub(super) fn add_bare(&mut self, program: &str, start: &BareStart) {
        let figures = self.of(program);
        figures.bare_ready.push(milliseconds(start.ready));
        figures.bare_cpu.push(milliseconds(start.cpu));
    }

    /// One start of this program under the emulator.
    pub(super) fn add(&mut self, program: &str, start: &Start) {
        let figures = self.of(program);
        figures.init.push(milliseconds(start.init));
        figures.first.push(milliseconds(start.first));
        let warm: Vec<f64> = start.warm.iter().copied().map(milliseconds).collect();
        figures.warm.push(median(&warm));
        figures.memory_mib.push(start.memory_kib as f64 / 1024.0);
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// See the [module](self).
pub(super) struct Report {
    rounds: u32,
    cpu_percent: u32,
    no_quota: Option<String>,
    sizes: BTreeMap<String, Size>,
    figures: BTreeMap<(Speed, String), Figures>,
    measured_at: String,
    machine: Value,
    load_average: [String; 2],
}

impl Report {
    /// An empty one; notes machine, date and load.
    pub(super) fn new(
        rounds: u32,
        cpu_percent: u32,
        no_quota: Option<String>,
        programs: &Programs,
    ) -> Result<Report> {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
        let n_cores = std::thread::available_parallelism().map_or(0, usize::from);
        Ok(Report {
            rounds,
            cpu_percent,
            no_quota,
            sizes: programs.sizes.clone(),
            figures: BTreeMap::new(),
            measured_at: format!("{:.0}", jiff::Timestamp::now()),
            machine: json!({ "cpu": model, "cores": n_cores, "architecture": std::env::consts::ARCH }),
            load_average: [load_average(), String::new()],
        })
    }

    /// Takes figures of this speed.
    pub(super) fn samples(&mut self, speed: Speed) -> Samples<'_> {
        Samples {
            figures: &mut self.figures,
            speed,
        }
    }

    /// To be called when everything is measured.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.load_average[1] = load_average();
        Ok(())
    }

    /// One document; read back by `--before`.
    pub(super) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(&self.document())?)
    }

    fn document(&self) -> Value {
        let mut functions = Map::new();
        let mut ratios = Map::new();
        for program in self.programs() {
            let mut entry = Map::new();
            if let Some(size) = self.sizes.get(program) {
                entry.insert("zip_bytes".to_owned(), json!(size.zip_bytes));
                entry.insert("program_bytes".to_owned(), json!(size.program_bytes));
            }
            for speed in [Speed::Full, Speed::Quota] {
                if let Some(summary) = self.summary(speed, program) {
                    entry.insert(speed.key().to_owned(), summary);
                }
            }
            if program != HELLO_WORLD {
                ratios.insert(
                    program.to_owned(),
                    entry[Speed::Full.key()]["ratio_to_hello_world"].clone(),
                );
            }
            functions.insert(program.to_owned(), Value::Object(entry));
        }
        json!({
            "ratio_to_hello_world": ratios,
            "measured_at": self.measured_at,
            "machine": self.machine,
            "load_average_before_and_after": self.load_average,
            "rounds": self.rounds,
            "cpu_quota_percent": self.no_quota.is_none().then_some(self.cpu_percent),
            "no_cpu_quota_because": self.no_quota,
            "functions": functions,
        })
    }

    fn programs(&self) -> impl Iterator<Item = &'static str> {
        let measured = |program: &&str| {
            self.figures
                .contains_key(&(Speed::Full, (*program).to_owned()))
        };
        [HELLO_WORLD]
            .into_iter()
            .chain(FUNCTIONS)
            .filter(measured)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn summary(&self, speed: Speed, program: &str) -> Option<Value> {
        let figures = self.figures.get(&(speed, program.to_owned()))?;
        let hello = self.figures.get(&(speed, HELLO_WORLD.to_owned()))?;
        let mut summary = json!({
            "init_ms": spread(&figures.init),
            "first_request_ms": spread(&figures.first),
            "warm_request_ms": spread(&figures.warm),
            "memory_mib": rounded(median(&figures.memory_mib)),
            "ratio_to_hello_world": rounded(median(&figures.init) / median(&hello.init)),
            "ratio_of_fastest": rounded(least(&figures.init) / least(&hello.init)),
        });
        if !figures.bare_ready.is_empty() {
            summary["without_emulator"] = json!({
                "ready_ms": spread(&figures.bare_ready),
                "cpu_ms": spread(&figures.bare_cpu),
                "ratio_to_hello_world": rounded(median(&figures.bare_ready) / median(&hello.bare_ready)),
                "ratio_of_cpu": rounded(median(&figures.bare_cpu) / median(&hello.bare_cpu)),
            });
        }
        Some(summary)
    }

    /// For people; with the figures of an earlier document beside today's.
    pub(super) fn table(&self, before: Option<&Value>) -> String {
        let today = self.document();
        let mut text = format!(
            "cold starts under the Lambda runtime interface emulator, {}\n{} x {}, load {} to {}; {} rounds; \
             medians, the fastest in brackets; ms\n\
             CPU ms: used until ready in a start without the emulator\n",
            self.measured_at,
            self.machine["cores"],
            self.machine["cpu"].as_str().unwrap_or_default(),
            self.load_average[0],
            self.load_average[1],
            self.rounds,
        );
        for speed in [Speed::Full, Speed::Quota] {
            let title = match (speed, &self.no_quota) {
                (Speed::Full, _) => "full speed".to_owned(),
                (Speed::Quota, None) => format!("{} % of one CPU", self.cpu_percent),
                (Speed::Quota, Some(reason)) => {
                    let _infallible = writeln!(text, "\nno figures under a quota: {reason}");
                    continue;
                }
            };
            let _infallible = writeln!(
                text,
                "\n{title}\n{:<12} {:>16} {:>7} {:>16} {:>16} {:>6} {:>7} {:>8} {:>9}",
                "",
                "to ready",
                "x hello",
                "first request",
                "warm request",
                "MiB",
                "zip kB",
                "CPU ms",
                "x hello"
            );
            for program in self.programs() {
                if let Some(before) = before {
                    text.push_str(&line(before, speed, program, "before"));
                }
                text.push_str(&line(&today, speed, program, program));
            }
        }
        text.trim_end().to_owned()
    }
}

/// One line of the table out of a document; empty if it holds nothing of this.
fn line(document: &Value, speed: Speed, program: &str, label: &str) -> String {
    let entry = &document["functions"][program];
    let figures = &entry[speed.key()];
    if figures.is_null() {
        return String::new();
    }
    let pair = |name: &str| {
        let median = figures[name]["median"].as_f64().unwrap_or_default();
        let least = figures[name]["least"].as_f64().unwrap_or_default();
        format!("{median:.1} ({least:.1})")
    };
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let bare = &figures["without_emulator"];
    let cpu = match bare["cpu_ms"]["median"].as_f64() {
        Some(cpu) => format!("{cpu:>8.2} {:>9.2}", number(&bare["ratio_of_cpu"])),
        None => String::new(),
    };
    format!(
        "{:<12} {:>16} {:>7.2} {:>16} {:>16} {:>6.1} {:>7.0} {cpu}\n",
        label,
        pair("init_ms"),
        number(&figures["ratio_to_hello_world"]),
        pair("first_request_ms"),
        pair("warm_request_ms"),
        number(&figures["memory_mib"]),
        number(&entry["zip_bytes"]) / 1000.0,
    )
}

/// Reads an earlier document.
pub(super) fn read(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}

fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn spread(values: &[f64]) -> Value {
    let most = values.iter().copied().fold(0.0, f64::max);
    json!({
        "median": rounded(median(values)),
        "least": rounded(least(values)),
        "most": rounded(most),
    })
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, &sorted[..]) {
        (_, []) => 0.0,
        (1, values) => values[middle],
        (_, values) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn the_document_names_the_ratio_of_each_function_at_the_top() {
        let start = |init| Start {
            init: Duration::from_millis(init),
            first: Duration::from_millis(5),
            warm: vec![Duration::from_millis(1)],
            memory_kib: 2048,
            answers: Vec::new(),
        };
        let mut report = Report {
            rounds: 1,
            cpu_percent: 7,
            no_quota: Some("no groups".to_owned()),
            sizes: BTreeMap::new(),
            figures: BTreeMap::new(),
            measured_at: String::new(),
            machine: Value::Null,
            load_average: Default::default(),
        };
        let mut samples = report.samples(Speed::Full);
        samples.add(HELLO_WORLD, &start(4));
        samples.add("score", &start(5));
        let document = report.document();
        assert_eq!(document["ratio_to_hello_world"], json!({ "score": 1.25 }));
        assert_eq!(
            document["functions"]["score"]["full_speed"]["memory_mib"],
            2.0
        );
        assert!(report.table(Some(&document)).contains("before"));
    }
}

//! What a run prints: tables for people, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

use super::checks::{Findings, Share};
use super::histogram::Quantiles;
use super::process::{Files, Usage};

/// Everything that was measured.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Report {
    /// `embedded`, or the address of a running Leadline.
    pub(super) target: String,
    pub(super) started_at: String,
    pub(super) cores: usize,
    /// Of the best step or, without steps, of the whole run.
    pub(super) accepted_per_s: f64,
    pub(super) owned_per_s: f64,
    pub(super) accept_ms: Option<Quantiles>,
    pub(super) owner_ms: Option<Quantiles>,
    pub(super) phases: Vec<Phase>,
    pub(super) growth: Vec<Growth>,
    pub(super) soak: Option<Soak>,
    pub(super) outcome: Outcome,
    pub(super) usage: Option<Usage>,
    pub(super) files: Option<Files>,
}

/// One stretch of posting at one rate, until everybody had an owner.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Phase {
    /// Posts a second that were scheduled; 0 when they followed the owners.
    pub(super) rate: f64,
    pub(super) posts: u64,
    pub(super) accepted_per_s: f64,
    /// New leads by the time from the first scheduled post to the last owner.
    pub(super) owned_per_s: f64,
    pub(super) accept_ms: Quantiles,
    pub(super) owner_ms: Quantiles,
    /// Leads without an owner when the last post was answered.
    pub(super) behind: u64,
    /// Processor time of Leadline for each post, everything included: HTTP, engines, journal, log.
    pub(super) cpu_ms_per_lead: Option<f64>,
    /// Processor time of this generator for each post.
    pub(super) generator_cpu_ms_per_lead: f64,
    /// Of all processors together, how much was used by both while it lasted, from 0 to 1.
    pub(super) busy: Option<f64>,
    pub(super) rss_mb: Option<f64>,
}

/// What a table of some size does.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Growth {
    pub(super) leads: u64,
    /// Leads a second over the last tenth of the way to this size, or all of it.
    pub(super) filled_per_s: f64,
    pub(super) fill_cpu_ms_per_lead: Option<f64>,
    /// At the fixed rate.
    pub(super) phase: Phase,
    pub(super) usage: Option<Usage>,
    pub(super) files: Option<Files>,
}

/// A long run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Soak {
    pub(super) seconds: u64,
    pub(super) rate: f64,
    pub(super) samples: Vec<Sample>,
    /// Least squares over the samples of the second half, in megabytes an hour.
    pub(super) rss_slope_mb_per_hour: f64,
    /// The same for each lead that came in, in bytes.
    pub(super) rss_slope_bytes_per_lead: f64,
    pub(super) generator_rss_slope_mb_per_hour: f64,
}

/// One look during a soak.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    pub(super) second: f64,
    pub(super) accepted: u64,
    pub(super) owned: u64,
    pub(super) rss_mb: f64,
    pub(super) generator_rss_mb: f64,
    pub(super) cpu_s: f64,
    pub(super) files: Files,
    /// Since the last look.
    pub(super) accept_ms: Quantiles,
    pub(super) owner_ms: Quantiles,
}

/// Whether everything came out.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Outcome {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    pub(super) awaited: u64,
    pub(super) owned: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) strangers: u64,
    pub(super) webhooks: u64,
    pub(super) lookups: Findings,
    pub(super) shares: Vec<Share>,
    /// Lines of the process's log that are warnings or errors.
    pub(super) complaints: Option<u64>,
}

impl Outcome {
    /// Nothing lost, doubled or refused, and nothing wrong in what was looked up.
    pub(super) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.refused + self.failed + self.strangers + self.lookups.wrong
            == 0
    }
}

/// Writes a line for the person at the terminal.
pub(super) fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Writes a line that is no result.
pub(super) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The head of a table of phases.
pub(super) fn phase_head() -> String {
    format!(
        "{:>8} {:>8} {:>9} {:>9} | {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8} | {:>7} {:>7} {:>7} {:>5} {:>8}",
        "rate/s",
        "posts",
        "accept/s",
        "owned/s",
        "p50 ms",
        "p99",
        "p99.9",
        "p50 ms",
        "p99",
        "p99.9",
        "behind",
        "cpu ms",
        "gen ms",
        "busy",
        "RSS MB"
    )
}

/// What stands above it.
pub(super) fn phase_groups() -> String {
    format!(
        "{:>37} | {:^26} | {:^26} |",
        "", "post to 202", "post to owner"
    )
}

pub(super) fn phase_line(phase: &Phase) -> String {
    let rate = if phase.rate > 0.0 {
        format!("{:.0}", phase.rate)
    } else {
        "–".to_owned()
    };
    format!(
        "{rate:>8} {:>8} {:>9.1} {:>9.1} | {:>8.2} {:>8.2} {:>8.2} | {:>8.2} {:>8.2} {:>8.2} | {:>7} {:>7} {:>7.3} {:>5} {:>8}",
        phase.posts,
        phase.accepted_per_s,
        phase.owned_per_s,
        phase.accept_ms.p50,
        phase.accept_ms.p99,
        phase.accept_ms.p99_9,
        phase.owner_ms.p50,
        phase.owner_ms.p99,
        phase.owner_ms.p99_9,
        phase.behind,
        maybe(phase.cpu_ms_per_lead, 3),
        phase.generator_cpu_ms_per_lead,
        maybe(phase.busy, 2),
        maybe(phase.rss_mb, 0),
    )
}

pub(super) fn growth_head() -> String {
    format!(
        "{:>9} {:>10} {:>9} | {:>8} {:>8} | {:>8} {:>8} | {:>8} {:>9} {:>8} {:>8}",
        "leads",
        "filling/s",
        "cpu ms",
        "202 p50",
        "p99",
        "own p50",
        "p99",
        "RSS MB",
        "table MB",
        "WAL MB",
        "queue MB"
    )
}

pub(super) fn growth_line(growth: &Growth) -> String {
    let files = growth.files.unwrap_or_default();
    format!(
        "{:>9} {:>10.1} {:>9} | {:>8.2} {:>8.2} | {:>8.2} {:>8.2} | {:>8} {:>9.1} {:>8.1} {:>8.1}",
        growth.leads,
        growth.filled_per_s,
        maybe(growth.fill_cpu_ms_per_lead, 3),
        growth.phase.accept_ms.p50,
        growth.phase.accept_ms.p99,
        growth.phase.owner_ms.p50,
        growth.phase.owner_ms.p99,
        maybe(growth.usage.map(|usage| usage.rss_mb), 0),
        files.table_mb,
        files.wal_mb,
        files.queues_mb,
    )
}

pub(super) fn sample_head() -> String {
    format!(
        "{:>7} {:>9} {:>9} | {:>8} {:>8} | {:>8} {:>8} {:>8} | {:>8} {:>8} {:>9} {:>7} {:>8}",
        "second",
        "accepted",
        "owned",
        "202 p50",
        "p99.9",
        "own p50",
        "p99",
        "p99.9",
        "RSS MB",
        "gen MB",
        "table MB",
        "WAL MB",
        "queue MB"
    )
}

pub(super) fn sample_line(sample: &Sample) -> String {
    format!(
        "{:>7.0} {:>9} {:>9} | {:>8.2} {:>8.2} | {:>8.2} {:>8.2} {:>8.2} | {:>8.1} {:>8.1} {:>9.1} {:>7.1} {:>8.1}",
        sample.second,
        sample.accepted,
        sample.owned,
        sample.accept_ms.p50,
        sample.accept_ms.p99_9,
        sample.owner_ms.p50,
        sample.owner_ms.p99,
        sample.owner_ms.p99_9,
        sample.rss_mb,
        sample.generator_rss_mb,
        sample.files.table_mb,
        sample.files.wal_mb,
        sample.files.queues_mb,
    )
}

/// The end of every run.
pub(super) fn outcome_lines(outcome: &Outcome) -> Vec<String> {
    let mut lines = vec![format!(
        "accepted {}, refused {}, without an answer {}; owners awaited {}, owned {}, LOST {}, DOUBLED {}; webhooks {}, of strangers {}",
        outcome.accepted,
        outcome.refused,
        outcome.failed,
        outcome.awaited,
        outcome.owned,
        outcome.lost,
        outcome.doubled,
        outcome.webhooks,
        outcome.strangers,
    )];
    lines.push(format!(
        "looked up through the API {}, wrong {}{}",
        outcome.lookups.looked_up,
        outcome.lookups.wrong,
        outcome
            .lookups
            .first_wrong
            .as_deref()
            .map(|first| format!(" ({first})"))
            .unwrap_or_default()
    ));
    for share in &outcome.shares {
        lines.push(format!(
            "{:>10} {:<8} {:>8} leads, by weight {:.1}",
            share.pool, share.rep, share.leads, share.expected
        ));
    }
    if let Some(complaints) = outcome.complaints {
        lines.push(format!(
            "warnings and errors in the log of the process: {complaints}"
        ));
    }
    lines
}

fn maybe(number: Option<f64>, digits: usize) -> String {
    number.map_or_else(|| "–".to_owned(), |number| format!("{number:.digits$}"))
}

/// The slope of the line that fits best, per unit of x.
pub(super) fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    if points.len() < 2 {
        return 0.0;
    }
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let across: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let along: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if along == 0.0 { 0.0 } else { across / along }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_line_is_its_own() {
        let points: Vec<(f64, f64)> = (0..20)
            .map(|x| (f64::from(x), 3.0 - 2.0 * f64::from(x)))
            .collect();
        assert!((slope(&points) + 2.0).abs() < 1e-9);
        assert_eq!(slope(&points[..1]), 0.0);
    }

    #[test]
    fn a_lost_or_a_doubled_lead_is_not_clean() {
        assert!(Outcome::default().is_clean());
        for outcome in [
            Outcome {
                lost: 1,
                ..Outcome::default()
            },
            Outcome {
                doubled: 1,
                ..Outcome::default()
            },
        ] {
            assert!(!outcome.is_clean());
        }
    }
}

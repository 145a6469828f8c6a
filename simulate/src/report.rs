//! What a long run prints: how many seeds, what they met, and what failed, as a table or as JSON.
#![allow(clippy::print_stdout, reason = "a command that prints its result")]

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fault::Coverage;
use crate::shrink::Shrunk;
use crate::story::Story;
use crate::world::Run;

/// The result of many seeds.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) first: u64,
    pub(crate) seeds: u64,
    pub(crate) seconds: f64,
    pub(crate) broken: Option<String>,
    pub(crate) failed: Vec<Failure>,
    pub(crate) calls: u64,
    pub(crate) faults: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) events: BTreeMap<&'static str, u64>,
}

/// A seed that broke an invariant.
#[derive(Serialize)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    pub(crate) violations: Vec<String>,
}

/// Faults by kind and operation.
pub(crate) fn faults_of(coverage: &Coverage) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut faults: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for ((fault, operation), count) in &coverage.faults {
        *faults
            .entry(fault.to_string())
            .or_default()
            .entry(operation.clone())
            .or_default() += count;
    }
    faults
}

pub(crate) fn print(report: &Report) {
    println!(
        "seeds {} to {}: {:.0} s, {} calls of handlers",
        report.first,
        report.first + report.seeds - 1,
        report.seconds,
        report.calls
    );
    println!();
    println!("{:<40} {:>9}  to", "fault", "times");
    for (fault, operations) in &report.faults {
        let all: u64 = operations.values().sum();
        let to: Vec<String> = operations
            .iter()
            .map(|(operation, count)| format!("{operation} {count}"))
            .collect();
        println!("{fault:<40} {all:>9}  {}", to.join(", "));
    }
    println!();
    for (event, count) in &report.events {
        println!("{event:<40} {count:>9}");
    }
    println!();
    println!(
        "{} of {} seeds broke an invariant",
        report.failed.len(),
        report.seeds
    );
    for failure in report.failed.iter().take(20) {
        println!("  seed {}: {}", failure.seed, failure.violations.join("; "));
    }
}

/// One run in full.
pub(crate) fn print_run(story: &Story, run: &Run) {
    print!("{story}");
    for happened in &run.happened {
        println!(
            "  call {} of {}, {}: {}",
            happened.nth, happened.function, happened.operation, happened.fault
        );
    }
    for (event, count) in &run.coverage.events {
        println!("  {event}: {count}");
    }
    print_violations(&run.violations);
    println!("trace {:016x}", run.trace);
}

/// A failing story, made small.
pub(crate) fn print_shrunk(shrunk: &Shrunk) {
    println!(
        "shrunk in {} runs to {} steps:",
        shrunk.tries,
        shrunk.story.steps.len()
    );
    print!("{}", shrunk.story);
    for happened in &shrunk.run.happened {
        println!(
            "  ({} of {} is {})",
            happened.nth, happened.function, happened.operation
        );
    }
    print_violations(&shrunk.run.violations);
}

fn print_violations(violations: &[String]) {
    if violations.is_empty() {
        println!("every invariant holds");
    }
    for violation in violations {
        println!("BROKEN {violation}");
    }
}

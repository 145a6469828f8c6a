//! A whole Leadline in a world driven by one seed: the real handlers and the real SDK clients over the embedded engines,
//! with a network between them that loses, doubles, delays and refuses as the seed says, in paused time on one thread.
//! After each run the invariants are checked. A seed that breaks one is printed, runs the same again, and is shrunk.
//!
//! It changes nothing outside of itself: no file, no port, no network.
#![allow(clippy::print_stdout, reason = "a command that prints its result")]

mod broken;
mod checks;
mod clients;
mod configuration;
mod contracts;
mod dice;
mod engines;
mod fault;
mod outside;
mod report;
mod senders;
mod shrink;
mod story;
#[cfg(test)]
mod tests;
mod wire;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use broken::Broken;
use engines::Place;
use fault::Coverage;
use report::{Failure, Report};
use story::Story;

/// A run is mostly small allocations, which this one makes faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time that shrinking one failure may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs Leadline in simulated worlds and checks its invariants.
///
/// Example: cargo run --release -p simulate -- --seeds 100000
#[derive(Parser)]
struct Options {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Run this one seed and print everything about it.
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Take a safeguard out, to see that it is missed.
    #[arg(long)]
    broken: Option<Broken>,
    /// Take each safeguard out in turn, and print the first seed that misses it with its shrunk story.
    #[arg(long, conflicts_with_all = ["seed", "broken"])]
    every_broken: bool,
    /// Threads; each runs seeds of its own.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Let the engines keep everything in files, as `leadline dev` does. Slower, and a run is not quite the same each time.
    #[arg(long)]
    on_files: bool,
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(seed) = options.seed {
        return one(seed, options.broken, options.place());
    }
    if options.every_broken {
        return every_broken(&options);
    }
    let report = many(&options)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report::print(&report);
        if let Some(first) = report.failed.iter().map(|failure| failure.seed).min() {
            let story = Story::of(first);
            let run = world::run(&story, options.broken, options.place())?;
            println!(
                "\nthe first of them, run again and shrunk: cargo run --release -p simulate -- --seed {first}"
            );
            report::print_shrunk(&shrink::shrink(&story, run, options.broken, PATIENCE));
        }
    }
    anyhow::ensure!(
        report.failed.is_empty(),
        "{} seeds broke an invariant",
        report.failed.len()
    );
    Ok(())
}

impl Options {
    fn place(&self) -> Place {
        if self.on_files {
            Place::Files
        } else {
            Place::Memory
        }
    }
}

fn one(seed: u64, broken: Option<Broken>, place: Place) -> Result<()> {
    let story = Story::of(seed);
    let run = world::run(&story, broken, place)?;
    report::print_run(&story, &run);
    if run.violations.is_empty() {
        return Ok(());
    }
    println!();
    report::print_shrunk(&shrink::shrink(&story, run, broken, PATIENCE));
    anyhow::bail!("seed {seed} broke an invariant")
}

/// Shows for each variant that is broken on purpose which seed notices it.
fn every_broken(options: &Options) -> Result<()> {
    let mut unnoticed = Vec::new();
    for broken in Broken::ALL {
        let name = broken
            .to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default();
        let mut found = false;
        for seed in options.first..options.first + options.seeds {
            let story = Story::of(seed);
            let run = world::run(&story, Some(broken), options.place())?;
            if !run.violations.is_empty() {
                println!("== {name}: noticed by seed {seed}");
                report::print_shrunk(&shrink::shrink(&story, run, Some(broken), PATIENCE));
                println!();
                found = true;
                break;
            }
        }
        if !found {
            unnoticed.push(name);
        }
    }
    anyhow::ensure!(
        unnoticed.is_empty(),
        "not noticed in {} seeds: {}",
        options.seeds,
        unnoticed.join(", ")
    );
    Ok(())
}

fn many(options: &Options) -> Result<Report> {
    let started = Instant::now();
    let next = AtomicU64::new(options.first);
    let end = options.first + options.seeds;
    let gathered = Mutex::new((Coverage::default(), Vec::new()));
    std::thread::scope(|scope| -> Result<()> {
        let mut workers = Vec::new();
        for _ in 0..options.threads.max(1) {
            workers.push(scope.spawn(|| -> Result<()> {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return Ok(());
                    }
                    let run = world::run(&Story::of(seed), options.broken, options.place())?;
                    let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                    gathered.0.add(run.coverage);
                    if !run.violations.is_empty() {
                        gathered.1.push(Failure {
                            seed,
                            violations: run.violations,
                        });
                    }
                }
            }));
        }
        for worker in workers {
            worker
                .join()
                .map_err(|_| anyhow::anyhow!("a run panicked"))??;
        }
        Ok(())
    })?;
    let (coverage, mut failed) = gathered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|failure| failure.seed);
    Ok(Report {
        first: options.first,
        seeds: options.seeds,
        seconds: started.elapsed().as_secs_f64(),
        broken: options
            .broken
            .and_then(|broken| broken.to_possible_value())
            .map(|value| value.get_name().to_owned()),
        failed,
        calls: coverage.events.get("calls").copied().unwrap_or(0),
        faults: report::faults_of(&coverage),
        events: coverage.events,
    })
}

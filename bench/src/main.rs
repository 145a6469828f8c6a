//! Measures what Leadline promises: load, cost, the ledger, cold start. Each prints a table, or one JSON document with `--json`.

mod cold_start;
mod cost;
mod ledger;
mod load;
mod people;

use clap::{Parser, Subcommand};

/// What `leadline` allocates with: `load --handlers` measures the handlers as they run there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Leadline.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Leads per second, latencies, memory and growth of a running Leadline.
    Load(load::Options),
    /// Calls and units of AWS per lead, and what a million costs.
    Cost(cost::Options),
    /// How long a ledger of many submissions takes to be counted, and to be asked.
    Ledger(ledger::Options),
    /// A file of invented people as CSV, to try `leadline import` with.
    People(people::Options),
    /// Time until a function answers, against a function that does nothing.
    ColdStart(cold_start::Options),
}

fn main() -> anyhow::Result<()> {
    platform::install_tls();
    match Options::parse().what {
        What::Load(options) => load::run(options),
        What::Cost(options) => cost::run(options),
        What::Ledger(options) => ledger::run(&options),
        What::People(options) => people::run(&options),
        What::ColdStart(options) => cold_start::run(options),
    }
}

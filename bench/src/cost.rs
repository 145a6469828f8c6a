//! Cost: what a lead costs on AWS. Every call of the real handlers is counted, on the embedded engines, with batches of
//! exactly 1, 3 and 10 messages; the counts are multiplied by one dated price list and set beside the theoretical floor,
//! naive designs, and what Leadline itself cost before.
//!
//! It calls nothing outside this process, and measures no time that AWS would take: that is assumed, in the price list.

mod designs;
mod kinds;
mod prices;
mod print;
mod report;
mod step;
#[cfg(test)]
mod tests;
mod units;
mod wire;
mod world;

use anyhow::Result;

use kinds::{Kind, measure};

/// Messages in a batch.
const FILLS: [i32; 3] = [1, 3, 10];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: Options) -> Result<()> {
    // One thread and a clock that jumps: what a batch waits for is the assumed latencies and nothing else.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    let report = runtime.block_on(measure_all())?;
    if options.json {
        print::json(&report)
    } else {
        print::tables(&report);
        Ok(())
    }
}

async fn measure_all() -> Result<report::Report> {
    let prices = prices::read()?;
    let mut measured = Vec::new();
    for kind in Kind::ALL {
        for fill in FILLS {
            measured.push(measure(kind, fill, &prices.assumptions).await?);
        }
    }
    report::Report::new(prices, designs::read()?, &measured)
}

//! How long the ledger of a busy day takes to be counted, and to be asked before and after: on the embedded table, through
//! the API's own handler.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use domain::decision::Outcome;
use domain::id::SubmissionId;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use table::{AcceptedThing, LedgerEntry, Record, Table};
use tests::World;
use tokio::task::JoinSet;

/// Writers at the same time.
const WRITERS: u64 = 64;

/// How long the schedule is waited for, at most.
const MAX_LOOKS: usize = 1_000;

/// How much.
#[derive(Args)]
pub(crate) struct Options {
    /// Submissions, evenly over a day.
    #[arg(long, default_value_t = 100_000)]
    submissions: u64,
}

/// Fills a day, and prints what takes how long.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(options.submissions))
}

async fn measure(submissions: u64) -> Result<()> {
    let config = domain::config::DEFAULT.replacen(
        "[sources.website]\n",
        "[sources.website]\nledger = true\n",
        1,
    );
    let world = World::configured(|_| config).await;
    let start = world.embedded.clock.now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let table = world.embedded.table.clone();
        writers.spawn(async move {
            for number in (writer..submissions).step_by(WRITERS as usize) {
                submit(&table, start, number, submissions).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    world.clock.advance(SignedDuration::from_hours(24));
    say(&format!("{submissions} submissions of a day"))?;
    ask(&world, "before they are counted", submissions, false).await?;
    let started = Instant::now();
    for _ in 0..MAX_LOOKS {
        world.embedded.recycle().await?;
        if world
            .embedded
            .table
            .newest_ledger_hour("website")
            .await?
            .is_some_and(|hour| hour.until >= start.as_second() + 86_400 - 3_600)
        {
            break;
        }
    }
    say(&format!("counted in {:.2?}", started.elapsed()))?;
    world.clock.advance(SignedDuration::from_mins(2));
    world.embedded.recycle().await?;
    world.meter.take();
    ask(&world, "after", submissions, true).await?;
    let read: f64 = world
        .meter
        .take()
        .values()
        .map(|tally| tally.read_units)
        .sum();
    say(&format!("read units of both answers: {read}"))?;
    world.end().await;
    Ok(())
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

async fn submit(table: &Table, start: Timestamp, number: u64, of: u64) -> Result<()> {
    let second = i64::try_from(number * 86_300 / of.max(1))?;
    let at = start.checked_add(SignedDuration::from_secs(second))?;
    let id = SubmissionId::from_bits(u128::from(number) + 1);
    let outcome = match number % 10 {
        0 => Outcome::Duplicate,
        1 => Outcome::Quarantined,
        _ => Outcome::Merged,
    };
    table
        .note_accepted(
            "website",
            LedgerEntry::new(at, AcceptedThing::Submission(id)),
        )
        .await?;
    let record = Record {
        id,
        source: "website".to_owned(),
        received_at: at,
        outcome,
        lead: None,
        repeats: None,
        quarantined: None,
    };
    Ok(table.record_submission(&record).await?)
}

async fn ask(world: &World, when: &str, submissions: u64, is_counted: bool) -> Result<()> {
    let to = world
        .embedded
        .clock
        .now()
        .checked_add(SignedDuration::from_secs(1))?;
    let from = tests::start();
    let ledger = timed(
        world,
        &format!("/v1/sources/website/ledger?from={from}&to={to}"),
    )
    .await?;
    let sources = timed(world, "/v1/sources").await?;
    say(&format!(
        "{when}: the ledger of the day in {:.2?}, all sources in {:.2?}",
        ledger.0, sources.0
    ))?;
    let total = &ledger.1["total"];
    ensure!(total["accepted"] == submissions, "accepted: {total}");
    ensure!(ledger.1["difference"] == 0, "the difference is not 0");
    if is_counted {
        ensure!(ledger.1["unchecked"] == 0, "some are unchecked");
        ensure!(total["quarantined"] == submissions.div_ceil(10), "{total}");
    }
    Ok(())
}

async fn timed(world: &World, target: &str) -> Result<(Duration, Value)> {
    let started = Instant::now();
    let answer = world.get(target).await;
    ensure!(answer.status == 200, "{target}: {}", answer.body);
    Ok((started.elapsed(), answer.body))
}

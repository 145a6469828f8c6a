//! From counts to money.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::designs::Design;
use super::kinds::{Kind, LEADS, Measured};
use super::prices::{Assumptions, Bill, Prices, Usage};
use super::step::{Spent, Step};

/// What this command said of the Leadline before its access patterns were worked on.
const BEFORE: &str = include_str!("before.json");

/// Everything that is printed.
pub(crate) struct Report {
    pub(crate) prices: Prices,
    pub(crate) rows: Vec<Row>,
    pub(crate) before: Before,
    pub(crate) designs: Vec<(String, Usage, f64)>,
    pub(crate) is_cpu_measured: bool,
}

/// A kind of lead at a fill.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    pub(crate) fill: i32,
    pub(crate) usage: Usage,
    /// Dollars per million behind a function URL.
    pub(crate) bill: Bill,
    pub(crate) usd_per_million: f64,
    pub(crate) usd_per_million_http_api: f64,
    pub(crate) steps: Vec<StepRow>,
    pub(crate) out_bytes: f64,
    pub(crate) stored_bytes: f64,
}

/// A step of a row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StepRow {
    pub(crate) step: &'static str,
    pub(crate) usage: Usage,
    pub(crate) bill: Bill,
    pub(crate) usd_per_million: f64,
    /// Calls of AWS for each lead.
    pub(crate) calls: BTreeMap<String, f64>,
    /// CPU of our own code for each record, in microseconds, as measured in this run.
    pub(crate) cpu_us_measured: f64,
    pub(crate) billed_ms_per_invocation: f64,
    pub(crate) largest_item_bytes: usize,
}

/// Figures of the Leadline before.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Before {
    pub(crate) measured: String,
    pub(crate) rows: Vec<BeforeRow>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct BeforeRow {
    pub(crate) kind: String,
    pub(crate) fill: i32,
    pub(crate) usage: Usage,
    pub(crate) usd_per_million: f64,
}

impl Before {
    pub(crate) fn row(&self, kind: &str, fill: i32) -> Option<&BeforeRow> {
        self.rows
            .iter()
            .find(|row| row.kind == kind && row.fill == fill)
    }
}

impl Report {
    pub(crate) fn new(prices: Prices, designs: Vec<Design>, measured: &[Measured]) -> Result<Self> {
        let is_cpu_measured = !cfg!(debug_assertions);
        let rows = measured
            .iter()
            .map(|one| row(one, &prices, is_cpu_measured))
            .collect();
        let designs = designs
            .into_iter()
            .map(|design| {
                let total = design.usage.per_million(&prices).total();
                (design.name, design.usage, total)
            })
            .collect();
        Ok(Self {
            prices,
            rows,
            before: serde_json::from_str(BEFORE)?,
            designs,
            is_cpu_measured,
        })
    }

    /// The figures of a kind at a fill.
    pub(crate) fn row(&self, kind: Kind, fill: i32) -> Result<&Row> {
        self.rows
            .iter()
            .find(|row| row.kind == kind.name() && row.fill == fill)
            .context("not measured")
    }
}

fn row(measured: &Measured, prices: &Prices, is_cpu_measured: bool) -> Row {
    let steps: Vec<StepRow> = Step::ALL
        .into_iter()
        .filter_map(|step| measured.by_step.get(&step).map(|spent| (step, spent)))
        .map(|(step, spent)| step_row(step, spent, prices, is_cpu_measured))
        .collect();
    let usage = steps
        .iter()
        .fold(Usage::default(), |sum, step| sum.plus(&step.usage));
    let bill = usage.per_million(prices);
    let requests = measured
        .by_step
        .get(&Step::Capture)
        .map_or(0.0, |spent| spent.invocations as f64 / LEADS as f64);
    let out: f64 = measured
        .by_step
        .values()
        .map(|spent| {
            spent.out_bytes as f64 + spent.out_messages as f64 * prices.assumptions.header_bytes
        })
        .sum();
    Row {
        kind: measured.kind.name(),
        fill: measured.fill,
        usage,
        bill,
        usd_per_million: bill.total(),
        usd_per_million_http_api: bill.total() + requests * prices.front.http_api_per_million,
        steps,
        out_bytes: out / LEADS as f64,
        stored_bytes: measured.stored_bytes,
    }
}

fn step_row(step: Step, spent: &Spent, prices: &Prices, is_cpu_measured: bool) -> StepRow {
    let leads = LEADS as f64;
    let invocations = spent.invocations.max(1) as f64;
    let records = spent.records.max(1) as f64;
    let measured_us = median(&spent.cpu_us) * invocations / records;
    let stated_us = prices
        .assumptions
        .cpu_us
        .get(step.name())
        .copied()
        .unwrap_or(0.0);
    let cpu_us = if is_cpu_measured {
        measured_us
    } else {
        stated_us
    };
    let billed_ms = billed_ms(
        spent.waited_ms / invocations,
        cpu_us * records / invocations,
        &prices.assumptions,
    );
    let usage = Usage {
        lambda_requests: spent.invocations as f64 / leads,
        gb_seconds: invocations * billed_ms / 1e3 * prices.assumptions.memory_mb / 1_024.0 / leads,
        sqs_requests: spent.sqs_requests as f64 / leads,
        write_units: spent.write_units / leads,
        read_units: spent.read_units / leads,
        ..Usage::default()
    };
    let bill = usage.per_million(prices);
    StepRow {
        step: step.name(),
        usage,
        bill,
        usd_per_million: bill.total(),
        calls: spent
            .calls
            .iter()
            .map(|(call, number)| (call.clone(), *number as f64 / leads))
            .collect(),
        cpu_us_measured: measured_us,
        billed_ms_per_invocation: billed_ms,
        largest_item_bytes: spent.largest_item,
    }
}

/// What Lambda bills for an invocation: the wait, and the computing at the share of a vCPU that the memory brings, in
/// whole milliseconds.
fn billed_ms(waited_ms: f64, cpu_us: f64, assumed: &Assumptions) -> f64 {
    let slower = (assumed.mb_per_vcpu / assumed.memory_mb).max(1.0);
    (waited_ms + cpu_us / 1e3 * slower).ceil()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

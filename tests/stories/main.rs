//! End-to-end stories: what users are promised, told on the whole product with real engines.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and some figures are worth reading"
)]

mod abuse;
mod batches;
mod certificates;
mod consent;
mod conversations;
mod cost;
mod doors;
mod enrichment;
mod erasure;
mod follow_up;
mod identity;
mod ledger;
mod life;
mod one_lead;
mod privacy;
mod quarantine;
mod repeats;
mod rights;
mod scan;
mod uploads;
mod vendors;
mod visitors;

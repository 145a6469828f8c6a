//! End-to-end stories: what users are promised, told on the whole product with real engines.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cost;
mod doors;
mod enrichment;
mod follow_up;
mod identity;
mod one_lead;
mod repeats;

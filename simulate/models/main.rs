//! The two protocols of Leadline that span several table items, as models explored to the last state: who a submission
//! belongs to (`identity`) and who gets a lead (`assignment`).
//!
//! The decisions inside are the product's own code; the models have the order of table and queue operations around them,
//! with workers that run at once, messages that come twice, crashes, and answers that get lost. They never touch a real
//! table or queue: whether the handlers do what the models say is for the simulation and the stories to show.
//!
//! `cargo test -p simulate --test models -- --nocapture` prints every run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and its figures are worth reading"
)]

mod assignment;
mod assignment_runs;
mod explore;
mod identity;
mod identity_runs;

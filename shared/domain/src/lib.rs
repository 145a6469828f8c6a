//! The language of Leadline and all of its decisions: what a submission, a lead and a decision are, who is the same
//! person, how a lead is scored, who gets it, when somebody must respond, and what becomes of it if nobody does.
//!
//! Everything here is a function of its arguments. It never reads a clock, an environment, a file or a network, draws no
//! random number and starts no task: time, identifiers and configuration come in as values, so that every decision can be
//! made again bit for bit.

pub mod calendar;
pub mod condition;
pub mod config;
pub mod decision;
pub mod email;
pub mod erasure;
pub mod explain;
pub mod facts;
pub mod field;
pub mod geo;
pub mod id;
pub mod identity;
pub mod lead;
pub mod ledger;
pub mod names;
pub mod phone;
pub mod recycling;
pub mod rhythm;
pub mod routing;
pub mod scoring;
pub mod submission;
pub mod vendor;
pub mod visitor;

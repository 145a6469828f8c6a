//! What the functions say to each other, how it is sent, and how a batch of it is worked through.
//!
//! A message is small, tagged and versioned, and carries names rather than state: whoever gets it reads the lead. The
//! exceptions are a submission, which exists nowhere else until it is resolved, and a new lead on its way to its owner.

mod batch;
mod message;
mod send;

pub use batch::{Failure, Received, read_batch, respond, run_batch, run_batch_and_send};
pub use message::{Message, Person};
pub use send::{Outgoing, Queue, Queues, SendError};

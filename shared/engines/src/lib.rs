//! The two AWS engines that live inside one process: a DynamoDB table store on a SQLite file ([`table`]) and a
//! durable SQS ([`queue`]).
//! Both sit behind the HTTP layer of the real SDK clients, so that the code which runs in Lambda runs here unchanged,
//! and both can be served on a local port for other tools.
//! This crate never opens a connection to anything, never checks a signature (whoever holds the process or can reach
//! the port is trusted) and never decides anything about leads: it knows tables, items, queues and messages only.

mod connector;
mod local_http;
pub mod queue;
pub mod table;

pub use local_http::ServeError;
pub use queue::EmbeddedQueues;
pub use table::EmbeddedTable;

//! The AWS engines that live inside one process: a DynamoDB table store on a SQLite file ([`table`]), a durable SQS
//! ([`queue`]), and of S3 what uploaded files need ([`objects`]).
//! All sit behind the HTTP layer of the real SDK clients, so that the code which runs in Lambda runs here unchanged, and
//! the first two can be served on a local port for other tools.
//! This crate never opens a connection to anything and never decides anything about leads: it knows tables, items, queues,
//! messages and objects only. Table and queues check no signature (whoever holds the process or can reach the port is
//! trusted); the store of objects checks each, since its addresses are given to strangers.

mod connector;
mod local_http;
pub mod objects;
pub mod queue;
pub mod table;

pub use local_http::ServeError;
pub use objects::EmbeddedObjects;
pub use queue::EmbeddedQueues;
pub use table::EmbeddedTable;

//! What the commands do, each from its arguments to the last line it prints.

pub(crate) mod configuration;
pub(crate) mod import;
pub(crate) mod leads;
pub(crate) mod quarantine;
pub(crate) mod setup;
pub(crate) mod sources;
pub(crate) mod submissions;
pub(crate) mod vendors;

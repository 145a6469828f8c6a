//! What the commands do, each from its arguments to the last line it prints.

pub(crate) mod configuration;
pub(crate) mod leads;
pub(crate) mod submissions;

//! The configuration: `check`, `push` and `rollback`.

use std::path::PathBuf;

use clap::Args;

/// A configuration file.
#[derive(Clone, Args)]
pub struct FileArguments {
    /// The configuration.
    #[arg(value_name = "FILE", default_value = "leadline.toml")]
    pub file: PathBuf,
}

/// Arguments of `leadline rollback`.
#[derive(Clone, Args)]
pub struct RollbackArguments {
    /// The version, as `leadline versions` lists it.
    #[arg(value_name = "VERSION")]
    pub version: String,
}

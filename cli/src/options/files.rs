//! Files of submissions: `import` and `batch`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `leadline import`.
#[derive(Clone, Args)]
pub struct ImportArguments {
    /// The file; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The source, by its name in the configuration.
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// Only check the file, and send nothing.
    #[arg(long)]
    pub check: bool,
    /// Send nothing if one row is wrong.
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Send pages of rows, also if the source takes a large file in one piece.
    #[arg(long)]
    pub pages: bool,
    /// Encoding of the file: utf-8, utf-16le, utf-16be or windows-1252. Without it, it is found out.
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Write everything that is wrong to this file, one JSON object on each line.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The source's secret, if it has one.
    #[arg(long, env = "LEADLINE_SOURCE_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
}

/// Arguments of `leadline batch`.
#[derive(Clone, Args)]
pub struct BatchArguments {
    /// The batch, as `leadline import` or the door named it.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show the rows after this one.
    #[arg(long, value_name = "ROW", default_value_t = 0)]
    pub after: u32,
}

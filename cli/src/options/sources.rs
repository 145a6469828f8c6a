//! Where leads come from: `source add`, `try` and `sources`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use domain::config::SourceKind;

use super::parse_when;

/// What can be done about sources.
#[derive(Subcommand)]
pub enum SourceCommand {
    /// Write a source into the configuration, and say what to do in the other system.
    ///
    /// Comments and everything else in the file stay as they are. A name that is taken is refused.
    #[command(after_help = examples!(
        "leadline source add google-ads"
        "leadline source add meta-leadgen --name facebook --url https://leads.example.com"
    ))]
    Add(SourceAddArguments),
}

/// Arguments of `leadline source add`.
#[derive(Clone, Args)]
pub struct SourceAddArguments {
    /// What it sends; docs/sources.md describes each.
    #[arg(value_name = "KIND", value_parser = kinds())]
    pub kind: SourceKind,
    /// What it is called; by default like its kind.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "leadline.toml")]
    pub file: PathBuf,
}

/// Arguments of `leadline try`.
#[derive(Clone, Args)]
pub struct TryArguments {
    /// The source, by its name in the configuration.
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Which sample; the plainest by default. docs/sources.md lists them for each kind.
    #[arg(long, value_name = "FILE")]
    pub sample: Option<String>,
    /// The source's secret.
    #[arg(long, env = "LEADLINE_SOURCE_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
    /// The configuration that has the source.
    #[arg(long, value_name = "FILE", default_value = "leadline.toml")]
    pub file: PathBuf,
    /// Send nothing, and print the event that Lambda would hand to `capture`: for `sam local invoke` and `cargo lambda
    /// invoke`.
    #[arg(long)]
    pub event: bool,
}

fn kinds() -> impl TypedValueParser<Value = SourceKind> {
    let names = SourceKind::ALL.iter().map(|kind| kind.name());
    PossibleValuesParser::new(names).map(|name| {
        let found = SourceKind::ALL.iter().find(|kind| kind.name() == name);
        found.copied().unwrap_or(SourceKind::Form)
    })
}

/// Arguments of `leadline sources`.
#[derive(Clone, Args)]
pub struct SourcesArguments {
    /// The source to account for, by its name in the configuration.
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,
    /// From when on: a day of UTC (2026-03-01), a time (2026-03-01T08:00:00+01:00), or how long ago (90m, 24h, 7d, 2w); a day
    /// before the end if not said.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_when)]
    pub from: Option<String>,
    /// Until before when, written in the same ways; now if not said.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_when)]
    pub to: Option<String>,
    /// How many the vendor says it sent in that time.
    #[arg(long, value_name = "NUMBER", requires = "source")]
    pub vendor_said: Option<u64>,
    /// A CSV file of what the vendor says it sent: a day (2026-03-01) or an hour (2026-03-01T09), and a number, on each
    /// line, in UTC.
    #[arg(
        long,
        value_name = "FILE",
        requires = "source",
        conflicts_with = "vendor_said"
    )]
    pub vendor_counts: Option<PathBuf>,
}

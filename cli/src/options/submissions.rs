//! Single submissions: `submission`, `resubmit`, `send` and `quarantine`.

use clap::{Args, Subcommand};

use crate::pair::Pair;

/// A submission.
#[derive(Clone, Args)]
pub struct SubmissionArguments {
    /// The submission's id.
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `leadline resubmit`.
#[derive(Clone, Args)]
pub struct ResubmitArguments {
    /// The submission's id.
    #[arg(value_name = "ID")]
    pub id: String,
    /// A field's corrected value; may be given several times.
    #[arg(long, value_name = "FIELD=VALUE", num_args = 1..)]
    pub set: Vec<Pair>,
    /// A field to leave out; may be given several times.
    #[arg(long, value_name = "FIELD", num_args = 1..)]
    pub remove: Vec<String>,
}

/// Arguments of `leadline send`.
#[derive(Clone, Args)]
pub struct SendArguments {
    /// The source, by its name in the configuration.
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// What the form says.
    #[arg(value_name = "FIELD=VALUE", required = true)]
    pub fields: Vec<Pair>,
    /// The source's secret, if it has one.
    #[arg(long, env = "LEADLINE_SOURCE_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
}

/// Arguments of `leadline quarantine`.
#[derive(Clone, Args)]
pub struct QuarantineArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: QuarantineCommand,
}

/// What can be done with the quarantine.
#[derive(Clone, Subcommand)]
pub enum QuarantineCommand {
    /// List what is in it with what is wrong, newest first.
    List(ListArguments),
    /// Show one submission: what is wrong with it, what was sent, and what people did with it.
    Show(SubmissionArguments),
    /// End the quarantine of a submission that will never become a lead. What was sent is not kept.
    Discard(DiscardArguments),
}

/// Arguments of `leadline quarantine list`.
#[derive(Clone, Args)]
pub struct ListArguments {
    /// Only those of this source.
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Go on where an earlier list ended.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// Arguments of `leadline quarantine discard`.
#[derive(Clone, Args)]
pub struct DiscardArguments {
    /// The submission's id.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why it will never become a lead.
    #[arg(long)]
    pub reason: String,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

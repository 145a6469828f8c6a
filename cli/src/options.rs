//! The command line: what can be asked for, and the help that says so.

use clap::{Args, Parser, Subcommand};
use reqwest::Url;

/// The end of every help: examples, and what the exit code says.
macro_rules! examples {
    ($($line:literal)+) => {
        concat!(
            "Examples:\n",
            $("  ", $line, "\n",)+
            "\nExit code: 0 done, 1 failed, 2 the command line was not understood."
        )
    };
}

mod configuration;
mod development;
mod files;
mod leads;
mod sources;
mod submissions;
mod vendors;

pub use configuration::{FileArguments, RollbackArguments};
pub use development::DevArguments;
pub use files::{BatchArguments, ImportArguments};
pub use leads::{ConsentArguments, EraseArguments, FeedbackArguments, FeedbackKind, WhoArguments};
pub use sources::{SourceAddArguments, SourceCommand, SourcesArguments, TryArguments};
pub use submissions::{
    DiscardArguments, ListArguments, QuarantineArguments, QuarantineCommand, ResubmitArguments,
    SendArguments, SubmissionArguments,
};
pub use vendors::{ReturnArguments, VendorsArguments};

/// The heading of the options that every command has.
pub(crate) const GLOBAL_OPTIONS: &str = "Options of every command";

/// Where a Leadline on this machine listens when nothing else was said.
const LOCAL_URL: &str = "http://127.0.0.1:4180";

/// Takes leads from forms and chatbots, and gives each to the right person within seconds.
///
/// `leadline dev` runs all of it on this machine. The other commands talk to a running Leadline: the one on this machine,
/// or a deployed one that is named with --url and --token.
#[derive(Parser)]
#[command(
    name = "leadline",
    version,
    propagate_version = false,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = examples!(
        "leadline dev"
        "leadline check leadline.toml"
        "leadline send website email=ada@example.com first_name=Ada"
        "leadline explain ada@example.com"
        "leadline lead ada@example.com --url https://leads.example.com --json"
    )
)]
pub struct Options {
    /// Which Leadline, and how it answers.
    #[command(flatten)]
    pub connection: Connection,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which Leadline, and how it answers. Not `Debug`: it holds the token.
#[derive(Clone, Args)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
pub struct Connection {
    /// Where Leadline runs.
    #[arg(long, global = true, value_name = "URL", env = "LEADLINE_URL", hide_env_values = true, default_value = LOCAL_URL, value_parser = parse_url)]
    pub url: Url,
    /// The API's token. For a Leadline on this machine the file .leadline/token will do, which `leadline dev` writes.
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "LEADLINE_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Print JSON for programs: the API's own. Errors are JSON too, on standard error.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Connection {
    /// The token of the command line or the environment; an empty one is none.
    pub fn given_token(&self) -> Option<String> {
        self.token
            .as_deref()
            .map(str::trim)
            .filter(|token| !token.is_empty())
            .map(str::to_owned)
    }
}

/// What can be asked for.
#[derive(Subcommand)]
pub enum Command {
    /// Run everything in one process on this machine.
    ///
    /// Keeps its data in a folder, reloads the configuration when the file changes, and needs no cloud account. The API's
    /// token is --token or LEADLINE_TOKEN; else one is made, printed, and kept in the data folder.
    #[command(after_help = examples!(
        "leadline dev"
        "leadline dev --ephemeral --port 8080"
        "LEADLINE_TOKEN=choose-a-long-one leadline dev --host 0.0.0.0 --data /var/lib/leadline"
    ))]
    Dev(DevArguments),
    /// Check a configuration and run its golden leads, without a server.
    ///
    /// Shows every problem with its line and what to do about it. Warnings alone do not fail.
    #[command(after_help = examples!(
        "leadline check"
        "leadline check config/leadline.toml --json"
    ))]
    Check(FileArguments),
    /// Check a configuration, push it as a version, and put it in force.
    #[command(after_help = examples!(
        "leadline push"
        "leadline push leadline.toml --url https://leads.example.com"
    ))]
    Push(FileArguments),
    /// List the versions of the configuration, newest first.
    #[command(after_help = examples!("leadline versions" "leadline versions --json"))]
    Versions,
    /// Put an earlier version of the configuration in force.
    #[command(after_help = examples!("leadline rollback cfg_4p1f8m2v6c0t9x3s7b5n1d8h2k"))]
    Rollback(RollbackArguments),
    /// Show a lead.
    #[command(after_help = examples!(
        "leadline lead ada@example.com"
        "leadline lead \"+1 202 555 0123\""
        "leadline lead lead_4p1f8m2v6c0t9x3s7b5n1d8h2k --json"
    ))]
    Lead(WhoArguments),
    /// Say why a lead is where it is, in sentences.
    #[command(after_help = examples!(
        "leadline explain ada@example.com"
        "leadline explain lead_4p1f8m2v6c0t9x3s7b5n1d8h2k"
    ))]
    Explain(WhoArguments),
    /// Show every decision about a lead with its reasons, oldest first.
    #[command(after_help = examples!(
        "leadline history ada@example.com"
        "leadline history lead_4p1f8m2v6c0t9x3s7b5n1d8h2k --json"
    ))]
    History(WhoArguments),
    /// Report what sales did with a lead.
    ///
    /// Everything but `rejected` is a first response and stops the clock of the SLA. With `rejected`, the reason decides
    /// by the recycling rules who gets the lead next, and when.
    #[command(after_help = examples!(
        "leadline feedback ada@example.com contacted --by mia"
        "leadline feedback ada@example.com rejected --reason not_now --by mia"
    ))]
    Feedback(FeedbackArguments),
    /// Note what a person agreed to, or took back.
    #[command(after_help = examples!(
        "leadline consent ada@example.com marketing --withdraw --reason \"asked by phone\""
        "leadline consent ada@example.com contact --give --by mia"
    ))]
    Consent(ConsentArguments),
    /// Erase a person: everything that is kept of them, and everything that comes of them again.
    ///
    /// There is no way back, and nothing is asked first. What comes of them again ends as `suppressed`, also with a new
    /// consent. Somebody who is not known can be erased by e-mail address or phone number: they may be on their way. The same
    /// again answers the same, and finishes what broke off. docs/security.md says what it does not reach.
    #[command(after_help = examples!(
        "leadline erase ada@example.com --by mia"
        "leadline erase lead_4p1f8m2v6c0t9x3s7b5n1d8h2k --json"
    ))]
    Erase(EraseArguments),
    /// Show what became of a submission.
    #[command(after_help = examples!("leadline submission sub_4p1f8m2v6c0t9x3s7b5n1d8h2k"))]
    Submission(SubmissionArguments),
    /// Correct a quarantined submission and submit it again.
    #[command(after_help = examples!(
        "leadline resubmit sub_4p1f8m2v6c0t9x3s7b5n1d8h2k --set email=ada@example.com"
        "leadline resubmit sub_4p1f8m2v6c0t9x3s7b5n1d8h2k --set phone=\"+1 202 555 0123\" --remove custom.budget"
    ))]
    Resubmit(ResubmitArguments),
    /// See what waits for a person, and end what will never become a lead.
    ///
    /// What cannot become a lead as it is, is kept until somebody corrects it with `leadline resubmit`, or discards it.
    #[command(after_help = examples!(
        "leadline quarantine list"
        "leadline quarantine list --source website"
        "leadline quarantine show sub_4p1f8m2v6c0t9x3s7b5n1d8h2k"
        "leadline quarantine discard sub_4p1f8m2v6c0t9x3s7b5n1d8h2k --reason \"a test of ours\" --by mia"
    ))]
    Quarantine(QuarantineArguments),
    /// Show how the sources are doing, or account for everything that one of them sent.
    ///
    /// Without a name, every source: when it was last heard, whether it has fallen silent against its own rhythm, and what
    /// became of its last day, or of the time of --from and --to. With one, its ledger hour by hour. Sources with `ledger =
    /// true` are accounted for.
    /// With --vendor-said the command fails unless as many were accepted as the vendor says it sent.
    #[command(after_help = examples!(
        "leadline sources"
        "leadline sources --from 7d"
        "leadline sources website --from 2026-03-01 --to 2026-03-02"
        "leadline sources website --vendor-said 1250"
        "leadline sources website --vendor-counts counts.csv --from 2026-03-01 --to 2026-04-01"
    ))]
    Sources(SourcesArguments),
    /// Show what vendors sold, what became of it, and whether they count the same.
    ///
    /// Without a name, every vendor with its caps and its day, or with its counts of the days of --from and --to. With one,
    /// its scorecard by day. With --claims, a file of what the vendor says it sent is compared with what was received; the
    /// command fails unless all of it was received once and bought.
    #[command(after_help = examples!(
        "leadline vendors"
        "leadline vendors acme --from 2026-03-01 --to 2026-04-01"
        "leadline vendors acme --claims invoice.csv"
    ))]
    Vendors(VendorsArguments),
    /// Send a bought lead back to its vendor, for one of the reasons of the contract.
    #[command(after_help = examples!(
        "leadline return sub_169ja6zgwzvs2qda0g93qpfm5j --reason \"Wrong number\" --by mia"
    ))]
    Return(ReturnArguments),
    /// Print the JSON Schema of the configuration, for editors.
    #[command(after_help = examples!("leadline schema > leadline.schema.json"))]
    Schema,
    /// Submit a lead as a form or a chatbot would, to try things out.
    #[command(after_help = examples!(
        "leadline send website email=ada@example.com first_name=Ada company=\"Analytical Engines\""
        "leadline send assistant phone=\"+1 202 555 0123\" message=\"Please call me\""
    ))]
    Send(SendArguments),
    /// Import a file of leads: CSV, one JSON object on each line, a JSON array, or ADF.
    ///
    /// The whole file is checked first, and everything that is wrong is told row by row. Then the good rows are sent, or
    /// none if --all-or-nothing or the source says so. An import that broke off goes on where it stopped when it is
    /// started again, and one that is done changes nothing. Columns are understood by their names, as fields of a form
    /// are. Standard error says how far it is: a bar on a terminal, else a line now and then, and nothing with --json.
    ///
    /// The exit code is 0 if good rows are safe, also when others were refused; 1 if none is, and with --check if one row
    /// is wrong.
    #[command(after_help = examples!(
        "leadline import leads.csv --source website"
        "leadline import leads.csv --source website --check --report problems.jsonl"
        "leadline import - --source website --all-or-nothing"
    ))]
    Import(ImportArguments),
    /// Show what became of a batch and of its rows.
    #[command(after_help = examples!("leadline batch bat_4p1f8m2v6c0t9x3s7b5n1d8h2k"))]
    Batch(BatchArguments),
    /// Add a source to the configuration.
    #[command(subcommand, after_help = examples!("leadline source add google-ads"))]
    Source(SourceCommand),
    /// Send a source a sample, as its sender would, and say what became of it.
    ///
    /// The sample is signed with the source's secret: that of --secret, else of the variable that `leadline dev` reads it
    /// from (LEADLINE_SECRET_NAME).
    #[command(after_help = examples!(
        "leadline try website"
        "LEADLINE_SECRET_TYPEFORM=change-me leadline try typeform"
        "leadline try website --sample german.txt"
        "leadline try typeform --event > event.json"
    ))]
    Try(TryArguments),
    /// Print the page docs/cli.md.
    #[command(hide = true)]
    HelpPage,
}

/// When, as it was typed in. Leadline itself understands it; here is only told what looks like another option, or like a
/// number below zero.
fn parse_when(text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix('-') else {
        return Ok(text.to_owned());
    };
    let number = rest.strip_suffix(['m', 'h', 'd', 'w']).unwrap_or_default();
    let is_ago = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Err(if is_ago {
        format!("how long ago is written without a sign: write {rest}")
    } else {
        "write it as 7d, 24h or 2026-03-01".to_owned()
    })
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{error}; write it as in https://leads.example.com"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => {
            Err("it starts with https:// (or http://), as in https://leads.example.com".to_owned())
        }
    }
}

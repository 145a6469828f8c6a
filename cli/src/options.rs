//! The command line: what can be asked for, and the help that says so.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::config::SourceKind;
use reqwest::Url;

use crate::pair::Pair;
use crate::who::Who;

/// The heading of the options that every command has.
pub(crate) const GLOBAL_OPTIONS: &str = "Options of every command";

/// Where a Leadline on this machine listens when nothing else was said.
const LOCAL_URL: &str = "http://127.0.0.1:4180";

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
    /// The exit code is 0 only if every row is safe, and 1 if one was refused, or would be with --check: the good rows
    /// are taken all the same, unless none were to be.
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

/// Arguments of `leadline dev`.
#[derive(Clone, Args)]
pub struct DevArguments {
    /// Address to listen at. Anything but this machine's own also lets others in.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Port to listen at; 0 takes any that is free.
    #[arg(long, default_value_t = 4180)]
    pub port: u16,
    /// Folder of the data.
    #[arg(long, value_name = "FOLDER", default_value = ".leadline")]
    pub data: PathBuf,
    /// Keep nothing: data lives in memory and is gone at the end.
    #[arg(long)]
    pub ephemeral: bool,
    /// The configuration; reloaded when it changes.
    #[arg(long, value_name = "FILE", default_value = "leadline.toml")]
    pub config: PathBuf,
    /// Also offer the table under DynamoDB's own interface at this port, for other tools.
    #[arg(long, value_name = "PORT")]
    pub dynamodb_port: Option<u16>,
    /// Also offer the queues under SQS's own interface at this port, for other tools.
    #[arg(long, value_name = "PORT")]
    pub sqs_port: Option<u16>,
}

impl DevArguments {
    /// Together with the token that the command line or the environment gave.
    pub fn with_token(self, token: Option<String>) -> DevOptions {
        let Self {
            host,
            port,
            data,
            ephemeral,
            config,
            dynamodb_port,
            sqs_port,
        } = self;
        DevOptions {
            host,
            port,
            data,
            ephemeral,
            config,
            dynamodb_port,
            sqs_port,
            token,
        }
    }
}

/// How everything is run in one process. Not `Debug`: it holds the token.
#[derive(Clone, PartialEq, Eq)]
pub struct DevOptions {
    /// Address to listen at.
    pub host: IpAddr,
    /// Port to listen at; 0 takes any that is free.
    pub port: u16,
    /// Folder of the data.
    pub data: PathBuf,
    /// Whether the data lives in memory only.
    pub ephemeral: bool,
    /// The configuration file.
    pub config: PathBuf,
    /// Port at which the table is offered under DynamoDB's own interface.
    pub dynamodb_port: Option<u16>,
    /// Port at which the queues are offered under SQS's own interface.
    pub sqs_port: Option<u16>,
    /// The API's token; `None` to make one.
    pub token: Option<String>,
}

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

/// A person.
#[derive(Clone, Args)]
pub struct WhoArguments {
    /// The lead's id, e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
}

/// Arguments of `leadline feedback`.
#[derive(Clone, Args)]
pub struct FeedbackArguments {
    /// The lead's id, e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
    /// What happened.
    #[arg(value_enum)]
    pub kind: FeedbackKind,
    /// Why, such as `not_now`: what recycling rules ask for.
    #[arg(long)]
    pub reason: Option<String>,
    /// Who did it: a rep, by the id in the configuration, or anybody else by name.
    #[arg(long, value_name = "REP|NAME")]
    pub by: Option<String>,
}

/// What sales did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FeedbackKind {
    /// The rep got in touch.
    Contacted,
    /// The rep takes it.
    Accepted,
    /// The rep sends it back.
    Rejected,
    /// There is a deal.
    Qualified,
    /// They bought.
    Converted,
    /// Of no use to anybody.
    Disqualified,
}

impl FeedbackKind {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            FeedbackKind::Contacted => "contacted",
            FeedbackKind::Accepted => "accepted",
            FeedbackKind::Rejected => "rejected",
            FeedbackKind::Qualified => "qualified",
            FeedbackKind::Converted => "converted",
            FeedbackKind::Disqualified => "disqualified",
        }
    }
}

/// Arguments of `leadline consent`.
#[derive(Clone, Args)]
pub struct ConsentArguments {
    /// The lead's id, e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
    /// For what, such as `marketing`: the purpose that destinations name.
    pub purpose: String,
    /// They agreed to it.
    #[arg(long, conflicts_with = "withdraw")]
    pub give: bool,
    /// They took it back, or refused it.
    #[arg(long)]
    pub withdraw: bool,
    /// Why, or how they said so.
    #[arg(long)]
    pub reason: Option<String>,
    /// Who noted it: a rep, by the id in the configuration, or anybody else by name.
    #[arg(long, value_name = "REP|NAME")]
    pub by: Option<String>,
}

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

/// Arguments of `leadline vendors`.
#[derive(Clone, Args)]
pub struct VendorsArguments {
    /// The vendor, by its name in the configuration.
    #[arg(value_name = "VENDOR")]
    pub vendor: Option<String>,
    /// The first day, such as 2026-03-01, or how long ago (7d, 2w), in the vendor's time zone; thirty days before the end if
    /// not said.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true, value_parser = parse_when)]
    pub from: Option<String>,
    /// The day after the last one, written in the same ways; tomorrow if not said.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true, value_parser = parse_when)]
    pub to: Option<String>,
    /// A file of what the vendor says it sent: CSV, one JSON object on each line, or a JSON array, with columns id,
    /// submission, email, phone, email_sha256 or phone_sha256. Addresses and numbers are hashed before they are sent.
    #[arg(long, value_name = "FILE", requires = "vendor", conflicts_with_all = ["from", "to"])]
    pub claims: Option<PathBuf>,
}

/// Arguments of `leadline return`.
#[derive(Clone, Args)]
pub struct ReturnArguments {
    /// The submission's id, as its vendor was answered.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why: a reason of the contract, by its code or its label.
    #[arg(long)]
    pub reason: String,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

//! The operator's command `leadline`: checks and pushes configurations, shows leads and why they are where they are, and
//! runs everything in one process with `leadline dev`.
//!
//! Past `dev` it is a client of the HTTP interface and nothing else: it decides nothing about leads, reads no table, stores
//! nothing and logs nothing. What it knows of a person it prints to the operator who asked, and forgets.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser};

mod answer;
mod client;
mod commands;
pub mod dev;
mod failure;
mod findings;
mod help_page;
mod layout;
pub mod options;
mod pair;
mod who;

use failure::Failure;
use options::{Command, DevArguments, Options, SourceCommand};

/// How a command ended; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It did what it says.
    Succeeded = 0,
    /// It did not, and said why on standard error.
    Failed = 1,
    /// The command line was not understood.
    Misused = 2,
}

/// Runs the command line `arguments`, the first of which is the program's name, on the terminal.
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // Not locked: `leadline dev` writes from several threads.
    let ending = run(arguments, &mut io::stdout(), &mut io::stderr());
    ExitCode::from(ending as u8)
}

/// Runs the command line `arguments`, the first of which is the program's name. Results go to `out`, and what went wrong
/// to `err`; only `leadline dev` writes to the terminal itself.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Ending {
    let options = match Options::try_parse_from(arguments) {
        Ok(options) => options,
        Err(error) => {
            let text = error.render();
            // Asked for, help is a result; otherwise it tells of a mistake.
            let (written, ending) = if error.use_stderr() {
                (write!(err, "{text}"), Ending::Misused)
            } else {
                (write!(out, "{text}"), Ending::Succeeded)
            };
            return written.map_or(Ending::Failed, |()| ending);
        }
    };
    let as_json = options.connection.json;
    let done = perform(options, out, err).and_then(|()| Ok(out.flush()?));
    match done {
        Ok(()) => Ending::Succeeded,
        // The reader of a pipe has seen enough, as with `leadline history … | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ending::Succeeded
        }
        Err(failure) => {
            // If standard error is gone as well, the exit code is all that is left to say it with.
            let _nobody_listens = failure.tell(as_json, err);
            Ending::Failed
        }
    }
}

fn perform(options: Options, out: &mut impl Write, err: &mut impl Write) -> Result<(), Failure> {
    let Options {
        connection,
        command,
    } = options;
    match command {
        Command::Dev(arguments) => {
            develop(arguments.with_token(connection.given_token())).map_err(Failure::Dev)
        }
        Command::Check(arguments) => {
            commands::configuration::check(&arguments, connection.json, out)
        }
        Command::Push(arguments) => {
            commands::configuration::push(&arguments, &connection, out, err)
        }
        Command::Versions => commands::configuration::versions(&connection, out),
        Command::Rollback(arguments) => {
            commands::configuration::roll_back(&arguments, &connection, out)
        }
        Command::Schema => commands::configuration::schema(out),
        Command::Lead(arguments) => commands::leads::lead(&arguments.who, &connection, out),
        Command::Explain(arguments) => commands::leads::explain(&arguments.who, &connection, out),
        Command::History(arguments) => commands::leads::history(&arguments.who, &connection, out),
        Command::Feedback(arguments) => commands::leads::feedback(&arguments, &connection, out),
        Command::Consent(arguments) => commands::leads::consent(&arguments, &connection, out),
        Command::Erase(arguments) => commands::leads::erase(&arguments, &connection, out),
        Command::Submission(arguments) => {
            commands::submissions::submission(&arguments, &connection, out)
        }
        Command::Resubmit(arguments) => {
            commands::submissions::resubmit(&arguments, &connection, out)
        }
        Command::Quarantine(arguments) => {
            commands::quarantine::quarantine(&arguments.command, &connection, out)
        }
        Command::Sources(arguments) => commands::sources::sources(&arguments, &connection, out),
        Command::Vendors(arguments) => commands::vendors::vendors(&arguments, &connection, out),
        Command::Return(arguments) => commands::vendors::send_back(&arguments, &connection, out),
        Command::Source(SourceCommand::Add(arguments)) => {
            commands::setup::add(&arguments, &connection, out)
        }
        Command::Try(arguments) => commands::setup::attempt(&arguments, &connection, out),
        Command::Send(arguments) => commands::submissions::send(&arguments, &connection, out),
        Command::Import(arguments) => commands::import::import(&arguments, &connection, out),
        Command::Batch(arguments) => commands::import::batch(&arguments, &connection, out),
        Command::HelpPage => Ok(write!(out, "{}", help_page::render(Options::command()))?),
    }
}

/// The stack of each thread of `leadline dev`: as large as the one that functions run on when deployed. Without optimisation the
/// calls below a handler come near the 2 MB that threads have otherwise.
const STACK_BYTES: usize = 8 << 20;

fn develop(options: DevArguments) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .context("cannot start threads")?
        .block_on(dev::run(options))
}

#[cfg(test)]
mod tests;

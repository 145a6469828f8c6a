//! Time until a function answers, against a function that does nothing.
//!
//! Each function is started cold under the real Lambda runtime interface emulator, with the hello-world function started
//! right before it, so that both meet the same machine. AWS is the embedded engines on a local port; a lead that is new
//! in every round goes through all functions, so each of them does the work of an ordinary first request.
//! It judges nothing: what is fast enough is said in `docs/proof.md`.

mod bare;
mod emulator;
mod events;
mod local_aws;
mod programs;
mod quota;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use queue::Queue;

use bare::BareStart;
use emulator::{Emulator, Start};
use local_aws::LocalAws;
use programs::{FUNCTIONS, HELLO_WORLD, Programs};
use quota::Quota;
use report::{Report, Samples, Speed};

/// Requests after the first one of each start; their median is the warm request.
const WARM_REQUESTS: usize = 3;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
    /// Cold starts of each function at each speed.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=200))]
    rounds: u32,
    /// Share of one CPU for the slow runs, in percent. 7 is what Lambda gives a function of 128 MB.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..=100))]
    cpu_percent: u32,
    /// Measure the programs of this folder, named like the functions and `hello-world`, instead of building them.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Functions to measure; the ones before them on a lead's way run all the same.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// The emulator. By default the one in `target/tools/sam`, which `scripts/python-tools.sh` fetches.
    #[arg(long)]
    emulator: Option<PathBuf>,
    /// A document of an earlier `--json`, printed beside today's figures.
    #[arg(long)]
    before: Option<PathBuf>,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let before = options.before.as_deref().map(report::read).transpose()?;
    let programs = Programs::stage(options.programs.as_deref())?;
    let emulator = emulator::find(options.emulator.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let (quota, no_quota) = match Quota::new(options.cpu_percent) {
        Ok(quota) => (Some(quota), None),
        Err(reason) => (None, Some(format!("{reason:#}"))),
    };
    if let Some(reason) = &no_quota {
        eprint_line(&format!(
            "no CPU quota can be set here ({reason}): full speed only"
        ));
    }
    let mut report = Report::new(options.rounds, options.cpu_percent, no_quota, &programs)?;
    runtime.block_on(measure(
        &options,
        &emulator,
        &programs,
        quota.as_ref(),
        &mut report,
    ))?;
    report.finish()?;
    if options.json {
        print_line(&report.json()?);
    } else {
        print_line(&report.table(before.as_ref()));
    }
    Ok(())
}

async fn measure(
    options: &Options,
    emulator: &std::path::Path,
    programs: &Programs,
    quota: Option<&Quota>,
    report: &mut Report,
) -> Result<()> {
    let aws = LocalAws::start().await?;
    let mut speeds = vec![(Speed::Full, None)];
    if let Some(quota) = quota {
        speeds.push((Speed::Quota, Some(quota)));
    }
    let mut n_persons = 0;
    for round in 0..options.rounds {
        for (speed, quota) in &speeds {
            eprint_line(&format!(
                "round {} of {}, {}",
                round + 1,
                options.rounds,
                speed.name()
            ));
            let starter = Starter {
                emulator,
                programs,
                quota: *quota,
                aws: &aws,
            };
            starter
                .one_way_of_a_lead(&mut n_persons, &options.only, &mut report.samples(*speed))
                .await?;
        }
    }
    Ok(())
}

/// Starts programs, all at the same speed.
struct Starter<'a> {
    emulator: &'a std::path::Path,
    programs: &'a Programs,
    quota: Option<&'a Quota>,
    aws: &'a LocalAws,
}

impl Starter<'_> {
    /// As many new leads as there are requests to one start go through all functions, each function started cold.
    async fn one_way_of_a_lead(
        &self,
        n_persons: &mut u32,
        only: &[String],
        samples: &mut Samples<'_>,
    ) -> Result<()> {
        let n_requests = 1 + WARM_REQUESTS;
        let mut forms = Vec::new();
        let mut page_views = Vec::new();
        for _ in 0..n_requests {
            forms.push(events::form(*n_persons)?);
            page_views.push(events::page_view(*n_persons)?);
            *n_persons += 1;
        }
        let mut leads: Vec<String> = Vec::new();
        for function in FUNCTIONS {
            let requests = match function {
                "capture" => std::mem::take(&mut forms),
                "recycle" => vec![events::schedule(); n_requests],
                "api" => leads
                    .iter()
                    .map(|lead| events::get_lead(lead))
                    .collect::<Result<_>>()?,
                "files" => self.aws.upload(n_requests, *n_persons).await?,
                // A new lead is scored on its way to an owner; this function's work is what people do afterwards.
                "score" => {
                    self.start("capture", std::mem::take(&mut page_views))
                        .await?;
                    self.aws.take(Queue::Score, n_requests).await?
                }
                worker => self.aws.take(queue_of(worker)?, n_requests).await?,
            };
            let is_wanted = only.is_empty() || only.iter().any(|name| name == function);
            if is_wanted {
                let hello = vec![events::schedule(); n_requests];
                samples.add(HELLO_WORLD, &self.start(HELLO_WORLD, hello).await?);
                if self.quota.is_none() {
                    for program in [HELLO_WORLD, function] {
                        samples.add_bare(program, &self.start_bare(program)?);
                    }
                }
            }
            let started = self.start(function, requests).await?;
            for answer in &started.answers {
                events::check_answer(function, answer)?;
            }
            if function == "files" {
                // What comes after it would find these in the place of its own leads.
                self.aws.take(Queue::Enrich, n_requests).await?;
            }
            if function == "capture" {
                leads = started
                    .answers
                    .iter()
                    .map(|answer| events::lead_in(answer))
                    .collect::<Result<_>>()?;
            }
            if is_wanted {
                samples.add(function, &started);
            }
        }
        Ok(())
    }

    fn start_bare(&self, program: &str) -> Result<BareStart> {
        let path = self.programs.bootstrap(program, None)?;
        let started = bare::start(&path, &self.environment_of(program));
        started.with_context(|| format!("{program} on its own"))
    }

    fn environment_of(&self, program: &str) -> BTreeMap<String, String> {
        let mut environment = self.aws.environment();
        let name = format!("leadline-{program}");
        environment.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), name);
        environment
    }

    async fn start(&self, program: &str, requests: Vec<String>) -> Result<Start> {
        let environment = self.environment_of(program);
        let path = self.programs.bootstrap(program, self.quota)?;
        let emulator = Emulator::start(self.emulator, &path, &environment).await?;
        let started = emulator.invoke_all(requests).await;
        started.with_context(|| format!("{program} under the runtime interface emulator"))
    }
}

fn queue_of(function: &str) -> Result<Queue> {
    let by_name: BTreeMap<&str, Queue> = Queue::ALL
        .into_iter()
        .map(|queue| (queue.name(), queue))
        .collect();
    let queue = by_name.get(function);
    queue
        .copied()
        .with_context(|| format!("{function} reads no queue"))
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
fn print_line(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "progress, beside the result")]
fn eprint_line(text: &str) {
    eprintln!("{text}");
}

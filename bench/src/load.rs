//! Load: posts invented leads to a Leadline and measures how fast they are accepted and how soon they have an owner.
//!
//! It starts the release program itself, on a data directory of its own, as users run it (everything on disk before it is
//! answered), or is given the address of one that runs. Posts are scheduled at a fixed rate whatever the answers do, and
//! latencies count from the scheduled moment. Who has an owner is known from the webhook that tells so, or, where there is no
//! receiver of ours, from asking the API.
//!
//! It never decides that something is fast enough. It fails when a lead is lost or doubled.

mod checks;
mod handlers;
mod histogram;
mod ledger;
pub(crate) mod person;
mod process;
mod receiver;
mod report;
mod traffic;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use checks::Api;
use ledger::{Ledger, Mix};
use process::Process;
use report::{Growth, Outcome, Phase, Report, Sample, Soak, say};
use traffic::{Asking, Posted, Traffic};

/// How long nothing may happen until a run is given up: longer than the visibility timeout of a message, after which what a
/// fault left is tried again.
const PATIENCE: Duration = Duration::from_secs(90);

/// Leads without an owner at any time while a table is filled.
const UNDER_WAY: u64 = 1_000;

/// Most steps of the search for the ceiling: 50 leads a second times 1.25 to this power is far above any machine.
const MOST_STEPS: usize = 30;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// Leads a second.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Leads in all; without it, as many as the rate makes in 30 seconds.
    #[arg(long, value_name = "COUNT")]
    leads: Option<u64>,
    /// Raise the rate by a quarter, step by step, until owners come more slowly than leads.
    #[arg(long, conflicts_with_all = ["grow", "soak", "handlers"])]
    find_ceiling: bool,
    /// Seconds of each step of --find-ceiling.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    step: f64,
    /// Fill the table to each of these sizes, and measure at --rate for ten seconds there.
    #[arg(long, value_delimiter = ',', value_name = "SIZES", conflicts_with_all = ["soak", "handlers"])]
    grow: Vec<u64>,
    /// Go on for this long at --rate, and watch memory and files.
    #[arg(long, value_name = "SECONDS", conflicts_with = "handlers")]
    soak: Option<u64>,
    /// Measure the processor time of the handlers alone, in this process, on engines in memory.
    #[arg(long)]
    handlers: bool,
    /// Of a hundred posts, how many repeat an earlier one.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=25))]
    repeats: u64,
    /// Of a hundred posts, how many are something new from somebody known.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=25))]
    merges: u64,
    /// A Leadline that runs, instead of one that is started here.
    #[arg(long, value_name = "URL", requires = "token")]
    url: Option<String>,
    /// The token of its API.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "LEADLINE_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// The source to post to. It must take a form without a secret.
    #[arg(long, default_value = "website")]
    source: String,
    /// At a Leadline that runs, every how-manieth lead is asked for until it has an owner.
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    ask_every: u64,
    /// Most posts at a time.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Posts looked up through the API at the end.
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    look_up: u64,
    /// Minutes until a first response is due at the Leadline that is started. Nobody responds here: leads change hands then.
    #[arg(long, default_value_t = 1_440, value_name = "MINUTES")]
    sla_minutes: u32,
    /// The program; without it, `leadline` beside this one.
    #[arg(long, value_name = "PATH")]
    leadline: Option<PathBuf>,
    /// Where the data goes; without it, a temporary directory that is removed afterwards.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
}

/// What is measured, and what measures.
struct Run {
    traffic: Traffic,
    ledger: Arc<Ledger>,
    process: Option<Process>,
    api: Api,
    report: Report,
    is_quiet: bool,
}

pub(crate) fn run(options: Options) -> Result<()> {
    if options.handlers {
        let measured = handlers::measure(options.leads.unwrap_or(5_000))?;
        if options.json {
            say(&serde_json::to_string_pretty(&measured)?);
        } else {
            measured.lines().iter().for_each(|line| say(line));
        }
        return Ok(());
    }
    // One thread: the generator shares the machine with what it measures.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let directory = match &options.data {
        Some(directory) => directory.clone(),
        None => std::env::temp_dir().join(format!("leadline-bench-{}", std::process::id())),
    };
    // Asked to end, it takes the process that it has started with it: that is dropped with the measurement.
    let measured = runtime.block_on(async {
        let mut terminated =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            measured = measure(&options, &directory) => measured,
            _ = tokio::signal::ctrl_c() => bail!("interrupted; the data is in {}", directory.display()),
            _ = terminated.recv() => bail!("terminated; the data is in {}", directory.display()),
        }
    });
    if options.data.is_none()
        && measured
            .as_ref()
            .is_ok_and(|report| report.outcome.is_clean())
    {
        let _ = std::fs::remove_dir_all(&directory);
    }
    let report = measured?;
    if options.json {
        say(&serde_json::to_string_pretty(&report)?);
    }
    if !report.outcome.is_clean() {
        bail!(
            "something was lost, doubled, refused or wrong; the data is in {}",
            directory.display()
        );
    }
    Ok(())
}

async fn measure(options: &Options, directory: &Path) -> Result<Report> {
    ensure!(options.rate > 0.0, "the rate must be above 0");
    let client = traffic::client()?;
    let jobs = jobs_of(options);
    let mix = Mix {
        repeats: options.repeats,
        merges: options.merges,
    };
    let ledger = Arc::new(Ledger::new(jobs, mix));
    let (process, url, token) = match (&options.url, &options.token) {
        (Some(url), Some(token)) => (None, url.clone(), token.clone()),
        _ => {
            let receiver = receiver::start(Arc::clone(&ledger)).await?;
            let program = match &options.leadline {
                Some(program) => program.clone(),
                None => std::env::current_exe()?.with_file_name("leadline"),
            };
            let process =
                Process::start(&program, directory, &receiver, options.sla_minutes, &client)
                    .await?;
            let url = process.url.clone();
            (Some(process), url, process::TOKEN.to_owned())
        }
    };
    let api = Api {
        client: client.clone(),
        url: url.clone(),
        token,
    };
    let asking = process.is_none().then(|| Asking {
        api: api.clone(),
        every: options.ask_every,
    });
    let traffic = Traffic::new(
        client,
        &url,
        &options.source,
        Arc::clone(&ledger),
        options.connections,
        asking,
    );
    let report = Report {
        target: if process.is_some() {
            "embedded".to_owned()
        } else {
            url
        },
        started_at: jiff::Timestamp::now().to_string(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        ..Report::default()
    };
    let mut run = Run {
        traffic,
        ledger,
        process,
        api,
        report,
        is_quiet: options.json,
    };
    if let Some(seconds) = options.soak {
        run.soak(options.rate, seconds).await?;
    } else if options.find_ceiling {
        run.find_ceiling(options.rate, options.step, jobs).await?;
    } else if !options.grow.is_empty() {
        run.grow(options.rate, &options.grow).await?;
    } else {
        run.tell(&report::phase_groups());
        run.tell(&report::phase_head());
        let phase = run.phase(options.rate, jobs).await?;
        run.report.take(&phase);
        run.report.phases.push(phase);
    }
    run.finish(options.look_up).await
}

/// The number of jobs that a run may post at most.
fn jobs_of(options: &Options) -> u64 {
    let at_rate = |seconds: f64| (options.rate * seconds).ceil() as u64;
    if let Some(seconds) = options.soak {
        return at_rate(seconds as f64);
    }
    if options.find_ceiling {
        return options.leads.unwrap_or(2_000_000);
    }
    if let Some(largest) = options.grow.iter().max() {
        return largest + at_rate(10.0) * options.grow.len() as u64;
    }
    options.leads.unwrap_or(at_rate(30.0))
}

impl Run {
    /// Posts `jobs` jobs at `rate` and waits until everybody has an owner.
    async fn phase(&mut self, rate: f64, jobs: u64) -> Result<Phase> {
        let before = self.mark()?;
        let posted = self.traffic.at_rate(rate, jobs).await?;
        let behind = self.ledger.under_way();
        self.traffic.drain(PATIENCE).await;
        let phase = self.phase_since(&before, rate, posted, behind)?;
        self.tell(&report::phase_line(&phase));
        Ok(phase)
    }

    fn mark(&self) -> Result<Mark> {
        self.ledger.take_latencies();
        Ok(Mark {
            at: self.ledger.elapsed(),
            accepted: self.ledger.accepted(),
            cpu_s: self.cpu_s()?,
            generator_cpu_s: process::own_usage()?.cpu_s,
        })
    }

    fn cpu_s(&self) -> Result<Option<f64>> {
        let usage = self.process.as_ref().map(Process::usage).transpose()?;
        Ok(usage.map(|usage| usage.cpu_s))
    }

    fn phase_since(&self, before: &Mark, rate: f64, posted: Posted, behind: u64) -> Result<Phase> {
        let accepted = (self.ledger.accepted() - before.accepted) as f64;
        let leads = posted.jobs.max(1) as f64;
        let until_owned = self.ledger.last_owned().saturating_sub(before.at);
        let (accept, owner) = self.ledger.take_latencies();
        let elapsed = (self.ledger.elapsed() - before.at).as_secs_f64();
        let cpu_s = self
            .cpu_s()?
            .zip(before.cpu_s)
            .map(|(now, then)| now - then);
        let generator_cpu_s = process::own_usage()?.cpu_s - before.generator_cpu_s;
        let usage = self.process.as_ref().map(Process::usage).transpose()?;
        let cores = self.report.cores.max(1) as f64;
        // Where only a sample is asked for, its last one stands for all.
        let owned = if self.process.is_some() {
            owner.quantiles().count as f64
        } else {
            accepted
        };
        let is_drained = self.ledger.under_way() == 0;
        Ok(Phase {
            rate,
            posts: posted.jobs,
            accepted_per_s: per_second(accepted, posted.took),
            owned_per_s: if is_drained {
                per_second(owned, until_owned)
            } else {
                0.0
            },
            accept_ms: accept.quantiles(),
            owner_ms: owner.quantiles(),
            behind,
            cpu_ms_per_lead: cpu_s.map(|cpu| cpu * 1000.0 / leads),
            generator_cpu_ms_per_lead: generator_cpu_s * 1000.0 / leads,
            busy: cpu_s.map(|cpu| (cpu + generator_cpu_s) / elapsed / cores),
            rss_mb: usage.map(|usage| usage.rss_mb),
        })
    }

    /// Steps of a quarter more each, until one does not hold; then one in the middle of the last two.
    async fn find_ceiling(&mut self, from: f64, step_seconds: f64, most_jobs: u64) -> Result<()> {
        self.tell(&report::phase_groups());
        self.tell(&report::phase_head());
        let (mut rate, mut held, mut refining) = (from, None::<Phase>, false);
        for _ in 0..MOST_STEPS {
            let jobs = (rate * step_seconds).ceil() as u64;
            if self.traffic.jobs() + jobs > most_jobs {
                break;
            }
            let phase = self.phase(rate, jobs).await?;
            let holds = holds(&phase, step_seconds);
            self.report.phases.push(phase.clone());
            match (holds, &held) {
                (true, _) if refining => {
                    held = Some(phase);
                    break;
                }
                (true, _) => {
                    held = Some(phase);
                    rate *= 1.25;
                }
                (false, Some(last)) if !refining => {
                    refining = true;
                    rate = f64::midpoint(last.rate, rate);
                }
                (false, _) => break,
            }
        }
        let best = held.context("not even the first step held; begin lower with --rate")?;
        self.report.take(&best);
        self.tell(&format!(
            "the highest step that held: {:.0} leads a second ({:.1} owned a second)",
            best.rate, best.owned_per_s
        ));
        Ok(())
    }

    async fn grow(&mut self, rate: f64, sizes: &[u64]) -> Result<()> {
        self.tell(&report::growth_head());
        for size in sizes {
            let last_tenth = size - size.saturating_sub(self.traffic.jobs()) / 10;
            self.traffic
                .as_fast_as_it_goes(last_tenth, UNDER_WAY)
                .await?;
            // Leads of before would be counted, too.
            self.traffic.drain(PATIENCE).await;
            let before = self.mark()?;
            let posted = self.traffic.as_fast_as_it_goes(*size, UNDER_WAY).await?;
            self.traffic.drain(PATIENCE).await;
            let fill = self.phase_since(&before, 0.0, posted, 0)?;
            let before = self.mark()?;
            let posted = self
                .traffic
                .at_rate(rate, (rate * 10.0).ceil() as u64)
                .await?;
            let behind = self.ledger.under_way();
            self.traffic.drain(PATIENCE).await;
            let phase = self.phase_since(&before, rate, posted, behind)?;
            let growth = Growth {
                leads: *size,
                filled_per_s: fill.owned_per_s,
                fill_cpu_ms_per_lead: fill.cpu_ms_per_lead,
                usage: self.process.as_ref().map(Process::usage).transpose()?,
                files: self.process.as_ref().map(Process::files),
                phase,
            };
            self.tell(&report::growth_line(&growth));
            self.report.take(&fill);
            self.report.growth.push(growth);
        }
        Ok(())
    }

    async fn soak(&mut self, rate: f64, seconds: u64) -> Result<()> {
        let before = self.mark()?;
        let interval = Duration::from_secs((seconds / 60).clamp(5, 60));
        self.tell(&report::sample_head());
        let jobs = (rate * seconds as f64).ceil() as u64;
        let traffic = self.traffic.clone();
        let mut posting = tokio::spawn(async move { traffic.at_rate(rate, jobs).await });
        let (mut accept, mut owner) = Default::default();
        let mut samples: Vec<Sample> = Vec::new();
        let posted = loop {
            let ended = tokio::time::timeout(interval, &mut posting).await;
            samples.push(self.sample(&before, &mut accept, &mut owner)?);
            if let Ok(posted) = ended {
                break posted??;
            }
        };
        let behind = self.ledger.under_way();
        self.traffic.drain(PATIENCE).await;
        let mut phase = self.phase_since(&before, rate, posted, behind)?;
        (phase.accept_ms, phase.owner_ms) = (accept.quantiles(), owner.quantiles());
        phase.owned_per_s = per_second(
            self.ledger.owned() as f64,
            self.ledger.last_owned().saturating_sub(before.at),
        );
        let half = &samples[samples.len() / 2..];
        let points = |of: fn(&Sample) -> f64| -> Vec<(f64, f64)> {
            half.iter()
                .map(|sample| (sample.second / 3600.0, of(sample)))
                .collect()
        };
        let slope = report::slope(&points(|sample| sample.rss_mb));
        let soak = Soak {
            seconds,
            rate,
            rss_slope_mb_per_hour: slope,
            rss_slope_bytes_per_lead: slope * 1e6 / (rate * 3600.0),
            generator_rss_slope_mb_per_hour: report::slope(&points(|sample| {
                sample.generator_rss_mb
            })),
            samples,
        };
        self.tell(&report::phase_groups());
        self.tell(&report::phase_head());
        self.tell(&report::phase_line(&phase));
        self.tell(&format!(
            "memory in the second half: {:+.1} MB an hour, {:+.1} bytes a lead (the generator: {:+.1} MB an hour)",
            soak.rss_slope_mb_per_hour, soak.rss_slope_bytes_per_lead, soak.generator_rss_slope_mb_per_hour
        ));
        self.report.take(&phase);
        self.report.phases.push(phase);
        self.report.soak = Some(soak);
        Ok(())
    }

    fn sample(
        &self,
        before: &Mark,
        accept: &mut histogram::Histogram,
        owner: &mut histogram::Histogram,
    ) -> Result<Sample> {
        let (accept_now, owner_now) = self.ledger.take_latencies();
        accept.merge(&accept_now);
        owner.merge(&owner_now);
        let usage = self
            .process
            .as_ref()
            .map(Process::usage)
            .transpose()?
            .unwrap_or_default();
        let sample = Sample {
            second: (self.ledger.elapsed() - before.at).as_secs_f64(),
            accepted: self.ledger.accepted(),
            owned: self.ledger.owned(),
            rss_mb: usage.rss_mb,
            generator_rss_mb: process::own_usage()?.rss_mb,
            cpu_s: usage.cpu_s - before.cpu_s.unwrap_or(0.0),
            files: self
                .process
                .as_ref()
                .map(Process::files)
                .unwrap_or_default(),
            accept_ms: accept_now.quantiles(),
            owner_ms: owner_now.quantiles(),
        };
        self.tell(&report::sample_line(&sample));
        Ok(sample)
    }

    /// Checks what must be true, and ends the process.
    async fn finish(mut self, look_up: u64) -> Result<Report> {
        let lookups =
            checks::look_up(&self.api, &self.ledger, self.traffic.jobs(), look_up).await?;
        // What comes twice comes late: a message that was worked on twice is seen again after a while.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let totals = self.ledger.totals();
        let configuration = domain::config::check::check_file(domain::config::DEFAULT).config;
        let shares = configuration
            .map(|config| checks::shares(&config, &totals))
            .unwrap_or_default();
        self.report.outcome = Outcome {
            accepted: totals.accepted,
            refused: totals.refused,
            failed: totals.failed,
            awaited: totals.awaited,
            owned: totals.owned,
            lost: totals.lost,
            doubled: totals.doubled,
            strangers: totals.strangers,
            webhooks: totals.told,
            lookups,
            shares: if self.process.is_some() {
                shares
            } else {
                Vec::new()
            },
            complaints: None,
        };
        if let Some(process) = self.process.take() {
            self.report.usage = Some(process.usage()?);
            self.report.files = Some(process.files());
            let log = process.data.with_file_name("log.txt");
            process.stop().await?;
            let log = std::fs::read_to_string(log).unwrap_or_default();
            let complaints = log
                .lines()
                .filter(|line| line.contains(" WARN ") || line.contains("ERROR "));
            self.report.outcome.complaints = Some(complaints.count() as u64);
        }
        for line in report::outcome_lines(&self.report.outcome) {
            self.tell(&line);
        }
        let missing = self.ledger.missing(5);
        if !missing.is_empty() {
            report::warn(&format!("without an owner, the first: jobs {missing:?}"));
        }
        Ok(self.report)
    }

    /// Says something as it happens: on the output when that is for people, else beside it.
    fn tell(&self, line: &str) {
        if self.is_quiet {
            report::warn(line)
        } else {
            say(line)
        }
    }
}

impl Report {
    /// What a phase says stands at the top.
    fn take(&mut self, phase: &Phase) {
        self.accepted_per_s = phase.accepted_per_s;
        self.owned_per_s = phase.owned_per_s;
        self.accept_ms = Some(phase.accept_ms);
        self.owner_ms = Some(phase.owner_ms);
    }
}

/// What was known when a phase began.
struct Mark {
    at: Duration,
    accepted: u64,
    cpu_s: Option<f64>,
    generator_cpu_s: f64,
}

fn per_second(count: f64, took: Duration) -> f64 {
    if took.is_zero() {
        0.0
    } else {
        count / took.as_secs_f64()
    }
}

/// Whether owners keep up with posts: they do not when half a second of leads has none at the end of the step, or when it
/// takes a twentieth longer than the step until all have one.
fn holds(phase: &Phase, step_seconds: f64) -> bool {
    let late = phase.posts as f64 / phase.owned_per_s.max(0.001) / step_seconds;
    (phase.behind as f64) < phase.rate / 2.0 && late < 1.05
}

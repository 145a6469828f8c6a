//! The process that is measured: started on a data directory of its own, watched through `/proc`, stopped or killed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

/// The token of the API of a process that was started here.
pub(super) const TOKEN: &str = "token-of-the-bench";

/// Signs the webhooks of a process that was started here. The receiver does not look at the signature.
const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Ticks of `/proc/PID/stat` a second: what Linux shows to user space, whatever the kernel's own rate (`man 5 proc`, `USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// How long a start may take: the queues are read, and the table if it is large.
const START: Duration = Duration::from_secs(120);

/// A `leadline dev` of the bench.
pub(super) struct Process {
    child: Child,
    /// Where it answers.
    pub(super) url: String,
    /// Its data.
    pub(super) data: PathBuf,
}

/// What a process uses.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Usage {
    /// Processor time since its start, in seconds.
    pub(super) cpu_s: f64,
    /// Resident memory, in megabytes.
    pub(super) rss_mb: f64,
    /// The most that it ever was.
    pub(super) most_rss_mb: f64,
}

/// Sizes of the files of a data directory, in megabytes.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Files {
    pub(super) table_mb: f64,
    pub(super) wal_mb: f64,
    pub(super) queues_mb: f64,
    pub(super) log_mb: f64,
}

impl Process {
    /// Starts `program` on `directory`, with the configuration that ships, a webhook to `receiver` in place of its log, and
    /// a first response that is due after `sla_minutes`.
    pub(super) async fn start(
        program: &Path,
        directory: &Path,
        receiver: &str,
        sla_minutes: u32,
        client: &reqwest::Client,
    ) -> Result<Self> {
        ensure!(
            program.exists(),
            "there is no program {}; build it with `cargo build --release -p cli`, or name one with --leadline",
            program.display()
        );
        fs::create_dir_all(directory)?;
        let config = directory.join("leadline.toml");
        fs::write(&config, configuration(receiver, sla_minutes)?)?;
        let data = directory.join("data");
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(directory.join("log.txt"))?;
        let child = Command::new(program)
            .args(["dev", "--port", &port.to_string()])
            .arg("--data")
            .arg(&data)
            .arg("--config")
            .arg(&config)
            .env("LEADLINE_TOKEN", TOKEN)
            .env("LEADLINE_SECRET_CRM", SIGNING_SECRET)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut process = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            data,
        };
        let deadline = Instant::now() + START;
        let health = format!("{}/v1/health", process.url);
        while client.get(&health).send().await.is_err() {
            if let Some(status) = process.child.try_wait()? {
                bail!(
                    "it ended at once ({status}): see log.txt in {}",
                    directory.display()
                );
            }
            ensure!(Instant::now() < deadline, "it does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }

    /// What it uses now.
    pub(super) fn usage(&self) -> Result<Usage> {
        usage(&self.child.id().to_string())
    }

    /// How large its files are now.
    pub(super) fn files(&self) -> Files {
        let mb = |path: PathBuf| fs::metadata(path).map_or(0.0, |file| file.len() as f64 / 1e6);
        let queues = fs::read_dir(self.data.join("queues"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| mb(entry.path()))
            .sum();
        Files {
            table_mb: mb(self.data.join("table.sqlite")),
            wal_mb: mb(self.data.join("table.sqlite-wal")),
            queues_mb: queues,
            log_mb: mb(self.data.with_file_name("log.txt")),
        }
    }

    /// Asks it to end and waits until it has.
    pub(super) async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(asked.success(), "it cannot be asked to end");
        for _ in 0..600 {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("it did not end within 30 s of being asked")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What this process itself uses.
pub(super) fn own_usage() -> Result<Usage> {
    usage("self")
}

fn usage(process: &str) -> Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .context("the process is gone, or this system has no /proc")?;
    // The name in parentheses may hold anything; after it come the state and then numbers.
    let (_, numbers) = stat.rsplit_once(')').context("/proc is not as expected")?;
    let ticks = |index: usize| -> f64 {
        let number = numbers.split_whitespace().nth(index);
        number.and_then(|text| text.parse().ok()).unwrap_or(0.0)
    };
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let megabytes = |name: &str| -> f64 {
        let line = status.lines().find(|line| line.starts_with(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kilobytes.unwrap_or(0.0) * 1024.0 / 1e6
    };
    Ok(Usage {
        cpu_s: (ticks(11) + ticks(12)) / TICKS_PER_SECOND,
        rss_mb: megabytes("VmRSS:"),
        most_rss_mb: megabytes("VmHWM:"),
    })
}

/// The configuration that ships, with the bench's receiver as its only destination.
pub(super) fn configuration(receiver: &str, sla_minutes: u32) -> Result<String> {
    let mut document: toml::Table = domain::config::DEFAULT.parse()?;
    let webhook = format!(
        "kind = \"webhook\"\nurl = \"{receiver}\"\nsecret = \"crm\"\nnotify = [\"lead.assigned\"]\n"
    );
    let destinations =
        toml::Table::from_iter([("crm".to_owned(), toml::Value::Table(webhook.parse()?))]);
    document.insert("destinations".to_owned(), destinations.into());
    let first_response = document
        .get_mut("slas")
        .and_then(|slas| slas.get_mut("first-response"))
        .and_then(toml::Value::as_table_mut)
        .context("the configuration that ships has no SLA `first-response`")?;
    first_response.insert(
        "first_response_minutes".to_owned(),
        i64::from(sla_minutes).into(),
    );
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_a_run_is_valid_and_tells_nobody_but_the_receiver() {
        let text = configuration("http://127.0.0.1:1/hook", 1440).unwrap();
        let report = domain::config::check::check_file(&text);
        let config = report.config.unwrap();
        assert_eq!(config.destinations.len(), 1);
        assert_eq!(
            config.destinations_for(domain::config::Notice::Assigned, Some("emea")),
            ["crm"]
        );
    }

    #[test]
    fn a_process_uses_memory_and_time() {
        let usage = own_usage().unwrap();
        assert!(usage.rss_mb > 1.0 && usage.most_rss_mb >= usage.rss_mb);
    }
}

//! One cold start under the Lambda runtime interface emulator, and what the emulator's own log says of it.
//!
//! The emulator starts a function when its first request comes, and logs how long that took (`INIT REPORT`, until the
//! function asks for its first event) and how long each request took (`INVOKE RTDONE`), to the microsecond.
//! So neither its own start nor the way of a request to it is in any figure here.
//! (The `Init Duration` of its `REPORT` line is something else, and is shorter than the start it speaks of.)

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// For a start and its first request on a small share of a CPU that many others want.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where `scripts/python-tools.sh` puts the package that holds the emulator.
const PACKAGES: &str = "target/tools/sam/lib";

/// The emulator that was named, else the one among the tools, which are fetched if they are not there.
pub(super) fn find(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        ensure!(path.is_file(), "there is no emulator at {}", path.display());
        return Ok(path.to_owned());
    }
    if let Some(path) = among_the_tools()? {
        return Ok(path);
    }
    super::programs::succeed(&mut Command::new("scripts/python-tools.sh"))?;
    among_the_tools()?.context("the tools are there, but no emulator for this machine among them")
}

fn among_the_tools() -> Result<Option<PathBuf>> {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let Ok(versions) = fs::read_dir(PACKAGES) else {
        return Ok(None);
    };
    for version in versions {
        let path = version?.path().join(format!(
            "site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}"
        ));
        if path.is_file() {
            return Ok(Some(fs::canonicalize(path)?));
        }
    }
    Ok(None)
}

/// What one start took.
pub(super) struct Start {
    /// From the start of the process until it asked for its first event.
    pub(super) init: Duration,
    /// The first request.
    pub(super) first: Duration,
    /// The requests after it, in their order.
    pub(super) warm: Vec<Duration>,
    /// Most memory the function had resident, in KiB.
    pub(super) memory_kib: u64,
    /// What the function answered, in the order of the requests.
    pub(super) answers: Vec<String>,
}

/// A running emulator; ends with its function when this is dropped.
pub(super) struct Emulator {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Emulator {
    /// Starts the emulator for this program, and waits until it takes requests. The program itself is not started yet.
    pub(super) async fn start(
        emulator: &Path,
        bootstrap: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Emulator> {
        let folder = bootstrap.parent().context("a program has a folder")?;
        let log = folder.join("emulator.log");
        let log_file =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let [address, runtime_api] = free_addresses()?;
        let process = Command::new(emulator)
            .args(["--log-level", "info"])
            .args(["--runtime-api-address", &runtime_api.to_string()])
            .args(["--runtime-interface-emulator-address", &address.to_string()])
            .arg(bootstrap)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(environment)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log_file.try_clone()?)
            .stderr(log_file)
            .spawn()
            .with_context(|| format!("cannot start {}", emulator.display()))?;
        let started = Emulator {
            process,
            address,
            log,
        };
        let deadline = Instant::now() + PATIENCE;
        for address in [runtime_api, address] {
            while TcpStream::connect(address).is_err() {
                ensure!(
                    Instant::now() < deadline,
                    "the emulator does not listen on {address}"
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(started)
    }

    /// Sends these requests one after the other, the first of which starts the function, and ends it.
    pub(super) async fn invoke_all(&self, requests: Vec<String>) -> Result<Start> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        let url = format!(
            "http://{}/2015-03-31/functions/function/invocations",
            self.address
        );
        let n_requests = requests.len();
        let mut answers = Vec::new();
        for request in requests {
            let sent = client.post(&url).body(request).send().await;
            let answer = sent.with_context(|| self.tail())?.text().await?;
            ensure!(
                !answer.contains("\"errorType\""),
                "the function failed: {answer}\n{}",
                self.tail()
            );
            answers.push(answer);
        }
        let memory_kib = self.function_memory_kib()?;
        let (init, durations) = self.durations(n_requests).await?;
        let [first, ref warm @ ..] = durations[..] else {
            bail!("no request was sent");
        };
        Ok(Start {
            init,
            first,
            warm: warm.to_vec(),
            memory_kib,
            answers,
        })
    }

    /// The line about a request may come a moment after its answer.
    async fn durations(&self, n_requests: usize) -> Result<(Duration, Vec<Duration>)> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let log = fs::read_to_string(&self.log)?;
            let (init, requests) = durations_in(&log);
            if let (Some(init), true) = (init, requests.len() >= n_requests) {
                return Ok((init, requests));
            }
            ensure!(
                Instant::now() < deadline,
                "the emulator's log lacks a figure:\n{}",
                self.tail()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// `VmHWM` of the emulator's child, which is the function.
    fn function_memory_kib(&self) -> Result<u64> {
        let status = self.status_of_function()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib = kib.context("the kernel tells no memory of the function")?;
        Ok(kib.parse()?)
    }

    fn status_of_function(&self) -> Result<String> {
        let parent = format!("PPid:\t{}\n", self.process.id());
        for entry in fs::read_dir("/proc")? {
            // Processes end while we look.
            let status = fs::read_to_string(entry?.path().join("status")).unwrap_or_default();
            if status.contains(&parent) {
                return Ok(status);
            }
        }
        bail!("the function is gone:\n{}", self.tail())
    }

    fn tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Asked to end, the emulator ends its function first; killed, it would leave it behind.
        let process = self.process.id().to_string();
        let _already_gone = Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &process])
            .stderr(Stdio::null())
            .status();
        let deadline = Instant::now() + Duration::from_secs(3);
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _already_gone = self.process.kill();
                let _already_gone = self.process.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn free_addresses() -> Result<[SocketAddr; 2]> {
    let [one, other] = [
        TcpListener::bind("127.0.0.1:0")?,
        TcpListener::bind("127.0.0.1:0")?,
    ];
    Ok([one.local_addr()?, other.local_addr()?])
}

/// How long the start took, and each request that succeeded.
fn durations_in(log: &str) -> (Option<Duration>, Vec<Duration>) {
    let mut init = None;
    let mut requests = Vec::new();
    for line in log.lines() {
        if let Some(milliseconds) = number_after(line, "INIT REPORT(durationMs: ") {
            init = init.or(Some(milliseconds));
        }
        if line.contains("INVOKE RTDONE(status: success") {
            requests.extend(number_after(line, "duration: "));
        }
    }
    (init, requests)
}

fn number_after(line: &str, mark: &str) -> Option<Duration> {
    let rest = line.split_once(mark)?.1;
    let number: String = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    Some(Duration::from_secs_f64(
        number.parse::<f64>().ok()? / 1000.0,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emulators_log_tells_the_start_and_each_request() {
        let log = "22 Nov 2026 02:17:22,342 [INFO] (rapid) INIT REPORT(durationMs: 63.181000)\n\
                   {\"level\":\"INFO\",\"fields\":{\"message\":\"a line of the function\"}}\n\
                   22 Nov 2026 02:17:22,343 [INFO] (rapid) INVOKE RTDONE(status: success, produced bytes: 0, duration: 1.126000ms)\n\
                   22 Nov 2026 02:17:22,406 [INFO] (rapid) INVOKE RTDONE(status: success, produced bytes: 0, duration: 4.379000ms)\n";
        let (init, requests) = durations_in(log);
        assert_eq!(init, Some(Duration::from_micros(63_181)));
        assert_eq!(
            requests,
            [Duration::from_micros(1_126), Duration::from_micros(4_379)]
        );
    }

    #[test]
    fn a_request_that_failed_is_no_figure() {
        let log = "INVOKE RTDONE(status: error, produced bytes: 0, duration: 9.000000ms)";
        assert_eq!(durations_in(log), (None, Vec::new()));
    }
}

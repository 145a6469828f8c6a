//! The second opinion: a start without the emulator, whose own share of a start is the same for every program and makes
//! all of them look alike. A listener stands for the runtime interface and notes when the program asks for its first event.
//!
//! It also reads how much CPU the program has used until then, which says the same on a busy machine as on a quiet one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// For a start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one start took.
pub(super) struct BareStart {
    /// From before the process was made until it asked for its first event.
    pub(super) ready: Duration,
    /// CPU of all its threads until then.
    pub(super) cpu: Duration,
}

/// Starts the program, at full speed, and ends it when it is ready.
pub(super) fn start(program: &Path, environment: &BTreeMap<String, String>) -> Result<BareStart> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let folder = program.parent().context("a program has a folder")?;
    let started = Instant::now();
    let process = Command::new(program)
        .env_clear()
        .envs(environment)
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
        // What the emulator sets besides, and the runtime asks for.
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "measurement")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "measurement")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let mut program = Ended(process);
    let mut connection = accept(&listener, &mut program.0)?;
    let request = read_head(&mut connection)?;
    let ready = started.elapsed();
    let cpu = cpu_of(program.0.id())?;
    ensure!(
        request.starts_with("GET /2018-06-01/runtime/invocation/next "),
        "the program's first call is no request for an event: {request}"
    );
    Ok(BareStart { ready, cpu })
}

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _already_gone = self.0.wait();
    }
}

fn accept(listener: &TcpListener, program: &mut Child) -> Result<TcpStream> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok((connection, _)) = listener.accept() {
            connection.set_nonblocking(false)?;
            connection.set_read_timeout(Some(PATIENCE))?;
            return Ok(connection);
        }
        if let Some(status) = program.try_wait()? {
            bail!("the program ended before it asked for an event: {status}");
        }
        ensure!(
            Instant::now() < deadline,
            "the program does not ask for an event"
        );
        // Short against the milliseconds that a start takes.
        std::thread::sleep(Duration::from_micros(50));
    }
}

fn read_head(connection: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let n_bytes = connection.read(&mut buffer)?;
        ensure!(n_bytes > 0, "the program hung up");
        head.extend_from_slice(&buffer[..n_bytes]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The first number of `schedstat` is the time on a CPU in nanoseconds, of one thread.
fn cpu_of(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let first = text.split(' ').next().unwrap_or_default();
        nanoseconds += first
            .parse::<u64>()
            .context("the kernel tells no CPU time")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

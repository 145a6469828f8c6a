//! `leadline dev`: everything in one process, on embedded engines, with the very handlers that run on Lambda.

mod data;
pub mod embedded;
mod reload;
mod serve;

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, Result};
use engines::queue::{EmbeddedQueues, SyncPolicy};
use engines::table::EmbeddedTable;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::options::DevOptions;
use data::Data;
use embedded::{Embedded, Engines, Wiring};

/// How long running work may take to end when the process is asked to stop. What is not done by then is in the queues.
const GRACE: Duration = Duration::from_secs(10);

/// Runs until it is interrupted.
///
/// # Errors
/// When a port, the data directory or the configuration cannot be used.
pub async fn run(options: DevOptions) -> Result<()> {
    init_logging();
    platform::install_tls();
    let data = Data::open(&options)?;
    let engines = match &data.directory {
        Some(directory) => Engines {
            table: EmbeddedTable::open(&directory.join("table.sqlite"))?,
            queues: EmbeddedQueues::open(&directory.join("queues"), SyncPolicy::Full)?,
        },
        None => Engines {
            table: EmbeddedTable::memory()?,
            queues: EmbeddedQueues::memory(),
        },
    };
    let listener = TcpListener::bind((options.host, options.port))
        .await
        .with_context(|| {
            format!(
                "cannot listen on {}:{}; choose another port with --port",
                options.host, options.port
            )
        })?;
    let address = listener.local_addr()?;
    let embedded = Embedded::open(
        engines,
        Wiring::new(data.secrets.clone(), data.token.clone()),
    )
    .await?;
    let file = reload::read(&options.config)?;
    let version = reload::push(&embedded, &file).await?;
    print_welcome(
        &options,
        &data,
        &format!("http://{address}"),
        &file,
        &version,
    );

    let (stop, stopped) = watch::channel(false);
    let mut tasks = embedded.start(&stopped);
    tasks.spawn(reload::watch(
        embedded.clone(),
        options.config.clone(),
        file,
        stopped.clone(),
    ));
    for (port, what) in [
        (options.dynamodb_port, Side::DynamoDb),
        (options.sqs_port, Side::Sqs),
    ] {
        if let Some(port) = port {
            let listener = TcpListener::bind((options.host, port))
                .await
                .with_context(|| format!("cannot listen on port {port}"))?;
            tasks.spawn(serve_side(
                embedded.clone(),
                listener,
                what,
                stopped.clone(),
            ));
        }
    }
    let server = serve::serve(embedded.clone(), listener, stopped.clone());
    let interrupted = async {
        interrupt().await;
        tracing::info!("stopping: running work is finished first");
        let _ = stop.send(true);
    };
    let (served, ()) = tokio::join!(server, interrupted);
    served?;
    if tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} })
        .await
        .is_err()
    {
        tracing::warn!(
            "some work did not end in time; it is in the queues and goes on at the next start"
        );
    }
    embedded.flush().await
}

#[derive(Clone, Copy)]
enum Side {
    DynamoDb,
    Sqs,
}

async fn serve_side(
    embedded: Embedded,
    listener: TcpListener,
    side: Side,
    mut stopped: watch::Receiver<bool>,
) {
    let shutdown = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let served = match side {
        Side::DynamoDb => embedded.engines.table.serve(listener, shutdown).await,
        Side::Sqs => embedded.engines.queues.serve(listener, shutdown).await,
    };
    if let Err(error) = served {
        tracing::error!(error = %platform::chain(&error), "a port for other tools is closed");
    }
}

fn init_logging() {
    let filter = EnvFilter::try_from_env("LEADLINE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,dynoxide=off"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A test that runs several of us in one process has a subscriber already.
    let _ = subscriber.try_init();
}

async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what the command says")]
fn print_welcome(options: &DevOptions, data: &Data, url: &str, file: &reload::File, version: &str) {
    println!("Leadline is running at {url}");
    println!("  configuration  {} ({version})", file.name);
    for (name, source) in &file.config.sources {
        println!(
            "  source         {url}/v1/sources/{name} ({})",
            source.kind.name()
        );
    }
    println!("  api            {url}/v1/leads, described at {url}/v1/openapi.json");
    println!("  token          {}", data.token);
    match &data.directory {
        Some(directory) => println!("  data           {}", directory.display()),
        None => println!("  data           in memory only: gone when this ends"),
    }
    if let Some(port) = options.dynamodb_port {
        println!("  dynamodb       http://{}:{port}", options.host);
    }
    if let Some(port) = options.sqs_port {
        println!("  sqs            http://{}:{port}", options.host);
    }
    let form = file.config.sources.iter().find(|(_, source)| {
        source.kind == domain::config::SourceKind::Form && source.secret.is_none()
    });
    if let Some((name, _)) = form {
        println!();
        println!("Send a lead:");
        println!(
            "  curl -i {url}/v1/sources/{name} -d email=ada@example.com -d first_name=Ada -d last_name=Example \\"
        );
        println!("    -d title=CMO -d company='Example GmbH' -d employees=75 -d country=Germany");
        println!("Ask why it went where it went:");
        println!("  cargo leadline explain ada@example.com");
    }
}

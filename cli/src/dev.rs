//! `leadline dev`: everything in one process, on embedded engines, with the very handlers that run on Lambda.

mod data;
pub mod embedded;
pub mod handlers;
mod reload;
mod serve;

use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use engines::EmbeddedObjects;
use engines::queue::{EmbeddedQueues, SyncPolicy};
use engines::table::EmbeddedTable;
use platform::{Clock, Objects};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::options::DevArguments;
use data::Data;
use embedded::{Embedded, Engines};
use handlers::Wiring;

/// How long running work may take to end when the process is asked to stop. What is not done by then is in the queues.
const GRACE: Duration = Duration::from_secs(10);

/// Runs until it is interrupted.
///
/// # Errors
/// When a port, the data directory or the configuration cannot be used.
pub async fn run(options: DevArguments) -> Result<()> {
    init_logging();
    platform::install_tls();
    let data = Data::open(&options)?;
    let clock = Clock::system();
    let now = {
        let clock = clock.clone();
        move || clock.now().as_second()
    };
    let objects = match &data.directory {
        Some(directory) => {
            EmbeddedObjects::open(&directory.join("uploads"), &data.uploads_key, now)?
        }
        None => EmbeddedObjects::memory(&data.uploads_key, now),
    };
    let engines = match &data.directory {
        Some(directory) => Engines {
            table: EmbeddedTable::open(&directory.join("table.sqlite"))?,
            queues: EmbeddedQueues::open(&directory.join("queues"), SyncPolicy::Full)?,
            objects: Some(objects.clone()),
        },
        None => Engines {
            table: EmbeddedTable::memory()?,
            queues: EmbeddedQueues::memory(),
            objects: Some(objects.clone()),
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
    let mut wiring = Wiring::new(data.secrets.clone(), data.token.clone());
    wiring.objects = Some(bucket(&objects, address, &data.uploads_key, clock));
    let embedded = Embedded::open(engines, wiring).await?;
    let file = reload::read(&options.config)?;
    let version = reload::push(&embedded, &file).await?;
    // Whoever reads only the first lines and closes the pipe is no reason to stop.
    let text = welcome(
        &options,
        &data,
        &format!("http://{address}"),
        &file,
        &version,
    );
    let _ = writeln!(std::io::stdout(), "{text}");

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
        // Somebody who sent half a request and stays must not keep the process: it has been accepted by nobody.
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served?,
        () = interrupted => tracing::warn!("some connections did not end in time and are cut off"),
    }
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

/// The bucket as the functions see it: senders reach it at the address that the process listens on.
fn bucket(
    objects: &EmbeddedObjects,
    mut address: SocketAddr,
    secret: &str,
    clock: Clock,
) -> Objects {
    if address.ip().is_unspecified() {
        // Listening everywhere is no address to send to.
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let base = format!("http://{address}/{}", engines::objects::BUCKET);
    let key = (engines::objects::KEY_ID, secret);
    Objects::embedded(&base, key, objects.http_client(), clock)
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

/// What the process says when it is ready.
fn welcome(
    options: &DevArguments,
    data: &Data,
    url: &str,
    file: &reload::File,
    version: &str,
) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.push(format!("Leadline is running at {url}"));
    lines.push(format!("  configuration  {} ({version})", file.name));
    for (name, source) in &file.config.sources {
        lines.push(format!(
            "  source         {url}/v1/sources/{name} ({})",
            source.kind.name()
        ));
    }
    lines.push(format!(
        "  api            {url}/v1/leads, described at {url}/v1/openapi.json"
    ));
    lines.push(format!("  token          {}", data.token));
    match &data.directory {
        Some(directory) => lines.push(format!("  data           {}", directory.display())),
        None => lines.push("  data           in memory only: gone when this ends".to_owned()),
    }
    if let Some(port) = options.dynamodb_port {
        lines.push(format!("  dynamodb       http://{}:{port}", options.host));
    }
    if let Some(port) = options.sqs_port {
        lines.push(format!("  sqs            http://{}:{port}", options.host));
    }
    // The plainest: what anybody may send to, without anything that keeps a first try from coming through.
    let forms = file.config.sources.iter().filter(|(_, source)| {
        source.kind == domain::config::SourceKind::Form && source.secret.is_none()
    });
    let form = forms.min_by_key(|(name, source)| {
        let spam = &source.spam;
        let guards = [
            spam.captcha.is_some(),
            spam.rate.is_some(),
            spam.flood.is_some(),
            !source.answer_field_errors,
            !source.map.is_empty(),
            !source.defaults.is_empty(),
            !source.required.is_empty(),
        ];
        let guards = guards.iter().filter(|is_there| **is_there).count();
        (guards, name.as_str() != "website")
    });
    if let Some((name, _)) = form {
        lines.push(String::new());
        lines.push("Send a lead:".to_owned());
        lines.push(format!(
            "  curl -i {url}/v1/sources/{name} -d email=ada@example.com -d first_name=Ada -d last_name=Example \\"
        ));
        lines.push(
            "    -d title=CMO -d company='Example GmbH' -d employees=75 -d country=Germany"
                .to_owned(),
        );
        lines.push("Ask why it went where it went:".to_owned());
        let is_default =
            options.port == 4180 && data.directory.as_deref() == Some(Path::new(".leadline"));
        let more = if is_default {
            String::new()
        } else {
            format!(" --url {url} --token {}", data.token)
        };
        lines.push(format!("  cargo leadline explain ada@example.com{more}"));
    }
    lines.join("\n")
}

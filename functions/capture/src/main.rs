//! The Lambda function `capture`: wires its handler to the platform.

use std::sync::Arc;

use capture::Capture;
use lambda_http::{Error, lambda_runtime, service_fn};
use platform::{Clock, Objects, Secrets, Settings};
use queue::{Queue, Queues};
use table::{ConfigurationCache, Table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    platform::install_tls();
    let settings = Settings::from_env()?;
    let clock = Clock::system();
    let table = Table::new(platform::dynamodb_client(&settings), &settings.table);
    let urls = [
        (Queue::Enrich, settings.queue_enrich()?.to_owned()),
        (Queue::Score, settings.queue_score()?.to_owned()),
    ];
    let capture = &Capture {
        queues: Queues::new(platform::sqs_client(&settings), urls),
        configurations: Arc::new(ConfigurationCache::new(
            table.clone(),
            table::CONFIGURATION_SECONDS,
        )),
        secrets: Secrets::open(&settings, clock.clone()),
        uploads: Some(Objects::open(&settings, clock.clone())?),
        over_limit: capture::OverLimit::default(),
        table,
        clock,
    };
    lambda_runtime::run(service_fn(move |event| capture::invoke(capture, event))).await
}

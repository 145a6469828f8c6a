//! The Lambda function `recycle`: wires its handler to the platform.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use platform::{Clock, Settings};
use queue::{Queue, Queues};
use recycle::Recycle;
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
        (Queue::Assign, settings.queue_assign()?.to_owned()),
        (Queue::Deliver, settings.queue_deliver()?.to_owned()),
    ];
    let queues = Queues::new(platform::sqs_client(&settings), urls);
    let configurations = Arc::new(ConfigurationCache::new(
        table.clone(),
        table::CONFIGURATION_SECONDS,
    ));
    let recycle = &Recycle {
        table,
        queues,
        configurations,
        clock,
    };
    run(service_fn(
        move |event: LambdaEvent<serde_json::Value>| async move {
            Ok::<_, Error>(recycle.on_schedule(event.context.deadline()).await?)
        },
    ))
    .await
}

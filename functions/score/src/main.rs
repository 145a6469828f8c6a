//! The Lambda function `score`: wires its handler to the platform.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use platform::{Clock, Settings};
use queue::{Queue, Queues};
use score::Score;
use table::{ConfigurationCache, Table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    platform::install_tls();
    let settings = Settings::from_env()?;
    let clock = Clock::system();
    let table = Table::new(platform::dynamodb_client(&settings), &settings.table);
    let configurations = Arc::new(ConfigurationCache::new(
        table.clone(),
        table::CONFIGURATION_SECONDS,
    ));
    let urls = [
        (Queue::Score, settings.queue_score()?.to_owned()),
        (Queue::Assign, settings.queue_assign()?.to_owned()),
        (Queue::Deliver, settings.queue_deliver()?.to_owned()),
    ];
    let queues = Queues::new(platform::sqs_client(&settings), urls);
    let score = &Score {
        table,
        queues,
        configurations,
        clock,
    };
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(score.handle(event.payload).await?)
    }))
    .await
}

//! The Lambda function `assign`: wires its handler to the platform.
// The SDK's futures inside those of a batch inside the runtime's are deep types; optimised builds follow them all the way.
#![recursion_limit = "256"]

use std::sync::Arc;

use assign::Assign;
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use platform::{Clock, Settings};
use queue::{Queue, Queues};
use table::{ConfigurationCache, Table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    platform::install_tls();
    let settings = Settings::from_env()?;
    let clock = Clock::system();
    let table = Table::new(platform::dynamodb_client(&settings), &settings.table).gathering();
    let configurations = Arc::new(ConfigurationCache::new(
        table.clone(),
        table::CONFIGURATION_SECONDS,
    ));
    let urls = [
        (Queue::Deliver, settings.queue_deliver()?.to_owned()),
        (Queue::Enrich, settings.queue_enrich()?.to_owned()),
        (Queue::Score, settings.queue_score()?.to_owned()),
    ];
    let queues = Queues::new(platform::sqs_client(&settings), urls);
    let assign = &Assign::new(table, queues, configurations, clock);
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(assign.handle(event.payload).await?)
    }))
    .await
}

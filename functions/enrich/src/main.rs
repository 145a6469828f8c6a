//! The Lambda function `enrich`: wires its handler to the platform.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use enrich::{Enrich, Providers};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use outbound::{Client, Policy};
use platform::{Clock, Secrets, Settings};
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
        (Queue::Enrich, settings.queue_enrich()?.to_owned()),
        (Queue::Score, settings.queue_score()?.to_owned()),
        (Queue::Assign, settings.queue_assign()?.to_owned()),
    ];
    let client = Client::new(Policy::allowing(settings.outbound_allow.clone()));
    let enrich = &Enrich {
        queues: Queues::new(platform::sqs_client(&settings), urls),
        secrets: Secrets::open(&settings, clock.clone()),
        providers: Providers::new(client),
        table,
        configurations,
        clock,
    };
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(enrich.handle(event.payload).await?)
    }))
    .await
}

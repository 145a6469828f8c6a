//! The Lambda function `deliver`: wires its handler to the platform.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use deliver::{Deliver, Receivers};
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
    let urls = [(Queue::Deliver, settings.queue_deliver()?.to_owned())];
    let deliver = &Deliver {
        queues: Queues::new(platform::sqs_client(&settings), urls),
        secrets: Secrets::open(&settings, clock.clone()),
        client: Client::new(Policy::allowing(settings.outbound_allow.clone())),
        receivers: Receivers::default(),
        table,
        configurations,
        clock,
    };
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(deliver.handle(event.payload).await?)
    }))
    .await
}

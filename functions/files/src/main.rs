//! The Lambda function `files`: wires its handler to the platform.

use aws_lambda_events::event::sqs::SqsEvent;
use files::{Files, time_left};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use platform::{Clock, Objects, Secrets, Settings};
use queue::{Queue, Queues};
use table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    platform::install_tls();
    let settings = Settings::from_env()?;
    let clock = Clock::system();
    let urls = [
        (Queue::Enrich, settings.queue_enrich()?.to_owned()),
        (Queue::Files, settings.queue_files()?.to_owned()),
    ];
    let files = &Files {
        table: Table::new(platform::dynamodb_client(&settings), &settings.table),
        queues: Queues::new(platform::sqs_client(&settings), urls),
        objects: Objects::open(&settings, clock.clone())?,
        secrets: Secrets::open(&settings, clock.clone()),
        clock,
    };
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let budget = time_left(event.context.deadline);
        Ok::<_, Error>(files.handle(event.payload, budget).await?)
    }))
    .await
}

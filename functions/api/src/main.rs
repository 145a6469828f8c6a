//! The Lambda function `api`: wires its handler to the platform.

use std::sync::Arc;

use api::{Api, Token};
use lambda_http::{Error, Request, run, service_fn};
use platform::{Clock, Secrets, Settings};
use queue::{Queue, Queues};
use table::{CONFIGURATION_SECONDS, ConfigurationCache, Table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    platform::install_tls();
    let settings = Settings::from_env()?;
    let clock = Clock::system();
    let table = Table::new(platform::dynamodb_client(&settings), &settings.table);
    let urls = [
        (Queue::Enrich, settings.queue_enrich()?.to_owned()),
        (Queue::Assign, settings.queue_assign()?.to_owned()),
        (Queue::Deliver, settings.queue_deliver()?.to_owned()),
    ];
    let api = &Api {
        queues: Queues::new(platform::sqs_client(&settings), urls),
        configurations: Arc::new(ConfigurationCache::new(
            table.clone(),
            CONFIGURATION_SECONDS,
        )),
        secrets: Secrets::open(&settings, clock.clone()),
        token: Token::of(Secrets::open_api_token(&settings, clock.clone())),
        table,
        clock,
    };
    run(service_fn(move |request: Request| async move {
        Ok::<_, Error>(api.handle(request).await)
    }))
    .await
}

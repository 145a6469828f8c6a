//! The smallest Lambda function on the runtime that ours use: what `bench cold-start` compares them with.
//!
//! It reads no environment of ours, sets up no logging, calls nothing, and answers every event with `{}`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_event: LambdaEvent<Value>| {
        Ok::<_, Error>(serde_json::json!({}))
    }))
    .await
}

//! AWS for the functions on one local port: the embedded engines, told apart by the target of a call; the secrets, which
//! no engine holds, are answered here. Somebody's webhook listens beside it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ::files::object_key;
use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cli::dev::embedded::{Embedded, Engines, event_of};
use cli::dev::handlers::Wiring;
use domain::id::{BatchId, Pepper};
use engines::queue::EmbeddedQueues;
use engines::table::EmbeddedTable;
use platform::Secrets;
use queue::{Message, Queue};
use serde_json::json;
use sha2::{Digest, Sha256};
use table::{Table, Upload};
use tokio::net::TcpListener;

use super::events::file;

/// The token of the API.
pub(super) const TOKEN: &str = "token-of-the-measurement";

/// An example of the Standard Webhooks specification; signs what nobody reads.
const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Ids of the two secrets, as the template's parameters would name them.
const SECRETS_ID: &str = "leadline-secrets";
const API_TOKEN_ID: &str = "leadline-api-token";

/// The bucket that files are uploaded to.
const BUCKET: &str = "leadline-uploads";

/// Where files come from: a source of the shipped configuration.
const SOURCE: &str = "website";

const PEPPER: &str = "pepper-of-the-measurement";

/// What is in the bucket, by name.
type Files = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// The local AWS with the shipped configuration in force.
pub(super) struct LocalAws {
    url: String,
    sqs: aws_sdk_sqs::Client,
    table: Table,
    /// The version of the configuration in force.
    config: String,
    files: Files,
}

impl LocalAws {
    /// Starts it, empty but for the configuration.
    pub(super) async fn start() -> Result<LocalAws> {
        let engines = Engines {
            table: EmbeddedTable::memory()?,
            queues: EmbeddedQueues::memory(),
            objects: None,
        };
        let secrets = Secrets::fixed([("pepper", PEPPER)]);
        // Opened for the table and the queues it makes; nothing in here works on them.
        let embedded =
            Embedded::open(engines.clone(), Wiring::new(secrets, TOKEN.to_owned())).await?;

        let dynamodb = TcpListener::bind("127.0.0.1:0").await?;
        let sqs = TcpListener::bind("127.0.0.1:0").await?;
        let front = Front {
            client: reqwest::Client::builder().no_proxy().build()?,
            dynamodb: format!("http://{}/", dynamodb.local_addr()?),
            sqs: format!("http://{}/", sqs.local_addr()?),
        };
        let table = engines.table.clone();
        tokio::spawn(async move { table.serve(dynamodb, std::future::pending()).await });
        let queues = engines.queues.clone();
        tokio::spawn(async move { queues.serve(sqs, std::future::pending()).await });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let files = Files::default();
        let stored = files.clone();
        let router = Router::new()
            .route(
                &format!("/{BUCKET}/{{*key}}"),
                get(move |Path(key): Path<String>| async move { object(&stored, &key) }),
            )
            .route("/hook", post(|| async { StatusCode::NO_CONTENT }))
            .route("/", post(pass_on))
            .with_state(front);
        tokio::spawn(async move { axum::serve(listener, router).await });

        let text = format!(
            "{}\n[destinations.crm]\nkind = \"webhook\"\nurl = \"{url}/hook\"\nsecret = \"crm\"\n\
             notify = [\"lead.assigned\"]\n",
            domain::config::DEFAULT
        );
        let config = domain::config::check::check_file(&text)
            .config
            .context("the measurement's configuration has problems")?;
        let pushed = embedded
            .table
            .push_configuration(&config, &text, jiff::Timestamp::now())
            .await?;
        Ok(LocalAws {
            url,
            sqs: engines.queues.sqs_client(),
            table: embedded.table.clone(),
            config: pushed.version,
            files,
        })
    }

    /// The variables that the template and Lambda give to a function, those of all functions together.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let mut environment: BTreeMap<String, String> = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-the-measurement"),
            ("AWS_SESSION_TOKEN", "session-of-the-measurement"),
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
            ("LEADLINE_TABLE", "leadline"),
            ("LEADLINE_UPLOADS", BUCKET),
            ("LEADLINE_SECRETS_ID", SECRETS_ID),
            ("LEADLINE_API_TOKEN_ID", API_TOKEN_ID),
            ("LEADLINE_OUTBOUND_ALLOW", "127.0.0.1/32"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for queue in Queue::ALL {
            let variable = format!("LEADLINE_QUEUE_{}", queue.name().to_uppercase());
            environment.insert(variable, queue_url(queue));
        }
        environment
    }

    /// Takes `n_messages` out of a queue, each as the event that Lambda would make of it.
    pub(super) async fn take(&self, queue: Queue, n_messages: usize) -> Result<Vec<String>> {
        let mut events = Vec::new();
        while events.len() < n_messages {
            let received = self
                .sqs
                .receive_message()
                .queue_url(queue_url(queue))
                .max_number_of_messages(1)
                .wait_time_seconds(5)
                .send()
                .await?;
            let messages = received.messages.unwrap_or_default();
            let [message] = &messages[..] else {
                bail!(
                    "{} of {n_messages} messages came into the queue {}",
                    events.len(),
                    queue.name()
                );
            };
            events.push(serde_json::to_string(&event_of(&messages))?);
            self.sqs
                .delete_message()
                .queue_url(queue_url(queue))
                .set_receipt_handle(message.receipt_handle.clone())
                .send()
                .await?;
        }
        Ok(events)
    }
}

impl LocalAws {
    /// Uploads `n_files` files of one row, of new people from `person` on: each announced, in the bucket, and as the event
    /// that goes on with it.
    pub(super) async fn upload(&self, n_files: usize, person: u32) -> Result<Vec<String>> {
        let mut events = Vec::new();
        for person in (person..).take(n_files) {
            let file = file(person).into_bytes();
            let digest: [u8; 32] = Sha256::digest(&file).into();
            let pepper = Pepper::new(PEPPER);
            let id = BatchId::of_file(&pepper, SOURCE, &digest, b"rules of the measurement");
            let now = jiff::Timestamp::now();
            let described = (file.len() as u64, &digest);
            let upload = Upload::announced(id, SOURCE, &self.config, described, now);
            ensure!(
                self.table.keep_upload(&upload, 0).await?,
                "a file was announced twice"
            );
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.insert(object_key(id), Bytes::from(file));
            let body = serde_json::to_string(&Message::File { upload: id })?;
            let event = json!({ "Records": [{ "messageId": id.to_string(), "body": body }] });
            events.push(event.to_string());
        }
        Ok(events)
    }
}

/// What the bucket holds under a name. The files are shorter than any range that is asked for.
fn object(files: &Files, key: &str) -> Response {
    let files = files.lock().unwrap_or_else(PoisonError::into_inner);
    match files.get(key) {
        Some(file) => (StatusCode::PARTIAL_CONTENT, file.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn queue_url(queue: Queue) -> String {
    format!("http://sqs.local/000000000000/{}", queue.name())
}

/// Where calls go.
#[derive(Clone)]
struct Front {
    client: reqwest::Client,
    dynamodb: String,
    sqs: String,
}

async fn pass_on(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target");
    let target = target
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let engine = match target.split('.').next() {
        Some("secretsmanager") => return secret(&body),
        Some("AmazonSQS") => &front.sqs,
        _ => &front.dynamodb,
    };
    let sent = front
        .client
        .post(engine)
        .header("x-amz-target", target)
        .body(body)
        .send()
        .await;
    let Ok(answer) = sent else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status();
    match answer.bytes().await {
        Ok(body) => (
            status,
            [("content-type", "application/x-amz-json-1.0")],
            body,
        )
            .into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// What Secrets Manager answers to `GetSecretValue`.
fn secret(body: &[u8]) -> Response {
    let asked: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let value = match asked["SecretId"].as_str() {
        Some(API_TOKEN_ID) => TOKEN.to_owned(),
        _ => json!({ "pepper": PEPPER, "crm": SIGNING_SECRET }).to_string(),
    };
    let answer = json!({ "Name": asked["SecretId"], "SecretString": value });
    (
        [("content-type", "application/x-amz-json-1.1")],
        answer.to_string(),
    )
        .into_response()
}

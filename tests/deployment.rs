//! A deployment for a test: the eight functions wired as their `main.rs` wire them, each with the environment that
//! `template.yaml` gives it and AWS clients of its own, whose every call is kept under the function's name.
//!
//! DynamoDB and SQS are the embedded engines in memory; what Lambda does between queues and functions is done by
//! [`Deployment::settle`]. Secrets Manager is answered here: the one service of AWS without an engine in this workspace.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::api::{Api, Token};
use ::assign::Assign;
use ::capture::Capture;
use ::deliver::Deliver;
use ::enrich::{Enrich, Providers};
use ::files::Files;
use ::recycle::Recycle;
use ::score::Score;
use aws_lambda_events::event::sqs::SqsBatchResponse;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use cli::dev::embedded::event_of;
use engines::EmbeddedObjects;
use engines::queue::EmbeddedQueues;
use engines::table::EmbeddedTable;
use lambda_http::http::Request;
use lambda_http::{Body, RequestExt};
use outbound::{Client, Policy};
use platform::{Clock, ManualClock, Objects, Secrets, Settings};
use queue::{Failure, Queue, Queues};
use serde_json::{Value, json};
use table::{ConfigurationCache, Table};

use crate::{SIGNING_SECRET, TOKEN, start, template};

/// Name of the table.
const TABLE: &str = "leadline";

/// How often a message is handed out before it is set aside. The template says five, which would show nothing more.
const MAX_RECEIVES: u32 = 2;

/// One call to AWS.
#[derive(Debug, Clone)]
pub struct AwsCall {
    /// Who made it.
    pub function: &'static str,
    /// Service and operation, as in `DynamoDB_20120810.PutItem`.
    pub target: String,
    /// Where to.
    pub uri: String,
    /// Names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The JSON document.
    pub body: Value,
}

/// How AWS fails for a while.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Calls whose target contains this.
    pub target: &'static str,
    /// The status they are answered with.
    pub status: u16,
    /// Whether the answer is a web page with the request in it, as a gateway on the way may give, and not AWS's own.
    pub is_page: bool,
}

/// An answer, as text: also what is no JSON can hold something that it should not.
#[derive(Debug)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers as lines.
    pub headers: String,
    /// The body.
    pub body: String,
}

impl RawAnswer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// See the [module](self).
pub struct Deployment {
    /// Stands still until it is moved.
    pub clock: ManualClock,
    /// DynamoDB.
    pub table_engine: EmbeddedTable,
    /// SQS.
    pub queue_engine: EmbeddedQueues,
    /// S3.
    pub object_engine: EmbeddedObjects,
    calls: Arc<Mutex<Vec<AwsCall>>>,
    fault: Arc<Mutex<Option<Fault>>>,
    capture: Capture,
    enrich: Enrich,
    score: Score,
    assign: Assign,
    deliver: Deliver,
    recycle: Recycle,
    files: Files,
    api: Api,
}

impl Deployment {
    /// A deployment with this configuration in force.
    pub async fn new(config: &str) -> Self {
        let table_engine = EmbeddedTable::memory().unwrap();
        let queue_engine = EmbeddedQueues::memory();
        Table::new(table_engine.dynamodb_client(), TABLE)
            .create_if_missing()
            .await
            .unwrap();
        create_queues(&queue_engine).await;
        let (clock, manual) = Clock::manual(start());
        let object_engine = {
            let clock = clock.clone();
            EmbeddedObjects::memory(AWS_KEY, move || clock.now().as_second())
        };
        let calls: Arc<Mutex<Vec<AwsCall>>> = Arc::default();
        let fault: Arc<Mutex<Option<Fault>>> = Arc::default();
        let wired = |function: &'static str| {
            let aws = Aws {
                function,
                table: table_engine.http_client(),
                queues: queue_engine.http_client(),
                objects: object_engine.http_client(),
                calls: Arc::clone(&calls),
                fault: Arc::clone(&fault),
            };
            Wired::new(function, aws, &clock)
        };
        let capture = wired("capture");
        let enrich = wired("enrich");
        let score = wired("score");
        let assign = wired("assign");
        let deliver = wired("deliver");
        let recycle = wired("recycle");
        let files = wired("files");
        let api = wired("api");
        let deployment = Self {
            clock: manual,
            capture: Capture {
                table: capture.table,
                queues: capture.queues,
                configurations: capture.configurations,
                secrets: capture.secrets,
                uploads: capture.objects,
                clock: clock.clone(),
                over_limit: capture::OverLimit::default(),
            },
            enrich: Enrich {
                table: enrich.table.gathering(),
                queues: enrich.queues,
                configurations: enrich.configurations,
                secrets: enrich.secrets,
                clock: clock.clone(),
                providers: Providers::new(enrich.client),
            },
            score: Score {
                table: score.table,
                queues: score.queues,
                configurations: score.configurations,
                clock: clock.clone(),
            },
            assign: Assign::new(
                assign.table.gathering(),
                assign.queues,
                assign.configurations,
                clock.clone(),
            ),
            deliver: Deliver {
                table: deliver.table.gathering(),
                queues: deliver.queues,
                configurations: deliver.configurations,
                secrets: deliver.secrets,
                clock: clock.clone(),
                client: deliver.client,
                receivers: ::deliver::Receivers::default(),
            },
            recycle: Recycle {
                table: recycle.table,
                queues: recycle.queues,
                configurations: recycle.configurations,
                clock: clock.clone(),
            },
            files: Files {
                table: files.table,
                queues: files.queues,
                objects: files.objects.expect("the template names the bucket"),
                secrets: files.secrets,
                clock: clock.clone(),
            },
            api: Api {
                table: api.table,
                queues: api.queues,
                configurations: api.configurations,
                secrets: api.secrets,
                token: Token::of(api.token),
                clock,
            },
            table_engine,
            queue_engine,
            object_engine,
            calls,
            fault,
        };
        let pushed = deployment
            .command(
                "PUT",
                "/v1/config",
                &[("content-type", "application/toml")],
                config,
            )
            .await;
        assert!(pushed.status < 300, "{pushed:?}");
        deployment
    }

    /// Every call to AWS so far.
    pub fn calls(&self) -> Vec<AwsCall> {
        self.calls.lock().unwrap().clone()
    }

    /// Lets AWS fail like this from now on, or work again.
    pub fn fail(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Sends a request to the function that the template's routes give it to, and waits for the answer.
    pub async fn send(
        &self,
        verb: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> RawAnswer {
        let mut request = Request::builder().method(verb).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let path = request.uri().path().to_owned();
        let request = request.with_raw_http_path(&path);
        let is_door = path != "/v1/health" && web::is_door(&path);
        let response = if is_door {
            self.capture.handle(request).await
        } else {
            self.api.handle(request).await
        };
        let (parts, body) = response.into_parts();
        let bytes: &[u8] = body.as_ref();
        RawAnswer {
            status: parts.status.as_u16(),
            headers: format!("{:?}", parts.headers),
            body: String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// The same with the API's token.
    pub async fn command(
        &self,
        verb: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> RawAnswer {
        let bearer = format!("Bearer {TOKEN}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.send(verb, target, &all, body).await
    }

    /// Puts a body into a queue, past all functions.
    pub async fn inject(&self, queue: Queue, body: &str) {
        let sqs = self.queue_engine.sqs_client();
        let request = sqs.send_message().queue_url(url(queue.name()));
        request.message_body(body).send().await.unwrap();
    }

    /// Puts a file under an address that `capture` signed, as its sender does, and tells the queue of it, as S3 does. The right
    /// to put it there is that of whoever signed.
    pub async fn put_file(&self, place: &Value, file: &[u8]) {
        let uri: lambda_http::http::Uri = place["url"].as_str().unwrap().parse().unwrap();
        let mut headers = lambda_http::http::HeaderMap::new();
        let host = uri.host().unwrap().parse().unwrap();
        headers.insert("host", host);
        for (name, value) in place["headers"].as_object().unwrap() {
            let name: lambda_http::http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.as_str().unwrap().parse().unwrap());
        }
        let put = self.object_engine.put(&uri, &headers, file.to_vec().into());
        let object = put.await.unwrap();
        self.calls.lock().unwrap().push(AwsCall {
            function: "capture",
            target: "S3.PutObject".to_owned(),
            uri: uri.to_string(),
            headers: Vec::new(),
            body: Value::Null,
        });
        let notice = json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": {
            "bucket": { "name": engines::objects::BUCKET },
            "object": { "key": object.key, "size": object.bytes },
        } }] });
        self.inject(Queue::Files, &notice.to_string()).await;
    }

    /// Does what Lambda does until no queue has a message that can be received. Messages that wait for their time stay.
    pub async fn settle(&self) {
        let sqs = self.queue_engine.sqs_client();
        let mut is_quiet = false;
        while !is_quiet {
            is_quiet = true;
            for queue in Queue::ALL {
                let received = sqs
                    .receive_message()
                    .queue_url(url(queue.name()))
                    .max_number_of_messages(10)
                    .send()
                    .await
                    .unwrap();
                let messages = received.messages.unwrap_or_default();
                if messages.is_empty() {
                    continue;
                }
                is_quiet = false;
                let failed: Vec<String> = match self.invoke(queue, event_of(&messages)).await {
                    Ok(response) => response
                        .batch_item_failures
                        .into_iter()
                        .map(|failure| failure.item_identifier)
                        .collect(),
                    Err(_) => messages
                        .iter()
                        .filter_map(|m| m.message_id.clone())
                        .collect(),
                };
                for message in &messages {
                    let handle = message.receipt_handle.clone();
                    let has_failed = message
                        .message_id
                        .as_ref()
                        .is_some_and(|id| failed.contains(id));
                    if has_failed {
                        let again = sqs.change_message_visibility().queue_url(url(queue.name()));
                        again
                            .set_receipt_handle(handle)
                            .visibility_timeout(0)
                            .send()
                            .await
                            .unwrap();
                    } else {
                        let done = sqs.delete_message().queue_url(url(queue.name()));
                        done.set_receipt_handle(handle).send().await.unwrap();
                    }
                }
            }
        }
    }

    /// What the schedule does: one run of recycle, and what follows from it.
    pub async fn pass(&self, minutes: i64) -> Result<recycle::Run, recycle::Error> {
        self.clock.advance(jiff::SignedDuration::from_mins(minutes));
        let run = self.recycle.run(Duration::from_secs(30)).await;
        self.settle().await;
        run
    }

    async fn invoke(
        &self,
        queue: Queue,
        event: aws_lambda_events::event::sqs::SqsEvent,
    ) -> Result<SqsBatchResponse, Failure> {
        match queue {
            Queue::Enrich => self.enrich.handle(event).await,
            Queue::Score => self.score.handle(event).await,
            Queue::Assign => self.assign.handle(event).await,
            Queue::Deliver => self.deliver.handle(event).await,
            // So little time that a file of two pieces goes on in a message.
            Queue::Files => self.files.handle(event, Duration::ZERO).await,
        }
    }
}

/// What `main.rs` makes of one function's environment.
struct Wired {
    table: Table,
    queues: Queues,
    configurations: Arc<ConfigurationCache>,
    secrets: Secrets,
    objects: Option<Objects>,
    token: Secrets,
    client: Client,
}

impl Wired {
    fn new(function: &'static str, aws: Aws, clock: &Clock) -> Self {
        let variables = variables(function);
        let settings = Settings::parse(|name| variables.get(name).cloned())
            .unwrap()
            .with_http_client(SharedHttpClient::new(aws));
        let urls = [
            (Queue::Enrich, settings.queue_enrich()),
            (Queue::Score, settings.queue_score()),
            (Queue::Assign, settings.queue_assign()),
            (Queue::Deliver, settings.queue_deliver()),
            (Queue::Files, settings.queue_files()),
        ];
        let urls = urls
            .into_iter()
            .filter_map(|(queue, url)| Some((queue, url.ok()?.to_owned())));
        let table = Table::new(platform::dynamodb_client(&settings), &settings.table);
        Self {
            queues: Queues::new(platform::sqs_client(&settings), urls),
            // Without a cache, so that each function is seen to read what it needs.
            configurations: Arc::new(ConfigurationCache::new(table.clone(), 0)),
            secrets: Secrets::open(&settings, clock.clone()),
            objects: Objects::open(&settings, clock.clone()).ok(),
            token: Secrets::open_api_token(&settings, clock.clone()),
            client: Client::new(Policy::allowing(settings.outbound_allow.clone())),
            table,
        }
    }
}

/// The environment of a function once CloudFormation has put in what the template refers to, and what Lambda adds.
fn variables(function: &str) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> = template::environment(function)
        .into_iter()
        .filter_map(|(name, value)| Some((name, resolved(&value)?)))
        .collect();
    for (name, value) in [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", engines::objects::KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", AWS_KEY),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    variables
}

fn resolved(value: &str) -> Option<String> {
    match value.split_once(' ')? {
        ("!Ref", "Table") => Some(TABLE.to_owned()),
        ("!Ref", "Uploads") => Some(engines::objects::BUCKET.to_owned()),
        // The proof's receivers are on this machine.
        ("!Ref", "OutboundAllow") => Some("127.0.0.0/8".to_owned()),
        ("!Ref", queue) => Some(url(&queue.strip_suffix("Queue").unwrap().to_lowercase())),
        ("!GetAtt", id) => Some(format!(
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:{}",
            id.strip_suffix(".Id").unwrap()
        )),
        // Not set on AWS.
        ("!If", condition) if condition.starts_with("[OverridesEndpoint,") => None,
        _ => panic!("an environment value that is not understood: {value}"),
    }
}

fn url(queue: &str) -> String {
    format!("http://sqs.local/000000000000/{queue}")
}

async fn create_queues(engine: &EmbeddedQueues) {
    let sqs = engine.sqs_client();
    for queue in Queue::ALL {
        let set_aside = format!("{}-dlq", queue.name());
        sqs.create_queue()
            .queue_name(&set_aside)
            .send()
            .await
            .unwrap();
        let attributes = sqs
            .get_queue_attributes()
            .queue_url(url(&set_aside))
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .unwrap();
        let arn = attributes.attributes.unwrap_or_default()[&QueueAttributeName::QueueArn].clone();
        let redrive =
            json!({ "deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES.to_string() });
        let made = sqs
            .create_queue()
            .queue_name(queue.name())
            .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
        made.send().await.unwrap();
    }
}

/// AWS as one function sees it: below the SDK, which signs and serialises as always.
#[derive(Debug, Clone)]
struct Aws {
    function: &'static str,
    table: SharedHttpClient,
    queues: SharedHttpClient,
    objects: SharedHttpClient,
    calls: Arc<Mutex<Vec<AwsCall>>>,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl HttpClient for Aws {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Line {
            aws: self.clone(),
            table: self.table.http_connector(settings, components),
            queues: self.queues.http_connector(settings, components),
            objects: self.objects.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Line {
    aws: Aws,
    table: SharedHttpConnector,
    queues: SharedHttpConnector,
    objects: SharedHttpConnector,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let text = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let call = AwsCall {
            function: self.aws.function,
            target: match request.headers().get("x-amz-target") {
                Some(target) => target.to_owned(),
                // S3 has no header that says what is wanted.
                None if request.method() == "GET" => "S3.GetObject".to_owned(),
                None => String::new(),
            },
            uri: request.uri().to_owned(),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: serde_json::from_str(&text).unwrap_or_default(),
        };
        self.aws.calls.lock().unwrap().push(call.clone());
        let fault = *self.aws.fault.lock().unwrap();
        if let Some(fault) = fault.filter(|fault| call.target.contains(fault.target)) {
            let body = if fault.is_page {
                format!("<html><body>upstream failed for {text}</body></html>")
            } else {
                let kind = match fault.status {
                    403 => "AccessDeniedException",
                    _ => "InternalServerError",
                };
                json!({ "__type": kind, "message": "simulated" }).to_string()
            };
            return answer(fault.status, body);
        }
        match call.target.split_once('.') {
            Some((service, _)) if service.starts_with("DynamoDB") => self.table.call(request),
            Some(("S3", _)) => self.objects.call(request),
            Some(("AmazonSQS", _)) => self.queues.call(request),
            Some(("secretsmanager", "GetSecretValue")) => {
                let id = call.body["SecretId"].as_str().unwrap_or_default();
                let secret = if id.ends_with(":ApiToken") {
                    TOKEN.to_owned()
                } else {
                    json!({
                        "pepper": PEPPER, "crm": SIGNING_SECRET, "typeform": TYPEFORM_SECRET, "atlas": PROVIDER_KEY,
                        "facebook": PLATFORM_SECRET, "facebook-token": PLATFORM_TOKEN
                    })
                    .to_string()
                };
                answer(
                    200,
                    json!({ "ARN": id, "Name": "name", "SecretString": secret }).to_string(),
                )
            }
            _ => panic!(
                "{} called {}, which nobody answers here",
                call.function, call.target
            ),
        }
    }
}

fn answer(status: u16, body: String) -> HttpConnectorFuture {
    let status = StatusCode::try_from(status).unwrap();
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.1");
    HttpConnectorFuture::ready(Ok(response))
}

/// What every function signs its calls with.
const AWS_KEY: &str = "key-of-the-deployment";

/// The key of identity hashes.
pub const PEPPER: &str = "pepper-of-the-deployment";

/// What the Typeform source signs with.
pub const TYPEFORM_SECRET: &str = "typeform-secret-of-the-deployment";

/// What a platform signs announcements of leads with.
pub const PLATFORM_SECRET: &str = "platform-secret-of-the-deployment";

/// What that platform asks for before it gives out answers.
pub const PLATFORM_TOKEN: &str = "platform-token-of-the-deployment";

/// What a provider asks for.
pub const PROVIDER_KEY: &str = "provider-key-of-the-deployment";

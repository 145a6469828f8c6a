//! A whole Leadline for a test: real engines in memory, the real handlers, and a receiver at the network that stands for
//! everybody outside. Nothing of Leadline itself is faked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's world: what goes wrong here is the test's failure"
)]

pub mod deployment;
mod name_server;
pub mod template;

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use cli::dev::embedded::{Embedded, Engines};
use cli::dev::handlers::{Tape, Wiring};
use engines::EmbeddedObjects;
use engines::queue::EmbeddedQueues;
use engines::table::EmbeddedTable;
use jiff::Timestamp;
use lambda_http::http::{HeaderMap, Method, Request};
use lambda_http::{Body, RequestExt};
use platform::{Clock, ManualClock, Objects, Secrets};
use queue::Queue;
use serde_json::Value;
use table::Meter;
use tokio::sync::watch;
use tokio::task::JoinSet;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The token of every world's API.
pub const TOKEN: &str = "token-of-the-test-world";

/// The key that signs what the receiver gets.
pub const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The secret of sources that name `files` as theirs.
pub const FILES_SECRET: &str = "secret-of-those-who-send-files";

/// What addresses of uploads are signed with.
pub const UPLOADS_KEY: &str = "key-of-the-uploads-of-the-test-world";

/// Monday, 2026-03-02, noon in Berlin.
pub fn start() -> Timestamp {
    "2026-03-02T11:00:00Z".parse().unwrap()
}

/// A world.
pub struct World {
    /// The Leadline in it.
    pub embedded: Embedded,
    /// Its clock: stands still until it is moved.
    pub clock: ManualClock,
    /// Everybody outside.
    pub outside: MockServer,
    /// Counts what the table costs.
    pub meter: Arc<Meter>,
    tape: Tape,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// An answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as JSON; null when it is none.
    pub body: Value,
}

impl World {
    /// A world with the configuration that ships, and a webhook at the outside's `/hook` for every notice.
    pub async fn new() -> Self {
        Self::with(webhook).await
    }

    /// A world with the configuration that ships and what `more` adds to it.
    pub async fn with(more: impl FnOnce(&str) -> String) -> Self {
        Self::configured(|outside| format!("{}\n{}", domain::config::DEFAULT, more(outside))).await
    }

    /// A world with the configuration that `config` makes from the outside's address.
    pub async fn configured(config: impl FnOnce(&str) -> String) -> Self {
        Self::wired(config, |_| {}).await
    }

    /// A world of which `change` changes what it needs from outside.
    pub async fn wired(
        config: impl FnOnce(&str) -> String,
        change: impl FnOnce(&mut Wiring),
    ) -> Self {
        let outside = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/hook"))
            .respond_with(ResponseTemplate::new(204))
            .with_priority(10)
            .mount(&outside)
            .await;
        let (clock, manual) = Clock::manual(start());
        let secrets = Secrets::fixed([
            ("pepper", "pepper-of-the-test-world"),
            ("crm", SIGNING_SECRET),
            ("typeform", "typeform-secret"),
            ("atlas", "atlas-key"),
            ("files", FILES_SECRET),
            ("trustedform", "trustedform-key"),
        ]);
        let meter = Arc::new(Meter::default());
        let mut wiring = Wiring::new(secrets, TOKEN.to_owned());
        wiring.clock = clock;
        wiring.meter = Some(Arc::clone(&meter));
        wiring.mail = name_server::start().await;
        wiring.configuration_seconds = 0;
        let tape = Tape::default();
        wiring.tape = Some(Arc::clone(&tape));
        let objects = {
            let clock = wiring.clock.clone();
            EmbeddedObjects::memory(UPLOADS_KEY, move || clock.now().as_second())
        };
        wiring.objects = Some(Objects::embedded(
            &format!("http://leadline.test/{}", engines::objects::BUCKET),
            (engines::objects::KEY_ID, UPLOADS_KEY),
            objects.http_client(),
            wiring.clock.clone(),
        ));
        change(&mut wiring);
        let engines = Engines {
            table: EmbeddedTable::memory().unwrap(),
            queues: EmbeddedQueues::memory(),
            objects: Some(objects),
        };
        let embedded = Embedded::open(engines, wiring).await.unwrap();
        let text = config(&outside.uri());
        let report = domain::config::check::check_file(&text);
        let config = report.config.unwrap_or_else(|| {
            panic!(
                "the test's configuration has problems: {:?}",
                report.problems
            )
        });
        embedded
            .table
            .push_configuration(&config, &text, start())
            .await
            .unwrap();
        let (stop, stopped) = watch::channel(false);
        let tasks = embedded.start_queues(&stopped);
        meter.take();
        Self {
            embedded,
            clock: manual,
            outside,
            meter,
            tape,
            stop,
            tasks,
        }
    }

    /// Puts another configuration in force.
    pub async fn push(&self, text: &str) {
        let config = domain::config::check::check_file(text)
            .config
            .expect("the configuration is right");
        self.embedded
            .table
            .push_configuration(&config, text, self.embedded.clock.now())
            .await
            .unwrap();
    }

    /// Sends a request and waits for the answer, not for what follows from it.
    pub async fn send(
        &self,
        verb: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(verb).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let path = request.uri().path().to_owned();
        let response = self
            .embedded
            .answer(request.with_raw_http_path(&path), &path)
            .await;
        let (parts, body) = response.into_parts();
        let bytes: &[u8] = body.as_ref();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(bytes).unwrap_or(Value::Null),
        }
    }

    /// Posts a form, urlencoded.
    pub async fn post_form(&self, source: &str, body: &str) -> Answer {
        self.send(
            Method::POST,
            &format!("/v1/sources/{source}"),
            &[("content-type", "application/x-www-form-urlencoded")],
            body,
        )
        .await
    }

    /// Posts JSON.
    pub async fn post_json(&self, target: &str, body: &Value) -> Answer {
        self.send(
            Method::POST,
            target,
            &[("content-type", "application/json")],
            body.to_string(),
        )
        .await
    }

    /// Asks the API.
    pub async fn get(&self, target: &str) -> Answer {
        self.send(
            Method::GET,
            target,
            &[("authorization", &format!("Bearer {TOKEN}"))],
            Body::Empty,
        )
        .await
    }

    /// Posts to the API.
    pub async fn command(&self, target: &str, body: &Value) -> Answer {
        self.send(
            Method::POST,
            target,
            &[
                ("authorization", &format!("Bearer {TOKEN}")),
                ("content-type", "application/json"),
            ],
            body.to_string(),
        )
        .await
    }

    /// Waits until nothing is on its way any more.
    pub async fn settle(&self) {
        self.embedded.wait_idle().await;
    }

    /// Moves the clock, looks for due work, and waits until nothing is on its way any more.
    pub async fn pass(&self, minutes: i64) {
        self.clock.advance(jiff::SignedDuration::from_mins(minutes));
        self.embedded.recycle().await.unwrap();
        self.settle().await;
    }

    /// The one lead that an e-mail address belongs to.
    pub async fn lead(&self, email: &str) -> Value {
        let found = self
            .get(&format!("/v1/leads?email={}", email.replace('+', "%2B")))
            .await;
        assert_eq!(found.status, 200, "{}", found.body);
        let leads = found.body["leads"].as_array().unwrap().clone();
        assert_eq!(leads.len(), 1, "one lead for {email}");
        leads.into_iter().next().unwrap()
    }

    /// The history of a lead.
    pub async fn history(&self, lead: &Value) -> Vec<Value> {
        let answer = self
            .get(&format!(
                "/v1/leads/{}/history",
                lead["id"].as_str().unwrap()
            ))
            .await;
        answer.body["history"].as_array().unwrap().clone()
    }

    /// What the receiver got: `webhook-id` and body, in order.
    pub async fn told(&self) -> Vec<(String, Value)> {
        let requests = self.outside.received_requests().await.unwrap();
        requests
            .iter()
            .filter(|request| request.url.path() == "/hook")
            .map(|request| {
                (
                    request.headers["webhook-id"].to_str().unwrap().to_owned(),
                    serde_json::from_slice(&request.body).unwrap(),
                )
            })
            .collect()
    }

    /// Every message that was handed to a handler so far.
    pub fn handled(&self) -> Vec<(Queue, String)> {
        self.tape.lock().unwrap().clone()
    }

    /// Hands bodies to a function as one batch, and counts those that it gives back.
    pub async fn invoke(&self, queue: Queue, bodies: &[String]) -> usize {
        let mut event = SqsEvent::default();
        for (index, body) in bodies.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("m{index}"));
            record.body = Some(body.clone());
            event.records.push(record);
        }
        self.embedded
            .invoke(queue, event)
            .await
            .unwrap()
            .batch_item_failures
            .len()
    }

    /// Every item of the table, in the order of keys: to see that nothing changed.
    pub async fn everything(&self) -> Vec<String> {
        let client = self.embedded.engines.table.dynamodb_client();
        let mut items = Vec::new();
        let mut scanned = client
            .scan()
            .table_name("leadline")
            .into_paginator()
            .items()
            .send();
        while let Some(item) = scanned.try_next().await.unwrap() {
            let sorted: std::collections::BTreeMap<_, _> = item.iter().collect();
            items.push(format!("{sorted:?}"));
        }
        items.sort();
        items
    }

    /// Ends what runs.
    pub async fn end(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The table of a webhook at the outside's `/hook`.
pub fn webhook(outside: &str) -> String {
    format!(
        "[destinations.crm]\nkind = \"webhook\"\nurl = \"{outside}/hook\"\nsecret = \"crm\"\n\
         notify = [\"lead.assigned\", \"lead.unassigned\", \"lead.stage_changed\", \"lead.sla_breached\"]\n"
    )
}

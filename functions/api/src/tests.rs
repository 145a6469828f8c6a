//! Every call against the real engines, in process.

mod batches;
mod calls;
mod configuration;
mod erasure;
mod feedback;
mod leads;
mod openapi;
mod submissions;

use std::sync::Arc;

use domain::config::{DEFAULT, check};
use domain::decision::{
    Assigned, Decision, How, Outcome, Received, Route, Ruling, Score, Scored, SlaClock, Stage,
};
use domain::email::Email;
use domain::field::{Field, Fields, Value};
use domain::id::{LeadId, Pepper, SubmissionId};
use domain::identity::{email_key, phone_key};
use engines::{EmbeddedQueues, EmbeddedTable};
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::{self, HeaderMap, StatusCode};
use lambda_http::{Body, Request};
use platform::{Clock, ManualClock, Secrets};
use queue::{Message, Queue, Queues};
use serde_json::json;
use table::{Appended, ConfigurationCache, Table};

use crate::{Api, Token};

const TOKEN: &str = "a-token-for-tests";
const PEPPER: &str = "a-pepper-for-tests";

/// An API on engines of its own, with the configuration that ships in force.
pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) table: Table,
    pub(crate) queues: EmbeddedQueues,
    pub(crate) hand: ManualClock,
    pub(crate) config: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The code of a problem, after checking that it is one.
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        openapi::assert_fits("Problem", &problem);
        problem["code"].as_str().unwrap().to_owned()
    }

    /// The bad fields of a problem, `field: code`, in alphabetical order.
    pub(crate) fn bad_fields(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().unwrap();
        let mut fields: Vec<String> = errors
            .iter()
            .map(|error| {
                format!(
                    "{}: {}",
                    error["field"].as_str().unwrap(),
                    error["code"].as_str().unwrap()
                )
            })
            .collect();
        fields.sort();
        fields
    }

    /// The body of a success, after checking that it is as the document says.
    pub(crate) fn ok(&self, schema: &str) -> serde_json::Value {
        assert!(self.status.is_success(), "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["cache-control"], "no-store");
        let body = self.json();
        openapi::assert_fits(schema, &body);
        body
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let mut world = Self::without_configuration().await;
        let config = check::read(DEFAULT).unwrap().config;
        world.config = world
            .table
            .push_configuration(&config, DEFAULT, noon())
            .await
            .unwrap()
            .version;
        world
    }

    pub(crate) async fn without_configuration() -> Self {
        let table = Table::new(
            EmbeddedTable::memory().unwrap().dynamodb_client(),
            "leadline",
        );
        table.create_if_missing().await.unwrap();
        let queues = EmbeddedQueues::memory();
        let client = queues.sqs_client();
        let mut urls = Vec::new();
        for queue in [Queue::Enrich, Queue::Assign] {
            let made = client
                .create_queue()
                .queue_name(queue.name())
                .send()
                .await
                .unwrap();
            urls.push((queue, made.queue_url().unwrap().to_owned()));
        }
        let (clock, hand) = Clock::manual(noon());
        let api = Api {
            table: table.clone(),
            queues: Queues::new(client, urls),
            configurations: Arc::new(ConfigurationCache::new(table.clone(), 0)),
            secrets: Secrets::fixed([("pepper", PEPPER)]),
            token: Token::fixed(TOKEN),
            clock,
        };
        Self {
            api,
            table,
            queues,
            hand,
            config: String::new(),
        }
    }

    pub(crate) async fn send(&self, request: Request) -> Answered {
        let response = self.api.handle(request).await;
        Answered {
            status: response.status(),
            headers: response.headers().clone(),
            text: String::from_utf8(response.body().as_ref().to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(request("GET", path, "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &serde_json::Value) -> Answered {
        self.send(request("POST", path, &body.to_string())).await
    }

    /// The same under an idempotency key.
    pub(crate) async fn post_once(
        &self,
        path: &str,
        key: &str,
        body: &serde_json::Value,
    ) -> Answered {
        let mut request = request("POST", path, &body.to_string());
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
        self.send(request).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.api.clock.now()
    }

    /// Appends to a lead's history.
    pub(crate) async fn append(&self, lead: LeadId, rulings: Vec<Ruling>) {
        let seq = self
            .table
            .lead(lead)
            .await
            .unwrap()
            .map_or(0, |history| history.lead.seq);
        let decisions: Vec<Decision> = rulings
            .into_iter()
            .map(|ruling| Decision {
                at: self.now(),
                config: self.config.clone(),
                ruling,
            })
            .collect();
        assert_eq!(
            self.table.append(lead, seq, &decisions).await.unwrap(),
            Appended::Done
        );
    }

    /// A lead that came in by form, was scored and given to Mia, with its keys claimed.
    pub(crate) async fn lead(&self) -> LeadId {
        let lead = submission(1).lead();
        self.append(
            lead,
            vec![
                received(1, greta()),
                scored(Stage::Lead),
                assigned(1, "mia", self.now()),
            ],
        )
        .await;
        self.claim(lead, "greta.lindholm@brightwater.example", "+12025550143")
            .await;
        lead
    }

    pub(crate) async fn claim(&self, lead: LeadId, email: &str, phone: &str) {
        let pepper = Pepper::new(PEPPER);
        for key in [
            email_key(&pepper, &Email::parse(email).unwrap()),
            phone_key(&pepper, phone),
        ] {
            self.table
                .claim(key, lead, &Default::default())
                .await
                .unwrap();
        }
    }

    /// The kinds of decisions in a lead's history.
    pub(crate) async fn kinds(&self, lead: LeadId) -> Vec<&'static str> {
        let history = self.table.lead(lead).await.unwrap().unwrap();
        history
            .decisions
            .iter()
            .map(|decision| decision.ruling.kind())
            .collect()
    }

    /// What was sent to a queue so far.
    pub(crate) fn sent(&self, queue: Queue) -> Vec<Message> {
        self.queues
            .peek(queue.name())
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Request {
    http::Request::builder()
        .method(method)
        .uri(format!("https://api.example.com{path}"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::from(body))
        .unwrap()
}

pub(crate) fn submission(number: u128) -> SubmissionId {
    SubmissionId::from_bits(number)
}

pub(crate) fn greta() -> Fields {
    let text = |text: &str| Value::Text(text.to_owned());
    Fields::from([
        (Field::Email, text("greta.lindholm@brightwater.example")),
        (Field::Phone, text("+12025550143")),
        (Field::FirstName, text("Greta")),
        (Field::Title, text("CMO")),
        (Field::Employees, Value::Number(80)),
        (Field::UtmSource, text("newsletter")),
        (Field::Custom("budget".to_owned()), text("10k")),
    ])
}

pub(crate) fn received(number: u128, fields: Fields) -> Ruling {
    let facts = domain::facts::facts_of(&fields);
    Ruling::Received(Received {
        submission: submission(number),
        source: "website".to_owned(),
        received_at: noon(),
        outcome: Outcome::Created,
        matched: Vec::new(),
        kept_apart: Vec::new(),
        stays_with: None,
        fields,
        facts,
        consent: [(
            "marketing".to_owned(),
            domain::submission::Consent {
                granted: true,
                at: noon(),
                text: None,
                evidence: None,
            },
        )]
        .into(),
        external_id: None,
        visitor: None,
        bought: None,
        check_at: noon(),
    })
}

pub(crate) fn scored(stage: Stage) -> Ruling {
    Ruling::Scored(Scored {
        score: Score {
            fit: 20,
            engagement: -3,
        },
        stage,
        points: Vec::new(),
        considered: 1,
    })
}

pub(crate) fn assigned(round: u32, rep: &str, now: Timestamp) -> Ruling {
    Ruling::Assigned(Assigned {
        round,
        rep: rep.to_owned(),
        by: Route {
            how: How::Territory,
            territory: Some("Americas".to_owned()),
            pool: Some("americas".to_owned()),
            ..Route::default()
        },
        turn: None,
        candidates: Vec::new(),
        sla: Some(SlaClock {
            name: "first-response".to_owned(),
            due_at: now + SignedDuration::from_mins(30),
        }),
    })
}

pub(crate) fn feedback(kind: &str) -> serde_json::Value {
    json!({ "kind": kind, "by": "mia" })
}

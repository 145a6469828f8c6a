//! Api: leads and why they are where they are, what sales did with them, submissions that need a person, and the
//! configuration. For programs and operators who have its token.
//!
//! The story of one request: which call → has the caller the token → what is asked, every bad field at once → read, and
//! where something is decided, write it under the lead's version → the answer. The interface is described by
//! `docs/openapi.json`, which is generated from this code and served by it.
//!
//! It scores and assigns nothing: it writes down what people say, and sends on what follows. No personal data reaches its
//! logs or its problems.

mod answers;
mod batches;
mod configuration;
mod consent;
mod erasure;
mod feedback;
mod leads;
mod ledger;
mod once;
#[cfg(any(test, feature = "schema"))]
pub mod openapi;
mod period;
mod problems;
mod quarantine;
mod repeats;
mod returns;
mod submissions;
mod token;
mod uploads;
mod vendors;

use std::sync::Arc;

use domain::id::Pepper;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Request, RequestExt, Response};
use platform::{Clock, Secrets};
use queue::Queues;
use table::{ConfigurationCache, Current, Table};
use web::{API, Call, Match, Problem, Route, find};

pub use token::Token;

use problems::{table_failed, unavailable};

/// What an operation comes to.
type Answer = Result<Response<Body>, Problem>;

/// Largest JSON body, in bytes. A message of a submission may have 10,000 characters, four bytes each; the rest is air.
const MAX_JSON_BYTES: usize = 131_072;

/// How often something is decided anew because somebody else wrote first.
const MAX_ROUNDS: usize = 12;

/// This interface, as it was generated from the code.
const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Api {
    /// The table.
    pub table: Table,
    /// Sends to `enrich`, `assign` and `deliver`.
    pub queues: Queues,
    /// The configuration in force.
    pub configurations: Arc<ConfigurationCache>,
    /// Holds the pepper.
    pub secrets: Secrets,
    /// What callers have to show.
    pub token: Token,
    /// Tells the time.
    pub clock: Clock,
}

impl Api {
    /// Answers one request. Never fails: what goes wrong is an answer too.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let answer = match find(API, request.method().as_str(), path(&request)) {
            Match::Found(route, names) => self.answer(route, &names.0, &request).await,
            Match::OtherMethods(methods) => Err(Problem::method_not_allowed(&allow(&methods))),
            Match::Nothing => Err(Problem::not_found("call")),
        };
        let mut response = answer.unwrap_or_else(|problem| {
            tracing::info!(
                http.status = problem.status,
                code = problem.code,
                "a request was refused"
            );
            problem.response()
        });
        if *request.method() == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        response
    }

    async fn answer(&self, route: &Route, names: &[String], request: &Request) -> Answer {
        if route.needs_token
            && !self
                .token
                .is_in(request)
                .await
                .map_err(|error| unavailable(&error))?
        {
            return Err(problems::unauthorized());
        }
        let name = names.first().map(String::as_str).unwrap_or_default();
        match route.call {
            Call::ListLeads => self.list_leads(request).await,
            Call::GetLead => self.get_lead(name).await,
            Call::GetHistory => self.get_history(name).await,
            Call::Explain => self.explain(name).await,
            Call::NoteConsent => self.note_consent(name, request).await,
            Call::Erase => self.erase(request).await,
            Call::GiveFeedback => self.give_feedback(name, request).await,
            Call::GetSubmission => self.get_submission(name).await,
            Call::ListSources => self.list_sources().await,
            Call::GetLedger => self.get_ledger(name, request).await,
            Call::ListSubmissions => self.list_submissions(request).await,
            Call::Discard => self.discard(name, request).await,
            Call::Resubmit => self.resubmit(name, request).await,
            Call::Return => self.return_submission(name, request).await,
            Call::ListVendors => self.list_vendors().await,
            Call::GetScorecard => self.get_scorecard(name, request).await,
            Call::CompareClaims => self.compare_claims(name, request).await,
            Call::GetBatch => self.get_batch(name, request).await,
            Call::GetConfiguration => self.get_configuration(request).await,
            Call::PushConfiguration => self.push_configuration(request).await,
            Call::ListVersions => self.list_versions().await,
            Call::RollBack => self.roll_back(request).await,
            Call::Health => self.health().await,
            Call::OpenApi => Ok(web::with_body(StatusCode::OK, "application/json", OPENAPI)),
            // Calls of other functions; the list of routes does not lead here.
            Call::Submit
            | Call::SubmitBatch
            | Call::AskUpload
            | Call::Handshake
            | Call::Ping
            | Call::ReportEvents
            | Call::Profile
            | Call::Script => Err(Problem::not_found("call")),
        }
    }

    async fn health(&self) -> Answer {
        let current = self
            .configurations
            .at(self.clock.now())
            .await
            .map_err(|error| table_failed(&error))?;
        let config = current.map(|current| current.version.clone());
        Ok(web::json(
            StatusCode::OK,
            &answers::Health {
                status: "ok",
                config,
            },
        ))
    }

    /// The configuration in force, for what cannot be decided without one.
    async fn current(&self) -> Result<Arc<Current>, Problem> {
        match self.configurations.at(self.clock.now()).await {
            Ok(Some(current)) => Ok(current),
            Ok(None) => Err(Problem::unavailable().detail(
                "no configuration is in force yet; an operator has to run `leadline push`",
            )),
            Err(error) => Err(table_failed(&error)),
        }
    }

    async fn pepper(&self) -> Result<Pepper, Problem> {
        let secret = self
            .secrets
            .pepper()
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(Pepper::new(secret.expose()))
    }
}

/// The path as it was asked for. Outside Lambda nobody notes it apart from the address.
fn path(request: &Request) -> &str {
    match request.raw_http_path() {
        "" => request.uri().path(),
        path => path,
    }
}

/// What is read by `GET` is answered to `HEAD` too.
fn allow(methods: &[&str]) -> String {
    let mut allowed = Vec::new();
    for method in methods {
        allowed.push(*method);
        if *method == "GET" {
            allowed.push("HEAD");
        }
    }
    allowed.join(", ")
}

/// The JSON object that was sent.
fn object(request: &Request) -> Result<serde_json::Map<String, serde_json::Value>, Problem> {
    let bytes: &[u8] = request.body().as_ref();
    if bytes.len() > MAX_JSON_BYTES {
        return Err(
            Problem::of(problems::TOO_LARGE).detail(format!("send at most {MAX_JSON_BYTES} bytes"))
        );
    }
    let unparseable = |detail: String| Problem::of(problems::UNPARSEABLE).detail(detail);
    if bytes.is_empty() {
        return Err(unparseable(
            "the body is empty; send a JSON object".to_owned(),
        ));
    }
    let value = serde_json::from_slice(bytes).map_err(|error| {
        // Only where it broke: the parser's own message may quote what was sent.
        unparseable(format!(
            "the JSON breaks at line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    serde_json::from_slice::<repeats::NoRepeats>(bytes).map_err(|error| {
        unparseable(format!(
            "a key stands twice in one object, the second time before line {}, column {}; send it once",
            error.line(),
            error.column()
        ))
    })?;
    match value {
        serde_json::Value::Object(object) => Ok(object),
        _ => Err(Problem::of(problems::UNPARSEABLE).detail("send a JSON object")),
    }
}

#[cfg(test)]
mod tests;

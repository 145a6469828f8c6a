//! Capture: the doors. Takes what sources send, checks it, and answers 202 only when it is safe in the queue.
//!
//! The story of one request: which door → who is it, verified over the raw bytes → what does it say, every bad field at
//! once → into the queue → the answer. What cannot be accepted durably is answered 503, and nothing is half done.
//!
//! It looks at no lead, and does nothing a sender would have to wait for.

mod cors;
mod events;

use std::sync::Arc;

use domain::config::Source;
use domain::id::Pepper;
use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use platform::{Clock, Secrets};
use queue::{Message, Queue, Queues};
use serde_json::json;
use sources::{Accepted, Door, Incoming, Parsed, Refusal};
use table::{ConfigurationCache, Current, Table};
use web::{Call, DOORS, Match, Problem, find};

/// How long a used idempotency key is remembered, in seconds: a day.
const IDEMPOTENCY_SECONDS: i64 = 86_400;

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Read for the configuration; written only for idempotency keys that senders give.
    pub table: Table,
    /// Sends to `enrich` and `score`.
    pub queues: Queues,
    /// The configuration in force.
    pub configurations: Arc<ConfigurationCache>,
    /// Holds the pepper and the sources' secrets.
    pub secrets: Secrets,
    /// Tells the time.
    pub clock: Clock,
}

impl Capture {
    /// Answers one request. Never fails: what goes wrong is an answer too.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let path = request.raw_http_path().to_owned();
        let method = request.method().clone();
        let found = find(DOORS, method.as_str(), &path);
        if method == Method::OPTIONS {
            let response = self.preflight(&request, &path).await;
            return match found {
                Match::OtherMethods(methods) => cors::allowing(response, &methods),
                Match::Found(..) | Match::Nothing => response,
            };
        }
        let origin = request.headers().get(header::ORIGIN).cloned();
        let (response, origins) = match found {
            Match::Found(route, names) => match route.call {
                Call::Submit | Call::Handshake => {
                    let name = names.0.first().map(String::as_str).unwrap_or_default();
                    self.at_source(name, &request).await
                }
                Call::ReportEvents => self.report_events(&request).await,
                Call::Health => (self.health().await, Vec::new()),
                _ => (Problem::not_found("call").response(), Vec::new()),
            },
            Match::OtherMethods(methods) => (
                Problem::method_not_allowed(&methods.join(", ")).response(),
                Vec::new(),
            ),
            Match::Nothing => (Problem::not_found("call").response(), Vec::new()),
        };
        cors::allow(response, origin.as_ref(), &origins)
    }

    /// What one source sent, and the origins that may read the answer.
    async fn at_source(&self, name: &str, request: &Request) -> (Response<Body>, Vec<String>) {
        let current = match self.current().await {
            Ok(current) => current,
            Err(problem) => return (problem.response(), Vec::new()),
        };
        let Some(source) = current.config.sources.get(name) else {
            return (Problem::not_found("source").response(), Vec::new());
        };
        let answer = self.receive(&current, name, source, request).await;
        let response = answer.unwrap_or_else(|problem| {
            tracing::info!(
                source = name,
                http.status = problem.status,
                code = problem.code,
                "a submission from {name} was refused"
            );
            problem.response()
        });
        (response, source.origins.clone())
    }

    async fn receive(
        &self,
        current: &Current,
        name: &str,
        source: &Source,
        request: &Request,
    ) -> Result<Response<Body>, Problem> {
        let pepper = self.pepper().await?;
        let mut secrets = Vec::new();
        if let Some(secret) = &source.secret {
            secrets = self
                .secrets
                .all(secret)
                .await
                .map_err(|error| unavailable(&error))?;
        }
        let values: Vec<&str> = secrets.iter().map(platform::SecretString::expose).collect();
        let door = Door {
            name,
            source,
            secrets: &values,
            pepper: &pepper,
            default_country: current.config.default_country.as_deref(),
        };
        let incoming = Incoming {
            method: request.method().as_str(),
            query: request.uri().query(),
            headers: request.headers(),
            body: request.body().as_ref(),
            received_at: self.clock.now(),
        };
        let accepted = sources::receive(&door, &incoming).map_err(|refusal| refused(&refusal))?;
        let ids: Vec<String> = match accepted {
            Accepted::NotALead { why } => {
                tracing::info!(source = name, why, "something from {name} is no lead");
                Vec::new()
            }
            Accepted::Submissions(parsed) => {
                self.check_idempotency(name, &pepper, request).await?;
                let ids = parsed
                    .iter()
                    .map(|parsed| parsed.id().to_string())
                    .collect();
                let messages: Vec<Message> = parsed.into_iter().map(message).collect();
                self.queues
                    .send_all(Queue::Enrich, &messages)
                    .await
                    .map_err(|error| unavailable(&error))?;
                ids
            }
        };
        if let Some(page) = source
            .redirect
            .as_deref()
            .filter(|_| sources::wants_redirect(&door, &incoming))
        {
            return Ok(see_other(page));
        }
        Ok(web::json(
            StatusCode::ACCEPTED,
            &json!({ "submissions": ids }),
        ))
    }

    /// Refuses an idempotency key that was used for something else: answering as if this had been accepted would lose it.
    async fn check_idempotency(
        &self,
        source: &str,
        pepper: &Pepper,
        request: &Request,
    ) -> Result<(), Problem> {
        let Some(key) = request.headers().get("idempotency-key") else {
            return Ok(());
        };
        let key = pepper.hash(&[b"idempotency", source.as_bytes(), key.as_bytes()]);
        let content = pepper.hash(&[b"content", request.body().as_ref()]);
        let is_ours = self
            .table
            .use_idempotency_key(key, content, self.clock.now(), IDEMPOTENCY_SECONDS)
            .await;
        match is_ours {
            Ok(true) => Ok(()),
            Ok(false) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This idempotency key was used for something else.",
            )
            .detail("send other content under another key")),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn health(&self) -> Response<Body> {
        match self.configurations.at(self.clock.now()).await {
            Ok(current) => {
                let version = current.map(|current| current.version.clone());
                web::json(
                    StatusCode::OK,
                    &json!({ "status": "ok", "config": version }),
                )
            }
            Err(error) => unavailable(&error).response(),
        }
    }

    async fn current(&self) -> Result<Arc<Current>, Problem> {
        match self.configurations.at(self.clock.now()).await {
            Ok(Some(current)) => Ok(current),
            Ok(None) => Err(Problem::unavailable().detail(
                "no configuration is in force yet; an operator has to run `leadline push`",
            )),
            Err(error) => Err(unavailable(&error)),
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

    async fn preflight(&self, request: &Request, path: &str) -> Response<Body> {
        let Ok(current) = self.current().await else {
            return Problem::unavailable().response();
        };
        let origins = match find(DOORS, "POST", path) {
            Match::Found(route, names) if route.call == Call::Submit => {
                let name = names.0.first().map(String::as_str).unwrap_or_default();
                match current.config.sources.get(name) {
                    Some(source) => source.origins.clone(),
                    None => return Problem::not_found("source").response(),
                }
            }
            Match::Found(..) => current.config.events.origins.clone(),
            _ => return Problem::not_found("call").response(),
        };
        cors::preflight(request, &origins)
    }
}

fn message(parsed: Parsed) -> Message {
    match parsed {
        Parsed::Submission(submission) => Message::Submission {
            submission: Box::new(submission),
        },
        Parsed::Quarantined(quarantined) => Message::Quarantined {
            quarantined: Box::new(quarantined),
        },
    }
}

fn see_other(page: &str) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(page) = HeaderValue::from_str(page) {
        response.headers_mut().insert(header::LOCATION, page);
    }
    response
}

fn refused(refusal: &Refusal) -> Problem {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let problem = Problem::new(status, refusal.code(), refusal.sentence()).detail(refusal.detail());
    match refusal {
        Refusal::Fields(problems) => problem.errors(problems),
        Refusal::MethodNotAllowed { allow } => problem.header(header::ALLOW, allow),
        Refusal::Unauthorized(_) => problem.header(header::WWW_AUTHENTICATE, "Leadline"),
        _ => problem,
    }
}

/// Logs why something could not be done, and tells the caller only that.
fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %platform::chain(error), "a request could not be served");
    Problem::unavailable()
}

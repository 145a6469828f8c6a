//! Capture: the doors. Takes what sources send, checks it, and answers 202 only when it is safe in the queue.
//!
//! The story of one request: which door → who is it, verified over the raw bytes → what does it say, every bad field at
//! once → into the queue → the answer. What cannot be accepted durably is answered 503, and nothing is half done.
//!
//! It looks at no lead, and does nothing a sender would have to wait for.

mod address;
mod batches;
mod cors;
mod events;
mod invocation;
mod ping;
mod profile;
mod rate;
mod reply;
mod script;
mod uploads;
mod vendor;
mod vendor_rows;

use std::sync::Arc;

use domain::config::Source;
use domain::id::Pepper;
use futures::future::join_all;
use intake::Intake;
use jiff::Timestamp;
use lambda_http::http::{Method, StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use platform::{Clock, Objects, SecretString, Secrets};
use queue::{Message, Queue, Queues};
use serde_json::json;
use sources::{Accepted, Answered, Door, Incoming, Parsed};
use table::{AcceptedThing, ConfigurationCache, Current, LedgerEntry, Table};
use vendors::Contract;
use web::{Call, DOORS, Match, Problem, find};

pub use invocation::invoke;
pub use rate::OverLimit;

use reply::{answer, naming, note_refusal, refused, see_other, unavailable};

/// What a single request to a source is called in the log.
const SUBMISSION: &str = "submission";

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
    /// Where large files are put; without it none are taken.
    pub uploads: Option<Objects>,
    /// Tells the time.
    pub clock: Clock,
    /// Senders that are over the limit of a source.
    pub over_limit: OverLimit,
}

impl Capture {
    /// Answers one request. Never fails: what goes wrong is an answer too.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let path = request.raw_http_path().to_owned();
        let method = request.method().clone();
        // Some senders look whether an address is there before they keep it.
        let routed = if method == Method::HEAD {
            Method::GET
        } else {
            method.clone()
        };
        let found = find(DOORS, routed.as_str(), &path);
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
                Call::SubmitBatch => {
                    let name = names.0.first().map(String::as_str).unwrap_or_default();
                    self.batch_at_source(name, &request).await
                }
                Call::AskUpload => {
                    let name = names.0.first().map(String::as_str).unwrap_or_default();
                    self.upload_at_source(name, &request).await
                }
                Call::Ping => {
                    let name = names.0.first().map(String::as_str).unwrap_or_default();
                    self.ping_at_source(name, &request).await
                }
                Call::ReportEvents => self.report_events(&request).await,
                Call::Profile => {
                    let name = names.0.first().map(String::as_str).unwrap_or_default();
                    self.profile(name, &request).await
                }
                // Any page may load it.
                Call::Script => (script::answer(&request), vec!["*".to_owned()]),
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
        let pepper = match self.pepper().await {
            Ok(pepper) => pepper,
            Err(problem) => return (problem.response(), source.origins.clone()),
        };
        let quota = self.take_quota(name, source, &pepper, request).await;
        let answer = match quota {
            Some((quota, true)) => Err(quota.refuse()),
            _ => self.receive(&current, name, source, &pepper, request).await,
        };
        let mut response = answer.unwrap_or_else(|problem| {
            note_refusal(SUBMISSION, name, problem.status, problem.code);
            problem.response()
        });
        if let Some((quota, _)) = quota {
            quota.say(&mut response);
            rate::expose(response.headers_mut());
        }
        (response, source.origins.clone())
    }

    /// What `answer` says to a request for one source, and the origins that may read it.
    async fn answer_of_source(
        &self,
        name: &str,
        what: &str,
        answer: impl AsyncFnOnce(&Current, &Source) -> Result<Response<Body>, Problem>,
    ) -> (Response<Body>, Vec<String>) {
        let current = match self.current().await {
            Ok(current) => current,
            Err(problem) => return (problem.response(), Vec::new()),
        };
        let Some(source) = current.config.sources.get(name) else {
            return (Problem::not_found("source").response(), Vec::new());
        };
        let response = answer(&current, source).await.unwrap_or_else(|problem| {
            note_refusal(what, name, problem.status, problem.code);
            problem.response()
        });
        (response, source.origins.clone())
    }

    async fn receive(
        &self,
        current: &Current,
        name: &str,
        source: &Source,
        pepper: &Pepper,
        request: &Request,
    ) -> Result<Response<Body>, Problem> {
        let secrets = self.secrets_of(source.secret.as_deref()).await?;
        let handshake_secrets = self.secrets_of(source.handshake_secret.as_deref()).await?;
        let door = Door {
            name,
            source,
            secrets: &exposed(&secrets),
            handshake_secrets: &exposed(&handshake_secrets),
            pepper,
            default_country: current.config.default_country.as_deref(),
        };
        let incoming = Incoming {
            method: request.method().as_str(),
            query: request.uri().query(),
            headers: request.headers(),
            body: request.body().as_ref(),
            received_at: self.clock.now(),
        };
        let accepted = match sources::receive(&door, &incoming) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                return match sources::reply(&door, &incoming, Answered::Refused(&refusal)) {
                    Some(reply) => {
                        note_refusal(SUBMISSION, name, reply.status, refusal.code());
                        Ok(answer(reply))
                    }
                    None => Err(refused(&refusal)),
                };
            }
        };
        if let (Accepted::Submissions(parsed), Some(contract)) =
            (&accepted, contract_of(current, name))
        {
            // In a box, since most requests are no vendor's and need not carry the room for it.
            let offered = Box::pin(self.answer_vendor(
                current,
                source,
                contract,
                &door,
                parsed,
                request,
                incoming.received_at,
            ))
            .await;
            return match offered {
                Ok(offers) => Ok(vendor::response(&door, &incoming, &offers)),
                Err(problem) => Self::not_kept(&door, &incoming, problem),
            };
        }
        let kept = self
            .keep(
                name,
                source,
                pepper,
                &accepted,
                request,
                incoming.received_at,
            )
            .await;
        if let Err(problem) = kept {
            return Self::not_kept(&door, &incoming, problem);
        }
        if let Some(reply) = sources::reply(&door, &incoming, Answered::Accepted(&accepted)) {
            return Ok(naming(&accepted, answer(reply)));
        }
        if let Some(page) = source
            .redirect
            .as_deref()
            .filter(|_| sources::wants_redirect(&door, &incoming))
        {
            return Ok(see_other(page));
        }
        let ids: Vec<String> = match &accepted {
            Accepted::Submissions(parsed) => parsed
                .iter()
                .map(|parsed| parsed.id().to_string())
                .collect(),
            Accepted::NotALead { .. } | Accepted::Handshake(_) => Vec::new(),
        };
        Ok(web::json(
            StatusCode::ACCEPTED,
            &json!({ "submissions": ids }),
        ))
    }

    /// The answer when something could not be made durable, or must not be.
    fn not_kept(
        door: &Door<'_>,
        incoming: &Incoming<'_>,
        problem: Problem,
    ) -> Result<Response<Body>, Problem> {
        if problem.status == StatusCode::SERVICE_UNAVAILABLE.as_u16()
            && let Some(reply) = sources::reply(door, incoming, Answered::Unavailable)
        {
            return Ok(answer(reply));
        }
        Err(problem)
    }

    /// Puts what was accepted where it is safe and, with a time, notes it in the ledger of its source.
    async fn keep(
        &self,
        name: &str,
        source: &Source,
        pepper: &Pepper,
        accepted: &Accepted,
        request: &Request,
        at: Timestamp,
    ) -> Result<(), Problem> {
        match accepted {
            Accepted::NotALead { why } => {
                tracing::info!(source = name, why, "something from {name} is no lead");
                Ok(())
            }
            Accepted::Handshake(_) => {
                tracing::info!(source = name, "a handshake of {name} was answered");
                Ok(())
            }
            Accepted::Submissions(parsed) => {
                self.check_idempotency(name, pepper, request).await?;
                let judged = parsed
                    .iter()
                    .map(|parsed| witnessed(parsed.clone(), request))
                    .map(|parsed| self.against_floods(name, source, pepper, parsed));
                let messages: Vec<Message> = join_all(judged)
                    .await
                    .into_iter()
                    .map(intake::message)
                    .collect();
                self.queues
                    .send_all(Queue::Enrich, &messages)
                    .await
                    .map_err(|error| unavailable(&error))?;
                if source.ledger {
                    for parsed in parsed {
                        let thing = AcceptedThing::Submission(parsed.id());
                        self.note(name, LedgerEntry::new(at, thing), at).await?;
                    }
                }
                Ok(())
            }
        }
    }

    fn intake(&self) -> Intake<'_> {
        Intake {
            table: &self.table,
            queues: &self.queues,
            clock: &self.clock,
        }
    }

    /// Notes in the ledger of a source what is safe in the queue, before its sender is told so.
    async fn note(&self, source: &str, entry: LedgerEntry, at: Timestamp) -> Result<(), Problem> {
        let noted = self.intake().note(source, entry, at).await;
        noted.map_err(|error| unavailable(&error))
    }

    /// The values of a secret that are valid now; none without a name.
    async fn secrets_of(&self, name: Option<&str>) -> Result<Vec<SecretString>, Problem> {
        match name {
            Some(name) => self
                .secrets
                .all(name)
                .await
                .map_err(|error| unavailable(&error)),
            None => Ok(Vec::new()),
        }
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
        let wanted = request
            .headers()
            .get(header::ACCESS_CONTROL_REQUEST_METHOD)
            .and_then(|method| method.to_str().ok())
            .filter(|method| *method == "GET")
            .unwrap_or("POST");
        let origins = match find(DOORS, wanted, path) {
            Match::Found(route, names)
                if matches!(
                    route.call,
                    Call::Submit
                        | Call::SubmitBatch
                        | Call::AskUpload
                        | Call::Handshake
                        | Call::Profile
                ) =>
            {
                let name = names.0.first().map(String::as_str).unwrap_or_default();
                match current.config.sources.get(name) {
                    Some(source) if asks(source, request) => {
                        return self.at_source(name, request).await.0;
                    }
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

/// The contract that a source is under.
fn contract_of<'a>(current: &'a Current, source: &'a str) -> Option<Contract<'a>> {
    let (name, vendor) = current.config.contract_of(source)?;
    Some(Contract {
        name,
        vendor,
        source,
    })
}

/// With the network from which somebody agreed to something.
fn witnessed(mut parsed: Parsed, request: &Request) -> Parsed {
    if let Parsed::Submission(submission) = &mut parsed
        && let Some(address) = address::of(request)
    {
        for consent in submission.consent.values_mut() {
            consent.evidence.get_or_insert_default().ip_class = Some(address::class(address));
        }
    }
    parsed
}

/// Whether an `OPTIONS` is a sender's handshake and no browser's preflight.
fn asks(source: &Source, request: &Request) -> bool {
    let incoming = Incoming {
        method: request.method().as_str(),
        query: request.uri().query(),
        headers: request.headers(),
        body: &[],
        received_at: Timestamp::UNIX_EPOCH,
    };
    sources::is_handshake(source.kind, &incoming)
}

fn exposed(secrets: &[SecretString]) -> Vec<&str> {
    secrets.iter().map(SecretString::expose).collect()
}

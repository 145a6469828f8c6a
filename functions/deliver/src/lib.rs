//! Deliver: tells destinations what was decided, signed, under one stable id, until they take it.
//!
//! The story of one message: read the lead's history (what is told is in it, or nothing is told) → has this destination
//! ended with this notification → make the payload from the history up to the decision, so that every attempt says the
//! same → sign and post → write down how it ended, or when it is tried again.
//!
//! It follows Standard Webhooks: the headers, the signature, the schedule of retries, and 410 for a receiver that is gone.

mod payload;
mod receivers;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::config::{Destination, DestinationKind};
use domain::decision::{Decision, Delivered, DeliveryStatus, Ruling};
use domain::id::{DeliveryId, LeadId};
use domain::lead::Lead;
use domain::recycling::arm_at;
use jiff::{SignedDuration, Timestamp};
use outbound::{Client, Limits, Request};
use platform::{Clock, Secrets};
use queue::{Message, Queue, Queues, SendError};
use standardwebhooks::Webhook;
use table::{Appended, ConfigurationCache, Current, History, Table};

pub use payload::{Payload, payload};
pub use receivers::Receivers;

use receivers::Turn;

/// Wait before each further attempt, in seconds: the schedule that Standard Webhooks gives as its example.
const SCHEDULE: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Up to this wait a queue keeps the message itself; beyond it only the index of due work does. SQS's limit.
const QUEUE_WAIT_SECONDS: i64 = 900;

/// Bytes of a receiver's answer that are read. Nothing is done with them; a few let the connection be used again.
const ANSWER_BYTES: usize = 4_096;

/// Longest time any receiver gets, whatever the configuration says.
const MAX_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a message waits whose receiver others wait for, in seconds: some of them have their answer then.
const PUT_OFF_SECONDS: i32 = 3;

/// How often the end of a delivery is written anew because somebody else wrote first.
const MAX_ROUNDS: usize = 12;

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Deliver {
    /// The table.
    pub table: Table,
    /// Sends to itself, later.
    pub queues: Queues,
    /// The configuration in force.
    pub configurations: Arc<ConfigurationCache>,
    /// Holds the keys that sign.
    pub secrets: Secrets,
    /// Tells the time.
    pub clock: Clock,
    /// Calls receivers.
    pub client: Client,
    /// Keeps a receiver that does not answer from holding up the others.
    pub receivers: Receivers,
}

/// Why a message has to be tried again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// The queue.
    #[error("the next attempt could not be sent")]
    Send(#[from] SendError),
    /// Nobody has pushed a configuration yet.
    #[error("there is no configuration yet; push one with `leadline push`")]
    NoConfiguration,
    /// The decision is not in the table, although it was written before the message was sent.
    #[error("the lead {0} has no decision {1}")]
    NoDecision(LeadId, u32),
    /// Too many others write about the same lead at the same time.
    #[error("others kept writing about the lead {0}")]
    Contended(LeadId),
    /// A message that is not for this function.
    #[error("a message of kind {0} is not for deliver")]
    Misdirected(&'static str),
}

/// How one attempt went.
enum Attempt {
    Taken,
    Gone,
    /// None was made: too many wait for the same receiver.
    PutOff,
    Failed {
        http: Option<u16>,
        code: String,
        wait_at_least: Option<i64>,
    },
}

impl Deliver {
    /// Works through one batch.
    ///
    /// # Errors
    /// Only when the batch cannot be reported on record by record.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, queue::Failure> {
        queue::run_batch(event, |message| self.handle_message(message)).await
    }

    async fn handle_message(&self, message: Message) -> Result<(), Error> {
        match message {
            Message::Deliver {
                lead,
                about,
                destination,
            } => self.deliver(lead, about, &destination).await,
            other => Err(Error::Misdirected(other.name())),
        }
    }

    async fn deliver(&self, lead: LeadId, about: u32, name: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        let history = self
            .table
            .lead(lead)
            .await?
            .ok_or(Error::NoDecision(lead, about))?;
        if !may_be_told(&history.lead, about) {
            return Ok(());
        }
        let id = DeliveryId::derive(lead, about, name);
        if history.lead.delivered.contains(&id) {
            return Ok(());
        }
        let open = history.lead.deliveries.get(&id);
        if open.is_some_and(|open| now < open.retry_at) {
            // A repeat of an attempt that failed; the next one has its own message and its own entry among due work.
            return Ok(());
        }
        let attempts = open.map_or(0, |open| open.attempts) + 1;
        let payload =
            payload(&current.config, &history, about).ok_or(Error::NoDecision(lead, about))?;
        let destination = current
            .config
            .destinations
            .get(name)
            .filter(|destination| destination.active);
        // By what the person says now, not when it was decided: of who took their consent back, no retry is sent either.
        let status = match destination.map(|known| (known, withheld(known, &history.lead))) {
            None => DeliveryStatus::Disabled,
            Some((_, Some(withheld))) => withheld,
            Some((destination, None)) => {
                match self.attempt(name, destination, id, &payload).await? {
                    Attempt::Taken => DeliveryStatus::Taken { attempts },
                    Attempt::Gone => DeliveryStatus::Disabled,
                    Attempt::PutOff => {
                        let message = Message::Deliver {
                            lead,
                            about,
                            destination: name.to_owned(),
                        };
                        self.queues
                            .send_later(Queue::Deliver, &message, PUT_OFF_SECONDS)
                            .await?;
                        return Ok(());
                    }
                    Attempt::Failed {
                        http,
                        code,
                        wait_at_least,
                    } => failed(attempts, http, code, wait_at_least, self.clock.now()),
                }
            }
        };
        self.note(
            history,
            &current,
            Delivered {
                id,
                destination: name.to_owned(),
                about,
                status,
            },
        )
        .await
    }

    async fn attempt(
        &self,
        name: &str,
        destination: &Destination,
        id: DeliveryId,
        payload: &Payload,
    ) -> Result<Attempt, Error> {
        match destination.kind {
            DestinationKind::Log => {
                tracing::info!(
                    delivery.id = %id,
                    lead = %payload.data.lead.id,
                    notice = payload.kind,
                    owner = payload.data.lead.owner.as_deref(),
                    pool = payload.data.lead.pool.as_deref(),
                    stage = payload.data.lead.stage,
                    score = payload.data.lead.score.map(|score| score.total),
                    "{}: {}",
                    payload.kind,
                    payload.data.summary
                );
                Ok(Attempt::Taken)
            }
            DestinationKind::Webhook => self.post(name, destination, id, payload).await,
        }
    }

    async fn post(
        &self,
        name: &str,
        destination: &Destination,
        id: DeliveryId,
        payload: &Payload,
    ) -> Result<Attempt, Error> {
        let fail = |http, code: &str| Attempt::Failed {
            http,
            code: code.to_owned(),
            wait_at_least: None,
        };
        let Some(url) = destination.url.as_deref() else {
            return Ok(fail(None, "no_url"));
        };
        let address = address_digest(url);
        if self
            .configurations
            .is_gone(name, &address, self.clock.now())
            .await?
        {
            return Ok(Attempt::Gone);
        }
        let signer = match self.signer(destination).await {
            Ok(signer) => signer,
            Err(code) => return Ok(fail(None, code)),
        };
        let Ok(body) = serde_json::to_vec(payload) else {
            return Ok(fail(None, "unwritable"));
        };
        let timestamp = self.clock.now().as_second();
        let Ok(signature) = signer.sign(&id.to_string(), timestamp, &body) else {
            return Ok(fail(None, "unsignable"));
        };
        let request = Request::post(url, body)
            .header("content-type", "application/json")
            .header("user-agent", "Leadline")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature);
        let deadline = Duration::from_millis(u64::from(destination.timeout_ms)).min(MAX_TIMEOUT);
        let limits = Limits::prefix(deadline, ANSWER_BYTES);
        let post = match self.receivers.turn(&address) {
            Turn::Post(post) => post,
            Turn::Later => return Ok(Attempt::PutOff),
            Turn::Unresponsive => return Ok(fail(None, "unresponsive")),
        };
        let mut answer = self.client.send(request.clone(), limits).await;
        if matches!(answer, Err(outbound::Error::Protocol { .. })) {
            // Most likely a kept connection that the receiver had closed. Posting again at once does no harm: it bears the
            // same id.
            answer = self.client.send(request, limits).await;
        }
        match &answer {
            Err(outbound::Error::Deadline { .. }) => post.timed_out(),
            _ => post.answered(),
        }
        match answer {
            Ok(response) if response.status.is_success() => Ok(Attempt::Taken),
            Ok(response) if response.status.as_u16() == 410 => {
                self.configurations
                    .mark_gone(name, &address, self.clock.now())
                    .await?;
                tracing::error!(
                    destination = name,
                    "{name} says that it is gone (410); nothing is sent to this address any more"
                );
                Ok(Attempt::Gone)
            }
            Ok(response) => {
                let retry_after = response
                    .headers
                    .get("retry-after")
                    .and_then(|value| value.to_str().ok())
                    .and_then(|text| text.trim().parse().ok());
                Ok(Attempt::Failed {
                    http: Some(response.status.as_u16()),
                    code: "refused".to_owned(),
                    wait_at_least: retry_after,
                })
            }
            Err(error) => {
                tracing::warn!(destination = name, code = error.code(), error = %platform::chain(&error), "{name} could not be told");
                Ok(fail(None, error.code()))
            }
        }
    }

    async fn signer(&self, destination: &Destination) -> Result<Webhook, &'static str> {
        let name = destination.secret.as_deref().ok_or("no_secret")?;
        let secret = self.secrets.get(name).await.map_err(|error| {
            tracing::error!(secret = name, error = %platform::chain(&error), "the secret {name} cannot be read");
            "no_secret"
        })?;
        let Some(secret) = secret else {
            tracing::error!(
                secret = name,
                "the secret {name} that signs for a destination is not set"
            );
            return Err("no_secret");
        };
        Webhook::new(secret.expose()).map_err(|_| {
            tracing::error!(secret = name, "the secret {name} is no signing key: it must be base64, with `whsec_` before it or not");
            "bad_secret"
        })
    }

    /// Writes down how an attempt ended, and sees to the next one.
    async fn note(
        &self,
        mut history: History,
        current: &Current,
        delivered: Delivered,
    ) -> Result<(), Error> {
        let lead = history.lead.id;
        for _ in 0..MAX_ROUNDS {
            let now = self.clock.now();
            let decision = Decision {
                at: now,
                config: current.version.clone(),
                ruling: Ruling::Delivered(delivered.clone()),
            };
            let mut after: Lead = history.lead.clone();
            after.apply(&decision);
            if let Some(at) = arm_at(&current.config, Some(&history.lead), &after, now) {
                self.table.arm(lead, at).await?;
            }
            if self
                .table
                .append(lead, history.lead.seq, &[decision])
                .await?
                == Appended::Done
            {
                return self.try_later(lead, &delivered, now).await;
            }
            history = self
                .table
                .lead(lead)
                .await?
                .ok_or(Error::NoDecision(lead, delivered.about))?;
            // Erased while the destination was told: that it was is not kept.
            if history.lead.delivered.contains(&delivered.id)
                || !may_be_told(&history.lead, delivered.about)
            {
                return Ok(());
            }
        }
        Err(Error::Contended(lead))
    }

    async fn try_later(
        &self,
        lead: LeadId,
        delivered: &Delivered,
        now: Timestamp,
    ) -> Result<(), Error> {
        let DeliveryStatus::Failed { retry_at, .. } = delivered.status else {
            return Ok(());
        };
        let wait = retry_at.as_second() - now.as_second() + 1;
        if wait > QUEUE_WAIT_SECONDS {
            return Ok(());
        }
        let message = Message::Deliver {
            lead,
            about: delivered.about,
            destination: delivered.destination.clone(),
        };
        self.queues
            .send_later(Queue::Deliver, &message, i32::try_from(wait).unwrap_or(0))
            .await?;
        Ok(())
    }
}

/// Whether anybody is told of a decision: of an erased lead only that it was erased.
fn may_be_told(lead: &Lead, about: u32) -> bool {
    let erased = lead.erased.as_ref();
    erased.is_none_or(|erased| erased.seq == about)
}

/// How a notification ends of which the person did not agree to the purpose; `None` when nothing speaks against it.
fn withheld(destination: &Destination, lead: &Lead) -> Option<DeliveryStatus> {
    if lead.erased.is_some() {
        // Whoever heard of the lead before has to hear this, whatever they were told it for; and it names nobody.
        return None;
    }
    let purpose = destination.purpose.as_deref()?;
    match lead.agreed_to(purpose) {
        Some(true) => None,
        said => Some(DeliveryStatus::Withheld {
            purpose: purpose.to_owned(),
            refused: said.is_some(),
        }),
    }
}

fn failed(
    attempts: u32,
    http: Option<u16>,
    code: String,
    wait_at_least: Option<i64>,
    now: Timestamp,
) -> DeliveryStatus {
    let Some(wait) = SCHEDULE.get(attempts as usize - 1) else {
        return DeliveryStatus::GivenUp {
            attempts,
            http,
            code,
        };
    };
    let wait = wait_at_least.map_or(*wait, |least| {
        least.clamp(*wait, SCHEDULE[SCHEDULE.len() - 1].max(*wait))
    });
    let retry_at = now
        .saturating_add(SignedDuration::from_secs(wait))
        .unwrap_or(now);
    DeliveryStatus::Failed {
        attempts,
        http,
        code,
        retry_at,
    }
}

/// Names an address without telling it: a URL may hold a secret.
fn address_digest(url: &str) -> String {
    DeliveryId::derive(LeadId::from_bits(0), 0, url).digits()
}

#[cfg(test)]
mod tests;

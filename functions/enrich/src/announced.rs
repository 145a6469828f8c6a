//! Leads that a platform only announced: their answers are fetched here, before anybody asks who it is.
//!
//! What cannot be fetched now is tried again for a day, ever more slowly, and then kept where a person can look at it. It
//! may be the platform that is down, a token that ran out, or a permission that is missing: all of these are mended within
//! a day, and none of them is the lead's fault.

use std::time::Duration;

use domain::config::{AnswersApi, Source};
use domain::id::Pepper;
use domain::submission::Announced;
use outbound::{Limits, Request};
use queue::{Message, Outgoing, Queue};
use sources::{Door, Parsed, Question};

use crate::{Enrich, Error};

/// Largest answer read, in bytes: the answers of one form.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// How long a platform has for each answer. Two are asked for at most, and the function has thirty seconds.
const DEADLINE: Duration = Duration::from_secs(8);

/// The wait after the first failure, in seconds; each is twice the one before, up to SQS's longest delay.
const FIRST_WAIT: i32 = 30;
const LONGEST_WAIT: i32 = 900;

/// How often an answer is asked for: with these waits, for a day.
const MOST_TRIES: u8 = 100;

/// Why there is no answer: a stable code, and a sentence for whoever looks at it.
struct Missing {
    code: &'static str,
    why: String,
}

impl Missing {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self {
            code,
            why: why.into(),
        }
    }
}

impl Enrich {
    /// Fetches what was announced and goes on with it as with any submission; or tries later; or gives up.
    pub(crate) async fn fetch(
        &self,
        announced: Announced,
        tries: u8,
    ) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        let default_country = current.config.default_country.as_deref();
        let found = match current.config.sources.get(&announced.source) {
            Some(source) => self.answers(source, default_country, &announced).await?,
            None => Err(Missing::new(
                "source_gone",
                "the source is not in the configuration any more",
            )),
        };
        let missing = match found {
            Ok(Parsed::Submission(submission)) => return self.receive(submission).await,
            Ok(Parsed::Quarantined(quarantined)) => return self.quarantine(quarantined).await,
            Ok(Parsed::Wrong(wrong)) => return self.quarantine(wrong.lead).await,
            Ok(Parsed::Announced(_)) => {
                Missing::new("unreadable", "the platform announced it once more")
            }
            Err(missing) => missing,
        };
        tracing::warn!(
            source = announced.source,
            code = missing.code,
            tries,
            "the answers of a lead of {} are not to be had: {}",
            announced.source,
            missing.why
        );
        if tries >= MOST_TRIES {
            let why = format!(
                "its answers could not be fetched for a day: {}; look it up at the platform by `announced_id`, and fill in at least `email` or `phone`",
                missing.why
            );
            return self
                .quarantine(sources::set_aside(&announced, missing.code, &why))
                .await;
        }
        let seconds = FIRST_WAIT
            .saturating_mul(1 << tries.min(10))
            .min(LONGEST_WAIT);
        let message = Message::Announced {
            announced: Box::new(announced),
            tries: tries + 1,
        };
        self.queues
            .send_later(Queue::Enrich, &message, seconds)
            .await?;
        Ok(Vec::new())
    }

    async fn answers(
        &self,
        source: &Source,
        default_country: Option<&str>,
        announced: &Announced,
    ) -> Result<Result<Parsed, Missing>, Error> {
        let Some(api) = &source.answers else {
            return Ok(Err(Missing::new(
                "not_configured",
                "the source does not say where answers are fetched: add `answers = { token = \"NAME\" }`",
            )));
        };
        let questions = sources::questions(source.kind, api, announced);
        if questions.is_empty() {
            return Ok(Err(Missing::new(
                "unreadable",
                "what was announced cannot be asked for",
            )));
        }
        let mut bodies = Vec::with_capacity(questions.len());
        for question in questions {
            match self.ask_platform(api, question).await? {
                Ok(body) => bodies.push(body),
                Err(missing) => return Ok(Err(missing)),
            }
        }
        let pepper = Pepper::new(self.secrets.pepper().await?.expose());
        let door = Door {
            name: &announced.source,
            source,
            secrets: &[],
            handshake_secrets: &[],
            pepper: &pepper,
            default_country,
        };
        Ok(
            sources::read_answers(&door, announced, &bodies).map_err(|error| {
                Missing::new(
                    "unreadable",
                    format!("the platform's answer cannot be read: {error}"),
                )
            }),
        )
    }

    /// The body of one answer. Neither the address nor the body is logged: platforms put tokens and answers into both.
    async fn ask_platform(
        &self,
        api: &AnswersApi,
        question: Question,
    ) -> Result<Result<Vec<u8>, Missing>, Error> {
        let Some(token) = self.secrets.get(&api.token).await? else {
            return Ok(Err(Missing::new(
                "token_missing",
                format!(
                    "the secret {} with the platform's token is not set",
                    api.token
                ),
            )));
        };
        let mut request = Request::get(question.url)
            .header("accept", "application/json")
            .header("authorization", format!("Bearer {}", token.expose()));
        for (name, value) in question.headers {
            request = request.header(name, value);
        }
        let limits = Limits::whole(DEADLINE, MAX_ANSWER_BYTES);
        let response = match self.providers.client().send(request, limits).await {
            Ok(response) => response,
            Err(error) => {
                return Ok(Err(Missing::new(
                    "unreachable",
                    format!("the platform did not answer ({})", error.code()),
                )));
            }
        };
        Ok(match response.status.as_u16() {
            200 => Ok(response.body),
            401 | 403 => Err(Missing::new(
                "token_refused",
                format!(
                    "the platform refused the token of the secret {} (status {}): renew it, and look at its permissions",
                    api.token,
                    response.status.as_u16()
                ),
            )),
            status => Err(Missing::new(
                "refused",
                format!("the platform answered with status {status}"),
            )),
        })
    }
}

#[cfg(test)]
mod tests;

//! Providers: HTTP services that know companies by their domain.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::config::{HeaderValue, Provider};
use domain::decision::{Answer, Enriched, Ruling};
use domain::field::{Field, Fields, NUMBERS, Value, parse_number, text_of};
use domain::id::Pepper;
use domain::lead::{Lead, Origin};
use domain::submission::Submission;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use outbound::{Client, Limits, MailDomains, Request};
use platform::Secrets;
use table::{CachedAnswer, Current};

use crate::Enrich;

/// Largest answer read, in bytes. Company records of real providers stay below 100 KB.
const MAX_ANSWER_BYTES: usize = 512 * 1024;

/// Longest time any provider gets, whatever the configuration says.
const MAX_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unknown company is not asked about again.
const NOT_FOUND_HOURS: u32 = 24;

/// When a provider that did not answer is asked again, by attempt.
const RETRY_MINUTES: [i64; 6] = [1, 5, 30, 120, 480, 1_440];

/// Asks providers.
#[derive(Debug, Clone)]
pub struct Providers {
    client: Client,
    mail: MailDomains,
}

impl Providers {
    /// Providers asked through `client`.
    pub fn new(client: Client) -> Self {
        Self::with_mail(client, MailDomains::system())
    }

    /// The same, with name servers of one's own.
    pub fn with_mail(client: Client, mail: MailDomains) -> Self {
        Self { client, mail }
    }

    /// Whom to ask whether a domain takes mail.
    pub(crate) fn mail(&self) -> &MailDomains {
        &self.mail
    }

    /// What strangers are called with.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Asks every provider that may know the company of `submission`, all at once, each within its deadline.
    pub(crate) async fn ask(
        &self,
        enrich: &Enrich,
        current: &Current,
        pepper: &Pepper,
        lead: Option<&Lead>,
        submission: &Submission,
        now: Timestamp,
    ) -> Vec<Ruling> {
        let mut fields = lead.map(Lead::fields).unwrap_or_default();
        fields.extend(submission.facts.clone());
        fields.extend(submission.fields.clone());
        let asked = current
            .config
            .enrichment
            .providers
            .iter()
            .filter(|(name, provider)| {
                applies(provider, &fields) && !lead.is_some_and(|lead| has_answered(lead, name))
            })
            .map(|(name, _)| self.ask_one(enrich, current, pepper, name, &fields, 0, now));
        join_all(asked).await
    }

    /// Asks one provider about the company in `fields`, after `attempts` failures.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are what one question consists of"
    )]
    pub(crate) async fn ask_one(
        &self,
        enrich: &Enrich,
        current: &Current,
        pepper: &Pepper,
        name: &str,
        fields: &Fields,
        attempts: u32,
        now: Timestamp,
    ) -> Ruling {
        let nothing = |answer, retry_at| {
            Ruling::Enriched(Enriched {
                provider: name.to_owned(),
                answer,
                fields: Fields::new(),
                attempt: attempts + 1,
                retry_at,
            })
        };
        let (Some(provider), Some(domain)) = (
            current.config.enrichment.providers.get(name),
            company_domain(fields),
        ) else {
            return nothing(Answer::NotFound, None);
        };
        let hash = pepper.hash(&[b"company", domain.as_bytes()]);
        if provider.cache_hours > 0 {
            match enrich.table.cached_answer(name, hash, now).await {
                Ok(Some(cached)) if cached.fields.is_empty() => {
                    return nothing(Answer::NotFound, None);
                }
                Ok(Some(cached)) => {
                    let enriched = Enriched {
                        provider: name.to_owned(),
                        answer: Answer::Cached,
                        fields: cached.fields,
                        attempt: attempts + 1,
                        retry_at: None,
                    };
                    return Ruling::Enriched(enriched);
                }
                Ok(None) => {}
                // The cache only saves a question.
                Err(error) => {
                    tracing::warn!(provider = name, error = %platform::chain(&error), "the cache of {name} cannot be read")
                }
            }
        }
        match self.call(&enrich.secrets, provider, domain, fields).await {
            Ok(found) => {
                let hours = if found.is_empty() {
                    provider.cache_hours.min(NOT_FOUND_HOURS)
                } else {
                    provider.cache_hours
                };
                let until = now
                    .saturating_add(SignedDuration::from_hours(i64::from(hours)))
                    .unwrap_or(now);
                if hours > 0
                    && let Err(error) = enrich
                        .table
                        .cache_answer(
                            name,
                            hash,
                            &CachedAnswer {
                                fields: found.clone(),
                                until,
                            },
                        )
                        .await
                {
                    tracing::warn!(provider = name, error = %platform::chain(&error), "an answer of {name} cannot be remembered");
                }
                let answer = if found.is_empty() {
                    Answer::NotFound
                } else {
                    Answer::Found
                };
                Ruling::Enriched(Enriched {
                    provider: name.to_owned(),
                    answer,
                    fields: found,
                    attempt: attempts + 1,
                    retry_at: None,
                })
            }
            Err(answer) => {
                let minutes = RETRY_MINUTES
                    .get(attempts as usize)
                    .or(RETRY_MINUTES.last())
                    .copied()
                    .unwrap_or(60);
                let retry_at = now
                    .saturating_add(SignedDuration::from_mins(minutes))
                    .ok()
                    .filter(|_| attempts < provider.retries);
                nothing(answer, retry_at)
            }
        }
    }

    async fn call(
        &self,
        secrets: &Secrets,
        provider: &Provider,
        domain: &str,
        fields: &Fields,
    ) -> Result<Fields, Answer> {
        let country = text_of(fields, &Field::Country).unwrap_or_default();
        let url = provider
            .url
            .replace("{domain}", &percent_encode(domain))
            .replace("{country}", &percent_encode(country));
        let mut request = Request::get(url).header("accept", "application/json");
        for (name, value) in &provider.headers {
            let value = match value {
                HeaderValue::Text(text) => text.clone(),
                HeaderValue::Secret(secret) => match secrets.get(&secret.secret).await {
                    Ok(Some(found)) => format!("{}{}", secret.prefix, found.expose()),
                    Ok(None) => {
                        tracing::error!(
                            secret = secret.secret,
                            "the secret {} for a provider is not set",
                            secret.secret
                        );
                        return Err(Answer::Unreachable);
                    }
                    Err(error) => {
                        tracing::error!(error = %platform::chain(&error), "a provider's secret cannot be read");
                        return Err(Answer::Unreachable);
                    }
                },
            };
            request = request.header(name.clone(), value);
        }
        let deadline = Duration::from_millis(u64::from(provider.timeout_ms)).min(MAX_TIMEOUT);
        let response = self.client.send(request, Limits::whole(deadline, MAX_ANSWER_BYTES)).await.map_err(|error| {
            tracing::warn!(code = error.code(), error = %platform::chain(&error), "a provider did not answer");
            match error {
                outbound::Error::Deadline { .. } => Answer::TimedOut,
                outbound::Error::TooLarge { .. } | outbound::Error::Protocol { .. } => Answer::Nonsense,
                _ => Answer::Unreachable,
            }
        })?;
        match response.status.as_u16() {
            200 => read_answer(provider, &response.body).ok_or(Answer::Nonsense),
            204 | 404 | 422 => Ok(Fields::new()),
            status => {
                tracing::warn!(http.status = status, "a provider refused");
                Err(Answer::Unreachable)
            }
        }
    }
}

/// By default only companies are asked about: a mailbox at a free provider tells no company.
fn applies(provider: &Provider, fields: &Fields) -> bool {
    match &provider.when {
        Some(when) => when.holds(fields) && company_domain(fields).is_some(),
        None => company_domain(fields).is_some(),
    }
}

fn has_answered(lead: &Lead, provider: &str) -> bool {
    let is_waiting = lead.waits.provider.contains_key(provider);
    let has_fields = lead
        .known
        .values()
        .any(|known| known.origin == Origin::Provider(provider.to_owned()));
    is_waiting || has_fields
}

fn company_domain(fields: &Fields) -> Option<&str> {
    text_of(fields, &Field::CompanyDomain)
}

/// Reads the configured fields out of an answer; `None` when it is no JSON object or list.
fn read_answer(provider: &Provider, body: &[u8]) -> Option<Fields> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    if !answer.is_object() && !answer.is_array() {
        return None;
    }
    let fields: BTreeMap<Field, Value> = provider
        .fields
        .iter()
        .filter_map(|(name, path)| {
            let field: Field = name.parse().ok()?;
            let value = value_of(&field, at_path(&answer, path)?)?;
            Some((field, value))
        })
        .collect();
    Some(fields)
}

/// The value at a way such as `company.tags[0].name`; a leading `$.` is allowed.
fn at_path<'a>(answer: &'a serde_json::Value, path: &str) -> Option<&'a serde_json::Value> {
    let path = path.strip_prefix("$.").unwrap_or(path);
    path.split(['.', '['])
        .filter(|step| !step.is_empty())
        .try_fold(answer, |value, step| match step.strip_suffix(']') {
            Some(index) => value.get(index.parse::<usize>().ok()?),
            None => value.get(step),
        })
}

fn value_of(field: &Field, value: &serde_json::Value) -> Option<Value> {
    let text = match value {
        serde_json::Value::String(text) => text.trim().to_owned(),
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    if text.is_empty() || text.chars().count() > field.max_length() {
        return None;
    }
    match field {
        number if NUMBERS.contains(number) => parse_number(&text).map(Value::Number),
        Field::Country => domain::geo::Country::parse(&text)
            .ok()
            .map(|country| Value::Text(country.as_str().to_owned())),
        _ => Some(Value::Text(text)),
    }
}

fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! How many requests a source takes, and messages that come too often.
//!
//! The counts are in the table, since environments of a function share nothing else; only sources that ask for a limit pay
//! for that. Who is over the limit is remembered in the environment until the window ends, so that a flood costs no write
//! for each of its requests. If the table cannot count, everything is taken: a limit must not lose a lead.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::config::{Flood, Rate, RatePer, Source};
use domain::field::{Field, text_of};
use domain::id::Pepper;
use domain::submission::{FieldProblem, Quarantined, Submission};
use jiff::Timestamp;
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use sources::Parsed;
use web::Problem;

use crate::{Capture, address};

/// Most senders over their limit that one environment remembers.
const MAX_REMEMBERED: usize = 10_000;

/// Fewest letters and digits of a message that is compared with others: many people say "please call me".
const MIN_MESSAGE: usize = 24;

/// Senders that are over their limit, with the second at which their window ends.
#[derive(Debug, Clone, Default)]
pub struct OverLimit(Arc<Mutex<BTreeMap<u128, i64>>>);

impl OverLimit {
    fn has(&self, sender: u128, now: i64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&sender).is_some_and(|ends| *ends > now)
    }

    fn add(&self, sender: u128, ends: i64, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, ends| *ends > now);
        }
        if known.len() < MAX_REMEMBERED {
            known.insert(sender, ends);
        }
    }
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    limit: u32,
    window: u32,
    left: u32,
    resets_in: i64,
}

impl Quota {
    /// Says it as draft-ietf-httpapi-ratelimit-headers-10 does.
    pub(crate) fn say(&self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        let mut set = |name: &'static str, text: String| {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        };
        set(
            "ratelimit-policy",
            format!("\"source\";q={};w={}", self.limit, self.window),
        );
        set(
            "ratelimit",
            format!("\"source\";r={};t={}", self.left, self.resets_in),
        );
    }

    /// Refuses what is over the limit.
    pub(crate) fn refuse(&self) -> Problem {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "This source takes no more requests for now.",
        )
        .detail(format!(
            "it takes {} in {} seconds; try again in {} seconds",
            self.limit, self.window, self.resets_in
        ))
        .header(header::RETRY_AFTER, &self.resets_in.to_string())
    }
}

impl Capture {
    /// Takes one request off the limit of the source: what is left, and whether this one is over it. Nothing for a source
    /// without a limit.
    pub(crate) async fn take_quota(
        &self,
        name: &str,
        source: &Source,
        pepper: &Pepper,
        request: &Request,
    ) -> Option<(Quota, bool)> {
        let rate = source.spam.rate.as_ref()?;
        let now = self.clock.now();
        let (window, ends) = window_of(now, i64::from(rate.seconds));
        let sender = sender(name, rate, pepper, request);
        let quota = |left: u32| Quota {
            limit: rate.requests,
            window: rate.seconds,
            left,
            resets_in: ends - now.as_second(),
        };
        if self.over_limit.has(sender, now.as_second()) {
            return Some((quota(0), true));
        }
        let expires = Timestamp::from_second(ends + 60).unwrap_or(now);
        match self.table.count(sender, window, expires).await {
            Ok(count) => {
                let left = u64::from(rate.requests).saturating_sub(count);
                let is_over = count > u64::from(rate.requests);
                if is_over {
                    self.over_limit.add(sender, ends, now.as_second());
                }
                Some((quota(u32::try_from(left).unwrap_or(u32::MAX)), is_over))
            }
            Err(error) => {
                tracing::warn!(source = name, error = %platform::chain(&error), "requests to {name} cannot be counted; they are taken");
                None
            }
        }
    }

    /// Quarantines what says the same as too many others.
    pub(crate) async fn against_floods(
        &self,
        name: &str,
        source: &Source,
        pepper: &Pepper,
        parsed: Parsed,
    ) -> Parsed {
        let (Some(flood), Parsed::Submission(submission)) = (&source.spam.flood, &parsed) else {
            return parsed;
        };
        let Some(message) = message_key(name, pepper, submission) else {
            return parsed;
        };
        let now = self.clock.now();
        let (window, ends) = window_of(now, i64::from(flood.minutes) * 60);
        let expires = Timestamp::from_second(ends + 60).unwrap_or(now);
        let is_first = self
            .table
            .is_among_first(message, window, submission.id, flood.submissions, expires)
            .await;
        match (is_first, parsed) {
            (Ok(false), Parsed::Submission(submission)) => {
                Parsed::Quarantined(Quarantined::suspected(submission, vec![flooded(flood)]))
            }
            (Ok(_), parsed) => parsed,
            (Err(error), parsed) => {
                tracing::warn!(source = name, error = %platform::chain(&error), "messages to {name} cannot be counted; they are taken");
                parsed
            }
        }
    }
}

fn flooded(flood: &Flood) -> FieldProblem {
    FieldProblem {
        field: "message".to_owned(),
        code: "message_flood".to_owned(),
        message: format!(
            "more than {} submissions said exactly this in {} minutes; resubmit it as it is if it is wanted",
            flood.submissions, flood.minutes
        ),
    }
}

/// The number of the window that `now` is in, and the second at which it ends.
fn window_of(now: Timestamp, seconds: i64) -> (i64, i64) {
    let seconds = seconds.max(1);
    let window = now.as_second().div_euclid(seconds);
    (window, (window + 1) * seconds)
}

fn sender(name: &str, rate: &Rate, pepper: &Pepper, request: &Request) -> u128 {
    let address = match rate.per {
        RatePer::Source => Vec::new(),
        // Whoever cannot be told apart counts together.
        RatePer::Address => address::of(request)
            .map(address::counted)
            .unwrap_or_default(),
    };
    pepper.hash(&[b"rate", name.as_bytes(), &address])
}

/// What is compared of a message: its letters and digits, in lower case.
fn message_key(name: &str, pepper: &Pepper, submission: &Submission) -> Option<u128> {
    let text: String = text_of(&submission.fields, &Field::Message)?
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    (text.chars().count() >= MIN_MESSAGE)
        .then(|| pepper.hash(&[b"flood", name.as_bytes(), text.as_bytes()]))
}

/// What browsers may read of an answer besides its body.
pub(crate) fn expose(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ratelimit, ratelimit-policy, retry-after"),
    );
}

//! Captchas: whether the token that came with a form proves a person.
//!
//! A token can be verified once. What came of it is remembered under the submission, so that a repeat of the message does
//! not ask again, and the token itself is taken for this submission, so that another one cannot use it. A provider that does
//! not answer never keeps a lead from going on, unless the source wants that.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::config::{Captcha, CaptchaKind, Outage};
use domain::field::{Field, Value, text_of};
use domain::id::Pepper;
use domain::submission::{FieldProblem, Submission};
use jiff::{SignedDuration, Timestamp};
use outbound::{Limits, Request};
use serde::Deserialize;
use table::{CachedAnswer, Current};
use url::form_urlencoded;

use crate::{Enrich, Error};

/// Under which name verdicts are remembered among the answers of providers. No provider may be called so: names have no `!`.
const CACHE: &str = "captcha!";

/// How long a verdict and a used token are remembered: longer than a message can come again.
const REMEMBERED_HOURS: i64 = 24 * 15;

/// Age from which on a token may have expired while the submission waited. Turnstile's are valid for 300 seconds, reCAPTCHA's
/// and hCaptcha's for 120; what is older was not sent by a robot because of that.
const MAX_AGE_SECONDS: i64 = 100;

/// Time a provider has for its answer.
const DEADLINE: Duration = Duration::from_secs(3);

/// Largest answer that is read, in bytes. Real ones have some hundred.
const MAX_ANSWER_BYTES: usize = 16_384;

/// What becomes of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on, with what is known about its captcha.
    Goes(Option<&'static str>),
    /// It is kept for a person to look at.
    Kept(FieldProblem),
}

/// What a provider said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Person,
    Robot,
    Nothing,
}

#[derive(Deserialize)]
struct Reply {
    success: bool,
    score: Option<f64>,
    #[serde(default, rename = "error-codes")]
    error_codes: Vec<String>,
}

impl Enrich {
    /// Verifies the captcha of a submission, if its source asks for one. Nothing is read or written where it does not.
    pub(crate) async fn verify_captcha(
        &self,
        submission: &Submission,
        current: &Current,
        pepper: &Pepper,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        let source = current.config.sources.get(&submission.source);
        let captcha = source.and_then(|source| source.spam.captcha.as_ref());
        // What a person released has no token any more.
        let token = submission
            .captcha
            .as_deref()
            .filter(|_| !submission.released);
        let (Some(captcha), Some(token)) = (captcha, token) else {
            return Ok(Verdict::Goes(None));
        };
        let name = pepper.hash(&[b"captcha of", &submission.id.bits().to_be_bytes()]);
        if let Some(known) = self.table.cached_answer(CACHE, name, now).await? {
            let said = text_of(&known.fields, &Field::Captcha);
            return Ok(match said {
                Some("passed") => Verdict::Goes(Some("passed")),
                _ => Verdict::Kept(robot(captcha)),
            });
        }
        let taken = pepper.hash(&[b"captcha token", token.as_bytes()]);
        let seconds = REMEMBERED_HOURS * 3_600;
        let is_ours = self
            .table
            .use_idempotency_key(taken, submission.id.bits(), now, seconds)
            .await?;
        let said = if is_ours {
            self.ask_captcha(captcha, token, submission, now).await
        } else {
            Said::Robot
        };
        let verdict = match said {
            Said::Nothing => return Ok(unverified(captcha)),
            Said::Person => Verdict::Goes(Some("passed")),
            Said::Robot => Verdict::Kept(robot(captcha)),
        };
        let text = if said == Said::Person {
            "passed"
        } else {
            "failed"
        };
        let until = now
            .saturating_add(SignedDuration::from_hours(REMEMBERED_HOURS))
            .unwrap_or(now);
        let fields = BTreeMap::from([(Field::Captcha, Value::Text(text.to_owned()))]);
        self.table
            .cache_answer(CACHE, name, &CachedAnswer { fields, until })
            .await?;
        Ok(verdict)
    }

    async fn ask_captcha(
        &self,
        captcha: &Captcha,
        token: &str,
        submission: &Submission,
        now: Timestamp,
    ) -> Said {
        if now.as_second() - submission.received_at.as_second() > MAX_AGE_SECONDS {
            return Said::Nothing;
        }
        let secret = match self.secrets.get(&captcha.secret).await {
            Ok(Some(secret)) => secret,
            Ok(None) => {
                tracing::error!(
                    secret = captcha.secret,
                    "the secret {} of a captcha is not set",
                    captcha.secret
                );
                return Said::Nothing;
            }
            Err(error) => {
                tracing::error!(error = %platform::chain(&error), "the secret of a captcha cannot be read");
                return Said::Nothing;
            }
        };
        let question = question(captcha.kind, secret.expose(), token, submission);
        let url = captcha.url.as_deref().unwrap_or(captcha.kind.url());
        let request = Request::post(url, question)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
        let answer = self
            .providers
            .client()
            .send(request, Limits::whole(DEADLINE, MAX_ANSWER_BYTES))
            .await;
        let body = match answer {
            Ok(response) if response.status.is_success() => response.body,
            Ok(response) => {
                tracing::warn!(
                    http.status = response.status.as_u16(),
                    "a captcha could not be verified"
                );
                return Said::Nothing;
            }
            Err(error) => {
                tracing::warn!(code = error.code(), error = %platform::chain(&error), "a captcha could not be verified");
                return Said::Nothing;
            }
        };
        read(&body, captcha.min_score)
    }
}

/// What is asked. Turnstile takes a repeat of a question under its key for the same; the others have no such key.
fn question(kind: CaptchaKind, secret: &str, token: &str, submission: &Submission) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("secret", secret);
    form.append_pair("response", token);
    if kind == CaptchaKind::Turnstile {
        form.append_pair("idempotency_key", &uuid(submission));
    }
    form.finish()
}

/// What an answer means. Codes as Turnstile documents them; the others have the same.
fn read(body: &[u8], min_score: Option<u8>) -> Said {
    let Ok(reply) = serde_json::from_slice::<Reply>(body) else {
        return Said::Nothing;
    };
    if reply.success {
        let is_low = matches!((reply.score, min_score), (Some(score), Some(least)) if score * 100.0 < f64::from(least));
        return if is_low { Said::Robot } else { Said::Person };
    }
    let is_our_mistake = reply.error_codes.iter().any(|code| {
        matches!(
            code.as_str(),
            "missing-input-secret"
                | "invalid-input-secret"
                | "bad-request"
                | "internal-error"
                | "sitekey-secret-mismatch"
        )
    });
    if is_our_mistake {
        let codes: Vec<&str> = reply
            .error_codes
            .iter()
            .map(String::as_str)
            .filter(|code| {
                code.len() <= 40
                    && code
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            })
            .collect();
        tracing::error!(
            codes = codes.join(","),
            "the provider of a captcha does not take what we ask: look at its secret"
        );
        return Said::Nothing;
    }
    Said::Robot
}

/// A UUID for one verification, the same for every repeat of it.
fn uuid(submission: &Submission) -> String {
    let hex = format!("{:032x}", submission.id.bits());
    // Version 8 of RFC 9562: bits of our own.
    format!(
        "{}-{}-8{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

fn robot(captcha: &Captcha) -> FieldProblem {
    FieldProblem {
        field: captcha.kind.field().to_owned(),
        code: "captcha_failed".to_owned(),
        message: "the captcha was not solved, or its token was used before; resubmit it as it is if a person sent it"
            .to_owned(),
    }
}

fn unverified(captcha: &Captcha) -> Verdict {
    match captcha.outage {
        Outage::Accept => Verdict::Goes(Some("unverified")),
        Outage::Quarantine => Verdict::Kept(FieldProblem {
            field: captcha.kind.field().to_owned(),
            code: "captcha_unverified".to_owned(),
            message: "the captcha could not be verified; resubmit it as it is if a person sent it"
                .to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_person_a_robot_or_nothing() {
        for (body, least, expected) in [
            (r#"{"success":true}"#, None, Said::Person),
            (r#"{"success":true,"score":0.5}"#, Some(50), Said::Person),
            (r#"{"success":true,"score":0.49}"#, Some(50), Said::Robot),
            (
                r#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#,
                None,
                Said::Robot,
            ),
            (r#"{"success":false}"#, None, Said::Robot),
            (
                r#"{"success":false,"error-codes":["invalid-input-secret"]}"#,
                None,
                Said::Nothing,
            ),
            (
                r#"{"success":false,"error-codes":["internal-error"]}"#,
                None,
                Said::Nothing,
            ),
            (r#"{"success":"yes"}"#, None, Said::Nothing),
            ("<html>", None, Said::Nothing),
            ("", None, Said::Nothing),
        ] {
            assert_eq!(read(body.as_bytes(), least), expected, "{body}");
        }
    }
}

//! Certificates of TrustedForm: claimed with the account's key, so that they are kept for as long as proof may be asked for.
//!
//! Unclaimed, a certificate is gone after days. It is claimed after the lead is there and apart from its way: nobody waits for
//! it, and a lead goes on without it. What came of it is a decision of the lead's, and stands with the agreements that the
//! certificate proves.
//!
//! The key leaves for one host only, `cert.trustedform.com`, over TLS, and no redirect is followed: whoever fills in a form
//! can name any address.

mod reply;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::decision::{Certified, Decision, Received, Ruling};
use domain::field::{Field, text_of};
use domain::id::{LeadId, Pepper, SubmissionId};
use domain::submission::{CertificateClaim, ClaimOutcome};
use jiff::Timestamp;
use outbound::{Limits, Request};
use queue::{Message, Outgoing, Queue};
use serde_json::json;
use sources::certificate_of;
use table::{Appended, Current};
use url::Url;

use crate::{Enrich, Error, MAX_ROUNDS};

/// The only host that the key is ever sent to.
const HOST: &str = "cert.trustedform.com";

/// The version of the interface that is asked for.
const VERSION: &str = "4.0";

/// Time for one claim. Three fit into the time of the function, and messages that fail are handed out singly.
const DEADLINE: Duration = Duration::from_secs(8);

/// Largest answer that is read, in bytes. Real ones have some hundred.
const MAX_ANSWER_BYTES: usize = 65_536;

/// The first wait, in seconds: by then the lead is there. Each is twice the one before, up to SQS's longest delay.
const FIRST_WAIT: i32 = 60;
const LONGEST_WAIT: i32 = 900;

/// How often it is tried: with these waits, for a day. A certificate is there for three.
const MOST_TRIES: u8 = 100;

/// For how long it is remembered whose certificate one is, in seconds: as long as TrustedForm keeps one that nobody claims
/// after the form was sent.
const REMEMBERED_SECONDS: i64 = 90 * 86_400;

/// What came of asking.
enum Asked {
    /// That is the end of it.
    Settled(CertificateClaim),
    /// It may be answered later.
    Later(&'static str),
}

impl Enrich {
    /// Sees to it that the certificate of a submission is claimed in a while, if its source wants that.
    pub(crate) async fn certify_later(
        &self,
        submission: SubmissionId,
        source: &str,
        tries: u8,
    ) -> Result<(), Error> {
        let current = self.configurations.at(self.clock.now()).await?;
        let current = current.ok_or(Error::NoConfiguration)?;
        if key_of(&current, source).is_none() {
            return Ok(());
        }
        let seconds = FIRST_WAIT
            .saturating_mul(1 << tries.min(10))
            .min(LONGEST_WAIT);
        let message = Message::Certificate {
            submission,
            source: source.to_owned(),
            tries,
        };
        Ok(self
            .queues
            .send_later(Queue::Enrich, &message, seconds)
            .await?)
    }

    /// Claims the certificate that came with a submission, once, and writes down what came of it.
    pub(crate) async fn certify(
        &self,
        submission: SubmissionId,
        source: &str,
        tries: u8,
    ) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self.configurations.at(now).await?;
        let current = current.ok_or(Error::NoConfiguration)?;
        let Some(secret) = key_of(&current, source) else {
            return Ok(Vec::new());
        };
        let mut claim: Option<CertificateClaim> = None;
        for _ in 0..MAX_ROUNDS {
            let record = self.table.submission(submission).await?.record;
            let lead = match record.map(|record| record.lead) {
                // Quarantined or discarded: there is nobody whose agreement it proves.
                Some(None) => return Ok(Vec::new()),
                Some(Some(lead)) => self.table.surviving_lead(lead).await?,
                None => None,
            };
            let Some(history) = lead else {
                if tries < MOST_TRIES {
                    self.certify_later(submission, source, tries + 1).await?;
                }
                return Ok(Vec::new());
            };
            if history.lead.erased.is_some() {
                // Nobody's agreement has to be proved any more, and nothing is written behind an erasure.
                return Ok(Vec::new());
            }
            let Some(received) = received(&history.decisions, submission) else {
                // A repeat of another submission, which is in there.
                return Ok(Vec::new());
            };
            let Some(certificate) = certificate_of(&received.consent, &received.fields) else {
                return Ok(Vec::new());
            };
            if is_settled(&history.decisions, certificate) {
                return Ok(Vec::new());
            }
            let settled = match claim.take() {
                Some(claim) => claim,
                None => {
                    match self
                        .ask_for(certificate, received, history.lead.id, secret, now)
                        .await?
                    {
                        Asked::Settled(claim) => claim,
                        Asked::Later(why) if tries < MOST_TRIES => {
                            tracing::warn!(
                                source,
                                tries,
                                "a certificate of {source} is claimed later: {why}"
                            );
                            self.certify_later(submission, source, tries + 1).await?;
                            return Ok(Vec::new());
                        }
                        Asked::Later(_) => {
                            CertificateClaim::without_answer(now, ClaimOutcome::Unanswered)
                        }
                    }
                }
            };
            let decision = Decision {
                at: now,
                config: current.version.clone(),
                ruling: Ruling::Certified(Certified {
                    submission,
                    certificate: certificate.to_owned(),
                    claim: settled.clone(),
                }),
            };
            let written = self
                .table
                .append(history.lead.id, history.lead.seq, &[decision])
                .await?;
            if written == Appended::Done {
                return Ok(Vec::new());
            }
            claim = Some(settled);
        }
        Err(Error::Contended)
    }

    async fn ask_for(
        &self,
        certificate: &str,
        received: &Received,
        lead: LeadId,
        secret: &str,
        now: Timestamp,
    ) -> Result<Asked, Error> {
        let Some(url) = claimable(certificate) else {
            let refused = CertificateClaim::without_answer(now, ClaimOutcome::Refused);
            return Ok(Asked::Settled(refused));
        };
        let pepper = Pepper::new(self.secrets.pepper().await?.expose());
        let name = pepper.hash(&[b"certificate", certificate.as_bytes()]);
        let is_theirs = self
            .table
            .use_idempotency_key(name, lead.bits(), now, REMEMBERED_SECONDS)
            .await?;
        if !is_theirs {
            // One visit of one person to one page: it cannot prove what somebody else agreed to.
            let reused = CertificateClaim::without_answer(now, ClaimOutcome::Reused);
            return Ok(Asked::Settled(reused));
        }
        let Some(key) = self.secrets.get(secret).await? else {
            tracing::error!(
                secret,
                "the secret {secret} with TrustedForm's key is not set"
            );
            return Ok(Asked::Later("the key is not set"));
        };
        let mut matched = serde_json::Map::new();
        for (name, field) in [("email", Field::Email), ("phone", Field::Phone)] {
            if let Some(text) = text_of(&received.fields, &field) {
                matched.insert(name.to_owned(), text.into());
            }
        }
        // Kept with the certificate at TrustedForm, so that it is found again from there.
        let retain = json!({ "reference": lead.to_string(), "vendor": received.source });
        let body = json!({ "retain": retain, "match_lead": matched }).to_string();
        let proof = STANDARD.encode(format!("API:{}", key.expose()));
        let request = Request::post(url, body)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("api-version", VERSION)
            .header("authorization", format!("Basic {proof}"));
        let limits = Limits::whole(DEADLINE, MAX_ANSWER_BYTES);
        let response = match self.providers.client().send(request, limits).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(code = error.code(), "TrustedForm did not answer");
                return Ok(Asked::Later("TrustedForm did not answer"));
            }
        };
        let gone = |outcome| {
            Ok(Asked::Settled(CertificateClaim::without_answer(
                now, outcome,
            )))
        };
        match response.status.as_u16() {
            200 | 201 => Ok(match reply::read(&response.body, now) {
                Some(claim) => Asked::Settled(claim),
                None => Asked::Later("its answer cannot be read"),
            }),
            404 | 410 => gone(ClaimOutcome::Gone),
            401..=403 => {
                tracing::error!(
                    http.status = response.status.as_u16(),
                    secret,
                    "TrustedForm refuses the key of the secret {secret}: renew it, and see whether its account is active, is paid for and may retain certificates"
                );
                Ok(Asked::Later("the key or its account is refused"))
            }
            408 | 429 => Ok(Asked::Later("TrustedForm is busy")),
            status if (400..500).contains(&status) => gone(ClaimOutcome::Refused),
            _ => Ok(Asked::Later("TrustedForm failed, or sent us elsewhere")),
        }
    }
}

/// The name of the secret with the key, if the source has its certificates claimed.
fn key_of<'a>(current: &'a Current, source: &str) -> Option<&'a str> {
    let settings = current.config.sources.get(source)?.trustedform.as_ref()?;
    Some(&settings.token)
}

fn received(decisions: &[Decision], submission: SubmissionId) -> Option<&Received> {
    decisions
        .iter()
        .find_map(|decision| match &decision.ruling {
            Ruling::Received(received) if received.submission == submission => Some(received),
            _ => None,
        })
}

fn is_settled(decisions: &[Decision], certificate: &str) -> bool {
    decisions.iter().any(|decision| match &decision.ruling {
        Ruling::Certified(known) => known.certificate == certificate,
        _ => false,
    })
}

/// The address, if the key may go there. What a form sends is looked at already at the door; this is the lock before the key.
fn claimable(certificate: &str) -> Option<String> {
    let url = Url::parse(certificate).ok()?;
    let is_one_name = |path: &str| {
        path.strip_prefix('/').is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    };
    let is_theirs = url.scheme() == "https"
        && url.host_str() == Some(HOST)
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && is_one_name(url.path())
        && url.query().is_none()
        && url.fragment().is_none();
    is_theirs.then(|| url.into())
}

#[cfg(test)]
mod tests;

//! Claims against the real table and queues; TrustedForm is a peer in this process, behind the policy of every request.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use domain::config::check;
use domain::field::{Fields, Value};
use domain::submission::{Consent, Evidence, Submission};
use engines::{EmbeddedQueues, EmbeddedTable};
use outbound::{Client, HeaderMap, Peer, Policy, Response, StatusCode};
use platform::{Clock, Secrets};
use queue::Queues;
use table::{ConfigurationCache, History, Table};

use super::*;
use crate::Providers;

const CERTIFICATE: &str = "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567";

const KEPT: &str = r#"{"outcome":"success","reason":null,"match_lead":{"result":{"email_match":true,"phone_match":false,"success":true}},
    "retain":{"results":{"expires_at":"2031-03-01T12:00:00Z","masked_cert_url":"https://cert.trustedform.com/masked17","previously_retained":false}}}"#;

/// Gives one answer after the other, the last one for ever; and keeps what it was asked.
#[derive(Clone, Default)]
struct TrustedFormPeer {
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl TrustedFormPeer {
    fn answering(answers: &[(u16, &'static str)]) -> Self {
        let peer = Self::default();
        *peer.answers.lock().unwrap() = answers.to_vec();
        peer
    }

    fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

impl Peer for TrustedFormPeer {
    fn answer(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, outbound::Error>> + Send>> {
        self.asked.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        let (status, body) = answers[0];
        if answers.len() > 1 {
            answers.remove(0);
        }
        let response = Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            truncated: false,
        };
        Box::pin(async move { Ok(response) })
    }
}

struct World {
    enrich: Enrich,
    peer: TrustedFormPeer,
    sqs: aws_sdk_sqs::Client,
}

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

async fn world(answers: &[(u16, &'static str)], secrets: &[(&'static str, &'static str)]) -> World {
    let table = Table::new(
        EmbeddedTable::memory().unwrap().dynamodb_client(),
        "leadline",
    );
    table.create_if_missing().await.unwrap();
    let text = format!(
        "{}\n[sources.partner]\nkind = \"form\"\ntrustedform = {{ token = \"witness\" }}\n",
        domain::config::DEFAULT
    );
    let config = check::read(&text).unwrap().config;
    table
        .push_configuration(&config, &text, noon())
        .await
        .unwrap();
    let sqs = EmbeddedQueues::memory().sqs_client();
    let made = sqs
        .create_queue()
        .queue_name("enrich")
        .send()
        .await
        .unwrap();
    let address = made.queue_url().unwrap().to_owned();
    let all = [("pepper", "a-pepper-for-tests")]
        .into_iter()
        .chain(secrets.iter().copied());
    let peer = TrustedFormPeer::answering(answers);
    World {
        enrich: Enrich {
            queues: Queues::new(sqs.clone(), [(Queue::Enrich, address)]),
            configurations: Arc::new(ConfigurationCache::new(table.clone(), 30)),
            secrets: Secrets::fixed(all),
            clock: Clock::fixed(noon()),
            providers: Providers::new(Client::in_process(
                Policy::allowing(Vec::new()),
                peer.clone(),
            )),
            table,
        },
        peer,
        sqs,
    }
}

fn submission(number: u128, email: &str, source: &str) -> Submission {
    let evidence = Evidence {
        trustedform: Some(CERTIFICATE.to_owned()),
        ..Evidence::default()
    };
    let consent = Consent {
        granted: true,
        at: noon(),
        text: None,
        evidence: Some(Box::new(evidence)),
    };
    Submission {
        id: SubmissionId::from_bits(number),
        earlier: None,
        later: None,
        source: source.to_owned(),
        received_at: noon(),
        fields: [(Field::Email, Value::Text(email.to_owned()))].into(),
        facts: Fields::new(),
        consent: [("contact".to_owned(), consent)].into(),
        external_id: None,
        visitor: None,
        captcha: None,
        bought: None,
        released: false,
    }
}

impl World {
    /// Receives a submission and writes the lead, as `assign` would.
    async fn receives(&self, submission: Submission) -> SubmissionId {
        let id = submission.id;
        for outgoing in self.enrich.receive(submission).await.unwrap() {
            if let Message::AssignNew { lead, decisions } = outgoing.message {
                self.enrich.table.append(lead, 0, &decisions).await.unwrap();
            }
        }
        id
    }

    async fn claims(&self, id: SubmissionId, tries: u8) {
        assert_eq!(self.enrich.certify(id, "partner", tries).await.unwrap(), []);
    }

    async fn history(&self, id: SubmissionId) -> History {
        let record = self.enrich.table.submission(id).await.unwrap().record;
        let lead = record.unwrap().lead.unwrap();
        self.enrich
            .table
            .surviving_lead(lead)
            .await
            .unwrap()
            .unwrap()
    }

    async fn claimed(&self, id: SubmissionId) -> Option<CertificateClaim> {
        let history = self.history(id).await;
        history.lead.certificates.values().next().cloned()
    }

    /// How many messages wait, delayed.
    async fn waiting(&self) -> u32 {
        use aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessagesDelayed as Delayed;
        let url = self
            .sqs
            .get_queue_url()
            .queue_name("enrich")
            .send()
            .await
            .unwrap();
        let asked = self.sqs.get_queue_attributes().set_queue_url(url.queue_url);
        let known = asked.attribute_names(Delayed).send().await.unwrap();
        known.attributes().unwrap()[&Delayed].parse().unwrap()
    }
}

#[tokio::test]
async fn a_certificate_is_claimed_once_and_stands_with_what_it_proves() {
    let world = world(&[(200, KEPT)], &[("witness", "key-17")]).await;
    let id = world
        .receives(submission(17, "dana@example.com", "partner"))
        .await;
    assert_eq!(world.waiting().await, 1);
    assert_eq!(world.claimed(id).await, None);
    for _ in 0..3 {
        world.claims(id, 0).await;
    }
    let claim = world.claimed(id).await.unwrap();
    assert_eq!(claim.outcome, ClaimOutcome::Retained);
    assert_eq!(
        claim.expires_at.unwrap().to_string(),
        "2031-03-01T12:00:00Z"
    );
    assert_eq!(
        (claim.email_matches, claim.phone_matches),
        (Some(true), Some(false))
    );
    assert_eq!(world.history(id).await.decisions.len(), 2);

    let asked = world.peer.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].url, CERTIFICATE);
    let header = |name: &str| {
        let found = asked[0].headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(
        header("authorization"),
        format!("Basic {}", STANDARD.encode("API:key-17"))
    );
    assert_eq!(header("api-version"), "4.0");
    let body: serde_json::Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(
        body,
        json!({
            "retain": { "reference": id.lead().to_string(), "vendor": "partner" },
            "match_lead": { "email": "dana@example.com" },
        })
    );
}

#[tokio::test]
async fn a_certificate_without_an_agreement_is_claimed_as_well() {
    let world = world(&[(200, KEPT)], &[("witness", "key-17")]).await;
    let mut sent = submission(17, "dana@example.com", "partner");
    sent.consent.clear();
    let name = Field::Custom("xxtrustedformcerturl_0".to_owned());
    sent.fields
        .insert(name, Value::Text(CERTIFICATE.to_owned()));
    let id = world.receives(sent).await;
    world.claims(id, 0).await;
    let claim = world.claimed(id).await.unwrap();
    assert_eq!(claim.outcome, ClaimOutcome::Retained);
    assert_eq!(world.peer.asked()[0].url, CERTIFICATE);
}

#[tokio::test]
async fn a_source_that_does_not_ask_for_it_claims_nothing() {
    let world = world(&[(200, KEPT)], &[("witness", "key-17")]).await;
    world
        .receives(submission(17, "dana@example.com", "website"))
        .await;
    assert_eq!(world.waiting().await, 0);
}

#[tokio::test]
async fn what_is_not_answered_is_tried_for_a_day_and_the_lead_never_waits() {
    let early = world(&[(200, KEPT)], &[("witness", "key-17")]).await;
    early.claims(SubmissionId::from_bits(4), 0).await;
    assert_eq!((early.waiting().await, early.peer.asked().len()), (1, 0));

    for (status, body, secret) in [
        (500, "", "key-17"),
        (302, "", "key-17"),
        (429, "", "key-17"),
        (401, "", "key-17"),
        (402, "", "key-17"),
        (200, "<html>", "key-17"),
        (200, KEPT, ""),
    ] {
        let secrets: &[(&str, &str)] = if secret.is_empty() {
            &[]
        } else {
            &[("witness", "key-17")]
        };
        let world = world(&[(status, body), (200, KEPT)], secrets).await;
        let id = world
            .receives(submission(17, "dana@example.com", "partner"))
            .await;
        world.claims(id, 0).await;
        assert_eq!(world.claimed(id).await, None, "{status}");
        assert_eq!(world.waiting().await, 2, "{status}");
        if secret.is_empty() {
            world.claims(id, MOST_TRIES).await;
            let claim = world.claimed(id).await.unwrap();
            assert_eq!(claim.outcome, ClaimOutcome::Unanswered);
        } else {
            world.claims(id, 1).await;
            let claim = world.claimed(id).await.unwrap();
            assert_eq!(claim.outcome, ClaimOutcome::Retained, "{status}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_gone_or_refused_is_settled_and_one_of_somebody_else_is_not_asked_for()
 {
    for (status, outcome) in [(404, ClaimOutcome::Gone), (422, ClaimOutcome::Refused)] {
        let world = world(&[(status, "")], &[("witness", "key-17")]).await;
        let id = world
            .receives(submission(17, "dana@example.com", "partner"))
            .await;
        world.claims(id, 0).await;
        world.claims(id, 0).await;
        assert_eq!(world.claimed(id).await.unwrap().outcome, outcome);
        assert_eq!(world.peer.asked().len(), 1);
    }
    let world = world(&[(200, KEPT)], &[("witness", "key-17")]).await;
    let first = world
        .receives(submission(17, "dana@example.com", "partner"))
        .await;
    let second = world
        .receives(submission(18, "robin@example.com", "partner"))
        .await;
    world.claims(first, 0).await;
    world.claims(second, 0).await;
    assert_eq!(
        world.claimed(first).await.unwrap().outcome,
        ClaimOutcome::Retained
    );
    assert_eq!(
        world.claimed(second).await.unwrap().outcome,
        ClaimOutcome::Reused
    );
    assert_eq!(world.peer.asked().len(), 1);
}

#[tokio::test]
async fn the_key_goes_to_no_other_host() {
    for address in [
        "https://cert.trustedform.com.example.com/17",
        "https://example.com/cert.trustedform.com",
        "http://cert.trustedform.com/17",
        "https://cert.trustedform.com:8443/17",
        "https://cert.trustedform.com@example.com/17",
        "https://user:pass@cert.trustedform.com/17",
        "https://cert.trustedform.com/17?next=https://example.com",
        "https://cert.trustedform.com/17#x",
        "https://cert.trustedform.com/17/owner",
        "https://cert.trustedform.com/..%2F17",
        "https://cert.trustedform.com/",
        "https://cert.trustedform.com./17",
        "https://certtrustedform.com/17",
        "https://\u{441}ert.trustedform.com/17",
        "//cert.trustedform.com/17",
        "",
    ] {
        assert_eq!(claimable(address), None, "{address}");
        let world = world(&[(200, KEPT)], &[("witness", "key-17")]).await;
        let mut sent = submission(17, "dana@example.com", "partner");
        for consent in sent.consent.values_mut() {
            consent.evidence.get_or_insert_default().trustedform = Some(address.to_owned());
        }
        let id = world.receives(sent).await;
        world.claims(id, 0).await;
        assert_eq!(
            world.claimed(id).await.unwrap().outcome,
            ClaimOutcome::Refused
        );
        assert_eq!(world.peer.asked().len(), 0, "{address}");
    }
    assert_eq!(claimable(CERTIFICATE).as_deref(), Some(CERTIFICATE));
}

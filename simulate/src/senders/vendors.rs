//! Vendors: offer, ask and send back, and remember what they are told. They send again until they are answered, and what they
//! sent before under the same name, as real ones do.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Sent, fields_of};
use crate::configuration::PROOF;
use crate::contracts::{ACME, COBB, Offered};
use crate::world::World;

/// What a vendor was told about something it offered.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) offered: Offered,
    /// The ping that it quoted.
    pub(crate) quoted: Option<String>,
    /// When the request was made that was answered, and when the answer came.
    pub(crate) sent: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) outcome: String,
    pub(crate) submission: Option<String>,
    pub(crate) price: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) opens_at: Option<Timestamp>,
    /// It was a row of a file, of which no price is told.
    pub(crate) in_file: bool,
}

/// What a vendor was told when it asked.
#[derive(Debug, Clone)]
pub(crate) struct Pinged {
    pub(crate) id: String,
    pub(crate) price: String,
}

impl World {
    /// A vendor offers a lead, and notes what it is told.
    pub(crate) async fn offer(&self, index: usize, offered: &Offered) {
        let quoted = match offered.quotes {
            Some(number) => self.ask(index, offered, number).await,
            None => None,
        };
        let body = document(offered, quoted.as_deref());
        let path = format!("/v1/sources/{}", offered.vendor);
        let mut sent = Sent::to_capture(&path, "application/json", &body);
        sent.prove();
        if offered.vendor != ACME && offered.vendor != COBB {
            let key = format!("lead-{}", offered.number);
            sent.headers.push(("idempotency-key".to_owned(), key));
        }
        let Some((200 | 202, answer, began)) = self.insist_on(index, &sent).await else {
            self.network.note("offers that were never answered");
            return;
        };
        let text = |place: &str| answer.pointer(place).and_then(Value::as_str);
        let heard = Heard {
            offered: offered.clone(),
            quoted,
            sent: began,
            at: self.now(),
            outcome: text("/outcome").unwrap_or_default().to_owned(),
            submission: text("/submission").map(str::to_owned),
            price: text("/price/amount").map(str::to_owned),
            code: text("/reason/code").map(str::to_owned),
            opens_at: text("/opens_at").and_then(|at| at.parse().ok()),
            in_file: false,
        };
        self.heard(heard);
        self.note_accepted(Some(&answer), "/submissions");
    }

    fn heard(&self, heard: Heard) {
        self.network.note(match heard.outcome.as_str() {
            "accepted" => "offers accepted",
            "duplicate" => "offers refused: the person is known",
            "rejected" => "offers refused: the contract",
            "capped" => "offers refused: a cap",
            "held" => "offers held",
            "queued" => "offers answered later",
            _ => "offers answered otherwise",
        });
        self.ledger().heard.push(heard);
    }

    /// Whether a lead like this would be bought: once for each number, however often it is quoted.
    async fn ask(&self, index: usize, offered: &Offered, number: u32) -> Option<String> {
        let known = self.ledger().pings.get(&number).cloned();
        if let Some(known) = known {
            return Some(known.id);
        }
        let mut body = json!({ "country": crate::story::PEOPLE[offered.lead.person].country });
        if offered.lead.variant == 2 {
            body["employees"] = json!("75");
        }
        let body = body.to_string();
        let path = format!("/v1/sources/{}/ping", offered.vendor);
        let mut sent = Sent::to_capture(&path, "application/json", &body);
        sent.prove();
        let (status, answer, _) = self.insist_on(index, &sent).await?;
        self.network.note(match status {
            200 => "pings answered",
            _ => "pings refused",
        });
        let id = answer["ping"].as_str()?.to_owned();
        let price = answer["price"]["amount"].as_str().unwrap_or_default();
        let pinged = Pinged {
            id: id.clone(),
            price: price.to_owned(),
        };
        // Of two who asked at once, the first answer is quoted by whoever comes later.
        self.ledger().asked.insert(id.clone(), pinged.price.clone());
        self.ledger().pings.entry(number).or_insert(pinged);
        Some(id)
    }

    /// A vendor sends a file.
    pub(crate) async fn offer_file(&self, index: usize, rows: &[Offered]) {
        let file: Vec<String> = rows.iter().map(|row| document(row, None)).collect();
        let body = file.join("\n");
        let path = format!("/v1/sources/{ACME}/batch");
        let mut sent = Sent::to_capture(&path, "application/x-ndjson", &body);
        sent.prove();
        let Some((202, answer, began)) = self.insist_on(index, &sent).await else {
            return;
        };
        let told = self.now();
        self.network.note("files of vendors taken");
        let batch = answer["batch"].as_str().unwrap_or_default();
        let path = format!("/v1/batches/{batch}");
        let kept = self
            .insist(index, &Sent::to_api(Method::GET, &path, ""))
            .await
            .unwrap_or_default();
        for (row, result) in rows
            .iter()
            .zip(kept["results"].as_array().into_iter().flatten())
        {
            let submission = result["submission"].as_str().map(str::to_owned);
            let code = result["errors"][0]["code"].as_str().map(str::to_owned);
            let outcome = match code.as_deref() {
                _ if submission.is_some() => "accepted",
                Some("duplicate") => "duplicate",
                Some("capped") => "capped",
                _ => "rejected",
            };
            self.ledger().accepted.extend(submission.clone());
            self.heard(Heard {
                offered: row.clone(),
                quoted: None,
                sent: began,
                at: told,
                outcome: outcome.to_owned(),
                submission,
                price: None,
                code,
                opens_at: None,
                in_file: true,
            });
        }
    }

    /// Somebody sends back what was bought under a number, if the vendor has heard that it was.
    pub(crate) async fn send_back(&self, index: usize, vendor: &str, number: u32, reason: &str) {
        let bought = self.ledger().heard.iter().find_map(|heard| {
            let is_it = heard.offered.vendor == vendor && heard.offered.number == number;
            heard
                .submission
                .clone()
                .filter(|_| is_it && heard.outcome == "accepted")
        });
        let Some(submission) = bought else {
            return;
        };
        let path = format!("/v1/submissions/{submission}/return");
        let body = json!({ "reason": reason }).to_string();
        for _ in 0..20 {
            let sent = Sent::to_api(Method::POST, &path, &body);
            match self.insist_on(index, &sent).await {
                Some((200, answer, _)) => {
                    let told = answer["reason"].as_str().unwrap_or_default().to_owned();
                    self.network.note("returns taken");
                    self.ledger().returned.push((submission, told));
                    return;
                }
                Some((409, answer, _)) => {
                    let says = answer["detail"].as_str().unwrap_or_default();
                    if !says.contains("on its way") {
                        self.network.note("returns refused");
                        return;
                    }
                    sleep(Duration::from_secs(10)).await;
                }
                _ => return,
            }
        }
    }

    /// What a vendor's scorecard says over all days, as users read it.
    pub(crate) async fn scorecard(&self, vendor: &str) -> Option<Value> {
        let path = format!("/v1/vendors/{vendor}/scorecard?from=2026-02-01&to=2026-12-01");
        let sent = Sent::to_api(Method::GET, &path, "");
        Some(self.insist(usize::MAX, &sent).await?["total"].take())
    }
}

/// What a vendor sends.
fn document(offered: &Offered, quoted: Option<&str>) -> String {
    let fields = fields_of(&offered.lead).into_iter();
    let mut body: serde_json::Map<String, Value> = fields
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    if offered.vendor == ACME {
        body.insert(
            "id".to_owned(),
            json!(format!("acme-lead-{}", offered.number)),
        );
    }
    if let Some(quoted) = quoted {
        body.insert("ping_id".to_owned(), json!(quoted));
    }
    if offered.suspicious {
        body.insert("honeypot".to_owned(), json!("https://pills.example"));
    }
    Value::Object(body).to_string()
}

impl Sent<'_> {
    fn prove(&mut self) {
        self.headers
            .push(("x-leadline-secret".to_owned(), PROOF.to_owned()));
    }
}

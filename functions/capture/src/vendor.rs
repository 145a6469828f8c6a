//! Leads of vendors: carries out the contract at the door, and tells the vendor what became of each.
//!
//! What is accepted is in the table, with everything that it uses up, before the queue has it. Should the queue not take it,
//! the vendor is told to send it again, finds it accepted and uses up nothing; and if the vendor never does, the recycler sends
//! it on.

use std::collections::BTreeSet;

use domain::config::{Source, VendorAnswer};
use domain::id::SubmissionId;
use domain::submission::{FieldProblem, Quarantined, Submission};
use domain::vendor::{Answer, Offer, all_wrong};
use futures::future::try_join_all;
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use queue::{Message, Queue};
use serde_json::{Map, Value, json};
use sources::{Answered, Door, Incoming, Parsed};
use table::{AcceptedThing, Current, LedgerEntry};
use vendors::{Buyer, Contract, Offered, Windows, WrongLead};
use web::Problem;

use crate::{Capture, answer, unavailable, witnessed};

/// What a vendor is told about each lead; nothing for what is only looked at later.
pub(crate) type Offers = Vec<(SubmissionId, Option<Offer>)>;

impl Capture {
    /// Answers what a vendor sent in one request, and queues what goes on.
    #[expect(
        clippy::too_many_arguments,
        reason = "one request at one door, as the caller has it"
    )]
    pub(crate) async fn answer_vendor(
        &self,
        current: &Current,
        source: &Source,
        contract: Contract<'_>,
        door: &Door<'_>,
        parsed: &[Parsed],
        request: &Request,
        at: Timestamp,
    ) -> Result<Offers, Problem> {
        let name = contract.source;
        self.check_idempotency(name, door.pepper, request).await?;
        let buyer = Buyer {
            table: &self.table,
            config: &current.config,
            pepper: door.pepper,
            now: at,
        };
        let mut answered = Vec::with_capacity(parsed.len());
        for one in parsed {
            let one = witnessed(one.clone(), request);
            let one = self.against_floods(name, source, door.pepper, one).await;
            answered.push(self.offered(&buyer, contract, one));
        }
        let answered = try_join_all(answered).await?;
        let mut offers = Vec::with_capacity(answered.len());
        let mut messages: Vec<Message> = Vec::new();
        let mut noted = Vec::new();
        for one in answered {
            let is_in_ledger = one.is_in_ledger();
            if let Some(parsed) = one.goes_on {
                messages.push(intake::message(parsed));
                // The ledger has what is accepted for the first time from the acceptance itself.
                if source.ledger && !is_in_ledger {
                    noted.push(one.id);
                }
            }
            offers.push((one.id, one.offer));
        }
        self.queues
            .send_all(Queue::Enrich, &messages)
            .await
            .map_err(|error| unavailable(&error))?;
        for id in noted {
            self.note(
                name,
                LedgerEntry::new(at, AcceptedThing::Submission(id)),
                at,
            )
            .await?;
        }
        Ok(offers)
    }

    /// Has the contract answer one lead.
    pub(crate) async fn offered(
        &self,
        buyer: &Buyer<'_>,
        contract: Contract<'_>,
        parsed: Parsed,
    ) -> Result<Heard, Problem> {
        let is_sync = contract.vendor.answer == VendorAnswer::Sync;
        let later = |parsed: Parsed| Heard {
            id: parsed.id(),
            offer: None,
            goes_on: Some(parsed),
            is_repeat: false,
        };
        match parsed {
            Parsed::Submission(submission) if is_sync => {
                self.offer(buyer, contract, submission).await
            }
            Parsed::Wrong(wrong) => {
                let source = buyer.config.sources.get(contract.source);
                let problems = all_problems(contract, source, &wrong.lead);
                let offered = Offered::Wrong(WrongLead {
                    id: wrong.lead.id,
                    windows: wrong.earlier.map(|earlier| Windows {
                        earlier,
                        later: wrong.later,
                        received_at: wrong.lead.received_at,
                    }),
                    problems: &problems,
                });
                let answered = settled(buyer, contract, offered).await?;
                Ok(Heard {
                    id: answered.offer.submission,
                    offer: Some(answered.offer),
                    goes_on: None,
                    is_repeat: answered.is_repeat,
                })
            }
            Parsed::Quarantined(kept) if is_sync => {
                let answered = settled(buyer, contract, Offered::Suspicious(kept.id)).await?;
                Ok(Heard {
                    id: kept.id,
                    offer: Some(answered.offer),
                    goes_on: Some(Parsed::Quarantined(kept)),
                    is_repeat: answered.is_repeat,
                })
            }
            other => Ok(later(other)),
        }
    }

    async fn offer(
        &self,
        buyer: &Buyer<'_>,
        contract: Contract<'_>,
        mut submission: Submission,
    ) -> Result<Heard, Problem> {
        let answered = settled(buyer, contract, Offered::Fit(&submission)).await?;
        if answered.offer.submission != submission.id {
            submission.id = answered.offer.submission;
            (submission.earlier, submission.later) = (None, None);
        }
        let bought = answered.offer.bought();
        let is_bought = bought.is_some();
        submission.bought = bought.map(Box::new);
        Ok(Heard {
            id: submission.id,
            offer: Some(answered.offer),
            goes_on: is_bought.then_some(Parsed::Submission(submission)),
            is_repeat: answered.is_repeat,
        })
    }
}

/// What was made of one lead.
pub(crate) struct Heard {
    /// Which.
    pub(crate) id: SubmissionId,
    /// What its vendor is told.
    pub(crate) offer: Option<Offer>,
    /// What is queued.
    pub(crate) goes_on: Option<Parsed>,
    /// Whether it was answered before.
    pub(crate) is_repeat: bool,
}

/// What is wrong with a lead, and what the contract asks for and neither the lead nor the source's defaults have.
fn all_problems(
    contract: Contract<'_>,
    source: Option<&Source>,
    lead: &Quarantined,
) -> Vec<FieldProblem> {
    let said = lead.raw.iter().filter(|(_, text)| !text.trim().is_empty());
    let filled_in = source.into_iter().flat_map(|source| source.defaults.keys());
    let given: BTreeSet<&str> = said
        .map(|(name, _)| name)
        .chain(filled_in)
        .map(String::as_str)
        .collect();
    all_wrong(contract.vendor, &lead.problems, &given)
}

impl Heard {
    /// Whether its entry in the ledger was written with its acceptance: then it was bought just now.
    fn is_in_ledger(&self) -> bool {
        let is_bought = |offer: &Offer| offer.bought().is_some();
        !self.is_repeat && self.offer.as_ref().is_some_and(is_bought)
    }
}

async fn settled(
    buyer: &Buyer<'_>,
    contract: Contract<'_>,
    offered: Offered<'_>,
) -> Result<vendors::Answered, Problem> {
    let answered = buyer.settle(contract, offered).await;
    answered.map_err(|error| unavailable(&error))
}

/// The answer to a vendor: in the format of the source's kind if that has one, else as JSON.
pub(crate) fn response(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    offers: &[(SubmissionId, Option<Offer>)],
) -> Response<Body> {
    if let Some(reply) = sources::reply(door, incoming, Answered::Offered(offers)) {
        return answer(reply);
    }
    let goes_on = |offer: &Option<Offer>| {
        offer
            .as_ref()
            .is_none_or(|offer| matches!(offer.answer, Answer::Accepted { .. } | Answer::Held))
    };
    let taken: Vec<String> = offers
        .iter()
        .filter(|(_, offer)| goes_on(offer))
        .map(|(id, _)| id.to_string())
        .collect();
    // A refusal is an answer, too: the request was right, and is not to be repeated.
    let status = if taken.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let mut body = Map::new();
    body.insert("submissions".to_owned(), json!(taken));
    match offers {
        [(id, offer)] => body.extend(told(*id, offer.as_ref())),
        several => {
            let results: Vec<Value> = several
                .iter()
                .map(|(id, offer)| Value::Object(told(*id, offer.as_ref())))
                .collect();
            body.insert("results".to_owned(), Value::Array(results));
        }
    }
    web::json(status, &Value::Object(body))
}

/// What is said of one lead.
fn told(id: SubmissionId, offer: Option<&Offer>) -> Map<String, Value> {
    let mut told = match offer {
        Some(offer) => outcome(&offer.answer),
        None => {
            let mut later = Map::new();
            later.insert("outcome".to_owned(), json!("queued"));
            later
        }
    };
    told.insert("submission".to_owned(), json!(id.to_string()));
    told
}

/// What an answer says, field by field.
pub(crate) fn outcome(answer: &Answer) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("outcome".to_owned(), json!(answer.name()));
    if let (Some(code), Some(message)) = (answer.code(), answer.reason()) {
        told.insert(
            "reason".to_owned(),
            json!({ "code": code, "message": message }),
        );
    }
    match answer {
        Answer::Accepted {
            price: Some(price), ..
        } => {
            told.insert(
                "price".to_owned(),
                json!({ "amount": price.decimal(), "currency": price.currency }),
            );
        }
        Answer::Duplicate { known_at, .. } => {
            let day = domain::calendar::local_date(None, *known_at);
            told.insert("known_since".to_owned(), json!(day.to_string()));
        }
        Answer::Rejected { fields, .. } if !fields.is_empty() => {
            told.insert("errors".to_owned(), json!(fields));
        }
        Answer::Capped { cap, opens_at, .. } => {
            told.insert("cap".to_owned(), json!(cap));
            told.insert("opens_at".to_owned(), json!(opens_at));
        }
        Answer::Accepted { .. } | Answer::Rejected { .. } | Answer::Held => {}
    }
    told
}

//! Vendors in simulated worlds: their contracts, what they offer, ask and send back, and what they remember of the answers.
//! They send again until they are answered, and what they sent before under the same name, as real ones do.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use lambda_http::http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::configuration::PROOF;
use crate::dice::Dice;
use crate::senders::{Sent, fields_of};
use crate::story::{Step, Submit, Weather, What, pick, submit};
use crate::world::World;

/// Answers at once, under the vendor's own ids, with an hour's and a day's cap, pings, returns that make room, and files.
pub(crate) const ACME: &str = "acme";

/// Answers at once, under idempotency keys; whoever it sold is known, a total is all that is ever bought, and what is returned
/// makes no room.
const BOLT: &str = "bolt";

/// The same without a cap; whoever came from anybody is known.
const DUNE: &str = "dune";

/// Hears later, and says the same again where it repeats itself.
const COBB: &str = "cobb";

/// Every vendor; each has one source, of the same name.
pub(crate) const VENDORS: [&str; 4] = [ACME, BOLT, DUNE, COBB];

/// The reasons for which leads may be sent back.
const REASONS: [&str; 2] = ["wrong_number", "no_consent"];

/// The contracts as the configurations have them. What changes from one to the next: the price and the most of an hour.
pub(crate) fn contracts(configuration: usize) -> String {
    CONTRACTS
        .replace("PRICE", usual_price(configuration))
        .replace("HOURLY", &hourly(configuration).to_string())
}

/// What a lead costs under a configuration, unless its company is large.
fn usual_price(configuration: usize) -> &'static str {
    if configuration == 2 { "50.00" } else { "45.00" }
}

/// What a lead costs under a configuration.
pub(crate) fn price(configuration: usize, offered: &Offered) -> &'static str {
    if offered.vendor != ACME {
        "12.00"
    // `fields_of` says how many people work there in this variant alone.
    } else if offered.lead.variant == 2 {
        "60.50"
    } else {
        usual_price(configuration)
    }
}

/// Most leads of Acme in an hour under a configuration.
fn hourly(configuration: usize) -> u32 {
    match configuration {
        1 => 3,
        4 => 1,
        _ => 2,
    }
}

const CONTRACTS: &str = r#"
[sources.acme]
kind = "generic"
secret = "proof"
vendor = "acme"
ledger = true
map = { external_id = "id" }

[vendors.acme]
currency = "USD"
price = "PRICE"

[[vendors.acme.prices]]
price = "60.50"
when = { field = "employees", at_least = 50 }

[[vendors.acme.criteria]]
name = "no_students"
must = { not = { field = "title", has_word = ["Founder"] } }

[[vendors.acme.caps]]
name = "hour"
maximum = HOURLY
per = "hour"

[[vendors.acme.caps]]
name = "day"
maximum = 4
per = "day"

[vendors.acme.ping]
seconds = 60
limits = [{ name = "hour", maximum = 4, per = "hour" }]

[vendors.acme.returns]
days = 14
gives_back_cap = true
reasons = [{ code = "wrong_number", label = "Wrong number" }, { code = "no_consent" }]

[sources.bolt]
kind = "generic"
secret = "proof"
vendor = "bolt"

[vendors.bolt]
timezone = "America/New_York"
currency = "EUR"
price = 1200
duplicates = { days = 30, among = "vendor" }

[[vendors.bolt.caps]]
name = "all"
maximum = 3
per = "total"

[vendors.bolt.returns]
days = 1
reasons = [{ code = "wrong_number" }, { code = "no_consent" }]

[sources.dune]
kind = "generic"
secret = "proof"
vendor = "dune"

[vendors.dune]
currency = "EUR"
price = 1200
duplicates = { days = 90 }

[sources.cobb]
kind = "generic"
secret = "proof"
vendor = "cobb"

[vendors.cobb]
answer = "queued"
currency = "USD"
price = "7.25"

[[vendors.cobb.caps]]
name = "week"
maximum = 2
per = "week"
"#;

/// Something that a vendor offers.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) vendor: &'static str,
    /// The vendor's own number for it.
    pub(crate) number: u32,
    pub(crate) lead: Submit,
    /// The number for which the vendor asked before, if it did.
    pub(crate) quotes: Option<u32>,
    /// Looks like spam.
    pub(crate) suspicious: bool,
}

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

/// Vendors in every third world. Half of those begin a minute or two before an hour or a day ends.
pub(crate) fn steps(seed: u64, people: usize, weather: &mut Weather, steps: &mut Vec<Step>) {
    let mut rng = Dice(seed).at("buying", 0);
    if rng.u8(0..3) > 0 {
        return;
    }
    weather.vendors = true;
    weather.starts += *pick(&mut rng, &[0, 0, 3_540, 10_740]) + rng.i64(0..60);
    let span = weather.calm_after / 2;
    let mut offered: Vec<Offered> = Vec::new();
    let mut add = |at: u64, what: What| steps.push(Step { at, what });
    for number in 0..rng.u32(2..9) {
        let vendor = *pick(&mut rng, &[ACME, ACME, ACME, BOLT, DUNE, COBB]);
        let is_asked = vendor == ACME && rng.u8(0..4) == 0;
        let one = Offered {
            vendor,
            number,
            lead: submit(&mut rng, people),
            // Now and then the answer about another lead.
            quotes: is_asked.then(|| if rng.u8(0..4) == 0 { 0 } else { number }),
            suspicious: rng.u8(0..12) == 0,
        };
        let at = rng.u64(0..span);
        add(at, What::Offer(one.clone()));
        for _ in 0..*pick(&mut rng, &[0, 0, 1, 2]) {
            // At the same moment, before the answer, or long after it.
            let after = *pick(&mut rng, &[40, 3_000, 30_000, 120_000]);
            add(at + rng.u64(0..after), What::Offer(one.clone()));
        }
        offered.push(one);
    }
    if rng.u8(0..3) == 0 {
        // Leads that came alone, and others.
        let mut rows: Vec<Offered> = offered
            .iter()
            .filter(|one| one.vendor == ACME && one.quotes.is_none() && !one.suspicious)
            .filter(|_| rng.bool())
            .cloned()
            .collect();
        for number in 20..rng.u32(21..25) {
            rows.push(Offered {
                vendor: ACME,
                number,
                lead: submit(&mut rng, people),
                quotes: None,
                suspicious: false,
            });
        }
        let at = rng.u64(0..span);
        for _ in 0..rng.usize(1..3) {
            add(at + rng.u64(0..20_000), What::OfferFile(rows.clone()));
        }
    }
    for one in offered.iter().filter(|one| one.vendor != COBB) {
        for _ in 0..*pick(&mut rng, &[0, 0, 1, 2]) {
            let what = What::Return {
                vendor: one.vendor,
                number: one.number,
                reason: pick::<&str>(&mut rng, &[REASONS[0], REASONS[0], REASONS[1]]),
            };
            add(rng.u64(span / 2..weather.calm_after), what);
        }
    }
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

impl fmt::Display for Offered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Offered {
            vendor,
            number,
            lead,
            quotes,
            suspicious,
        } = self;
        write!(
            formatter,
            "{vendor} offers lead {number}, person {}{}{}, variant {}",
            lead.person,
            if lead.email { " by e-mail" } else { "" },
            if lead.phone { " by phone" } else { "" },
            lead.variant
        )?;
        if let Some(quotes) = quotes {
            write!(formatter, ", quoting what it asked about {quotes}")?;
        }
        formatter.write_str(match (lead.broken, suspicious) {
            (true, _) => ", with a value that cannot be right",
            (false, true) => ", suspicious",
            (false, false) => "",
        })
    }
}

//! Contracts with vendors in simulated worlds, and what the vendors do.

use std::fmt;

use crate::dice::Dice;
use crate::story::{Step, Submit, Weather, What, pick, submit};

/// Answers at once, under the vendor's own ids, with an hour's and a day's cap, pings, returns that make room, and files.
pub(crate) const ACME: &str = "acme";

/// Answers at once, under idempotency keys; whoever it sold is known, a total is all that is ever bought, and what is returned
/// makes no room.
const BOLT: &str = "bolt";

/// The same without a cap; whoever came from anybody is known.
const DUNE: &str = "dune";

/// Hears later, and says the same again where it repeats itself.
pub(crate) const COBB: &str = "cobb";

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

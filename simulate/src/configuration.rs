//! The configurations that are put in force in simulated runs: small, and different in what may change under a running
//! Leadline: weights, members, territories, scores, and nobody being there at all.

use std::sync::OnceLock;

use domain::config::Config;
use domain::config::check::check_file;

use crate::contracts::contracts;
use crate::story::{CONFIGURATIONS, Weather};

/// Address of the receiver of notifications.
const HOOK: &str = "https://receiver.example/hook";

/// The source that takes files.
pub(crate) const PARTNER: &str = "partner";

/// The source of an ad platform.
pub(crate) const ADS: &str = "ads";

/// What partner, platform and Leadline have agreed on.
pub(crate) const PROOF: &str = "agreed-with-the-simulated-partners";

const BASE: &str = r#"
[sources.website]
kind = "form"

[sources.assistant]
kind = "chatbot"

[sources.partner]
kind = "generic"
secret = "proof"

[sources.ads]
kind = "meta-leadgen"
secret = "proof"
handshake_secret = "proof"
answers = { token = "proof" }

[scoring]
mql = 20
sql = 40
hysteresis = 5

[[scoring.fit]]
name = "Marketing chief"
points = 15
when = { field = "title", has_word = ["CMO", "Chief Marketing Officer"] }

[[scoring.fit]]
name = "Of some size"
points = 10
when = { field = "employees", at_least = 50 }

[[scoring.engagement]]
event = "page_visited"
points = 5
cap = 8

[[scoring.engagement]]
event = "pricing_page_visited"
points = 10

[[scoring.engagement]]
event = "whitepaper_downloaded"
points = 10

[reps.mia]
name = "Mia Torres"
email = "mia.torres@example.com"

[reps.sam]
name = "Sam Whitaker"

[reps.jonas]
name = "Jonas Weber"

[reps.ana]
name = "Ana Lindqvist"

[pools.americas]
members = [{ rep = "mia" }, { rep = "sam" }]

[pools.emea]
members = [{ rep = "jonas", weight = 2 }, { rep = "ana", weight = 1 }]
fallback = "americas"

[[territories]]
name = "Americas"
when = { field = "country", one_of = ["US", "CA"] }
pool = "americas"

[[territories]]
name = "Europe"
when = { field = "country", one_of = ["DE", "GB"] }
pool = "emea"

[routing]
fallback_pool = "emea"
assign_from = "lead"
SLA

[enrichment.providers.atlas]
url = "https://atlas.example/companies/{domain}"
timeout_ms = 1500
fields = { industry = "category.industry", employees = "metrics.employees", company = "name" }

[[recycling.rules]]
name = "Nobody responded"
reason = "no_response"
max_times = 2

[[recycling.rules]]
name = "Bad timing"
reason = "not_now"
wait_days = 3
max_times = 1

[[recycling.rules]]
name = "Not a lead"
reason = "spam"
max_times = 0

[destinations.crm]
kind = "webhook"
url = "HOOK"
secret = "crm"
notify = ["lead.assigned", "lead.unassigned", "lead.stage_changed", "lead.sla_breached", "lead.erased"]
"#;

/// A configuration, ready to be pushed.
pub(crate) struct Variant {
    pub(crate) config: Config,
    pub(crate) text: String,
}

/// The `index`th configuration, with or without a first response being awaited, with or without vendors.
pub(crate) fn variant(index: usize, weather: &Weather) -> &'static Variant {
    static VARIANTS: OnceLock<Vec<Variant>> = OnceLock::new();
    let variants = VARIANTS.get_or_init(|| (0..CONFIGURATIONS * 4).map(make).collect());
    &variants[index * 4 + usize::from(weather.vendors) * 2 + usize::from(weather.follow_up)]
}

fn make(number: usize) -> Variant {
    let (index, vendors, follow_up) = (number / 4, number / 2 % 2 == 1, number % 2 == 1);
    let sla = if follow_up {
        "sla = \"first\"\n\n[slas.first]\nfirst_response_minutes = 30"
    } else {
        ""
    };
    let base = BASE.replace("SLA", sla).replace("HOOK", HOOK);
    let text = match index {
        0 => base,
        // A rep is switched off, and shares change.
        1 => base
            .replace("[reps.jonas]\n", "[reps.jonas]\nactive = false\n")
            .replace("{ rep = \"mia\" }", "{ rep = \"mia\", weight = 3 }"),
        // A territory moves to the other pool, and points change.
        2 => base
            .replace("\"DE\", \"GB\"", "\"GB\"")
            .replace("\"US\", \"CA\"", "\"US\", \"CA\", \"DE\"")
            .replace("points = 15", "points = 30"),
        // Nobody is there.
        3 => ["mia", "sam", "jonas", "ana"]
            .iter()
            .fold(base, |text, rep| {
                text.replace(
                    &format!("[reps.{rep}]\n"),
                    &format!(
                        "[reps.{rep}]\naway = [{{ from = \"2026-01-01\", to = \"2026-03-02\" }}]\n"
                    ),
                )
            }),
        // Only qualified leads are given to somebody, and a rep takes few of them.
        _ => base
            .replace("assign_from = \"lead\"", "assign_from = \"mql\"")
            .replace(
                "{ rep = \"ana\", weight = 1 }",
                "{ rep = \"ana\", weight = 1, max_per_day = 1 }",
            ),
    };
    let text = if vendors {
        text + &contracts(index)
    } else {
        text
    };
    let report = check_file(&text);
    let config = report
        .config
        .unwrap_or_else(|| unusable(index, &format!("{:?}", report.problems)));
    Variant { config, text }
}

#[allow(clippy::panic, reason = "a mistake in this file")]
fn unusable(index: usize, problems: &str) -> Config {
    panic!("configuration {index} of the simulation has problems: {problems}")
}

//! Golden leads: what the rules must make of a lead. They are to a configuration what tests are to a program.

use jiff::Timestamp;

use super::{Config, Golden};
use crate::decision::{Behaviour, Stage};
use crate::facts::facts_of;
use crate::field::{Field, Fields};
use crate::id::EventId;
use crate::routing::territory_for;
use crate::scoring::score;

/// What became of a golden lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenResult {
    /// Its name.
    pub name: String,
    /// Whether everything came out as expected.
    pub passed: bool,
    /// What did not, each in words.
    pub differences: Vec<String>,
}

/// Makes of every golden lead of `config` what the rules make of it at the time `at`, in the order of the file. Its events
/// happen at that very time, so that none has faded.
pub fn run(config: &Config, at: Timestamp) -> Vec<GoldenResult> {
    config
        .golden
        .iter()
        .map(|golden| run_one(config, golden, at))
        .collect()
}

fn run_one(config: &Config, golden: &Golden, at: Timestamp) -> GoldenResult {
    let fields = fields_of(golden);
    let behaviour = behaviour_of(golden, at);
    let scored = score(&config.scoring, &fields, &behaviour, Stage::Lead, 1, at);
    let route = territory_for(config, &fields);
    let expect = &golden.expect;

    let mut differences = Vec::new();
    let given: Vec<String> = scored
        .points
        .iter()
        .map(|points| format!("{} {:+}", points.rule, points.points))
        .collect();
    let because = if given.is_empty() {
        "no rule applies".to_owned()
    } else {
        given.join(", ")
    };
    let numbers = [
        ("the score", expect.score, scored.score.total()),
        ("fit", expect.fit, scored.score.fit),
        ("engagement", expect.engagement, scored.score.engagement),
    ];
    for (name, wanted, found) in numbers {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            differences.push(format!("{name} is {found}, expected {wanted} ({because})"));
        }
    }
    if let Some(wanted) = expect.stage.filter(|wanted| *wanted != scored.stage) {
        differences.push(format!(
            "the stage is {}, expected {wanted} (score {})",
            scored.stage,
            scored.score.total()
        ));
    }
    for (name, wanted, found) in [
        ("territory", &expect.territory, &route.territory),
        ("pool", &expect.pool, &route.pool),
    ] {
        if let Some(wanted) = wanted
            .as_ref()
            .filter(|wanted| found.as_ref() != Some(*wanted))
        {
            let found = found.as_deref().unwrap_or("none");
            let passed_over = route
                .passed_over
                .iter()
                .find(|passed| expect.territory.as_ref() == Some(&passed.name));
            let because = passed_over
                .map(|passed| format!(" (passed over: {})", passed.because))
                .unwrap_or_default();
            differences.push(format!("the {name} is {found}, expected {wanted}{because}"));
        }
    }
    GoldenResult {
        name: golden.name.clone(),
        passed: differences.is_empty(),
        differences,
    }
}

/// The fields of a golden lead with the facts that follow from them. A fact that the file gives wins over the one worked
/// out, so that a rule about facts can be tried without an example of it.
fn fields_of(golden: &Golden) -> Fields {
    let given: Fields = golden
        .lead
        .iter()
        .filter_map(|(name, value)| Some((name.parse::<Field>().ok()?, value.clone())))
        .collect();
    let mut fields = facts_of(&given);
    fields.extend(given);
    fields
}

fn behaviour_of(golden: &Golden, at: Timestamp) -> Vec<Behaviour> {
    golden
        .events
        .iter()
        .enumerate()
        .map(|(index, kind)| Behaviour {
            id: EventId::from_bits(index as u128),
            kind: kind.clone(),
            at,
        })
        .collect()
}

/// What did not come out as expected, in a sentence.
pub(super) fn differences_in_words(result: &GoldenResult) -> String {
    format!(
        "the golden lead `{}` comes out differently: {}",
        result.name,
        result.differences.join("; ")
    )
}

#[cfg(test)]
mod tests;

//! The score: how well a lead fits, how much it did, and the stage that follows.
//!
//! All arithmetic is on whole numbers, the fading of old events included, so that a score comes out the same on every
//! machine and can be worked out again years later.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::{Config, Scoring};
use crate::decision::{Behaviour, Points, Score, Scored, Stage};
use crate::field::Fields;
use crate::lead::Lead;

/// Parts of a point in which fading is worked out: 2^20.
const FINE: i64 = 1 << 20;

/// Works out the score of a lead that is `fields` and did `behaviour`, at the time `now`.
///
/// `previous` is the stage it has: a stage that sales or recycling gave is not changed by points, and one that points gave
/// is only lost when the total falls `hysteresis` below its threshold. `considered` is the number of decisions looked at.
pub fn score(
    scoring: &Scoring,
    fields: &Fields,
    behaviour: &[Behaviour],
    previous: Stage,
    considered: u32,
    now: Timestamp,
) -> Scored {
    let mut points = fit_points(scoring, fields);
    let fit = clamp(
        points.iter().map(|given| given.points).sum(),
        scoring.fit_cap,
    );
    let engaged = engagement_points(scoring, behaviour, now);
    let engagement = clamp(
        engaged.iter().map(|given| given.points).sum(),
        scoring.engagement_cap,
    );
    points.extend(engaged);
    let score = Score { fit, engagement };
    let stage = stage_for(scoring, score.total(), behaviour, previous);
    Scored {
        score,
        stage,
        points,
        considered,
    }
}

/// Works out the score that `lead` has at `now`.
pub fn rate(config: &Config, lead: &Lead, now: Timestamp) -> Scored {
    score(
        &config.scoring,
        &lead.fields(),
        &lead.behaviour,
        lead.stage,
        lead.seq,
        now,
    )
}

/// Whether a score says anything that the last one of `lead` did not. What says nothing new is not written again.
pub fn is_news(lead: &Lead, scored: &Scored) -> bool {
    lead.stage != scored.stage
        || lead
            .scored
            .as_ref()
            .is_none_or(|last| last.score != scored.score || last.points != scored.points)
}

fn fit_points(scoring: &Scoring, fields: &Fields) -> Vec<Points> {
    scoring
        .fit
        .iter()
        .filter(|rule| rule.when.holds(fields))
        .map(|rule| Points {
            rule: rule.name.clone(),
            points: rule.points,
            times: 1,
            uncapped: None,
        })
        .collect()
}

fn engagement_points(scoring: &Scoring, behaviour: &[Behaviour], now: Timestamp) -> Vec<Points> {
    let mut by_kind: BTreeMap<&str, Vec<&Behaviour>> = BTreeMap::new();
    for event in behaviour {
        by_kind.entry(event.kind.as_str()).or_default().push(event);
    }
    let mut points = Vec::new();
    for rule in &scoring.engagement {
        let Some(events) = by_kind.get(rule.event.as_str()) else {
            continue;
        };
        let fine: i64 = events
            .iter()
            .map(|event| i64::from(rule.points) * remaining(event.at, now, rule.half_life_days))
            .sum();
        let uncapped = round(fine);
        let given = rule.cap.map_or(uncapped, |cap| clamp(uncapped, cap));
        points.push(Points {
            rule: rule.label().to_owned(),
            points: given,
            times: u32::try_from(events.len()).unwrap_or(u32::MAX),
            uncapped: (given != uncapped).then_some(uncapped),
        });
    }
    points
}

/// What is left of an event, in parts of [`FINE`]: 2^(−age / half-life). Whole half-lives are shifts; the rest is read
/// from a table of sixty-fourths, interpolated linearly (off by less than 0.00003).
fn remaining(at: Timestamp, now: Timestamp, half_life_days: Option<u32>) -> i64 {
    let Some(days) = half_life_days.filter(|days| *days > 0) else {
        return FINE;
    };
    let age = now.as_second().saturating_sub(at.as_second()).max(0);
    let half_life = i64::from(days) * 86_400;
    let halvings = age / half_life;
    if halvings > 40 {
        return 0;
    }
    let rest = i128::from(age % half_life) * 64 * 1024 / i128::from(half_life);
    let (index, part) = ((rest / 1024) as usize, (rest % 1024) as i64);
    let (left, right) = (SIXTY_FOURTHS[index], SIXTY_FOURTHS[index + 1]);
    (left - (left - right) * part / 1024) >> halvings
}

/// 2^(−k/64) in parts of [`FINE`], for k from 0 to 64.
const SIXTY_FOURTHS: [i64; 65] = {
    // 2^(−1/64) in parts of 2^62, worked out to fifty digits.
    const STEP: u128 = 4_562_008_997_483_360_349;
    let mut table = [0i64; 65];
    let mut power: u128 = 1 << 62;
    let mut index = 0;
    while index < 65 {
        table[index] = ((power + (1 << 41)) >> 42) as i64;
        power = (power * STEP) >> 62;
        index += 1;
    }
    table
};

/// Rounds parts of [`FINE`] to whole points, halves away from zero.
fn round(fine: i64) -> i32 {
    let half = if fine < 0 { -FINE / 2 } else { FINE / 2 };
    i32::try_from((fine + half) / FINE).unwrap_or(if fine < 0 { i32::MIN } else { i32::MAX })
}

fn clamp(points: i32, cap: i32) -> i32 {
    let cap = cap.max(0);
    points.clamp(-cap, cap)
}

fn stage_for(scoring: &Scoring, total: i32, behaviour: &[Behaviour], previous: Stage) -> Stage {
    if !previous.is_scored() {
        return previous;
    }
    let is_product_qualified = behaviour
        .iter()
        .any(|event| scoring.pql_events.contains(&event.kind));
    let threshold = |stage: Stage, needed: i32| {
        if previous >= stage && previous != Stage::Recycled {
            needed - scoring.hysteresis
        } else {
            needed
        }
    };
    if total >= threshold(Stage::Sql, scoring.sql) {
        Stage::Sql
    } else if is_product_qualified {
        Stage::Pql
    } else if total >= threshold(Stage::Mql, scoring.mql) {
        Stage::Mql
    } else if previous == Stage::Recycled {
        Stage::Recycled
    } else {
        Stage::Lead
    }
}

#[cfg(test)]
mod tests;

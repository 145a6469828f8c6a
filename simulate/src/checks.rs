//! What has to hold when a run has ended, read from the table, the queues, what senders know and what the receiver got.
//!
//! | check | invariant |
//! |---|---|
//! | I1 | every accepted submission has exactly one recorded outcome, and is in the history of one lead at most |
//! | I2 | an e-mail address belongs to one live lead, and two people of different names and addresses to two; every identity key leads to a lead that is there |
//! | I3 | a lead that can have an owner has one, or says why not; rounds rise one by one; the owner was a member who could take it under the configuration recorded |
//! | I4 | a pool's account says exactly as many leads as the histories do; shares stay within one and a half leads of the fair ones |
//! | I5 | whoever is told is told what is written, under one id for one decision, with one content, and everything is told |
//! | I6 | each score is what the recorded configuration makes of the history before it |
//! | I7 | after an erasure was answered nothing of the person is in the table, a queue or a dead letter, no place of their leads says anything, nobody is told of them but that they were erased, and the same request is answered the same |
//! | I8 | unreadable messages end in the dead-letter queue, all of them, and nothing else does |
//! | I10 | behaviour is credited once |
//! | I11 | when faults stop, everything comes to its end |
//! | I12 | never more is bought of a vendor in a cap's period than its maximum; a cap counts what was bought and not given back |
//! | I13 | a vendor that offers the same again hears the same: once accepted always, for one price; a reached cap until it opens |
//! | I14 | what was bought is in one lead's history or in quarantine, at its price; what was refused is nowhere |
//! | I15 | a vendor's scorecard counts what was answered, sent back and said by sales; it owes the prices without what was sent back |
//! | I16 | what is sent back is sent back once, for one reason, and its lead's history says so |
//!
//! I9 (bounds) is tested at the parsers.

mod behaviour;
mod erasure;
mod news;
mod owners;
mod people;
mod scorecards;
mod vendors;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::config::Config;
use domain::decision::Ruling;
use domain::field::{Field, text_of};
use domain::id::LeadId;
use domain::lead::Lead;
use jiff::Timestamp;
use queue::Queue;
use table::History;

use crate::story::What;
use crate::world::World;

type Item = std::collections::HashMap<String, AttributeValue>;

/// Everything there is at the end.
struct End {
    items: Vec<Item>,
    histories: BTreeMap<LeadId, History>,
    configurations: BTreeMap<String, Config>,
}

/// The time of the earliest entry of due work; `None` when there is none.
pub(crate) async fn next_due(world: &World) -> Option<Timestamp> {
    let mut earliest: Option<i64> = None;
    for shard in 0..table::SHARDS {
        let found = world
            .client
            .query()
            .table_name("leadline")
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("D#{shard}")))
            .limit(1)
            .send()
            .await;
        let first = found
            .ok()
            .and_then(|found| found.items.unwrap_or_default().into_iter().next());
        let moment =
            first.and_then(|item| text(&item, "sk")?.split('#').next()?.parse::<i64>().ok());
        earliest = match (earliest, moment) {
            (Some(known), Some(found)) => Some(known.min(found)),
            (known, found) => known.or(found),
        };
    }
    earliest.and_then(|second| Timestamp::from_second(second).ok())
}

/// Everything that does not hold.
pub(crate) async fn all(world: &World) -> Vec<String> {
    let mut violations = std::mem::take(&mut world.ledger().violations);
    let end = match read(world).await {
        Ok(end) => end,
        Err(error) => {
            violations.push(format!("the table cannot be read at the end: {error:#}"));
            return violations;
        }
    };
    people::submissions(world, &end, &mut violations).await;
    people::identities(world, &end, &mut violations);
    owners::owners(&end, &mut violations);
    owners::pools(world, &end, &mut violations).await;
    news::notifications(world, &end, &mut violations);
    behaviour::scores(&end, &mut violations);
    let of_visitors = behaviour::visitors(world, &end, &mut violations).await;
    behaviour::behaviour(world, &end, &of_visitors, &mut violations);
    erasure::erased(world, &end, &mut violations);
    queues(world, &mut violations);
    vendors::check(world, &end, &mut violations).await;
    violations
}

async fn read(world: &World) -> anyhow::Result<End> {
    let mut items: Vec<Item> = Vec::new();
    let mut start = None;
    loop {
        let page = world
            .client
            .scan()
            .table_name("leadline")
            .set_exclusive_start_key(start)
            .send()
            .await?;
        items.extend(page.items.unwrap_or_default());
        match page.last_evaluated_key {
            Some(key) if !key.is_empty() => start = Some(key),
            _ => break,
        }
    }
    let mut histories = BTreeMap::new();
    let mut configurations = BTreeMap::new();
    for item in &items {
        let (pk, sk) = (
            text(item, "pk").unwrap_or_default(),
            text(item, "sk").unwrap_or_default(),
        );
        if let Some(digits) = pk.strip_prefix("P#")
            && sk.starts_with("E#")
        {
            let lead: LeadId = format!("lead_{digits}").parse()?;
            if let Some(history) = world.table.lead(lead).await? {
                histories.insert(lead, history);
            }
        }
        if let Some(version) = sk.strip_prefix("V#")
            && let Some(config) = world.table.configuration(version).await?
        {
            configurations.insert(version.to_owned(), config);
        }
    }
    Ok(End {
        items,
        histories,
        configurations,
    })
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

impl End {
    fn live(&self) -> impl Iterator<Item = (&LeadId, &History)> {
        self.histories
            .iter()
            .filter(|(_, history)| history.lead.merged_into.is_none())
    }

    /// Those of whom something is known: all but the erased.
    fn known(&self) -> impl Iterator<Item = (&LeadId, &History)> {
        self.live()
            .filter(|(_, history)| history.lead.erased.is_none())
    }

    fn surviving(&self, lead: LeadId) -> Option<&History> {
        let mut history = self.histories.get(&lead)?;
        for _ in 0..8 {
            match history.lead.merged_into {
                Some(other) => history = self.histories.get(&other)?,
                None => return Some(history),
            }
        }
        None
    }

    /// Each decision with the lead as it was before, and the configuration under which it was taken.
    fn steps<'a>(
        &'a self,
        id: LeadId,
        history: &'a History,
    ) -> Vec<(
        u32,
        Option<Lead>,
        &'a domain::decision::Decision,
        Option<&'a Config>,
    )> {
        let mut steps = Vec::new();
        let mut before: Option<Lead> = None;
        for (decision, seq) in history.decisions.iter().zip(1u32..) {
            let after = match before.clone() {
                Some(mut lead) => {
                    lead.apply(decision);
                    Some(lead)
                }
                None => Lead::after(id, [decision]),
            };
            steps.push((
                seq,
                std::mem::replace(&mut before, after),
                decision,
                self.configurations.get(&decision.config),
            ));
        }
        steps
    }
}

/// The e-mail addresses that a lead's submissions hold, with the names they came with.
fn emails_of(history: &History) -> BTreeMap<String, BTreeSet<String>> {
    let mut emails: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for decision in &history.decisions {
        if let Ruling::Received(received) = &decision.ruling
            && let Some(email) = text_of(&received.fields, &Field::Email)
        {
            let name = text_of(&received.fields, &Field::LastName).unwrap_or_default();
            emails
                .entry(email.to_lowercase())
                .or_default()
                .insert(name.to_owned());
        }
    }
    emails
}

fn queues(world: &World, violations: &mut Vec<String>) {
    for queue in Queue::ALL {
        let left = world.engines.queues.depth(queue.name()).total();
        if left > 0 {
            violations.push(format!(
                "I11: {left} messages are left in the queue {}",
                queue.name()
            ));
        }
        let mut expected: Vec<&str> = world
            .story
            .steps
            .iter()
            .filter_map(|step| match step.what {
                What::Poison { queue: into, body } if into == queue => {
                    Some(crate::story::POISON[body])
                }
                _ => None,
            })
            .collect();
        expected.sort_unstable();
        let mut dead = world.engines.queues.peek(&format!("{}-dlq", queue.name()));
        dead.sort_unstable();
        if dead != expected {
            violations.push(format!(
                "I8: the dead-letter queue of {} holds {} messages where {} were poison",
                queue.name(),
                dead.len(),
                expected.len()
            ));
        }
    }
}

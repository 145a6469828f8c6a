//! Typical leads: what comes in, how it is played, and what it spent.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::Serialize;

use super::prices::Assumptions;
use super::step::{Spent, Step};
use super::world::World;

/// Leads in one measurement: a multiple of every fill.
pub(crate) const LEADS: usize = 30;

/// Leads that come before, so that pools and caches are as on any other day.
const EARLIER: usize = 10;

const FORM: &str = "application/x-www-form-urlencoded";

/// A kind of lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Somebody unknown with e-mail and phone; one webhook hears of it.
    New,
    /// The same form again a minute later.
    Duplicate,
    /// Somebody who is known sends another form with new facts.
    Merge,
    /// Something that somebody who is known did.
    Event,
    /// Nobody responded in time: taken back, given to somebody else, told.
    Recycle,
    /// A rep responded in time: what looking after the lead costs until nothing is due any more.
    LookAfter,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] = [
        Kind::New,
        Kind::Duplicate,
        Kind::Merge,
        Kind::Event,
        Kind::Recycle,
        Kind::LookAfter,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::Duplicate => "duplicate",
            Kind::Merge => "merge",
            Kind::Event => "event",
            Kind::Recycle => "recycle",
            Kind::LookAfter => "look_after",
        }
    }
}

/// What leads of one kind spent.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) kind: Kind,
    pub(crate) fill: i32,
    pub(crate) by_step: BTreeMap<Step, Spent>,
    /// Bytes in the table for each lead, with DynamoDB's overhead, once it came through.
    pub(crate) stored_bytes: f64,
}

/// Plays `LEADS` leads of a kind in batches of `fill`, and counts.
pub(crate) async fn measure(kind: Kind, fill: i32, assumed: &Assumptions) -> Result<Measured> {
    let world = World::new(fill, assumed).await?;
    for person in 0..EARLIER {
        world
            .post("/v1/sources/website", FORM, form(90 + person, "earlier"))
            .await?;
    }
    world.settle().await?;
    for person in 0..EARLIER {
        world
            .contacted(&format!("earlier{}@example.com", 90 + person))
            .await?;
    }
    // What was due for them is done and over.
    world.settle().await?;
    world.pass(31);
    world.look().await?;
    world.settle().await?;
    let before = world.stored_bytes().await?;
    world.ledger.take();
    for person in 0..LEADS {
        world
            .post("/v1/sources/website", FORM, form(person, "person"))
            .await?;
    }
    world.settle().await?;
    let stored_bytes = (world.stored_bytes().await? - before) / LEADS as f64;
    if kind != Kind::New {
        world.ledger.take();
        play(kind, &world).await?;
    }
    let by_step = world.ledger.take();
    ensure!(!by_step.is_empty(), "nothing was counted");
    Ok(Measured {
        kind,
        fill,
        by_step,
        stored_bytes,
    })
}

async fn play(kind: Kind, world: &World) -> Result<()> {
    match kind {
        Kind::New => {}
        Kind::Duplicate => {
            world.pass(1);
            for person in 0..LEADS {
                world
                    .post("/v1/sources/website", FORM, form(person, "person"))
                    .await?;
            }
        }
        Kind::Merge => {
            world.pass(5);
            for person in 0..LEADS {
                let more = format!(
                    "email=person{person}%40example.com&phone=%2B49+30+901820{person:02}&first_name=Ada&last_name=Example\
                     &department=Marketing&message=One+more+thing:+can+you+send+prices?&utm_source=newsletter&utm_medium=email"
                );
                world.post("/v1/sources/website", FORM, more).await?;
            }
        }
        Kind::Event => {
            world.pass(5);
            for person in 0..LEADS {
                let event = serde_json::json!({ "events": [{
                    "id": format!("click-{person}"), "type": "email_clicked", "email": format!("person{person}@example.com")
                }] });
                world
                    .post("/v1/events", "application/json", event.to_string())
                    .await?;
            }
        }
        Kind::Recycle => {
            // Each look until the deadline is part of it.
            for _ in 0..2 {
                world.pass(16);
                world.look().await?;
                world.settle().await?;
            }
        }
        Kind::LookAfter => {
            world.pass(5);
            for person in 0..LEADS {
                world
                    .contacted(&format!("person{person}@example.com"))
                    .await?;
            }
            world.settle().await?;
            world.ledger.take();
            for _ in 0..2 {
                world.pass(16);
                world.look().await?;
                world.settle().await?;
            }
        }
    }
    world.settle().await
}

/// An ordinary form. The persons are invented.
fn form(person: usize, name: &str) -> String {
    format!(
        "email={name}{person}%40example.com&phone=%2B49+30+901820{person:02}&first_name=Ada&last_name=Example&title=Global+CMO\
         &company=Example+GmbH&employees=75&country=Germany&city=Berlin&message=Please+call+me+about+a+demo+for+our+team.\
         &utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0KCQiA&page_url=https%3A%2F%2Fwww.example.com%2Fdemo\
         &marketing_consent=yes"
    )
}

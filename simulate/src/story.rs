//! What happens to a Leadline from outside in one simulated run: who sends what and when, and how hostile the world is.
//! Made from a seed, and small enough to be read when it ends badly.

mod told;

use jiff::Timestamp;
use queue::Queue;

use crate::contracts::{self, Offered};
use crate::dice::Dice;
use crate::fault::Fault;
use crate::senders::VISITORS;

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) seed: u64,
    /// What is done from outside, in the order of time.
    pub(crate) steps: Vec<Step>,
    pub(crate) faults: Faults,
    pub(crate) weather: Weather,
}

/// Something done from outside.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Milliseconds after the start.
    pub(crate) at: u64,
    pub(crate) what: What,
}

/// What can be done from outside.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A form or a chatbot sends a submission.
    Submit(Submit),
    /// A partner sends a file.
    Batch(Vec<Submit>),
    /// An ad platform announces leads: whose, and the how-manieth of that person.
    Announce(Vec<(usize, u32)>),
    /// A browser reports what its visitor does.
    Visit {
        visitor: usize,
        kind: &'static str,
        id: u32,
    },
    /// A tracker reports behaviour.
    Report {
        person: usize,
        kind: &'static str,
        id: u32,
    },
    /// Sales say something about the lead of a person.
    Feedback {
        person: usize,
        kind: &'static str,
        reason: &'static str,
    },
    /// A person is to be erased.
    Erase { person: usize, by: By },
    /// Another configuration is put in force.
    Configure(usize),
    /// Something unreadable gets into a queue.
    Poison { queue: Queue, body: usize },
    /// A vendor offers a lead under its contract.
    Offer(Offered),
    /// A vendor sends a file.
    OfferFile(Vec<Offered>),
    /// What was bought of a vendor, by the vendor's number, is sent back.
    Return {
        vendor: &'static str,
        number: u32,
        reason: &'static str,
    },
    /// Messages that were handled before come again, in one batch.
    Replay {
        queue: Queue,
        from: usize,
        count: usize,
    },
    /// Somebody gives the messages of the dead-letter queues another chance.
    Redrive,
    /// All functions' processes end at once.
    Restart,
}

/// What an erasure is asked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Email,
    Phone,
    Both,
    /// The lead that the person's address leads to then, if it leads to one.
    Lead,
}

/// One submission.
#[derive(Debug, Clone)]
pub(crate) struct Submit {
    pub(crate) person: usize,
    pub(crate) source: &'static str,
    pub(crate) email: bool,
    pub(crate) phone: bool,
    /// Differs where a person says something else this time.
    pub(crate) variant: u8,
    /// A value that cannot be right, so that the submission is refused or quarantined.
    pub(crate) broken: bool,
    /// Whose browser the form was filled in at.
    pub(crate) visitor: Option<usize>,
}

/// Which faults happen.
#[derive(Debug, Clone)]
pub(crate) enum Faults {
    /// Each call is at risk, in thousandths.
    Drawn(u32),
    /// Of those that are drawn at this risk only these: function, the how-manieth call of that function, what.
    Listed(u32, Vec<(String, u64, Fault)>),
}

/// Properties of the world in one run.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// After this many milliseconds nothing goes wrong any more.
    pub(crate) calm_after: u64,
    /// How long a received message stays hidden, in seconds. Below a function's time limit there are zombies.
    pub(crate) visibility: u32,
    /// Environments of each function that run at the same time.
    pub(crate) environments: usize,
    /// Clocks of environments differ by up to this many seconds.
    pub(crate) skew: i64,
    /// Chance, in hundredths, that a batch is delivered a second time at once.
    pub(crate) duplicates: u32,
    /// Chance, in hundredths, that the deletion of a handled message is lost.
    pub(crate) lost_deletes: u32,
    /// Whether a first response is awaited, which makes runs longer.
    pub(crate) follow_up: bool,
    /// Whether there are vendors with contracts.
    pub(crate) vendors: bool,
    /// The second at which the world begins.
    pub(crate) starts: i64,
}

impl Weather {
    /// The time at which the world begins.
    pub(crate) fn start(&self) -> Timestamp {
        Timestamp::from_second(self.starts).unwrap_or_default()
    }
}

/// Somebody invented.
pub(crate) struct Person {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) email: &'static str,
    pub(crate) phone: &'static str,
    pub(crate) country: &'static str,
    pub(crate) title: &'static str,
}

/// The people of all stories. The second and the third share a switchboard; the fourth writes the first one's address in
/// another way and is the same person. Those after the first [`REGULARS`] come in crowds only; two of them share a number
/// as well.
pub(crate) const PEOPLE: [Person; 17] = [
    Person {
        first: "Ada",
        last: "Example",
        email: "ada@brightwater.example",
        phone: "+49 30 901820 11",
        country: "DE",
        title: "Global CMO",
    },
    Person {
        first: "Ben",
        last: "Sample",
        email: "ben@northwind.example",
        phone: "+1 202-555-0142",
        country: "US",
        title: "Engineer",
    },
    Person {
        first: "Cleo",
        last: "Muster",
        email: "cleo@northwind.example",
        phone: "+1 202-555-0142",
        country: "US",
        title: "Chief Marketing Officer",
    },
    Person {
        first: "Ada",
        last: "Example",
        email: "ADA@Brightwater.example",
        phone: "+49 30 901820 12",
        country: "DE",
        title: "CMO",
    },
    Person {
        first: "Dan",
        last: "Specimen",
        email: "dan@example.org",
        phone: "+44 20 7946 0123",
        country: "GB",
        title: "Founder",
    },
    Person {
        first: "Ezra",
        last: "Probe",
        email: "ezra@northwind.example",
        phone: "+1 202-555-0151",
        country: "US",
        title: "Analyst",
    },
    Person {
        first: "Fay",
        last: "Trial",
        email: "fay@harbourlight.example",
        phone: "+44 20 7946 0151",
        country: "GB",
        title: "CMO",
    },
    Person {
        first: "Gus",
        last: "Draft",
        email: "gus@harbourlight.example",
        phone: "+44 20 7946 0151",
        country: "GB",
        title: "Engineer",
    },
    Person {
        first: "Hana",
        last: "Pattern",
        email: "hana@example.net",
        phone: "+1 202-555-0153",
        country: "US",
        title: "Founder",
    },
    Person {
        first: "Ilja",
        last: "Model",
        email: "ilja@granitepeak.example",
        phone: "+44 20 7946 0154",
        country: "GB",
        title: "Head of Sales",
    },
    Person {
        first: "Juno",
        last: "Template",
        email: "juno@granitepeak.example",
        phone: "+44 20 7946 0155",
        country: "GB",
        title: "Chief Marketing Officer",
    },
    Person {
        first: "Kai",
        last: "Mockup",
        email: "kai@example.com",
        phone: "+1 202-555-0156",
        country: "US",
        title: "Student",
    },
    Person {
        first: "Lio",
        last: "Figure",
        email: "lio@silverbrook.example",
        phone: "+1 202-555-0157",
        country: "US",
        title: "VP Marketing",
    },
    Person {
        first: "Mona",
        last: "Outline",
        email: "mona@silverbrook.example",
        phone: "+1 202-555-0158",
        country: "US",
        title: "CTO",
    },
    Person {
        first: "Nils",
        last: "Sketch",
        email: "nils@example.org",
        phone: "+44 20 7946 0159",
        country: "GB",
        title: "Engineer",
    },
    Person {
        first: "Oda",
        last: "Fixture",
        email: "oda@copperfield.example",
        phone: "+44 20 7946 0160",
        country: "GB",
        title: "CEO",
    },
    Person {
        first: "Pia",
        last: "Replica",
        email: "pia@copperfield.example",
        phone: "+1 202-555-0161",
        country: "US",
        title: "Buyer",
    },
];

/// How many of [`PEOPLE`] are in every story.
const REGULARS: usize = 5;

/// Bodies that no function can read.
pub(crate) const POISON: [&str; 8] = [
    " ",
    "not JSON at all",
    "{\"type\":\"score.v1\"}",
    "{\"type\":\"score.v1\",\"lead\":\"lead_00000000000000000000000000\",\"seq\":-1}",
    "{\"type\":\"from.the.future.v9\",\"lead\":1}",
    "{\"type\":\"submission.v1\",\"submission\":{\"id\":\"\\ud800\"}}",
    "{\"type\":\"assign.v1\",\"lead\":\"lead_0000000000000000000000000!\",\"seq\":1,\"seq\":2}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// Monday, 2026-03-02, three hours before midnight in UTC: the day of "a lead a day" ends within a run, and whoever is away
/// until the end of that day comes back soon.
const STARTS: i64 = 1_772_485_200;

/// Number of configurations: see `world::configuration`.
pub(crate) const CONFIGURATIONS: usize = 5;

impl Story {
    /// The story that a seed tells.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Dice(seed).at("story", 0);
        let calm_after = 1_000 * rng.u64(20..240);
        let mut weather = Weather {
            calm_after,
            visibility: *pick(&mut rng, &[4, 30, 60, 150]),
            environments: rng.usize(1..4),
            skew: *pick(&mut rng, &[0, 0, 2, 600]),
            duplicates: *pick(&mut rng, &[0, 5, 30]),
            lost_deletes: *pick(&mut rng, &[0, 5, 30]),
            follow_up: rng.u8(0..4) == 0,
            vendors: false,
            starts: STARTS,
        };
        let mut steps = Vec::new();
        let people = rng.usize(1..=REGULARS);
        let span = calm_after / 2;
        let burst = rng.bool();
        let moment = |rng: &mut fastrand::Rng| {
            if burst && rng.u8(0..3) > 0 {
                rng.u64(0..40)
            } else {
                rng.u64(0..span)
            }
        };
        for _ in 0..rng.usize(2..9) {
            let what = What::Submit(submit(&mut rng, people));
            let at = moment(&mut rng);
            steps.push(Step {
                at,
                what: what.clone(),
            });
            if rng.u8(0..4) == 0 {
                // An impatient visitor, or a sender that missed our answer.
                let at = at + rng.u64(0..3_000);
                steps.push(Step { at, what });
            }
        }
        for id in 0..rng.u32(0..4) {
            let kind = *pick(
                &mut rng,
                &[
                    "page_visited",
                    "pricing_page_visited",
                    "whitepaper_downloaded",
                    "trial_activated",
                ],
            );
            let what = What::Report {
                person: rng.usize(0..people),
                kind,
                id: id / 2,
            };
            steps.push(Step {
                at: moment(&mut rng),
                what,
            });
        }
        for _ in 0..rng.usize(0..3) {
            let (kind, reason) = *pick(
                &mut rng,
                &[
                    ("contacted", ""),
                    ("accepted", ""),
                    ("rejected", "not_now"),
                    ("rejected", "spam"),
                    ("disqualified", "spam"),
                    ("converted", ""),
                ],
            );
            let what = What::Feedback {
                person: rng.usize(0..people),
                kind,
                reason,
            };
            steps.push(Step {
                at: rng.u64(0..calm_after),
                what,
            });
        }
        if rng.u8(0..3) == 0 {
            for _ in 0..rng.usize(1..3) {
                let what = What::Configure(rng.usize(0..CONFIGURATIONS));
                steps.push(Step {
                    at: moment(&mut rng),
                    what,
                });
            }
        }
        if rng.u8(0..5) == 0 {
            let what = What::Poison {
                queue: *pick(&mut rng, &Queue::OF_LEADS),
                body: rng.usize(0..POISON.len()),
            };
            steps.push(Step {
                at: rng.u64(0..span),
                what,
            });
        }
        for _ in 0..rng.usize(0..3) {
            let what = What::Replay {
                queue: *pick(&mut rng, &Queue::OF_LEADS),
                from: rng.usize(0..12),
                count: rng.usize(1..6),
            };
            steps.push(Step {
                at: rng.u64(0..calm_after),
                what,
            });
        }
        if rng.u8(0..4) == 0 {
            steps.push(Step {
                at: rng.u64(0..calm_after),
                what: What::Redrive,
            });
        }
        if rng.u8(0..4) == 0 {
            steps.push(Step {
                at: rng.u64(0..calm_after),
                what: What::Restart,
            });
        }
        further_doors(seed, people, calm_after, &mut steps);
        contracts::steps(seed, people, &mut weather, &mut steps);
        erasures(seed, calm_after, &mut steps);
        crowds(seed, calm_after, &mut steps);
        steps.sort_by_key(|step| step.at);
        let faults = Faults::Drawn(*pick(&mut rng, &[0, 5, 20, 60, 150]));
        Self {
            seed,
            steps,
            faults,
            weather,
        }
    }
}

/// Files, announced leads and visitors, in every other world.
fn further_doors(seed: u64, people: usize, calm_after: u64, steps: &mut Vec<Step>) {
    let mut rng = Dice(seed).at("further doors", 0);
    if rng.bool() {
        return;
    }
    let span = calm_after / 2;
    for step in steps.iter_mut() {
        if let What::Submit(submit) = &mut step.what
            && submit.source == "website"
            && rng.bool()
        {
            submit.visitor = Some(rng.usize(0..VISITORS.len()));
        }
    }
    for id in 0..rng.u32(0..6) {
        let what = What::Visit {
            visitor: rng.usize(0..VISITORS.len()),
            kind: pick::<&str>(&mut rng, &["page_visited", "pricing_page_visited"]),
            id: id / 2,
        };
        let at = rng.u64(0..calm_after);
        steps.push(Step { at, what });
    }
    for _ in 0..rng.usize(0..2) {
        let rows = (0..rng.usize(1..5))
            .map(|_| submit(&mut rng, people))
            .collect();
        let what = What::Batch(rows);
        let at = rng.u64(0..span);
        steps.push(Step {
            at,
            what: what.clone(),
        });
        if rng.bool() {
            // The same file once more.
            let at = at + rng.u64(0..20_000);
            steps.push(Step { at, what });
        }
    }
    for _ in 0..rng.usize(0..3) {
        let whose = (0..rng.usize(1..4)).map(|_| (rng.usize(0..people), rng.u32(0..2)));
        let what = What::Announce(whose.collect());
        let at = rng.u64(0..span);
        steps.push(Step { at, what });
    }
}

/// In every fourth world people are erased, mostly while something of them comes or just after. All other worlds are what they
/// would be without.
fn erasures(seed: u64, calm_after: u64, steps: &mut Vec<Step>) {
    if !seed.is_multiple_of(4) {
        return;
    }
    let mut rng = Dice(seed).at("erasures", 0);
    let came: Vec<(u64, usize)> = steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Submit(submit) => Some((step.at, submit.person)),
            _ => None,
        })
        .collect();
    for _ in 0..rng.usize(1..4) {
        let (near, person) = *pick(&mut rng, &came);
        let by = *pick(
            &mut rng,
            &[
                By::Email,
                By::Email,
                By::Both,
                By::Both,
                By::Phone,
                By::Lead,
            ],
        );
        let what = What::Erase { person, by };
        let at = if rng.u8(0..4) == 0 {
            rng.u64(0..calm_after)
        } else {
            near + rng.u64(0..4_000)
        };
        steps.push(Step {
            at,
            what: what.clone(),
        });
        if rng.u8(0..3) == 0 {
            // Asked for again, maybe while it is carried out.
            let at = at + rng.u64(0..20_000);
            steps.push(Step { at, what });
        }
        if rng.bool() {
            // And something of them comes once more.
            let again = steps
                .iter()
                .find(|step| matches!(&step.what, What::Submit(submit) if submit.person == person));
            if let Some(mut again) = again.cloned() {
                again.at = at + rng.u64(0..10_000);
                if let What::Submit(submit) = &mut again.what {
                    submit.variant = rng.u8(0..3);
                }
                steps.push(again);
            }
        }
    }
}

/// In two of thirty-two worlds many come at the same moment, so that functions get full batches and what these share is at
/// risk. One of the two erases people besides. All other worlds are what they would be without.
fn crowds(seed: u64, calm_after: u64, steps: &mut Vec<Step>) {
    if !matches!(seed % 32, 7 | 16) {
        return;
    }
    let mut rng = Dice(seed).at("crowds", 0);
    for _ in 0..rng.usize(1..3) {
        let at = rng.u64(0..calm_after / 2);
        let rows = (0..rng.usize(6..20)).map(|_| submit(&mut rng, PEOPLE.len()));
        let rows: Vec<Submit> = rows.collect();
        if rng.bool() {
            let again = at + rng.u64(0..5_000);
            for at in if rng.bool() {
                vec![at, again]
            } else {
                vec![at]
            } {
                let what = What::Batch(rows.clone());
                steps.push(Step { at, what });
            }
        } else {
            steps.extend(rows.into_iter().map(|row| Step {
                at: at + rng.u64(0..40),
                what: What::Submit(row),
            }));
        }
    }
}

pub(crate) fn submit(rng: &mut fastrand::Rng, people: usize) -> Submit {
    let (email, phone) = *pick(
        rng,
        &[
            (true, true),
            (true, true),
            (true, false),
            (true, false),
            (false, true),
        ],
    );
    Submit {
        person: rng.usize(0..people),
        source: pick::<&str>(rng, &["website", "website", "assistant"]),
        email,
        phone,
        variant: rng.u8(0..3),
        broken: rng.u8(0..12) == 0,
        visitor: None,
    }
}

pub(crate) fn pick<'a, T>(rng: &mut fastrand::Rng, from: &'a [T]) -> &'a T {
    &from[rng.usize(0..from.len())]
}

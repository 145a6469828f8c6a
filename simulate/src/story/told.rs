//! Stories in words.

use std::fmt;

use super::{By, Faults, Story, What};

impl fmt::Display for Story {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "seed {}", self.seed)?;
        writeln!(
            formatter,
            "world: visibility {} s, {} environments of each function, clocks up to {} s apart, {} % of batches delivered twice, \
             {} % of deletions lost, calm after {} s{}{}",
            self.weather.visibility,
            self.weather.environments,
            self.weather.skew,
            self.weather.duplicates,
            self.weather.lost_deletes,
            self.weather.calm_after / 1_000,
            if self.weather.follow_up {
                ", a first response is awaited"
            } else {
                ""
            },
            if self.weather.vendors {
                let clock = self.weather.starts.rem_euclid(86_400);
                let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
                format!(", vendors, it is {hour:02}:{minute:02}:{second:02}")
            } else {
                String::new()
            },
        )?;
        for step in &self.steps {
            writeln!(
                formatter,
                "  {:>7.3} s  {}",
                step.at as f64 / 1_000.0,
                step.what
            )?;
        }
        match &self.faults {
            Faults::Drawn(0) => writeln!(formatter, "no faults"),
            Faults::Drawn(risk) => writeln!(formatter, "faults: {risk} of 1,000 calls"),
            Faults::Listed(_, listed) => {
                for (function, nth, fault) in listed {
                    writeln!(formatter, "  call {nth} of {function}: {fault}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Submit(submit) => {
                let with = match (submit.email, submit.phone) {
                    (true, true) => "e-mail and phone",
                    (true, false) => "e-mail",
                    (false, true) => "phone",
                    (false, false) => "neither",
                };
                let broken = if submit.broken {
                    ", with a value that cannot be right"
                } else {
                    ""
                };
                let visitor = submit
                    .visitor
                    .map_or_else(String::new, |visitor| format!(", at browser {visitor}"));
                write!(
                    formatter,
                    "{} submits person {} with {with}, variant {}{broken}{visitor}",
                    submit.source, submit.person, submit.variant
                )
            }
            What::Batch(rows) => {
                let people: Vec<usize> = rows.iter().map(|row| row.person).collect();
                write!(
                    formatter,
                    "a partner sends a file with the people {people:?}"
                )
            }
            What::Announce(whose) => write!(
                formatter,
                "leads are announced, of person and number {whose:?}"
            ),
            What::Visit { visitor, kind, id } => {
                write!(formatter, "event {id} in browser {visitor}: {kind}")
            }
            What::Report { person, kind, id } => {
                write!(formatter, "event {id} is reported: person {person} {kind}")
            }
            What::Feedback {
                person,
                kind,
                reason,
            } => write!(formatter, "sales say of person {person}: {kind} {reason}"),
            What::Erase { person, by } => {
                let by = match by {
                    By::Email => "e-mail",
                    By::Phone => "phone",
                    By::Both => "e-mail and phone",
                    By::Lead => "lead",
                };
                write!(formatter, "person {person} is erased, by {by}")
            }
            What::Configure(variant) => {
                write!(formatter, "configuration {variant} is put in force")
            }
            What::Poison { queue, body } => write!(
                formatter,
                "poison {body} gets into the queue {}",
                queue.name()
            ),
            What::Offer(offered) => write!(formatter, "{offered}"),
            What::OfferFile(rows) => {
                let rows: Vec<(u32, usize)> = rows
                    .iter()
                    .map(|row| (row.number, row.lead.person))
                    .collect();
                write!(
                    formatter,
                    "a vendor sends a file with the numbers and people {rows:?}"
                )
            }
            What::Return {
                vendor,
                number,
                reason,
            } => write!(formatter, "lead {number} goes back to {vendor}: {reason}"),
            What::Replay { queue, from, count } => {
                write!(
                    formatter,
                    "{count} messages of the queue {} come again, from the {from}th on",
                    queue.name()
                )
            }
            What::Redrive => write!(formatter, "the dead-letter queues are redriven"),
            What::Restart => write!(formatter, "all environments end"),
        }
    }
}

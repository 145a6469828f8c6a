//! What visitors did: kept until a form says who they are, and credited to whoever did.

use std::collections::BTreeMap;

use domain::decision::Behaviour;
use domain::id::{LeadId, VisitorKey};
use jiff::SignedDuration;
use queue::{Message, Outgoing, Person, Queue};

use crate::{Error, MAX_ROUNDS, Score};

impl Score {
    /// Keeps what a visitor did, and has it credited to the people whose forms were filled in there.
    ///
    /// Written first, then sent; a repeat finds it written and sends again.
    pub(crate) async fn keep(
        &self,
        key: VisitorKey,
        events: Vec<Behaviour>,
    ) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        let kept_for =
            SignedDuration::from_hours(24 * i64::from(current.config.events.visitor_days));
        let keep_from = now.saturating_sub(kept_for).unwrap_or(now);
        let expires = now.saturating_add(kept_for).unwrap_or(now);
        for _ in 0..MAX_ROUNDS {
            let mut stored = self.table.visitor(key, now).await?;
            let is_new = stored.visitor.saw(&events, keep_from);
            if is_new
                && !self
                    .table
                    .keep_visitor(key, stored.version, &stored.visitor, expires)
                    .await?
            {
                continue;
            }
            let mut credited: BTreeMap<LeadId, Vec<Behaviour>> = BTreeMap::new();
            for event in stored
                .visitor
                .events
                .iter()
                .filter(|event| events.iter().any(|new| new.id == event.id))
            {
                for lead in stored.visitor.people_of(event) {
                    credited.entry(lead).or_default().push(event.clone());
                }
            }
            return Ok(credited
                .into_iter()
                .map(|(lead, events)| Outgoing {
                    queue: Queue::Score,
                    message: Message::Behaviour {
                        person: Person::Lead(lead),
                        events,
                        tries: 0,
                    },
                })
                .collect());
        }
        Err(Error::ContendedVisitor)
    }
}

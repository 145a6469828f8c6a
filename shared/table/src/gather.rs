//! What the records of a batch ask of the table at the same moment travels in one call.
//!
//! They are worked on together, so they look up, claim, arm and append at the same moments. Each of these is a call with
//! its own way through the SDK and the network, and most of what a lead costs in processor time is such ways. So whoever
//! asks waits for those beside it, and one of them calls for all; while one call is on its way the next ones gather behind
//! it. Nobody waits for somebody who is not there yet: alone, everything is as without this.

pub(crate) mod inserts;
pub(crate) mod lookups;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot::{self, Receiver, Sender};
use tokio::task::yield_now;

use crate::{Error, Item, Table, keys};

/// Where those who ask wait for each other.
#[derive(Debug)]
pub(crate) struct Gather<Asked, Told> {
    waiting: Mutex<Vec<Waiting<Asked, Told>>>,
    /// Held by whoever calls for all.
    turn: tokio::sync::Mutex<()>,
}

/// Somebody who waits.
#[derive(Debug)]
pub(crate) struct Waiting<Asked, Told> {
    asked: Asked,
    done: Sender<Result<Told, Error>>,
}

/// The right to make the next call.
pub(crate) type Turn<'a> = tokio::sync::MutexGuard<'a, ()>;

/// What became of asking.
enum Joined<'a, Told> {
    /// Somebody else has called for all.
    Told(Told),
    /// It is one's own turn to call for all who wait, oneself included; what is told oneself comes this way.
    First(Turn<'a>, Receiver<Result<Told, Error>>),
}

/// What gathers in one copy of a function. Those that are in one process only by chance do not wait for each other.
#[derive(Debug, Default)]
pub(crate) struct Gathers {
    inserts: inserts::Inserts,
    lookups: lookups::Lookups,
}

impl<Asked, Told> Default for Gather<Asked, Told> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<Asked, Told> Gather<Asked, Told> {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting<Asked, Told>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn join(&self, asked: Asked, operation: &'static str) -> Result<Joined<'_, Told>, Error> {
        let (done, mut told) = oneshot::channel();
        self.waiting().push(Waiting { asked, done });
        let turn = tokio::select! {
            biased;
            told = &mut told => {
                // Nothing is told if whoever called for all was ended in the middle.
                let told = told.unwrap_or_else(|_| Err(unheard(operation, "abandoned")));
                return told.map(Joined::Told);
            }
            turn = self.turn.lock() => turn,
        };
        // Whoever is about to ask does it now.
        yield_now().await;
        Ok(Joined::First(turn, told))
    }

    /// Those whom the next call is for: the first ones that fit beside each other.
    fn next(
        &self,
        fits: impl Fn(&[Waiting<Asked, Told>], &Asked) -> bool,
    ) -> Vec<Waiting<Asked, Told>> {
        let mut waiting = self.waiting();
        let (mut next, mut rest) = (Vec::new(), Vec::new());
        for one in waiting.drain(..) {
            // Whoever was ended meanwhile asks nothing any more.
            if one.done.is_closed() {
                continue;
            }
            if fits(&next, &one.asked) {
                next.push(one);
            } else {
                rest.push(one);
            }
        }
        *waiting = rest;
        next
    }
}

impl Table {
    /// The same table for one copy of a function that works on several records at the same time.
    #[must_use]
    pub fn gathering(&self) -> Self {
        Self {
            gathers: Some(Arc::default()),
            ..self.clone()
        }
    }
}

fn is_same_key(one: &Item, other: &Item) -> bool {
    [keys::PK, keys::SK]
        .into_iter()
        .all(|name| one.get(name) == other.get(name))
}

/// A call failed for many, or whoever made it was ended: nobody knows what it did.
fn unheard(operation: &'static str, code: &str) -> Error {
    Error::Call {
        operation,
        code: code.to_owned(),
        source: "a call that many shared".into(),
    }
}

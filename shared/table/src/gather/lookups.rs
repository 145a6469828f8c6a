//! Items by their keys: one `BatchGetItem`, which is billed as so many reads.

use tokio::sync::oneshot::error::TryRecvError;

use super::{Gather, Joined, is_same_key, unheard};
use crate::{Error, Item, Table};

/// Keys in one call: DynamoDB's limit.
const MAX_KEYS: usize = 100;

/// Calls for what is left over, which was throttled: one key of many must not fail them all.
const ROUNDS: usize = 3;

const OPERATION: &str = "BatchGetItem";

/// Where those who look something up wait for each other.
pub(super) type Lookups = Gather<Vec<Item>, Vec<Item>>;
type Waiting = super::Waiting<Vec<Item>, Vec<Item>>;

impl Table {
    /// All items of these keys that there are, read consistently, together with what is looked up beside them. Of what
    /// DynamoDB leaves out nothing is known, which is an error.
    pub(crate) async fn look_up(&self, wanted: Vec<Item>) -> Result<Vec<Item>, Error> {
        let Some(gathers) = self.gathers.as_ref().filter(|_| wanted.len() < MAX_KEYS) else {
            return self.get_many(wanted, ROUNDS).await;
        };
        let gather = &gathers.lookups;
        let (_turn, mut told) = match gather.join(wanted, OPERATION).await? {
            Joined::Told(found) => return Ok(found),
            Joined::First(turn, told) => (turn, told),
        };
        let fits = |chosen: &[Waiting], keys: &Vec<Item>| {
            let so_far: usize = chosen.iter().map(|other| other.asked.len()).sum();
            chosen.is_empty() || so_far + keys.len() <= MAX_KEYS
        };
        loop {
            self.look_up_all(gather.next(fits)).await;
            match told.try_recv() {
                Ok(found) => return found,
                // There were more than one call holds.
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => return Err(unheard(OPERATION, "abandoned")),
            }
        }
    }

    async fn look_up_all(&self, all: Vec<Waiting>) {
        let mut wanted: Vec<Item> = Vec::new();
        for key in all.iter().flat_map(|one| &one.asked) {
            // A call may not name a key twice.
            if !wanted.contains(key) {
                wanted.push(key.clone());
            }
        }
        match self.get_many(wanted, ROUNDS).await {
            Ok(found) => {
                for one in all {
                    let is_asked =
                        |item: &&Item| one.asked.iter().any(|asked| is_same_key(asked, item));
                    let its = found.iter().filter(is_asked).cloned().collect();
                    let _gone = one.done.send(Ok(its));
                }
            }
            Err(error) => {
                let mut all = all.into_iter();
                let code = match &error {
                    Error::Call { code, .. } => code.clone(),
                    _ => "unreadable".to_owned(),
                };
                // One hears what the SDK says, the others what it was.
                if let Some(first) = all.next() {
                    let _gone = first.done.send(Err(error));
                }
                for one in all {
                    let _gone = one.done.send(Err(unheard(OPERATION, &code)));
                }
            }
        }
    }
}

//! How receivers are doing, as far as this process has seen: so that one which does not answer holds up nobody else.
//!
//! A post that waits for its receiver keeps its batch from ending, and a process (or Lambda) works on few batches at a
//! time. So of those that wait for long there are only a few for each receiver; what comes meanwhile goes back into the
//! queue. And who has let several posts in a row run into their time limit is not waited for: such an attempt has failed
//! at once, and is repeated by the same schedule as one that was waited for. Every few seconds one post tries in earnest, and
//! what comes while it does goes back into the queue.
//!
//! Nothing here is stored, and no receiver's answer is known here but that it came.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A post that has no answer after this time is slow. Receivers usually answer within a tenth of it.
const SLOW: Duration = Duration::from_secs(1);

/// Slow posts to one receiver at the same time. A batch has ten records: more would hold up more than one.
const MAX_SLOW: usize = 8;

/// Time limits that a receiver may run into, one after the other, before it is not waited for any more.
const MAX_TIMEOUTS: u32 = 3;

/// For how long it is not, before one post tries again in earnest.
const REST: Duration = Duration::from_secs(10);

/// How long one post may try in earnest: longer than any receiver gets, a second try included.
const LONGEST_TRIAL: Duration = Duration::from_secs(45);

/// What is to be done with a post.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It is made; say how it ended.
    Post(Post),
    /// Too many wait for the same receiver, or one of them tries whether it is there again: later.
    Later,
    /// The receiver does not answer: it would run into its time limit.
    Unresponsive,
}

/// The receivers that posts were made to, by address.
#[derive(Debug, Clone, Default)]
pub struct Receivers(Arc<Mutex<BTreeMap<String, Receiver>>>);

#[derive(Debug, Default)]
struct Receiver {
    /// Since when posts wait for it, by number.
    waiting: BTreeMap<u64, Instant>,
    next: u64,
    /// Posts in a row that ran into their time limit.
    timeouts: u32,
    /// Since it ran into too many of them.
    doubt: Option<Doubt>,
}

/// What is done about a receiver that does not answer.
#[derive(Debug, Clone, Copy)]
enum Doubt {
    /// Nobody waits for it until then.
    RestsUntil(Instant),
    /// One post tries in earnest, until then at most; the others come after it.
    TriedUntil(Instant),
}

/// A post on its way. Given up, it counts as none.
#[derive(Debug)]
pub(crate) struct Post {
    receivers: Receivers,
    address: String,
    number: u64,
}

impl Receivers {
    /// Whether a post to `address` is made now.
    pub(crate) fn turn(&self, address: &str) -> Turn {
        let now = Instant::now();
        let mut receivers = self.lock();
        let receiver = receivers.entry(address.to_owned()).or_default();
        match receiver.doubt {
            Some(Doubt::RestsUntil(until)) if now < until => return Turn::Unresponsive,
            Some(Doubt::TriedUntil(until)) if now < until => return Turn::Later,
            Some(_) => receiver.doubt = Some(Doubt::TriedUntil(now + LONGEST_TRIAL)),
            None => {
                let waiting = receiver.waiting.values();
                let slow = waiting.filter(|since| now.duration_since(**since) > SLOW);
                if slow.count() >= MAX_SLOW {
                    return Turn::Later;
                }
            }
        }
        let number = receiver.next;
        receiver.next += 1;
        receiver.waiting.insert(number, now);
        Turn::Post(Post {
            receivers: self.clone(),
            address: address.to_owned(),
            number,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Receiver>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Post {
    /// The receiver answered, or was not there at all, which is known as soon.
    pub(crate) fn answered(self) {
        self.end(|receiver| {
            receiver.timeouts = 0;
            receiver.doubt = None;
        });
    }

    /// It ran into its time limit.
    pub(crate) fn timed_out(self) {
        self.end(|receiver| {
            receiver.timeouts = receiver.timeouts.saturating_add(1);
            if receiver.timeouts >= MAX_TIMEOUTS {
                receiver.doubt = Some(Doubt::RestsUntil(Instant::now() + REST));
            }
        });
    }

    fn end(&self, note: impl FnOnce(&mut Receiver)) {
        if let Some(receiver) = self.receivers.lock().get_mut(&self.address) {
            note(receiver);
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if let Some(receiver) = self.receivers.lock().get_mut(&self.address) {
            receiver.waiting.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posts(receivers: &Receivers, number: usize) -> Vec<Post> {
        let turns = (0..number).map(|_| receivers.turn("a"));
        turns
            .filter_map(|turn| match turn {
                Turn::Post(post) => Some(post),
                Turn::Later | Turn::Unresponsive => None,
            })
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn any_number_may_be_posted_at_once_and_few_wait_for_long() {
        let receivers = Receivers::default();
        let first = posts(&receivers, 100);
        assert_eq!(first.len(), 100);
        tokio::time::advance(SLOW + Duration::from_millis(1)).await;
        assert!(matches!(receivers.turn("a"), Turn::Later));
        assert!(matches!(receivers.turn("b"), Turn::Post(_)));
        let (few, others): (Vec<Post>, Vec<Post>) = first
            .into_iter()
            .partition(|post| post.number < MAX_SLOW as u64);
        drop(others);
        assert!(matches!(receivers.turn("a"), Turn::Later));
        drop(few);
        assert!(matches!(receivers.turn("a"), Turn::Post(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_answers_again_is_posted_to_again() {
        let receivers = Receivers::default();
        for post in posts(&receivers, 2) {
            post.timed_out();
        }
        assert!(matches!(receivers.turn("a"), Turn::Post(_)));
        posts(&receivers, 1).into_iter().for_each(Post::timed_out);
        assert!(matches!(receivers.turn("a"), Turn::Unresponsive));
        tokio::time::advance(REST).await;
        let trial = posts(&receivers, 5);
        assert_eq!(trial.len(), 1, "one tries, and the others come after it");
        assert!(matches!(receivers.turn("a"), Turn::Later));
        trial.into_iter().for_each(Post::timed_out);
        assert!(matches!(receivers.turn("a"), Turn::Unresponsive));
        tokio::time::advance(REST).await;
        posts(&receivers, 1).into_iter().for_each(Post::answered);
        assert_eq!(posts(&receivers, 5).len(), 5);
    }
}

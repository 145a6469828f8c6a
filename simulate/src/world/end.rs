//! The end of a run: nothing goes wrong any more, and everything has to come to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::World;

/// Rounds of looking for due work after which a run that still has some is taken for one that never ends. While nobody is
/// there, which lasts for up to three hours, every lead is looked at six times an hour, at moments of its own.
const MOST_ROUNDS: usize = 1_000;

/// Longest time without a fault after which something may be on its way: behaviour of somebody unknown waits for an hour,
/// and an unreadable message for five timeouts of its queue, twice redriven.
const LONGEST_WAIT: Duration = Duration::from_secs(3 * 3_600);

impl World {
    /// Waits until nothing is on its way. False when that never comes: longer than any message may wait.
    async fn settle(&self) -> bool {
        let quiet = async {
            loop {
                self.engines.queues.wait_idle().await;
                if Arc::strong_count(&self.repeats) == 1 && self.engines.queues.idle() {
                    return;
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        let settled = timeout(LONGEST_WAIT, quiet).await.is_ok();
        if !settled {
            self.ledger()
                .violations
                .push("I11: messages are still on their way hours after the last fault".to_owned());
        }
        settled
    }

    /// Nothing goes wrong any more: everything has to come to its end.
    pub(super) async fn drain(&self) {
        for round in 0..MOST_ROUNDS {
            if round < 3 {
                self.redrive().await;
            }
            if !self.settle().await {
                return;
            }
            let looked = self
                .invoke("recycle", 0, 3_600, async |handlers| {
                    handlers.recycle().await
                })
                .await;
            if !matches!(looked, Some(Ok(_))) {
                self.ledger().violations.push(
                    "I11: due work cannot be looked for although nothing is broken".to_owned(),
                );
            }
            if !self.settle().await {
                return;
            }
            let Some(next) = crate::checks::next_due(self).await else {
                return;
            };
            // A clock that is behind must have come there too.
            let wait = next.as_second() - self.now().as_second() + 1 + self.story.weather.skew;
            if wait > 0 {
                self.network.note("leaps to due work");
                self.awake.send_replace(false);
                // Pollers that are waiting for messages come to rest first.
                sleep(Duration::from_secs(u64::try_from(wait).unwrap_or(0).max(4))).await;
                self.awake.send_replace(true);
            }
        }
        self.ledger().violations.push(format!(
            "I11: due work is left after {MOST_ROUNDS} rounds without a fault"
        ));
    }
}

//! Where the time comes from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A source of the current time, cheap to clone. Pure code gets a [`Timestamp`]; whoever calls it owns one of these.
#[derive(Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Mutex<Timestamp>>),
    Told(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl Clock {
    /// The time of the operating system.
    pub fn system() -> Clock {
        Clock {
            source: Source::System,
        }
    }

    /// Stands still at this time.
    pub fn fixed(now: Timestamp) -> Clock {
        Clock::manual(now).0
    }

    /// Stands at this time until the handle moves it, for this clock and all its clones.
    pub fn manual(now: Timestamp) -> (Clock, ManualClock) {
        let now = Arc::new(Mutex::new(now));
        (
            Clock {
                source: Source::Manual(Arc::clone(&now)),
            },
            ManualClock { now },
        )
    }

    /// Says what `tell` says: for a simulated world, whose clocks are skewed against one another.
    pub fn told_by(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Clock {
        Clock {
            source: Source::Told(Arc::new(tell)),
        }
    }

    /// The current time, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System => {
                let now = Timestamp::now();
                // Nanoseconds would be noise in every history entry, and JavaScript cannot read them.
                Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
            }
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
            Source::Told(tell) => tell(),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.source {
            Source::System => "system",
            Source::Manual(_) => "manual",
            Source::Told(_) => "told",
        };
        formatter
            .debug_struct("Clock")
            .field("kind", &kind)
            .finish()
    }
}

/// Moves the clock that it was made with.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<Mutex<Timestamp>>,
}

impl ManualClock {
    /// Moves the time on, or back if negative; stops at the ends of what a timestamp can hold.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let end = if by.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        *now = now.checked_add(by).unwrap_or(end);
    }

    /// Sets the time.
    pub fn set(&self, to: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_all_its_clones_and_only_when_told() {
        let start: Timestamp = "2026-03-29T00:59:59Z".parse().unwrap();
        let (clock, hand) = Clock::manual(start);
        let clone = clock.clone();
        assert_eq!(clone.now(), start);
        hand.advance(SignedDuration::from_secs(2));
        assert_eq!(clock.now().to_string(), "2026-03-29T01:00:01Z");
        hand.advance(SignedDuration::from_secs(-2));
        assert_eq!(clone.now(), start);
        hand.advance(SignedDuration::MAX);
        assert_eq!(clone.now(), Timestamp::MAX);
        hand.set(start);
        assert_eq!(clone.now(), start);
    }

    #[test]
    fn a_fixed_clock_stands_still_and_the_system_clock_does_not() {
        let start: Timestamp = "2026-03-29T00:59:59Z".parse().unwrap();
        assert_eq!(Clock::fixed(start).now(), start);
        let clock = Clock::system();
        let earlier = clock.now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(clock.now() > earlier);
        assert!(earlier > start);
    }
}

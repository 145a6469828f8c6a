//! Whether a source has fallen silent, by its own rhythm: what is a long time for a busy form is an ordinary weekend for a
//! quiet one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far back a rhythm is looked for.
pub const RHYTHM: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A shorter pause is never a silence.
pub const MIN_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Most arrivals that are looked at. Of a busy source the newest are the rhythm; then a silence shows within minutes anyway.
pub const MAX_ARRIVALS: usize = 2_000;

/// Fewest arrivals that make a rhythm.
const MIN_ARRIVALS: u64 = 10;

/// How far apart things came: what is left of their times when these themselves are not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rhythm {
    /// How many came.
    #[serde(rename = "n")]
    pub arrivals: u64,
    /// Second of the first, since 1970.
    #[serde(rename = "f")]
    pub first: i64,
    /// Second of the last.
    #[serde(rename = "l")]
    pub last: i64,
    /// Longest time between two of them, in seconds.
    #[serde(rename = "p")]
    pub longest_pause: i64,
}

impl Rhythm {
    /// One more, not earlier than the last.
    pub fn arrived(&mut self, second: i64) {
        self.follow(&Self {
            arrivals: 1,
            first: second,
            last: second,
            longest_pause: 0,
        });
    }

    /// Continues with what came later.
    pub fn follow(&mut self, later: &Self) {
        if later.arrivals == 0 {
            return;
        }
        if self.arrivals == 0 {
            *self = *later;
            return;
        }
        let between = later.first.saturating_sub(self.last);
        self.longest_pause = self.longest_pause.max(between).max(later.longest_pause);
        self.last = later.last;
        self.arrivals += later.arrivals;
    }

    /// Whether it has been quiet for longer since the last than ever between two, by half. With fewer than ten there is no
    /// telling.
    pub fn is_silent(&self, now: Timestamp) -> bool {
        let usual = self.longest_pause.saturating_add(self.longest_pause / 2);
        self.arrivals >= MIN_ARRIVALS
            && now.as_second().saturating_sub(self.last) > usual.max(MIN_PAUSE.as_secs())
    }
}

/// As [`Rhythm::is_silent`], of `arrivals` in the order of time.
pub fn is_silent(arrivals: &[Timestamp], now: Timestamp) -> bool {
    let mut rhythm = Rhythm::default();
    for arrival in arrivals {
        rhythm.arrived(arrival.as_second());
    }
    rhythm.is_silent(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn a_busy_source_is_silent_after_a_while_and_a_quiet_one_is_not() {
        let busy: Vec<Timestamp> = (0..100).map(|number| at(number * 20)).collect();
        assert!(!is_silent(&busy, at(99 * 20 + 29)));
        assert!(is_silent(&busy, at(99 * 20 + 31)));
        let quiet: Vec<Timestamp> = (0..10).map(|number| at(number * 1_440)).collect();
        assert!(!is_silent(&quiet, at(9 * 1_440 + 2_000)));
        assert!(is_silent(&quiet, at(9 * 1_440 + 2_200)));
    }

    #[test]
    fn a_night_that_was_quiet_before_is_no_silence() {
        let days = (0..3).flat_map(|day| (0..8).map(move |hour| at(day * 1_440 + hour * 60)));
        let days: Vec<Timestamp> = days.collect();
        assert!(!is_silent(&days, at(2 * 1_440 + 7 * 60 + 1_020)));
    }

    #[test]
    fn without_a_rhythm_nothing_is_a_silence() {
        assert!(!is_silent(&[], at(0)));
        assert!(!is_silent(&[at(0); 9], at(1_000_000)));
        assert!(!is_silent(&[at(0); 50], at(9)));
    }
}

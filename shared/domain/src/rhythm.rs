//! Whether a source has fallen silent, by its own rhythm: what is a long time for a busy form is an ordinary weekend for a
//! quiet one.

use jiff::{SignedDuration, Timestamp};

/// How far back a rhythm is looked for.
pub const RHYTHM: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A shorter pause is never a silence.
pub const MIN_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Most arrivals that are looked at. Of a busy source the newest are the rhythm; then a silence shows within minutes anyway.
pub const MAX_ARRIVALS: usize = 2_000;

/// Fewest arrivals that make a rhythm.
const MIN_ARRIVALS: usize = 10;

/// Whether it has been quiet for longer since the last of `arrivals` than ever between two of them, by half. `arrivals` are
/// in the order of time. With fewer than ten there is no telling.
pub fn is_silent(arrivals: &[Timestamp], now: Timestamp) -> bool {
    let Some(last) = arrivals.last() else {
        return false;
    };
    if arrivals.len() < MIN_ARRIVALS {
        return false;
    }
    let pauses = arrivals
        .windows(2)
        .map(|pair| pair[1].duration_since(pair[0]));
    let longest = pauses.max().unwrap_or(SignedDuration::ZERO);
    let usual = longest
        .checked_add(longest / 2)
        .unwrap_or(SignedDuration::MAX);
    now.duration_since(*last) > usual.max(MIN_PAUSE)
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

//! What can go wrong with one call, and what did.

use std::collections::BTreeMap;
use std::fmt;

/// What becomes of one call of a function to AWS or to somebody outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It never arrives.
    Lost,
    /// It is carried out, and the answer gets lost.
    ReplyLost,
    /// It is carried out after the caller has given up waiting: another call may come in between.
    Late,
    /// It is carried out, and the answer takes a second or two.
    Slow,
    /// The function ends before the call.
    CrashBefore,
    /// The function ends after the call was carried out.
    CrashAfter,
    /// The service is asked too much.
    Throttled,
    /// The service fails.
    Broken,
    /// Another transaction is at work on the same item.
    Conflict,
    /// A batch is carried out in part.
    Partial,
    /// An eventually consistent read sees what was there before.
    Stale,
    /// Somebody outside answers with an error.
    Refused,
    /// Somebody outside asks for fewer calls, with `Retry-After`.
    TooMany,
    /// Somebody outside answers with something that makes no sense.
    Nonsense,
    /// A receiver says that it is gone for good.
    Gone,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Fault::Lost => "never arrives",
            Fault::ReplyLost => "carried out, reply lost",
            Fault::Late => "carried out after the caller gave up",
            Fault::Slow => "slow",
            Fault::CrashBefore => "the function ends before it",
            Fault::CrashAfter => "carried out, then the function ends",
            Fault::Throttled => "throttled",
            Fault::Broken => "the service fails",
            Fault::Conflict => "in conflict with a transaction",
            Fault::Partial => "carried out in part",
            Fault::Stale => "reads what was there before",
            Fault::Refused => "refused by the receiver",
            Fault::TooMany => "429 by the receiver",
            Fault::Nonsense => "answered with nonsense",
            Fault::Gone => "410 by the receiver",
        })
    }
}

/// Faults that any call to AWS may meet.
pub(crate) const OF_AWS: [Fault; 11] = [
    Fault::Lost,
    Fault::ReplyLost,
    Fault::ReplyLost,
    Fault::Late,
    Fault::Slow,
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::CrashAfter,
    Fault::Throttled,
    Fault::Broken,
    Fault::Conflict,
];

/// Faults that any call to somebody outside may meet.
pub(crate) const OF_OUTSIDE: [Fault; 9] = [
    Fault::Lost,
    Fault::ReplyLost,
    Fault::Slow,
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::Refused,
    Fault::TooMany,
    Fault::Nonsense,
    Fault::Gone,
];

/// A fault that happened: function, the how-manieth call of it, the operation, what.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub(crate) function: &'static str,
    pub(crate) nth: u64,
    pub(crate) operation: String,
    pub(crate) fault: Fault,
}

/// How often which fault happened to which operation, and what else a run met.
#[derive(Debug, Default, Clone)]
pub(crate) struct Coverage {
    pub(crate) faults: BTreeMap<(Fault, String), u64>,
    pub(crate) events: BTreeMap<&'static str, u64>,
}

impl Coverage {
    pub(crate) fn note(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Coverage) {
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (event, count) in other.events {
            *self.events.entry(event).or_default() += count;
        }
    }
}

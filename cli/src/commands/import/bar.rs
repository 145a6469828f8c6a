//! How far an import is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a bar on a terminal is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// Where lines are written, something is said this often at least, while anything moves.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Where lines are written, a tenth that is done is said no more often than this: a small file is done before.
const LINE_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// How it is told how far an import is, on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// A bar that is drawn over and over, for people who look at a terminal.
    Bar,
    /// A line now and then, for logs.
    Lines,
    /// Nothing: a program reads what is written there.
    Nothing,
}

impl Telling {
    /// What fits standard error, unless a program reads it.
    pub(super) fn fitting(as_json: bool) -> Self {
        match (as_json, io::stderr().is_terminal()) {
            (true, _) => Telling::Nothing,
            (false, true) => Telling::Bar,
            (false, false) => Telling::Lines,
        }
    }
}

/// How far a part of an import is.
pub(super) struct Bar {
    what: &'static str,
    length: u64,
    started: Instant,
    shown: Option<Instant>,
    tenth: u64,
    telling: Telling,
}

impl Bar {
    /// Of `length`, in whatever unit is told later.
    pub(super) fn new(what: &'static str, length: u64, telling: Telling) -> Self {
        Self {
            what,
            length,
            started: Instant::now(),
            shown: None,
            tenth: 0,
            telling,
        }
    }

    /// Goes on with the next part, if it is another one.
    pub(super) fn turn_to(&mut self, what: &'static str) {
        if self.what != what {
            self.clear();
            *self = Self::new(what, self.length, self.telling);
        }
    }

    /// Tells that `read` of the length and so many rows are done, if it is time to.
    pub(super) fn show(&mut self, read: u64, rows: u64) {
        if self.length == 0 {
            return;
        }
        let done = read.min(self.length);
        let since_shown = self.shown.unwrap_or(self.started).elapsed();
        let tenth = done * 10 / self.length;
        let is_due = match self.telling {
            Telling::Bar => self.shown.is_none() || since_shown >= DRAWN_EVERY,
            Telling::Lines => is_line_due(since_shown, tenth > self.tenth),
            Telling::Nothing => false,
        };
        if !is_due {
            return;
        }
        self.shown = Some(Instant::now());
        self.tenth = tenth;
        let line = line(self.what, done, self.length, rows, self.started.elapsed());
        // Nobody who listens is no reason to stop.
        let _ = match self.telling {
            Telling::Bar => write!(
                io::stderr(),
                "\r{} {line}\u{1b}[K",
                drawn(done, self.length)
            ),
            _ => writeln!(io::stderr(), "{line}"),
        };
    }

    /// Says something that is worth a line of its own.
    pub(super) fn say(&mut self, sentence: &str) {
        self.clear();
        if self.telling != Telling::Nothing {
            let _ = writeln!(io::stderr(), "{sentence}");
        }
    }

    /// Makes room for lines of the report.
    pub(super) fn clear(&mut self) {
        if self.telling == Telling::Bar && self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}

fn is_line_due(since_shown: Duration, is_next_tenth: bool) -> bool {
    since_shown >= LINE_EVERY || (is_next_tenth && since_shown >= LINE_AT_MOST_EVERY)
}

fn drawn(done: u64, length: u64) -> String {
    const WIDTH: u64 = 30;
    let full = (done * WIDTH / length) as usize;
    format!(
        "[{}{}]",
        "#".repeat(full),
        ".".repeat(WIDTH as usize - full)
    )
}

/// `Checking: 40 %, 48000 rows, 8000/s, 9 s left`. What nothing is known of is left out.
fn line(what: &str, done: u64, length: u64, rows: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let mut parts = Vec::new();
    if done > 0 {
        parts.push(format!("{} %", done * 100 / length));
    }
    if rows > 0 {
        let rate = rows as f64 / seconds.max(0.001);
        parts.push(format!("{rows} rows, {rate:.0}/s"));
    }
    if done > 0 {
        let left = seconds * (length - done) as f64 / done as f64;
        parts.push(format!("{left:.0} s left"));
    }
    if parts.is_empty() {
        parts.push(format!("{seconds:.0} s"));
    }
    format!("{what}: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_a_line_at_each_tenth_or_after_ten_seconds_and_none_of_a_small_file() {
        let after = Duration::from_millis;
        for (since_shown, is_next_tenth, is_due) in [
            (after(900), true, false),
            (after(1_000), true, true),
            (after(1_000), false, false),
            (after(9_900), false, false),
            (after(10_000), false, true),
        ] {
            assert_eq!(
                is_line_due(since_shown, is_next_tenth),
                is_due,
                "{since_shown:?} {is_next_tenth}"
            );
        }
    }

    #[test]
    fn a_line_says_what_is_known_and_nothing_else() {
        let seconds = Duration::from_secs;
        assert_eq!(
            line("Sending", 40, 100, 48_000, seconds(6)),
            "Sending: 40 %, 48000 rows, 8000/s, 9 s left"
        );
        assert_eq!(
            line("Checking", 0, 100, 500, seconds(10)),
            "Checking: 500 rows, 50/s"
        );
        assert_eq!(
            line("Uploading", 50, 100, 0, seconds(3)),
            "Uploading: 50 %, 3 s left"
        );
        assert_eq!(line("Checking", 0, 100, 0, seconds(20)), "Checking: 20 s");
        assert_eq!(
            drawn(50, 100),
            format!("[{}{}]", "#".repeat(15), ".".repeat(15))
        );
    }
}

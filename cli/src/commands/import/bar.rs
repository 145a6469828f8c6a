//! How far an import is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line on the terminal that says how far it is; nothing where there is no terminal.
pub(super) struct Bar {
    what: &'static str,
    length: u64,
    started: Instant,
    shown: Option<Instant>,
    is_wanted: bool,
}

impl Bar {
    pub(super) fn new(what: &'static str, length: u64) -> Self {
        Self {
            what,
            length,
            started: Instant::now(),
            shown: None,
            is_wanted: io::stderr().is_terminal(),
        }
    }

    pub(super) fn show(&mut self, read: u64, rows: u64) {
        const WIDTH: u64 = 30;
        let is_fresh = self
            .shown
            .is_some_and(|shown| shown.elapsed() < Duration::from_millis(100));
        if !self.is_wanted || is_fresh || self.length == 0 {
            return;
        }
        self.shown = Some(Instant::now());
        let done = read.min(self.length);
        let full = (done * WIDTH / self.length) as usize;
        let seconds = self.started.elapsed().as_secs_f64();
        let left = seconds * (self.length - done) as f64 / done.max(1) as f64;
        let rate = rows as f64 / seconds.max(0.001);
        // A terminal that is gone is no reason to stop.
        let _ = write!(
            io::stderr(),
            "\r{} [{}{}] {:>3} %  {rows} rows  {rate:.0}/s  {left:.0} s left  ",
            self.what,
            "#".repeat(full),
            ".".repeat(WIDTH as usize - full),
            done * 100 / self.length,
        );
    }

    /// Makes room for lines of the report.
    pub(super) fn clear(&mut self) {
        if self.is_wanted && self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}

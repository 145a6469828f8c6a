//! Makes a failing story small: leaves out steps and faults, and calms the world, as long as the same invariant breaks.

use std::time::{Duration, Instant};

use crate::broken::Broken;
use crate::engines::Place;
use crate::fault::Happened;
use crate::story::{Faults, Story};
use crate::world::{Run, run};

/// A small story that fails, with its run.
pub(crate) struct Shrunk {
    pub(crate) story: Story,
    pub(crate) run: Run,
    /// Runs that it took.
    pub(crate) tries: usize,
}

/// The invariant that a violation is about: `I4` of `I4: …`.
pub(crate) fn invariant(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}

struct Search {
    broken: Option<Broken>,
    invariant: String,
    tries: usize,
    until: Instant,
    best: (Story, Run),
}

/// Shrinks `story`, whose run `failed` broke an invariant, for at most `patience`.
pub(crate) fn shrink(
    story: &Story,
    failed: Run,
    broken: Option<Broken>,
    patience: Duration,
) -> Shrunk {
    let invariant = failed
        .violations
        .first()
        .map(|violation| invariant(violation).to_owned())
        .unwrap_or_default();
    let listed = failed.happened.iter().map(listed).collect();
    let mut search = Search {
        broken,
        invariant,
        tries: 0,
        until: Instant::now() + patience,
        best: (story.clone(), failed),
    };
    // The faults that happened, by name, can be left out one by one.
    let (Faults::Drawn(risk) | Faults::Listed(risk, _)) = story.faults;
    search.attempt(|story| story.faults = Faults::Listed(risk, listed));
    loop {
        let before = search.size();
        search.leave_out_steps();
        search.leave_out_faults();
        search.attempt(|story| story.weather.lost_deletes = 0);
        search.attempt(|story| story.weather.duplicates = 0);
        search.attempt(|story| story.weather.skew = 0);
        search.attempt(|story| story.weather.environments = 1);
        search.attempt(|story| story.weather.follow_up = false);
        search.attempt(|story| story.weather.visibility = 150);
        if search.size() >= before || search.is_over() {
            break;
        }
    }
    Shrunk {
        story: search.best.0,
        run: search.best.1,
        tries: search.tries,
    }
}

fn listed(happened: &Happened) -> (String, u64, crate::fault::Fault) {
    (happened.function.to_owned(), happened.nth, happened.fault)
}

impl Search {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn size(&self) -> usize {
        let weather = &self.best.0.weather;
        let storms = usize::from(weather.lost_deletes > 0)
            + usize::from(weather.duplicates > 0)
            + usize::from(weather.skew > 0)
            + weather.environments
            + usize::from(weather.follow_up)
            + usize::from(weather.visibility < 150);
        self.best.0.steps.len() + storms + self.faults()
    }

    fn faults(&self) -> usize {
        match &self.best.0.faults {
            Faults::Drawn(risk) => *risk as usize,
            Faults::Listed(_, listed) => listed.len(),
        }
    }

    /// Keeps the change if the same invariant still breaks.
    fn attempt(&mut self, change: impl FnOnce(&mut Story)) -> bool {
        if self.is_over() {
            return false;
        }
        let mut story = self.best.0.clone();
        change(&mut story);
        self.tries += 1;
        let Ok(run) = run(&story, self.broken, Place::Memory) else {
            return false;
        };
        let fails = run
            .violations
            .iter()
            .any(|violation| invariant(violation) == self.invariant);
        if fails {
            self.best = (story, run);
        }
        fails
    }

    fn leave_out_steps(&mut self) {
        let mut size = self.best.0.steps.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.best.0.steps.len() {
                let left_out = self.attempt(|story| {
                    let end = (at + size).min(story.steps.len());
                    story.steps.drain(at..end);
                });
                if !left_out {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn leave_out_faults(&mut self) {
        let mut size = self.faults().div_ceil(2);
        while size > 0 && matches!(self.best.0.faults, Faults::Listed(..)) {
            let mut at = 0;
            while at < self.faults() {
                let left_out = self.attempt(|story| {
                    if let Faults::Listed(_, listed) = &mut story.faults {
                        let end = (at + size).min(listed.len());
                        listed.drain(at..end);
                    }
                });
                if !left_out {
                    at += size;
                }
            }
            size /= 2;
        }
    }
}

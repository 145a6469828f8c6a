//! Runs a model to its end and says what was found.
//!
//! Stateright explores; beside it stand two short walks of our own, over the same model: one for the shortest way to a
//! property's counterexample (Stateright keeps the last it meets), one that shows that no run goes on for ever, so that
//! what holds wherever a run ends is what every run comes to.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Expectation, Model};

/// Set to explore the larger instances as well: minutes instead of seconds.
pub(crate) const THOROUGH: &str = "LEADLINE_MODELS_THOROUGH";

/// Set to print the shortest way to everything that is found.
const STORIES: &str = "LEADLINE_MODELS_STORIES";

/// Whether the larger instances are explored.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os(THOROUGH).is_some()
}

/// Explores every state of `model`, prints what that took, and fails unless exactly the properties in `expected` were
/// discovered: examples of what can happen, and counterexamples that are known.
pub(crate) fn explore<M>(name: &str, model: M, expected: &[&str])
where
    M: Model + Clone + Send + Sync + 'static,
    M::State: Clone + Debug + Eq + Hash + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let properties = model.properties();
    let started = Instant::now();
    let checker = model.clone().checker().spawn_bfs().join();
    let seconds = started.elapsed().as_secs_f64();
    let found: Vec<&str> = checker.discoveries().into_keys().collect();
    println!(
        "{name}: {} states, depth {}, {seconds:.1} s, {} properties",
        checker.unique_state_count(),
        checker.max_depth(),
        properties.len()
    );
    let stories = stories(&model, &found);
    for (property, story) in &stories {
        println!("    found in {} steps: {property}", story.len());
        if std::env::var_os(STORIES).is_some() {
            println!("{}", story.join("\n"));
        }
    }
    assert!(checker.is_done(), "{name}: the checker did not finish");
    assert!(
        found.len() < properties.len(),
        "{name}: the checker stops early when nothing is left to find"
    );
    for (property, story) in &stories {
        assert!(
            expected.contains(property),
            "{name}: {property}\n{}",
            story.join("\n")
        );
    }
    for property in expected {
        assert!(
            stories.contains_key(property),
            "{name}: not found any more: {property}"
        );
    }
}

/// Fails unless the broken model has a counterexample to `property`, which the sound one has not; prints its length.
pub(crate) fn must_fail<M>(name: &str, sound: &M, broken: &M, property: &str)
where
    M: Model,
    M::State: Clone + Eq + Hash,
    M::Action: Clone + Debug,
{
    if let Some(story) = shortest(sound, property) {
        panic!(
            "{name}: the sound model fails as well\n{}",
            story.join("\n")
        );
    }
    let started = Instant::now();
    let Some(story) = shortest(broken, property) else {
        panic!("{name}: nothing wrong is found");
    };
    println!(
        "{name}: broken, found in {} steps, {:.1} s: {property}",
        story.len(),
        started.elapsed().as_secs_f64()
    );
}

/// The shortest way to a state in which `property` is discovered, step by step.
fn shortest<M>(model: &M, property: &str) -> Option<Vec<String>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
    M::Action: Clone + Debug,
{
    stories(model, &[property]).remove(property)
}

/// For each of `wanted` the shortest way to a state in which it is discovered, step by step.
fn stories<M>(model: &M, wanted: &[&str]) -> BTreeMap<&'static str, Vec<String>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
    M::Action: Clone + Debug,
{
    let mut missing = model.properties();
    missing.retain(|property| wanted.contains(&property.name));
    let mut found = BTreeMap::new();
    let mut seen: HashSet<M::State> = HashSet::new();
    let mut ways: Vec<(usize, Option<M::Action>)> = Vec::new();
    let mut open = VecDeque::new();
    for state in model.init_states() {
        ways.push((usize::MAX, None));
        open.push_back((state.clone(), ways.len() - 1));
        seen.insert(state);
    }
    while let Some((state, way)) = open.pop_front() {
        missing.retain(|property| {
            let is_example = property.expectation == Expectation::Sometimes;
            if (property.condition)(model, &state) != is_example {
                return true;
            }
            let mut story = Vec::new();
            let mut at = way;
            while let Some((before, Some(action))) = ways.get(at) {
                story.push(format!("        {action:?}"));
                at = *before;
            }
            story.reverse();
            found.insert(property.name, story);
            false
        });
        if missing.is_empty() {
            break;
        }
        for (action, next) in model.next_steps(&state) {
            if seen.insert(next.clone()) {
                ways.push((way, Some(action)));
                open.push_back((next, ways.len() - 1));
            }
        }
    }
    found
}

/// Whether every run of `model` ends: none can come back to a state that it was in.
pub(crate) fn always_ends<M>(name: &str, model: &M) -> bool
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    // False while a state is on the way that is being walked, true when everything after it was seen.
    let mut done: HashMap<M::State, bool> = HashMap::new();
    let mut way: Vec<(M::State, Vec<M::State>)> = Vec::new();
    for state in model.init_states() {
        let next = model.next_states(&state);
        done.insert(state.clone(), false);
        way.push((state, next));
        while let Some((_, open)) = way.last_mut() {
            match open.pop() {
                Some(next) => match done.get(&next) {
                    Some(true) => {}
                    Some(false) => {
                        println!("{name}: a run can go round in a circle");
                        return false;
                    }
                    None => {
                        let after = model.next_states(&next);
                        done.insert(next.clone(), false);
                        way.push((next, after));
                    }
                },
                None => {
                    if let Some((state, _)) = way.pop() {
                        done.insert(state, true);
                    }
                }
            }
        }
    }
    println!("{name}: every run ends ({} states)", done.len());
    true
}

//! Reading a configuration: parsing, and finding every problem with its place and what to do about it.
//!
//! An error is what cannot be meant: it would never work, or never do what it says. A warning is what may be meant.

use std::fmt;

use jiff::Timestamp;

use super::Config;
use super::golden::{self, GoldenResult, differences_in_words};
use findings::{Findings, Lines};
use tree::{Node, Path, Shape};

mod conditions;
mod doors;
mod findings;
mod implication;
mod mapping;
mod people;
mod placeholders;
mod rules;
mod shape;
mod source;
mod spam;
mod terms;
mod territories;
mod time;
mod tree;
mod vendors;

/// Largest file accepted, in bytes. A version is one DynamoDB item, which holds at most 400 KB with its keys.
pub const MAX_BYTES: usize = 350_000;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// The configuration works, perhaps not as it was meant.
    Warning,
}

impl Severity {
    /// Its name, as programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Something wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The way to it, such as `territories[2].pool`; empty for the file as a whole.
    pub path: String,
    /// What it is, for programs. Stable.
    pub code: &'static str,
    /// What is wrong and what to do, in a sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    /// `112:9: error: there is no pool … (territories[1].pool, unknown_pool)`; with the name of the file and a colon before
    /// it, terminals and editors know where to go.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            severity,
            line,
            column,
            path,
            code,
            message,
        } = self;
        write!(formatter, "{line}:{column}: {}: {message}", severity.name())?;
        if path.is_empty() {
            write!(formatter, " ({code})")
        } else {
            write!(formatter, " ({path}, {code})")
        }
    }
}

/// A configuration without errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The configuration. Names that it mentions exist.
    pub config: Config,
    /// What may not be as it was meant, in the order of the file.
    pub warnings: Vec<Problem>,
}

/// What `leadline check` tells about a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The configuration, if it has no errors. A golden lead that comes out differently is an error.
    pub config: Option<Config>,
    /// Every problem, in the order of the file.
    pub problems: Vec<Problem>,
    /// What became of the golden leads; empty when the rules could not be read.
    pub golden: Vec<GoldenResult>,
}

impl Report {
    /// Whether the configuration may be used.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.problems)
    }
}

/// Reads a configuration.
///
/// # Errors
/// Every problem that was found, warnings included, in the order of the file, when at least one of them is an error.
pub fn read(text: &str) -> Result<Checked, Vec<Problem>> {
    let examined = examine(text);
    match examined.config {
        Some(config) if !has_errors(&examined.problems) => Ok(Checked {
            config,
            warnings: examined.problems,
        }),
        _ => Err(examined.problems),
    }
}

/// Reads a configuration and runs its golden leads.
pub fn check_file(text: &str) -> Report {
    let Examined {
        config,
        mut problems,
        root,
    } = examine(text);
    let mut results = Vec::new();
    let config = config.filter(|_| !has_errors(&problems));
    if let Some(config) = &config {
        // Nothing fades between an event and its score here, so that any time does.
        results = golden::run(config, Timestamp::UNIX_EPOCH);
        let lines = Lines::of(text);
        for (index, result) in results
            .iter()
            .enumerate()
            .filter(|(_, result)| !result.passed)
        {
            let path = Path::root().key("golden").index(index);
            let (line, column) = lines.place(root.span_of(&path).start);
            problems.push(Problem {
                severity: Severity::Error,
                line,
                column,
                path: path.to_string(),
                code: "golden_lead",
                message: differences_in_words(result),
            });
        }
        sort(&mut problems);
    }
    let config = config.filter(|_| !has_errors(&problems));
    Report {
        config,
        problems,
        golden: results,
    }
}

struct Examined {
    /// What could be read.
    config: Option<Config>,
    problems: Vec<Problem>,
    root: Node,
}

fn examine(text: &str) -> Examined {
    let lines = Lines::of(text);
    let refused = |problems: Vec<Problem>| Examined {
        config: None,
        problems,
        root: Node::empty_table(0..0),
    };
    if text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes; at most {MAX_BYTES} can be stored as one version",
            text.len()
        );
        let problem = Problem {
            severity: Severity::Error,
            line: 1,
            column: 1,
            path: String::new(),
            code: "too_large",
            message,
        };
        return refused(vec![problem]);
    }
    let (document, errors) = toml::de::DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return refused(syntax_problems(&lines, &errors));
    }

    let mut root = Node::of_document(document.get_ref());
    let mut problems = Vec::new();
    supply_sections(&mut root, &lines, &mut problems);
    // Conditions first: what serde says about them helps nobody.
    let (left_out, found) = conditions::misfits(&root);
    for (path, message) in found {
        let (line, column) = lines.place(root.span_of(&path).start);
        problems.push(Problem {
            severity: Severity::Error,
            line,
            column,
            path: path.to_string(),
            code: "bad_condition",
            message,
        });
    }
    let fitted = shape::fit::<Config>(&root, left_out);
    for misfit in &fitted.misfits {
        let span = match misfit.kind {
            shape::MisfitKind::UnknownKey { .. } => root.key_span_of(&misfit.path),
            _ => root.span_of(&misfit.path),
        };
        let (line, column) = lines.place(span.start);
        let path = match misfit.kind {
            shape::MisfitKind::Missing(key) => misfit.path.key(key),
            _ => misfit.path.clone(),
        };
        let severity = Severity::Error;
        problems.push(Problem {
            severity,
            line,
            column,
            path: path.to_string(),
            code: misfit.code(),
            message: misfit.message(),
        });
    }
    if let Some(config) = &fitted.value {
        let mut findings = Findings::new(&lines, &root, &fitted.left_out);
        doors::check(config, &mut findings);
        vendors::check(config, &mut findings);
        rules::check(config, &mut findings);
        people::check(config, &mut findings);
        territories::check(config, &mut findings);
        time::check(config, &mut findings);
        problems.append(&mut findings.into_problems());
    }
    for path in placeholders::of(&root) {
        let name = path.to_string();
        if problems.iter().any(|problem| problem.path == name) {
            continue;
        }
        let (line, column) = lines.place(root.span_of(&path).start);
        problems.push(Problem {
            severity: Severity::Error,
            line,
            column,
            path: name,
            code: "placeholder",
            message: "this is the place for a value and not a value: fill it in".to_owned(),
        });
    }
    sort(&mut problems);
    Examined {
        config: fitted.value,
        problems,
        root,
    }
}

/// Sections that have to be there. What is wrong with one is reported here, and then it is taken for empty, so that the rest
/// is checked.
fn supply_sections(root: &mut Node, lines: &Lines<'_>, problems: &mut Vec<Problem>) {
    for section in ["sources", "reps", "pools"] {
        let example = format!("a table such as `[{section}.NAME]`");
        let (offset, code, message) = match root.get_mut(section) {
            Some(node) if matches!(node.shape, Shape::Table(_)) => continue,
            Some(node) => {
                let message = format!("`{section}` is {}, not {example}", node.description());
                *node = Node::empty_table(node.span.clone());
                (node.span.start, "wrong_type", message)
            }
            None => {
                root.insert(section, Node::empty_table(0..0));
                (
                    0,
                    "missing_key",
                    format!("there are no `{section}`: add {example}"),
                )
            }
        };
        let (line, column) = lines.place(offset);
        problems.push(Problem {
            severity: Severity::Error,
            line,
            column,
            path: section.to_owned(),
            code,
            message,
        });
    }
}

fn syntax_problems(lines: &Lines<'_>, errors: &[toml::de::Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let (line, column) = lines.place(error.span().map_or(0, |span| span.start));
            let message = format!("this is not TOML: {}", error.message());
            Problem {
                severity: Severity::Error,
                line,
                column,
                path: String::new(),
                code: "syntax",
                message,
            }
        })
        .collect();
    sort(&mut problems);
    // One slip often makes several errors in its line; the first tells most.
    problems.dedup_by_key(|problem| problem.line);
    problems
}

fn has_errors(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
}

fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(|left, right| {
        (left.line, left.column, left.code, &left.path).cmp(&(
            right.line,
            right.column,
            right.code,
            &right.path,
        ))
    });
    problems.dedup();
}

#[cfg(test)]
mod tests;

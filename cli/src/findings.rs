//! Problems of a configuration, shown as compilers show theirs: what, where, and the line itself.

use std::io::{self, Write};
use std::path::Path;

use domain::config::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::layout::clean;

/// A problem of a configuration, found here or by the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// The file, as it was named. The API does not know it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
    /// The way to it, such as `territories[2].pool`; empty for the file as a whole.
    #[serde(default)]
    pub(crate) path: String,
    /// `error` or `warning`.
    #[serde(default = "error")]
    pub(crate) severity: String,
    /// Stable, for programs.
    pub(crate) code: String,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

fn error() -> String {
    "error".to_owned()
}

impl Finding {
    /// From what the check found in `file`.
    pub(crate) fn of(file: &Path, problem: &Problem) -> Self {
        let Problem {
            severity,
            line,
            column,
            path,
            code,
            message,
        } = problem;
        Self {
            file: file.display().to_string(),
            line: *line,
            column: *column,
            path: path.clone(),
            severity: severity.name().to_owned(),
            code: (*code).to_owned(),
            message: message.clone(),
        }
    }

    /// From what the API says about `file`; what has no place in a file is left out.
    pub(crate) fn read(file: &Path, values: &[Value]) -> Vec<Self> {
        let findings = values
            .iter()
            .filter_map(|value| Self::deserialize(value).ok());
        findings
            .map(|finding| Self {
                file: file.display().to_string(),
                ..finding
            })
            .collect()
    }

    /// Prints it, with its line of `text` and a mark under the column.
    pub(crate) fn print(&self, text: &str, out: &mut impl Write) -> io::Result<()> {
        let Self {
            file,
            line,
            column,
            path,
            severity,
            code,
            message,
        } = self;
        let margin = " ".repeat(line.to_string().len());
        writeln!(
            out,
            "{}[{}]: {}",
            clean(severity),
            clean(code),
            clean(message)
        )?;
        writeln!(out, "{margin}--> {file}:{line}:{column}")?;
        if let Some(source) = text.lines().nth(line.saturating_sub(1)) {
            writeln!(out, "{margin} |")?;
            // Tabs become single spaces here, so that the mark stands where it should.
            writeln!(out, "{line} | {}", clean(source).trim_end())?;
            writeln!(out, "{margin} | {}^", " ".repeat(column.saturating_sub(1)))?;
        }
        if !path.is_empty() {
            writeln!(out, "{margin} = {}", clean(path))?;
        }
        writeln!(out)
    }
}

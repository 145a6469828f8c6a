//! What is wrong with a file, and what came of importing it, in words.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;

use serde_json::{Value, json};

use super::pieces::Place;
use super::{Sums, number};
use crate::failure::Failure;
use crate::layout::clean;
use crate::options::ImportArguments;

/// Problems printed one by one. A report has all of them.
const MAX_PRINTED: usize = 100;

/// What is wrong, row by row: printed as it is found, and written to a file if one is wanted.
pub(super) struct Report {
    file: Option<File>,
    pub(super) as_json: bool,
    source: String,
    printed: usize,
    problems: usize,
    kept: Vec<Value>,
}

impl Report {
    pub(super) fn new(arguments: &ImportArguments, as_json: bool) -> Result<Self, Failure> {
        let file = match &arguments.report {
            None => None,
            Some(path) => Some(File::create(path).map_err(|error| Failure::Unmet {
                code: "unwritable_file",
                title: format!("{} cannot be written: {error}.", path.display()),
                detail: None,
            })?),
        };
        Ok(Self {
            file,
            as_json,
            source: arguments.source.clone(),
            printed: 0,
            problems: 0,
            kept: Vec::new(),
        })
    }

    pub(super) fn add(
        &mut self,
        (row, line): Place,
        field: &str,
        code: &str,
        message: &str,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        self.problems += 1;
        let problem =
            json!({ "row": row, "line": line, "field": field, "code": code, "message": message });
        if let Some(file) = &mut self.file {
            writeln!(file, "{problem}")?;
        }
        if self.printed >= MAX_PRINTED {
            return Ok(());
        }
        self.printed += 1;
        if self.as_json {
            self.kept.push(problem);
            return Ok(());
        }
        let (field, message, code) = (clean(field), clean(message), clean(code));
        Ok(writeln!(
            out,
            "row {row} (line {line}): {field}: {message} ({code})"
        )?)
    }

    /// The problems of an answer, whose rows are counted from 1 within their piece, but for those of rows that were `told`
    /// of before. Returns the rows that it tells of.
    pub(super) fn add_all(
        &mut self,
        answer: &Value,
        places: &[Place],
        told: &BTreeSet<u64>,
        out: &mut impl Write,
    ) -> Result<BTreeSet<u64>, Failure> {
        let errors = answer.get("errors").and_then(Value::as_array);
        let mut rows = BTreeSet::new();
        for error in errors.into_iter().flatten() {
            let row = number(error, "row");
            if told.contains(&row) {
                continue;
            }
            rows.insert(row);
            let index = row.saturating_sub(1);
            let place = usize::try_from(index)
                .ok()
                .and_then(|index| places.get(index))
                .copied()
                .unwrap_or_default();
            let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            self.add(place, text("field"), text("code"), text("message"), out)?;
        }
        Ok(rows)
    }

    pub(super) fn end(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        let more = self.problems - self.printed;
        if more > 0 && !self.as_json {
            writeln!(
                out,
                "… and {more} more; --report FILE writes down all of them"
            )?;
        }
        Ok(())
    }

    pub(super) fn sum_up(
        &self,
        sums: &Sums,
        batches: &[String],
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        if self.as_json {
            let sum = json!({
                "source": self.source, "rows": sums.rows, "good": sums.good, "rejected": sums.wrong, "sent": sums.sent,
                "new": (sums.unsure == 0).then_some(sums.sent),
                "refused": sums.refused, "known": sums.known, "batches": batches, "problems": self.problems, "errors": self.kept,
            });
            return Ok(writeln!(out, "{sum:#}")?);
        }
        let Sums {
            rows,
            good,
            wrong,
            sent,
            unsure,
            refused,
            known,
            ..
        } = sums;
        writeln!(out, "{rows} rows: {good} good, {wrong} wrong.")?;
        if *refused > 0 {
            writeln!(
                out,
                "{refused} good rows were refused when they were sent, as told above."
            )?;
        }
        if batches.is_empty() && *known == 0 {
            let why = if sums.is_strict && *wrong > 0 {
                "Nothing was sent: one wrong row refuses the whole file."
            } else {
                "Nothing was sent."
            };
            return Ok(writeln!(out, "{why}")?);
        }
        if *known > 0 {
            writeln!(out, "{known} rows were taken before, and change nothing.")?;
        }
        if *unsure == 0 {
            writeln!(out, "{sent} new rows were accepted now.")?;
        } else {
            writeln!(
                out,
                "{sent} rows were accepted now; what came before in another way changes nothing."
            )?;
        }
        match batches {
            [] => Ok(()),
            [only] => Ok(writeln!(
                out,
                "`leadline batch {only}` tells what became of them."
            )?),
            [first, .., last] => Ok(writeln!(
                out,
                "They went in {} batches, from {first} to {last}; --json lists them, and `leadline batch ID` tells what became of one.",
                batches.len()
            )?),
        }
    }
}

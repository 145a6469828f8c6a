//! Paths into documents that somebody else designed, and what is done to what is there.

use jiff::Zoned;
use jiff::fmt::strtime;

use super::doors::expect_own_field;
use super::findings::Findings;
use super::people::expect_timezone;
use super::tree::Path;
use crate::config::Source;
use crate::config::mapping::{MappingSteps, OTHER_TARGETS};
use crate::field::is_custom_name;

/// Checks `fields` and `only` of a source; paths are checked when they are read.
pub(super) fn check(source: &Source, path: &Path, findings: &mut Findings<'_>) {
    for (name, mapping) in &source.fields {
        let path = path.key("fields").key(name);
        expect_target(name, &OTHER_TARGETS, &path, findings);
        match mapping.steps() {
            Some(steps) => check_steps(steps, &path, findings),
            None if mapping.paths().is_empty() => no_path(&path, findings),
            None => {}
        }
    }
    if let Some(only) = &source.only
        && (only.is.names().is_empty() || only.is.names().iter().all(|one| one.trim().is_empty()))
    {
        findings.error(
            &path.key("only").key("is"),
            "empty_name",
            "say what has to stand there for a lead, such as \"lead.created\"",
        );
    }
}

/// Reports what nobody can set: what is no field, nor one of `others`, nor `consent.PURPOSE`.
pub(super) fn expect_target(name: &str, others: &[&str], path: &Path, findings: &mut Findings<'_>) {
    if others.contains(&name) {
        return;
    }
    match name.strip_prefix("consent.") {
        Some(purpose) if is_custom_name(purpose) => {}
        Some(_) => findings.error_in_key(
            path,
            "bad_purpose",
            "a purpose is written with lower-case letters, digits, `_` and `-`: `consent.newsletter`",
        ),
        None => {
            expect_own_field(name, path, true, findings);
        }
    }
}

fn no_path(path: &Path, findings: &mut Findings<'_>) {
    if findings.is_incomplete(path) {
        return;
    }
    findings.error(
        path,
        "no_path",
        "say where it stands: a path such as \"person.email\", or `join = [\"first\", \"last\"]`",
    );
}

fn check_steps(steps: &MappingSteps, path: &Path, findings: &mut Findings<'_>) {
    let is_nowhere = steps.path.is_empty() && steps.join.is_empty();
    if is_nowhere && steps.default.is_none() {
        no_path(path, findings);
    }
    if !steps.path.is_empty() && !steps.join.is_empty() {
        findings.error(
            &path.key("join"),
            "path_and_join",
            "`path` and `join` both say where it stands: remove one of them",
        );
    }
    for (key, is_given, needed, is_there) in [
        ("with", steps.with.is_some(), "join", !steps.join.is_empty()),
        (
            "otherwise",
            steps.otherwise.is_some(),
            "values",
            !steps.values.is_empty(),
        ),
        (
            "timezone",
            steps.timezone.is_some(),
            "date",
            steps.date.is_some(),
        ),
    ] {
        if is_given && !is_there && !findings.is_incomplete(&path.key(needed)) {
            findings.warning(
                &path.key(key),
                "unused_setting",
                format!("`{key}` does nothing without `{needed}`: add that, or remove this"),
            );
        }
    }
    if let Some(timezone) = &steps.timezone {
        expect_timezone(timezone, &path.key("timezone"), findings);
    }
    let Some(formats) = &steps.date else {
        return;
    };
    for format in formats.names() {
        if let Err(what) = usable(format) {
            findings.error(
                &path.key("date"),
                "bad_date_format",
                format!(
                    "`{format}` is no way to write a date ({what}): use `%Y`, `%m`, `%d`, `%H`, `%M` and their like, as in `%d.%m.%Y %H:%M`, or `unix`, `unix_ms`"
                ),
            );
        }
    }
    if formats.names().is_empty() {
        findings.error(
            &path.key("date"),
            "bad_date_format",
            "say how the date is written, as in `%d.%m.%Y`",
        );
    }
}

/// Whether a date that is written like this can be read again.
fn usable(format: &str) -> Result<(), String> {
    if matches!(format, "unix" | "unix_ms") {
        return Ok(());
    }
    let some_day: Zoned = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let written = strtime::format(format, &some_day).map_err(|error| error.to_string())?;
    let parsed = strtime::parse(format, &written).map_err(|error| error.to_string())?;
    match parsed.to_date() {
        Ok(_) => Ok(()),
        Err(_) if parsed.to_timestamp().is_ok() => Ok(()),
        Err(_) => Err("it names no year, month and day".to_owned()),
    }
}

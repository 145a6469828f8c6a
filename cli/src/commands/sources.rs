//! `sources`: how the sources are doing, and whether everything of one of them is accounted for.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, between};
use crate::failure::Failure;
use crate::layout::{at, clean, columns};
use crate::options::{Connection, SourcesArguments};

/// What is counted, as the API names it and as the columns are headed.
const COUNTS: [(&str, &str); 8] = [
    ("accepted", "Accepted"),
    ("created", "Created"),
    ("merged", "Merged"),
    ("duplicate", "Duplicate"),
    ("quarantined", "Quarantined"),
    ("rejected", "Rejected"),
    ("suppressed", "Suppressed"),
    ("in_flight", "In flight"),
];

/// What is said of a source whose submissions are not accounted for.
const NO_LEDGER: &str = "keeps no ledger (ledger = true in the configuration)";

/// `leadline sources`
pub(crate) fn sources(
    arguments: &SourcesArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let query = between(&arguments.from, &arguments.to);
    let Some(source) = &arguments.source else {
        let answer = client.get(&["v1", "sources"], &[])?;
        if !query.is_empty() {
            return all_of_a_time(&client, &answer.value()?, &query, connection, out);
        }
        if connection.json {
            return answer.print(out);
        }
        return all(&answer.value()?, out);
    };
    let said = match &arguments.vendor_counts {
        Some(path) => Some(vendor_counts(path)?),
        None => None,
    };
    let answer = client.get(&["v1", "sources", source, "ledger"], &query)?;
    let ledger = answer.value()?;
    if connection.json {
        answer.print(out)?;
    } else {
        show(&ledger, out)?;
    }
    let mut is_right = true;
    if let Some(said) = arguments.vendor_said {
        is_right &= compare(
            "In all",
            said,
            number(&ledger, "/total/accepted"),
            connection,
            out,
        )?;
    }
    for (period, said) in said.into_iter().flatten() {
        let accepted = accepted_in(&ledger, &period);
        is_right &= compare(&period, said, accepted, connection, out)?;
    }
    if is_right { Ok(()) } else { Err(Failure::Told) }
}

fn all(answer: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let mut rows: Vec<[String; COUNTS.len() + 3]> = Vec::new();
    let mut heads = vec!["Source".to_owned(), "Last seen".to_owned()];
    heads.extend(COUNTS.iter().map(|(_, head)| (*head).to_owned()));
    heads.push(String::new());
    rows.extend(<[String; COUNTS.len() + 3]>::try_from(heads));
    let sources = answer.get("sources").and_then(Value::as_array);
    for source in sources.into_iter().flatten() {
        let mut row = vec![at(source, "/name"), at(source, "/last_seen")];
        row.extend(
            COUNTS
                .iter()
                .map(|(name, _)| at(source, &format!("/last_day/{name}"))),
        );
        let is = |name: &str| source.get(name) == Some(&Value::Bool(true));
        row.push(match (is("ledger"), is("is_silent")) {
            (false, _) => NO_LEDGER.to_owned(),
            (true, true) => "SILENT: longer than ever in the last week".to_owned(),
            (true, false) => String::new(),
        });
        rows.extend(<[String; COUNTS.len() + 3]>::try_from(row));
    }
    columns(&rows, out)?;
    Ok(writeln!(out, "\nCounts are of the last 24 hours.")?)
}

/// What became of all that the sources sent in a time, a line for each of them.
fn all_of_a_time(
    client: &Client,
    answer: &Value,
    query: &[(&str, &str)],
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut rows: Vec<[String; COUNTS.len() + 2]> = Vec::new();
    let mut add = |first: String, counts: &mut dyn Iterator<Item = String>, remark: &str| {
        let row = std::iter::once(first).chain(counts);
        let row: Vec<String> = row.chain([remark.to_owned()]).collect();
        rows.extend(<[String; COUNTS.len() + 2]>::try_from(row));
    };
    let mut heads = COUNTS.iter().map(|(_, head)| (*head).to_owned());
    add("Source".to_owned(), &mut heads, "");
    let mut ledgers = Vec::new();
    let sources = answer.get("sources").and_then(Value::as_array);
    for source in sources.into_iter().flatten() {
        let name = source.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        if source.get("ledger") != Some(&Value::Bool(true)) {
            add(
                clean(name),
                &mut COUNTS.iter().map(|_| String::new()),
                NO_LEDGER,
            );
            continue;
        }
        let ledger = client
            .get(&["v1", "sources", name, "ledger"], query)?
            .value()?;
        let mut counts = COUNTS
            .iter()
            .map(|(count, _)| at(&ledger, &format!("/total/{count}")));
        add(clean(name), &mut counts, "");
        ledgers.push(ledger);
    }
    if connection.json {
        let told = json!({ "sources": ledgers });
        return Ok(writeln!(out, "{told:#}")?);
    }
    columns(&rows, out)?;
    match ledgers.first() {
        Some(ledger) => writeln!(
            out,
            "\nCounts are of what was accepted from {} until {}.",
            at(ledger, "/from"),
            at(ledger, "/to")
        )?,
        None => writeln!(out, "\nThere is nothing to count.")?,
    }
    Ok(())
}

fn show(ledger: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let mut rows: Vec<[String; COUNTS.len() + 1]> = Vec::new();
    let mut add = |first: String, counts: &mut dyn Iterator<Item = String>| {
        let row: Vec<String> = std::iter::once(first).chain(counts).collect();
        rows.extend(<[String; COUNTS.len() + 1]>::try_from(row));
    };
    add(
        "Hour".to_owned(),
        &mut COUNTS.iter().map(|(_, head)| (*head).to_owned()),
    );
    let hours = ledger.get("hours").and_then(Value::as_array);
    for hour in hours.into_iter().flatten() {
        let mut counts = COUNTS.iter().map(|(name, _)| at(hour, &format!("/{name}")));
        add(at(hour, "/hour"), &mut counts);
    }
    let mut counts = COUNTS
        .iter()
        .map(|(name, _)| at(ledger, &format!("/total/{name}")));
    add("In all".to_owned(), &mut counts);
    columns(&rows, out)?;
    let difference = at(ledger, "/difference");
    writeln!(
        out,
        "\nFrom {} until {}: accepted, less every outcome and what is on its way, is {difference}.",
        at(ledger, "/from"),
        at(ledger, "/to")
    )?;
    let overdue = ledger.get("overdue").and_then(Value::as_array);
    let overdue: Vec<String> = overdue
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(clean)
        .collect();
    if !overdue.is_empty() {
        writeln!(
            out,
            "On their way for more than half an hour, so look for them in the dead-letter queues: {}",
            overdue.join(", ")
        )?;
    }
    Ok(())
}

/// Says whether a vendor's count is ours.
fn compare(
    what: &str,
    said: u64,
    accepted: u64,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let is_same = said == accepted;
    if !connection.json {
        let verdict = match accepted.checked_sub(said) {
            Some(0) => "the same".to_owned(),
            Some(more) => format!("{more} more than that"),
            None => format!("{} missing", said - accepted),
        };
        let what = clean(what);
        writeln!(
            out,
            "{what}: the vendor says {said}, {accepted} were accepted: {verdict}."
        )?;
    }
    Ok(is_same)
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// What was accepted in the hours whose time begins as `period` does.
fn accepted_in(ledger: &Value, period: &str) -> u64 {
    let hours = ledger.get("hours").and_then(Value::as_array);
    let hours = hours.into_iter().flatten().filter(|hour| {
        let start = hour.get("hour").and_then(Value::as_str);
        start.is_some_and(|start| start.starts_with(period))
    });
    hours.map(|hour| number(hour, "/accepted")).sum()
}

/// Days or hours with what the vendor says it sent in each.
fn vendor_counts(path: &Path) -> Result<BTreeMap<String, u64>, Failure> {
    let name = clean(&path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Unmet {
        code: "unreadable_file",
        title: format!("{name} cannot be read: {error}."),
        detail: None,
    })?;
    let mut counts = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() {
            continue;
        }
        match period_and_count(line) {
            Some((period, count)) => {
                *counts.entry(period).or_default() += count;
            }
            // Names of columns.
            None if index == 0 => {}
            None => {
                return Err(Failure::Unmet {
                    code: "unreadable_file",
                    title: format!(
                        "Line {} of {name} is no day or hour with a number.",
                        index + 1
                    ),
                    detail: Some(
                        "Write each as 2026-03-01,1250 or 2026-03-01T09,57, in UTC.".to_owned(),
                    ),
                });
            }
        }
    }
    Ok(counts)
}

/// `2026-03-01,1250` or `2026-03-01 09:00;57`: a day or an hour as the ledger writes it, and a number.
fn period_and_count(line: &str) -> Option<(String, u64)> {
    let (time, count) = line.split_once([',', ';', '\t'])?;
    let count = count.trim().trim_matches('"').parse().ok()?;
    let time = time.trim().trim_matches('"').replace(' ', "T");
    let (day, hour) = match time.split_once('T') {
        None => (time.as_str(), None),
        Some((day, clock)) => (day, Some(clock.get(..2)?)),
    };
    day.parse::<jiff::civil::Date>().ok()?;
    match hour {
        None => Some((day.to_owned(), count)),
        Some(hour) => {
            hour.parse::<u8>().ok().filter(|hour| *hour < 24)?;
            Some((format!("{day}T{hour}"), count))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::period_and_count;

    #[test]
    fn days_and_hours_are_read_as_vendors_write_them() {
        let read = |line: &str| period_and_count(line);
        let counted = |period: &str, count: u64| Some((period.to_owned(), count));
        assert_eq!(read("2026-03-01,1250"), counted("2026-03-01", 1_250));
        assert_eq!(read("2026-03-01T09;57"), counted("2026-03-01T09", 57));
        assert_eq!(
            read("\"2026-03-01 09:00\", \"57\""),
            counted("2026-03-01T09", 57)
        );
        for nonsense in ["day,count", "2026-13-01,1", "2026-03-01T25,1", "2026-03-01"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}

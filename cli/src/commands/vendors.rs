//! `vendors` and `return`: what vendors sold, what became of it, whether they count the same, and sending leads back.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use domain::vendor::digest_of;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::failure::Failure;
use crate::layout::{at, clean, columns};
use crate::options::{Connection, ReturnArguments, VendorsArguments};

/// Claims of one call.
const CLAIMS_AT_ONCE: usize = 500;

/// Columns of a file of claims, and the member of a claim that each becomes. Those that are hashed here never leave the machine.
const COLUMNS: [(&str, &str); 10] = [
    ("id", "id"),
    ("leadid", "id"),
    ("externalid", "id"),
    ("submission", "submission"),
    ("submissionid", "submission"),
    ("email", "email"),
    ("emailaddress", "email"),
    ("phone", "phone"),
    ("emailsha256", "email_sha256"),
    ("phonesha256", "phone_sha256"),
];

/// `leadline vendors`
pub(crate) fn vendors(
    arguments: &VendorsArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let Some(vendor) = &arguments.vendor else {
        let answer = client.get(&["v1", "vendors"], &[])?;
        return if connection.json {
            answer.print(out)
        } else {
            all(&answer.value()?, out)
        };
    };
    if let Some(path) = &arguments.claims {
        return compare(vendor, path, &client, connection, out);
    }
    let mut query = Vec::new();
    query.extend(arguments.from.as_deref().map(|from| ("from", from)));
    query.extend(arguments.to.as_deref().map(|to| ("to", to)));
    let answer = client.get(&["v1", "vendors", vendor, "scorecard"], &query)?;
    if connection.json {
        answer.print(out)
    } else {
        scorecard(&answer.value()?, out)
    }
}

fn all(answer: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let heads = ["Vendor", "Sources", "Offered", "Accepted", "Owed", "Caps"];
    let mut rows: Vec<[String; 6]> = vec![heads.map(str::to_owned)];
    for vendor in list(answer, "/vendors") {
        let caps: Vec<String> = list(vendor, "/caps")
            .map(|cap| {
                format!(
                    "{} {}/{} per {}",
                    at(cap, "/name"),
                    at(cap, "/used"),
                    at(cap, "/maximum"),
                    at(cap, "/per")
                )
            })
            .collect();
        let sources: Vec<String> = list(vendor, "/sources")
            .filter_map(Value::as_str)
            .map(clean)
            .collect();
        rows.push([
            at(vendor, "/name"),
            sources.join(", "),
            at(vendor, "/today/offered"),
            at(vendor, "/today/accepted"),
            money(vendor, "/today/owed"),
            caps.join(", "),
        ]);
    }
    columns(&rows, out)?;
    Ok(writeln!(
        out,
        "\nCounts are of today, in each vendor's time zone. `leadline vendors NAME` shows a scorecard."
    )?)
}

fn scorecard(card: &Value, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(
        out,
        "{} from {} until before {} ({})\n",
        at(card, "/vendor"),
        at(card, "/from"),
        at(card, "/to"),
        at(card, "/timezone")
    )?;
    let heads = [
        "Day",
        "Offered",
        "Accepted",
        "Duplicate",
        "Rejected",
        "Capped",
        "Held",
        "Returned",
        "Owed",
    ];
    let mut rows: Vec<[String; 9]> = vec![heads.map(str::to_owned)];
    let mut add = |first: String, counts: &Value| {
        let count = |name: &str| at(counts, &format!("/{name}"));
        rows.push([
            first,
            count("offered"),
            count("accepted"),
            count("duplicate"),
            count("rejected"),
            count("capped"),
            count("held"),
            count("returned"),
            money(counts, "/owed"),
        ]);
    };
    for day in list(card, "/days") {
        add(at(day, "/day"), day);
    }
    let total = card.get("total").unwrap_or(&Value::Null);
    add("In all".to_owned(), total);
    columns(&rows, out)?;
    writeln!(out)?;
    for (name, title) in [
        ("rejected_by", "Rejected"),
        ("capped_by", "Capped"),
        ("returned_by", "Returned"),
        ("sales", "Sales"),
    ] {
        let counts = total.get(name).and_then(Value::as_object);
        let counts: Vec<String> = counts
            .into_iter()
            .flatten()
            .map(|(name, count)| format!("{} {count}", clean(name)))
            .collect();
        if !counts.is_empty() {
            writeln!(out, "{title}: {}.", counts.join(", "))?;
        }
    }
    for (name, title) in [
        ("cost", "Agreed"),
        ("refunded", "Not owed, since returned"),
        ("owed", "Owed"),
        ("owed_per_kept", "For each lead that was kept"),
        ("owed_per_qualified", "For each that sales qualified"),
    ] {
        let amount = money(total, &format!("/{name}"));
        if !amount.is_empty() {
            writeln!(out, "{title}: {amount}.")?;
        }
    }
    Ok(())
}

/// Compares a file of what a vendor says it sent. Fails unless all of it was received once and bought.
fn compare(
    vendor: &str,
    path: &Path,
    client: &Client,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let claims = read_claims(path)?;
    let mut found = Vec::with_capacity(claims.len());
    for some in claims.chunks(CLAIMS_AT_ONCE) {
        let asked: Vec<&Map<String, Value>> = some.iter().map(|claim| &claim.names).collect();
        let body = json!({ "claims": asked });
        let answer = client.post(
            &["v1", "vendors", vendor, "claims"],
            "application/json",
            &body.to_string(),
        )?;
        found.extend(list(&answer.value()?, "/claims").cloned());
    }
    let mut report = Report::default();
    let mut first_lines: BTreeMap<String, usize> = BTreeMap::new();
    for (claim, found) in claims.iter().zip(&found) {
        let received: Vec<&Value> = list(found, "/received").collect();
        match received.as_slice() {
            [] => report.missing.push(claim.line),
            [one] => {
                let id = at(one, "/submission");
                if let Some(first) = first_lines.insert(id.clone(), claim.line) {
                    report.claimed_twice.push((claim.line, first));
                } else if at(one, "/outcome") != "accepted" {
                    report
                        .refused
                        .push((claim.line, at(one, "/outcome"), at(one, "/reason")));
                } else if !at(one, "/returned").is_empty() {
                    report.returned.push((claim.line, at(one, "/returned")));
                } else {
                    report.right += 1;
                }
            }
            several => {
                let ids = several.iter().map(|one| at(one, "/submission")).collect();
                report.received_twice.push((claim.line, ids));
            }
        }
    }
    if connection.json {
        writeln!(out, "{}", report.json())?;
    } else {
        report.show(vendor, claims.len(), out)?;
    }
    if report.is_right() {
        Ok(())
    } else {
        Err(Failure::Told)
    }
}

/// What came of a comparison, by lines of the file.
#[derive(Default)]
struct Report {
    right: usize,
    missing: Vec<usize>,
    claimed_twice: Vec<(usize, usize)>,
    received_twice: Vec<(usize, Vec<String>)>,
    refused: Vec<(usize, String, String)>,
    returned: Vec<(usize, String)>,
}

impl Report {
    fn is_right(&self) -> bool {
        self.missing.is_empty()
            && self.claimed_twice.is_empty()
            && self.received_twice.is_empty()
            && self.refused.is_empty()
            && self.returned.is_empty()
    }

    fn json(&self) -> Value {
        let refused = self.refused.iter().map(
            |(line, outcome, reason)| json!({ "line": line, "outcome": outcome, "reason": reason }),
        );
        let twice = self
            .received_twice
            .iter()
            .map(|(line, ids)| json!({ "line": line, "submissions": ids }));
        let claimed = self
            .claimed_twice
            .iter()
            .map(|(line, first)| json!({ "line": line, "first_line": first }));
        let returned = self
            .returned
            .iter()
            .map(|(line, reason)| json!({ "line": line, "reason": reason }));
        json!({
            "bought": self.right,
            "never_received": self.missing,
            "claimed_twice": claimed.collect::<Vec<_>>(),
            "received_twice": twice.collect::<Vec<_>>(),
            "not_bought": refused.collect::<Vec<_>>(),
            "returned": returned.collect::<Vec<_>>(),
        })
    }

    fn show(&self, vendor: &str, claims: usize, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(
            out,
            "{} says it sent {claims}: {} of them were received once and bought.",
            clean(vendor),
            self.right
        )?;
        for line in &self.missing {
            writeln!(out, "line {line}: never received")?;
        }
        for (line, first) in &self.claimed_twice {
            writeln!(out, "line {line}: the same lead as line {first}")?;
        }
        for (line, ids) in &self.received_twice {
            writeln!(
                out,
                "line {line}: received more than once: {}",
                ids.join(", ")
            )?;
        }
        for (line, outcome, reason) in &self.refused {
            writeln!(out, "line {line}: not bought, {outcome}: {reason}")?;
        }
        for (line, reason) in &self.returned {
            writeln!(out, "line {line}: returned, {reason}")?;
        }
        Ok(())
    }
}

/// One line of a file of claims.
struct ClaimedLead {
    line: usize,
    names: Map<String, Value>,
}

fn read_claims(path: &Path) -> Result<Vec<ClaimedLead>, Failure> {
    let name = clean(&path.display().to_string());
    let unreadable = |title: String, detail: Option<String>| Failure::Unmet {
        code: "unreadable_file",
        title,
        detail,
    };
    let bytes = std::fs::read(path)
        .map_err(|error| unreadable(format!("{name} cannot be read: {error}."), None))?;
    let mut stream = sources::batch::Reader::new(None);
    let mut rows = Vec::new();
    let broken = |refusal: sources::Refusal| {
        unreadable(
            format!("{name} cannot be read: {}.", refusal.detail()),
            None,
        )
    };
    stream.feed(&bytes, &mut rows).map_err(broken)?;
    stream.finish(&mut rows).map_err(broken)?;
    let mut claims = Vec::with_capacity(rows.len());
    for row in rows {
        let line = usize::try_from(row.line).unwrap_or(usize::MAX);
        let no_name = || {
            unreadable(
                format!("Line {line} of {name} names no lead."),
                Some(
                    "Give it a column id, submission, email, phone, email_sha256 or phone_sha256."
                        .to_owned(),
                ),
            )
        };
        let text = row.text().map_err(|_| no_name())?;
        let said: Map<String, Value> = serde_json::from_str(&text).map_err(|_| no_name())?;
        let names = names_of(&said);
        if names.is_empty() {
            return Err(no_name());
        }
        claims.push(ClaimedLead { line, names });
    }
    Ok(claims)
}

/// What a line says a lead is called. Addresses and numbers are hashed.
fn names_of(said: &Map<String, Value>) -> Map<String, Value> {
    let mut names = Map::new();
    for (column, value) in said {
        let plain: String = column
            .chars()
            .filter(|character| character.is_ascii_alphanumeric())
            .map(|character| character.to_ascii_lowercase())
            .collect();
        let Some((_, member)) = COLUMNS.iter().find(|(known, _)| *known == plain) else {
            continue;
        };
        let text = match value {
            Value::Array(values) => values.first().and_then(Value::as_str),
            other => other.as_str(),
        };
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            continue;
        };
        match *member {
            "email" => names.insert("email_sha256".to_owned(), json!(digest_of(text))),
            "phone" => {
                let number: String = text
                    .chars()
                    .filter(|sign| sign.is_ascii_digit() || *sign == '+')
                    .collect();
                names.insert("phone_sha256".to_owned(), json!(digest_of(&number)))
            }
            member => names.insert(member.to_owned(), json!(text)),
        };
    }
    names
}

/// `leadline return`
pub(crate) fn send_back(
    arguments: &ReturnArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut body = json!({ "reason": arguments.reason });
    if let Some(by) = &arguments.by {
        body["by"] = json!(by);
    }
    let path = ["v1", "submissions", &arguments.id, "return"];
    let answer = Client::new(connection)?.post(&path, "application/json", &body.to_string())?;
    if connection.json {
        return answer.print(out);
    }
    let done = answer.value()?;
    let refunded = match done.get("refunded") {
        Some(Value::Object(_)) => format!(
            "; {} {} are not owed any more",
            at(&done, "/refunded/amount"),
            at(&done, "/refunded/currency")
        ),
        _ => String::new(),
    };
    Ok(writeln!(
        out,
        "{} was returned to {} ({}){refunded}.",
        at(&done, "/submission"),
        at(&done, "/vendor"),
        at(&done, "/reason")
    )?)
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    let items = value.pointer(pointer).and_then(Value::as_array);
    items.into_iter().flatten()
}

/// Amounts, as people write them.
fn money(value: &Value, pointer: &str) -> String {
    let amounts: Vec<String> = list(value, pointer)
        .map(|amount| format!("{} {}", at(amount, "/amount"), at(amount, "/currency")))
        .collect();
    amounts.join(", ")
}

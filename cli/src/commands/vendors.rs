//! `vendors` and `return`: what vendors sold, what became of it, whether they count the same, and sending leads back.

mod claims;

use std::io::Write;

use serde_json::{Value, json};

use crate::client::{Client, between};
use crate::failure::Failure;
use crate::layout::{at, clean, columns};
use crate::options::{Connection, ReturnArguments, VendorsArguments};

/// `leadline vendors`
pub(crate) fn vendors(
    arguments: &VendorsArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let query = between(&arguments.from, &arguments.to);
    let Some(vendor) = &arguments.vendor else {
        let answer = client.get(&["v1", "vendors"], &[])?;
        if !query.is_empty() {
            return all_of_some_days(&client, &answer.value()?, &query, connection, out);
        }
        return if connection.json {
            answer.print(out)
        } else {
            all(&answer.value()?, out)
        };
    };
    if let Some(path) = &arguments.claims {
        return claims::compare(vendor, path, &client, connection, out);
    }
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

/// What the vendors sold in some days, a line for each of them.
fn all_of_some_days(
    client: &Client,
    answer: &Value,
    query: &[(&str, &str)],
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut cards = Vec::new();
    for vendor in list(answer, "/vendors") {
        let name = vendor.get("name").and_then(Value::as_str);
        let path = ["v1", "vendors", name.unwrap_or_default(), "scorecard"];
        cards.push(client.get(&path, query)?.value()?);
    }
    if connection.json {
        let told = json!({ "vendors": cards });
        return Ok(writeln!(out, "{told:#}")?);
    }
    let mut rows = vec![heads("Vendor")];
    for card in &cards {
        let total = card.get("total").unwrap_or(&Value::Null);
        rows.push(counts_of(at(card, "/vendor"), total));
    }
    columns(&rows, out)?;
    match cards.first() {
        Some(card) => writeln!(
            out,
            "\nCounts are from {} until before {}, in each vendor's time zone.",
            at(card, "/from"),
            at(card, "/to")
        )?,
        None => writeln!(out, "\nThere are no vendors.")?,
    }
    Ok(())
}

/// The heads of columns of counts, under what the first of them is.
fn heads(first: &str) -> [String; 9] {
    [
        first,
        "Offered",
        "Accepted",
        "Duplicate",
        "Rejected",
        "Capped",
        "Held",
        "Returned",
        "Owed",
    ]
    .map(str::to_owned)
}

/// A line of counts, of a day or of a vendor.
fn counts_of(first: String, counts: &Value) -> [String; 9] {
    let count = |name: &str| at(counts, &format!("/{name}"));
    [
        first,
        count("offered"),
        count("accepted"),
        count("duplicate"),
        count("rejected"),
        count("capped"),
        count("held"),
        count("returned"),
        money(counts, "/owed"),
    ]
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
    let mut rows = vec![heads("Day")];
    for day in list(card, "/days") {
        rows.push(counts_of(at(day, "/day"), day));
    }
    let total = card.get("total").unwrap_or(&Value::Null);
    rows.push(counts_of("In all".to_owned(), total));
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

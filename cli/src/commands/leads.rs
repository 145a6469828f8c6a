//! `lead`, `explain`, `history`, `feedback`, `consent` and `erase`.

use std::io::Write;

use serde_json::{Value, json};

use crate::client::Client;
use crate::failure::Failure;
use crate::layout::{Sheet, at, clean, inline, join, label, with};
use crate::options::{Connection, ConsentArguments, EraseArguments, FeedbackArguments};
use crate::who::Who;

/// `leadline lead`
pub(crate) fn lead(
    who: &Who,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let answer = match query(who) {
        None => client.get(&["v1", "leads", id_of(who)], &[])?,
        Some(query) => client.get(&["v1", "leads"], &[query])?,
    };
    let value = answer.value()?;
    if connection.json {
        answer.print(out)?;
    }
    let leads = match query(who) {
        None => std::slice::from_ref(&value),
        Some(_) => listed(&value),
    };
    if leads.is_empty() {
        return Err(nobody(who));
    }
    if !connection.json {
        for (index, lead) in leads.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            sheet(lead).print(out)?;
        }
    }
    Ok(())
}

/// `leadline explain`
pub(crate) fn explain(
    who: &Who,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let id = find(&client, who)?;
    let answer = client.get(&["v1", "leads", &id, "explanation"], &[])?;
    if connection.json {
        return answer.print(out);
    }
    let value = answer.value()?;
    let sentences = value.get("sentences").and_then(Value::as_array);
    for (index, sentence) in sentences.into_iter().flatten().enumerate() {
        if index == 1 {
            // The first says how things stand, the others how it came about.
            writeln!(out)?;
        }
        writeln!(out, "{}", clean(sentence.as_str().unwrap_or_default()))?;
    }
    Ok(())
}

/// `leadline history`
pub(crate) fn history(
    who: &Who,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let id = find(&client, who)?;
    let answer = client.get(&["v1", "leads", &id, "history"], &[])?;
    if connection.json {
        return answer.print(out);
    }
    let value = answer.value()?;
    writeln!(out, "{}", at(&value, "/lead"))?;
    let entries = value.get("history").and_then(Value::as_array);
    for entry in entries.into_iter().flatten() {
        writeln!(out)?;
        writeln!(
            out,
            "{:>3}. {}  {}",
            at(entry, "/seq"),
            at(entry, "/at"),
            label(&at(entry, "/kind"))
        )?;
        writeln!(out, "     {}", at(entry, "/summary"))?;
        let reasons = entry.get("reasons").and_then(Value::as_array);
        for reason in reasons.into_iter().flatten() {
            writeln!(out, "     - {}", at(reason, "/text"))?;
        }
    }
    Ok(())
}

/// `leadline feedback`
pub(crate) fn feedback(
    arguments: &FeedbackArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let kind = arguments.kind.name();
    let reason = arguments
        .reason
        .as_deref()
        .map(|reason| format!(" ({})", clean(reason)))
        .unwrap_or_default();
    let body = json!({ "kind": kind, "reason": arguments.reason, "by": arguments.by });
    let sentence = format!("{kind}{reason}");
    note(&arguments.who, "feedback", body, &sentence, connection, out)
}

/// Notes something about a lead under `part` of its address, without what is null in `body`, and says it in a sentence.
fn note(
    who: &Who,
    part: &str,
    mut body: Value,
    sentence: &str,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let id = find(&client, who)?;
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let path = ["v1", "leads", &id, part];
    let answer = client.post(&path, "application/json", &body.to_string())?;
    if connection.json {
        return answer.print(out);
    }
    let answer = answer.value()?;
    warn(&answer, out)?;
    // A merged lead answers under the id that it has now.
    let answered = at(&answer, "/id");
    let id = if answered.is_empty() { id } else { answered };
    Ok(writeln!(out, "Noted for {id}: {sentence}.")?)
}

/// What was noted and may not be as it was meant.
fn warn(answer: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let warnings = answer.get("warnings").and_then(Value::as_array);
    for warning in warnings.into_iter().flatten() {
        writeln!(
            out,
            "Warning: {}: {}.",
            at(warning, "/field"),
            at(warning, "/message")
        )?;
    }
    Ok(())
}

/// `leadline consent`
pub(crate) fn consent(
    arguments: &ConsentArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if !arguments.give && !arguments.withdraw {
        return Err(Failure::Unmet {
            code: "no_choice",
            title: "Nothing is said of what they agreed to.".to_owned(),
            detail: Some(
                "Add --give if they agreed to it, or --withdraw if they took it back or refused."
                    .to_owned(),
            ),
        });
    }
    let purpose = &arguments.purpose;
    let body = json!({
        "purpose": purpose, "granted": arguments.give, "reason": arguments.reason, "by": arguments.by,
    });
    let said = if arguments.give { "given" } else { "withdrawn" };
    let sentence = format!("consent to {} is {said}", clean(purpose));
    note(&arguments.who, "consent", body, &sentence, connection, out)
}

/// `leadline erase`
pub(crate) fn erase(
    arguments: &EraseArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let (name, text) = match &arguments.who {
        Who::Id(id) => ("lead", id),
        Who::Email(email) => ("email", email),
        Who::Phone(phone) => ("phone", phone),
    };
    let mut body = json!({ name: text });
    if let Some(by) = &arguments.by {
        body["by"] = json!(by);
    }
    let answer = client.post(&["v1", "erasures"], "application/json", &body.to_string())?;
    if connection.json {
        return answer.print(out);
    }
    let answer = answer.value()?;
    warn(&answer, out)?;
    let leads = match at(&answer, "/leads") {
        leads if leads.is_empty() => "nobody was known".to_owned(),
        leads => leads,
    };
    Ok(writeln!(
        out,
        "Erased as {} at {}: {leads}; e-mail addresses and phone numbers that are suppressed: {}.",
        at(&answer, "/erasure"),
        at(&answer, "/at"),
        at(&answer, "/suppressed")
    )?)
}

/// The query of a search; `None` when there is nothing to search for.
fn query(who: &Who) -> Option<(&'static str, &str)> {
    match who {
        Who::Id(_) => None,
        Who::Email(email) => Some(("email", email)),
        Who::Phone(phone) => Some(("phone", phone)),
    }
}

fn id_of(who: &Who) -> &str {
    match who {
        Who::Id(text) | Who::Email(text) | Who::Phone(text) => text,
    }
}

fn listed(value: &Value) -> &[Value] {
    let leads = value.get("leads").and_then(Value::as_array);
    leads.map_or(&[], Vec::as_slice)
}

/// The id of the one lead that is meant.
fn find(client: &Client, who: &Who) -> Result<String, Failure> {
    let Some(query) = query(who) else {
        return Ok(id_of(who).to_owned());
    };
    let value = client.get(&["v1", "leads"], &[query])?.value()?;
    let mut ids: Vec<String> = listed(&value).iter().map(|lead| at(lead, "/id")).collect();
    ids.dedup();
    match ids.as_slice() {
        [] => Err(nobody(who)),
        [id] => Ok(id.clone()),
        _ => Err(Failure::Unmet {
            code: "several_leads",
            title: format!("{} leads have this {}.", ids.len(), who.noun()),
            detail: Some(format!("Name one by its id: {}.", ids.join(", "))),
        }),
    }
}

/// Does not repeat who was asked for.
fn nobody(who: &Who) -> Failure {
    Failure::Unmet {
        code: "not_found",
        title: format!("No lead has this {}.", who.noun()),
        detail: None,
    }
}

/// A lead on one page: where it stands first, then who it is.
fn sheet(lead: &Value) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.row("Lead", at(lead, "/id"));
    sheet.row("Stage", at(lead, "/stage"));
    sheet.row("Score", score(lead));
    sheet.row("Owner", owner(lead));
    sheet.row("First response", first_response(lead));

    sheet.gap();
    sheet.row(
        "Name",
        join(
            [
                at(lead, "/contact/first_name"),
                at(lead, "/contact/last_name"),
            ],
            " ",
        ),
    );
    sheet.row("Title", at(lead, "/contact/title"));
    sheet.row("E-mail", at(lead, "/contact/email"));
    sheet.row("Phone", at(lead, "/contact/phone"));
    rest(
        &mut sheet,
        lead.get("contact"),
        &["first_name", "last_name", "title", "email", "phone"],
    );

    sheet.gap();
    sheet.row(
        "Company",
        join(
            [at(lead, "/company/name"), at(lead, "/company/domain")],
            ", ",
        ),
    );
    sheet.row("Industry", at(lead, "/company/industry"));
    sheet.row("Employees", at(lead, "/company/employees"));
    sheet.row("Country", at(lead, "/company/country"));
    rest(
        &mut sheet,
        lead.get("company"),
        &["name", "domain", "industry", "employees", "country"],
    );

    sheet.gap();
    let city = join(
        [at(lead, "/address/postal_code"), at(lead, "/address/city")],
        " ",
    );
    sheet.row(
        "Address",
        join(
            [
                at(lead, "/address/street"),
                city,
                at(lead, "/address/region"),
            ],
            ", ",
        ),
    );
    sheet.row("Language", at(lead, "/language"));
    sheet.row("Message", at(lead, "/message"));
    // Under names of their own: a stranger chose them, and must not be able to write a line that looks like one of ours.
    for (key, value) in object(lead.get("custom")) {
        sheet.row(&format!("custom.{}", clean(key)), inline(value));
    }

    sheet.gap();
    rest(&mut sheet, lead.get("facts"), &[]);

    sheet.gap();
    for (purpose, consent) in object(lead.get("consent")) {
        sheet.row(
            &format!("Consent to {}", clean(purpose).replace('_', " ")),
            consent_text(consent),
        );
    }
    for (address, claim) in object(lead.get("certificates")) {
        sheet.row("TrustedForm", certificate_text(address, claim));
    }
    rest(&mut sheet, lead.get("attribution"), &[]);

    sheet.gap();
    sheet.row("Submissions", at(lead, "/submissions"));
    sheet.row("Created", at(lead, "/created_at"));
    sheet.row(
        "Updated",
        join(
            [
                at(lead, "/updated_at"),
                with("version ", &at(lead, "/version")),
            ],
            ", ",
        ),
    );
    sheet
}

fn owner(lead: &Value) -> String {
    let owner = at(lead, "/owner");
    if owner.is_empty() {
        let because = match at(lead, "/unassigned").as_str() {
            "no_territory" => "no territory takes it".to_owned(),
            "nobody_eligible" => "nobody in its pools can take it now".to_owned(),
            "not_yet_qualified" => "it is not qualified yet".to_owned(),
            "everybody_had_it" => "everybody in its pools had it".to_owned(),
            other => label(other).to_lowercase(),
        };
        return join(["nobody".to_owned(), because], ": ");
    }
    join(
        [
            owner,
            with("pool ", &at(lead, "/pool")),
            with("territory ", &at(lead, "/territory")),
        ],
        ", ",
    )
}

fn score(lead: &Value) -> String {
    let total = at(lead, "/score/total");
    if total.is_empty() {
        return "not yet".to_owned();
    }
    let parts = join(
        [
            with("fit ", &at(lead, "/score/fit")),
            with("engagement ", &at(lead, "/score/engagement")),
        ],
        ", ",
    );
    let parts = if parts.is_empty() {
        parts
    } else {
        format!(" ({parts})")
    };
    format!(
        "{total}{parts}{}",
        with(", as of ", &at(lead, "/score/as_of"))
    )
}

fn first_response(lead: &Value) -> String {
    let due_at = at(lead, "/sla/due_at");
    match at(lead, "/sla/status").as_str() {
        "pending" => format!("due by {due_at}"),
        "met" => format!("came in time (due by {due_at})"),
        "late" => format!("came too late (was due by {due_at})"),
        "breached" => format!("did not come (was due by {due_at})"),
        "" => String::new(),
        other => join([other.to_owned(), with("due by ", &due_at)], ", "),
    }
}

fn consent_text(consent: &Value) -> String {
    match consent.get("granted").and_then(Value::as_bool) {
        Some(granted) => {
            let word = match at(consent, "/state") {
                state if !state.is_empty() => state,
                _ if granted => "given".to_owned(),
                _ => "refused".to_owned(),
            };
            let before = [
                with("given before, ", &at(consent, "/agreed/at")),
                with("to: ", &at(consent, "/agreed/text")),
                with("proved by ", &at(consent, "/agreed/evidence/trustedform")),
                with("proved by ", &at(consent, "/agreed/evidence/jornaya")),
                with("in ", &at(consent, "/agreed/submission")),
            ];
            join(
                [
                    word,
                    at(consent, "/at"),
                    with("to: ", &at(consent, "/text")),
                    join(before, ", "),
                ],
                ", ",
            )
        }
        None => inline(consent),
    }
}

fn certificate_text(address: &str, claim: &Value) -> String {
    let matches = |field: &str, what: &str| match claim.get(field).and_then(Value::as_bool) {
        Some(true) => format!("{what} is the one that was typed in"),
        Some(false) => format!("{what} is not the one that was typed in"),
        None => String::new(),
    };
    join(
        [
            at(claim, "/outcome"),
            with("until ", &at(claim, "/expires_at")),
            matches("email_matches", "the e-mail address"),
            matches("phone_matches", "the phone number"),
            clean(address),
        ],
        ", ",
    )
}

/// What a table says besides `told`.
fn rest(sheet: &mut Sheet, table: Option<&Value>, told: &[&str]) {
    for (key, value) in object(table) {
        if !told.contains(&key.as_str()) {
            sheet.row(&label(key), inline(value));
        }
    }
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

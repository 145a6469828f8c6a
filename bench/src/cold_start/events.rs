//! The requests of the measurement, out of `events/`, and what has to come back: a function that refuses its request
//! would be fast for nothing.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::local_aws::TOKEN;

const FORM: &str = include_str!("../../../events/capture-form-urlencoded.json");
const EVENTS: &str = include_str!("../../../events/events-post.json");
const GET_LEAD: &str = include_str!("../../../events/api-get-lead.json");
const SCHEDULE: &str = include_str!("../../../events/recycle-schedule.json");

/// A form that somebody new fills in; each number is another person.
pub(super) fn form(person: u32) -> Result<String> {
    // Of the London numbers that are set aside for fiction. Shared by persons whose names and addresses differ.
    let phone = format!("%2B4420794600{:02}", person % 100);
    let fields = [
        format!("first_name=Ada{person}"),
        format!("last_name=Okafor{person}"),
        format!("email={}", email(person).replace('@', "%40")),
        format!("phone={phone}"),
        "company=Northwind+Traders&job_title=CMO&country=GB".to_owned(),
        "message=We+need+forty+seats+by+March.&utm_source=newsletter".to_owned(),
    ];
    let mut event: Value = serde_json::from_str(FORM)?;
    event["body"] = json!(fields.join("&"));
    event["isBase64Encoded"] = json!(false);
    Ok(event.to_string())
}

/// Whoever filled in that form looks at a page.
pub(super) fn page_view(person: u32) -> Result<String> {
    let mut event: Value = serde_json::from_str(EVENTS)?;
    let viewed = json!({
        "id": format!("evt-{person}"),
        "type": "page_viewed",
        "at": jiff::Timestamp::now(),
        "email": email(person),
        "properties": { "path": "/pricing" },
    });
    event["body"] = json!(json!({ "events": [viewed] }).to_string());
    event["isBase64Encoded"] = json!(false);
    Ok(event.to_string())
}

/// A file with one row, somebody who is in no form.
pub(super) fn file(person: u32) -> String {
    format!(
        "first_name,last_name,email,company\nKofi{person},Mensah{person},kofi.mensah{person}@northwind{person}.example,Northwind Traders\n"
    )
}

fn email(person: u32) -> String {
    format!("ada.okafor{person}@northwind{person}.example")
}

/// The minute's schedule.
pub(super) fn schedule() -> String {
    SCHEDULE.to_owned()
}

/// Somebody looks at a lead.
pub(super) fn get_lead(lead: &str) -> Result<String> {
    let mut event: Value = serde_json::from_str(GET_LEAD)?;
    let path = format!("/v1/leads/{lead}");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["headers"]["authorization"] = json!(format!("Bearer {TOKEN}"));
    Ok(event.to_string())
}

/// Whether the function did what it is there for.
pub(super) fn check_answer(function: &str, answer: &str) -> Result<()> {
    let answer: Value = serde_json::from_str(answer)
        .with_context(|| format!("{function} answered no JSON: {answer}"))?;
    let is_done = match function {
        "capture" => answer["statusCode"] == 202,
        "api" => answer["statusCode"] == 200,
        "recycle" => !answer.is_null(),
        _ => answer["batchItemFailures"] == json!([]),
    };
    ensure!(is_done, "{function} refused: {answer}");
    Ok(())
}

/// The lead that a captured form makes: it bears the name of its submission.
pub(super) fn lead_in(answer: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(answer)?;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    let submission = body["submissions"][0]
        .as_str()
        .and_then(|id| id.strip_prefix("sub_"))
        .with_context(|| format!("capture named no submission: {body}"))?;
    Ok(format!("lead_{submission}"))
}

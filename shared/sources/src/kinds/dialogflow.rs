//! `dialogflow`: a webhook of an agent of Dialogflow CX or ES, which wants an answer in its own format.
//!
//! An agent calls on every turn that has a webhook, most of which are about something else. What it collected so far counts as
//! soon as there is an address or a number in it; a turn that brings nothing new is a repeat.

use std::collections::BTreeSet;

use domain::submission::FieldProblem;
use serde_json::{Value, json};

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::refusal::{Refusal, Unparseable};
use crate::reply::{Answered, Reply};
use crate::vocabulary::{Meaning, meaning_of};
use crate::{Accepted, Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    answer_is_read: true,
    waits_for_contact: true,
    reply: Some(reply),
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "Dialogflow CX and ES",
    takes: "Takes the webhook requests of Dialogflow CX and of Dialogflow ES, told apart by their shape.",
    setup: &[
        "CX: Manage → Webhooks → Create: the URL is `{url}`; under Authentication, add the request header `X-Leadline-Secret` with the secret (or any user name, with the secret as password).",
        "CX: name this webhook in the page or route that ends the form. ES: Fulfillment → Webhook, the same URL and header, and enable it for the intent.",
        "Name the parameters as you would name fields of a form: `email`, `phone`, `full_name`, `company`, `message`.",
    ],
    proof: "The header `X-Leadline-Secret`, the parameter `key` of the address, or `Authorization` with the secret as password or token.",
    repeats: "The session together with the parameters: a turn that adds nothing is a repeat, one that adds something tells more of the same person.",
    no_lead: "Turns before an e-mail address or a phone number is known.",
    answer: "`200` in Dialogflow's format. CX: the session's parameters `leadline_status` (`accepted`, `waiting` or `invalid`) and `leadline_submission`, and no message of ours, so that the agent goes on with its own. Bad fields: a message that says what is wrong, and their form parameters set to `INVALID`, so that the agent asks again. ES: an empty answer, or the message as `fulfillmentText`.",
    notes: &[
        "Parameters of the session, of the page's form (CX), of the query and of its contexts (ES) are fields like those of a form. Composite ones (`sys.person`, `sys.location`) are taken by their parts.",
        "What was typed is kept only as far as the agent puts it into a parameter, such as `message`.",
        "Dialogflow waits 5 seconds unless the webhook says otherwise, and does not repeat.",
    ],
    samples: &[
        sample!("dialogflow/cx.json", JSON, "CX: a form that is filled in."),
        sample!("dialogflow/es.json", JSON, "ES: an intent with its parameters and contexts."),
        sample!("dialogflow/cx-first-turn.json", JSON, "CX: a turn before anything is known: no lead."),
    ],
    sign: sign_by_header,
};

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Cx,
    Es,
}

fn version_of(document: &Json) -> Option<Version> {
    if document.get("queryResult").is_some() {
        return Some(Version::Es);
    }
    let is_cx = ["sessionInfo", "fulfillmentInfo", "detectIntentResponseId"]
        .iter()
        .any(|key| document.get(key).is_some());
    is_cx.then_some(Version::Cx)
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let Some(version) = version_of(&document) else {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "a webhook request of Dialogflow: with sessionInfo (CX) or queryResult (ES)",
        }
        .into());
    };
    let mut answers = Answers::default();
    let mut taken = BTreeSet::new();
    let session = match version {
        Version::Cx => {
            let session = document.get("sessionInfo");
            let parameters = session.and_then(|session| session.get("parameters"));
            add_parameters(parameters, &mut taken, &mut answers)?;
            // A parameter of the form that was just filled is not always one of the session yet.
            let form = document
                .get("pageInfo")
                .and_then(|page| page.get("formInfo"))
                .map_or(&[][..], |form| form.items_at("parameterInfo"));
            for parameter in form {
                let name = parameter.text_at("displayName");
                let is_filled = parameter.text_at("state").as_deref() == Some("FILLED");
                if let (Some(name), Some(value), true) = (name, parameter.get("value"), is_filled)
                    && taken.insert(name.clone())
                {
                    value.flatten(&name, &mut answers)?;
                }
            }
            session.and_then(|session| session.text_at("session"))
        }
        Version::Es => {
            let query = document.get("queryResult");
            let parameters = query.and_then(|query| query.get("parameters"));
            add_parameters(parameters, &mut taken, &mut answers)?;
            // Parameters of earlier turns live on in contexts.
            for context in query.map_or(&[][..], |query| query.items_at("outputContexts")) {
                add_parameters(context.get("parameters"), &mut taken, &mut answers)?;
            }
            document.text_at("session")
        }
    };
    let languages = [
        document.text_at("languageCode"),
        document
            .get("queryResult")
            .and_then(|query| query.text_at("languageCode")),
    ];
    if let Some(language) = languages.into_iter().flatten().next() {
        answers.plain("language", language)?;
    }
    let channel = document
        .get("originalDetectIntentRequest")
        .and_then(|original| original.text_at("source"));
    answers.plain("channel", channel.as_deref().unwrap_or("dialogflow"))?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: session,
        grows: true,
        ..Draft::default()
    }]))
}

/// Adds parameters by their names, each name once. What was typed for them (`email.original`) and blanks say nothing new.
fn add_parameters(
    parameters: Option<&Json>,
    taken: &mut BTreeSet<String>,
    answers: &mut Answers,
) -> Result<(), Unparseable> {
    for (name, value) in parameters.map_or(&[][..], Json::members) {
        let is_blank = match value {
            Json::Null => true,
            Json::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        let is_ours = name.starts_with("leadline_");
        if is_blank
            || is_ours
            || name.ends_with(".original")
            || name.starts_with("no-")
            || !taken.insert(name.clone())
        {
            continue;
        }
        // `geo-country` is what the system calls its own.
        let name = name.strip_prefix("geo-").unwrap_or(name);
        // A composite of the system: what was typed stands beside what was understood.
        match value.get("resolved") {
            Some(resolved) => resolved.flatten(name, answers)?,
            None => value.flatten(name, answers)?,
        }
    }
    Ok(())
}

fn reply(_: &Door<'_>, incoming: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    let problems = answered.problems();
    let accepted = match answered {
        Answered::Accepted(accepted) => Some(accepted),
        // Whoever may not ask, or cannot be understood, gets the answer of all; so does who is to ask again.
        _ if problems.is_empty() => return None,
        _ => None,
    };
    let document = decode::bare_document(incoming.body).ok()?;
    let body = match version_of(&document)? {
        Version::Cx => cx(&document, accepted, problems),
        Version::Es => es(problems),
    };
    Some(Reply::json(200, body.to_string()))
}

fn cx(document: &Json, accepted: Option<&Accepted>, problems: &[FieldProblem]) -> Value {
    let mut parameters = serde_json::Map::new();
    let status = match accepted {
        Some(Accepted::Submissions(parsed)) => {
            if let Some(parsed) = parsed.first() {
                parameters.insert("leadline_submission".to_owned(), parsed.id().to_string().into());
            }
            "accepted"
        }
        Some(_) => "waiting",
        None => "invalid",
    };
    parameters.insert("leadline_status".to_owned(), status.into());
    let mut body = json!({ "sessionInfo": { "parameters": parameters } });
    if problems.is_empty() {
        return body;
    }
    body["fulfillmentResponse"] = json!({
        "messages": [{ "text": { "text": [spoken(problems)] } }],
        "mergeBehavior": "REPLACE",
    });
    let form = document
        .get("pageInfo")
        .and_then(|page| page.get("formInfo"))
        .map_or(&[][..], |form| form.items_at("parameterInfo"));
    let invalid: Vec<Value> = form
        .iter()
        .filter_map(|parameter| parameter.text_at("displayName"))
        .filter(|name| is_of_a_problem(name, problems))
        .map(|name| json!({ "displayName": name, "state": "INVALID" }))
        .collect();
    if !invalid.is_empty() {
        body["pageInfo"] = json!({ "formInfo": { "parameterInfo": invalid } });
    }
    body
}

fn es(problems: &[FieldProblem]) -> Value {
    if problems.is_empty() {
        return json!({});
    }
    let text = spoken(problems);
    json!({
        "fulfillmentText": text,
        "fulfillmentMessages": [{ "text": { "text": [text] } }],
    })
}

/// What a bot says about bad fields.
pub(super) fn spoken(problems: &[FieldProblem]) -> String {
    let sentences: Vec<String> = problems
        .iter()
        .map(|problem| {
            let mut sentence = problem.message.clone();
            if let Some(first) = sentence.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            format!("{sentence}.")
        })
        .collect();
    sentences.join(" ")
}

/// Whether what a bot calls `name` is a field that has a problem.
pub(super) fn is_of_a_problem(name: &str, problems: &[FieldProblem]) -> bool {
    match meaning_of(name) {
        Some((Meaning::Field(field), _)) => {
            let field = field.to_string();
            problems.iter().any(|problem| problem.field == field)
        }
        _ => false,
    }
}

//! `lex`: a code hook of Amazon Lex V2 (or V1), which wants an answer in its own format.
//!
//! Lex calls a Lambda function and knows no HTTP. It may invoke `capture` itself, which then hands the event to the source of
//! this kind; or a function of one's own posts the event here.

use domain::submission::FieldProblem;
use serde_json::{Value, json};

use super::dialogflow::{is_of_a_problem, spoken};
use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::refusal::{Refusal, Unparseable};
use crate::reply::{Answered, Reply};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    answer_is_read: true,
    waits_for_contact: true,
    reply: Some(reply),
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "Amazon Lex",
    takes: "Takes the events of code hooks of Amazon Lex V2 (`DialogCodeHook` and `FulfillmentCodeHook`), and those of V1.",
    setup: &[
        "Allow the bot to invoke the function `capture`: `sam deploy --parameter-overrides LexBotAliasArn=BOT_ALIAS_ARN` (`arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS`); of several bots each further one by `aws lambda add-permission --function-name CAPTURE --statement-id lex --action lambda:InvokeFunction --principal lexv2.amazonaws.com --source-arn BOT_ALIAS_ARN`.",
        "Bot → alias → language: choose the function `capture`; intent → Fulfillment (and, to have bad fields asked again, Code hooks): use the function.",
        "Name the slots as you would name fields of a form: `email`, `phone`, `full_name`, `company`, `message`.",
        "Where a function of your own stands between, have it post the event as JSON to `{url}` with the header `X-Leadline-Secret`, and return the answer's body.",
    ],
    proof: "Who may invoke the function is said by its resource policy. Over HTTP: the header `X-Leadline-Secret`, the parameter `key` of the address, or `Authorization` with the secret as password or token.",
    repeats: "The session together with what its slots and attributes hold: a turn that adds nothing is a repeat.",
    no_lead: "Turns before an e-mail address or a phone number is known.",
    answer: "In Lex's format: `Delegate` while the dialogue goes on, `ElicitSlot` with a message for a slot that holds something wrong, `Close` with `Fulfilled` at the end, `Close` with `Failed` if it could not be kept.",
    notes: &[
        "Slots count with the value that Lex understood, else with what was said. Session attributes are fields, too.",
        "An event that invokes `capture` itself goes to the source named by the session's (or the request's) attribute `leadline_source`, else to the only source of this kind.",
        "What was said besides the slots is not kept.",
    ],
    samples: &[
        sample!("lex/fulfillment.json", JSON, "V2: an intent that is ready to be fulfilled."),
        sample!("lex/dialog.json", JSON, "V2: a turn before anything is known: no lead."),
        sample!("lex/v1.json", JSON, "V1: an intent that is ready to be fulfilled."),
    ],
    sign: sign_by_header,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let event = decode::document(incoming.headers, incoming.body)?;
    let state = event.get("sessionState");
    let intent = state
        .and_then(|state| state.get("intent"))
        .or_else(|| event.get("currentIntent"))
        .filter(|intent| matches!(intent, Json::Object(_)));
    let Some(intent) = intent else {
        return Err(Unparseable::Shape {
            place: "sessionState.intent",
            expected: "the intent of an event of Lex (currentIntent in V1)",
        }
        .into());
    };
    let mut answers = Answers::default();
    for (name, slot) in intent.get("slots").map_or(&[][..], Json::members) {
        for value in values_of(slot) {
            answers.plain(name, value)?;
        }
    }
    let attributes = state
        .and_then(|state| state.get("sessionAttributes"))
        .or_else(|| event.get("sessionAttributes"));
    for (name, value) in attributes.map_or(&[][..], Json::members) {
        if let Some(value) = value.scalar().filter(|_| !name.starts_with("leadline_")) {
            answers.plain(name, value)?;
        }
    }
    if let Some(intent) = intent.text_at("name") {
        answers.plain("intent", intent)?;
    }
    let language = event.get("bot").and_then(|bot| bot.text_at("localeId"));
    if let Some(language) = language {
        answers.plain("language", language)?;
    }
    answers.plain("channel", "lex")?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: event.text_at("sessionId").or_else(|| event.text_at("userId")),
        grows: true,
        ..Draft::default()
    }]))
}

/// The values of a slot: a text in V1; in V2 an object, or a list of them under `values`.
fn values_of(slot: &Json) -> Vec<String> {
    if let Some(text) = slot.scalar() {
        return vec![text];
    }
    let several = slot.items_at("values");
    if !several.is_empty() {
        return several.iter().flat_map(values_of_one).collect();
    }
    values_of_one(slot).into_iter().collect()
}

fn values_of_one(slot: &Json) -> Option<String> {
    let value = slot.get("value")?;
    value
        .text_at("interpretedValue")
        .or_else(|| value.text_at("originalValue"))
}

fn reply(_: &Door<'_>, incoming: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    let problems = answered.problems();
    if matches!(answered, Answered::Refused(_)) && problems.is_empty() {
        return None;
    }
    let event: Value = serde_json::from_slice(incoming.body).ok()?;
    let is_failed = matches!(answered, Answered::Unavailable);
    let status = if is_failed { 503 } else { 200 };
    let body = if event.get("sessionState").is_some() {
        v2(&event, problems, is_failed)
    } else {
        v1(&event, problems, is_failed)
    };
    Some(Reply::json(status, body.to_string()))
}

fn is_dialogue(event: &Value) -> bool {
    event["invocationSource"] == "DialogCodeHook"
}

/// The slot whose value has a problem, if one has.
fn bad_slot(slots: &Value, problems: &[FieldProblem]) -> Option<String> {
    slots
        .as_object()?
        .keys()
        .find(|name| is_of_a_problem(name, problems))
        .cloned()
}

fn v2(event: &Value, problems: &[FieldProblem], is_failed: bool) -> Value {
    let mut intent = event["sessionState"]["intent"].clone();
    let attributes = event["sessionState"]["sessionAttributes"].clone();
    let bad = bad_slot(&intent["slots"], problems);
    let (action, says) = match bad {
        Some(slot) => {
            intent["slots"][&slot] = Value::Null;
            let action = json!({ "type": "ElicitSlot", "slotToElicit": slot });
            (action, Some(spoken(problems)))
        }
        None if is_dialogue(event) && !is_failed => (json!({ "type": "Delegate" }), None),
        None => {
            let is_wrong = is_failed || !problems.is_empty();
            intent["state"] = if is_wrong { "Failed" } else { "Fulfilled" }.into();
            let says = (!problems.is_empty()).then(|| spoken(problems));
            (json!({ "type": "Close" }), says)
        }
    };
    let mut body = json!({ "sessionState": { "dialogAction": action, "intent": intent } });
    if !attributes.is_null() {
        body["sessionState"]["sessionAttributes"] = attributes;
    }
    if let Some(says) = says {
        body["messages"] = json!([{ "contentType": "PlainText", "content": says }]);
    }
    body
}

fn v1(event: &Value, problems: &[FieldProblem], is_failed: bool) -> Value {
    let intent = &event["currentIntent"];
    let mut slots = intent["slots"].clone();
    let message = json!({ "contentType": "PlainText", "content": spoken(problems) });
    let mut action = match bad_slot(&slots, problems) {
        Some(slot) => {
            slots[&slot] = Value::Null;
            json!({
                "type": "ElicitSlot",
                "intentName": intent["name"],
                "slots": slots,
                "slotToElicit": slot,
            })
        }
        None if is_dialogue(event) && !is_failed => json!({ "type": "Delegate", "slots": slots }),
        None => {
            let is_wrong = is_failed || !problems.is_empty();
            json!({ "type": "Close", "fulfillmentState": if is_wrong { "Failed" } else { "Fulfilled" } })
        }
    };
    if !problems.is_empty() {
        action["message"] = message;
    }
    json!({ "sessionAttributes": event["sessionAttributes"], "dialogAction": action })
}

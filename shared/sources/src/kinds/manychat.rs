//! `manychat`: an external request (or dynamic block) of a flow at ManyChat, whose body is the user's own.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::refusal::{Refusal, Unparseable};
use crate::reply::{Answered, Reply};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    reply: Some(reply),
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "ManyChat",
    takes: "Takes the JSON that an external request of a flow posts: your own choice of fields, or `Full Contact Data`.",
    setup: &[
        "Flow → Action → External Request (or a dynamic block): POST `{url}`.",
        "Headers: `X-Leadline-Secret` with the secret.",
        "Body: Add Full Contact Data, or fields of your own named as in a form, with `id` for the contact.",
    ],
    proof: "The header `X-Leadline-Secret`, the parameter `key` of the address, or `Authorization` with the secret as token. ManyChat signs nothing.",
    repeats: "The contact's `id` together with the content.",
    no_lead: "Contacts of whom neither address nor number is known yet.",
    answer: "`200` with an empty dynamic block, so that the flow goes on and nothing is said.",
    notes: &[
        "`whatsapp_phone` and `phone` are phone numbers, `last_input_text` is the message, `custom_fields` are fields like others. `optin_email` and `optin_phone` are consent for `marketing` and `sms`.",
        "What is about ManyChat itself (pictures, links to the chat, times of interactions) is not kept.",
        "A flow has no way to correct a field, so bad fields are quarantined.",
    ],
    samples: &[
        sample!("manychat/request.json", JSON, "A body of one's own, from WhatsApp."),
        sample!("manychat/full-contact.json", JSON, "The full data of a contact."),
    ],
    sign: sign_by_header,
};

/// What is about ManyChat and not about the person.
const NOT_OF_THE_PERSON: [&str; 18] = [
    "id",
    "key",
    "page_id",
    "user_refs",
    "user_ref",
    "status",
    "profile_pic",
    "live_chat_url",
    "timezone",
    "subscribed",
    "last_interaction",
    "last_seen",
    "last_input_audio",
    "last_input_image",
    "ig_last_interaction",
    "ig_last_seen",
    "is_followup_enabled",
    "last_growth_tool",
];

/// The answer after which a flow goes on.
const NOTHING_TO_SAY: &str = r#"{"version":"v2","content":{"messages":[]}}"#;

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    // What people typed is put between quotes as it is.
    let document = decode::lenient_document(incoming.headers, incoming.body)?;
    if !matches!(document, Json::Object(_)) {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "one JSON object of fields",
        }
        .into());
    }
    let mut answers = Answers::default();
    for (name, value) in document.members() {
        if NOT_OF_THE_PERSON.contains(&name.as_str()) {
            continue;
        }
        match name.as_str() {
            "last_input_text" => value.flatten("message", &mut answers)?,
            "locale" => value.flatten("language", &mut answers)?,
            "optin_email" => value.flatten("consent.marketing", &mut answers)?,
            "optin_phone" => value.flatten("consent.sms", &mut answers)?,
            "custom_fields" => value.flatten("", &mut answers)?,
            name => value.flatten(name, &mut answers)?,
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: document.text_at("id"),
        grows: true,
        ..Draft::default()
    }]))
}

fn reply(_: &Door<'_>, _: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    match answered {
        Answered::Accepted(_) | Answered::Offered(_) => Some(Reply::json(200, NOTHING_TO_SAY)),
        Answered::Refused(_) | Answered::Unavailable => None,
    }
}

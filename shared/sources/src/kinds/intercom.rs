//! `intercom`: Intercom's webhooks about contacts and conversations.
//!
//! Only what tells of a person who may become a customer is read: new and changed contacts, and conversations that they open
//! or go on with. Colleagues are no leads, and Intercom's `ping` is none.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::kinds::Handshake;
use crate::markup::plain_text;
use crate::moment::moment;
use crate::proof::{Hash, Scheme, Written};
use crate::refusal::{Refusal, Unparseable};
use crate::reply::Reply;
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    handshake: Some(Handshake {
        methods: &["HEAD"],
        asks: |_| true,
        answer: |_, _| Ok(Reply::of(200, "", "")),
    }),
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Intercom",
    takes: "Takes Intercom's webhooks about contacts (`contact.…`) and about conversations that a contact opens or goes on with (`conversation.user.…`, `conversation.contact.…`).",
    setup: &[
        "Developer Hub → your app → Webhooks: the endpoint URL is `{url}`.",
        "Subscribe to `contact.lead.created`, `contact.lead.added_email`, `contact.user.created` and `conversation.user.created`.",
        "Give Leadline the app's client secret (Basic information) as `secret`.",
    ],
    proof: "The header `X-Hub-Signature`: `sha1=` and the hex of HMAC-SHA1 over the raw body under the app's client secret.",
    repeats: "The notification's `id`; where it is `null`, the content.",
    no_lead: "`ping`, what colleagues do, companies, tags, deleted, merged and unsubscribed contacts, and contacts of whom neither address nor number is known yet.",
    answer: "",
    notes: &[
        "Attributes of your own (`custom_attributes`) are fields like those of a form. `unsubscribed_from_emails` is a no to `consent.marketing`.",
        "What the contact wrote becomes the message, oldest first.",
        "Intercom looks with `HEAD` whether the address is there; that is answered `200`. It waits 5 seconds and repeats once, after a minute.",
    ],
    samples: &[
        sample!("intercom/contact.json", JSON, "A contact who left an address."),
        sample!("intercom/conversation.json", JSON, "A conversation that a contact opened."),
        sample!("intercom/ping.json", JSON, "Intercom's test: no lead."),
    ],
    sign: |with, trial| {
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[&trial.body]);
        trial.header(SCHEME.header, signature);
    },
};

const SCHEME: Scheme = Scheme {
    header: "X-Hub-Signature",
    prefix: "sha1=",
    hash: Hash::Sha1,
    written: Written::Hex,
};

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::signed(door, incoming, &SCHEME, &[incoming.body])
}

/// Ends of topics about contacts that tell of nobody new.
const NO_NEWS: [&str; 6] = [
    ".deleted",
    ".archived",
    ".merged",
    ".unsubscribed",
    ".tag.created",
    ".tag.deleted",
];

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let Some(topic) = document.text_at("topic") else {
        return Err(Unparseable::Shape {
            place: "topic",
            expected: "what happened, such as contact.lead.created",
        }
        .into());
    };
    let is_contact =
        topic.starts_with("contact.") && !NO_NEWS.iter().any(|end| topic.ends_with(end));
    let is_conversation = [
        "conversation.user.",
        "conversation.lead.",
        "conversation.contact.",
    ]
    .iter()
    .any(|front| topic.starts_with(front));
    if !is_contact && !is_conversation {
        return Ok(Reading::NotALead {
            why: "an event of Intercom that tells of no contact",
        });
    }
    let item = document.get("data").and_then(|data| data.get("item"));
    let Some(item) = item.filter(|item| matches!(item, Json::Object(_))) else {
        return Err(Unparseable::Shape {
            place: "data.item",
            expected: "an object",
        }
        .into());
    };
    let mut answers = Answers::default();
    let mut transcript = Vec::new();
    if is_contact {
        // Some topics wrap the contact in what happened to it.
        let contact = item.get("contact").unwrap_or(item);
        add_contact(contact, &mut answers)?;
    } else {
        add_conversation(item, &mut answers, &mut transcript)?;
    }
    answers.plain("intercom_topic", topic)?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        transcript,
        external_id: document.text_at("id"),
        submitted_at: document.text_at("created_at").and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

fn add_contact(contact: &Json, answers: &mut Answers) -> Result<(), Unparseable> {
    for (theirs, ours) in [
        ("email", "email"),
        ("phone", "phone"),
        ("name", "full_name"),
        ("browser_language", "language"),
        ("language_override", "language"),
        ("referrer", "referrer"),
        ("utm_source", "utm_source"),
        ("utm_medium", "utm_medium"),
        ("utm_campaign", "utm_campaign"),
        ("utm_term", "utm_term"),
        ("utm_content", "utm_content"),
    ] {
        if let Some(value) = contact.text_at(theirs) {
            answers.plain(ours, value)?;
        }
    }
    let place = contact
        .get("location")
        .or_else(|| contact.get("location_data"));
    if let Some(place) = place {
        for (names, ours) in [
            (["country_code", "country_name", "country"], "country"),
            (["region_name", "region", "region_code"], "region"),
            (["city_name", "city", "city"], "city"),
        ] {
            if let Some(value) = names.iter().find_map(|name| place.text_at(name)) {
                answers.plain(ours, value)?;
            }
        }
    }
    let company = contact
        .get("companies")
        .and_then(|companies| {
            let listed = companies.items_at("companies").first();
            listed
                .or_else(|| companies.items_at("data").first())
                .or_else(|| companies.items().first())
        })
        .and_then(|company| company.text_at("name"));
    if let Some(company) = company {
        answers.plain("company", company)?;
    }
    if contact.text_at("unsubscribed_from_emails").as_deref() == Some("true") {
        answers.plain("consent.marketing", "no")?;
    }
    if let Some(own) = contact.get("custom_attributes") {
        own.flatten("", answers)?;
    }
    Ok(())
}

/// A conversation names its people in a place that depends on the version of the API, and often does not tell their address.
fn add_conversation(
    item: &Json,
    answers: &mut Answers,
    transcript: &mut Vec<String>,
) -> Result<(), Unparseable> {
    let source = item.get("source");
    let people = [
        item.get("user"),
        item.get("contacts")
            .and_then(|contacts| contacts.items_at("contacts").first()),
        source.and_then(|source| source.get("author")),
    ];
    let person = people
        .into_iter()
        .flatten()
        .filter(|person| !is_colleague(person))
        .max_by_key(|person| person.text_at("email").is_some());
    if let Some(person) = person {
        add_contact(person, answers)?;
    }
    if let Some(page) = source.and_then(|source| source.text_at("url")) {
        answers.plain("page_url", page)?;
    }
    let parts = item
        .get("conversation_parts")
        .map_or(&[][..], |parts| parts.items_at("conversation_parts"));
    let opening = source.or_else(|| item.get("conversation_message"));
    for said in opening.into_iter().chain(parts) {
        let Some(body) = said.text_at("body") else {
            continue;
        };
        let text = plain_text(&body);
        if text.is_empty() {
            continue;
        }
        let is_ours = said.get("author").is_some_and(is_colleague);
        let speaker = if is_ours { "agent" } else { "visitor" };
        transcript.push(format!("{speaker}: {text}"));
    }
    Ok(())
}

fn is_colleague(author: &Json) -> bool {
    matches!(
        author.text_at("type").as_deref(),
        Some("admin" | "bot" | "team")
    )
}

//! `hubspot`: webhooks of a HubSpot app or workflow.
//!
//! An app's events say which contact was created and are signed over method, address, body and time; what is known of the
//! contact is fetched. A workflow sends the contact itself. The address that HubSpot signs is the public one.

use std::collections::BTreeMap;

use domain::config::AnswersApi;
use domain::submission::Announced;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::fetched::{Announcement, Asked, Fetch, Fetched};
use crate::proof::{self, Hash, Scheme, Written, fresh, moment};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind {
    fetch: Some(Fetch {
        url: "https://api.hubapi.com",
        ask,
        read: read_answers,
    }),
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "HubSpot",
    takes: "Takes an app's webhooks, up to a hundred events in one request, and the contact that a workflow's action “Send a webhook” posts.",
    setup: &[
        "Set the secret to the app's client secret, and the token to one with the scope `crm.objects.contacts.read`. If only workflows send contacts, leave out `answers`.",
        "Developer account → your app → Webhooks: target URL `{url}`.",
        "Subscribe to `contact.creation`, and activate the subscription.",
    ],
    proof: "The header `X-HubSpot-Signature-v3`: the base64 of HMAC-SHA256 over method, address, raw body and `X-HubSpot-Request-Timestamp`, not older than five minutes, under the client secret. The address is the configured `public_url` with the request's query.",
    repeats: "Portal and contact for an app's events; the contact's id together with the content for a workflow's.",
    no_lead: "Events other than `contact.creation`, such as deals, changes and deletions.",
    answer: "",
    notes: &[
        "Fetched: `GET /crm/v3/objects/contacts/{id}` at `https://api.hubapi.com`, unless `answers.url` says otherwise. Without `answers` an announced contact waits for them for a day, and is quarantined then with that reason; `leadline check` warns of it.",
        "HubSpot allows five seconds for an answer; nothing is fetched before it.",
    ],
    samples: &[
        sample!("hubspot/events.json", JSON, "Two contacts were created, and a deal."),
        sample!("hubspot/deal.json", JSON, "Events about deals: no lead."),
        sample!("hubspot/workflow.json", JSON, "A contact from a workflow: every property has versions."),
    ],
    sign: |with, trial| {
        let time = with.at.as_millisecond().to_string();
        let url = match trial.query.as_str() {
            "" => with.url.to_owned(),
            query => format!("{}?{query}", with.url),
        };
        let message = [
            trial.method.as_bytes(),
            url.as_bytes(),
            &trial.body,
            time.as_bytes(),
        ];
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &message);
        trial.header(SCHEME.header, signature);
        trial.header(TIME_HEADER, time);
    },
};

const SCHEME: Scheme = Scheme {
    header: "X-HubSpot-Signature-v3",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};

const TIME_HEADER: &str = "X-HubSpot-Request-Timestamp";

/// How old a signature may be, in seconds: HubSpot's own advice.
const WINDOW_SECONDS: i64 = 300;

/// What HubSpot writes out in an address before it signs it.
const WRITTEN_OUT: [(&str, &str); 13] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
    ("%5B", "["),
];

/// Properties of a contact that are asked for.
const PROPERTIES: [&str; 20] = [
    "email",
    "phone",
    "mobilephone",
    "firstname",
    "lastname",
    "salutation",
    "jobtitle",
    "company",
    "website",
    "industry",
    "numemployees",
    "annualrevenue",
    "country",
    "state",
    "city",
    "zip",
    "address",
    "message",
    "hs_language",
    "hs_google_click_id",
];

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::usable_secrets(door)?;
    let url = proof::called_url(door, incoming)?;
    proof::only_value(incoming.headers, SCHEME.header)?;
    let time = proof::only_text(incoming.headers, TIME_HEADER)?;
    let at = moment(time).ok_or(Refusal::Unauthorized(Unauthorized::Wrong {
        header: TIME_HEADER,
    }))?;
    let signed = |url: &str| {
        let message = [
            incoming.method.as_bytes(),
            url.as_bytes(),
            incoming.body,
            time.as_bytes(),
        ];
        proof::signed(door, incoming, &SCHEME, &message)
    };
    // Most addresses are the same in both writings.
    let written_out = WRITTEN_OUT
        .iter()
        .fold(url.clone(), |url, (escaped, plain)| url.replace(escaped, plain));
    signed(&url).or_else(|refusal| {
        if written_out == url {
            Err(refusal)
        } else {
            signed(&written_out)
        }
    })?;
    fresh(incoming, TIME_HEADER, at, WINDOW_SECONDS)
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let events = match &document {
        Json::List(events) => events,
        Json::Object(_) if document.get("subscriptionType").is_none() => {
            return Ok(Reading::Drafts(vec![of_contact(&document)?]));
        }
        one @ Json::Object(_) => std::slice::from_ref(one),
        _ => {
            return Err(Unparseable::Shape {
                place: "the body",
                expected: "a list of events, or a contact",
            }
            .into());
        }
    };
    let mut announcements: Vec<Announcement> = Vec::new();
    for event in events {
        let kind = event.text_at("subscriptionType").unwrap_or_default();
        let is_contact = kind == "contact.creation"
            || (kind == "object.creation"
                && event.text_at("objectTypeId").as_deref() == Some("0-1"));
        if !is_contact {
            continue;
        }
        let digits = |name: &str| {
            event
                .text_at(name)
                .filter(|id| id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let (Some(portal), Some(contact)) = (digits("portalId"), digits("objectId")) else {
            return Err(Unparseable::Shape {
                place: "portalId and objectId",
                expected: "the digits of ids",
            }
            .into());
        };
        let id = format!("{portal}-{contact}");
        if announcements.iter().any(|known| known.external_id == id) {
            continue;
        }
        let mut ids = BTreeMap::from([("contact_id".to_owned(), contact)]);
        for (name, theirs) in [("change_source", "changeSource"), ("occurred_at", "occurredAt")] {
            if let Some(value) = event.text_at(theirs) {
                ids.insert(name.to_owned(), value);
            }
        }
        announcements.push(Announcement {
            external_id: id,
            ids,
        });
    }
    Ok(if announcements.is_empty() {
        Reading::NotALead {
            why: "events of HubSpot that create no contact",
        }
    } else {
        Reading::Announced(announcements)
    })
}

fn ask(_: &AnswersApi, announced: &Announced) -> Vec<Asked> {
    let Some(contact) = announced.ids.get("contact_id") else {
        return Vec::new();
    };
    vec![Asked {
        path: format!(
            "/crm/v3/objects/contacts/{contact}?properties={}",
            PROPERTIES.join(",")
        ),
        headers: Vec::new(),
    }]
}

fn read_answers(_: &Announced, documents: &[Json]) -> Result<Fetched, Unparseable> {
    match documents.first() {
        Some(contact) if contact.get("properties").is_some() => {
            Ok(Fetched::Draft(of_contact(contact)?))
        }
        _ => Err(Unparseable::Shape {
            place: "properties",
            expected: "what is known of the contact",
        }),
    }
}

/// A contact: properties as values, or as objects that hold the value and its earlier versions.
fn of_contact(contact: &Json) -> Result<Draft, Unparseable> {
    let mut answers = Answers::default();
    let properties = contact.get("properties").unwrap_or(contact);
    for (name, property) in properties.members() {
        let value = match property.get("value") {
            Some(value) => value.scalar(),
            None => property.scalar(),
        };
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
            continue;
        };
        match name.as_str() {
            "hs_google_click_id" => answers.plain("gclid", value)?,
            "hs_facebook_click_id" => answers.plain("fbclid", value)?,
            "hs_language" => answers.plain("language", value)?,
            "numemployees" => answers.plain("employees", value)?,
            // What HubSpot works out for itself. Dates and scores say nothing about the person.
            own if own.starts_with("hs_")
                || own.starts_with("num_")
                || matches!(own, "createdate" | "lastmodifieddate" | "lifecyclestage") => {}
            name => answers.plain(name, value)?,
        }
    }
    let id = contact
        .text_at("vid")
        .or_else(|| contact.text_at("id"))
        .or_else(|| properties.text_at("hs_object_id"));
    Ok(Draft {
        answers,
        external_id: id,
        grows: true,
        ..Draft::default()
    })
}

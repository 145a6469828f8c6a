//! `meta-leadgen`: lead ads on Facebook and Instagram.
//!
//! The webhook says only that there is a lead and under which id; the answers are fetched from the Graph API. The same
//! address gets everything else that the app subscribed to (messages among it), which is no lead.

use std::collections::BTreeMap;

use domain::config::AnswersApi;
use domain::submission::Announced;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::fetched::{Announcement, Asked, Fetch, Fetched};
use crate::proof::{self, Hash, Scheme, Written, moment};
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode, handshake};

pub(super) const KIND: Kind = Kind {
    handshake: Some(handshake::HUB),
    fetch: Some(Fetch {
        url: "https://graph.facebook.com/v23.0",
        ask,
        read: read_answers,
    }),
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Meta lead ads (Facebook, Instagram)",
    takes: "Takes the webhook `leadgen` of a page. It holds ids only; the answers are fetched from the Graph API with the token that `answers` names.",
    setup: &[
        "Set the secret to the app's secret (App settings → Basic), `handshake_secret` to a word that you make up, and the token to the page's, with the permission `leads_retrieval`.",
        "Webhooks → Page → Subscribe: callback URL `{url}`, verify token: that word. Meta asks at once, and Leadline answers.",
        "Subscribe to the field `leadgen`, and the page to the app (`/{page-id}/subscribed_apps?subscribed_fields=leadgen`).",
        "Send a lead with the Lead Ads Testing Tool.",
    ],
    proof: "The header `X-Hub-Signature-256`: `sha256=` and the hexadecimal HMAC-SHA256 over the raw body under the app's secret.",
    repeats: "`leadgen_id`.",
    no_lead: "What is not of the field `leadgen`, such as messages, and what the console's test button sends (id `444444444444`).",
    answer: "",
    notes: &[
        "Handshake: `GET` with `hub.mode=subscribe` and the verify token is answered with `hub.challenge`.",
        "Fetched: `GET /{leadgen_id}` at `https://graph.facebook.com/v23.0`, unless `answers.url` names another version or place, with the token in the header `Authorization`. What cannot be fetched is tried again for a day and then quarantined with the reason.",
        "Names of campaign, ad set, ad and form, and the platform, are kept as `custom.`. A question of your own is kept under its text.",
    ],
    samples: &[
        sample!("meta-leadgen/two-pages.json", JSON, "Leads of two pages in one delivery, ids as texts and as numbers, and a message among them."),
        sample!("meta-leadgen/test-button.txt", JSON, "What the console's test button sends."),
        sample!("meta-leadgen/message.json", JSON, "A message to the page: no lead."),
        sample!(
            "GET",
            "hub.mode=subscribe&hub.challenge=1158201444",
            "meta-leadgen/handshake.txt",
            &[],
            "The handshake."
        ),
    ],
    sign: |with, trial| {
        if trial.method == "GET" {
            trial.parameter("hub.verify_token", with.handshake_secret);
            return;
        }
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[&trial.body]);
        trial.header(SCHEME.header, signature);
    },
};

/// Meta's, of every product.
const SCHEME: Scheme = Scheme {
    header: "X-Hub-Signature-256",
    prefix: "sha256=",
    hash: Hash::Sha256,
    written: Written::Hex,
};

/// The id in what the console's test button sends: nothing can be fetched for it.
const TEST_ID: &str = "444444444444";

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::signed(door, incoming, &SCHEME, &[incoming.body])
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let changes = document
        .get("entry")
        .map_or(&[][..], Json::items)
        .iter()
        .flat_map(|entry| entry.get("changes").map_or(&[][..], Json::items))
        .filter(|change| change.text_at("field").as_deref() == Some("leadgen"))
        .filter_map(|change| change.get("value"));
    let mut announcements: Vec<Announcement> = Vec::new();
    let mut is_test = false;
    for value in changes {
        let Some(id) = value.text_at("leadgen_id").filter(|id| is_id(id)) else {
            return Err(Unparseable::Shape {
                place: "entry.changes.value.leadgen_id",
                expected: "the digits of a lead's id",
            }
            .into());
        };
        if id == TEST_ID {
            is_test = true;
            continue;
        }
        if announcements.iter().any(|known| known.external_id == id) {
            continue;
        }
        let ids: BTreeMap<String, String> =
            ["page_id", "form_id", "ad_id", "adgroup_id", "created_time"]
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), value.text_at(name)?)))
                .collect();
        announcements.push(Announcement {
            external_id: id,
            ids,
        });
    }
    Ok(match (announcements.is_empty(), is_test) {
        (false, _) => Reading::Announced(announcements),
        (true, true) => Reading::NotALead {
            why: "what Meta's test button sends",
        },
        (true, false) => Reading::NotALead {
            why: "an event of Meta that announces no lead",
        },
    })
}

/// Ids of Meta are digits. Nothing else may become part of an address.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_digit())
}

fn ask(_: &AnswersApi, announced: &Announced) -> Vec<Asked> {
    const FIELDS: &str = "field_data,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform";
    vec![Asked {
        path: format!("/{}?fields={FIELDS}", announced.external_id),
        headers: Vec::new(),
    }]
}

fn read_answers(announced: &Announced, documents: &[Json]) -> Result<Fetched, Unparseable> {
    let Some(lead) = documents.first().filter(|lead| lead.get("field_data").is_some()) else {
        return Err(Unparseable::Shape {
            place: "field_data",
            expected: "the answers of the lead",
        });
    };
    let mut answers = Answers::default();
    for field in lead.get("field_data").map_or(&[][..], Json::items) {
        let Some(name) = field.text_at("name") else {
            continue;
        };
        for value in field.get("values").map_or(&[][..], Json::items) {
            if let Some(value) = value.scalar() {
                answers.spoken(&name, None, value)?;
            }
        }
    }
    for name in [
        "form_id",
        "ad_id",
        "ad_name",
        "adset_id",
        "adset_name",
        "campaign_id",
        "campaign_name",
        "platform",
        "is_organic",
    ] {
        if let Some(value) = lead.text_at(name) {
            answers.plain(name, value)?;
        }
    }
    let created = lead
        .text_at("created_time")
        .or_else(|| announced.ids.get("created_time").cloned());
    Ok(Fetched::Draft(Draft {
        answers,
        submitted_at: created.and_then(|at| moment(&at)),
        ..Draft::default()
    }))
}

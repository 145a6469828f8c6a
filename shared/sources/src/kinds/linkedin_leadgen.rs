//! `linkedin-leadgen`: LinkedIn's Lead Sync.
//!
//! The event holds ids only; response and form are fetched. The handshake is answered for UUIDs alone: LinkedIn signs
//! events with the very secret that answers challenges, and whoever could have any text signed (`hmacsha256=` and a body)
//! could forge events.

use std::collections::BTreeMap;

use domain::config::AnswersApi;

use domain::submission::Announced;

use super::{Handshake, Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answer, Answers, Draft};
use crate::consent::purpose_of;
use crate::decode::json::Json;
use crate::fetched::{Announcement, Asked, Fetch, Fetched};
use crate::handshake::parameter;
use crate::proof::{self, Hash, Scheme, Written, moment};
use crate::refusal::{Refusal, Unparseable};
use crate::reply::Reply;
use crate::vocabulary::{Meaning, is_uuid};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind {
    handshake: Some(Handshake {
        methods: &["GET"],
        asks: |_| true,
        answer: answer_challenge,
    }),
    fetch: Some(Fetch {
        url: "https://api.linkedin.com",
        ask,
        read: read_answers,
    }),
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "LinkedIn lead gen forms",
    takes: "Takes the notifications of Lead Sync. They hold ids only; response and form are fetched with the token that `answers` names.",
    setup: &[
        "Set the secret to the app's client secret, and the token to an access token with the scope `r_marketing_leadgen_automation`.",
        "Developer portal → your app → Webhooks → Create webhook: `{url}`. LinkedIn sends a challenge at once and every two hours.",
        "Subscribe the account to lead notifications (`POST /rest/leadNotifications`).",
    ],
    proof: "The header `X-LI-Signature`: the hexadecimal HMAC-SHA256 over `hmacsha256=` and the raw body under the client secret.",
    repeats: "The URN of the response.",
    no_lead: "`leadAction` other than `CREATED`: with `DELETED` the person withdraws.",
    answer: "",
    notes: &[
        "Handshake: `GET ?challengeCode=UUID` is answered with the code and its HMAC. Nothing but a UUID is signed, since any other text would let a stranger forge an event.",
        "Fetched: `GET /rest/leadFormResponses/{id}` and `GET /rest/leadForms/{id}` at `https://api.linkedin.com`, unless `answers.url` says otherwise, with `Linkedin-Version` from `answers.version` (`202509` by default). LinkedIn retires a version after a year.",
        "A response that LinkedIn marks as a test is quarantined with that reason.",
    ],
    samples: &[
        sample!("linkedin-leadgen/created.json", JSON, "A response to a sponsored form."),
        sample!("linkedin-leadgen/deleted.json", JSON, "A person withdraws: no lead."),
    ],
    sign: |with, trial| {
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[SIGNED_FIRST, &trial.body]);
        trial.header(SCHEME.header, signature);
    },
};

const SCHEME: Scheme = Scheme {
    header: "X-LI-Signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

/// What is signed before the body. Some descriptions have it in the header as well.
const SIGNED_FIRST: &[u8] = b"hmacsha256=";

/// The version of the interface that is asked for unless the configuration says another.
const VERSION: &str = "202509";

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::usable_secrets(door)?;
    let given = proof::only_value(incoming.headers, SCHEME.header)?;
    let signature = given.strip_prefix(SIGNED_FIRST).unwrap_or(given);
    proof::signature_matches(door, &SCHEME, signature, &[SIGNED_FIRST, incoming.body])
}

fn answer_challenge(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reply, Refusal> {
    let secrets = proof::usable_secrets(door)?;
    let code = parameter(incoming, "challengeCode").filter(|code| is_uuid(code));
    let (Some(code), Some(secret)) = (code, secrets.first()) else {
        return Err(Unparseable::Shape {
            place: "the parameter `challengeCode`",
            expected: "a UUID; nothing else is signed",
        }
        .into());
    };
    let response = proof::signature(&SCHEME, secret.as_bytes(), &[code.as_bytes()]);
    let answer = serde_json::json!({ "challengeCode": code, "challengeResponse": response });
    Ok(Reply::json(200, answer.to_string()))
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if document.text_at("type").as_deref() != Some("LEAD_ACTION") {
        return Ok(Reading::NotALead {
            why: "an event of LinkedIn that is about no lead",
        });
    }
    if document.text_at("leadAction").as_deref() != Some("CREATED") {
        return Ok(Reading::NotALead {
            why: "a response to a form of LinkedIn that was withdrawn",
        });
    }
    let shape = |place, expected| Refusal::from(Unparseable::Shape { place, expected });
    let response = document
        .text_at("leadGenFormResponse")
        .filter(|urn| id_of(urn).is_some())
        .ok_or(shape("leadGenFormResponse", "the URN of a response"))?;
    let mut ids = BTreeMap::new();
    for name in ["leadGenForm", "leadType", "occurredAt"] {
        if let Some(value) = document.text_at(name) {
            ids.insert(name.to_owned(), value);
        }
    }
    for (place, kinds) in [
        ("owner", ["sponsoredAccount", "organization"]),
        ("associatedEntity", ["sponsoredCreative", "event"]),
    ] {
        for kind in kinds {
            if let Some(urn) = document.get(place).and_then(|place| place.text_at(kind)) {
                ids.insert(kind.to_owned(), urn);
            }
        }
    }
    Ok(Reading::Announced(vec![Announcement {
        external_id: response,
        ids,
    }]))
}

/// The last part of a URN, if it may stand in an address.
fn id_of(urn: &str) -> Option<&str> {
    let id = urn.rsplit(':').next()?;
    let is_id = !id.is_empty()
        && id.len() <= 128
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (is_id && urn.starts_with("urn:li:")).then_some(id)
}

/// The form's id in `urn:li:versionedLeadGenForm:(urn:li:leadGenForm:12,1)`.
fn form_of(urn: &str) -> Option<&str> {
    let start = urn.find("urn:li:leadGenForm:")? + "urn:li:leadGenForm:".len();
    let digits = &urn[start..];
    let end = digits
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(digits.len());
    (1..=32).contains(&end).then(|| &digits[..end])
}

fn ask(api: &AnswersApi, announced: &Announced) -> Vec<Asked> {
    let version = api.version.as_deref().unwrap_or(VERSION);
    let headers = || {
        vec![
            ("linkedin-version", version.to_owned()),
            ("x-restli-protocol-version", "2.0.0".to_owned()),
        ]
    };
    let response = id_of(&announced.external_id).map(|id| format!("/rest/leadFormResponses/{id}"));
    let form = announced
        .ids
        .get("leadGenForm")
        .and_then(|urn| form_of(urn))
        .map(|id| format!("/rest/leadForms/{id}"));
    response
        .into_iter()
        .chain(form)
        .map(|path| Asked {
            path,
            headers: headers(),
        })
        .collect()
}

fn read_answers(announced: &Announced, documents: &[Json]) -> Result<Fetched, Unparseable> {
    let Some(response) = documents.first() else {
        return Err(Unparseable::Shape {
            place: "leadGenFormResponse",
            expected: "an id that can be asked for",
        });
    };
    if matches!(response.get("testLead"), Some(Json::Flag(true))) {
        return Ok(Fetched::Test {
            why: "LinkedIn marks this response as a test",
        });
    }
    let content = documents.get(1).and_then(|form| form.get("content"));
    let questions = content
        .and_then(|content| content.get("questions"))
        .map_or(&[][..], Json::items);
    let Some(filled) = response.get("formResponse") else {
        return Err(Unparseable::Shape {
            place: "formResponse",
            expected: "the answers of the response",
        });
    };
    let mut answers = Answers::default();
    for answer in filled.get("answers").map_or(&[][..], Json::items) {
        add_answer(answer, questions, &mut answers)?;
    }
    let consents = content
        .and_then(|content| content.get("legalInfo"))
        .and_then(|legal| legal.get("consents"))
        .map_or(&[][..], Json::items);
    for consent in filled.get("consentResponses").map_or(&[][..], Json::items) {
        add_consent(consent, consents, &mut answers)?;
    }
    let campaign = response
        .get("leadMetadata")
        .and_then(|all| all.get("sponsoredLeadMetadata"))
        .and_then(|sponsored| sponsored.text_at("campaign"));
    if let Some(campaign) = campaign {
        answers.plain("campaign_id", campaign)?;
    }
    if let Some(form) = announced.ids.get("leadGenForm").and_then(|urn| form_of(urn)) {
        answers.plain("form_id", form)?;
    }
    Ok(Fetched::Draft(Draft {
        answers,
        submitted_at: response
            .text_at("submittedAt")
            .and_then(|at| moment(&at)),
        ..Draft::default()
    }))
}

fn add_answer(answer: &Json, questions: &[Json], answers: &mut Answers) -> Result<(), Unparseable> {
    let id = answer.text_at("questionId");
    let question = questions
        .iter()
        .find(|question| id.is_some() && question.text_at("questionId") == id);
    let label = question.and_then(|question| {
        localized(question.get("question")).or_else(|| question.text_at("name"))
    });
    let predefined = question.and_then(|question| question.text_at("predefinedField"));
    let name = answer
        .text_at("name")
        .or(predefined)
        .or_else(|| label.clone())
        .or_else(|| id.map(|id| format!("question {id}")))
        .unwrap_or_else(|| "question".to_owned());
    let Some(details) = answer.get("answerDetails") else {
        return Ok(());
    };
    if let Some(text) = details
        .get("textQuestionAnswer")
        .and_then(|text| text.text_at("answer"))
    {
        answers.spoken(&name, label.as_deref(), text)?;
    }
    let options = question
        .and_then(|question| question.get("questionDetails"))
        .and_then(|details| details.get("multipleChoiceQuestionDetails"))
        .and_then(|details| details.get("options"))
        .map_or(&[][..], Json::items);
    let chosen = details
        .get("multipleChoiceAnswer")
        .and_then(|choice| choice.get("options"))
        .map_or(&[][..], Json::items);
    for chosen in chosen.iter().filter_map(Json::scalar) {
        let option = options
            .iter()
            .find(|option| option.text_at("id").as_deref() == Some(chosen.as_str()));
        let text = option.and_then(|option| localized(option.get("text")));
        answers.spoken(&name, label.as_deref(), text.unwrap_or(chosen))?;
    }
    Ok(())
}

fn add_consent(given: &Json, consents: &[Json], answers: &mut Answers) -> Result<(), Unparseable> {
    let id = given.text_at("consentId");
    let text = consents
        .iter()
        .find(|consent| id.is_some() && consent.text_at("id") == id)
        .and_then(|consent| localized(consent.get("consent")).or_else(|| consent.text_at("text")));
    let accepted = matches!(given.get("accepted"), Some(Json::Flag(true)));
    let purpose = purpose_of(text.as_deref().unwrap_or_default()).to_owned();
    answers.push(Answer {
        name: format!("linkedin_consent_{}", id.unwrap_or_default()),
        label: text,
        hint: Some(Meaning::Consent(purpose)),
        value: accepted.to_string(),
    })
}

/// A text, or the first of its translations: `{"localized": {"en_US": "…"}}`.
fn localized(text: Option<&Json>) -> Option<String> {
    let text = text?;
    text.scalar().or_else(|| {
        let (_, first) = text.get("localized")?.members().first()?;
        first.scalar()
    })
}


#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::meaning_of;
    use domain::field::Field;

    #[test]
    fn the_names_that_linkedin_gives_to_its_fields_are_understood() {
        for (name, field) in [
            ("emailaddress", Field::Email),
            ("EMAIL", Field::Email),
            ("WORK_EMAIL", Field::Email),
            ("phonenumber", Field::Phone),
            ("PHONE_NUMBER", Field::Phone),
            ("WORK_PHONE_NUMBER", Field::Phone),
            ("firstname", Field::FirstName),
            ("LAST_NAME", Field::LastName),
            ("companyname", Field::Company),
            ("COMPANY_NAME", Field::Company),
            ("JOB_TITLE", Field::Title),
            ("COMPANY_SIZE", Field::Employees),
        ] {
            let meaning = meaning_of(name).map(|(meaning, _)| meaning);
            assert_eq!(meaning, Some(Meaning::Field(field)), "{name}");
        }
    }

    #[test]
    fn only_what_may_stand_in_an_address_is_taken_out_of_a_urn() {
        assert_eq!(id_of("urn:li:leadGenFormResponse:1a2b3c-4"), Some("1a2b3c-4"));
        assert_eq!(id_of("urn:li:leadGenFormResponse:../../x"), None);
        assert_eq!(id_of("urn:li:leadGenFormResponse:a?b"), None);
        assert_eq!(id_of("1a2b3c-4"), None);
        assert_eq!(form_of("urn:li:versionedLeadGenForm:(urn:li:leadGenForm:12, 1)"), Some("12"));
        assert_eq!(form_of("urn:li:leadGenForm:x"), None);
    }
}

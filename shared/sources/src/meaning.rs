//! From answers to fields: which answer means what, which of several counts, and what a person agreed to.
//!
//! Nothing that was said is lost: an answer that means nothing to Leadline, and one that another was preferred to, are kept
//! under `custom.` and the sender's own name. The order of differently named answers never matters.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use domain::config::Source;
use domain::field::{Field, MAX_MESSAGE, parse_flag};
use domain::names::split_full_name;
use domain::submission::Consent;
use jiff::Timestamp;

use crate::Incoming;
use crate::answers::Draft;
use crate::consent::agreement;
use crate::evidence;
use crate::page;
use crate::suspicion;
use crate::vocabulary::{Meaning, custom_name, meaning_of, squashed};

/// Fields in which forms give the id of the browser: what `leadline.js` calls it, and what `POST /v1/events` does.
const VISITOR_FIELDS: [&str; 2] = ["leadline_visitor", "visitor"];

/// Most parameters of an address that are looked at for attribution.
const MAX_PARAMETERS: usize = 100;

/// What a draft says, not yet checked. No `Debug`: it is somebody's data.
#[derive(Default)]
pub(crate) struct Meant {
    /// Field and text; never blank.
    pub(crate) values: BTreeMap<Field, String>,
    /// By purpose.
    pub(crate) consent: BTreeMap<String, Consent>,
    /// The sender's own id, whole.
    pub(crate) external_id: Option<String>,
    /// The id of the browser in which the form was filled in.
    pub(crate) visitor: Option<String>,
    /// Names of answers that belong to the form's machinery and change with every page load.
    pub(crate) technical: BTreeSet<String>,
}

impl Meant {
    /// What a person gets to see and correct: field = text, and `consent.PURPOSE` = `true` or `false`.
    pub(crate) fn raw(&self) -> BTreeMap<String, String> {
        let fields = self
            .values
            .iter()
            .map(|(field, text)| (field.to_string(), text.clone()));
        let consent = self
            .consent
            .iter()
            .map(|(purpose, consent)| (format!("consent.{purpose}"), consent.granted.to_string()));
        fields.chain(consent).collect()
    }

    /// Whether there is an e-mail address or a phone number, right or wrong.
    pub(crate) fn has_contact(&self) -> bool {
        self.values.contains_key(&Field::Email) || self.values.contains_key(&Field::Phone)
    }

    /// Keeps a text under a name of the sender's own, beside what is there already.
    pub(crate) fn keep(&mut self, name: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let kept = self
            .values
            .entry(Field::Custom(name.to_owned()))
            .or_default();
        if kept.is_empty() {
            text.clone_into(kept);
        } else if !kept.split(", ").any(|known| known == text) {
            kept.push_str(", ");
            kept.push_str(text);
        }
    }
}

/// Whether `name` may stand left in a source's `map`: a field that is no fact, `full_name` (split into first and last),
/// `external_id` (the sender's own id, which then tells repeats apart), or `consent.PURPOSE`.
pub fn is_map_target(name: &str) -> bool {
    map_target(name).is_some()
}

fn map_target(name: &str) -> Option<Meaning> {
    match name {
        "full_name" => return Some(Meaning::FullName),
        "external_id" => return Some(Meaning::ExternalId),
        _ => {}
    }
    if let Some(purpose) = name.strip_prefix("consent.") {
        return domain::field::is_custom_name(purpose)
            .then(|| Meaning::Consent(purpose.to_owned()));
    }
    Field::from_str(name)
        .ok()
        .filter(|field| !field.is_fact())
        .map(Meaning::Field)
}

/// All answers of one name.
struct Question<'a> {
    name: &'a str,
    label: Option<&'a str>,
    hint: Option<&'a Meaning>,
    values: Vec<&'a str>,
}

impl Question<'_> {
    /// The name under which an answer without a meaning is kept: names that a machine made up say nothing to a person.
    fn custom_name(&self) -> String {
        match self.label {
            Some(label) if is_made_up(self.name) => custom_name(label),
            _ => custom_name(self.name),
        }
    }
}

/// Whether it is a name such as `45678961-d3e4-4603-b12e-a789e456b901`.
fn is_made_up(name: &str) -> bool {
    let lengths: Vec<usize> = name.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

/// What the draft says. Answers are matched by the source's `map` first, then by name, by question, and by the sender's own
/// type of the field. Among several for one field the best match that is not blank counts; messages are joined.
pub(crate) fn of(draft: &Draft, source: &Source, incoming: &Incoming<'_>) -> Meant {
    let map = wanted(source);
    let mut meant = Meant::default();
    let mut candidates: BTreeMap<Field, Vec<(Rank, &Question<'_>)>> = BTreeMap::new();
    let mut full_names: Vec<(Rank, &Question<'_>)> = Vec::new();
    let mut consents: Vec<(String, &Question<'_>)> = Vec::new();
    let mut consent_text = None;

    let questions = questions(draft);
    for question in &questions {
        if suspicion::is_honeypot(source, question.name)
            || suspicion::is_clock(source, question.name)
        {
            meant.technical.insert(question.name.to_owned());
            continue;
        }
        if VISITOR_FIELDS.contains(&question.name.to_ascii_lowercase().as_str()) {
            meant.technical.insert(question.name.to_owned());
            meant.visitor = meant
                .visitor
                .or_else(|| first_said(question).map(str::to_owned));
            continue;
        }
        let found = if draft.is_mapped {
            map_target(question.name).map(|meaning| ((0, 0), meaning))
        } else {
            rank(question, &map)
        };
        let Some((rank, meaning)) = found else {
            keep_all(&mut meant, question);
            continue;
        };
        match meaning {
            Meaning::Field(custom @ Field::Custom(_)) => {
                for value in &question.values {
                    meant.keep(custom.to_string().trim_start_matches("custom."), value);
                }
            }
            Meaning::Field(field) => candidates.entry(field).or_default().push((rank, question)),
            Meaning::FullName => full_names.push((rank, question)),
            Meaning::ExternalId => {
                meant.external_id = meant
                    .external_id
                    .or_else(|| first_said(question).map(str::to_owned))
            }
            Meaning::Consent(purpose) => consents.push((purpose, question)),
            Meaning::ConsentText => consent_text = consent_text.or(first_said(question)),
            Meaning::Own(name) => {
                for value in &question.values {
                    meant.keep(name, value);
                }
            }
            Meaning::Technical => {
                meant.technical.insert(question.name.to_owned());
            }
        }
    }

    for (field, mut found) in candidates {
        found.sort_by(|left, right| (left.0, left.1.name).cmp(&(right.0, right.1.name)));
        if field == Field::Message {
            join_messages(&mut meant, &found)
        } else {
            prefer_first(&mut meant, field, &found)
        }
    }
    full_names.sort_by(|left, right| (left.0, left.1.name).cmp(&(right.0, right.1.name)));
    add_names(&mut meant, &full_names);
    let agreed_at = draft
        .submitted_at
        .map_or(incoming.received_at, |at| at.min(incoming.received_at));
    add_consents(&mut meant, &consents, consent_text, agreed_at);
    add_transcript(&mut meant, &draft.transcript);
    add_attribution(&mut meant, draft, incoming);
    for place in [Field::PageUrl, Field::Referrer] {
        if let Some(address) = meant.values.get_mut(&place) {
            *address = page::without_personal_data(address);
        }
    }
    evidence::add(&mut meant, &draft.answers);

    if let Some(id) = &draft.external_id {
        meant.external_id = Some(id.clone());
    }
    meant
}

/// How well an answer matches: first by what it was recognised, then by its place among the words for it. Less is better.
type Rank = (u8, usize);

/// What the configuration says about names, squashed.
fn wanted(source: &Source) -> Vec<(String, Meaning, usize)> {
    let mut wanted = Vec::new();
    for (target, names) in &source.map {
        let Some(meaning) = map_target(target) else {
            continue;
        };
        for (place, name) in names.names().iter().enumerate() {
            let squashed = squashed(name);
            if !squashed.is_empty() {
                wanted.push((squashed, meaning.clone(), place));
            }
        }
    }
    wanted
}

fn rank(question: &Question<'_>, wanted: &[(String, Meaning, usize)]) -> Option<(Rank, Meaning)> {
    let names = [Some(question.name), question.label];
    for name in names.iter().flatten() {
        let squashed = squashed(name);
        if let Some((_, meaning, place)) = wanted.iter().find(|(known, _, _)| *known == squashed) {
            return Some(((0, *place), meaning.clone()));
        }
    }
    let by_hint = question.hint.map(|hint| ((3, 0), hint.clone()));
    for (quality, name) in (1..).zip(names.iter().flatten()) {
        let Some((meaning, place)) = meaning_of(name) else {
            continue;
        };
        // A field that takes nothing but e-mail addresses holds one, whatever it is called (`Best address`, `Adresse`).
        if let Some((rank, hint)) = &by_hint
            && matches!(hint, Meaning::Field(Field::Email | Field::Phone))
            && matches!(meaning, Meaning::Field(_) | Meaning::FullName)
            && meaning != *hint
        {
            return Some((*rank, hint.clone()));
        }
        return Some(((quality, place), meaning));
    }
    by_hint
}

/// Answers by name, in the order of names; those of one name in their own order.
fn questions(draft: &Draft) -> Vec<Question<'_>> {
    let mut questions: BTreeMap<&str, Question<'_>> = BTreeMap::new();
    for answer in draft.answers.iter() {
        let question = questions.entry(&answer.name).or_insert_with(|| Question {
            name: &answer.name,
            label: answer.label.as_deref(),
            hint: answer.hint.as_ref(),
            values: Vec::new(),
        });
        question.values.push(&answer.value);
    }
    questions.into_values().collect()
}

fn first_said<'a>(question: &Question<'a>) -> Option<&'a str> {
    question
        .values
        .iter()
        .copied()
        .find(|value| !value.trim().is_empty())
}

fn keep_all(meant: &mut Meant, question: &Question<'_>) {
    let name = question.custom_name();
    for value in &question.values {
        meant.keep(&name, value);
    }
}

fn prefer_first(meant: &mut Meant, field: Field, found: &[(Rank, &Question<'_>)]) {
    let mut chosen: Option<String> = None;
    for (_, question) in found {
        for value in question
            .values
            .iter()
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
        {
            match &chosen {
                None => chosen = Some(value.to_owned()),
                // The same address typed a second time to confirm it says nothing new.
                Some(known) if known.to_lowercase() == value.to_lowercase() => {}
                Some(_) => meant.keep(&question.custom_name(), value),
            }
        }
    }
    if let Some(chosen) = chosen {
        meant.values.insert(field, chosen);
    }
}

fn join_messages(meant: &mut Meant, found: &[(Rank, &Question<'_>)]) {
    let mut parts: Vec<&str> = Vec::new();
    for value in found
        .iter()
        .flat_map(|(_, question)| &question.values)
        .map(|value| value.trim())
    {
        if !value.is_empty() && !parts.contains(&value) {
            parts.push(value);
        }
    }
    if !parts.is_empty() {
        meant.values.insert(Field::Message, parts.join("\n\n"));
    }
}

/// A full name fills what is blank of first and last name. Beside one of the two it is either both (then the known one is
/// taken out of it) or the other one: German forms call the last name `Name` where there is a `Vorname`, French ones `Nom`.
fn add_names(meant: &mut Meant, full_names: &[(Rank, &Question<'_>)]) {
    let Some(full) = full_names
        .iter()
        .find_map(|(_, question)| first_said(question))
    else {
        return;
    };
    let full = full.trim();
    let without = |known: &str, part: Option<&str>| match part {
        Some(rest)
            if rest.is_empty()
                || rest.starts_with(char::is_whitespace)
                || rest.ends_with(char::is_whitespace) =>
        {
            rest.trim().to_owned()
        }
        _ if full == known => String::new(),
        _ => full.to_owned(),
    };
    let first = meant
        .values
        .get(&Field::FirstName)
        .map(|name| name.trim().to_owned());
    let last = meant
        .values
        .get(&Field::LastName)
        .map(|name| name.trim().to_owned());
    let (first, last) = match (first, last) {
        (Some(_), Some(_)) => return,
        (Some(first), None) => {
            let rest = without(&first, full.strip_prefix(first.as_str()));
            (first, rest)
        }
        (None, Some(last)) => (without(&last, full.strip_suffix(last.as_str())), last),
        (None, None) => split_full_name(full),
    };
    for (field, name) in [(Field::FirstName, first), (Field::LastName, last)] {
        if !name.trim().is_empty() {
            meant.values.insert(field, name);
        }
    }
}

/// An agreement counts only if the answer clearly says yes or no; of several for one purpose, one no is a no. Of repeats of
/// one field the last counts, as in forms that put a hidden `0` before the checkbox.
fn add_consents(
    meant: &mut Meant,
    consents: &[(String, &Question<'_>)],
    text: Option<&str>,
    at: Timestamp,
) {
    for (purpose, question) in consents {
        let Some(value) = question
            .values
            .iter()
            .rev()
            .map(|value| value.trim())
            .find(|value| !value.is_empty())
        else {
            continue;
        };
        let Some(granted) = agreement(value) else {
            keep_all(meant, question);
            continue;
        };
        let said = if parse_flag(value).is_none() {
            Some(value)
        } else {
            question.label.or(text)
        };
        let said = said.map(|said| said.chars().take(domain::field::MAX_TEXT).collect());
        match meant.consent.get_mut(purpose) {
            None => {
                meant.consent.insert(
                    purpose.clone(),
                    Consent {
                        granted,
                        at,
                        text: said,
                        evidence: None,
                    },
                );
            }
            Some(known) => {
                known.granted &= granted;
                known.text = known.text.take().or(said);
            }
        }
    }
}

/// The conversation follows what was written for the message, as far back from its end as there is room.
fn add_transcript(meant: &mut Meant, lines: &[String]) {
    let message = meant
        .values
        .get(&Field::Message)
        .map(|message| format!("{message}\n\n"))
        .unwrap_or_default();
    let mut room = MAX_MESSAGE.saturating_sub(message.chars().count());
    let mut kept: Vec<String> = Vec::new();
    for line in lines.iter().rev() {
        let length = line.chars().count() + usize::from(!kept.is_empty());
        if length > room {
            // Of one line that is longer than everything allowed, its end.
            if kept.is_empty() && room > 0 {
                kept.push(line.chars().skip(length - room).collect());
            }
            break;
        }
        room -= length;
        kept.push(line.clone());
    }
    if !kept.is_empty() {
        kept.reverse();
        meant
            .values
            .insert(Field::Message, message + &kept.join("\n"));
    }
}

/// Fills attribution that no answer gave: the page from the request, campaign parameters from the page's address and from
/// that of the request.
fn add_attribution(meant: &mut Meant, draft: &Draft, incoming: &Incoming<'_>) {
    if let Some(page_url) = &draft.page_url {
        meant
            .values
            .entry(Field::PageUrl)
            .or_insert_with(|| page_url.clone());
    }
    let of_page = meant
        .values
        .get(&Field::PageUrl)
        .and_then(|page| page.split_once('?'))
        .map(|(_, query)| query.split('#').next().unwrap_or_default());
    let queries = [
        of_page.map(str::to_owned),
        incoming.query.map(str::to_owned),
    ];
    for query in queries.iter().flatten() {
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).take(MAX_PARAMETERS) {
            let Ok(field) = Field::from_str(&name.to_ascii_lowercase()) else {
                continue;
            };
            let is_place = matches!(field, Field::PageUrl | Field::Referrer);
            if field.is_attribution() && !is_place && !value.trim().is_empty() {
                meant
                    .values
                    .entry(field)
                    .or_insert_with(|| value.into_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests;

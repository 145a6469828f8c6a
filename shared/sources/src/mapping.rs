//! Reading a document that somebody else designed by the paths of the configuration ([`domain::config::mapping`]).
//!
//! A document is JSON, or XML or a form as JSON. What a path leads to is text, a number, a flag, or a list of these; each
//! step of a path passes every value of the document at most once.

use domain::config::mapping::{JsonPath, Letters, Mapping, MappingSteps, NamePart, Only, Step};
use domain::config::{OneOrMany, Source};
use domain::names::split_full_name;
use domain::submission::FieldProblem;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::decode::xml::OWN_TEXT;
use crate::kinds::Reading;
use crate::moment::moment;
use crate::refusal::{Refusal, Unparseable};

/// Most leads of one request.
pub(crate) const MAX_RECORDS: usize = 500;

/// Most values that one path leads to.
const MAX_VALUES: usize = 50;

/// Reads every record of `document`: by `fields` if the source has them, else by what the sender calls things, as a form.
///
/// `usual` is where a record stands if the source does not say; paths from the root begin at `document`.
pub(crate) fn read(
    document: &Json,
    usual: Option<&Json>,
    source: &Source,
) -> Result<Reading, Refusal> {
    let records: Vec<&Json> = match &source.records {
        Some(path) => look_up(path, document, document)
            .into_iter()
            .flat_map(items_of)
            .collect(),
        None => match usual.unwrap_or(document) {
            // Automation tools wrap what they send in a list.
            Json::List(items) => items.iter().collect(),
            one => vec![one],
        },
    };
    if records.len() > MAX_RECORDS {
        return Err(Unparseable::TooManyRecords { limit: MAX_RECORDS }.into());
    }
    if records.is_empty() {
        return Ok(Reading::NotALead {
            why: "a document without records",
        });
    }
    let mut drafts = Vec::new();
    let is_alone = records.len() == 1;
    for (index, record) in records.into_iter().enumerate() {
        if source
            .only
            .as_ref()
            .is_some_and(|only| !is_wanted(only, document, record))
        {
            continue;
        }
        let draft = if source.fields.is_empty() {
            by_name(record)
        } else {
            by_path(document, record, source)
        };
        drafts.push(match draft {
            Err(why) if !is_alone => unreadable(index, record, &why),
            draft => draft?,
        });
    }
    if drafts.iter().all(|draft| draft.unreadable.is_some())
        && let Some(first) = drafts.iter_mut().find_map(|draft| draft.unreadable.take())
    {
        return Err(Refusal::Fields(vec![first]));
    }
    if drafts.is_empty() {
        return Ok(Reading::NotALead {
            why: "not what `only` in the configuration lets in",
        });
    }
    Ok(Reading::Drafts(drafts))
}

/// Whether the source says how its documents are read.
pub(crate) fn is_configured(source: &Source) -> bool {
    !source.fields.is_empty() || source.records.is_some() || source.only.is_some()
}

/// Gives what has no id of its own that of the delivery: the first record as it is, each further one with its place.
pub(crate) fn identify(reading: &mut Reading, id: &str) {
    let Reading::Drafts(drafts) = reading else {
        return;
    };
    for (index, draft) in drafts.iter_mut().enumerate() {
        if draft.external_id.is_none() {
            draft.external_id = Some(if index == 0 {
                id.to_owned()
            } else {
                format!("{id}#{index}")
            });
        }
    }
}

/// One of several records that cannot be read: kept as it came, for a person, while the others go on. `index` counts from
/// 0, and is named as JSON paths name it.
pub(crate) fn unreadable(index: usize, record: &Json, why: &Refusal) -> Draft {
    let mut draft = Draft {
        unreadable: Some(FieldProblem {
            field: format!("[{index}]"),
            code: "unreadable".to_owned(),
            message: format!("record {} of the document: {}", index + 1, why.detail()),
        }),
        ..Draft::default()
    };
    // As much of it as there is room for; without it there is still its place.
    let _ = record.flatten("record", &mut draft.answers);
    draft
}

fn is_wanted(only: &Only, document: &Json, record: &Json) -> bool {
    let found = texts(&only.path, document, record);
    found.iter().any(|text| {
        let wanted = only.is.names().iter();
        wanted
            .map(|wanted| wanted.trim().to_lowercase())
            .any(|wanted| wanted == text.trim().to_lowercase())
    })
}

fn by_name(record: &Json) -> Result<Draft, Refusal> {
    if !matches!(record, Json::Object(_)) {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "an object of fields, or a list of them",
        }
        .into());
    }
    let mut answers = Answers::default();
    record.flatten("", &mut answers)?;
    Ok(Draft {
        answers,
        ..Draft::default()
    })
}

fn by_path(document: &Json, record: &Json, source: &Source) -> Result<Draft, Refusal> {
    let mut draft = Draft {
        is_mapped: true,
        ..Draft::default()
    };
    for (target, mapping) in &source.fields {
        let values = values_of(mapping, document, record);
        match target.as_str() {
            "external_id" => draft.external_id = values.into_iter().next(),
            "submitted_at" => {
                draft.submitted_at = values.first().and_then(|value| moment(value));
            }
            _ => {
                for value in values {
                    draft.answers.plain(target, value)?;
                }
            }
        }
    }
    Ok(draft)
}

/// What a mapping makes of a record: nothing blank.
fn values_of(mapping: &Mapping, document: &Json, record: &Json) -> Vec<String> {
    let Some(steps) = mapping.steps() else {
        return first_said(mapping.paths(), document, record);
    };
    let found = if steps.join.is_empty() {
        first_said(&steps.path, document, record)
    } else {
        let parts: Vec<String> = steps
            .join
            .iter()
            .flat_map(|path| texts(path, document, record))
            .collect();
        let joined = parts.join(steps.with.as_deref().unwrap_or(" "));
        if parts.is_empty() {
            Vec::new()
        } else {
            vec![joined]
        }
    };
    let mut values: Vec<String> = found
        .iter()
        .map(|value| changed(value, steps))
        .filter(|value| !value.trim().is_empty())
        .collect();
    if values.is_empty() {
        values.extend(steps.default.clone());
    }
    values
}

fn first_said(paths: &[JsonPath], document: &Json, record: &Json) -> Vec<String> {
    paths
        .iter()
        .map(|path| texts(path, document, record))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// One value after every step that is given.
fn changed(value: &str, steps: &MappingSteps) -> String {
    let mut value = value.trim();
    if let Some(characters) = &steps.trim {
        value = value.trim_matches(|character: char| {
            character.is_whitespace() || characters.contains(character)
        });
    }
    if let Some(rest) = steps
        .without
        .as_deref()
        .and_then(|front| value.strip_prefix(front))
    {
        value = rest.trim();
    }
    let mut value = match steps.name {
        Some(NamePart::First) => split_full_name(value).0,
        Some(NamePart::Last) => split_full_name(value).1,
        None => value.to_owned(),
    };
    match steps.letters {
        Some(Letters::Lower) => value = value.to_lowercase(),
        Some(Letters::Upper) => value = value.to_uppercase(),
        None => {}
    }
    if !steps.values.is_empty() {
        let meant = steps
            .values
            .iter()
            .find(|(theirs, _)| theirs.trim().to_lowercase() == value.to_lowercase())
            .map(|(_, ours)| ours)
            .or(steps.otherwise.as_ref());
        if let Some(meant) = meant {
            value.clone_from(meant);
        }
    }
    if let Some(formats) = &steps.date {
        value = dated(&value, formats, steps.timezone.as_deref()).unwrap_or(value);
    }
    value
}

/// A date or a moment as RFC 3339 writes it.
fn dated(text: &str, formats: &OneOrMany, timezone: Option<&str>) -> Option<String> {
    let zone = timezone.map_or(Some(TimeZone::UTC), |name| TimeZone::get(name).ok())?;
    formats
        .names()
        .iter()
        .find_map(|format| match format.as_str() {
            "unix" => Timestamp::from_second(text.parse().ok()?)
                .ok()
                .map(|at| at.to_string()),
            "unix_ms" => Timestamp::from_millisecond(text.parse().ok()?)
                .ok()
                .map(|at| at.to_string()),
            format => {
                let parsed = BrokenDownTime::parse(format, text).ok()?;
                if let Ok(at) = parsed.to_timestamp() {
                    return Some(at.to_string());
                }
                let date = parsed.to_date().ok()?;
                if parsed.hour().is_none() {
                    return Some(date.to_string());
                }
                let time = parsed.to_time().ok()?;
                let local = zone.to_zoned(DateTime::from_parts(date, time)).ok()?;
                Some(local.timestamp().to_string())
            }
        })
}

/// The texts that a path leads to, none of them blank.
fn texts(path: &JsonPath, document: &Json, record: &Json) -> Vec<String> {
    let found = look_up(path, document, record);
    let scalars = found.into_iter().flat_map(items_of).filter_map(text_of);
    scalars
        .filter(|text| !text.trim().is_empty())
        .take(MAX_VALUES)
        .collect()
}

/// A scalar as text; of an element of XML with attributes, its own text.
fn text_of(value: &Json) -> Option<String> {
    value
        .scalar()
        .or_else(|| value.get(OWN_TEXT).and_then(Json::scalar))
}

fn look_up<'a>(path: &JsonPath, document: &'a Json, record: &'a Json) -> Vec<&'a Json> {
    let mut found = vec![if path.is_from_root() {
        document
    } else {
        record
    }];
    for step in path.steps() {
        found = match step {
            Step::Key(key) => found
                .into_iter()
                .filter_map(|value| value.get(key))
                .collect(),
            Step::Index(index) => found
                .into_iter()
                .filter_map(|value| items_of(value).get(*index))
                .collect(),
            Step::All => found.into_iter().flat_map(items_of).collect(),
            Step::Where { keys, value } => found
                .into_iter()
                .flat_map(items_of)
                .filter(|item| has(item, keys, value))
                .collect(),
        };
    }
    found
}

fn has(item: &Json, keys: &[String], wanted: &str) -> bool {
    let mut value = item;
    for key in keys {
        match value.get(key) {
            Some(inner) => value = inner,
            None => return false,
        }
    }
    text_of(value).is_some_and(|text| text.trim() == wanted.trim())
}

/// The items of a list; what is no list is a list of one, as XML has it.
fn items_of(value: &Json) -> &[Json] {
    match value {
        Json::List(items) => items,
        Json::Null => &[],
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests;

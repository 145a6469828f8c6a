//! From a row to a submission.

use std::collections::BTreeMap;

use domain::field::{Field, Fields, parse_flag};
use domain::id::SubmissionId;
use domain::submission::{FieldProblem, Quarantined, Submission};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Content, Row, problem};
use crate::answers::Draft;
use crate::decode::json::{self, Json};
use crate::decode::xml;
use crate::kinds::draft_of_prospect;
use crate::refusal::Unparseable;
use crate::vocabulary::{Meaning, meaning_of, squashed};
use crate::{
    Door, Incoming, MAX_EXTERNAL_ID, Parsed, checks, evidence, identity, meaning, suspicion,
};

/// Names of columns that hold the sender's own id of a submission, as they are compared.
const ID_COLUMNS: [&str; 7] = [
    "id",
    "leadid",
    "leadgenid",
    "externalid",
    "submissionid",
    "responseid",
    "entryid",
];

/// Shortest id that tells submissions apart by itself, in characters. Shorter ones count the rows of a file, and begin
/// anew in the next file.
const MIN_ID: usize = 8;

/// One row, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Its number, from 1.
    pub number: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What came of it.
    pub outcome: Result<Parsed, Vec<FieldProblem>>,
    /// The row that says the same, if an earlier one does: both are one submission.
    pub repeats: Option<u64>,
}

/// Makes submissions of the rows of one file.
pub struct Checker<'a> {
    door: &'a Door<'a>,
    incoming: &'a Incoming<'a>,
    seen: BTreeMap<SubmissionId, (u64, [u8; 32])>,
    /// Of a file in pieces: what rows of earlier pieces say whose id is the sender's.
    earlier: Option<SenderIds>,
}

/// What a request has that stands for a file which nobody sent in a request: headers that say nothing.
pub fn senderless(headers: &HeaderMap, received_at: Timestamp) -> Incoming<'_> {
    Incoming {
        method: "POST",
        query: None,
        headers,
        body: &[],
        received_at,
    }
}

impl<'a> Checker<'a> {
    /// A checker for a file that came through `door`.
    pub fn new(door: &'a Door<'a>, incoming: &'a Incoming<'a>) -> Self {
        Self {
            door,
            incoming,
            seen: BTreeMap::new(),
            earlier: None,
        }
    }

    /// A checker for one piece of a file, which knows what `earlier` pieces said. Rows without an id of the sender's are
    /// compared within the piece only: one that says what an earlier piece did is the same submission in any case.
    pub fn of_piece(door: &'a Door<'a>, incoming: &'a Incoming<'a>, earlier: SenderIds) -> Self {
        Self {
            earlier: Some(earlier),
            ..Self::new(door, incoming)
        }
    }

    /// What the next piece has to know: all that this one knew, and what it said itself.
    pub fn into_earlier(self) -> SenderIds {
        self.earlier.unwrap_or_default()
    }

    /// Takes note of a row that was checked before and found right, without checking it again.
    pub fn remember(&mut self, row: Row) {
        let Ok(draft) = draft(row.content) else {
            return;
        };
        let meant = meaning::of(&draft, self.door.source, self.incoming);
        let external_id = meant.external_id.clone().or_else(|| sender_id(&draft));
        if let (Some(id), Some(earlier)) = (external_id, &mut self.earlier) {
            let said = short(&identity::digest(&draft, &meant));
            earlier.contradicts(&id, said, row.number);
        }
    }

    /// Checks one row.
    ///
    /// Its id comes of the sender's id for it or, if there is none, of what it says: never of the file, the row's place in
    /// it or the time, so that a row that comes again in whatever file is the same submission. The sender's id is what
    /// the source's `map` calls `external_id`; else a column such as `id` or `lead_id`, if what it holds has at least eight
    /// characters and no blank.
    pub fn check(&mut self, row: Row) -> Checked {
        let Row {
            number,
            line,
            content,
        } = row;
        let mut repeats = None;
        let outcome = self.submission(number, content, &mut repeats);
        Checked {
            number,
            line,
            outcome,
            repeats,
        }
    }

    fn submission(
        &mut self,
        number: u64,
        content: Content,
        repeats: &mut Option<u64>,
    ) -> Result<Parsed, Vec<FieldProblem>> {
        let door = self.door;
        let draft = draft(content).map_err(|found| vec![found])?;
        let meant = meaning::of(&draft, door.source, self.incoming);
        // What `map` or the prospect says is in there already.
        let external_id = meant.external_id.clone().or_else(|| sender_id(&draft));
        let digest = identity::digest(&draft, &meant);
        let derive =
            |kind: &str, key: &[u8]| SubmissionId::derive(door.pepper, door.name, kind, key);
        let id = match &external_id {
            // As for a webhook: a file that fills a gap repeats what came through.
            Some(external_id) => derive("event", external_id.as_bytes()),
            None => derive("row", &digest),
        };
        let mut fields = checks::check(&meant, door.source, door.default_country)?;
        evidence::keep_once(&mut fields, &meant.consent);
        let unwanted = suspicion::to_be_corrected(&fields, door.source);
        if !unwanted.is_empty() {
            return Err(unwanted);
        }
        let in_earlier = match (&external_id, &mut self.earlier) {
            (Some(external_id), Some(earlier)) => {
                earlier.contradicts(external_id, short(&digest), number)
            }
            _ => None,
        };
        if let Some(earlier) = in_earlier {
            return Err(vec![said_otherwise(earlier)]);
        }
        match self.seen.get(&id) {
            None => {
                self.seen.insert(id, (number, digest));
            }
            Some((earlier, said)) if *said == digest => *repeats = Some(*earlier),
            Some((earlier, _)) => {
                return Err(vec![said_otherwise(*earlier)]);
            }
        }
        let mut suspicions = suspicion::of(&draft, &fields, door.source, self.incoming);
        // No page was there to show one.
        suspicions.retain(|found| found.code != suspicion::CAPTCHA_MISSING);
        if !suspicions.is_empty() {
            return Ok(Parsed::Quarantined(Quarantined {
                id,
                source: door.name.to_owned(),
                received_at: self.incoming.received_at,
                problems: suspicions,
                raw: meant.raw(),
            }));
        }
        Ok(Parsed::Submission(Submission {
            id,
            earlier: None,
            later: None,
            source: door.name.to_owned(),
            received_at: self.incoming.received_at,
            fields,
            facts: Fields::new(),
            consent: meant.consent,
            external_id: external_id.map(|id| id.chars().take(MAX_EXTERNAL_ID).collect()),
            // A file is written long after anybody looked at a page.
            visitor: None,
            captcha: None,
            bought: None,
            released: false,
        }))
    }
}

/// Finds, over a file of any length, rows that have the same id of the sender's and say something else. Goes by the names
/// of columns alone unless a [`Checker`] uses it, and remembers some tens of bytes for each row that has such an id.
#[derive(Default)]
pub struct SenderIds(BTreeMap<u64, (u64, u64)>);

impl SenderIds {
    /// What is wrong with a row that an earlier one contradicts.
    pub fn contradicted(&mut self, row: &Row) -> Option<FieldProblem> {
        let draft = draft(row.content.clone()).ok()?;
        let id = draft.external_id.clone().or_else(|| sender_id(&draft))?;
        let said = short(&identity::digest(&draft, &meaning::Meant::default()));
        self.contradicts(&id, said, row.number).map(said_otherwise)
    }

    /// The number of the earlier row that has this id and says something else; else the row is remembered.
    fn contradicts(&mut self, id: &str, said: u64, number: u64) -> Option<u64> {
        let id = short(&Sha256::digest(id.as_bytes()));
        match self.0.get(&id) {
            Some((earlier, known)) if *known != said => Some(*earlier),
            Some(_) => None,
            None => {
                self.0.insert(id, (number, said));
                None
            }
        }
    }

    /// How many ids are remembered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn said_otherwise(earlier: u64) -> FieldProblem {
    problem(
        "external_id",
        "id_repeated",
        format!(
            "row {earlier} has the same id and says something else; give each row an id of its own, or leave out that column"
        ),
    )
}

impl Row {
    /// The row as text that says the same: a prospect of ADF as it is, every other row as one line of JSON whatever the
    /// file was written in. Such texts of one file's rows, one on each line, are a file.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub fn text(&self) -> Result<String, FieldProblem> {
        match &self.content {
            // Within texts, JSON has line breaks as escapes only.
            Content::Json(text) => return Ok(text.replace(['\n', '\r'], " ")),
            Content::Prospect(text) => return Ok(text.clone()),
            Content::Cells { .. } | Content::Broken { .. } => {}
        }
        let draft = draft(self.content.clone())?;
        let mut object: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for answer in draft.answers.iter() {
            object.entry(&answer.name).or_default().push(&answer.value);
        }
        serde_json::to_string(&object)
            .map_err(|_| problem("row", "unreadable", "this cannot be written as JSON"))
    }
}

fn short(digest: &[u8]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn sender_id(draft: &Draft) -> Option<String> {
    let mut answers = draft.answers.iter();
    let answer = answers.find(|answer| {
        let value = answer.value.trim();
        ID_COLUMNS.contains(&squashed(&answer.name).as_str())
            && value.chars().count() >= MIN_ID
            && !value.contains(char::is_whitespace)
    })?;
    Some(answer.value.trim().to_owned())
}

/// What a row says, not yet understood.
fn draft(content: Content) -> Result<Draft, FieldProblem> {
    let mut draft = Draft::default();
    let unreadable = |why: Unparseable| problem("row", "unreadable", why.to_string());
    match content {
        Content::Broken {
            field,
            code,
            message,
        } => return Err(problem(&field, code, message)),
        Content::Cells { names, cells } => {
            contradiction(&names, &cells)?;
            for (name, cell) in names.iter().zip(&cells) {
                let cell = cell.trim();
                if !cell.is_empty() {
                    let value = without_prefix(name, cell);
                    draft.answers.plain(name, value).map_err(unreadable)?;
                }
            }
        }
        Content::Prospect(text) => {
            let prospect = xml::element(&text).map_err(|why| match why {
                // A line within the row would be taken for one of the file.
                Unparseable::Xml { what, .. } => problem(
                    "row",
                    "unreadable",
                    format!("the XML of this <prospect> {what}"),
                ),
                other => unreadable(other),
            })?;
            return draft_of_prospect(&prospect).map_err(unreadable);
        }
        Content::Json(text) => {
            let document = json::read(&text).map_err(|why| match why {
                // A line within the row would be taken for one of the file.
                Unparseable::Json { column, .. } => problem(
                    "row",
                    "unreadable",
                    format!("this is not valid JSON at column {column}"),
                ),
                other => unreadable(other),
            })?;
            if !matches!(document, Json::Object(_)) {
                return Err(problem(
                    "row",
                    "unreadable",
                    "each row should be one JSON object of fields",
                ));
            }
            document
                .flatten("", &mut draft.answers)
                .map_err(unreadable)?;
        }
    }
    Ok(draft)
}

/// Two columns of one name that say different things: whichever was taken, the other might be the right one, and a no beside
/// a yes is no agreement. Messages are joined and what means nothing to Leadline is kept, so those may differ.
fn contradiction(names: &[String], cells: &[String]) -> Result<(), FieldProblem> {
    let mut said: BTreeMap<String, &str> = BTreeMap::new();
    for (name, cell) in names.iter().zip(cells) {
        let cell = cell.trim();
        let is_one = matches!(
            meaning_of(name),
            Some((Meaning::Field(ref field), _)) if !matches!(field, Field::Message | Field::Custom(_))
        ) || matches!(
            meaning_of(name),
            Some((
                Meaning::FullName | Meaning::ExternalId | Meaning::Consent(_),
                _
            ))
        );
        if cell.is_empty() || !is_one {
            continue;
        }
        match said.insert(squashed(name), cell) {
            Some(earlier) if !says_the_same(earlier, cell) => {
                return Err(problem(
                    name,
                    "column_repeated",
                    "two columns have this name and say different things; leave one out, or call it something else",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether two cells say the same: in other letters, or as another word for yes or no.
fn says_the_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
        || parse_flag(one).is_some_and(|flag| parse_flag(other) == Some(flag))
}

/// A cell without what Meta's exports put in front of ids and phone numbers, to keep spreadsheets from rounding them:
/// `l:` (lead), `ag:` (ad), `as:` (ad set), `c:` (campaign), `f:` (form), `p:` (phone), `z:` (postal code).
fn without_prefix<'a>(name: &str, cell: &'a str) -> &'a str {
    let Some((prefix, rest)) = cell.split_once(':') else {
        return cell;
    };
    let wanted = match squashed(name).as_str() {
        "id" => "l",
        "adid" => "ag",
        "adsetid" => "as",
        "campaignid" => "c",
        "formid" => "f",
        "zipcode" | "zip" | "postcode" | "postalcode" => "z",
        _ => "p",
    };
    let is_number = rest.chars().all(|character| {
        character.is_ascii_digit() || matches!(character, '+' | ' ' | '-' | '(' | ')' | '.')
    });
    if prefix == wanted && !rest.is_empty() && (wanted != "p" || is_number) {
        rest.trim_start()
    } else {
        cell
    }
}

//! What waits for a person: the list, and discarding what will never become a lead. Correcting it is in `submissions`.

use domain::decision::Outcome;
use domain::id::SubmissionId;
use lambda_http::Request;
use lambda_http::http::StatusCode;
use serde_json::{Map, Value};
use table::{Deed, Record, Step, Waiting};
use web::Problem;

use crate::answers::{self, Submissions};
use crate::feedback::MAX_TEXT;
use crate::problems::{self, field, invalid_fields, table_failed, wrong_state};
use crate::submissions::{problem_as_reason, submission_id};
use crate::{Answer, Api, object};

/// Submissions on one page, if nobody asks for another number; and the most that can be asked for.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// Entries looked at for one page, at most: where they are of other sources, the page is short and names the next.
const MAX_LOOKED_AT: usize = 1_000;

/// What is asked for.
struct Wish {
    source: Option<String>,
    before: Option<Waiting>,
    limit: usize,
}

impl Api {
    /// The quarantined submissions, the newest first.
    pub(crate) async fn list_submissions(&self, request: &Request) -> Answer {
        let wish = wish(request)?;
        if let Some(name) = &wish.source
            && !self.current().await?.config.sources.contains_key(name)
        {
            return Err(invalid_fields(&[field(
                "source",
                "unknown_source",
                "there is no source of this name in the configuration",
            )]));
        }
        let mut found: Vec<answers::Submission> = Vec::new();
        let mut before = wish.before;
        let mut looked_at = 0;
        let mut next = None;
        'pages: loop {
            let entries = self.table.waiting(before, wish.limit + 1).await;
            let entries = entries.map_err(|error| table_failed(&error))?;
            let is_last = entries.len() <= wish.limit;
            for entry in entries {
                if found.len() == wish.limit || looked_at == MAX_LOOKED_AT {
                    next = before.map(cursor_of);
                    break 'pages;
                }
                looked_at += 1;
                before = Some(entry);
                let known = self.table.submission(entry.submission).await;
                let record = known.map_err(|error| table_failed(&error))?.record;
                match record {
                    Some(record) if record.outcome == Outcome::Quarantined => {
                        let is_wanted = wish
                            .source
                            .as_ref()
                            .is_none_or(|name| *name == record.source);
                        if is_wanted {
                            found.push(listed(record));
                        }
                    }
                    Some(_) => {
                        let done = self.table.unlist_waiting(entry).await;
                        done.map_err(|error| table_failed(&error))?;
                    }
                    // Listed a moment before it is written.
                    None => {}
                }
            }
            if is_last {
                break;
            }
        }
        Ok(web::json(
            StatusCode::OK,
            &Submissions {
                submissions: found,
                next,
            },
        ))
    }

    /// A quarantined submission that will never become a lead.
    pub(crate) async fn discard(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let id = submission_id(name)?;
        let (reason, by) = deed(&object(request)?)?;
        let pepper = self.pepper().await?;
        let once = self.once(request, &pepper, now).await?;
        let record = self.record_of(id).await?;
        if once.is_done {
            return self.answer_about(record).await;
        }
        let digest = pepper.hash(&[b"discarded", reason.as_bytes()]);
        let step = Step {
            at: now,
            deed: Deed::Discarded { reason },
            by,
        };
        if record.outcome == Outcome::Rejected {
            let steps = self
                .table
                .steps(id)
                .await
                .map_err(|error| table_failed(&error))?;
            // The same again, or one that broke off before it was noted.
            let is_other = steps.iter().any(|known| {
                matches!(known.deed, Deed::Discarded { .. }) && known.deed != step.deed
            });
            if is_other {
                return Err(wrong_state(
                    "the submission was discarded for another reason",
                ));
            }
        } else {
            let rejected = Record {
                outcome: Outcome::Rejected,
                // Nobody needs any more what a person sent who will not be called.
                quarantined: record.quarantined.clone().map(|mut quarantined| {
                    quarantined.raw.clear();
                    quarantined
                }),
                ..record.clone()
            };
            self.reopen_in_ledger(&record).await?;
            let ended = self.table.end_quarantine(&rejected).await;
            if !ended.map_err(|error| table_failed(&error))? {
                return Err(wrong_state(format!(
                    "the submission is {}; only one that is in quarantine, and not on its way with a correction, can be discarded",
                    record.outcome
                )));
            }
        }
        let noted = self.table.note_step(id, digest, &step).await;
        noted.map_err(|error| table_failed(&error))?;
        let entry = Waiting::new(record.received_at, id);
        let unlisted = self.table.unlist_waiting(entry).await;
        unlisted.map_err(|error| table_failed(&error))?;
        self.note_done(&once, now).await?;
        let record = self.record_of(id).await?;
        self.answer_about(record).await
    }
}

fn listed(record: Record) -> answers::Submission {
    let quarantined = record.quarantined;
    let problems = quarantined
        .iter()
        .flat_map(|quarantined| &quarantined.problems);
    answers::Submission {
        id: record.id.to_string(),
        source: record.source,
        received_at: record.received_at.into(),
        outcome: record.outcome.to_string(),
        lead: None,
        repeats: None,
        reasons: problems.map(problem_as_reason).collect(),
        fields: quarantined.map(|quarantined| quarantined.raw),
        history: Vec::new(),
        offer: None,
    }
}

/// Reason and author of a discard.
fn deed(object: &Map<String, Value>) -> Result<(String, Option<String>), Problem> {
    let mut wrong = Vec::new();
    let mut text = |name: &str| match object.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text))
            if !text.trim().is_empty() && text.chars().count() <= MAX_TEXT =>
        {
            Some(text.trim().to_owned())
        }
        Some(_) => {
            wrong.push(field(
                name,
                "invalid",
                &format!("this is text of 1 to {MAX_TEXT} characters"),
            ));
            None
        }
    };
    let (reason, by) = (text("reason"), text("by"));
    if reason.is_none() && wrong.iter().all(|problem| problem.field != "reason") {
        wrong.push(field(
            "reason",
            "required",
            "say why it will never become a lead",
        ));
    }
    for name in object
        .keys()
        .filter(|name| !["reason", "by"].contains(&name.as_str()))
    {
        wrong.push(field(name, "unknown_field", "there are reason and by"));
    }
    match reason {
        Some(reason) if wrong.is_empty() => Ok((reason, by)),
        _ => Err(invalid_fields(&wrong)),
    }
}

fn cursor_of(entry: Waiting) -> String {
    format!("{}-{}", entry.second, entry.submission.digits())
}

fn entry_of(cursor: &str) -> Option<Waiting> {
    let (second, digits) = cursor.split_once('-')?;
    let bits = domain::id::decode(digits).ok()?;
    let second = second.parse().ok().filter(|second| *second >= 0)?;
    Some(Waiting {
        second,
        submission: SubmissionId::from_bits(bits),
    })
}

fn wish(request: &Request) -> Result<Wish, Problem> {
    let parameters = web::query(request.uri().query())
        .ok_or_else(|| Problem::of(problems::BAD_QUERY).detail("percent-encode it as UTF-8"))?;
    let mut wish = Wish {
        source: None,
        before: None,
        limit: DEFAULT_LIMIT,
    };
    let mut wrong = Vec::new();
    let mut says_outcome = false;
    for (name, value) in parameters {
        match name.as_str() {
            "outcome" => {
                says_outcome = true;
                if value != "quarantined" {
                    wrong.push(field(
                        "outcome",
                        "unsupported_filter",
                        "only quarantined submissions are listed; ask for outcome=quarantined",
                    ));
                }
            }
            "source" => wish.source = Some(value),
            "cursor" => match entry_of(&value) {
                Some(entry) => wish.before = Some(entry),
                None => wrong.push(field(
                    "cursor",
                    "invalid",
                    "give the cursor as `next` had it",
                )),
            },
            "limit" => match value.parse() {
                Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => wish.limit = limit,
                _ => wrong.push(field("limit", "invalid", "limit is a number from 1 to 200")),
            },
            other => wrong.push(field(
                other,
                "unknown",
                "there are outcome, source, cursor and limit",
            )),
        }
    }
    if !says_outcome {
        wrong.push(field("outcome", "required", "ask for outcome=quarantined"));
    }
    if wrong.is_empty() {
        Ok(wish)
    } else {
        Err(invalid_fields(&wrong))
    }
}

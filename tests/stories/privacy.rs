//! No personal datum where it does not belong: a whole life, and everything that somebody who may not see leads could see
//! of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tests::deployment::{AwsCall, RawAnswer};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::life::{Life, PERSONAL, SECRET};
use crate::scan::Needles;

/// Everything of ours, down to the last detail. All others at the level that `template.yaml` gives them.
const LEVELS: &str = "info,api=trace,assign=trace,capture=trace,cli=trace,deliver=trace,domain=trace,engines=trace,\
    enrich=trace,outbound=trace,platform=trace,queue=trace,recycle=trace,score=trace,sources=trace,table=trace,web=trace";

/// What was logged in this process. Other stories log here too; their data is not what is looked for.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// For the whole process, since work is also done on threads that a test does not know.
pub(crate) fn log() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    let start = || {
        let log = Log::default();
        let writer = log.clone();
        let levels: EnvFilter = std::env::var("LEADLINE_PRIVACY_LEVELS")
            .unwrap_or_else(|_| LEVELS.to_owned())
            .parse()
            .unwrap();
        tracing_subscriber::fmt()
            .with_env_filter(levels)
            .with_ansi(false)
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .try_init()
            .unwrap();
        log
    };
    LOG.get_or_init(start).clone()
}

/// What was found where it must not be.
struct Findings {
    personal: Needles,
    secret: Needles,
    found: BTreeSet<String>,
}

impl Findings {
    fn new() -> Self {
        Self {
            personal: Needles::of(PERSONAL),
            secret: Needles::of(SECRET),
            found: BTreeSet::new(),
        }
    }

    /// These must hold neither personal data nor secrets.
    fn nothing_in<'a>(&mut self, texts: impl IntoIterator<Item = &'a (String, String)>) {
        let texts: Vec<_> = texts.into_iter().collect();
        self.found.extend(found(&self.personal, &texts));
        self.found.extend(found(&self.secret, &texts));
    }

    /// These may hold personal data: whoever reads them may read leads.
    fn no_secret_in<'a>(&mut self, texts: impl IntoIterator<Item = &'a (String, String)>) {
        let texts: Vec<_> = texts.into_iter().collect();
        self.found.extend(found(&self.secret, &texts));
    }
}

/// What of the data is in texts, each given after its place. All are searched at once, and one by one only where there is
/// something to be found.
fn found(needles: &Needles, texts: &[&(String, String)]) -> Vec<String> {
    let all: BTreeSet<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let all: Vec<&str> = all.into_iter().collect();
    if needles.found_in(&all.join("\n")).is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (place, text) in texts {
        let found = needles.found_in(text);
        if !found.is_empty() {
            let start: String = text.chars().take(600).collect();
            findings.push(format!("{place}: {}\n    in {start}", found.join("; ")));
        }
    }
    findings
}

#[test]
fn a_whole_life_leaves_no_personal_datum_in_logs_keys_attributes_and_errors() {
    let life = Life::lived();
    let mut findings = Findings::new();

    let logged = String::from_utf8(log().0.lock().unwrap().clone()).unwrap();
    let named = |place: &str, text: &str| (place.to_owned(), text.to_owned());
    let lines: Vec<_> = logged.lines().map(|line| named("log", line)).collect();
    findings.nothing_in(&lines);
    let failures: Vec<_> = life
        .failures
        .iter()
        .map(|text| named("what Lambda is told", text))
        .collect();
    findings.nothing_in(&failures);
    let calls: Vec<_> = life.calls.iter().map(seen_of).collect();
    findings.nothing_in(&calls);
    let bodies: Vec<_> = life
        .calls
        .iter()
        .map(|call| named(&call.target, &call.body.to_string()))
        .collect();
    findings.no_secret_in(&bodies);
    let webhooks: Vec<_> = life
        .delivered
        .iter()
        .map(|body| named("a webhook", body))
        .collect();
    findings.no_secret_in(&webhooks);

    let is_of_leads = |(asked, answer): &&(String, RawAnswer)| {
        answer.status < 300 && !asked.contains("/v1/sources/") && !asked.contains("/v1/events")
    };
    let (of_leads, others): (Vec<_>, Vec<_>) = life.answers.iter().partition(is_of_leads);
    let as_text = |(asked, answer): &(String, RawAnswer)| {
        (
            format!("{} to {asked}", answer.status),
            format!("{} {}", answer.headers, answer.body),
        )
    };
    let of_leads: Vec<_> = of_leads.into_iter().map(as_text).collect();
    let others: Vec<_> = others.into_iter().map(as_text).collect();
    findings.no_secret_in(&of_leads);
    findings.nothing_in(&others);
    let told: Vec<&str> = of_leads.iter().map(|(_, text)| text.as_str()).collect();
    let told = findings
        .personal
        .found_in(&told.join("\n"))
        .into_iter()
        .map(str::to_owned)
        .collect();
    let found: Vec<String> = findings.found.iter().cloned().collect();
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
    judge_the_life(life, &logged, &told);
}

/// What makes the story above worth something: all of this happened, and the scan finds the data where it may be.
fn judge_the_life(life: &Life, logged: &str, told: &BTreeSet<String>) {
    let levels: Vec<&str> = ["ERROR", "WARN", "INFO"]
        .into_iter()
        .filter(|level| logged.contains(&format!(" {level} ")))
        .collect();
    assert_eq!(levels, ["ERROR", "WARN", "INFO"]);
    for sentence in [
        "was refused",
        "a request was refused",
        "a request could not be served",
        "a message cannot be read",
        "is tried again",
        "could not be told",
        "says that it is gone",
        "a provider did not answer",
        "a provider refused",
        "is looked at again",
        "lead.assigned",
    ] {
        assert!(
            logged.contains(sentence),
            "nothing logged that {sentence:?}"
        );
    }
    let statuses: BTreeSet<u16> = life
        .answers
        .iter()
        .map(|(_, answer)| answer.status)
        .collect();
    for status in [200, 202, 400, 401, 404, 405, 409, 413, 422, 503] {
        assert!(
            statuses.contains(&status),
            "no answer was {status}: {statuses:?}"
        );
    }
    assert!(!life.failures.is_empty(), "recycle failed once");
    assert!(
        life.delivered.len() > 10,
        "{} webhooks",
        life.delivered.len()
    );
    for what in [
        "e-mail, canonical, as it is",
        "first name, as it is",
        "last name, escaped for JSON",
        "phone, digits",
        "company, as it is",
        "message, as it is",
        "reason of sales, as it is",
        "wrong e-mail, as it is",
    ] {
        assert!(told.contains(what), "the API never told {what}: {told:?}");
    }
    let targets: BTreeSet<String> = life.calls.iter().map(|call| call.target.clone()).collect();
    println!(
        "{} log lines, {} answers, {} AWS calls of {} kinds, {} webhooks scanned",
        logged.lines().count(),
        life.answers.len(),
        life.calls.len(),
        targets.len(),
        life.delivered.len()
    );
}

/// What AWS sees of a call besides the bodies of items and of messages: those are data and encrypted as such.
fn seen_of(call: &AwsCall) -> (String, String) {
    let mut seen = call.body.clone();
    if call.target.starts_with("DynamoDB") {
        without_bodies(&mut seen);
    } else if call.target.starts_with("AmazonSQS") {
        let entries = seen.get_mut("Entries").and_then(Value::as_array_mut);
        entries.into_iter().flatten().for_each(without_submission);
        without_submission(&mut seen);
    }
    // A signature is a keyed hash, and different in every call.
    let headers: Vec<&(String, String)> = call
        .headers
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "authorization" | "x-amz-date" | "content-length"
            )
        })
        .collect();
    let place = format!("{} by {}", call.target, call.function);
    (place, format!("{} {headers:?} {seen}", call.uri))
}

/// Takes the bodies out of an item, also out of those in a transaction, and out of what statements insert.
fn without_bodies(value: &mut Value) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    if let Some(item) = object.get_mut("Item").and_then(Value::as_object_mut) {
        item.retain(|name, _| !ITEM_BODIES.contains(&name.as_str()));
    }
    if let Some(put) = object.get_mut("Put") {
        without_bodies(put);
    }
    let writes = object
        .get_mut("TransactItems")
        .and_then(Value::as_array_mut);
    writes.into_iter().flatten().for_each(without_bodies);
    let statements = object.get_mut("Statements").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        let text = statement["Statement"].as_str().unwrap().to_owned();
        // `INSERT INTO "table" VALUE {'d': ?, 'pk': ?, …}`, and the values in that order.
        let names: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
        let values = statement["Parameters"].as_array_mut().unwrap();
        assert_eq!(names.len(), values.len(), "{text}");
        let mut names = names.into_iter();
        values.retain(|_| {
            names
                .next()
                .is_some_and(|name| !ITEM_BODIES.contains(&name))
        });
    }
}

/// Attributes that are data: decisions and records, cached answers of providers, and configurations.
const ITEM_BODIES: [&str; 3] = ["d", "document", "text"];

/// Only a submission on its way, or a new lead on its way to being written, may carry personal data.
fn without_submission(message: &mut Value) {
    let body = message.get("MessageBody").and_then(Value::as_str);
    let is_submission = body
        .and_then(|body| serde_json::from_str::<Value>(body).ok())
        .is_some_and(|body| {
            matches!(
                body["type"].as_str(),
                Some("submission.v1" | "quarantined.v1" | "assign.v2")
            )
        });
    if is_submission && let Some(message) = message.as_object_mut() {
        message.remove("MessageBody");
    }
}

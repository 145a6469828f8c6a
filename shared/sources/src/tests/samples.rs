//! Every sample of every kind: it becomes what the file beside it says, and only if it is proved.
//!
//! `$sample.becomes.txt` holds the whole outcome. When one is meant to change, the failing test prints what to write.

use super::*;
use crate::about::{Sample, Signing, Trial};
use crate::{Answered, Unauthorized, Wrong, about, reply};
use domain::config::{AnswersApi, Need};

/// Written as Standard Webhooks want it, which is good for all others, too.
const SECRET: &str = "whsec_c2FtcGxlLXNlY3JldC1vZi0yNC1ieXRlcw==";
const OTHER_SECRET: &str = "whsec_dGhlLXNlY3JldC1iZWZvcmUtaXQtMjRi";

/// A key pair for kinds that sign with one.
const PRIVATE_KEY: &str = include_str!("keys/sample-private.pem");
const PUBLIC_KEY: &str = include_str!("keys/sample-public.pem");

const HANDSHAKE_SECRET: &str = "sample-word";
const URL: &str = "https://leads.example.com/v1/sources/sample";

/// Kinds of which nothing signs the body: who knows the secret can send anything.
const NOT_SIGNED: &[SourceKind] = &[
    SourceKind::Form,
    SourceKind::Chatbot,
    SourceKind::Dialogflow,
    SourceKind::Lex,
    SourceKind::Landbot,
    SourceKind::Manychat,
    SourceKind::Olark,
    SourceKind::Cloudevents,
    SourceKind::Leadconduit,
    SourceKind::Adf,
    SourceKind::Generic,
    SourceKind::GoogleAds,
    SourceKind::Tiktok,
    SourceKind::Jotform,
    SourceKind::Unbounce,
    SourceKind::Elementor,
    SourceKind::Fillout,
    SourceKind::Cognito,
    SourceKind::ContactForm7,
    SourceKind::GravityForms,
    SourceKind::Formspree,
];

/// A source that has everything that its kind needs.
fn source(kind: SourceKind) -> Source {
    let needs = kind.needs();
    let mut source = Source::of_kind(kind);
    source.secret = (needs.secret != Need::No).then(|| "sample".to_owned());
    source.handshake_secret =
        (needs.handshake_secret != Need::No).then(|| "sample-word".to_owned());
    source.public_key = (needs.public_key != Need::No).then(|| PUBLIC_KEY.to_owned());
    source.public_url = (needs.public_url != Need::No).then(|| URL.to_owned());
    source.answers = (needs.answers != Need::No).then(|| AnswersApi {
        token: "sample-token".to_owned(),
        url: None,
        version: None,
    });
    source
}

/// A sample as its sender sends it at `at`, signed with `secret`.
fn sent(kind: SourceKind, sample: &Sample, secret: &'static str, at: &'static str) -> Request {
    let mut trial = Trial::of(sample);
    let is_by_key = kind.needs().public_key != Need::No && secret == SECRET;
    let signing = Signing {
        secret: if is_by_key { PRIVATE_KEY } else { secret },
        handshake_secret: if secret == SECRET {
            HANDSHAKE_SECRET
        } else {
            secret
        },
        url: URL,
        at: at.parse().unwrap(),
    };
    (about(kind).sign)(&signing, &mut trial);
    arriving(kind, &trial, at)
}

fn arriving(kind: SourceKind, trial: &Trial, at: &'static str) -> Request {
    let mut request = Request::new(kind, "", trial.body.clone()).at(at);
    for (name, value) in &trial.headers {
        request = request.header(name, value);
    }
    request.with(|request| {
        request.method = Box::leak(trial.method.clone().into_boxed_str());
        if !trial.query.is_empty() {
            request.query = Some(Box::leak(trial.query.clone().into_boxed_str()));
        }
        request.source = source(kind);
        request.secrets = vec![SECRET, OTHER_SECRET];
        request.handshake_secrets = vec![HANDSHAKE_SECRET, OTHER_SECRET];
    })
}

/// Everything that became of it, for people and for comparison.
fn outcome(request: &Request) -> String {
    let received = request.receive();
    let mut lines = Vec::new();
    match &received {
        Ok(Accepted::Submissions(parsed)) => {
            parsed.iter().for_each(|parsed| tell(parsed, &mut lines));
        }
        Ok(Accepted::NotALead { why }) => lines.push(format!("no lead: {why}")),
        Ok(Accepted::Handshake(_)) => lines.push("handshake".to_owned()),
        Err(refusal) => lines.push(format!("refused: {} {}", refusal.status(), refusal.code())),
    }
    let answered = match &received {
        Ok(accepted) => Answered::Accepted(accepted),
        Err(refusal) => Answered::Refused(refusal),
    };
    if let Some(reply) = request.open(|door, incoming| reply(door, incoming, answered)) {
        lines.push(format!("answered: {} {}", reply.status, reply.content_type));
        for (name, value) in &reply.headers {
            lines.push(format!("  {name}: {value}"));
        }
        lines.extend(reply.body.lines().map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn tell(parsed: &Parsed, lines: &mut Vec<String>) {
    let one_line = |text: String| text.replace('\n', " ⏎ ");
    match parsed {
        Parsed::Submission(submission) => {
            let id = submission.external_id.as_deref().unwrap_or("none");
            lines.push(format!("submission, the sender's id: {id}"));
            for said in said(submission) {
                lines.push(format!("  {}", one_line(said)));
            }
            for agreed in agreed(submission) {
                lines.push(format!("  consent {}", one_line(agreed)));
            }
        }
        Parsed::Quarantined(quarantined)
        | Parsed::Wrong(Wrong {
            lead: quarantined, ..
        }) => {
            lines.push(format!(
                "quarantined: {}",
                codes(&quarantined.problems).join(", ")
            ));
            for (name, text) in &quarantined.raw {
                lines.push(format!("  {name} = {}", one_line(text.clone())));
            }
        }
        Parsed::Announced(announced) => {
            lines.push(format!(
                "announced, the sender's id: {}",
                announced.external_id
            ));
            for (name, id) in &announced.ids {
                lines.push(format!("  {name} = {id}"));
            }
        }
    }
}

fn all() -> impl Iterator<Item = (SourceKind, &'static Sample)> {
    SourceKind::ALL.iter().flat_map(|kind| {
        about(*kind)
            .samples
            .iter()
            .map(move |sample| (*kind, sample))
    })
}

#[test]
fn every_sample_becomes_what_its_file_says() {
    let mut wrong = Vec::new();
    for (kind, sample) in all() {
        let found = outcome(&sent(kind, sample, SECRET, NOON));
        if found != sample.becomes {
            wrong.push(format!(
                "==== events/sources/{}.becomes.txt\n{found}",
                sample.file
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "these files do not say what becomes of their samples; it is:\n{}====",
        wrong.concat()
    );
}

#[test]
fn the_first_sample_of_every_kind_is_taken_by_a_source_with_nothing_but_what_its_kind_needs() {
    let mut refused = Vec::new();
    for kind in SourceKind::ALL {
        let sample = &about(*kind).samples[0];
        let request =
            sent(*kind, sample, SECRET, NOON).with(|request| request.default_country = None);
        let is_taken = match request.receive() {
            Ok(Accepted::Submissions(parsed)) => !parsed
                .iter()
                .any(|parsed| matches!(parsed, Parsed::Quarantined(_))),
            Ok(_) | Err(_) => false,
        };
        if !is_taken {
            refused.push(format!("{}\n{}", sample.file, outcome(&request)));
        }
    }
    assert!(
        refused.is_empty(),
        "`leadline try` sends {}",
        refused.join("\n")
    );
}

#[test]
fn every_kind_has_samples_in_its_own_folder_and_says_what_to_do() {
    for kind in SourceKind::ALL {
        let about = about(*kind);
        let folder = format!("{}/", kind.name());
        assert!(!about.samples.is_empty(), "{folder}");
        for sample in about.samples {
            assert!(sample.file.starts_with(&folder), "{}", sample.file);
        }
        let steps = about.setup.join(" ");
        assert!(
            steps.contains("{url}"),
            "{folder} does not say where to send"
        );
        let written = crate::configuration(*kind, "sample", URL);
        let config: Result<Source, _> = toml::from_str::<domain::config::Config>(&format!(
            "reps = {{}}\npools = {{}}\n{written}"
        ))
        .map(|mut config| config.sources.remove("sample").unwrap());
        assert_eq!(config.unwrap().kind, *kind);
    }
}

#[test]
fn a_sender_that_proves_nothing_is_refused() {
    for (kind, sample) in all() {
        let unproved = arriving(kind, &Trial::of(sample), NOON);
        if kind.needs().secret == Need::May {
            let open = unproved
                .clone()
                .with(|request| request.source.secret = None);
            assert!(open.receive().is_ok(), "{}", sample.file);
        }
        let refusal = unproved.receive().unwrap_err();
        assert_eq!(refusal.status(), 401, "{}: {refusal}", sample.file);
        let wrong = sent(kind, sample, "guessed", NOON).receive().unwrap_err();
        assert_eq!(wrong.status(), 401, "{}: {wrong}", sample.file);
    }
}

#[test]
fn without_a_value_of_the_secret_nobody_is_let_in() {
    for (kind, sample) in all() {
        for secrets in [vec![], vec![""], vec![" "]] {
            let shut = sent(kind, sample, SECRET, NOON).with(|request| {
                request.secrets = secrets.clone();
                request.handshake_secrets = secrets;
                request.source.public_key = None;
            });
            assert_eq!(
                shut.receive(),
                Err(Refusal::Unauthorized(Unauthorized::NotConfigured)),
                "{}",
                sample.file
            );
        }
    }
}

#[test]
fn the_secret_before_the_present_one_is_still_good() {
    for (kind, sample) in all().filter(|(kind, _)| kind.needs().secret != Need::No) {
        let result = sent(kind, sample, OTHER_SECRET, NOON).receive();
        assert!(result.is_ok(), "{}: {result:?}", sample.file);
    }
}

#[test]
fn a_changed_body_is_refused_where_it_is_signed() {
    for (kind, sample) in all().filter(|(_, sample)| !sample.body.is_empty()) {
        let mut request = sent(kind, sample, SECRET, NOON);
        // A blank more or less means the same to a parser.
        request.body.push(b' ');
        let result = request.receive();
        if NOT_SIGNED.contains(&kind) {
            assert!(result.is_ok(), "{}: {result:?}", sample.file);
        } else {
            assert_eq!(result.unwrap_err().status(), 401, "{}", sample.file);
        }
    }
}

#[test]
fn what_is_signed_with_its_time_is_no_good_a_day_later() {
    const LATER: &str = "2026-01-13T12:00:00Z";
    let mut with_time = Vec::new();
    for (kind, sample) in all().filter(|(_, sample)| !sample.body.is_empty()) {
        let now = sent(kind, sample, SECRET, NOON);
        let later = sent(kind, sample, SECRET, LATER);
        let has_time = (&now.headers, now.query) != (&later.headers, later.query);
        if has_time && !with_time.contains(&kind) {
            with_time.push(kind);
        }
        let result = now.at(LATER).receive();
        match result {
            Err(refusal) => assert!(
                has_time && matches!(refusal, Refusal::Unauthorized(Unauthorized::Stale { .. })),
                "{}: {refusal}",
                sample.file
            ),
            Ok(_) => assert!(!has_time, "{}", sample.file),
        }
    }
    let expected: Vec<SourceKind> = SourceKind::ALL
        .iter()
        .copied()
        .filter(|kind| SIGNED_WITH_TIME.contains(kind))
        .collect();
    assert_eq!(with_time, expected);
}

/// Kinds whose signature covers the time.
const SIGNED_WITH_TIME: &[SourceKind] = &[
    SourceKind::Crisp,
    SourceKind::Zendesk,
    SourceKind::StandardWebhooks,
    SourceKind::Hubspot,
    SourceKind::Webflow,
    SourceKind::Calendly,
];

#[test]
fn the_same_sample_again_is_the_same_submission() {
    for (kind, sample) in all() {
        let ids = |at| match sent(kind, sample, SECRET, at).receive() {
            Ok(Accepted::Submissions(parsed)) => parsed.iter().map(Parsed::id).collect(),
            _ => Vec::new(),
        };
        let first = ids(NOON);
        assert_eq!(first, ids("2026-01-12T12:00:30Z"), "{}", sample.file);
        for (index, id) in first.iter().enumerate() {
            assert!(!first[..index].contains(id), "{}", sample.file);
        }
    }
}

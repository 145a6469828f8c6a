//! The OpenAPI 3.1 document: made from the list of routes and the types of the answers. Not part of what is deployed.

mod parts;
mod requests;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use web::{API, Call, DOORS, Kind, Route};

use domain::decision::{Nobody, Outcome, Stage};

use crate::{answers, configuration, feedback, problems};
use parts::{header, media, path_parameter, query_parameter, responses};

/// The document.
pub fn document() -> Value {
    let mut answers = generator(SchemaSettings::draft2020_12().for_serialize());
    let mut requests = generator(SchemaSettings::draft2020_12().for_deserialize());
    let mut paths = Map::new();
    for route in DOORS.iter().chain(API) {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route, &mut answers, &mut requests);
    }
    let _named = answers.subschema_for::<parts::ProblemShape>();
    let mut schemas = answers.take_definitions(true);
    schemas.extend(requests.take_definitions(true));
    let examples: Map<String, Value> = parts::kinds()
        .iter()
        .map(|kind| (kind.code.to_owned(), parts::example(kind)))
        .collect();
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Leadline",
            "version": "1",
            "summary": "Leads from forms, chatbots and platforms: taken once, scored, assigned, followed up and explained.",
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "servers": [{ "url": "/", "description": "Deployed without an HTTP API of its own, the calls that need a token have another host than the doors." }],
        "tags": [
            { "name": "doors", "description": "Where leads and behaviour come in. Each source proves itself as its kind does." },
            { "name": "leads", "description": "Leads, why they are where they are, and what sales did with them." },
            { "name": "sources", "description": "How the sources are doing." },
            { "name": "vendors", "description": "Contracts with vendors: caps, scorecards, and what vendors say they sent." },
            { "name": "submissions", "description": "What became of what was accepted." },
            { "name": "configuration", "description": "Immutable versions of `leadline.toml`." },
            { "name": "about", "description": "About Leadline itself." }
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": examples,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "The token of the API." } }
        }
    })
}

const DESCRIPTION: &str = "JSON is UTF-8, times are RFC 3339 in UTC, ids carry a prefix. \
Problems are `application/problem+json` (RFC 9457) with a stable `type` and `code`; every type is among the examples of the answers. \
`GET` calls answer `HEAD` too. Members may be added to answers; none is taken away.";

fn generator(settings: SchemaSettings) -> SchemaGenerator {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = "/components/schemas".into();
    });
    settings.into_generator()
}

fn operation(
    route: &Route,
    answers: &mut SchemaGenerator,
    requests: &mut SchemaGenerator,
) -> Value {
    let call = describe(route.call, answers, requests);
    let mut parameters = call.parameters;
    if route.method == "POST" {
        parameters.push(header(
            "Idempotency-Key",
            "The same call under the same key is carried out once; with other content it is refused. 1 to 255 visible ASCII characters, remembered for a day.",
        ));
    }
    let mut problems = call.problems;
    problems.push(Kind::UNAVAILABLE);
    if route.needs_token {
        problems.extend([problems::UNAUTHORIZED, Kind::BROKEN]);
    }
    let mut operation = json!({
        "operationId": call.id,
        "summary": route.summary,
        "tags": [call.tag],
        "responses": responses(call.success, &problems),
    });
    if !call.description.is_empty() {
        operation["description"] = json!(call.description);
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(body) = call.body {
        operation["requestBody"] = body;
    }
    operation["security"] = if route.needs_token {
        json!([{ "token": [] }])
    } else {
        json!([])
    };
    operation
}

/// What a call takes and answers, besides what all calls do.
struct Described {
    id: &'static str,
    tag: &'static str,
    description: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    success: Vec<(&'static str, Value)>,
    problems: Vec<Kind>,
}

impl Described {
    fn new(id: &'static str, tag: &'static str, success: (&'static str, Value)) -> Self {
        Self {
            id,
            tag,
            description: "",
            parameters: Vec::new(),
            body: None,
            success: vec![success],
            problems: Vec::new(),
        }
    }

    fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    fn with(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    fn taking(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn or(mut self, status: &'static str, answer: Value) -> Self {
        self.success.push((status, answer));
        self
    }

    fn refusing(mut self, kinds: &[Kind]) -> Self {
        self.problems.extend_from_slice(kinds);
        self
    }
}

/// An answer of `T` as JSON.
fn answer<T: JsonSchema>(generator: &mut SchemaGenerator, description: &str) -> Value {
    json!({ "description": description, "content": media("application/json", generator.subschema_for::<T>()) })
}

fn body<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    content_type: &str,
    example: Value,
) -> Value {
    let mut content = media(content_type, generator.subschema_for::<T>());
    content[content_type]["example"] = example;
    json!({ "required": true, "content": content })
}

/// Every call, so that a new one cannot be forgotten here.
fn describe(
    call: Call,
    answers: &mut SchemaGenerator,
    requests: &mut SchemaGenerator,
) -> Described {
    let lead = || path_parameter("lead", "`lead_…`; of a merged lead, the old id works too.");
    let submission = || path_parameter("submission", "`sub_…`, as it was answered at the door.");
    let source = || path_parameter("source", "The source's name in the configuration.");
    match call {
        Call::Submit => Described::new("submit", "doors", ("202", answer::<requests::Accepted>(answers, "It is safe, and on its way.")))
            .about("The body is the source's own: a form's fields under the form's own names, or what a platform sends. What its fields mean is said by the configuration. Events of a platform that are no lead are acknowledged with no submissions.")
            .with(source())
            .with(header("X-Leadline-Secret", "The source's secret, of a form or a chatbot that has one. Platforms sign with headers of their own."))
            .taking(parts::door_bodies())
            .or("200", answer::<requests::VendorAnswer>(answers, "Of a source with a `vendor`: it is refused by the contract, with the reason. What is bought is answered 202 with the same members."))
            .or("303", json!({ "description": "A plain HTML form sent it, and the source names a page to go to.", "headers": { "Location": { "description": "That page.", "schema": { "type": "string", "format": "uri" } } } }))
            .refusing(&parts::refusals())
            .refusing(&[Kind::NOT_FOUND, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::Handshake => Described::new("handshake", "doors", ("200", json!({ "description": "As the source's kind says." })))
            .about("Meta's and LinkedIn's challenges, for instance; a source whose kind has no handshake answers 405.")
            .with(source())
            .refusing(&[Kind::NOT_FOUND, Kind::METHOD_NOT_ALLOWED]),
        Call::SubmitBatch => Described::new("submit_batch", "doors", ("202", answer::<requests::BatchAccepted>(answers, "Every good row is safe, and on its way.")))
            .or("200", answer::<requests::BatchAccepted>(answers, "With `check=true`: what would come of it."))
            .about("The whole body is checked first; then the good rows are taken and the bad ones reported. The same file again changes nothing, nor does a row that comes again in another file. CSV may be parted by comma, semicolon, tab or bar, in UTF-8, UTF-16 or Windows-1252. At most 1 MiB and 2,000 rows; `leadline import` sends larger files in pieces.")
            .with(source())
            .with(query_parameter("all_or_nothing", "`true` refuses the whole batch if one row is wrong; without it, the source's configuration decides."))
            .with(query_parameter("check", "`true` only checks: nothing is taken or kept."))
            .with(header("X-Leadline-Secret", "The source's secret, if it has one, whatever its kind."))
            .taking(parts::batch_bodies())
            .refusing(&[Kind::NOT_FOUND, Kind::METHOD_NOT_ALLOWED, parts::BATCH_REFUSED, parts::BATCH_UNPROVED, problems::BAD_QUERY, problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED])
            .refusing(&parts::batch_refusals()),
        Call::AskUpload => Described::new("ask_upload", "doors", ("201", answer::<requests::UploadState>(answers, "Where to put the file: `method`, `url` and `headers`.")))
            .or("200", answer::<requests::UploadState>(answers, "The file has come: how far it is, without an address."))
            .about("For files that are too large for one request. Length and digest are part of the address, so that exactly this file can be put there. The whole file is checked first; then its good rows are taken. The same request again tells how far it is; the same file again changes nothing.")
            .with(source())
            .with(header("X-Leadline-Secret", "The source's secret. A source without one takes no uploads."))
            .taking(body::<requests::UploadAnnounced>(requests, "application/json", requests::upload_example()))
            .refusing(&[Kind::NOT_FOUND, Kind::METHOD_NOT_ALLOWED, parts::NO_UPLOADS, parts::UPLOAD_UNPROVED, parts::UPLOAD_UNDER_CONTRACT, parts::FILE_TOO_LARGE, problems::UNPARSEABLE, problems::INVALID_FIELDS])
            .refusing(&parts::proof_refusals()),
        Call::Ping => Described::new("ping", "doors", ("200", answer::<requests::PingAnswer>(answers, "What a lead like this would be answered now.")))
            .about("Of a source whose vendor's contract has `ping`. Any part of a lead, without contact data or with `email_sha256` and `phone_sha256`; a criterion is judged if all that it asks for was sent. Nothing is reserved; the price holds for a lead that quotes the `ping` as its field `ping_id` in time, once, and says the same. Nothing that is stored is told.")
            .with(source())
            .with(header("X-Leadline-Secret", "The source's secret."))
            .taking(parts::door_bodies())
            .refusing(&parts::refusals())
            .refusing(&[Kind::NOT_FOUND, parts::PING_LIMITED]),
        Call::ReportEvents => Described::new("report_events", "doors", ("202", answer::<requests::EventsAccepted>(answers, "What was taken, and what was not.")))
            .about("Each event on its own: one that cannot be read does not keep the others from being taken.")
            .with(header("X-Leadline-Secret", "The secret of events, if the configuration names one."))
            .taking(body::<requests::Events>(requests, "application/json", requests::events_example()))
            .refusing(&parts::event_refusals()),
        Call::Profile => Described::new("profile", "doors", ("200", answer::<requests::Questions>(answers, "Names of fields; never what was answered.")))
            .about("Of a visitor whose id is not known, or too short to be a secret, nothing is answered yet: the answer has the same shape.")
            .with(source())
            .with(query_parameter("visitor", "The id that the browser holds."))
            .refusing(&[Kind::NOT_FOUND]),
        Call::Script => Described::new("script", "doors", ("200", json!({ "description": "The script.", "content": media("text/javascript; charset=utf-8", json!({ "type": "string" })) })))
            .or("304", json!({ "description": "It is the one whose ETag was named." })),
        Call::Health => Described::new("health", "about", ("200", answer::<answers::Health>(answers, "It is up."))),
        Call::OpenApi => Described::new("openapi", "about", ("200", json!({ "description": "This document.", "content": media("application/json", json!({ "type": "object" })) }))),
        Call::ListLeads => Described::new("list_leads", "leads", ("200", answer::<answers::Leads>(answers, "The leads; none if nobody is known by that.")))
            .about("With both, the leads that have either.")
            .with(query_parameter("email", "An e-mail address, in any spelling of the same mailbox."))
            .with(query_parameter("phone", "A phone number with its country code (`%2B1202…`), or without one if the configuration has a default country."))
            .refusing(&[problems::INVALID_FIELDS, problems::UNSUPPORTED_FILTER, problems::BAD_QUERY]),
        Call::GetLead => Described::new("get_lead", "leads", ("200", answer::<answers::Lead>(answers, "The lead."))).with(lead()).refusing(&[Kind::NOT_FOUND, problems::ERASED]),
        Call::GetHistory => Described::new("get_history", "leads", ("200", answer::<answers::History>(answers, "Its decisions.")))
            .with(lead())
            .refusing(&[Kind::NOT_FOUND]),
        Call::Explain => Described::new("explain", "leads", ("200", answer::<answers::Explanation>(answers, "Sentences for a sales manager.")))
            .with(lead())
            .refusing(&[Kind::NOT_FOUND]),
        Call::GiveFeedback => Described::new("give_feedback", "leads", ("200", answer::<answers::Noted>(answers, "The lead, as it is after that.")))
            .about("The same feedback again changes nothing. `by` is a rep or anybody else: what looks like the id of a rep and is none is noted, with a warning. A rejected lead is recycled as the configuration says: somebody else gets it, at once or later, or it rests.")
            .with(lead())
            .taking(body::<requests::Feedback>(requests, "application/json", requests::feedback_example()))
            .refusing(&[Kind::NOT_FOUND, problems::ERASED, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS, problems::WRONG_STATE])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::NoteConsent => Described::new("note_consent", "leads", ("200", answer::<answers::Noted>(answers, "The lead, as it is after that.")))
            .about("`granted: false` withdraws. What stands already is not noted again. Destinations with a purpose hear only of leads whose person agreed to it.")
            .with(lead())
            .taking(body::<requests::Consent>(requests, "application/json", requests::consent_example()))
            .refusing(&[Kind::NOT_FOUND, problems::ERASED, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::Erase => Described::new("erase", "leads", ("200", answer::<answers::Erasure>(answers, "They are erased, as far as Leadline reaches.")))
            .about("By the lead, or by an e-mail address, a phone number or both; whatever lead any of these leads to is erased. Everything that holds something of the person is emptied, and their addresses and numbers are suppressed: what comes of them again ends as `suppressed`, and nothing of it is kept. Somebody who is not known is suppressed, too: they may be on their way. There is no way back. The same again answers the same, and finishes what broke off.")
            .taking(body::<requests::Erasure>(requests, "application/json", requests::erasure_example()))
            .refusing(&[Kind::NOT_FOUND, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::GetSubmission => Described::new("get_submission", "submissions", ("200", answer::<answers::Submission>(answers, "What became of it.")))
            .about("404 also while an accepted submission is still on its way.")
            .with(submission())
            .refusing(&[Kind::NOT_FOUND]),
        Call::ListSources => Described::new("list_sources", "sources", ("200", answer::<answers::Sources>(answers, "The sources."))),
        Call::GetLedger => Described::new("get_ledger", "sources", ("200", answer::<answers::Ledger>(answers, "Everything that was accepted is accounted for.")))
            .about("Of a source with `ledger = true`. What comes again is accepted again, and a duplicate. Ninety days are kept; one answer accounts for 10,000 submissions at most.")
            .with(source())
            .with(query_parameter("from", "From when on: RFC 3339, a day of UTC (2026-03-01), or how long ago (24h, 7d); a day before `to` if not said."))
            .with(query_parameter("to", "Until before when; now if not said."))
            .refusing(&[Kind::NOT_FOUND, problems::BAD_QUERY, problems::INVALID_FIELDS, problems::RANGE_TOO_LARGE, problems::WRONG_STATE]),
        Call::ListSubmissions => Described::new("list_submissions", "submissions", ("200", answer::<answers::Submissions>(answers, "Those that wait for a person.")))
            .about("Each with what is wrong with it and what was sent. A page may be short although there is a next one.")
            .with(query_parameter("outcome", "`quarantined`: others are not listed."))
            .with(query_parameter("source", "Only those of this source."))
            .with(query_parameter("cursor", "Where the page before ended: its `next`."))
            .with(query_parameter("limit", "Submissions on the page, 1 to 200; 50 if not said."))
            .refusing(&[problems::BAD_QUERY, problems::INVALID_FIELDS]),
        Call::Discard => Described::new("discard", "submissions", ("200", answer::<answers::Submission>(answers, "It is discarded: its outcome is `rejected`, and what was sent is not kept.")))
            .about("The same again changes nothing. One with a correction on its way cannot be discarded.")
            .with(submission())
            .taking(body::<requests::Discard>(requests, "application/json", json!({ "reason": "a test of our own", "by": "mia" })))
            .refusing(&[Kind::NOT_FOUND, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS, problems::WRONG_STATE])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::Resubmit => Described::new("resubmit", "submissions", ("202", answer::<answers::Resubmitted>(answers, "It is on its way again.")))
            .about("A JSON merge patch (RFC 7396) over the `fields` of the quarantined submission. The same correction may be sent again while it is on its way; another one is refused.")
            .with(submission())
            .taking(body::<requests::Correction>(requests, "application/merge-patch+json", requests::correction_example()))
            .refusing(&[Kind::NOT_FOUND, problems::SUPPRESSED, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS, problems::WRONG_STATE])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::Return => Described::new("return", "submissions", ("200", answer::<answers::Returned>(answers, "It is returned.")))
            .about("For one of the reasons of the vendor's contract, within its days, once; the same again changes nothing. The price is not owed any more. A lead that nobody but its vendor told of is disqualified.")
            .with(submission())
            .taking(body::<requests::Return>(requests, "application/json", json!({ "reason": "Wrong number", "by": "mia" })))
            .refusing(&[Kind::NOT_FOUND, problems::ERASED, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS, problems::WRONG_STATE])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
        Call::ListVendors => Described::new("list_vendors", "vendors", ("200", answer::<answers::Vendors>(answers, "The vendors."))),
        Call::GetScorecard => Described::new("get_scorecard", "vendors", ("200", answer::<answers::Scorecard>(answers, "Its scorecard.")))
            .about("Counts are kept by the decisions themselves, so that an answer costs the same however many leads there were. Everything is counted on the day on which the lead was answered.")
            .with(path_parameter("vendor", "The vendor's name in the configuration."))
            .with(query_parameter("from", "The first day, such as 2026-03-01, or how many days ago (7d); thirty days before `to` if not said."))
            .with(query_parameter("to", "The day after the last one; tomorrow if not said."))
            .refusing(&[Kind::NOT_FOUND, problems::BAD_QUERY, problems::INVALID_FIELDS]),
        Call::CompareClaims => Described::new("compare_claims", "vendors", ("200", answer::<answers::Claims>(answers, "What was received of each.")))
            .about("Nothing is changed. By the vendor's own id, the submission's, or SHA-256 of the e-mail address in small letters or of the phone number in E.164.")
            .with(path_parameter("vendor", "The vendor's name in the configuration."))
            .taking(body::<requests::Claims>(requests, "application/json", json!({ "claims": [{ "id": "acme-1042" }, { "email_sha256": "b1e3adae2be1a9f5d0cbd6dca3d7a57dd0fc4f0e0f5c6f0a1b3b7bbd6a3a6d1c" }] })))
            .refusing(&[Kind::NOT_FOUND, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS]),
        Call::GetBatch => Described::new("get_batch", "submissions", ("200", answer::<answers::Batch>(answers, "What became of its rows.")))
            .about("Counts are of all rows; rows are listed in pages. Of an uploaded file, `upload` says how far it is and how many of its rows are counted: each call goes on counting.")
            .with(path_parameter("batch", "`bat_…`, as it was answered at the door."))
            .with(query_parameter("cursor", "Where the page before ended: its `next`."))
            .with(query_parameter("limit", "Rows on the page, 1 to 1000; 100 if not said."))
            .refusing(&[Kind::NOT_FOUND, problems::BAD_QUERY, problems::INVALID_FIELDS]),
        Call::GetConfiguration => {
            let mut file = json!({ "description": "The file.", "content": media("text/plain; charset=utf-8", json!({ "type": "string" })) });
            file["headers"][configuration::VERSION.as_str()] = json!({ "description": "Its version.", "schema": { "type": "string" } });
            Described::new("get_configuration", "configuration", ("200", file))
                .with(query_parameter("version", "A version; without it, the one in force."))
                .refusing(&[Kind::NOT_FOUND])
        }
        Call::PushConfiguration => Described::new("push_configuration", "configuration", ("200", answer::<answers::Pushed>(answers, "It is in force.")))
            .about("Golden leads are run; one that comes out differently is an error. A version is named after its rules: a file that differs in comments only is the version that is stored.")
            .taking(json!({ "required": true, "description": "The whole of `leadline.toml`.", "content": media("application/toml", json!({ "type": "string" })) }))
            .refusing(&[problems::INVALID_CONFIGURATION, problems::UNPARSEABLE, problems::TOO_LARGE]),
        Call::ListVersions => Described::new("list_versions", "configuration", ("200", answer::<answers::Versions>(answers, "The versions."))),
        Call::RollBack => Described::new("roll_back", "configuration", ("200", answer::<answers::InForce>(answers, "It is in force.")))
            .taking(body::<requests::RollBack>(requests, "application/json", json!({ "version": "cfg_1nvbzfnv4b3hbz4ps0d2s06wfh" })))
            .refusing(&[Kind::NOT_FOUND, problems::UNPARSEABLE, problems::TOO_LARGE, problems::INVALID_FIELDS])
            .refusing(&[problems::INVALID_IDEMPOTENCY_KEY, problems::IDEMPOTENCY_KEY_REUSED]),
    }
}

impl JsonSchema for answers::Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// The stages of a lead.
pub(crate) fn stage(_: &mut SchemaGenerator) -> Schema {
    let stages = [
        Stage::Lead,
        Stage::Recycled,
        Stage::Mql,
        Stage::Pql,
        Stage::Sql,
        Stage::Opportunity,
        Stage::Customer,
        Stage::Disqualified,
    ];
    json_schema!({ "type": "string", "enum": stages.map(Stage::name) })
}

/// Why a lead has nobody.
pub(crate) fn unassigned(_: &mut SchemaGenerator) -> Schema {
    let because = [
        Nobody::NoTerritory,
        Nobody::NobodyEligible,
        Nobody::NotYetQualified,
        Nobody::EverybodyHadIt,
    ];
    let mut codes: Vec<Value> = because
        .map(|because| json!(answers::nobody(because)))
        .into();
    codes.push(Value::Null);
    json_schema!({ "type": ["string", "null"], "enum": codes })
}

/// How a submission ended.
pub(crate) fn outcome(_: &mut SchemaGenerator) -> Schema {
    let outcomes = [
        Outcome::Created,
        Outcome::Merged,
        Outcome::Duplicate,
        Outcome::Quarantined,
        Outcome::Rejected,
        Outcome::Suppressed,
    ];
    json_schema!({ "type": "string", "enum": outcomes.map(|outcome| outcome.to_string()) })
}

/// What sales can say.
fn feedback_kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": feedback::KINDS.map(|kind| kind.name()) })
}

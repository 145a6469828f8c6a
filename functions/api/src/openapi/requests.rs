//! The shapes of bodies that are read by hand, and those of the doors, which another function answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::feedback::MAX_TEXT;

/// What sales did.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Feedback {
    /// What happened. `rejected` sends the lead back; every other kind counts as the first response.
    #[schemars(schema_with = "super::feedback_kind")]
    kind: String,
    /// Why. For `rejected`, the name of a reason that the configuration's recycling rules know, or any other.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    reason: Option<String>,
    /// Who says so: a rep's name in the configuration, or another.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    by: Option<String>,
    /// When it happened, as RFC 3339; without it, now. The first-response clock goes by when Leadline hears of it.
    #[schemars(extend("format" = "date-time"))]
    at: Option<String>,
}

pub(crate) fn feedback_example() -> Value {
    json!({ "kind": "rejected", "reason": "no_budget", "by": "mia", "at": "2026-03-01T12:00:00Z" })
}

/// What a person agreed to, or took back.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ConsentNote")]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Consent {
    /// For what, such as `marketing`.
    #[schemars(regex(pattern = "^[a-z0-9_-]{1,64}$"))]
    purpose: String,
    /// True if they agreed, false if they took it back.
    granted: bool,
    /// The text that was agreed to.
    #[schemars(length(min = 1, max = 1000))]
    text: Option<String>,
    /// Why.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    reason: Option<String>,
    /// Who says so: a rep's name in the configuration, or another.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    by: Option<String>,
    /// When, as RFC 3339; without it, now.
    #[schemars(extend("format" = "date-time"))]
    at: Option<String>,
}

pub(crate) fn consent_example() -> Value {
    json!({ "purpose": "marketing", "granted": false, "reason": "asked by phone", "by": "mia" })
}

/// Who is to be erased: at least one of `lead`, `email` and `phone`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ErasureRequest")]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Erasure {
    /// `lead_…`
    lead: Option<String>,
    /// An e-mail address, in any spelling of the same mailbox.
    email: Option<String>,
    /// A phone number with its country code, or without one if the configuration has a default country.
    phone: Option<String>,
    /// Who carries it out: a rep's name in the configuration, or another. It is kept.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    by: Option<String>,
}

pub(crate) fn erasure_example() -> Value {
    json!({ "email": "greta.lindholm@brightwater.example", "by": "mia" })
}

/// A correction: our field, or `custom.NAME`, or `consent.PURPOSE` = what it should be. Null takes a field away.
#[derive(Deserialize, JsonSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Correction(BTreeMap<String, Option<Scalar>>);

/// What is kept as text.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum Scalar {
    /// Text.
    Text(String),
    /// A number, taken as its text.
    Number(f64),
    /// Yes or no, taken as its text.
    Flag(bool),
}

/// Why a submission will never become a lead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Discard {
    /// Why.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    reason: String,
    /// Who says so.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    by: Option<String>,
}

pub(crate) fn correction_example() -> Value {
    json!({ "email": "greta.lindholm@brightwater.example", "phone": null })
}

/// The version to go back to.
#[derive(Deserialize, JsonSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand"
)]
pub(crate) struct RollBack {
    /// `cfg_…`
    version: String,
}

/// What was accepted at a door.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Accepted")]
pub(crate) struct Accepted {
    /// The submissions that it held: `sub_…`, the same for every repeat. What becomes of each is found under it.
    submissions: Vec<String>,
}

/// What came of a batch.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BatchAccepted {
    /// `bat_…`, the same for every repeat. What becomes of each row is found under it.
    batch: String,
    /// How many rows there are.
    rows: usize,
    /// How many are good. Two rows that say the same are one submission.
    accepted: usize,
    /// How many are not.
    rejected: usize,
    /// Of a source under a vendor's contract that is answered at once: how many of the accepted rows were taken before, through
    /// any door, or by an earlier row. The others are new.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_before: Option<usize>,
    /// Everything that is wrong, the first thousand.
    errors: Vec<RowError>,
    /// How many more problems there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_left_out: Option<usize>,
    /// Of a batch that is only checked: whether the same was taken before.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_known: Option<bool>,
    /// Of a batch that is only checked: whether one bad row refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    all_or_nothing: Option<bool>,
}

/// A file that is to be uploaded.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: another function reads it"
)]
pub(crate) struct UploadAnnounced {
    /// Its length in bytes, at most 5 GiB.
    #[schemars(range(min = 1, max = 5_368_709_120_u64))]
    bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    #[schemars(regex(pattern = "^[0-9A-Fa-f]{64}$"))]
    sha256: String,
    /// What its sender calls it.
    #[schemars(length(max = 255))]
    name: Option<String>,
    /// `utf-8`, `utf-16le`, `utf-16be` or `windows-1252`; without it, it is found out.
    #[schemars(extend("enum" = ["utf-8", "utf-16le", "utf-16be", "windows-1252", null]))]
    encoding: Option<String>,
    /// Whether one wrong row refuses the whole file; without it, the source's configuration decides.
    all_or_nothing: Option<bool>,
}

pub(crate) fn upload_example() -> Value {
    json!({ "bytes": 73_400_320, "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "name": "fair.csv" })
}

/// Where to put a file, and how far it is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UploadState {
    /// `bat_…`, the same for the same file of the same source under the same rules.
    upload: String,
    /// `waiting` for the file, `checking` its rows, `refused`, `sending` the good ones, or `done`.
    stage: String,
    /// Its length.
    bytes: u64,
    /// Whether one wrong row refuses all of it.
    all_or_nothing: bool,
    /// Rows that are checked.
    rows: u32,
    /// How many of them are good.
    accepted: u32,
    /// How many are not.
    rejected: u32,
    /// Good rows that are safe in the queue.
    sent: u32,
    /// What is wrong, the first hundred.
    errors: Vec<RowError>,
    /// How many more problems there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_left_out: Option<u32>,
    /// Why nothing of it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<FieldError>,
    /// `PUT`; with the three below, when the file is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// Where to put it. It is signed: whoever has it may put exactly that file there.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Headers that have to be sent along.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    /// Until when the upload has to begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

/// Something that is wrong with a file.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FieldError {
    /// What of it.
    field: String,
    /// Stable code.
    code: String,
    /// What is wrong and what would be right.
    message: String,
}

/// One thing that is wrong with a row.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RowError {
    /// The row's number, from 1; the names of columns and blank rows do not count.
    row: u64,
    /// The line on which it begins, from 1.
    line: u64,
    /// The field, or `row` for the row as a whole.
    field: String,
    /// Stable code, such as `invalid_email`.
    code: String,
    /// What is wrong and what would be right.
    message: String,
}

/// What people did.
#[derive(Deserialize, JsonSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used: another function reads it"
)]
pub(crate) struct Events {
    /// The events. One that is not what `Event` says does not keep the others out: it is named in `rejected`.
    #[schemars(length(min = 1, max = 100), schema_with = "events_or_what_is_rejected")]
    events: Vec<Event>,
}

fn events_or_what_is_rejected(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let event = generator.subschema_for::<Event>();
    schemars::json_schema!({ "type": "array", "items": { "anyOf": [event, true] } })
}

/// One thing that somebody did. Say who by `lead`, by `email` or, of somebody who is not known yet, by `visitor`.
#[derive(Deserialize, JsonSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used: another function reads it"
)]
pub(crate) struct Event {
    /// The sender's id; an event of the same id counts once.
    #[schemars(length(min = 1, max = 100))]
    id: Option<String>,
    /// What it was, such as `page_visited`.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = "^[A-Za-z0-9_.-]{1,100}$"))]
    kind: String,
    /// When, as RFC 3339; without it, now.
    #[schemars(extend("format" = "date-time"))]
    at: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    /// `lead_…`
    lead: Option<String>,
    /// The id that the browser holds. The event is kept for a while, and credited to who fills in a form there.
    #[schemars(length(min = 1, max = 128))]
    visitor: Option<String>,
    /// Instead of `at`: how many milliseconds ago it happened. Right whatever the sender's clock says.
    age_ms: Option<f64>,
    /// What else there is to say about it. `path` says which page was visited; nothing of it is kept.
    properties: Option<BTreeMap<String, Value>>,
}

/// Which questions to ask.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Questions {
    /// Fields that the same browser has answered.
    skip: Vec<String>,
    /// Fields to ask for now, the most wanted first.
    ask: Vec<String>,
}

pub(crate) fn events_example() -> Value {
    let email = "greta.lindholm@brightwater.example";
    json!({ "events": [{ "id": "e-1", "type": "whitepaper_downloaded", "at": "2026-03-01T12:00:00Z", "email": email }] })
}

/// What became of reported events.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventsAccepted {
    /// How many were taken.
    accepted: usize,
    /// Those that were not.
    rejected: Vec<EventRejected>,
}

/// An event that was not taken.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventRejected {
    /// Its place in the list, from 0.
    index: usize,
    /// Why, for programs.
    code: String,
    /// Why, and what would be right.
    message: String,
}

/// Why a lead goes back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Return {
    /// One of the reasons of the contract, by its code or its label, whatever the case and punctuation.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    reason: String,
    /// Who says so.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    by: Option<String>,
}

/// Leads that a vendor says it sent.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ClaimList")]
#[expect(
    dead_code,
    reason = "only its schema is used: the body is read by hand, to report every bad field at once"
)]
pub(crate) struct Claims {
    /// The leads.
    #[schemars(length(min = 1, max = 500))]
    claims: Vec<ClaimOfOne>,
}

/// A lead that a vendor says it sent, by at least one of these.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ClaimOfOne {
    /// The vendor's own id.
    id: Option<String>,
    /// `sub_…`, as the vendor was answered.
    submission: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    /// SHA-256 of the address in small letters, in hexadecimal.
    email_sha256: Option<String>,
    /// SHA-256 of the number in E.164, in hexadecimal.
    phone_sha256: Option<String>,
}

/// What a vendor's lead is answered. For several leads in one request, one such object for each in `results`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VendorAnswer {
    /// Those that are bought or looked at.
    submissions: Vec<String>,
    /// The lead's id, the same for every repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    submission: Option<String>,
    /// `accepted`, `duplicate`, `rejected`, `capped`, `held`, or `queued` for what is answered later.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Why it is not bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<VendorReason>,
    /// What it is bought for.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<crate::answers::MoneyAnswer>,
    /// The day on which a known person was last heard of, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_since: Option<String>,
    /// The cap that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    cap: Option<String>,
    /// When it starts again at 0; null if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    opens_at: Option<String>,
    /// Each field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Value>>,
    /// Of several leads in one request, each.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<Value>>,
}

/// A reason in the answer to a vendor.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VendorReason {
    /// Stable code: `duplicate`, `capped`, `invalid_fields`, `suppressed`, the name of a criterion, or what is wrong with the ping.
    code: String,
    /// In words.
    message: String,
}

/// What a ping is answered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PingAnswer {
    /// `accepted`, `duplicate`, `rejected` or `capped`: what a lead like this would be answered now.
    outcome: String,
    /// `ping_…`, to be quoted by the lead as its field `ping_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ping: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
    /// The price that then holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<crate::answers::MoneyAnswer>,
    /// Why it would not be bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<VendorReason>,
    /// When a cap that is reached starts again at 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    opens_at: Option<String>,
}

//! The configuration: one file, `leadline.toml`, that says what comes in, what counts, who gets what and who is told.
//!
//! [`read`] parses and checks a file and finds every problem with its line. A [`Config`] that came out of it is
//! consistent: names that it mentions exist.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::decision::Stage;
use crate::field::Value;

pub mod check;
pub mod golden;
#[cfg(feature = "schema")]
mod json_schema;
pub mod mapping;
mod public_key;
mod source;
mod spam;
mod vendor;
mod version;

pub use check::{Problem, Severity, read};
#[cfg(feature = "schema")]
pub use json_schema::schema;
pub use public_key::{PublicKeyError, rsa_key};
pub use source::{AnswersApi, Need, Needs, Profile, Source, SourceKind, TrustedForm};
pub use spam::{Captcha, CaptchaKind, Flood, MailLookUp, Outage, Rate, RatePer, Spam, Treatment};
pub use vendor::{
    Among, Amount, Cap, Criterion, Duplicates, Per, Ping, PriceRule, ReturnReason, Returns, Vendor,
    VendorAnswer,
};
pub use version::version_of;

/// The configuration that ships with Leadline.
pub const DEFAULT: &str = include_str!("../../../leadline.toml");

/// Everything that operators decide.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Country whose numbering plan a phone number without a country code belongs to, when the source says nothing else and
    /// the submission names no country. ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_country: Option<String>,
    /// Where leads come from.
    pub sources: BTreeMap<String, Source>,
    /// Contracts with vendors of leads, by name. A source is under one by its `vendor`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vendors: BTreeMap<String, Vendor>,
    /// Behaviour that is reported on `POST /v1/events`.
    #[serde(default)]
    pub events: Events,
    /// Who is asked about a company.
    #[serde(default)]
    pub enrichment: Enrichment,
    /// What gives points, and what they lead to.
    #[serde(default)]
    pub scoring: Scoring,
    /// People who take leads.
    pub reps: BTreeMap<String, Rep>,
    /// Groups of reps that take turns.
    pub pools: BTreeMap<String, Pool>,
    /// Which leads go to which pool: the first whose condition holds.
    #[serde(default)]
    pub territories: Vec<Territory>,
    /// What else decides who gets a lead.
    #[serde(default)]
    pub routing: Routing,
    /// Working hours.
    #[serde(default)]
    pub calendars: BTreeMap<String, Calendar>,
    /// How soon somebody has to respond.
    #[serde(default)]
    pub slas: BTreeMap<String, SlaRule>,
    /// What becomes of leads that sales did not answer or sent back.
    #[serde(default)]
    pub recycling: Recycling,
    /// Who is told.
    #[serde(default)]
    pub destinations: BTreeMap<String, Destination>,
    /// Golden leads: what the rules must make of them. Run by `leadline check`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub golden: Vec<Golden>,
}

/// One name or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One name.
    One(String),
    /// Several, tried in order.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The names, in order.
    pub fn names(&self) -> &[String] {
        match self {
            OneOrMany::One(name) => std::slice::from_ref(name),
            OneOrMany::Many(names) => names,
        }
    }
}

fn yes() -> bool {
    true
}

/// `POST /v1/events`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Origins whose pages may post with a browser's `fetch` (CORS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Name of a secret that senders must give in the header `X-Leadline-Secret`. Without one, anybody can report events.
    /// Browsers keep no secret: `leadline.js` needs this to be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Pages of which a visit is an event of its own: a path, or the beginning of one followed by `*` = the event's type.
    /// A `page_visited` whose property `path` fits is taken for that event; the longest path that fits counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pages: BTreeMap<String, String>,
    /// For how many days what a visitor did is kept, to be credited to the lead that a form makes of them.
    #[serde(
        default = "default_visitor_days",
        skip_serializing_if = "is_default_visitor_days"
    )]
    pub visitor_days: u32,
}

fn default_visitor_days() -> u32 {
    90
}

fn is_default_visitor_days(days: &u32) -> bool {
    *days == default_visitor_days()
}

impl Default for Events {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            secret: None,
            pages: BTreeMap::new(),
            visitor_days: default_visitor_days(),
        }
    }
}

impl Events {
    /// The type of the event that a visit to the page at `path` is, if it is one of its own.
    pub fn page_type(&self, path: &str) -> Option<&str> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let bare = match path.strip_suffix('/') {
            Some("") | None => path,
            Some(bare) => bare,
        };
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => pattern == path || pattern == bare,
        };
        self.pages
            .iter()
            .filter(|(pattern, _)| fits(pattern))
            .max_by_key(|(pattern, _)| pattern.len())
            .map(|(_, kind)| kind.as_str())
    }
}

/// Who is asked about companies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Enrichment {
    /// Providers, asked in the order of their names.
    #[serde(default)]
    pub providers: BTreeMap<String, Provider>,
}

/// An HTTP service that knows companies by their domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Where it is asked: `https://…`, with `{domain}` (the company's registrable domain) and `{country}` filled in, percent-encoded.
    pub url: String,
    /// Headers: a text, or `{ secret = "NAME" }` with optional `prefix`.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderValue>,
    /// Our field = the way to its value in the JSON answer, such as `company.metrics.employees` or `tags[0]`.
    pub fields: BTreeMap<String, String>,
    /// Time it has for everything, from looking up its name to the last byte, in milliseconds. At most 10,000.
    #[serde(default = "default_provider_timeout")]
    pub timeout_ms: u32,
    /// How long an answer is used again for the same domain, in hours. 0 switches the cache off.
    #[serde(default = "default_cache_hours")]
    pub cache_hours: u32,
    /// How often it is asked again later when it did not answer.
    #[serde(default = "default_provider_retries")]
    pub retries: u32,
    /// Only leads that meet this are asked about. By default those whose e-mail is a company's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

fn default_provider_timeout() -> u32 {
    2_000
}

fn default_cache_hours() -> u32 {
    720
}

fn default_provider_retries() -> u32 {
    5
}

/// A header's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum HeaderValue {
    /// As it is.
    Text(String),
    /// A secret.
    Secret(SecretHeader),
}

/// `{ secret = "NAME", prefix = "Bearer " }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretHeader {
    /// Name of the secret.
    pub secret: String,
    /// What stands before it.
    #[serde(default)]
    pub prefix: String,
}

/// Points and thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// Total from which a lead is marketing qualified.
    #[serde(default = "default_mql")]
    pub mql: i32,
    /// Total from which a lead is sales qualified.
    #[serde(default = "default_sql")]
    pub sql: i32,
    /// Events that make a lead product qualified, whatever its total below `sql`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pql_events: Vec<String>,
    /// How far the total has to fall below a threshold before the stage is lost again: no flapping.
    #[serde(default = "default_hysteresis")]
    pub hysteresis: i32,
    /// Most points, up or down, that fit can have.
    #[serde(default = "default_part_cap")]
    pub fit_cap: i32,
    /// Most points, up or down, that engagement can have.
    #[serde(default = "default_part_cap")]
    pub engagement_cap: i32,
    /// What the person and the company are.
    #[serde(default)]
    pub fit: Vec<FitRule>,
    /// What they do.
    #[serde(default)]
    pub engagement: Vec<EngagementRule>,
}

fn default_mql() -> i32 {
    40
}

fn default_sql() -> i32 {
    80
}

fn default_hysteresis() -> i32 {
    5
}

fn default_part_cap() -> i32 {
    1_000
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            mql: default_mql(),
            sql: default_sql(),
            pql_events: Vec::new(),
            hysteresis: default_hysteresis(),
            fit_cap: default_part_cap(),
            engagement_cap: default_part_cap(),
            fit: Vec::new(),
            engagement: Vec::new(),
        }
    }
}

/// Points for what a lead is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FitRule {
    /// Its name, in the history and in explanations.
    pub name: String,
    /// Points, positive or negative.
    pub points: i32,
    /// When it applies.
    pub when: Condition,
}

/// Points for what a lead does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EngagementRule {
    /// Its name, in the history and in explanations; by default that of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Type of the event, such as `email_opened`.
    pub event: String,
    /// Points for each, positive or negative.
    pub points: i32,
    /// Most points, up or down, that this rule can give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<i32>,
    /// After this many days an event is worth half. Without it points do not fade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<u32>,
}

impl EngagementRule {
    /// Its name in the history.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.event)
    }
}

/// Somebody who takes leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rep {
    /// The person's name, for explanations.
    pub name: String,
    /// The person's work e-mail, for destinations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Switched off, nobody gets leads through it, whatever the pools say.
    #[serde(default = "yes")]
    pub active: bool,
    /// Days on which the person is away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub away: Vec<Away>,
    /// The person's time zone, for `away` and daily limits; UTC by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// From the first to the last day, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Away {
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`.
    pub to: String,
}

/// Reps that take turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Who is in it.
    pub members: Vec<Member>,
    /// The pool to ask when nobody here can take the lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// The SLA of leads given through this pool, unless the territory says another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<String>,
}

/// A rep in a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Who.
    pub rep: String,
    /// Share of the turns, relative to the others. 0 takes the rep out of the turns.
    #[serde(default = "default_weight")]
    pub weight: u32,
    /// Most leads a day through this pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
}

fn default_weight() -> u32 {
    1
}

/// Leads of one kind and the pool they go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Territory {
    /// Its name, in the history and in explanations.
    pub name: String,
    /// Which leads. Without a condition it takes all that come so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Where they go.
    pub pool: String,
    /// The SLA of these leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<String>,
}

/// What else decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// The pool for leads that no territory takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_pool: Option<String>,
    /// Stage from which leads are given to reps. By default all are.
    #[serde(default)]
    pub assign_from: Stage,
    /// The SLA where neither territory nor pool name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<String>,
    /// After how many minutes a lead that could not be given to anybody is tried again.
    #[serde(default = "default_retry_minutes")]
    pub retry_minutes: u32,
}

fn default_retry_minutes() -> u32 {
    15
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            fallback_pool: None,
            assign_from: Stage::Lead,
            sla: None,
            retry_minutes: default_retry_minutes(),
        }
    }
}

/// Working hours. Times outside do not count for an SLA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// IANA time zone, such as `Europe/Berlin`.
    pub timezone: String,
    /// Working hours by weekday (`mon` to `sun`), each a list such as `["09:00-12:30", "13:30-17:00"]`.
    pub hours: BTreeMap<String, Vec<String>>,
    /// Days on which nobody works, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
}

/// How soon somebody has to respond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SlaRule {
    /// Minutes of working time from the assignment to the first response.
    pub first_response_minutes: u32,
    /// Whose working time; around the clock without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// What becomes of leads that come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recycling {
    /// Minutes after which a lead that has not come through all steps is sent on again.
    #[serde(default = "default_stuck_minutes")]
    pub stuck_minutes: u32,
    /// What follows on which reason, in order; the first that fits.
    #[serde(default)]
    pub rules: Vec<RecyclingRule>,
}

fn default_stuck_minutes() -> u32 {
    10
}

impl Default for Recycling {
    fn default() -> Self {
        Self {
            stuck_minutes: default_stuck_minutes(),
            rules: Vec::new(),
        }
    }
}

/// What follows on a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecyclingRule {
    /// Its name, in the history and in explanations.
    pub name: String,
    /// `no_response` (the SLA ran out), a reason that sales gives with a rejection, or `*` for every rejection.
    pub reason: String,
    /// Days to wait before somebody else gets the lead; 0 is at once.
    #[serde(default)]
    pub wait_days: u32,
    /// How often a lead is recycled under this rule; after that it rests.
    #[serde(default = "default_max_times")]
    pub max_times: u32,
}

fn default_max_times() -> u32 {
    3
}

/// The reason of leads whose SLA ran out.
pub const NO_RESPONSE: &str = "no_response";

/// Who is told, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// How.
    pub kind: DestinationKind,
    /// Where to, for a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Name of the secret that signs, for a webhook: `whsec_…` as in Standard Webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// What is told.
    #[serde(default = "default_notices")]
    pub notify: Vec<Notice>,
    /// Only leads of these pools; all without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<String>,
    /// What it is for, such as `marketing`. Only leads of people who agreed to that are told to it, whatever else holds.
    /// Without a purpose, consent is not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Switched off, nothing is sent to it.
    #[serde(default = "yes")]
    pub active: bool,
    /// Time the receiver has for its answer, in milliseconds. At most 20,000.
    #[serde(default = "default_destination_timeout")]
    pub timeout_ms: u32,
}

fn default_notices() -> Vec<Notice> {
    vec![Notice::Assigned]
}

fn default_destination_timeout() -> u32 {
    15_000
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DestinationKind {
    /// A signed POST, as Standard Webhooks says.
    Webhook,
    /// A line in the log of the process, without personal data.
    Log,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Notice {
    /// A rep got a lead.
    #[serde(rename = "lead.assigned")]
    Assigned,
    /// Nobody could be found.
    #[serde(rename = "lead.unassigned")]
    Unassigned,
    /// The stage changed.
    #[serde(rename = "lead.stage_changed")]
    StageChanged,
    /// The first response did not come in time.
    #[serde(rename = "lead.sla_breached")]
    SlaBreached,
    /// The person was erased: the lead's id and nothing else is told.
    #[serde(rename = "lead.erased")]
    Erased,
}

impl Notice {
    /// Its name: the `type` of the webhook.
    pub fn name(self) -> &'static str {
        match self {
            Notice::Assigned => "lead.assigned",
            Notice::Unassigned => "lead.unassigned",
            Notice::StageChanged => "lead.stage_changed",
            Notice::SlaBreached => "lead.sla_breached",
            Notice::Erased => "lead.erased",
        }
    }
}

/// A lead made up for a test, and what must become of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// What it shows.
    pub name: String,
    /// Its fields.
    pub lead: BTreeMap<String, Value>,
    /// What it does, by type, once each per mention.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// What must come out; what is not mentioned is not compared.
    pub expect: Expected,
}

/// What must become of a golden lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Total score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i32>,
    /// Fit score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<i32>,
    /// Engagement score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement: Option<i32>,
    /// Stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Territory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territory: Option<String>,
    /// Pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

impl Config {
    /// The contract that a source is under: the vendor's name and what was agreed.
    pub fn contract_of(&self, source: &str) -> Option<(&str, &Vendor)> {
        let name = self.sources.get(source)?.vendor.as_deref()?;
        Some((name, self.vendors.get(name)?))
    }

    /// Names of the destinations that want `notice` about a lead of `pool`.
    pub fn destinations_for(&self, notice: Notice, pool: Option<&str>) -> Vec<&str> {
        self.destinations_wanting(notice)
            .filter(|(_, destination)| {
                destination.pools.is_empty()
                    || pool
                        .is_some_and(|pool| destination.pools.iter().any(|wanted| wanted == pool))
            })
            .map(|(name, _)| name)
            .collect()
    }

    fn destinations_wanting(&self, notice: Notice) -> impl Iterator<Item = (&str, &Destination)> {
        let named = self.destinations.iter();
        named
            .map(|(name, destination)| (name.as_str(), destination))
            .filter(move |(_, wanting)| wanting.active && wanting.notify.contains(&notice))
    }

    /// Destinations in use that are told that a person was erased, of whatever pools: nobody knows any more which pools the
    /// lead went through.
    pub fn destinations_for_erasure(&self) -> Vec<&str> {
        let told = self.destinations_wanting(Notice::Erased);
        told.map(|(name, _)| name).collect()
    }

    /// The name of a rep as people say it.
    pub fn rep_name<'a>(&'a self, rep: &'a str) -> &'a str {
        self.reps.get(rep).map_or(rep, |known| known.name.as_str())
    }
}

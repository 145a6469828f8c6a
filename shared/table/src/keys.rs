//! Every key of the table is spelled here and nowhere else.
//!
//! | partition | sort | item |
//! |---|---|---|
//! | `P#<26>` | `E#<seq>` | decisions of the lead of that name, from number `seq` on |
//! | `P#<26>` | `S` | what became of the submission of that name, when it did not make the lead of that name |
//! | `P#<26>` | `S#<hash>` | what somebody did with the submission of that name while it was in quarantine |
//! | `Q#<shard>` | `<time>#<26>` | a submission waits in quarantine for a person |
//! | `K#<kind>#<hash>` | `K` | the lead that an identity key belongs to, or that its person was erased |
//! | `D#<shard>` | `<time>#<26>` | a lead is to be looked at |
//! | `T#<pool>` | `T` | the turns of a pool |
//! | `C` | `V#<version>` | a configuration |
//! | `C` | `CURRENT` | the version in force |
//! | `A#<provider>#<hash>` | `A` | a provider's answer about a domain |
//! | `I#<hash>` | `I` | a used idempotency key |
//! | `L#<source>` | `<time>#<26>` | a submission of that source was accepted; `<time>#=<26>` a batch |
//! | `H#<source>` | `<time>` | an hour of that ledger, as counts |
//! | `B#<26>` | `B` | a batch: where it came from and how many rows it has |
//! | `B#<26>` | `R#<page>` | what each of 500 rows of a batch became at the door |
//! | `B#<26>` | `F` | an uploaded file: what was announced of it, and how far it is |
//! | `B#<26>` | `O` | what became of its first rows, as counts |
//! | `W#<destination>` | `W` | a destination that said it is gone |
//! | `R#<26>` | `<window>` | how often something came in a window of time |
//! | `V#<26>` | `V` | what a visitor did, and whose forms were filled in there |
//! | `O#<26>` | `O` | what a vendor was answered about the submission of that name |
//! | `O#<26>` | `M` | the accepted lead of that name, until it is certain that it arrived |
//! | `X#<owner>` | `<cap>#<start>` | how much of a cap is used in a period; the owner is a vendor, or `VENDOR.ping` |
//! | `U#<26>` | `U` | when a person was bought, by anybody and by each vendor |
//! | `N#<26>` | `N` | a ping and the price that it was answered |
//! | `Z#<vendor>` | `<day>#<part>` | a part of the counts of a vendor's scorecard |

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{BatchId, LeadId, PingId, SubmissionId, VisitorKey};
use domain::identity::IdentityKey;
use domain::vendor::PersonKey;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::Item;

/// Partition key attribute.
pub(crate) const PK: &str = "pk";
/// Sort key attribute.
pub(crate) const SK: &str = "sk";
/// Epoch second after which DynamoDB may remove an item.
pub(crate) const EXPIRES: &str = "expires";

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// As an item that holds nothing else.
    pub(crate) fn item(self) -> Item {
        [
            (PK.to_owned(), AttributeValue::S(self.pk)),
            (SK.to_owned(), AttributeValue::S(self.sk)),
        ]
        .into_iter()
        .collect()
    }
}

/// Start of the sort keys of decisions.
pub(crate) const DECISIONS: &str = "E#";

pub(crate) fn lead_partition(lead: LeadId) -> String {
    format!("P#{}", lead.digits())
}

pub(crate) fn decisions(lead: LeadId, seq: u32) -> Key {
    Key::new(lead_partition(lead), format!("{DECISIONS}{seq:08}"))
}

pub(crate) fn submission(submission: SubmissionId) -> Key {
    Key::new(format!("P#{}", submission.digits()), "S")
}

/// Start of the sort keys of steps.
pub(crate) const STEPS: &str = "S#";

pub(crate) fn step(submission: SubmissionId, digest: u128) -> Key {
    let digest = domain::id::encode(digest);
    Key::new(
        format!("P#{}", submission.digits()),
        format!("{STEPS}{digest}"),
    )
}

pub(crate) fn waiting_partition(shard: u8) -> String {
    format!("Q#{shard}")
}

pub(crate) fn waiting(shard: u8, second: i64, submission: SubmissionId) -> Key {
    Key::new(
        waiting_partition(shard),
        format!("{second:011}#{}", submission.digits()),
    )
}

pub(crate) fn identity(key: IdentityKey) -> Key {
    Key::new(format!("K#{key}"), "K")
}

pub(crate) fn due_partition(shard: u8) -> String {
    format!("D#{shard}")
}

pub(crate) fn due(shard: u8, at: Timestamp, lead: LeadId) -> Key {
    Key::new(
        due_partition(shard),
        format!("{}#{}", due_moment(at), lead.digits()),
    )
}

/// A time as text whose order is the order of time: seconds since 1970, eleven digits.
pub(crate) fn due_moment(at: Timestamp) -> String {
    format!("{:011}", at.as_second().max(0))
}

pub(crate) fn turns(pool: &str) -> Key {
    Key::new(format!("T#{pool}"), "T")
}

/// Partition of the configurations.
pub(crate) const CONFIGURATIONS: &str = "C";
/// Start of the sort keys of versions.
pub(crate) const VERSIONS: &str = "V#";

pub(crate) fn version(version: &str) -> Key {
    Key::new(CONFIGURATIONS, format!("{VERSIONS}{version}"))
}

pub(crate) fn current() -> Key {
    Key::new(CONFIGURATIONS, "CURRENT")
}

pub(crate) fn answer(provider: &str, hash: u128) -> Key {
    Key::new(format!("A#{provider}#{}", domain::id::encode(hash)), "A")
}

pub(crate) fn idempotency(hash: u128) -> Key {
    Key::new(format!("I#{}", domain::id::encode(hash)), "I")
}

pub(crate) fn visitor(visitor: VisitorKey) -> Key {
    Key::new(format!("V#{}", visitor.digits()), "V")
}

pub(crate) fn ledger(source: &str, second: i64, name: &str) -> Key {
    Key::new(format!("L#{source}"), format!("{second:011}#{name}"))
}

pub(crate) fn ledger_hour(source: &str, start: i64) -> Key {
    Key::new(format!("H#{source}"), format!("{start:011}"))
}

pub(crate) fn batch(batch: BatchId) -> Key {
    Key::new(format!("B#{}", batch.digits()), "B")
}

pub(crate) fn batch_rows(batch: BatchId, page: u32) -> Key {
    Key::new(format!("B#{}", batch.digits()), format!("R#{page:04}"))
}

pub(crate) fn upload(upload: BatchId) -> Key {
    Key::new(format!("B#{}", upload.digits()), "F")
}

pub(crate) fn upload_tally(upload: BatchId) -> Key {
    Key::new(format!("B#{}", upload.digits()), "O")
}

pub(crate) fn count(what: u128, window: i64) -> Key {
    Key::new(
        format!("R#{}", domain::id::encode(what)),
        format!("{window:011}"),
    )
}

pub(crate) fn destination(name: &str) -> Key {
    Key::new(format!("W#{name}"), "W")
}

pub(crate) fn offer(submission: SubmissionId) -> Key {
    Key::new(format!("O#{}", submission.digits()), "O")
}

pub(crate) fn offered_message(submission: SubmissionId) -> Key {
    Key::new(format!("O#{}", submission.digits()), "M")
}

pub(crate) fn cap(owner: &str, cap: &str, starts: i64) -> Key {
    Key::new(format!("X#{owner}"), format!("{cap}#{starts:011}"))
}

pub(crate) fn person(person: PersonKey) -> Key {
    Key::new(format!("U#{}", domain::id::encode(person.0)), "U")
}

pub(crate) fn ping(ping: PingId) -> Key {
    Key::new(format!("N#{}", ping.digits()), "N")
}

pub(crate) fn scorecard_partition(vendor: &str) -> String {
    format!("Z#{vendor}")
}

pub(crate) fn scorecard(vendor: &str, day: Date, shard: u128) -> Key {
    Key::new(scorecard_partition(vendor), format!("{day}#{shard}"))
}

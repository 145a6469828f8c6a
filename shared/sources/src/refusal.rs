//! Why a request is not accepted: a status, a stable code and sentences that tell nothing of what was sent.

use domain::submission::FieldProblem;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 405.
    MethodNotAllowed {
        /// The `Allow` header of the answer.
        allow: String,
    },
    /// 413.
    TooLarge {
        /// Most bytes that the source takes.
        limit: usize,
    },
    /// 413: more than fits into one batch.
    BatchTooLarge {
        /// What there is too much of.
        what: &'static str,
        /// Most of them.
        limit: usize,
    },
    /// 401.
    Unauthorized(Unauthorized),
    /// 400: the `Idempotency-Key` is not one key of 1 to 255 visible ASCII characters.
    IdempotencyKey,
    /// 415.
    UnsupportedContentType {
        /// What the source takes.
        takes: &'static str,
    },
    /// 415: nothing is unpacked at a door, where a few bytes could become many.
    Compressed,
    /// 400.
    Unparseable(Unparseable),
    /// 422: every bad field.
    Fields(Vec<FieldProblem>),
}

/// Why a sender is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthorized {
    /// The source needs a secret that is not configured, or has no value here.
    NotConfigured,
    /// The header that proves the sender is missing.
    Missing {
        /// Its name.
        header: &'static str,
    },
    /// The header does not prove the sender.
    Wrong {
        /// Its name.
        header: &'static str,
    },
    /// What should prove the sender is missing, and belongs elsewhere than into a header.
    MissingIn {
        /// Where it belongs, as `the field … of the body`.
        place: &'static str,
    },
    /// What stands elsewhere than in a header does not prove the sender.
    WrongIn {
        /// Where it stands.
        place: &'static str,
    },
    /// It was signed too long ago, or in the future: somebody may be repeating what they overheard.
    Stale {
        /// The header that says when.
        header: &'static str,
    },
}

/// What keeps a body from being read. Names of fields are shown, values never.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unparseable {
    /// Nothing was sent.
    #[error("the body is empty; send the fields of a lead in it, or the rows of a file")]
    Empty,
    /// The bytes are not text.
    #[error(
        "byte {offset} of {place} is not UTF-8; send UTF-8 or name the charset in the content type"
    )]
    Charset {
        /// The body, or a field of it.
        place: String,
        /// Counted from 0.
        offset: usize,
    },
    /// Not JSON.
    #[error("the body is not valid JSON at line {line}, column {column}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A text in the JSON holds half of a surrogate pair.
    #[error("the text of `{place}` is no valid Unicode; send surrogates in pairs")]
    JsonText {
        /// Path of the value.
        place: String,
    },
    /// One object has the same key twice: readers would differ about what it says.
    #[error(
        "the key `{place}` stands twice in one JSON object; send it once, with a list if there are several values"
    )]
    DuplicateKey {
        /// Path of the key.
        place: String,
    },
    /// Not the shape that this kind of source has.
    #[error("{place} should be {expected}")]
    Shape {
        /// Where.
        place: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// A file that is no table of submissions from this line on.
    #[error("line {line} {what}")]
    Table {
        /// Counted from 1.
        line: u64,
        /// What is wrong and what would be right.
        what: &'static str,
    },
    /// Not multipart as its boundary says.
    #[error("part {part} of the multipart body {what}")]
    Multipart {
        /// Counted from 1.
        part: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The content type has no usable boundary.
    #[error("the content type names no boundary of 1 to 70 characters")]
    Boundary,
    /// Too many fields.
    #[error("the body has more than {limit} fields; send fewer")]
    TooManyFields {
        /// Most fields.
        limit: usize,
    },
    /// A name is too long.
    #[error("the name of field {position} is longer than {limit} bytes; shorten it")]
    NameTooLong {
        /// Its position, counted from 1.
        position: usize,
        /// Most bytes.
        limit: usize,
    },
    /// Nested too deep.
    #[error("the body is nested deeper than {limit} levels; flatten it")]
    TooDeep {
        /// Most levels.
        limit: usize,
    },
    /// Not XML, or of a kind that is not taken.
    #[error("the XML of the body {what} at line {line}, column {column}")]
    Xml {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// Too many elements of XML.
    #[error("the XML of the body has more than {limit} elements; send fewer at once")]
    TooManyElements {
        /// Most elements.
        limit: usize,
    },
    /// Too many leads in one request.
    #[error("the body holds more than {limit} leads; send fewer at once")]
    TooManyRecords {
        /// Most leads.
        limit: usize,
    },
    /// A name is a value, and a group of other values.
    #[error("`{place}` is part of a field that has a value itself; rename one of the two")]
    Conflict {
        /// The longer name.
        place: String,
    },
    /// A NUL character, which no person types.
    #[error("field {position} holds a NUL character; remove it")]
    Nul {
        /// Its position, counted from 1.
        position: usize,
    },
}

impl Refusal {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::IdempotencyKey | Refusal::Unparseable(_) => 400,
            Refusal::Unauthorized(_) => 401,
            Refusal::MethodNotAllowed { .. } => 405,
            Refusal::TooLarge { .. } | Refusal::BatchTooLarge { .. } => 413,
            Refusal::UnsupportedContentType { .. } | Refusal::Compressed => 415,
            Refusal::Fields(_) => 422,
        }
    }

    /// A stable name for clients and for counting.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::MethodNotAllowed { .. } => "method_not_allowed",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::BatchTooLarge { .. } => "batch_too_large",
            Refusal::Unauthorized(Unauthorized::NotConfigured) => "secret_not_configured",
            Refusal::Unauthorized(
                Unauthorized::Missing { .. } | Unauthorized::MissingIn { .. },
            ) => "proof_missing",
            Refusal::Unauthorized(Unauthorized::Wrong { .. } | Unauthorized::WrongIn { .. }) => {
                "proof_wrong"
            }
            Refusal::Unauthorized(Unauthorized::Stale { .. }) => "proof_stale",
            Refusal::IdempotencyKey => "invalid_idempotency_key",
            Refusal::UnsupportedContentType { .. } => "unsupported_content_type",
            Refusal::Compressed => "compressed",
            Refusal::Unparseable(_) => "unparseable",
            Refusal::Fields(_) => "invalid_fields",
        }
    }

    /// One fixed sentence for each code.
    pub fn sentence(&self) -> &'static str {
        match self {
            Refusal::MethodNotAllowed { .. } => {
                "This source does not take requests with this method."
            }
            Refusal::TooLarge { .. } => "The body is larger than this source takes.",
            Refusal::BatchTooLarge { .. } => "The batch is larger than one request can hold.",
            Refusal::Unauthorized(Unauthorized::NotConfigured) => {
                "This source cannot verify its sender because its secret is not configured."
            }
            Refusal::Unauthorized(
                Unauthorized::Missing { .. } | Unauthorized::MissingIn { .. },
            ) => "The sender did not prove itself.",
            Refusal::Unauthorized(Unauthorized::Wrong { .. } | Unauthorized::WrongIn { .. }) => {
                "The sender's proof is wrong."
            }
            Refusal::Unauthorized(Unauthorized::Stale { .. }) => {
                "The sender's proof is not of this moment."
            }
            Refusal::IdempotencyKey => "The idempotency key is not usable.",
            Refusal::UnsupportedContentType { .. } => {
                "This source does not take this content type."
            }
            Refusal::Compressed => "Compressed bodies are not taken.",
            Refusal::Unparseable(_) => "The body cannot be read.",
            Refusal::Fields(_) => "Some fields need to be corrected.",
        }
    }

    /// What exactly is wrong and what would be right. Holds names of fields at most, never a value.
    pub fn detail(&self) -> String {
        match self {
            Refusal::MethodNotAllowed { allow } => format!("use {allow}"),
            Refusal::TooLarge { limit } => format!("send at most {limit} bytes"),
            Refusal::BatchTooLarge { what, limit } => format!(
                "send at most {limit} {what} in one request; `leadline import` sends a file of any size in pieces"
            ),
            Refusal::Unauthorized(Unauthorized::NotConfigured) => {
                "an operator has to set what this source verifies its sender with: the secret, and what else its kind needs"
                    .to_owned()
            }
            Refusal::Unauthorized(Unauthorized::Missing { header }) => {
                format!("send the header {header}")
            }
            Refusal::Unauthorized(Unauthorized::Wrong { header }) => {
                format!(
                    "the header {header} does not match the secret of this source and the bytes of the body"
                )
            }
            Refusal::Unauthorized(Unauthorized::MissingIn { place }) => {
                format!("give the secret of this source in {place}")
            }
            Refusal::Unauthorized(Unauthorized::WrongIn { place }) => {
                format!("{place} is not the secret of this source")
            }
            Refusal::Unauthorized(Unauthorized::Stale { header }) => {
                format!(
                    "the header {header} names a moment that is too far away; sign each request when it is sent, with a clock that is right"
                )
            }
            Refusal::IdempotencyKey => {
                "send one Idempotency-Key of 1 to 255 visible ASCII characters, or none".to_owned()
            }
            Refusal::UnsupportedContentType { takes } => format!("send {takes}"),
            Refusal::Compressed => {
                "send the body as it is, without Content-Encoding; of large files, upload them".to_owned()
            }
            Refusal::Unparseable(why) => why.to_string(),
            Refusal::Fields(problems) => match problems.len() {
                1 => "1 field is wrong; see errors".to_owned(),
                count => format!("{count} fields are wrong; see errors"),
            },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let detail = self.detail();
        let mut letters = detail.chars();
        let first: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        write!(
            formatter,
            "{} {first}{}.",
            self.sentence(),
            letters.as_str()
        )
    }
}

impl std::error::Error for Refusal {}

impl From<Unparseable> for Refusal {
    fn from(why: Unparseable) -> Self {
        Refusal::Unparseable(why)
    }
}

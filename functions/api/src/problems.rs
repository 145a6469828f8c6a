//! Every type of problem that the API answers, besides those common to all calls.

use domain::id::LeadId;
use domain::lead::ErasedLead;
use domain::submission::FieldProblem;
use lambda_http::http::{StatusCode, header};
use web::{Kind, Problem};

/// The token is missing or wrong.
pub(crate) const UNAUTHORIZED: Kind = Kind::new(
    StatusCode::UNAUTHORIZED,
    "unauthorized",
    "This call needs the token of the API.",
);
/// The body or the query is not what it should be at all.
pub(crate) const UNPARSEABLE: Kind = Kind::new(
    StatusCode::BAD_REQUEST,
    "unparseable",
    "The body cannot be read.",
);
/// The query is not what it should be at all.
pub(crate) const BAD_QUERY: Kind = Kind::new(
    StatusCode::BAD_REQUEST,
    "bad_query",
    "The query cannot be read.",
);
/// Too many bytes.
pub(crate) const TOO_LARGE: Kind = Kind::new(
    StatusCode::PAYLOAD_TOO_LARGE,
    "too_large",
    "The body is larger than this call takes.",
);
/// Fields are wrong.
pub(crate) const INVALID_FIELDS: Kind = Kind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "invalid_fields",
    "Some fields need to be corrected.",
);
/// A list was asked for by something that it cannot be found by.
pub(crate) const UNSUPPORTED_FILTER: Kind = Kind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "unsupported_filter",
    "Leads cannot be listed in this way.",
);
/// A configuration with errors.
pub(crate) const INVALID_CONFIGURATION: Kind = Kind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "invalid_configuration",
    "The configuration has errors; it was not stored.",
);
/// Not possible as things stand.
pub(crate) const WRONG_STATE: Kind = Kind::new(
    StatusCode::CONFLICT,
    "wrong_state",
    "This makes no sense as things stand.",
);
/// The person was erased.
pub(crate) const ERASED: Kind = Kind::new(
    StatusCode::GONE,
    "erased",
    "This lead was erased; nothing of it is left.",
);
/// What would go on is of somebody who was erased.
pub(crate) const SUPPRESSED: Kind = Kind::new(
    StatusCode::CONFLICT,
    "suppressed",
    "The person was erased, and nothing of them goes on.",
);
/// The `Idempotency-Key` is not one key of 1 to 255 visible ASCII characters.
pub(crate) const INVALID_IDEMPOTENCY_KEY: Kind = Kind::new(
    StatusCode::BAD_REQUEST,
    "invalid_idempotency_key",
    "The idempotency key is not usable.",
);
/// The `Idempotency-Key` stands for something else.
pub(crate) const IDEMPOTENCY_KEY_REUSED: Kind = Kind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "idempotency_key_reused",
    "This idempotency key was used for something else.",
);

/// More is asked for than one answer can hold.
pub(crate) const RANGE_TOO_LARGE: Kind = Kind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "range_too_large",
    "This is more than one answer can hold.",
);

/// All of them.
#[cfg(any(test, feature = "schema"))]
pub(crate) const ALL: &[Kind] = &[
    UNAUTHORIZED,
    UNPARSEABLE,
    BAD_QUERY,
    TOO_LARGE,
    INVALID_FIELDS,
    UNSUPPORTED_FILTER,
    INVALID_CONFIGURATION,
    WRONG_STATE,
    ERASED,
    SUPPRESSED,
    INVALID_IDEMPOTENCY_KEY,
    IDEMPOTENCY_KEY_REUSED,
    RANGE_TOO_LARGE,
];

pub(crate) fn unauthorized() -> Problem {
    // RFC 6750, 3: the scheme is followed by at least one parameter.
    Problem::of(UNAUTHORIZED)
        .detail("send the header Authorization: Bearer TOKEN")
        .header(header::WWW_AUTHENTICATE, "Bearer realm=\"leadline\"")
}

pub(crate) fn invalid_fields(problems: &[FieldProblem]) -> Problem {
    let detail = match problems.len() {
        1 => "1 field is wrong; see errors".to_owned(),
        count => format!("{count} fields are wrong; see errors"),
    };
    Problem::of(INVALID_FIELDS).detail(detail).errors(&problems)
}

/// Longest name of a field that is said back, in characters.
const MAX_NAME: usize = 64;

/// What is wrong with a field. Its name is said back only if it looks like one: what a caller gets wrong may well be that a
/// value stands where a name should, as in `/v1/leads?ada@example.com`.
pub(crate) fn field(name: &str, code: &str, message: &str) -> FieldProblem {
    let is_name = name.chars().count() <= MAX_NAME
        && name
            .chars()
            .all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.'));
    FieldProblem {
        field: if is_name {
            name
        } else {
            "(a name that is left out)"
        }
        .to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

pub(crate) fn wrong_state(why: impl Into<String>) -> Problem {
    Problem::of(WRONG_STATE).detail(why)
}

/// For a lead that was erased: when, by whose call.
pub(crate) fn erased(lead: LeadId, end: &ErasedLead) -> Problem {
    let by = end.erased.by.as_deref();
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    Problem::of(ERASED).detail(format!(
        "{lead} was erased at {}{by}, as {}",
        end.at, end.erased.erasure
    ))
}

/// For a failure that is ours: logs what happened, and tells the caller only whether another try may help.
pub(crate) fn table_failed(error: &table::Error) -> Problem {
    match error {
        table::Error::Call { .. } => unavailable(error),
        table::Error::Corrupt { .. } | table::Error::TooLarge { .. } => {
            tracing::error!(error = %platform::chain(error), "a request cannot be served");
            Problem::broken()
        }
    }
}

/// For what could not be used now: logs why.
pub(crate) fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %platform::chain(error), "a request could not be served");
    Problem::unavailable()
}

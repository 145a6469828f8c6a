//! Every HTTP call that there is. The functions find their way by this list, and the OpenAPI document is made from it.

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `POST /v1/sources/{source}`
    Submit,
    /// `GET /v1/sources/{source}`
    Handshake,
    /// `POST /v1/sources/{source}/batch`
    SubmitBatch,
    /// `POST /v1/sources/{source}/uploads`
    AskUpload,
    /// `POST /v1/sources/{source}/ping`
    Ping,
    /// `POST /v1/events`
    ReportEvents,
    /// `GET /v1/sources/{source}/profile`
    Profile,
    /// `GET /leadline.js`
    Script,
    /// `GET /v1/health`
    Health,
    /// `GET /v1/openapi.json`
    OpenApi,
    /// `GET /v1/leads`
    ListLeads,
    /// `GET /v1/leads/{lead}`
    GetLead,
    /// `GET /v1/leads/{lead}/history`
    GetHistory,
    /// `GET /v1/leads/{lead}/explanation`
    Explain,
    /// `POST /v1/leads/{lead}/feedback`
    GiveFeedback,
    /// `POST /v1/leads/{lead}/consent`
    NoteConsent,
    /// `POST /v1/erasures`
    Erase,
    /// `GET /v1/sources`
    ListSources,
    /// `GET /v1/sources/{source}/ledger`
    GetLedger,
    /// `GET /v1/submissions/{submission}`
    GetSubmission,
    /// `GET /v1/submissions`
    ListSubmissions,
    /// `POST /v1/submissions/{submission}/resubmit`
    Resubmit,
    /// `POST /v1/submissions/{submission}/discard`
    Discard,
    /// `POST /v1/submissions/{submission}/return`
    Return,
    /// `GET /v1/vendors`
    ListVendors,
    /// `GET /v1/vendors/{vendor}/scorecard`
    GetScorecard,
    /// `POST /v1/vendors/{vendor}/claims`
    CompareClaims,
    /// `GET /v1/batches/{batch}`
    GetBatch,
    /// `GET /v1/config`
    GetConfiguration,
    /// `PUT /v1/config`
    PushConfiguration,
    /// `GET /v1/config/versions`
    ListVersions,
    /// `POST /v1/config/rollback`
    RollBack,
}

/// A call's method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// What it is.
    pub call: Call,
    /// Its method.
    pub method: &'static str,
    /// Its path; a part in braces stands for a name.
    pub path: &'static str,
    /// One line about it.
    pub summary: &'static str,
    /// Whether it asks for the API's token.
    pub needs_token: bool,
}

const fn route(
    call: Call,
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    needs_token: bool,
) -> Route {
    Route {
        call,
        method,
        path,
        summary,
        needs_token,
    }
}

/// Calls that `capture` answers. They need no token: each source proves itself as its kind does.
pub const DOORS: &[Route] = &[
    route(
        Call::Submit,
        "POST",
        "/v1/sources/{source}",
        "One delivery of a source, in that source's own format.",
        false,
    ),
    route(
        Call::Handshake,
        "GET",
        "/v1/sources/{source}",
        "The handshake of source kinds that have one.",
        false,
    ),
    route(
        Call::SubmitBatch,
        "POST",
        "/v1/sources/{source}/batch",
        "Many submissions in one file: CSV, JSON lines, a JSON array or ADF.",
        false,
    ),
    route(
        Call::AskUpload,
        "POST",
        "/v1/sources/{source}/uploads",
        "Asks where to put a large file, or how far a file is that was put there.",
        false,
    ),
    route(
        Call::Ping,
        "POST",
        "/v1/sources/{source}/ping",
        "A vendor asks whether a lead would be bought, and for how much.",
        false,
    ),
    route(
        Call::ReportEvents,
        "POST",
        "/v1/events",
        "Behaviour of people who are known by e-mail or lead id, and of visitors who are not known yet.",
        false,
    ),
    route(
        Call::Profile,
        "GET",
        "/v1/sources/{source}/profile",
        "Which questions a form asks next, and which the same browser has answered.",
        false,
    ),
    route(
        Call::Script,
        "GET",
        "/leadline.js",
        "The script that tells what visitors do, and who fills in forms.",
        false,
    ),
    route(
        Call::Health,
        "GET",
        "/v1/health",
        "Whether it is up, and which configuration is in force.",
        false,
    ),
];

/// Calls that `api` answers.
pub const API: &[Route] = &[
    route(
        Call::ListLeads,
        "GET",
        "/v1/leads",
        "The leads that an e-mail address or a phone number belongs to.",
        true,
    ),
    route(
        Call::GetLead,
        "GET",
        "/v1/leads/{lead}",
        "One lead, or the one that it was merged into.",
        true,
    ),
    route(
        Call::GetHistory,
        "GET",
        "/v1/leads/{lead}/history",
        "Every decision about a lead, oldest first, with its reasons.",
        true,
    ),
    route(
        Call::Explain,
        "GET",
        "/v1/leads/{lead}/explanation",
        "Why a lead is where it is, in sentences.",
        true,
    ),
    route(
        Call::GiveFeedback,
        "POST",
        "/v1/leads/{lead}/feedback",
        "What sales did with a lead.",
        true,
    ),
    route(
        Call::NoteConsent,
        "POST",
        "/v1/leads/{lead}/consent",
        "What a person agreed to, or took back, otherwise than in a form.",
        true,
    ),
    route(
        Call::Erase,
        "POST",
        "/v1/erasures",
        "Erases a person: everything that is kept of them, and everything that comes of them again.",
        true,
    ),
    route(
        Call::ListSources,
        "GET",
        "/v1/sources",
        "Every source: when it was last heard, and what became of its last day.",
        true,
    ),
    route(
        Call::GetLedger,
        "GET",
        "/v1/sources/{source}/ledger",
        "What a source had accepted, by hour, and what became of all of it.",
        true,
    ),
    route(
        Call::ListSubmissions,
        "GET",
        "/v1/submissions",
        "The submissions in quarantine, newest first.",
        true,
    ),
    route(
        Call::GetSubmission,
        "GET",
        "/v1/submissions/{submission}",
        "What became of a submission.",
        true,
    ),
    route(
        Call::Resubmit,
        "POST",
        "/v1/submissions/{submission}/resubmit",
        "A quarantined submission again, corrected by a JSON merge patch.",
        true,
    ),
    route(
        Call::Discard,
        "POST",
        "/v1/submissions/{submission}/discard",
        "Ends the quarantine of a submission that will never become a lead.",
        true,
    ),
    route(
        Call::Return,
        "POST",
        "/v1/submissions/{submission}/return",
        "Sends a bought lead back to its vendor.",
        true,
    ),
    route(
        Call::ListVendors,
        "GET",
        "/v1/vendors",
        "Every vendor: its contract, and how much of its caps is used.",
        true,
    ),
    route(
        Call::GetScorecard,
        "GET",
        "/v1/vendors/{vendor}/scorecard",
        "What a vendor offered, what was bought of it, and what became of that.",
        true,
    ),
    route(
        Call::CompareClaims,
        "POST",
        "/v1/vendors/{vendor}/claims",
        "Which of the leads that a vendor says it sent were received, and what was answered.",
        true,
    ),
    route(
        Call::GetBatch,
        "GET",
        "/v1/batches/{batch}",
        "What became of a batch: counts of outcomes, and each row's.",
        true,
    ),
    route(
        Call::GetConfiguration,
        "GET",
        "/v1/config",
        "The configuration in force, as the file that was pushed.",
        true,
    ),
    route(
        Call::PushConfiguration,
        "PUT",
        "/v1/config",
        "Checks a configuration, stores it as a version and puts it in force.",
        true,
    ),
    route(
        Call::ListVersions,
        "GET",
        "/v1/config/versions",
        "Every version of the configuration, newest first.",
        true,
    ),
    route(
        Call::RollBack,
        "POST",
        "/v1/config/rollback",
        "Puts an earlier version of the configuration in force.",
        true,
    ),
    route(
        Call::Health,
        "GET",
        "/v1/health",
        "Whether it is up, and which configuration is in force.",
        false,
    ),
    route(
        Call::OpenApi,
        "GET",
        "/v1/openapi.json",
        "This interface, as OpenAPI 3.1.",
        false,
    ),
];

/// Whether `path` is one of those that `capture` answers.
pub fn is_door(path: &str) -> bool {
    let is_ledger = path
        .strip_prefix("/v1/sources/")
        .is_some_and(|rest| rest.trim_end_matches('/').ends_with("/ledger"));
    let is_door = matches!(path, "/v1/health" | "/v1/events" | "/leadline.js")
        || path.starts_with("/v1/sources/");
    is_door && !is_ledger
}

/// The names in a path, in order, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter(pub Vec<String>);

/// What a method and a path mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// A call.
    Found(&'static Route, Parameter),
    /// There is such a path, but not for this method; these are.
    OtherMethods(Vec<&'static str>),
    /// There is no such path.
    Nothing,
}

/// Finds the call for a method and a path. A slash at the end makes no difference, and `HEAD` is answered like `GET`.
pub fn find(routes: &'static [Route], method: &str, path: &str) -> Match {
    let method = if method == "HEAD" { "GET" } else { method };
    let mut others = Vec::new();
    for route in routes {
        let Some(parameter) = parameters(route.path, path) else {
            continue;
        };
        if route.method == method {
            return Match::Found(route, parameter);
        }
        others.push(route.method);
    }
    if others.is_empty() {
        Match::Nothing
    } else {
        Match::OtherMethods(others)
    }
}

fn parameters(pattern: &str, path: &str) -> Option<Parameter> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(Parameter(names)),
            (Some(part), Some(name)) if part.starts_with('{') && !name.is_empty() => {
                names.push(percent_decode(name)?)
            }
            (Some(part), Some(name)) if part == name => {}
            _ => return None,
        }
    }
}

/// Decodes `%41` and the like; `None` when that is no text.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        if *byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The parameters of a query, in order, percent-decoded; `None` when one is no text. A `+` stays a `+`, as RFC 3986 has
/// it: that it means a space is a rule of forms, and it would spoil phone numbers and addresses such as `a+b@example.com`.
pub fn query(text: Option<&str>) -> Option<Vec<(String, String)>> {
    let pairs = text
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((percent_decode(name)?, percent_decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, expected: Option<(Call, &[&str])>) {
        let found = match find(API, method, path) {
            Match::Found(route, Parameter(names)) => Some((route.call, names)),
            _ => None,
        };
        let expected = expected
            .map(|(call, names)| (call, names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn paths_lead_to_calls() {
        check(
            "GET",
            "/v1/leads/lead_x",
            Some((Call::GetLead, &["lead_x"])),
        );
        check(
            "HEAD",
            "/v1/leads/lead_x/",
            Some((Call::GetLead, &["lead_x"])),
        );
        check(
            "GET",
            "/v1/leads/lead_x/history",
            Some((Call::GetHistory, &["lead_x"])),
        );
        check("GET", "/v1/leads/a%20b", Some((Call::GetLead, &["a b"])));
        check("GET", "/v1/leads//history", None);
        check("GET", "/v1/leads/%ff", None);
        check("GET", "/", None);
        assert_eq!(
            find(API, "DELETE", "/v1/config"),
            Match::OtherMethods(vec!["GET", "PUT"])
        );
        assert_eq!(find(DOORS, "DELETE", "/v1/nothing"), Match::Nothing);
    }

    #[test]
    fn doors_are_told_from_the_ledger_beside_them() {
        for door in [
            "/v1/health",
            "/v1/events",
            "/v1/sources/x",
            "/v1/sources/ledger",
            "/v1/sources/x/batch",
        ] {
            assert!(is_door(door), "{door}");
        }
        for other in [
            "/v1/sources",
            "/v1/sources/x/ledger",
            "/v1/sources/ledger/ledger/",
            "/v1/leads",
        ] {
            assert!(!is_door(other), "{other}");
        }
    }

    #[test]
    fn a_query_is_decoded_and_a_plus_stays() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(query(None), Some(vec![]));
        assert_eq!(
            query(Some("email=a+b%40example.com&&x")),
            Some(vec![pair("email", "a+b@example.com"), pair("x", "")])
        );
        assert_eq!(query(Some("a=1=2")), Some(vec![pair("a", "1=2")]));
        assert_eq!(query(Some("a=%f")), None);
        assert_eq!(query(Some("a=%ff")), None);
    }
}

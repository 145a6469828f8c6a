//! Answers of the doors: in the format of whoever asks, or as a problem; and what the log says of refusals.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use sources::{Accepted, Refusal, Reply};
use web::Problem;

/// Names the submissions that came of a request, where the answer has to be in the format of somebody else.
const SUBMISSIONS: HeaderName = HeaderName::from_static("leadline-submissions");

/// Most submissions that are named there.
const MOST_NAMED: usize = 50;

/// Logs that a request to a source was refused: what it was, and never what it held.
pub(crate) fn note_refusal(what: &str, source: &str, status: u16, code: &str) {
    tracing::info!(
        source,
        http.status = status,
        code,
        "a {what} of {source} was refused"
    );
}

/// An answer of a kind's own.
pub(crate) fn answer(reply: Reply) -> Response<Body> {
    let mut response = Response::new(if reply.body.is_empty() {
        Body::Empty
    } else {
        Body::Text(reply.body)
    });
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !reply.content_type.is_empty() {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(reply.content_type),
        );
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    // What a handshake says is for whoever asked, and only now; and no browser is to see a page in it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// An answer in the format of somebody else, with the submissions in a header: whoever tries a source out can look them up.
pub(crate) fn naming(accepted: &Accepted, mut response: Response<Body>) -> Response<Body> {
    if let Accepted::Submissions(parsed) = accepted {
        let named = parsed.iter().take(MOST_NAMED);
        let ids: Vec<String> = named.map(|one| one.id().to_string()).collect();
        if let Ok(ids) = HeaderValue::from_str(&ids.join(", ")) {
            response.headers_mut().insert(SUBMISSIONS, ids);
        }
    }
    response
}

pub(crate) fn see_other(page: &str) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(page) = HeaderValue::from_str(page) {
        response.headers_mut().insert(header::LOCATION, page);
    }
    response
}

pub(crate) fn refused(refusal: &Refusal) -> Problem {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let problem = Problem::new(status, refusal.code(), refusal.sentence()).detail(refusal.detail());
    match refusal {
        Refusal::Fields(problems) => problem.errors(problems),
        Refusal::MethodNotAllowed { allow } => problem.header(header::ALLOW, allow),
        Refusal::Unauthorized(_) => problem.header(header::WWW_AUTHENTICATE, "Leadline"),
        _ => problem,
    }
}

/// Logs why something could not be done, and tells the caller only that.
pub(crate) fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %platform::chain(error), "a request could not be served");
    Problem::unavailable()
}

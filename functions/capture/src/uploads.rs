//! `POST /v1/sources/{source}/uploads`: where to put a file that is too large for one request, and how far it is.
//!
//! The story of one request: is the sender who they say → what does it say of its file → is that file known → note it, and
//! answer with an address under which exactly that file can be put. Asked again, the same request tells how far the file is:
//! whoever may send may know, without the API's token.

use domain::config::Source;
use domain::id::BatchId;
use domain::submission::FieldProblem;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use platform::PresignedPut;
use serde::Serialize;
use serde_json::{Map, Value};
use sources::batch::{self, Encoding, MAX_FILE_BYTES};
use sources::{Door, Incoming};
use table::{Current, StoredUpload, Upload, UploadStage};
use web::{Kind, Problem};

use crate::{Capture, contract_of, exposed, refused, unavailable};

/// For how long an address is good, in seconds: an hour, within which the sender has to begin.
const GOOD_SECONDS: u64 = 3_600;

/// After this time without a note somebody has to say that a file is there once more, by sending it again: the longest that a
/// message of it stays hidden is an hour and a half.
const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// Longest name of a file that is kept, in characters.
const MAX_NAME: usize = 255;

/// The process has no store of files.
const NO_STORE: Kind = Kind::new(
    StatusCode::NOT_FOUND,
    "no_uploads",
    "This Leadline takes no uploads.",
);

/// The contract of a vendor answers each row at once.
const UNDER_CONTRACT: Kind = Kind::new(
    StatusCode::CONFLICT,
    "upload_under_contract",
    "Files of a source under a vendor's contract are not uploaded.",
);

/// Anybody may send to the source.
const UNPROVED: Kind = Kind::new(
    StatusCode::FORBIDDEN,
    "upload_unproved",
    "Files are uploaded only by a sender who proves itself.",
);

/// What the sender says of its file.
struct Announced {
    bytes: u64,
    sha256: [u8; 32],
    name: Option<String>,
    encoding: Option<Encoding>,
    all_or_nothing: Option<bool>,
}

/// What is answered.
#[derive(Serialize)]
struct Answer {
    upload: String,
    stage: &'static str,
    bytes: u64,
    all_or_nothing: bool,
    rows: u32,
    accepted: u32,
    rejected: u32,
    /// Good rows that are safe in the queue.
    sent: u32,
    errors: Vec<RowError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_left_out: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<FieldProblem>,
    #[serde(flatten)]
    place: Option<Place>,
}

/// Where to put the file.
#[derive(Serialize)]
struct Place {
    method: &'static str,
    url: String,
    headers: Map<String, Value>,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct RowError {
    row: u32,
    line: u32,
    field: String,
    code: String,
    message: String,
}

impl Capture {
    /// The announcement of a file for one source, and the origins that may read the answer.
    pub(crate) async fn upload_at_source(
        &self,
        name: &str,
        request: &Request,
    ) -> (Response<Body>, Vec<String>) {
        self.answer_of_source(name, "file", async |current: &Current, source: &Source| {
            self.announce(current, name, source, request).await
        })
        .await
    }

    async fn announce(
        &self,
        current: &Current,
        name: &str,
        source: &Source,
        request: &Request,
    ) -> Result<Response<Body>, Problem> {
        let Some(objects) = &self.uploads else {
            return Err(Problem::of(NO_STORE).detail("send pages of rows to …/batch instead"));
        };
        if source.secret.is_none() {
            return Err(Problem::of(UNPROVED).detail(
                "the source has no secret, and anybody could fill the store with files: give it a `secret`, or send pages of rows to …/batch",
            ));
        }
        let pepper = self.pepper().await?;
        let secrets = self.secrets_of(source.secret.as_deref()).await?;
        let now = self.clock.now();
        let door = Door {
            name,
            source,
            secrets: &exposed(&secrets),
            handshake_secrets: &[],
            pepper: &pepper,
            default_country: current.config.default_country.as_deref(),
        };
        let incoming = Incoming {
            method: request.method().as_str(),
            query: None,
            headers: request.headers(),
            body: request.body().as_ref(),
            received_at: now,
        };
        batch::prove_uploader(&door, &incoming).map_err(|refusal| refused(&refusal))?;
        if contract_of(current, name).is_some() {
            return Err(Problem::of(UNDER_CONTRACT)
                .detail("its contract answers each row when it comes: send pages of rows to …/batch, as `leadline import` does"));
        }
        let announced = read(request.body().as_ref())?;
        let all_or_nothing = announced.all_or_nothing.unwrap_or(source.all_or_nothing);
        let encoding = announced.encoding.map(|encoding| encoding.to_string());
        // Everything that decides what becomes of its rows.
        let rules = serde_json::to_vec(&(
            source,
            current.config.default_country.as_deref(),
            all_or_nothing,
            &encoding,
        ))
        .map_err(|error| unavailable(&error))?;
        let id = BatchId::of_file(&pepper, name, &announced.sha256, &rules);
        let stored = match self.known(id).await? {
            Some(stored) => stored,
            None => {
                let file = (announced.bytes, &announced.sha256);
                let upload = Upload {
                    name: announced.name,
                    encoding,
                    all_or_nothing,
                    ..Upload::announced(id, name, &current.version, file, now)
                };
                let kept = self.table.keep_upload(&upload, 0).await;
                if kept.map_err(|error| unavailable(&error))? {
                    tracing::info!(source = name, upload = %id, bytes = upload.bytes, "{id} of {name} was announced");
                    StoredUpload { upload, version: 1 }
                } else {
                    // Somebody announces the same file at the same moment.
                    self.known(id).await?.ok_or_else(Problem::unavailable)?
                }
            }
        };
        let upload = stored.upload;
        if upload.bytes != announced.bytes {
            let problem = problem(
                "bytes",
                "not_its_length",
                "a file with this digest was announced with another length; give the length of the file in bytes",
            );
            return Err(invalid(&[problem]));
        }
        let is_stuck = now.duration_since(upload.touched_at) > STUCK_AFTER;
        let is_wanted = match upload.stage {
            UploadStage::Waiting => true,
            UploadStage::Checking | UploadStage::Sending => is_stuck,
            UploadStage::Refused | UploadStage::Done => false,
        };
        if !is_wanted {
            return Ok(web::json(StatusCode::OK, &answer(upload, None)));
        }
        let key = format!("uploads/{id}");
        let place = objects
            .presign_put(&key, upload.bytes, &announced.sha256, GOOD_SECONDS)
            .map_err(|error| unavailable(&error))?;
        Ok(web::json(StatusCode::CREATED, &answer(upload, Some(place))))
    }

    async fn known(&self, id: BatchId) -> Result<Option<StoredUpload>, Problem> {
        let known = self.table.upload(id).await;
        known.map_err(|error| unavailable(&error))
    }
}

/// What the body says of the file.
fn read(body: &[u8]) -> Result<Announced, Problem> {
    let unreadable = |detail: &str| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "unparseable",
            "The body cannot be read.",
        )
        .detail(detail)
    };
    let Ok(Value::Object(said)) = serde_json::from_slice(body) else {
        return Err(unreadable(
            "send one JSON object with the length of the file in `bytes` and its digest in `sha256`",
        ));
    };
    let mut problems = Vec::new();
    let mut wrong = |field: &str, code: &str, message: &str| {
        problems.push(problem(field, code, message));
    };
    let bytes = said.get("bytes").and_then(Value::as_u64).unwrap_or(0);
    if bytes == 0 {
        wrong(
            "bytes",
            "invalid",
            "give the length of the file in bytes, at least 1",
        );
    }
    let sha256 = said.get("sha256").and_then(Value::as_str).and_then(digest);
    if sha256.is_none() {
        wrong(
            "sha256",
            "invalid",
            "give the SHA-256 of the file, as 64 hexadecimal digits",
        );
    }
    let text = |name: &str| match said.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(()),
    };
    let name = text("name").map(|name| name.filter(|name| !name.trim().is_empty()));
    let is_name = |name: &Option<String>| {
        name.as_ref().is_none_or(|name| {
            name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control)
        })
    };
    if !name.as_ref().is_ok_and(is_name) {
        wrong(
            "name",
            "invalid",
            "the name of the file is a text of at most 255 characters on one line",
        );
    }
    let encoding = text("encoding").map(|label| label.map(|label| Encoding::named(&label)));
    if !matches!(encoding, Ok(None | Some(Some(_)))) {
        wrong(
            "encoding",
            "unknown",
            "there are utf-8, utf-16le, utf-16be and windows-1252; without it, it is found out",
        );
    }
    let all_or_nothing = match said.get("all_or_nothing") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(flag)) => Some(*flag),
        Some(_) => {
            wrong("all_or_nothing", "invalid", "it is true or false");
            None
        }
    };
    let known = ["bytes", "sha256", "name", "encoding", "all_or_nothing"];
    for field in said.keys().filter(|field| !known.contains(&field.as_str())) {
        // What does not look like a name of ours may be anything that somebody knows.
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_told = field.len() <= 32 && field.bytes().all(is_name);
        wrong(
            if is_told { field } else { "body" },
            "unknown",
            "there are bytes, sha256, name, encoding and all_or_nothing",
        );
    }
    if bytes > MAX_FILE_BYTES {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "file_too_large",
            "The file is larger than an upload takes.",
        )
        .detail(format!(
            "a file has at most {MAX_FILE_BYTES} bytes; split it, with the line of names in front of each part"
        )));
    }
    match (problems.is_empty(), sha256, name, encoding) {
        (true, Some(sha256), Ok(name), Ok(encoding)) => Ok(Announced {
            bytes,
            sha256,
            name,
            encoding: encoding.flatten(),
            all_or_nothing,
        }),
        _ => Err(invalid(&problems)),
    }
}

fn problem(field: &str, code: &str, message: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn invalid(problems: &[FieldProblem]) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_fields",
        "Some fields need to be corrected.",
    )
    .errors(&problems)
}

/// 64 hexadecimal digits as bytes.
fn digest(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut digest = [0; 32];
    for (index, byte) in digest.iter_mut().enumerate() {
        let digits = &text[2 * index..2 * index + 2];
        // `from_str_radix` takes a sign, too.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(digest)
}

fn answer(upload: Upload, place: Option<PresignedPut>) -> Answer {
    let left_out = upload
        .n_problems
        .saturating_sub(u32::try_from(upload.problems.len()).unwrap_or(u32::MAX));
    Answer {
        upload: upload.id.to_string(),
        stage: upload.stage.name(),
        bytes: upload.bytes,
        all_or_nothing: upload.all_or_nothing,
        rows: upload.checked.rows,
        accepted: upload.checked.accepted,
        rejected: upload.checked.rows - upload.checked.accepted,
        sent: upload.sent.accepted,
        errors: upload
            .problems
            .into_iter()
            .map(|found| RowError {
                row: found.row,
                line: found.line,
                field: found.problem.field,
                code: found.problem.code,
                message: found.problem.message,
            })
            .collect(),
        errors_left_out: (left_out > 0).then_some(left_out),
        refusal: upload.refusal,
        place: place.map(|put| Place {
            method: "PUT",
            url: put.url,
            headers: put
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::String(value)))
                .collect(),
            expires_at: put.expires_at,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(body: &str) -> Vec<(String, String)> {
        let problem = read(body.as_bytes()).err().unwrap();
        let errors = problem.errors.unwrap_or_default();
        let errors = errors.as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| {
                let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
                (text("field"), text("code"))
            })
            .collect()
    }

    #[test]
    fn everything_that_is_wrong_with_an_announcement_is_said_at_once() {
        let found = codes(
            r#"{"bytes": -1, "sha256": "+f", "name": 7, "encoding": "ebcdic", "all_or_nothing": "yes", "url": "x"}"#,
        );
        let expected = [
            ("bytes", "invalid"),
            ("sha256", "invalid"),
            ("name", "invalid"),
            ("encoding", "unknown"),
            ("all_or_nothing", "invalid"),
            ("url", "unknown"),
        ];
        let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_of_more_than_s3_takes_at_once_is_too_large() {
        let sha256 = "0f".repeat(32);
        let body = |bytes: u64| format!(r#"{{"bytes": {bytes}, "sha256": "{sha256}"}}"#);
        let largest = read(body(MAX_FILE_BYTES).as_bytes()).ok().unwrap();
        assert_eq!((largest.bytes, largest.sha256), (MAX_FILE_BYTES, [15; 32]));
        let refused = read(body(MAX_FILE_BYTES + 1).as_bytes()).err().unwrap();
        assert_eq!(refused.status, 413);
        assert_eq!(read(b"bytes=1").err().unwrap().status, 400);
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits_and_nothing_else() {
        assert_eq!(digest(&"aB".repeat(32)), Some([0xab; 32]));
        for wrong in [
            "",
            "ab",
            &"+f".repeat(32),
            &"g0".repeat(32),
            &"é".repeat(32),
        ] {
            assert_eq!(digest(wrong), None, "{wrong}");
        }
    }
}

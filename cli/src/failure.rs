//! Why a command did not do what it says, told to people or to programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::answer::pretty;
use crate::findings::Finding;
use crate::layout::clean;

/// Why a command failed. Told by [`Failure::tell`] and nowhere else.
pub(crate) enum Failure {
    /// Leadline refused.
    Refused(Box<Refusal>),
    /// It did not come to that.
    Unmet {
        /// Stable, for programs.
        code: &'static str,
        /// What is wrong, as a sentence.
        title: String,
        /// What to do about it, in sentences.
        detail: Option<String>,
    },
    /// A configuration has errors, each with its line.
    Configuration {
        /// What is wrong, as a sentence.
        title: String,
        /// What became of the command, or what to do, in sentences.
        detail: Option<String>,
        /// The errors.
        findings: Vec<Finding>,
        /// The file, to show their lines.
        text: String,
    },
    /// Everything about it has been printed already.
    Told,
    /// `leadline dev` could not start, or stopped.
    Dev(anyhow::Error),
    /// The result could not be printed.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// What became of the API's token in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenUse {
    /// The call needs none.
    NotNeeded,
    /// It needs one, and there was none to send.
    Missing,
    /// It was sent.
    Sent,
}

/// An answer in `application/problem+json`.
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body to look into.
    pub(crate) problem: Value,
    /// What became of the API's token.
    pub(crate) token: TokenUse,
    text: String,
    retry_after: Option<String>,
}

impl Refusal {
    /// `None` when it is not a problem in JSON.
    pub(crate) fn read(status: u16, text: String, retry_after: Option<String>) -> Option<Self> {
        let problem: Value = serde_json::from_str(&text).ok()?;
        problem.get("title")?.as_str()?;
        Some(Self {
            status,
            problem,
            token: TokenUse::NotNeeded,
            text,
            retry_after,
        })
    }

    /// Every bad field, or every bad line.
    pub(crate) fn errors(&self) -> &[Value] {
        let errors = self.problem.get("errors").and_then(Value::as_array);
        errors.map_or(&[], Vec::as_slice)
    }

    fn tell(&self, err: &mut impl Write) -> io::Result<()> {
        self.tell_without_errors(err)?;
        for error in self.errors() {
            let text =
                |key: &str| clean(error.get(key).and_then(Value::as_str).unwrap_or_default());
            match text("field").as_str() {
                "" => writeln!(err, "  {} ({})", text("message"), text("code"))?,
                field => writeln!(err, "  {field}: {} ({})", text("message"), text("code"))?,
            }
        }
        Ok(())
    }

    /// Title, detail and what to do.
    pub(crate) fn tell_without_errors(&self, err: &mut impl Write) -> io::Result<()> {
        let text = |key: &str| self.problem.get(key).and_then(Value::as_str).map(clean);
        writeln!(err, "error: {}", text("title").unwrap_or_default())?;
        // What the API says about a token is about HTTP; the operator's options are the command line's.
        match (self.status, self.token) {
            (401, TokenUse::Missing) => writeln!(
                err,
                "  Give the API's token with --token or LEADLINE_TOKEN."
            )?,
            (401, TokenUse::Sent) => writeln!(
                err,
                "  The token of --token, LEADLINE_TOKEN or .leadline/token is not the one of this Leadline."
            )?,
            _ => {
                if let Some(detail) = text("detail") {
                    writeln!(err, "  {detail}")?;
                }
            }
        }
        if let Some(seconds) = &self.retry_after {
            writeln!(err, "  Try again after {} seconds.", clean(seconds))?;
        }
        Ok(())
    }
}

impl Failure {
    /// Whether the same call may well succeed in a while.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Failure::Refused(refusal) => matches!(refusal.status, 429 | 503),
            Failure::Unmet { code, .. } => matches!(*code, "timeout" | "unreachable"),
            Failure::Configuration { .. }
            | Failure::Told
            | Failure::Dev(_)
            | Failure::Output(_) => false,
        }
    }

    /// Says on `err` what went wrong.
    pub(crate) fn tell(&self, as_json: bool, err: &mut impl Write) -> io::Result<()> {
        match self {
            Failure::Refused(refusal) if as_json => writeln!(err, "{}", pretty(&refusal.text)),
            Failure::Refused(refusal) => refusal.tell(err),
            Failure::Unmet {
                code,
                title,
                detail,
            } => tell_own(as_json, code, title, detail.as_deref(), err),
            Failure::Configuration {
                title,
                detail,
                findings,
                ..
            } if as_json => {
                let mut problem = own("invalid_configuration", title, detail.as_deref());
                problem["errors"] = json!(findings);
                writeln!(err, "{problem:#}")
            }
            Failure::Configuration {
                title,
                detail,
                findings,
                text,
            } => {
                for finding in findings {
                    finding.print(text, err)?;
                }
                tell_own(false, "", title, detail.as_deref(), err)
            }
            Failure::Told => Ok(()),
            Failure::Dev(error) => tell_own(as_json, "dev", &format!("{error:#}"), None, err),
            Failure::Output(error) => {
                let title = format!("The result could not be printed: {error}.");
                tell_own(as_json, "output", &title, None, err)
            }
        }
    }
}

/// A failure in the shape of the API's problems, so that programs need to know one only.
fn own(code: &str, title: &str, detail: Option<&str>) -> Value {
    let kind = format!("urn:leadline:problem:{}", code.replace('_', "-"));
    let mut problem = json!({ "type": kind, "title": title, "code": code });
    if let Some(detail) = detail {
        problem["detail"] = json!(detail);
    }
    problem
}

fn tell_own(
    as_json: bool,
    code: &str,
    title: &str,
    detail: Option<&str>,
    err: &mut impl Write,
) -> io::Result<()> {
    if as_json {
        return writeln!(err, "{:#}", own(code, title, detail));
    }
    writeln!(err, "error: {}", clean(title))?;
    match detail {
        Some(detail) => writeln!(err, "  {}", clean(detail)),
        None => Ok(()),
    }
}

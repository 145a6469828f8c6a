//! Commands from the command line to the exit code, against a server that answers as the API does.

use std::ffi::OsString;

use clap::CommandFactory;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, body_string, header, method, path, query_param};
use wiremock::{Match, Mock, MockBuilder, MockServer, Request, ResponseTemplate};

use super::{Ending, run};
use crate::options::{Command, FeedbackKind, Options};

mod adding;
mod checking;
mod leads;
mod parsing;
mod periods;
mod refusals;
mod submissions;
mod versions;

/// A server, and the runtime that it was set up on.
struct Server {
    runtime: tokio::runtime::Runtime,
    server: MockServer,
}

/// What a command printed, and how it ended.
struct Printed {
    ending: Ending,
    out: String,
    err: String,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(MockServer::start());
        Self { runtime, server }
    }

    fn answer(&self, request: MockBuilder, response: ResponseTemplate) {
        self.runtime
            .block_on(request.respond_with(response).mount(&self.server));
    }

    /// Runs `leadline` with these arguments against this server, with the token `test-token`.
    fn leadline(&self, arguments: &[&str]) -> Printed {
        let url = self.server.uri();
        let mut all = vec!["leadline", "--url", &url, "--token", "test-token"];
        all.extend(arguments);
        leadline(&all[1..])
    }

    fn requests(&self) -> Vec<Request> {
        self.runtime
            .block_on(self.server.received_requests())
            .unwrap()
    }
}

/// Runs `leadline` with these arguments.
fn leadline(arguments: &[&str]) -> Printed {
    let arguments = std::iter::once("leadline")
        .chain(arguments.iter().copied())
        .map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let ending = run(arguments, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Printed {
        ending,
        out: text(out),
        err: text(err),
    }
}

/// A call that carries the API's token.
fn call(verb: &str, at: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(at))
        .and(header("authorization", "Bearer test-token"))
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn problem(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/problem+json")
}

impl Printed {
    #[track_caller]
    fn succeeds_with(self, out: &str) {
        assert_eq!(self.err, "");
        assert_eq!(self.out, out);
        assert_eq!(self.ending, Ending::Succeeded);
    }

    #[track_caller]
    fn fails_with(self, err: &str) {
        assert_eq!(self.err, err);
        assert_eq!(self.out, "");
        assert_eq!(self.ending, Ending::Failed);
    }
}

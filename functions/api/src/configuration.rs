//! The configuration: reading it, pushing a version, going back to one.

use domain::config::check::{self, check_file};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::{Request, Response};
use web::Problem;

use crate::answers::{ConfigurationProblem, InForce, Pushed, Version, Versions};
use crate::problems::{self, field, invalid_fields, table_failed};
use crate::{Answer, Api, object};

/// Says which version a file is.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-leadline-version");

impl Api {
    /// The file of the version in force, or of the one that the query names.
    pub(crate) async fn get_configuration(&self, request: &Request) -> Answer {
        let parameters = web::query(request.uri().query()).unwrap_or_default();
        let asked = parameters
            .into_iter()
            .find(|(name, _)| name == "version")
            .map(|(_, version)| version);
        let version = match asked {
            Some(version) => version,
            None => match self
                .table
                .current_version()
                .await
                .map_err(|error| table_failed(&error))?
            {
                Some(version) => version,
                None => {
                    return Err(Problem::not_found("configuration")
                        .detail("none has been pushed yet; run `leadline push`"));
                }
            },
        };
        let text = self
            .table
            .configuration_text(&version)
            .await
            .map_err(|error| table_failed(&error))?;
        let text = text.ok_or_else(|| Problem::not_found("version"))?;
        let mut response: Response<_> =
            web::with_body(StatusCode::OK, "text/plain; charset=utf-8", text);
        if let Ok(version) = HeaderValue::from_str(&version) {
            response.headers_mut().insert(VERSION, version);
        }
        Ok(response)
    }

    /// Checks a file, runs its golden leads, stores it and puts it in force.
    pub(crate) async fn push_configuration(&self, request: &Request) -> Answer {
        let bytes: &[u8] = request.body().as_ref();
        if bytes.len() > check::MAX_BYTES {
            return Err(too_large());
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            Problem::of(problems::UNPARSEABLE).detail(format!(
                "byte {} of the file is not UTF-8",
                error.valid_up_to()
            ))
        })?;
        let report = check_file(text);
        let found: Vec<ConfigurationProblem> = report
            .problems
            .into_iter()
            .map(ConfigurationProblem::from)
            .collect();
        let Some(config) = report.config else {
            let errors = found
                .iter()
                .filter(|problem| problem.severity == "error")
                .count();
            let detail = if errors == 1 {
                "1 error; see errors".to_owned()
            } else {
                format!("{errors} errors; see errors")
            };
            return Err(Problem::of(problems::INVALID_CONFIGURATION)
                .detail(detail)
                .errors(&found));
        };
        let pushed = self
            .table
            .push_configuration(&config, text, self.clock.now())
            .await
            .map_err(|error| match error {
                table::Error::TooLarge { .. } => too_large(),
                error => table_failed(&error),
            })?;
        tracing::info!(
            config = pushed.version,
            is_new = pushed.is_new,
            "the configuration {} is in force",
            pushed.version
        );
        Ok(web::json(
            StatusCode::OK,
            &Pushed {
                version: pushed.version,
                is_new: pushed.is_new,
                warnings: found,
            },
        ))
    }

    pub(crate) async fn list_versions(&self) -> Answer {
        let versions = self
            .table
            .versions()
            .await
            .map_err(|error| table_failed(&error))?;
        let versions = versions
            .into_iter()
            .map(|stored| Version {
                version: stored.version,
                pushed_at: stored.pushed_at.into(),
                is_current: stored.is_current,
            })
            .collect();
        Ok(web::json(StatusCode::OK, &Versions { versions }))
    }

    pub(crate) async fn roll_back(&self, request: &Request) -> Answer {
        let now = self.clock.now();
        let body = object(request)?;
        let version = body
            .get("version")
            .and_then(|version| version.as_str())
            .filter(|version| !version.is_empty());
        let wrong = || {
            invalid_fields(&[field(
                "version",
                "required",
                "name the version to go back to, such as cfg_…",
            )])
        };
        let version = version.ok_or_else(wrong)?;
        let once = self.once(request, &self.pepper().await?, now).await?;
        // Under a key that was used, the answer is the same; somebody may have put another version in force since.
        if !once.is_done {
            if !self
                .table
                .roll_back(version, now)
                .await
                .map_err(|error| table_failed(&error))?
            {
                return Err(Problem::not_found("version"));
            }
            tracing::info!(
                config = version,
                "the configuration {version} is in force again"
            );
            self.note_done(&once, now).await?;
        }
        Ok(web::json(
            StatusCode::OK,
            &InForce {
                version: version.to_owned(),
            },
        ))
    }
}

fn too_large() -> Problem {
    Problem::of(problems::TOO_LARGE).detail(format!(
        "a configuration may have {} bytes",
        check::MAX_BYTES
    ))
}

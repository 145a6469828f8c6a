//! Logging to standard output as Lambda's logging controls ask for it.
//!
//! The same lines as `lambda_runtime`'s own set-up writes, without its filter of directives per module, whose regular
//! expressions every function would load at start: one level holds for everything.

use std::env;
use std::str::FromStr;
use std::sync::Once;

use tracing_subscriber::filter::LevelFilter;

/// Starts logging to standard output, once per process; later calls do nothing.
///
/// Lambda decides on format and level by `AWS_LAMBDA_LOG_FORMAT` (`JSON` gives one object per line) and
/// `AWS_LAMBDA_LOG_LEVEL`, else `RUST_LOG` if it is one level, else INFO.
/// For `main` only: panics if somebody else installed a global subscriber before.
pub fn init_logging() {
    static LOGGING: Once = Once::new();
    LOGGING.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_target(false)
            .with_ansi(false)
            // Lambda stamps every line.
            .without_time()
            .with_max_level(level(|name| env::var(name).ok()))
            .with_writer(std::io::stdout);
        let is_json = env::var("AWS_LAMBDA_LOG_FORMAT")
            .is_ok_and(|format| format.eq_ignore_ascii_case("json"));
        if is_json {
            subscriber.json().init();
        } else {
            subscriber.init();
        }
    });
}

/// The level that the first of the variables asks for; a word that is none counts as INFO, never as silence.
fn level(lookup: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let wanted = lookup("AWS_LAMBDA_LOG_LEVEL").or_else(|| lookup("RUST_LOG"));
    let level = wanted.as_deref().map(LevelFilter::from_str);
    match level {
        // Lambda's FATAL is below our lowest.
        _ if wanted.as_deref() == Some("FATAL") => LevelFilter::ERROR,
        Some(Ok(level)) => level,
        Some(Err(_)) | None => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(variables: &[(&str, &str)]) -> LevelFilter {
        level(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn lambdas_level_comes_before_rusts_and_nonsense_is_info() {
        assert_eq!(level_of(&[]), LevelFilter::INFO);
        assert_eq!(level_of(&[("RUST_LOG", "debug")]), LevelFilter::DEBUG);
        let both = [("AWS_LAMBDA_LOG_LEVEL", "WARN"), ("RUST_LOG", "debug")];
        assert_eq!(level_of(&both), LevelFilter::WARN);
        assert_eq!(
            level_of(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]),
            LevelFilter::ERROR
        );
        assert_eq!(
            level_of(&[("RUST_LOG", "hyper=trace,info")]),
            LevelFilter::INFO
        );
    }
}

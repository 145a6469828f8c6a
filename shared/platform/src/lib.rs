//! What every Lambda function of ours needs from the platform, read once at start: settings, AWS clients, secrets, the
//! clock and logging.
//!
//! A function's `main` calls into here and then only wires; past start nothing else of ours looks at the environment.
//! This crate decides nothing about leads, knows no table layout and no message, and never shows a secret: not in
//! `Debug`, not in an error, not in a log.

mod clients;
mod clock;
mod logging;
mod objects;
mod secret_string;
mod secrets;
mod settings;

use std::error::Error;

pub use clients::{
    dynamodb_client, dynamodb_config, secrets_manager_client, sqs_client, sqs_config,
};
pub use clock::{Clock, ManualClock};
pub use logging::init_logging;
pub use objects::{Objects, ObjectsError, PresignedPut};
pub use secret_string::SecretString;
pub use secrets::{Secrets, SecretsError};
pub use settings::{Settings, SettingsError};

/// Makes ring the TLS provider of this process, for libraries that ask for the default one; may be called again.
///
/// Ring and not aws-lc: seeding the latter takes up to 400 ms on a small function.
pub fn install_tls() {
    // An error says that there is a provider already, which then stays.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

/// An error with all its sources on one line, each said once: `could not claim the lead: service error: throttled`.
///
/// For the one log line where a failure is handled, since Lambda's own report keeps only the outermost message.
pub fn chain(error: &dyn Error) -> String {
    let mut rendered = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let message = source.to_string();
        // Libraries that follow the other convention have said the message of their source already.
        if !rendered.ends_with(&message) {
            rendered.push_str(": ");
            rendered.push_str(&message);
        }
        next = source.source();
    }
    rendered
}

#[cfg(test)]
mod tests;

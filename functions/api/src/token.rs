//! The token that the API asks for.

use lambda_http::Request;
use lambda_http::http::header;
use platform::{Secrets, SecretsError};

/// What proves that a caller may use the API. Two tokens may be live while one replaces the other.
#[derive(Debug, Clone)]
pub struct Token {
    secrets: Secrets,
}

impl Token {
    /// This token.
    pub fn fixed(token: impl Into<String>) -> Self {
        Self {
            secrets: Secrets::fixed_api_token(token),
        }
    }

    /// The token that `secrets` hold, as [`Secrets::open_api_token`] opens them.
    pub fn of(secrets: Secrets) -> Self {
        Self { secrets }
    }

    /// Whether `request` carries the token.
    ///
    /// # Errors
    /// When the token cannot be read, or is not set: then nobody is let in.
    pub(crate) async fn is_in(&self, request: &Request) -> Result<bool, SecretsError> {
        let live = self.secrets.api_tokens().await?;
        let Some(given) = bearer(request) else {
            return Ok(false);
        };
        // All are compared, so that the time does not tell which one it was.
        let matching = live
            .iter()
            .filter(|known| web::same_secret(given, known.expose()))
            .count();
        Ok(matching > 0)
    }
}

/// The token of `Authorization: Bearer TOKEN`; the scheme's name is case-insensitive (RFC 9110, 11.1).
fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

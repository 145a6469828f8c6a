//! A string that does not print itself.

use std::fmt;
use std::sync::Arc;

/// A secret. `Debug` prints `[secret]`, there is no `Display`, no `Serialize` and no `==`; clones share the bytes.
///
/// Comparing is left out on purpose: it has to take the same time whatever differs.
#[derive(Clone)]
pub struct SecretString {
    value: Arc<str>,
}

impl SecretString {
    /// Wraps a value.
    pub fn new(value: impl Into<Arc<str>>) -> SecretString {
        SecretString {
            value: value.into(),
        }
    }

    /// The value itself: for signing, verifying and authorizing, never for logs and errors.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_only_when_exposed() {
        let secret = SecretString::new("whsec_1234");
        assert_eq!(
            format!("{:?} {:#?}", secret, Some(&secret)),
            "[secret] Some(\n    [secret],\n)"
        );
        assert_eq!(secret.clone().expose(), "whsec_1234");
    }
}

//! The name of a configuration: a digest of what it says.

use sha2::{Digest, Sha256};

use super::Config;
use crate::id::encode;

/// `cfg_` and 26 characters: SHA-256 over the configuration in canonical form, so that comments and order do not matter
/// and the same rules have the same version everywhere.
pub fn version_of(config: &Config) -> String {
    // Maps are ordered and no key is anything but text: this cannot fail.
    let canonical = serde_json::to_vec(config).unwrap_or_default();
    let digest = Sha256::digest(&canonical);
    let mut first = [0u8; 16];
    first.copy_from_slice(&digest[..16]);
    format!("cfg_{}", encode(u128::from_be_bytes(first)))
}

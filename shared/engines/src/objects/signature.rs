//! Whether the signature in an address is right: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"
//! in the API reference of Amazon S3, read from the verifier's side.

use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::Refused;

/// How far into the future a signature may be dated, in seconds: S3 bears clocks that differ by a quarter of an hour.
const MAX_SKEW_SECONDS: i64 = 900;

/// Longest life of an address, in seconds: seven days, as on S3.
const MAX_LIFE_SECONDS: i64 = 604_800;

const DENIED: Refused = Refused::new(
    403,
    "SignatureDoesNotMatch",
    "The signature of the address does not fit the request: send exactly the method, the address and the headers that were given out.",
);

/// A request with its signature in the address.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// The value of a header by its name in lower case.
    pub(super) header: &'a dyn Fn(&str) -> Option<String>,
}

impl Signed<'_> {
    /// Whether it was signed with `secret`, whose id is `wanted_id`, and is still good at `now`, in seconds.
    pub(super) fn verify(&self, wanted_id: &str, secret: &str, now: i64) -> Result<(), Refused> {
        let only = |wanted: &str| {
            let mut values = self
                .parameters()
                .filter(|(name, _)| *name == wanted)
                .map(|(_, value)| value);
            match (values.next(), values.next()) {
                (Some(value), None) => decoded(value).ok_or(DENIED),
                (None, _) => Err(Refused::new(
                    403,
                    "AccessDenied",
                    "The address is not signed.",
                )),
                _ => Err(DENIED),
            }
        };
        let (algorithm, date) = (only("X-Amz-Algorithm")?, only("X-Amz-Date")?);
        let credential = only("X-Amz-Credential")?;
        let life: i64 = only("X-Amz-Expires")?.parse().map_err(|_| DENIED)?;
        let signed_headers = only("X-Amz-SignedHeaders")?;
        let signature = only("X-Amz-Signature")?;
        let (key_id, scope) = credential.split_once('/').ok_or(DENIED)?;
        let parts: Vec<&str> = scope.split('/').collect();
        let [day, region, service, end] = parts[..] else {
            return Err(DENIED);
        };
        let signed_at = seconds(&date).ok_or(DENIED)?;
        let is_form = algorithm == "AWS4-HMAC-SHA256"
            && key_id == wanted_id
            && date.get(..8) == Some(day)
            && service == "s3"
            && end == "aws4_request"
            && (1..=MAX_LIFE_SECONDS).contains(&life);
        if !is_form {
            return Err(DENIED);
        }
        let canonical = self.canonical(&signed_headers)?;
        let text = format!(
            "{algorithm}\n{date}\n{scope}\n{}",
            hexadecimal(&Sha256::digest(canonical.as_bytes()))
        );
        let mut key = mac(format!("AWS4{secret}").as_bytes(), day.as_bytes())?;
        for part in [region, service, end] {
            key = mac(&key, part.as_bytes())?;
        }
        let given = bytes(&signature).ok_or(DENIED)?;
        let mut expected = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| DENIED)?;
        expected.update(text.as_bytes());
        // Compares in constant time.
        expected.verify_slice(&given).map_err(|_| DENIED)?;
        if signed_at > now.saturating_add(MAX_SKEW_SECONDS) {
            return Err(Refused::new(
                403,
                "AccessDenied",
                "The address is not good yet.",
            ));
        }
        if signed_at.saturating_add(life) < now {
            return Err(Refused::new(
                403,
                "AccessDenied",
                "Request has expired: ask for another address.",
            ));
        }
        Ok(())
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// The request as it was signed.
    fn canonical(&self, signed_headers: &str) -> Result<String, Refused> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in self.parameters() {
            if name != "X-Amz-Signature" {
                let (name, value) = (decoded(name), decoded(value));
                parameters.push((
                    encoded(&name.ok_or(DENIED)?),
                    encoded(&value.ok_or(DENIED)?),
                ));
            }
        }
        parameters.sort();
        let query: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let names: Vec<&str> = signed_headers.split(';').collect();
        if !names.contains(&"host") {
            return Err(DENIED);
        }
        let mut headers = String::new();
        for name in &names {
            let value = (self.header)(name).ok_or(DENIED)?;
            let value: Vec<&str> = value.split_whitespace().collect();
            headers.push_str(&format!("{name}:{}\n", value.join(" ")));
        }
        // What S3 acts on has to be signed.
        let is_acted_on = (self.header)(super::DIGEST_HEADER).is_some();
        if is_acted_on && !names.contains(&super::DIGEST_HEADER) {
            return Err(DENIED);
        }
        Ok(format!(
            "{}\n{}\n{}\n{headers}\n{signed_headers}\nUNSIGNED-PAYLOAD",
            self.method,
            self.path,
            query.join("&")
        ))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| DENIED)?;
    mac.update(text);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// `20130524T000000Z` as seconds.
fn seconds(date: &str) -> Option<i64> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

/// Without percent-encoding; nothing when that is no text.
fn decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            decoded.push(*bytes(digits)?.first()?);
            rest = &tail[2..];
        } else {
            decoded.push(*byte);
        }
    }
    String::from_utf8(decoded).ok()
}

/// Percent-encoded as signatures want it: everything but letters, digits and `-._~`.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

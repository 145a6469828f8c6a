//! E-mail addresses: parsed once, then compared and classed without further checks.
//!
//! Three values of one address must not be confused: what was sent (the submission keeps it), the deliverable
//! form in lower case ([`Email::as_str`]) that mail goes to, and the canonical form ([`Email::canonical`]) that is
//! only ever compared, because it drops what a provider ignores.

mod canonical;
mod lists;
mod suggestion;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::ValidateEmail;

pub use suggestion::suggest_domain;

/// RFC 5321, 4.5.3.1.1.
const LOCAL_PART_MAX_BYTES: usize = 64;
/// RFC 5321, 4.5.3.1.3 limits a path to 256 bytes, two of which are its angle brackets.
const ADDRESS_MAX_BYTES: usize = 254;
/// More than any address with a display name needs; what is longer is refused before it is looked at.
const INPUT_MAX_BYTES: usize = 1_000;

/// A deliverable address, in lower case and with its domain in A-labels (`xn--…`).
///
/// Equality is equality of the deliverable form; two addresses of one mailbox may still differ, see
/// [`Email::canonical`]. `Debug` hides the local part; `Display` writes the whole address, so it is not for logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email {
    address: String,
    at: usize,
    /// Only where it differs from `address`.
    canonical: Option<Box<str>>,
}

/// Why a text is not an address. The messages never hold the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but white space and wrapping.
    #[error("the e-mail address is empty")]
    Empty,
    /// Longer than RFC 5321 allows.
    #[error("the e-mail address is too long")]
    TooLong,
    /// Several addresses, or brackets that do not pair up.
    #[error("the text holds more than one e-mail address, or none that stands out")]
    Ambiguous,
    /// The part before the @.
    #[error("the part before the @ is not allowed in an e-mail address")]
    LocalPart,
    /// The part after the @.
    #[error("the part after the @ is not a domain that can receive mail")]
    Domain,
    /// No @, or the HTML rule refuses it.
    #[error("the text is not an e-mail address")]
    Syntax,
}

impl EmailError {
    /// A stable name for records and clients.
    pub fn code(self) -> &'static str {
        match self {
            EmailError::Empty => "email_empty",
            EmailError::TooLong => "email_too_long",
            EmailError::Ambiguous => "email_ambiguous",
            EmailError::LocalPart => "email_local_part",
            EmailError::Domain => "email_domain",
            EmailError::Syntax => "email_syntax",
        }
    }
}

/// Who stands behind a mail domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailClass {
    /// On no list: the domain of an organisation, or of one person.
    Company,
    /// A mailbox anybody can open, or that came with a consumer's internet line.
    Free,
    /// A throw-away mailbox.
    Disposable,
    /// A forwarder: a real person who keeps the own address hidden.
    Relay,
}

impl EmailClass {
    /// The stable name, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            EmailClass::Company => "company",
            EmailClass::Free => "free",
            EmailClass::Disposable => "disposable",
            EmailClass::Relay => "relay",
        }
    }
}

impl Email {
    /// The one way to an `Email`.
    ///
    /// Accepted around the address: white space and invisible characters, `mailto:` (its `?subject=…` is dropped),
    /// and `Display Name <address>` if there is just one pair of brackets, it ends the text, and no second address
    /// stands before it. Anything else around it is an error rather than a guess.
    ///
    /// What counts as an address is the HTML standard's rule for form fields, plus: a local part of at most 64
    /// bytes, at most 254 bytes in all, a dot in the domain, no dot at an end of the local part and no two in a
    /// row, and a top-level domain that is not a number. So quoted local parts, comments, address literals and
    /// local parts beyond ASCII are refused: no lead form gets one that is meant. Domains beyond ASCII become
    /// A-labels (UTS 46).
    pub fn parse(input: &str) -> Result<Email, EmailError> {
        if input.len() > INPUT_MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let bare = unwrapped(trimmed(input))?;
        if bare.is_empty() {
            return Err(EmailError::Empty);
        }
        let (local_part, domain) = bare.rsplit_once('@').ok_or(EmailError::Syntax)?;
        check_local_part(local_part)?;
        let domain = ascii_domain(domain)?;
        check_domain(&domain)?;

        let mut address = String::with_capacity(local_part.len() + 1 + domain.len());
        address.push_str(local_part);
        address.make_ascii_lowercase();
        let at = address.len();
        address.push('@');
        address.push_str(&domain);
        if address.len() > ADDRESS_MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        // The rules above are stricter than this one, except that they were written here: an independent reading of
        // the HTML rule stands behind them.
        if !address.as_str().validate_email() {
            return Err(EmailError::Syntax);
        }
        let canonical =
            canonical::canonical(&address[..at], &address[at + 1..]).map(String::into_boxed_str);
        Ok(Email {
            address,
            at,
            canonical,
        })
    }

    /// The deliverable form, all in lower case.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The form to match by, never to send to: without the tag where the provider supports tags, without dots for
    /// Gmail, with the provider's second names folded into one. Idempotent.
    pub fn canonical(&self) -> &str {
        self.canonical.as_deref().unwrap_or(&self.address)
    }

    /// Everything after the @.
    pub fn domain(&self) -> &str {
        &self.address[self.at + 1..]
    }

    /// Everything before the @.
    pub fn local_part(&self) -> &str {
        &self.address[..self.at]
    }

    /// The part of the domain that somebody registered (`mail.example.co.uk` gives `example.co.uk`), by the Public
    /// Suffix List; `None` if the domain is itself a public suffix.
    pub fn registrable_domain(&self) -> Option<&str> {
        psl::domain_str(self.domain())
    }

    /// Who stands behind the domain.
    pub fn class(&self) -> EmailClass {
        classify_domain(self.domain())
    }

    /// Whether the mailbox belongs to a function (`info`, `sales`, `no-reply`) and so says nothing about a person.
    /// A tag and trailing digits are ignored: `sales2+web` is a role.
    pub fn is_role(&self) -> bool {
        let mailbox = match self.local_part().split_once('+') {
            Some((before_tag, _)) if !before_tag.is_empty() => before_tag,
            _ => self.local_part(),
        };
        if lists::ROLE_LOCAL_PARTS.contains(mailbox) {
            return true;
        }
        let without_digits = mailbox.trim_end_matches(|c: char| c.is_ascii_digit());
        // Shorter stems are initials with a number rather than functions.
        without_digits.len() >= 4
            && without_digits.len() < mailbox.len()
            && lists::ROLE_LOCAL_PARTS.contains(without_digits)
    }
}

/// Who stands behind a mail domain, given in lower case and A-labels. A subdomain belongs with its registrable
/// domain: `x.mailinator.com` is as disposable as `mailinator.com`.
pub fn classify_domain(domain: &str) -> EmailClass {
    if lists::contains_domain_or_parent(&lists::RELAY_DOMAINS, domain) {
        EmailClass::Relay
    } else if lists::contains_domain_or_parent(&lists::DISPOSABLE_DOMAINS, domain) {
        EmailClass::Disposable
    } else if lists::contains_domain_or_parent(&lists::FREE_DOMAINS, domain) {
        EmailClass::Free
    } else {
        EmailClass::Company
    }
}

/// Without white space, and without the invisible characters that come along when an address is copied.
fn trimmed(input: &str) -> &str {
    input.trim_matches(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}')
    })
}

/// Takes `mailto:` and `Name <…>` away, as [`Email::parse`] promises.
fn unwrapped(input: &str) -> Result<&str, EmailError> {
    let mut rest = input;
    if let Some(inner) = rest.strip_suffix('>') {
        let (display_name, address) = inner.split_once('<').ok_or(EmailError::Ambiguous)?;
        if address.contains(['<', '>']) || display_name.contains(['@', '>']) {
            return Err(EmailError::Ambiguous);
        }
        rest = trimmed(address);
    }
    if let Some(scheme) = rest.get(..7)
        && scheme.eq_ignore_ascii_case("mailto:")
    {
        rest = &rest[7..];
        // A question mark is a legal character of a local part, so only one after the @ starts the query.
        if let Some(at) = rest.find('@')
            && let Some(query) = rest[at..].find('?')
        {
            rest = &rest[..at + query];
        }
        rest = trimmed(rest);
    }
    if rest.matches('@').nth(1).is_some() {
        return Err(EmailError::Ambiguous);
    }
    Ok(rest)
}

fn check_local_part(local_part: &str) -> Result<(), EmailError> {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    if local_part.len() > LOCAL_PART_MAX_BYTES {
        return Err(EmailError::TooLong);
    }
    if local_part.is_empty()
        || !local_part.bytes().all(allowed)
        || local_part.starts_with('.')
        || local_part.ends_with('.')
        || local_part.contains("..")
    {
        return Err(EmailError::LocalPart);
    }
    Ok(())
}

/// The domain in lower case and A-labels.
fn ascii_domain(domain: &str) -> Result<String, EmailError> {
    let lower = domain.to_ascii_lowercase();
    let needs_idna = !lower.is_ascii() || lower.split('.').any(|label| label.starts_with("xn--"));
    if !needs_idna {
        return Ok(lower);
    }
    // `Host::parse` decodes percent signs first, as a URL wants it; in an address one is an error.
    if lower.contains('%') {
        return Err(EmailError::Domain);
    }
    match url::Host::parse(&lower) {
        Ok(url::Host::Domain(ascii)) => Ok(ascii),
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => Err(EmailError::Domain),
    }
}

fn check_domain(domain: &str) -> Result<(), EmailError> {
    let mut labels = 0;
    let mut last_label = "";
    for label in domain.split('.') {
        // RFC 1035, 2.3.4, as the HTML rule repeats it. An empty label is a dot too many.
        let well_formed = !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-');
        if !well_formed {
            return Err(EmailError::Domain);
        }
        labels += 1;
        last_label = label;
    }
    if labels < 2 || last_label.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EmailError::Domain);
    }
    Ok(())
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email(***@{})", self.domain())
    }
}

impl std::str::FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Email, EmailError> {
        Email::parse(text)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.address)
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Email, D::Error> {
        let text = String::deserialize(deserializer)?;
        Email::parse(&text).map_err(serde::de::Error::custom)
    }
}

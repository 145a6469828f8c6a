//! XML as vendors send it: read whole, within bounds, without ever expanding anything.
//!
//! What real senders do is taken: processing instructions anywhere (also before the declaration), no declaration, CDATA,
//! prefixes of namespaces, the whole document inside an HTML comment, a bare `&`. What an attacker needs is not: a `DOCTYPE`
//! is refused, so there are no entities of the sender's own, and depth, elements and attributes are bounded.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::charset::{self, Charset};
use super::json::Json;
use crate::answers::{MAX_DEPTH, MAX_NAME_BYTES};
use crate::refusal::Unparseable;

/// Most elements of a document. A prospect of ADF has about forty, so this is a batch of hundreds.
const MAX_ELEMENTS: usize = 20_000;

/// Most attributes of one element. Known formats have five at most.
const MAX_ATTRIBUTES: usize = 64;

/// How much of a document is searched for its declaration, in bytes.
const DECLARATION_WITHIN: usize = 1_024;

/// Under which key an element's own text stands in [`Element::to_json`] if it has attributes or children as well.
pub(crate) const OWN_TEXT: &str = "_";

/// One element. Names are without their namespace's prefix. No `Debug`: it is somebody's data.
#[derive(Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// In their order, without declarations of namespaces.
    pub(crate) attributes: Vec<(String, String)>,
    /// All text directly in it.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The value of an attribute, its name in any case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The children of this name, in any case.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children
            .iter()
            .filter(move |child| child.name.eq_ignore_ascii_case(name))
    }

    /// The first child of this name, in any case.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children
            .iter()
            .find(|child| child.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first child of this name, unless it is blank.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        let text = self.child(name)?.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// What is in it as JSON: an element with nothing but text is a text; any other is an object of its attributes and
    /// children, where those of one name are a list, and its own text stands under [`OWN_TEXT`].
    pub(crate) fn to_json(&self) -> Json {
        if self.attributes.is_empty() && self.children.is_empty() {
            return Json::Text(self.text.clone());
        }
        let mut members: Vec<(String, Json)> = Vec::new();
        if !self.text.trim().is_empty() {
            members.push((OWN_TEXT.to_owned(), Json::Text(self.text.clone())));
        }
        let attributes = self
            .attributes
            .iter()
            .map(|(name, value)| (name, Json::Text(value.clone())));
        let children = self
            .children
            .iter()
            .map(|child| (&child.name, child.to_json()));
        let mut places: std::collections::BTreeMap<&str, usize> = Default::default();
        for (name, value) in attributes.chain(children) {
            match places.get(name.as_str()) {
                None => {
                    places.insert(name, members.len());
                    members.push((name.clone(), value));
                }
                Some(place) => {
                    let (_, known) = &mut members[*place];
                    match known {
                        Json::List(items) => items.push(value),
                        one => {
                            let first = std::mem::replace(one, Json::Null);
                            *one = Json::List(vec![first, value]);
                        }
                    }
                }
            }
        }
        Json::Object(members)
    }
}

/// Reads one document in the charset that its byte order mark, the sender or its declaration names, in this order.
pub(in crate::decode) fn read(
    body: &[u8],
    charset: Option<Charset>,
) -> Result<Element, Unparseable> {
    let text = decoded(body, charset)?;
    match parse(&text)? {
        Found::Root(root) => Ok(root),
        // A template that was posted together with the comment that documents it.
        Found::Comment(inner) => match parse(&inner)? {
            Found::Root(root) => Ok(root),
            _ => Err(no_root()),
        },
        Found::Nothing => Err(no_root()),
    }
}

/// Reads one element that was cut out of a document.
pub(crate) fn element(text: &str) -> Result<Element, Unparseable> {
    match parse(text)? {
        Found::Root(root) => Ok(root),
        Found::Comment(_) | Found::Nothing => Err(no_root()),
    }
}

/// Whether it can only be XML or HTML.
pub(crate) fn looks_like_xml(body: &[u8]) -> bool {
    charset::without_mark(body).trim_ascii_start().first() == Some(&b'<')
        || matches!(body, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..])
}

enum Found {
    Root(Element),
    /// No element, but a comment that may hold one.
    Comment(String),
    Nothing,
}

fn no_root() -> Unparseable {
    Unparseable::Xml {
        line: 1,
        column: 1,
        what: "holds no element",
    }
}

fn parse(text: &str) -> Result<Found, Unparseable> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    // `Smith & Sons` is written by hand, and nothing is expanded that it could be confused with.
    config.allow_dangling_amp = true;
    config.check_end_names = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut comment: Option<String> = None;
    let mut elements = 0_usize;
    loop {
        let before = reader.buffer_position();
        let wrong = |what| Err(at(text, before, what));
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) => return Err(at(text, reader.error_position(), "is not well-formed")),
        };
        let (start, is_empty) = match &event {
            Event::Start(start) => (Some(start), false),
            Event::Empty(start) => (Some(start), true),
            _ => (None, false),
        };
        if let Some(start) = start {
            elements += 1;
            if elements > MAX_ELEMENTS {
                return Err(Unparseable::TooManyElements {
                    limit: MAX_ELEMENTS,
                });
            }
            if open.len() >= MAX_DEPTH {
                return Err(Unparseable::TooDeep { limit: MAX_DEPTH });
            }
            if root.is_some() {
                return wrong("begins a second document; send one");
            }
            let element = match opened(start) {
                Ok(element) => element,
                Err(what) => return wrong(what),
            };
            if is_empty {
                close(element, &mut open, &mut root);
            } else {
                open.push(element);
            }
            continue;
        }
        match event {
            Event::End(_) => {
                // Names are compared by the reader, so there is one to close.
                if let Some(element) = open.pop() {
                    close(element, &mut open, &mut root);
                }
            }
            Event::Text(piece) => match open.last_mut() {
                Some(element) => element.text.push_str(&piece.xml10_content()),
                None if piece.trim_matches('\u{feff}').trim().is_empty() => {}
                None => return wrong("has text outside of its element"),
            },
            Event::CData(piece) => match open.last_mut() {
                Some(element) => element.text.push_str(&piece.xml10_content()),
                None => return wrong("has text outside of its element"),
            },
            Event::GeneralRef(name) => match (open.last_mut(), character(&name)) {
                (Some(element), Some(character)) => element.text.push(character),
                (Some(_), None) => {
                    return wrong(
                        "names an entity that is not predefined; write the character itself",
                    );
                }
                (None, _) => return wrong("has text outside of its element"),
            },
            Event::Comment(content)
                if root.is_none()
                    && open.is_empty()
                    && comment.is_none()
                    && content.contains('<') =>
            {
                comment = Some(content.to_string());
            }
            Event::DocType(_) => {
                return wrong("has a DOCTYPE, which is never taken; leave it out");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !open.is_empty() {
        return Err(at(
            text,
            reader.buffer_position(),
            "ends before its elements are closed",
        ));
    }
    Ok(match (root, comment) {
        (Some(root), _) => Found::Root(root),
        (None, Some(comment)) => Found::Comment(comment),
        (None, None) => Found::Nothing,
    })
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn opened(start: &BytesStart<'_>) -> Result<Element, &'static str> {
    let name = local(start.name().as_ref()).to_owned();
    if name.len() > MAX_NAME_BYTES {
        return Err("has an element whose name is too long");
    }
    let mut attributes = Vec::new();
    for (index, attribute) in start.attributes().enumerate() {
        if index >= MAX_ATTRIBUTES {
            return Err("has an element with too many attributes");
        }
        let attribute =
            attribute.map_err(|_| "has an attribute that is not well-formed, or stands twice")?;
        let qualified: &str = attribute.key.as_ref();
        if qualified == "xmlns" || qualified.starts_with("xmlns:") {
            continue;
        }
        if qualified.len() > MAX_NAME_BYTES {
            return Err("has an attribute whose name is too long");
        }
        let value = unescaped(&attribute.value)
            .ok_or("names an entity that is not predefined; write the character itself")?;
        attributes.push((local(qualified).to_owned(), value));
    }
    Ok(Element {
        name,
        attributes,
        ..Element::default()
    })
}

/// Without the prefix of a namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// What stands between `&` and `;`: a character by number, or by one of the five names that XML knows itself. `nbsp` is in
/// everything that was once HTML.
fn character(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some('\u{a0}'),
            _ => None,
        };
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok()
        .and_then(char::from_u32)
        .filter(|character| *character != '\0')
}

/// The value of an attribute. An `&` that begins no reference stands for itself.
fn unescaped(value: &str) -> Option<String> {
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let name = after
            .split_once(';')
            .map(|(name, _)| name)
            .filter(|name| is_reference(name));
        rest = match name {
            Some(name) => {
                plain.push(character(name)?);
                &after[name.len() + 1..]
            }
            None => {
                plain.push('&');
                after
            }
        };
    }
    plain.push_str(rest);
    Some(plain)
}

fn is_reference(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
}

fn at(text: &str, offset: u64, what: &'static str) -> Unparseable {
    let offset = usize::try_from(offset)
        .unwrap_or(text.len())
        .min(text.len());
    let before = &text.as_bytes()[..offset];
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |position| position + 1);
    Unparseable::Xml {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        column: String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1,
        what,
    }
}

fn decoded(body: &[u8], named: Option<Charset>) -> Result<String, Unparseable> {
    match body {
        [0xFE, 0xFF, rest @ ..] => return utf_16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => return utf_16(rest, u16::from_le_bytes),
        // Without a mark, a document still begins with `<` (XML 1.0, appendix F).
        [0, b'<', ..] => return utf_16(body, u16::from_be_bytes),
        [b'<', 0, ..] => return utf_16(body, u16::from_le_bytes),
        _ => {}
    }
    let has_mark = body.starts_with(b"\xEF\xBB\xBF");
    let body = charset::without_mark(body);
    // A declared charset that cannot be true (`utf-16` in bytes that are none: what .NET writes into every string) or that
    // is not known counts as the default.
    let charset = match named {
        _ if has_mark => Charset::Utf8,
        Some(charset) => charset,
        None => declared(body).unwrap_or(Charset::Utf8),
    };
    charset::text(body, charset, "the body")
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Unparseable> {
    let units = bytes.chunks(2).map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        // Half a unit at the end: no character has this value, so it is an error below.
        _ => 0xD800,
    });
    let mut text = String::with_capacity(bytes.len());
    for (index, character) in char::decode_utf16(units).enumerate() {
        match character {
            Ok('\u{feff}') if index == 0 => {}
            Ok(character) => text.push(character),
            Err(_) => {
                return Err(Unparseable::Charset {
                    place: "the body".to_owned(),
                    offset: index * 2,
                });
            }
        }
    }
    Ok(text)
}

/// What `<?xml … encoding="…"?>` says, wherever near the start it stands.
fn declared(body: &[u8]) -> Option<Charset> {
    let head = String::from_utf8_lossy(&body[..body.len().min(DECLARATION_WITHIN)]);
    let (_, declaration) = head.split_once("<?xml")?;
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|mark| matches!(mark, '"' | '\''))?;
    Charset::named(value[1..].split(quote).next()?)
}

#[cfg(test)]
mod tests;

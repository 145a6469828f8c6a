//! How the fields of a document that somebody else designed are found: paths into it, and what is done to what is there.
//!
//! A path is compiled when the configuration is read, so a wrong one never meets a lead. It holds no regular expression and
//! no recursion: looking one up takes a step for each part of it over each value that it passes.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::OneOrMany;

mod path;

pub use path::{BadPath, JsonPath, Step};

/// What a field is made of: `"person.email"`, `["work_email", "email"]` (the first that is not blank), or a table with more.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Mapping {
    /// What stands there.
    Path(JsonPath),
    /// The first of these that is not blank.
    Paths(Vec<JsonPath>),
    /// With what is done to it.
    Steps(Box<MappingSteps>),
}

impl Mapping {
    /// Where it is looked for; the first path that leads to something counts.
    pub fn paths(&self) -> &[JsonPath] {
        match self {
            Mapping::Path(path) => std::slice::from_ref(path),
            Mapping::Paths(paths) => paths,
            Mapping::Steps(steps) => &steps.path,
        }
    }

    /// What is done to it.
    pub fn steps(&self) -> Option<&MappingSteps> {
        match self {
            Mapping::Steps(steps) => Some(steps),
            Mapping::Path(_) | Mapping::Paths(_) => None,
        }
    }
}

/// `{ path = "…", … }`. What is given is done in the order of this list; blanks around a value never count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MappingSteps {
    /// Where it stands: a path, or several of which the first that is not blank counts.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "OneOrMany"))]
    pub path: Vec<JsonPath>,
    /// Instead of `path`: what all of these lead to, as far as it is not blank, in one text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub join: Vec<JsonPath>,
    /// What stands between the parts of `join`. A space by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Characters that are taken off both ends, besides blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<String>,
    /// What is taken off the front if it stands there, such as `p:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// Which part of a full name it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NamePart>,
    /// In which letters it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letters: Option<Letters>,
    /// What the sender's values mean: theirs = ours. Their case does not matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// What a value means that is not in `values`. Without it, such a value stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// How a date or time is written: `%d.%m.%Y`, `%m/%d/%Y %I:%M %p` and the like, `unix` (seconds), `unix_ms`; several are tried
    /// in order. It becomes `2026-03-02` or `2026-03-02T11:00:00Z`; what fits none stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<OneOrMany>,
    /// The time zone of a time that does not say it, such as `Europe/Berlin`. UTC by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What it is if nothing is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A part of a full name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NamePart {
    /// The given names.
    First,
    /// The family name with what belongs to it.
    Last,
}

/// How letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Letters {
    /// All small.
    Lower,
    /// All capital.
    Upper,
}

/// Which documents are leads: `{ path = "type", is = ["lead.created"] }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// Where it stands.
    pub path: JsonPath,
    /// What has to stand there: one of these, whatever their case. Anything else is acknowledged and is no lead.
    pub is: OneOrMany,
}

/// What may stand left in `fields`, besides the fields that a source can set.
pub const OTHER_TARGETS: [&str; 3] = ["full_name", "external_id", "submitted_at"];

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;

        impl<'de> Visitor<'de> for Shapes {
            type Value = Mapping;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "a path such as \"person.email\", a list of paths, or a table such as `{ path = \"person.email\", default = \"…\" }`",
                )
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Mapping, E> {
                text.parse().map(Mapping::Path).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Mapping, A::Error> {
                let mut paths = Vec::new();
                while let Some(path) = items.next_element()? {
                    paths.push(path);
                }
                Ok(Mapping::Paths(paths))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mapping, A::Error> {
                MappingSteps::deserialize(MapAccessDeserializer::new(map))
                    .map(|steps| Mapping::Steps(Box::new(steps)))
            }
        }

        deserializer.deserialize_any(Shapes)
    }
}

/// A path, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<JsonPath>, D::Error> {
    struct Shapes;

    impl<'de> Visitor<'de> for Shapes {
        type Value = Vec<JsonPath>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a path such as \"person.email\", or a list of paths")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<JsonPath>, E> {
            Ok(vec![text.parse().map_err(E::custom)?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<JsonPath>, A::Error> {
            let mut paths = Vec::new();
            while let Some(path) = items.next_element()? {
                paths.push(path);
            }
            Ok(paths)
        }
    }

    deserializer.deserialize_any(Shapes)
}

impl Serialize for JsonPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JsonPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for JsonPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonPath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A path into a document: `person.email`, `answers[0]`, `answers[*].value`, `answers[?name=email].value`, `[\"a.b\"]`.",
            "type": "string",
            "minLength": 1,
            "maxLength": path::MAX_LENGTH
        })
    }
}

#[cfg(test)]
mod tests;

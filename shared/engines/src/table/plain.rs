//! Plain requests: the few forms of PutItem, DeleteItem, BatchExecuteStatement, GetItem, BatchGetItem and Query that make up
//! nearly all of Leadline's traffic, recognised so that they can be carried out without dynoxide's general way, which takes several times
//! longer (it parses each expression four times and prepares each SQL statement anew).
//!
//! A request is plain when it has nothing but what is read here, on a table with text keys and without indexes and streams.
//! Everything else, and everything that is wrong in any way, goes to dynoxide, which also judges the first request of every
//! form: an expression is carried out here only after dynoxide has accepted one with the same text.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use dynoxide::storage::compute_hash_prefix;
use dynoxide::types::{MAX_ITEM_SIZE, item_size};
use dynoxide::{AttributeValue, Database, Item};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::condition::{Condition, Placeholders, Tokens, whole_number};

/// Bytes of a key's parts: DynamoDB's limits.
const MAX_HASH_BYTES: usize = 2048;
const MAX_RANGE_BYTES: usize = 1024;

/// Keys of a BatchGetItem: DynamoDB's limit.
const MAX_KEYS: usize = 100;

/// Statements of a BatchExecuteStatement: DynamoDB's limit.
const MAX_STATEMENTS: usize = 25;

/// Forms remembered. A program has a few dozen; whoever makes expressions from data fills this and loses only speed.
const MAX_FORMS: usize = 1024;

/// The keys of a plain table.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its name as SQL writes it, in quotes.
    pub(super) sql_name: String,
    name: String,
    hash: String,
    range: String,
    /// Which tables there were when this was read.
    pub(super) generation: u64,
}

/// A write that was recognised.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) shape: Arc<Shape>,
    /// The key as dynoxide stores it.
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) change: Change,
    pub(super) condition: Option<Condition>,
    /// Whether a refusal shows what is stored.
    pub(super) shows_old: bool,
    form: String,
}

#[derive(Debug)]
pub(super) enum Change {
    Put {
        json: String,
        size: usize,
        hash_prefix: String,
    },
    Delete,
}

/// What one request writes.
#[derive(Debug)]
pub(super) enum Writes {
    /// A PutItem or a DeleteItem.
    One(Box<Write>),
    /// The `INSERT`s of a BatchExecuteStatement, each with a key of its own.
    Batch(Vec<Write>),
}

/// A read that was recognised.
#[derive(Debug)]
pub(super) enum Read {
    Get {
        shape: Arc<Shape>,
        key: (String, String),
    },
    Batch {
        shape: Arc<Shape>,
        keys: Vec<(String, String)>,
    },
    Query {
        shape: Arc<Shape>,
        pk: String,
        /// At least and at most, both or neither included.
        bounds: Bounds,
        limit: Option<usize>,
        form: String,
    },
}

/// Limits of a sort key as it is stored.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Bounds {
    /// `>=` this.
    pub(super) from: Option<String>,
    /// `<` or `<=` this.
    pub(super) to: Option<(String, bool)>,
}

impl Shape {
    /// The table's name in a JSON document, in quotes.
    pub(super) fn json_name(&self) -> String {
        serde_json::Value::from(self.name.as_str()).to_string()
    }

    /// A stored key as an item has it; `None` if it is no text.
    pub(super) fn key_json(&self, pk: &str, sk: &str) -> Option<String> {
        let (pk, sk) = (pk.strip_prefix("S:")?, sk.strip_prefix("S:")?);
        let key = serde_json::json!({ &self.hash: { "S": pk }, &self.range: { "S": sk } });
        Some(key.to_string())
    }

    fn key_of(&self, item: &Item) -> Option<(String, String)> {
        let part = |name: &str, most: usize| match item.get(name) {
            Some(AttributeValue::S(text)) if !text.is_empty() && text.len() <= most => {
                Some(format!("S:{text}"))
            }
            _ => None,
        };
        Some((
            part(&self.hash, MAX_HASH_BYTES)?,
            part(&self.range, MAX_RANGE_BYTES)?,
        ))
    }

    fn exact_key_of(&self, key: &Item) -> Option<(String, String)> {
        (key.len() == 2).then(|| self.key_of(key))?
    }

    /// Whether the condition is that there is no such item.
    pub(super) fn wants_none(&self, condition: &Condition) -> bool {
        matches!(condition, Condition::Missing(name) if *name == self.hash || *name == self.range)
    }
}

/// Plain tables by name.
#[derive(Default)]
struct Shapes {
    /// How often tables may have changed.
    generation: u64,
    by_name: HashMap<String, Arc<Shape>>,
}

/// What is known of tables and forms.
#[derive(Default)]
pub(super) struct Plain {
    shapes: RwLock<Shapes>,
    forms: Mutex<HashSet<String>>,
}

impl Plain {
    /// Recognises a write. Whether dynoxide has accepted its form is another question: [`Plain::is_known`].
    pub(super) fn write(
        &self,
        database: &Database,
        operation: &str,
        body: &[u8],
    ) -> Option<Writes> {
        let one = |write| Writes::One(Box::new(write));
        match operation {
            "PutItem" => self.put(database, body).map(one),
            "DeleteItem" => self.delete(database, body).map(one),
            "BatchExecuteStatement" => self.inserts(database, body).map(Writes::Batch),
            _ => None,
        }
    }

    /// Recognises a read.
    pub(super) fn read(&self, database: &Database, operation: &str, body: &[u8]) -> Option<Read> {
        match operation {
            "GetItem" => self.get(database, body),
            "BatchGetItem" => self.batch(database, body),
            "Query" => self.query(database, body),
            _ => None,
        }
    }

    /// Tables may have changed: everything about them is read anew.
    pub(super) fn forget_tables(&self) {
        let mut shapes = self.shapes.write().unwrap_or_else(PoisonError::into_inner);
        shapes.generation += 1;
        shapes.by_name.clear();
        drop(shapes);
        self.forms().clear();
    }

    /// Which tables there are.
    pub(super) fn generation(&self) -> u64 {
        self.shapes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .generation
    }

    /// Whether dynoxide has accepted a request of this form.
    pub(super) fn is_known(&self, form: &str) -> bool {
        form.is_empty() || self.forms().contains(form)
    }

    /// Dynoxide has accepted a request of this form.
    pub(super) fn learn(&self, form: &str) {
        let mut forms = self.forms();
        if forms.len() < MAX_FORMS {
            forms.insert(form.to_owned());
        }
    }

    fn forms(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shape(&self, database: &Database, table: &str) -> Option<Arc<Shape>> {
        let shapes = self.shapes.read().unwrap_or_else(PoisonError::into_inner);
        let generation = shapes.generation;
        if let Some(known) = shapes.by_name.get(table) {
            return Some(Arc::clone(known));
        }
        drop(shapes);
        let shape = Arc::new(read_shape(database, table, generation)?);
        let mut shapes = self.shapes.write().unwrap_or_else(PoisonError::into_inner);
        if shapes.generation == generation {
            shapes.by_name.insert(table.to_owned(), Arc::clone(&shape));
        }
        Some(shape)
    }

    fn put(&self, database: &Database, body: &[u8]) -> Option<Write> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Request {
            table_name: String,
            item: Item,
            condition_expression: Option<String>,
            expression_attribute_names: Option<HashMap<String, String>>,
            expression_attribute_values: Option<HashMap<String, AttributeValue>>,
            return_values_on_condition_check_failure: Option<String>,
        }
        let request: Request = read_json(body)?;
        let shape = self.shape(database, &request.table_name)?;
        let (pk, sk) = shape.key_of(&request.item)?;
        let shows_old = match request.return_values_on_condition_check_failure.as_deref() {
            None | Some("NONE") => false,
            Some("ALL_OLD") => true,
            Some(_) => return None,
        };
        let placeholders = Placeholders {
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
        };
        let condition = match &request.condition_expression {
            Some(expression) => Some(Condition::parse(expression, placeholders)?),
            None if placeholders.names.is_none() && placeholders.values.is_none() => None,
            None => return None,
        };
        let form = form_of(
            "PutItem",
            request.condition_expression.as_deref(),
            placeholders,
        )?;
        Some(Write {
            pk,
            sk,
            change: put_of(&shape, &request.item)?,
            condition,
            shows_old,
            form,
            shape,
        })
    }

    fn inserts(&self, database: &Database, body: &[u8]) -> Option<Vec<Write>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Request {
            statements: Vec<Statement>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Statement {
            statement: String,
            parameters: Vec<AttributeValue>,
        }
        let request: Request = read_json(body)?;
        if request.statements.len() > MAX_STATEMENTS {
            return None;
        }
        let mut writes = Vec::with_capacity(request.statements.len());
        for one in request.statements {
            let (table, names) = inserted(&one.statement)?;
            if names.len() != one.parameters.len() {
                return None;
            }
            let shape = self.shape(database, table)?;
            let names = names.into_iter().map(str::to_owned);
            let item: Item = names.zip(one.parameters).collect();
            let (pk, sk) = shape.key_of(&item)?;
            let is_again =
                |other: &Write| other.pk == pk && other.sk == sk && other.shape.name == shape.name;
            if writes.iter().any(is_again) {
                return None;
            }
            writes.push(Write {
                pk,
                sk,
                change: put_of(&shape, &item)?,
                condition: Some(Condition::Missing(shape.hash.clone())),
                shows_old: false,
                form: one.statement,
                shape,
            });
        }
        (!writes.is_empty()).then_some(writes)
    }

    fn delete(&self, database: &Database, body: &[u8]) -> Option<Write> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Request {
            table_name: String,
            key: Item,
        }
        let request: Request = read_json(body)?;
        let shape = self.shape(database, &request.table_name)?;
        let (pk, sk) = shape.exact_key_of(&request.key)?;
        Some(Write {
            pk,
            sk,
            change: Change::Delete,
            condition: None,
            shows_old: false,
            form: String::new(),
            shape,
        })
    }

    fn get(&self, database: &Database, body: &[u8]) -> Option<Read> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Request {
            table_name: String,
            key: Item,
            #[serde(default)]
            #[allow(dead_code, reason = "every read here is consistent")]
            consistent_read: bool,
        }
        let request: Request = read_json(body)?;
        let shape = self.shape(database, &request.table_name)?;
        let key = shape.exact_key_of(&request.key)?;
        Some(Read::Get { shape, key })
    }

    fn batch(&self, database: &Database, body: &[u8]) -> Option<Read> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Request {
            request_items: HashMap<String, Wanted>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Wanted {
            keys: Vec<Item>,
            #[serde(default)]
            #[allow(dead_code, reason = "every read here is consistent")]
            consistent_read: bool,
        }
        let request: Request = read_json(body)?;
        let mut tables = request.request_items.into_iter();
        let (Some((table, wanted)), None) = (tables.next(), tables.next()) else {
            return None;
        };
        let shape = self.shape(database, &table)?;
        let keys: Vec<(String, String)> = wanted
            .keys
            .iter()
            .map(|key| shape.exact_key_of(key))
            .collect::<Option<_>>()?;
        let distinct: HashSet<&(String, String)> = keys.iter().collect();
        let is_plain = (1..=MAX_KEYS).contains(&keys.len()) && distinct.len() == keys.len();
        is_plain.then_some(Read::Batch { shape, keys })
    }

    fn query(&self, database: &Database, body: &[u8]) -> Option<Read> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Request {
            table_name: String,
            key_condition_expression: String,
            expression_attribute_names: Option<HashMap<String, String>>,
            expression_attribute_values: Option<HashMap<String, AttributeValue>>,
            #[serde(default)]
            #[allow(dead_code, reason = "every read here is consistent")]
            consistent_read: bool,
            limit: Option<u32>,
        }
        let request: Request = read_json(body)?;
        let shape = self.shape(database, &request.table_name)?;
        let placeholders = Placeholders {
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
        };
        let expression = request.key_condition_expression.as_str();
        let (pk, bounds) = key_condition(&shape, expression, placeholders)?;
        if request.limit == Some(0) {
            return None;
        }
        Some(Read::Query {
            pk,
            bounds,
            limit: request.limit.map(|limit| limit as usize),
            form: form_of("Query", Some(expression), placeholders)?,
            shape,
        })
    }
}

impl Writes {
    pub(super) fn all(&self) -> &[Write] {
        match self {
            Writes::One(write) => std::slice::from_ref(write),
            Writes::Batch(writes) => writes,
        }
    }
}

impl Write {
    pub(super) fn form(&self) -> &str {
        &self.form
    }
}

impl Read {
    pub(super) fn form(&self) -> &str {
        match self {
            Read::Query { form, .. } => form,
            _ => "",
        }
    }
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// An item as dynoxide keeps it.
fn put_of(shape: &Shape, item: &Item) -> Option<Change> {
    let is_plain = item
        .iter()
        .all(|(name, value)| is_plain_name(name) && is_plain(value));
    let size = item_size(item);
    if !is_plain || size > MAX_ITEM_SIZE {
        return None;
    }
    Some(Change::Put {
        json: serde_json::to_string(item).ok()?,
        size,
        hash_prefix: compute_hash_prefix(item.get(&shape.hash)?),
    })
}

/// The table and the attributes of `INSERT INTO "table" VALUE {'name': ?, …}`, written exactly so.
fn inserted(statement: &str) -> Option<(&str, Vec<&str>)> {
    let (table, rest) = statement.strip_prefix("INSERT INTO \"")?.split_once('"')?;
    let attributes = rest.strip_prefix(" VALUE {")?.strip_suffix('}')?;
    let mut names: Vec<&str> = Vec::new();
    for attribute in attributes.split(", ") {
        let name = attribute.strip_prefix('\'')?.strip_suffix("': ?")?;
        if name.contains(['\'', '\\']) || names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    Some((table, names))
}

/// What dynoxide has to accept once: the operation, the expression, and the names and kinds of its placeholders. Empty when
/// there is no expression.
fn form_of(
    operation: &str,
    expression: Option<&str>,
    placeholders: Placeholders<'_>,
) -> Option<String> {
    let Some(expression) = expression else {
        return Some(String::new());
    };
    let mut parts: Vec<String> = Vec::new();
    for (placeholder, name) in placeholders.names.into_iter().flatten() {
        parts.push(format!("{placeholder}={name}"));
    }
    for (placeholder, value) in placeholders.values.into_iter().flatten() {
        let kind = match value {
            AttributeValue::S(text) if !text.is_empty() => 'S',
            AttributeValue::N(text) if whole_number(text).is_some() => 'N',
            _ => return None,
        };
        parts.push(format!("{placeholder}={kind}"));
    }
    parts.sort();
    Some(format!("{operation} {expression} {}", parts.join(" ")))
}

/// `hash = :v`, alone or with one condition on the sort key.
fn key_condition(
    shape: &Shape,
    expression: &str,
    placeholders: Placeholders<'_>,
) -> Option<(String, Bounds)> {
    let text = |value: Option<&AttributeValue>| match value {
        Some(AttributeValue::S(text)) if !text.is_empty() => Some(format!("S:{text}")),
        _ => None,
    };
    let mut tokens = Tokens::new(expression, placeholders);
    if tokens.name()? != shape.hash || tokens.next() != "=" {
        return None;
    }
    let pk = text(tokens.value())?;
    if tokens.is_empty() {
        return Some((pk, Bounds::default()));
    }
    if !tokens.take("AND") {
        return None;
    }
    let name = tokens.name()?;
    let bounds = if name == "begins_with" {
        let is_range = tokens.take("(") && tokens.name()? == shape.range && tokens.take(",");
        let prefix = is_range.then(|| text(tokens.value()))??;
        let end = after_all_with(&prefix)?;
        tokens.take(")").then_some(Bounds {
            from: Some(prefix),
            to: Some((end, false)),
        })?
    } else if name == shape.range && tokens.take("BETWEEN") {
        let from = text(tokens.value())?;
        let to = tokens.take("AND").then(|| text(tokens.value()))??;
        // The other way round is an error of the caller.
        (from <= to).then_some(Bounds {
            from: Some(from),
            to: Some((to, true)),
        })?
    } else if name == shape.range && tokens.take("<") {
        Bounds {
            from: None,
            to: Some((text(tokens.value())?, false)),
        }
    } else {
        return None;
    };
    tokens.is_empty().then_some((pk, bounds))
}

/// The first text after all that begin with `prefix`, in the order of bytes.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    let last = end.pop().filter(|last| ('!'..='}').contains(last))?;
    end.push(char::from(last as u8 + 1));
    Some(end)
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255
}

fn is_plain(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::S(_) | AttributeValue::B(_) | AttributeValue::BOOL(_) => true,
        AttributeValue::N(text) => whole_number(text).is_some(),
        _ => false,
    }
}

fn read_shape(database: &Database, table: &str, generation: u64) -> Option<Shape> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Key {
        attribute_name: String,
        key_type: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Definition {
        attribute_name: String,
        attribute_type: String,
    }
    let metadata = database.get_table_metadata(table).ok()??;
    let has_none = |definitions: &Option<String>| {
        matches!(definitions.as_deref(), None | Some("" | "[]" | "null"))
    };
    let is_plain = has_none(&metadata.gsi_definitions)
        && has_none(&metadata.lsi_definitions)
        && has_none(&metadata.vector_index_definitions)
        && !metadata.stream_enabled
        && metadata.table_status == "ACTIVE"
        && table
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if !is_plain {
        return None;
    }
    let keys: Vec<Key> = serde_json::from_str(&metadata.key_schema).ok()?;
    let definitions: Vec<Definition> =
        serde_json::from_str(&metadata.attribute_definitions).ok()?;
    let key = |kind: &str| {
        let name = &keys.iter().find(|key| key.key_type == kind)?.attribute_name;
        let definition = definitions
            .iter()
            .find(|definition| definition.attribute_name == *name)?;
        (definition.attribute_type == "S").then(|| name.clone())
    };
    Some(Shape {
        sql_name: format!("\"{table}\""),
        name: table.to_owned(),
        hash: key("HASH")?,
        range: key("RANGE")?,
        generation,
    })
}

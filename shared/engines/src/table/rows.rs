//! Plain requests carried out on the rows that dynoxide keeps: one SQLite table per table, with the key as text and the item
//! as JSON. Every statement is prepared once per connection.

use dynoxide::{DynoxideError, Item};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};

use super::plain::{Bounds, Change, Read, Shape, Write, Writes};
use crate::connector::WireAnswer;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 64;

/// Rows of a query without a limit, above which dynoxide decides where a page ends.
const MAX_ROWS: usize = 1_000;

/// Bytes of an answer above which dynoxide decides where a page ends; DynamoDB ends it at 1 MB of items, counted its own way.
const MAX_BYTES: usize = 500_000;

/// How long a statement waits for another connection's transaction.
const BUSY: std::time::Duration = std::time::Duration::from_secs(10);

/// Pages of 4 KB in the `-wal` file at which it is carried over into the database. More means fewer flushes, and longer ones.
const CHECKPOINT_PAGES: i64 = 4_000;

/// What came of a write.
pub(super) enum Applied {
    Done,
    /// The condition did not hold for what is stored.
    Refused(Option<String>),
    /// It cannot be said here whether the condition holds.
    NotPlain,
}

/// A connection to the file of the database.
pub(super) fn connect(path: &str, cache_kilobytes: i64) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // FULL: a commit has returned only when the disk has it.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Plans do not depend on what is bound: without this every statement with a range is planned anew for each call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // What is deleted or replaced within a page is overwritten, at no more writes. Pages that become free keep theirs.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.pragma_update(None, "cache_size", -cache_kilobytes)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    Ok(connection)
}

/// Carries out a write inside the transaction that is open.
pub(super) fn apply(connection: &Connection, write: &Write) -> rusqlite::Result<Applied> {
    let table = &write.shape.sql_name;
    let mut wants_none = false;
    if let Some(condition) = &write.condition {
        wants_none = write.shape.wants_none(condition);
        if !wants_none {
            let stored = stored(connection, &write.shape, &write.pk, &write.sk)?;
            let item: Option<Item> = match &stored {
                Some(json) => match serde_json::from_str(json) {
                    Ok(item) => Some(item),
                    Err(_) => return Ok(Applied::NotPlain),
                },
                None => None,
            };
            match condition.holds(item.as_ref()) {
                Some(true) => {}
                Some(false) => return Ok(Applied::Refused(stored)),
                None => return Ok(Applied::NotPlain),
            }
        }
    }
    match &write.change {
        Change::Put {
            json,
            size,
            hash_prefix,
        } => {
            let on_conflict = if wants_none {
                "NOTHING"
            } else {
                "UPDATE SET item_json = excluded.item_json, item_size = excluded.item_size, hash_prefix = excluded.hash_prefix"
            };
            let sql = format!(
                "INSERT INTO {table} (pk, sk, item_json, item_size, hash_prefix) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (pk, sk) DO {on_conflict}"
            );
            let size = i64::try_from(*size).unwrap_or(i64::MAX);
            let changed = connection.prepare_cached(&sql)?.execute(params![
                write.pk,
                write.sk,
                json,
                size,
                hash_prefix
            ])?;
            if changed == 0 {
                return Ok(Applied::Refused(stored(
                    connection,
                    &write.shape,
                    &write.pk,
                    &write.sk,
                )?));
            }
        }
        Change::Delete => {
            let sql = format!("DELETE FROM {table} WHERE pk = ?1 AND sk = ?2");
            connection
                .prepare_cached(&sql)?
                .execute(params![write.pk, write.sk])?;
        }
    }
    Ok(Applied::Done)
}

/// The answer to writes that were carried out and are durable, or that were refused; `None` when dynoxide has to judge.
pub(super) fn answer(writes: &Writes, applied: Vec<Applied>) -> Option<WireAnswer> {
    if applied.iter().any(|one| matches!(one, Applied::NotPlain)) {
        return None;
    }
    let done = |body: String| WireAnswer {
        status: 200,
        body,
        query_error: None,
    };
    Some(match writes {
        Writes::One(write) => match applied.into_iter().next()? {
            Applied::Refused(stored) => refused(write, stored),
            Applied::Done | Applied::NotPlain => done("{}".to_owned()),
        },
        Writes::Batch(writes) => {
            let responses: Vec<String> = writes
                .iter()
                .zip(applied)
                .map(|(write, applied)| {
                    let table = write.shape.json_name();
                    match applied {
                        Applied::Refused(_) => format!("{{\"Error\":{{\"Code\":\"DuplicateItem\",\"Message\":\"Duplicate primary key exists in table\"}},\"TableName\":{table}}}"),
                        Applied::Done | Applied::NotPlain => format!("{{\"TableName\":{table}}}"),
                    }
                })
                .collect();
            done(format!("{{\"Responses\":[{}]}}", responses.join(",")))
        }
    })
}

fn refused(write: &Write, stored: Option<String>) -> WireAnswer {
    let item = stored
        .filter(|_| write.shows_old)
        .and_then(|json| serde_json::from_str(&json).ok());
    let error = DynoxideError::ConditionalCheckFailedException(
        "The conditional request failed".to_owned(),
        item,
    );
    WireAnswer {
        status: error.status_code(),
        body: error.to_json(),
        query_error: None,
    }
}

/// Carries out a read; `None` when dynoxide has to.
pub(super) fn read(connection: &Connection, read: &Read) -> rusqlite::Result<Option<String>> {
    match read {
        Read::Get { shape, key } => {
            let stored = stored(connection, shape, &key.0, &key.1)?;
            Ok(Some(match stored {
                Some(json) => format!("{{\"Item\":{json}}}"),
                None => "{}".to_owned(),
            }))
        }
        Read::Batch { shape, keys } => {
            let mut items: Vec<String> = Vec::new();
            for (pk, sk) in keys {
                items.extend(stored(connection, shape, pk, sk)?);
            }
            if items.iter().map(String::len).sum::<usize>() > MAX_BYTES {
                return Ok(None);
            }
            Ok(Some(format!(
                "{{\"Responses\":{{{}:[{}]}},\"UnprocessedKeys\":{{}}}}",
                shape.json_name(),
                items.join(",")
            )))
        }
        Read::Query {
            shape,
            pk,
            bounds,
            limit,
            ..
        } => query(connection, shape, pk, bounds, *limit),
    }
}

fn query(
    connection: &Connection,
    shape: &Shape,
    pk: &str,
    bounds: &Bounds,
    limit: Option<usize>,
) -> rusqlite::Result<Option<String>> {
    let (to, is_included) = match &bounds.to {
        Some((to, is_included)) => (Some(to), *is_included),
        None => (None, false),
    };
    let sql = format!(
        "SELECT sk, item_json FROM {} WHERE pk = ?1{}{} ORDER BY sk LIMIT ?4",
        shape.sql_name,
        if bounds.from.is_some() {
            " AND sk >= ?2"
        } else {
            " AND ?2 IS NULL"
        },
        match (to.is_some(), is_included) {
            (false, _) => " AND ?3 IS NULL",
            (true, true) => " AND sk <= ?3",
            (true, false) => " AND sk < ?3",
        },
    );
    let most = limit.map_or(MAX_ROWS, |limit| limit.min(MAX_ROWS));
    let mut statement = connection.prepare_cached(&sql)?;
    let count_wanted = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![pk, bounds.from, to, count_wanted])?;
    let (mut items, mut count, mut last) = (String::new(), 0, String::new());
    while let Some(row) = rows.next()? {
        let json = row.get_ref(1)?.as_str()?;
        if count > 0 {
            items.push(',');
        }
        items.push_str(json);
        count += 1;
        if count == most {
            last = row.get_ref(0)?.as_str()?.to_owned();
        }
        if items.len() > MAX_BYTES {
            return Ok(None);
        }
    }
    let mut body = format!("{{\"Items\":[{items}],\"Count\":{count},\"ScannedCount\":{count}");
    if count == most {
        // Without a limit of the caller, or with one above ours, this is not where a page ends.
        let Some(key) = shape.key_json(pk, &last).filter(|_| limit == Some(most)) else {
            return Ok(None);
        };
        body.push_str(",\"LastEvaluatedKey\":");
        body.push_str(&key);
    }
    body.push('}');
    Ok(Some(body))
}

fn stored(
    connection: &Connection,
    shape: &Shape,
    pk: &str,
    sk: &str,
) -> rusqlite::Result<Option<String>> {
    let sql = format!(
        "SELECT item_json FROM {} WHERE pk = ?1 AND sk = ?2",
        shape.sql_name
    );
    connection
        .prepare_cached(&sql)?
        .query_row(params![pk, sk], |row| row.get(0))
        .optional()
}

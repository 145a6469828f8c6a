//! Items whose time is over: found by an index over the attribute that says when, so that a sweep costs what it removes and
//! not what there is. dynoxide's own sweep reads every item of the table.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};

/// Items removed in one transaction.
const AT_ONCE: i64 = 500;

/// Items that expired longer ago than this are kept: DynamoDB takes such a time for a mistake. Five years, in seconds.
const MOST_OVERDUE: i64 = 5 * 365 * 86_400;

/// Makes the index of every table that has a time to live and none yet.
pub(super) fn index(connection: &Connection) -> rusqlite::Result<()> {
    for expiring in tables(connection)? {
        connection.execute_batch(&format!(
            "CREATE INDEX IF NOT EXISTS {index} ON {table} (CAST({at} AS INTEGER)) WHERE {at} IS NOT NULL",
            index = expiring.index,
            table = expiring.table,
            at = expiring.at,
        ))?;
    }
    Ok(())
}

/// Removes what has expired; how many items that were.
pub(super) fn sweep(connection: &Connection) -> rusqlite::Result<usize> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        });
    let mut removed = 0;
    for Expiring { table, at, .. } in tables(connection)? {
        let sql = format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} \
             WHERE {at} IS NOT NULL AND CAST({at} AS INTEGER) BETWEEN ?1 AND ?2 LIMIT ?3)"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        loop {
            let gone = statement.execute(params![now - MOST_OVERDUE, now, AT_ONCE])?;
            removed += gone;
            if gone == 0 {
                break;
            }
        }
    }
    Ok(removed)
}

/// A table whose items expire, as SQL names what is needed.
struct Expiring {
    table: String,
    index: String,
    /// When an item expires, as text.
    at: String,
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<Expiring>> {
    // dynoxide's own list of tables.
    let mut statement = connection.prepare_cached(
        "SELECT table_name, ttl_attribute FROM _tables WHERE ttl_enabled = 1 AND ttl_attribute IS NOT NULL",
    )?;
    let named = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let named: Vec<(String, String)> = named.collect::<rusqlite::Result<_>>()?;
    // Names that would have to be escaped are left alone: none of ours are like that.
    let is_simple = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    Ok(named
        .into_iter()
        .filter(|(table, attribute)| is_simple(table) && is_simple(attribute))
        .map(|(table, attribute)| Expiring {
            table: format!("\"{table}\""),
            index: format!("\"{table}::expiry\""),
            at: format!("json_extract(item_json, '$.\"{attribute}\".N')"),
        })
        .collect())
}

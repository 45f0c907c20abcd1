//! How rows become contents: the SQL of reading. Every row must fit the checksum that was written with it.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Row};

use super::write::Writer;
use super::{Contents, StoreError, StoredLamp, StoredMailbox, StoredTold, seal};
use crate::sip::summary::Counts;

/// Reads everything and compares every checksum; one that does not fit makes the whole store untrustworthy.
pub(super) fn everything(connection: &Connection, path: &Path) -> Result<Contents, StoreError> {
    let failed = |error| StoreError::open(path, error);
    // A schema that lacks what writing needs shows now and not at the first write.
    Writer::new(connection).map_err(failed)?;
    let mailboxes = read_mailboxes(connection).map_err(failed)?;
    let lamps = read_lamps(connection).map_err(failed)?;
    match (mailboxes, lamps) {
        (Some(mailboxes), Some(lamps)) => Ok(Contents { mailboxes, lamps, damaged: None }),
        _ => Err(StoreError::damaged(path, "a row does not fit its checksum")),
    }
}

fn read_mailboxes(connection: &Connection) -> rusqlite::Result<Option<Vec<StoredMailbox>>> {
    let mut statement = connection.prepare(
        "SELECT new_count, old_count, urgent_new, urgent_old, name, version, at_ms, seal FROM mailbox ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    let mut mailboxes = Vec::new();
    while let Some(row) = rows.next()? {
        let mailbox: String = row.get(4)?;
        let (counts, version, at) = (counts(row)?, row.get::<_, i64>(5)?.cast_unsigned(), row.get(6)?);
        if row.get::<_, i64>(7)? != seal::mailbox(&mailbox, counts, version, at) {
            return Ok(None);
        }
        mailboxes.push(StoredMailbox { mailbox, counts, version, at });
    }
    Ok(Some(mailboxes))
}

fn read_lamps(connection: &Connection) -> rusqlite::Result<Option<Vec<StoredLamp>>> {
    let mut claims = read_claims(connection)?;
    let mut lamps = BTreeMap::new();
    let mut statement = connection.prepare("SELECT address, forsaken_ms, seal FROM lamp")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let address: String = row.get(0)?;
        let forsaken_since: Option<i64> = row.get(1)?;
        let claimants = claims.remove(&address).unwrap_or_default();
        if row.get::<_, i64>(2)? != seal::lamp(&address, claimants.iter().map(String::as_str), forsaken_since)
        {
            return Ok(None);
        }
        let lamp = StoredLamp { address: address.clone(), claimants, forsaken_since, told: Vec::new() };
        lamps.insert(address, lamp);
    }
    if !claims.is_empty() || !read_told(connection, &mut lamps)? {
        return Ok(None);
    }
    Ok(Some(lamps.into_values().collect()))
}

fn read_claims(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<String>>> {
    let mut statement = connection.prepare("SELECT lamp, mailbox FROM claim ORDER BY lamp, mailbox")?;
    let mut rows = statement.query([])?;
    let mut claims: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        claims.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(claims)
}

/// Adds what gateways were told; false if a checksum does not fit.
fn read_told(connection: &Connection, lamps: &mut BTreeMap<String, StoredLamp>) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare(
        "SELECT new_count, old_count, urgent_new, urgent_old, lamp, gateway, at_ms, status, seal FROM told
         ORDER BY lamp, gateway",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (address, gateway): (String, String) = (row.get(4)?, row.get(5)?);
        let (counts, at, status) = (counts(row)?, row.get(6)?, row.get(7)?);
        if row.get::<_, i64>(8)? != seal::told(&address, &gateway, counts, at, status) {
            return Ok(false);
        }
        let unclaimed = StoredLamp { address: address.clone(), ..StoredLamp::default() };
        let lamp = lamps.entry(address).or_insert(unclaimed);
        lamp.told.push(StoredTold { gateway, counts, at, status });
    }
    Ok(true)
}

/// The first four columns of a row.
fn counts(row: &Row<'_>) -> rusqlite::Result<Counts> {
    Ok(Counts { new: row.get(0)?, old: row.get(1)?, urgent_new: row.get(2)?, urgent_old: row.get(3)? })
}

//! How a change becomes rows: the SQL of writing.

use rusqlite::{CachedStatement, Connection, params};

use super::{Change, seal};
use crate::sip::summary::Counts;

const PUT_MAILBOX: &str =
    "INSERT INTO mailbox (name, new_count, old_count, urgent_new, urgent_old, version, at_ms, seal)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
  ON CONFLICT (name) DO UPDATE SET new_count = excluded.new_count, old_count = excluded.old_count,
    urgent_new = excluded.urgent_new, urgent_old = excluded.urgent_old, version = excluded.version,
    at_ms = excluded.at_ms, seal = excluded.seal";
const PUT_LAMP: &str = "INSERT INTO lamp (address, forsaken_ms, seal) VALUES (?1, ?2, ?3)
  ON CONFLICT (address) DO UPDATE SET forsaken_ms = excluded.forsaken_ms, seal = excluded.seal";
const PUT_CLAIM: &str = "INSERT INTO claim (lamp, mailbox) VALUES (?1, ?2)";
const PUT_TOLD: &str =
    "INSERT INTO told (lamp, gateway, new_count, old_count, urgent_new, urgent_old, at_ms, status, seal)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
  ON CONFLICT (lamp, gateway) DO UPDATE SET new_count = excluded.new_count, old_count = excluded.old_count,
    urgent_new = excluded.urgent_new, urgent_old = excluded.urgent_old, at_ms = excluded.at_ms,
    status = excluded.status, seal = excluded.seal";

/// Writes changes within one transaction.
pub(super) struct Writer<'c> {
    put_mailbox: CachedStatement<'c>,
    put_lamp: CachedStatement<'c>,
    put_claim: CachedStatement<'c>,
    put_told: CachedStatement<'c>,
    drop_mailbox: CachedStatement<'c>,
    drop_lamp: CachedStatement<'c>,
    drop_claims: CachedStatement<'c>,
    drop_told: CachedStatement<'c>,
}

impl<'c> Writer<'c> {
    /// Compiles all statements, or finds them in the connection's cache.
    pub fn new(connection: &'c Connection) -> rusqlite::Result<Writer<'c>> {
        let prepare = |sql| connection.prepare_cached(sql);
        Ok(Writer {
            put_mailbox: prepare(PUT_MAILBOX)?,
            put_lamp: prepare(PUT_LAMP)?,
            put_claim: prepare(PUT_CLAIM)?,
            put_told: prepare(PUT_TOLD)?,
            drop_mailbox: prepare("DELETE FROM mailbox WHERE name = ?1")?,
            drop_lamp: prepare("DELETE FROM lamp WHERE address = ?1")?,
            drop_claims: prepare("DELETE FROM claim WHERE lamp = ?1")?,
            drop_told: prepare("DELETE FROM told WHERE lamp = ?1")?,
        })
    }

    /// Writes one change.
    pub fn write(&mut self, change: &Change) -> rusqlite::Result<()> {
        match change {
            Change::Counts { mailbox, counts, version, at } => self.mailbox(mailbox, *counts, *version, *at),
            Change::Lamp { address, claimants, forsaken_since } => {
                self.lamp(address, claimants, *forsaken_since)
            }
            Change::Told { address, gateway, counts, at, status } => {
                self.told(address, gateway, *counts, *at, *status)
            }
            Change::ForgetLamp { address } => {
                self.drop_lamp.execute([address])?;
                self.drop_claims.execute([address])?;
                self.drop_told.execute([address]).map(drop)
            }
            Change::ForgetMailbox { mailbox } => self.drop_mailbox.execute([mailbox]).map(drop),
        }
    }

    fn mailbox(&mut self, name: &str, counts: Counts, version: u64, at: i64) -> rusqlite::Result<()> {
        let seal = seal::mailbox(name, counts, version, at);
        let Counts { new, old, urgent_new, urgent_old } = counts;
        let version = version.cast_signed();
        self.put_mailbox.execute(params![name, new, old, urgent_new, urgent_old, version, at, seal]).map(drop)
    }

    fn lamp(&mut self, address: &str, claimants: &[String], forsaken: Option<i64>) -> rusqlite::Result<()> {
        let mut claimants: Vec<&str> = claimants.iter().map(String::as_str).collect();
        claimants.sort_unstable();
        claimants.dedup();
        let seal = seal::lamp(address, claimants.iter().copied(), forsaken);
        self.put_lamp.execute(params![address, forsaken, seal])?;
        self.drop_claims.execute([address])?;
        for mailbox in claimants {
            self.put_claim.execute([address, mailbox])?;
        }
        Ok(())
    }

    fn told(
        &mut self,
        lamp: &str,
        gateway: &str,
        counts: Counts,
        at: i64,
        status: u16,
    ) -> rusqlite::Result<()> {
        let seal = seal::told(lamp, gateway, counts, at, status);
        let Counts { new, old, urgent_new, urgent_old } = counts;
        self.put_told
            .execute(params![lamp, gateway, new, old, urgent_new, urgent_old, at, status, seal])
            .map(drop)
    }
}

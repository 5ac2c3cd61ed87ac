//! The made-up shop's database: the same bytes at every making, and never anybody's real data.
//!
//! Every e-mail address is under a domain that RFC 2606 reserves, every IP address is from a documentation range
//! (RFC 5737), telephone numbers come from the ranges that regulators keep for films, and card numbers begin with a
//! digit that no card scheme issues.

mod dice;
mod people;
mod service;
mod trade;
mod words;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};
use rusqlite::Connection;

use dice::Dice;

/// A person whose data the README's journey looks for.
#[derive(Clone, Copy, Debug)]
pub struct KnownPerson {
    /// The name, as the database has it.
    pub name: &'static str,
    /// The address by which the journey asks.
    pub email: &'static str,
    /// The telephone number in E.164; the database spells it with spaces and brackets.
    pub phone: Option<&'static str>,
    /// The shop's own number for the person.
    pub account_number: Option<&'static str>,
}

/// A customer with orders, payments, tickets, page views, a newsletter subscription in another spelling, and an
/// address that she shares with another customer.
pub const ADA: KnownPerson = KnownPerson {
    name: "Ada Example",
    email: "ada@example.com",
    phone: Some("+493023125000"),
    account_number: Some("C-100001"),
};

/// An employee, who handled some of the customers' tickets, one of Ada's among them.
pub const EVE: KnownPerson =
    KnownPerson { name: "Eve Agent", email: "eve@shop.example", phone: None, account_number: None };

/// Why the database could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CompanyError {
    /// There is a file already; it is left alone.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("cannot write the demo company's database: {0}")]
    File(#[from] io::Error),
    /// SQLite refuses.
    #[error("cannot make the demo company's database: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Makes the database at `path`, which appears there only when it is whole. Takes well under a second in a release
/// build.
///
/// # Errors
/// When there is something at `path` already, and when the file cannot be written.
pub fn create(path: &Path) -> Result<(), CompanyError> {
    if path.exists() {
        return Err(CompanyError::Exists(path.to_owned()));
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if part.exists() {
        fs::remove_file(&part)?; // left by a making that was interrupted
    }
    fill(&part)?;
    fs::rename(&part, path)?;
    Ok(())
}

/// No journal and no fsync: whoever is interrupted begins again with a new file.
fn fill(path: &Path) -> Result<(), rusqlite::Error> {
    let mut database = Connection::open(path)?;
    database.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")?;
    let tx = database.transaction()?;
    tx.execute_batch(include_str!("company/schema.sql"))?;
    let mut dice = Dice::new(0x5ab0_1e55_0f1a_77e5);
    let products = trade::catalogue(&tx, &mut dice)?;
    tx.execute_batch(include_str!("company/known.sql"))?;
    let employees = people::employees(&tx, &mut dice)?;
    let customers = people::customers(&tx, &mut dice)?;
    people::newsletter(&tx, &mut dice, &customers)?;
    trade::orders(&tx, &mut dice, &customers, &products)?;
    service::tickets(&tx, &mut dice, &customers, employees)?;
    service::page_views(&tx, &mut dice, &customers)?;
    tx.execute_batch(include_str!("company/indexes.sql"))?;
    tx.commit()
}

/// 2023-01-01, when the shop opened; seconds since 1970.
const OPENED: i64 = 1_672_531_200;
/// 2026-11-01, when the copy of its database was taken; seconds since 1970.
const COPIED: i64 = 1_793_491_200;

/// A moment as RFC 3339 text, at an offset of `minutes` east of Greenwich.
fn moment(seconds: i64, minutes: i32) -> String {
    let zone = FixedOffset::east_opt(minutes * 60).expect("the offsets of the countries in words.rs are in range");
    let at = DateTime::from_timestamp(seconds, 0).expect("the shop's years are in range");
    at.with_timezone(&zone).to_rfc3339()
}

/// A moment between `from` and the day of the copy.
fn some_moment(dice: &mut Dice, from: i64) -> i64 {
    from + i64::from(dice.below(u32::try_from((COPIED - from).max(1)).unwrap_or(u32::MAX)))
}

/// Cents as decimal text: `1999` is `19.99`.
fn money(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests;

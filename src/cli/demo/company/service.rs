//! Tickets with their messages, and the pages that were looked at.

use rusqlite::{Connection, Result, params};

use super::dice::Dice;
use super::people::Customer;
use super::words::{ANSWERS, BROWSERS, PATHS, QUESTIONS, SUBJECTS};
use super::{OPENED, moment, some_moment};

const TICKETS: usize = 4_000;
const PAGE_VIEWS: usize = 20_000;

/// Opens tickets, most of them handled by one of the employees 1 to `employees`; the two sides write in turn.
pub fn tickets(tx: &Connection, dice: &mut Dice, customers: &[Customer], employees: i64) -> Result<()> {
    let mut ticket: i64 = tx.query_row("SELECT max(id) FROM tickets", [], |row| row.get(0))?;
    let mut insert = tx.prepare(
        "INSERT INTO tickets (id, customer_id, handled_by, subject, status, opened_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut say = tx.prepare("INSERT INTO ticket_messages (ticket_id, side, body, sent_at) VALUES (?1, ?2, ?3, ?4)")?;
    let staff = u32::try_from(employees).unwrap_or(1);
    for _ in 0..TICKETS {
        ticket += 1;
        let customer = dice.pick(customers);
        let handled_by = dice.chance(85).then(|| 1 + dice.below(staff));
        let opened = some_moment(dice, customer.created);
        let status = if dice.chance(90) { "closed" } else { "open" };
        insert.execute(params![ticket, customer.id, handled_by, dice.pick(SUBJECTS), status, moment(opened, 0)])?;
        let messages = if handled_by.is_some() { 1 + dice.below(4) } else { 1 };
        for n in 0..messages {
            let (side, words) = if n % 2 == 0 { ("customer", QUESTIONS) } else { ("shop", ANSWERS) };
            say.execute(params![ticket, side, dice.pick(words), moment(opened + i64::from(n) * 5_400, 0)])?;
        }
    }
    Ok(())
}

/// Adds page views; a third of them by nobody who was signed in.
pub fn page_views(tx: &Connection, dice: &mut Dice, customers: &[Customer]) -> Result<()> {
    let mut insert = tx.prepare(
        "INSERT INTO page_views (customer_id, path, ip_address, user_agent, viewed_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for _ in 0..PAGE_VIEWS {
        let viewer = dice.chance(67).then(|| dice.pick(customers));
        let address = format!("{}.{}", dice.pick(&["192.0.2", "198.51.100", "203.0.113"]), 1 + dice.below(254));
        let at = some_moment(dice, viewer.map_or(OPENED, |c| c.created));
        let (path, browser) = (dice.pick(PATHS), dice.pick(BROWSERS));
        insert.execute(params![viewer.map(|c| c.id), path, address, browser, moment(at, 0)])?;
    }
    Ok(())
}

//! Customers with their addresses, employees, and the readers of the newsletter.

use rusqlite::{Connection, Result, params};

use super::dice::Dice;
use super::words::{COUNTRIES, Country};
use super::{COPIED, OPENED, moment, some_moment};

/// How many customers there are, the known ones included.
pub const CUSTOMERS: i64 = 5_000;
const EMPLOYEES: i64 = 24;

/// What the other tables need to know of a customer.
pub struct Customer {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub address: i64,
    pub country: &'static Country,
    /// Seconds since 1970.
    pub created: i64,
}

/// Adds employees beside the known ones; gives how many there are, their ids being 1 to that.
pub fn employees(tx: &Connection, dice: &mut Dice) -> Result<i64> {
    let known: i64 = tx.query_row("SELECT max(id) FROM employees", [], |row| row.get(0))?;
    let mut insert =
        tx.prepare("INSERT INTO employees (id, email, name, job_title, hired_on) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for id in known + 1..=EMPLOYEES {
        let (name, letters) = somebody(dice, dice_country(id));
        let job = dice.pick(&["Customer service", "Warehouse", "Accounts", "Purchasing"]);
        let hired = moment(some_moment(dice, OPENED), 0);
        insert.execute(params![id, format!("{letters}{id}@shop.example"), name, job, &hired[..10]])?;
    }
    Ok(EMPLOYEES)
}

/// Adds customers beside the known ones, each with an address; every tenth shares the address of the one before.
pub fn customers(tx: &Connection, dice: &mut Dice) -> Result<Vec<Customer>> {
    let (known, mut address): (i64, i64) =
        tx.query_row("SELECT (SELECT max(id) FROM customers), (SELECT max(id) FROM addresses)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut insert = tx.prepare(
        "INSERT INTO customers (id, account_number, email, name, phone, birthdate, password_hash, address_id, state, \
         country, marketing, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut insert_address = tx.prepare(
        "INSERT INTO addresses (id, street, city, postal_code, state, country) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut all: Vec<Customer> = Vec::new();
    let mut country = &COUNTRIES[0];
    let mut state = None;
    let mut inhabitants = vec![0; COUNTRIES.len()];
    for id in known + 1..=CUSTOMERS {
        let shares = id % 10 == 0;
        if !shares {
            address += 1;
            country = some_country(dice);
            let (town, code, of) = *dice.pick(country.towns);
            state = of;
            let street = dice.pick(country.streets).replace('#', &(1 + dice.below(180)).to_string());
            insert_address.execute(params![address, street, town, code, state, country.code])?;
        }
        let nth = &mut inhabitants[COUNTRIES.iter().position(|c| c.code == country.code).unwrap_or_default()];
        *nth += 1;
        let (name, letters) = somebody(dice, country);
        let email = format!("{letters}{id}@{}", dice.pick(&["example.com", "example.org", "mail.example"]));
        let phone = if dice.chance(85) { phone(country, *nth) } else { None };
        let born = moment(-631_152_000 + i64::from(dice.below(1_700_000_000)), 0); // 1950 to 2003
        let created = OPENED + i64::from(dice.below(110_000_000)); // three and a half years
        insert.execute(params![
            id,
            format!("C-{}", 100_000 + id),
            email,
            name,
            phone,
            dice.chance(70).then_some(&born[..10]),
            format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", dice.letters(22), dice.letters(43)),
            address,
            state,
            country.code,
            dice.chance(40),
            moment(created, country.offset),
        ])?;
        all.push(Customer { id, name, email, address, country, created });
    }
    Ok(all)
}

/// Subscribes a third of the customers, some in another spelling of their address, and 300 people besides.
pub fn newsletter(tx: &Connection, dice: &mut Dice, customers: &[Customer]) -> Result<()> {
    let mut insert =
        tx.prepare("INSERT INTO newsletter (email, source, subscribed_at, unsubscribed_at) VALUES (?1, ?2, ?3, ?4)")?;
    let mut subscribe = |dice: &mut Dice, email: &str, since: i64| -> Result<()> {
        let left = dice.chance(12).then(|| moment(some_moment(dice, since), 0));
        let source = dice.pick(&["checkout", "footer", "fair 2025"]);
        insert.execute(params![email, source, moment(since, 0), left]).map(drop)
    };
    for customer in customers {
        if dice.chance(33) {
            let email = if dice.chance(30) { capitalised(&customer.email) } else { customer.email.clone() };
            subscribe(dice, &email, customer.created)?;
        }
    }
    for n in 1..=300 {
        let since = some_moment(dice, OPENED).min(COPIED - 1);
        subscribe(dice, &format!("Reader{n}@newsletter.example"), since)?;
    }
    Ok(())
}

/// `anna.weiss7@example.com` as `Anna.Weiss7@Example.com`: each letter that begins a word is raised.
fn capitalised(email: &str) -> String {
    let mut first = true;
    let mut raise = |c: char| {
        let raised = if first { c.to_ascii_uppercase() } else { c };
        first = !c.is_alphanumeric();
        raised
    };
    email.chars().map(&mut raise).collect()
}

/// A name, and its letters for an e-mail address.
fn somebody(dice: &mut Dice, country: &Country) -> (String, String) {
    let (given, a) = dice.pick(country.given);
    let (family, b) = dice.pick(country.family);
    (format!("{given} {family}"), format!("{a}.{b}"))
}

fn some_country(dice: &mut Dice) -> &'static Country {
    let mut n = dice.below(100);
    for country in COUNTRIES {
        if n < country.share {
            return country;
        }
        n -= country.share;
    }
    &COUNTRIES[0]
}

/// Employees come from all of the countries in turn.
fn dice_country(id: i64) -> &'static Country {
    &COUNTRIES[usize::try_from(id).unwrap_or_default() % COUNTRIES.len()]
}

/// The telephone number of a country's `nth` customer, no number twice: each is from a range that the country's
/// regulator gives to nobody, spelled as people there spell it. `None` where there is no such range, or no number left.
fn phone(country: &Country, nth: u32) -> Option<String> {
    const GERMAN: [&str; 5] = ["30 23125", "40 66969", "69 90009", "89 99998", "221 4710"];
    const AMERICAN: [u32; 20] =
        [212, 213, 303, 305, 312, 404, 415, 502, 503, 512, 515, 602, 615, 702, 713, 801, 804, 813, 206, 617];
    let (block, rest) = ((nth / 1_000) as usize, nth % 1_000);
    match country.code {
        "DE" => GERMAN.get(block).map(|start| format!("+49 {start}-{rest:03}")),
        "FR" => (nth < 10_000).then(|| format!("+33 1 99 00 {:02} {:02}", nth / 100, nth % 100)),
        "GB" => ["20 7946", "161 496"].get(block).map(|start| format!("+44 {start} 0{rest:03}")),
        "US" => AMERICAN.get((nth / 100) as usize).map(|area| format!("+1 ({area}) 555-01{:02}", nth % 100)),
        _ => None,
    }
}

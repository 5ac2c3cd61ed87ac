//! Goods, orders with their lines, and payments.

use rusqlite::{Connection, Result, Statement, params};

use super::dice::Dice;
use super::people::Customer;
use super::words::{GOODS, MANNERS, NOTES};
use super::{moment, money, some_moment};

/// The price of each product in cents; product 1 is at index 0.
pub type Prices = Vec<u32>;

/// Fills the catalogue; products 1 and 2 have the prices that the known orders are made of.
pub fn catalogue(tx: &Connection, dice: &mut Dice) -> Result<Prices> {
    let mut insert = tx.prepare("INSERT INTO products (id, sku, name, price) VALUES (?1, ?2, ?3, ?4)")?;
    let mut prices = vec![1_240, 9_990];
    let mut id: u32 = 2;
    insert.execute(params![1, "SKU-0001", "Mug, speckled", money(prices[0])])?;
    insert.execute(params![2, "SKU-0002", "Kettle that whistles an A ♪", money(prices[1])])?;
    for manner in MANNERS {
        for good in GOODS {
            let cents = 290 + 10 * dice.below(1_500);
            prices.push(cents);
            id += 1;
            insert.execute(params![id, format!("SKU-{id:04}"), format!("{manner} {good}"), money(cents)])?;
        }
    }
    Ok(prices)
}

struct Inserts<'c> {
    order: Statement<'c>,
    item: Statement<'c>,
    payment: Statement<'c>,
}

impl<'c> Inserts<'c> {
    fn prepare(tx: &'c Connection) -> Result<Self> {
        Ok(Self {
            order: tx.prepare(
                "INSERT INTO orders (id, customer_id, shipping_address_id, status, total, currency, note, placed_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            item: tx.prepare(
                "INSERT INTO order_items (order_id, line, product_id, quantity, unit_price) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            payment: tx.prepare(
                "INSERT INTO payments (order_id, method, card_holder, card_number, amount, currency, paid_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
        })
    }
}

/// Gives each customer up to six orders. One in fifty is a present, sent to the address of another customer.
pub fn orders(tx: &Connection, dice: &mut Dice, customers: &[Customer], prices: &Prices) -> Result<()> {
    let mut order: i64 = tx.query_row("SELECT max(id) FROM orders", [], |row| row.get(0))?;
    let mut inserts = Inserts::prepare(tx)?;
    for customer in customers {
        for _ in 0..dice.below(7) {
            order += 1;
            let address = if dice.chance(2) { dice.pick(customers).address } else { customer.address };
            let total = items(&mut inserts.item, dice, order, prices)?;
            let status = *dice.pick(&["delivered", "delivered", "delivered", "returned", "cancelled", "packed"]);
            let note = dice.chance(15).then(|| *dice.pick(NOTES));
            let placed = some_moment(dice, customer.created);
            let (currency, at) = (customer.country.currency, moment(placed, customer.country.offset));
            inserts.order.execute(params![order, customer.id, address, status, money(total), currency, note, at])?;
            if status != "cancelled" {
                pay(&mut inserts.payment, dice, order, customer, total, placed + 30)?;
            }
        }
    }
    Ok(())
}

/// Adds the lines of an order; gives their sum in cents.
fn items(insert: &mut Statement<'_>, dice: &mut Dice, order: i64, prices: &Prices) -> Result<u32> {
    let mut total = 0;
    for line in 1..=1 + dice.below(3) {
        let product = 1 + dice.below(u32::try_from(prices.len()).unwrap_or(u32::MAX));
        let quantity = 1 + dice.below(3);
        let price = prices[product as usize - 1];
        total += quantity * price;
        insert.execute(params![order, line, product, quantity, money(price)])?;
    }
    Ok(total)
}

fn pay(
    insert: &mut Statement<'_>,
    dice: &mut Dice,
    order: i64,
    customer: &Customer,
    cents: u32,
    at: i64,
) -> Result<()> {
    let method = *dice.pick(&["card", "card", "card", "transfer"]);
    let holder = (method == "card").then(|| customer.name.to_uppercase());
    let number = holder.as_ref().map(|_| format!("9999{:06}{:06}", dice.below(1_000_000), dice.below(1_000_000)));
    let (currency, at) = (customer.country.currency, moment(at, customer.country.offset));
    insert.execute(params![order, method, holder, number, money(cents), currency, at]).map(drop)
}

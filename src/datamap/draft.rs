//! A live schema becomes the draft of a dataset: what the database says for sure, and what names suggest, marked as such.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::connectors::{Column, ForeignKey, LiveSchema, Table, TableName};

use super::guess::{self, Guess};

/// What marks a line of a draft that somebody has to look at.
pub const UNSURE: &str = "# ?";

/// A fideslang dataset for the tables of a schema, as YAML. Keys and references are the database's own; identities and
/// categories are guessed from names, and what is not certain ends with [`UNSURE`] and a reason.
pub fn draft(fides_key: &str, schema: &LiveSchema) -> String {
    let described = described(schema);
    let drafting = Drafting { fides_key, schema, persons: persons(schema, &described), described };
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = drafting.write(&mut out);
    out
}

struct Drafting<'a> {
    fides_key: &'a str,
    schema: &'a LiveSchema,
    /// The tables that the draft describes: of one name, the one in the sign-in's own schema.
    described: BTreeSet<&'a TableName>,
    /// The tables whose rows belong to persons.
    persons: BTreeSet<&'a TableName>,
}

/// One reference of a column.
struct Pointing<'a> {
    to: &'a TableName,
    column: &'a str,
    /// Whether the database enforces it.
    enforced: bool,
}

impl Drafting<'_> {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# A draft: the database says which keys there are, names suggest the rest.")?;
        writeln!(
            out,
            "# Look at every line with `{UNSURE}`, delete what holds nothing about people, then run `habeas check`."
        )?;
        writeln!(out, "dataset:\n  - fides_key: {}\n    collections:", scalar(self.fides_key))?;
        for (name, table) in &self.schema.tables {
            if self.described.contains(name) {
                self.collection(out, name, table)?;
            } else {
                writeln!(
                    out,
                    "      # table {name} is left out: there is another of that name; describe it in a file of its own"
                )?;
            }
        }
        if self.described.is_empty() {
            writeln!(out, "      []  {UNSURE} the sign-in sees no table")?;
        }
        Ok(())
    }

    fn collection(&self, out: &mut String, name: &TableName, table: &Table) -> std::fmt::Result {
        writeln!(out, "      - name: {}", scalar(&name.name))?;
        if name.schema != self.schema.default_schema
            && let Some(schema) = &name.schema
        {
            writeln!(out, "        fides_meta: {{namespace: {{schema: {}}}}}", scalar(schema))?;
        }
        if table.row_key().is_empty() && table.row_id.is_none() {
            writeln!(out, "        {UNSURE} no key: its rows can be exported and not erased")?;
        }
        if !self.persons.contains(name) {
            writeln!(
                out,
                "        {UNSURE} nothing here leads to a person: delete it, or add the reference that does"
            )?;
        }
        for key in table.foreign_keys.iter().filter(|key| self.followed(key).is_empty()) {
            let (name, to) = (key.name.replace(['\n', '\r'], " "), self.schema.qualified(&key.to));
            if self.described.contains(&to) {
                let why =
                    "is no reference here: what it refers to is no primary key, and a part of it would lead to others";
                writeln!(out, "        {UNSURE} the foreign key {name} {why}")?;
            }
        }
        writeln!(out, "        fields:")?;
        table.columns.iter().try_for_each(|column| self.field(out, name, table, column))
    }

    fn field(&self, out: &mut String, name: &TableName, table: &Table, column: &Column) -> std::fmt::Result {
        let guess = self.guess(name, table, column);
        writeln!(out, "          - name: {}", scalar(&column.name))?;
        let doubt = guess.doubt.map_or(String::new(), |doubt| format!("  {UNSURE} {doubt}"));
        writeln!(out, "            data_categories: [{}]{doubt}", guess.category)?;
        let pointings = self.pointings(name, table, column);
        let key = table.primary_key.contains(&column.name);
        if !key && guess.identity.is_none() && pointings.is_empty() {
            return Ok(());
        }
        writeln!(out, "            fides_meta:")?;
        if key {
            writeln!(out, "              primary_key: true")?;
        }
        if let Some(identity) = guess.identity {
            writeln!(out, "              identity: {identity}  {UNSURE} whose is it: the person's the row is about?")?;
        }
        if !pointings.is_empty() {
            writeln!(out, "              references:")?;
        }
        pointings.iter().try_for_each(|pointing| self.reference(out, table, pointing))
    }

    fn reference(&self, out: &mut String, table: &Table, pointing: &Pointing<'_>) -> std::fmt::Result {
        // Rows that point at a person's are the person's, unless they are somebody's by themselves; what theirs point at
        // is context.
        let down = self.persons.contains(pointing.to) && !identified(table);
        let direction = if down { "from" } else { "to" };
        let doubt = if pointing.enforced { "" } else { "no foreign key says so; " };
        let field = format!("{}.{}", pointing.to.name, pointing.column);
        writeln!(out, "                - dataset: {}", scalar(self.fides_key))?;
        writeln!(out, "                  field: {}", scalar(&field))?;
        let meaning =
            if down { "are these rows the person's that it points to?" } else { "what it points to is context" };
        writeln!(out, "                  direction: {direction}  {UNSURE} {doubt}{meaning}")
    }

    /// A key says whose row it is where it leads to a person; what a table about things calls a name is the thing's.
    fn guess(&self, name: &TableName, table: &Table, column: &Column) -> Guess {
        let pointings = self.pointings(name, table, column);
        let leads = pointings.iter().any(|p| self.persons.contains(p.to));
        let key = table.primary_key.contains(&column.name);
        let guess = guessed(column);
        if key && !leads && guess.identity.is_some() {
            // An address may be the key itself.
            return guess;
        }
        if leads || (key && identified(table)) {
            return Guess::sure("user.unique_id");
        }
        if key || !pointings.is_empty() {
            return Guess::sure("system.operations");
        }
        if guess.doubt.is_some() && !self.persons.contains(name) {
            return Guess::sure("system.operations");
        }
        guess
    }

    /// What a column refers to by the foreign keys it is part of; without one, what its name suggests.
    fn pointings(&self, name: &TableName, table: &Table, column: &Column) -> Vec<Pointing<'_>> {
        let mut found: Vec<Pointing<'_>> = Vec::new();
        for key in table.foreign_keys.iter().filter(|key| key.columns.contains(&column.name)) {
            let own = self.followed(key).into_iter().filter(|(from, _)| *from == column.name);
            for (_, pointing) in own {
                if !found.iter().any(|known| (known.to, known.column) == (pointing.to, pointing.column)) {
                    found.push(pointing);
                }
            }
        }
        let is_part = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
        if !is_part {
            found.extend(self.suggested(name, column));
        }
        found
    }

    /// The columns of a foreign key that together name one row: the primary key's, or one that is unique by itself. All
    /// of them are needed; with fewer, rows of others would be found.
    fn followed<'k>(&self, key: &'k ForeignKey) -> Vec<(&'k str, Pointing<'_>)> {
        let Some((to, target)) = self.schema.tables.get_key_value(&self.schema.qualified(&key.to)) else {
            return Vec::new();
        };
        if !self.described.contains(to) {
            return Vec::new();
        }
        let pairs = || key.columns.iter().zip(&key.to_columns);
        let names_row = |columns: &[String]| !columns.is_empty() && columns.iter().all(|c| key.to_columns.contains(c));
        let alone = key.to_columns.iter().find(|c| target.tells_apart(&[c.as_str()]));
        let needed: Vec<&String> = match alone {
            _ if key.columns.len() == 1 => key.to_columns.iter().collect(),
            Some(alone) => vec![alone],
            None if names_row(&target.primary_key) => target.primary_key.iter().collect(),
            None => return Vec::new(),
        };
        let pointing = |(from, to_column): (&'k String, &String)| {
            let column = &target.columns.iter().find(|c| c.name == *to_column)?.name;
            Some((from.as_str(), Pointing { to, column, enforced: true }))
        };
        pairs().filter(|(_, to_column)| needed.contains(to_column)).filter_map(pointing).collect()
    }

    /// `customer_id` means a table `customer` or `customers` with a key of one column.
    fn suggested(&self, name: &TableName, column: &Column) -> Option<Pointing<'_>> {
        let lower = column.name.to_ascii_lowercase();
        let stem =
            lower.strip_suffix("_id").or_else(|| column.name.strip_suffix("Id").map(|_| &lower[..lower.len() - 2]))?;
        let fits = |table: &str| {
            let table = table.to_ascii_lowercase();
            table == stem
                || table == format!("{stem}s")
                || table == format!("{stem}es")
                || stem.strip_suffix('y').is_some_and(|s| table == format!("{s}ies"))
        };
        let mut described = self.schema.tables.iter().filter(|(to, _)| self.described.contains(to));
        let (to, target) = described.find(|(to, _)| fits(&to.name) && *to != name)?;
        let [key] = target.primary_key.as_slice() else { return None };
        Some(Pointing { to, column: key, enforced: false })
    }
}

/// The tables, each name once: collections of one dataset are told apart by it alone.
fn described(schema: &LiveSchema) -> BTreeSet<&TableName> {
    let (own, others): (Vec<_>, Vec<_>) =
        schema.tables.keys().partition(|name| name.schema.is_none() || name.schema == schema.default_schema);
    let mut names = BTreeSet::new();
    own.into_iter().chain(others).filter(|name| names.insert(&name.name)).collect()
}

/// The tables with an identity, and those that lead to one of them.
fn persons<'s>(schema: &'s LiveSchema, described: &BTreeSet<&'s TableName>) -> BTreeSet<&'s TableName> {
    let mut persons: BTreeSet<&TableName> =
        schema.tables.iter().filter(|(_, table)| identified(table)).map(|(name, _)| name).collect();
    loop {
        let drafting = Drafting { fides_key: "", schema, described: described.clone(), persons: persons.clone() };
        let leads = |name: &TableName, table: &Table| {
            table.columns.iter().any(|c| drafting.pointings(name, table, c).iter().any(|p| persons.contains(p.to)))
        };
        let more: Vec<&TableName> = schema
            .tables
            .iter()
            .filter(|(name, table)| !persons.contains(name) && leads(name, table))
            .map(|(name, _)| name)
            .collect();
        if more.is_empty() {
            return persons;
        }
        persons.extend(more);
    }
}

fn identified(table: &Table) -> bool {
    table.columns.iter().any(|column| guessed(column).identity.is_some())
}

/// What a column probably holds. Nobody is found by what stands inside of a list or of JSON.
fn guessed(column: &Column) -> Guess {
    let guess = guess::of(&column.name, column.kind);
    if column.holds_others() { Guess { identity: None, ..guess } } else { guess }
}

/// A name as a YAML scalar: bare where that cannot be taken for anything else, else quoted as JSON, which YAML contains.
fn scalar(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let word = name.to_ascii_lowercase();
    let reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&word.as_str());
    if plain && !reserved { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

#[cfg(test)]
mod tests;

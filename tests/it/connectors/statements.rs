//! Statements are prepared where they are kept, and a pooler that hands processes out makes no difference.

use habeas::connectors::Limits;

use super::*;
use crate::support::pooler::Pooler;

const PEOPLE: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO people SELECT n, 'Person ' || n FROM generate_series(1, 20) n";

/// More transactions than it takes to trust a connection.
const MANY: usize = 6;

fn through(url: &str) -> Box<dyn Connector> {
    let limits = Limits { connections: 1, ..Limits::default() };
    connectors::open_within(&url.to_owned().into(), Path::new("."), limits).unwrap()
}

fn name_of(reader: &mut dyn Reader, id: &str) -> Result<Rows, ConnectorError> {
    rows(reader, "people", &["name"], &[exact("id", &[id])])
}

fn look(connector: &dyn Connector, id: usize) -> Result<Rows, ConnectorError> {
    name_of(&mut *connector.reader()?, &id.to_string())
}

/// What is prepared on the connection that a reader has.
fn prepared(connector: &dyn Connector) -> Vec<String> {
    let (mut reader, by_drivers) = (connector.reader().unwrap(), [exact("from_sql", &["false"])]);
    let table = TableName { schema: Some("pg_catalog".to_owned()), name: "pg_prepared_statements".to_owned() };
    let mut found = Vec::new();
    let select = Select { table: &table, columns: &texts(&["statement"]), any_of: &by_drivers };
    let mut each = |row: &Row| {
        found.extend(row.get(0).map(str::to_owned));
        Ok(())
    };
    reader.select(&select, &mut each).unwrap();
    found
}

fn about_people(statements: &[String]) -> usize {
    statements.iter().filter(|sql| sql.contains("people") && sql.contains("SELECT")).count()
}

#[test]
fn what_is_asked_again_is_prepared_once() {
    let company = Company::new(Engine::Postgres, PEOPLE);
    let connector = through(&company.url);
    assert_eq!(about_people(&prepared(&*connector)), 0);
    for id in 1..=MANY {
        assert_eq!(look(&*connector, id).unwrap(), [some(&[&format!("Person {id}")])]);
    }
    assert_eq!(about_people(&prepared(&*connector)), 1);
}

/// A list that is looked through for every row would cost more than planning does.
#[test]
fn a_long_list_is_planned_for_what_it_holds() {
    let company = Company::new(Engine::Postgres, PEOPLE);
    let connector = through(&company.url);
    let ids: Vec<String> = (1..=20).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for _ in 0..MANY {
        let found = rows(&mut *connector.reader().unwrap(), "people", &["name"], &[exact("id", &ids)]).unwrap();
        assert_eq!(found.len(), 20);
    }
    assert_eq!(about_people(&prepared(&*connector)), 0);
}

/// A type that changes under a statement that is prepared.
#[test]
fn a_column_that_changes_its_type_is_asked_by_the_new_one() {
    let company = Company::new(Engine::Postgres, PEOPLE);
    let connector = through(&company.url);
    for id in 1..=MANY {
        look(&*connector, id).unwrap();
    }
    company.execute("ALTER TABLE people ALTER COLUMN id TYPE text; UPDATE people SET id = 'x' WHERE id = '7'");
    assert_eq!(name_of(&mut *connector.reader().unwrap(), "x").unwrap(), [some(&["Person 7"])]);
}

#[test]
fn behind_a_pooler_nothing_runs_where_it_was_not_prepared() {
    let company = Company::new(Engine::Postgres, PEOPLE);
    let pooler = Pooler::new(&company.url, 2);
    let (ours, theirs) = (through(&pooler.url), through(&pooler.url));
    for id in 1..=MANY {
        look(&*ours, id).unwrap();
    }
    assert_eq!(about_people(&prepared(&*ours)), 1, "as long as nothing tells that it is a pooler");
    // Somebody else takes the process in which that is.
    let taken = theirs.reader().unwrap();
    for id in 1..=MANY {
        assert_eq!(look(&*ours, id).unwrap(), [some(&[&format!("Person {id}")])]);
        let mut writer = ours.writer().unwrap();
        let set = [("name".to_owned(), Some(Personal::new(format!("Person {id}"))))];
        assert_eq!(writer.update(&name("people"), &texts(&["id"]), &[key(&[&id.to_string()])], &set).unwrap(), 1);
        writer.commit().unwrap();
    }
    assert_eq!(prepared(&*ours), Vec::<String>::new());
    drop(taken);
}

#[test]
fn a_statement_that_is_gone_fails_once_and_as_something_to_try_again() {
    let company = Company::new(Engine::Postgres, PEOPLE);
    let pooler = Pooler::new(&company.url, 1);
    let ours = through(&pooler.url);
    for id in 1..=MANY {
        look(&*ours, id).unwrap();
    }
    server::execute(&pooler.url, "DEALLOCATE ALL");
    let error = look(&*ours, 1).unwrap_err();
    assert!(error.is_outage(), "{error}");
    for id in 1..=MANY {
        assert_eq!(look(&*ours, id).unwrap(), [some(&[&format!("Person {id}")])]);
    }
    assert_eq!(prepared(&*ours), Vec::<String>::new());
}

//! What went wrong is told in names, never in values.

use habeas::domain::personal::Personal;
use rstest::rstest;

use super::*;

/// The same in the words of each engine: a reference without a table's own line has no name in MySQL, and none is
/// looked at as late as the commit.
fn shop(engine: Engine) -> Company {
    Company::new(engine, if engine == Engine::Mysql { MYSQL_SHOP } else { SHOP })
}

const MYSQL_SHOP: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER, CONSTRAINT one_account UNIQUE (email),
        CONSTRAINT grown_up CHECK (age >= 18));
    INSERT INTO people VALUES (1, 'ada@secret.example', 40), (2, 'bob@secret.example', 41);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER, payer_id INTEGER,
        CONSTRAINT orders_person FOREIGN KEY (person_id) REFERENCES people (id),
        CONSTRAINT orders_payer FOREIGN KEY (payer_id) REFERENCES people (id));
    INSERT INTO orders VALUES (7, 1, 2);
";

const SHOP: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL CONSTRAINT one_account UNIQUE, age INTEGER,
        CONSTRAINT grown_up CHECK (age >= 18));
    INSERT INTO people VALUES (1, 'ada@secret.example', 40), (2, 'bob@secret.example', 41);
    CREATE TABLE orders (id INTEGER PRIMARY KEY,
        person_id INTEGER CONSTRAINT orders_person REFERENCES people (id) DEFERRABLE INITIALLY IMMEDIATE,
        payer_id INTEGER CONSTRAINT orders_payer REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO orders VALUES (7, 1, 2);
";

/// Sets one column of person 1 and gives the error.
fn setting(company: &Company, column: &str, value: Option<&str>) -> String {
    let mut writer = company.connector.writer().unwrap();
    let set = [(column.to_owned(), value.map(|v| Personal::new(v.to_owned())))];
    error_of(writer.update(&name("people"), &texts(&["id"]), &[key(&["1"])], &set))
}

#[rstest]
#[case::unique(Engine::Sqlite, "email", Some("bob@secret.example"), "constraint people.email on people")]
#[case::unique(Engine::Postgres, "email", Some("bob@secret.example"), "constraint one_account on public.people")]
#[case::unique(Engine::Mysql, "email", Some("bob@secret.example"), "constraint one_account on people")]
#[case::not_null(Engine::Mysql, "email", None, "constraint NOT NULL of email on people")]
#[case::check(Engine::Mysql, "age", Some("7"), "constraint grown_up on people")]
#[case::not_null(Engine::Sqlite, "email", None, "constraint people.email on people")]
#[case::not_null(Engine::Postgres, "email", None, "constraint NOT NULL of email on public.people")]
#[case::check(Engine::Sqlite, "age", Some("7"), "constraint grown_up on people")]
#[case::check(Engine::Postgres, "age", Some("7"), "constraint grown_up on public.people")]
fn a_broken_constraint_is_named(
    #[case] engine: Engine,
    #[case] column: &str,
    #[case] value: Option<&str>,
    #[case] expected: &str,
) {
    let company = shop(engine);
    let error = setting(&company, column, value);
    assert_eq!(error, format!("the database refuses the change: {expected}"));
    assert_eq!(company.column("people", "email"), ["ada@secret.example", "bob@secret.example"]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite, "orders(payer_id) or orders(person_id) on people")]
#[case::postgres(Engine::Postgres, "orders_person on public.orders")]
#[case::mysql(Engine::Mysql, "orders_person on DATABASE.orders")]
fn a_reference_that_an_erasure_would_break_is_named(#[case] engine: Engine, #[case] expected: &str) {
    let company = shop(engine);
    let mut writer = company.connector.writer().unwrap();
    let error = error_of(writer.delete(&name("people"), &texts(&["id"]), &[key(&["1"])]));
    let expected = expected.replace("DATABASE", company.url.rsplit('/').next().unwrap());
    assert_eq!(error, format!("the database refuses the change: constraint {expected}"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite, "orders(payer_id) on orders")]
#[case::postgres(Engine::Postgres, "orders_payer on public.orders")]
fn a_reference_found_broken_at_the_commit_is_named(#[case] engine: Engine, #[case] expected: &str) {
    let company = shop(engine);
    let mut writer = company.connector.writer().unwrap();
    assert_eq!(writer.delete(&name("people"), &texts(&["id"]), &[key(&["2"])]).unwrap(), 1);
    let error = error_of(writer.commit());
    assert_eq!(error, format!("the database refuses the change: constraint {expected}"));
    assert_eq!(company.column("people", "id"), ["1", "2"]);
}

#[rstest]
fn what_is_not_there_is_named(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = shop(engine);
    let id = [exact("id", &["1"])];
    let no_table = error_of(company.try_rows("nowhere", &["id"], &id));
    assert_eq!(no_table, "the database cannot run the statement: there is no table nowhere");
    let no_column = error_of(company.try_rows("people", &["shoe_size"], &id));
    assert_eq!(no_column, "the database cannot run the statement: table people has no column shoe_size");
    let no_column = error_of(company.try_rows("people", &["id"], &[exact("shoe_size", &["44"])]));
    assert_eq!(no_column, "the database cannot run the statement: table people has no column shoe_size");
}

#[rstest]
#[case(Engine::Postgres, "SQLSTATE 22P02")]
#[case(Engine::Mysql, "error 1366")]
fn a_value_that_does_not_fit_is_not_repeated(#[case] engine: Engine, #[case] code: &str) {
    let company = shop(engine);
    let error = setting(&company, "age", Some("secret"));
    let fixed = format!("a value does not fit its column's type ({code}) on people");
    assert_eq!(error, format!("the database cannot run the statement: {fixed}"));
}

#[test]
fn a_value_that_cannot_be_stored_is_not_repeated() {
    let company = shop(Engine::Postgres);
    let nul = setting(&company, "email", Some("secret\0"));
    assert!(nul.ends_with("a value holds a NUL character, which PostgreSQL cannot store"), "{nul}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[case::mysql(Engine::Mysql)]
fn a_trigger_s_own_words_are_not_repeated(#[case] engine: Engine) {
    let company = shop(engine);
    company.execute(match engine {
        Engine::Sqlite => {
            "CREATE TRIGGER guard BEFORE UPDATE ON people BEGIN SELECT RAISE(ABORT, 'ada@secret.example'); END"
        }
        Engine::Postgres => {
            "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'no: %', OLD.email USING DETAIL = OLD.email; END $$;
             CREATE TRIGGER guard BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION guard()"
        }
        Engine::Mysql => {
            "CREATE TRIGGER guard BEFORE UPDATE ON people FOR EACH ROW
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ada@secret.example'"
        }
    });
    let error = setting(&company, "email", Some("new@secret.example"));
    assert!(error.contains("trigger") && !error.contains("secret"), "{error}");
}

#[rstest]
fn a_failed_transaction_cannot_seem_committed(#[values(Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = shop(engine);
    let mut writer = company.connector.writer().unwrap();
    let (people, id) = (name("people"), texts(&["id"]));
    assert_eq!(writer.update(&people, &id, &[key(&["1"])], &[("age".to_owned(), None)]).unwrap(), 1);
    writer.update(&people, &id, &[key(&["1"])], &[("email".to_owned(), None)]).unwrap_err();
    let error = error_of(writer.commit());
    assert!(error.ends_with("it was rolled back"), "{error}");
    assert_eq!(company.column("people", "age"), ["40", "41"]);
}

#[rstest]
// The test server asks this role, and no other, for its password.
#[case::wrong_password("postgres://locked:hunter2@HOST/postgres", "the sign-in was refused (SQLSTATE 28P01)")]
#[case::no_database("postgres://postgres:hunter2@HOST/hunter3", "no such database (SQLSTATE 3D000)")]
#[case::nothing_listens("postgres://u:hunter2@127.0.0.1:1/d", "error connecting to server: Connection refused")]
#[case::no_such_host("postgres://u:hunter2@host.invalid/d", "error connecting to server")]
fn an_unreachable_server_is_told_without_the_url(#[case] url: &str, #[case] expected: &str) {
    let real = server::fresh_database();
    let host = real.split(['@', '/']).nth(3).unwrap();
    let connector = open(&url.replace("HOST", host), Path::new("/")).unwrap();
    for error in [error_of(connector.probe()), error_of(connector.reader()), error_of(connector.writer())] {
        assert!(error.starts_with(&format!("cannot reach the system: {expected}")), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }
}

#[rstest]
#[case::wrong_password("mysql://locked:hunter2@HOST/mysql", "the sign-in was refused (error 1045)")]
#[case::no_database("mysql://tester:hunter2@HOST/hunter3", "the sign-in was refused (error 1045)")]
#[case::no_database("mysql://tester@HOST/hunter3", "no such database (error 1049)")]
#[case::no_encryption("mysql://tester@HOST/mysql?ssl-mode=required", "the server does not encrypt connections")]
#[case::nothing_listens("mysql://u:hunter2@127.0.0.1:1/d", "error communicating with the server: connection refused")]
#[case::no_such_host("mysql://u:hunter2@host.invalid/d", "error communicating with the server: ")]
fn an_unreachable_mysql_is_told_without_the_url(#[case] url: &str, #[case] expected: &str) {
    let real = mysql_server::admin_url();
    let host = real.split(['@', '/']).nth(3).unwrap();
    let connector = open(&url.replace("HOST", host), Path::new("/")).unwrap();
    for error in [error_of(connector.probe()), error_of(connector.reader()), error_of(connector.writer())] {
        assert!(error.starts_with(&format!("cannot reach the system: {expected}")), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }
}

#[rstest]
#[case("postgres://u:hunter2@h:port/d")]
#[case("postgres://u:hunter2@h/d?hunter2=1")]
#[case("mysql://u:hunter2@h:port/d")]
#[case("mariadb://u:hunter2@h/d?hunter2=1")]
#[case("https://u:hunter2@h/d")]
#[case("hunter2://h/d")]
#[case("hunter2")]
#[case("sqlite://")]
fn a_url_that_cannot_be_used_is_not_repeated(#[case] url: &str) {
    let error = error_of(open(url, Path::new("/")));
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_missing_or_foreign_file_is_unreachable_and_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let connector = open("sqlite://gone.db", folder.path()).unwrap();
    for error in [error_of(connector.probe()), error_of(connector.reader()), error_of(connector.writer())] {
        assert!(error.starts_with("cannot reach the system: there is no database file at "), "{error}");
    }
    assert!(!folder.path().join("gone.db").exists());

    std::fs::write(folder.path().join("letter.db"), "Dear Sir or Madam, this is no database. ".repeat(50)).unwrap();
    let error = error_of(open("sqlite://letter.db", folder.path()).unwrap().probe());
    assert!(error.ends_with("letter.db is not an SQLite database"), "{error}");
}

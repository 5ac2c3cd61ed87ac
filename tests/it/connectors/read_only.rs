//! What is read through a reader changes nothing, even where the company's own database would write while it is read.

use super::*;

/// Each look at `v` leaves a line in `log`, where the transaction lets it.
fn spied_on(engine: Engine) -> Company {
    let sql = match engine {
        Engine::Postgres => {
            "CREATE TABLE log (line text); CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x');
             CREATE FUNCTION spy() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
                 $$ BEGIN INSERT INTO log VALUES ('read'); RETURN true; END $$;
             CREATE VIEW v AS SELECT id, v FROM t WHERE spy()"
        }
        Engine::Mysql => {
            "CREATE TABLE log (line text) ENGINE InnoDB; CREATE TABLE unsafe (line text) ENGINE MyISAM;
             CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x');
             CREATE FUNCTION spy() RETURNS int MODIFIES SQL DATA
                 BEGIN INSERT INTO unsafe VALUES ('read'); INSERT INTO log VALUES ('read'); RETURN 1; END;
             CREATE VIEW v AS SELECT id, v FROM t WHERE spy() = 1"
        }
        Engine::Sqlite => unreachable!("a query of SQLite's has no statement in it that writes"),
    };
    Company::new(engine, sql)
}

/// MariaDB does not even tell the columns of such a view in a transaction that cannot write.
#[rstest::rstest]
#[case(Engine::Postgres, "the database is read-only (SQLSTATE 25006) on v", &["log"])]
#[case(Engine::Mysql, "there is no table v", &["log", "unsafe"])]
fn a_view_that_writes_when_it_is_read_is_refused(
    #[case] engine: Engine,
    #[case] expected: &str,
    #[case] logs: &[&str],
) {
    let company = spied_on(engine);
    let refused = error_of(company.try_rows("v", &["v"], &[exact("id", &["1"])]));
    assert_eq!(refused, format!("the database cannot run the statement: {expected}"));
    for log in logs {
        assert_eq!(company.rows(log, &["line"], &[exact("line", &["read"])]).len(), 0, "{log}");
    }
    let mut writer = company.connector.writer().unwrap();
    assert_eq!(rows(&mut *writer, "v", &["v"], &[exact("id", &["1"])]).unwrap().len(), 1, "a writer may");
    writer.commit().unwrap();
    assert_eq!(company.rows("log", &["line"], &[exact("line", &["read"])]).len(), 1);
}

/// A table's own rule for who may see a row is a function like any other; what it hides would be missed. It is not run.
#[test]
fn a_row_policy_is_refused_before_it_runs() {
    let company = spied_on(Engine::Postgres);
    company.execute(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY spied ON t USING (spy()); GRANT ALL ON t, log TO locked",
    );
    let url = server::as_role(&company.url, &format!("locked:{}", server::PASSWORD));
    let connector = open(&url, Path::new("/")).unwrap();
    let expected = "permission denied (SQLSTATE 42501) on t";
    let refused = error_of(rows(&mut *connector.reader().unwrap(), "t", &["v"], &[exact("id", &["1"])]));
    assert!(refused.ends_with(expected), "{refused}");
    let refused = error_of(rows(&mut *connector.writer().unwrap(), "t", &["v"], &[exact("id", &["1"])]));
    assert!(refused.ends_with(expected), "{refused}");
    assert_eq!(company.rows("log", &["line"], &[exact("line", &["read"])]).len(), 0);
}

//! SQLite: its five kinds of value in columns of every affinity, put in and compared by another client.

use rusqlite::types::Value as Stored;

use super::*;

/// Columns with what stands in them: a column without a type takes everything.
const TYPES: [&str; 7] = ["INTEGER", "REAL", "TEXT", "BLOB", "", "DATETIME", "JSON"];

fn stored() -> impl Strategy<Value = Vec<Vec<Stored>>> {
    let integer = any::<i64>().prop_map(Stored::Integer);
    let real = any::<f64>().prop_filter("SQLite makes NaN to NULL", |n| !n.is_nan()).prop_map(Stored::Real);
    let text = texts().prop_map(Stored::Text);
    let blob = any::<Vec<u8>>().prop_map(Stored::Blob);
    let moment = moments().prop_map(|micros| {
        Stored::Text(DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%dT%H:%M:%S%.6f+02:00").to_string())
    });
    let any = prop_oneof![integer.clone(), real.clone(), text.clone(), blob.clone()];
    let null = |values: BoxedStrategy<Stored>| prop_oneof![8 => values, 1 => Just(Stored::Null)];
    let cells = (
        null(integer.boxed()),
        null(real.boxed()),
        null(text.boxed()),
        null(blob.boxed()),
        null(any.boxed()),
        null(moment.boxed()),
        // In a list: a lone number would become one of SQLite's own.
        null(json().prop_map(|json| Stored::Text(format!("[{json}]"))).boxed()),
    );
    prop::collection::vec(cells.prop_map(|(a, b, c, d, e, f, g)| vec![a, b, c, d, e, f, g]), 1..6)
}

/// The value that a text of the package stands for, by its kind of storage.
fn read_back(text: Option<&str>, like: &Stored) -> Stored {
    let Some(text) = text else { return Stored::Null };
    match like {
        Stored::Integer(_) => text.parse().map_or(Stored::Null, Stored::Integer),
        Stored::Real(_) => text.replace("Inf", "inf").parse().map_or(Stored::Null, Stored::Real),
        Stored::Blob(_) => {
            let digits = text.strip_prefix("\\x").unwrap_or("?");
            let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            Stored::Blob((0..digits.len()).step_by(2).map(byte).collect())
        }
        Stored::Text(_) | Stored::Null => Stored::Text(text.to_owned()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_out_as_it_went_in(rows in stored()) {
        thread_local!(static COMPANY: Company =
            company(Engine::Sqlite, "", &TYPES));
        COMPANY.with(|company| {
            let database = rusqlite::Connection::open(company.file("all")).unwrap();
            database.execute("DELETE FROM t", []).unwrap();
            let people = rows.iter().enumerate().map(|(id, cells)| (id, "ada@example.com", cells));
            for (id, email, cells) in people.chain([(99, "bob@example.com", &rows[0])]) {
                let mut values = vec![Stored::Integer(id as i64), Stored::Text(email.to_owned())];
                values.extend(cells.iter().cloned());
                database.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rusqlite::params_from_iter(values)).unwrap();
            }
            let packed = packed(company);
            prop_assert_eq!(packed.csv.len(), rows.len());
            for (id, cells) in rows.iter().enumerate() {
                for (index, (put, seen)) in cells.iter().zip(&packed.csv[&id]).enumerate() {
                    // -0.0 and 0.0 are one number to SQLite.
                    prop_assert_eq!(put, &read_back(seen.as_deref(), put), "row {} c{}", id, index);
                }
            }
            an_unchanged_row_is_known(company);
            Ok::<_, TestCaseError>(())
        })?;
    }
}

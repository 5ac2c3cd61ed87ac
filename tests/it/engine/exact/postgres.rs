//! PostgreSQL: what its types hold, put in by `psql`, and read back by its own input functions.

use chrono::FixedOffset;

use super::*;

const TYPES: &str = "CREATE TYPE mood AS ENUM ('glad', 'not, \"glad\"', 'Ж');
    CREATE DOMAIN short AS varchar(30) CHECK (VALUE <> 'never');";

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What only the database itself can compare.
fn compared(sql: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Value> {
    sql.prop_map(|sql| Value { sql, written: None }).boxed()
}

/// `.5` and not `.500000`, as PostgreSQL prints seconds.
fn trimmed(text: String) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn timestamps() -> BoxedStrategy<Value> {
    let moment = moments().prop_map(|micros| {
        let text = DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        Value::known(format!("'{text}'"), trimmed(text))
    });
    prop_oneof![8 => moment, 1 => fixed(&[("'infinity'", "infinity"), ("'0044-03-15 12:00 BC'", "0044-03-15 12:00:00 BC")])]
        .boxed()
}

fn timestamps_with_offset() -> BoxedStrategy<Value> {
    let moment = (moments(), -840..840_i32).prop_map(|(micros, minutes)| {
        let utc =
            DateTime::from_timestamp_micros(micros.clamp(-62_135_000_000_000_000, 253_402_000_000_000_000)).unwrap();
        let local = utc.with_timezone(&FixedOffset::east_opt(minutes * 60).unwrap());
        let written = trimmed(utc.format("%Y-%m-%d %H:%M:%S%.6f").to_string()) + "+00";
        Value::known(format!("'{}'", local.format("%Y-%m-%d %H:%M:%S%.6f %:z")), written)
    });
    prop_oneof![8 => moment, 1 => fixed(&[("'-infinity'", "-infinity")])].boxed()
}

fn arrays() -> BoxedStrategy<Value> {
    let element = prop_oneof![3 => texts().prop_map(|t| literal(&t)), 1 => Just("NULL".to_owned())];
    let nested = (1..3_usize, 1..3_usize).prop_flat_map(move |(outer, inner)| {
        prop::collection::vec(prop::collection::vec(element.clone(), inner), outer)
    });
    let whole = nested.prop_map(|rows| {
        let rows: Vec<String> = rows.iter().map(|row| format!("ARRAY[{}]::text[]", row.join(", "))).collect();
        if rows.len() == 1 { rows[0].clone() } else { format!("ARRAY[{}]", rows.join(", ")) }
    });
    compared(prop_oneof![9 => whole, 1 => Just("'{}'::text[]".to_owned())])
}

/// A floating number as PostgreSQL takes it; Rust says `inf` for infinity.
fn real(text: String) -> String {
    format!("'{}'", text.replace("inf", "infinity"))
}

fn columns() -> Columns {
    let text = || texts().prop_map(|t| Value::known(literal(&t), t)).boxed();
    let numeric = prop_oneof![
        6 => decimals(60, 20), 2 => integers(i128::MIN, i128::MAX),
        1 => fixed(&[("'NaN'", "NaN"), ("'0.00'", "0.00"), ("1e131", "1e131")]).prop_map(|value| match value {
            Value { sql, written: Some(written) } if written == "1e131" => Value::known(sql, format!("1{}", "0".repeat(131))),
            value => value,
        }),
    ];
    let bytes =
        any::<Vec<u8>>().prop_map(|b| Value::known(format!("decode('{}', 'hex')", hex(&b)), format!("\\x{}", hex(&b))));
    let day = (-719_162..2_932_896_i32).prop_map(|days| {
        let day = chrono::NaiveDate::from_epoch_days(days).unwrap().format("%Y-%m-%d").to_string();
        Value::known(format!("'{day}'"), day)
    });
    let clock = (0..86_400_000_000_i64).prop_map(|micros| {
        let text = DateTime::from_timestamp_micros(micros).unwrap().format("%H:%M:%S%.6f").to_string();
        Value::known(format!("'{text}'"), trimmed(text))
    });
    let interval = (-2000..2000_i32, -2000..2000_i32, any::<i32>(), 0..1_000_000_i32)
        .prop_map(|(m, d, s, f)| format!("make_interval(months => {m}, days => {d}, secs => {s}.{f:06})"));
    let inet = (any::<u32>(), 1..=32_u8).prop_map(|(a, mask)| {
        let address = std::net::Ipv4Addr::from(a);
        let shown = if mask == 32 { address.to_string() } else { format!("{address}/{mask}") };
        Value::known(format!("'{address}/{mask}'"), shown)
    });
    let uuid = any::<u128>().prop_map(|n| uuid::Uuid::from_u128(n).to_string());
    let uuid = uuid.prop_map(|text| Value::known(format!("'{}'", text.to_uppercase()), text));
    vec![
        ("smallint", integers(-32_768, 32_767)),
        ("bigint", integers(i64::MIN.into(), i64::MAX.into())),
        ("numeric", numeric.boxed()),
        ("numeric(12, 3)", decimals(9, 3)),
        ("real", compared(any::<f32>().prop_map(|n| real(format!("{n:e}"))))),
        ("double precision", compared(any::<f64>().prop_map(|n| real(format!("{n:e}"))))),
        ("boolean", fixed(&[("true", "true"), ("false", "false")])),
        ("bytea", bytes.boxed()),
        ("text", text()),
        ("varchar", text()),
        ("json", json().prop_map(|j| Value::known(literal(&j), j)).boxed()),
        ("jsonb", compared(json().prop_map(|j| literal(&j)))),
        ("text[]", arrays()),
        ("timestamptz", timestamps_with_offset()),
        ("timestamp", timestamps()),
        ("date", day.boxed()),
        ("time", clock.boxed()),
        ("interval", compared(interval)),
        ("uuid", uuid.boxed()),
        ("mood", fixed(&[("'glad'", "glad"), ("'not, \"glad\"'", "not, \"glad\""), ("'Ж'", "Ж")])),
        ("short", fixed(&[("'a'", "a"), ("''", "")])),
        ("inet", prop_oneof![4 => inet, 1 => fixed(&[("'2001:DB8::1'", "2001:db8::1")])].boxed()),
        ("bit varying", fixed(&[("B'0101'", "0101"), ("B''", "")])),
        ("int4range", fixed(&[("'[1,4]'", "[1,5)"), ("'empty'", "empty")])),
        ("numeric[]", compared(Just("ARRAY[1.10, NULL, 'NaN']::numeric[]".to_owned()))),
        ("bytea[]", compared(Just("ARRAY['\\x00'::bytea, '\\x5c22', NULL]".to_owned()))),
        ("timestamptz[]", compared(Just("ARRAY['2026-03-01 12:00:00.5+05:30'::timestamptz]".to_owned()))),
        ("char(5)", fixed(&[("'ab'", "ab"), ("'abcde'", "abcde")])),
        ("cidr", fixed(&[("'10.0.0.0/8'", "10.0.0.0/8")])),
        ("money", compared(Just("'-1234.50'".to_owned()))),
    ]
}

/// For each row, the columns whose value is not the one that the package's text stands for.
fn strangers(company: &Company, columns: &Columns, packed: &Packed) -> String {
    let cell = |(index, (sql_type, text)): (usize, (&str, &Option<String>))| {
        let text = text.as_deref().map_or("NULL".to_owned(), literal);
        // As text: numbers of another scale and intervals of as many days would be equal.
        format!("CASE WHEN c{index}::text IS DISTINCT FROM {text}::{sql_type}::text THEN 'c{index}' END")
    };
    let row = |(id, cells): (&usize, &Vec<Option<String>>)| {
        let cases: Vec<String> =
            columns.iter().map(|(sql_type, _)| *sql_type).zip(cells).enumerate().map(cell).collect();
        format!("SELECT concat_ws(',', {}) FROM t WHERE id = {id}", cases.join(", "))
    };
    let rows: Vec<String> = packed.csv.iter().map(row).collect();
    company.query("all", &rows.join(";\n")).replace('\n', "")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_out_as_it_went_in(rows in rows(&columns())) {
        thread_local!(static COMPANY: Company = company(Engine::Postgres, TYPES, &types(&columns())));
        COMPANY.with(|company| {
            // Whatever the session says that puts them in.
            company.execute("all", &format!("SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'ISO, YMD'; {}", insert(&rows)));
            let packed = packed(company);
            holds(&rows, &packed)?;
            prop_assert_eq!(strangers(company, &columns(), &packed), "");
            an_unchanged_row_is_known(company);
            Ok::<_, TestCaseError>(())
        })?;
    }
}

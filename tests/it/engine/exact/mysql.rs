//! MariaDB: what its types hold, put in as literals, and read back by the documented spelling of each type.

use super::*;

fn text_literal(text: &str) -> String {
    format!("CONVERT(x'{}' USING utf8mb4)", hex(text.as_bytes()))
}

/// A number is written so that it reads back as the same one.
fn doubles() -> BoxedStrategy<Value> {
    let any = proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    any.prop_map(|n: f64| Value { sql: format!("{:e}", n.abs()), written: None }).boxed()
}

fn moment(format: &'static str, (from, to): (i64, i64)) -> BoxedStrategy<Value> {
    (from..to)
        .prop_map(move |micros| {
            let text = DateTime::from_timestamp_micros(micros).unwrap().format(format).to_string();
            Value::known(format!("'{text}'"), text)
        })
        .boxed()
}

fn columns() -> Columns {
    let text = || texts().prop_map(|t| Value::known(text_literal(&t), t)).boxed();
    let bytes = any::<Vec<u8>>().prop_map(|b| Value::known(format!("x'{}'", hex(&b)), format!("\\x{}", hex(&b))));
    let time = (any::<bool>(), 0..3_020_399_000_000_i64).prop_map(|(negative, micros)| {
        let (seconds, sign) = (micros / 1_000_000, if negative && micros > 0 { "-" } else { "" });
        let (hours, rest) = (seconds / 3600, seconds % 3600);
        let text = format!("{sign}{hours:02}:{:02}:{:02}.{:06}", rest / 60, rest % 60, micros % 1_000_000);
        Value::known(format!("'{text}'"), text)
    });
    let bits = (0..1024_u32).prop_map(|n| Value::known(format!("b'{n:b}'"), format!("{n:010b}")));
    let year = (1901..2155_u32).prop_map(|n| Value::known(n.to_string(), n.to_string()));
    let stamp = (1_000_000..2_147_483_000_000_000_i64).prop_map(|micros| {
        let utc = DateTime::from_timestamp_micros(micros).unwrap();
        let local = utc + chrono::TimeDelta::hours(9);
        let format = "%Y-%m-%d %H:%M:%S%.6f";
        Value::known(format!("'{}'", local.format(format)), format!("{}+00:00", utc.format(format)))
    });
    // The servers take no other than the variants that are in use.
    let uuid = any::<[u8; 16]>().prop_map(|random| uuid::Builder::from_random_bytes(random).into_uuid().to_string());
    // All years that a date of these servers may have, but for those before its first.
    let years = (-30_610_224_000_000_000, moments().end);
    vec![
        ("tinyint", integers(-128, 127)),
        ("bigint", integers(i64::MIN.into(), i64::MAX.into())),
        ("bigint unsigned", integers(0, u64::MAX.into())),
        ("decimal(40, 10)", decimals(30, 10)),
        ("double", doubles()),
        ("varchar(60)", text()),
        ("longtext", text()),
        ("varbinary(200)", bytes.clone().boxed()),
        ("longblob", bytes.boxed()),
        ("json", json().prop_map(|j| Value::known(text_literal(&j), j)).boxed()),
        ("datetime(6)", moment("%Y-%m-%d %H:%M:%S%.6f", years)),
        ("datetime", moment("%Y-%m-%d %H:%M:%S", years)),
        ("date", moment("%Y-%m-%d", years)),
        ("timestamp(6)", stamp.boxed()),
        ("time(6)", time.boxed()),
        ("year", year.boxed()),
        ("bit(10)", bits.boxed()),
        ("bit(1)", fixed(&[("b'1'", "1"), ("b'0'", "0")])),
        (
            "enum('glad', 'not, \"glad\"', 'Ж', '')",
            fixed(&[("'glad'", "glad"), ("2", "not, \"glad\""), ("3", "Ж"), ("4", "")]),
        ),
        ("set('x', 'y', 'z')", fixed(&[("'z,x'", "x,z"), ("''", ""), ("7", "x,y,z")])),
        ("varchar(20) CHARACTER SET latin1", fixed(&[("'Zoë'", "Zoë"), ("'€'", "€"), ("''", "")])),
        ("char(5)", fixed(&[("'ab'", "ab"), ("''", "")])),
        ("binary(4)", fixed(&[("x'6162'", "\\x61620000")])),
        ("uuid", uuid.prop_map(|text| Value::known(format!("'{}'", text.to_uppercase()), text)).boxed()),
        ("inet6", fixed(&[("'2001:DB8::1'", "2001:db8::1")])),
        ("int(6) zerofill", fixed(&[("42", "000042"), ("1234567", "1234567")])),
    ]
}

/// Each double of the package is the number that was put in.
fn doubles_read_back(rows: &[Cells], packed: &Packed) -> Result<(), TestCaseError> {
    let at = columns().iter().position(|(sql_type, _)| *sql_type == "double").unwrap();
    prop_assert_eq!(packed.kinds[at], ColumnKind::Number);
    for (id, cells) in rows.iter().enumerate() {
        let put = cells[at].as_ref().map(|value| value.sql.parse::<f64>().unwrap());
        let seen = packed.csv[&id][at].as_ref().map(|text| text.parse::<f64>().unwrap());
        prop_assert_eq!(put, seen);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_out_as_it_went_in(rows in rows(&columns())) {
        thread_local!(static COMPANY: Company = company(Engine::Mysql, "", &types(&columns())));
        COMPANY.with(|company| {
            company.execute("all", &format!("SET time_zone = '+09:00'; {}", insert(&rows)));
            let packed = packed(company);
            holds(&rows, &packed)?;
            doubles_read_back(&rows, &packed)?;
            an_unchanged_row_is_known(company);
            Ok::<_, TestCaseError>(())
        })?;
    }
}

//! Every clock of every law in one table, counted by hand from the statutes' periods and not from the files.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::*;
use crate::domain::regime::tests::all;

/// Received on a Wednesday, 1 July 2026, where a law is in force by then; the first working days of those that come
/// later. Weekends are the only days off for laws that roll. `–`: the law sets no such period.
///
/// Two days are counted as is easily got wrong: 1 August 2026 is a Saturday, and Independence Day, a Saturday in 2026,
/// is kept on Friday, 3 July.
const TABLE: &str = "
| law       | received   | acknowledge | answer     | extended   | opt-out    | appeal     | appeal extended |
| gdpr      | 2026-07-01 | –           | 2026-08-03 | 2026-10-01 | 2026-08-03 | –          | –               |
| uk-gdpr   | 2026-07-01 | 2026-07-31  | 2026-08-03 | 2026-10-01 | 2026-08-03 | 2026-07-31 | –               |
| ccpa      | 2026-07-01 | 2026-07-16  | 2026-08-14 | 2026-09-28 | 2026-07-23 | –          | –               |
| us-va     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-co     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | 2026-08-15 | 2026-08-15 | 2026-10-14      |
| us-ct     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-ut     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | –          | –               |
| us-tx     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-or     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | 2026-07-16 | 2026-08-15 | –               |
| us-mt     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-fl     | 2026-07-01 | –           | 2026-08-15 | 2026-08-30 | –          | 2026-08-30 | –               |
| us-de     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-ia     | 2026-07-01 | –           | 2026-09-29 | 2026-11-13 | –          | 2026-08-30 | –               |
| us-ne     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-nh     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-nj     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | 2026-07-16 | 2026-08-15 | –               |
| us-tn     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-mn     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-15 | 2026-10-14      |
| us-md     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-in     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-ky     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | –          | 2026-08-30 | –               |
| us-ri     | 2026-07-01 | –           | 2026-08-15 | 2026-09-29 | 2026-07-16 | 2026-08-30 | –               |
| us-ok     | 2027-01-04 | –           | 2027-02-18 | 2027-04-04 | –          | 2027-03-05 | –               |
| us-la     | 2027-01-04 | –           | 2027-02-18 | 2027-04-04 | –          | 2027-03-05 | –               |
| us-al     | 2027-05-03 | –           | 2027-06-17 | 2027-08-01 | –          | 2027-07-02 | –               |
| us-vt     | 2028-01-03 | –           | 2028-02-17 | 2028-04-02 | –          | 2028-03-03 | –               |
| lgpd      | 2026-07-01 | –           | 2026-07-16 | –          | –          | –          | –               |
| pipeda    | 2026-07-01 | –           | 2026-07-31 | 2026-08-30 | –          | –          | –               |
| quebec-25 | 2026-07-01 | –           | 2026-07-31 | –          | –          | –          | –               |
| fadp      | 2026-07-01 | –           | 2026-07-31 | –          | –          | –          | –               |
| dpdp      | 2027-06-01 | –           | 2027-08-30 | –          | –          | –          | –               |
| app       | 2026-07-01 | –           | 2026-07-31 | –          | –          | –          | –               |
| pdpa-sg   | 2026-07-01 | –           | 2026-07-31 | –          | –          | –          | –               |
| popia     | 2026-07-01 | –           | 2026-07-31 | 2026-08-30 | –          | –          | –               |
| appi      | 2026-07-01 | –           | 2026-07-15 | –          | –          | –          | –               |
| voluntary | 2026-07-01 | –           | 2026-08-15 | –          | –          | –          | –               |
";

/// The columns after `received`.
const COLUMNS: [(Duty, bool); 6] = [
    (Duty::Acknowledgement, false),
    (Duty::Response, false),
    (Duty::Response, true),
    (Duty::OptOut, false),
    (Duty::Appeal, false),
    (Duty::Appeal, true),
];

fn rows() -> BTreeMap<&'static str, Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    TABLE.trim().lines().skip(1).map(cells).map(|cells| (cells[0], cells[1..].to_vec())).collect()
}

#[test]
fn every_clock_of_every_law_is_in_the_table_and_runs_out_on_its_day() {
    let mut rows = rows();
    for law in all() {
        let row = rows.remove(law.id.as_str()).unwrap_or_else(|| panic!("{} has no row", law.id));
        let received: NaiveDate = row[0].parse().unwrap();
        assert!(law.is_in_force(received), "{} is inert on {received}", law.id);
        for ((duty, extended), expected) in COLUMNS.into_iter().zip(&row[1..]) {
            let options = Options { extended, ..Options::default() };
            let found = deadline(&law, duty, received, &options);
            let found = found.map_or("–".to_owned(), |found| found.due.to_string());
            assert_eq!(found, *expected, "{}: {duty}, extended: {extended}", law.id);
        }
    }
    assert!(rows.is_empty(), "rows without a law: {rows:?}");
}

#[test]
fn a_law_to_come_is_inert_until_its_day() {
    let first_days =
        [("us-ok", "2027-01-01"), ("us-la", "2027-01-01"), ("us-al", "2027-05-01"), ("us-vt", "2028-01-01")];
    for law in all() {
        let Some((_, first)) = first_days.iter().find(|(id, _)| *id == law.id.as_str()) else { continue };
        let first: NaiveDate = first.parse().unwrap();
        let given = |on| law.rights.keys().filter(|right| law.entitlement(**right, on).is_some()).count();
        assert_eq!((given(first.pred_opt().unwrap()), given(first)), (0, law.rights.len()), "{}", law.id);
        let unsure = law.clocks.values().map(|clock| clock.confidence).chain([law.confidence]);
        assert!(unsure.max() == Some(Confidence::Low), "{}: nobody saw its text", law.id);
    }
}

//! Values are compared here as the databases compare them, and held against the types of columns.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use uuid::Uuid;

use crate::connectors::schema::ColumnKind;
use crate::connectors::{Column, Comparison, Match, Table};
use crate::datamap::declared_length;
use crate::domain::identity::IdentityKind;

/// In which spelling two keys are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fulfilment) enum Spelling {
    /// As they are.
    Text,
    /// As numbers: `7`, `007` and `7.0`.
    Number,
    /// As hexadecimal digits, whatever the case and hyphens.
    Uuid,
    /// Without regard to case.
    Folded,
    /// Without regard to case, to trailing spaces, or to both, as a collation has it.
    Collated { case: bool, spaces: bool },
}

impl Spelling {
    /// How a database compares a column of this type.
    pub(in crate::fulfilment) fn of(column: &Column) -> Self {
        let sql_type = column.sql_type.to_ascii_lowercase();
        match column.kind {
            ColumnKind::Integer | ColumnKind::Number => Spelling::Number,
            _ if sql_type == "uuid" => Spelling::Uuid,
            _ if sql_type == "citext" || sql_type.ends_with(".citext") => Spelling::Folded,
            _ => Spelling::Text,
        }
    }

    /// How the database itself compares two columns, by their types and by the collation that both have. Columns of two
    /// collations, or of two databases, are compared as they are: what else is found is explained by nothing.
    pub(in crate::fulfilment) fn collated(a: &Column, b: &Column) -> Self {
        match (Self::between(a, b), &a.collation) {
            (Spelling::Text, Some(rule)) if a.collation == b.collation => {
                Spelling::Collated { case: rule.ignores_case, spaces: rule.ignores_trailing_spaces }
            }
            (spelling, _) => spelling,
        }
    }

    /// How an identifier or a key is compared when it must be told apart from others': by its collation only where the
    /// database lets no two such keys of `table` be there. Else `a` and `A` may be two people.
    pub(in crate::fulfilment) fn telling_apart(a: &Column, b: &Column, table: &Table, columns: &[&str]) -> Self {
        if table.tells_apart(columns) { Self::collated(a, b) } else { Self::between(a, b) }
    }

    /// How a key of one column is compared with one of another, perhaps in another database.
    pub(in crate::fulfilment) fn between(a: &Column, b: &Column) -> Self {
        match (Self::of(a), Self::of(b)) {
            (Spelling::Text, other) | (other, _) => other,
        }
    }

    /// The one spelling of all that are the same.
    pub(in crate::fulfilment) fn canonical(self, text: &str) -> Cow<'_, str> {
        match self {
            Spelling::Text => Cow::Borrowed(text),
            Spelling::Number => number(text),
            Spelling::Uuid => {
                Cow::Owned(text.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect())
            }
            Spelling::Folded => Cow::Owned(text.to_lowercase()),
            Spelling::Collated { case, spaces } => {
                let text = if spaces { text.trim_end_matches(' ') } else { text };
                if case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
            }
        }
    }
}

/// A key in all the ways in which a column may hold it that compares with it so: other engines and other types write it
/// otherwise, and what is only looked for as it stands would be missed in silence.
pub(in crate::fulfilment) fn spelled_in(column: &Column, spelling: Spelling, text: &str) -> Vec<String> {
    let canonical = || spelling.canonical(text).into_owned();
    match (spelling, Spelling::of(column)) {
        // A decimal `7.00` is the whole number 7.
        (Spelling::Number, Spelling::Number) => vec![canonical()],
        (Spelling::Number, Spelling::Text) => BTreeSet::from([text.to_owned(), canonical()]).into_iter().collect(),
        (Spelling::Uuid, own) => match (Uuid::try_parse(&canonical()), own) {
            (Err(_), _) => vec![text.to_owned()],
            (Ok(uuid), Spelling::Uuid) => vec![uuid.hyphenated().to_string()],
            // As text in either case, with hyphens or without, or as its sixteen bytes.
            (Ok(uuid), _) => {
                let (long, short) = (uuid.hyphenated().to_string(), uuid.simple().to_string());
                vec![long.to_uppercase(), short.to_uppercase(), format!("\\x{short}"), long, short]
            }
        },
        _ => vec![text.to_owned()],
    }
}

fn number(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    let (sign, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !plain {
        return Cow::Borrowed(text);
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    Cow::Owned(match (whole, fraction) {
        ("", "") => "0".to_owned(),
        ("", fraction) => format!("{sign}0.{fraction}"),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}

/// Whether a stored value is the identifier looked for, which is in its normalised form.
pub(in crate::fulfilment) fn is_identity(kind: IdentityKind, spelling: Spelling, stored: &str, wanted: &str) -> bool {
    identity_form(kind, spelling, stored) == identity_form(kind, spelling, wanted)
}

/// An identifier in the form in which it is compared.
pub(in crate::fulfilment) fn identity_form(kind: IdentityKind, spelling: Spelling, text: &str) -> String {
    match kind {
        IdentityKind::Email => text.to_lowercase(),
        IdentityKind::Phone => text.chars().filter(char::is_ascii_digit).collect(),
        IdentityKind::AccountId => spelling.canonical(text).into_owned(),
    }
}

/// The part of a composite key that tells the given keys apart best, so that looking for it alone brings few other
/// rows; `None` when there is no key.
fn most_telling<K: AsRef<[String]>>(keys: &[K], parts: usize) -> Option<usize> {
    let telling = |part: &usize| {
        let values: BTreeSet<&str> = keys.iter().map(|key| key.as_ref()[*part].as_str()).collect();
        // Between columns with as many values, the longer ones come from the larger set.
        (values.len(), values.iter().map(|v| v.len()).sum::<usize>())
    };
    (0..parts).filter(|_| !keys.is_empty()).max_by_key(telling)
}

/// What asks for the rows that hold one of these keys in `parts`, columns with the spellings in which they are compared;
/// `None` when there is no key. Of a composite key each column is asked for in which the database compares as it is compared
/// here, unless that would be too many pairs, and else the one that tells keys apart best: keys that nobody asked for may
/// come back.
pub(in crate::fulfilment) fn key_match<K: AsRef<[String]>>(parts: &[(&Column, Spelling)], keys: &[K]) -> Option<Match> {
    let alike = |at: &usize| {
        let (column, spelling) = parts[*at];
        spelling == Spelling::of(column) && matches!(spelling, Spelling::Text | Spelling::Number | Spelling::Uuid)
    };
    let telling = most_telling(keys, parts.len())?;
    let values = |at: usize| -> Vec<String> {
        let (column, spelling) = parts[at];
        let spelled = |key: &K| spelled_in(column, spelling, &key.as_ref()[at]);
        keys.iter().flat_map(spelled).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let first = Match::new(&parts[telling].0.name, values(telling), Comparison::Exact);
    let others = (0..parts.len()).filter(|at| *at != telling).filter(alike);
    let also: Vec<_> = others.map(|at| (parts[at].0.name.clone(), values(at))).collect();
    let pairs = also.iter().fold(first.values.len(), |pairs, (_, values)| pairs.saturating_mul(values.len()));
    Some(if pairs > PAIRS.max(first.values.len()) { first } else { Match { also, ..first } })
}

/// An engine may look into an index for each pair of values, those of no key among them.
const PAIRS: usize = 10_000;

/// Whether a column takes a text as its value.
///
/// # Errors
/// Why not, in words that hold no part of the value.
pub(in crate::fulfilment) fn accepts(column: &Column, length: Option<usize>, text: &str) -> Result<(), String> {
    let name = &column.name;
    let fits = match column.kind {
        ColumnKind::Integer => text.trim().parse::<i128>().is_ok(),
        ColumnKind::Number => text.trim().parse::<f64>().is_ok(),
        ColumnKind::Boolean => {
            matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "false" | "t" | "f" | "0" | "1")
        }
        ColumnKind::Date => NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").is_ok(),
        ColumnKind::DateTime => is_moment(text.trim()),
        ColumnKind::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        ColumnKind::Text => true,
    };
    if !fits {
        return Err(format!("column {name} has the type {} and does not take this value", column.sql_type));
    }
    match declared_length(&column.sql_type).into_iter().chain(length).min() {
        Some(most) if column.kind == ColumnKind::Text && text.chars().count() > most => {
            Err(format!("column {name} takes at most {most} characters"))
        }
        _ => Ok(()),
    }
}

fn is_moment(text: &str) -> bool {
    let local = text.replacen('T', " ", 1);
    DateTime::parse_from_rfc3339(text).is_ok()
        || DateTime::parse_from_str(&local, "%Y-%m-%d %H:%M:%S%.f%#z").is_ok()
        || NaiveDateTime::parse_from_str(&local, "%Y-%m-%d %H:%M:%S%.f").is_ok()
        || NaiveDate::parse_from_str(&local, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::Collation;
    use rstest::rstest;

    #[rstest]
    #[case("007", "7", true)]
    #[case("7.0", "7", true)]
    #[case("-0", "0", true)]
    #[case("0.50", ".5", false)]
    #[case("70", "7", false)]
    #[case("99999999999999999999999999999999999999999", "99999999999999999999999999999999999999998", false)]
    fn numbers_are_compared_as_numbers(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
        assert_eq!(Spelling::Number.canonical(a) == Spelling::Number.canonical(b), same);
    }

    #[rstest]
    #[case::whole("integer", ColumnKind::Integer, Spelling::Number, "7.00", &["7"])]
    #[case::padded("text", ColumnKind::Text, Spelling::Number, "007", &["007", "7"])]
    #[case::plain("text", ColumnKind::Text, Spelling::Number, "7", &["7"])]
    #[case::text("text", ColumnKind::Text, Spelling::Text, "7.0", &["7.0"])]
    #[case::uuid(
        "uuid", ColumnKind::Text, Spelling::Uuid, "0190F3A000007000800000000000000A",
        &["0190f3a0-0000-7000-8000-00000000000a"]
    )]
    #[case::uuid_of_bytes(
        "uuid", ColumnKind::Text, Spelling::Uuid, "\\x0190f3a000007000800000000000000a",
        &["0190f3a0-0000-7000-8000-00000000000a"]
    )]
    #[case::uuid_as_text(
        "char(36)", ColumnKind::Text, Spelling::Uuid, "0190f3a0-0000-7000-8000-00000000000a",
        &[
            "0190F3A0-0000-7000-8000-00000000000A", "0190F3A000007000800000000000000A",
            "\\x0190f3a000007000800000000000000a", "0190f3a0-0000-7000-8000-00000000000a",
            "0190f3a000007000800000000000000a",
        ]
    )]
    #[case::no_uuid("uuid", ColumnKind::Text, Spelling::Uuid, "Ada", &["Ada"])]
    fn a_key_is_looked_for_as_its_column_writes_it(
        #[case] sql_type: &str,
        #[case] kind: ColumnKind,
        #[case] spelling: Spelling,
        #[case] text: &str,
        #[case] expected: &[&str],
    ) {
        let column = Column { name: "c".into(), sql_type: sql_type.into(), kind, nullable: true, collation: None };
        assert_eq!(spelled_in(&column, spelling, text), expected);
    }

    #[rstest]
    #[case::one_rule(Some("x_ci"), Some("x_ci"), true, true)]
    #[case::two_rules(Some("x_ci"), Some("y_ci"), true, false)]
    #[case::one_without(Some("x_ci"), None, true, false)]
    #[case::two_people_could_have_it(Some("x_ci"), Some("x_ci"), false, false)]
    fn a_collation_counts_where_the_database_lets_no_two_be_there(
        #[case] a: Option<&str>,
        #[case] b: Option<&str>,
        #[case] is_unique: bool,
        #[case] same: bool,
    ) {
        let rule = |name: &str| Collation { name: name.into(), ignores_case: true, ignores_trailing_spaces: true };
        let column = |rule| Column {
            name: "k".into(),
            sql_type: "varchar(9)".into(),
            kind: ColumnKind::Text,
            nullable: false,
            collation: rule,
        };
        let (a, b) = (column(a.map(rule)), column(b.map(rule)));
        let table = Table {
            columns: vec![a.clone()],
            primary_key: vec!["id".into()],
            row_id: None,
            unique: if is_unique { vec![vec!["k".into()]] } else { vec![] },
            indexes: vec![],
            foreign_keys: vec![],
            unerasable: None,
        };
        let spelling = Spelling::telling_apart(&a, &b, &table, &["k"]);
        assert_eq!(spelling.canonical("Ab ") == spelling.canonical("aB"), same);
        assert_ne!(spelling.canonical("ab"), spelling.canonical("äb"));
    }

    #[rstest]
    #[case(IdentityKind::Email, "USER5@Example.com", "user5@example.com", true)]
    #[case(IdentityKind::Phone, "(415) 555-2671", "+14155552671", false)]
    #[case(IdentityKind::Phone, "1 415-555-2671", "+14155552671", true)]
    #[case(IdentityKind::AccountId, "A-7", "a-7", false)]
    fn identifiers_are_compared_as_written_by_their_kind(
        #[case] kind: IdentityKind,
        #[case] stored: &str,
        #[case] wanted: &str,
        #[case] same: bool,
    ) {
        assert_eq!(is_identity(kind, Spelling::Text, stored, wanted), same);
    }

    #[rstest]
    #[case(ColumnKind::Integer, "integer", "12", true)]
    #[case(ColumnKind::Integer, "integer", "twelve", false)]
    #[case(ColumnKind::Date, "date", "1815-12-10", true)]
    #[case(ColumnKind::Date, "date", "10.12.1815", false)]
    #[case(ColumnKind::DateTime, "timestamp with time zone", "2026-01-31 10:00:00.5+00", true)]
    #[case(ColumnKind::DateTime, "timestamp with time zone", "2026-01-31T10:00:00Z", true)]
    #[case(ColumnKind::DateTime, "timestamp with time zone", "soon", false)]
    #[case(ColumnKind::Text, "character varying(3)", "Adä", true)]
    #[case(ColumnKind::Text, "character varying(3)", "Adas", false)]
    #[case(ColumnKind::Json, "jsonb", "{\"a\": 1}", true)]
    #[case(ColumnKind::Json, "jsonb", "{a", false)]
    fn a_column_takes_what_its_type_takes(
        #[case] kind: ColumnKind,
        #[case] sql_type: &str,
        #[case] text: &str,
        #[case] good: bool,
    ) {
        let column = Column { name: "c".into(), sql_type: sql_type.into(), kind, nullable: true, collation: None };
        assert_eq!(accepts(&column, None, text).is_ok(), good);
    }
}

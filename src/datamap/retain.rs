//! `retain` in the `fides_meta` of a collection: a duty to keep its rows, read and held against its fields.

use chrono::NaiveDate;

use super::Field;
use super::document::{Entry, Node};
use super::reading::Reading;
use crate::domain::keeping::{Lasts, Period, Rule};

/// What the mapping says.
#[derive(Default)]
struct Said {
    ground: Option<String>,
    citation: Option<String>,
    until: Option<NaiveDate>,
    period: Option<Period>,
    from: Option<String>,
    year_end: bool,
    mask: Vec<String>,
}

/// Reads a rule; `None` with a finding where it is not whole.
pub(super) fn rule(reading: &mut Reading<'_>, node: &Node) -> Option<Rule> {
    let mut said = Said::default();
    let before = reading.findings.len();
    for entry in reading.map(node, "`retain`") {
        member(reading, entry, &mut said);
    }
    if reading.findings.len() > before {
        return None;
    }
    let Said { ground, citation, until, period, from, year_end, mask } = said;
    let lasts = match (until, period, from) {
        (Some(day), None, None) if !year_end => Lasts::Until(day),
        (None, Some(period), Some(from)) => Lasts::For { period, from, year_end },
        _ => {
            let message = "`retain` says how long: `until` with a day, or `for` with a period and `from` with the field it counts from";
            reading.error(node.line, message);
            return None;
        }
    };
    let Some(ground) = ground else {
        reading.error(node.line, "`retain` needs its `ground`: why the rows are kept, as the person is told");
        return None;
    };
    Some(Rule { ground, citation, lasts, mask })
}

fn member(reading: &mut Reading<'_>, entry: &Entry, said: &mut Said) {
    let Entry { key, line, value } = entry;
    match key.as_str() {
        "ground" => said.ground = reading.text(value, "`ground`"),
        "citation" => said.citation = reading.optional_text(value, "`citation`"),
        "until" => said.until = parsed(reading, value, "`until`", "`until` is a day, as 2030-12-31"),
        "for" => {
            said.period = parsed(reading, value, "`for`", "`for` is a period, as `10 years`, `6 months` or `90 days`")
        }
        "from" => said.from = reading.text(value, "`from`"),
        "counted_from" => match reading.text(value, "`counted_from`").as_deref() {
            Some("date") => {}
            Some("end_of_year") => said.year_end = true,
            _ => reading.error(*line, "`counted_from` is `date` or `end_of_year`"),
        },
        "mask" => said.mask = reading.texts(value, "`mask`").into_iter().map(|(name, _)| name).collect(),
        // A misspelt duty would erase what the law wants kept.
        other => reading.error(*line, format!("`{other}` of `retain` is not known")),
    }
}

fn parsed<T: std::str::FromStr>(reading: &mut Reading<'_>, node: &Node, what: &str, expected: &str) -> Option<T> {
    let text = reading.text(node, what)?;
    let value = text.parse().ok();
    if value.is_none() {
        reading.error(node.line, expected);
    }
    value
}

/// Holds a rule against the fields of its collection. What leads to a row cannot be masked in it: by that it is found
/// again when its day comes.
pub(super) fn check(reading: &mut Reading<'_>, rule: &Rule, fields: &[Field], read_only: bool, line: usize) {
    let field = |name: &str| fields.iter().find(|f| f.name == name);
    if let Some(from) = rule.dated_by().filter(|from| field(from).is_none()) {
        reading.error(line, format!("`retain` counts from `{from}`, which is no field of the collection"));
    }
    for name in &rule.mask {
        match field(name) {
            None => reading.error(line, format!("`retain` masks `{name}`, which is no field of the collection")),
            Some(f) if f.identity.is_some() || f.primary_key || !f.references.is_empty() => {
                let message = format!("`retain` cannot mask `{name}`: by it the row is found again when its day comes");
                reading.error(line, message);
            }
            Some(_) if rule.dated_by() == Some(name) => {
                reading.error(line, format!("`retain` cannot mask `{name}`: the period counts from it"));
            }
            Some(_) => {}
        }
    }
    if read_only {
        reading.warn(line, "`retain` has no effect on a collection that is `read_only`: its rows are kept for good");
    }
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    fn collection(retain: &str) -> String {
        format!(
            "dataset:\n  - fides_key: shop\n    collections:\n      - name: invoices\n        fides_meta:\n          retain: {retain}\n        fields:\n          \
             - {{name: id, data_categories: [system.operations], fides_meta: {{primary_key: true}}}}\n          \
             - {{name: email, data_categories: [user.contact.email], fides_meta: {{identity: email}}}}\n          \
             - {{name: issued_on, data_categories: [user.financial]}}\n          \
             - {{name: phone, data_categories: [user.contact.phone_number]}}\n"
        )
    }

    #[test]
    fn a_duty_is_read_with_its_period() {
        let text = collection(
            "{ground: Books are kept, citation: § 147 AO, for: 8 years, from: issued_on, counted_from: end_of_year, mask: [phone]}",
        );
        let dataset = load(&text, "shop.yml").unwrap();
        let lasts = Lasts::For { period: Period::Years(8), from: "issued_on".to_owned(), year_end: true };
        let (ground, citation) = ("Books are kept".to_owned(), Some("§ 147 AO".to_owned()));
        assert_eq!(
            dataset.collections[0].retain,
            Some(Rule { ground, citation, lasts, mask: vec!["phone".to_owned()] })
        );
        let fixed = load(&collection("{ground: A dispute, until: 2030-12-31}"), "shop.yml").unwrap();
        let lasts = fixed.collections[0].retain.as_ref().map(|rule| rule.lasts.clone());
        assert_eq!(lasts, Some(Lasts::Until("2030-12-31".parse().unwrap())));
    }

    #[rstest::rstest]
    #[case("{for: 8 years, from: issued_on}", "needs its `ground`")]
    #[case("{ground: x}", "says how long")]
    #[case("{ground: x, for: 8 years}", "says how long")]
    #[case("{ground: x, until: 2030-12-31, for: 8 years, from: issued_on}", "says how long")]
    #[case("{ground: x, for: eight years, from: issued_on}", "`for` is a period")]
    #[case("{ground: x, until: soon}", "`until` is a day")]
    #[case("{ground: x, for: 8 years, from: paid_on}", "`paid_on`, which is no field")]
    #[case("{ground: x, until: 2030-12-31, mask: [email]}", "cannot mask `email`")]
    #[case("{ground: x, until: 2030-12-31, mask: [id]}", "cannot mask `id`")]
    #[case("{ground: x, until: 2030-12-31, mask: [fax]}", "`fax`, which is no field")]
    #[case("{ground: x, for: 8 years, from: issued_on, mask: [issued_on]}", "the period counts from it")]
    #[case("{ground: x, until: 2030-12-31, untill: 2031-12-31}", "`untill` of `retain` is not known")]
    #[case("{ground: x, for: 8 years, from: issued_on, counted_from: year}", "`counted_from` is")]
    fn what_is_no_duty_is_refused_with_its_line(#[case] retain: &str, #[case] expected: &str) {
        let findings = load(&collection(retain), "shop.yml").unwrap_err();
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|line| line.contains(expected) && line.starts_with("shop.yml:6:")), "{told:?}");
    }
}

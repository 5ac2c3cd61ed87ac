//! Every law, and every part that the letter which denies an appeal must have.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::policy::Policy;
use crate::domain::regime::LetterPart;
use crate::domain::regime::tests::all;
use crate::domain::right::Right;
use crate::mail::letters::compose;
use crate::usecases::remedies::against;

const POLICY: &str = "name = \"Acme\"\npostal_address = \"1 Main Street\"\nprivacy_email = \"privacy@acme.example\"\n\
                      country = \"US\"\ntime_zone = \"America/Denver\"\n";

#[test]
fn every_denial_of_an_appeal_has_what_its_law_demands() {
    let now: DateTime<Utc> = "2027-11-22T10:00:00Z".parse().unwrap();
    let policy = Policy::parse("p.toml", POLICY).unwrap();
    let mut seen = BTreeSet::new();
    for regime in all() {
        let told =
            Told::of(against(&policy, &regime, now), "https://privacy.acme.example/v1/requests/1").after_appeal();
        let about = Concerning {
            on_behalf_of: None,
            name: Some("Ada Example"),
            controller: &policy.name,
            reference: "DSR-0000-0001",
            right: Right::Access,
            contact: &policy.privacy_email,
        };
        let letter = compose(&upheld(about, AppealKind::Appeal, "The invoices are eight years old.", &told)).body;
        assert!(!letter.contains("/appeal"), "{}: there is no second appeal:\n{letter}", regime.id);
        for part in &regime.appeal_denial_letter {
            let texts = match part {
                LetterPart::Reasons => vec!["The invoices are eight years old.".to_owned()],
                LetterPart::Authority => {
                    let authority = regime.authority.as_ref().expect("a law whose letters name an authority has one");
                    let known = [Some(&authority.name), authority.url.as_ref(), authority.address.as_ref()];
                    known.into_iter().flatten().cloned().collect()
                }
                LetterPart::Court => vec!["go to court".to_owned()],
                other => panic!("{}: no letter about an appeal was ever shown to have {other:?}", regime.id),
            };
            for text in texts {
                assert!(letter.contains(&text), "{} demands {part:?}; {text:?} is missing in:\n{letter}", regime.id);
            }
            seen.insert(*part);
        }
    }
    assert_eq!(seen.len(), 3, "every part is demanded somewhere: {seen:?}");
}

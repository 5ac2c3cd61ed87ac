//! Every law, and every part that its letter of denial must have.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::lifecycle::tests::request;
use crate::domain::personal::Personal;
use crate::domain::policy::Policy;
use crate::domain::regime::LetterPart;
use crate::domain::regime::tests::{all, regime};
use crate::domain::right::Right;
use crate::mail::letters::compose;
use crate::usecases::remedies::against;

const POLICY: &str = "name = \"Acme\"\npostal_address = \"1 Main Street\"\nprivacy_email = \"privacy@acme.example\"\n\
                      country = \"US\"\ntime_zone = \"America/Denver\"\n";

fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// The letter of a denial under a regime.
fn letter(regime: &Regime, right: Right, ground: &str, instead: Option<Instead>) -> String {
    let policy = Policy::parse("p.toml", POLICY).unwrap();
    let explanation = Personal::new("Nothing that you sent us agrees with the account.".to_owned());
    let by = StaffId(Uuid::from_u128(7));
    let state = State::Denied { at: now(), by, ground: ground.to_owned(), explanation, instead };
    let request = Request { regime: regime.id.clone(), ..request(right, state) };
    let told = Told::of(against(&policy, regime, now()), "https://privacy.acme.example/v1/requests/1");
    let reference = request.id.reference();
    let about = Concerning {
        on_behalf_of: None,
        name: Some("Ada Example"),
        controller: &policy.name,
        reference: &reference,
        right,
        contact: &policy.privacy_email,
    };
    let denial = Denial::of(Some(regime), &request, about.contact).unwrap();
    compose(&denial.letter(about, &told)).body
}

/// A denial under which the law demands the part, and what shows that the letter has it.
fn evidence(part: LetterPart, regime: &Regime) -> (Right, Option<Instead>, Vec<String>) {
    let plain = |texts: &[&str]| (Right::Access, None, texts.iter().map(|t| (*t).to_owned()).collect());
    let request = RequestId(Uuid::from_u128(9));
    match part {
        LetterPart::Reasons => plain(&["Nothing that you sent us agrees"]),
        LetterPart::Ground => {
            let ground = regime.ground(Ground::IDENTITY_NOT_VERIFIED).unwrap();
            plain(&[&ground.title, &ground.citation])
        }
        LetterPart::ComplaintToController => plain(&["You can complain to us first", "/appeal"]),
        LetterPart::HowToAppeal => plain(&["You can appeal: ", "/appeal", "The last day for it is 21 January 2027."]),
        LetterPart::Authority => {
            let authority = regime.authority.as_ref().expect("a law whose letters name an authority has one");
            let known = [Some(&authority.name), authority.url.as_ref(), authority.address.as_ref()];
            (Right::Access, None, known.into_iter().flatten().cloned().collect())
        }
        LetterPart::Court => plain(&["go to court"]),
        LetterPart::AnsweredAsCategories => {
            let texts = vec!["which kinds of personal data".to_owned(), request.reference()];
            (Right::Access, Some(Instead::Categories { request }), texts)
        }
        LetterPart::OptOutOffered => {
            let texts = vec!["an opt-out of the sale and the sharing".to_owned()];
            (Right::Deletion, Some(Instead::OptOut), texts)
        }
    }
}

#[test]
fn every_letter_has_what_its_law_demands() {
    let mut seen: BTreeMap<LetterPart, usize> = BTreeMap::new();
    for regime in all() {
        for part in &regime.denial_letter {
            let (right, instead, texts) = evidence(*part, &regime);
            let letter = letter(&regime, right, Ground::IDENTITY_NOT_VERIFIED, instead);
            for text in texts {
                assert!(letter.contains(&text), "{} demands {part:?}; {text:?} is missing in:\n{letter}", regime.id);
            }
            *seen.entry(*part).or_default() += 1;
        }
    }
    assert_eq!(seen.len(), 8, "every part is demanded somewhere: {seen:?}");
}

#[test]
fn a_denial_in_the_united_kingdom() {
    insta::assert_snapshot!(letter(&regime("uk-gdpr"), Right::Deletion, "legal_claims", None), @"
    Hello Ada Example,

    this is about your request DSR-0000-0001 to Acme for
    deletion of your personal data.

    We cannot do what you asked. The ground: The data is needed to establish, exercise or defend legal claims.
    (UK GDPR Art. 17(3)(e), 18(2), 21(1))

    Nothing that you sent us agrees with the account.

    You can complain to us first: send your reasons to https://privacy.acme.example/v1/requests/1/appeal,
    with the token you got when you sent the request, or write to the address below.
    Somebody who had no part in this decision looks at it again, and you have an
    answer within 30 days.

    You can complain to Information Commissioner's Office: https://ico.org.uk/make-a-complaint/
    By post: Wycliffe House, Water Lane, Wilmslow, Cheshire SK9 5AF, United Kingdom

    You can also go to court.

    Questions? Write to privacy@acme.example and name the number DSR-0000-0001.

    Acme
    ");
}

#[test]
fn a_repeat_names_the_request_that_is_answered() {
    let request = RequestId(Uuid::from_u128(9));
    let letter = letter(&regime("gdpr"), Right::Access, Ground::DUPLICATE, Some(Instead::Earlier { request }));
    insta::assert_snapshot!(letter, @"
    Hello Ada Example,

    this is about your request DSR-0000-0001 to Acme for
    a copy of your personal data.

    We cannot do what you asked. The ground: You asked for the same before, and we are working on that request.

    Nothing that you sent us agrees with the account.

    The earlier request is DSR-0000-0009. It keeps its dates, and its answer is the answer to both.

    You can complain to the data protection supervisory authority of the country where you live or work or where it happened: https://www.edpb.europa.eu/about-edpb/about-edpb/members_en
    You have this right under Art. 77 GDPR.

    You can also go to court.

    Questions? Write to privacy@acme.example and name the number DSR-0000-0001.

    Acme
    ");
}

#[test]
fn pieces_that_cannot_be_verified_are_answered_as_categories() {
    let request = RequestId(Uuid::from_u128(9));
    let instead = Some(Instead::Categories { request });
    insta::assert_snapshot!(letter(&regime("ccpa"), Right::Access, Ground::IDENTITY_NOT_VERIFIED, instead), @"
    Hello Ada Example,

    this is about your request DSR-0000-0001 to Acme for
    a copy of your personal data.

    We cannot do what you asked. The ground: We could not verify your identity to the degree the regulations ask for.
    (11 CCR 7022(e), 7023(f), 7024(a)-(b), 7060-7062)

    Nothing that you sent us agrees with the account.

    Instead we tell you which kinds of personal data we hold and with whom they are shared.
    That is request DSR-0000-0009; you need not do anything for it, and it keeps the dates of this one.

    You can complain to California Privacy Protection Agency: https://cppa.ca.gov/webapplications/complaint
    Complaints also go to the Attorney General of California, https://oag.ca.gov/contact/consumer-complaint-against-business-or-company

    Questions? Write to privacy@acme.example and name the number DSR-0000-0001.

    Acme
    ");
}

#[test]
fn a_deletion_that_cannot_be_verified_is_offered_an_opt_out() {
    let instead = Some(Instead::OptOut);
    insta::assert_snapshot!(letter(&regime("ccpa"), Right::Deletion, Ground::IDENTITY_NOT_VERIFIED, instead), @"
    Hello Ada Example,

    this is about your request DSR-0000-0001 to Acme for
    deletion of your personal data.

    We cannot do what you asked. The ground: We could not verify your identity to the degree the regulations ask for.
    (11 CCR 7022(e), 7023(f), 7024(a)-(b), 7060-7062)

    Nothing that you sent us agrees with the account.

    What you can have without showing who you are: an opt-out of the sale and the sharing of
    your personal data. Send us a request for it, or write to privacy@acme.example.

    You can complain to California Privacy Protection Agency: https://cppa.ca.gov/webapplications/complaint
    Complaints also go to the Attorney General of California, https://oag.ca.gov/contact/consumer-complaint-against-business-or-company

    Questions? Write to privacy@acme.example and name the number DSR-0000-0001.

    Acme
    ");
}

//! What a column's name suggests about what it holds; a suggestion, never a fact.

use crate::connectors::schema::ColumnKind;

/// What a column probably holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The fideslang data category.
    pub category: &'static str,
    /// The identity it probably is, as `fides_meta` writes it.
    pub identity: Option<&'static str>,
    /// Why somebody should look.
    pub doubt: Option<&'static str>,
}

impl Guess {
    /// A guess that needs no second look.
    pub const fn sure(category: &'static str) -> Self {
        Self { category, identity: None, doubt: None }
    }

    const fn unsure(category: &'static str, doubt: &'static str) -> Self {
        Self { category, identity: None, doubt: Some(doubt) }
    }
}

/// Names end with what they mean: `billing_street` is a street, `street_count` a count. The first that fits counts.
const WORDS: &[(&[&str], &str)] = &[
    (&["password", "passwd", "pwd", "password hash", "passphrase", "secret", "pin"], "user.authorization.password"),
    (&["token", "api key", "session key", "otp", "totp secret"], "user.authorization"),
    (&["security answer", "security question"], "user.authorization"),
    (&["card number", "credit card", "cc number", "pan", "ccv", "cvv", "cvc", "card"], "user.financial.credit_card"),
    (&["iban", "bic", "account number", "bank account", "sort code", "routing number"], "user.financial.bank_account"),
    (
        &[
            "ssn",
            "social security number",
            "national id",
            "passport",
            "passport number",
            "driving licence",
            "driver license",
            "tax id",
            "tax number",
            "vat id",
            "egn",
            "cpf",
            "nino",
            "sin",
        ],
        "user.government_id",
    ),
    (&["fingerprint", "face id", "biometric", "voiceprint"], "user.biometric"),
    (&["diagnosis", "blood type", "allergies", "medication", "disability"], "user.health_and_medical"),
    (&["email", "e mail", "mail", "email address", "mail address"], "user.contact.email"),
    (
        &["phone", "telephone", "mobile", "cell", "phone number", "mobile number", "msisdn", "fax"],
        "user.contact.phone_number",
    ),
    (
        &[
            "street",
            "street address",
            "address",
            "address line",
            "address1",
            "address2",
            "line1",
            "line2",
            "house number",
        ],
        "user.contact.address.street",
    ),
    (&["city", "town"], "user.contact.address.city"),
    (&["zip", "zip code", "postcode", "postal code", "plz"], "user.contact.address.postal_code"),
    (&["state", "region", "province", "county"], "user.contact.address.state"),
    (&["country", "country code"], "user.contact.address.country"),
    (
        &[
            "first name",
            "last name",
            "surname",
            "family name",
            "given name",
            "full name",
            "firstname",
            "lastname",
            "nickname",
            "maiden name",
        ],
        "user.name",
    ),
    (&["username", "user name", "login", "handle"], "user.account.username"),
    (&["date of birth", "birth date", "birthdate", "birthday", "dob", "born"], "user.demographic.date_of_birth"),
    (&["gender", "sex"], "user.demographic.gender"),
    (&["language", "locale", "preferred language"], "user.demographic.language"),
    (&["nationality", "citizenship", "ethnicity", "religion", "marital status"], "user.demographic"),
    (&["ip", "ip address", "ipaddr", "remote addr"], "user.device.ip_address"),
    (&["user agent", "device id", "device", "browser", "mac address", "imei", "idfa", "gaid"], "user.device"),
    (&["cookie", "cookie id"], "user.device.cookie_id"),
    (&["latitude", "longitude", "lat", "lng", "lon", "location", "geo"], "user.location.precise"),
    (&["job title", "employer", "company", "company name", "department", "position"], "user.workplace"),
    (&["salary", "income", "iban holder", "balance"], "user.financial"),
    (
        &[
            "note",
            "notes",
            "comment",
            "comments",
            "message",
            "body",
            "text",
            "subject",
            "content",
            "description",
            "review",
            "question",
            "answer",
            "feedback",
        ],
        "user.content",
    ),
    (&["consent", "opt in", "opt out", "newsletter", "subscribed"], "user.privacy_preferences"),
    (&["name", "title"], "user.name"),
    (
        &["last login", "last seen", "visited at", "clicked at", "referrer", "referer", "page", "path", "url"],
        "user.behavior",
    ),
];

/// What in that table holds for people's data only where the table is about people.
const DOUBTED: &[(&str, &str)] = &[
    ("user.name", "a person's name, or a thing's?"),
    ("user.content", "free text: does it speak of other people?"),
    ("user.contact.address.state", "a part of an address, or how something stands?"),
    ("user.workplace", "a person's work, or a firm's data?"),
    ("user.device", "a person's device?"),
    ("user.behavior", "a person's behaviour, or a setting?"),
    ("user.financial", "a person's money?"),
    ("user.authorization", "a person's, or a machine's?"),
];

const NO_IDEA: &str = "the name says nothing: what does it hold?";

/// What a column of that name and kind probably holds.
pub fn of(name: &str, kind: ColumnKind) -> Guess {
    let words = words(name);
    let ends = |with: &&str| words == **with || words.ends_with(&format!(" {with}"));
    let Some((_, category)) = WORDS.iter().find(|(names, _)| names.iter().any(&ends)) else {
        return match kind {
            ColumnKind::Boolean | ColumnKind::Date | ColumnKind::DateTime => Guess::sure("system.operations"),
            _ => Guess::unsure("system.operations", NO_IDEA),
        };
    };
    let textual = matches!(kind, ColumnKind::Text | ColumnKind::Json);
    if matches!(kind, ColumnKind::Boolean) && *category != "user.privacy_preferences" {
        return Guess::sure("system.operations");
    }
    let identity = match *category {
        "user.contact.email" if textual => Some("email"),
        "user.contact.phone_number" if textual => Some("phone_number"),
        _ => None,
    };
    let doubt = DOUBTED.iter().find(|(doubted, _)| doubted == category).map(|(_, doubt)| *doubt);
    Guess { category, identity, doubt }
}

/// A name as words in lower case: `billingEmail` and `BILLING_EMAIL` are `billing email`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
        before = c;
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("email", ColumnKind::Text, "user.contact.email", Some("email"))]
    #[case("billingEmail", ColumnKind::Text, "user.contact.email", Some("email"))]
    #[case("PHONE_NUMBER", ColumnKind::Text, "user.contact.phone_number", Some("phone_number"))]
    #[case("email_verified", ColumnKind::Boolean, "system.operations", None)]
    #[case("phone", ColumnKind::Integer, "user.contact.phone_number", None)]
    #[case("street_count", ColumnKind::Integer, "system.operations", None)]
    #[case("card_number", ColumnKind::Text, "user.financial.credit_card", None)]
    #[case("password_hash", ColumnKind::Text, "user.authorization.password", None)]
    #[case("created_at", ColumnKind::DateTime, "system.operations", None)]
    #[case("dob", ColumnKind::Date, "user.demographic.date_of_birth", None)]
    #[case("x17", ColumnKind::Text, "system.operations", None)]
    fn a_name_suggests_what_it_ends_with(
        #[case] name: &str,
        #[case] kind: ColumnKind,
        #[case] category: &str,
        #[case] identity: Option<&str>,
    ) {
        let guess = of(name, kind);
        assert_eq!((guess.category, guess.identity), (category, identity));
    }

    #[test]
    fn what_may_be_a_things_is_doubted() {
        assert!(of("name", ColumnKind::Text).doubt.is_some());
        assert!(of("zip", ColumnKind::Text).doubt.is_none());
        assert_eq!(of("x17", ColumnKind::Text).doubt, Some(NO_IDEA));
    }
}

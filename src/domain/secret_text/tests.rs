use proptest::prelude::*;
use rstest::rstest;

use super::*;

const ALL: Forms = Forms { always: true, iban: true };

fn seen(text: &str, beside: &str, forms: Forms) -> String {
    described(text, &find(text, beside, forms), false).into_owned()
}

#[rstest]
#[case::alone("CVV: 123", "CVV: [held, not disclosed: card verification code]")]
#[case::in_a_note(
    "she gave me the cvc 1234 by phone",
    "she gave me the cvc [held, not disclosed: card verification code] by phone"
)]
#[case::no_code("room 123, door 4567", "room 123, door 4567")]
fn the_code_of_a_card_is_told_without_its_number(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(seen(text, "note", ALL), expected);
}

#[rstest]
#[case::visa("4111111111111111", "payment card number")]
#[case::visa_divided("4111 1111 1111 1111", "payment card number")]
#[case::mastercard("5555-5555-5555-4444", "payment card number")]
#[case::mastercard_two("2223003122003222", "payment card number")]
#[case::amex("3782 822463 10005", "payment card number")]
#[case::diners("30569309025904", "payment card number")]
#[case::discover("6011111111111117", "payment card number")]
#[case::jcb("3530111333300000", "payment card number")]
#[case::visa_of_nineteen("4000 0000 0000 0000 006", "payment card number")]
#[case::ssn("078-05-1120", "national number (US SSN)")]
#[case::steuer("86 095 742 719", "national number (German tax number)")]
#[case::nino("AB 12 34 56 C", "national number (UK National Insurance number)")]
#[case::nino_together("ab123456c", "national number (UK National Insurance number)")]
#[case::nir("1 85 05 78 006 084 91", "national number (French NIR)")]
#[case::nir_together("255081416802538", "national number (French NIR)")]
#[case::dni("12345678Z", "national number (Spanish DNI)")]
#[case::dni_divided("12345678-Z", "national number (Spanish DNI)")]
#[case::nie("X1234567L", "national number (Spanish NIE)")]
#[case::codice("RSSMRA85T10A562S", "national number (Italian codice fiscale)")]
#[case::cpf("529.982.247-25", "national number (Brazilian CPF)")]
#[case::aadhaar("2341 2341 2346", "national number (Indian Aadhaar)")]
#[case::ahv("756.9217.0769.85", "national number (Swiss AHV number)")]
#[case::nric("S1234567D", "national number (Singapore NRIC)")]
#[case::visa_no_break("4111\u{a0}1111\u{a0}1111\u{a0}1111", "payment card number")]
#[case::visa_narrow("4111\u{202f}1111\u{202f}1111\u{202f}1111", "payment card number")]
#[case::visa_twice("4111  1111  1111  1111", "payment card number")]
#[case::ssn_no_break("078\u{2011}05\u{2011}1120", "national number (US SSN)")]
#[case::ssn_dashes("078–05–1120", "national number (US SSN)")]
#[case::itin("912-90-3456", "national number (US ITIN)")]
#[case::finnish("131052-308T", "national number (Finnish personal identity code)")]
#[case::finnish_of_this_century("131052A308T", "national number (Finnish personal identity code)")]
#[case::swedish_long("19811228-9874", "national number (Swedish personal number)")]
#[case::norwegian("151086 00036", "national number (Norwegian identity number)")]
#[case::belgian("85.07.30-033.28", "national number (Belgian national number)")]
#[case::austrian("1237 010180", "national number (Austrian insurance number)")]
#[case::german_pension("15 070649 C 103", "national number (German pension insurance number)")]
#[case::german_pension_together("15070649C103", "national number (German pension insurance number)")]
#[case::emirates("784-1984-1234567-4", "national number (Emirates ID)")]
#[case::emirates_together("784198412345674", "national number (Emirates ID)")]
#[case::iban("DE89 3704 0044 0532 0130 00", "bank account number (IBAN)")]
#[case::bcrypt("$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW", "stored password")]
#[case::argon2("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG", "stored password")]
#[case::django("pbkdf2_sha256$260000$abcdefghijkl$AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "stored password")]
#[case::phpass("$P$BIRXVj/ZG0YRiBH8gnRy0x72BXJoaqn0", "stored password")]
#[case::drupal("$S$5xZ3vKNVfkpxZdFmDXkR8bEsbVh5hpbVyTBDYq1Sn8nTVSQpzHq1", "stored password")]
#[case::apache("$apr1$qHDFfhPC$nITSVHgYbDAK1Y0acGRnY0", "stored password")]
#[case::ldap("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "stored password")]
#[case::django_of_old("sha1$ab1cd$0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c", "stored password")]
#[case::sendgrid("SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456", "access key")]
#[case::aws("AKIAIOSFODNN7EXAMPLE", "access key")]
#[case::jwt("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc_DEF-123", "access key")]
fn a_secret_is_known_by_its_form(#[case] text: &str, #[case] words: &str) {
    let described = format!("[held, not disclosed: {words}]");
    assert_eq!(seen(text, "note", ALL), described);
    assert_eq!(
        seen(&format!("Hier: {text}, danke. Grüße 👋"), "note", ALL),
        format!("Hier: {described}, danke. Grüße 👋")
    );
}

#[rstest]
#[case("SSN 078051120", "", "SSN [held, not disclosed: national number (US SSN)]")]
#[case("078051120", "customer_ssn", "[held, not disclosed: national number (US SSN)]")]
#[case("86095742719", "steuer_id", "[held, not disclosed: national number (German tax number)]")]
#[case("52998224725", "cpf", "[held, not disclosed: national number (Brazilian CPF)]")]
#[case("234123412346", "aadhaar_no", "[held, not disclosed: national number (Indian Aadhaar)]")]
#[case("my SIN is 130 692 544.", "", "my SIN is [held, not disclosed: national number (Canadian SIN)].")]
#[case("card 4222222222222", "", "card [held, not disclosed: payment card number]")]
#[case("PESEL 44051401359", "", "PESEL [held, not disclosed: national number (Polish PESEL)]")]
#[case("111222333", "bsn", "[held, not disclosed: national number (Dutch BSN)]")]
#[case("123456789", "nif", "[held, not disclosed: national number (Portuguese NIF)]")]
#[case("123456782", "tax_file_number", "[held, not disclosed: national number (Australian TFN)]")]
#[case("2123456701", "medicare_no", "[held, not disclosed: national number (Australian Medicare number)]")]
#[case("7523169263", "egn", "[held, not disclosed: national number (Bulgarian EGN)]")]
#[case("9434765919", "nhs_number", "[held, not disclosed: national number (UK NHS number)]")]
#[case("33392005961", "oib", "[held, not disclosed: national number (Croatian OIB)]")]
#[case("37605030299", "isikukood", "[held, not disclosed: national number (Estonian or Lithuanian personal code)]")]
#[case("123456789018", "my_number", "[held, not disclosed: national number (Japanese My Number)]")]
#[case("8001015009087", "id_number", "[held, not disclosed: national number (South African identity number)]")]
#[case("1800101221144", "cnp", "[held, not disclosed: national number (Romanian CNP)]")]
#[case("811228-9874", "personnummer", "[held, not disclosed: national number (Swedish personal number)]")]
#[case("CPR-nr. 070761-4285", "", "CPR-nr. [held, not disclosed: national number (Danish CPR number)]")]
#[case("0707614289", "cpr", "[held, not disclosed: national number (Danish CPR number)]")]
fn a_bare_number_is_one_beside_a_word_that_says_so(#[case] text: &str, #[case] beside: &str, #[case] expected: &str) {
    assert_eq!(seen(text, beside, ALL), expected);
    if text.chars().all(|c| c.is_ascii_digit()) {
        assert_eq!(seen(text, "order_number", ALL), text);
    }
}

#[rstest]
#[case::wrong_check_digit("4111111111111112")]
#[case::no_issuer("1234567812345670")]
#[case::order("order 2026-000123-77 of 22.11.2026")]
#[case::article("4006381333931")]
#[case::phones("+49 170 1234567, 0170 1234567, (415) 555-2671, +1-415-555-2671, 030 123 456")]
#[case::phone_like_a_card("+4111111111111111")]
#[case::milliseconds("1795344000000")]
#[case::words_that_check_by_chance("lpat-abcdefghijkl 000000")]
#[case::microseconds("1795344000000000")]
#[case::timestamps("2026-11-22 10:15:00.123456+00 20261122101500")]
#[case::decimals("0,4111111111111111 0.4111111111111111 12.4111111111111111")]
#[case::days("010203-1234, 811228-9874, 20240115-0046, 131052-308U, 85.07.30-033.29, 1238 010180, 912-10-3456")]
#[case::emirates_of_no_year("784-3984-1234567-2")]
#[case::words("what she does, shops, hf_short, SG. Dynamo, {SHA}, $P$ and $S$")]
#[case::uuid("3f2a4111-1111-4111-8111-111141111111")]
#[case::fraction("0.4111111111111111")]
#[case::imei("356938035643809")]
#[case::three_numbers("4111 1111 1111 1112")]
#[case::area_of_no_ssn("666-05-1120, 900-12-3456, 123-00-1234")]
#[case::no_nino("GB123456C, AB123456E")]
#[case::wrong_dni("12345678A")]
#[case::product("ABCDEF12G34H567Z")]
#[case::price("from $5$ to $6$, or $1$ each")]
#[case::token_like("sk_living AKIA eyJ ghp_short $2b$12")]
#[case::public_key("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----")]
#[case::card_in_hexadecimal("a4111111111111111b")]
#[case::tracking("00340434161094042557")]
#[case::coordinates("52.520006599999, 13.404953999999")]
fn what_only_looks_like_one_stays(#[case] text: &str) {
    assert_eq!(seen(text, "company_note", ALL), text);
}

#[test]
fn an_account_number_stays_unless_law_or_policy_keeps_it_back() {
    let iban = "DE89370400440532013000";
    assert_eq!(seen(iban, "iban", Forms::for_answer(&[])), iban);
    assert_eq!(Forms::for_answer(&["user.financial".into()]), ALL);
    assert_ne!(seen(iban, "iban", Forms::for_answer(&["user.financial.bank_account".into()])), iban);
    assert_eq!(seen("4111111111111111", "", Forms::NONE), "4111111111111111");
}

#[test]
fn a_private_key_goes_whole() {
    let key = "before -----BEGIN RSA PRIVATE KEY-----\nMIIE 4111111111111111\n-----END RSA PRIVATE KEY----- after";
    assert_eq!(seen(key, "", ALL), "before [held, not disclosed: private key] after");
    assert_eq!(seen("-----BEGIN PRIVATE KEY-----\nMIIE", "", ALL), "[held, not disclosed: private key]");
}

#[test]
fn json_stays_json() {
    let text = r#"{"n": 4111111111111111, "s": "a \"4111111111111111\" b", "k": "-----BEGIN PRIVATE KEY-----\nMII"}"#;
    let out = described(text, &find(text, "data", ALL), true);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["n"], "[held, not disclosed: payment card number]");
    assert_eq!(value["s"], "a \"[held, not disclosed: payment card number]\" b");
    assert_eq!(value["k"], "[held, not disclosed: private key]");
}

#[test]
fn escapes_of_json_neither_hide_nor_divide_a_secret() {
    let (card, hash) = ("[held, not disclosed: payment card number]", "[held, not disclosed: stored password]");
    for text in [
        r#""Hi,\r\n4111 1111 1111 1111""#,
        r#""Hi,\n\n4111111111111111""#,
        r#""Hi,\u00a0\u00a04111111111111111""#,
        r#""Hi, 4111\u00a01111\u00a01111\u00a01111""#,
        r#""Hi, 4111\u20111111\u20111111\u20111111""#,
    ] {
        let out = described(text, &find(text, "data", ALL), true);
        assert!(out.contains(card) && !out.contains("1111"), "{out}");
        serde_json::from_str::<String>(&out).unwrap();
    }
    let text = r#""$2y$10$abcdefghijklmnopqrstuu\/1234567890123456789012345678ab""#;
    assert_eq!(described(text, &find(text, "data", ALL), true), format!("\"{hash}\""));
}

/// In JSON a line break is two signs, of which the second is a letter, and the numbers of a list may touch their commas.
#[test]
fn what_json_puts_around_a_secret_hides_none() {
    let text = r#"{"a":[1,4111111111111111,5555555555554444],"b":"x\n4111 1111 1111 1111\t078-05-1120","c":"\u00a04111111111111111",
        "d":"key\r\n-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\nAKIAIOSFODNN7EXAMPLE","e":"argon2$argon2id$v=19$m=65536,t=3$c29tZXNhbHQ$RdescudvJCsgt3ub"}"#;
    let out = described(text, &find(text, "data", ALL), true);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    let card = "[held, not disclosed: payment card number]";
    assert_eq!(value["a"], serde_json::json!([1, card, card]));
    assert_eq!(value["b"], format!("x\n{card}\t[held, not disclosed: national number (US SSN)]"));
    assert_eq!(value["c"], format!("\u{a0}{card}"));
    let key = "[held, not disclosed: private key]";
    assert_eq!(value["d"], format!("key\r\n{key}\n[held, not disclosed: access key]"));
    assert_eq!(value["e"], "argon2[held, not disclosed: stored password]");
}

/// One of each form, in ASCII, the shortest that there are of each kind of token.
const SECRETS: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "4222222222222",
    "078-05-1120",
    "078051120",
    "86 095 742 719",
    "AB 12 34 56 C",
    "X1234567L",
    "12345678-Z",
    "RSSMRA85T10A562S",
    "529.982.247-25",
    "NO9386011117947",
    "AKIAIOSFODNN7EXAMPLE",
    "$1$abcdefgh$abcdefghijkl",
    "eyJhbGciOi.eyJzdWIiOi.",
    "sk_live_abcdefghijklmnop",
    "glpat-abcdefghijklmnopqrst",
];

#[test]
fn each_of_the_shortest_is_found() {
    for secret in SECRETS {
        assert_eq!(find(secret, "card ssn", ALL).len(), 1, "{secret}");
        assert_eq!(find(secret, "card ssn", ALL)[0].at, 0..secret.len(), "{secret}");
    }
    assert_eq!(find("-----BEGIN PRIVATE KEY", "", ALL).len(), 1);
}

proptest! {
    #[test]
    fn any_text_is_taken_and_found_places_are_in_order(text in "\\PC{0,80}") {
        let found = find(&text, "x", ALL);
        prop_assert!(found.windows(2).all(|two| two[0].at.end <= two[1].at.start));
        described(&text, &found, false);
    }

    #[test]
    fn numbers_of_any_division_are_taken(text in "[0-9A-Z $.+-]{0,60}") {
        described(&text, &find(&text, "card", ALL), true);
    }

    /// A text is passed over because it is short or has few digits; none is for which more of either would have made a
    /// difference.
    #[test]
    fn what_is_passed_over_holds_nothing(
        parts in prop::collection::vec(prop::sample::select(SECRETS), 1..4),
        between in "[ .,:$+\n-]{0,2}",
        (from, to) in (0_usize..12, 0_usize..12),
        beside in prop::sample::select(&["note", "card", "ssn", "cpf"][..]),
    ) {
        let whole = parts.join(&between);
        let text = &whole[from.min(whole.len())..whole.len().saturating_sub(to).max(from.min(whole.len()))];
        let looked_at = format!("{text}{}|000000|", "\n".repeat(40));
        prop_assert_eq!(find(text, beside, ALL), find(&looked_at, beside, ALL));
    }

    /// What a database counts up is no secret: no number of twelve digits or fewer is taken for one by itself.
    #[test]
    fn small_numbers_stay(number in 0_u64..1_000_000_000_000) {
        let text = number.to_string();
        prop_assert_eq!(seen(&text, "id", Forms::for_answer(&[])), text);
    }
}

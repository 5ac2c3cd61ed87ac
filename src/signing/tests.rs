use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const KIND: &str = "habeas-receipt+jwt";

fn signer() -> Signer {
    Signer::new(&[7; 32], KeySet { keys: Vec::new() })
}

fn base64url(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// RFC 8037 appendix A: the key, its thumbprint, and the signature over its example.
#[test]
fn the_vectors_of_rfc_8037_hold() {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let signer = Signer::new(&seed.try_into().unwrap(), KeySet { keys: Vec::new() });
    assert_eq!(signer.key().x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(signer.key().kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let signature = signer.pair.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    assert_eq!(
        URL_SAFE_NO_PAD.encode(signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn what_was_signed_is_opened_by_the_published_keys() {
    let signer = signer();
    let jws = signer.sign(KIND, b"{}");
    assert_eq!(jws, signer.sign(KIND, b"{}"), "the same content, the same text");
    assert_eq!(signer.published().open(KIND, &jws), Ok(b"{}".to_vec()));
    let published = KeySet::parse(&serde_json::to_string(signer.published()).unwrap()).unwrap();
    assert_eq!(published.open(KIND, &jws), Ok(b"{}".to_vec()));
}

/// Somebody else's library reads it too, with nothing but the published key.
#[test]
fn it_is_a_jwt_like_any_other() {
    let signer = signer();
    let jws = signer.sign(KIND, br#"{"iss":"https://privacy.shop.example","exp":4102444800}"#);
    let set: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(serde_json::to_value(signer.published()).unwrap()).unwrap();
    let header = jsonwebtoken::decode_header(&jws).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
    let validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    let claims = jsonwebtoken::decode::<Value>(&jws, &key, &validation).unwrap().claims;
    assert_eq!(claims["iss"], "https://privacy.shop.example");
}

#[test]
fn a_retired_key_stays_published_and_its_receipts_good() {
    let before = signer();
    let after = Signer::new(&[8; 32], before.published().clone());
    assert_eq!(after.published().keys.len(), 2);
    assert_eq!(after.published().open(KIND, &before.sign(KIND, b"{}")), Ok(b"{}".to_vec()));
    assert_eq!(before.published().open(KIND, &after.sign(KIND, b"{}")), Err(Forged::UnknownKey));
}

/// Every forgery here has been believed by some library once.
#[rstest]
#[case::empty("", Forged::Malformed)]
#[case::no_dots("abc", Forged::Malformed)]
#[case::two_parts("e30.e30", Forged::Malformed)]
#[case::not_base64("e30.e30.%%%", Forged::Malformed)]
#[case::four_parts("e30.e30.e30.e30", Forged::Malformed)]
fn what_is_no_jws_is_refused(#[case] jws: &str, #[case] expected: Forged) {
    assert_eq!(signer().published().open(KIND, jws), Err(expected));
}

#[rstest]
#[case::no_algorithm(json!({"alg": "none", "typ": KIND}), Forged::Header)]
#[case::none(json!({"alg": "none", "typ": KIND, "kid": "own"}), Forged::Header)]
#[case::public_key_as_hmac_secret(json!({"alg": "HS256", "typ": KIND, "kid": "own"}), Forged::Header)]
#[case::other_case(json!({"alg": "eddsa", "typ": KIND, "kid": "own"}), Forged::Header)]
#[case::a_session_token(json!({"alg": "EdDSA", "typ": "JWT", "kid": "own"}), Forged::Header)]
#[case::no_type(json!({"alg": "EdDSA", "kid": "own"}), Forged::Header)]
#[case::critical_extension(json!({"alg": "EdDSA", "typ": KIND, "kid": "own", "crit": ["b64"], "b64": false}), Forged::Header)]
#[case::brings_its_own_key(json!({"alg": "EdDSA", "typ": KIND, "kid": "own", "jwk": {}}), Forged::Header)]
#[case::unknown_key(json!({"alg": "EdDSA", "typ": KIND, "kid": "other"}), Forged::UnknownKey)]
fn a_header_of_somebody_elses_making_is_refused(#[case] mut header: Value, #[case] expected: Forged) {
    let signer = signer();
    if header["kid"] == "own" {
        header["kid"] = signer.key().kid.clone().into();
    }
    // Signed with the right key all the same: it is the header that is wrong.
    let signed = format!("{}.{}", base64url(&header), base64url(&json!({})));
    let signature = URL_SAFE_NO_PAD.encode(signer.pair.sign(signed.as_bytes()));
    assert_eq!(signer.published().open(KIND, &format!("{signed}.{signature}")), Err(expected));
    assert_eq!(signer.published().open(KIND, &format!("{signed}.")), Err(expected), "without a signature");
}

#[test]
fn a_signature_of_one_content_does_not_fit_another() {
    let signer = signer();
    let (one, other) = (signer.sign(KIND, b"{\"rows\":1}"), signer.sign(KIND, b"{\"rows\":2}"));
    let (signed, _) = one.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert_eq!(signer.published().open(KIND, &format!("{signed}.{signature}")), Err(Forged::Signature));
    let thief = Signer::new(&[9; 32], KeySet { keys: Vec::new() });
    let stolen_kid = thief.pair.sign(signed.as_bytes());
    let stolen = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(stolen_kid));
    assert_eq!(signer.published().open(KIND, &stolen), Err(Forged::Signature));
}

#[rstest]
#[case::private(
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGx"}]}"#,
    "private"
)]
#[case::other_curve(
    r#"{"keys":[{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    "Ed25519"
)]
#[case::too_short(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qY"}]}"#, "32 bytes")]
#[case::somebody_elses_kid(
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"x"}"#,
    "thumbprint"
)]
#[case::no_json("hello", "not a set of keys")]
fn a_key_that_cannot_be_trusted_is_refused(#[case] text: &str, #[case] expected: &str) {
    let error = KeySet::parse(text).unwrap_err();
    assert!(error.contains(expected) && !error.contains("nWGx"), "{error}");
}

#[test]
fn a_key_alone_is_a_set_of_one() {
    let set = KeySet::parse(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
    assert_eq!(set.unwrap().keys[0].kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

proptest! {
    #[test]
    fn any_changed_character_is_noticed(at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let signer = signer();
        let mut jws = signer.sign(KIND, br#"{"reference":"DSR-7K2M-94QX","rows":12}"#).into_bytes();
        let at = at.index(jws.len());
        prop_assume!(jws[at] != byte);
        jws[at] = byte;
        prop_assert!(signer.published().open(KIND, std::str::from_utf8(&jws).unwrap()).is_err());
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(signer().published().open(KIND, &text).is_err());
    }
}

//! What is sent is signed as a whole: an HTTP message signature (RFC 9421) with the key that signs receipts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::Parcel;
use crate::signing::Signer;

/// What the signature is for (RFC 9421 section 2.3): it cannot be passed off as one of another purpose.
const TAG: &str = "habeas-transmission";

/// The headers of a parcel, the signature among them.
///
/// The key also signs receipts. One cannot be taken for the other: what is signed here begins with a quotation mark, and
/// what a JWS signs never holds one.
pub(super) fn headers<R>(
    signer: &Signer,
    target: &str,
    parcel: &Parcel<R>,
    now: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        // RFC 9530.
        ("content-digest", format!("sha-256=:{}:", STANDARD.encode(parcel.sha256))),
        ("content-type", "application/zip".to_owned()),
        ("content-length", parcel.bytes.to_string()),
        ("idempotency-key", format!("\"{}\"", parcel.id)),
    ];
    let (parameters, base) = base(target, &headers, &signer.key().kid, now);
    let signature = STANDARD.encode(signer.sign_message(base.as_bytes()));
    headers.push(("signature-input", format!("habeas={parameters}")));
    headers.push(("signature", format!("habeas=:{signature}:")));
    headers
}

/// The signature's parameters and its base (RFC 9421 section 2.5).
fn base(target: &str, headers: &[(&str, String)], kid: &str, now: DateTime<Utc>) -> (String, String) {
    let derived = [("@method", "POST"), ("@target-uri", target)];
    let covered = derived.into_iter().chain(headers.iter().map(|(name, value)| (*name, value.as_str())));
    let (names, lines): (Vec<String>, Vec<String>) =
        covered.map(|(name, value)| (format!("\"{name}\""), format!("\"{name}\": {value}\n"))).unzip();
    let created = now.timestamp();
    let parameters = format!("({});created={created};keyid=\"{kid}\";alg=\"ed25519\";tag=\"{TAG}\"", names.join(" "));
    let base = format!("{}\"@signature-params\": {parameters}", lines.concat());
    (parameters, base)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::signing::KeySet;

    #[test]
    fn the_base_is_as_the_rfc_says() {
        let headers = [("content-type", "application/zip".to_owned()), ("content-length", "9".to_owned())];
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (_, base) = base("https://intake.example/habeas?for=1", &headers, "key-1", now);
        insta::assert_snapshot!(base, @r#"
        "@method": POST
        "@target-uri": https://intake.example/habeas?for=1
        "content-type": application/zip
        "content-length": 9
        "@signature-params": ("@method" "@target-uri" "content-type" "content-length");created=1800000000;keyid="key-1";alg="ed25519";tag="habeas-transmission"
        "#);
    }

    #[test]
    fn the_published_key_verifies_it() {
        let signer = Signer::new(&[7; 32], KeySet { keys: Vec::new() });
        let parcel = Parcel { id: uuid::Uuid::nil(), bytes: 9, sha256: [1; 32], content: std::io::empty() };
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let all = headers(&signer, "https://intake.example/", &parcel, now);
        let value = |name| all.iter().find(|(n, _)| *n == name).unwrap().1.clone();
        let signature = value("signature");
        let signature = signature.strip_prefix("habeas=:").unwrap().strip_suffix(':').unwrap();
        let (_, base) = base("https://intake.example/", &all[..4], &signer.key().kid, now);
        let key = UnparsedPublicKey::new(&ED25519, URL_SAFE_NO_PAD.decode(&signer.key().x).unwrap());
        key.verify(base.as_bytes(), &STANDARD.decode(signature).unwrap()).unwrap();
        assert!(value("signature-input").starts_with("habeas=(\"@method\" \"@target-uri\" \"content-digest\""));
        assert_eq!(value("idempotency-key"), "\"00000000-0000-0000-0000-000000000000\"");
    }
}

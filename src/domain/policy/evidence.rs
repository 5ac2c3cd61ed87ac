//! What a policy says about showing who one is: questions, names, the declaration, the account's sign-in.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use super::Policy;
use crate::domain::regime::Regime;
use crate::domain::request::Particulars;
use crate::domain::verification::{Claim, Declaration, FieldPath, Question, Ways};

/// What an approval does where the evidence asked for is not there yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Whoever approves answers for the person's identity, and the trail says so.
    #[default]
    Vouches,
    /// It is refused, naming what is missing.
    NeedsEvidence,
}

/// The company's own identity provider, whose tokens say who signed in (OpenID Connect Core 1.0).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The `iss` of its tokens, character for character.
    pub issuer: String,
    /// The `aud` under which Habeas is known there.
    pub audience: String,
    /// Where its public keys are (RFC 7517): `https`, or `http` on this machine.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// A file with its public keys instead; relative to the configuration's folder.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// The signatures taken. None with a shared secret, and not "none", can be named.
    #[serde(default = "usual")]
    pub algorithms: Vec<Algorithm>,
    /// The claim that names the person: `email`, or the one that holds the account's number.
    #[serde(default = "email")]
    pub claim: String,
    /// How many seconds ago the person may have signed in.
    #[serde(default = "five_minutes")]
    pub max_age: u32,
}

/// A signature made with a private key (RFC 7518 section 3.1, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, clippy::upper_case_acronyms)]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

fn usual() -> Vec<Algorithm> {
    vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]
}

fn email() -> String {
    "email".to_owned()
}

fn five_minutes() -> u32 {
    300
}

impl SignIn {
    /// What of a token names the person.
    pub fn names(&self) -> Claim {
        if self.claim == "email" { Claim::Email } else { Claim::Account }
    }

    /// What is wrong with it: the key it stands under, and why.
    fn contradiction(&self) -> Option<(&'static str, String)> {
        match (&self.jwks_url, &self.jwks_file) {
            (Some(url), None) if !is_safe(url) => Some((
                "jwks_url",
                "keys fetched without https can be anybody's: write https://…, or http:// with a loopback address"
                    .into(),
            )),
            (Some(_), None) | (None, Some(_)) => None,
            _ => Some(("[sign_in]", "name the keys once: `jwks_url` or `jwks_file`".into())),
        }
        .or_else(|| self.algorithms.is_empty().then(|| ("algorithms", "name at least one algorithm".into())))
        .or_else(|| {
            let fits = (30..=86_400).contains(&self.max_age);
            (!fits).then(|| ("max_age", "write 30 to 86400 seconds".into()))
        })
    }
}

/// Whether nobody between here and there can change what comes back.
fn is_safe(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    // An address, not a name: a name's answer is another's to give. And no `user@host`.
    host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Policy {
    /// What a person can do by themselves to show who they are for one request. Nothing is asked about a field that the
    /// request wants corrected: what is disputed proves nothing (11 CCR 7060-7062).
    pub fn ways(&self, particulars: &Particulars) -> Ways {
        let sign_in = self.sign_in.as_ref().map(SignIn::names);
        let sign_in = sign_in.filter(|c| *c == Claim::Email || particulars.person.account_id.is_some());
        let asked = self.verification_questions.iter().filter(|q| !is_disputed(&q.field, particulars));
        Ways { sign_in, questions: asked.map(|q| q.id.clone()).collect() }
    }

    /// The text a person signs: the policy's, else the law's, else a plain one.
    pub fn declaration_under(&self, regime: Option<&Regime>) -> Declaration {
        let by_law = || regime.and_then(|r| r.declaration.clone());
        self.declaration.clone().or_else(by_law).unwrap_or_else(Declaration::plain)
    }

    /// The question of that id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.verification_questions.iter().find(|q| q.id == id)
    }

    /// What the file says about evidence that cannot be meant: the key it stands under, and why.
    pub(super) fn contradiction(&self) -> Option<(String, String)> {
        let mut ids = BTreeSet::new();
        let mut fields = BTreeSet::new();
        for question in &self.verification_questions {
            if !ids.insert(&question.id) {
                let message = format!("the question `{}` stands there twice", question.id);
                return Some((format!("\"{}\"", question.id), message));
            }
            if !fields.insert(&question.field) {
                let message = format!("two questions about {} are one data point", question.field);
                return Some((format!("\"{}\"", question.id), message));
            }
        }
        self.sign_in.as_ref()?.contradiction().map(|(key, message)| (key.to_owned(), message))
    }
}

/// Whether the request wants the field corrected.
pub fn is_disputed(field: &FieldPath, particulars: &Particulars) -> bool {
    let same = |dataset: &str, collection: &str, name: &str| {
        field.dataset == dataset && field.collection == collection && field.field == name
    };
    particulars.corrections.iter().any(|c| same(&c.dataset, &c.collection, &c.field))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://id.example/jwks", true)]
    #[case("http://127.0.0.1:9000/jwks", true)]
    #[case("http://[::1]:9000/jwks", true)]
    #[case("http://id.example/jwks", false)]
    #[case("http://localhost/jwks", false)]
    #[case("http://127.0.0.1@evil.example/jwks", false)]
    #[case("http://127.0.0.1.evil.example/jwks", false)]
    #[case("file:///etc/jwks", false)]
    fn keys_come_over_https_or_from_this_machine(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_safe(url), expected);
    }

    #[rstest]
    #[case("[sign_in]\nissuer = \"i\"\naudience = \"a\"\n", "p.toml:6: name the keys once")]
    #[case(
        "[sign_in]\nissuer = \"i\"\naudience = \"a\"\njwks_url = \"http://id.example/\"\n",
        "p.toml:9: keys fetched"
    )]
    #[case(
        "[sign_in]\nissuer = \"i\"\naudience = \"a\"\njwks_file = \"k\"\nalgorithms = [\"HS256\"]\n",
        "p.toml:10: unknown variant `HS256`"
    )]
    #[case(
        "[[verification_questions]]\nid = \"b\"\ntext = \"When?\"\nfield = \"birthdate\"\n",
        "p.toml:9: name a field as `dataset.collection.field`"
    )]
    #[case(
        "[[verification_questions]]\nid = \"b\"\ntext = \"?\"\nfield = \"a.b.c\"\n[[verification_questions]]\nid = \"d\"\ntext = \"?\"\nfield = \"a.b.c\"\n",
        "p.toml:11: two questions about a.b.c"
    )]
    fn what_cannot_be_meant_is_told_with_its_line(#[case] more: &str, #[case] expected: &str) {
        let text = format!("{}{more}", super::super::tests::SMALL);
        let finding = Policy::parse("p.toml", &text).unwrap_err().to_string();
        assert!(finding.starts_with(expected), "{finding}");
    }
}

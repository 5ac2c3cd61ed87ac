//! A `masking_strategy_override` becomes a strategy, or an error on its line.

use super::document::{Entry, Node, Value};
use super::reading::Reading;
use crate::domain::masking::{Algorithm, Masking, Truncation};

/// What a collection or a field asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Override {
    /// Its rows are deleted; a collection's only.
    Delete,
    Mask(Masking),
}

/// What stands in a `configuration`, before the strategy says what of it counts.
#[derive(Default)]
struct Configuration {
    given: Vec<(String, usize)>,
    rewrite: Option<String>,
    suffix: Option<String>,
    length: Option<usize>,
    algorithm: Option<Algorithm>,
    to: Option<Truncation>,
}

pub(super) fn of_collection(reading: &mut Reading<'_>, node: &Node) -> Option<Override> {
    read(reading, node)
}

pub(super) fn of_field(reading: &mut Reading<'_>, node: &Node) -> Option<Masking> {
    match read(reading, node)? {
        Override::Mask(masking) => Some(masking),
        Override::Delete => {
            reading.error(node.line, "`delete` is for collections: a field of a row that stays is masked");
            None
        }
    }
}

fn read(reading: &mut Reading<'_>, node: &Node) -> Option<Override> {
    let (mut strategy, mut configuration) = (None, Configuration::default());
    for Entry { key, line, value } in reading.map(node, "`masking_strategy_override`") {
        match key.as_str() {
            "strategy" => strategy = reading.text(value, "`strategy`").map(|name| (name, value.line)),
            "configuration" => configuration = read_configuration(reading, value),
            other => reading.error(*line, format!("`{other}` of a masking strategy is not known")),
        }
    }
    let Some((name, line)) = strategy else {
        reading.error(node.line, "`masking_strategy_override` needs its `strategy`");
        return None;
    };
    let Some(takes) = takes(&name) else {
        let message =
            format!("the masking strategy `{name}` is not known; known are {}", KNOWN.map(|k| k.0).join(", "));
        reading.error(line, message);
        return None;
    };
    for (key, line) in configuration.given.iter().filter(|(key, _)| !takes.contains(&key.as_str())) {
        reading.error(*line, format!("`{key}` is no part of the `configuration` of `{name}`"));
    }
    strategy_of(reading, node, &name, configuration)
}

/// The strategies, and what their configuration may hold.
const KNOWN: [(&str, &[&str]); 10] = [
    ("delete", &[]),
    ("null_rewrite", &[]),
    ("string_rewrite", &["rewrite_value", "format_preservation"]),
    ("random_string_rewrite", &["length", "format_preservation"]),
    ("hash", &["algorithm", "format_preservation"]),
    ("hmac", &["algorithm", "format_preservation"]),
    ("aes_encrypt", &["mode", "format_preservation"]),
    ("preserve", &[]),
    ("keep_domain", &[]),
    ("date_truncate", &["to"]),
];

fn takes(name: &str) -> Option<&'static [&'static str]> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, takes)| *takes)
}

/// What Fides writes without a `length`.
const RANDOM_LENGTH: usize = 30;

fn strategy_of(reading: &mut Reading<'_>, node: &Node, name: &str, given: Configuration) -> Option<Override> {
    let Configuration { suffix, rewrite, .. } = given;
    let algorithm = given.algorithm.unwrap_or(Algorithm::Sha256);
    let masking = match name {
        "delete" => return Some(Override::Delete),
        "string_rewrite" => match rewrite {
            Some(text) => Masking::StringRewrite { text, suffix },
            None => {
                reading.error(node.line, "`string_rewrite` needs `configuration` with its `rewrite_value`");
                return None;
            }
        },
        "random_string_rewrite" => {
            Masking::RandomStringRewrite { length: given.length.unwrap_or(RANDOM_LENGTH), suffix }
        }
        "hash" => Masking::Hash { algorithm, suffix },
        "hmac" => Masking::Hmac { algorithm, suffix },
        "aes_encrypt" => Masking::AesEncrypt { suffix },
        "preserve" => Masking::Preserve,
        "keep_domain" => Masking::KeepDomain,
        "date_truncate" => match given.to {
            Some(to) => Masking::DateTruncate { to },
            None => {
                reading.error(node.line, "`date_truncate` needs `configuration` with `to: year` or `to: month`");
                return None;
            }
        },
        _ => Masking::NullRewrite,
    };
    Some(Override::Mask(masking))
}

fn read_configuration(reading: &mut Reading<'_>, node: &Node) -> Configuration {
    let mut read = Configuration::default();
    for Entry { key, line, value } in reading.map(node, "`configuration`") {
        match (key.as_str(), &value.value) {
            // Fides writes out what is not set.
            (_, Value::Null) => continue,
            ("rewrite_value", Value::Text(text)) => read.rewrite = Some(text.clone()),
            ("rewrite_value", _) => reading.error(*line, "`rewrite_value` must be a text"),
            ("format_preservation", _) => read.suffix = suffix(reading, value),
            ("length", _) => read.length = length(reading, value),
            ("algorithm", _) => read.algorithm = algorithm(reading, value),
            ("mode", Value::Text(mode)) if mode.eq_ignore_ascii_case("gcm") => {}
            ("mode", _) => reading.error(*line, "`mode` is GCM, the only one that also notices changes"),
            ("to", Value::Text(to)) if to == "year" => read.to = Some(Truncation::Year),
            ("to", Value::Text(to)) if to == "month" => read.to = Some(Truncation::Month),
            ("to", _) => reading.error(*line, "`to` is `year` or `month`"),
            (other, _) => {
                reading.error(*line, format!("`{other}` of a masking `configuration` is not known"));
                continue;
            }
        }
        read.given.push((key.clone(), *line));
    }
    read
}

fn suffix(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let mut suffix = None;
    for entry in reading.map(node, "`format_preservation`") {
        match entry.key.as_str() {
            "suffix" => suffix = reading.optional_text(&entry.value, "`suffix`"),
            other => reading.error(entry.line, format!("`{other}` of `format_preservation` is not known; `suffix` is")),
        }
    }
    suffix
}

fn length(reading: &mut Reading<'_>, node: &Node) -> Option<usize> {
    let length = reading.text(node, "`length`")?.parse().ok().filter(|n| (1..=10_000).contains(n));
    if length.is_none() {
        reading.error(node.line, "`length` must be a whole number from 1 to 10000");
    }
    length
}

/// `SHA-512` in a dataset, `SHA_512` in older ones.
fn algorithm(reading: &mut Reading<'_>, node: &Node) -> Option<Algorithm> {
    let name = reading.text(node, "`algorithm`")?.to_ascii_uppercase().replace(['-', '_'], "");
    match name.as_str() {
        "SHA256" => Some(Algorithm::Sha256),
        "SHA512" => Some(Algorithm::Sha512),
        _ => {
            reading.error(node.line, "`algorithm` is SHA-256 or SHA-512");
            None
        }
    }
}

//! `habeas receipt verify`: whoever holds a receipt finds out whether this server signed it, and what it says.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, assemble};
use crate::config::Config;
use crate::signing::{KeySet, Signer};
use crate::store::Keys;
use crate::usecases::receipt;

/// The longest receipt and the longest key set that are read, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What to check, and with which keys.
#[derive(clap::Args)]
pub struct Args {
    /// The receipt: a file, such as `receipt.jws` of a package, or - for standard input.
    #[arg(value_name = "FILE|-")]
    receipt: String,
    /// The keys: the address of a server's `/.well-known/jwks.json`, or a file with its content. Left out, this
    /// server's own key and those it retired.
    #[arg(long, value_name = "URL|FILE")]
    keys: Option<String>,
}

/// Prints what a receipt says, in words and as JSON; exit 1 when it is not to be believed.
///
/// # Errors
/// When receipt or keys cannot be read, or the signature is not good.
pub fn verify(args: &Args, config: impl FnOnce() -> Result<Config, Failure>) -> Result<ExitCode, Failure> {
    let jws = match args.receipt.as_str() {
        "-" => text(std::io::stdin().lock(), "standard input")?,
        file => text_of(Path::new(file))?,
    };
    let keys = match &args.keys {
        Some(place) => named(place)?,
        None => own(&config()?)?,
    };
    let receipt = receipt::verify(&keys, jws.trim()).map_err(Failure::of)?;
    let json = serde_json::to_string_pretty(&receipt).map_err(Failure::of)?;
    println!("The signature is good.\n\n{}\n\n{json}", receipt.words());
    Ok(ExitCode::SUCCESS)
}

/// This server's keys. A key file that is not there is not made: a new key could have signed nothing.
fn own(config: &Config) -> Result<KeySet, Failure> {
    let key_file = config.path(&config.secrets.key_file);
    if !key_file.exists() {
        let message = format!("there is no key at {}; name the signer's with --keys URL or FILE", key_file.display());
        return Err(Failure::Message(message));
    }
    let keys = Keys::load_or_create(&key_file, crate::clock::random).map_err(Failure::of)?;
    Ok(Signer::new(keys.signing_seed(), assemble::retired_keys(config)?).published().clone())
}

fn named(place: &str) -> Result<KeySet, Failure> {
    let text = if place.starts_with("https://") || place.starts_with("http://") {
        fetched(place)?
    } else {
        text_of(Path::new(place))?
    };
    KeySet::parse(&text).map_err(|error| Failure::Message(format!("{place}: {error}")))
}

fn fetched(url: &str) -> Result<String, Failure> {
    let failed = |error: reqwest::Error| Failure::Message(format!("{url}: {}", error.without_url()));
    let client = reqwest::blocking::Client::builder().timeout(Duration::from_secs(20)).build().map_err(failed)?;
    let answer = client.get(url).send().and_then(|answer| answer.error_for_status()).map_err(failed)?;
    text(answer, url)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let file = std::fs::File::open(path).map_err(|e| Failure::Message(format!("{}: {e}", path.display())))?;
    text(file, &path.display().to_string())
}

fn text(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut text = String::new();
    from.take(LONGEST).read_to_string(&mut text).map_err(|e| Failure::Message(format!("{name}: {e}")))?;
    Ok(text)
}

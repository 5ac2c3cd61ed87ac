//! `habeas deadline` tells when something is due under a law, and shows its working.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::deadline::{Confidence, DeadlineError, Options, Pause, deadline};
use crate::domain::ids::RegimeId;
use crate::domain::regime::Duty;
use crate::regimes::Regimes;

/// When is it due?
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The law, as the file in `regimes/` names it: gdpr, uk-gdpr, ccpa, us-va, …
    #[arg(long)]
    pub regime: String,
    /// The day of receipt in the controller's time zone, as 2026-01-31.
    #[arg(long)]
    pub received: NaiveDate,
    /// What is due: response, acknowledgement, opt_out or appeal.
    #[arg(long, default_value_t = Duty::Response)]
    pub duty: Duty,
    /// With the one extension that the law allows.
    #[arg(long)]
    pub extended: bool,
    /// The controller's country (ISO 3166-1, as DE), whose public holidays count.
    #[arg(long, value_parser = country)]
    pub country: Option<String>,
    /// The day on which the proof of identity came that was asked for, where the law starts the clock with it.
    #[arg(long, value_name = "DATE")]
    pub proof: Option<NaiveDate>,
    /// A time in which the clock stood still, as 2026-06-08/2026-06-15, both days counted; can be repeated.
    #[arg(long, value_name = "FROM/TO")]
    pub paused: Vec<Pause>,
}

fn country(text: &str) -> Result<String, &'static str> {
    let code = text.to_ascii_uppercase();
    let letters = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    letters.then_some(code).ok_or("a country is two letters (ISO 3166-1), as DE")
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such regime.
    #[error("there is no regime `{regime}`; known are {known}")]
    UnknownRegime {
        /// What was asked for.
        regime: String,
        /// All there are.
        known: String,
    },
    /// The law gives no rights on the day of receipt.
    #[error("`{regime}` is in force from {from} on only")]
    NotInForce {
        /// The regime.
        regime: String,
        /// Its first day.
        from: NaiveDate,
    },
    /// There is no such deadline.
    #[error(transparent)]
    Deadline(#[from] DeadlineError),
}

/// The answer, in the keys and order that callers rely on.
#[derive(Serialize)]
struct Answer {
    due: NaiveDate,
    rule: String,
    steps: Vec<String>,
    citation: String,
    confidence: Confidence,
}

/// Computes the deadline and gives it as one JSON object.
///
/// # Errors
/// Where the regime is unknown or knows no such deadline.
pub fn run(args: &Args, regimes: &Regimes) -> Result<String, Error> {
    let regime = regimes.get(&RegimeId::from(args.regime.as_str())).ok_or_else(|| Error::UnknownRegime {
        regime: args.regime.clone(),
        known: regimes.iter().map(|regime| regime.id.as_str()).collect::<Vec<_>>().join(", "),
    })?;
    if !regime.is_in_force(args.received) {
        return Err(Error::NotInForce { regime: args.regime.clone(), from: regime.in_force });
    }
    let options = Options {
        extended: args.extended,
        country: args.country.clone(),
        proof: args.proof,
        paused: args.paused.clone(),
        promised: None,
    };
    let found = deadline(regime, args.duty, args.received, &options)?;
    let answer = Answer {
        due: found.due,
        rule: found.rule,
        steps: found.steps,
        citation: found.citation,
        confidence: found.confidence,
    };
    Ok(serde_json::to_string_pretty(&answer).expect("strings and dates are always JSON"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn habeas_deadline(line: &str) -> Result<String, String> {
        let words = std::iter::once("deadline").chain(line.split_whitespace());
        let command = Command::try_parse_from(words).map_err(|error| error.to_string())?;
        run(&command.args, &Regimes::embedded().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_answer_shows_its_working() {
        insta::assert_snapshot!(habeas_deadline("--regime gdpr --received 2026-11-25 --country de").unwrap(), @r#"
        {
          "due": "2026-12-28",
          "rule": "one month after receipt; a last day that is no working day moves to the next one",
          "steps": [
            "one month after 2026-11-25 is 2026-12-25",
            "public holidays are those of Germany (all states)",
            "2026-12-25 is Christmas Day, 2026-12-26 is a Saturday, 2026-12-27 is a Sunday → Monday 2026-12-28",
            "the law asks for it without undue delay: the date is the last day, not the aim"
          ],
          "citation": "GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71 Art. 3",
          "confidence": "high"
        }
        "#);
    }

    #[test]
    fn a_stopped_clock_shows_its_working() {
        let line = "--regime uk-gdpr --received 2026-06-01 --paused 2026-06-08/2026-06-15";
        insta::assert_snapshot!(habeas_deadline(line).unwrap(), @r#"
        {
          "due": "2026-07-09",
          "rule": "one month after receipt; a last day that is no working day moves to the next one",
          "steps": [
            "one month after 2026-06-01 is 2026-07-01",
            "the clock stood still from 2026-06-08 to 2026-06-15, both counted: 8 days more, from 2026-07-01 to 2026-07-09",
            "public holidays are those of United Kingdom (England and Wales)",
            "the law asks for it without undue delay: the date is the last day, not the aim"
          ],
          "citation": "UK GDPR Art. 12(3), 12A",
          "confidence": "high"
        }
        "#);
    }

    #[test]
    fn a_clock_that_starts_with_the_proof_shows_its_working() {
        let line = "--regime uk-gdpr --received 2026-06-01 --proof 2026-06-04 --paused 2026-06-08/2026-06-15";
        insta::assert_snapshot!(habeas_deadline(line).unwrap(), @r#"
        {
          "due": "2026-07-13",
          "rule": "one month after receipt; a last day that is no working day moves to the next one",
          "steps": [
            "received on 2026-06-01; the clock starts on 2026-06-04, when the proof of identity arrived that was asked for (UK GDPR Art. 12A)",
            "one month after 2026-06-04 is 2026-07-04",
            "the clock stood still from 2026-06-08 to 2026-06-15, both counted: 8 days more, from 2026-07-04 to 2026-07-12",
            "public holidays are those of United Kingdom (England and Wales)",
            "2026-07-12 is a Sunday → Monday 2026-07-13",
            "the law asks for it without undue delay: the date is the last day, not the aim"
          ],
          "citation": "UK GDPR Art. 12(3), 12A",
          "confidence": "high"
        }
        "#);
    }

    #[rstest]
    #[case("--regime gdpr --received 2026-02-30", "invalid value '2026-02-30'")]
    #[case("--regime gdpr --received 2026-01-31 --duty lunch", "unknown duty; known are response")]
    #[case("--regime gdpr --received 2026-01-31 --country Germany", "a country is two letters")]
    #[case("--regime gdpr --received 2026-01-31 --paused 2026-02-01", "a pause is written FROM/TO")]
    #[case("--regime uk-gdpr --received 2026-01-31 --paused 2026-02-09/2026-02-01", "ends before it begins")]
    #[case("--regime lex --received 2026-01-31", "there is no regime `lex`; known are app, appi, ccpa")]
    #[case("--regime dpdp --received 2026-01-31", "`dpdp` is in force from 2027-05-13 on only")]
    #[case("--regime gdpr --received 2026-01-31 --duty appeal", "gdpr sets no period for `appeal`")]
    #[case("--regime ccpa --received 2026-01-31 --paused 2026-02-01/2026-02-09", "ccpa does not let the clock")]
    #[case("--regime gdpr --received 2026-01-31 --proof 2026-02-09", "gdpr counts `response` from receipt, whenever")]
    #[case("--regime lgpd --received 2026-01-31 --extended", "lgpd allows no extension of `response`")]
    #[case("--regime gdpr --received 9999-12-31", "outside of the years 1900 to 9000")]
    fn what_cannot_be_computed_is_said(#[case] line: &str, #[case] expected: &str) {
        let error = habeas_deadline(line).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

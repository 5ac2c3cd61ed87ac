//! What a service answered is checked when it comes: rows are put aside sealed, words are read strictly.

use std::io::{BufWriter, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::follow::file_key;
use super::super::{Error, Office};
use super::question::Message;
use crate::clock;
use crate::connectors::ConnectorError;
use crate::connectors::http::messages::{Corrected, Erased, Find, Question};
use crate::connectors::http::rows::{self, Format};
use crate::domain::delivery::{Answer, Delivery};
use crate::domain::ids::RequestId;
use crate::domain::personal::Personal;
use crate::fulfilment::handed::{Gathering, HandedCollection};
use crate::fulfilment::{FulfilmentError, services};
use crate::packaging::sealed::SealedWriter;
use crate::packaging::shelf::ShelfFile;

/// The longest answer that is no rows, in bytes.
const LONGEST_WORDS: u64 = 1024 * 1024;

/// Takes the answer to a message. Blocks.
///
/// # Errors
/// When it has not the form that was agreed, or names what the dataset does not describe.
pub(super) fn take(office: &Office, delivery: &Delivery, format: Format, from: impl Read) -> Result<Answer, Error> {
    let refuse = |why: String| FulfilmentError::System {
        system: delivery.occasion.system.clone(),
        source: ConnectorError::Statement(why),
    };
    match Message::of(delivery)?.question {
        Question::Find(find) => take_rows(office, delivery, &find, format, from),
        Question::Erase(find) => {
            let erased: Erased = words(from).map_err(refuse)?;
            match services::unfit(&erased, &find) {
                Some(why) => Err(refuse(why).into()),
                None => said(&erased),
            }
        }
        Question::Correct(asked) => {
            let corrected: Corrected = words(from).map_err(refuse)?;
            let (got, wanted) = (corrected.corrections.len(), asked.corrections.len());
            if got != wanted {
                return Err(refuse(format!("{wanted} corrections were asked for, {got} were answered")).into());
            }
            said(&corrected)
        }
        Question::OptOut(_) => {
            let Noted {} = words(from).map_err(refuse)?;
            Ok(Answer { file: None, said: Personal::new("{}".to_owned()) })
        }
    }
}

/// An opt-out was noted: an empty object, so that nothing else is taken for it, our own message sent back least of all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {}

/// Reads what [`take`] kept.
pub(super) fn read_back<T: DeserializeOwned>(said: &Personal<String>) -> Result<T, Error> {
    serde_json::from_str(said.expose()).map_err(|_| Error::Files("read an answer that was kept".into()))
}

fn said<T: Serialize>(what: &T) -> Result<Answer, Error> {
    let said = serde_json::to_string(what).map_err(|_| Error::Files("keep an answer".into()))?;
    Ok(Answer { file: None, said: Personal::new(said) })
}

fn words<T: DeserializeOwned>(from: impl Read) -> Result<T, String> {
    let mut bytes = Vec::new();
    from.take(LONGEST_WORDS).read_to_end(&mut bytes).map_err(|_| "the answer broke off".to_owned())?;
    serde_json::from_slice(&bytes).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        format!("the service's answer has not the form that was agreed: from line {line} column {column} on")
    })
}

fn take_rows(
    office: &Office,
    delivery: &Delivery,
    find: &Find,
    format: Format,
    from: impl Read,
) -> Result<Answer, Error> {
    let system = &delivery.occasion.system;
    let failed = |source| FulfilmentError::System { system: system.clone(), source };
    let file = clock::new_id(office.clock.now());
    let collections = put_aside(office, delivery.occasion.request, file, find, |gathering| {
        rows::read(from, format, &mut |collection, fields| gathering.add(collection, fields)).map_err(failed)
    })?;
    let said = serde_json::to_string(&collections).map_err(|_| Error::Files("keep an answer".into()))?;
    Ok(Answer { file: Some(file), said: Personal::new(said) })
}

/// Where rows are written.
pub(in crate::usecases) type Aside = BufWriter<SealedWriter<ShelfFile>>;

fn put_aside(
    office: &Office,
    request: RequestId,
    file: uuid::Uuid,
    find: &Find,
    fill: impl FnOnce(&mut Gathering<Aside>) -> Result<(), FulfilmentError>,
) -> Result<Vec<HandedCollection>, Error> {
    let broken = |e: std::io::Error| Error::Files(format!("keep rows that were handed over: {e}"));
    let collections = find.collections.iter().map(|(name, fields)| (name.as_str(), fields.as_slice()));
    let mut gathering = Gathering::new(begin(office, request, file)?, collections);
    fill(&mut gathering)?;
    let (collections, mut out) = gathering.finish();
    out.flush().map_err(broken)?;
    let sealed = out.into_inner().map_err(|e| broken(e.into_error()))?;
    sealed.finish().and_then(|file| file.commit()).map_err(broken)?;
    Ok(collections)
}

/// Begins a sealed file for rows that were handed over.
pub(in crate::usecases) fn begin(office: &Office, request: RequestId, file: uuid::Uuid) -> Result<Aside, Error> {
    let key = office.store.read_blocking(move |tx| file_key(tx, request))?;
    let out = office.handed.create(file).and_then(|out| SealedWriter::new(out, &key, clock::random()));
    Ok(BufWriter::new(out.map_err(|e| Error::Files(format!("keep rows that were handed over: {e}")))?))
}

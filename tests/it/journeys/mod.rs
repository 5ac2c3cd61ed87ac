//! The main job over HTTP: each journey on both stores, with the company's data in both kinds of database.

mod access;
mod agents;
mod appeals;
mod authorization;
mod bad_input;
mod bundle;
mod cancelled;
mod clocks;
mod commands;
mod correction;
mod crashes;
mod decisions;
mod deletion;
mod evidence;
mod failing;
mod free_text;
mod load;
mod metrics;
mod opt_out;
mod policies;
mod processes;
mod purge;
mod receipts;
mod records;
mod reminders;
mod retention;
mod rights;
mod second_factor;
mod services;
mod sign_in;
mod signals;
mod size;
mod staff;
mod switched_off;
mod tasks;
mod transmission;
mod unproved;
mod verification;
mod void_parts;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// The files of a package.
pub fn unzip(package: Vec<u8>) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(file.name().unwrap().into_owned(), text);
    }
    files
}

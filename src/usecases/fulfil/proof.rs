//! The record of an erasure, per system: counts, times and sums for the receipt, and no value of anybody's.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};

use super::erasure::Round;
use crate::domain::audit::Hash;
use crate::domain::ids::SystemId;
use crate::domain::proof::{CollectionProof, Found, KeptRows, RetainedRows, SecondSearch, SystemProof};
use crate::domain::request::{Action, Line};
use crate::fulfilment::Systems;
use crate::fulfilment::manifest::SystemManifest;

/// What `rounds` did, as `lines` count it, in every system that was searched.
pub(super) fn of(
    systems: &Systems,
    rounds: &[Round],
    lines: &[Line],
    retained: &[RetainedRows],
    searched_at: DateTime<Utc>,
) -> Vec<SystemProof> {
    systems.ids().map(|system| of_system(system, rounds, lines, retained, searched_at)).collect()
}

fn of_system(
    system: &SystemId,
    rounds: &[Round],
    lines: &[Line],
    retained: &[RetainedRows],
    searched_at: DateTime<Utc>,
) -> SystemProof {
    let part = |round: &Round| round.manifest.systems.iter().find(|part| part.system == *system).map(sum);
    let with: Vec<(&Round, String)> = rounds.iter().filter_map(|round| Some((round, part(round)?))).collect();
    SystemProof {
        started_at: with.iter().filter_map(|(round, _)| round.made_at).min(),
        finished_at: with.iter().filter_map(|(round, _)| *round.executed.get(system)?).max(),
        manifests: with.into_iter().map(|(_, sum)| sum).collect(),
        ..of_lines(system, lines, retained, searched_at)
    }
}

/// What services did that were asked to erase and then to search once more: by their own word, and without a manifest.
pub(super) fn of_services<'s>(
    systems: impl IntoIterator<Item = &'s SystemId>,
    lines: &[Line],
    retained: &[RetainedRows],
    searched_at: DateTime<Utc>,
) -> Vec<SystemProof> {
    systems.into_iter().map(|system| of_lines(system, lines, retained, searched_at)).collect()
}

/// What the lines say of a system, where the last search found nothing else.
fn of_lines(system: &SystemId, lines: &[Line], retained: &[RetainedRows], searched_at: DateTime<Utc>) -> SystemProof {
    let mut collections: Vec<CollectionProof> = Vec::new();
    for line in lines.iter().filter(|line| line.system == system.as_str() && line.rows > 0) {
        let same = |c: &CollectionProof| c.dataset == line.dataset && c.collection == line.collection;
        let at = collections.iter().position(same).unwrap_or_else(|| {
            let (dataset, collection) = (line.dataset.clone(), line.collection.clone());
            collections.push(CollectionProof { dataset, collection, deleted: 0, masked: 0, kept: Vec::new() });
            collections.len() - 1
        });
        match line.action {
            Action::Deleted => collections[at].deleted += line.rows,
            Action::Masked => collections[at].masked += line.rows,
            _ => collections[at].kept.push(kept(line, retained)),
        }
    }
    // What was put aside for a hold, or is read-only there, is in a line without a count, or among what is retained alone.
    let kept_back = lines.iter().any(|line| {
        line.system == system.as_str() && line.rows == 0 && !matches!(line.action, Action::Deleted | Action::Masked)
    });
    let some_stay = kept_back
        || collections.iter().any(|c| !c.kept.is_empty())
        || retained.iter().any(|rows| rows.system == system.as_str());
    let found = if some_stay { Found::NothingButKept } else { Found::Nothing };
    SystemProof {
        system: system.to_string(),
        started_at: None,
        finished_at: None,
        manifests: Vec::new(),
        collections,
        second_search: SecondSearch { at: searched_at, found },
    }
}

/// The rows of a line with their ground, and with its days where there are any.
fn kept(line: &Line, retained: &[RetainedRows]) -> KeptRows {
    let same = |r: &&RetainedRows| {
        let place = r.system == line.system && r.dataset == line.dataset && r.collection == line.collection;
        place && line.note.as_deref() == Some(r.kept.words().as_str())
    };
    retained.iter().find(same).map(|r| r.kept.clone()).unwrap_or_else(|| KeptRows {
        rows: line.rows,
        ground: line.note.clone().unwrap_or_default(),
        citation: None,
        next: None,
        until: None,
    })
}

/// SHA-256 of a manifest as it is sealed. Each row in it has a fingerprint over all its columns, so that nobody finds
/// the rows again by trying.
fn sum(part: &SystemManifest) -> String {
    let bytes = serde_json::to_vec(part).expect("a manifest is plain data that JSON can hold");
    Hash(digest(&SHA256, &bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")).to_hex()
}

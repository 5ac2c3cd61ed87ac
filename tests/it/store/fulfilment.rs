//! Steps and manifests: what a restart goes on from.

use habeas::store::{StepRow, StepState, StoreError};
use rstest::rstest;

use super::{Db, Home, at, id, seed};

fn step(ordinal: i32, state: StepState) -> StepRow {
    StepRow {
        ordinal,
        name: "erase".to_owned(),
        system: "crm".into(),
        dataset: "crm".to_owned(),
        collection: "customers".to_owned(),
        state,
        rows: 3,
        bytes: 7,
        error: (state == StepState::Failed).then(|| "crm is down".to_owned()),
        updated_at: at(ordinal.into()),
        since: (state == StepState::Failed).then(|| at(1)),
        attempts: i32::from(state == StepState::Failed),
    }
}

#[rstest]
fn a_step_is_replaced_by_its_ordinal(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    let put = |steps: Vec<StepRow>| home.store.write_blocking(move |tx| tx.put_steps(id(1), &steps)).unwrap();
    put(vec![step(2, StepState::Pending), step(1, StepState::Failed)]);
    put(vec![step(1, StepState::Done)]);
    let steps = || home.store.read_blocking(|tx| tx.steps(id(1))).unwrap();
    assert_eq!(steps(), [step(1, StepState::Done), step(2, StepState::Pending)]);
    home.store.write_blocking(|tx| tx.clear_steps(id(1))).unwrap();
    assert_eq!(steps(), []);
}

#[rstest]
fn a_manifest_can_be_replaced_until_it_was_carried_out(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    let put = |round, system: &'static str, bytes: &'static [u8]| {
        home.store.write_blocking(move |tx| tx.put_manifest(id(1), round, &system.into(), bytes))
    };
    put(2, "crm", b"later").unwrap();
    put(1, "shop", b"orders").unwrap();
    put(1, "crm", b"draft").unwrap();
    put(1, "crm", b"keys").unwrap();
    home.store.write_blocking(|tx| tx.mark_executed(id(1), 1, &"crm".into(), b"done")).unwrap();
    assert!(matches!(put(1, "crm", b"again"), Err(StoreError::Conflict(_))));
    let manifests = home.store.read_blocking(|tx| tx.manifests(id(1))).unwrap();
    let told: Vec<_> = manifests
        .iter()
        .map(|(round, system, bytes, done)| (*round, system.as_str(), bytes.as_slice(), *done))
        .collect();
    assert_eq!(
        told,
        [
            (1, "crm", b"done".as_slice(), true),
            (1, "shop", b"orders".as_slice(), false),
            (2, "crm", b"later".as_slice(), false)
        ]
    );
}

#[rstest]
fn a_manifest_cannot_stand_in_for_another(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    home.store.write_blocking(|tx| tx.put_manifest(id(1), 1, &"crm".into(), b"keys")).unwrap();
    home.sql("UPDATE manifests SET round = 2");
    assert!(matches!(home.store.read_blocking(|tx| tx.manifests(id(1))), Err(StoreError::Corrupt(_))));
}

#[rstest]
fn rows_of_a_manifest_are_kept_in_parts(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    let put = |round, number, bytes: &'static [u8]| {
        home.store.write_blocking(move |tx| tx.put_manifest_part(id(1), round, number, bytes))
    };
    let part = |round, number| home.store.read_blocking(move |tx| tx.manifest_part(id(1), round, number));
    put(1, 0, b"left by a crash").unwrap();
    home.store.write_blocking(|tx| tx.clear_manifest_parts(id(1), 1)).unwrap();
    put(1, 0, b"first").unwrap();
    put(1, 1, b"second").unwrap();
    assert!(put(1, 1, b"again").is_err(), "none is replaced");
    assert_eq!(part(1, 1).unwrap().unwrap().as_slice(), b"second");
    assert!(part(1, 2).unwrap().is_none() && part(2, 0).unwrap().is_none());
    home.store.write_blocking(|tx| tx.put_manifest(id(1), 1, &"*".into(), b"whole")).unwrap();
    let cleared = home.store.write_blocking(|tx| tx.clear_manifest_parts(id(1), 1));
    assert!(matches!(cleared, Err(StoreError::Conflict(_))), "a manifest that is kept keeps its rows");
    put(1, 2, b"of an earlier run").unwrap();
    put(2, 0, b"of a round that was never kept").unwrap();
    home.store.write_blocking(|tx| tx.keep_first_manifest_parts(id(1), 1, 2)).unwrap();
    assert!(part(1, 2).unwrap().is_none() && part(2, 0).unwrap().is_some());
    home.store.write_blocking(|tx| tx.forget_loose_manifest_parts(id(1))).unwrap();
    assert!(part(2, 0).unwrap().is_none() && part(1, 0).unwrap().is_some() && part(1, 1).unwrap().is_some());
    home.sql("UPDATE manifest_parts SET number = 7 WHERE number = 0");
    assert!(matches!(part(1, 7), Err(StoreError::Corrupt(_))), "none stands in for another");
    home.store.write_blocking(|tx| tx.purge(id(1))).unwrap();
    assert!(part(1, 1).unwrap().is_none());
}

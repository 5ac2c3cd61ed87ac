//! Jobs: shared without overlap, taken over when their process stops, and settled by whoever holds the lease only.

use std::collections::HashSet;

use habeas::domain::job::{Job, LEASE, LeasedJob, Letter, NewJob, Settlement};
use habeas::store::{Lease, Store, StoreError};
use rstest::rstest;
use uuid::Uuid;

use super::{Db, Home, at, id};

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn fulfil(request: u128, run_at: i64) -> NewJob {
    NewJob { job: Job::Fulfil { request: id(request) }, run_at: at(run_at) }
}

fn letter(request: u128) -> NewJob {
    NewJob { job: Job::MailLetter { request: id(request), letter: Letter::Completed }, run_at: at(0) }
}

fn enqueue(store: &Store, job: NewJob) {
    store.write_blocking(move |tx| tx.enqueue(&job)).unwrap();
}

fn claim(store: &Store, now: i64, owner: Uuid) -> Vec<LeasedJob> {
    store.write_blocking(move |tx| tx.claim(at(now), owner, None, 10)).unwrap()
}

fn settle(store: &Store, job: &LeasedJob, owner: Uuid, settlement: Settlement, now: i64) -> bool {
    let job = job.clone();
    store.write_blocking(move |tx| tx.settle(&job, owner, &settlement, at(now))).unwrap()
}

#[rstest]
fn two_processes_share_the_work_without_overlap(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    home.store.write_blocking(|tx| (0..200).try_for_each(|n| tx.enqueue(&letter(n)))).unwrap();
    let stores = [home.store.clone(), home.another()];
    let claimed: Vec<Vec<LeasedJob>> = std::thread::scope(|scope| {
        let workers: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(i, store)| {
                scope.spawn(move || {
                    let mut all = Vec::new();
                    loop {
                        let jobs = claim(store, 1, Uuid::from_u128(i as u128 + 10));
                        if jobs.is_empty() {
                            return all;
                        }
                        all.extend(jobs);
                    }
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    let all: Vec<_> = claimed.iter().flatten().map(|job| job.id).collect();
    assert_eq!(all.len(), 200);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 200, "no job twice");
}

#[rstest]
fn a_job_is_leased_from_its_time_on(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 60));
    assert_eq!(claim(&home.store, 59, ONE), []);
    let leased = claim(&home.store, 60, ONE);
    assert_eq!(leased.iter().map(|j| (&j.job, j.attempts)).collect::<Vec<_>>(), [(&fulfil(1, 0).job, 1)]);
}

#[rstest]
fn a_lease_that_ran_out_is_taken_over_and_cannot_be_settled_any_more(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    let first = claim(&home.store, 0, ONE).remove(0);
    let end = LEASE.num_seconds();
    assert_eq!(claim(&home.store, end - 1, OTHER), [], "the lease runs");
    let lease = Lease::of(&first, ONE);
    assert!(home.store.write_blocking(move |tx| tx.renew(&lease, at(end - 1))).unwrap());
    assert_eq!(claim(&home.store, end, OTHER), [], "it was extended");
    let second = claim(&home.store, 2 * end, OTHER).remove(0);
    assert_eq!((second.id, second.attempts), (first.id, 2));
    assert!(!settle(&home.store, &first, ONE, Settlement::Done, 2 * end));
    assert!(settle(&home.store, &second, OTHER, Settlement::Done, 2 * end));
    assert!(!settle(&home.store, &second, OTHER, Settlement::Done, 2 * end), "it is gone");
    assert_eq!(home.sql("SELECT count(*) FROM jobs"), "0");
}

#[rstest]
fn the_same_process_tells_its_earlier_lease_from_its_later(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    let early = claim(&home.store, 0, ONE).remove(0);
    let late = claim(&home.store, 100, ONE).remove(0);
    assert!(!settle(&home.store, &early, ONE, Settlement::Done, 100));
    assert!(settle(&home.store, &late, ONE, Settlement::Done, 100));
}

#[rstest]
fn what_became_of_a_run_is_visible(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let store = &home.store;
    enqueue(store, fulfil(1, 0));
    let status = |now| {
        let jobs = store.read_blocking(|tx| tx.jobs_of(id(1))).unwrap();
        let job = &jobs[0];
        assert_eq!(jobs.len(), 1);
        let wait = (job.run_at - at(now)).num_seconds();
        (job.attempts, wait, job.last_error.clone().unwrap_or_default(), job.given_up, job.leased)
    };
    let counts = || store.read_blocking(|tx| tx.job_counts()).unwrap();
    assert_eq!(counts(), (1, 0, 0));
    let job = claim(store, 0, ONE).remove(0);
    assert_eq!(status(0), (1, 0, String::new(), false, true));
    let waits = Settlement::Postponed { until: at(60), reason: "the access package comes first".to_owned() };
    assert!(settle(store, &job, ONE, waits, 1));
    assert_eq!(status(0), (0, 60, "the access package comes first".to_owned(), false, false));
    let job = claim(store, 60, ONE).remove(0);
    assert!(settle(store, &job, ONE, Settlement::Retry { at: at(70), error: "crm is down".to_owned() }, 61));
    assert_eq!(status(60), (1, 10, "crm is down".to_owned(), false, false));
    assert_eq!(counts(), (0, 1, 0));
    let job = claim(store, 70, ONE).remove(0);
    assert!(settle(store, &job, ONE, Settlement::GivenUp { error: "no such table".to_owned() }, 71));
    assert_eq!(status(71), (2, 0, "no such table".to_owned(), true, false));
    assert_eq!(counts(), (0, 0, 1));
    assert_eq!(claim(store, 1_000_000, ONE), [], "it waits for staff");
    assert_eq!(store.write_blocking(|tx| tx.retry_now(id(1), at(80))).unwrap(), 1);
    assert_eq!(claim(store, 80, ONE).remove(0).attempts, 1);
    assert_eq!(store.write_blocking(|tx| tx.retry_now(id(1), at(81))).unwrap(), 0, "it is being tried");
}

#[rstest]
fn there_is_one_fulfilment_a_request_and_it_runs_at_the_earlier_time(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let store = &home.store;
    for run_at in [50, 20, 90] {
        enqueue(store, fulfil(1, run_at));
        enqueue(store, fulfil(2, run_at));
        enqueue(store, letter(1));
    }
    let jobs = store.read_blocking(|tx| tx.jobs_of(id(1))).unwrap();
    assert_eq!(jobs.iter().filter(|j| j.job == letter(1).job).count(), 3);
    let fulfilments: Vec<_> = jobs.iter().filter(|j| j.job == fulfil(1, 0).job).map(|j| j.run_at).collect();
    assert_eq!(fulfilments, [at(20)]);
}

#[rstest]
fn a_given_up_fulfilment_that_is_wanted_again_is_tried_again(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    let job = claim(&home.store, 0, ONE).remove(0);
    assert!(settle(&home.store, &job, ONE, Settlement::GivenUp { error: "x".to_owned() }, 5));
    enqueue(&home.store, fulfil(1, 10));
    assert_eq!(claim(&home.store, 10, ONE).remove(0).attempts, 1);
}

#[rstest]
fn a_run_that_was_told_to_end_gives_its_job_back_as_if_not_begun(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    let job = claim(&home.store, 0, ONE).remove(0);
    assert!(settle(&home.store, &job, ONE, Settlement::GivenBack, 5));
    let job = claim(&home.store, 5, OTHER).remove(0);
    assert_eq!(job.attempts, 1);
    let jobs = home.store.read_blocking(|tx| tx.jobs_of(id(1))).unwrap();
    assert_eq!(jobs[0].last_error, None);
}

#[rstest]
fn what_a_run_writes_is_committed_only_while_it_has_the_job(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    let job = claim(&home.store, 0, ONE).remove(0);
    let run = home.store.under(Lease::of(&job, ONE));
    // Any write will do: none of them knows of leases.
    let write = |store: &Store, request: u128| store.write_blocking(move |tx| tx.enqueue(&letter(request)));
    let written = |request: u128| home.store.read_blocking(move |tx| tx.jobs_of(id(request))).unwrap().len();
    assert_eq!((write(&run, 2), written(2)), (Ok(()), 1));
    let late = LEASE.num_seconds() + 1;
    assert_eq!((write(&run, 3), written(3)), (Ok(()), 1), "nobody else has it");
    let taken = claim(&home.store, late, OTHER).into_iter().find(|job| job.job == fulfil(1, 0).job).unwrap();
    assert_eq!(
        (write(&run, 4), written(4)),
        (Err(StoreError::LeaseLost), 0),
        "the first one was paused past its lease"
    );
    let other = home.store.under(Lease::of(&taken, OTHER));
    assert_eq!((write(&other, 5), written(5)), (Ok(()), 1));
    // The end of the job is looked at by the settlement itself.
    let ended = other.write_blocking(move |tx| {
        tx.enqueue(&letter(6))?;
        tx.settle(&taken, OTHER, &Settlement::Done, at(late))
    });
    assert_eq!((ended, written(6)), (Ok(true), 1));
    assert_eq!(
        (write(&other, 7), written(7)),
        (Err(StoreError::LeaseLost), 0),
        "there is nothing left to be written for"
    );
}

#[rstest]
fn a_shutdown_gives_jobs_back_as_if_not_begun(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    enqueue(&home.store, fulfil(2, 0));
    assert_eq!(claim(&home.store, 0, ONE).len(), 2);
    assert_eq!(home.store.write_blocking(|tx| tx.release_leases(ONE)).unwrap(), 2);
    assert_eq!(claim(&home.store, 0, OTHER).iter().map(|j| j.attempts).collect::<Vec<_>>(), [1, 1]);
}

#[rstest]
fn a_result_and_its_settlement_are_committed_together(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    enqueue(&home.store, fulfil(1, 0));
    let job = claim(&home.store, 0, ONE).remove(0);
    let result = home.store.write_blocking(move |tx| {
        assert!(tx.settle(&job, ONE, &Settlement::Done, at(1))?);
        Err::<(), _>(StoreError::Conflict("the result"))
    });
    assert_eq!(result, Err(StoreError::Conflict("the result")));
    assert_eq!(home.sql("SELECT count(*) FROM jobs"), "1", "the settlement went back with it");
}

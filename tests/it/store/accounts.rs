//! Accounts, sessions, API keys and first answers.

use habeas::domain::ids::{SessionId, StaffId};
use habeas::domain::staff::{Guessing, Role, Staff};
use habeas::store::{ApiKey, Remembered, StoreError};
use rstest::rstest;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{Db, Home, at};

fn staff(n: u128, email: &str) -> Staff {
    Staff {
        id: StaffId(Uuid::from_u128(n)),
        email: email.parse().unwrap(),
        name: "Grace Hopper".parse().unwrap(),
        role: Role::Reviewer,
    }
}

#[rstest]
fn an_address_has_one_account_in_whatever_case(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let result = home.store.write_blocking(|tx| {
        tx.insert_staff(&staff(1, "grace@navy.example.com"), "$argon2id$x", at(0))?;
        // The error is no harm to what else the closure does.
        let second = tx.insert_staff(&staff(2, "Grace@Navy.example.com"), "$argon2id$y", at(0));
        tx.insert_staff(&staff(3, "alan@navy.example.com"), "$argon2id$z", at(0))?;
        Ok::<_, StoreError>(second)
    });
    assert!(matches!(result, Ok(Err(StoreError::Conflict(_)))), "{result:?}");
    let guessing = Guessing { failures: 5, locked_until: Some(at(60)) };
    home.store
        .write_blocking(move |tx| {
            tx.set_guessing(StaffId(Uuid::from_u128(1)), guessing)?;
            tx.set_staff_active(StaffId(Uuid::from_u128(3)), false)
        })
        .unwrap();
    let (found, off, off_by_id, list) = home
        .store
        .read_blocking(|tx| {
            Ok::<_, StoreError>((
                tx.staff_by_email(&"GRACE@navy.example.com".parse().unwrap())?,
                tx.staff_by_email(&"alan@navy.example.com".parse().unwrap())?.is_none(),
                tx.staff(StaffId(Uuid::from_u128(3)))?.is_some(),
                tx.staff_list()?,
            ))
        })
        .unwrap();
    let (who, hash, guesses) = found.unwrap();
    assert_eq!((who, hash.expose_secret(), guesses), (staff(1, "grace@navy.example.com"), "$argon2id$x", guessing));
    assert!(off && off_by_id);
    assert_eq!(list, [staff(1, "grace@navy.example.com")]);
}

#[rstest]
fn a_session_lives_until_it_is_over_revoked_or_its_account_is_off(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let [short, revoked, kept] = [1, 2, 3].map(|n| SessionId(Uuid::from_u128(n)));
    let grace = staff(1, "grace@navy.example.com");
    let who = grace.id;
    let account = grace.clone();
    home.store
        .write_blocking(move |tx| {
            tx.insert_staff(&account, "hash", at(0))?;
            tx.insert_session(short, who, at(0), at(10))?;
            tx.insert_session(revoked, who, at(0), at(100))?;
            tx.insert_session(kept, who, at(0), at(100))?;
            tx.revoke_session(revoked, at(5))
        })
        .unwrap();
    let session = |id, now| home.store.read_blocking(move |tx| tx.session(id, at(now))).unwrap();
    assert_eq!(session(short, 9), Some(grace.clone()));
    assert_eq!(session(short, 10), None);
    assert_eq!(session(revoked, 6), None);
    assert_eq!(session(kept, 99), Some(grace));
    home.store.write_blocking(move |tx| tx.set_staff_active(who, false)).unwrap();
    assert_eq!(session(kept, 9), None);
}

#[rstest]
fn an_api_key_is_known_by_its_hash_until_it_is_revoked(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let key = |n: u128, controller: Option<&str>| ApiKey {
        id: Uuid::from_u128(n),
        name: "mailing tool".to_owned(),
        controller: controller.map(Into::into),
        hash: [n as u8; 32],
        created_at: at(n as i64),
    };
    let (one, two) = (key(1, Some("shop")), key(2, None));
    let (a, b) = (one.clone(), two.clone());
    home.store
        .write_blocking(move |tx| {
            tx.insert_api_key(&b)?;
            tx.insert_api_key(&a)
        })
        .unwrap();
    let known = |n: u8| home.store.read_blocking(move |tx| tx.api_key(&[n; 32])).unwrap();
    assert_eq!((known(1), known(2), known(3)), (Some(one.clone()), Some(two.clone()), None));
    assert_eq!(home.store.read_blocking(|tx| tx.api_keys()).unwrap(), [one, two.clone()]);
    let revoke = || home.store.write_blocking(|tx| tx.revoke_api_key(Uuid::from_u128(1), at(9))).unwrap();
    assert_eq!((revoke(), revoke()), (true, false));
    assert_eq!(known(1), None);
    assert_eq!(home.store.read_blocking(|tx| tx.api_keys()).unwrap(), [two]);
}

#[rstest]
fn of_two_first_answers_one_is_kept(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let answer = |n: u8| Remembered {
        request: None,
        scope: [1; 32],
        body_hash: [n; 32],
        status: 201,
        answer: br#"{"email":"ada@example.com"}"#.to_vec(),
        at: at(n.into()),
    };
    let stores = [home.store.clone(), home.another()];
    let results: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8u8)
            .map(|n| {
                let store = &stores[usize::from(n) % 2];
                scope.spawn(move || store.write_blocking(move |tx| tx.remember(&answer(n))))
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let kept: Vec<u8> = (0..8).filter(|n| results[usize::from(*n)].is_ok()).collect();
    assert_eq!(kept.len(), 1, "{results:?}");
    assert!(results.iter().filter(|r| matches!(r, Err(StoreError::Conflict(_)))).count() == 7, "{results:?}");
    let recalled = home.store.read_blocking(|tx| tx.recall(&[1; 32])).unwrap();
    assert_eq!(recalled, Some(answer(kept[0])));
    let column = match db {
        Db::Sqlite => home.sql("SELECT hex(sealed) FROM answers"),
        Db::Postgres => home.sql("SELECT encode(sealed, 'hex') FROM answers"),
    };
    let ada: String = "ada@".bytes().map(|b| format!("{b:02x}")).collect();
    assert!(!column.to_lowercase().contains(&ada));
    let forget = |seconds| home.store.write_blocking(move |tx| tx.forget_before(at(seconds))).unwrap();
    assert_eq!((forget(kept[0].into()), forget(i64::from(kept[0]) + 1)), (0, 1));
    assert_eq!(home.store.read_blocking(|tx| tx.recall(&[1; 32])).unwrap(), None);
}

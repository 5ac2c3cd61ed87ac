//! Legal holds on a person's data, and letting go of what need not be kept any longer.

use chrono::{Days, NaiveDate};
use serde_json::json;
use uuid::Uuid;

use super::retention::day_of;
use super::{Error, Office};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::identity::IdentityKind;
use crate::domain::ids::{ControllerId, RequestId, StaffId, SystemId};
use crate::domain::job::{Job, NewJob};
use crate::domain::keeping::{HoldTerms, LegalHold, Reach};
use crate::domain::policy::Policy;
use crate::domain::request::Request;
use crate::fulfilment::{Hold, Keeping, LeftOut};
use crate::store::Tx;

/// How many deletions one look takes up; the schedule comes again in a minute.
const MOST: u32 = 500;

/// What a deletion of one person has to reckon with at this moment.
pub(super) struct Circumstances {
    today: NaiveDate,
    asked_on: NaiveDate,
    holds: Vec<Hold>,
}

impl Circumstances {
    /// What is left out for now, by these and by what a decision leaves out.
    pub(super) fn keeping<'a>(&'a self, left_out: &'a LeftOut, policy: &'a Policy) -> Keeping<'a> {
        let (today, asked_on, held_words) = (self.today, self.asked_on, policy.held_words());
        Keeping { left_out, today, asked_on, holds: &self.holds, held_words }
    }

    /// Whether a hold keeps a collection as it is.
    pub(super) fn holds_back(&self, system: &str, dataset: &str, collection: &str) -> bool {
        self.holds.iter().any(|hold| hold.reach.covers(system, dataset, collection))
    }

    /// A sum of the holds in force, by which it is seen that there are others than before; their ids are random.
    pub(super) fn sum(&self) -> i64 {
        let half = |id: Uuid| id.as_u64_pair().1.cast_signed();
        self.holds.iter().fold(0, |sum, hold| sum ^ half(hold.id))
    }

    /// The holds in force, by id and in order.
    pub(super) fn hold_ids(&self) -> Vec<Uuid> {
        self.holds.iter().map(|hold| hold.id).collect()
    }
}

/// Looks at the day and at the holds on a request's person. Blocks.
pub(super) fn circumstances(office: &Office, request: &Request) -> Result<Circumstances, Error> {
    let (inner, asked) = (office.clone(), request.clone());
    office.store.read_blocking(move |tx| circumstances_in(&inner, tx, &asked))
}

/// The same inside a transaction.
pub(super) fn circumstances_in(office: &Office, tx: &mut Tx<'_>, request: &Request) -> Result<Circumstances, Error> {
    let held = tx.legal_holds_on(&request.controller, &request.particulars.person.identities())?;
    Ok(Circumstances {
        today: day_of(office, &request.controller, office.clock.now()),
        asked_on: day_of(office, &request.controller, request.received_at),
        holds: held.into_iter().map(|hold| Hold { id: hold.id, reach: hold.terms.reach }).collect(),
    })
}

/// Every hold in force, the first placed first.
///
/// # Errors
/// When the store fails.
pub async fn list(office: &Office) -> Result<Vec<LegalHold>, Error> {
    office.store.read(|tx| Ok(tx.legal_holds()?)).await
}

/// Places a hold: from now on no deletion touches what it reaches.
///
/// # Errors
/// [`Error::UnknownController`]; [`Error::Invalid`] where it names nobody, or a place that is not there.
pub async fn place(
    office: &Office,
    by: StaffId,
    controller: ControllerId,
    terms: HoldTerms,
) -> Result<LegalHold, Error> {
    check(office, &controller, &terms)?;
    let now = office.clock.now();
    let hold = LegalHold { id: clock::new_id(now), controller, terms, placed_at: now, placed_by: by };
    office
        .store
        .write(move |tx| {
            tx.insert_legal_hold(&hold)?;
            let Reach { systems, collections } = &hold.terms.reach;
            let facts = json!({ "hold": hold.id, "systems": systems, "collections": collections });
            let entry = NewEntry::new(&hold.controller, None, now, Actor::Staff(by), "legal_hold.placed");
            tx.append(&entry.with(facts))?;
            Ok(hold.clone())
        })
        .await
}

fn check(office: &Office, controller: &ControllerId, terms: &HoldTerms) -> Result<(), Error> {
    let known = office.controller(controller).ok_or(Error::UnknownController)?;
    let person = &terms.person;
    if person.email.is_none() && person.phone.is_none() && person.account_id.is_none() {
        return Err(Error::invalid("/person", "name an e-mail address, a telephone number or an account number"));
    }
    for (index, system) in terms.reach.systems.iter().enumerate() {
        let id = SystemId::from(system.as_str());
        if !known.systems.ids().any(|known| *known == id) && known.systems.service(&id).is_none() {
            return Err(Error::invalid(format!("/systems/{index}"), "the controller has no such system"));
        }
    }
    for (index, name) in terms.reach.collections.iter().enumerate() {
        let found = name.split_once('.').and_then(|(d, c)| known.systems.graph().find(d, c));
        if found.is_none() {
            let detail = "name a collection that a dataset has, in the form `dataset.collection`";
            return Err(Error::invalid(format!("/collections/{index}"), detail));
        }
    }
    Ok(())
}

/// Lifts a hold: what it says is destroyed, and what it alone kept of deletions is erased.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn lift(office: &Office, by: StaffId, id: Uuid) -> Result<(), Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let hold = tx.legal_hold(id)?.ok_or(Error::NotFound("legal hold"))?;
            tx.delete_legal_hold(id)?;
            let entry = NewEntry::new(&hold.controller, None, now, Actor::Staff(by), "legal_hold.lifted");
            tx.append(&entry.with(json!({ "hold": id })))?;
            for request in tx.retained_under_hold()? {
                let concerned = |request: &Request| request.controller == hold.controller && is_of(&hold, request);
                if tx.request_for_update(request)?.as_ref().is_some_and(concerned) {
                    enqueue(tx, request, now)?;
                }
            }
            Ok(())
        })
        .await
}

/// Whether a request is of the person that a hold is about.
fn is_of(hold: &LegalHold, request: &Request) -> bool {
    let theirs = request.particulars.person.identities();
    [IdentityKind::Email, IdentityKind::Phone, IdentityKind::AccountId].into_iter().any(|kind| {
        let held = hold.terms.person.normalised(kind);
        held.is_some() && held == theirs.normalised(kind)
    })
}

/// Has erased what was kept for a time that is over, and looked at what was kept for a hold where other holds are in force
/// than then, or none.
///
/// # Errors
/// When the store fails. What was enqueued before stays so.
pub async fn let_go(office: &Office) -> Result<(), Error> {
    let now = office.clock.now();
    // At some seats it is tomorrow already; each is looked at by its own day below.
    let tomorrow = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    let look = move |tx: &mut Tx<'_>| {
        let mut ids = tx.retained_until_before(tomorrow, MOST)?;
        ids.extend(tx.retained_under_hold()?);
        Ok::<_, Error>(ids)
    };
    for id in office.store.read(look).await? {
        let inner = office.clone();
        office
            .store
            .write(move |tx| {
                let (Some(request), Some(standing)) = (tx.request_for_update(id)?, tx.retained(id)?) else {
                    return Ok(());
                };
                let over = standing.due.is_some_and(|day| day < day_of(&inner, &request.controller, now));
                // Lifted, or another placed, while what is kept was being looked at: looked at once more.
                let mut changed = || circumstances_in(&inner, tx, &request).map(|now| now.sum() != standing.holds);
                if over || (standing.held && changed()?) {
                    enqueue(tx, id, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(())
}

/// Sets the job on its way, unless it is.
fn enqueue(tx: &mut Tx<'_>, id: RequestId, now: chrono::DateTime<chrono::Utc>) -> Result<(), Error> {
    if tx.queue_retained(id)? {
        tx.enqueue(&NewJob { job: Job::EraseRetained { request: id }, run_at: now })?;
    }
    Ok(())
}

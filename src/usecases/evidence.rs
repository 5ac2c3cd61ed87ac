//! Evidence beyond the mailed code: what a requester can give, what staff record, and what the company's systems say
//! to it. It is the person's, so it counts for every open request they sent together.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::follow::own;
use super::office::Controller;
use super::{Error, Office};
use crate::domain::identity::{IdentityKind, Name};
use crate::domain::ids::{BundleId, RequestId, StaffId};
use crate::domain::job::{LeasedJob, Settlement};
use crate::domain::lifecycle::Refusal;
use crate::domain::personal::Personal;
use crate::domain::policy::evidence::is_disputed;
use crate::domain::request::{Request, State};
use crate::domain::verification::{
    ANSWERS_A_REQUEST, Answers, Declaration, Evidence, FieldPath, How, Level, Method, Point, Question,
    SignedDeclaration, StaffCheck, TRIES_A_DAY, Verification, same_name,
};
use crate::fulfilment::known::{self, Agreement, Claims};
use crate::store::{Tried, Tx};

/// What a requester can do from here to show who they are.
pub struct Offer {
    /// The request as it stands.
    pub request: Request,
    /// Where to sign in: issuer and audience.
    pub sign_in: Option<(String, String)>,
    /// How many answers are wanted, how many sets are still taken, and to which questions. The same whether the
    /// company knows the person or not.
    pub questions: Option<(usize, u8, Vec<Question>)>,
    /// What to sign.
    pub declaration: Option<Declaration>,
}

/// What is offered for a request now: no more than is missing, by what its requester may know.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn offer(office: &Office, bundle: BundleId, id: RequestId) -> Result<Offer, Error> {
    let request = office.store.read(move |tx| own(tx.request(id)?, bundle)).await?;
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    let offered = request.verification_shown().offered;
    let helps = |method| offered.contains(&method);
    let settings = controller.policy.sign_in.as_ref().filter(|_| helps(Method::SignIn));
    let sign_in = settings.map(|s| (s.issuer.clone(), s.audience.clone()));
    let questions = helps(Method::DataPoints).then(|| {
        let verification = &request.verification;
        let asked = verification.ways.questions.iter().filter_map(|q| controller.policy.question(q)).cloned();
        (verification.answers_wanted(), ANSWERS_A_REQUEST.saturating_sub(verification.tries), asked.collect())
    });
    let declaration = helps(Method::Declaration).then(|| declaration(office, controller, &request));
    Ok(Offer { sign_in, questions, declaration, request })
}

fn declaration(office: &Office, controller: &Controller, request: &Request) -> Declaration {
    controller.policy.declaration_under(office.regimes.get(&request.regime))
}

/// Takes answers; whether they are right is found out later by a job, so that the reply and its time say nothing of it.
/// Gives how many more sets are taken.
///
/// # Errors
/// [`Error::Invalid`] where none of the questions asked is answered, [`Error::Refused`] where no answers are taken.
pub async fn answer(office: &Office, bundle: BundleId, id: RequestId, answers: Answers) -> Result<u8, Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let request = own(tx.request_for_update(id)?, bundle)?;
            let email = request.particulars.person.email.clone();
            let asked = request.verification.ways.questions.clone();
            let outcome = request.answers(now, answers.clone())?;
            if answers.0.is_empty() || answers.0.keys().any(|id| !asked.contains(id)) {
                let detail = format!("answer one or more of the questions asked here: {}", asked.join(", "));
                return Err(Error::invalid("/answers", detail));
            }
            if tx.count_try(&email, Tried::Answers, now)? > TRIES_A_DAY {
                return Err(Refusal::TriesExhausted.into());
            }
            tx.save(&outcome)?;
            Ok(ANSWERS_A_REQUEST.saturating_sub(outcome.request.verification.tries))
        })
        .await
}

/// Takes the signed declaration.
///
/// # Errors
/// [`Error::Invalid`] when the text is another one by now or the name is not the one the request was made under;
/// [`Error::Refused`] when it is not asked for.
pub async fn declare(
    office: &Office,
    bundle: BundleId,
    id: RequestId,
    name: Name,
    version: String,
) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = own(tx.request_for_update(id)?, bundle)?;
            let controller = inner.controller(&request.controller).ok_or(Error::UnknownController)?;
            let text = declaration(&inner, controller, &request);
            must_help(&request, Method::Declaration)?;
            if version != text.version {
                let detail = "the text to sign is another one by now: read it again, and sign that";
                return Err(Error::invalid("/text_version", detail));
            }
            if !same_name(name.expose(), request.particulars.person.name.expose()) {
                return Err(Error::invalid("/signed_name", "sign with the name under which you made the request"));
            }
            let signed = SignedDeclaration { at: now, name: name.clone(), version: text.version, text: text.text };
            let mut answer = None;
            for request in tx.requests_of_for_update(bundle)? {
                let wanted = request.verification_shown().offered.contains(&Method::Declaration);
                if !wanted || !request.takes_evidence() {
                    continue;
                }
                let outcome = request.declares(signed.clone())?;
                tx.save(&outcome)?;
                answer = answer.or((outcome.request.id == id).then_some(outcome.request));
            }
            answer.ok_or(Error::NotFound("request"))
        })
        .await
}

/// Refuses evidence that the request does not ask for, by what its requester may know.
pub(super) fn must_help(request: &Request, method: Method) -> Result<(), Error> {
    let shown = request.verification_shown();
    if shown.offered.contains(&method) {
        return Ok(());
    }
    if !request.takes_evidence() {
        return Err(Refusal::IllegalState { verb: "verified further", state: request.state.name() }.into());
    }
    let signed = method == Method::Declaration && request.verification.declaration.is_some();
    if signed || shown.reached >= request.verification.required {
        return Err(Refusal::NothingMissing.into());
    }
    Err(Refusal::NotOffered.into())
}

/// Staff record a check of their own, of this request alone.
///
/// # Errors
/// [`Error::Invalid`] for a level that is none, [`Error::Refused`].
pub async fn check(
    office: &Office,
    by: StaffId,
    id: RequestId,
    level: Level,
    how: How,
    note: Option<String>,
    identifiers: BTreeSet<IdentityKind>,
) -> Result<Request, Error> {
    if level == Level::None {
        return Err(Error::invalid("/level", "name the level you answer for: email, reasonable or high"));
    }
    if how == How::Other && note.is_none() {
        return Err(Error::invalid("/note", "say how you checked"));
    }
    let now = office.clock.now();
    let check = StaffCheck { by, how, note: note.map(Personal::new), identifiers };
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let given = request.particulars.person.identities();
            if check.identifiers.iter().any(|kind| given.normalised(*kind).is_none()) {
                return Err(Error::invalid("/identifiers", "name only identifiers that the request gives"));
            }
            if let (State::AwaitingRelease { approval, .. }, false) = (&request.state, check.identifiers.is_empty()) {
                // Services were not asked by what is shown now; however the answer is made again, they are asked anew.
                tx.forget_finds(id, approval.at)?;
            }
            let outcome = request.checked(now, level, check.clone())?;
            tx.save(&outcome)?;
            Ok(outcome.request)
        })
        .await
}

/// Has the name given compared with what stands beside the proved address, where more than control of the mailbox is
/// asked. Once for all requests of the bundle, and so many names a day.
pub(super) fn look_for_name(
    tx: &mut Tx<'_>,
    bundle: BundleId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    // An agent's code proved the agent's address: nothing is searched by the person's then.
    let proved = |r: &Request| r.particulars.agent.is_none();
    let wants = |r: &Request| proved(r) && r.takes_evidence() && !r.verification.complete();
    let Some(request) = tx.requests_of_for_update(bundle)?.into_iter().find(wants) else { return Ok(()) };
    if tx.count_try(&request.particulars.person.email, Tried::Name, now)? <= TRIES_A_DAY {
        tx.save(&request.to_be_named(now))?;
    }
    Ok(())
}

/// Holds what a requester gave against the company's systems, and commits what came of it with the job's end.
///
/// # Errors
/// When a system cannot be searched, or the store fails.
pub async fn match_evidence(
    office: &Office,
    owner: Uuid,
    job: &LeasedJob,
    id: RequestId,
) -> Result<Option<Settlement>, Error> {
    let request = office.store.read(move |tx| Ok::<_, Error>(tx.request(id)?)).await?;
    let Some(request) = request.filter(|r| !r.verification.pending.is_empty()) else {
        return Ok(Some(Settlement::Done));
    };
    let (bundle, taken) = (request.bundle, request.verification.pending.answers.len());
    let blocking = office.clone();
    let agreement = tokio::task::spawn_blocking(move || search(&blocking, &request))
        .await
        .map_err(|_| Error::Files("finish a comparison".into()))??;
    let (now, job) = (office.clock.now(), job.clone());
    office
        .store
        .write(move |tx| {
            if !tx.settle(&job, owner, &Settlement::Done, now)? {
                return Ok(());
            }
            for request in tx.requests_of_for_update(bundle)? {
                let mut verification = request.verification.clone();
                if request.id == id {
                    verification.pending.name = false;
                    verification.pending.answers.drain(..taken.min(verification.pending.answers.len()));
                }
                if request.takes_evidence() {
                    verification = weighed(verification, &request, &agreement);
                }
                if verification != request.verification {
                    tx.save(&request.weighed(now, verification))?;
                }
            }
            Ok::<_, Error>(())
        })
        .await?;
    Ok(None)
}

fn search(office: &Office, request: &Request) -> Result<Agreement, Error> {
    let controller = office.at_work_for(&request.controller)?;
    let verification = &request.verification;
    let given = verification.pending.answers.iter().flat_map(|answers| &answers.0);
    let answers: Vec<_> = given.filter_map(|(id, answer)| Some((controller.policy.question(id)?, answer))).collect();
    let claims = Claims {
        email: &request.particulars.person.email,
        name: verification.pending.name.then_some(&request.particulars.person.name),
        name_fields: &controller.policy.name_fields,
        answers: &answers,
    };
    Ok(known::agreement(&controller.systems, &claims)?)
}

/// What the agreement is worth to one request: nothing that stands in a field it wants corrected (11 CCR 7060-7062).
fn weighed(verification: Verification, request: &Request, agreement: &Agreement) -> Verification {
    let stands = |field: &FieldPath| !is_disputed(field, &request.particulars);
    let address = agreement.address.iter().any(stands).then_some(Point::Email);
    let mut verification = verification;
    let named = address.is_some() && agreement.name.iter().any(|fields| fields.iter().all(stands));
    if named && !verification.methods.contains(&Method::NameMatch) {
        let points = address.iter().cloned().chain([Point::Name]).collect();
        verification = verification.and(Evidence { points, ..Method::NameMatch.alone(Level::None) });
    }
    let asked = |id: &&String| verification.ways.questions.contains(id);
    let right: Vec<Point> = agreement.questions.iter().filter(asked).cloned().map(Point::Question).collect();
    if right.is_empty() {
        return verification;
    }
    let points = address.into_iter().chain(right).collect();
    verification.and(Evidence { points, ..Method::DataPoints.alone(Level::None) })
}

//! The person's own word on an agent, by a link that was mailed to them; looking changes nothing, since mail scanners
//! follow links.

use secrecy::ExposeSecret;

use super::{acknowledge, mail, whole_bundle};
use crate::domain::actor::Actor;
use crate::domain::agent::{Proof, Standing};
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::AgencyLetter;
use crate::domain::lifecycle::{Refusal, Step};
use crate::domain::policy::PackageTo;
use crate::domain::request::{Request, StateName};
use crate::domain::right::Right;
use crate::store::Keys;
use crate::usecases::follow::{self, Delivered};
use crate::usecases::token::Token;
use crate::usecases::{Error, Office};

/// What the person is asked, or was: which agent, of which company, for which rights. Nothing else about anybody.
pub struct Question {
    /// The company's name.
    pub controller: String,
    /// Where to reach it.
    pub contact: String,
    /// The agent's name.
    pub agent: String,
    /// What was asked in the person's name.
    pub asked: Vec<(RequestId, Right)>,
    /// Where it stands.
    pub standing: Answered,
    /// The packages that the person can fetch here.
    pub packages: Vec<RequestId>,
}

/// How the question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// It waits for an answer.
    Open,
    /// The person confirmed the agent.
    Confirmed,
    /// The person said that the agent does not act for them.
    Refused,
    /// It needs no answer any more.
    Closed,
}

/// The person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The agent acts for me.
    Confirm,
    /// The agent does not.
    Refuse,
}

/// The person's page about a bundle. What is secret in its address is derived and stands nowhere.
pub fn address(office: &Office, bundle: BundleId) -> String {
    let token = Token::new(bundle, secret(office.store.keys(), bundle)).reveal();
    format!("{}/authorizations/{}", office.public_url, token.expose_secret())
}

fn secret(keys: &Keys, bundle: BundleId) -> [u8; 32] {
    keys.mac("person's link", bundle.0.as_bytes())
}

/// Whose link this is.
fn bundle_of(office: &Office, token: &str) -> Result<BundleId, Error> {
    let token = Token::parse(token).ok_or(Error::NotFound("page"))?;
    let right = Token::new(token.bundle, secret(office.store.keys(), token.bundle));
    if token.opens(&right.hash()) { Ok(token.bundle) } else { Err(Error::NotFound("page")) }
}

/// What the person is asked.
///
/// # Errors
/// [`Error::NotFound`] when the link is none that was mailed, or everything about it is purged.
pub async fn look(office: &Office, token: &str) -> Result<Question, Error> {
    let bundle = bundle_of(office, token)?;
    let requests = office.store.read(move |tx| Ok::<_, Error>(tx.requests_of(bundle)?)).await?;
    question(office, &requests).ok_or(Error::NotFound("page"))
}

/// Takes the person's answer, once, for all requests that were sent together.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Refused`] when there is nothing to answer any more.
pub async fn answer(office: &Office, token: &str, answer: Answer) -> Result<Question, Error> {
    let bundle = bundle_of(office, token)?;
    let step = Step { now: office.clock.now(), by: Actor::Person };
    let requests = office
        .store
        .write(move |tx| {
            let before = tx.requests_of_for_update(bundle)?;
            let open = standing(&before);
            if open != Answered::Open {
                let state = before.first().ok_or(Error::NotFound("page"))?.state.name();
                return Err(Refusal::IllegalState { verb: "confirmed or refused", state }.into());
            }
            let changed = whole_bundle(tx, bundle, None, step, |request| match answer {
                Answer::Confirm => request.authorization_confirmed(step),
                Answer::Refuse => request.disowned(step),
            })?;
            match answer {
                Answer::Confirm => acknowledge(tx, bundle, &changed, step)?,
                Answer::Refuse => {
                    mail(tx, bundle, AgencyLetter::Disowned, step)?;
                    mail(tx, bundle, AgencyLetter::DisownedNoted, step)?;
                }
            }
            Ok::<_, Error>(tx.requests_of(bundle)?)
        })
        .await?;
    question(office, &requests).ok_or(Error::NotFound("page"))
}

/// Opens a package for the person, where the policy hands it to nobody else.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NoPackage`], [`Error::PackageExpired`].
pub async fn package(office: &Office, token: &str, id: RequestId) -> Result<Delivered, Error> {
    let bundle = bundle_of(office, token)?;
    let request = follow::request(office, bundle, id).await?;
    if !goes_to_person(office, &request) {
        return Err(Error::NotFound("package"));
    }
    follow::deliver(office, &request).await
}

/// Whether a package that an agent asked for goes to the person alone.
pub fn goes_to_person(office: &Office, request: &Request) -> bool {
    let policy = office.controller(&request.controller).map(|c| c.policy.agents.package_to);
    policy == Some(PackageTo::Person) && request.tells_person()
}

fn question(office: &Office, requests: &[Request]) -> Option<Question> {
    let first = requests.iter().find(|r| r.tells_person())?;
    let controller = office.controller(&first.controller)?;
    let now = office.clock.now();
    let there = |r: &&Request| {
        let package = r.state.result().and_then(|result| result.package.as_ref());
        r.state.name().is_final() && package.is_some_and(|p| now < p.expires_at) && goes_to_person(office, r)
    };
    Some(Question {
        controller: controller.policy.name.clone(),
        contact: controller.policy.privacy_email.clone(),
        agent: first.particulars.agent.as_ref()?.name.expose().to_owned(),
        asked: requests.iter().map(|r| (r.id, r.right)).collect(),
        standing: standing(requests),
        packages: requests.iter().filter(there).map(|r| r.id).collect(),
    })
}

fn standing(requests: &[Request]) -> Answered {
    let waits = |r: &Request| r.state.name() == StateName::AwaitingAuthorization;
    let standings = || requests.iter().filter_map(|r| Some(&r.authorization()?.standing));
    if requests.iter().any(|r| waits(r) && r.authorization().is_some_and(|a| a.asks_person())) {
        Answered::Open
    } else if standings().any(|s| matches!(s, Standing::Disowned { .. })) {
        Answered::Refused
    } else if standings().any(|s| matches!(s, Standing::Accepted { proof: Proof::PersonConfirmation, .. })) {
        Answered::Confirmed
    } else {
        Answered::Closed
    }
}

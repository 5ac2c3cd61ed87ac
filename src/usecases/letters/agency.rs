//! Letters where somebody acts for the person: to the agent what they asked, to the person what was asked in their name.

use secrecy::SecretString;

use super::{Dispatch, LetterError, controller, send_to};
use crate::domain::agent::{Agent, Need, Standing};
use crate::domain::communication::Party;
use crate::domain::ids::BundleId;
use crate::domain::job::AgencyLetter;
use crate::domain::request::{Request, State, StateName};
use crate::domain::right::Right;
use crate::mail::letters::agency::{
    AgentCode, AnsweredForYou, AskedInYourName, Disowned, DisownedNoted, PackageForPerson, ProofRefused,
};
use crate::mail::letters::{Asked, Concerning};
use crate::usecases::Office;
use crate::usecases::authorize::person;

/// Mails about the authority of the agent who sent a bundle. A letter that events have overtaken is not sent.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_agency(
    office: &Office,
    job: &Dispatch,
    bundle: BundleId,
    letter: AgencyLetter,
) -> Result<(), LetterError> {
    let requests = office.store.read(move |tx| Ok::<_, crate::usecases::Error>(tx.requests_of(bundle)?)).await?;
    let Some((first, agent)) = requests.iter().find_map(|r| Some((r, r.particulars.agent.as_ref()?))) else {
        return Ok(());
    };
    let policy = &controller(office, first)?.policy;
    let asked: Vec<(String, Right)> = requests.iter().map(|r| (r.id.reference(), r.right)).collect();
    let asked: Vec<Asked<'_>> = asked.iter().map(|(reference, right)| Asked { reference, right: *right }).collect();
    let person_name = first.particulars.person.name.expose();
    let (agent_name, company, contact) = (agent.name.expose(), policy.name.as_str(), policy.privacy_email.as_str());
    let to_person = (&first.particulars.person.email, &first.particulars.person.name);
    let to_agent = (&agent.email, &agent.name);
    match letter {
        AgencyLetter::AskedInYourName => {
            let asks = requests.iter().any(|r| r.authorization().is_some_and(|a| a.asks_person()));
            let url = asks.then(|| person::address(office, bundle));
            let name = Some(person_name);
            let letter = AskedInYourName {
                name,
                agent: agent_name,
                controller: company,
                asked: &asked,
                url: url.as_deref(),
                contact,
            };
            send_to(office, job, (first.id, Party::Person), to_person, &letter).await
        }
        AgencyLetter::ProofRefused => {
            let Some((request, reason)) = requests.iter().find_map(refused) else { return Ok(()) };
            let url = &office.authorization_of(request.id);
            let letter = ProofRefused {
                name: Some(agent_name),
                person: person_name,
                controller: company,
                asked: &asked,
                reason,
                url,
                contact,
            };
            send_to(office, job, (first.id, Party::Requester), to_agent, &letter).await
        }
        AgencyLetter::Disowned => {
            let letter =
                Disowned { name: Some(agent_name), person: person_name, controller: company, asked: &asked, contact };
            send_to(office, job, (first.id, Party::Requester), to_agent, &letter).await
        }
        AgencyLetter::DisownedNoted => {
            let letter = DisownedNoted {
                name: Some(person_name),
                agent: agent_name,
                controller: company,
                asked: &asked,
                contact,
            };
            send_to(office, job, (first.id, Party::Person), to_person, &letter).await
        }
    }
}

fn refused(request: &Request) -> Option<(&Request, &str)> {
    match &request.authorization()?.standing {
        Standing::Refused { reason, .. } => Some((request, reason.expose())),
        _ => None,
    }
}

/// The code that proves the agent's address, with what else would show their authority.
pub(super) async fn code(
    office: &Office,
    job: &Dispatch,
    requests: &[Request],
    agent: &Agent,
    code: &SecretString,
    asked: &[Asked<'_>],
    minutes: u32,
) -> Result<(), LetterError> {
    use secrecy::ExposeSecret;
    let Some(first) = requests.first() else { return Ok(()) };
    let waits = requests.iter().find(|r| r.state.name() == StateName::AwaitingAuthorization);
    let url = waits.map(|r| office.authorization_of(r.id));
    let needs = agent.authorization.needs();
    let letter = AgentCode {
        name: Some(agent.name.expose()),
        person: first.particulars.person.name.expose(),
        controller: &controller(office, first)?.policy.name,
        asked,
        code: code.expose_secret(),
        minutes,
        proof: &agent.authorization.terms.proof,
        url: url.as_deref(),
        asks_person: needs.contains(&Need::PersonConfirmation),
    };
    send_to(office, job, (first.id, Party::Requester), (&agent.email, &agent.name), &letter).await
}

/// To the person, once what an agent asked in their name is answered.
pub(super) async fn answered_for_you(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    about: Concerning<'_>,
) -> Result<(), LetterError> {
    let (Some(agent), person) = (&request.particulars.agent, &request.particulars.person) else { return Ok(()) };
    let outcome = match &request.state {
        State::Fulfilled(_) => "It was carried out.",
        State::PartiallyFulfilled(_) => "It was carried out in part.",
        State::Denied { .. } => "It was denied; the reasons are with your agent, and you can ask us for them.",
        State::Referred { .. } => "Somebody else has to answer it; your agent knows who.",
        _ => return Ok(()),
    };
    let package = request.state.result().and_then(|r| r.package.as_ref());
    let package = package.filter(|_| person::goes_to_person(office, request));
    let url = package.map(|_| person::address(office, request.bundle));
    let until = package.map(|p| super::day(office, request, p.expires_at)).transpose()?;
    let about = Concerning { name: Some(person.name.expose()), on_behalf_of: None, ..about };
    let letter = AnsweredForYou { about, agent: agent.name.expose(), outcome, url: url.as_deref(), until };
    send_to(office, job, (request.id, Party::Person), (&person.email, &person.name), &letter).await
}

/// To the agent, where the package goes to the person alone.
pub(super) async fn package_for_person(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    about: Concerning<'_>,
) -> Result<(), LetterError> {
    super::send(office, job, request, &PackageForPerson { about }).await
}

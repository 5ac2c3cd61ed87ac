//! Signing in to one's account with the company's own identity provider, as evidence of who one is.

use secrecy::SecretString;

use super::evidence::must_help;
use super::follow::own;
use super::{Error, Office, verify};
use crate::domain::identity::Email;
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::request::{Person, Request};
use crate::domain::verification::{Claim, Method};
use crate::sign_in::Subject;

/// Takes a token of the identity provider: the person signed in a moment ago. It counts for every open request that
/// was sent together, and where it names the address it also stands in for the mailed code.
///
/// # Errors
/// [`Error::SignIn`] when the token is not taken, [`Error::OtherPerson`] when it names somebody else,
/// [`Error::Refused`] when no sign-in is asked for.
pub async fn sign_in(office: &Office, bundle: BundleId, id: RequestId, token: SecretString) -> Result<Request, Error> {
    let now = office.clock.now();
    let request = office.store.read(move |tx| own(tx.request(id)?, bundle)).await?;
    must_help(&request, Method::SignIn)?;
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    let verifier = controller.sign_in.as_ref().ok_or(crate::domain::lifecycle::Refusal::NotOffered)?;
    let subject = verifier.subject(&token, now).await?;
    if !names(&subject, &request.particulars.person) {
        return Err(Error::OtherPerson);
    }
    let proves_address = verifier.names() == Claim::Email;
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let mut answer = None;
            let mut acknowledge = false;
            if proves_address {
                verify::supersede(tx, bundle, now)?;
            }
            for request in tx.requests_of_for_update(bundle)? {
                if !request.verification_shown().offered.contains(&Method::SignIn) {
                    continue;
                }
                let clocks = request.clocks.clone();
                let outcome = inner.dated(&clocks, request.signed_in(now, proves_address)?, now);
                // Unless its date made the letter go out before.
                acknowledge |= clocks.acknowledged_at != outcome.request.clocks.acknowledged_at;
                tx.save(&outcome)?;
                answer = answer.or((outcome.request.id == id).then_some(outcome.request));
            }
            if acknowledge {
                verify::acknowledge(tx, bundle, now)?;
            }
            // Withdrawn or expired while the token was looked at.
            answer.ok_or(Error::NotFound("request"))
        })
        .await
}

fn names(subject: &Subject, person: &Person) -> bool {
    match subject {
        Subject::Email(email) => same(email, &person.email),
        Subject::Account(account) => person.account_id.as_ref() == Some(account),
    }
}

fn same(a: &Email, b: &Email) -> bool {
    a.normalised() == b.normalised()
}

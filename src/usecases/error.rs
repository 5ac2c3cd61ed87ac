//! Why a use case did not do what was asked; free of HTTP.

use chrono::TimeDelta;

use super::authorize::document::DocumentError;
use super::fulfil::Failing;
use crate::domain::lifecycle::Refusal;
use crate::domain::right::Right;
use crate::domain::verification::ChallengeError;
use crate::fulfilment::FulfilmentError;
use crate::sending::SendError;
use crate::sign_in::SignInError;
use crate::store::StoreError;

/// Why a use case did not do what was asked. No message holds personal data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in the request is missing or wrong.
    #[error("{detail}")]
    Invalid {
        /// Where, as a JSON pointer into the body.
        pointer: String,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// No controller of that id is configured.
    #[error("no such controller; ask the company for the id it uses here")]
    UnknownController,
    /// No regime of that id is known, or it is not in force.
    #[error("no such regime in force; leave it out and the person's residence decides")]
    UnknownRegime,
    /// The controller does not offer the right under this regime.
    #[error("{right} is not offered under {regime}; offered are {}", names(offered))]
    RightNotOffered {
        /// What was asked.
        right: Right,
        /// The law that applies.
        regime: String,
        /// What is offered.
        offered: Vec<Right>,
    },
    /// Neither law nor policy lets an agent exercise the right.
    #[error(
        "under {regime} an agent cannot ask for {right}; {}, or the person asks themselves",
        if allowed.is_empty() { "agents cannot ask for anything".to_owned() } else { format!("agents can ask for {}", names(allowed)) }
    )]
    AgentNotAllowed {
        /// What was asked.
        right: Right,
        /// The law that applies.
        regime: String,
        /// What agents may ask for.
        allowed: Vec<Right>,
    },
    /// The document of an agent is not taken.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The agent is listed already.
    #[error("an agent with this e-mail address is listed already")]
    AgentListed,
    /// The regime knows no such ground of denial.
    #[error("the regime knows no such ground; its grounds are {}", known.join(", "))]
    UnknownGround {
        /// Where, as a JSON pointer into the body.
        pointer: String,
        /// The grounds it knows.
        known: Vec<String>,
    },
    /// The regime knows the ground, and what it needs is not there.
    #[error("this ground is not given: {0}")]
    GroundNotGiven(String),
    /// No such thing, or not one that the caller may know of.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// No token, or one that opens nothing.
    #[error("this needs a valid token in the Authorization header, as Bearer")]
    Unauthorized,
    /// A token that opens something else.
    #[error("your role does not allow this")]
    Forbidden,
    /// Sign-in failed; never says which part was wrong.
    #[error("e-mail and password do not match an account")]
    BadCredentials,
    /// The password is right, and a code is asked for as well.
    #[error("this account has a second factor: sign in with `one_time_code`, the six digits that the app shows")]
    OneTimeCodeRequired,
    /// The code is wrong, too old, or was taken before.
    #[error("the one-time code is not taken; wait for the next one that the app shows")]
    WrongOneTimeCode,
    /// Staff have to have a second factor here.
    #[error("this needs a second factor: add one with POST /v1/staff/session/second-factor")]
    SecondFactorRequired,
    /// The account has a second factor already.
    #[error("the account has a second factor already; an admin can reset it")]
    SecondFactorExists,
    /// The token of an identity provider is not taken.
    #[error("the token is not taken: {0}")]
    SignIn(#[from] SignInError),
    /// The token names somebody else.
    #[error("the token is not taken: it names another person than the request does")]
    OtherPerson,
    /// Too many wrong passwords.
    #[error("too many wrong passwords; the account is locked for now")]
    AccountLocked {
        /// For how long.
        retry_after: TimeDelta,
    },
    /// Too many submissions for one address.
    #[error("too many requests were sent for this address; the next is taken in {} seconds", retry_after.num_seconds())]
    TooManySubmissions {
        /// How long until another is taken.
        retry_after: TimeDelta,
    },
    /// The browser sent no signal.
    #[error("no signal came with this call; pass the browser's header on as it is: Sec-GPC: 1")]
    NoSignal,
    /// The request's state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The verification code is not taken, or not sent.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// There is no package to fetch.
    #[error("there is no package: {0}")]
    NoPackage(&'static str),
    /// The package was there and its time is over.
    #[error("the package has expired; ask for the data again")]
    PackageExpired,
    /// The same idempotency key came with another body.
    #[error("this Idempotency-Key was used for another request; use a new one")]
    KeyReused,
    /// The account exists already.
    #[error("an account with this e-mail address exists already")]
    AccountExists,
    /// The company's systems could not be searched or changed.
    #[error(transparent)]
    Fulfilment(#[from] FulfilmentError),
    /// Some of the company's systems fail, and nothing is left to be done in the others.
    #[error("{0}")]
    Failing(Box<Failing>),
    /// The other company did not take the package, this time.
    #[error("the package was not taken by the company that the person named: {0}")]
    Sending(#[from] SendError),
    /// The plan cannot be carried out as things stand.
    #[error("the plan has obstacles: {}", .0.join("; "))]
    Obstacles(Vec<String>),
    /// A file of the server's own cannot be read or written.
    #[error("cannot {0}")]
    Files(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// One wrong field.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Error::Invalid { pointer: pointer.into(), detail: detail.into() }
    }
}

fn names(rights: &[Right]) -> String {
    rights.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ")
}

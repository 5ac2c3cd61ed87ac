//! Showing who one is beyond the mailed code: what is offered, answers, the declaration, and staff's own check.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::identity::IdentityKind;
use crate::domain::ids::RequestId;
use crate::domain::verification::{Answers, Evidence, How, Level, Method, Point, SignedDeclaration};
use crate::usecases::evidence::{self, Offer};
use crate::usecases::{Error, Office, account, follow};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Decide, Requester, Staff};
use crate::web::responses::{JsonBody, NoRequest, NotOpened, StaffOnly, TokenOnly, WrongState};
use crate::web::wire::{RequestView, VerificationView, moment, required, text};

/// What a requester can do to show who they are; only what is still missing is there.
#[derive(Serialize, ToSchema)]
pub struct OfferView {
    /// How far it is shown.
    #[serde(flatten)]
    pub verification: VerificationView,
    /// Where to sign in; the token goes to `verification/sign-in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInView>,
    /// Questions; answers go to `verification/answers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<QuestionsView>,
    /// A text to sign; the signature goes to `verification/declaration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declaration: Option<DeclarationView>,
}

/// The company's identity provider.
#[derive(Serialize, ToSchema)]
pub struct SignInView {
    /// Its issuer (OpenID Connect Discovery 1.0).
    pub issuer: String,
    /// The audience for which the token must be.
    pub audience: String,
}

/// Questions about the person, the same whether the company knows them or not.
#[derive(Serialize, ToSchema)]
pub struct QuestionsView {
    /// How many answers are enough; which ones is the person's choice.
    pub wanted: usize,
    /// How many more times answers are taken.
    pub tries_left: u8,
    /// The questions.
    pub items: Vec<QuestionView>,
}

/// One question.
#[derive(Serialize, ToSchema)]
pub struct QuestionView {
    /// By which its answer is given.
    pub id: String,
    /// Its words.
    pub text: String,
}

/// A text to sign.
#[derive(Serialize, ToSchema)]
pub struct DeclarationView {
    /// Which text.
    pub text_version: String,
    /// What is declared.
    pub text: String,
}

impl From<Offer> for OfferView {
    fn from(offer: Offer) -> Self {
        let questions = offer.questions.map(|(wanted, tries_left, questions)| QuestionsView {
            wanted,
            tries_left,
            items: questions.into_iter().map(|q| QuestionView { id: q.id, text: q.text }).collect(),
        });
        Self {
            verification: VerificationView::of(&offer.request),
            sign_in: offer.sign_in.map(|(issuer, audience)| SignInView { issuer, audience }),
            questions,
            declaration: offer.declaration.map(|d| DeclarationView { text_version: d.version, text: d.text }),
        }
    }
}

/// A piece of evidence, as staff see it: what agreed, never what was answered.
#[derive(Serialize, ToSchema)]
pub struct EvidenceView {
    /// How it was shown.
    pub method: Method,
    /// The level it gives by itself.
    pub level: Level,
    /// The data points that matched: `email`, `name`, or the id of a question.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
    /// Of staff's own check: who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
    /// Of staff's own check: what they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
    /// Of staff's own check: what they noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of staff's own check: which identifiers beside the address it showed to be the person's.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub identifiers: BTreeSet<IdentityKind>,
}

impl From<&Evidence> for EvidenceView {
    fn from(piece: &Evidence) -> Self {
        let name = |point: &Point| match point {
            Point::Email => "email".to_owned(),
            Point::Name => "name".to_owned(),
            Point::Question(id) => id.clone(),
        };
        let check = piece.check.as_ref();
        Self {
            method: piece.method,
            level: piece.level,
            points: piece.points.iter().map(name).collect(),
            by: check.map(|c| c.by.0),
            how: check.map(|c| c.how),
            note: check.and_then(|c| c.note.as_ref()).map(|n| n.expose().clone()),
            identifiers: check.map(|c| c.identifiers.clone()).unwrap_or_default(),
        }
    }
}

/// A declaration that was signed.
#[derive(Serialize, ToSchema)]
pub struct SignedView {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The name typed.
    pub signed_name: String,
    /// Which text.
    pub text_version: String,
    /// Its words.
    pub text: String,
}

impl From<&SignedDeclaration> for SignedView {
    fn from(signed: &SignedDeclaration) -> Self {
        Self {
            at: moment(signed.at),
            signed_name: signed.name.expose().to_owned(),
            text_version: signed.version.clone(),
            text: signed.text.clone(),
        }
    }
}

/// What would help to show who one is.
#[utoipa::path(
    get, path = "/v1/requests/{id}/verification", tag = "requests", operation_id = "get_verification", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "What is reached, and what is offered.", body = OfferView),
        TokenOnly,
        NotOpened,
    )
)]
pub async fn get(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let offer = evidence::offer(&office, caller.0.id, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(OfferView::from(offer)))
}

/// Answers to questions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersBody {
    /// Each by the id of its question.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub answers: BTreeMap<String, String>,
}

/// Answers that were taken; the same for right and wrong ones.
#[derive(Serialize, ToSchema)]
pub struct AnswersTaken {
    /// How many more times answers are taken.
    pub tries_left: u8,
}

/// Answers questions. The reply does not say whether they are right: they are compared later.
#[utoipa::path(
    post, path = "/v1/requests/{id}/verification/answers", tag = "requests", operation_id = "answer_questions",
    security(("requester" = [])), request_body = AnswersBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 202, description = "Taken.", body = AnswersTaken),
        JsonBody,
        TokenOnly,
        NotOpened,
        (status = 409, description = "No answers are asked for.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Answers were given too often.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn answer(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    body: Body<AnswersBody>,
) -> Result<HttpResponse, Problem> {
    follow::request(&office, caller.0.id, RequestId(*id)).await?;
    let answers = body.read().await?.parse()?;
    let tries_left = evidence::answer(&office, caller.0.id, RequestId(*id), answers).await?;
    Ok(HttpResponse::Accepted().json(AnswersTaken { tries_left }))
}

impl AnswersBody {
    fn parse(self) -> Result<Answers, Error> {
        let mut answers = BTreeMap::new();
        for (id, answer) in self.answers {
            // A question left blank is one not answered.
            let answer = text(Some(answer), "/answers", 500)?.filter(|a| !a.expose().trim().is_empty());
            answers.extend(answer.map(|answer| (id, answer)));
        }
        Ok(Answers(answers))
    }
}

/// A signature.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclarationBody {
    /// The person's name, as they made the request under it.
    #[schema(min_length = 1, max_length = 200)]
    pub signed_name: String,
    /// Which text is signed.
    #[schema(min_length = 1, max_length = 100)]
    pub text_version: String,
    /// True: the person declares what the text says.
    pub agreed: bool,
}

/// Signs the declaration.
#[utoipa::path(
    post, path = "/v1/requests/{id}/verification/declaration", tag = "requests", operation_id = "sign_declaration",
    security(("requester" = [])), request_body = DeclarationBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Signed; it counts for every request sent together.", body = RequestView),
        JsonBody,
        TokenOnly,
        NotOpened,
        (status = 409, description = "No declaration is asked for.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn declare(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    body: Body<DeclarationBody>,
) -> Result<HttpResponse, Problem> {
    follow::request(&office, caller.0.id, RequestId(*id)).await?;
    let body = body.read().await?;
    if !body.agreed {
        return Err(Error::invalid("/agreed", "a declaration that is not agreed to is none").into());
    }
    let name = body.signed_name.parse().map_err(|e| Error::invalid("/signed_name", format!("{e}")))?;
    let request = evidence::declare(&office, caller.0.id, RequestId(*id), name, body.text_version).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// A token of the company's identity provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInTokenBody {
    /// The ID token (OpenID Connect Core 1.0 section 2), as the provider gave it.
    #[schema(value_type = String, max_length = 16384)]
    pub token: SecretString,
}

/// Shows who one is by signing in to one's account; it counts for every request sent together.
#[utoipa::path(
    post, path = "/v1/requests/{id}/verification/sign-in", tag = "requests", operation_id = "sign_in_to_account",
    security(("requester" = [])), request_body = SignInTokenBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Shown.", body = RequestView),
        (status = 400, description = "Not JSON.", body = ProblemBody, content_type = "application/problem+json"),
        TokenOnly,
        NotOpened,
        (status = 409, description = "No sign-in is asked for.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The token is not taken.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "The identity provider cannot be asked.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    body: Body<SignInTokenBody>,
) -> Result<HttpResponse, Problem> {
    follow::request(&office, caller.0.id, RequestId(*id)).await?;
    let body = body.read().await?;
    let request = account::sign_in(&office, caller.0.id, RequestId(*id), body.token).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// A check that staff made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// The level that staff answer for.
    pub level: Level,
    /// What they did.
    pub how: How,
    /// What a colleague would want to know; never a number or a copy of a document.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub note: Option<String>,
    /// Which identifiers of the request beside the address the check showed to be the person's, as a call back at the
    /// telephone number does. Rows that only such a one leads to are theirs then.
    #[serde(default)]
    pub identifiers: BTreeSet<IdentityKind>,
}

/// Records that staff checked who the person is. No copy of a document is taken: having seen it is the record.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/verification", tag = "staff", operation_id = "check_identity",
    security(("staff" = [])), request_body = CheckBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Recorded.", body = RequestView),
        JsonBody,
        StaffOnly,
        NoRequest,
        WrongState,
    )
)]
pub async fn check(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<CheckBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let note = body.note.map(|note| required(note, "/note", 1_000)).transpose()?;
    let by = caller.member().id;
    let request = evidence::check(&office, by, RequestId(*id), body.level, body.how, note, body.identifiers).await?;
    Ok(HttpResponse::Ok().json(RequestView::for_staff(&request)))
}

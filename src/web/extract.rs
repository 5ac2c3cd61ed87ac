//! What a handler is given: bodies and parameters parsed strictly, callers known, permissions in the type.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Data, Query};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, Ready, ready};
use serde::de::DeserializeOwned;

use super::error::{self, Problem};
use crate::domain::agent::MediaType;
use crate::domain::staff::{Permission, Staff as Member};
use crate::store::{ApiKey, Bundle};
use crate::usecases::authorize::document::{DocumentError, LONGEST as LONGEST_DOCUMENT};
use crate::usecases::staff::SignedIn;
use crate::usecases::tasks::upload::{FileKind, LONGEST as LONGEST_ROWS};
use crate::usecases::{Error, Office, follow, staff, suppression};

/// The longest body taken, in bytes.
pub const LONGEST_BODY: usize = 256 * 1024;

/// A JSON body, still unread: a handler reads it after its caller is known, so that a stranger learns nothing from
/// how a body is refused. Parsed strictly: unknown members are errors, so that a misspelt one is never passed over.
pub struct Body<T> {
    json: bool,
    payload: Payload,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned> Body<T> {
    /// Reads and parses the body.
    ///
    /// # Errors
    /// A problem that names the place and what is expected there, and repeats no value.
    pub async fn read(self) -> Result<T, Problem> {
        if !self.json {
            let detail = "send the body as JSON, with the header Content-Type: application/json";
            return Err(Problem::new(error::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        parse(&read(self.payload, LONGEST_BODY).await?)
    }

    /// The same where the body may be left out.
    ///
    /// # Errors
    /// As [`Body::read`].
    pub async fn read_or_default(self) -> Result<T, Problem>
    where
        T: Default,
    {
        let bytes = read(self.payload, LONGEST_BODY).await?;
        if bytes.is_empty() { Ok(T::default()) } else { parse(&bytes) }
    }
}

impl<T: 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { json: is_json(request), payload: payload.take(), of: PhantomData }))
    }
}

/// Whether the request says that its body is JSON.
pub(super) fn is_json(request: &HttpRequest) -> bool {
    let kind = request.content_type();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// The body of a page's form, or the same as JSON; still unread.
pub struct Form<T> {
    body: Body<T>,
    form: bool,
}

impl<T: DeserializeOwned> Form<T> {
    /// Reads and parses the body.
    ///
    /// # Errors
    /// As [`Body::read`].
    pub async fn read(self) -> Result<T, Problem> {
        if !self.form {
            return self.body.read().await;
        }
        let bytes = read(self.body.payload, LONGEST_BODY).await?;
        let fields = std::str::from_utf8(&bytes).ok().and_then(|text| Query::<T>::from_query(text).ok());
        let detail = "a field of the form is missing or wrong";
        fields.map(Query::into_inner).ok_or_else(|| Problem::new(error::INVALID, detail))
    }
}

impl<T: 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = Body { json: is_json(request), payload: payload.take(), of: PhantomData };
        ready(Ok(Self { body, form }))
    }
}

/// A file as a body, still unread, with what its sender says that it is.
pub struct Upload {
    declared: Option<MediaType>,
    payload: Payload,
}

impl Upload {
    /// Reads the file.
    ///
    /// # Errors
    /// When its header names no kind that is taken, it is too long, or it breaks off.
    pub async fn read(self) -> Result<(MediaType, Vec<u8>), Problem> {
        let declared = self.declared.ok_or(Error::Document(DocumentError::UnknownType))?;
        Ok((declared, read(self.payload, LONGEST_DOCUMENT).await?.to_vec()))
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.content_type();
        let declared = MediaType::ALL.into_iter().find(|known| kind.eq_ignore_ascii_case(known.as_str()));
        ready(Ok(Self { declared, payload: payload.take() }))
    }
}

/// A file with rows as a body, still unread.
pub struct RowsFile {
    kind: Option<FileKind>,
    payload: Payload,
}

impl RowsFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When its header names neither CSV nor JSON, it is too long, or it breaks off.
    pub async fn read(self) -> Result<(FileKind, Vec<u8>), Problem> {
        let detail = "send the rows as text/csv or application/json";
        let kind = self.kind.ok_or_else(|| Problem::new(error::UNSUPPORTED_MEDIA_TYPE, detail))?;
        Ok((kind, read(self.payload, LONGEST_ROWS).await?.into()))
    }
}

impl FromRequest for RowsFile {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = match request.content_type() {
            csv if csv.eq_ignore_ascii_case("text/csv") => Some(FileKind::Csv),
            json if json.eq_ignore_ascii_case("application/json") => Some(FileKind::Json),
            _ => None,
        };
        ready(Ok(Self { kind, payload: payload.take() }))
    }
}

/// The longest body that is taken at a path.
pub(super) fn longest(path: &str) -> usize {
    if path.starts_with("/v1/staff/requests/") && path.ends_with("/rows") {
        return LONGEST_ROWS;
    }
    if path.starts_with("/v1/requests/") && path.ends_with("/authorization") { LONGEST_DOCUMENT } else { LONGEST_BODY }
}

/// Reads a body up to its limit.
pub(super) async fn read(mut payload: Payload, most: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(error::MALFORMED_JSON, "the body ended before its time"))?;
        if body.len() + chunk.len() > most {
            let detail = format!("a body has at most {most} bytes");
            return Err(Problem::new(error::TOO_LARGE, detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let pointer = pointer(e.path());
        let inner = e.into_inner();
        if inner.is_data() {
            Problem::new(error::INVALID, without_value(&inner.to_string())).at(pointer)
        } else {
            let detail = format!("the body is not JSON, from line {} column {} on", inner.line(), inner.column());
            Problem::new(error::MALFORMED_JSON, detail)
        }
    })?;
    json.end().map_err(|_| Problem::new(error::MALFORMED_JSON, "something follows the JSON value"))?;
    Ok(value)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Seq { index } => format!("/{index}"),
            _ => String::new(),
        })
        .collect()
}

/// serde's messages quote the value they met: `invalid type: string "ada@example.com", expected u8 at line 1`. The
/// value is the person's and does not belong into an error.
fn without_value(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    let quotes = ["invalid type", "invalid value", "unknown variant", "invalid length"];
    match message.find("expected ") {
        Some(at) if quotes.iter().any(|q| message.starts_with(q)) => message[at..].to_owned(),
        _ => message.to_owned(),
    }
}

/// Whether the browser opts out by Global Privacy Control: the header is there and says `1`, nothing else.
pub(super) fn sends_gpc(request: &HttpRequest) -> bool {
    let mut said = request.headers().get_all("sec-gpc");
    said.next().is_some_and(|value| value == "1") && said.next().is_none()
}

pub(super) fn bearer(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn office(request: &HttpRequest) -> Data<Office> {
    request.app_data::<Data<Office>>().expect("the server is built with its office").clone()
}

/// The holder of a requester's token.
pub struct Requester(pub Bundle);

impl FromRequest for Requester {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (token, office) = (bearer(request), office(request));
        Box::pin(async move {
            let token = token.ok_or(Error::Unauthorized)?;
            Ok(Self(follow::bearer(&office, &token).await?))
        })
    }
}

/// What a handler needs of the member of staff who calls it.
pub trait Needs: 'static {
    /// The permission; `None` is any role.
    const PERMISSION: Option<Permission>;

    /// Whether it is open to staff who have still to add the second factor that is asked of them.
    const ENROLLING: bool = false;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $permission:expr;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Needs for $name {
            const PERMISSION: Option<Permission> = $permission;
        }
    )+};
}

/// Any role, also without the second factor that is asked for: to sign out, and to add one.
pub struct Enrolling;

impl Needs for Enrolling {
    const PERMISSION: Option<Permission> = None;
    const ENROLLING: bool = true;
}

needs! {
    /// Any role.
    Anyone = None;
    /// See requests.
    Read = Some(Permission::Read);
    /// Enter requests and messages.
    Enter = Some(Permission::Enter);
    /// Decide.
    Decide = Some(Permission::Decide);
    /// Settle appeals.
    SettleAppeals = Some(Permission::SettleAppeals);
    /// The list of trusted agents.
    ListAgents = Some(Permission::ListAgents);
    /// Keep a record from the purge.
    HoldRecords = Some(Permission::HoldRecords);
    /// Keep a person's data from deletion.
    HoldData = Some(Permission::HoldData);
    /// Figures and the request log.
    Report = Some(Permission::Report);
    /// Staff accounts.
    ManageStaff = Some(Permission::ManageStaff);
    /// API keys and systems.
    ManageSystems = Some(Permission::ManageSystems);
}

/// A member of staff who may do what the handler does.
pub struct Staff<P: Needs> {
    /// Who, and by which session.
    pub signed_in: SignedIn,
    needs: PhantomData<P>,
}

impl<P: Needs> Staff<P> {
    /// Who.
    pub fn member(&self) -> &Member {
        &self.signed_in.staff
    }
}

impl<P: Needs> FromRequest for Staff<P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (token, office) = (bearer(request), office(request));
        Box::pin(async move {
            let token = token.ok_or(Error::Unauthorized)?;
            let signed_in = staff::authenticate(&office, &token).await?;
            if signed_in.may_only_enrol && !P::ENROLLING {
                return Err(Error::SecondFactorRequired.into());
            }
            if P::PERMISSION.is_some_and(|p| !signed_in.staff.role.may(p)) {
                return Err(Error::Forbidden.into());
            }
            Ok(Self { signed_in, needs: PhantomData })
        })
    }
}

/// One of the company's tools, known by its API key.
pub struct Client(pub ApiKey);

impl FromRequest for Client {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (secret, office) = (bearer(request), office(request));
        Box::pin(async move {
            let secret = secret.ok_or(Error::Unauthorized)?;
            Ok(Self(suppression::client(&office, &secret).await?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code)]
        list: Vec<u8>,
    }

    #[rstest::rstest]
    #[case(r#"{"list":["ada@example.com"]}"#, "invalid_request", "expected u8")]
    #[case(r#"{"list":[1],"lits":2}"#, "invalid_request", "unknown field `lits`, expected `list`")]
    #[case(r#"{}"#, "invalid_request", "missing field `list`")]
    #[case(r#"{"list":[1]"#, "malformed_json", "the body is not JSON, from line 1 column 11 on")]
    #[case(r#"{"list":[1]} x"#, "malformed_json", "something follows the JSON value")]
    fn an_error_never_repeats_a_value(#[case] body: &str, #[case] code: &str, #[case] detail: &str) {
        let problem = parse::<Sample>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.to_string(), code);
        assert!(format!("{problem:?}").contains(detail), "{problem:?}");
    }
}

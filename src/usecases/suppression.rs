//! Suppression: mailing and advertising tools ask here before they use an address.

use super::token::ApiSecret;
use super::{Error, Office};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::identity::Email;
use crate::domain::ids::{ControllerId, StaffId};
use crate::store::{ApiKey, Suppression};

/// The chain of what concerns the server as a whole and no controller.
pub const SERVER: &str = "-";

/// What a person opted out of.
///
/// # Errors
/// When the store fails. An address nobody opted out with is an empty list, not an error.
pub async fn suppressions(office: &Office, key: &ApiKey, email: Email) -> Result<Vec<Suppression>, Error> {
    let controller = key.controller.clone();
    office.store.read(move |tx| Ok(tx.suppressions(controller.as_ref(), &email)?)).await
}

/// Whose API key this is.
///
/// # Errors
/// [`Error::Unauthorized`] when it is nobody's.
pub async fn client(office: &Office, secret: &str) -> Result<ApiKey, Error> {
    let hash = ApiSecret::from(secret).hash();
    office.store.read(move |tx| tx.api_key(&hash)?.ok_or(Error::Unauthorized)).await
}

/// Makes an API key; its secret is shown this once and never again. `controller` limits what it sees.
///
/// # Errors
/// [`Error::UnknownController`].
pub async fn add_key(
    office: &Office,
    by: Option<StaffId>,
    name: String,
    controller: Option<ControllerId>,
) -> Result<(ApiKey, ApiSecret), Error> {
    if controller.as_ref().is_some_and(|c| office.controller(c).is_none()) {
        return Err(Error::UnknownController);
    }
    let now = office.clock.now();
    let secret = ApiSecret::new(clock::random());
    let key = ApiKey { id: clock::new_id(now), name, controller, hash: secret.hash(), created_at: now };
    let kept = key.clone();
    office
        .store
        .write(move |tx| {
            tx.insert_api_key(&kept)?;
            let actor = by.map_or(Actor::System, Actor::Staff);
            tx.append(&NewEntry::new(&SERVER.into(), None, now, actor, "api_key.added"))?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok((key, secret))
}

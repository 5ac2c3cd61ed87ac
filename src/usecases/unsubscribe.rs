//! One-click unsubscribe (RFC 8058): a link for each address, which holds no address and asks for nothing but a click.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use super::signal::{answers_for, honour};
use super::{Error, Office};
use crate::domain::identity::{Email, Name};
use crate::domain::ids::ControllerId;
use crate::domain::request::{Channel, OptOut, Person};
use crate::store::{ApiKey, Keys};

/// How many links are made in one call.
pub const MOST: usize = 1000;

/// What links are sealed for; nothing else that this key seals opens as one.
const PLACE: &[u8] = b"unsubscribe";

/// Addresses are padded to a multiple of this, so that a link does not tell how long one is.
const PADDING: usize = 32;

/// Whose mails a link ends.
pub struct Subscription {
    /// Who sends them.
    pub controller: ControllerId,
    /// Who gets them.
    pub email: Email,
}

/// The links of addresses, in their order. The same address always has the same link, so tools may keep it.
///
/// # Errors
/// [`Error::UnknownController`]; [`Error::Invalid`] when the key is good for several controllers and none is named.
pub fn links(
    office: &Office,
    key: &ApiKey,
    controller: Option<ControllerId>,
    emails: &[Email],
) -> Result<Vec<String>, Error> {
    let controller = sender(office, key, controller)?;
    let link = |email: &Email| format!("{}/u/{}", office.public_url, token(office.store.keys(), &controller, email));
    Ok(emails.iter().map(link).collect())
}

fn sender(office: &Office, key: &ApiKey, named: Option<ControllerId>) -> Result<ControllerId, Error> {
    let mut all = office.controllers().map(|c| &c.id);
    let only = all.next().filter(|_| all.next().is_none()).cloned();
    let controller = named.or_else(|| key.controller.clone()).or(only);
    let controller = controller
        .ok_or_else(|| Error::invalid("/controller", "this key is good for several controllers; name one"))?;
    answers_for(key, &controller)?;
    office.controller(&controller).map(|c| c.id.clone()).ok_or(Error::UnknownController)
}

/// Whose mails a link ends; nothing is changed by asking.
///
/// # Errors
/// [`Error::NotFound`] when the link was not made here, or its controller is no longer served.
pub fn open(office: &Office, token: &str) -> Result<Subscription, Error> {
    let gone = || Error::NotFound("unsubscribe link");
    let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| gone())?;
    // The seal is compared in constant time, and what is not ours is not looked into.
    let plain = office.store.keys().open_link(PLACE, &sealed).map_err(|_| gone())?;
    let text = std::str::from_utf8(&plain).map_err(|_| gone())?.trim_end_matches('\0');
    let (controller, email) = text.split_once('\0').ok_or_else(gone)?;
    let subscription = Subscription { controller: controller.into(), email: email.parse().map_err(|_| gone())? };
    office.controller(&subscription.controller).map(|_| ()).ok_or_else(gone)?;
    Ok(subscription)
}

/// Ends the marketing mails of an address, at once and for good; gives since when. A second click changes nothing.
/// Service messages go on, and so do Habeas's own letters: both belong to what the person uses or asked for.
///
/// # Errors
/// As [`open`]; when the store fails.
pub async fn unsubscribe(office: &Office, token: &str) -> Result<(ControllerId, DateTime<Utc>), Error> {
    let Subscription { controller, email } = open(office, token)?;
    let person = Person { name: Name::not_given(), email, phone: None, account_id: None, residence: None };
    let since = honour(office, &controller, person, &[OptOut::Marketing], Channel::Unsubscribe).await?;
    Ok((controller, since))
}

fn token(keys: &Keys, controller: &ControllerId, email: &Email) -> String {
    let mut plain = format!("{controller}\0{}", email.normalised()).into_bytes();
    plain.resize(plain.len().next_multiple_of(PADDING), 0);
    URL_SAFE_NO_PAD.encode(keys.seal_link(PLACE, &plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_tells_neither_the_address_nor_its_length() {
        let keys = Keys::from_master([7; 32]);
        let token = |controller: &str, email: &str| token(&keys, &controller.into(), &email.parse().unwrap());
        let (ada, bob) = (token("shop", "ada@example.com"), token("shop", "bob.the.longer@example.com"));
        assert_eq!(ada.len(), bob.len());
        assert_ne!(ada, bob);
        assert_eq!(ada, token("shop", "ADA@Example.com"));
        assert_ne!(ada, token("club", "ada@example.com"));
        let bytes = URL_SAFE_NO_PAD.decode(&ada).unwrap();
        assert!(!bytes.windows(7).any(|w| w == b"example"));
    }
}

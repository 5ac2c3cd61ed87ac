//! Suppressions: whom not to subject to what any more, by keyed index alone, so that they outlive a purge.

use chrono::{DateTime, Utc};

use super::{StoreError, Tx};
use crate::domain::identity::Email;
use crate::domain::ids::{ControllerId, RequestId};
use crate::domain::request::OptOut;

/// What one address is opted out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// At whom.
    pub controller: ControllerId,
    /// Of what.
    pub what: OptOut,
    /// Since when.
    pub since: DateTime<Utc>,
    /// By which request.
    pub request: Option<RequestId>,
}

impl Tx<'_> {
    /// What an address is opted out of, at one controller or at all.
    pub fn suppressions(
        &mut self,
        controller: Option<&ControllerId>,
        email: &Email,
    ) -> Result<Vec<Suppression>, StoreError> {
        let _ = (controller, email);
        todo!()
    }
}

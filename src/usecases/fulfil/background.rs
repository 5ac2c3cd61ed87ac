//! What the controller's policy says of its data, in words for a package.

use super::super::office::Controller;
use crate::datamap::Category;
use crate::domain::policy::{Policy, Recipient};
use crate::domain::regime::Regime;
use crate::packaging::{Background, Receiver, Use};

/// Purposes, recipients, retention, decisions by machine and remedies (GDPR Art. 15(1)(a)-(h)).
pub fn of(controller: &Controller, regime: Option<&Regime>) -> Background {
    let policy = &controller.policy;
    let purposes = policy.purposes.iter().map(|purpose| Use {
        text: purpose.text.clone(),
        kinds: words(&purpose.categories),
        legal_basis: purpose.legal_basis.clone(),
        source: purpose.source.clone(),
    });
    let authority = regime.and_then(|regime| policy.authority(regime));
    Background {
        purposes: purposes.collect(),
        recipients: policy.recipients.iter().map(receiver).collect(),
        retention: policy.retention.iter().map(|retention| retention.text.clone()).collect(),
        automated: automated(policy),
        authority: authority.map(|authority| (authority.name.clone(), authority.url.clone())),
        contact: policy.privacy_email.clone(),
    }
}

/// What the policy says of decisions by machine alone.
pub fn automated(policy: &Policy) -> Vec<String> {
    policy.automated_decisions.as_ref().map(|said| said.sentences()).unwrap_or_default()
}

fn receiver(recipient: &Recipient) -> Receiver {
    Receiver { name: recipient.name.clone(), role: recipient.role.clone(), kinds: words(&recipient.categories) }
}

fn words(categories: &[String]) -> Vec<String> {
    categories.iter().map(|name| Category::from(name.as_str()).words()).collect()
}

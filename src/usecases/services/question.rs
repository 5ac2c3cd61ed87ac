//! What is asked under an approval: the messages as they are sent, one a service.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::fulfil::manifests;
use super::super::holds::circumstances;
use super::super::office::Controller;
use super::super::{Error, Office};
use super::held;
use crate::clock;
use crate::connectors::http::messages::{Correct, FieldCorrection, Find, Question};
use crate::domain::delivery::{Delivery, Occasion, Operation, Standing};
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::personal::Personal;
use crate::domain::request::Request;
use crate::domain::right::Right;
use crate::fulfilment::LeftOut;
use crate::fulfilment::services::{Asked, person, questions, shown};

/// A message as it is sent.
#[derive(Serialize, Deserialize)]
pub(super) struct Message {
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
    /// The message's id, as in `webhook-id`.
    pub delivery: Uuid,
    /// Where the answer may be sent later.
    pub call_back: String,
}

impl Message {
    /// Reads a message that was kept.
    pub fn of(delivery: &Delivery) -> Result<Self, Error> {
        serde_json::from_str(delivery.body.expose()).map_err(|_| Error::Files("read a message of its own".into()))
    }

    /// A delivery with this message in place of its own.
    pub fn keep_in(&self, delivery: &Delivery) -> Result<Delivery, Error> {
        let body = serde_json::to_string(self).map_err(|_| Error::Files("write a message".into()))?;
        Ok(Delivery { body: Personal::new(body), ..delivery.clone() })
    }
}

/// A new message.
pub(super) fn message(office: &Office, occasion: Occasion, question: Question) -> Result<Delivery, Error> {
    let id = clock::new_id(office.clock.now());
    let call_back = format!("{}/v1/systems/{}/results/{id}", office.public_url, occasion.system);
    let new = Delivery { id, occasion, body: Personal::new(String::new()), standing: Standing::Open, left: false };
    Message { question, delivery: id, call_back }.keep_in(&new)
}

/// What a request's approval asks of these services.
pub(super) fn of(
    office: &Office,
    controller: &Controller,
    request: &Request,
    at: DateTime<Utc>,
    services: &BTreeSet<SystemId>,
) -> Result<Vec<Delivery>, Error> {
    let identities = request.identities();
    let left_out: LeftOut =
        request.state.exceptions().iter().map(|e| (e.dataset.clone(), e.collection.clone())).collect();
    let systems = &controller.systems;
    let asked = match request.right {
        Right::Access | Right::Portability | Right::Categories => {
            let asked = questions(systems, &identities, &left_out, false, request.particulars.range, &[], services)?;
            all(asked, Operation::Find, Question::Find)
        }
        Right::Deletion => {
            // Decided anew, or tried again: where the databases are erased already, their manifests know the keys.
            let earlier = manifests(office, request.id)?;
            let asked = questions(systems, &identities, &left_out, true, None, &earlier, services)?;
            return held::planned(office, request.id, at, asked, &circumstances(office, request)?);
        }
        Right::Correction => corrections(controller, request, services)?,
        _ => Vec::new(),
    };
    let occasion = |system, operation| Occasion { request: request.id, system, operation, at, round: 1 };
    asked.into_iter().map(|(s, operation, question)| message(office, occasion(s, operation), question)).collect()
}

type New = (SystemId, Operation, Question);

fn all(asked: Vec<Asked>, operation: Operation, question: impl Fn(Find) -> Question) -> Vec<New> {
    asked.into_iter().map(|asked| (asked.system, operation, question(asked.find))).collect()
}

/// The corrections of fields that services hold.
fn corrections(controller: &Controller, request: &Request, services: &BTreeSet<SystemId>) -> Result<Vec<New>, Error> {
    let mut new = Vec::new();
    let concerned = |system: &&SystemId| {
        let mut nodes = controller.systems.graph().nodes().filter(|(_, node)| node.system == **system);
        nodes.any(|(_, node)| request.particulars.corrections.iter().any(|c| c.dataset == node.dataset))
    };
    let identities = shown(&controller.systems, services.iter().filter(concerned), &request.identities())?;
    for system in services {
        let Some((dataset, person)) = person(&controller.systems, system, &identities) else { continue };
        let of_service = request.particulars.corrections.iter().filter(|c| c.dataset == dataset);
        let corrections: Vec<FieldCorrection> = of_service
            .map(|c| FieldCorrection {
                collection: c.collection.clone(),
                field: c.field.clone(),
                current: c.current.clone(),
                requested: c.requested.clone(),
            })
            .collect();
        if !corrections.is_empty() {
            let question = Question::Correct(Correct { dataset, person, corrections });
            new.push((system.clone(), Operation::Correct, question));
        }
    }
    Ok(new)
}

/// What a request's messages are about, for a request that has none of this kind yet.
pub(super) fn occasion(request: RequestId, system: &SystemId, operation: Operation, at: DateTime<Utc>) -> Occasion {
    Occasion { request, system: system.clone(), operation, at, round: 1 }
}

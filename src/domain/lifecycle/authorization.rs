//! What may happen while an agent's authority is to be shown: handed in, accepted, refused, confirmed or disowned.

use serde_json::json;

use super::{Refusal, Step, Transition, admit, entry, stay};
use crate::domain::agent::{Authorization, Document, DocumentKind, Proof, Standing};
use crate::domain::personal::Personal;
use crate::domain::request::{Outcome, Request, State, StateName};
use crate::domain::verification::{Level, Method};

impl Request {
    /// The agent's authority, where an agent acts.
    pub fn authorization(&self) -> Option<&Authorization> {
        self.particulars.agent.as_ref().map(|agent| &agent.authorization)
    }

    /// Whether the person is told of what an agent asks in their name. Not where a guardian speaks for them.
    pub fn tells_person(&self) -> bool {
        let guarded = |a: &Authorization| {
            let accepted = matches!(a.standing, Standing::Accepted { proof: Proof::Guardian, .. });
            accepted || a.announced == Some(DocumentKind::Guardian)
        };
        self.authorization().is_some_and(|a| !guarded(a))
    }

    /// The agent hands a document in; it takes the place of one that was there.
    ///
    /// # Errors
    /// When the request does not wait for it, or only a guardian may act and the document shows something else.
    pub fn authorization_submitted(self, step: Step, document: Document) -> Transition {
        let mut authorization = self.awaited("authorized")?;
        if authorization.terms.guardian_only && document.kind != DocumentKind::Guardian {
            return Err(Refusal::GuardianOnly);
        }
        let facts = json!({ "kind": document.kind, "media_type": document.media_type, "bytes": document.bytes });
        let entries = vec![entry(&self, step, "authorization.submitted", facts)];
        authorization.document = Some(document);
        authorization.standing = Standing::Submitted;
        Ok(Outcome { entries, ..stay(self.with_authorization(authorization)) })
    }

    /// Staff accept the agent's authority: by the document that is there, or by a paper they have `seen` elsewhere. The
    /// agent then answers for who the person is.
    ///
    /// # Errors
    /// When the request does not wait for it, nothing was handed in, or it is not a guardian's where only one may act.
    pub fn authorization_accepted(self, step: Step, seen: Option<DocumentKind>) -> Transition {
        let authorization = self.awaited("authorized")?;
        let submitted = authorization.document.as_ref().filter(|_| authorization.standing == Standing::Submitted);
        let kind = seen.or(submitted.map(|d| d.kind)).ok_or(Refusal::NoProof)?;
        if authorization.terms.guardian_only && kind != DocumentKind::Guardian {
            return Err(Refusal::GuardianOnly);
        }
        let level = self.verification.required;
        Ok(self.authorized(step, authorization, kind.into(), (Method::AgentAttestation, level)))
    }

    /// Staff find that what was handed in does not show the agent's authority. The agent may hand in something else.
    ///
    /// # Errors
    /// When the request does not wait for it, or nothing was handed in.
    pub fn authorization_refused(self, step: Step, reason: Personal<String>) -> Transition {
        let mut authorization = self.awaited("refused an authorization")?;
        if authorization.standing != Standing::Submitted {
            return Err(Refusal::NoProof);
        }
        let kind = authorization.document.as_ref().map(|d| d.kind);
        let entries = vec![entry(&self, step, "authorization.refused", json!({ "kind": kind }))];
        authorization.standing = Standing::Refused { at: step.now, by: step.by, reason };
        Ok(Outcome { entries, ..stay(self.with_authorization(authorization)) })
    }

    /// The person confirms that the agent acts for them, which also shows their control of the mailbox.
    ///
    /// # Errors
    /// When the request does not wait for it.
    pub fn authorization_confirmed(self, step: Step) -> Transition {
        let authorization = self.awaited("confirmed")?;
        let evidence = (Method::PersonConfirmation, Level::Email);
        Ok(self.authorized(step, authorization, Proof::PersonConfirmation, evidence))
    }

    /// The agent shows control of their own mailbox. That is authority enough for one whom staff have listed as trusted,
    /// and for anybody else only an address that letters can be sent to.
    ///
    /// # Errors
    /// When the request does not wait for it.
    pub fn agent_confirmed(self, step: Step, trusted: bool) -> Transition {
        let mut authorization = self.awaited("authorized")?;
        authorization.address_confirmed_at = Some(step.now);
        // A list of agents says nothing about parents.
        if trusted && !authorization.terms.guardian_only {
            let level = self.verification.required;
            return Ok(self.authorized(step, authorization, Proof::Registry, (Method::AgentAttestation, level)));
        }
        let entries = vec![entry(&self, step, "authorization.address_confirmed", json!({}))];
        Ok(Outcome { entries, ..stay(self.with_authorization(authorization)) })
    }

    /// The person says that the agent does not act for them: the request is taken back in their name.
    ///
    /// # Errors
    /// When the request does not wait for it.
    pub fn disowned(self, step: Step) -> Transition {
        let mut authorization = self.awaited("withdrawn")?;
        authorization.standing = Standing::Disowned { at: step.now };
        let entries = vec![
            entry(&self, step, "authorization.disowned", json!({})),
            entry(&self, step, "request.withdrawn", json!({})),
        ];
        let state = State::Withdrawn { at: step.now };
        // The letters are the bundle's: to the agent and to the person.
        Ok(Outcome { entries, ..stay(Request { state, ..self.with_authorization(authorization) }) })
    }

    fn authorized(
        self,
        step: Step,
        mut authorization: Authorization,
        proof: Proof,
        (method, level): (Method, Level),
    ) -> Outcome {
        let verification = self.verification.clone().with(method, level);
        let facts = json!({ "proof": proof, "by_law": authorization.terms.by_law, "level": verification.reached });
        let accepted = entry(&self, step, "authorization.accepted", facts);
        authorization.standing = Standing::Accepted { at: step.now, by: step.by, proof };
        let mut outcome = admit(Request { verification, ..self.with_authorization(authorization) }, step.now);
        outcome.entries.insert(0, accepted);
        outcome
    }

    fn awaited(&self, verb: &'static str) -> Result<Authorization, Refusal> {
        self.only_in(&[StateName::AwaitingAuthorization], verb)?;
        self.authorization().cloned().ok_or(Refusal::NoProof)
    }

    fn with_authorization(mut self, authorization: Authorization) -> Self {
        if let Some(agent) = &mut self.particulars.agent {
            agent.authorization = authorization;
        }
        self
    }
}

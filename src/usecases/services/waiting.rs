//! While a service has still to call back, the job waits without a worker, and what it waits for can be seen.

use uuid::Uuid;

use super::super::fulfil::failing::{self, failed_steps};
use super::super::fulfil::while_fulfilling;
use super::super::{Error, Office};
use crate::domain::delivery::{Delivery, Operation};
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::job::{LeasedJob, Settlement};
use crate::store::{StepRow, StepState};

/// Who is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The services, and what they were asked.
    pub waits: Vec<(SystemId, Operation)>,
}

/// Steps of waiting stand behind all others but those of systems that fail.
const FIRST: i32 = failing::FIRST / 2;

/// Puts the job off until the first of them should have called back, or, when one did meanwhile, until now: in one
/// transaction with the look at what is there, so that no call-back is slept through.
///
/// # Errors
/// When the store fails.
pub async fn wait(office: &Office, owner: Uuid, job: &LeasedJob, id: RequestId, pending: Pending) -> Result<(), Error> {
    let now = office.clock.now();
    let job = job.clone();
    office
        .store
        .write(move |tx| {
            // The same lock that a call-back takes.
            if tx.request_for_update(id)?.is_none() {
                return Ok(tx.settle(&job, owner, &Settlement::Done, now).map(drop)?);
            }
            let deliveries = tx.deliveries(id)?;
            let waited = |(system, operation): &&(SystemId, Operation)| {
                let this = |d: &&Delivery| d.occasion.system == *system && d.occasion.operation == *operation;
                deliveries.iter().filter(this).any(|d| d.awaited(now).is_some())
            };
            let all_wait = pending.waits.iter().filter(waited).count() == pending.waits.len();
            let until = deliveries.iter().filter_map(|d| d.awaited(now)).min().filter(|_| all_wait).unwrap_or(now);
            let names: Vec<String> = pending.waits.iter().map(|(system, what)| format!("{system} ({what})")).collect();
            let reason = format!("waits for the call-back of {}", names.join(", "));
            let step = |(n, (system, operation)): (usize, &(SystemId, Operation))| StepRow {
                ordinal: FIRST.saturating_add(i32::try_from(n).unwrap_or_default()),
                name: operation.to_string(),
                system: system.clone(),
                dataset: String::new(),
                collection: String::new(),
                state: StepState::Running,
                rows: 0,
                bytes: 0,
                error: None,
                updated_at: now,
                since: None,
                attempts: 0,
            };
            let steps: Vec<StepRow> = pending.waits.iter().enumerate().map(step).collect();
            if tx.settle(&job, owner, &Settlement::Postponed { until, reason }, now)? {
                while_fulfilling(tx, id, |tx| {
                    // Which system fails, and how often it did, is as it was.
                    let failed: Vec<StepRow> = failed_steps(&tx.steps(id)?).cloned().collect();
                    tx.clear_steps(id)?;
                    tx.put_steps(id, &steps)?;
                    Ok(tx.put_steps(id, &failed)?)
                })?;
            }
            Ok(())
        })
        .await
}

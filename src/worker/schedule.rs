//! What is due by the clock alone: unverified requests expire, dates are reminded of, records are purged, packages and
//! remembered answers go.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use crate::usecases::{Error, Office, authorize, decide, fulfil, holds, idempotency, remind, retention, services};

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(60);

/// Does what is due, again and again, until told to stop.
pub async fn keep(office: Office, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = once(&office).await {
            tracing::warn!(%error, "what is due by the clock could not be done; it is tried again in a minute");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Does what is due now.
///
/// # Errors
/// When the store or the shelf fails.
pub async fn once(office: &Office) -> Result<(), Error> {
    decide::expire(office).await?;
    remind::remind(office).await?;
    let oldest = office.clock.now() - idempotency::MEMORY;
    office.store.write(move |tx| Ok::<_, Error>(tx.forget_before(oldest)?)).await?;
    let now = office.clock.now();
    office.store.write(move |tx| Ok::<_, Error>(tx.forget_tries(now)?)).await?;
    authorize::document::sweep(office).await?;
    holds::let_go(office).await?;
    services::sweep(office).await?;
    retention::purge(office).await?;
    fulfil::remove_expired_packages(office).await?;
    let shelf = office.shelf.clone();
    // A part this old belongs to nobody who is still writing it.
    let abandoned = office.clock.now() - TimeDelta::days(1);
    let swept = tokio::task::spawn_blocking(move || shelf.sweep(abandoned)).await;
    if let Ok(Err(error)) = swept {
        tracing::warn!(%error, "abandoned parts of packages could not be removed");
    }
    Ok(())
}

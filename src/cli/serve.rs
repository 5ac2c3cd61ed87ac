//! `habeas serve`: API, web pages and worker in one process, until told to stop.

use std::io::IsTerminal;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Failure, assemble};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::connectors::Why;
use crate::usecases::Office;
use crate::web::{self, Serving};
use crate::worker::Worker;

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When something is wrong with files, store or address.
pub fn serve(config: Config) -> Result<ExitCode, Failure> {
    log_to_stderr();
    let (workers, grace) = (config.server.workers, Duration::from_secs(config.server.grace_seconds));
    let listener = listen(&config.server.listen)?;
    let office = assemble::office(&config, Clock::system())?;
    actix_web::rt::System::new().block_on(until_stopped(office, listener, workers, grace))?;
    Ok(ExitCode::SUCCESS)
}

/// Takes the address.
///
/// # Errors
/// When it is no address, or is taken.
pub fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|e| Failure::Message(format!("cannot listen on {address}: {e}")))
}

/// Lines on standard error, JSON where `HABEAS_LOG_FORMAT=json` says so; `HABEAS_LOG` sets what is logged (`info`).
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("HABEAS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // These tell in their finer lines to which hosts they connect, and persons name some of these.
    let quiet = ["reqwest=warn", "hyper_util=warn", "rustls=warn"]
        .map(|d| d.parse().expect("each of these is written as a directive"));
    let filter = quiet.into_iter().fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process is a test's; the first stays.
    let _ = match std::env::var("HABEAS_LOG_FORMAT").as_deref() {
        Ok("json") => lines.json().try_init(),
        _ => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
}

/// Serves on the listener and works, until told to stop; then answers what was begun, lets jobs end for the time of
/// `grace`, and gives leases back.
///
/// # Errors
/// When the listener cannot be used.
pub async fn until_stopped(
    office: Office,
    listener: TcpListener,
    workers: usize,
    grace: Duration,
) -> Result<(), Failure> {
    let address = listener.local_addr().map_err(Failure::of)?;
    let owner = clock::new_id(office.clock.now());
    let worker = Worker::start(office.clone(), owner);
    let (store, cancellation) = (office.store.clone(), office.cancellation.clone());
    let server = web::serve(Serving { office, figures: figures(), workers }, listener).map_err(Failure::of)?;
    tracing::info!(%address, "habeas serves");
    let handle = server.handle();
    let running = tokio::spawn(server);
    stopped().await?;
    tracing::info!("habeas stops");
    let ((), ended) = tokio::join!(handle.stop(true), worker.stop(grace));
    let _ = running.await;
    // What staff were shown a plan from: nobody waits for it any more.
    cancellation.cancel(Why::Stopping);
    store.close();
    if !ended {
        // A thread that still waits for a company's database would hold the process up until that one answers. What it
        // does there is repeated or undone as after a crash.
        tracing::warn!("something did not end and is cut off");
        std::process::exit(0);
    }
    Ok(())
}

async fn stopped() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::of)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::of)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// The process's figures. Where another part of the process installed the recorder, these stay empty.
pub fn figures() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _ = metrics::set_global_recorder(recorder);
    handle
}

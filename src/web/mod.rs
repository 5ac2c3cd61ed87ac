//! HTTP: routes, who may call them, and how answers and problems look.

pub mod api;
pub mod centre;
pub mod download;
pub mod error;
pub mod extract;
mod idempotent;
pub mod openapi;
mod responses;
pub mod routes;
pub mod wire;

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};

use crate::usecases::Office;
use metrics_exporter_prometheus::PrometheusHandle;

/// How to serve.
pub struct Serving {
    /// The use cases' office.
    pub office: Office,
    /// Where figures are read from.
    pub figures: PrometheusHandle,
    /// Threads; 0 is one for each core.
    pub workers: usize,
}

/// Serves on a listener until the server's handle stops it; requests that began are answered first.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(serving: Serving, listener: TcpListener) -> std::io::Result<Server> {
    let Serving { office, figures, workers } = serving;
    let (office, figures) = (Data::new(office), Data::new(figures));
    let mut server = HttpServer::new(move || {
        let headers = DefaultHeaders::new()
            .add(("X-Content-Type-Options", "nosniff"))
            .add(("Referrer-Policy", "no-referrer"))
            .add(("Cache-Control", "no-store"));
        App::new()
            .app_data(office.clone())
            .app_data(figures.clone())
            .configure(routes::configure)
            .wrap(from_fn(idempotent::answer))
            .wrap(headers)
            .wrap(Compress::default())
    });
    if workers > 0 {
        server = server.workers(workers);
    }
    Ok(server.shutdown_timeout(20).disable_signals().listen(listener)?.run())
}

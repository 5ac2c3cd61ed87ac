//! What the tests stand on: databases that start by themselves and are gone afterwards, and servers on top of them.

pub mod line;
pub mod lock;
pub mod mysql;
pub mod pooler;
pub mod ports;
pub mod postgres;
pub mod provider;
pub mod receiver;
pub mod server;
pub mod service;
pub mod world;

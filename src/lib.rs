//! Habeas, a self-hosted data-subject request server. `ARCHITECTURE.md` has the picture; the arrows run downwards in
//! the order below, and `domain` knows no I/O.

pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod crash;
pub mod datamap;
pub mod domain;
pub mod fulfilment;
pub mod mail;
pub mod packaging;
pub mod regimes;
pub mod sending;
pub mod sign_in;
pub mod signing;
pub mod store;
pub mod usecases;
pub mod web;
pub mod worker;

//! A system that is switched off: whoever needs it is told so, and nothing is taken for searched.

use super::{Connector, ConnectorError, LiveSchema, Reader, Writer};

/// Stands in for a system that the configuration switches off.
#[derive(Debug)]
pub struct Disabled;

fn told<T>() -> Result<T, ConnectorError> {
    Err(ConnectorError::Unreachable("it is switched off in the configuration".to_owned()))
}

impl Connector for Disabled {
    fn probe(&self) -> Result<LiveSchema, ConnectorError> {
        told()
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        told()
    }

    fn writer(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        told()
    }
}

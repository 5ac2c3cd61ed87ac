//! Connecting to a PostgreSQL server.

use std::time::Duration;

use tokio_postgres::Config;

use super::columns::Remembered;
use super::error;
use super::opening::Opening;
use super::statements::{Connected, Plain};
use crate::connectors::driver::OwnDriver;
use crate::connectors::pool::Dial;
use crate::connectors::{Cancellation, ConnectorError};

/// A server, and how it is connected to.
pub(super) struct Server {
    pub(super) config: Config,
    pub(super) opening: Opening,
    pub(super) columns: Remembered,
    pub(super) plain: Plain,
}

impl Dial for Server {
    type Client = Connected;

    fn dial(&self, patience: Duration, cancellation: &Cancellation) -> Result<Connected, ConnectorError> {
        let driver = OwnDriver::new()?;
        let connecting = async { tokio::time::timeout(patience, self.config.connect(self.opening.clone())).await };
        match cancellation.during_on(&driver, connecting)? {
            Ok(Ok((client, connection))) => {
                let version = connection.parameter("server_version").map(str::to_owned);
                // Its end is seen by the client, as an error of the statement then running.
                driver.spawn(connection);
                Ok(Connected::new(client, driver, version.as_deref(), self.plain.clone()))
            }
            Ok(Err(error)) => Err(error::connecting(&error)),
            Err(_) => Err(ConnectorError::Unreachable("no answer while connecting".to_owned())),
        }
    }

    fn is_closed(client: &Connected) -> bool {
        client.is_closed()
    }
}

//! Connecting to a PostgreSQL server.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::columns::Remembered;
use super::error;
use super::statements::{Connected, Plain};
use crate::connectors::driver::driver;
use crate::connectors::pool::Dial;
use crate::connectors::{Cancellation, ConnectorError};

/// A server, and how it is connected to.
pub(super) struct Server {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    pub(super) columns: Remembered,
    pub(super) plain: Plain,
}

impl Dial for Server {
    type Client = Connected;

    fn dial(&self, patience: Duration, cancellation: &Cancellation) -> Result<Connected, ConnectorError> {
        let driver = driver()?;
        let connecting = async { tokio::time::timeout(patience, self.config.connect(self.tls.clone())).await };
        match cancellation.during(connecting)? {
            Ok(Ok((client, connection))) => {
                let connected = Connected::new(client, connection.parameter("server_version"), self.plain.clone());
                // Its end is seen by the client, as an error of the statement then running.
                driver.spawn(connection);
                Ok(connected)
            }
            Ok(Err(error)) => Err(error::connecting(&error)),
            Err(_) => Err(ConnectorError::Unreachable("no answer while connecting".to_owned())),
        }
    }

    fn is_closed(client: &Connected) -> bool {
        client.is_closed()
    }
}

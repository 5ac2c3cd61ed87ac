//! Connecting to a MySQL or MariaDB server.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Error, Opts, OptsBuilder};

use super::error;
use crate::connectors::pool::Dial;
use crate::connectors::sql::Place;
use crate::connectors::{Cancellation, ConnectorError};

/// A server, and how it is connected to.
pub(super) struct Server {
    pub(super) opts: Opts,
    /// Whether a server that cannot encrypt is taken as it is.
    pub(super) may_be_plain: bool,
}

impl Dial for Server {
    type Client = Conn;

    fn dial(&self, patience: Duration, cancellation: &Cancellation) -> Result<Conn, ConnectorError> {
        let connecting = async { tokio::time::timeout(patience, self.connect()).await };
        match cancellation.during(connecting)? {
            Ok(connected) => connected.map_err(|e| error::of(&e, &Place::Nowhere)),
            Err(_) => Err(ConnectorError::Unreachable("no answer while connecting".to_owned())),
        }
    }

    fn is_closed(client: &Conn) -> bool {
        client.is_disconnected()
    }
}

impl Server {
    async fn connect(&self) -> mysql_async::Result<Conn> {
        match Conn::new(self.opts.clone()).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if self.may_be_plain => {
                Conn::new(OptsBuilder::from_opts(self.opts.clone()).ssl_opts(None)).await
            }
            connected => connected,
        }
    }

    /// Stops the statement that another connection is running. One that cannot be stopped so ends with its connection.
    pub(super) async fn kill_query(&self, connection: u32) {
        if let Ok(mut other) = self.connect().await {
            let _ = other.query_drop(format!("KILL QUERY {connection}")).await;
            let _ = other.disconnect().await;
        }
    }
}

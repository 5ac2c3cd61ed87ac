//! Somebody else's transaction in a company's database, that holds what it has locked for as long as the test wants.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;

use super::world::{Kind, World};
use super::{mysql, postgres};

/// What is held until this is dropped.
pub enum Held {
    Sqlite { _connection: rusqlite::Connection },
    Server { end: Option<tokio::sync::oneshot::Sender<()>>, thread: Option<JoinHandle<()>> },
}

/// What takes a lock, in the words of each engine.
pub struct Lock {
    pub sqlite: &'static str,
    pub postgres: &'static str,
    pub mysql: &'static str,
}

impl World {
    /// Locks something in a system's database until what comes back is dropped.
    pub fn hold(&self, system: &str, lock: Lock) -> Held {
        let url = self.system_url(system);
        let sql = match self.company() {
            Kind::Sqlite => lock.sqlite,
            Kind::Postgres => lock.postgres,
            Kind::Mysql => lock.mysql,
        };
        if self.company() == Kind::Sqlite {
            let connection = rusqlite::Connection::open(self.path().join(format!("{system}.db"))).unwrap();
            connection.execute_batch(sql).unwrap();
            return Held::Sqlite { _connection: connection };
        }
        let (end, ended) = tokio::sync::oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let kind = self.company();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if kind == Kind::Mysql {
                    let mut client = mysql_async::Conn::from_url(&url).await.unwrap();
                    client.query_drop(sql).await.unwrap();
                    ready.send(()).unwrap();
                    let _ = ended.await;
                    client.disconnect().await.unwrap();
                } else {
                    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
                    tokio::spawn(connection);
                    client.batch_execute(sql).await.unwrap();
                    ready.send(()).unwrap();
                    let _ = ended.await;
                    client.batch_execute("ROLLBACK").await.unwrap();
                }
            });
        });
        is_ready.recv().unwrap();
        Held::Server { end: Some(end), thread: Some(thread) }
    }

    /// How many statements of others run in a system's database, or wait there; nobody can say of SQLite.
    pub fn statements(&self, system: &str) -> Option<usize> {
        let url = self.system_url(system);
        let count = match self.company() {
            Kind::Sqlite => return None,
            Kind::Postgres => postgres::query(
                &url,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                 AND pid <> pg_backend_pid()",
            ),
            Kind::Mysql => mysql::query(
                &url,
                "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND command <> 'Sleep' \
                 AND id <> connection_id()",
            ),
        };
        Some(count.trim().parse().unwrap())
    }

    /// Waits until so many statements of others run in a system's database.
    pub fn until_statements(&self, system: &str, expected: usize, patience: Duration) {
        let begun = Instant::now();
        while self.statements(system).is_some_and(|now| now != expected) {
            assert!(begun.elapsed() < patience, "{:?} statements run, not {expected}", self.statements(system));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Held::Server { end, thread } = self {
            drop(end.take());
            let _ = thread.take().map(JoinHandle::join);
        }
    }
}

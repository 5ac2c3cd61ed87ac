//! A private MariaDB, started once a test process on a free loopback port, and stopped when that process ends, however
//! it ends.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, Row, Value};

use super::ports::free_port;

/// An account that must give the password [`PASSWORD`]; everyone else has none.
pub const LOCKED_USER: &str = "locked";

/// The password of [`LOCKED_USER`].
pub const PASSWORD: &str = "right-horse";

/// An account that is let in over TLS alone.
pub const ENCRYPTED_USER: &str = "encrypted";

/// Starts, waits for the other end of its standard input to close, then stops and cleans up: a process of its own, so
/// that neither a panic nor a `kill -9` of the test process leaves a server behind.
const WATCHER: &str = r#"
trap '' HUP INT PIPE TERM
home="$1"; shift
"$@" </dev/null >"$home/log" 2>&1 &
server=$!
tries=0
until mariadb-admin --no-defaults --socket="$home/socket" --user=tester ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then cat "$home/log" >&2; rm -rf "$home"; exit 1; fi
    sleep 0.1
done
echo ready
cat >/dev/null
kill -9 "$server"
rm -rf "$home"
"#;

/// A server that encrypts, beside the one that does not.
pub struct Encrypted {
    /// A database on it, as [`ENCRYPTED_USER`].
    pub url: String,
    /// The file of the authority that vouches for it, by the name `localhost`.
    pub authority: PathBuf,
    /// The file of an authority that does not.
    pub stranger: PathBuf,
    _server: Server,
}

struct Server {
    port: u16,
    /// Its standard input stays open for as long as the test process lives.
    _watcher: Child,
}

/// Makes an empty database of its own, with an account that sees nothing else, and gives its URL.
pub fn fresh_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let make = format!("CREATE DATABASE {name}; CREATE USER {name}; GRANT ALL ON {name}.* TO {name}");
    execute(&admin_url(), &make);
    as_user(&url_of("tester", &name), &name)
}

/// A URL with every right.
pub fn admin_url() -> String {
    url_of("tester", "mysql")
}

/// The URL of the same database for another account (`user` or `user:password`).
pub fn as_user(url: &str, user: &str) -> String {
    let database = url.rsplit('/').next().expect("a URL made by fresh_database");
    url_of(user, database)
}

/// Statements of the tests' common SQL in the words of this server: a key takes no text without a length.
pub fn dialect(sql: &str) -> String {
    sql.replace(" TEXT", " VARCHAR(190)")
}

/// Runs SQL statements.
///
/// # Panics
/// When one of them fails.
pub fn execute(url: &str, sql: &str) {
    query(url, sql);
}

/// Runs SQL statements and gives what the last of them prints: rows on lines, columns apart by `|`, NULL as nothing.
///
/// # Panics
/// When one of them fails.
pub fn query(url: &str, sql: &str) -> String {
    if sql.trim().is_empty() {
        return String::new();
    }
    // A thread of its own: the caller may be inside a runtime already.
    std::thread::scope(|scope| scope.spawn(|| run_sql(url, sql)).join().expect("the SQL runs"))
}

fn run_sql(url: &str, sql: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = Conn::new(Opts::from_url(url).expect("a URL")).await.expect("a connection");
        let modes = "SET sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES', max_recursive_iterations = 1000000";
        client.query_drop(modes).await.expect("modes");
        let mut result = client.query_iter(sql).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
        let mut printed = String::new();
        while !result.is_empty() {
            let rows: Vec<Row> = result.collect().await.unwrap_or_else(|e| panic!("{e}: {sql}"));
            printed = rows.into_iter().map(line).collect::<Vec<_>>().join("\n");
        }
        drop(result);
        client.disconnect().await.unwrap_or_else(|e| panic!("{e}: {sql}"));
        printed
    })
}

fn line(row: Row) -> String {
    let text = |value| match value {
        Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::NULL => String::new(),
        other => other.as_sql(true),
    };
    row.unwrap().into_iter().map(text).collect::<Vec<_>>().join("|")
}

fn url_of(user: &str, database: &str) -> String {
    format!("mysql://{user}@127.0.0.1:{}/{database}", server().port)
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start(&make_home("plain"), &[]))
}

/// Starts a server with a certificate of its own. (These servers do not begin to encrypt while they run.)
pub fn encrypted() -> &'static Encrypted {
    static SERVER: OnceLock<Encrypted> = OnceLock::new();
    SERVER.get_or_init(|| {
        let home = make_home("tls");
        run(as_server_user("sh").args(["-e", "-c", super::postgres::CERTIFY, "sh"]).arg(&home));
        let option = |name: &str, file: &str| format!("--{name}={}", home.join(file).display());
        let server = start(&home, &[option("ssl-cert", "server.pem"), option("ssl-key", "server.key")]);
        let url = format!("mysql://{ENCRYPTED_USER}@127.0.0.1:{}/safe", server.port);
        Encrypted { url, authority: home.join("authority.pem"), stranger: home.join("stranger.pem"), _server: server }
    })
}

/// A program of the server's: Debian has it where PATH does not always look.
fn program(names: &[&str]) -> PathBuf {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&on_path).chain(["/usr/sbin".into(), "/usr/bin".into()]).collect();
    let found = names.iter().flat_map(|name| folders.iter().map(move |f| f.join(name))).find(|p| p.is_file());
    found.unwrap_or_else(|| panic!("{} is installed (Debian: apt-get install mariadb-server)", names[0]))
}

/// A folder that the server's user owns, with the server's own tables.
fn make_home(name: &str) -> PathBuf {
    let home = env::temp_dir().join(format!("habeas-mariadb-{}-{name}", process::id()));
    let home_text = home.to_str().expect("a temporary folder in UTF-8");
    let _ = fs::remove_dir_all(&home);
    run(as_server_user("mkdir").args(["--mode=700", home_text, &own_temporary(home_text)]));
    run(as_server_user(program(&["mariadb-install-db"]).to_str().expect("UTF-8"))
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])
        .arg(format!("--datadir={home_text}/data"))
        .env("TMPDIR", own_temporary(home_text)));
    let accounts = format!(
        "CREATE USER tester; GRANT ALL ON *.* TO tester WITH GRANT OPTION; \
         CREATE USER {LOCKED_USER} IDENTIFIED BY '{PASSWORD}'; CREATE DATABASE safe; \
         CREATE USER {ENCRYPTED_USER} REQUIRE SSL; GRANT ALL ON safe.* TO {ENCRYPTED_USER};\n"
    );
    let accounts = accounts.replace("; ", ";\n");
    run(as_server_user("sh").args(["-c", r#"printf '%s' "$1" >"$2/accounts.sql""#, "sh", &accounts, home_text]));
    home
}

/// A server that starts removes the temporary tables that it finds, which in a folder for all are those of one that runs.
fn own_temporary(home: &str) -> String {
    format!("{home}/tmp")
}

fn start(home: &Path, options: &[String]) -> Server {
    let (port, home_text) = (free_port(), home.to_str().expect("UTF-8"));
    let mut watcher = as_server_user("sh")
        .args(["-c", WATCHER, "sh", home_text])
        .arg(program(&["mariadbd", "mysqld"]))
        .args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin"])
        .args(["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M"])
        .args(["--max-connections=300", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"])
        .arg(format!("--port={port}"))
        .args([format!("--datadir={home_text}/data"), format!("--socket={home_text}/socket")])
        .arg(format!("--init-file={home_text}/accounts.sql"))
        .env("TMPDIR", own_temporary(home_text))
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // A group of its own: an interrupt at the terminal must reach it only through the closed pipe.
        .process_group(0)
        .spawn()
        .expect("a shell starts");
    let mut first_line = String::new();
    BufReader::new(watcher.stdout.take().expect("a pipe")).read_line(&mut first_line).expect("the shell's output");
    assert_eq!(first_line, "ready\n", "MariaDB did not start; its log is above");
    Server { port, _watcher: watcher }
}

/// MariaDB refuses to run as root, so root becomes `mysql`, the user of Debian's package.
fn as_server_user(program: &str) -> Command {
    let mut command = if rustix::process::getuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "mysql", "--", program]);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").env("LC_ALL", "C.UTF-8");
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_fresh_database_is_empty_and_separate() {
    let (one, other) = (fresh_database(), fresh_database());
    execute(&one, "CREATE TABLE t (n int); INSERT INTO t VALUES (NULL)");
    assert_eq!(query(&one, "SELECT count(*), max(n) FROM t"), "1|");
    assert_eq!(query(&other, "SHOW TABLES"), "");
    assert!(query(&other, "SHOW DATABASES").lines().all(|d| d == "information_schema" || other.ends_with(d)));
    let locked = url_of(&format!("{LOCKED_USER}:{PASSWORD}"), "information_schema");
    assert_eq!(query(&locked, "SELECT substring_index(current_user(), '@', 1)"), LOCKED_USER);
}

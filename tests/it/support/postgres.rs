//! A private PostgreSQL, started once a test process on a free loopback port, and stopped when that process ends,
//! however it ends.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::ports::free_port;

/// A role that must give the password [`PASSWORD`]; everyone else is trusted.
pub const LOCKED_ROLE: &str = "locked";

/// The password of [`LOCKED_ROLE`].
pub const PASSWORD: &str = "right-horse";

/// A role that is let in over TLS alone, once [`certificates`] has switched it on.
pub const ENCRYPTED_ROLE: &str = "encrypted";

/// Makes an authority, a certificate of its for `localhost`, and another authority; three files in folder $1.
pub(super) const CERTIFY: &str = r#"
cd "$1" && exec 2>tls.log
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
for name in authority stranger; do
    openssl req -x509 $key -days 2 -subj "/CN=$name" -addext keyUsage=critical,keyCertSign -keyout $name.key -out $name.pem
done
openssl req $key -subj /CN=server -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost\n' >server.ext
openssl x509 -req -days 2 -in server.csr -extfile server.ext -CA authority.pem -CAkey authority.key -CAcreateserial -out server.pem
"#;

/// Starts, waits for the other end of its standard input to close, then stops and cleans up. It is a process of its
/// own, so that neither a panic nor a `kill -9` of the test process leaves a server behind, not even one that comes
/// before anybody listens to its "ready".
const WATCHER: &str = r#"
trap '' HUP INT PIPE TERM
"$1/pg_ctl" --pgdata="$2/data" --log="$2/log" --wait --silent --options="$3" start >&2 || { cat "$2/log" >&2; rm -rf "$2"; exit 1; }
echo ready
cat >/dev/null
"$1/pg_ctl" --pgdata="$2/data" --mode=immediate --silent stop >/dev/null 2>&1
rm -rf "$2"
"#;

struct Cluster {
    bin: PathBuf,
    home: PathBuf,
    port: u16,
    /// Its standard input stays open for as long as the test process lives.
    _watcher: Child,
}

/// Makes an empty database of its own and gives its URL.
pub fn fresh_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    execute(&url_of("postgres", "postgres"), &format!("CREATE DATABASE {name}"));
    url_of("postgres", &name)
}

/// Switches TLS on, beside plain connections; gives the file of the authority that vouches for the server, and that of
/// one that does not.
pub fn certificates() -> (PathBuf, PathBuf) {
    static MADE: OnceLock<()> = OnceLock::new();
    let home = &cluster().home;
    MADE.get_or_init(|| {
        run(as_server_user("sh").args(["-e", "-c", CERTIFY, "sh"]).arg(home));
        let url = url_of("postgres", "postgres");
        for (setting, value) in [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")] {
            execute(&url, &format!("ALTER SYSTEM SET {setting} = '{}'", home.join(value).display()));
        }
        execute(&url, "ALTER SYSTEM SET ssl = on");
        execute(&url, "SELECT pg_reload_conf()");
        // The postmaster reads its files anew a moment later; whoever connects then sees it.
        while query(&url, "SELECT current_setting('ssl') FROM pg_sleep(0.05)") != "on" {}
    });
    (home.join("authority.pem"), home.join("stranger.pem"))
}

/// The URL of the same database for another role (`role` or `role:password`).
pub fn as_role(url: &str, role: &str) -> String {
    let database = url.rsplit('/').next().expect("a URL made by fresh_database");
    url_of(role, database)
}

/// Runs SQL statements with `psql`.
///
/// # Panics
/// When one of them fails.
pub fn execute(url: &str, sql: &str) {
    query(url, sql);
}

/// Runs SQL statements with `psql` and gives what they print: rows on lines, columns apart by `|`.
///
/// # Panics
/// When one of them fails.
pub fn query(url: &str, sql: &str) -> String {
    let mut psql = Command::new(cluster().bin.join("psql"))
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql starts");
    psql.stdin.take().expect("a pipe").write_all(sql.as_bytes()).expect("psql reads");
    let output = psql.wait_with_output().expect("psql ends");
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}

/// What `pg_dump` writes for a database that was vacuumed before: a backup.
pub fn dump(url: &str) -> Vec<u8> {
    execute(url, "VACUUM");
    let output = Command::new(cluster().bin.join("pg_dump")).arg(url).output().expect("pg_dump starts");
    assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn url_of(role: &str, database: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{}/{database}", cluster().port)
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let bin = find_binaries();
        let home = make_home();
        init(&bin, &home);
        start(bin, &home)
    })
}

/// The folder of `initdb` and its companions: the newest of Debian's, or wherever PATH has it.
fn find_binaries() -> PathBuf {
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort();
    let on_path = env::var_os("PATH").unwrap_or_default();
    debian
        .into_iter()
        .rev()
        .map(|(_, bin)| bin)
        .chain(env::split_paths(&on_path))
        .find(|bin| bin.join("initdb").is_file())
        .expect("PostgreSQL's `initdb` is in /usr/lib/postgresql/*/bin or on PATH (Debian: apt-get install postgresql)")
}

/// A folder that the server's user owns.
fn make_home() -> PathBuf {
    let home = env::temp_dir().join(format!("habeas-postgres-{}", process::id()));
    let home_text = home.to_str().expect("a temporary folder in UTF-8");
    let _ = fs::remove_dir_all(&home);
    run(as_server_user("mkdir").args(["--mode=700", home_text]));
    home
}

fn init(bin: &Path, home: &Path) {
    let data = home.join("data");
    run(as_server_user(bin.join("initdb").to_str().expect("UTF-8"))
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
        .arg("--pgdata")
        .arg(&data));
    let access = format!(
        "host all {LOCKED_ROLE} 127.0.0.1/32 scram-sha-256\nhostssl all {ENCRYPTED_ROLE} 127.0.0.1/32 trust\n\
         host all {ENCRYPTED_ROLE} 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\n"
    );
    run(as_server_user("sh").args(["-c", r#"printf '%s' "$1" >"$2/pg_hba.conf""#, "sh", &access]).arg(&data));
}

fn start(bin: PathBuf, home: &Path) -> Cluster {
    let port = free_port();
    let options = format!(
        "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c synchronous_commit=off \
         -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB"
    );
    let mut watcher = as_server_user("sh")
        .args(["-c", WATCHER, "sh"])
        .arg(&bin)
        .arg(home)
        .arg(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // A group of its own: an interrupt at the terminal must reach it only through the closed pipe.
        .process_group(0)
        .spawn()
        .expect("a shell starts");
    let mut first_line = String::new();
    BufReader::new(watcher.stdout.take().expect("a pipe")).read_line(&mut first_line).expect("the shell's output");
    assert_eq!(first_line, "ready\n", "PostgreSQL did not start; its log is above");
    let cluster = Cluster { bin, home: home.to_owned(), port, _watcher: watcher };
    let make_role =
        format!("CREATE ROLE {LOCKED_ROLE} LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE {ENCRYPTED_ROLE} LOGIN");
    run(Command::new(cluster.bin.join("psql"))
        .args(["--no-psqlrc", "--quiet", "--command", &make_role])
        .arg(format!("postgres://postgres@127.0.0.1:{port}/postgres")));
    cluster
}

/// PostgreSQL refuses to run as root, so root becomes `postgres`, the user of Debian's package.
fn as_server_user(program: &str) -> Command {
    let mut command = if rustix::process::getuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
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
    execute(&one, "CREATE TABLE t (n int)");
    assert_eq!(query(&one, "SELECT count(*) FROM t"), "0");
    assert_eq!(query(&other, "SELECT to_regclass('t') IS NULL"), "t");
    let locked = as_role(&one, &format!("{LOCKED_ROLE}:{PASSWORD}"));
    assert_eq!(query(&locked, "SELECT current_user"), LOCKED_ROLE);
}

//! A PgBouncer that hands the processes of the test PostgreSQL out transaction by transaction, stopped with its value.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::ports::free_port;

/// Runs the pooler until the other end of its standard input is closed, whatever becomes of the test.
const WATCHER: &str = r#"
trap '' HUP INT PIPE TERM
PATH="$PATH:/usr/sbin" pgbouncer "$1" 2>&1 &
cat >/dev/null
kill $!
"#;

/// A pooler in transaction mode.
pub struct Pooler {
    /// The URL of the same database through the pooler.
    pub url: String,
    _folder: tempfile::TempDir,
    /// Its standard input stays open for as long as this lives.
    _watcher: Child,
}

impl Pooler {
    /// Starts one before the database at `url`, with so many server processes.
    pub fn new(url: &str, processes: u32) -> Self {
        let (server, database) = url.rsplit_once('/').expect("a URL made by fresh_database");
        let server_port = server.rsplit(':').next().expect("a port");
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder");
        let (users, config) = (folder.path().join("users"), folder.path().join("pooler.ini"));
        fs::write(&users, "\"postgres\" \"\"\n").expect("a file");
        let text = format!(
            "[databases]\n{database} = host=127.0.0.1 port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = {processes}\n",
            users.display()
        );
        fs::write(&config, text).expect("a file");
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCHER, "sh"]).arg(&config);
        if rustix::process::getuid().is_root() {
            // It refuses to run as root.
            let open = |path| fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755));
            open(folder.path()).expect("a folder of one's own");
            watcher = Command::new("runuser");
            watcher.args(["-u", "postgres", "--", "sh", "-c", WATCHER, "sh"]).arg(&config);
        }
        let mut watcher = watcher
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let mut log = BufReader::new(watcher.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        assert!(
            log.any(|line| line.contains("process up")),
            "pgbouncer did not start (Debian: apt-get install pgbouncer)"
        );
        Self { url: format!("postgres://postgres@127.0.0.1:{port}/{database}"), _folder: folder, _watcher: watcher }
    }
}

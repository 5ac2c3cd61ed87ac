//! `[[systems]]`: where a company's system is, how it is signed in to, and how much of it Habeas may take. Secrets may
//! stand in files or in the environment, so that the configuration itself can be read by anybody.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::connectors::Limits;
use crate::domain::ids::{ControllerId, SystemId};

/// `[[systems]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its id in plans and answers.
    pub id: SystemId,
    /// Whose it is.
    pub controller: ControllerId,
    /// Where it is. Once the configuration is read it holds the sign-in too, wherever that came from.
    #[serde(default = "nothing")]
    pub url: SecretString,
    /// A file that holds the URL instead, on its first line.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// A variable of the environment that holds the URL instead.
    #[serde(default)]
    pub url_env: Option<String>,
    /// A file that holds the password for the user of the URL, on its first line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// A variable of the environment that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// Its dataset, in fideslang YAML: a file, and behind a `#` the dataset's key where the file holds several.
    pub dataset: PathBuf,
    /// Whether it is used; an answer says that a system was not.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How many connections may be open at once.
    #[serde(default)]
    pub connections: Option<usize>,
    /// How long to wait for a connection, in seconds.
    #[serde(default)]
    pub connect_seconds: Option<u64>,
    /// How long one statement may run, the streaming of its rows included, in seconds.
    #[serde(default)]
    pub statement_seconds: Option<u64>,
    /// How long to wait for a row that somebody else has locked, in seconds.
    #[serde(default)]
    pub lock_seconds: Option<u64>,
    /// For a service: the file with the secret it shares with Habeas, `whsec_…`.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// The same, as the name of a variable of the environment.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// For a service: how many seconds one message may take, its answer included; 30 when absent.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// For a service: within how many seconds it calls back; a day when absent.
    #[serde(default)]
    pub call_back_within: Option<u32>,
    /// For a service: the longest answer taken, in bytes; 64 MiB when absent.
    #[serde(default)]
    pub longest_answer: Option<u64>,
    /// For a service: whether it may be reached without encryption over a network.
    #[serde(default)]
    pub allow_plain: bool,
}

fn nothing() -> SecretString {
    SecretString::from("")
}

fn yes() -> bool {
    true
}

impl System {
    /// How much of the system may be taken; what is not said is as [`Limits::default`] has it.
    pub fn limits(&self) -> Limits {
        let usual = Limits::default();
        let seconds = |given: Option<u64>, usual| given.map_or(usual, Duration::from_secs);
        Limits {
            connections: self.connections.unwrap_or(usual.connections),
            connect: seconds(self.connect_seconds, usual.connect),
            statement: seconds(self.statement_seconds, usual.statement),
            lock: seconds(self.lock_seconds, usual.lock),
        }
    }

    /// Puts the URL together out of where its parts are.
    ///
    /// # Errors
    /// What is missing or contradicts itself, in words that hold no part of a secret.
    pub(super) fn resolve(
        &mut self,
        base_dir: &Path,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<(), String> {
        let id = &self.id;
        let is_written = !self.url.expose_secret().is_empty();
        let places =
            usize::from(is_written) + usize::from(self.url_file.is_some()) + usize::from(self.url_env.is_some());
        if places != 1 {
            return Err(format!("system {id}: give its address once, as `url`, `url_file` or `url_env`"));
        }
        if let Some(url) = secret(base_dir, self.url_file.as_deref(), self.url_env.as_deref(), variable)
            .map_err(|why| format!("system {id}: its address {why}"))?
        {
            self.url = url;
        }
        if self.password_file.is_some() && self.password_env.is_some() {
            return Err(format!("system {id}: give its password once, as `password_file` or `password_env`"));
        }
        let password = secret(base_dir, self.password_file.as_deref(), self.password_env.as_deref(), variable)
            .map_err(|why| format!("system {id}: its password {why}"))?;
        if let Some(password) = password {
            self.url = with_password(&self.url, &password).map_err(|why| format!("system {id}: {why}"))?;
        }
        let seconds = [self.connect_seconds, self.statement_seconds, self.lock_seconds];
        // To PostgreSQL none would be no limit at all.
        if self.connections == Some(0) || seconds.contains(&Some(0)) {
            return Err(format!("system {id}: connections, and seconds to wait, are above 0"));
        }
        Ok(())
    }
}

/// The first line of a file, or a variable's value; none where neither is named.
fn secret(
    base_dir: &Path,
    file: Option<&Path>,
    name: Option<&str>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Option<SecretString>, String> {
    let text = match (file, name) {
        (Some(file), _) => {
            let path = base_dir.join(file);
            std::fs::read_to_string(&path).map_err(|e| format!("cannot be read from {}: {e}", path.display()))?
        }
        (None, Some(name)) => variable(name).ok_or_else(|| format!("is not in the environment as {name}"))?,
        (None, None) => return Ok(None),
    };
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(Some(SecretString::from(line))),
        None => Err("is empty where it should be".to_owned()),
    }
}

/// The URL with a password for its user.
fn with_password(url: &SecretString, password: &SecretString) -> Result<SecretString, String> {
    let (scheme, rest) = url.expose_secret().split_once("://").ok_or("its address is no URL: it has no `://`")?;
    let authority = rest.find(['/', '?']).map_or(rest, |end| &rest[..end]);
    let user = authority.rsplit_once('@').map(|(user, _)| user).filter(|user| !user.is_empty());
    let user = user.ok_or("its address names no user whose password could be given: scheme://user@host/database")?;
    if user.contains(':') {
        return Err("its address holds a password already".to_owned());
    }
    let rest = &rest[user.len()..];
    Ok(SecretString::from(format!("{scheme}://{user}:{}{rest}", percent_encoded(password.expose_secret()))))
}

/// As a part of a URL (RFC 3986 section 2.3): everything but unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(keys: &str, file: Option<&str>) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(folder.path().join("secret"), text).unwrap();
        }
        let text = format!("id = \"crm\"\ncontroller = \"shop\"\ndataset = \"crm.yml\"\n{keys}");
        let mut system: System = toml::from_str(&text).unwrap();
        let variable = |name: &str| match name {
            "CRM_URL" => Some("postgres://u:p@h/d\n".to_owned()),
            "CRM_PASSWORD" => Some("p/w@ü".to_owned()),
            _ => None,
        };
        system.resolve(folder.path(), &variable)?;
        let printed = format!("{system:?}");
        assert!(!printed.contains("p/w") && !printed.contains("://"), "{printed}");
        Ok(system.url.expose_secret().to_owned())
    }

    #[rstest::rstest]
    #[case::written("url = \"sqlite://a.db\"", None, "sqlite://a.db")]
    #[case::in_a_file("url_file = \"secret\"", Some("mysql://u:p@h/d\n"), "mysql://u:p@h/d")]
    #[case::in_the_environment("url_env = \"CRM_URL\"", None, "postgres://u:p@h/d")]
    #[case::password_in_a_file(
        "url = \"postgres://u@h:5432/d?sslmode=require\"\npassword_file = \"secret\"",
        Some("right horse\n"),
        "postgres://u:right%20horse@h:5432/d?sslmode=require"
    )]
    #[case::password_in_the_environment(
        "url = \"postgres://u@h/d\"\npassword_env = \"CRM_PASSWORD\"",
        None,
        "postgres://u:p%2Fw%40%C3%BC@h/d"
    )]
    fn an_address_is_put_together(#[case] keys: &str, #[case] file: Option<&str>, #[case] url: &str) {
        assert_eq!(resolved(keys, file).as_deref(), Ok(url));
    }

    #[rstest::rstest]
    #[case::nowhere("", "give its address once")]
    #[case::twice("url = \"sqlite://a.db\"\nurl_env = \"CRM_URL\"", "give its address once")]
    #[case::no_variable("url_env = \"CRM_LINK\"", "its address is not in the environment as CRM_LINK")]
    #[case::no_file("url_file = \"missing\"", "its address cannot be read from")]
    #[case::empty_file("url_file = \"secret\"", "its address is empty where it should be")]
    #[case::two_passwords(
        "url = \"postgres://u:hidden@h/d\"\npassword_env = \"CRM_PASSWORD\"",
        "holds a password already"
    )]
    #[case::no_user("url = \"postgres://h/d\"\npassword_env = \"CRM_PASSWORD\"", "names no user")]
    #[case::no_wait("url = \"sqlite://a.db\"\nlock_seconds = 0", "above 0")]
    #[case::no_connections("url = \"sqlite://a.db\"\nconnections = 0", "above 0")]
    fn what_is_wrong_is_told_without_a_secret(#[case] keys: &str, #[case] expected: &str) {
        let error = resolved(keys, Some("\n")).unwrap_err();
        assert!(error.contains(expected) && !error.contains("p/w") && !error.contains("hidden"), "{error}");
    }

    #[test]
    fn limits_are_those_given_and_else_the_usual() {
        let text = "id = \"a\"\ncontroller = \"b\"\ndataset = \"c\"\nconnections = 2\nstatement_seconds = 5";
        let limits = toml::from_str::<System>(text).unwrap().limits();
        assert_eq!((limits.connections, limits.statement), (2, Duration::from_secs(5)));
        assert_eq!(limits.lock, Limits::default().lock);
    }
}

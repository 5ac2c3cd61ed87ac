//! What a URL says: where the server is, who signs in, how the connection is encrypted and whom it trusts.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use mysql_async::{Opts, OptsBuilder, SslOpts};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::server::Server;
use crate::connectors::ConnectorError;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 16;

/// `ssl-mode`, in the words of the servers' own clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disabled,
    Preferred,
    Required,
    VerifyCa,
    VerifyIdentity,
}

/// The options of a URL; the driver's own are not offered.
#[derive(Default)]
struct Options {
    mode: Option<Mode>,
    ca: Option<PathBuf>,
    socket: Option<String>,
}

/// The server that the URL names.
pub(super) fn parse(url: &SecretString, base_dir: &Path) -> Result<Server, ConnectorError> {
    let url = url.expose_secret();
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let rest =
        address.strip_prefix("mysql://").or_else(|| address.strip_prefix("mariadb://")).ok_or_else(unreadable)?;
    let opts = Opts::from_url(&format!("mysql://{rest}")).map_err(|_| unreadable())?;
    if opts.db_name().is_none() {
        return Err(ConnectorError::Statement("the address names no database: mysql://…/database".to_owned()));
    }
    let options = options(query, base_dir)?;
    let near = options.socket.is_some() || is_loopback(opts.ip_or_hostname());
    let mode = options.mode.unwrap_or(if near { Mode::Preferred } else { Mode::VerifyIdentity });
    let ssl = encryption(mode, options.ca.as_deref())?;
    let opts = OptsBuilder::from_opts(opts)
        .ssl_opts(ssl)
        // The driver would leave a loopback address for a socket, past the encryption asked for.
        .prefer_socket(false)
        .socket(options.socket)
        // An UPDATE then tells how many rows there were, not in how many of them something changed.
        .client_found_rows(true)
        .stmt_cache_size(STATEMENTS);
    Ok(Server { opts: opts.into(), may_be_plain: mode == Mode::Preferred })
}

/// (The driver takes an address in a URL of this scheme for a name.)
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn options(query: &str, base_dir: &Path) -> Result<Options, ConnectorError> {
    let mut options = Options::default();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("ssl-mode" | "sslmode", value)) => options.mode = Some(mode(value)?),
            Some(("ssl-ca", value)) => options.ca = Some(base_dir.join(value)),
            Some(("socket", value)) => options.socket = Some(value.to_owned()),
            _ => {
                let known = "the address has an option that is none of ssl-mode, ssl-ca, socket";
                return Err(ConnectorError::Statement(known.to_owned()));
            }
        }
    }
    Ok(options)
}

fn mode(value: &str) -> Result<Mode, ConnectorError> {
    match value.to_ascii_lowercase().replace('-', "_").as_str() {
        "disabled" => Ok(Mode::Disabled),
        "preferred" => Ok(Mode::Preferred),
        "required" => Ok(Mode::Required),
        "verify_ca" => Ok(Mode::VerifyCa),
        "verify_identity" => Ok(Mode::VerifyIdentity),
        _ => {
            let known = "ssl-mode is none of disabled, preferred, required, verify_ca, verify_identity";
            Err(ConnectorError::Statement(known.to_owned()))
        }
    }
}

fn encryption(mode: Mode, ca: Option<&Path>) -> Result<Option<SslOpts>, ConnectorError> {
    if mode == Mode::Disabled {
        return Ok(None);
    }
    // The driver asks for the process's provider and panics without one. An error says that there is one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // As in the servers' clients, certificates to trust turn `preferred` and `required` into a check.
    if matches!(mode, Mode::Preferred | Mode::Required) && ca.is_none() {
        return Ok(Some(SslOpts::default().with_danger_accept_invalid_certs(true)));
    }
    let roots = trusted(ca)?.into_iter().map(|root| root.to_vec().into()).collect();
    // The driver knows a way to leave the host's name aside, but not in the words that its TLS library has for a wrong one
    // now. So the name is always looked at, which is stricter than `verify_ca` asks for.
    Ok(Some(SslOpts::default().with_disable_built_in_roots(true).with_root_certs(roots)))
}

/// The certificates to trust: those of the file, or the operating system's. One that cannot be read would make the
/// driver refuse them all, so of the system's only the sound ones are taken.
fn trusted(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, ConnectorError> {
    let is_sound = |root: &CertificateDer<'static>| RootCertStore::empty().add(root.clone()).is_ok();
    let Some(file) = ca else {
        return Ok(rustls_native_certs::load_native_certs().certs.into_iter().filter(is_sound).collect());
    };
    let unusable = || ConnectorError::Unreachable(format!("no certificates can be read from {}", file.display()));
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(|_| unusable())?.collect();
    read.ok().filter(|roots| !roots.is_empty() && roots.iter().all(is_sound)).ok_or_else(unusable)
}

fn unreadable() -> ConnectorError {
    ConnectorError::Statement(
        "the address is not of the form mysql://user:password@host:port/database?option=value \
         (special characters in a password are written as %XX)"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn server(url: &str) -> Result<Server, ConnectorError> {
        parse(&url.to_owned().into(), Path::new("/nowhere"))
    }

    #[rstest]
    #[case::loopback("mysql://u:p@127.0.0.1/d", true, Some((true, false)))]
    #[case::loopback_6("mysql://u@[::1]/d", true, Some((true, false)))]
    #[case::mariadb("mariadb://u@localhost:3307/d", true, Some((true, false)))]
    #[case::elsewhere_the_server_is_checked("mysql://u@db.shop.example/d", false, Some((false, false)))]
    #[case::disabled("mysql://u@db.shop.example/d?ssl-mode=DISABLED", false, None)]
    #[case::required("mysql://u@db.shop.example/d?ssl-mode=required", false, Some((true, false)))]
    #[case::the_authority_and_the_name("mysql://u@db.shop.example/d?ssl-mode=verify-ca", false, Some((false, false)))]
    fn encryption_is_what_the_url_says(
        #[case] url: &str,
        #[case] may_be_plain: bool,
        #[case] danger: Option<(bool, bool)>,
    ) {
        let server = server(url).unwrap();
        let ssl = server.opts.ssl_opts().map(|ssl| (ssl.accept_invalid_certs(), ssl.skip_domain_validation()));
        assert_eq!((server.may_be_plain, ssl), (may_be_plain, danger));
    }

    #[test]
    fn what_the_url_holds_is_taken_apart() {
        let server = server("mysql://us%40r:p%2Fw@[::1]:3307/my%20shop?socket=/run/my.sock").unwrap();
        let opts = server.opts;
        assert_eq!((opts.user(), opts.pass(), opts.db_name()), (Some("us@r"), Some("p/w"), Some("my shop")));
        assert_eq!((opts.tcp_port(), opts.socket(), opts.prefer_socket()), (3307, Some("/run/my.sock"), false));
    }

    #[rstest]
    #[case("mysql://u:secret@h/d?ssl-mode=secret")]
    #[case("mysql://u:secret@h/d?ssl-ca=missing.pem")]
    #[case("mysql://u:secret@h/d?secret=1")]
    #[case("mysql://u:secret@h/d?pool_min=3")]
    #[case("mysql://u:secret@h/")]
    #[case("mysql://u:secret@h:port/d")]
    fn errors_do_not_repeat_the_url(#[case] url: &str) {
        let error = server(url).map(|_| ()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

//! How a connection is encrypted and whom it trusts, taken from the URL's `sslmode` and `sslrootcert`.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use secrecy::SecretString;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connectors::ConnectorError;

/// What the URL says about encryption.
pub(super) struct Tls {
    pub(super) mode: SslMode,
    pub(super) client: MakeRustlsConnect,
}

/// Takes `sslmode` and `sslrootcert` out of the URL: the driver knows neither certificates nor `verify-full`.
pub(super) fn take_from(url: &str, base_dir: &Path) -> Result<(SecretString, Tls), ConnectorError> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut root, mut rest) = ("prefer", None, Vec::new());
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => root = Some(base_dir.join(value)),
            _ => rest.push(option),
        }
    }
    let (mode, verified) = match mode {
        "disable" => (SslMode::Disable, false),
        "prefer" | "allow" => (SslMode::Prefer, false),
        // As in libpq, a root certificate turns `require` into a check.
        "require" => (SslMode::Require, root.is_some()),
        "verify-ca" | "verify-full" => (SslMode::Require, true),
        _ => {
            let known = "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full";
            return Err(ConnectorError::Statement(known.to_owned()));
        }
    };
    let config = if verified { checking(root.as_deref())? } else { unchecked()? };
    let client = MakeRustlsConnect::new(config);
    let separator = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{address}{separator}{}", rest.join("&")).into(), Tls { mode, client }))
}

/// Whether the URL says nothing of encryption, and its server is not this machine.
pub(in crate::connectors) fn takes_any_server(url: &str) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    };
    let says = |option: &str| option.starts_with("sslmode=");
    let silent = url.split_once('?').is_none_or(|(_, query)| !query.split('&').any(says));
    let config = url.parse::<Config>();
    silent && config.is_ok_and(|config| !config.get_hosts().iter().all(is_here))
}

fn checking(root: Option<&Path>) -> Result<ClientConfig, ConnectorError> {
    let mut roots = RootCertStore::empty();
    match root {
        Some(file) => {
            let unusable =
                || ConnectorError::Unreachable(format!("no certificates can be read from {}", file.display()));
            for certificate in CertificateDer::pem_file_iter(file).map_err(|_| unusable())? {
                roots.add(certificate.map_err(|_| unusable())?).map_err(|_| unusable())?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

fn unchecked() -> Result<ClientConfig, ConnectorError> {
    let verifier = Arc::new(AnyCertificate(provider()));
    Ok(builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, ConnectorError> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| ConnectorError::Unreachable(e.to_string()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// `prefer` and `require` encrypt against listeners and take any certificate (libpq, section 34.19.3): whoever wants
/// to know the server asks for `verify-full`.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret;

    use super::*;

    #[rstest]
    #[case("postgres://u:p@h/d", SslMode::Prefer, "postgres://u:p@h/d")]
    #[case("postgres://u:p@h/d?sslmode=disable", SslMode::Disable, "postgres://u:p@h/d")]
    #[case("postgres://h/d?a=b&sslmode=verify-full&c=d", SslMode::Require, "postgres://h/d?a=b&c=d")]
    fn the_mode_is_taken_out_of_the_url(#[case] url: &str, #[case] mode: SslMode, #[case] rest: &str) {
        let (url, tls) = take_from(url, Path::new("/")).unwrap();
        assert_eq!((url.expose_secret(), tls.mode), (rest, mode));
    }

    #[rstest]
    #[case("postgres://u:p@db.internal/d", true)]
    #[case("postgres://u@10.1.2.3:5433/d?application_name=x", true)]
    #[case("postgres://u@localhost,db.internal/d", true)]
    #[case("postgres://u@db.internal/d?sslmode=verify-full", false)]
    #[case("postgres://u@db.internal/d?a=b&sslmode=disable", false)]
    #[case("postgres://u@127.0.0.1/d", false)]
    #[case("postgres://u@localhost/d", false)]
    #[case("postgres://u@%2Frun%2Fpostgresql/d", false)]
    fn silence_about_a_server_elsewhere_is_noticed(#[case] url: &str, #[case] any: bool) {
        assert_eq!(takes_any_server(url), any);
    }

    #[rstest]
    #[case("postgres://u:secret@h/d?sslmode=secret")]
    #[case("postgres://u:secret@h/d?sslmode=verify-full&sslrootcert=missing.pem")]
    fn errors_do_not_repeat_the_url(#[case] url: &str) {
        let error = take_from(url, Path::new("/nowhere")).map(|_| ()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

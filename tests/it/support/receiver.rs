//! Another company that takes packages: a real TLS server on this machine, with a certificate of an authority of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::world::World;

/// What came in, once.
#[derive(Clone, Debug)]
pub struct Received {
    /// `POST /intake HTTP/1.1`
    pub line: String,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// The company.
pub struct Receiver {
    /// Where it takes packages.
    pub url: String,
    pem: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Starts on a free port. It gives these answers, one after the other, and 204 from then on.
    pub fn start(answers: &[u16]) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/intake?for=customers", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let (config, taken, answers) = (Arc::new(config), received.clone(), answers.to_vec());
        // It takes packages as long as the test process lives.
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            for stream in listener.incoming() {
                // Whoever does not like the certificate goes away, and that is no answer.
                if let Ok(parcel) = serve(stream.unwrap(), config.clone(), &mut answers) {
                    taken.lock().unwrap().push(parcel);
                }
            }
        });
        Self { url, pem: certificate.pem(), received }
    }

    /// Lets a world's Habeas send to it: an inside address, and an authority of its own.
    pub fn allow(&self, world: &World) {
        self.trust(world, "allow = [\"127.0.0.1/32\"]\n");
    }

    /// Lets it trust the authority, and no inside address beside what is said.
    pub fn trust(&self, world: &World, more: &str) {
        world.write("intake.pem", &self.pem);
        let config = std::fs::read_to_string(world.config()).unwrap();
        world.write("habeas.toml", &format!("{config}[transmit]\nca_file = \"intake.pem\"\n{more}"));
    }

    /// Everything that came in, also what was refused.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answers: &mut impl Iterator<Item = u16>,
) -> std::io::Result<Received> {
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream));
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length: usize =
        headers.get("content-length").and_then(|l| l.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let status = answers.next().unwrap_or(204);
    let mut stream = stream.into_inner();
    let location = if status == 307 { "location: https://localhost/elsewhere\r\n" } else { "" };
    write!(stream, "HTTP/1.1 {status} Said\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n")?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(Received { line: line.trim_end().to_owned(), headers, body })
}

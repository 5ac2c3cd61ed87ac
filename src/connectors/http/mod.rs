//! A company's own service over HTTP: asked in signed messages, and answers at once or by call-back.
//!
//! A service is no table store: it is not searched by columns, it is told whose rows are meant and says what it did.
//! So it is no [`Connector`](super::Connector) but stands beside one; what its answers are worth is `fulfilment`'s to
//! say.

mod body;
pub mod messages;
pub mod rows;
pub mod signature;

use std::io::Read;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use uuid::Uuid;

use super::{Cancellation, ConnectorError};
use body::{Body, Bounded};
use rows::Format;
use signature::{SharedSecret, Signed};

/// How a service is reached.
pub struct Settings {
    /// Its address; `/find` and the like are added.
    pub url: SecretString,
    /// The secret both sides know.
    pub secret: SecretString,
    /// How long one message may take, its answer included.
    pub timeout: Duration,
    /// How long the service may take to call back.
    pub call_back_within: TimeDelta,
    /// The longest answer taken, in bytes.
    pub longest: u64,
    /// Whether messages may go unencrypted over a network.
    pub allow_plain: bool,
}

/// One service.
pub struct Service {
    url: Url,
    secret: SharedSecret,
    timeout: Duration,
    call_back_within: TimeDelta,
    longest: u64,
    client: OnceLock<Client>,
}

/// What a service says to a message.
pub enum Reply {
    /// Its answer.
    Answer(Format, Box<dyn Read>),
    /// The answer will come to the call-back's address.
    CallsBack,
}

/// The body of a 202.
#[derive(Deserialize)]
struct CallsBack {
    callback: bool,
}

/// A message that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct NotTaken {
    /// Whether the service may have it all the same.
    pub left: bool,
    /// Why there is no answer.
    pub source: ConnectorError,
}

impl From<ConnectorError> for NotTaken {
    fn from(source: ConnectorError) -> Self {
        Self { left: false, source }
    }
}

impl Service {
    /// A service; nothing is connected to yet.
    ///
    /// # Errors
    /// When the address or the secret is none, or messages would go unencrypted over a network.
    pub fn new(settings: Settings) -> Result<Self, ConnectorError> {
        let refuse = |why: &str| ConnectorError::Statement(why.to_owned());
        let url = Url::parse(settings.url.expose_secret()).map_err(|_| refuse("the address is no URL"))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("the address of a service has no user, no password, no query and no fragment"));
        }
        if url.scheme() != "https" && !settings.allow_plain && !is_loopback(&url) {
            return Err(refuse("personal data would go over the network unencrypted: use https, or say `allow_plain`"));
        }
        let secret = SharedSecret::parse(&settings.secret).map_err(|e| ConnectorError::Statement(e.to_string()))?;
        let Settings { timeout, call_back_within, longest, .. } = settings;
        Ok(Self { url, secret, timeout, call_back_within, longest, client: OnceLock::new() })
    }

    /// How long the service may take to call back.
    pub fn call_back_within(&self) -> TimeDelta {
        self.call_back_within
    }

    /// The longest answer taken, in bytes.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// Whether a message is of this service, and of these minutes.
    pub fn signed(&self, signed: Signed<'_>, body: &[u8], now: DateTime<Utc>) -> bool {
        self.secret.verifies(signed, body, now)
    }

    /// Sends a message; sent again under the same `id` it is the same message. Blocks, until the run is told to end at
    /// the latest: the service may then have the message, as after a lost connection.
    ///
    /// # Errors
    /// When the service cannot be reached or refuses. No message holds a value or the address.
    pub fn send(
        &self,
        name: &str,
        id: Uuid,
        now: DateTime<Utc>,
        body: &[u8],
        cancellation: &Cancellation,
    ) -> Result<Reply, NotTaken> {
        cancellation.check()?;
        let message = self.request(name, id, now, body)?;
        let left = |source| NotTaken { left: true, source };
        // Begun inside, where the driver's clock is.
        let response = cancellation.during(async { message.send().await }).map_err(left)?;
        let response =
            response.map_err(|e| NotTaken { left: !e.is_connect() && !e.is_builder(), source: unreachable(&e) })?;
        let body = Body::of(response, cancellation);
        self.reply(name, body).map_err(left)
    }

    fn request(
        &self,
        name: &str,
        id: Uuid,
        now: DateTime<Utc>,
        body: &[u8],
    ) -> Result<reqwest::RequestBuilder, ConnectorError> {
        let id = id.to_string();
        Ok(self
            .client()?
            .post(self.address(name)?)
            .timeout(self.timeout)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.timestamp().to_string())
            .header("webhook-signature", self.secret.sign(&id, now, body))
            .body(body.to_vec()))
    }

    fn reply(&self, name: &str, response: Body) -> Result<Reply, ConnectorError> {
        match response.status() {
            StatusCode::OK => self.answer(response),
            StatusCode::ACCEPTED => calls_back(response),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(ConnectorError::Unreachable(format!("the service answered {}", status.as_u16())))
            }
            status => {
                let message = format!("the service refuses `{name}` with {}", status.as_u16());
                Err(ConnectorError::Statement(message))
            }
        }
    }

    fn answer(&self, response: Body) -> Result<Reply, ConnectorError> {
        let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let Some(format) = Format::of(kind) else {
            let message = "the service's answer is neither application/json nor application/x-ndjson";
            return Err(ConnectorError::Statement(message.to_owned()));
        };
        Ok(Reply::Answer(format, Box::new(Bounded::new(response, self.longest))))
    }

    fn address(&self, name: &str) -> Result<Url, ConnectorError> {
        let mut url = self.url.clone();
        let none = |()| ConnectorError::Statement("the address of a service names a host".to_owned());
        url.path_segments_mut().map_err(none)?.pop_if_empty().push(name);
        Ok(url)
    }

    fn client(&self) -> Result<&Client, ConnectorError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // No redirects and no proxy of the environment: a signed message is for this address and no other.
        let built = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let built = built.map_err(|_| ConnectorError::Unreachable("no HTTP client can be made".to_owned()))?;
        Ok(self.client.get_or_init(|| built))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

fn unreachable(error: &reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::TimedOut
    } else {
        ConnectorError::Unreachable("the service takes no connection".to_owned())
    }
}

fn calls_back(response: Body) -> Result<Reply, ConnectorError> {
    let body = Bounded::new(response, 4096);
    match serde_json::from_reader(body) {
        Ok(CallsBack { callback: true }) => Ok(Reply::CallsBack),
        _ => {
            let message = "the service answered 202 without {\"callback\": true}";
            Err(ConnectorError::Statement(message.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(url: &str, allow_plain: bool) -> Result<Service, String> {
        let settings = Settings {
            url: url.into(),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            timeout: Duration::from_secs(1),
            call_back_within: TimeDelta::hours(1),
            longest: 10,
            allow_plain,
        };
        Service::new(settings).map_err(|e| e.to_string())
    }

    #[rstest::rstest]
    #[case("https://crm.example/privacy", false, true)]
    #[case("http://127.0.0.1:8081", false, true)]
    #[case("http://[::1]:8081/", false, true)]
    #[case("http://crm.example", false, false)]
    #[case("http://crm.example", true, true)]
    #[case("https://user:pass@crm.example", false, false)]
    #[case("https://crm.example/?key=s3cret", false, false)]
    fn personal_data_goes_encrypted_or_stays(#[case] url: &str, #[case] allow_plain: bool, #[case] good: bool) {
        let service = open(url, allow_plain);
        assert_eq!(service.is_ok(), good);
        assert!(!service.err().unwrap_or_default().contains("s3cret"));
    }

    #[test]
    fn a_message_in_flight_ends_with_its_run_and_counts_as_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let run = Cancellation::new();
        let teller = run.clone();
        // Takes the message, never answers, and sees the connection close.
        let service = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut bytes = [0; 4096];
            assert!(connection.read(&mut bytes).unwrap() > 0);
            teller.cancel(super::super::Why::Stopping);
            while connection.read(&mut bytes).is_ok_and(|read| read > 0) {}
        });
        let settings = |timeout| Settings {
            url: url.as_str().into(),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            timeout,
            call_back_within: TimeDelta::hours(1),
            longest: 10,
            allow_plain: false,
        };
        let asked = Service::new(settings(Duration::from_secs(600))).unwrap();
        let id = Uuid::from_u128(1);
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let Err(NotTaken { left, source }) = asked.send("find", id, now, b"{}", &run) else {
            panic!("it has no answer")
        };
        assert!(left && matches!(source, ConnectorError::Cancelled), "{source}");
        service.join().unwrap();
        let Err(NotTaken { left, .. }) = asked.send("find", id, now, b"{}", &run) else { panic!("it is not sent") };
        assert!(!left, "nothing leaves for a run that was told to end");
    }

    #[test]
    fn an_operation_is_the_end_of_the_address() {
        for url in ["https://crm.example/privacy", "https://crm.example/privacy/"] {
            let address = open(url, false).unwrap().address("find").unwrap();
            assert_eq!(address.as_str(), "https://crm.example/privacy/find");
        }
    }
}

//! An OpenID provider on this machine: real keys of each kind, published over HTTP, and tokens signed with them.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::web::Data;
use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// A key pair with its name.
pub struct Key {
    pub kid: &'static str,
    pub algorithm: Algorithm,
    private: EncodingKey,
}

impl Key {
    fn new(kid: &'static str, algorithm: Algorithm) -> Self {
        let private = match algorithm {
            Algorithm::RS256 => {
                let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
                let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
                // PKCS #8 of an RSA key is 26 bytes of frame around the PKCS #1 that is wanted here.
                EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..])
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref())
            }
            _ => {
                let pair = Ed25519KeyPair::generate().unwrap();
                EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref())
            }
        };
        Self { kid, algorithm, private }
    }

    fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        let mut value = serde_json::to_value(jwk).unwrap();
        value["kid"] = json!(self.kid);
        value["use"] = json!("sig");
        value
    }
}

/// The provider.
pub struct Provider {
    pub issuer: String,
    pub keys: Vec<Key>,
    published: Arc<Mutex<Vec<Value>>>,
    asked: Arc<AtomicUsize>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

pub const AUDIENCE: &str = "habeas-privacy";

impl Provider {
    /// Starts on a free port with an RSA, an EC and an Ed25519 key.
    pub fn start() -> Self {
        let keys = vec![
            Key::new("rsa-1", Algorithm::RS256),
            Key::new("ec-1", Algorithm::ES256),
            Key::new("ed-1", Algorithm::EdDSA),
        ];
        let published = Arc::new(Mutex::new(keys.iter().map(Key::jwk).collect::<Vec<_>>()));
        let asked = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (set, count) = (Data::new(published.clone()), Data::new(asked.clone()));
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new().app_data(set.clone()).app_data(count.clone()).route("/jwks", web::get().to(jwks))
                })
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
                let handle = server.handle();
                let running = tokio::spawn(server);
                let _ = stopped.await;
                handle.stop(false).await;
                let _ = running.await;
            });
        });
        Self { issuer, keys, published, asked, stop: Some(stop), thread: Some(thread) }
    }

    /// The policy's section.
    pub fn policy(&self, more: &str) -> String {
        let issuer = &self.issuer;
        format!("[sign_in]\nissuer = \"{issuer}\"\naudience = \"{AUDIENCE}\"\njwks_url = \"{issuer}/jwks\"\n{more}")
    }

    /// Publishes one more key; gives its place among [`Provider::keys`].
    pub fn publish(&mut self, kid: &'static str, algorithm: Algorithm) -> usize {
        let key = Key::new(kid, algorithm);
        self.published.lock().unwrap().push(key.jwk());
        self.keys.push(key);
        self.keys.len() - 1
    }

    /// A key that is not published.
    pub fn stranger(kid: &'static str) -> Key {
        Key::new(kid, Algorithm::ES256)
    }

    /// How often keys were asked for.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What the provider says of Ada who signed in at `now`.
    pub fn claims(&self, now: DateTime<Utc>) -> Value {
        json!({
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "0007",
            "email": "ADA@example.com",
            "email_verified": true,
            "iat": now.timestamp(),
            "exp": now.timestamp() + 300,
        })
    }

    /// The published JWK of a key, for forging.
    pub fn jwk(&self, index: usize) -> Value {
        self.keys[index].jwk()
    }
}

/// A token signed with a key.
pub fn token(key: &Key, claims: &Value) -> String {
    let header = Header { kid: Some(key.kid.to_owned()), ..Header::new(key.algorithm) };
    jsonwebtoken::encode(&header, claims, &key.private).unwrap()
}

/// A token with any header and any signature.
pub fn forged(header: &Value, claims: &Value, signature: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature(message.as_bytes())))
}

async fn jwks(set: Data<Arc<Mutex<Vec<Value>>>>, asked: Data<Arc<AtomicUsize>>) -> HttpResponse {
    asked.fetch_add(1, Ordering::SeqCst);
    HttpResponse::Ok().json(json!({ "keys": *set.lock().unwrap() }))
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

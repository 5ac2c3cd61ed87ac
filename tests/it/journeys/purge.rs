//! The purge: after a full life and the time that records are kept, nothing personal can be read from anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use chrono::TimeDelta;
use habeas::domain::staff::Role;
use habeas::worker::schedule;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Api, Server, habeas, submission};
use crate::support::world::{Kind, World};

/// Everything personal about the person of this journey, in every field there is. No word of it stands anywhere else.
const MARKS: &[(&str, &str)] = &[
    ("name", "Zürn Qvist"),
    ("email", "qvist-zephyr@example.com"),
    ("phone", "+49301717171"),
    ("account", "ACC/7731 \"x\""),
    ("details", "I wrote \"quokka\" & <über>"),
    ("message", "narwhal, they said"),
    ("reply", "we say axolotl"),
    ("question", "pangolin or not?"),
    ("extension", "because of the okapi"),
    ("old", "Tapir Öld"),
    ("new", "Tapir Nöw"),
    ("note", "ring for the wombat"),
    ("denial", "a numbat asked daily"),
    ("referral", "Ocelot Holding"),
    ("hold", "court case Caracal"),
    ("call", "kinkajou on the phone"),
];

fn mark(name: &str) -> &'static str {
    MARKS.iter().find(|(n, _)| *n == name).unwrap().1
}

#[rstest]
fn nothing_personal_is_left_after_the_time_that_records_are_kept(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let log = log();
    let world = World::new(store, Kind::Sqlite);
    world.execute("shop", &company());
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = live(&world, api);
    let requests = ids.len();
    assert!(std::fs::read_dir(world.path().join("packages")).unwrap().count() > 0, "there is a package");
    let (sealed, wrapped) = match store {
        Kind::Mysql => unreachable!("a store is never MySQL"),
        Kind::Sqlite => ("hex(sealed)", "hex(wrapped_key)"),
        Kind::Postgres => ("encode(sealed, 'hex')", "encode(wrapped_key, 'hex')"),
    };
    let column = |what: &str| world.query_store(&format!("SELECT {what} FROM requests ORDER BY id LIMIT 1"));
    let (sealed, wrapped) = (column(sealed), column(wrapped));
    assert!(contains(&world.kept(), &unhex(&wrapped), &wrapped), "the key is found before");

    // A day too early: the law of this person's residence names 24 months from the answer.
    server.clock().advance(TimeDelta::days(731));
    tokio::runtime::Runtime::new().unwrap().block_on(schedule::once(&server.office)).unwrap();
    assert_eq!(api.get(&format!("/v1/requests/{}", ids[0]), &token).0, 200, "the last day is included");
    server.clock().advance(TimeDelta::days(1));
    tokio::runtime::Runtime::new().unwrap().block_on(schedule::once(&server.office)).unwrap();

    let officer = api.sign_in(Role::Officer);
    let held = &ids[3];
    for id in ids.iter().filter(|id| *id != held) {
        assert_eq!(api.get(&format!("/v1/requests/{id}"), &token).0, 404);
        assert_eq!(api.get(&format!("/v1/staff/requests/{id}"), &officer).0, 404);
        let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &officer);
        let last = entries["items"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["event"], &last["facts"]["kept_months"]),
            (&json!("request.purged"), &json!(24)),
            "{entries}"
        );
    }
    let (status, whole) = api.get(&format!("/v1/staff/requests/{held}"), &officer);
    assert_eq!((status, &whole["record"]["hold"]["reason"]), (200, &json!(mark("hold"))), "a hold keeps it");
    let lifted = api.post(&format!("/v1/staff/requests/{held}/record-hold"), &officer, json!({ "until": null }));
    assert_eq!((lifted.0, &lifted.1["record"]["hold"]), (200, &Value::Null), "{lifted:?}");
    tokio::runtime::Runtime::new().unwrap().block_on(schedule::once(&server.office)).unwrap();
    assert_eq!(api.get(&format!("/v1/staff/requests/{held}"), &officer).0, 404);

    let export = api.send(reqwest::Method::GET, "/v1/staff/export.csv", Some(&officer), None).text().unwrap();
    assert_eq!(export.lines().count(), 1 + requests, "the log outlives the purge: {export}");
    drop(server);
    let kept = world.kept();
    assert!(contains(&kept, b"request.purged", "-"), "the search itself works");
    assert!(!contains(&kept, &unhex(&wrapped), &wrapped), "the key is nowhere");
    let logged = log.lock().unwrap().clone();
    assert!(contains(&logged, b"records were purged", "-"), "the log was listened to");
    for (name, text) in MARKS {
        for form in forms(text) {
            assert!(!contains(&kept, &form, "-"), "{name} is left as {}", String::from_utf8_lossy(&form));
            assert!(!contains(&logged, &form, "-"), "{name} was logged as {}", String::from_utf8_lossy(&form));
        }
    }
    let files = |folder: &str| {
        let entries = std::fs::read_dir(world.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).count()
    };
    assert_eq!((files("packages"), files("packages/authorizations")), (0, 0), "packages and documents are gone");
    let (code, printed, error) = habeas(&world, &["audit", "verify"], "");
    assert_eq!(code, 0, "{printed}{error}");

    // Whoever puts the sealed bytes back has gained nothing.
    let back = match store {
        Kind::Mysql => unreachable!("a store is never MySQL"),
        Kind::Sqlite => format!("UPDATE requests SET sealed = x'{sealed}'"),
        Kind::Postgres => format!("UPDATE requests SET sealed = decode('{sealed}', 'hex')"),
    };
    world.execute_in_store(store, &back);
    let server = Server::restart(&world);
    assert_eq!(server.api.get(&format!("/v1/staff/requests/{}", ids[0]), &server.api.sign_in(Role::Officer)).0, 404);
}

/// The person's rows at the company.
fn company() -> String {
    format!(
        "INSERT INTO customers VALUES (9, '{}', '{}', '{}', 'secret', NULL, NULL); INSERT INTO orders VALUES (90, 9, NULL, '{}')",
        mark("email"),
        mark("phone"),
        mark("old"),
        mark("note")
    )
}

/// An access, a correction and a deletion in one submission, a denied access and a referred one, with everything that
/// can be said about them; gives the first token and all requests.
fn live(world: &World, api: &Api) -> (String, Vec<String>) {
    let person = json!({
        "name": mark("name"), "email": mark("email"), "phone": mark("phone"), "account_id": mark("account"), "residence": "US-CA",
    });
    let corrections = json!([{ "dataset": "shop", "collection": "customers", "field": "name", "current": mark("old"), "requested": mark("new") }]);
    let body = submission(
        &["access", "correction", "deletion"],
        json!({ "person": person, "details": mark("details"), "corrections": corrections }),
    );
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    let (status, answer) = api.raw("/v1/requests", &headers, body.to_string());
    assert_eq!(status, 201, "{answer}");
    let token = answer["token"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> =
        answer["requests"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect();
    let code = confirm(world, api, &ids[0], &token, "");
    let (reviewer, officer) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Officer));
    let post = |id: &str, verb: &str, token: &str, body: Value| {
        let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/{verb}"), token, body);
        assert!((200..300).contains(&status), "{verb}: {answer}");
        answer
    };
    let of = |right: &str| {
        let requests = answer["requests"].as_array().unwrap();
        requests.iter().find(|r| r["right"] == right).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (access, correction, deletion) = (of("access"), of("correction"), of("deletion"));
    post(&access, "clarification", &reviewer, json!({ "question": mark("question") }));
    api.post(&format!("/v1/requests/{access}/messages"), &token, json!({ "text": mark("message") }));
    post(&access, "messages", &reviewer, json!({ "text": mark("reply") }));
    post(&access, "extension", &reviewer, json!({ "reason": mark("extension") }));
    let call = json!({ "channel": "phone", "direction": "in", "at": "2026-11-22T09:00:00Z", "summary": mark("call") });
    post(&access, "communications", &reviewer, call);
    post(&correction, "approval", &reviewer, Value::Null);
    finish(api, &correction, &reviewer);
    post(&access, "approval", &reviewer, Value::Null);
    finish(api, &access, &reviewer);
    post(&deletion, "approval", &reviewer, Value::Null);
    finish(api, &deletion, &reviewer);

    for verb in ["denial", "referral"] {
        let (status, answer) = api.call(
            reqwest::Method::POST,
            "/v1/requests",
            None,
            Some(&submission(&["access"], json!({ "person": person }))),
        );
        assert_eq!(status, 201, "{answer}");
        let id = answer["requests"][0]["id"].as_str().unwrap().to_owned();
        confirm(world, api, &id, answer["token"].as_str().unwrap(), &code);
        let body = match verb {
            "denial" => json!({ "ground": "manifestly_excessive", "explanation": mark("denial") }),
            _ => json!({ "to": mark("referral"), "explanation": "It is theirs." }),
        };
        post(&id, verb, &reviewer, body);
        ids.push(id);
    }
    post(&ids[3].clone(), "record-hold", &officer, json!({ "until": "2030-01-01", "reason": mark("hold") }));
    // Every letter has left before the clock moves.
    for id in &ids {
        api.until(id, &reviewer, |request| request["jobs"].as_array().unwrap().is_empty());
    }
    (token, ids)
}

/// Waits for a fulfilment and releases its answer where somebody has to look.
fn finish(api: &Api, id: &str, staff: &str) {
    if api.settled(id, staff)["state"] == "awaiting_release" {
        assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), staff, Value::Null).0, 200);
    }
}

/// Confirms with whichever of the mailed codes opens this request.
fn confirm(world: &World, api: &Api, id: &str, token: &str, not: &str) -> String {
    let path = format!("/v1/requests/{id}/verification/confirmation");
    let mut code = world.code(mark("email"), not);
    while api.post(&path, token, json!({ "code": code })).0 != 200 {
        code = world.code(mark("email"), &code);
    }
    code
}

/// How a text can stand in a file: as it is, in another case, as JSON or a URL writes it, in hexadecimal, in base64 at
/// each of the three places it can begin.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.to_owned(), text.to_lowercase(), text.to_uppercase()];
    let json = json!(text).to_string();
    forms.push(json.trim_matches('"').to_owned());
    let ascii = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    forms.push(json.trim_matches('"').chars().map(ascii).collect());
    let percent = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    forms.push(text.bytes().map(percent).collect());
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    forms.extend([hex.to_uppercase(), hex]);
    for before in 0..3 {
        let shifted = [&vec![b' '; before], text.as_bytes()].concat();
        for engine in [BASE64_STANDARD, BASE64_URL_SAFE] {
            // What the bytes before and after decide is left out.
            let whole = engine.encode(&shifted);
            let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
            forms.push(whole[from..to].to_owned());
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// Whether bytes hold others, or their hexadecimal form as a dump writes it.
fn contains(haystack: &[u8], needle: &[u8], hex: &str) -> bool {
    let found = |needle: &[u8]| {
        haystack.iter().enumerate().any(|(at, b)| *b == needle[0] && haystack[at..].starts_with(needle))
    };
    found(needle) || (hex.len() > 1 && found(hex.to_lowercase().as_bytes()))
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// Everything that this test process logs, from now on.
fn log() -> Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || Into(writer.clone()))
            .init();
        log
    });
    log.clone()
}

struct Into(Arc<Mutex<Vec<u8>>>);

impl Write for Into {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

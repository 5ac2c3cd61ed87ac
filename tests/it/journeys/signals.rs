//! Signals: one-click unsubscribe as mail programs send it, Global Privacy Control, and the pages that show both.

use habeas::domain::staff::Role;
use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Api, Server, submission};
use crate::support::world::{Kind, World};

/// The secret of an API key for a controller.
fn key(api: &Api, controller: &str) -> String {
    let admin = api.sign_in(Role::Admin);
    let body = json!({ "name": "mailing tool", "controller": controller });
    let (status, key) = api.post("/v1/staff/api-keys", &admin, body);
    assert_eq!(status, 201, "{key}");
    key["secret"].as_str().unwrap().to_owned()
}

/// The path of an address's unsubscribe link.
fn link(api: &Api, key: &str, email: &str) -> String {
    let (status, link) = api.get(&format!("/v1/unsubscribe-links?email={email}"), key);
    assert_eq!(status, 200, "{link}");
    let url = link["url"].as_str().unwrap();
    assert_eq!(link["list_unsubscribe"], format!("<{url}>"));
    assert_eq!(link["list_unsubscribe_post"], "List-Unsubscribe=One-Click");
    assert!(!url.contains("example.com") && !url.contains("%40") && !url.contains('@'), "{url}");
    url.strip_prefix("https://privacy.shop.example").unwrap().to_owned()
}

/// As a mail program posts: it follows nothing and brings nothing.
fn post(api: &Api, path: &str, kind: &str, body: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    client.post(format!("{}{path}", api.url)).header("content-type", kind).body(body.to_owned()).send().unwrap()
}

const FORM: (&str, &str) = ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
const MULTIPART: (&str, &str) = (
    "multipart/form-data; boundary=FormBoundary7",
    "--FormBoundary7\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--FormBoundary7--\r\n",
);

fn requests(api: &Api) -> Vec<Value> {
    let (_, queue) = api.get("/v1/staff/requests", &api.sign_in(Role::Auditor));
    queue["items"].as_array().unwrap().clone()
}

fn suppressed(api: &Api, key: &str) -> Vec<String> {
    let (_, found) = api.get("/v1/suppressions?email=ada@example.com", key);
    found["items"].as_array().unwrap().iter().map(|s| s["opt_out_of"].as_str().unwrap().to_owned()).collect()
}

/// The page's text between two marks, for a snapshot.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(part, _)| part.trim()).unwrap()
}

fn open(api: &Api, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new().get(format!("{}{path}", api.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().unwrap()
}

#[rstest]
fn one_click_ends_the_marketing_and_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(FORM, MULTIPART)] sent: (&str, &str),
) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let key = key(api, "shop");
    let path = link(api, &key, "Ada@Example.com");
    assert_eq!(path, link(api, &key, "ada@example.com"), "one person, one link");

    // What a mail scanner does changes nothing.
    for _ in 0..2 {
        assert_eq!(open(api, &path, &[]).status(), 200);
    }
    assert!(suppressed(api, &key).is_empty() && requests(api).is_empty());

    for _ in 0..2 {
        let answer = post(api, &path, sent.0, sent.1);
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("location"));
        assert_eq!(suppressed(api, &key), ["marketing"]);
    }
    let log = requests(api);
    assert_eq!(log.len(), 1, "the second click makes no second request: {log:?}");
    assert_eq!((&log[0]["right"], &log[0]["state"]), (&json!("opt_out"), &json!("fulfilled")));
    let (_, whole) =
        api.get(&format!("/v1/staff/requests/{}", log[0]["id"].as_str().unwrap()), &api.sign_in(Role::Auditor));
    assert_eq!(whole["channel"], "unsubscribe");

    // Habeas's own letters are no marketing; and that a code arrives shows that no letter came before it.
    api.submit(&["access"], json!({}));
    world.code("ada@example.com", "");
    let mails = world.mails("ada@example.com");
    assert_eq!(mails.len(), 1, "no letter about the click: {mails:?}");
}

#[rstest]
fn clicks_at_the_same_moment_are_one_request(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let path = link(api, &key(api, "shop"), "ada@example.com");
    std::thread::scope(|scope| {
        let clicks: Vec<_> = (0..8).map(|_| scope.spawn(|| post(api, &path, FORM.0, FORM.1).status())).collect();
        assert!(clicks.into_iter().all(|click| click.join().unwrap() == 200));
    });
    assert_eq!(requests(api).len(), 1);
}

#[test]
fn a_link_that_was_not_made_here_does_nothing() {
    let (world, other) = (World::new(Kind::Sqlite, Kind::Sqlite), World::new(Kind::Sqlite, Kind::Sqlite));
    let server = Server::start(&world);
    let api = &server.api;
    let mine = key(api, "shop");
    let path = link(api, &mine, "ada@example.com");
    let stranger = Server::start(&other);
    let theirs = link(&stranger.api, &key(&stranger.api, "shop"), "ada@example.com");
    drop(stranger);
    let mut changed = path.clone().into_bytes();
    changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for forged in [theirs.as_str(), changed.as_str(), &path[..path.len() - 4], "/u/x", "/u/%00", "/u/ada@example.com"] {
        assert_eq!(post(api, forged, FORM.0, FORM.1).status(), 404, "{forged}");
        assert_eq!(open(api, forged, &[]).status(), 404, "{forged}");
    }
    for body in ["", "List-Unsubscribe=No", "{}"] {
        let answer = post(api, &path, FORM.0, body);
        assert_eq!(answer.status(), 400, "{body}");
        assert_eq!(answer.json::<Value>().unwrap()["code"], "not_one_click");
    }
    assert!(suppressed(api, &mine).is_empty() && requests(api).is_empty());
}

#[test]
fn links_are_made_by_the_thousand_and_for_the_key_s_own_controller() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &format!("{config}[[controllers]]\nid = \"club\"\npolicy = \"policy.toml\"\n"));
    let server = Server::start(&world);
    let api = &server.api;
    let key = key(api, "shop");
    let emails: Vec<String> = (0..1000).map(|n| format!("a{n}@example.com")).collect();
    let (status, links) = api.post("/v1/unsubscribe-links", &key, json!({ "emails": emails }));
    assert_eq!((status, links["items"].as_array().unwrap().len()), (200, 1000));
    let tail = |url: &Value| url.as_str().unwrap().strip_prefix("https://privacy.shop.example").unwrap().to_owned();
    assert_eq!(tail(&links["items"][7]["url"]), link(api, &key, "a7@example.com"), "in their order");

    let (status, problem) = api.post("/v1/unsubscribe-links", &key, json!({ "emails": ["a@example.com", "a b"] }));
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/emails/1")));
    let (status, _) = api.post("/v1/unsubscribe-links", &key, json!({ "emails": vec!["a@example.com"; 1001] }));
    assert_eq!(status, 422);
    let theirs = json!({ "emails": ["a@example.com"], "controller": "club" });
    let (status, problem) = api.post("/v1/unsubscribe-links", &key, theirs.clone());
    assert_eq!((status, &problem["code"]), (422, &json!("unknown_controller")), "somebody else's");
    let admin = api.sign_in(Role::Admin);
    let (_, general) = api.post("/v1/staff/api-keys", &admin, json!({ "name": "all" }));
    let general = general["secret"].as_str().unwrap();
    assert_eq!(api.post("/v1/unsubscribe-links", general, theirs).0, 200);
    let (status, problem) = api.post("/v1/unsubscribe-links", general, json!({ "emails": ["a@example.com"] }));
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/controller")));
}

/// A signal as the company's site passes it on.
fn gpc(api: &Api, key: Option<&str>, header: Option<&str>, body: Value) -> (u16, Value) {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(header.map(|value| ("sec-gpc", value.to_owned())));
    headers.extend(key.map(|key| ("authorization", format!("Bearer {key}"))));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    api.raw("/v1/signals/gpc", &headers, body.to_string())
}

#[rstest]
fn the_signal_of_a_known_person_is_an_opt_out_once(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let key = key(api, "shop");
    let ada = json!({ "controller": "shop", "email": "ada@example.com", "account_id": "7", "residence": "US-CA" });
    let (status, first) = gpc(api, Some(&key), Some("1"), ada.clone());
    assert_eq!(status, 200, "{first}");
    assert_eq!(
        first,
        json!({
            "honoured": true, "scope": "person", "of": ["sale", "sharing", "targeted_advertising"],
            "since": "2026-11-22T10:00:00.000000Z", "binding": "11 CCR 7025",
        })
    );
    assert_eq!(suppressed(api, &key), ["sale", "sharing", "targeted_advertising"]);

    server.clock().advance(chrono::TimeDelta::days(3));
    assert_eq!(gpc(api, Some(&key), Some("1"), ada).1, first, "every page view sends it again");
    let log = requests(api);
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!((&log[0]["state"], &log[0]["regime"]), (&json!("fulfilled"), &json!("ccpa")));
    let csv = api.send(reqwest::Method::GET, "/v1/staff/export.csv", Some(&api.sign_in(Role::Auditor)), None);
    assert!(csv.text().unwrap().contains(",gpc,"), "the log counts it");
    api.submit(&["access"], json!({}));
    world.code("ada@example.com", "");
    assert_eq!(world.mails("ada@example.com").len(), 1, "no letter about the signal");
}

#[test]
fn the_signal_of_a_browser_alone_is_honoured_and_not_kept() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (status, answer) = gpc(api, None, Some("1"), json!({ "controller": "shop" }));
    assert_eq!((status, &answer["honoured"], &answer["scope"]), (200, &json!(true), &json!("browser")), "{answer}");
    assert!(requests(api).is_empty());
    let named = json!({ "controller": "shop", "email": "ada@example.com" });
    assert_eq!(gpc(api, None, Some("1"), named.clone()).0, 401, "since when Ada opted out is hers to know");
    assert_eq!(gpc(api, Some("hbk_nonsense"), Some("1"), named.clone()).0, 401);
    let key = key(api, "shop");
    for header in [None, Some("0"), Some("true"), Some("")] {
        let (status, problem) = gpc(api, Some(&key), header, named.clone());
        assert_eq!((status, &problem["code"]), (422, &json!("no_signal")), "{header:?}");
    }
    let (status, problem) = gpc(api, Some(&key), Some("1"), json!({ "controller": "shop", "account_id": "7" }));
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/email")));
    assert!(requests(api).is_empty() && suppressed(api, &key).is_empty());
    let support = open(api, "/.well-known/gpc.json", &[]);
    assert_eq!(support.json::<Value>().unwrap()["gpc"], true);
}

#[test]
fn a_policy_can_honour_the_signal_only_where_it_binds() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &format!("{policy}[gpc]\nhonour = \"where_binding\"\n"));
    let server = Server::start(&world);
    let api = &server.api;
    let key = key(api, "shop");
    let from = |residence: &str| json!({ "controller": "shop", "email": "ada@example.com", "residence": residence });
    assert_eq!(gpc(api, Some(&key), Some("1"), from("US-VA")).1["honoured"], false);
    assert!(suppressed(api, &key).is_empty());
    assert_eq!(gpc(api, Some(&key), Some("1"), from("US-CO")).1["honoured"], true);
    assert_eq!(suppressed(api, &key).len(), 3);
    let page = open(api, "/privacy/shop", &[("sec-gpc", "1")]).text().unwrap();
    assert!(page.contains("where the law makes it binding: US-CA, US-CO"), "{page}");
    assert!(!page.contains("Opt-out request honored"));
}

#[test]
fn the_privacy_page_shows_that_the_signal_is_honoured() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let with = open(api, "/privacy/shop", &[("sec-gpc", "1")]);
    let headers = with.headers().clone();
    let vary: Vec<_> = headers.get_all("vary").iter().map(|v| v.to_str().unwrap().to_ascii_lowercase()).collect();
    assert!(vary.iter().any(|v| v.contains("sec-gpc")), "{vary:?}");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("set-cookie"));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let page = with.text().unwrap();
    insta::assert_snapshot!(between(&page, "<section", "</section>"), @r#"
    class="card good" aria-labelledby="signal">
    <p id="signal"><strong>Opt-out request honored.</strong></p>
    <p>Your browser sends the Global Privacy Control signal. Example Shop GmbH takes it as your request not to sell your personal data, not to share it
    for advertising across sites, and not to use it for targeted advertising. You need not do anything else.</p>
    <p class="soft">It holds for this browser as long as it sends the signal. To have it hold wherever Example Shop GmbH knows you, ask for an opt-out as described below.</p>
    "#);
    let without = open(api, "/privacy/shop", &[]).text().unwrap();
    insta::assert_snapshot!(between(&without, "<main>", "</main>"), @r#"
    <section class="card" aria-labelledby="signal">
    <p id="signal"><strong>Your browser sends no opt-out signal.</strong></p>
    <p>Some browsers can send one, named Global Privacy Control. With it you opt out of the sale and sharing of your personal data once, on every site.
    You can also ask for an opt-out here, without any signal.</p>
    </section>

    <h2>What you can ask for</h2>
    <dl>
    <dt>A copy of your data</dt>
    <dd>Everything held about you, to read and to keep.</dd>
    <dt>What kinds of data are held</dt>
    <dd>Which kinds of data are collected about you, why, from where, and with whom they are shared.</dd>
    <dt>Your data to take with you</dt>
    <dd>In a form that another service can read.</dd>
    <dt>Deletion</dt>
    <dd>What is held about you is erased, except what the law says must be kept.</dd>
    <dt>Correction</dt>
    <dd>What is wrong about you is set right.</dd>
    <dt>Restriction</dt>
    <dd>Your data is kept but not used while a question about it is open.</dd>
    <dt>Objection</dt>
    <dd>Your data is no longer used for a purpose that you object to.</dd>
    <dt>Opt-out</dt>
    <dd>No sale, no sharing for advertising, no targeted advertising, no profiling, no marketing: all or any of them.</dd>
    <dt>Limits on sensitive data</dt>
    <dd>It is used for what you asked for and nothing else.</dd>
    <dt>Withdrawal of consent</dt>
    <dd>What you once agreed to stops.</dd>
    <dt>A person instead of a program</dt>
    <dd>Somebody looks again at a decision that a program made about you.</dd>
    </dl>
    <p class="soft">Which of these the law gives you depends on where you live.</p>
    <h2>How to ask</h2>
    <ul>
    <li>By e-mail to <a href="mailto:privacy@shop.example">privacy@shop.example</a>.</li>
    <li>By post:<address>Lindenweg 1, 10115 Berlin</address></li>
    <li>By program: <code>POST https://privacy.shop.example/v1/requests</code> with <code>"controller": "shop"</code>; <a href="/openapi.yaml">openapi.yaml</a> describes it.</li>
    </ul>
    <p>Say what you ask for and where you live. Where the law wants to know that it is really you, you are asked to confirm your address, and
    for no more than is needed. For an opt-out the law of many places asks for no proof at all.</p>
    "#);
    assert!(!without.contains("honored") && !without.contains("<script"));
    assert_eq!(open(api, "/privacy/nobody", &[]).status(), 404);
}

#[test]
fn the_unsubscribe_page_asks_for_one_click() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let path = link(api, &key(api, "shop"), "ada@example.com");
    let before = open(api, &path, &[]).text().unwrap();
    insta::assert_snapshot!(between(&before, "<header>", "</main>"), @r#"
    <h1>Stop marketing mails from Example Shop GmbH?</h1>
    </header>
    <main>
    <p>One click, and Example Shop GmbH sends no more marketing mails to the address that got this link.</p>
    <form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button></form>
    <p>Messages about what you ordered, your account, your security or a request of yours are not marketing. They go on.</p>
    "#);
    let after = post(api, &path, FORM.0, FORM.1).text().unwrap();
    insta::assert_snapshot!(between(&after, "<header>", "</main>"), @r#"
    <h1>You are unsubscribed</h1>
    </header>
    <main>
    <section class="card good"><p><strong>Example Shop GmbH sends no more marketing mails to your address.</strong></p></section>
    <p>Messages about what you ordered, your account, your security or a request of yours are not marketing. They go on.</p>
    <p>To get marketing mails again, subscribe with Example Shop GmbH itself: that takes a new consent, which this page cannot give for you.</p>
    "#);
    assert!(!before.contains("ada@") && !after.contains("ada@"), "a forwarded mail gives no address away");
}

#[rstest]
fn nobody_is_flooded_with_codes(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &format!("{config}[limits]\nsubmissions_per_hour = 3\n"));
    let server = Server::start(&world);
    let api = &server.api;
    for _ in 0..3 {
        api.submit(&["access", "deletion"], json!({}));
    }
    let person = json!({ "name": "A", "email": "ADA@example.com", "residence": "DE" });
    let body = submission(&["access"], json!({ "person": person }));
    let refused = api.send(reqwest::Method::POST, "/v1/requests", None, Some(&body));
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "3600"));
    assert_eq!(refused.json::<Value>().unwrap()["code"], "too_many_submissions");
    let other = json!({ "name": "Bob", "email": "bob@example.com", "residence": "DE" });
    api.submit(&["access"], json!({ "person": other }));
    let entry = json!({ "channel": "phone", "request": submission(&["access"], json!({})) });
    assert_eq!(api.post("/v1/staff/requests", &api.sign_in(Role::Clerk), entry).0, 201, "staff are not counted");
    server.clock().advance(chrono::TimeDelta::minutes(60));
    api.submit(&["access"], json!({}));
}

#[test]
fn staff_enter_no_signals() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let entry = json!({ "channel": "gpc", "request": submission(&["opt_out"], json!({})) });
    let (status, problem) = server.api.post("/v1/staff/requests", &server.api.sign_in(Role::Clerk), entry);
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/channel")));
}

//! Agents: nothing goes on before their authority is shown, by paper, by the person, or by being known.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Answer, Api, Process, Server, submission};
use crate::support::world::{Kind, World};

const PDF: &[u8] = b"%PDF-1.7\nI let Grace Agency act for me. Ada Example\n%%EOF\n";
const AGENT: &str = "grace@agency.example";

/// What an agent submits for Ada.
fn asks(residence: &str, kind: Option<&str>) -> Value {
    let mut agent = json!({ "name": "Grace Agency", "email": AGENT });
    if let Some(kind) = kind {
        agent["authorization_kind"] = json!(kind);
    }
    let person = json!({ "name": "Ada Example", "email": "ada@example.com", "residence": residence });
    json!({ "person": person, "agent": agent })
}

fn upload(api: &Api, id: &str, token: &str, kind: &str, media_type: &str, body: Vec<u8>) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", media_type)];
    api.raw(&format!("/v1/requests/{id}/authorization?kind={kind}"), &headers, body)
}

fn decide(api: &Api, id: &str, staff: &str, body: Value) -> Answer {
    api.post(&format!("/v1/staff/requests/{id}/authorization"), staff, body)
}

/// The newest mail to somebody that holds a text, unfolded.
fn mail(world: &World, to: &str, holds: &str) -> String {
    for _ in 0..600 {
        let mails = world.mails(to).into_iter().map(|mail| plain(&mail));
        if let Some(mail) = mails.rev().find(|mail| mail.contains(holds)) {
            return mail;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no mail to {to} says {holds}: {:?}", world.mails(to));
}

/// Without the line breaks of quoted-printable (RFC 2045 section 6.7).
fn plain(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n")
}

/// The path of the person's page, from the mail to them.
fn link(world: &World) -> String {
    let mail = mail(world, "ada@example.com", "/authorizations/");
    let start = mail.find("/authorizations/").unwrap();
    mail[start..].split_whitespace().next().unwrap().to_owned()
}

fn answer(api: &Api, link: &str, decision: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    api.raw(link, &headers, json!({ "decision": decision }).to_string())
}

#[rstest]
fn a_document_that_staff_accept_lets_an_agent_ask(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], asks("US-CA", Some("signed_permission")));
    let id = &ids[0];
    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!((&request["regime"], &request["state"]), (&json!("ccpa"), &json!("awaiting_authorization")));
    assert_eq!(
        request["authorization"],
        json!({
            "state": "missing", "kind": "signed_permission", "by": "law", "proof": "permission signed by the person",
            "needs": ["document", "person_confirmation", "agent_code"],
            "citation": "Cal. Civ. Code 1798.140(ak); 11 CCR 7063, 7026(j), 7027(i)",
        })
    );
    assert_eq!(request["deadlines"][1]["due"], "2027-01-05", "the clock runs from receipt: {request}");

    let staff = api.sign_in(Role::Reviewer);
    let (status, nothing) = decide(api, id, &staff, json!({ "decision": "accept" }));
    assert_eq!((status, &nothing["code"]), (409, &json!("no_proof")));
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/approval"), &staff, Value::Null).0, 409);

    let (status, taken) = upload(api, id, &token, "signed_permission", "application/pdf", PDF.to_vec());
    assert_eq!((status, &taken["authorization"]["state"]), (201, &json!("submitted")), "{taken}");
    let document = api.send(Method::GET, &format!("/v1/staff/requests/{id}/authorization"), Some(&staff), None);
    let header = |name: &str| document.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-disposition").starts_with("attachment; filename=\"DSR-"));
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(
        (header("x-content-type-options"), header("content-type")),
        ("nosniff".into(), "application/pdf".into())
    );
    assert_eq!(document.bytes().unwrap(), PDF);

    let (status, refused) =
        decide(api, id, &staff, json!({ "decision": "refuse", "reason": "The signature is missing." }));
    assert_eq!((status, &refused["authorization"]["state"]), (200, &json!("refused")), "{refused}");
    assert_eq!(refused["authorization"]["reason"], "The signature is missing.");
    mail(&world, AGENT, "The signature is missing.");

    assert_eq!(upload(api, id, &token, "signed_permission", "application/pdf", PDF.to_vec()).0, 201, "once more");
    let (status, accepted) = decide(api, id, &staff, json!({ "decision": "accept" }));
    assert_eq!((status, &accepted["state"]), (200, &json!("in_review")), "{accepted}");
    assert_eq!(accepted["verification"]["methods"], json!(["agent_attestation"]));
    assert_eq!(accepted["verification"]["reached"], accepted["verification"]["required"]);
    mail(&world, AGENT, "You have shown that you may act for Ada Example");
    assert_eq!(upload(api, id, &token, "signed_permission", "application/pdf", PDF.to_vec()).0, 409);

    api.approve(id, &staff);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).0, 200);
    assert!(api.package(id, &token).len() > 100, "the agent fetches what the person would have got");
    let note = mail(&world, "ada@example.com", "was answered");
    assert!(note.contains("Grace Agency asked Example Shop GmbH in your name") && !note.contains("/authorizations/"));
    assert!(mail(&world, AGENT, "Your package is ready").contains("which you sent Example Shop GmbH for"));
    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &staff);
    let events: Vec<_> = entries["items"].as_array().unwrap().iter().map(|e| (&e["event"], &e["actor"])).collect();
    assert_eq!(events[0], (&json!("request.submitted"), &json!("agent")));
    assert_eq!(events[1], (&json!("authorization.submitted"), &json!("agent")));
    assert!(!entries.to_string().contains("signature"), "{entries}");
}

#[rstest]
fn the_person_confirms_by_a_link_of_their_own(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access", "opt_out"], asks("DE", None));
    let link = link(&world);
    let page = api.send(Method::GET, &link, None, None);
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["x-robots-tag"], "noindex, nofollow");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let html = page.text().unwrap();
    assert!(html.contains("Grace Agency") && html.contains("Example Shop GmbH") && !html.contains("<script"));
    assert!(
        !html.contains("Ada Example") && !html.contains("ada@") && !html.contains(AGENT),
        "no data beyond the question"
    );
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(request["state"], "awaiting_authorization", "looking changes nothing");

    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(api.raw(&link, &form, "decision=maybe").0, 422);
    assert_eq!(api.raw(&link, &form, "decision=confirm").0, 200);
    let states: Vec<Value> =
        ids.iter().map(|id| api.get(&format!("/v1/requests/{id}"), &token).1["state"].clone()).collect();
    assert_eq!(states, ["in_review", "fulfilled"], "one answer serves all that was asked");
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(request["authorization"]["kind"], "person_confirmation");
    assert_eq!(request["verification"]["methods"], json!(["person_confirmation"]));
    assert_eq!(request["verification"]["reached"], "email");

    let (status, again) = answer(api, &link, "refuse");
    assert_eq!((status, &again["code"]), (409, &json!("illegal_state")), "a link is for one answer");
    assert_eq!(api.raw(&link, &form, "decision=refuse").0, 409);
    let other = if &link[40..41] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &link[..40], &link[41..]);
    assert_eq!(api.send(Method::GET, &forged, None, None).status(), 404);
    assert_eq!(answer(api, &forged, "confirm").0, 404);
    assert_eq!(answer(api, &format!("/authorizations/{token}"), "confirm").0, 404, "the agent's token is no link");
}

#[rstest]
fn the_person_says_no(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access", "deletion"], asks("DE", None));
    let link = link(&world);
    let (status, answered) = answer(api, &link, "refuse");
    assert_eq!((status, &answered["state"]), (200, &json!("refused")), "{answered}");
    for id in &ids {
        let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
        assert_eq!((&request["state"], &request["authorization"]["state"]), (&json!("withdrawn"), &json!("disowned")));
        assert_eq!(request["authorization"]["needs"], json!([]));
    }
    mail(&world, AGENT, "the answer was that you do not act for them");
    mail(&world, "ada@example.com", "Grace Agency received nothing of yours");
    assert_eq!(upload(api, &ids[0], &token, "power_of_attorney", "application/pdf", PDF.to_vec()).0, 409);
    let staff = api.sign_in(Role::Officer);
    let (_, entries) = api.get(&format!("/v1/staff/requests/{}/entries", ids[0]), &staff);
    let last = entries["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["actor"]), (&json!("request.withdrawn"), &json!("person")));
}

#[test]
fn a_power_of_attorney_spares_the_person_the_question() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["deletion"], asks("US-CA", Some("power_of_attorney")));
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(request["authorization"]["needs"], json!(["document", "agent_code"]));
    let told = mail(&world, "ada@example.com", "You need not do anything");
    assert!(!told.contains("/authorizations/"), "{told}");
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 100_000], b"IEND\xae\x42\x60\x82"].concat();
    let key = [("authorization", format!("Bearer {token}")), ("idempotency-key", "one".to_owned())];
    let headers: Vec<(&str, &str)> =
        key.iter().map(|(n, v)| (*n, v.as_str())).chain([("content-type", "image/png")]).collect();
    let path = format!("/v1/requests/{}/authorization?kind=power_of_attorney", ids[0]);
    assert_eq!(api.raw(&path, &headers, png.clone()).0, 201);
    assert_eq!(api.raw(&path, &headers, png).0, 201, "a repeat with the same key gets the first answer");
    let staff = api.sign_in(Role::Reviewer);
    let (_, accepted) = decide(api, &ids[0], &staff, json!({ "decision": "accept" }));
    assert_eq!(
        (&accepted["state"], &accepted["authorization"]["kind"]),
        (&json!("in_review"), &json!("power_of_attorney"))
    );
}

#[test]
fn staff_may_have_seen_the_paper_elsewhere() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (_, ids) = api.submit(&["access"], asks("DE", None));
    let staff = api.sign_in(Role::Reviewer);
    let seen = json!({ "decision": "accept", "kind": "power_of_attorney" });
    assert_eq!(decide(api, &ids[0], &staff, seen).1["state"], "in_review");
}

#[rstest]
fn a_trusted_agent_proves_who_they_are_and_nothing_tells_before(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (officer, reviewer) = (api.sign_in(Role::Officer), api.sign_in(Role::Reviewer));
    let listing =
        json!({ "name": "Grace Agency", "email": "Grace@Agency.example", "note": "known", "rights": ["access"] });
    assert_eq!(api.post("/v1/staff/agents", &reviewer, listing.clone()).0, 403);
    let (status, listed) = api.post("/v1/staff/agents", &officer, listing.clone());
    assert_eq!((status, &listed["email"]), (201, &json!("Grace@Agency.example")), "{listed}");
    assert_eq!(api.post("/v1/staff/agents", &officer, listing).1["code"], "agent_listed");
    assert_eq!(api.get("/v1/staff/agents", &reviewer).1["items"][0]["rights"], json!(["access"]));

    let (token, ids) = api.submit(&["access", "deletion"], asks("DE", None));
    let mut stranger = asks("DE", None);
    stranger["agent"]["email"] = json!("nobody@agency.example");
    let (other, others) = api.submit(&["access", "deletion"], stranger);
    let shape = |id: &str, token: &str| api.get(&format!("/v1/requests/{id}"), token).1["authorization"].clone();
    assert_eq!(shape(&ids[0], &token), shape(&others[0], &other), "nobody learns who is listed");

    let confirm = |id: &str, token: &str, email: &str| {
        let code = world.code(email, "");
        api.post(&format!("/v1/requests/{id}/verification/confirmation"), token, json!({ "code": code }))
    };
    let (status, known) = confirm(&ids[0], &token, AGENT);
    assert_eq!(
        (status, &known["state"], &known["authorization"]["kind"]),
        (200, &json!("in_review"), &json!("registry"))
    );
    let (_, deletion) = api.get(&format!("/v1/requests/{}", ids[1]), &token);
    assert_eq!(deletion["state"], "awaiting_authorization", "trusted for access only");
    assert_eq!(deletion["authorization"]["needs"], json!(["document", "person_confirmation"]));
    let (status, unknown) = confirm(&others[0], &other, "nobody@agency.example");
    assert_eq!((status, &unknown["state"]), (200, &json!("awaiting_authorization")));

    let line = listed["id"].as_str().unwrap();
    assert_eq!(api.call(Method::DELETE, &format!("/v1/staff/agents/{line}"), Some(&officer), None).0, 204);
    assert_eq!(api.call(Method::DELETE, &format!("/v1/staff/agents/{line}"), Some(&officer), None).0, 404);
}

#[test]
fn who_may_act_is_the_laws_to_say_and_the_policys_to_widen() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &format!("{policy}\n[agents]\nrights = [\"access\"]\n"));
    let Server { api, .. } = &Server::start(&world);
    let submit = |right: &str, residence: &str, kind: Option<&str>| {
        let body = submission(&[right], asks(residence, kind));
        api.call(Method::POST, "/v1/requests", None, Some(&body))
    };
    let (status, refused) = submit("deletion", "US-VA", None);
    assert_eq!((status, &refused["code"]), (422, &json!("agent_not_allowed")));
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("agents can ask for access") && detail.contains("us-va"), "{detail}");
    assert_eq!(refused["errors"][0]["pointer"], "/agent");
    let (status, promised) = submit("access", "US-UT", None);
    let authorization = &promised["requests"][0]["authorization"];
    assert_eq!((status, &authorization["by"]), (201, &json!("promise")), "{promised}");
    assert_eq!(authorization["citation"], "the controller's privacy policy");

    // A child's parent speaks for the child, also where the law knows no agents.
    let (status, parent) = submit("deletion", "US-VA", Some("guardian"));
    assert_eq!((status, &parent["requests"][0]["state"]), (201, &json!("awaiting_authorization")));
    let (id, token) = (parent["requests"][0]["id"].as_str().unwrap(), parent["token"].as_str().unwrap());
    let permission = upload(api, id, token, "signed_permission", "application/pdf", PDF.to_vec());
    assert_eq!((permission.0, &permission.1["code"]), (409, &json!("guardian_only")));
    assert_eq!(upload(api, id, token, "guardian", "application/pdf", PDF.to_vec()).0, 201);
}

#[test]
fn a_file_is_taken_for_what_it_is() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], asks("DE", None));
    let (stranger, _) = api.submit(&["access"], asks("DE", None));
    let send = |media_type: &str, body: &[u8]| {
        let (status, answer) = upload(api, &ids[0], &token, "signed_permission", media_type, body.to_vec());
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(send("text/html", b"<script>"), (415, "unsupported_document".into()));
    assert_eq!(send("application/pdf", b"<script>"), (415, "unsupported_document".into()));
    assert_eq!(send("application/pdf", b""), (415, "unsupported_document".into()));
    assert_eq!(send("image/png", PDF), (422, "document_mismatch".into()));
    assert_eq!(send("application/pdf", &PDF[..30]), (422, "document_cut_off".into()));
    let long = [b"%PDF-".as_slice(), &vec![0; 10 * 1024 * 1024], b"%%EOF"].concat();
    assert_eq!(send("application/pdf", &long), (413, "body_too_large".into()));
    assert_eq!(upload(api, &ids[0], &token, "diploma", "application/pdf", PDF.to_vec()).0, 400);
    assert_eq!(upload(api, &ids[0], &stranger, "guardian", "application/pdf", PDF.to_vec()).0, 404);
    assert_eq!(broken_off(api, &ids[0], &token), 0, "a document that breaks off is not taken");
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(request["authorization"]["state"], "missing");
    assert_eq!(files(&world).len(), 0, "nothing of them is kept");

    let whole = [b"%PDF-".as_slice(), &vec![0; 10 * 1024 * 1024 - 10], b"%%EOF"].concat();
    assert_eq!(whole.len(), 10 * 1024 * 1024);
    assert_eq!(send("application/pdf", &whole).0, 201, "ten MiB are");
}

/// Killed between a document and its request: the agent sends it again, and what nothing names is swept.
#[test]
fn a_document_survives_a_crash_in_the_middle() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let process = Process::start(&world, Some("authorization.after_document"));
    let (token, ids) = process.api.submit(&["access"], asks("DE", None));
    let place = format!("{}/v1/requests/{}/authorization?kind=signed_permission", process.api.url, ids[0]);
    let client = reqwest::blocking::Client::new();
    let sent = client.post(place).bearer_auth(&token).header("content-type", "application/pdf").body(PDF).send();
    assert!(sent.is_err(), "nobody was left to answer");
    process.died();
    assert_eq!(files(&world).len(), 1);
    let server = Server::start(&world);
    let (_, request) = server.api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(request["authorization"]["state"], "missing");
    assert_eq!(upload(&server.api, &ids[0], &token, "signed_permission", "application/pdf", PDF.to_vec()).0, 201);
    assert_eq!(files(&world).len(), 2);
    server.clock().advance(TimeDelta::days(30));
    sweep(&server);
    assert_eq!(files(&world).len(), 1, "the one that the request names");
}

/// Announces more than it sends, and hangs up; gives how much was answered.
fn broken_off(api: &Api, id: &str, token: &str) -> usize {
    use std::io::{Read, Write};
    let host = api.url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /v1/requests/{id}/authorization?kind=guardian HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/pdf\r\nContent-Length: 5000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(PDF).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    usize::from(answer.starts_with("HTTP/1.1 2"))
}

fn files(world: &World) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(world.path().join("packages/authorizations")).unwrap();
    folder.map(|f| f.unwrap().path()).collect()
}

fn sweep(server: &Server) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(habeas::usecases::authorize::document::sweep(&server.office)).unwrap();
}

#[rstest]
fn a_document_is_unreadable_on_disk_and_gone_with_its_request(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access", "deletion"], asks("DE", None));
    for _ in 0..2 {
        assert_eq!(upload(api, &ids[0], &token, "guardian", "application/pdf", PDF.to_vec()).0, 201);
    }
    let kept = files(&world);
    assert_eq!(kept.len(), 1, "the newer one replaces the older");
    let bytes = std::fs::read(&kept[0]).unwrap();
    assert!(!bytes.windows(5).any(|w| w == b"Grace" || w == b"%PDF-"), "sealed");
    let orphan = kept[0].with_file_name("0195fa00-0000-7000-8000-000000000001");
    std::fs::write(&orphan, b"left by a crash").unwrap();
    // Files know the day that it is here, and the server another.
    for file in [&orphan, &kept[0]] {
        let written = std::fs::File::options().write(true).open(file).unwrap();
        written.set_modified(server.clock().now().into()).unwrap();
    }

    server.clock().advance(TimeDelta::days(1));
    let staff = api.sign_in(Role::Reviewer);
    let document = |id: &str| {
        let path = format!("/v1/staff/requests/{id}/authorization");
        api.send(Method::GET, &path, Some(&staff), None).status().as_u16()
    };
    sweep(&server);
    assert_eq!(files(&world), kept, "what a crash left goes, what is somebody's stays");
    assert_eq!([document(&ids[0]), document(&ids[1])], [200, 200], "one document serves all that was sent together");

    let purge = |id: &str| {
        let id = id.parse().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let purged = server.office.store.write(move |tx| tx.purge(id));
        runtime.block_on(purged).unwrap();
    };
    purge(&ids[0]);
    sweep(&server);
    assert_eq!([document(&ids[0]), document(&ids[1])], [404, 200]);
    purge(&ids[1]);
    sweep(&server);
    assert_eq!(document(&ids[1]), 404);
    assert!(files(&world).is_empty());
}

#[test]
fn an_agent_who_shows_nothing_is_told_when_the_request_closes() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let (token, ids) = server.api.submit(&["access"], asks("DE", None));
    assert_eq!(upload(&server.api, &ids[0], &token, "guardian", "application/pdf", PDF.to_vec()).0, 201);
    let link = link(&world);
    server.clock().advance(TimeDelta::days(31));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(habeas::usecases::decide::expire(&server.office)).unwrap(), 1);
    mail(&world, AGENT, "It was not shown in time that you may act for the person");
    sweep(&server);
    assert!(files(&world).is_empty(), "an expired request keeps no document");
    assert_eq!(answer(&server.api, &link, "confirm").0, 409);
}

#[rstest]
fn a_policy_may_hand_packages_to_the_person_alone(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &format!("{policy}\n[agents]\npackage_to = \"person\"\n"));
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], asks("DE", None));
    let (id, page) = (&ids[0], link(&world));
    let fetch = format!("{page}/packages/{id}");
    assert_eq!(answer(api, &page, "confirm").0, 200);
    let staff = api.sign_in(Role::Reviewer);
    api.approve(id, &staff);
    assert_eq!(api.send(Method::POST, &fetch, None, None).status(), 404, "before it is released");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).0, 200);
    let (status, refused) = api.get(&format!("/v1/requests/{id}/package"), &token);
    assert_eq!((status, &refused["code"]), (404, &json!("no_package")), "the agent does not get it");
    assert_eq!(api.get(&format!("/v1/requests/{id}/package/index.html"), &token).0, 404);
    mail(&world, AGENT, "it goes to the person directly");
    mail(&world, "ada@example.com", "The package with your data goes to you alone");
    assert!(api.send(Method::GET, &page, None, None).text().unwrap().contains("Download your data"));
    let package = api.send(Method::POST, &fetch, None, None);
    assert_eq!(package.status(), 200);
    assert!(super::unzip(package.bytes().unwrap().to_vec()).contains_key("index.html"));
}

#[test]
fn an_agent_cannot_send_elsewhere_what_is_the_persons_alone() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &format!("{policy}\n[agents]\npackage_to = \"person\"\n"));
    let Server { api, .. } = &Server::start(&world);
    let mut asked = asks("DE", None);
    asked["transmit_to"] = json!("https://elsewhere.example/uploads");
    let (status, refused) =
        api.call(Method::POST, "/v1/requests", None, Some(&submission(&["portability"], asked.clone())));
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/transmit_to")), "{refused}");
    asked.as_object_mut().unwrap().remove("agent");
    let (status, answer) = api.call(Method::POST, "/v1/requests", None, Some(&submission(&["portability"], asked)));
    assert_eq!(status, 201, "the person may: {answer}");
}

//! A Habeas of its own for each test: in this process with a clock moved by hand, or the real binary to be killed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use habeas::cli::{assemble, serve};
use habeas::clock::Clock;
use habeas::config::Config;
use habeas::domain::staff::Role;
use habeas::usecases::{Office, staff};
use habeas::web::{self, Serving};
use habeas::worker::Worker;
use reqwest::Method;
use reqwest::blocking::{Client, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::ports::free_port;
use super::world::World;

/// The day on which the tests happen.
pub fn today() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// Speaks the API.
pub struct Api {
    pub url: String,
    client: Client,
}

/// What an answer was.
pub type Answer = (u16, Value);

impl Api {
    pub fn new(url: String) -> Self {
        Self { url, client: Client::builder().timeout(Duration::from_secs(60)).build().unwrap() }
    }

    /// One call; an answer without JSON gives null.
    pub fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let response = self.send(method, path, token, body);
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().unwrap()).unwrap_or(Value::Null))
    }

    pub fn send(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().unwrap()
    }

    pub fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, Some(token), None)
    }

    pub fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        let body = (!body.is_null()).then_some(&body);
        self.call(Method::POST, path, Some(token), body)
    }

    /// A POST with headers of one's own and a body as it is.
    pub fn raw(&self, path: &str, headers: &[(&str, &str)], body: impl Into<reqwest::blocking::Body>) -> Answer {
        let mut request = self.client.post(format!("{}{path}", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().unwrap()).unwrap_or(Value::Null))
    }

    /// A request of Ada's for some rights; gives the token and the requests' ids.
    pub fn submit(&self, rights: &[&str], more: Value) -> (String, Vec<String>) {
        let (status, answer) = self.call(Method::POST, "/v1/requests", None, Some(&submission(rights, more)));
        assert_eq!(status, 201, "{answer}");
        let ids = answer["requests"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned());
        (answer["token"].as_str().unwrap().to_owned(), ids.collect())
    }

    /// Confirms the mailed code.
    pub fn confirm(&self, world: &World, id: &str, token: &str) {
        let code = world.code("ada@example.com", "");
        let (status, answer) =
            self.post(&format!("/v1/requests/{id}/verification/confirmation"), token, json!({ "code": code }));
        assert_eq!(status, 200, "{answer}");
    }

    /// Signs a member of staff in.
    pub fn sign_in(&self, role: Role) -> String {
        let body = json!({ "email": format!("{role}@shop.example"), "password": PASSWORD });
        let (status, answer) = self.call(Method::POST, "/v1/staff/session", None, Some(&body));
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Approves, and waits for what comes of it.
    pub fn approve(&self, id: &str, staff: &str) -> Value {
        let (status, answer) = self.post(&format!("/v1/staff/requests/{id}/approval"), staff, Value::Null);
        assert_eq!(status, 200, "{answer}");
        self.settled(id, staff)
    }

    /// Waits until a request is no longer being fulfilled.
    pub fn settled(&self, id: &str, staff: &str) -> Value {
        self.until(id, staff, |request| request["state"] != "fulfilling")
    }

    /// Waits until a request, as staff see it, is as expected.
    pub fn until(&self, id: &str, staff: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..1500 {
            let (status, answer) = self.get(&format!("/v1/staff/requests/{id}"), staff);
            assert_eq!(status, 200, "{answer}");
            if expected(&answer) {
                return answer;
            }
            last = answer;
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the request never came to that: {last}");
    }

    /// The package's bytes.
    pub fn package(&self, id: &str, token: &str) -> Vec<u8> {
        let response = self.send(Method::GET, &format!("/v1/requests/{id}/package"), Some(token), None);
        assert_eq!(response.status().as_u16(), 200);
        response.bytes().unwrap().to_vec()
    }
}

/// What Ada submits.
pub fn submission(rights: &[&str], more: Value) -> Value {
    let mut body = json!({
        "controller": "shop",
        "rights": rights,
        "person": { "name": "Ada Example", "email": "ada@example.com", "residence": "DE" },
    });
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        body[key] = value;
    }
    body
}

/// Every member of staff's.
pub const PASSWORD: &str = "correct horse battery";

/// One member of staff for each role, by the role's name.
pub async fn add_staff(office: &Office) {
    for role in Role::ALL {
        let email = format!("{role}@shop.example").parse().unwrap();
        staff::add(office, None, email, "Some Body".parse().unwrap(), role, PASSWORD.into()).await.unwrap();
    }
}

/// Habeas in this process.
pub struct Server {
    pub api: Api,
    pub office: Office,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a world, with staff, on a free port; its clock stands still until it is moved.
    pub fn start(world: &World) -> Self {
        Self::serving(world, today(), true)
    }

    /// The same on another day. The clock is not set back once it serves: what is due by it was looked at by then.
    pub fn start_at(world: &World, now: DateTime<Utc>) -> Self {
        Self::serving(world, now, true)
    }

    /// The same once more on a world that has its staff already.
    pub fn restart(world: &World) -> Self {
        Self::serving(world, today(), false)
    }

    fn serving(world: &World, now: DateTime<Utc>, new: bool) -> Self {
        let config = Config::load(&world.config(), true, std::iter::empty()).unwrap();
        let office = assemble::office(&config, Clock::manual(now)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let serving = office.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                if new {
                    add_staff(&serving).await;
                }
                let worker = Worker::start(serving.clone(), habeas::clock::new_id(serving.clock.now()));
                let figures = serve::figures();
                let server = web::serve(Serving { office: serving, figures, workers: 1 }, listener).unwrap();
                let handle = server.handle();
                let running = tokio::spawn(server);
                let _ = stopped.await;
                handle.stop(false).await;
                let _ = running.await;
                worker.stop(Duration::from_secs(1)).await;
            });
        });
        let server = Self { api: Api::new(url), office, stop: Some(stop), thread: Some(thread) };
        assert_eq!(server.api.send(Method::GET, "/health/ready", None, None).status(), 200);
        server
    }
}

impl Server {
    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.office.clock
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Habeas as its own process.
pub struct Process {
    pub api: Api,
    child: Child,
}

impl Process {
    /// Starts the binary on a world; it dies at `crash_at`, where one is named.
    pub fn start(world: &World, crash_at: Option<&str>) -> Self {
        let port = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_habeas"));
        command.arg("--config").arg(world.config()).arg("serve");
        command.env("HABEAS_SERVER__LISTEN", format!("127.0.0.1:{port}"));
        if let Some(point) = crash_at {
            command.env("HABEAS_CRASH_AT", point);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let serves = lines.by_ref().map_while(Result::ok).any(|line| {
            said.push(line);
            said.last().is_some_and(|l| l.contains("habeas serves"))
        });
        assert!(serves, "{}", said.join("\n"));
        // Read on, so that the process is never held up by a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { api: Api::new(format!("http://127.0.0.1:{port}")), child }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// How much memory it has now (`VmRSS`) or had at most (`VmHWM`), in kilobytes.
    pub fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Forgets how much it had at most.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// Waits for the process to die by itself.
    pub fn died(mut self) -> ExitStatus {
        for _ in 0..3000 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the process never reached the point");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary; gives exit code, standard output and standard error.
pub fn habeas(world: &World, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_habeas"))
        .arg("--config")
        .arg(world.config())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

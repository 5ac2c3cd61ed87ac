//! Measures how many requests a running server takes in: keep-alive connections that each submit one request after the
//! other, every one for another person.
//!
//! `cargo bench --bench intake -- --url http://127.0.0.1:8080 --connections 32 --seconds 10 --controller shop`
//!
//! The client writes and reads HTTP/1.1 by hand, so that on a machine that also runs the server it costs little.

use std::io;
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Parser, Clone)]
#[command(about = "Measures POST /v1/requests of a running server")]
struct Args {
    /// The server, as http://HOST:PORT.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_parser = host_and_port)]
    url: String,
    /// Connections that are open at the same time.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: u32,
    /// How long to go on.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Submissions after which to stop, if that comes first.
    #[arg(long)]
    requests: Option<u64>,
    /// The controller that is asked.
    #[arg(long, default_value = "shop")]
    controller: String,
    /// The right that is exercised.
    #[arg(long, default_value = "access")]
    right: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    /// `cargo bench` says it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn host_and_port(url: &str) -> Result<String, String> {
    let host = url.strip_prefix("http://").ok_or("only http:// is measured")?.trim_end_matches('/');
    if host.contains(':') && !host.contains('/') {
        Ok(host.to_owned())
    } else {
        Err("write it as http://HOST:PORT".into())
    }
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    /// The time each answer took, in microseconds.
    latencies: Vec<u64>,
    /// Answers that were not 201, and the first of them.
    refused: u64,
    first_refusal: Option<String>,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(args))
}

async fn measure(args: Args) -> io::Result<()> {
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(args.seconds);
    let connections = (0..args.connections).map(|nth| {
        let share = args.requests.map_or(u64::MAX, |all| {
            let (each, rest) = (all / u64::from(args.connections), all % u64::from(args.connections));
            each + u64::from(u64::from(nth) < rest)
        });
        tokio::spawn(submit(args.clone(), nth, share, until))
    });
    let mut all = Seen::default();
    for connection in connections.collect::<Vec<_>>() {
        let seen = connection.await??;
        all.latencies.extend(seen.latencies);
        all.refused += seen.refused;
        all.first_refusal = all.first_refusal.or(seen.first_refusal);
    }
    report(&args, began.elapsed(), all)
}

fn report(args: &Args, took: Duration, mut all: Seen) -> io::Result<()> {
    all.latencies.sort_unstable();
    let answered = all.latencies.len();
    if answered == 0 {
        return Err(io::Error::other("not one answer"));
    }
    let at = |share: usize| all.latencies[((answered * share) / 1_000).min(answered - 1)];
    let milliseconds = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1e3;
    let (p50, p99, worst) = (milliseconds(at(500)), milliseconds(at(990)), milliseconds(at(999)));
    let rate = (answered as u64 - all.refused) as f64 / took.as_secs_f64();
    let (connections, seconds, refused) = (args.connections, took.as_secs_f64(), all.refused);
    if args.json {
        println!(
            "{{\"per_second\":{rate:.1},\"p50_ms\":{p50:.3},\"p99_ms\":{p99:.3},\"p999_ms\":{worst:.3},\
             \"answers\":{answered},\"not_201\":{refused},\"connections\":{connections},\"seconds\":{seconds:.3}}}"
        );
    } else {
        println!("{rate:.0} requests/s over {connections} connections in {seconds:.1} s");
        println!(
            "p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {worst:.2} ms; {answered} answers, {refused} of them not 201"
        );
    }
    match all.first_refusal {
        Some(answer) => Err(io::Error::other(format!("the first answer that was not 201: {answer}"))),
        None => Ok(()),
    }
}

/// Submits `share` requests over one connection, or as many as fit before `until`.
async fn submit(args: Args, nth: u32, share: u64, until: Instant) -> io::Result<Seen> {
    let mut server = TcpStream::connect(&args.url).await?;
    server.set_nodelay(true)?;
    let mut seen = Seen::default();
    let (mut out, mut answer) = (Vec::new(), Vec::new());
    let run = std::process::id();
    for count in 0..share {
        let began = Instant::now();
        if began >= until {
            break;
        }
        out.clear();
        request(&mut out, &args, &format!("load-{run}-{nth}-{count}@example.com"));
        server.write_all(&out).await?;
        let status = read_answer(&mut server, &mut answer).await?;
        seen.latencies.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        if status != 201 {
            seen.refused += 1;
            seen.first_refusal.get_or_insert_with(|| String::from_utf8_lossy(&answer).into_owned());
        }
    }
    Ok(seen)
}

fn request(out: &mut Vec<u8>, args: &Args, email: &str) {
    let body = format!(
        "{{\"controller\":\"{}\",\"rights\":[\"{}\"],\"person\":{{\"name\":\"Load Person\",\"email\":\"{email}\",\
         \"residence\":\"DE\"}}}}",
        args.controller, args.right
    );
    let head = format!(
        "POST /v1/requests HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        args.url,
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body.as_bytes());
}

/// Reads one whole answer into `answer`; gives its status. The length must be announced, which the server does for
/// every answer to a submission.
async fn read_answer(server: &mut TcpStream, answer: &mut Vec<u8>) -> io::Result<u16> {
    answer.clear();
    let mut length = None;
    while length.is_none_or(|whole| answer.len() < whole) {
        if server.read_buf(answer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        if length.is_none() {
            length = announced_length(answer)?;
        }
    }
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|s| s.parse().ok());
    status.ok_or_else(|| io::Error::other("the answer is not HTTP/1.1"))
}

/// The length of head and body together, once the head is there.
fn announced_length(answer: &[u8]) -> io::Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.map(|body| Some(end + 4 + body)).ok_or_else(|| io::Error::other("the answer announces no length"))
}

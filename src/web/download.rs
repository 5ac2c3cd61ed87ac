//! Packages on their way out: unsealed while they are sent, whole, in ranges, or one file of them.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use actix_web::body::SizedStream;
use actix_web::http::Method;
use actix_web::http::header::{self, ContentRange, ContentRangeSpec, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use tokio::sync::mpsc;
use zip::result::ZipError;

use super::error::{self, Problem};
use crate::usecases::Error;
use crate::usecases::follow::Delivered;

/// How much is read and sent at a time.
const CHUNK: usize = 64 * 1024;

/// The package itself; honours a single byte range (RFC 9110 section 14.2). A HEAD is told its length and tag alone.
///
/// # Errors
/// When the range lies outside of the package.
pub fn whole(delivered: Delivered, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let length = delivered.package.bytes;
    let tag = format!("\"{}\"", delivered.package.sha256);
    let asked_only = request.method() == Method::HEAD;
    let part = wanted(request, &tag).map_or(Ok(None), |spec| within(&spec, length))?;
    let (range, partial) = (part.unwrap_or((0, length)), part.is_some());
    let mut response = if partial { HttpResponse::PartialContent() } else { HttpResponse::Ok() };
    if partial {
        let spec = ContentRangeSpec::Bytes {
            range: Some((range.0, range.1.saturating_sub(1))),
            instance_length: Some(length),
        };
        response.insert_header(ContentRange(spec));
    }
    let name = format!("attachment; filename=\"{}.zip\"", delivered.reference);
    response
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("identity")));
    if asked_only {
        return Ok(response.body(SizedStream::new(length, futures_util::stream::empty::<Chunk>())));
    }
    response.no_chunking(range.1 - range.0);
    Ok(response.streaming(stream(delivered.content, range)))
}

/// The range header's text, where it applies to the package as it is (`If-Range`, RFC 9110 section 13.1.5).
fn wanted(request: &HttpRequest, tag: &str) -> Option<String> {
    // A range is for GET alone (RFC 9110 section 14.2).
    if request.method() != Method::GET {
        return None;
    }
    let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
    if header(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return None;
    }
    header(header::RANGE).map(str::to_owned)
}

/// From and to (exclusive). Nothing for several ranges at once, for other units than bytes and for what is no range: such
/// a header is passed over, as the RFC allows (section 14.2).
fn within(spec: &str, length: u64) -> Result<Option<(u64, u64)>, Problem> {
    let set =
        spec.split_once('=').filter(|(unit, set)| unit.trim().eq_ignore_ascii_case("bytes") && !set.contains(','));
    let Some((from, to)) = set.and_then(|(_, set)| set.split_once('-')) else { return Ok(None) };
    let range = match (place(from.trim()), place(to.trim())) {
        (Some(Some(from)), Some(Some(to))) if from <= to => (from, to.saturating_add(1).min(length)),
        (Some(Some(from)), Some(None)) => (from, length),
        (Some(None), Some(Some(last))) => (length.saturating_sub(last), length),
        _ => return Ok(None),
    };
    if range.0 >= range.1 {
        let problem = Problem::new(error::RANGE_NOT_SATISFIABLE, format!("the package has {length} bytes"));
        return Err(problem.of_length(length));
    }
    Ok(Some(range))
}

/// A place in a range, which may be left out; `None` for what is no number. One that is too large is behind every end.
fn place(text: &str) -> Option<Option<u64>> {
    match text {
        "" => Some(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => Some(Some(digits.parse().unwrap_or(u64::MAX))),
        _ => None,
    }
}

/// One file of the package.
///
/// # Errors
/// When the package holds no such file.
pub async fn file(delivered: Delivered, path: String) -> Result<HttpResponse, Problem> {
    let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => "text/csv; charset=utf-8",
        Some("jsonl") => "application/x-ndjson",
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let (sender, mut chunks) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || send_entry(delivered, &path, &sender));
    // The first message says whether there is such a file; it is empty where there is.
    match chunks.recv().await {
        Some(Ok(_)) => {}
        Some(Err(error)) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::Files(format!("read a package: {error}")).into());
        }
        _ => return Err(Problem::new(error::NOT_FOUND, "the package holds no such file")),
    }
    let mut response = HttpResponse::Ok();
    response
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(response.streaming(receive(chunks)))
}

type Chunk = Result<Bytes, std::io::Error>;

fn send_entry(delivered: Delivered, path: &str, sender: &mpsc::Sender<Chunk>) {
    let opened = zip::ZipArchive::new(delivered.content).map_err(std::io::Error::other);
    let mut archive = match opened {
        Ok(archive) => archive,
        Err(error) => return drop(sender.blocking_send(Err(error))),
    };
    match archive.by_name(path) {
        Ok(mut entry) => {
            if sender.blocking_send(Ok(Bytes::new())).is_ok() {
                let size = entry.size();
                send(&mut entry, size, sender);
            }
        }
        Err(ZipError::FileNotFound) => drop(sender.blocking_send(Err(ErrorKind::NotFound.into()))),
        Err(error) => drop(sender.blocking_send(Err(std::io::Error::other(error)))),
    }
}

/// Reads on a blocking thread, a few chunks ahead of the network; stops when the receiver goes away.
fn stream(mut content: impl Read + Seek + Send + 'static, (from, to): (u64, u64)) -> impl Stream<Item = Chunk> {
    let (sender, chunks) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || match content.seek(SeekFrom::Start(from)) {
        Ok(_) => send(&mut content, to - from, &sender),
        Err(error) => drop(sender.blocking_send(Err(error))),
    });
    receive(chunks)
}

fn send(content: &mut impl Read, mut left: u64, sender: &mpsc::Sender<Chunk>) {
    while left > 0 {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
        let read = content.read_exact(&mut buffer).map(|()| Bytes::from(buffer));
        left -= read.as_ref().map_or(left, |bytes| bytes.len() as u64);
        if sender.blocking_send(read).is_err() {
            return;
        }
    }
}

fn receive(chunks: mpsc::Receiver<Chunk>) -> impl Stream<Item = Chunk> {
    futures_util::stream::unfold(chunks, |mut chunks| async move { chunks.recv().await.map(|c| (c, chunks)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("bytes=0-9", Some(Some((0, 10))))]
    #[case("bytes=90-", Some(Some((90, 100))))]
    #[case("bytes=-10", Some(Some((90, 100))))]
    #[case("bytes=-1000", Some(Some((0, 100))))]
    #[case("bytes=95-1000", Some(Some((95, 100))))]
    #[case("bytes=100-", None)]
    #[case("bytes=-0", None)]
    #[case("bytes=9-3", Some(None))]
    #[case("bytes=0-1,5-6", Some(None))]
    #[case("lines=1-2", Some(None))]
    #[case("Bytes = 0-9", Some(Some((0, 10))))]
    #[case("bytes=-", Some(None))]
    #[case("bytes=+5-", Some(None))]
    #[case("bytes=0x1-", Some(None))]
    #[case("bytes=99999999999999999999-", None)]
    #[case("bytes=-99999999999999999999", Some(Some((0, 100))))]
    #[case("bytes=1-99999999999999999999", Some(Some((1, 100))))]
    fn a_range_is_cut_to_the_package(#[case] spec: &str, #[case] expected: Option<Option<(u64, u64)>>) {
        assert_eq!(within(spec, 100).ok(), expected);
    }
}

//! What the server answers: the page, and the API.

use super::answer::{Answer, Form};
use super::http::{self, Handler};
use super::pairs::Pairs;
use super::refusal::Refusal;
use super::sequences::Sequences;
use super::worker::Queue;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::sync::Arc;

/// What is served.
pub enum Service {
    /// Pairs of genes.
    Pairs(Arc<Pairs>),
    /// Sequences.
    Sequences(Arc<Sequences>),
}

/// The handler of requests.
pub struct Routes {
    /// What is served.
    pub service: Service,
    /// Where requests wait for the network.
    pub queue: Queue,
    /// Whether the server listens on a loopback address.
    pub is_loopback: bool,
}

const STYLE: &str = include_str!("page/style.css");
const ICON: &str = include_str!("page/icon.svg");
const SHARED: &str = include_str!("page/shared.js");

impl Service {
    fn page(&self) -> (&'static str, &'static str) {
        match self {
            Service::Pairs(_) => (
                include_str!("page/pairs.html"),
                include_str!("page/pairs.js"),
            ),
            Service::Sequences(_) => (
                include_str!("page/sequences.html"),
                include_str!("page/sequences.js"),
            ),
        }
    }
}

/// Whether a request is to this machine by a name of its own: a page of another site whose name
/// resolves to a loopback address has another one.
fn is_to_loopback(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(host) = host else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The form that a request accepts.
fn form_of(headers: &HeaderMap) -> Form {
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    match accepts {
        Some(accept) if accept.trim().starts_with("text/csv") => Form::Csv,
        _ => Form::Json,
    }
}

/// The JSON of a body.
fn parsed<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("the body is not the JSON of this request: {error}")))
}

impl Routes {
    async fn file(&self, path: &str) -> Option<Result<Answer, Refusal>> {
        let (page, script) = self.service.page();
        let (media, text) = match path {
            "/" => ("text/html; charset=utf-8", page),
            "/style.css" => ("text/css; charset=utf-8", STYLE),
            "/icon.svg" => ("image/svg+xml", ICON),
            "/shared.js" => ("text/javascript; charset=utf-8", SHARED),
            "/page.js" => ("text/javascript; charset=utf-8", script),
            "/api/model" => {
                let about = match &self.service {
                    Service::Pairs(pairs) => &pairs.about,
                    Service::Sequences(sequences) => &sequences.about,
                };
                return Some(Ok(Answer::json(about)));
            }
            _ => return None,
        };
        Some(Ok(Answer {
            media,
            body: Bytes::from_static(text.as_bytes()),
        }))
    }

    /// The answer of a request with a body, where there is such a request.
    async fn posted(&self, path: &str, form: Form, body: Incoming) -> Result<Answer, Refusal> {
        let queue = &self.queue;
        match (&self.service, path) {
            (Service::Pairs(pairs), "/api/pairs") => {
                pairs
                    .predict(queue, parsed(&http::body(body).await?)?, form)
                    .await
            }
            (Service::Pairs(pairs), "/api/pair") => {
                pairs
                    .explain(queue, parsed(&http::body(body).await?)?, form)
                    .await
            }
            (Service::Sequences(own), "/api/sequences") => {
                own.predict(queue, parsed(&http::body(body).await?)?, form)
                    .await
            }
            (Service::Sequences(own), "/api/contributions") => {
                own.explain(queue, parsed(&http::body(body).await?)?, form)
                    .await
            }
            _ => Err(self.unknown(path)),
        }
    }

    /// Paths of requests with a body.
    fn posts(&self) -> [&'static str; 2] {
        match self.service {
            Service::Pairs(_) => ["/api/pairs", "/api/pair"],
            Service::Sequences(_) => ["/api/sequences", "/api/contributions"],
        }
    }

    fn unknown(&self, path: &str) -> Refusal {
        let shown: String = path.chars().take(60).collect();
        let [first, second] = self.posts();
        Refusal::new(StatusCode::NOT_FOUND, format!("there is no `{shown}`")).with(
            "hint",
            format!("GET / and /api/model, POST {first} and {second}"),
        )
    }

    async fn answered(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        let headers = request.headers();
        if self.is_loopback && !is_to_loopback(headers) {
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the header `host` names another machine: use localhost or 127.0.0.1",
            ));
        }
        let (path, form) = (request.uri().path().to_string(), form_of(headers));
        let is_post = self.posts().contains(&path.as_str());
        match (request.method(), is_post) {
            (&Method::GET | &Method::HEAD, false) => {
                let file = self.file(&path).await;
                file.unwrap_or_else(|| Err(self.unknown(&path)))
            }
            (&Method::POST, true) => {
                let media = headers.get(header::CONTENT_TYPE);
                let is_json = media
                    .and_then(|media| media.to_str().ok())
                    .is_some_and(|media| {
                        let name = media.split(';').next().unwrap_or("");
                        name.trim().eq_ignore_ascii_case("application/json")
                    });
                if !is_json {
                    // pages of other sites cannot send this type without being asked for
                    return Err(Refusal::new(
                        StatusCode::UNSUPPORTED_MEDIA_TYPE,
                        "the header `content-type` must be application/json",
                    ));
                }
                self.posted(&path, form, request.into_body()).await
            }
            _ if is_post || self.file(&path).await.is_some() => {
                let allowed = if is_post { "POST" } else { "GET" };
                Err(Refusal::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    format!("the method of this path is {allowed}"),
                )
                .with("allow", allowed))
            }
            _ => Err(self.unknown(&path)),
        }
    }
}

impl Handler for Routes {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match self.answered(request).await {
            Ok(answer) => http::response(StatusCode::OK, answer.media, answer.body),
            Err(refusal) => {
                let allowed = refusal.fields.get("allow").and_then(|allow| allow.as_str());
                let allowed = allowed.and_then(|allow| HeaderValue::from_str(allow).ok());
                let mut answer = http::refused(refusal);
                if let Some(allowed) = allowed {
                    answer.headers_mut().insert(header::ALLOW, allowed);
                }
                answer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_loopback() {
        let is = |host: &str| {
            let host = HeaderValue::from_str(host).unwrap();
            is_to_loopback(&HeaderMap::from_iter([(header::HOST, host)]))
        };
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8765",
            "127.0.0.1",
            "[::1]:1",
            "[::1]",
        ] {
            assert!(is(host), "{host}");
        }
        for host in [
            "example.org",
            "localhost.example.org:80",
            "10.0.0.1",
            "",
            "127.0.0.1.nip.io",
        ] {
            assert!(!is(host), "{host}");
        }
        assert!(!is_to_loopback(&HeaderMap::new()));
    }
}

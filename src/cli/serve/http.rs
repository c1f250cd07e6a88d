//! The server: connections, heads and bodies within their limits, headers of answers, the end.

use super::limits::{BODY, CONNECTIONS, DRAIN, DROPPED, HEAD, RECEIVE, STALLED};
use super::refusal::Refusal;
use super::stop;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The answer of a request.
    fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// Scripts, styles and requests of the page itself, images that it draws, and nothing else.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
    ("cache-control", "no-store"),
];

/// An answer with the headers of every answer.
pub fn response(status: StatusCode, media: &str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(media) = HeaderValue::from_str(media) {
        headers.insert(header::CONTENT_TYPE, media);
    }
    response
}

/// The answer of a refusal.
pub fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let status = refusal.status;
    let body = serde_json::Value::Object(refusal.fields).to_string();
    let mut answer = response(status, "application/json", body.into());
    let headers = answer.headers_mut();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    // the rest of a body that was too large or too slow is not read
    if matches!(
        status,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT
    ) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// The body of a request, within the limits of size and time.
pub async fn body(incoming: Incoming) -> Result<Bytes, Refusal> {
    let slow = || {
        let seconds = RECEIVE.as_secs();
        let message = format!("the body of the request did not arrive within {seconds} s");
        Refusal::new(StatusCode::REQUEST_TIMEOUT, message)
    };
    timeout(RECEIVE, collected(incoming))
        .await
        .map_err(|_| slow())?
}

async fn collected(mut incoming: Incoming) -> Result<Bytes, Refusal> {
    let (mut bytes, mut total) = (Vec::new(), 0);
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| Refusal::bad("the body of the request is incomplete"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        total += data.len();
        // the client receives the answer after it has sent its body
        if total <= BODY {
            bytes.extend_from_slice(&data);
        } else if total <= DROPPED {
            bytes = Vec::new();
        } else {
            break;
        }
    }
    match total > BODY {
        true => Err(Refusal::too_large(format!(
            "the body of a request has at most {BODY} bytes"
        ))),
        false => Ok(bytes.into()),
    }
}

/// Ends a connection whose client reads nothing of an answer.
fn drop_stalled(stream: &TcpStream) {
    let milliseconds = STALLED.as_millis() as libc::c_uint;
    // SAFETY: the option is an integer of this size, and the descriptor is open
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_USER_TIMEOUT,
            std::ptr::from_ref(&milliseconds).cast(),
            size_of::<libc::c_uint>() as libc::socklen_t,
        );
    }
}

/// Resolves when the server is asked to end.
async fn stopped() {
    while !stop::is_requested() {
        sleep(Duration::from_millis(50)).await;
    }
}

/// Serves until the server is asked to end, and the requests that run then are answered.
pub async fn serve<H: Handler>(listener: std::net::TcpListener, handler: Arc<H>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return crate::errln!("error[file]: the port cannot be used: {error}"),
    };
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let next = async {
            let permit = permits.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = stopped() => break,
        };
        let Ok((stream, _)) = accepted else {
            // no file descriptors are left, for example
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        stream.set_nodelay(true).ok();
        drop_stalled(&stream);
        let handler = handler.clone();
        let answer = service_fn(move |request| {
            let handler = handler.clone();
            async move { Ok::<_, Infallible>(handler.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(RECEIVE)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // clients that leave are no errors of the server
            connection.await.ok();
            drop(permit);
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        crate::errln!(
            "note: connections that were open after {} s were closed",
            DRAIN.as_secs()
        );
    }
}

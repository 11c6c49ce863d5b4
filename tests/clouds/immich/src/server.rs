//! The listener, and what happens to a request before and after it is understood.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::api::{self, Call, Route};
use crate::error::Refusal;
use crate::faults::{Action, Faults};
use crate::library::Library;
use crate::record::Recorded;
use crate::release::Release;
use crate::upload::{self, Keep, Uploaded};
use crate::{assets, permissions};

/// The key of the one user: of nobody but this simulator.
pub const KEY: &str = "a-key-of-the-simulator";
/// The largest document that is read, bytes.
const DOCUMENT: usize = 16 << 20;

struct Shared {
    release: Release,
    port: u16,
    library: Mutex<Library>,
    faults: Faults,
    permissions: Mutex<Vec<String>>,
    body_limit: Mutex<Option<u64>>,
    recorded: Mutex<Vec<Recorded>>,
}

/// An Immich server on loopback. Ends when dropped.
pub struct Immich {
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Immich {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Immich {
    /// Starts one with an empty library and a key that may do all.
    pub async fn start(release: Release) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let shared = Arc::new(Shared {
            release,
            port: listener.local_addr()?.port(),
            library: Mutex::new(Library::new()),
            faults: Faults::default(),
            permissions: Mutex::new(vec!["all".to_owned()]),
            body_limit: Mutex::default(),
            recorded: Mutex::default(),
        });
        let task = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Ok(Self { shared, task })
    }

    /// Which server it is.
    pub fn release(&self) -> Release {
        self.shared.release
    }

    /// Its address, without `/api`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.shared.port)
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.shared.port).into()
    }

    /// Looks at or changes what it keeps.
    pub fn library<T>(&self, work: impl FnOnce(&mut Library) -> T) -> T {
        work(&mut self.shared.library.lock())
    }

    /// What the key may do from now on.
    pub fn permit(&self, permissions: &[&str]) {
        *self.shared.permissions.lock() = permissions.iter().map(|one| (*one).to_owned()).collect();
    }

    /// A proxy before it lets bodies of so many bytes through.
    pub fn limit_bodies(&self, bytes: Option<u64>) {
        *self.shared.body_limit.lock() = bytes;
    }

    /// Has something go wrong: at the n-th request of a route, as "POST /assets" or "GET /assets/{id}"; without, at each.
    pub fn fault(&self, route: &str, nth: Option<u64>, action: Action) {
        self.shared.faults.add(route, nth, action);
    }

    /// Has all go right again, and counts anew.
    pub fn mend(&self) {
        self.shared.faults.clear();
    }

    /// Requests of a route.
    pub fn count(&self, route: &str) -> u64 {
        self.shared.faults.count(route)
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.shared.faults.total()
    }

    /// All that was asked, in order. Keys are not among it.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.shared.recorded.lock().clone()
    }

    /// What was sent that the server overlooked, with its route.
    pub fn unknown(&self) -> Vec<String> {
        let recorded = self.shared.recorded.lock();
        let named = |one: &Recorded| {
            let place = format!("{} {}", one.method, one.path);
            one.unknown
                .iter()
                .map(move |field| format!("{place}: {field}"))
                .collect::<Vec<_>>()
        };
        recorded.iter().flat_map(named).collect()
    }
}

async fn listen(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.serve(request).await }
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                .await;
        });
    }
}

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

/// A request that can be read.
struct Asked {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn recorded(&self) -> Recorded {
        let content_type = self.header("content-type").and_then(|value| value.split(';').next());
        Recorded {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            content_type: content_type.map(|value| value.trim().to_owned()),
            checksum: self.header("x-immich-checksum").map(str::to_owned),
            unread: false,
            json: None,
            fields: Vec::new(),
            files: Vec::new(),
            unknown: Vec::new(),
            status: 0,
            answer: Value::Null,
        }
    }
}

fn reply(status: u16, body: Bytes, headers: &[(&str, &str)]) -> Response<Body> {
    let mut response = Response::new(Full::new(body).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            hyper::header::HeaderName::try_from(*name),
            hyper::header::HeaderValue::try_from(*value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn document(status: u16, document: &Value) -> Response<Body> {
    let body = match document {
        Value::Null => Bytes::new(),
        document => Bytes::from(document.to_string()),
    };
    reply(status, body, &[("Content-Type", "application/json; charset=utf-8")])
}

/// What is answered early is read to its end all the same, as nginx and Node do: who still sends would never see the answer of a connection that is closed.
async fn discard(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// The connection breaks.
fn broken() -> std::io::Error {
    std::io::Error::other("broken off, as the test wants it")
}

impl Shared {
    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let whole = parts.uri.path().to_owned();
        if whole == "/.well-known/immich" {
            return Ok(document(200, &json!({"api": {"endpoint": "/api"}})));
        }
        let query = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let asked = Asked {
            method: parts.method.as_str().to_owned(),
            path: whole.strip_prefix("/api").unwrap_or_default().to_owned(),
            query: query
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            headers: parts.headers,
        };
        let mut recorded = asked.recorded();
        let Some(route) = api::route(&asked.method, &asked.path, self.release) else {
            return Ok(self.finish(recorded, Err(Refusal::NoRoute)));
        };
        let fault = self.faults.pass(route.name);
        match &fault {
            Some(Action::Status(status, text)) => {
                return Ok(reply(
                    *status,
                    Bytes::from(text.clone()),
                    &[("Content-Type", "text/html")],
                ));
            }
            Some(Action::Rest(status, seconds)) => {
                return Ok(reply(*status, Bytes::new(), &[("Retry-After", &seconds.to_string())]));
            }
            Some(Action::Document(told)) => return Ok(document(200, told)),
            Some(Action::Redirect(to)) => return Ok(reply(302, Bytes::new(), &[("Location", to)])),
            Some(Action::Cut) => return Err(broken()),
            Some(Action::Slow(milliseconds)) => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
            _ => {}
        }
        let length = asked.header("content-length").and_then(|text| text.parse::<u64>().ok());
        let limit = *self.body_limit.lock();
        if let (Some(limit), Some(length)) = (limit, length)
            && length > limit
        {
            discard(body).await;
            let page = "<html><head><title>413 Request Entity Too Large</title></head></html>";
            return Ok(reply(413, Bytes::from(page), &[("Content-Type", "text/html")]));
        }
        if let Err(refused) = self.admitted(&asked, &route) {
            return Ok(self.finish(recorded, Err(refused)));
        }
        if route.name == "GET /assets/{id}/original" {
            return Ok(self.original(&asked, &route, recorded));
        }
        let answered = match route.name {
            "POST /assets" => self.upload(&asked, body, &mut recorded, fault.as_ref()).await?,
            _ => {
                let body = Limited::new(body, DOCUMENT)
                    .collect()
                    .await
                    .map_err(|_| broken())?
                    .to_bytes();
                if !body.is_empty() {
                    recorded.json = serde_json::from_slice(&body).ok();
                }
                let permissions = self.permissions.lock().clone();
                let mut library = self.library.lock();
                let mut call = Call {
                    library: &mut library,
                    release: self.release,
                    places: &route.places,
                    query: &asked.query,
                    body: &body,
                    unknown: Vec::new(),
                    permissions: &permissions,
                };
                let answered = api::answered(route.name, &mut call);
                recorded.unknown = call.unknown;
                answered
            }
        };
        let answer = self.finish(recorded, answered);
        match fault {
            Some(Action::LoseTheAnswer) => Err(broken()),
            _ => Ok(answer),
        }
    }

    /// Whether the key may do it.
    fn admitted(&self, asked: &Asked, route: &Route) -> Result<(), Refusal> {
        if permissions::is_open(route.name) {
            return Ok(());
        }
        match asked.header("x-api-key") {
            None => return Err(Refusal::Unauthenticated("Authentication required")),
            Some(key) if key != KEY => return Err(Refusal::Unauthenticated("Invalid API key")),
            Some(_) => {}
        }
        let granted = self.permissions.lock();
        match permissions::of(route.name, self.release) {
            Some(needed) if !granted.iter().any(|one| one == "all" || one == needed) => Err(Refusal::Missing(needed)),
            _ => Ok(()),
        }
    }

    fn finish(&self, mut recorded: Recorded, answered: api::Answered) -> Response<Body> {
        let (status, told) = match answered {
            Ok(told) => told,
            Err(refused) => (refused.status(), refused.body(self.release)),
        };
        recorded.status = status;
        recorded.answer = told.clone();
        self.recorded.lock().push(recorded);
        document(status, &told)
    }

    async fn upload(
        &self,
        asked: &Asked,
        body: Incoming,
        recorded: &mut Recorded,
        fault: Option<&Action>,
    ) -> Result<api::Answered, std::io::Error> {
        // The header alone may say that it is there: nothing more is read then.
        let known = asked.header("x-immich-checksum").map(assets::checksum_of);
        let there = known.and_then(|checksum| Some(self.library.lock().by_checksum(&checksum)?.id));
        if let Some(there) = there {
            recorded.unread = true;
            discard(body).await;
            return Ok(Ok((200, json!({"id": there, "status": "duplicate"}))));
        }
        let content_type = asked.header("content-type").unwrap_or_default();
        let Ok(boundary) = multer::parse_boundary(content_type) else {
            return Ok(Err(Refusal::Bad("Multipart: Boundary not found".to_owned())));
        };
        let stream =
            http_body_util::BodyStream::new(body).try_filter_map(|frame| async move { Ok(frame.into_data().ok()) });
        let form = upload::read(multer::Multipart::new(stream, boundary), self.release)
            .await
            .map_err(|_| broken())?;
        let form = match form {
            Ok(form) => form,
            Err(refused) => return Ok(Err(refused)),
        };
        recorded.fields = form.fields.clone();
        recorded.files = form.files.clone();
        recorded.unknown = form.unknown(self.release);
        let keep = match fault {
            Some(Action::KeepOtherBytes) => Keep::OtherBytes,
            _ => Keep::AsSent,
        };
        let taken = upload::take(&mut self.library.lock(), form, self.release, keep);
        Ok(taken.map(|uploaded| match uploaded {
            Uploaded::Created(id) => (201, json!({"id": id, "status": "created"})),
            Uploaded::Duplicate(id) => (200, json!({"id": id, "status": "duplicate"})),
        }))
    }

    fn original(&self, asked: &Asked, route: &Route, recorded: Recorded) -> Response<Body> {
        let permissions = self.permissions.lock().clone();
        let mut library = self.library.lock();
        let call = Call {
            library: &mut library,
            release: self.release,
            places: &route.places,
            query: &asked.query,
            body: &[],
            unknown: Vec::new(),
            permissions: &permissions,
        };
        let asset = match assets::own(&call, "asset.download") {
            Ok(asset) => asset.clone(),
            Err(refused) => {
                drop(library);
                return self.finish(recorded, Err(refused));
            }
        };
        drop(library);
        self.recorded.lock().push(Recorded {
            status: 200,
            ..recorded
        });
        let size = asset.bytes.len();
        let first = asked
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok());
        match first {
            None => reply(
                200,
                asset.bytes,
                &[("Content-Type", "application/octet-stream"), ("Accept-Ranges", "bytes")],
            ),
            Some(first) if first >= size => reply(416, Bytes::new(), &[]),
            Some(first) => {
                let range = format!("bytes {first}-{}/{size}", size - 1);
                reply(206, asset.bytes.slice(first..), &[("Content-Range", &range)])
            }
        }
    }
}

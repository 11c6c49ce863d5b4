//! Three listeners on loopback, each an origin of its own: identity and setup, the library, the content. One handler behind them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use camroll_cloud_faults::{Fault, Faults, Gate};
use http_body_util::{BodyExt, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use parking_lot::Mutex;
use serde_json::Value;

use crate::content::Content;
use crate::faults::Action;
use crate::front::{self, Front};
use crate::identity::{Account, Identity};
use crate::library::Library;
use crate::photos;
use crate::under_way::{One, UnderWay};

/// Bytes of a body that are made at a time.
const BLOCK: usize = 64 << 10;
/// How long a download's address is good, seconds.
const ADDRESS_LIFE: i64 = 3600;

/// What a spec's `endpoints` are.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Endpoints {
    /// For sign-ins.
    pub auth: String,
    /// For the session.
    pub setup: String,
    /// The site.
    pub home: String,
}

/// The three origins, each with a part of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Sign-in, setup, the site.
    Identity,
    /// CloudKit.
    Library,
    /// Downloads.
    Content,
}

/// How a request came in: answers name the other places as that client can reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The listeners on loopback, plain HTTP.
    Loopback,
    /// The proxy, by Apple's own names and TLS.
    Front,
}

/// A request, read.
pub(crate) struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    headers: hyper::HeaderMap,
    body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.header("cookie")
            .split("; ")
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value.to_owned())
    }
}

/// An answer with a document.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Answer {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

pub(crate) fn answer(status: u16, document: &Value) -> Answer {
    let body = if document.is_null() {
        Bytes::new()
    } else {
        Bytes::from(document.to_string())
    };
    Answer {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body,
    }
}

pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    // Tokens of a simulator: without randomness they only repeat.
    let _ = getrandom::fill(&mut random);
    hex::encode(random)
}

/// What the listeners share.
pub(crate) struct Shared {
    account: Mutex<Account>,
    identity: Mutex<Identity>,
    library: Mutex<Library>,
    faults: Faults<Action>,
    clock: AtomicI64,
    latency: AtomicU64,
    writes: AtomicU64,
    downloaded: AtomicU64,
    downloads: Arc<UnderWay>,
    ports: Mutex<[u16; 3]>,
    /// What was asked of the proxy and isn't Apple's.
    pub(crate) strangers: Mutex<Vec<String>>,
}

/// Apple on loopback. Ends when dropped.
pub struct Apple {
    shared: Arc<Shared>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Apple {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Apple {
    /// Starts it with an account.
    pub async fn start(account: Account) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            account: Mutex::new(account),
            identity: Mutex::default(),
            library: Mutex::default(),
            faults: Faults::default(),
            clock: AtomicI64::new(0),
            latency: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            downloaded: AtomicU64::new(0),
            downloads: Arc::default(),
            ports: Mutex::new([0; 3]),
            strangers: Mutex::default(),
        });
        let mut tasks = Vec::new();
        for place in [Place::Identity, Place::Library, Place::Content] {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
            shared.ports.lock()[place as usize] = listener.local_addr()?.port();
            tasks.push(tokio::spawn(listen(listener, place, Arc::clone(&shared))));
        }
        Ok(Self { shared, tasks })
    }

    /// Opens a proxy through which the simulator answers under Apple's own names.
    ///
    /// # Errors
    /// No port, or no certificate.
    pub async fn open_front(&mut self) -> Result<Front, Box<dyn std::error::Error + Send + Sync>> {
        let (front, task) = front::open(Arc::clone(&self.shared)).await?;
        self.tasks.push(task);
        Ok(front)
    }

    /// Hosts that a client wanted to reach through the front and that aren't Apple's.
    pub fn strangers(&self) -> Vec<String> {
        self.shared.strangers.lock().clone()
    }

    fn address(&self, place: Place) -> String {
        self.shared.address(Door::Loopback, place)
    }

    /// What a spec's `endpoints` are.
    pub fn endpoints(&self) -> Endpoints {
        let base = self.address(Place::Identity);
        Endpoints {
            auth: format!("{base}/appleauth/auth"),
            setup: format!("{base}/setup/ws/1"),
            home: base,
        }
    }

    /// Where a demo or a script changes the library: see README.md.
    pub fn control(&self) -> String {
        format!("{}/control", self.address(Place::Identity))
    }

    /// Looks at or changes the library.
    pub fn library<T>(&self, work: impl FnOnce(&mut Library) -> T) -> T {
        work(&mut self.shared.library.lock())
    }

    /// Changes what is the matter with the account.
    pub fn account(&self, work: impl FnOnce(&mut Account)) {
        work(&mut self.shared.account.lock());
    }

    /// Has something go wrong.
    pub fn fault(&self, on: &str, nth: Option<u64>, action: Action) {
        self.shared.faults.add(Fault {
            on: on.to_owned(),
            nth,
            action,
        });
    }

    /// Has all go right again.
    pub fn mend(&self) {
        self.shared.faults.clear();
    }

    /// Holds back a request: the n-th of an operation.
    pub fn gate(&self, on: &str, nth: Option<u64>) -> Gate {
        self.shared.faults.gate(on, nth)
    }

    /// Requests of an operation so far.
    pub fn count(&self, operation: &str) -> u64 {
        self.shared.faults.count(operation)
    }

    /// All requests so far.
    pub fn requests(&self) -> u64 {
        self.shared.faults.count("request")
    }

    /// Moves the clock on, so that addresses of downloads end.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.fetch_add(by.as_secs() as i64, Ordering::Relaxed);
    }

    /// Ends the web session, as Apple does after some weeks.
    pub fn end_web_sessions(&self) {
        self.shared.identity.lock().web_cookies.clear();
    }

    /// Ends all tokens of sign-ins.
    pub fn end_sign_ins(&self) {
        let mut identity = self.shared.identity.lock();
        identity.web_cookies.clear();
        identity.session_tokens.clear();
        identity.trust_tokens.clear();
    }

    /// Sign-ins by password so far.
    pub fn handshakes(&self) -> u64 {
        self.shared.identity.lock().handshakes_done
    }

    /// Milliseconds before each answer.
    pub fn set_latency(&self, milliseconds: u64) {
        self.shared.latency.store(milliseconds, Ordering::Relaxed);
    }

    /// Bytes of content that were sent.
    pub fn downloaded(&self) -> u64 {
        self.shared.downloaded.load(Ordering::Relaxed)
    }

    /// The most downloads that were under way at a time.
    pub fn most_downloads(&self) -> u64 {
        self.shared.downloads.most()
    }

    /// Requests that would have written to the library: one-way means none.
    pub fn writes(&self) -> u64 {
        self.shared.writes.load(Ordering::Relaxed)
    }
}

async fn listen(listener: tokio::net::TcpListener, place: Place, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.serve(request, Door::Loopback, place).await }
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                .await;
        });
    }
}

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

fn whole(answer: Answer) -> Response<Body> {
    let mut response = Response::new(
        http_body_util::Full::new(answer.body)
            .map_err(|never: Infallible| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (
            hyper::header::HeaderName::try_from(name),
            hyper::header::HeaderValue::try_from(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Where bytes are, for an hour. `${f}` is the client's to fill in with a name.
fn content_address(base: &str, content: &Content, now: i64) -> String {
    let name = content.checksum.replace('+', "-").replace('/', "_");
    format!("{base}/B/{name}/${{f}}?o=x&e={}&k=y", now + ADDRESS_LIFE)
}

impl Shared {
    fn address(&self, door: Door, place: Place) -> String {
        match door {
            Door::Loopback => format!("http://127.0.0.1:{}", self.ports.lock()[place as usize]),
            Door::Front => front::name_of(place).to_owned(),
        }
    }

    fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.clock.load(Ordering::Relaxed)
    }

    pub(crate) async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
        door: Door,
        place: Place,
    ) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, 16 << 20)
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        let asked = Asked {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
        };
        if asked.path == "/control" && door == Door::Loopback {
            return Ok(whole(self.control(&asked)));
        }
        let content = (place == Place::Content)
            .then(|| asked.path.strip_prefix("/B/"))
            .flatten()
            .map(|rest| {
                rest.split('/')
                    .next()
                    .unwrap_or_default()
                    .replace('-', "+")
                    .replace('_', "/")
            });
        let under_way = content.is_some().then(|| self.downloads.begin());
        let names = self.names(&asked, place, content.as_deref());
        if names.iter().any(|name| name == "records/modify") {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        let fault = self.faults.pass(&names).await;
        let latency = self.latency.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        match &fault {
            Some(Action::Status(status)) => return Ok(whole(answer(*status, &serde_json::json!({})))),
            Some(Action::StatusRetryAfter(status, seconds)) => {
                return Ok(whole(
                    answer(*status, &serde_json::json!({})).with("Retry-After", &seconds.to_string()),
                ));
            }
            Some(Action::Code(code)) => {
                return Ok(whole(answer(
                    200,
                    &serde_json::json!({"serverErrorCode": code, "reason": "as the test wants it"}),
                )));
            }
            Some(Action::Html) => {
                return Ok(whole(Answer {
                    status: 200,
                    headers: vec![("Content-Type".into(), "text/html".into())],
                    body: "<html>Sorry</html>".into(),
                }));
            }
            _ => {}
        }
        if let Some(checksum) = content {
            return Ok(self.content(&asked, &checksum, fault, under_way));
        }
        let account = self.account.lock().clone();
        let answered = if place == Place::Identity && asked.path.starts_with("/appleauth/auth") {
            self.identity.lock().auth(&account, &asked)
        } else if place == Place::Identity && asked.path.starts_with("/setup/ws/1") {
            let library = self.address(door, Place::Library);
            self.identity.lock().setup(&account, &asked, door, &library)
        } else if place == Place::Library && asked.path.starts_with("/database/1/") {
            let signed_in = asked
                .cookie("X-APPLE-WEBAUTH-TOKEN")
                .is_some_and(|cookie| self.identity.lock().web_cookies.contains(&cookie));
            if !signed_in {
                answer(
                    401,
                    &serde_json::json!({"serverErrorCode": "AUTHENTICATION_FAILED", "reason": "no session"}),
                )
            } else if account.web_access_off || account.adp {
                answer(
                    200,
                    &serde_json::json!({"serverErrorCode": "ACCESS_DENIED", "reason": "private db access disabled for this account"}),
                )
            } else {
                let (base, now) = (self.address(door, Place::Content), self.now());
                let url = |content: &Content| content_address(&base, content, now);
                photos::answered(&self.library.lock(), &asked, &url)
            }
        } else {
            answer(404, &serde_json::json!({}))
        };
        Ok(whole(answered))
    }

    /// The names under which faults, gates and counts know a request.
    fn names(&self, asked: &Asked, place: Place, content: Option<&str>) -> Vec<String> {
        let mut names = vec!["request".to_owned()];
        if let Some(checksum) = content {
            names.push("download".into());
            if let Some((Some(name), _)) = self.library.lock().by_checksum(checksum) {
                names.push(format!("download:{name}"));
            }
        } else if place == Place::Library && asked.path.starts_with("/database/1/") {
            names.push(photos::operation(asked));
            names.push("photos".into());
        } else {
            names.push(asked.path.rsplit('/').next().unwrap_or_default().to_owned());
        }
        names
    }

    fn content(&self, asked: &Asked, checksum: &str, fault: Option<Action>, under_way: Option<One>) -> Response<Body> {
        let expired = asked
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("e="))
            .and_then(|until| until.parse::<i64>().ok())
            .is_none_or(|until| until < self.now());
        if expired {
            return whole(answer(410, &Value::Null));
        }
        let Some((_, content)) = self.library.lock().by_checksum(checksum) else {
            return whole(answer(404, &Value::Null));
        };
        let first = asked
            .header("range")
            .strip_prefix("bytes=")
            .and_then(|range| range.split('-').next()?.parse::<u64>().ok());
        if first.is_some_and(|first| first >= content.size) && content.size > 0 {
            return whole(answer(416, &Value::Null));
        }
        let (start, size) = (first.unwrap_or(0), content.size);
        let mut end = content.size;
        if let Some(Action::Short(bytes)) = fault {
            end = end.min(start + bytes);
        }
        let stop_at = match fault {
            Some(Action::Reset(bytes)) => Some(start + bytes),
            _ => None,
        };
        self.downloaded
            .fetch_add(stop_at.map_or(end, |stop| stop.min(end)) - start, Ordering::Relaxed);
        let flip = match fault {
            Some(Action::Flip(offset)) => Some(offset),
            _ => None,
        };
        let blocks = futures::stream::unfold(start, move |offset| {
            let _until_the_end = &under_way;
            let content = content.clone();
            async move {
                if offset >= end {
                    return None;
                }
                if stop_at.is_some_and(|stop| offset >= stop) {
                    return Some((Err(std::io::Error::other("broken off, as the test wants it")), end));
                }
                let until = stop_at.map_or(end, |stop| stop.min(end));
                let mut block = content.block(offset, BLOCK.min((until - offset) as usize));
                if let Some(flip) = flip.filter(|flip| (offset..offset + block.len() as u64).contains(flip)) {
                    let mut changed = block.to_vec();
                    changed[(flip - offset) as usize] ^= 1;
                    block = changed.into();
                }
                let next = offset + block.len() as u64;
                Some((Ok(Frame::data(block)), next))
            }
        });
        let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(blocks)));
        *response.status_mut() = if first.is_some() {
            hyper::StatusCode::PARTIAL_CONTENT
        } else {
            hyper::StatusCode::OK
        };
        let headers = response.headers_mut();
        headers.insert(hyper::header::CONTENT_LENGTH, (end - start).into());
        if first.is_some()
            && let Ok(range) = format!("bytes {start}-{}/{size}", end.saturating_sub(1)).parse()
        {
            headers.insert(hyper::header::CONTENT_RANGE, range);
        }
        headers.insert(
            hyper::header::ACCEPT_RANGES,
            hyper::header::HeaderValue::from_static("bytes"),
        );
        response
    }

    /// Changes to the library by a script: one JSON object a request.
    fn control(&self, asked: &Asked) -> Answer {
        let said = asked.json();
        let item = |library: &Library| {
            let name = said["name"].as_str().unwrap_or_default();
            library.find(name).unwrap_or_else(|| name.to_owned())
        };
        let mut library = self.library.lock();
        match said["do"].as_str().unwrap_or_default() {
            "counts" => {
                drop(library);
                let mut counts = serde_json::to_value(self.faults.counts()).unwrap_or_default();
                counts["bytes"] = self.downloaded.load(Ordering::Relaxed).into();
                counts["handshakes"] = self.identity.lock().handshakes_done.into();
                return answer(200, &counts);
            }
            "url" => {
                let id = item(&library);
                let Some(content) = library.item(&id).and_then(|item| item.new.original.as_ref()) else {
                    return answer(400, &Value::Null);
                };
                let url = content_address(&self.address(Door::Loopback, Place::Content), content, self.now());
                return answer(200, &serde_json::json!({"url": url}));
            }
            "trash" => {
                let id = item(&library);
                library.trash(&id);
            }
            "hide" => {
                let id = item(&library);
                library.hide(&id);
            }
            "edit" => {
                let id = item(&library);
                let Ok(bytes) = std::fs::read(said["file"].as_str().unwrap_or_default()) else {
                    return answer(400, &Value::Null);
                };
                library.edit(&id, Content::of(bytes));
            }
            "add" => {
                let Ok(new) = crate::library_from(&said) else {
                    return answer(400, &Value::Null);
                };
                library.add(new);
            }
            "latency" => self
                .latency
                .store(said["milliseconds"].as_u64().unwrap_or(0), Ordering::Relaxed),
            "fault" => {
                let Ok(fault) = serde_json::from_value::<Fault<Action>>(said["fault"].clone()) else {
                    return answer(400, &Value::Null);
                };
                self.faults.add(fault);
            }
            "mend" => self.faults.clear(),
            _ => {
                return answer(
                    400,
                    &serde_json::json!({"error": "do: counts, url, add, edit, trash, hide, latency, fault, mend"}),
                );
            }
        }
        answer(200, &serde_json::json!({"done": true}))
    }
}

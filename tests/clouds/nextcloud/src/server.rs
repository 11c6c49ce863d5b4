//! The listener, and the way of a request through it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use camroll_cloud_faults::{Fault, Faults, Gate};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use parking_lot::Mutex;

use crate::capabilities::{self, NameRules};
use crate::clock::Clock;
use crate::faults::Action;
use crate::paths::{BASE, Place, place};
use crate::product::{Product, Storage};
use crate::refusal::Refusal;
use crate::state::{Answer, Asked, State};
use crate::tree::Kind;

/// What is the matter with the account and its server.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user's name.
    pub user: String,
    /// An app password; none: it was revoked.
    pub password: Option<String>,
    /// Bytes that the files may have in all; none: no limit.
    pub quota: Option<u64>,
    /// Names that are taken.
    pub names: NameRules,
    /// The administrator is at work.
    pub maintained: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            user: "alice".into(),
            password: Some("correct horse battery staple".into()),
            quota: None,
            names: NameRules::default(),
            maintained: false,
        }
    }
}

struct Shared {
    state: Mutex<State>,
    faults: Faults<Action>,
    clock: Clock,
    latency: AtomicU64,
    received: AtomicU64,
}

/// A server on loopback. Ends when dropped.
pub struct Nextcloud {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Nextcloud {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Nextcloud {
    /// Starts it, without a file.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(product: Product, storage: Storage, account: Account) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let clock = Clock::default();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(product, storage, account, clock.now())),
            faults: Faults::default(),
            clock,
            latency: AtomicU64::new(0),
            received: AtomicU64::new(0),
        });
        let task = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands before `/remote.php`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what is the matter with the account.
    pub fn account(&self, work: impl FnOnce(&mut Account)) {
        work(&mut self.shared.state.lock().account);
    }

    /// Has something go wrong with the n-th request of an operation, or with each: a method ("PUT"), "chunk", "chunk:3", "begin", "assemble", "give-up", "capabilities", or "request" for all.
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

    /// Bytes of files that arrived so far.
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// Sign-ins with a wrong password so far.
    pub fn wrong_sign_ins(&self) -> u64 {
        self.shared.state.lock().sign_ins.wrong()
    }

    /// Moves the clock on, so that uploads end.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Milliseconds before each answer.
    pub fn set_latency(&self, milliseconds: u64) {
        self.shared.latency.store(milliseconds, Ordering::Relaxed);
    }

    /// Something else is at work on a file.
    pub fn lock(&self, path: &str) {
        self.shared.state.lock().locks.insert(path.to_owned());
    }

    /// And no longer.
    pub fn unlock(&self, path: &str) {
        self.shared.state.lock().locks.remove(path);
    }

    /// Paths of all files, those included that a person doesn't see.
    pub fn files(&self) -> Vec<String> {
        self.shared.state.lock().tree.files()
    }

    /// Puts a file there as somebody else would, with the folders above it.
    pub fn plant(&self, path: &str, content: Bytes) {
        let now = self.shared.clock.now();
        let tree = &mut self.shared.state.lock().tree;
        for (end, _) in path.match_indices('/') {
            if tree.get(&path[..end]).is_none() {
                tree.make_folder(&path[..end], now);
            }
        }
        tree.write(path, content, String::new(), now);
    }

    /// A file's bytes.
    pub fn content(&self, path: &str) -> Option<Bytes> {
        match &self.shared.state.lock().tree.get(path)?.kind {
            Kind::File { content, .. } => Some(content.clone()),
            Kind::Folder => None,
        }
    }

    /// Uploads under way: their folders' names.
    pub fn uploads(&self) -> Vec<String> {
        self.shared.state.lock().uploads.keys().cloned().collect()
    }
}

async fn listen(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.serve(request).await }
            });
            // How a connection ends is the client's to hear.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                .await;
        });
    }
}

fn broken() -> io::Error {
    io::Error::other("broken off, as the test wants it")
}

impl Shared {
    async fn serve(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (head, mut incoming) = request.into_parts();
        let mut asked = Asked {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body: Bytes::new(),
            now: self.clock.now(),
        };
        let fault = self.faults.pass(&self.names(&asked)).await;
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(io::Error::other)?;
            let Some(data) = frame.data_ref() else { continue };
            body.extend_from_slice(data);
            if let Some(Action::Cut(after)) = fault
                && body.len() as u64 > after
            {
                return Err(broken());
            }
            if asked.method == "PUT" {
                self.received.fetch_add(data.len() as u64, Ordering::Relaxed);
            }
        }
        if let Some(Action::Flip(offset)) = fault
            && let Some(byte) = body.get_mut(offset as usize)
        {
            *byte ^= 1;
        }
        asked.body = body.freeze();
        let latency = self.latency.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        let answer = match fault {
            Some(Action::Status(status)) => refused(status),
            Some(Action::StatusRetryAfter(status, seconds)) => refused(status).with("Retry-After", seconds.to_string()),
            Some(Action::Cut(_)) => return Err(broken()),
            Some(Action::LoseTheAnswer) => {
                self.answer(&asked);
                return Err(broken());
            }
            Some(Action::TimeOut) => {
                self.answer(&asked);
                Answer::of(504).document("text/html", "<html><body>Gateway Time-out</body></html>")
            }
            Some(Action::Flip(_)) | None => self.answer(&asked),
        };
        let mut response = Response::new(Full::new(answer.body));
        *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
        for (name, value) in answer.headers {
            if let (Ok(name), Ok(value)) = (
                hyper::header::HeaderName::try_from(name),
                hyper::header::HeaderValue::try_from(value),
            ) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }

    /// The names under which faults, gates and counts know a request.
    fn names(&self, asked: &Asked) -> Vec<String> {
        let mut names = vec!["request".to_owned(), asked.method.clone()];
        let user = self.state.lock().account.user.clone();
        match (asked.method.as_str(), place(&asked.path, &user)) {
            ("PUT", Ok(Place::Chunk(_, chunk))) => {
                names.push("chunk".to_owned());
                names.push(match crate::uploads::number(&chunk) {
                    Some(number) => format!("chunk:{number}"),
                    None => format!("chunk:{chunk}"),
                });
            }
            ("MKCOL", Ok(Place::Upload(_))) => names.push("begin".to_owned()),
            ("MOVE", Ok(Place::Chunk(..))) => names.push("assemble".to_owned()),
            ("DELETE", Ok(Place::Upload(_))) => names.push("give-up".to_owned()),
            _ if asked.path.ends_with("/cloud/capabilities") => names.push("capabilities".to_owned()),
            _ => {}
        }
        names
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.state.lock();
        if asked.path == "/status.php" {
            let told = serde_json::json!({
                "installed": true, "maintenance": state.account.maintained, "needsDbUpgrade": false,
                "productname": state.product.title(),
            });
            return Answer::of(200).document("application/json", told.to_string());
        }
        if let Err(refusal) = state.admit(asked) {
            return refusal.into();
        }
        if let Some(told) = ocs(&state, &asked.path) {
            return Answer::of(200).document("application/json; charset=utf-8", told.to_string());
        }
        let done = match asked.path.starts_with(BASE) {
            true => state.dav(asked),
            false => Err(Refusal::not_found(&asked.path)),
        };
        done.unwrap_or_else(Answer::from)
    }
}

/// What the interface beside WebDAV answers.
fn ocs(state: &State, path: &str) -> Option<serde_json::Value> {
    let (success, asked) = match path.strip_prefix("/ocs/")?.split_once('/')? {
        ("v1.php", asked) => (100, asked),
        ("v2.php", asked) => (200, asked),
        _ => return None,
    };
    let data = match asked {
        "cloud/capabilities" => capabilities::document(state.product, &state.account.names),
        "cloud/user" => capabilities::user(&state.account.user),
        _ => return None,
    };
    Some(capabilities::envelope(data, success))
}

/// A status that a test wants, with the document that the server has for it.
fn refused(status: u16) -> Answer {
    let refusal = match status {
        423 => Refusal::locked("files"),
        503 => Refusal::unavailable("System is in maintenance mode."),
        507 => Refusal::no_space(""),
        _ => Refusal::failed("As the test wants it"),
    };
    Answer {
        status,
        ..refusal.into()
    }
}

//! What the server holds, and who may do what with it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::paths::{BASE, Place, place};
use crate::product::{Product, Storage};
use crate::refusal::Refusal;
use crate::server::Account;
use crate::sign_in::SignIns;
use crate::tree::Tree;
use crate::uploads::Upload;

/// What stands behind the number in a file's id: the instance.
const INSTANCE: &str = "oczn5x60nrdu";

/// A request, read.
pub(crate) struct Asked {
    pub method: String,
    /// Path of the address, as it was sent.
    pub path: String,
    pub headers: hyper::HeaderMap,
    pub body: Bytes,
    /// Seconds since 1970.
    pub now: i64,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// X-OC-Mtime (apps/dav/lib/Connector/Sabre/MtimeSanitizer.php).
    pub(crate) fn modified(&self) -> Result<Option<i64>, Refusal> {
        let Some(told) = self.header("x-oc-mtime") else {
            return Ok(None);
        };
        let seconds: f64 = told
            .parse()
            .map_err(|_| Refusal::failed("X-OC-MTime header must be an integer (unix timestamp)."))?;
        Ok(Some(seconds as i64))
    }
}

/// An answer.
#[derive(Default)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Answer {
    pub(crate) fn of(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn document(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.headers.push(("Content-Type".to_owned(), kind.to_owned()));
        self.body = body.into();
        self
    }

    /// Twice, since some proxies take one of them away (apps/dav/lib/Connector/Sabre/CopyEtagHeaderPlugin.php).
    pub(crate) fn etag(self, etag: &str) -> Self {
        self.with("ETag", format!("\"{etag}\""))
            .with("OC-ETag", format!("\"{etag}\""))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut answer = Self::of(refusal.status).document("application/xml; charset=utf-8", refusal.document());
        for (name, value) in refusal.headers {
            answer = answer.with(name, value);
        }
        answer
    }
}

/// All of it.
pub(crate) struct State {
    pub product: Product,
    pub storage: Storage,
    pub account: Account,
    pub tree: Tree,
    pub uploads: BTreeMap<String, Upload>,
    /// Paths that something else is at work on.
    pub locks: BTreeSet<String>,
    pub sign_ins: SignIns,
}

impl State {
    pub(crate) fn new(product: Product, storage: Storage, account: Account, now: i64) -> Self {
        Self {
            product,
            storage,
            account,
            tree: Tree::new(now),
            uploads: BTreeMap::new(),
            locks: BTreeSet::new(),
            sign_ins: SignIns::default(),
        }
    }

    /// Bytes that can still be put there; none where there is no limit.
    pub(crate) fn free(&self) -> Option<u64> {
        let quota = self.account.quota?;
        Some(quota.saturating_sub(self.tree.used()))
    }

    /// Whether so many bytes still fit (apps/dav/lib/Connector/Sabre/QuotaPlugin.php, `checkQuota`).
    pub(crate) fn room(&self, path: &str, length: u64) -> Result<(), Refusal> {
        match self.free() {
            Some(free) if length > free => Err(Refusal::no_space(match self.product {
                Product::Nextcloud => {
                    format!("Insufficient space in {path}, {length} required, {free} available")
                }
                Product::OwnCloud => String::new(),
            })),
            _ => Ok(()),
        }
    }

    pub(crate) fn unlocked(&self, path: &str) -> Result<(), Refusal> {
        match self.locks.contains(path) {
            true => Err(Refusal::locked(path)),
            false => Ok(()),
        }
    }

    /// A file's id with the instance's.
    pub(crate) fn file_id(&self, id: u64) -> String {
        format!("{id:08}{INSTANCE}")
    }

    /// Whether anything is answered at all (lib/base.php, `checkMaintenanceMode`; apps/dav/lib/Connector/Sabre/MaintenancePlugin.php), and whether to this request.
    pub(crate) fn admit(&mut self, asked: &Asked) -> Result<(), Refusal> {
        if self.account.maintained {
            let refusal = Refusal::unavailable("System is in maintenance mode.");
            return Err(match self.product {
                Product::Nextcloud => refusal
                    .with("X-Nextcloud-Maintenance-Mode", "1")
                    .with("Retry-After", "120"),
                Product::OwnCloud => refusal,
            });
        }
        let authorization = asked.header("authorization").unwrap_or_default();
        self.sign_ins.check(
            self.product,
            (&self.account.user, self.account.password.as_deref()),
            authorization,
            asked.now,
        )
    }

    /// Does what a request below `/remote.php/dav` asks for.
    pub(crate) fn dav(&mut self, asked: &Asked) -> Result<Answer, Refusal> {
        self.uploads.retain(|_, upload| !upload.is_over(asked.now));
        let place = place(&asked.path, &self.account.user)?;
        match (asked.method.as_str(), place) {
            ("OPTIONS", _) => Ok(Answer::of(200)
                .with("DAV", "1, 3, extended-mkcol, access-control, nextcloud-checksum-update")
                .with("MS-Author-Via", "DAV")),
            ("PROPFIND", place) => self.propfind(asked, &place),
            ("PROPPATCH", Place::File(path)) => self.proppatch(asked, &path),
            ("GET" | "HEAD", Place::File(path)) => self.get(asked, &path),
            ("GET" | "HEAD", _) => Err(Refusal::not_allowed("Reading intermediate uploads is not allowed")),
            ("PUT", Place::File(path)) => self.put(asked, &path),
            ("PUT", Place::Chunk(id, name)) => self.put_chunk(asked, &id, &name),
            ("PUT", Place::Upload(name)) => Err(Refusal::forbidden(format!(
                "Permission denied to create file (filename {name})"
            ))),
            ("MKCOL", Place::File(path)) => self.make_folder(asked, &path),
            ("MKCOL", Place::Upload(id)) => self.begin(asked, &id),
            ("MKCOL", Place::Chunk(_, name)) => Err(Refusal::forbidden(format!(
                "Permission denied to create file (filename {name})"
            ))),
            ("DELETE", Place::File(path)) => self.delete(&path),
            ("DELETE", Place::Upload(id)) => self.give_up(&id),
            ("MOVE", Place::File(path)) => self.rename(asked, &path),
            ("MOVE", Place::Chunk(id, name)) => self.assemble(asked, &id, &name),
            ("PATCH", Place::File(path)) => self.hash_again(asked, &path),
            (method, _) => Err(Refusal::not_implemented(method)),
        }
    }

    /// The path that Destination names among the files.
    pub(crate) fn destination(&self, asked: &Asked) -> Result<String, Refusal> {
        let told = asked
            .header("destination")
            .ok_or_else(|| Refusal::bad_request("The destination header was not supplied"))?;
        match place(told, &self.account.user)? {
            Place::File(path) => Ok(path),
            _ => Err(Refusal::forbidden(format!("{told} isn't below {BASE}/files"))),
        }
    }
}

//! For tests of the host: a source that fetches a URL, a file or bytes of its own, and a destination over `files`.
//!
//! A locator is a text: "http URL", "file PATH", "own COUNT" (so many bytes, written by the guest), "answer" (401 and the like aren't told apart).
wit_bindgen::generate!({
    path: "../../../wit/0.1",
    generate_all,
    inline: "
        package tests:mirror;
        world mirror {
            include camroll:connector/imports@0.1.0;
            export camroll:connector/connector@0.1.0;
            export camroll:connector/source@0.1.0;
            export camroll:connector/destination@0.1.0;
            export camroll:connector/browsing@0.1.0;
            export camroll:connector/editing@0.1.0;
        }
    ",
});

use camroll::connector::*;
use exports::camroll::connector::{browsing, connector, destination, editing, source};
use types::{Account, Entry, Error, ErrorClass, Target};

struct Mirror;
export!(Mirror);

fn error(class: ErrorClass, code: &str) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message: code.to_owned(),
        retry_after: None,
        details: vec![],
    }
}

fn wrong(code: &str) -> Error {
    error(ErrorClass::Unexpected, code)
}

impl connector::Guest for Mirror {
    fn connect(_: String) -> Result<(), Error> {
        Ok(())
    }

    fn check() -> Result<Account, Error> {
        let mut runs = session::get("runs").map_or(0, |kept| kept[0]);
        runs += 1;
        session::set("runs", &[runs])?;
        Ok(Account {
            id: Some("1".to_owned()),
            name: format!("run {runs}"),
            expires: None,
            attributes: vec![],
        })
    }
}

impl source::Guest for Mirror {
    fn libraries() -> Result<Vec<source::Library>, Error> {
        Ok(vec![source::Library {
            id: "one".to_owned(),
            name: "One".to_owned(),
            kind: "personal".to_owned(),
            count: None,
            attributes: vec![],
        }])
    }

    fn changes(_: String, cursor: Option<Vec<u8>>) -> Result<source::Page, Error> {
        // Counts its own calls, so that a test sees whether one instance gets them all.
        static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let calls = CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        Ok(source::Page {
            changes: vec![],
            cursor: cursor.unwrap_or_default(),
            more: false,
            done: Some(calls),
            total: None,
        })
    }

    fn describe(_: String, ids: Vec<String>) -> Result<Vec<source::Change>, Error> {
        // One answer too few.
        Ok(ids
            .into_iter()
            .skip(1)
            .map(|what| {
                source::Change::Unread(source::Unread {
                    what,
                    error: wrong("mirror/unread"),
                })
            })
            .collect())
    }

    fn locate(_: String, items: Vec<source::ResourceRef>) -> Result<Vec<Result<source::Located, Error>>, Error> {
        Ok(items
            .into_iter()
            .map(|_| Err(error(ErrorClass::Transient, "pending")))
            .collect())
    }

    fn fetch(locator: Vec<u8>, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let locator = String::from_utf8(locator).map_err(|_| wrong("mirror/locator"))?;
        match locator.split_once(' ') {
            Some(("http", url)) => {
                let headers = if offset > 0 {
                    vec![("Range".to_owned(), format!("bytes={offset}-"))]
                } else {
                    vec![]
                };
                let answer = http::send(&request(url, headers))?;
                match answer.status {
                    206 => into.append(&answer.body),
                    200 if offset == 0 => into.append(&answer.body),
                    200 => Err(error(ErrorClass::Unsupported, "mirror/no-range")),
                    status => Err(wrong(&format!("mirror/{status}"))),
                }
            }
            Some(("ahead", url)) => {
                let pending = http::start(&request(url, vec![]))?;
                http::wait_any(&[&pending])?;
                into.append(&http::Pending::wait(pending)?.body)
            }
            Some(("file", path)) => {
                let body = files::open(path, None)?;
                body.seek(offset)?;
                into.append(&body)
            }
            Some(("own", count)) => {
                let count: usize = count.parse().map_err(|_| wrong("mirror/locator"))?;
                for from in (offset as usize..count).step_by(1000) {
                    let bytes: Vec<u8> = (from..count.min(from + 1000)).map(|at| (at % 251) as u8).collect();
                    into.write(&bytes)?;
                }
                Ok(())
            }
            _ => Err(wrong("mirror/locator")),
        }
    }
}

fn request<'a>(url: &str, headers: Vec<(String, String)>) -> http::Request<'a> {
    http::Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers,
        body: vec![],
        auth: None,
        redirects: 0,
        options: vec![],
    }
}

impl destination::Guest for Mirror {
    fn probe() -> Result<destination::Identity, Error> {
        let volume = files::volume()?;
        Ok(destination::Identity {
            id: None,
            features: destination::Features {
                needs: vec![],
                names: Some(volume.names),
                digests: vec![],
                checked_digests: vec![],
                max_size: volume.max_size,
                commit_batch: 64,
                traits: vec!["set-modified".to_owned(), "replace".to_owned()],
                attributes: vec![],
            },
            free: volume.free,
            total: volume.total,
            attributes: vec![],
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let draft = files::create(&file.idempotency_key)?;
        // A name that begins so: the guest looks at the bytes, as a service with its own encryption would.
        if file.media_type == "application/x-by-hand" {
            loop {
                let bytes = body.read(100_000)?;
                if bytes.is_empty() {
                    break;
                }
                draft.write(&bytes)?;
            }
        } else {
            draft.write_body(body)?;
        }
        if let Some(time) = file.modified {
            draft.set_modified(time)?;
        }
        let replaces = file.replaces.and_then(|entry| entry.version).unwrap_or_default();
        Ok(destination::Staged::Held(
            [file.idempotency_key, file.path, replaces].join("\n").into_bytes(),
        ))
    }

    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        let publications: Vec<_> = items
            .into_iter()
            .map(|held| {
                let held = String::from_utf8(held).map_err(|_| wrong("mirror/held"))?;
                let mut parts = held.split('\n').map(str::to_owned);
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(draft), Some(path), Some(replaces)) => Ok(files::Publication {
                        draft,
                        path,
                        replaces: Some(replaces).filter(|version| !version.is_empty()),
                    }),
                    _ => Err(wrong("mirror/held")),
                }
            })
            .collect::<Result<_, Error>>()?;
        Ok(files::publish(&publications)
            .into_iter()
            .map(|published| {
                published.map(|info| destination::Stored {
                    entry: entry(info),
                    checked: vec![],
                    already_there: false,
                    attributes: vec![],
                })
            })
            .collect())
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        let drafts: Vec<_> = items.into_iter().map(|item| item.idempotency_key).collect();
        files::discard(&drafts);
        Ok(drafts.iter().map(|_| Ok(())).collect())
    }
}

fn entry(info: files::FileInfo) -> Entry {
    Entry {
        target: Target {
            path: Some(info.path),
            id: None,
        },
        folder: info.kind == files::FileKind::Folder,
        size: Some(info.size),
        modified: Some(info.modified),
        version: Some(info.version),
        digests: vec![],
        attributes: vec![],
    }
}

fn path_of(target: Target) -> Result<String, Error> {
    target.path.ok_or_else(|| wrong("mirror/no-path"))
}

impl browsing::Guest for Mirror {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let after = next.map(|name| String::from_utf8(name).unwrap_or_default());
        let infos = files::read_folder(&prefix, after.as_deref(), 3)?;
        let next = (infos.len() == 3)
            .then(|| {
                infos
                    .last()
                    .map(|info| info.path.rsplit('/').next().unwrap_or_default().as_bytes().to_vec())
            })
            .flatten();
        Ok(browsing::Entries {
            entries: infos.into_iter().map(entry).collect(),
            next,
        })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        Ok(files::stat(&path_of(target)?)?.map(entry))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let body = files::open(&path_of(target)?, None)?;
        body.seek(offset)?;
        into.append(&body)
    }
}

impl editing::Guest for Mirror {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        files::remove(&path_of(expected.target)?, expected.version.as_deref())
    }

    fn rename(expected: Entry, path: String, _: Option<Target>) -> Result<Entry, Error> {
        Ok(entry(files::rename(
            &path_of(expected.target)?,
            &path,
            expected.version.as_deref(),
        )?))
    }
}

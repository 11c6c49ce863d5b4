use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{self, Account, Entry, Error, ErrorClass, Target};
use camroll_connector::{bodies, files, token};
use serde::{Deserialize, Serialize};

camroll_connector::world!(
    "camroll:local/guest",
    "
    package camroll:local;
    world guest {
        include camroll:connector/imports@0.1.0;
        export camroll:connector/connector@0.1.0;
        export camroll:connector/destination@0.1.0;
        export camroll:connector/browsing@0.1.0;
        export camroll:connector/editing@0.1.0;
    }
    "
);

use exports::camroll::connector::{browsing, connector, destination, editing};

struct Local;
export!(Local);

/// What `stage` leaves for `commit`.
#[derive(Serialize, Deserialize)]
struct Held {
    draft: String,
    path: String,
    replaces: Option<String>,
}

impl connector::Guest for Local {
    fn connect(_settings: String) -> Result<(), Error> {
        Ok(())
    }

    fn check() -> Result<Account, Error> {
        files::volume()?;
        Ok(Account {
            id: None,
            name: "this machine".into(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for Local {
    fn probe() -> Result<destination::Identity, Error> {
        let volume = files::volume()?;
        Ok(destination::Identity {
            id: None,
            features: destination::Features {
                needs: Vec::new(),
                names: Some(volume.names),
                digests: Vec::new(),
                checked_digests: Vec::new(),
                max_size: volume.max_size,
                commit_batch: 64,
                traits: [
                    "set-modified",
                    "replace",
                    "conditional-create",
                    "conditional-replace",
                    "shows-heic",
                    "shows-hevc",
                    "shows-raw",
                    "shows-motion-photo",
                ]
                .map(String::from)
                .to_vec(),
                attributes: Vec::new(),
            },
            free: volume.free,
            total: volume.total,
            attributes: Vec::new(),
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let draft = files::create(&file.idempotency_key)?;
        draft.write_body(body)?;
        if let Some(time) = file.modified {
            draft.set_modified(time)?;
        }
        let replaces = match file.replaces {
            Some(entry) => Some(
                entry
                    .version
                    .ok_or_else(|| unexpected("local/no-version", "What is to be replaced has no version."))?,
            ),
            None => None,
        };
        Ok(destination::Staged::Held(token::write(&Held {
            draft: file.idempotency_key,
            path: file.path,
            replaces,
        })))
    }

    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        let held = items
            .iter()
            .map(|item| token::read::<Held>(item))
            .collect::<Result<Vec<_>, _>>()?;
        let publications: Vec<_> = held
            .into_iter()
            .map(|held| files::Publication {
                draft: held.draft,
                path: held.path,
                replaces: held.replaces,
            })
            .collect();
        let stored = |info| destination::Stored {
            entry: entry(info),
            checked: Vec::new(),
            already_there: false,
            attributes: Vec::new(),
        };
        Ok(files::publish(&publications)
            .into_iter()
            .map(|published| published.map(stored))
            .collect())
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        let drafts: Vec<String> = items.into_iter().map(|item| item.idempotency_key).collect();
        files::discard(&drafts);
        Ok(drafts.iter().map(|_| Ok(())).collect())
    }
}

/// Where a listing goes on: the folders that are open, each with the name that was read last.
#[derive(Serialize, Deserialize)]
struct Walk(Vec<(String, Option<String>)>);

impl browsing::Guest for Local {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let mut walk = match next {
            Some(next) => token::read::<Walk>(&next)?,
            None => Walk(vec![(prefix, None)]),
        };
        let mut entries = Vec::new();
        while let Some((folder, after)) = walk.0.pop() {
            let page = files::read_folder(&folder, after.as_deref(), 500)?;
            let Some(last) = page
                .last()
                .map(|info| info.path.rsplit('/').next().unwrap_or_default().to_string())
            else {
                continue;
            };
            walk.0.push((folder, Some(last)));
            for info in page {
                match info.kind {
                    // Drafts have no path yet.
                    files::FileKind::Folder if info.path == ".camroll/drafts" => {}
                    files::FileKind::Folder => walk.0.push((info.path, None)),
                    files::FileKind::File => entries.push(entry(info)),
                    files::FileKind::Other => {}
                }
            }
            if entries.len() >= 500 || walk.0.len() > 500 {
                break;
            }
        }
        let next = (!walk.0.is_empty()).then(|| token::write(&walk));
        Ok(browsing::Entries { entries, next })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        Ok(files::stat(&path(target)?)?.map(entry))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let body = files::open(&path(target)?, None)?;
        if offset > 0 {
            body.seek(offset)?;
        }
        into.append(&body)
    }
}

impl editing::Guest for Local {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        let version = expected.version.clone();
        files::remove(&path(expected.target)?, version.as_deref())
    }

    fn rename(expected: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        let version = expected.version.clone();
        files::rename(&path(expected.target)?, &to, version.as_deref()).map(entry)
    }
}

fn path(target: Target) -> Result<String, Error> {
    target.path.ok_or_else(|| {
        error(
            ErrorClass::Unsupported,
            "local/no-path",
            "Files here are found by their path.",
        )
    })
}

fn entry(info: files::FileInfo) -> types::Entry {
    types::Entry {
        target: Target {
            path: Some(info.path),
            id: None,
        },
        folder: info.kind == files::FileKind::Folder,
        size: Some(info.size),
        modified: Some(info.modified),
        version: Some(info.version),
        digests: Vec::new(),
        attributes: Vec::new(),
    }
}

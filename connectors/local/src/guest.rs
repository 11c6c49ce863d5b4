//! The interfaces that a folder exports.

use camroll_connector::errors::{error, unsupported};
use camroll_connector::types::{Account, Entry, Error, ErrorClass, Target, Value};
use camroll_connector::{bodies, files, token};
use serde::{Deserialize, Serialize};

use crate::walk::{Found, Kind, Walk};

#[allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::restriction,
    reason = "generated; wit/ documents it"
)]
mod bound {
    camroll_connector::bind!(
        "../../wit/0.1",
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
    #[cfg(target_arch = "wasm32")]
    export!(Local with_types_in self);
    #[cfg(target_arch = "wasm32")]
    use super::Local;
}
use bound::exports::camroll::connector::{browsing, connector, destination, editing};

struct Local;

/// Most files that `commit` takes at once: one fsync of each of their folders is shared by them.
const BATCH: u32 = 64;
/// Drafts stay until they are published or discarded; a year is what a number can say of that.
const HELD_FOR: i64 = 365 * 86_400;
/// Entries of a folder that are read at once.
const READ: u32 = 500;
/// Entries of a page, as the interface bounds it.
const PAGE: usize = 1_000;

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
            name: "this machine".to_owned(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for Local {
    fn probe() -> Result<destination::Identity, Error> {
        let volume = files::volume()?;
        let traits = [
            "set-modified",
            "replace",
            "conditional-create",
            "conditional-replace",
            "shows-heic",
            "shows-hevc",
            "shows-raw",
            "shows-motion-photo",
        ];
        Ok(destination::Identity {
            // A folder has no id that no other one has: the engine keeps one in it.
            id: None,
            features: destination::Features {
                needs: Vec::new(),
                names: Some(volume.names),
                digests: Vec::new(),
                checked_digests: Vec::new(),
                max_size: volume.max_size,
                commit_batch: BATCH,
                traits: traits.map(str::to_owned).to_vec(),
                attributes: vec![("held-for".to_owned(), Value::Integer(HELD_FOR))],
            },
            free: volume.free,
            total: volume.total,
            attributes: volume.attributes,
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let replaces = match &file.replaces {
            None => None,
            Some(entry) => Some(version(entry)?),
        };
        let draft = files::create(&file.idempotency_key)?;
        draft.write_body(body)?;
        if let Some(time) = file.modified {
            draft.set_modified(time)?;
        }
        Ok(destination::Staged::Held(token::write(&Held {
            draft: file.idempotency_key,
            path: file.path,
            replaces,
        })))
    }

    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        // One that can't be read is that one's failure, not the batch's.
        let held: Vec<Result<Held, Error>> = items.iter().map(|item| token::read(item)).collect();
        let publications: Vec<files::Publication> = held
            .iter()
            .filter_map(|held| held.as_ref().ok())
            .map(|held| files::Publication {
                draft: held.draft.clone(),
                path: held.path.clone(),
                replaces: held.replaces.clone(),
            })
            .collect();
        let mut published = files::publish(&publications).into_iter();
        let missing = || {
            Err(error(
                ErrorClass::Unexpected,
                "local/no-answer",
                "The host said nothing of a file that was to be published.",
            ))
        };
        Ok(held
            .into_iter()
            .map(|held| held.and_then(|_| published.next().unwrap_or_else(missing)).map(stored))
            .collect())
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        let drafts: Vec<String> = items.into_iter().map(|item| item.idempotency_key).collect();
        files::discard(&drafts);
        Ok(drafts.iter().map(|_| Ok(())).collect())
    }
}

impl browsing::Guest for Local {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let mut walk = match next {
            Some(next) => token::read(&next)?,
            None => Walk::below(&prefix),
        };
        let found = walk.page(PAGE, |folder, after| {
            let read = files::read_folder(folder, after, READ)?;
            Ok::<_, Error>(
                read.into_iter()
                    .map(|info| Found {
                        kind: kind(info.kind),
                        path: info.path.clone(),
                        info,
                    })
                    .collect(),
            )
        })?;
        let entries = found.into_iter().map(entry).collect();
        Ok(browsing::Entries {
            entries,
            next: (!walk.is_over()).then(|| token::write(&walk)),
        })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        Ok(files::stat(&path(&target)?)?.map(entry))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let body = files::open(&path(&target)?, None)?;
        if offset > 0 {
            body.seek(offset)?;
        }
        into.append(&body)
    }
}

impl editing::Guest for Local {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        files::remove(&path(&expected.target)?, Some(&version(&expected)?))
    }

    fn rename(expected: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        files::rename(&path(&expected.target)?, &to, Some(&version(&expected)?)).map(entry)
    }
}

fn path(target: &Target) -> Result<String, Error> {
    target
        .path
        .clone()
        .ok_or_else(|| unsupported("local/no-path", "Files here are found by their path."))
}

/// What an entry's version was when the engine last saw it: nothing is replaced, moved or removed without.
fn version(entry: &Entry) -> Result<String, Error> {
    entry.version.clone().ok_or_else(|| {
        error(
            ErrorClass::Conflict,
            "local/no-version",
            "It isn't known which version of the file was there; it is left as it is.",
        )
    })
}

fn kind(kind: files::FileKind) -> Kind {
    match kind {
        files::FileKind::File => Kind::File,
        files::FileKind::Folder => Kind::Folder,
        files::FileKind::Other => Kind::Other,
    }
}

fn stored(info: files::FileInfo) -> destination::Stored {
    destination::Stored {
        entry: entry(info),
        checked: Vec::new(),
        already_there: false,
        attributes: Vec::new(),
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
        digests: Vec::new(),
        attributes: Vec::new(),
    }
}

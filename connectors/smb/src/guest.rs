use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{self, Account, Entry, Error, ErrorClass, Instant, Target};
use camroll_connector::{bodies, token};

use crate::answers::{self, Attributes, Kind};
use crate::browse;
use crate::listing::{Found, Walk};
use crate::names;
use crate::naming::{self, Held};
use crate::session::{self, with};
use crate::upload::{self, Upload};

camroll_connector::world!(
    "camroll:smb/guest",
    "
    package camroll:smb;
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

struct Smb;
export!(Smb);

impl connector::Guest for Smb {
    fn connect(settings: String) -> Result<(), Error> {
        session::settings(&settings)
    }

    /// Only looks: what is written is written when the engine knows that this is the right place.
    fn check() -> Result<Account, Error> {
        with(|session| session.look("").map(drop))?;
        Ok(Account {
            id: None,
            name: session::name(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for Smb {
    fn probe() -> Result<destination::Identity, Error> {
        let (free, total) = with(|session| session.volume())?;
        Ok(destination::Identity {
            id: None,
            features: destination::Features {
                needs: Vec::new(),
                names: Some(names::rules()),
                digests: Vec::new(),
                checked_digests: Vec::new(),
                max_size: None,
                commit_batch: 64,
                traits: [
                    "set-modified",
                    "replace",
                    "conditional-create",
                    "conditional-replace",
                    "resume",
                    "shows-heic",
                    "shows-hevc",
                    "shows-raw",
                    "shows-motion-photo",
                ]
                .map(String::from)
                .to_vec(),
                attributes: vec![("modified-precision".into(), types::Value::Integer(1))],
            },
            free: Some(free),
            total: Some(total),
            attributes: Vec::new(),
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let replaces = file.replaces.map(version).transpose()?;
        let size = with(|session| {
            upload::upload(
                session,
                Upload {
                    key: &file.idempotency_key,
                    body,
                    modified: file.modified,
                    checkpoint: file.checkpoint,
                },
            )
        })?;
        Ok(destination::Staged::Held(token::write(&Held {
            key: file.idempotency_key,
            path: file.path,
            size,
            replaces,
        })))
    }

    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        let held = items
            .iter()
            .map(|item| token::read::<Held>(item))
            .collect::<Result<Vec<_>, _>>()?;
        let published = with(|session| naming::publish(session, &held))?;
        Ok(held
            .into_iter()
            .zip(published)
            .map(|(held, published)| {
                published.map(|attributes| destination::Stored {
                    entry: entry(held.path, &attributes),
                    checked: Vec::new(),
                    already_there: false,
                    attributes: Vec::new(),
                })
            })
            .collect())
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        let keys: Vec<String> = items.into_iter().map(|item| item.idempotency_key).collect();
        with(|session| upload::discard(session, &keys))
    }
}

impl browsing::Guest for Smb {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let mut walk = match next {
            Some(next) => token::read::<Walk>(&next)?,
            None => Walk(vec![(prefix, None)]),
        };
        let files = with(|session| browse::page(session, &mut walk))?;
        Ok(browsing::Entries {
            entries: files
                .into_iter()
                .map(|Found { path, attributes, .. }| entry(path, &attributes))
                .collect(),
            next: (!walk.0.is_empty()).then(|| token::write(&walk)),
        })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        let path = path(target)?;
        let found = with(|session| session.look(&path))?;
        Ok(found.map(|attributes| entry(path, &attributes)))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let path = path(target)?;
        with(|session| browse::read(session, &path, offset, into))
    }
}

impl editing::Guest for Smb {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        let path = path(expected.target.clone())?;
        let version = version(expected)?;
        with(|session| naming::remove(session, &path, &version))
    }

    fn rename(expected: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        let from = path(expected.target.clone())?;
        let version = version(expected)?;
        let attributes = with(|session| naming::rename(session, &from, &version, &to))?;
        Ok(entry(to, &attributes))
    }
}

fn path(target: Target) -> Result<String, Error> {
    target.path.ok_or_else(|| {
        error(
            ErrorClass::Unsupported,
            "smb/no-path",
            "Files here are found by their path.",
        )
    })
}

/// The version that is expected: as it was told, else by size and time.
fn version(entry: Entry) -> Result<String, Error> {
    match (entry.version, entry.size, entry.modified) {
        (Some(version), _, _) => Ok(version),
        (None, Some(size), Some(modified)) => {
            let time = answers::filetime(modified.seconds, modified.nanoseconds);
            Ok(answers::version(size, time))
        }
        _ => Err(unexpected("smb/no-version", "What is to be changed has no version.")),
    }
}

fn entry(path: String, attributes: &Attributes) -> Entry {
    let (seconds, nanoseconds) = answers::instant(attributes.modified);
    Entry {
        target: Target {
            path: Some(path),
            id: None,
        },
        folder: attributes.kind() == Kind::Folder,
        size: Some(attributes.size),
        modified: Some(Instant { seconds, nanoseconds }),
        version: Some(attributes.version()),
        digests: Vec::new(),
        attributes: Vec::new(),
    }
}

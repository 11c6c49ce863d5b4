use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{self, Account, Entry, Error, ErrorClass, Instant, NameRules, Target};
use camroll_connector::{bodies, token};

use crate::browse;
use crate::listing::{Found, Walk};
use crate::naming::{self, Held};
use crate::packets::{kind, Attributes, Kind};
use crate::session::{self, with, Session};
use crate::upload::{self, Leftover, Upload};
use camroll_connector::paths::below;

camroll_connector::world!(
    "camroll:sftp/guest",
    "
    package camroll:sftp;
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

struct Sftp;
export!(Sftp);

impl connector::Guest for Sftp {
    fn connect(settings: String) -> Result<(), Error> {
        session::settings(&settings)
    }

    /// Only looks: what is written is written when the engine knows that this is the right place.
    fn check() -> Result<Account, Error> {
        with(|session| session.look(&session.root.clone()).map(drop))?;
        Ok(Account {
            id: None,
            name: session::name(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for Sftp {
    fn probe() -> Result<destination::Identity, Error> {
        let (volume, goes_on) = with(|session| Ok((session.volume()?, upload::goes_on(session))))?;
        Ok(destination::Identity {
            id: None,
            features: destination::Features {
                needs: Vec::new(),
                names: Some(names()),
                digests: Vec::new(),
                checked_digests: Vec::new(),
                max_size: None,
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
                .into_iter()
                .chain(goes_on.then_some("resume"))
                .map(String::from)
                .collect(),
                attributes: vec![("modified-precision".into(), types::Value::Integer(1))],
            },
            free: volume.map(|(free, _)| free),
            total: volume.map(|(_, total)| total),
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
        let held: Vec<Option<Held>> = items.iter().map(held_of).collect();
        let mend = |session: &mut Session| {
            let all = held
                .iter()
                .map(|held| held.as_ref().map_or(Ok(()), |held| held.mend(session)));
            Ok(all.collect::<Vec<_>>())
        };
        let mended = match held.iter().any(Option::is_some) {
            true => with(mend)?,
            false => Vec::new(),
        };
        let leftovers: Vec<Leftover> = items
            .into_iter()
            .map(|item| Leftover {
                key: item.idempotency_key,
                ended: item.held.is_some(),
            })
            .collect();
        let mut discarded = with(|session| upload::discard(session, &leftovers))?;
        for (discarded, mended) in discarded.iter_mut().zip(mended) {
            if mended.is_err() {
                *discarded = mended;
            }
        }
        Ok(discarded)
    }
}

/// Of what is given up; none where it wasn't all brought.
fn held_of(item: &destination::Orphan) -> Option<Held> {
    token::read(item.held.as_deref()?).ok()
}

impl browsing::Guest for Sftp {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let mut walk = match next {
            Some(next) => token::read::<Walk>(&next)?,
            None => Walk(vec![(prefix, None)]),
        };
        let files = with(|session| browse::page(session, &mut walk))?;
        Ok(browsing::Entries {
            entries: files
                .into_iter()
                .map(|Found { path, named, .. }| entry(path, &named.attributes))
                .collect(),
            next: (!walk.0.is_empty()).then(|| token::write(&walk)),
        })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        let path = path(target)?;
        let found = with(|session| {
            let whole = below(&session.root, &path);
            session.look(&whole)
        })?;
        Ok(found.map(|attributes| entry(path, &attributes)))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let path = path(target)?;
        with(|session| browse::read(session, &path, offset, into))
    }
}

impl editing::Guest for Sftp {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        let path = path(expected.target.clone())?;
        let version = version(expected)?;
        with(|session| {
            let found = naming::expect(session, &path, &version)?;
            let whole = below(&session.root, &path);
            let kind = match found.kind() {
                Kind::Folder => kind::RMDIR,
                Kind::File | Kind::Other => kind::REMOVE,
            };
            let packet = session.packet(kind).text(whole);
            session.done(packet, &path)
        })
    }

    fn rename(expected: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        let from = path(expected.target.clone())?;
        let version = version(expected)?;
        let attributes = with(|session| naming::rename(session, &from, &version, &to))?;
        Ok(entry(to, &attributes))
    }
}

/// What names can be on servers as they are: a path's parts, in bytes. Whether "A" is "a" there is the server's file system's affair and told by nobody: where it isn't, a suffix is given for nothing;
/// to take it for apart where it is would give one file to two photos.
fn names() -> NameRules {
    NameRules {
        forbidden: "/".into(),
        forbidden_first: String::new(),
        forbidden_last: String::new(),
        reserved: Vec::new(),
        case_sensitive: false,
        unicode: "nfc".into(),
        name_limit: 255,
        path_limit: 4000,
        limits_in_bytes: true,
        duplicates: false,
        attributes: Vec::new(),
    }
}

fn path(target: Target) -> Result<String, Error> {
    target.path.ok_or_else(|| {
        error(
            ErrorClass::Unsupported,
            "sftp/no-path",
            "Files here are found by their path.",
        )
    })
}

/// The version that is expected: as it was told, else by size and time.
fn version(entry: Entry) -> Result<String, Error> {
    match (entry.version, entry.size, entry.modified) {
        (Some(version), _, _) => Ok(version),
        (None, Some(size), Some(modified)) => Ok(Attributes {
            size: Some(size),
            mode: None,
            modified: u32::try_from(modified.seconds).ok(),
        }
        .version()),
        _ => Err(unexpected("sftp/no-version", "What is to be changed has no version.")),
    }
}

fn entry(path: String, attributes: &Attributes) -> Entry {
    Entry {
        target: Target {
            path: Some(path),
            id: None,
        },
        folder: attributes.kind() == Kind::Folder,
        size: attributes.size,
        modified: attributes.modified.map(|seconds| Instant {
            seconds: i64::from(seconds),
            nanoseconds: 0,
        }),
        version: Some(attributes.version()),
        digests: Vec::new(),
        attributes: Vec::new(),
    }
}

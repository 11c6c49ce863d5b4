use camroll_connector::errors::error;
use camroll_connector::types::{self, Account, Entry, Error, ErrorClass, Instant, NameRules, Target};
use camroll_connector::{bodies, token};

use crate::browse;
use crate::failures::ended;
use crate::listing::{Found, Walk};
use crate::look::look;
use crate::naming::{self, Expected, Held};
use crate::room;
use crate::seen::{Kind, Seen};
use crate::session::{self, with};
use crate::upload::{self, Upload};
use camroll_connector::paths::below;

camroll_connector::world!(
    "camroll:ftp/guest",
    "
    package camroll:ftp;
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

struct Ftp;
export!(Ftp);

impl connector::Guest for Ftp {
    fn connect(settings: String) -> Result<(), Error> {
        session::settings(&settings)
    }

    /// Only looks: what is written is written when the engine knows that this is the right place. Signing in has opened the folder.
    fn check() -> Result<Account, Error> {
        with(|_| Ok(()))?;
        Ok(Account {
            id: None,
            name: session::name(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for Ftp {
    fn probe() -> Result<destination::Identity, Error> {
        let features = with(|session| Ok(session.features))?;
        // A server that sets times in another way than by MFMT doesn't say so; its files have theirs all the same.
        let times = features.set_modified.then_some("set-modified");
        let resumes = features.restart.then_some("resume");
        let always = ["replace", "shows-heic", "shows-hevc", "shows-raw", "shows-motion-photo"];
        Ok(destination::Identity {
            id: None,
            features: destination::Features {
                needs: Vec::new(),
                names: Some(names()),
                digests: Vec::new(),
                checked_digests: Vec::new(),
                max_size: None,
                commit_batch: 16,
                traits: always
                    .into_iter()
                    .chain(times)
                    .chain(resumes)
                    .map(String::from)
                    .collect(),
                attributes: vec![("modified-precision".into(), types::Value::Integer(1))],
            },
            free: None,
            total: None,
            attributes: Vec::new(),
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let replaces = file.replaces.as_ref().map(expected);
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
        })
        .map_err(|why| room::looked_for(why, &file.idempotency_key))?;
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
        with(|session| {
            Ok(held
                .into_iter()
                .map(|held| {
                    // What was said of those before still holds.
                    if session.is_broken() {
                        return Err(ended());
                    }
                    let seen = naming::publish(session, &held)?;
                    Ok(destination::Stored {
                        entry: entry(held.path, &seen),
                        checked: Vec::new(),
                        already_there: false,
                        attributes: Vec::new(),
                    })
                })
                .collect())
        })
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        with(|session| {
            Ok(items
                .iter()
                .map(|item| match session.is_broken() {
                    true => Err(ended()),
                    false => {
                        let mended = held_of(item).map_or(Ok(()), |held| held.mend(session));
                        mended.and(upload::discard(session, &item.idempotency_key))
                    }
                })
                .collect())
        })
    }
}

/// Of what is given up; none where it wasn't all brought.
fn held_of(item: &destination::Orphan) -> Option<Held> {
    token::read(item.held.as_deref()?).ok()
}

impl browsing::Guest for Ftp {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let mut walk = match next {
            Some(next) => token::read::<Walk>(&next)?,
            None => Walk(vec![(prefix, None)]),
        };
        let files = with(|session| browse::page(session, &mut walk))?;
        Ok(browsing::Entries {
            entries: files
                .into_iter()
                .map(|Found { path, seen, .. }| entry(path, &seen))
                .collect(),
            next: (!walk.0.is_empty()).then(|| token::write(&walk)),
        })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        let path = path(target)?;
        let found = with(|session| look(session, &path))?;
        Ok(found.map(|seen| entry(path, &seen)))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let path = path(target)?;
        with(|session| browse::read(session, &path, offset, into))
    }
}

impl editing::Guest for Ftp {
    fn remove(entry: Entry, _trash: bool) -> Result<(), Error> {
        let expected = expected(&entry);
        let path = path(entry.target)?;
        with(|session| {
            let found = naming::expect(session, &path, &expected)?;
            let whole = below(&session.root, &path);
            let words = match found.kind {
                Kind::Folder => "RMD",
                Kind::File | Kind::Other => "DELE",
            };
            session.done(&format!("{words} {whole}"), &path).map(drop)
        })
    }

    fn rename(entry: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        let expected = expected(&entry);
        let from = path(entry.target)?;
        let seen = with(|session| naming::move_to(session, &from, &expected, &to))?;
        Ok(self::entry(to, &seen))
    }
}

/// What names can be on servers as they are: a path's parts, in bytes. Pure-FTPd refuses a backslash, and makes an underscore of a blank at either end; ProFTPD makes no folder
/// with an asterisk. Whether "A" is "a" there is the server's file system's affair and told by nobody: where it isn't, a suffix is given for nothing; to take it for apart where it is would give one
/// file to two photos.
fn names() -> NameRules {
    NameRules {
        forbidden: "/\\*".into(),
        forbidden_first: " ".into(),
        forbidden_last: " ".into(),
        reserved: Vec::new(),
        case_sensitive: false,
        unicode: "nfc".into(),
        name_limit: 255,
        path_limit: 1000,
        limits_in_bytes: true,
        duplicates: false,
        attributes: Vec::new(),
    }
}

fn path(target: Target) -> Result<String, Error> {
    target.path.ok_or_else(|| {
        error(
            ErrorClass::Unsupported,
            "ftp/no-path",
            "Files here are found by their path.",
        )
    })
}

fn expected(entry: &Entry) -> Expected {
    Expected {
        version: entry.version.clone(),
        size: entry.size,
        modified: entry.modified.map(|time| time.seconds),
    }
}

fn entry(path: String, seen: &Seen) -> Entry {
    Entry {
        target: Target {
            path: Some(path),
            id: None,
        },
        folder: seen.kind == Kind::Folder,
        size: seen.size,
        modified: seen.modified.map(|seconds| Instant {
            seconds,
            nanoseconds: 0,
        }),
        version: seen.version(),
        digests: Vec::new(),
        attributes: Vec::new(),
    }
}

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Account, Digest, Entry, Error, ErrorClass, NameRules, Target, Value};
use camroll_connector::{bodies, token};

use crate::browse;
use crate::chunked;
use crate::chunks::CHUNK;
use crate::digests::Told;
use crate::edit;
use crate::folders::Known;
use crate::presets::{Checksums, Clock, Preset, Upload};
use crate::propfind::Besides;
use crate::publish;
use crate::upload::{temporary, Going, Held, Replaced};
use crate::wire::{self, session};

camroll_connector::world!(
    "camroll:webdav/guest",
    "
    package camroll:webdav;
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

struct Webdav;
export!(Webdav);

impl connector::Guest for Webdav {
    fn connect(settings: String) -> Result<(), Error> {
        wire::connect(&settings)
    }

    /// Only looks: what is written is written when the engine knows that this is the right place.
    fn check() -> Result<Account, Error> {
        let session = session()?;
        let base = session.destination.place.base();
        let there = session.look(&base)?;
        if there.is_none() {
            return Err(Error {
                details: vec![("setting".into(), "/url".into())],
                ..error(
                    ErrorClass::InvalidSetting,
                    "webdav/no-address",
                    format!("Nothing is at {base}. Look at `url` and `user`."),
                )
            });
        }
        Ok(Account {
            id: None,
            name: session.destination.name.clone(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for Webdav {
    fn probe() -> Result<destination::Identity, Error> {
        let session = session()?;
        let place = &session.destination.place;
        // One after the other: two at once would try a wrong password twice, and services count that.
        let folder = match session.look_with(&place.folder(""), Besides::Quota)? {
            Some(folder) => folder,
            // It is made with the first file, with what is missing above it.
            None => {
                session.folders.borrow_mut().insert(place.base(), Known::New);
                session
                    .look_with(&place.base(), Besides::Quota)?
                    .ok_or_else(|| unexpected("webdav/no-address", "Nothing is at that address any more."))?
            }
        };
        let (free, total) = folder.space();
        Ok(destination::Identity {
            id: None,
            features: features(session.destination.preset, session.name_rules()?),
            free,
            total,
            attributes: Vec::new(),
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let session = session()?;
        let size = body.size().ok_or_else(|| {
            unexpected(
                "webdav/no-size",
                "The size of the file isn't known, though it was asked for.",
            )
        })?;
        let name = temporary(&file.idempotency_key);
        let modified = file.modified.as_ref().map(|time| time.seconds);
        let brought = session.bring(&Going {
            name: &name,
            body,
            size,
            modified: file.modified,
            checkpoint: file.checkpoint,
        })?;
        Ok(destination::Staged::Held(token::write(&Held {
            name: brought.name,
            path: file.path,
            size,
            modified,
            replaces: file.replaces.map(Replaced::of),
            told: brought.told,
        })))
    }

    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        let session = session()?;
        let held = items
            .iter()
            .map(|item| token::read::<Held>(item))
            .collect::<Result<Vec<_>, _>>()?;
        let stored = |mut entry: Entry, told: &Told| {
            entry.digests.extend(told.computed.clone().map(|value| Digest {
                algorithm: "sha1".into(),
                value,
            }));
            destination::Stored {
                entry,
                checked: told.compared.iter().cloned().collect(),
                already_there: false,
                attributes: Vec::new(),
            }
        };
        Ok(publish::publish(&session, &held)
            .into_iter()
            .zip(&held)
            .map(|(published, held)| published.map(|entry| stored(entry, &held.told)))
            .collect())
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        let session = session()?;
        let clear = |item: destination::Orphan| {
            let name = temporary(&item.idempotency_key);
            if let (Upload::Chunks, Some(uploads)) = (session.destination.preset.upload, &session.destination.uploads) {
                chunked::clear(&session, uploads, &name)?;
            }
            session.clear(&name)
        };
        if session.destination.preset.upload == Upload::Ranges {
            let keys: Vec<String> = items.iter().map(|item| temporary(&item.idempotency_key)).collect();
            return Ok(session.clear_all(&keys));
        }
        Ok(items.into_iter().map(clear).collect())
    }
}

impl browsing::Guest for Webdav {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let (entries, next) = browse::list(&*session()?, &prefix, next)?;
        Ok(browsing::Entries { entries, next })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        let (session, path) = (session()?, path(&target)?);
        Ok(session.look(&session.url(&path))?.map(|there| there.entry(path)))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        browse::read(&*session()?, &path(&target)?, offset, into)
    }
}

impl editing::Guest for Webdav {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        edit::remove(&*session()?, &expected)
    }

    fn rename(expected: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        edit::rename(&*session()?, &expected, &to)
    }
}

/// The path that a target has.
pub fn path(target: &Target) -> Result<String, Error> {
    target.path.clone().ok_or_else(|| {
        error(
            ErrorClass::Unsupported,
            "webdav/no-path",
            "Files here are found by their path.",
        )
    })
}

fn needs(from: u64, digests: &[&str], window: u64) -> destination::Needs {
    destination::Needs {
        from,
        size: true,
        digests: digests.iter().map(|name| (*name).into()).collect(),
        window,
        preview: false,
        attributes: Vec::new(),
    }
}

fn features(preset: &Preset, names: NameRules) -> destination::Features {
    let checksum = matches!(preset.checksums, Checksums::Computed | Checksums::Compared);
    let mut traits = vec!["replace", "shows-heic", "shows-hevc", "shows-raw", "shows-motion-photo"];
    if preset.clock == Clock::Header {
        traits.push("set-modified");
    }
    if preset.upload == Upload::Chunks {
        traits.push("resume");
    }
    destination::Features {
        needs: match checksum {
            // A chunk's digest is looked at before the chunk is sent.
            true => vec![needs(0, &["sha1"], 0), needs(CHUNK + 1, &[], CHUNK)],
            false => vec![needs(0, &[], 0)],
        },
        names: Some(names),
        digests: match preset.checksums {
            Checksums::Told => vec!["sha1".into()],
            Checksums::None | Checksums::Computed | Checksums::Compared => Vec::new(),
        },
        checked_digests: match preset.checksums {
            Checksums::Compared => vec!["sha1".into()],
            Checksums::None | Checksums::Computed | Checksums::Told => Vec::new(),
        },
        max_size: preset.max_size,
        commit_batch: 16,
        traits: traits.into_iter().map(Into::into).collect(),
        attributes: vec![("modified-precision".into(), Value::Integer(1))],
    }
}

use camroll_connector::errors::error;
use camroll_connector::types::{Account, Entry, Error, ErrorClass, NameRules, Target, Value};
use camroll_connector::{bodies, token};

use crate::objects::{self, path};
use crate::parts::{windows, Upload, ONE_PIECE};
use crate::providers::OTHER;
use crate::settings::Settings;
use crate::wanted::{Stored, Wanted};
use crate::{bucket, lock, providers, put, upload};

camroll_connector::world!(
    "camroll:s3/guest",
    "
    package camroll:s3;
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

struct S3;
export!(S3);

/// The largest file, bytes: what all providers take.
const LARGEST: u64 = 5 << 40;

impl connector::Guest for S3 {
    fn connect(settings: String) -> Result<(), Error> {
        bucket::connect(&settings)
    }

    fn check() -> Result<Account, Error> {
        objects::is_there()?;
        Ok(Account {
            id: None,
            name: bucket::settings()?.bucket.clone(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}

impl destination::Guest for S3 {
    fn probe() -> Result<destination::Identity, Error> {
        let settings = bucket::settings()?;
        objects::is_there()?;
        if settings.lock.is_some() && !settings.provider().object_lock {
            return Err(error(
                ErrorClass::InvalidSetting,
                "s3/no-object-lock",
                "This provider has no Object Lock: leave `lock` out.",
            ));
        }
        lock::is_on()?;
        let needs = |from, digests: &[&str], window| destination::Needs {
            from,
            size: true,
            digests: digests.iter().map(|name| (*name).to_owned()).collect(),
            window,
            preview: false,
            attributes: Vec::new(),
        };
        // A large file's ETag is of its parts.
        let of_use = match settings.provider().trailers {
            providers::Trailers::Refused => Vec::new(),
            providers::Trailers::Compared | providers::Trailers::Unsure => vec!["crc32c".to_owned()],
        };
        let of_use = vec![("digests-of-use".to_owned(), Value::Texts(of_use))];
        let large = windows(LARGEST, settings.provider());
        let large = large.into_iter().map(|(from, window)| destination::Needs {
            attributes: of_use.clone(),
            ..needs(from, &[], window)
        });
        let mut traits = vec![
            "set-modified",
            "resume",
            "shows-heic",
            "shows-hevc",
            "shows-raw",
            "shows-motion-photo",
        ];
        if settings.provider().conditions == providers::Conditions::Kept {
            traits.extend(["conditional-create", "conditional-replace"]);
        }
        // A new version over a locked one would hide it.
        traits.push(match lock::is_on_all()? {
            true => "immutable",
            false => "replace",
        });
        Ok(destination::Identity {
            // A bucket's name is one person's only at one provider: the engine keeps an id in it.
            id: None,
            features: destination::Features {
                needs: std::iter::once(needs(0, &["md5"], 0)).chain(large).collect(),
                names: Some(names(&settings)),
                digests: vec!["md5".into()],
                checked_digests: vec!["md5".into(), "crc32c".into()],
                max_size: Some(LARGEST),
                commit_batch: 4,
                traits: traits.into_iter().map(String::from).collect(),
                attributes: Vec::new(),
            },
            free: None,
            total: None,
            attributes: Vec::new(),
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let size = body.size().ok_or_else(|| {
            error(
                ErrorClass::Unexpected,
                "s3/no-size",
                "The size of the file isn't known, and the engine was asked for it.",
            )
        })?;
        if file.replaces.is_some() && bucket::settings()?.lock.is_some() {
            return Err(error(
                ErrorClass::Unsupported,
                "s3/locked",
                "Nothing is put over an object in a bucket with a lock.",
            ));
        }
        let wanted = Wanted {
            path: file.path,
            media_type: file.media_type,
            size,
            modified: file.modified.map(|time| time.seconds),
            asset: file.asset.map(|asset| asset.id),
            replaces: file.replaces,
            key: file.idempotency_key,
            body,
        };
        if size > ONE_PIECE {
            return Ok(destination::Staged::Held(token::write(&upload::parts(
                &wanted,
                file.checkpoint,
            )?)));
        }
        put::put(&wanted).map(stored).map(destination::Staged::Stored)
    }

    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        Ok(items
            .iter()
            .map(|item| upload::complete(&token::read::<Upload>(item)?).map(stored))
            .collect())
    }

    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        Ok(items
            .into_iter()
            .map(|orphan| {
                let known = orphan.held.or(orphan.checkpoint);
                match known.and_then(|token| token::read::<Upload>(&token).ok()?.id) {
                    Some(id) => upload::abort(&orphan.path, &id),
                    None => upload::abort_all(&orphan.path),
                }
            })
            .collect())
    }
}

fn stored(stored: Stored) -> destination::Stored {
    destination::Stored {
        entry: stored.entry,
        checked: stored.checked,
        already_there: false,
        attributes: Vec::new(),
    }
}

/// Keys are any UTF-8 of 1,024 bytes; a part of one is what other tools take for a name.
///
/// Services tell all keys apart. What keeps objects as files of a disk, as one's own server may, does as that disk does.
fn names(settings: &Settings) -> NameRules {
    let prefix = settings.prefix.len();
    NameRules {
        forbidden: "\\".into(),
        forbidden_first: String::new(),
        forbidden_last: String::new(),
        reserved: Vec::new(),
        case_sensitive: settings.provider().id != OTHER,
        unicode: "nfc".into(),
        name_limit: 255,
        path_limit: 1024 - u32::try_from(prefix + 1).unwrap_or(0).min(900),
        limits_in_bytes: true,
        duplicates: false,
        attributes: Vec::new(),
    }
}

impl browsing::Guest for S3 {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let next = next.map(|next| token::read::<String>(&next)).transpose()?;
        let (entries, next) = objects::list(&prefix, next.as_deref())?;
        Ok(browsing::Entries {
            entries,
            next: next.map(|next| token::write(&next)),
        })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        objects::stat(&path(target)?)
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        objects::read(&path(target)?, offset, into)
    }
}

impl editing::Guest for S3 {
    fn remove(expected: Entry, _trash: bool) -> Result<(), Error> {
        objects::remove(&expected)
    }

    fn rename(expected: Entry, to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        objects::rename(&expected, &to)
    }
}

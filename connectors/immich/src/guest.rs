use camroll_connector::bodies;
use camroll_connector::errors::{error, unexpected, unsupported};
use camroll_connector::log;
use camroll_connector::types::{Account, Album, Asset, Entry, Error, ErrorClass, Role, Target, Value};

use crate::answers::{ApiKey, MediaTypes, Storage, User};
use crate::changes::caption;
use crate::entries::entry;
use crate::failures::unsupported_type;
use crate::ids::Id;
use crate::join::Siblings;
use crate::media_types::media_types;
use crate::permissions::granted;
use crate::upload::{is_moving_half, tolerate, Going, Origin};
use crate::wire::{self, session, Session};
use crate::{albums, annotate, browse};

camroll_connector::world!(
    "camroll:immich/guest",
    "
    package camroll:immich;
    world guest {
        include camroll:connector/imports@0.1.0;
        export camroll:connector/connector@0.1.0;
        export camroll:connector/destination@0.1.0;
        export camroll:connector/browsing@0.1.0;
        export camroll:connector/editing@0.1.0;
        export camroll:connector/annotating@0.1.0;
        export camroll:connector/albums@0.1.0;
    }
    "
);

use exports::camroll::connector::{albums as album_calls, annotating, browsing, connector, destination, editing};

struct Immich;
export!(Immich);

impl connector::Guest for Immich {
    fn connect(settings: String) -> Result<(), Error> {
        wire::connect(&settings)
    }

    fn check() -> Result<Account, Error> {
        let session = session()?;
        let version = session.version()?;
        let user = session.user_now()?;
        let mut attributes = vec![("server".to_owned(), Value::Text(format!("Immich {version}")))];
        for (name, bytes) in [
            ("quota-used", user.quota_usage_in_bytes),
            ("quota-total", user.quota_size_in_bytes),
        ] {
            attributes
                .extend(bytes.and_then(|bytes| Some((name.to_owned(), Value::Integer(i64::try_from(bytes).ok()?)))));
        }
        if version.tells_permissions() {
            let key: ApiKey = session.get("/api-keys/me", "asking what the key may do")?;
            for (permission, what_for) in granted(&key.permissions)?.missing {
                let message = format!("The API key lacks the permission {permission}: {what_for} won't work.");
                log::write(log::Level::Warn, &message, &[]);
            }
        }
        Ok(Account {
            id: Some(user.id.as_str().to_owned()),
            name: name(&user),
            expires: None,
            attributes,
        })
    }
}

fn name(user: &User) -> String {
    match (user.email.is_empty(), user.name.is_empty()) {
        (false, _) => user.email.clone(),
        (true, false) => user.name.clone(),
        (true, true) => user.id.as_str().to_owned(),
    }
}

impl destination::Guest for Immich {
    fn probe() -> Result<destination::Identity, Error> {
        let session = session()?;
        session.version()?;
        let user = session.user_now()?;
        let taken: MediaTypes = session.get("/server/media-types", "asking what the server takes")?;
        let extensions: Vec<String> = taken.image.into_iter().chain(taken.video).collect();
        let (free, total) = space(&session, &user);
        Ok(destination::Identity {
            // A random UUID of the server's: unique in the world by itself.
            id: Some(user.id.as_str().to_owned()),
            features: features(&extensions),
            free,
            total,
            attributes: Vec::new(),
        })
    }

    fn stage(file: destination::File, body: &bodies::Body) -> Result<destination::Staged, Error> {
        let session = session()?;
        let (Some(source), Some(role)) = (&file.asset, file.role) else {
            return Err(unsupported_type(&file.path));
        };
        if matches!(role, Role::Adjustment | Role::Sidecar) {
            return Err(error(
                ErrorClass::Unsupported,
                "immich/not-media",
                "Immich takes pictures and films only, and what is beside them in the same request at best.",
            ));
        }
        if file.replaces.is_some() {
            return Err(unsupported("Immich has no way to give a file other bytes."));
        }
        let size = body.size().ok_or_else(|| {
            unexpected(
                "immich/no-size",
                "The size of the file isn't known, though it was asked for.",
            )
        })?;
        let siblings = siblings(&file.related);
        let going = Going {
            source,
            role,
            name: file.path.rsplit('/').next().unwrap_or(&file.path),
            media_type: &file.media_type,
            modified: file.modified,
            key: &file.idempotency_key,
            live_video: siblings.film_of(role).cloned(),
            body,
            size,
        };
        let (mut asset, origin) = session.bring(&going)?;
        asset = session.join(asset, role, source, &siblings)?;
        if let Some(text) = caption(source).filter(|_| origin == Origin::Brought && !is_moving_half(role)) {
            tolerate(session.caption(&asset, text), "a caption isn't set")?;
        }
        let mut entry = entry(&asset);
        entry.size = entry.size.or(Some(size));
        Ok(destination::Staged::Stored(destination::Stored {
            entry,
            // The server compares nothing that is sent along; it tells its own SHA-1 afterwards.
            checked: Vec::new(),
            already_there: origin == Origin::Found,
            attributes: Vec::new(),
        }))
    }

    /// Nothing is ever held: what was staged is there.
    fn commit(items: Vec<Vec<u8>>) -> Result<Vec<Result<destination::Stored, Error>>, Error> {
        let nothing = |_| {
            Err(error(
                ErrorClass::Expired,
                "immich/nothing-held",
                "Immich shows a file as soon as it has it; nothing waits to be shown.",
            ))
        };
        Ok(items.into_iter().map(nothing).collect())
    }

    /// An upload that was cut off leaves nothing.
    fn abort(items: Vec<destination::Orphan>) -> Result<Vec<Result<(), Error>>, Error> {
        Ok(items.into_iter().map(|_| Ok(())).collect())
    }
}

/// Those that the server can know: an id that is none is nobody's.
fn siblings(related: &[destination::Related]) -> Siblings {
    let with_id = |one: &destination::Related| Some((one.role, Id::parse(one.target.id.as_deref()?)?));
    Siblings(related.iter().filter_map(with_id).collect())
}

/// What is left of the quota, or of the disk where the user has none and the key may ask.
fn space(session: &Session, user: &User) -> (Option<u64>, Option<u64>) {
    if let Some(total) = user.quota_size_in_bytes {
        let used = user.quota_usage_in_bytes.unwrap_or(0);
        return (Some(total.saturating_sub(used)), Some(total));
    }
    match session.get::<Storage>("/server/storage", "asking for the disk's space") {
        Ok(disk) => (Some(disk.disk_available_raw), Some(disk.disk_size_raw)),
        Err(_) => (None, None),
    }
}

fn features(extensions: &[String]) -> destination::Features {
    let traits = [
        "dedupes",
        "pairs-video-first",
        "shows-heic",
        "shows-hevc",
        "shows-raw",
        "shows-motion-photo",
        "sidecar-with-file",
        "takes-only-media",
        "trash",
    ];
    destination::Features {
        needs: vec![destination::Needs {
            from: 0,
            size: true,
            digests: vec!["sha1".into()],
            window: 0,
            preview: false,
            attributes: Vec::new(),
        }],
        names: None,
        digests: vec!["sha1".into()],
        checked_digests: Vec::new(),
        max_size: None,
        commit_batch: 1,
        traits: traits.into_iter().map(Into::into).collect(),
        attributes: vec![("media-types".into(), Value::Texts(media_types(extensions)))],
    }
}

impl browsing::Guest for Immich {
    fn list(prefix: String, next: Option<Vec<u8>>) -> Result<browsing::Entries, Error> {
        let (entries, next) = browse::list(&*session()?, &prefix, next)?;
        Ok(browsing::Entries { entries, next })
    }

    fn stat(target: Target) -> Result<Option<Entry>, Error> {
        // What was never brought by id isn't there: the engine's own files among it.
        let Some(id) = target.id.as_deref().and_then(Id::parse) else {
            return Ok(None);
        };
        Ok(session()?.asset(&id)?.as_ref().map(entry))
    }

    fn read(target: Target, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        browse::read(&*session()?, &id(&target)?, offset, into)
    }
}

impl editing::Guest for Immich {
    fn remove(expected: Entry, trash: bool) -> Result<(), Error> {
        let (session, id) = (session()?, id(&expected.target)?);
        annotate::expected(&session, &id, &expected, "removing")?;
        session.remove(&id, !trash)
    }

    fn rename(_expected: Entry, _to: String, _folder: Option<Target>) -> Result<Entry, Error> {
        Err(unsupported("Immich has no way to give a file another name."))
    }
}

impl annotating::Guest for Immich {
    fn annotate(expected: Entry, asset: Asset) -> Result<Entry, Error> {
        annotate::annotate(&*session()?, &id(&expected.target)?, &expected, &asset)
    }
}

impl album_calls::Guest for Immich {
    fn ensure(album: Album, _parent: Option<String>, known: Option<String>) -> Result<String, Error> {
        let id = albums::ensure(&*session()?, &album, known.as_deref())?;
        Ok(id.as_str().to_owned())
    }

    fn set_members(album: String, add: Vec<Target>, remove: Vec<Target>) -> Result<Vec<Result<(), Error>>, Error> {
        let album = Id::parse(&album).ok_or_else(no_id)?;
        let ids = |targets: &[Target]| targets.iter().map(id).collect::<Result<Vec<_>, _>>();
        albums::set_members(&*session()?, &album, &ids(&add)?, &ids(&remove)?)
    }
}

/// The id that a target has.
fn id(target: &Target) -> Result<Id, Error> {
    target.id.as_deref().and_then(Id::parse).ok_or_else(no_id)
}

fn no_id() -> Error {
    error(
        ErrorClass::Unsupported,
        "immich/no-id",
        "What is at Immich is found by its id, a UUID.",
    )
}

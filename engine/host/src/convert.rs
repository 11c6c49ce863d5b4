//! Between the interface's types and the engine's. What a connector answers is checked here for shape and size; what is merely wrong (a lie about a
//! photo) can't be seen here.

use camroll_model as model;
use camroll_model::{Algorithm, ConnectorError, ErrorClass};

use crate::bindings::camroll::connector::types as wit;
use crate::bindings::exports::camroll::connector::{authentication, browsing, destination, source};

/// Most changes of a page, and most entries of a listing's page.
const PAGE_LIMIT: usize = 1000;
/// Most attributes, keys, traits, resources of one thing.
const LIST_LIMIT: usize = 1000;
/// Bytes of cursors, held tokens, steps, locators.
const TOKEN_LIMIT: usize = 64 << 10;
/// Bytes of a resource's pointer.
const POINTER_LIMIT: usize = 1 << 10;
/// Bytes of ids, names, versions.
const NAME_LIMIT: usize = 4 << 10;
/// Bytes of an error's message, after which it is cut.
const MESSAGE_LIMIT: usize = 2 << 10;
const CODE_LIMIT: usize = 80;
/// Most details of an error that are kept.
const DETAILS_LIMIT: usize = 16;

/// What the checks give.
pub(crate) type Checked<T> = Result<T, ConnectorError>;

fn bad(what: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "host/bad-answer",
        format!(
            "The connector answered what the interface doesn't allow: {what}. It has a bug; look for a newer version of it."
        ),
    )
}

/// An answer to several questions must be as many answers.
pub(crate) fn as_many<T>(call: &str, asked: usize, answers: Vec<T>) -> Checked<Vec<T>> {
    if answers.len() == asked {
        Ok(answers)
    } else {
        Err(bad(&format!(
            "{} results of `{call}` where {asked} were asked for",
            answers.len()
        )))
    }
}

fn text(what: &str, text: String, limit: usize) -> Checked<String> {
    if text.len() > limit {
        Err(bad(&format!(
            "{what} of {} bytes, where {limit} are allowed",
            text.len()
        )))
    } else {
        Ok(text)
    }
}

fn name(what: &str, written: String) -> Checked<String> {
    text(what, written, NAME_LIMIT)
}

fn id(what: &str, written: String) -> Checked<String> {
    if written.is_empty() {
        Err(bad(&format!("{what} that is empty")))
    } else {
        name(what, written)
    }
}

fn token(what: &str, bytes: Vec<u8>) -> Checked<Vec<u8>> {
    bytes_of(what, bytes, TOKEN_LIMIT)
}

fn bytes_of(what: &str, bytes: Vec<u8>, limit: usize) -> Checked<Vec<u8>> {
    if bytes.len() > limit {
        Err(bad(&format!(
            "{what} of {} bytes, where {limit} are allowed",
            bytes.len()
        )))
    } else {
        Ok(bytes)
    }
}

fn few<T>(what: &str, list: Vec<T>, limit: usize) -> Checked<Vec<T>> {
    if list.len() > limit {
        Err(bad(&format!("{} {what}, where {limit} are allowed", list.len())))
    } else {
        Ok(list)
    }
}

fn names(what: &str, list: Vec<String>) -> Checked<Vec<String>> {
    few(what, list, LIST_LIMIT)?
        .into_iter()
        .map(|each| name(what, each))
        .collect()
}

pub(crate) fn instant(time: wit::Instant) -> Checked<model::Instant> {
    if time.nanoseconds >= 1_000_000_000 {
        return Err(bad("a time with more than a second of nanoseconds"));
    }
    Ok(model::Instant {
        seconds: time.seconds,
        nanoseconds: time.nanoseconds,
    })
}

pub(crate) fn instant_out(time: model::Instant) -> wit::Instant {
    wit::Instant {
        seconds: time.seconds,
        nanoseconds: time.nanoseconds,
    }
}

/// A connector's own error. It is cut to size rather than refused: hiding it would help nobody.
pub(crate) fn error(error: wit::Error) -> ConnectorError {
    let code: String = error
        .code
        .chars()
        .take(CODE_LIMIT)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect();
    let details = error
        .details
        .into_iter()
        .take(DETAILS_LIMIT)
        .map(|(key, value)| (cut(key), cut(value)))
        .collect();
    ConnectorError {
        class: class(error.class),
        code: if code.is_empty() {
            "connector/unnamed".to_owned()
        } else {
            code
        },
        message: cut(error.message),
        retry_after: error.retry_after,
        details,
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MESSAGE_LIMIT {
        text.truncate(text.floor_char_boundary(MESSAGE_LIMIT));
        text.push('…');
    }
    if text.chars().any(char::is_control) {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    } else {
        text
    }
}

pub(crate) fn error_out(error: ConnectorError) -> wit::Error {
    wit::Error {
        class: class_out(error.class),
        code: error.code,
        message: error.message,
        retry_after: error.retry_after,
        details: error.details,
    }
}

macro_rules! same_variants {
    ($in:ident, $out:ident, $wit:path, $model:path, [$($variant:ident),* $(,)?]) => {
        fn $in(word: $wit) -> $model {
            use $model as Model;
            use $wit as Wit;
            match word { $(Wit::$variant => Model::$variant),* }
        }

        fn $out(word: $model) -> $wit {
            use $model as Model;
            use $wit as Wit;
            match word { $(Model::$variant => Wit::$variant),* }
        }
    };
}

same_variants!(
    class,
    class_out,
    wit::ErrorClass,
    ErrorClass,
    [
        Transient,
        RateLimited,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        Conflict,
        Quota,
        Unsupported,
        InvalidSetting,
        Corrupt,
        Expired,
        Cancelled,
        Unexpected,
    ]
);
same_variants!(kind, kind_out, wit::AssetKind, model::AssetKind, [Photo, Video, Other]);
same_variants!(
    role,
    role_out,
    wit::Role,
    model::Role,
    [
        Original,
        PairedVideo,
        Alternate,
        Edited,
        EditedPairedVideo,
        Adjustment,
        Sidecar,
        Preview,
        Rendition,
        Other,
    ]
);

fn departure(word: source::Departure) -> model::Departure {
    match word {
        source::Departure::Trashed => model::Departure::Trashed,
        source::Departure::Expunged => model::Departure::Expunged,
        source::Departure::Moved => model::Departure::Moved,
        source::Departure::Unknown => model::Departure::Unknown,
    }
}

fn attributes(list: wit::Attributes) -> Checked<model::Attributes> {
    few("attributes", list, LIST_LIMIT)?
        .into_iter()
        .map(|(key, value)| {
            let value = match value {
                wit::Value::Text(text) => model::Value::Text(text),
                wit::Value::Texts(texts) => model::Value::Texts(texts),
                wit::Value::Integer(number) => model::Value::Integer(number),
                wit::Value::Real(number) => model::Value::Real(number),
                wit::Value::Flag(flag) => model::Value::Flag(flag),
                wit::Value::Time(time) => model::Value::Time(instant(time)?),
                wit::Value::Bytes(bytes) => model::Value::Bytes(bytes),
            };
            Ok((id("an attribute's name", key)?, value))
        })
        .collect()
}

fn attributes_out(list: model::Attributes) -> wit::Attributes {
    list.into_iter()
        .map(|(key, value)| {
            let value = match value {
                model::Value::Text(text) => wit::Value::Text(text),
                model::Value::Texts(texts) => wit::Value::Texts(texts),
                model::Value::Integer(number) => wit::Value::Integer(number),
                model::Value::Real(number) => wit::Value::Real(number),
                model::Value::Flag(flag) => wit::Value::Flag(flag),
                model::Value::Time(time) => wit::Value::Time(instant_out(time)),
                model::Value::Bytes(bytes) => wit::Value::Bytes(bytes),
            };
            (key, value)
        })
        .collect()
}

/// Digests that the engine can compute. One of the wrong length is an error and not left out: leaving it out would leave the check out.
fn digests(list: Vec<wit::Digest>) -> Checked<Vec<model::Digest>> {
    let mut known = Vec::new();
    for digest in few("digests", list, LIST_LIMIT)? {
        let Some(algorithm) = Algorithm::from_name(&digest.algorithm) else {
            continue;
        };
        let length = match algorithm {
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::ApplePhotos => 21,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            _ => continue,
        };
        if digest.value.len() != length {
            return Err(bad(&format!("a {} of {} bytes", algorithm.name(), digest.value.len())));
        }
        known.push(model::Digest {
            algorithm,
            value: digest.value,
        });
    }
    Ok(known)
}

fn digests_out(list: Vec<model::Digest>) -> Vec<wit::Digest> {
    list.into_iter()
        .map(|digest| wit::Digest {
            algorithm: digest.algorithm.name().to_owned(),
            value: digest.value,
        })
        .collect()
}

fn resource(resource: wit::AssetResource) -> Checked<model::Resource> {
    Ok(model::Resource {
        id: model::ResourceId(id("a resource's id", resource.id)?),
        role: role(resource.role),
        version: name("a resource's version", resource.version)?,
        name: resource
            .name
            .map(|written| name("a file's name", written))
            .transpose()?,
        media_type: name("a media type", resource.media_type)?,
        size: resource.size,
        digests: digests(resource.digests)?,
        available: resource.available,
        pointer: bytes_of("a pointer", resource.pointer, POINTER_LIMIT)?,
        attributes: attributes(resource.attributes)?,
    })
}

fn resource_out(resource: model::Resource) -> wit::AssetResource {
    wit::AssetResource {
        id: resource.id.0,
        role: role_out(resource.role),
        version: resource.version,
        name: resource.name,
        media_type: resource.media_type,
        size: resource.size,
        digests: digests_out(resource.digests),
        available: resource.available,
        pointer: resource.pointer,
        attributes: attributes_out(resource.attributes),
    }
}

fn asset(asset: wit::Asset) -> Checked<model::Asset> {
    Ok(model::Asset {
        id: model::AssetId(id("an asset's id", asset.id)?),
        keys: names("an asset's keys", asset.keys)?,
        version: name("an asset's version", asset.version)?,
        kind: kind(asset.kind),
        traits: names("traits", asset.traits)?,
        name: asset.name.map(|written| name("a file's name", written)).transpose()?,
        taken: asset.taken.map(instant).transpose()?,
        taken_offset: asset.taken_offset,
        added: asset.added.map(instant).transpose()?,
        favorite: asset.favorite,
        hidden: asset.hidden,
        resources: few("resources", asset.resources, LIST_LIMIT)?
            .into_iter()
            .map(resource)
            .collect::<Checked<_>>()?,
        attributes: attributes(asset.attributes)?,
    })
}

fn asset_out(asset: model::Asset) -> wit::Asset {
    wit::Asset {
        id: asset.id.0,
        keys: asset.keys,
        version: asset.version,
        kind: kind_out(asset.kind),
        traits: asset.traits,
        name: asset.name,
        taken: asset.taken.map(instant_out),
        taken_offset: asset.taken_offset,
        added: asset.added.map(instant_out),
        favorite: asset.favorite,
        hidden: asset.hidden,
        resources: asset.resources.into_iter().map(resource_out).collect(),
        attributes: attributes_out(asset.attributes),
    }
}

pub(crate) fn account(account: wit::Account) -> Checked<model::Account> {
    Ok(model::Account {
        id: account.id.map(|written| id("an account's id", written)).transpose()?,
        name: name("an account's name", account.name)?,
        expires: account.expires.map(instant).transpose()?,
        attributes: attributes(account.attributes)?,
    })
}

pub(crate) fn question(question: authentication::Question) -> Checked<crate::connection::Question> {
    Ok(crate::connection::Question {
        kind: id("a question's kind", question.kind)?,
        text: cut(question.text),
        choices: few("choices", question.choices, LIST_LIMIT)?
            .into_iter()
            .map(|choice| (choice.id, cut(choice.label)))
            .collect(),
        step: token("a step", question.step)?,
        expires: question.expires.map(instant).transpose()?,
        attributes: attributes(question.attributes)?,
    })
}

pub(crate) fn libraries(list: Vec<source::Library>) -> Checked<Vec<model::Library>> {
    few("libraries", list, LIST_LIMIT)?
        .into_iter()
        .map(|library| {
            Ok(model::Library {
                id: model::LibraryId(id("a library's id", library.id)?),
                name: name("a library's name", library.name)?,
                kind: name("a library's kind", library.kind)?,
                count: library.count,
                attributes: attributes(library.attributes)?,
            })
        })
        .collect()
}

fn member(member: source::Member) -> Checked<model::Member> {
    Ok(model::Member {
        album: id("an album's id", member.album)?,
        asset: model::AssetId(id("an asset's id", member.asset)?),
        attributes: attributes(member.attributes)?,
    })
}

pub(crate) fn change(change: source::Change) -> Checked<model::Change> {
    Ok(match change {
        source::Change::Asset(it) => model::Change::Asset(Box::new(asset(it)?)),
        source::Change::Tombstone(it) => model::Change::Tombstone {
            key: id("a tombstone's key", it.key)?,
            departure: departure(it.departure),
        },
        source::Change::Touched(it) => model::Change::Touched {
            key: id("a touched key", it.key)?,
            version: it.version.map(|written| name("a version", written)).transpose()?,
        },
        source::Change::Album(it) => model::Change::Album(model::Album {
            id: id("an album's id", it.id)?,
            name: name("an album's name", it.name)?,
            parent: it.parent.map(|written| id("an album's parent", written)).transpose()?,
            traits: names("traits", it.traits)?,
            attributes: attributes(it.attributes)?,
        }),
        source::Change::Member(it) => model::Change::Member(member(it)?),
        source::Change::MemberGone(it) => model::Change::MemberGone(member(it)?),
        source::Change::Unread(it) => model::Change::Unread {
            what: cut(it.what),
            error: error(it.error),
        },
        source::Change::SnapshotBegin => model::Change::SnapshotBegin,
        source::Change::SnapshotEnd => model::Change::SnapshotEnd,
    })
}

pub(crate) fn page(page: source::Page) -> Checked<model::Page> {
    Ok(model::Page {
        changes: few("changes in a page", page.changes, PAGE_LIMIT)?
            .into_iter()
            .map(change)
            .collect::<Checked<_>>()?,
        cursor: token("a cursor", page.cursor)?,
        more: page.more,
        done: page.done,
        total: page.total,
    })
}

pub(crate) fn reference_out(reference: model::ResourceRef) -> source::ResourceRef {
    source::ResourceRef {
        asset: reference.asset.0,
        resource: reference.resource.0,
        version: reference.version,
        pointer: reference.pointer,
    }
}

pub(crate) fn located(located: source::Located) -> Checked<model::Located> {
    Ok(model::Located {
        locator: token("a locator", located.locator)?,
        expires: located.expires.map(instant).transpose()?,
        version: name("a version", located.version)?,
        size: located.size,
        digests: digests(located.digests)?,
        attributes: attributes(located.attributes)?,
    })
}

fn target(target: wit::Target) -> Checked<model::Target> {
    Ok(model::Target {
        path: target.path.map(|written| name("a path", written)).transpose()?,
        id: target.id.map(|written| id("a target's id", written)).transpose()?,
    })
}

pub(crate) fn target_out(target: model::Target) -> wit::Target {
    wit::Target {
        path: target.path,
        id: target.id,
    }
}

pub(crate) fn entry(entry: wit::Entry) -> Checked<model::Entry> {
    Ok(model::Entry {
        target: target(entry.target)?,
        folder: entry.folder,
        size: entry.size,
        modified: entry.modified.map(instant).transpose()?,
        version: entry
            .version
            .map(|written| name("an entry's version", written))
            .transpose()?,
        digests: digests(entry.digests)?,
        attributes: attributes(entry.attributes)?,
    })
}

pub(crate) fn entry_out(entry: model::Entry) -> wit::Entry {
    wit::Entry {
        target: target_out(entry.target),
        folder: entry.folder,
        size: entry.size,
        modified: entry.modified.map(instant_out),
        version: entry.version,
        digests: digests_out(entry.digests),
        attributes: attributes_out(entry.attributes),
    }
}

fn name_rules(rules: wit::NameRules) -> Checked<model::NameRules> {
    Ok(model::NameRules {
        forbidden: name("name rules", rules.forbidden)?,
        forbidden_first: name("name rules", rules.forbidden_first)?,
        forbidden_last: name("name rules", rules.forbidden_last)?,
        reserved: names("reserved names", rules.reserved)?,
        case_sensitive: rules.case_sensitive,
        unicode: match rules.unicode.as_str() {
            "nfc" => model::UnicodeForm::Nfc,
            "nfd" => model::UnicodeForm::Nfd,
            "keep" => model::UnicodeForm::Keep,
            _ => return Err(bad("a form of Unicode that is none of nfc, nfd, keep")),
        },
        name_limit: rules.name_limit,
        path_limit: rules.path_limit,
        limits_in: if rules.limits_in_bytes {
            model::LimitUnit::Bytes
        } else {
            model::LimitUnit::Utf16
        },
        duplicates: rules.duplicates,
    })
}

pub(crate) fn name_rules_out(rules: model::NameRules) -> wit::NameRules {
    wit::NameRules {
        forbidden: rules.forbidden,
        forbidden_first: rules.forbidden_first,
        forbidden_last: rules.forbidden_last,
        reserved: rules.reserved,
        case_sensitive: rules.case_sensitive,
        unicode: match rules.unicode {
            model::UnicodeForm::Nfc => "nfc",
            model::UnicodeForm::Nfd => "nfd",
            model::UnicodeForm::Keep => "keep",
        }
        .to_owned(),
        name_limit: rules.name_limit,
        path_limit: rules.path_limit,
        limits_in_bytes: rules.limits_in == model::LimitUnit::Bytes,
        duplicates: rules.duplicates,
        attributes: Vec::new(),
    }
}

pub(crate) fn identity(identity: destination::Identity) -> Checked<model::Identity> {
    let features = identity.features;
    let needs = few("needs", features.needs, LIST_LIMIT)?
        .into_iter()
        .map(|needs| {
            Ok(model::Needs {
                from: needs.from,
                size: needs.size,
                digests: names("digests", needs.digests)?,
                window: needs.window,
                preview: needs.preview,
            })
        })
        .collect::<Checked<_>>()?;
    Ok(model::Identity {
        id: identity
            .id
            .map(|written| id("a destination's id", written))
            .transpose()?,
        features: model::Features {
            needs,
            names: features.names.map(name_rules).transpose()?,
            digests: names("digests", features.digests)?,
            checked_digests: names("digests", features.checked_digests)?,
            max_size: features.max_size,
            commit_batch: features.commit_batch.clamp(1, 1000),
            traits: names("traits", features.traits)?,
            attributes: attributes(features.attributes)?,
        },
        free: identity.free,
        total: identity.total,
        attributes: attributes(identity.attributes)?,
    })
}

pub(crate) fn file_out(file: model::StageFile) -> destination::File {
    destination::File {
        asset: file.asset.map(asset_out),
        role: file.role.map(role_out),
        path: file.path,
        folder: None,
        media_type: file.media_type,
        modified: file.modified.map(instant_out),
        related: file
            .related
            .into_iter()
            .map(|related| destination::Related {
                role: role_out(related.role),
                target: target_out(related.target),
            })
            .collect(),
        replaces: file.replaces.map(entry_out),
        idempotency_key: file.idempotency_key,
        checkpoint: file.checkpoint,
        attributes: Vec::new(),
    }
}

pub(crate) fn stored(stored: destination::Stored) -> Checked<model::Stored> {
    Ok(model::Stored {
        entry: entry(stored.entry)?,
        checked: names("digests", stored.checked)?
            .iter()
            .filter_map(|name| Algorithm::from_name(name))
            .collect(),
        already_there: stored.already_there,
    })
}

pub(crate) fn staged(staged: destination::Staged) -> Checked<model::Staged> {
    Ok(match staged {
        destination::Staged::Held(held) => model::Staged::Held(token("what is held", held)?),
        destination::Staged::Stored(it) => model::Staged::Stored(Box::new(stored(it)?)),
    })
}

pub(crate) fn orphan_out(orphan: model::Orphan) -> destination::Orphan {
    destination::Orphan {
        path: orphan.path,
        idempotency_key: orphan.idempotency_key,
        held: orphan.held,
        checkpoint: orphan.checkpoint,
    }
}

pub(crate) fn entries(entries: browsing::Entries) -> Checked<model::Entries> {
    Ok(model::Entries {
        entries: few("entries in a page", entries.entries, PAGE_LIMIT)?
            .into_iter()
            .map(entry)
            .collect::<Checked<_>>()?,
        next: entries.next.map(|next| token("a cursor", next)).transpose()?,
    })
}

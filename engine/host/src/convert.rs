//! Between the interface's types and camroll's own. What a connector says is taken over only in shapes and sizes that make sense.

use camroll_model as model;

use crate::bindings::camroll::connector::types as wit;
use crate::bindings::exports::camroll::connector::{browsing, destination, source};
use crate::redact::redact_to;
use crate::vault::Vault;

/// Longest message of a connector's error that is passed on.
const MESSAGE_LIMIT: usize = 2000;

pub(crate) fn class_in(class: wit::ErrorClass) -> model::ErrorClass {
    match class {
        wit::ErrorClass::Transient => model::ErrorClass::Transient,
        wit::ErrorClass::RateLimited => model::ErrorClass::RateLimited,
        wit::ErrorClass::Unauthenticated => model::ErrorClass::Unauthenticated,
        wit::ErrorClass::PermissionDenied => model::ErrorClass::PermissionDenied,
        wit::ErrorClass::NotFound => model::ErrorClass::NotFound,
        wit::ErrorClass::Conflict => model::ErrorClass::Conflict,
        wit::ErrorClass::Quota => model::ErrorClass::Quota,
        wit::ErrorClass::Unsupported => model::ErrorClass::Unsupported,
        wit::ErrorClass::InvalidSetting => model::ErrorClass::InvalidSetting,
        wit::ErrorClass::Corrupt => model::ErrorClass::Corrupt,
        wit::ErrorClass::Expired => model::ErrorClass::Expired,
        wit::ErrorClass::Cancelled => model::ErrorClass::Cancelled,
        wit::ErrorClass::Unexpected => model::ErrorClass::Unexpected,
    }
}

fn class_out(class: model::ErrorClass) -> wit::ErrorClass {
    match class {
        model::ErrorClass::Transient => wit::ErrorClass::Transient,
        model::ErrorClass::RateLimited => wit::ErrorClass::RateLimited,
        model::ErrorClass::Unauthenticated => wit::ErrorClass::Unauthenticated,
        model::ErrorClass::PermissionDenied => wit::ErrorClass::PermissionDenied,
        model::ErrorClass::NotFound => wit::ErrorClass::NotFound,
        model::ErrorClass::Conflict => wit::ErrorClass::Conflict,
        model::ErrorClass::Quota => wit::ErrorClass::Quota,
        model::ErrorClass::Unsupported => wit::ErrorClass::Unsupported,
        model::ErrorClass::InvalidSetting => wit::ErrorClass::InvalidSetting,
        model::ErrorClass::Corrupt => wit::ErrorClass::Corrupt,
        model::ErrorClass::Expired => wit::ErrorClass::Expired,
        model::ErrorClass::Cancelled => wit::ErrorClass::Cancelled,
        model::ErrorClass::Unexpected => wit::ErrorClass::Unexpected,
    }
}

/// A connector's error, in every text of it without the secrets that its connection knows.
pub(crate) fn error_in(error: wit::Error, vault: &Vault) -> model::ConnectorError {
    model::ConnectorError {
        class: class_in(error.class),
        code: redact_to(vault, &error.code, 100),
        message: redact_to(vault, &error.message, MESSAGE_LIMIT),
        retry_after: error.retry_after,
        details: error
            .details
            .into_iter()
            .take(20)
            .map(|(key, value)| (redact_to(vault, &key, 100), redact_to(vault, &value, 500)))
            .collect(),
    }
}

pub(crate) fn error_out(error: model::ConnectorError) -> wit::Error {
    wit::Error {
        class: class_out(error.class),
        code: error.code,
        message: error.message,
        retry_after: error.retry_after,
        details: error.details,
    }
}

pub(crate) fn instant_in(instant: wit::Instant) -> model::Instant {
    model::Instant {
        seconds: instant.seconds,
        nanoseconds: instant.nanoseconds.min(999_999_999),
    }
}

pub(crate) fn instant_out(instant: model::Instant) -> wit::Instant {
    wit::Instant {
        seconds: instant.seconds,
        nanoseconds: instant.nanoseconds,
    }
}

fn value_in(value: wit::Value) -> model::Value {
    match value {
        wit::Value::Text(text) => model::Value::Text(text),
        wit::Value::Texts(texts) => model::Value::Texts(texts),
        wit::Value::Integer(number) => model::Value::Integer(number),
        wit::Value::Real(number) => model::Value::Real(number),
        wit::Value::Flag(flag) => model::Value::Flag(flag),
        wit::Value::Time(time) => model::Value::Time(instant_in(time)),
        wit::Value::Bytes(bytes) => model::Value::Bytes(bytes),
    }
}

fn value_out(value: model::Value) -> wit::Value {
    match value {
        model::Value::Text(text) => wit::Value::Text(text),
        model::Value::Texts(texts) => wit::Value::Texts(texts),
        model::Value::Integer(number) => wit::Value::Integer(number),
        model::Value::Real(number) => wit::Value::Real(number),
        model::Value::Flag(flag) => wit::Value::Flag(flag),
        model::Value::Time(time) => wit::Value::Time(instant_out(time)),
        model::Value::Bytes(bytes) => wit::Value::Bytes(bytes),
    }
}

pub(crate) fn attributes_in(attributes: wit::Attributes) -> model::Attributes {
    attributes
        .into_iter()
        .map(|(key, value)| (key, value_in(value)))
        .collect()
}

pub(crate) fn attributes_out(attributes: model::Attributes) -> wit::Attributes {
    attributes
        .into_iter()
        .map(|(key, value)| (key, value_out(value)))
        .collect()
}

/// Digests that the host can compute; what it can't, it can't check.
fn digests_in(digests: Vec<wit::Digest>) -> Vec<model::Digest> {
    digests
        .into_iter()
        .filter_map(|digest| {
            Some(model::Digest {
                algorithm: model::Algorithm::from_name(&digest.algorithm)?,
                value: digest.value,
            })
        })
        .collect()
}

fn digests_out(digests: Vec<model::Digest>) -> Vec<wit::Digest> {
    digests
        .into_iter()
        .map(|digest| wit::Digest {
            algorithm: digest.algorithm.name().to_owned(),
            value: digest.value,
        })
        .collect()
}

pub(crate) fn account_in(account: wit::Account) -> model::Account {
    model::Account {
        id: account.id,
        name: account.name,
        expires: account.expires.map(instant_in),
        attributes: attributes_in(account.attributes),
    }
}

fn role_in(role: wit::Role) -> model::Role {
    match role {
        wit::Role::Original => model::Role::Original,
        wit::Role::PairedVideo => model::Role::PairedVideo,
        wit::Role::Alternate => model::Role::Alternate,
        wit::Role::Edited => model::Role::Edited,
        wit::Role::EditedPairedVideo => model::Role::EditedPairedVideo,
        wit::Role::Adjustment => model::Role::Adjustment,
        wit::Role::Sidecar => model::Role::Sidecar,
        wit::Role::Preview => model::Role::Preview,
        wit::Role::Rendition => model::Role::Rendition,
        wit::Role::Other => model::Role::Other,
    }
}

fn role_out(role: model::Role) -> wit::Role {
    match role {
        model::Role::Original => wit::Role::Original,
        model::Role::PairedVideo => wit::Role::PairedVideo,
        model::Role::Alternate => wit::Role::Alternate,
        model::Role::Edited => wit::Role::Edited,
        model::Role::EditedPairedVideo => wit::Role::EditedPairedVideo,
        model::Role::Adjustment => wit::Role::Adjustment,
        model::Role::Sidecar => wit::Role::Sidecar,
        model::Role::Preview => wit::Role::Preview,
        model::Role::Rendition => wit::Role::Rendition,
        model::Role::Other => wit::Role::Other,
    }
}

fn asset_in(asset: wit::Asset) -> model::Asset {
    model::Asset {
        id: model::AssetId(asset.id),
        keys: asset.keys,
        version: asset.version,
        kind: match asset.kind {
            wit::AssetKind::Photo => model::AssetKind::Photo,
            wit::AssetKind::Video => model::AssetKind::Video,
            wit::AssetKind::Other => model::AssetKind::Other,
        },
        traits: asset.traits,
        name: asset.name,
        taken: asset.taken.map(instant_in),
        taken_offset: asset.taken_offset,
        added: asset.added.map(instant_in),
        favorite: asset.favorite,
        hidden: asset.hidden,
        resources: asset
            .resources
            .into_iter()
            .map(|resource| model::Resource {
                id: model::ResourceId(resource.id),
                role: role_in(resource.role),
                version: resource.version,
                name: resource.name,
                media_type: resource.media_type,
                size: resource.size,
                digests: digests_in(resource.digests),
                available: resource.available,
                pointer: resource.pointer,
                attributes: attributes_in(resource.attributes),
            })
            .collect(),
        attributes: attributes_in(asset.attributes),
    }
}

pub(crate) fn asset_out(asset: model::Asset) -> wit::Asset {
    wit::Asset {
        id: asset.id.0,
        keys: asset.keys,
        version: asset.version,
        kind: match asset.kind {
            model::AssetKind::Photo => wit::AssetKind::Photo,
            model::AssetKind::Video => wit::AssetKind::Video,
            model::AssetKind::Other => wit::AssetKind::Other,
        },
        traits: asset.traits,
        name: asset.name,
        taken: asset.taken.map(instant_out),
        taken_offset: asset.taken_offset,
        added: asset.added.map(instant_out),
        favorite: asset.favorite,
        hidden: asset.hidden,
        resources: asset
            .resources
            .into_iter()
            .map(|resource| wit::AssetResource {
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
            })
            .collect(),
        attributes: attributes_out(asset.attributes),
    }
}

pub(crate) fn album_out(album: model::Album) -> wit::Album {
    wit::Album {
        id: album.id,
        name: album.name,
        parent: album.parent,
        traits: album.traits,
        attributes: attributes_out(album.attributes),
    }
}

pub(crate) fn library_in(library: source::Library) -> model::Library {
    model::Library {
        id: model::LibraryId(library.id),
        name: library.name,
        kind: library.kind,
        count: library.count,
        attributes: attributes_in(library.attributes),
    }
}

fn member_in(member: source::Member) -> model::Member {
    model::Member {
        album: member.album,
        asset: model::AssetId(member.asset),
        attributes: attributes_in(member.attributes),
    }
}

pub(crate) fn change_in(change: source::Change, vault: &Vault) -> model::Change {
    match change {
        source::Change::Asset(asset) => model::Change::Asset(Box::new(asset_in(asset))),
        source::Change::Tombstone(tombstone) => model::Change::Tombstone {
            key: tombstone.key,
            departure: match tombstone.departure {
                source::Departure::Trashed => model::Departure::Trashed,
                source::Departure::Expunged => model::Departure::Expunged,
                source::Departure::Moved => model::Departure::Moved,
                source::Departure::Unknown => model::Departure::Unknown,
            },
        },
        source::Change::Touched(touched) => model::Change::Touched {
            key: touched.key,
            version: touched.version,
        },
        source::Change::Album(album) => model::Change::Album(model::Album {
            id: album.id,
            name: album.name,
            parent: album.parent,
            traits: album.traits,
            attributes: attributes_in(album.attributes),
        }),
        source::Change::Member(member) => model::Change::Member(member_in(member)),
        source::Change::MemberGone(member) => model::Change::MemberGone(member_in(member)),
        source::Change::Unread(unread) => model::Change::Unread {
            what: unread.what,
            error: error_in(unread.error, vault),
        },
        source::Change::SnapshotBegin => model::Change::SnapshotBegin,
        source::Change::SnapshotEnd => model::Change::SnapshotEnd,
    }
}

pub(crate) fn located_in(located: source::Located) -> model::Located {
    model::Located {
        locator: located.locator,
        expires: located.expires.map(instant_in),
        version: located.version,
        size: located.size,
        digests: digests_in(located.digests),
        attributes: attributes_in(located.attributes),
    }
}

pub(crate) fn target_in(target: wit::Target) -> model::Target {
    model::Target {
        path: target.path,
        id: target.id,
    }
}

pub(crate) fn target_out(target: model::Target) -> wit::Target {
    wit::Target {
        path: target.path,
        id: target.id,
    }
}

pub(crate) fn entry_in(entry: wit::Entry) -> model::Entry {
    model::Entry {
        target: target_in(entry.target),
        folder: entry.folder,
        size: entry.size,
        modified: entry.modified.map(instant_in),
        version: entry.version,
        digests: digests_in(entry.digests),
        attributes: attributes_in(entry.attributes),
    }
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

pub(crate) fn entries_in(entries: browsing::Entries) -> model::Entries {
    model::Entries {
        entries: entries.entries.into_iter().map(entry_in).collect(),
        next: entries.next,
    }
}

fn rules_in(rules: wit::NameRules) -> model::NameRules {
    model::NameRules {
        forbidden: rules.forbidden,
        forbidden_first: rules.forbidden_first,
        forbidden_last: rules.forbidden_last,
        reserved: rules.reserved,
        case_sensitive: rules.case_sensitive,
        unicode: match rules.unicode.as_str() {
            "nfc" => model::UnicodeForm::Nfc,
            "nfd" => model::UnicodeForm::Nfd,
            _ => model::UnicodeForm::Keep,
        },
        name_limit: rules.name_limit,
        path_limit: rules.path_limit,
        limits_in: if rules.limits_in_bytes {
            model::LimitUnit::Bytes
        } else {
            model::LimitUnit::Utf16
        },
        duplicates: rules.duplicates,
    }
}

pub(crate) fn rules_out(rules: model::NameRules) -> wit::NameRules {
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

pub(crate) fn identity_in(identity: destination::Identity) -> model::Identity {
    let features = identity.features;
    model::Identity {
        id: identity.id,
        features: model::Features {
            needs: features
                .needs
                .into_iter()
                .map(|needs| model::Needs {
                    from: needs.from,
                    size: needs.size,
                    digests: needs.digests,
                    window: needs.window,
                    preview: needs.preview,
                    of_use: needs.attributes.into_iter().find_map(|(name, value)| match value {
                        wit::Value::Texts(names) if name == "digests-of-use" => Some(names),
                        _ => None,
                    }),
                })
                .collect(),
            names: features.names.map(rules_in),
            digests: features.digests,
            checked_digests: features.checked_digests,
            max_size: features.max_size,
            commit_batch: features.commit_batch,
            traits: features.traits,
            attributes: attributes_in(features.attributes),
        },
        free: identity.free,
        total: identity.total,
        attributes: attributes_in(identity.attributes),
    }
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

pub(crate) fn stored_in(stored: destination::Stored) -> model::Stored {
    model::Stored {
        entry: entry_in(stored.entry),
        checked: stored
            .checked
            .iter()
            .filter_map(|name| model::Algorithm::from_name(name))
            .collect(),
        already_there: stored.already_there,
    }
}

pub(crate) fn orphan_out(orphan: model::Orphan) -> destination::Orphan {
    destination::Orphan {
        path: orphan.path,
        idempotency_key: orphan.idempotency_key,
        held: orphan.held,
        checkpoint: orphan.checkpoint,
    }
}

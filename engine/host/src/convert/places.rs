//! What a destination tells and is told.

use camroll_model as model;
use camroll_model::Algorithm;

use super::assets::asset_out;
use super::bounds::{Checked, LIST_LIMIT, PAGE_LIMIT, bad, few, id, name, names, token};
use super::words::{attributes, attributes_out, digests, digests_out, instant, instant_out, role_out};
use crate::bindings::camroll::connector::types as wit;
use crate::bindings::exports::camroll::connector::{browsing, destination};

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

//! What a source tells: accounts, libraries, changes, where bytes are.

use camroll_model as model;

use super::assets::asset;
use super::bounds::{Checked, LIST_LIMIT, PAGE_LIMIT, few, id, name, names, token};
use super::errors::{cut, error};
use super::words::{attributes, digests, instant};
use crate::bindings::camroll::connector::types as wit;
use crate::bindings::exports::camroll::connector::{authentication, source};

fn departure(word: source::Departure) -> model::Departure {
    match word {
        source::Departure::Trashed => model::Departure::Trashed,
        source::Departure::Expunged => model::Departure::Expunged,
        source::Departure::Moved => model::Departure::Moved,
        source::Departure::Unknown => model::Departure::Unknown,
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

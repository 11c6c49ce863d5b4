//! Names for what has none yet, and other names: nothing that stands there is ever replaced unless that very version was to be.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::random;
use camroll_connector::types::{Error, ErrorClass};

use crate::failures::conflict;
use crate::folders;
use crate::packets::{kind, open, Attributes, Packet, Reply};
use crate::session::{there, yes, Naming, Session};
use crate::upload::{self, Leftover};
use camroll_connector::paths::{below, draft, parent, STAGING};
use camroll_connector::replacing::Files;

/// What `stage` leaves for `commit`.
/// A file is known again by its version.
pub type Held = camroll_connector::replacing::Held<String>;

impl Files for Session {
    type Seen = Attributes;
    type Replaced = String;

    fn is(seen: &Attributes, replaced: &String) -> bool {
        seen.version() == *replaced
    }

    fn look(&mut self, path: &str) -> Result<Option<Attributes>, Error> {
        let whole = below(&self.root, path);
        Session::look(self, &whole)
    }

    fn size(seen: &Attributes) -> Option<u64> {
        seen.size
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        let (old, new) = (below(&self.root, from), below(&self.root, to));
        let packet = self.packet(kind::RENAME).text(old).text(new);
        self.done(packet, to)
    }

    fn remove(&mut self, path: &str) -> Result<(), Error> {
        let whole = below(&self.root, path);
        let packet = self.packet(kind::REMOVE).text(whole);
        self.done(packet, "a file that was replaced")
    }
}

/// Gives files their names, each or not on its own; what is there then.
pub fn publish(session: &mut Session, items: &[Held]) -> Result<Vec<Result<Attributes, Error>>, Error> {
    let refused = folders::ensure_all(session, items.iter().filter_map(|held| parent(&held.path)))?;
    let naming = naming_of(session)?;
    let mut asked = Vec::new();
    for held in items {
        let (from, to) = places(session, held)?;
        asked.push(session.packet(kind::LSTAT).text(from));
        asked.push(session.packet(kind::LSTAT).text(to));
    }
    let mut found = session.ask_all(asked)?.into_iter();
    let mut results: Vec<Result<(), Error>> = Vec::new();
    for held in items {
        let (Some(from), Some(to)) = (found.next(), found.next()) else {
            return Err(unexpected("sftp/garbled", "An answer is missing."));
        };
        if let Err(why) = refused.of(parent(&held.path).unwrap_or_default()) {
            results.push(Err(why));
            continue;
        }
        let (mut from, mut to) = (there(from, &held.path), there(to, &held.path));
        if held.replaces.is_some() && (matches!(from, Ok(None)) || matches!(to, Ok(None))) {
            let mended = held.mend(session);
            let places = places(session, held)?;
            from = mended.and_then(|()| session.look(&places.0));
            to = session.look(&places.1);
        }
        results.push(may_take_place(held, from, to));
    }
    let (mut asked, mut naming_now) = (Vec::new(), Vec::new());
    for (held, result) in items.iter().zip(&mut results) {
        if result.is_ok() {
            match name(session, naming, held) {
                Ok(Some(packet)) => {
                    asked.push(packet);
                    naming_now.push((held, result));
                }
                Ok(None) => {}
                Err(failed) => *result = Err(failed),
            }
        }
    }
    for ((held, result), reply) in naming_now.into_iter().zip(session.ask_all(asked)?) {
        *result = yes(reply, &held.path);
    }
    looked_at(session, items, results)
}

fn places(session: &Session, held: &Held) -> Result<(String, String), Error> {
    Ok((
        below(&session.root, &draft(&held.key)?),
        below(&session.root, &held.path),
    ))
}

fn may_take_place(
    held: &Held,
    from: Result<Option<Attributes>, Error>,
    to: Result<Option<Attributes>, Error>,
) -> Result<(), Error> {
    match from? {
        Some(draft) if draft.size == Some(held.size) => {}
        _ => {
            return Err(error(
                ErrorClass::Expired,
                "sftp/not-held",
                "Nothing is held under that mark any more.",
            ))
        }
    }
    match (to?, &held.replaces) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(conflict(&held.path, "something is there already")),
        (None, Some(_)) => Err(conflict(&held.path, "what was to be replaced isn't there")),
        (Some(found), Some(expected)) if found.version() == *expected => Ok(()),
        (Some(_), Some(_)) => Err(conflict(&held.path, "it is another one than was to be replaced")),
    }
}

/// The request that gives a file its name; none where one doesn't do, and it is done.
fn name(session: &mut Session, naming: Naming, held: &Held) -> Result<Option<Packet>, Error> {
    let (from, to) = places(session, held)?;
    Ok(Some(match (&held.replaces, naming) {
        (None, Naming::Link) => link(session, &from, &to),
        (None, Naming::Rename | Naming::Look) => session.packet(kind::RENAME).text(from).text(to),
        (Some(_), _) if session.can("posix-rename@openssh.com") => session
            .packet(kind::EXTENDED)
            .text("posix-rename@openssh.com")
            .text(from)
            .text(to),
        (Some(_), Naming::Link | Naming::Look) => session.packet(kind::RENAME).text(from).text(to),
        (Some(_), Naming::Rename) => {
            held.replacement().replace(session)?;
            return Ok(None);
        }
    }))
}

/// A second name: it never replaces anything. The first one is taken away afterwards.
fn link(session: &mut Session, from: &str, to: &str) -> Packet {
    session
        .packet(kind::EXTENDED)
        .text("hardlink@openssh.com")
        .text(from)
        .text(to)
}

/// What is at the names now. What failed because something came there meanwhile is a conflict.
fn looked_at(
    session: &mut Session,
    items: &[Held],
    results: Vec<Result<(), Error>>,
) -> Result<Vec<Result<Attributes, Error>>, Error> {
    let mut asked = Vec::new();
    for held in items {
        let (_, to) = places(session, held)?;
        asked.push(session.packet(kind::LSTAT).text(to));
    }
    let found = session.ask_all(asked)?;
    // A second name was given: the first one goes.
    let leftovers: Vec<Leftover> = items
        .iter()
        .zip(&results)
        .filter(|(_, result)| result.is_ok())
        .map(|(held, _)| Leftover {
            key: held.key.clone(),
            ended: true,
        })
        .collect();
    if session.naming == Some(Naming::Link) {
        upload::discard(session, &leftovers)?;
    }
    // A folder that was there may be gone.
    if results.iter().any(Result::is_err) {
        session.folders.clear();
    }
    let told = items.iter().zip(results).zip(found);
    Ok(told
        .map(|((held, result), reply)| {
            let now = match (&result, there(reply, &held.path)) {
                (Ok(()), now) => now?,
                (Err(_), now) => now.unwrap_or_default(),
            };
            match (result, now) {
                (Ok(()), Some(now)) if now.size == Some(held.size) => Ok(now),
                (Ok(()), _) => Err(error(
                    ErrorClass::Corrupt,
                    "sftp/not-stored",
                    format!(
                        "{}: the server said yes, and what is there isn't what was sent.",
                        held.path
                    ),
                )),
                (Err(failed), Some(_)) if failed.code == "sftp/failure" && held.replaces.is_none() => {
                    Err(conflict(&held.path, "something is there already"))
                }
                (Err(failed), _) => Err(failed),
            }
        })
        .collect())
}

/// How a name is given that nothing has: tried once on a connection, since servers differ and don't tell.
fn naming_of(session: &mut Session) -> Result<Naming, Error> {
    if let Some(known) = session.naming {
        return Ok(known);
    }
    folders::ensure(session, STAGING)?;
    let mark: String = random::bytes(8).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = |root: &str, name: &str| below(root, &format!("{STAGING}/rename-{mark}-{name}"));
    let [one, other, second] = ["a", "b", "c"].map(|name| path(&session.root, name));
    for path in [&one, &other] {
        let packet = session.packet(kind::OPEN).text(path).u32(open::WRITE | open::CREATE);
        let handle = session.open(packet.no_attributes(), "a temporary file")?;
        let packet = session.packet(kind::CLOSE).text(&handle);
        session.done(packet, "closing")?;
    }
    let packet = session.packet(kind::RENAME).text(&one).text(&other);
    let mut naming = Naming::Rename;
    if matches!(session.ask(packet)?, Reply::Status { code: 0, .. }) {
        naming = Naming::Look;
        // Some say that they know it, and then don't.
        let packet = link(session, &other, &second);
        if session.can("hardlink@openssh.com") && matches!(session.ask(packet)?, Reply::Status { code: 0, .. }) {
            naming = Naming::Link;
        }
    }
    let mut away = Vec::new();
    for path in [&one, &other, &second] {
        away.push(session.packet(kind::REMOVE).text(path));
    }
    session.ask_all(away)?;
    session.naming = Some(naming);
    Ok(naming)
}

/// Renames what is there, in that version, to where nothing is.
pub fn rename(session: &mut Session, from: &str, version: &str, to: &str) -> Result<Attributes, Error> {
    expect(session, from, version)?;
    folders::ensure(session, parent(to).unwrap_or_default())?;
    let naming = naming_of(session)?;
    let (old, new) = (below(&session.root, from), below(&session.root, to));
    if session.look(&new)?.is_some() {
        return Err(conflict(to, "something is there already"));
    }
    let packet = match naming {
        Naming::Link => link(session, &old, &new),
        Naming::Rename | Naming::Look => session.packet(kind::RENAME).text(&old).text(&new),
    };
    session.done(packet, to)?;
    if naming == Naming::Link {
        let packet = session.packet(kind::REMOVE).text(&old);
        session.done(packet, from)?;
    }
    session.look(&new)?.ok_or_else(|| {
        unexpected(
            "sftp/not-stored",
            format!("{to}: the server said yes, and nothing is there."),
        )
    })
}

/// Sees that what is there is what was expected.
pub fn expect(session: &mut Session, path: &str, version: &str) -> Result<Attributes, Error> {
    let whole = below(&session.root, path);
    match session.look(&whole)? {
        Some(found) if found.version() == version => Ok(found),
        Some(_) => Err(conflict(path, "it is another one than was expected")),
        None => Err(error(
            ErrorClass::NotFound,
            "sftp/not-found",
            format!("{path} isn't there."),
        )),
    }
}

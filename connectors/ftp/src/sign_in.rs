//! From a connection to a session: TLS first, then the user, then what the server can, then the folder.

use camroll_connector::errors::error;
use camroll_connector::tcp;
use camroll_connector::types::{Error, ErrorClass};

use crate::commands::current;
use crate::data::Private;
use crate::failures::{garbled, of_reply};
use crate::features::Features;
use crate::replies::Reply;
use crate::session::{Session, Settings, Tls};

/// The port where TLS begins with the first byte, and the ordinary one.
const IMPLICIT: u16 = 990;
const ORDINARY: u16 = 21;

/// Connects and signs in.
pub fn sign_in(settings: &Settings) -> Result<Session, Error> {
    let (security, auth, port) = match settings.tls {
        Tls::Implicit => ("tls", "ftps", IMPLICIT),
        Tls::Explicit | Tls::None => ("plain", "ftp", ORDINARY),
    };
    let control = tcp::connect(&settings.host, settings.port.unwrap_or(port), security, Some(auth))?;
    let mut session = Session::over(control);
    greeted(&mut session)?;
    if settings.tls == Tls::Explicit {
        agree_on_tls(&mut session)?;
    }
    user(&mut session, &settings.user)?;
    if settings.tls != Tls::None {
        protect_data(&mut session)?;
    }
    abilities(&mut session)?;
    find_root(&mut session, settings.path.as_deref())?;
    Ok(session)
}

/// "120 ready in some minutes" may come first.
fn greeted(session: &mut Session) -> Result<(), Error> {
    let reply = session.answer()?;
    match reply.is_yes() {
        true => Ok(()),
        false => Err(of_reply(&reply, "greeting")),
    }
}

/// RFC 4217 §4. Nothing else is said before.
fn agree_on_tls(session: &mut Session) -> Result<(), Error> {
    let reply = session.ask("AUTH TLS")?;
    if reply.code != 234 {
        return Err(error(
            ErrorClass::Unsupported,
            "ftp/no-tls",
            format!(
                "The server doesn't begin TLS when it is asked to ({} {}). If it speaks TLS from the first byte, set tls: implicit. With tls: none, password and pictures are readable for whoever listens on the way.",
                reply.code,
                reply.text()
            ),
        ));
    }
    let agreed = session.control.start_tls();
    session.sound(agreed)
}

fn user(session: &mut Session, user: &str) -> Result<(), Error> {
    let reply = session.ask(&format!("USER {user}"))?;
    if reply.is_yes() {
        return Ok(());
    }
    if reply.code != 331 {
        return Err(refused(&reply));
    }
    let sent = session.control.write_secret("password");
    session.sound(sent)?;
    let reply = session.answer()?;
    match reply.is_yes() {
        true => Ok(()),
        false => Err(refused(&reply)),
    }
}

/// Many servers that want TLS say so with the code for a wrong password.
fn refused(reply: &Reply) -> Error {
    let said = reply.lines.join(" ").to_lowercase();
    let wants_tls = ["encryption", "ssl", "tls", "cleartext"]
        .iter()
        .any(|word| said.contains(word));
    match reply.code {
        400..=599 if wants_tls => error(
            ErrorClass::InvalidSetting,
            "ftp/wants-tls",
            format!(
                "The server lets nobody sign in without TLS: set tls: explicit, or implicit ({} {}).",
                reply.code,
                reply.text()
            ),
        ),
        _ => of_reply(reply, "signing in"),
    }
}

/// RFC 4217 §9: without it the files would go in the clear behind a protected password.
fn protect_data(session: &mut Session) -> Result<(), Error> {
    // Some have no PBSZ of implicit TLS; what counts is the answer to PROT.
    session.ask("PBSZ 0")?;
    let reply = session.ask("PROT P")?;
    if !reply.is_yes() {
        return Err(error(
            ErrorClass::Unsupported,
            "ftp/no-private-data",
            format!(
                "The server protects the sign-in and not the files ({} {}), so nothing is sent there.",
                reply.code,
                reply.text()
            ),
        ));
    }
    session.private = Private::Yes;
    Ok(())
}

fn abilities(session: &mut Session) -> Result<(), Error> {
    let reply = session.ask("FEAT")?;
    session.features = Features::read(&reply);
    if session.features.utf8 {
        // Those that don't take it speak UTF-8 all the same, or they wouldn't offer it.
        session.ask("OPTS UTF8 ON")?;
    }
    if session.features.facts_asked_for {
        session.ask("OPTS MLST type;size;modify;")?;
    }
    // As bytes: in text, line ends would be changed, and SIZE would be refused.
    session.done("TYPE I", "binary transfers").map(drop)
}

fn find_root(session: &mut Session, path: Option<&str>) -> Result<(), Error> {
    if let Some(path) = path {
        enter(session, path, path)?;
    }
    let reply = session.done("PWD", "the folder's path")?;
    session.root = current(reply.text()).ok_or_else(|| garbled("the folder's path"))?;
    // Quotes in it are written in two ways: it is what it should be if it leads to where we are.
    if session.root.contains('"') {
        let root = session.root.clone();
        enter(session, &root, &root)?;
    }
    Ok(())
}

fn enter(session: &mut Session, path: &str, told: &str) -> Result<(), Error> {
    let reply = session.ask(&format!("CWD {path}"))?;
    match reply.code {
        _ if reply.is_yes() => Ok(()),
        550 | 553 | 501 => Err(error(
            ErrorClass::NotFound,
            "ftp/no-folder",
            format!(
                "The server doesn't open the folder {told} ({} {}). camroll doesn't make it: make it yourself, or see that its disk is mounted.",
                reply.code,
                reply.text()
            ),
        )),
        _ => Err(of_reply(&reply, told)),
    }
}

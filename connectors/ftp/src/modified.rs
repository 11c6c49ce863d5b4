//! A file's time: four ways of setting it, of which a server has one or none.

use camroll_connector::log;
use camroll_connector::types::{Error, Instant};

use crate::look::look;
use crate::session::Session;
use crate::times;
use camroll_connector::paths::below;

/// How a server is told a file's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dialect {
    /// "MFMT time path": the only one that FEAT tells of.
    Mfmt,
    /// "MDTM time path": vsftpd, where it is switched on. Others take the time for a part of a name that isn't there.
    Mdtm,
    /// "SITE UTIME path time time time UTC".
    Utime,
    /// "SITE UTIME time path".
    UtimeShort,
    /// Not at all.
    Nothing,
}

impl Dialect {
    fn words(self, path: &str, time: &str) -> Option<String> {
        match self {
            Self::Mfmt => Some(format!("MFMT {time} {path}")),
            Self::Mdtm => Some(format!("MDTM {time} {path}")),
            Self::Utime => Some(format!("SITE UTIME {path} {time} {time} {time} UTC")),
            Self::UtimeShort => Some(format!("SITE UTIME {time} {path}")),
            Self::Nothing => None,
        }
    }
}

/// Sets the time of a file below the root. A server that can't is no failure: what it does is found out with the first file, by looking at what came of it.
pub fn set(session: &mut Session, path: &str, time: Instant) -> Result<(), Error> {
    let Some(text) = times::write(time.seconds) else {
        return Ok(());
    };
    let whole = below(&session.root, path);
    let ways: &[Dialect] = match (session.dialect, session.features.set_modified) {
        (Some(known), _) => &[known],
        (None, true) => &[Dialect::Mfmt],
        (None, false) => &[Dialect::Mdtm, Dialect::Utime, Dialect::UtimeShort],
    };
    for way in ways {
        let Some(words) = way.words(&whole, &text) else {
            return Ok(());
        };
        let reply = session.ask(&words)?;
        if !reply.is_yes() {
            continue;
        }
        let kept = look(session, path)?.and_then(|seen| seen.modified) == Some(time.seconds);
        if session.dialect == Some(*way) || kept {
            session.dialect = Some(*way);
            return Ok(());
        }
    }
    // Before 1970 some can't, who can after it.
    if session.dialect.is_none() && time.seconds >= 0 {
        session.dialect = Some(Dialect::Nothing);
        log::write(
            log::Level::Info,
            "the server doesn't keep the time that a file should have",
            &[],
        );
    }
    Ok(())
}

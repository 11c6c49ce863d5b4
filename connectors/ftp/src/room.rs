//! Whether an upload failed for want of room, which most servers don't say.

use camroll_connector::paths::draft;
use camroll_connector::random;
use camroll_connector::types::Error;

use crate::failures::{full, is_of_the_transfer};
use crate::look::look;
use crate::session::with;
use crate::upload::{discard, store, whole};

/// Bytes that are stored to see whether anything still can be: what the host gives at a time. They don't compress.
const LITTLE: u32 = 65_536;

/// vsftpd, ProFTPD and Pure-FTPd (451) and pyftpdlib (426) say of a full disk what they say of any failure, and leave there what fitted. If a little more can't be stored beside that, and can once that is taken away,
/// there was no room. Whatever else is seen, the failure stays what it was.
pub fn looked_for(failed: Error, key: &str) -> Error {
    match is_of_the_transfer(&failed) && was_full(key).unwrap_or(false) {
        true => full(&failed),
        false => failed,
    }
}

fn was_full(key: &str) -> Result<bool, Error> {
    let path = draft(key)?;
    let arrived = with(|session| look(session, &path))?.and_then(|seen| seen.size);
    if arrived.unwrap_or(0) == 0 || fits()? {
        return Ok(false);
    }
    with(|session| discard(session, key))?;
    fits()
}

/// Each step has a connection of its own if it needs one: a refusal in mid-transfer ends it.
fn fits() -> Result<bool, Error> {
    let bytes = random::bytes(LITTLE);
    let mark: String = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let key = format!("room-{mark}");
    let path = draft(&key)?;
    let stored = with(|session| {
        store(session, &path, 0, |connection| connection.write(&bytes))?;
        whole(session, &path, u64::from(LITTLE))
    });
    with(|session| discard(session, &key))?;
    match stored {
        Ok(()) => Ok(true),
        Err(why) if is_of_the_transfer(&why) || why.code == "ftp/full" => Ok(false),
        Err(why) => Err(why),
    }
}

//! Answers of SMB 2: [MS-SMB2] 2.2. What they are made of comes from a server that may say anything.

use crate::names;
use crate::requests::{command, Handle, HEAD};

/// No answer is longer: what is asked for at a time, and what is around it.
pub const LIMIT: usize = (1 << 20) + (64 << 10);
/// What stands before the bytes of an answer to READ.
pub const BEFORE_DATA: usize = HEAD + 16;

/// What a server says to a request: [MS-ERREF] 2.3.1.
pub mod status {
    pub const OK: u32 = 0;
    pub const PENDING: u32 = 0x0000_0103;
    pub const NO_MORE_FILES: u32 = 0x8000_0006;
    pub const NO_SUCH_FILE: u32 = 0xC000_000F;
    pub const END_OF_FILE: u32 = 0xC000_0011;
    pub const ACCESS_DENIED: u32 = 0xC000_0022;
    pub const OBJECT_NAME_INVALID: u32 = 0xC000_0033;
    pub const OBJECT_NAME_NOT_FOUND: u32 = 0xC000_0034;
    pub const OBJECT_NAME_COLLISION: u32 = 0xC000_0035;
    pub const OBJECT_PATH_NOT_FOUND: u32 = 0xC000_003A;
    pub const SHARING_VIOLATION: u32 = 0xC000_0043;
    pub const QUOTA_EXCEEDED: u32 = 0xC000_0044;
    pub const DELETE_PENDING: u32 = 0xC000_0056;
    pub const DISK_FULL: u32 = 0xC000_007F;
    pub const INSUFFICIENT_RESOURCES: u32 = 0xC000_009A;
    pub const MEDIA_WRITE_PROTECTED: u32 = 0xC000_00A2;
    pub const IO_TIMEOUT: u32 = 0xC000_00B5;
    pub const FILE_IS_A_DIRECTORY: u32 = 0xC000_00BA;
    pub const NOT_SUPPORTED: u32 = 0xC000_00BB;
    pub const NETWORK_NAME_DELETED: u32 = 0xC000_00C9;
    pub const BAD_NETWORK_NAME: u32 = 0xC000_00CC;
    pub const DIRECTORY_NOT_EMPTY: u32 = 0xC000_0101;
    pub const NOT_A_DIRECTORY: u32 = 0xC000_0103;
    pub const NAME_TOO_LONG: u32 = 0xC000_0106;
    pub const CANNOT_DELETE: u32 = 0xC000_0121;
    pub const FILE_CLOSED: u32 = 0xC000_0128;
    pub const USER_SESSION_DELETED: u32 = 0xC000_0203;
    pub const INSUFF_SERVER_RESOURCES: u32 = 0xC000_0205;
    pub const NETWORK_SESSION_EXPIRED: u32 = 0xC000_035C;

    /// The session or the share is gone: only another connection helps.
    pub fn is_gone(status: u32) -> bool {
        matches!(
            status,
            NETWORK_NAME_DELETED | USER_SESSION_DELETED | NETWORK_SESSION_EXPIRED
        )
    }
}

/// It isn't as the protocol has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Malformed> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u16::from_le_bytes(*field)).ok_or(Malformed)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u32::from_le_bytes(*field)).ok_or(Malformed)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, Malformed> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u64::from_le_bytes(*field)).ok_or(Malformed)
}

/// A part of an answer that a place in it names, counted from its head.
fn part(body: &[u8], at: usize, length: usize) -> Result<&[u8], Malformed> {
    let from = at.checked_sub(HEAD).ok_or(Malformed)?;
    let to = from.checked_add(length).ok_or(Malformed)?;
    body.get(from..to).ok_or(Malformed)
}

/// What an answer says before its own words.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub id: u64,
    pub command: u16,
    pub status: u32,
    pub credits: u16,
    pub tree: u32,
    next: usize,
}

impl Head {
    /// Reads it.
    pub fn read(message: &[u8]) -> Result<Self, Malformed> {
        if message.get(..4) != Some(b"\xfeSMB") || u16_at(message, 4)? != 64 {
            return Err(Malformed);
        }
        Ok(Self {
            id: u64_at(message, 24)?,
            command: u16_at(message, 12)?,
            status: u32_at(message, 8)?,
            credits: u16_at(message, 14)?,
            tree: u32_at(message, 36)?,
            next: u32_at(message, 20)? as usize,
        })
    }

    /// The server only says that it is at it; the answer comes later.
    pub fn is_interim(&self) -> bool {
        self.status == status::PENDING
    }

    /// Where an answer to READ has its bytes: so many behind its first ones. None if it is another answer.
    pub fn data(&self, message: &[u8]) -> Option<u32> {
        let is_data = self.command == command::READ && self.status == status::OK && self.next == 0;
        let stands_there = message.get(66).copied() == Some(BEFORE_DATA as u8);
        (is_data && stands_there).then_some(u32_at(message, 68).ok()?)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub head: Head,
    pub body: Vec<u8>,
}

/// The answers of a frame.
pub fn chain(mut frame: &[u8]) -> Result<Vec<Answer>, Malformed> {
    let mut all = Vec::new();
    loop {
        let head = Head::read(frame)?;
        let end = match head.next {
            0 => frame.len(),
            next if next >= HEAD && next < frame.len() => next,
            _ => return Err(Malformed),
        };
        let body = frame.get(HEAD..end).ok_or(Malformed)?.to_vec();
        all.push(Answer { head, body });
        if head.next == 0 {
            return Ok(all);
        }
        frame = frame.get(end..).ok_or(Malformed)?;
    }
}

/// What the server can: its answer to NEGOTIATE.
#[derive(Clone, Copy, Debug)]
pub struct Able {
    pub large: bool,
    pub read: u32,
    pub write: u32,
}

impl Able {
    pub fn read(answer: &Answer) -> Result<Self, Malformed> {
        Ok(Self {
            large: u32_at(&answer.body, 24)? & 4 != 0,
            read: u32_at(&answer.body, 32)?,
            write: u32_at(&answer.body, 36)?,
        })
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    /// A link, a device.
    Other,
}

/// How a file or folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    pub size: u64,
    /// 100 ns since 1601.
    pub modified: u64,
    flags: u32,
}

impl Attributes {
    const FOLDER: u32 = 0x10;
    const DEVICE: u32 = 0x40;
    const LINK: u32 = 0x400;

    pub fn kind(&self) -> Kind {
        match self.flags {
            flags if flags & (Self::LINK | Self::DEVICE) != 0 => Kind::Other,
            flags if flags & Self::FOLDER != 0 => Kind::Folder,
            _ => Kind::File,
        }
    }

    /// Changes when the content may have changed.
    pub fn version(&self) -> String {
        version(self.size, self.modified)
    }

    /// Of an answer to CREATE.
    fn of_create(body: &[u8]) -> Result<Self, Malformed> {
        Ok(Self {
            modified: u64_at(body, 24)?,
            size: u64_at(body, 48)?,
            flags: u32_at(body, 56)?,
        })
    }
}

/// A version by size and time.
pub fn version(size: u64, modified: u64) -> String {
    format!("{size}-{modified}")
}

/// What CREATE opened, and how it is.
pub fn opened(answer: &Answer) -> Result<(Handle, Attributes), Malformed> {
    let handle = answer.body.get(64..).and_then(|rest| rest.first_chunk());
    let handle = Handle(*handle.ok_or(Malformed)?);
    Ok((handle, Attributes::of_create(&answer.body)?))
}

/// An entry of a folder. A name that isn't text has none.
pub struct Named {
    pub name: Option<String>,
    pub attributes: Attributes,
}

/// The entries of an answer to QUERY_DIRECTORY.
pub fn entries(answer: &Answer) -> Result<Vec<Named>, Malformed> {
    let (at, length) = (u16_at(&answer.body, 2)?, u32_at(&answer.body, 4)?);
    let mut rest = part(&answer.body, at.into(), length as usize)?;
    let mut all = Vec::new();
    loop {
        let next = u32_at(rest, 0)? as usize;
        let length = u32_at(rest, 60)? as usize;
        let name = rest.get(64..).and_then(|name| name.get(..length)).ok_or(Malformed)?;
        all.push(Named {
            name: names::text(name),
            attributes: Attributes {
                modified: u64_at(rest, 24)?,
                size: u64_at(rest, 40)?,
                flags: u32_at(rest, 56)?,
            },
        });
        if next == 0 {
            return Ok(all);
        }
        rest = rest.get(next.max(64)..).ok_or(Malformed)?;
    }
}

/// Bytes that are free for the user, and in all: an answer to QUERY_INFO.
pub fn space(answer: &Answer) -> Result<(u64, u64), Malformed> {
    let (at, length) = (u16_at(&answer.body, 2)?, u32_at(&answer.body, 4)?);
    let told = part(&answer.body, at.into(), length as usize)?;
    let unit = u64::from(u32_at(told, 24)?).saturating_mul(u32_at(told, 28)?.into());
    let bytes = |at| u64_at(told, at).map(|units| units.saturating_mul(unit));
    Ok((bytes(8)?, bytes(0)?))
}

/// Bytes that an answer to WRITE says were written.
pub fn written(answer: &Answer) -> Result<u32, Malformed> {
    u32_at(&answer.body, 4)
}

/// Seconds from 1601 to 1970.
const EPOCHS: i64 = 11_644_473_600;
/// Of SMB's time in a second.
const TICKS: i64 = 10_000_000;

/// SMB's time of a time, or the nearest there is.
pub fn filetime(seconds: i64, nanoseconds: u32) -> u64 {
    let ticks = seconds.saturating_add(EPOCHS).saturating_mul(TICKS);
    // Zero would say that it stays as it is.
    u64::try_from(ticks.saturating_add(i64::from(nanoseconds / 100)))
        .unwrap_or(1)
        .max(1)
}

/// The time of SMB's: seconds since 1970 and nanoseconds.
pub fn instant(filetime: u64) -> (i64, u32) {
    let ticks = i64::try_from(filetime).unwrap_or(i64::MAX);
    (ticks / TICKS - EPOCHS, (ticks % TICKS) as u32 * 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::{frame, Place};

    fn answer(body: &[u8]) -> Answer {
        let message = [message(0).as_slice(), body].concat();
        chain(&message).unwrap().remove(0)
    }

    fn message(next: u32) -> Vec<u8> {
        let place = Place {
            id: 1,
            more: 0,
            tree: 0,
        };
        let mut message = frame(&[crate::requests::echo()], &place, 0)[4..4 + HEAD].to_vec();
        message[20..24].copy_from_slice(&next.to_le_bytes());
        message
    }

    #[test]
    fn times_go_there_and_back() {
        for (seconds, nanoseconds) in [(0, 0), (1_700_000_000, 123_456_700), (-1, 0), (-11_644_473_599, 100)] {
            assert_eq!(instant(filetime(seconds, nanoseconds)), (seconds, nanoseconds));
        }
        assert_eq!(filetime(i64::MIN, 0), 1);
        assert_eq!(filetime(-11_644_473_600, 0), 1);
    }

    fn entry(next: u32, name: &[u8]) -> Vec<u8> {
        let mut entry = next.to_le_bytes().to_vec();
        entry.resize(24, 0);
        entry.extend(7_u64.to_le_bytes());
        entry.extend([0; 8]);
        entry.extend(5_u64.to_le_bytes());
        entry.extend([0; 8]);
        entry.extend(0x10_u32.to_le_bytes());
        entry.extend((name.len() as u32).to_le_bytes());
        entry.extend(name);
        entry
    }

    fn listing(entries: &[u8]) -> Answer {
        let mut body = 9_u16.to_le_bytes().to_vec();
        body.extend(72_u16.to_le_bytes());
        body.extend((entries.len() as u32).to_le_bytes());
        body.extend(entries);
        answer(&body)
    }

    #[test]
    fn a_folder_is_read_and_what_is_no_listing_is_refused() {
        let (one, other) = (names::utf16("abcd"), [0x00, 0xd8]);
        let both = [entry(72, &one), entry(0, &other)].concat();
        let read = entries(&listing(&both)).unwrap();
        assert_eq!(read[0].name.as_deref(), Some("abcd"));
        assert_eq!((read[0].attributes.size, read[0].attributes.kind()), (5, Kind::Folder));
        assert_eq!(read[1].name, None);
        for length in 0..both.len() {
            assert!(entries(&listing(&both[..length])).is_err(), "{length}");
        }
        // One that stands in itself doesn't go on for ever.
        assert!(entries(&listing(&entry(1, &one))).is_err());
    }

    #[test]
    fn a_chain_ends() {
        let two = [message(64), message(0)].concat();
        assert_eq!(chain(&two).unwrap().len(), 2);
        for next in [1, 63, 128, u32::MAX] {
            assert!(chain(&[message(next), message(0)].concat()).is_err(), "{next}");
        }
    }

    #[test]
    fn space_is_in_bytes() {
        let mut body = vec![9, 0, 72, 0, 32, 0, 0, 0];
        for number in [1000_u64, 250, 300] {
            body.extend(number.to_le_bytes());
        }
        body.extend(8_u32.to_le_bytes());
        body.extend(512_u32.to_le_bytes());
        assert_eq!(space(&answer(&body)), Ok((250 * 4096, 1000 * 4096)));
        assert!(space(&answer(&body[..30])).is_err());
    }
}

//! A message's head, as far as a session reads and writes it: [MS-SMB2] 2.2.1.

/// Bytes of it.
pub(super) const LENGTH: usize = 64;

const MAGIC: [u8; 4] = *b"\xfeSMB";

/// A message is an answer.
const RESPONSE: u32 = 1;
/// The server goes on with it after this answer.
const ASYNC: u32 = 2;
/// A message has a signature.
const SIGNED: u32 = 8;

pub(super) mod command {
    pub const NEGOTIATE: u16 = 0;
    pub const SESSION_SETUP: u16 = 1;
    pub const TREE_CONNECT: u16 = 3;
    pub const TREE_DISCONNECT: u16 = 4;
    pub const IOCTL: u16 = 11;
    pub const CANCEL: u16 = 12;
}

pub(super) mod status {
    pub const OK: u32 = 0;
    pub const PENDING: u32 = 0x0000_0103;
    pub const MORE_PROCESSING_REQUIRED: u32 = 0xC000_0016;
    pub const USER_SESSION_DELETED: u32 = 0xC000_0203;
    pub const NETWORK_SESSION_EXPIRED: u32 = 0xC000_035C;
}

const CREDIT_CHARGE: usize = 6;
const STATUS: usize = 8;
const COMMAND: usize = 12;
const CREDITS: usize = 14;
const FLAGS: usize = 16;
const NEXT: usize = 20;
const MESSAGE_ID: usize = 24;
const TREE_ID: usize = 36;
const SESSION_ID: usize = 40;
const SIGNATURE: usize = 48;

/// A field, little-endian; none beyond the end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(field.try_into().ok()?))
}

/// The same.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}

/// The same.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(field.try_into().ok()?))
}

/// The head of one message, and what of its fields matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub status: u32,
    pub command: u16,
    pub credits: u16,
    flags: u32,
    /// Where the next message of the same frame begins; 0 at the last.
    next: u32,
    pub message_id: u64,
    pub tree_id: u32,
    pub session_id: u64,
    pub signature: [u8; 16],
}

impl Header {
    /// Reads it; none if it isn't one.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let is_one = message.get(..4)? == MAGIC && u16_at(message, 4)? == 64;
        is_one.then_some(())?;
        Some(Self {
            status: u32_at(message, STATUS)?,
            command: u16_at(message, COMMAND)?,
            credits: u16_at(message, CREDITS)?,
            flags: u32_at(message, FLAGS)?,
            next: u32_at(message, NEXT)?,
            message_id: u64_at(message, MESSAGE_ID)?,
            tree_id: u32_at(message, TREE_ID)?,
            session_id: u64_at(message, SESSION_ID)?,
            signature: message.get(SIGNATURE..LENGTH)?.try_into().ok()?,
        })
    }

    pub(super) fn is_response(&self) -> bool {
        self.flags & RESPONSE != 0
    }

    pub(super) fn is_async(&self) -> bool {
        self.flags & ASYNC != 0
    }

    pub(super) fn is_signed(&self) -> bool {
        self.flags & SIGNED != 0
    }
}

/// A request's first bytes; its body is put behind them.
pub(super) fn request(command: u16, message_id: u64, credits: u16, tree_id: u32, session_id: u64) -> Vec<u8> {
    let mut head = vec![0; LENGTH];
    let mut put = |at: usize, bytes: &[u8]| {
        for (place, byte) in head.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    };
    put(0, &MAGIC);
    put(4, &64_u16.to_le_bytes());
    put(CREDIT_CHARGE, &1_u16.to_le_bytes());
    put(COMMAND, &command.to_le_bytes());
    put(CREDITS, &credits.to_le_bytes());
    put(MESSAGE_ID, &message_id.to_le_bytes());
    put(TREE_ID, &tree_id.to_le_bytes());
    put(SESSION_ID, &session_id.to_le_bytes());
    head
}

fn put(message: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(field) = message.get_mut(at..at + bytes.len()) {
        field.copy_from_slice(bytes);
    }
}

/// Says what session a message is of.
pub(super) fn put_session(message: &mut [u8], id: u64) {
    put(message, SESSION_ID, &id.to_le_bytes());
}

/// Says which message an answer is to, and how many credits there are.
pub(super) fn put_reached(message: &mut [u8], message_id: u64, credits: u16) {
    put(message, MESSAGE_ID, &message_id.to_le_bytes());
    put(message, CREDITS, &credits.to_le_bytes());
}

/// Puts a signature, and says that there is one.
pub(super) fn put_signature(message: &mut [u8], signature: &[u8; 16]) {
    put(message, SIGNATURE, signature);
}

/// Says whether there is a signature; its place is emptied.
pub(super) fn mark(message: &mut [u8], signed: Marked) {
    let Some(flags) = u32_at(message, FLAGS) else { return };
    let flags = match signed {
        Marked::Signed => flags | SIGNED,
        Marked::Unsigned => flags & !SIGNED,
    };
    put(message, FLAGS, &flags.to_le_bytes());
    put(message, SIGNATURE, &[0; 16]);
}

/// Whether a message has a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marked {
    Signed,
    Unsigned,
}

/// Where each message of a frame begins and ends; none if the frame isn't a chain of messages.
pub(super) fn chain(frame: &[u8]) -> Option<Vec<(usize, usize)>> {
    let mut all = Vec::new();
    let mut at = 0;
    loop {
        let header = Header::read(frame.get(at..)?)?;
        let next = header.next as usize;
        if next == 0 {
            all.push((at, frame.len()));
            return Some(all);
        }
        let is_fine = next.is_multiple_of(8) && next >= LENGTH;
        let end = at.checked_add(next).filter(|end| is_fine && *end < frame.len())?;
        all.push((at, end));
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(next: u32, length: usize) -> Vec<u8> {
        let mut message = request(command::IOCTL, 7, 1, 5, 9);
        put(&mut message, NEXT, &next.to_le_bytes());
        message.resize(length, 0);
        message
    }

    #[test]
    fn what_is_written_is_read() {
        let header = Header::read(&message(0, 64)).expect("a head");
        assert_eq!((header.command, header.message_id), (command::IOCTL, 7));
        assert_eq!((header.tree_id, header.session_id, header.credits), (5, 9, 1));
        assert!(!header.is_signed() && !header.is_response() && !header.is_async());
    }

    #[test]
    fn a_chain_stays_within_its_frame() {
        assert_eq!(chain(&message(0, 80)), Some(vec![(0, 80)]));
        let two = [message(80, 80), message(0, 70)].concat();
        assert_eq!(chain(&two), Some(vec![(0, 80), (80, 150)]));
        for next in [1, 8, 63, 68, 80, 88, u32::MAX] {
            assert_eq!(chain(&message(next, 80)), None, "{next}");
        }
        for length in 0..64 {
            assert_eq!(chain(&message(0, 64)[..length]), None);
        }
    }
}

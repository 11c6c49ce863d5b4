//! Requests of SMB 2: [MS-SMB2] 2.2. The host fills in the session and protects them.

/// Bytes of a message's head.
pub const HEAD: usize = 64;
/// A credit is for so many bytes of a request or of its answer.
const CREDIT: u32 = 64 << 10;

/// What is asked.
pub mod command {
    pub const NEGOTIATE: u16 = 0;
    pub const SESSION_SETUP: u16 = 1;
    pub const TREE_CONNECT: u16 = 3;
    pub const CREATE: u16 = 5;
    pub const CLOSE: u16 = 6;
    pub const FLUSH: u16 = 7;
    pub const READ: u16 = 8;
    pub const WRITE: u16 = 9;
    pub const ECHO: u16 = 13;
    pub const QUERY_DIRECTORY: u16 = 14;
    pub const QUERY_INFO: u16 = 16;
    pub const SET_INFO: u16 = 17;
}

/// What may be done with what is opened.
pub mod access {
    pub const READ: u32 = 0x01;
    pub const WRITE: u32 = 0x02;
    pub const LOOK: u32 = 0x80;
    pub const SET: u32 = 0x100;
    pub const DELETE: u32 = 0x1_0000;
}

/// What is done where something is, or isn't.
#[derive(Clone, Copy)]
pub enum Disposition {
    /// It must be there.
    Open = 1,
    /// It is made where it isn't there.
    OpenOrMake = 3,
    /// The same, and it is emptied where it is.
    Empty = 5,
}

/// What it must be.
#[derive(Clone, Copy)]
pub enum Sort {
    Any = 0,
    Folder = 0x01,
    File = 0x40,
}

/// A link is looked at itself, not what it leads to.
const OPEN_LINK: u32 = 0x20_0000;

/// A handle, as the server gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub [u8; 16]);

impl Handle {
    /// What the request before it in a chain opened.
    pub const BEFORE: Self = Self([0xff; 16]);
}

/// A request without its place among others.
#[derive(Clone)]
pub struct Request {
    command: u16,
    body: Vec<u8>,
    /// Bytes that go or come by it.
    bytes: u32,
}

impl Request {
    fn new(command: u16, structure: u16) -> Self {
        Self {
            command,
            body: structure.to_le_bytes().to_vec(),
            bytes: 0,
        }
    }

    fn u8(mut self, value: u8) -> Self {
        self.body.push(value);
        self
    }

    fn u16(mut self, value: u16) -> Self {
        self.body.extend(value.to_le_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.body.extend(value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.body.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.body.extend(bytes);
        self
    }

    fn carrying(mut self, bytes: u32) -> Self {
        self.bytes = bytes;
        self
    }

    /// Credits that it costs.
    pub fn charge(&self) -> u16 {
        self.bytes.div_ceil(CREDIT).max(1) as u16
    }
}

/// Opens what is at a path.
pub fn create(path: &[u8], access: u32, disposition: Disposition, sort: Sort) -> Request {
    let request = Request::new(command::CREATE, 57)
        .u8(0)
        // No lock of any kind, as whoever asked.
        .u8(0)
        .u32(2)
        .u64(0)
        .u64(0)
        .u32(access)
        .u32(0x80)
        // Whoever else has it open may read, write and delete it: what was cut off may be open yet.
        .u32(7)
        .u32(disposition as u32)
        .u32(sort as u32 | OPEN_LINK)
        .u16((HEAD + 56) as u16)
        .u16(path.len() as u16)
        .u32(0)
        .u32(0);
    match path.is_empty() {
        // It has a byte at least.
        true => request.u8(0),
        false => request.bytes(path),
    }
}

/// Closes it, and asks how it is then.
pub fn close(handle: Handle) -> Request {
    Request::new(command::CLOSE, 24).u16(1).u32(0).bytes(&handle.0)
}

/// Has what was written put to disk.
pub fn flush(handle: Handle) -> Request {
    Request::new(command::FLUSH, 24).u16(0).u32(0).bytes(&handle.0)
}

/// Reads so many bytes, all of them.
pub fn read(handle: Handle, offset: u64, count: u32) -> Request {
    Request::new(command::READ, 49)
        .u8((HEAD + 16) as u8)
        .u8(0)
        .u32(count)
        .u64(offset)
        .bytes(&handle.0)
        .u32(count)
        .u32(0)
        .u32(0)
        .u32(0)
        .u8(0)
        .carrying(count)
}

/// Writes so many bytes, which come behind it.
pub fn write(handle: Handle, offset: u64, count: u32) -> Request {
    Request::new(command::WRITE, 49)
        .u16((HEAD + 48) as u16)
        .u32(count)
        .u64(offset)
        .bytes(&handle.0)
        .u32(0)
        .u32(0)
        .u32(0)
        .u32(0)
        .carrying(count)
}

/// The share.
pub fn tree_connect(path: &[u8]) -> Request {
    Request::new(command::TREE_CONNECT, 9)
        .u16(0)
        .u16((HEAD + 8) as u16)
        .u16(path.len() as u16)
        .bytes(path)
}

/// Whether anybody is there.
pub fn echo() -> Request {
    Request::new(command::ECHO, 4).u16(0)
}

/// The next entries of a folder, in so many bytes.
pub fn query_directory(handle: Handle, count: u32) -> Request {
    let all = [b'*', 0];
    Request::new(command::QUERY_DIRECTORY, 33)
        // FileDirectoryInformation.
        .u8(1)
        .u8(0)
        .u32(0)
        .bytes(&handle.0)
        .u16((HEAD + 32) as u16)
        .u16(all.len() as u16)
        .u32(count)
        .bytes(&all)
        .carrying(count)
}

/// The space of the disk that it is on.
pub fn query_space(handle: Handle) -> Request {
    Request::new(command::QUERY_INFO, 41)
        // FileFsFullSizeInformation.
        .u8(2)
        .u8(7)
        .u32(32)
        .u16(0)
        .u16(0)
        .u32(0)
        .u32(0)
        .u32(0)
        .bytes(&handle.0)
        .u8(0)
}

fn set_info(handle: Handle, class: u8, data: &[u8]) -> Request {
    Request::new(command::SET_INFO, 33)
        .u8(1)
        .u8(class)
        .u32(data.len() as u32)
        .u16((HEAD + 32) as u16)
        .u16(0)
        .u32(0)
        .bytes(&handle.0)
        .bytes(data)
}

/// Sets when it was modified, in 100 ns since 1601: FileBasicInformation.
pub fn set_modified(handle: Handle, modified: u64) -> Request {
    let mut data = [0; 40];
    data[16..24].copy_from_slice(&modified.to_le_bytes());
    set_info(handle, 4, &data)
}

/// What becomes of what stands at the new name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It stays, and the rename is refused.
    Stays,
    /// It goes.
    Goes,
}

/// Gives it another name in the share: FileRenameInformation.
pub fn rename(handle: Handle, to: &[u8], standing: Standing) -> Request {
    let mut data = vec![u8::from(standing == Standing::Goes), 0, 0, 0, 0, 0, 0, 0];
    data.extend([0; 8]);
    data.extend((to.len() as u32).to_le_bytes());
    data.extend(to);
    // Windows takes nothing shorter.
    data.resize(data.len().max(24), 0);
    set_info(handle, 10, &data)
}

/// Takes it away once it is closed: FileDispositionInformation.
pub fn remove(handle: Handle) -> Request {
    set_info(handle, 13, &[1])
}

/// Where requests stand.
pub struct Place {
    /// The first one's message id.
    pub id: u64,
    /// Credits that are asked for besides those that are spent.
    pub more: u16,
    pub tree: u32,
}

/// The ids of the requests of a chain. One that costs more than one credit takes as many ids.
pub fn ids(chain: &[Request], first: u64) -> Vec<u64> {
    let mut next = first;
    let each = chain.iter().map(|request| {
        let id = next;
        next += u64::from(request.charge());
        id
    });
    each.collect()
}

/// A frame of requests that are worked on one after the other, its length before it. The last one may have bytes behind it, which are sent by somebody else.
pub fn frame(chain: &[Request], place: &Place, behind: u32) -> Vec<u8> {
    let mut frame = vec![0; 4];
    let ids = ids(chain, place.id);
    for (number, (request, id)) in chain.iter().zip(ids).enumerate() {
        let is_last = number + 1 == chain.len();
        let length = HEAD + request.body.len();
        let next = if is_last { 0 } else { length.next_multiple_of(8) };
        let more = if number == 0 { place.more } else { 0 };
        frame.extend(b"\xfeSMB");
        frame.extend(64_u16.to_le_bytes());
        frame.extend(request.charge().to_le_bytes());
        frame.extend(0_u32.to_le_bytes());
        frame.extend(request.command.to_le_bytes());
        frame.extend((request.charge().saturating_add(more)).to_le_bytes());
        frame.extend(if number == 0 { 0_u32 } else { 4 }.to_le_bytes());
        frame.extend((next as u32).to_le_bytes());
        frame.extend(id.to_le_bytes());
        frame.extend(0_u32.to_le_bytes());
        frame.extend(place.tree.to_le_bytes());
        frame.extend([0; 24]);
        frame.extend(&request.body);
        frame.resize(frame.len() + next.saturating_sub(length), 0);
    }
    let length = (frame.len() - 4) as u32 + behind;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            id: 10,
            more: 5,
            tree: 3,
        }
    }

    #[test]
    fn a_chain_has_its_messages_at_multiples_of_eight() {
        let path = crate::names::utf16("a\\b.jpg");
        let chain = [
            create(&path, access::LOOK, Disposition::Open, Sort::Any),
            close(Handle::BEFORE),
        ];
        let frame = frame(&chain, &place(), 0);
        assert_eq!(frame[..4], (frame.len() as u32 - 4).to_be_bytes());
        let next = u32::from_le_bytes(frame[24..28].try_into().unwrap()) as usize;
        assert_eq!(next % 8, 0);
        assert_eq!(frame[4 + next..8 + next], *b"\xfeSMB");
        // Related, and the last.
        assert_eq!(frame[4 + next + 16], 4);
        assert_eq!(frame[4 + next + 20..4 + next + 24], [0; 4]);
        assert_eq!(frame[4 + next + 24], 11);
    }

    #[test]
    fn what_is_large_costs_more() {
        let handle = Handle([1; 16]);
        for (count, charge) in [(1, 1), (65_536, 1), (65_537, 2), (512 << 10, 8)] {
            assert_eq!(read(handle, 0, count).charge(), charge);
        }
        let chain = [read(handle, 0, 512 << 10), close(handle)];
        assert_eq!(ids(&chain, 7), [7, 15]);
    }

    #[test]
    fn the_bytes_of_a_write_are_counted_in_its_frame() {
        let frame = frame(&[write(Handle([1; 16]), 0, 1000)], &place(), 1000);
        assert_eq!(frame.len(), 4 + HEAD + 48);
        assert_eq!(frame[..4], (HEAD as u32 + 48 + 1000).to_be_bytes());
    }
}

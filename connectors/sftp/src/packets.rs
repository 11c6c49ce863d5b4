//! Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) and OpenSSH's extensions, as bytes. No I/O.

/// Kinds of packets.
pub mod kind {
    pub const INIT: u8 = 1;
    pub const VERSION: u8 = 2;
    pub const OPEN: u8 = 3;
    pub const CLOSE: u8 = 4;
    pub const READ: u8 = 5;
    pub const WRITE: u8 = 6;
    pub const LSTAT: u8 = 7;
    pub const FSTAT: u8 = 8;
    pub const FSETSTAT: u8 = 10;
    pub const OPENDIR: u8 = 11;
    pub const READDIR: u8 = 12;
    pub const REMOVE: u8 = 13;
    pub const MKDIR: u8 = 14;
    pub const RMDIR: u8 = 15;
    pub const REALPATH: u8 = 16;
    pub const STAT: u8 = 17;
    pub const RENAME: u8 = 18;
    pub const STATUS: u8 = 101;
    pub const HANDLE: u8 = 102;
    pub const DATA: u8 = 103;
    pub const NAME: u8 = 104;
    pub const ATTRS: u8 = 105;
    pub const EXTENDED: u8 = 200;
    pub const EXTENDED_REPLY: u8 = 201;
}

/// How a file is opened.
pub mod open {
    pub const READ: u32 = 1;
    pub const WRITE: u32 = 2;
    pub const CREATE: u32 = 8;
    pub const TRUNCATE: u32 = 16;
}

/// What a status means.
pub mod status {
    pub const OK: u32 = 0;
    pub const EOF: u32 = 1;
    pub const NO_SUCH_FILE: u32 = 2;
    pub const PERMISSION_DENIED: u32 = 3;
    pub const FAILURE: u32 = 4;
    pub const NO_CONNECTION: u32 = 6;
    pub const CONNECTION_LOST: u32 = 7;
    pub const UNSUPPORTED: u32 = 8;
}

/// The largest packet that is taken whole, bytes.
pub const LIMIT: usize = 1 << 20;

const HAS_SIZE: u32 = 1;
const HAS_OWNER: u32 = 2;
const HAS_MODE: u32 = 4;
const HAS_TIMES: u32 = 8;
const HAS_MORE: u32 = 0x8000_0000;

const KIND_MASK: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// A packet being put together. Its length is written when it is finished.
pub struct Packet(Vec<u8>);

impl Packet {
    /// Begins one.
    pub fn new(kind: u8, id: u32) -> Self {
        let mut bytes = vec![0, 0, 0, 0, kind];
        bytes.extend(id.to_be_bytes());
        Self(bytes)
    }

    /// What its answer is known by.
    pub fn id(&self) -> u32 {
        self.0[5..9].iter().fold(0, |id, byte| id << 8 | u32::from(*byte))
    }

    /// Adds a number.
    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// Adds a large number.
    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// Adds a text or a handle.
    pub fn text(mut self, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.0.extend((value.len() as u32).to_be_bytes());
        self.0.extend_from_slice(value);
        self
    }

    /// Adds attributes that set nothing.
    pub fn no_attributes(self) -> Self {
        self.u32(0)
    }

    /// Adds attributes that set both times.
    pub fn times(self, seconds: u32) -> Self {
        self.u32(HAS_TIMES).u32(seconds).u32(seconds)
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.before(0)
    }

    /// The bytes of a packet that ends with so many more, sent behind them.
    pub fn before(mut self, more: u32) -> Vec<u8> {
        let length = (self.0.len() - 4) as u32 + more;
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

/// The first packet, which has no id.
pub fn init() -> Vec<u8> {
    vec![0, 0, 0, 5, kind::INIT, 0, 0, 0, 3]
}

/// A packet that isn't as the protocol has it.
#[derive(Debug, PartialEq)]
pub struct Malformed;

/// What is in a packet, read from its front.
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Of a packet's bytes behind its length.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        if count > self.0.len() {
            return Err(Malformed);
        }
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(taken)
    }

    /// A number.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        let bytes = self.take(4)?.try_into().map_err(|_| Malformed)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// A large number.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        let bytes = self.take(8)?.try_into().map_err(|_| Malformed)?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// A text, a handle or data.
    pub fn text(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Attributes.
    pub fn attributes(&mut self) -> Result<Attributes, Malformed> {
        let flags = self.u32()?;
        let mut attributes = Attributes::default();
        if flags & HAS_SIZE != 0 {
            attributes.size = Some(self.u64()?);
        }
        if flags & HAS_OWNER != 0 {
            self.take(8)?;
        }
        if flags & HAS_MODE != 0 {
            attributes.mode = Some(self.u32()?);
        }
        if flags & HAS_TIMES != 0 {
            self.u32()?;
            attributes.modified = Some(self.u32()?);
        }
        if flags & HAS_MORE != 0 {
            for _ in 0..self.u32()? {
                self.text()?;
                self.text()?;
            }
        }
        Ok(attributes)
    }
}

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    /// Bytes.
    pub size: Option<u64>,
    /// Kind and permissions.
    pub mode: Option<u32>,
    /// Seconds since 1970.
    pub modified: Option<u32>,
}

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    File,
    Folder,
    Other,
}

impl Attributes {
    /// What it is; a server that doesn't tell has files.
    pub fn kind(&self) -> Kind {
        match self.mode.map(|mode| mode & KIND_MASK) {
            Some(FOLDER) => Kind::Folder,
            Some(FILE | 0) | None => Kind::File,
            Some(_) => Kind::Other,
        }
    }

    /// Changes when the content may have changed.
    pub fn version(&self) -> String {
        format!("{}-{}", self.size.unwrap_or(0), self.modified.unwrap_or(0))
    }
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: Vec<u8>,
    pub attributes: Attributes,
}

/// An answer. The bytes of a file aren't in it: they are still to be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Status { code: u32, message: String },
    Handle(Vec<u8>),
    Data(u32),
    Names(Vec<Named>),
    Attributes(Attributes),
    Extended(Vec<u8>),
}

impl Reply {
    /// Reads what stands behind kind and id.
    pub fn read(kind: u8, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes);
        match kind {
            kind::STATUS => {
                let code = fields.u32()?;
                // Old servers say no more than the code.
                let message = fields.text().unwrap_or_default();
                Ok(Self::Status {
                    code,
                    message: String::from_utf8_lossy(message).into_owned(),
                })
            }
            kind::HANDLE => Ok(Self::Handle(fields.text()?.to_vec())),
            kind::NAME => {
                let count = fields.u32()?;
                let mut names = Vec::new();
                for _ in 0..count {
                    let name = fields.text()?.to_vec();
                    let long = fields.text()?;
                    let mut attributes = fields.attributes()?;
                    // Where the mode isn't told, the line that "ls -l" would write tells the kind.
                    if attributes.mode.is_none() {
                        attributes.mode = match long.first() {
                            Some(b'd') => Some(FOLDER),
                            Some(b'l') => Some(KIND_MASK),
                            _ => None,
                        };
                    }
                    names.push(Named { name, attributes });
                }
                Ok(Self::Names(names))
            }
            kind::ATTRS => Ok(Self::Attributes(fields.attributes()?)),
            kind::EXTENDED_REPLY => Ok(Self::Extended(bytes.to_vec())),
            _ => Err(Malformed),
        }
    }
}

/// What a server can do besides, from its first packet (behind its kind).
pub fn extensions(bytes: &[u8]) -> Result<(u32, Vec<(String, String)>), Malformed> {
    let mut fields = Fields::new(bytes);
    let version = fields.u32()?;
    let mut known = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    while !fields.is_empty() {
        known.push((text(fields.text()?), text(fields.text()?)));
    }
    Ok((version, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_length_kind_id_and_fields() {
        let packet = Packet::new(kind::OPEN, 7)
            .text("a/ü")
            .u32(open::READ)
            .no_attributes()
            .finish();
        assert_eq!(
            packet,
            [0, 0, 0, 21, 3, 0, 0, 0, 7, 0, 0, 0, 4, b'a', b'/', 0xc3, 0xbc, 0, 0, 0, 1, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_write_counts_the_bytes_that_follow_it() {
        let header = Packet::new(kind::WRITE, 1).text("h").u64(5).u32(1000).before(1000);
        assert_eq!(header[..4], (1 + 4 + 5 + 8 + 4 + 1000u32).to_be_bytes());
    }

    #[test]
    fn answers_are_read() {
        let mut listed = Packet::new(0, 0)
            .u32(1)
            .text("b")
            .text("drwx b")
            .u32(HAS_SIZE | HAS_TIMES);
        listed = listed.u64(9).u32(1).u32(2);
        let bytes = listed.finish();
        let Reply::Names(names) = Reply::read(kind::NAME, &bytes[9..]).unwrap() else {
            panic!("names")
        };
        assert_eq!(names[0].attributes.size, Some(9));
        assert_eq!(names[0].attributes.modified, Some(2));
        assert_eq!(names[0].attributes.kind(), Kind::Folder);
        assert_eq!(
            Reply::read(kind::STATUS, &[0, 0, 0, 4]).unwrap(),
            Reply::Status {
                code: status::FAILURE,
                message: String::new()
            }
        );
    }

    #[test]
    fn what_is_cut_off_or_lies_about_its_length_is_malformed() {
        let whole = Packet::new(0, 0)
            .u32(3)
            .text("name")
            .text("long")
            .no_attributes()
            .finish();
        for end in 0..whole.len() {
            let bytes = whole.get(9..end).unwrap_or_default();
            assert!(Reply::read(kind::NAME, bytes).is_err(), "{end}");
        }
        assert!(Reply::read(kind::HANDLE, &[255, 255, 255, 255, 1]).is_err());
        assert!(Reply::read(77, &[]).is_err());
    }

    #[test]
    fn extensions_are_pairs() {
        let told = Packet::new(0, 0)
            .u32(3)
            .text("posix-rename@openssh.com")
            .text("1")
            .finish();
        let (version, known) = extensions(&told[9..]).unwrap();
        assert_eq!(version, 3);
        assert_eq!(known, [("posix-rename@openssh.com".into(), "1".into())]);
        assert!(extensions(&[0, 0, 0, 3, 0]).is_err());
    }
}

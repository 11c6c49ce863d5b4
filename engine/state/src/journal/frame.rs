//! How a segment is laid out: a header, then records, each with its length and a checksum.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::disk::FORMAT;
use crate::error::{At, StateError};

const MAGIC: &[u8; 16] = b"camroll journal\n";
/// Bytes of a header: magic, format, flags, number, the number before, journal, the hash before, checksum.
pub(crate) const HEADER: usize = 16 + 4 + 4 + 4 + 4 + 16 + 32 + 4;
/// Bytes before each record: length, checksum.
pub(crate) const FRAME: usize = 8;
/// The longest record, bytes. A connector's answer is 4 MiB at most, and a record holds two entries of it at most.
pub(crate) const RECORD_LIMIT: usize = 9 << 20;

/// Names a journal over compactions, so that an index knows its own.
pub(crate) type JournalId = [u8; 16];

/// Whether a segment goes on where the one before ended, or holds all that was live in those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Continuation,
    /// Segments with smaller numbers are superseded.
    Base,
}

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: Kind,
    pub number: u32,
    /// The number of the segment before; 0 for the first one. Numbers may be left out, segments not.
    pub after: u32,
    pub journal: JournalId,
    /// SHA-256 of the whole segment before; zeros for the first one.
    pub previous: [u8; 32],
}

impl Header {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        let flags: u32 = match self.kind {
            Kind::Continuation => 0,
            Kind::Base => 1,
        };
        bytes.extend_from_slice(&flags.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.after.to_le_bytes());
        bytes.extend_from_slice(&self.journal);
        bytes.extend_from_slice(&self.previous);
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header; none where the file doesn't begin with one.
    pub(crate) fn read(file: &mut File, path: &Path) -> Result<Option<Self>, StateError> {
        let mut bytes = [0; HEADER];
        file.seek(SeekFrom::Start(0)).at("reading", path)?;
        match file.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error).at("reading", path),
        }
        let Some((rest, checksum)) = bytes.split_last_chunk::<4>() else {
            return Ok(None);
        };
        if crc32c::crc32c(rest) != u32::from_le_bytes(*checksum) {
            return Ok(None);
        }
        let mut fields = Fields(rest);
        let (Some(magic), Some(format), Some(flags), Some(number), Some(after), Some(journal), Some(previous)) = (
            fields.take(),
            fields.take(),
            fields.take(),
            fields.take(),
            fields.take(),
            fields.take(),
            fields.take(),
        ) else {
            return Ok(None);
        };
        if &magic != MAGIC {
            return Ok(None);
        }
        let format = u32::from_le_bytes(format);
        if format > FORMAT {
            return Err(StateError::JournalNewer {
                segment: path.to_owned(),
                format,
                known: FORMAT,
            });
        }
        Ok(Some(Self {
            kind: if u32::from_le_bytes(flags) & 1 == 1 {
                Kind::Base
            } else {
                Kind::Continuation
            },
            number: u32::from_le_bytes(number),
            after: u32::from_le_bytes(after),
            journal,
            previous,
        }))
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

/// Adds a record's bytes to what will be written.
pub(crate) fn frame(into: &mut Vec<u8>, record: &[u8]) -> Result<(), StateError> {
    let length = u32::try_from(record.len())
        .ok()
        .filter(|_| record.len() <= RECORD_LIMIT)
        .ok_or(StateError::TooLarge {
            what: "a record of the journal",
            size: record.len(),
            limit: RECORD_LIMIT,
        })?;
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&checksum(length, record).to_le_bytes());
    into.extend_from_slice(record);
    Ok(())
}

fn checksum(length: u32, record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), record)
}

/// What comes next in a segment.
pub(crate) enum Next {
    /// The bytes of a whole record.
    Record(Vec<u8>),
    /// The segment ended with the record before.
    End,
    /// What follows is no whole record.
    Torn,
}

/// Reads a segment's records in order.
pub(crate) struct Records<R> {
    reader: R,
    offset: u64,
    length: u64,
}

impl Records<BufReader<File>> {
    /// From this byte on, which a record begins at.
    pub(crate) fn open(mut file: File, path: &Path, offset: u64) -> Result<Self, StateError> {
        let length = file.metadata().at("looking at", path)?.len();
        file.seek(SeekFrom::Start(offset)).at("reading", path)?;
        Ok(Self {
            reader: BufReader::with_capacity(128 << 10, file),
            offset,
            length,
        })
    }
}

impl<R: Read> Records<R> {
    /// Where the next record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record. After `End` or `Torn` there is nothing more.
    pub(crate) fn next(&mut self) -> io::Result<Next> {
        let left = self.length.saturating_sub(self.offset);
        if left == 0 {
            return Ok(Next::End);
        }
        if left < FRAME as u64 {
            return Ok(Next::Torn);
        }
        let mut word = [0; 4];
        self.reader.read_exact(&mut word)?;
        let length = u32::from_le_bytes(word);
        self.reader.read_exact(&mut word)?;
        let expected = u32::from_le_bytes(word);
        // The length is checked against what is there before anything is made for it.
        if length == 0 || length as usize > RECORD_LIMIT || u64::from(length) > left - FRAME as u64 {
            return Ok(Next::Torn);
        }
        let mut record = vec![0; length as usize];
        self.reader.read_exact(&mut record)?;
        if checksum(length, &record) != expected {
            return Ok(Next::Torn);
        }
        self.offset += FRAME as u64 + u64::from(length);
        Ok(Next::Record(record))
    }
}

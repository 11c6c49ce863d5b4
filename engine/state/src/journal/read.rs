//! Reads segments. What a crash can leave at the end is cut; anything else that is wrong is said, and nothing is changed.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::path::Path;

use super::coding::{FRAME, RECORD_LIMIT, decode};
use super::segment::{HEADER, MAGIC, SEGMENT, create, digest_before, path_of};
use super::{Position, Replay};
use crate::error::StateError;
use crate::sign_ins::Cipher;

/// The segments that are there, the first made where there is none. None is ever taken away, so one that is missing was lost.
pub(super) fn segments(folder: &Path, from: Position) -> Result<Vec<u32>, StateError> {
    let mut segments: Vec<u32> = fs::read_dir(folder)
        .map_err(StateError::io(folder))?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".log")?.parse().ok())
        .collect();
    segments.sort_unstable();
    let wanted = segments.last().copied().unwrap_or_default().max(from.segment);
    if let Some(missing) = (1..=wanted).find(|number| segments.binary_search(number).is_err()) {
        return Err(StateError::JournalDamaged {
            path: path_of(folder, missing),
            offset: 0,
            what: "this segment is missing".to_owned(),
        });
    }
    if segments.is_empty() {
        create(folder, 1, &[0; 32])?;
        segments.push(1);
    }
    Ok(segments)
}

/// Reads a segment's records from `start` on; cuts a torn tail off the last one. Where the records end.
pub(super) fn read_segment(
    folder: &Path,
    segment: u32,
    start: u64,
    is_last: bool,
    cipher: &Cipher,
    replay: &mut Replay,
) -> Result<u64, StateError> {
    let path = path_of(folder, segment);
    let damaged = |offset, what: &str| StateError::JournalDamaged {
        path: path.clone(),
        offset,
        what: what.to_owned(),
    };
    let mut bytes = Vec::new();
    // No segment that camroll wrote is larger.
    let limit = SEGMENT + (RECORD_LIMIT as u64) * 8;
    let length = File::open(&path)
        .and_then(|file| {
            let length = file.metadata()?.len();
            file.take(limit).read_to_end(&mut bytes)?;
            Ok(length)
        })
        .map_err(StateError::io(&path))?;
    if length > limit {
        return Err(damaged(limit, "it is larger than camroll makes a segment"));
    }
    let header = bytes.get(..HEADER as usize).unwrap_or(&bytes);
    if is_last && start <= HEADER && (length < HEADER || bytes.iter().all(|byte| *byte == 0)) {
        // Died while the segment was made: nothing was in it yet.
        create(folder, segment, &digest_before(folder, segment)?)?;
        replay.cut += length;
        return Ok(HEADER);
    }
    if header.get(..16) != Some(MAGIC.as_slice()) {
        return Err(damaged(0, "no journal's header"));
    }
    if header.get(16..) != Some(digest_before(folder, segment)?.as_slice()) {
        return Err(damaged(16, "the segment before isn't the one that was sealed"));
    }
    let mut offset = start.max(HEADER);
    if offset > length {
        return Err(damaged(length, "it is shorter than what was read of it before"));
    }
    loop {
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(offset);
        }
        match decode(rest, cipher) {
            Some((record, length)) => {
                replay.records.push((Position { segment, offset }, record));
                offset += length as u64;
            }
            None if is_last && is_torn(rest, cipher) => {
                replay.cut += length - offset;
                let file = OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .map_err(StateError::io(&path))?;
                file.set_len(offset)
                    .and_then(|()| file.sync_all())
                    .map_err(StateError::io(&path))?;
                return Ok(offset);
            }
            None if is_last => {
                return Err(damaged(
                    offset,
                    "a record's checksum is wrong, and whole records follow it, so no crash left it so",
                ));
            }
            None => return Err(damaged(offset, "a record's checksum is wrong")),
        }
    }
}

/// Whether a crash can have left this where a record should begin: nothing whole comes behind it, or there is a hole in it as a power cut leaves it
/// where later pages came to the disk before earlier ones.
fn is_torn(rest: &[u8], cipher: &Cipher) -> bool {
    // No record has no length.
    if rest.get(..FRAME).is_none_or(is_zeros) {
        return true;
    }
    // A record may hold bytes that somebody else chose, and they may look like a record: so only records that reach the end of the file count.
    let Some(next) = (1..rest.len()).find(|from| reaches_the_end(rest.get(*from..).unwrap_or_default(), cipher)) else {
        return true;
    };
    rest.get(..next)
        .unwrap_or_default()
        .split(|byte| *byte != 0)
        .any(|zeros| zeros.len() >= HOLE)
}

/// Zeros in a row that are taken for a page that never came to the disk: more than a record of ours has.
const HOLE: usize = 512;

fn is_zeros(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Whether these bytes are whole records up to their end.
fn reaches_the_end(mut bytes: &[u8], cipher: &Cipher) -> bool {
    while let Some((_, length)) = decode(bytes, cipher) {
        bytes = bytes.get(length..).unwrap_or_default();
        if bytes.is_empty() {
            return true;
        }
    }
    false
}

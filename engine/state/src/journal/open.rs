//! Opening a journal: finds its segments, reads what the index hasn't taken in yet, cuts a torn tail.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::disk::decode;
use super::frame::{HEADER, Header, JournalId, Kind, Next, Records};
use super::intents::OpenIntents;
use super::record::{Fact, Position};
use super::{Journal, Sync, Writer, hash_of, new_segment, segment_path};
use crate::dir::{create_private, make_private, remove, sync_folder};
use crate::error::{At, StateError};
use crate::key::{Key, fill};
use crate::notice::Notice;

/// How far an index has taken in which journal.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    pub journal: JournalId,
    pub position: Position,
    pub records: u64,
    pub intents: OpenIntents,
}

/// What opening told.
pub(crate) struct Found {
    pub journal: Journal,
    /// The journal ends before what the index has taken in of it: all from here on is only in the index.
    pub lost_from: Option<Position>,
    pub notices: Vec<Notice>,
}

/// Takes what the journal tells, in order.
pub(crate) trait Reader {
    /// All is told from the beginning, so what was known before is void. Comes first, or not at all.
    fn begin_anew(&mut self) -> Result<(), StateError>;
    fn fact(&mut self, position: Position, fact: Fact) -> Result<(), StateError>;
}

struct Segment {
    path: PathBuf,
    header: Header,
}

/// Opens the journal in the folder, or begins one. `stamp` names what is cut off.
pub(crate) fn open(
    folder: &Path,
    key: Key,
    hint: Option<Hint>,
    stamp: &str,
    reader: &mut dyn Reader,
) -> Result<Found, StateError> {
    make_private(folder)?;
    let mut notices = Vec::new();
    let mut segments = segments(folder, stamp, &mut notices)?;
    if segments.is_empty() {
        return begin(folder, key, hint, notices, reader);
    }
    supersede(&mut segments)?;
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return begin(folder, key, hint, notices, reader);
    };
    let id = first.header.journal;
    let known = hint.filter(|hint| hint.journal == id && hint.position.segment >= first.header.number);
    let (mut records, mut intents, from) = match &known {
        Some(hint) => (hint.records, hint.intents.clone(), hint.position),
        None => {
            verify_chain(&segments)?;
            reader.begin_anew()?;
            (
                0,
                OpenIntents::default(),
                Position {
                    segment: first.header.number,
                    offset: HEADER as u32,
                },
            )
        }
    };
    let mut end = 0;
    for segment in &segments {
        let number = segment.header.number;
        let is_last = number == last.header.number;
        if number < from.segment && !is_last {
            continue;
        }
        let file = File::open(&segment.path).at("opening", &segment.path)?;
        let length = file.metadata().at("looking at", &segment.path)?.len();
        let begin = match number == from.segment && u64::from(from.offset) <= length {
            true => u64::from(from.offset),
            false => HEADER as u64,
        };
        let mut read = Records::open(file, &segment.path, begin)?;
        loop {
            let offset = read.offset();
            let broken = |what| StateError::JournalBroken {
                segment: segment.path.clone(),
                offset,
                what,
            };
            match read.next().at("reading", &segment.path)? {
                Next::Record(bytes) => {
                    let position = Position {
                        segment: number,
                        offset: offset as u32,
                    };
                    if position < from {
                        continue;
                    }
                    let fact = decode(&bytes, &key).ok_or_else(|| broken("a record that this camroll doesn't know"))?;
                    intents.apply(&fact);
                    records += 1;
                    reader.fact(position, fact)?;
                }
                Next::End => break,
                Next::Torn if is_last => {
                    notices.push(cut_tail(&segment.path, offset, length, stamp)?);
                    break;
                }
                Next::Torn => return Err(broken("a record in the middle is damaged")),
            }
        }
        end = read.offset();
    }
    let end_position = Position {
        segment: last.header.number,
        offset: end as u32,
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&last.path)
        .at("opening", &last.path)?;
    let writer = Writer {
        file: Arc::new(file),
        path: last.path.clone(),
        number: last.header.number,
        offset: end,
        written: 0,
        records,
        intents,
        stopped: None,
    };
    Ok(Found {
        journal: journal(folder, key, id, writer),
        lost_from: (from > end_position).then_some(end_position),
        notices,
    })
}

fn journal(folder: &Path, key: Key, id: JournalId, writer: Writer) -> Journal {
    Journal {
        folder: folder.to_owned(),
        key,
        id,
        writer: Mutex::new(writer),
        sync: Mutex::new(Sync::default()),
        synced: Condvar::new(),
    }
}

/// A journal without a record. One that an index knows is begun again under its id, so that the index can tell it what it knew.
fn begin(
    folder: &Path,
    key: Key,
    hint: Option<Hint>,
    notices: Vec<Notice>,
    reader: &mut dyn Reader,
) -> Result<Found, StateError> {
    let (id, number, intents, lost_from) = match hint {
        Some(hint) => (
            hint.journal,
            hint.position.segment.saturating_add(1),
            hint.intents,
            Some(Position::default()),
        ),
        None => {
            let mut id = JournalId::default();
            fill(&mut id)?;
            reader.begin_anew()?;
            (id, 1, OpenIntents::default(), None)
        }
    };
    let header = Header {
        kind: Kind::Base,
        number,
        after: 0,
        journal: id,
        previous: [0; 32],
    };
    let (file, path) = new_segment(folder, &header)?;
    let writer = Writer {
        file: Arc::new(file),
        path,
        number,
        offset: HEADER as u64,
        written: 0,
        records: 0,
        intents,
        stopped: None,
    };
    Ok(Found {
        journal: journal(folder, key, id, writer),
        lost_from,
        notices,
    })
}

/// The numbers of the segments that are there, in order.
pub(super) fn numbers(folder: &Path) -> Result<Vec<u32>, StateError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).at("listing", folder)? {
        let name = entry.at("listing", folder)?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".log"))
            .and_then(|stem| stem.parse::<u32>().ok());
        // A number that is written in another way is none of ours.
        numbers.extend(number.filter(|number| *name == *segment_path(Path::new(""), *number).as_os_str()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The segments in order. A last one without a whole header holds nothing: it is put aside.
fn segments(folder: &Path, stamp: &str, notices: &mut Vec<Notice>) -> Result<Vec<Segment>, StateError> {
    let numbers = numbers(folder)?;
    let last = numbers.last().copied();
    let mut segments = Vec::with_capacity(numbers.len());
    for number in numbers {
        let path = segment_path(folder, number);
        let mut file = File::open(&path).at("opening", &path)?;
        match Header::read(&mut file, &path)? {
            Some(header) if header.number == number => segments.push(Segment { path, header }),
            _ if Some(number) == last => {
                let bytes = file.metadata().at("looking at", &path)?.len();
                let aside = path.with_extension(format!("cut-{stamp}"));
                fs::rename(&path, &aside).at("putting aside", &path)?;
                sync_folder(folder)?;
                notices.push(Notice::TailCut {
                    segment: path,
                    bytes,
                    aside,
                });
            }
            _ => {
                return Err(StateError::JournalBroken {
                    segment: path,
                    offset: 0,
                    what: "its header is damaged",
                });
            }
        }
    }
    Ok(segments)
}

/// Leaves the segments from the last base on, and removes those before. What is left must be whole.
fn supersede(segments: &mut Vec<Segment>) -> Result<(), StateError> {
    let base = segments
        .iter()
        .rposition(|segment| segment.header.kind == Kind::Base)
        .unwrap_or(0);
    for old in segments.drain(..base) {
        remove(&old.path)?;
    }
    for pair in segments.windows(2) {
        let [before, after] = pair else { continue };
        if before.header.number != after.header.after || before.header.journal != after.header.journal {
            return Err(StateError::JournalBroken {
                segment: after.path.clone(),
                offset: 0,
                what: "the segment before it is missing",
            });
        }
    }
    match segments.first() {
        Some(first) if first.header.kind != Kind::Base => Err(StateError::JournalBroken {
            segment: first.path.clone(),
            offset: 0,
            what: "the segment before it is missing",
        }),
        _ => Ok(()),
    }
}

fn verify_chain(segments: &[Segment]) -> Result<(), StateError> {
    for pair in segments.windows(2) {
        let [before, after] = pair else { continue };
        if hash_of(&before.path)? != after.header.previous {
            return Err(StateError::JournalBroken {
                segment: before.path.clone(),
                offset: 0,
                what: "it isn't the one that the next segment was chained to",
            });
        }
    }
    Ok(())
}

/// Cuts what is no whole record off the last segment, and keeps it beside.
fn cut_tail(path: &Path, offset: u64, length: u64, stamp: &str) -> Result<Notice, StateError> {
    let aside = path.with_extension(format!("cut-{stamp}"));
    let mut segment = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .at("opening", path)?;
    io::Seek::seek(&mut segment, io::SeekFrom::Start(offset))
        .and_then(|_| {
            let mut kept = create_private(&aside)?;
            io::copy(&mut segment, &mut kept)?;
            kept.sync_all()
        })
        .at("keeping what is cut off in", &aside)?;
    segment
        .set_len(offset)
        .and_then(|()| segment.sync_all())
        .at("cutting", path)?;
    Ok(Notice::TailCut {
        segment: path.to_owned(),
        bytes: length - offset,
        aside,
    })
}

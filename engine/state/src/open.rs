//! Opening a state: lock, key, index, journal, in this order; and making the index whole.

use camroll_model::Instant;

use crate::catalogue::SourceRecord;
use crate::dir::{StateDir, make_private};
use crate::error::{At, StateError};
use crate::index::keys::{self, Family};
use crate::index::{self, Counted, Index, expect};
use crate::journal::{self, Found};
use crate::key::{Key, KeySource};
use crate::lanes::LaneTotals;
use crate::lock::Lock;
use crate::notice::Notice;
use crate::placements::{DestinationRecord, destinations};
use crate::replay::{Replay, highest, hint, mend};
use crate::state::State;

/// A state, and what a person may want to know of how it was found.
#[derive(Debug)]
pub struct Opened {
    /// The state.
    pub state: State,
    /// What was mended or made.
    pub notices: Vec<Notice>,
}

impl State {
    /// Opens the state in a folder, or begins one; `Held` where another engine has it. An index that isn't surely intact is rebuilt from the journal, and a torn
    /// end of the journal is cut; the notices say so. `now` is for names and for telling others since when the state is held.
    pub fn open(dir: &StateDir, source: KeySource, now: Instant) -> Result<Opened, StateError> {
        make_private(dir.path())?;
        let lock = Lock::take(&dir.lock(), now)?;
        open_locked(dir, source, now, lock)
    }

    /// Moves the index aside and makes it again from the journal; the catalogue comes back when the source is listed.
    pub fn rebuild(dir: &StateDir, source: KeySource, now: Instant) -> Result<Opened, StateError> {
        make_private(dir.path())?;
        let lock = Lock::take(&dir.lock(), now)?;
        let path = dir.index();
        if path.try_exists().at("looking for", &path)? {
            index::set_aside(dir, &stamp(now))?;
        }
        open_locked(dir, source, now, lock)
    }
}

fn open_locked(dir: &StateDir, source: KeySource, now: Instant, lock: Lock) -> Result<Opened, StateError> {
    let (key, key_notice) = Key::open(dir, source)?;
    let mut notices: Vec<_> = key_notice.into_iter().collect();
    let stamp = stamp(now);
    let opened = index::open(dir, &stamp, said)?;
    let (index, anew) = (opened.index, opened.anew);
    let (index, found, anew) = match join(&index, dir, &key, &stamp) {
        Ok(found) => (index, found, anew),
        // Damage that only showed when it was read. A second one is no damage but a fault.
        Err(StateError::IndexBroken { what }) => {
            drop(index);
            let aside = index::set_aside(dir, &stamp)?;
            let index = index::open(dir, &stamp, said)?.index;
            let found = join(&index, dir, &key, &stamp)?;
            (index, found, Some((what, Some(aside))))
        }
        Err(other) => return Err(other),
    };
    notices.extend(found.notices);
    let state = State::new(index, found.journal, dir.clone(), key.derive("camroll cursor"), lock);
    let mut placements = 0;
    for (id, record) in destinations(&state.inner().index)? {
        placements += record.placements;
        state.inner().destinations.write().insert(record.key, id);
    }
    let known = !state.inner().destinations.read().is_empty();
    let marked = hint(&state.inner().index, state.journal().key())?.map(|hint| hint.position);
    state.set_marked(marked);
    if let Some((why, aside)) = anew {
        state.touched();
        state.checkpoint()?;
        // A state that begins has lost nothing.
        if known || aside.is_some() {
            notices.push(Notice::IndexRebuilt { why, aside, placements });
        }
    }
    Ok(Opened { state, notices })
}

/// Brings the index to where the journal is, and the journal to where the index is if it lost its end.
fn join(index: &Index, dir: &StateDir, key: &Key, stamp: &str) -> Result<Found, StateError> {
    let key = key.derive("camroll journal");
    let known = hint(index, &key)?;
    let position = known.as_ref().map(|known| known.position).unwrap_or_default();
    let mut replay = Replay::new(index);
    let mut found = journal::open(&dir.journal(), key, known, stamp, &mut replay)?;
    replay.finish()?;
    let highest = highest(index)?.max(position);
    let end = found.journal.snapshot().end;
    // A record begins before the journal's end.
    let lost = found.lost_from.or((highest > end).then_some(end));
    if let Some(lost) = lost {
        let records = mend(index, &found.journal, lost, highest)?;
        if records > 0 {
            found.notices.push(Notice::JournalMended { records });
        }
    }
    Ok(found)
}

/// What records of the index say of how many others there are.
fn said(index: &Index, key: &[u8], value: &[u8], counted: &mut Counted) -> Result<(), StateError> {
    let Some(number) = keys::number_at(key, 1) else {
        return Ok(());
    };
    match key.first() {
        Some(family) if *family == Family::Source as u8 => {
            let source: SourceRecord = index.decode(value)?;
            expect(counted, Family::Asset, number, source.here + source.gone);
            expect(counted, Family::AssetById, number, source.here + source.gone);
        }
        Some(family) if *family == Family::Destination as u8 => {
            let destination: DestinationRecord = index.decode(value)?;
            expect(counted, Family::Placement, number, destination.placements);
            expect(counted, Family::PlacementByAsset, number, destination.placements);
            expect(counted, Family::PlacementByPath, number, destination.paths);
        }
        Some(family) if *family == Family::LaneTotals as u8 => {
            let totals: LaneTotals = index.decode(value)?;
            expect(counted, Family::Status, number, totals.assets);
        }
        _ => {}
    }
    Ok(())
}

fn stamp(now: Instant) -> String {
    match now.to_timestamp() {
        Some(time) => time.strftime("%Y%m%dT%H%M%SZ").to_string(),
        None => now.seconds.to_string(),
    }
}

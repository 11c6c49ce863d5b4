//! Each file read once for all destinations that want it.
//!
//! The destinations of a run plan in the same order. Who is the first to have room for a file reads it; the others that planned it get a way to the same bytes, kept for them in
//! memory and in the spool until they have room too. One that isn't as far with its planning is waited for, but not long: it reads the file on its own later.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use camroll_host::{Intake, Parked, Spool};
use camroll_model::{AssetId, ConnectorError, Located, ResourceId};
use camroll_spec::Spec;
use camroll_state::{Ordinal, Seq, SourceId};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::context::Context;
use crate::fetch::locate;
use crate::transfer::Job;

/// How long a destination that plans more slowly is waited for.
const GRACE: Duration = Duration::from_secs(5);
/// Files that a destination may have planned and not sent: it remembers them.
pub(crate) const PLANNED_AHEAD: usize = 4000;
/// Files that may wait in memory for a destination; those beyond it wait in the spool.
const PARKED_IN_MEMORY: usize = 16;

/// A destination's number in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneNumber(pub usize);

/// The bytes that are read: which file, in which version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileKey {
    source: SourceId,
    asset: AssetId,
    resource: ResourceId,
    version: String,
}

impl FileKey {
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            source: job.library.id,
            asset: job.asset.id.clone(),
            resource: job.file.resource.clone(),
            version: job.file.version.clone(),
        }
    }
}

/// What one run's destinations read of the source.
pub(crate) struct Readings {
    inner: Mutex<Inner>,
    moved: Notify,
    pub spool: Arc<Spool>,
    /// How many files' bytes may move at a time.
    pub turns: Arc<Semaphore>,
    /// How many files the source may be asked for at a time, where a person said so of its account: then none waits for its first byte beside them.
    asked: Option<Semaphore>,
}

#[derive(Default)]
struct Inner {
    lanes: Vec<Progress>,
    wants: HashMap<FileKey, BTreeSet<LaneNumber>>,
    parked: HashMap<(LaneNumber, FileKey), Parked>,
    located: HashMap<FileKey, Place>,
}

/// Where a file is, for those who will ask for that too.
struct Place {
    /// None while it is asked for.
    answer: Option<Result<Located, ConnectorError>>,
    left: BTreeSet<LaneNumber>,
}

/// Where planning came by a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Among what wasn't settled before.
    Unsettled(SourceId, Ordinal),
    /// Among what arrived since.
    Arrived(SourceId, Seq),
}

/// How far what wasn't settled before was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unsettled {
    #[default]
    NotBegun,
    UpTo(SourceId, Ordinal),
    Done,
}

/// How far a destination's planning is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    unsettled: Unsettled,
    /// Up to where what arrived was looked at.
    looked: HashMap<SourceId, Seq>,
    /// Nothing more will be planned for now.
    rests: bool,
    /// It was waited for in vain.
    late: bool,
}

/// Whether a destination will plan more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planning {
    GoesOn,
    /// Not now: it has enough, or failed, or is done.
    Rests,
}

impl Progress {
    pub(crate) fn new(unsettled: Unsettled, looked: HashMap<SourceId, Seq>, planning: Planning) -> Self {
        Self {
            unsettled,
            looked,
            rests: planning == Planning::Rests,
            late: false,
        }
    }

    fn has_passed(&self, position: Position) -> bool {
        self.rests
            || match position {
                Position::Unsettled(source, ordinal) => self.unsettled >= Unsettled::UpTo(source, ordinal),
                Position::Arrived(source, seq) => self.looked.get(&source).is_some_and(|looked| *looked >= seq),
            }
    }

    fn is_behind(&self, other: &Self) -> bool {
        self.unsettled < other.unsettled
            || other
                .looked
                .iter()
                .any(|(source, seq)| self.looked.get(source).is_none_or(|mine| mine < seq))
    }
}

/// Who reads a file.
pub(crate) enum Claim {
    /// Another destination does, or did: the bytes are kept.
    Another(Parked),
    /// Who asked.
    Yours,
}

impl Readings {
    pub(crate) fn new(lanes: usize, spool: Arc<Spool>, spec: &Spec) -> Self {
        Self {
            inner: Mutex::new(Inner {
                lanes: vec![Progress::default(); lanes],
                ..Inner::default()
            }),
            moved: Notify::new(),
            spool,
            turns: Arc::new(Semaphore::new(spec.transfers_from_source())),
            asked: spec
                .source
                .connection
                .pace
                .transfers
                .map(|_| Semaphore::new(spec.transfers_from_source())),
        }
    }

    /// Returns when the source may be asked for one more file; it may until what this gives is dropped.
    pub(crate) async fn may_ask(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.asked.as_ref()?.acquire().await.ok()
    }

    /// A destination will want this file.
    pub(crate) fn want(&self, lane: LaneNumber, file: FileKey) {
        let mut inner = self.inner.lock();
        if inner.lanes.len() > 1 {
            inner.wants.entry(file).or_default().insert(lane);
        }
    }

    /// A destination will not want this file in this run after all.
    pub(crate) fn forgo(&self, lane: LaneNumber, file: &FileKey) {
        let mut inner = self.inner.lock();
        if let Some(lanes) = inner.wants.get_mut(file) {
            lanes.remove(&lane);
            if lanes.is_empty() {
                inner.wants.remove(file);
            }
        }
        inner.parked.remove(&(lane, file.clone()));
    }

    /// How far a destination's planning is now.
    pub(crate) fn planned(&self, lane: LaneNumber, progress: Progress) {
        {
            let mut inner = self.inner.lock();
            if inner.lanes.len() < 2 {
                return;
            }
            let late = inner.lanes.get(lane.0).is_some_and(|known| known.late)
                && inner.lanes.iter().any(|other| progress.is_behind(other));
            if let Some(known) = inner.lanes.get_mut(lane.0) {
                *known = Progress { late, ..progress };
            }
        }
        self.moved.notify_waiters();
    }

    /// A destination's part of the run is over.
    pub(crate) fn over(&self, lane: LaneNumber) {
        {
            let mut inner = self.inner.lock();
            if let Some(known) = inner.lanes.get_mut(lane.0) {
                known.rests = true;
            }
            inner.wants.retain(|_, lanes| {
                lanes.remove(&lane);
                !lanes.is_empty()
            });
            inner.parked.retain(|(parked, _), _| *parked != lane);
            inner.located.retain(|_, place| {
                place.left.remove(&lane);
                !place.left.is_empty() || place.answer.is_none()
            });
        }
        self.moved.notify_waiters();
    }

    /// Whether another destination has planned further, and there is room to keep what it reads.
    pub(crate) fn is_left_behind(&self, lane: LaneNumber) -> bool {
        let inner = self.inner.lock();
        let Some(mine) = inner.lanes.get(lane.0) else {
            return false;
        };
        let room = inner.wants.len() < PLANNED_AHEAD && self.spool.has_room();
        room && inner.lanes.iter().any(|other| mine.is_behind(other))
    }

    /// Returns when another destination's planning went on, or ended.
    pub(crate) async fn moves(&self) {
        self.moved.notified().await;
    }

    /// Waits until every other destination has planned as far as this file, though not long for one that is slow.
    async fn meet(&self, lane: LaneNumber, position: Position) {
        let until = tokio::time::Instant::now() + GRACE;
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            {
                let mut inner = self.inner.lock();
                let mut waits = inner
                    .lanes
                    .iter_mut()
                    .enumerate()
                    .filter(|(number, other)| *number != lane.0 && !other.late && !other.has_passed(position))
                    .peekable();
                if waits.peek().is_none() {
                    return;
                }
                if tokio::time::Instant::now() >= until {
                    waits.for_each(|(_, other)| other.late = true);
                    return;
                }
            }
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Says who reads a file: once for all who want it. `intake` is what the reader would write into.
    pub(crate) async fn claim(&self, lane: LaneNumber, job: &Job, intake: &Intake) -> Claim {
        self.meet(lane, job.position).await;
        let file = FileKey::of(job);
        let mut inner = self.inner.lock();
        if let Some(parked) = inner.parked.remove(&(lane, file.clone())) {
            return Claim::Another(parked);
        }
        let mut peers = inner.wants.remove(&file).unwrap_or_default();
        peers.remove(&lane);
        for peer in peers {
            inner.parked.insert((peer, file.clone()), intake.park());
        }
        Claim::Yours
    }

    /// Whether so many files wait for destinations that aren't ready that a file which is read to its end shouldn't stay in memory.
    pub(crate) fn is_crowded(&self) -> bool {
        self.inner.lock().parked.len() > PARKED_IN_MEMORY
    }

    /// Where several files' bytes are, asked for once for all destinations that want them.
    pub(crate) async fn locate(
        &self,
        context: &Context,
        lane: LaneNumber,
        jobs: &[Job],
    ) -> Result<Vec<Result<Located, ConnectorError>>, ConnectorError> {
        let Some(library) = jobs.first().map(|job| Arc::clone(&job.library)) else {
            return Ok(Vec::new());
        };
        let keys: Vec<FileKey> = jobs.iter().map(FileKey::of).collect();
        // Who will want these too has said so by then.
        if let Some(last) = jobs.last() {
            self.meet(lane, last.position).await;
        }
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let unknown: Vec<usize> = {
                let mut inner = self.inner.lock();
                let unknown: Vec<usize> = (0..keys.len())
                    .filter(|index| !inner.located.contains_key(&keys[*index]))
                    .collect();
                for index in &unknown {
                    let left = inner.wants.get(&keys[*index]).cloned().unwrap_or_default();
                    let place = Place { answer: None, left };
                    inner.located.insert(keys[*index].clone(), place);
                }
                if unknown.is_empty()
                    && let Some(answers) = inner.taken(lane, &keys)
                {
                    return Ok(answers);
                }
                unknown
            };
            if unknown.is_empty() {
                moved.await;
                continue;
            }
            let asked = Asked {
                readings: self,
                keys: unknown.iter().map(|index| keys[*index].clone()).collect(),
            };
            let wanted: Vec<&Job> = unknown.iter().map(|index| &jobs[*index]).collect();
            let answers = locate(context, &library, &wanted).await?;
            asked.answered(answers);
        }
    }
}

/// What a destination asks the source for all that want it. Who asks may be cut off before the answer is there, with all that the destination does: then nobody asks any more, and those who wait have to.
struct Asked<'a> {
    readings: &'a Readings,
    keys: Vec<FileKey>,
}

impl Asked<'_> {
    fn answered(mut self, answers: Vec<Result<Located, ConnectorError>>) {
        let mut inner = self.readings.inner.lock();
        let answered = self.keys.len().min(answers.len());
        for (key, answer) in self.keys.drain(..answered).zip(answers) {
            if let Some(place) = inner.located.get_mut(&key) {
                place.answer = Some(answer);
            }
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut inner = self.readings.inner.lock();
        for key in &self.keys {
            inner.located.remove(key);
        }
        drop(inner);
        self.readings.moved.notify_waiters();
    }
}

impl Inner {
    /// The answers for these files where all of them are there. Each is forgotten when everybody who wants it took it.
    fn taken(&mut self, lane: LaneNumber, keys: &[FileKey]) -> Option<Vec<Result<Located, ConnectorError>>> {
        let answers = keys
            .iter()
            .map(|key| self.located.get(key)?.answer.clone())
            .collect::<Option<Vec<_>>>()?;
        for key in keys {
            if let Some(place) = self.located.get_mut(key) {
                place.left.remove(&lane);
                if place.left.is_empty() {
                    self.located.remove(key);
                }
            }
        }
        Some(answers)
    }
}

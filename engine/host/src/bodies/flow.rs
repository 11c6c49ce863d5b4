//! One file's bytes between whoever writes them once and whoever reads them, each reader at its own pace.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass, Prefix};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::bodies::pipe::Proven;
use crate::bodies::prefixes::Prefixes;
use crate::bodies::spool::{Slot, Spool, SpoolFile};

/// Which bytes a reader may ask for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None: each byte once, in order.
    Nothing,
    /// So many behind the furthest that it asked for, by several requests at once.
    Behind(u64),
    /// All of them, from the first to the last, however late it begins: the writer doesn't wait for it.
    Whole,
}

impl Keep {
    /// Whether a range of so many bytes can be read and then be read again.
    pub(crate) fn covers(self, length: u64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Behind(bytes) => bytes >= length,
            Self::Whole => true,
        }
    }
}

/// What a reader finds at an offset.
pub(crate) enum Found {
    /// Bytes from there on.
    Bytes(Bytes),
    /// The same, and they are the last: they leave when the reader's gate has opened.
    Last(Bytes),
    /// Nothing more, and the source passed.
    End,
}

pub(crate) struct Flow {
    state: Mutex<State>,
    /// More is there, or it ended.
    grown: Notify,
    /// A reader went on, or away.
    room: Notify,
    window: usize,
    spool: Option<Arc<Spool>>,
}

#[derive(Default)]
struct State {
    blocks: VecDeque<Block>,
    written: u64,
    in_memory: usize,
    end: End,
    readers: Vec<Reader>,
    next_reader: u64,
    file: Option<Arc<SpoolFile>>,
    prefixes: Prefixes,
}

#[derive(Default)]
enum End {
    #[default]
    Open,
    Passed(Proven),
    Failed(ConnectorError),
}

struct Block {
    start: u64,
    length: usize,
    at: Place,
}

enum Place {
    Memory(Bytes),
    Spooled(Slot),
}

struct Reader {
    id: u64,
    /// The furthest offset that it asked for.
    furthest: u64,
    keep: Keep,
    lost: bool,
}

impl Block {
    fn end(&self) -> u64 {
        self.start + self.length as u64
    }
}

impl Reader {
    fn needs(&self, block: &Block) -> bool {
        let low = match self.keep {
            Keep::Nothing => self.furthest,
            Keep::Behind(bytes) => self.furthest.saturating_sub(bytes),
            Keep::Whole => 0,
        };
        !self.lost && block.end() > low
    }

    /// Whether the writer waits for it to get to this block.
    fn is_before(&self, block: &Block) -> bool {
        !self.lost
            && match self.keep {
                // In the midst of it, it gets on without anything new.
                Keep::Nothing => self.furthest < block.end(),
                Keep::Behind(_) => self.furthest <= block.start,
                Keep::Whole => false,
            }
    }
}

impl State {
    /// Lets go of what nobody needs.
    fn trim(&mut self) {
        while let Some(block) = self.blocks.front()
            && !self.readers.iter().any(|reader| reader.needs(block))
        {
            if let Place::Memory(bytes) = &block.at {
                self.in_memory -= bytes.len();
            }
            self.blocks.pop_front();
        }
    }

    /// The oldest block in memory that could lie elsewhere; none if the writer has to wait for its readers.
    fn to_spill(&self) -> Option<(u64, Bytes)> {
        let (block, bytes) = self.blocks.iter().find_map(|block| match &block.at {
            Place::Memory(bytes) => Some((block, bytes)),
            Place::Spooled(_) => None,
        })?;
        let mut straight = self
            .readers
            .iter()
            .filter(|reader| !reader.lost && reader.keep != Keep::Whole)
            .peekable();
        let all_before = straight.peek().is_some() && straight.all(|reader| reader.is_before(block));
        (!all_before).then(|| (block.start, bytes.clone()))
    }
}

impl Flow {
    pub(crate) fn new(window: usize, spool: Option<Arc<Spool>>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            grown: Notify::new(),
            room: Notify::new(),
            window,
            spool,
        })
    }

    /// One whose bytes are all there.
    pub(crate) fn whole(bytes: Bytes, proven: Proven) -> Arc<Self> {
        let flow = Self::new(bytes.len(), None);
        {
            let mut state = flow.state.lock();
            state.written = bytes.len() as u64;
            state.in_memory = bytes.len();
            state.end = End::Passed(proven);
            if !bytes.is_empty() {
                state.blocks.push_back(Block {
                    start: 0,
                    length: bytes.len(),
                    at: Place::Memory(bytes),
                });
            }
        }
        flow
    }

    /// Takes note of the bytes that come next.
    pub(crate) fn note(&self, bytes: &[u8]) {
        self.state.lock().prefixes.update(bytes);
    }

    /// What the bytes were up to the last mark that isn't beyond an offset.
    pub(crate) fn prefix(&self, offset: u64) -> Option<Prefix> {
        self.state.lock().prefixes.before(offset)
    }

    /// A reader from the first byte on. Made before the first block is let go, else what it needs may have gone by.
    pub(crate) fn reader(&self, keep: Keep) -> u64 {
        let mut state = self.state.lock();
        let id = state.next_reader;
        state.next_reader += 1;
        state.readers.push(Reader {
            id,
            furthest: 0,
            keep,
            lost: false,
        });
        id
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = self.state.lock();
        state.readers.retain(|reader| reader.id != id);
        state.trim();
        drop(state);
        self.room.notify_waiters();
        self.grown.notify_waiters();
    }

    /// Takes a block; waits until there is room for it.
    pub(crate) async fn push(&self, block: Bytes) -> Result<(), ConnectorError> {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            let spill = {
                let mut state = self.state.lock();
                if !state.readers.iter().any(|reader| !reader.lost) {
                    return Err(nobody_reads());
                }
                state.trim();
                if state.in_memory == 0 || state.in_memory + block.len() <= self.window {
                    let start = state.written;
                    state.written += block.len() as u64;
                    state.in_memory += block.len();
                    state.blocks.push_back(Block {
                        start,
                        length: block.len(),
                        at: Place::Memory(block),
                    });
                    drop(state);
                    self.grown.notify_waiters();
                    return Ok(());
                }
                state.to_spill()
            };
            match spill {
                None => room.await,
                Some((start, bytes)) => self.spill(start, bytes).await?,
            }
        }
    }

    /// Moves a block out of memory, or, where there is no room left for it, lets those go who are behind.
    async fn spill(&self, start: u64, bytes: Bytes) -> Result<(), ConnectorError> {
        let length = bytes.len();
        let slot = match &self.spool {
            Some(spool) => self.spooled(spool, bytes).await?,
            None => None,
        };
        let mut state = self.state.lock();
        let State {
            blocks,
            readers,
            in_memory,
            ..
        } = &mut *state;
        let Some(block) = blocks
            .iter_mut()
            .find(|block| block.start == start && matches!(block.at, Place::Memory(_)))
        else {
            return Ok(());
        };
        match slot {
            Some(slot) => {
                block.at = Place::Spooled(slot);
                *in_memory -= length;
            }
            None => {
                for reader in readers.iter_mut().filter(|reader| reader.needs(block)) {
                    reader.lost = true;
                }
                state.trim();
            }
        }
        drop(state);
        self.grown.notify_waiters();
        Ok(())
    }

    async fn spooled(&self, spool: &Arc<Spool>, bytes: Bytes) -> Result<Option<Slot>, ConnectorError> {
        let Some(share) = spool.reserve(bytes.len()) else {
            return Ok(None);
        };
        let known = self.state.lock().file.clone();
        let file = match known {
            Some(file) => file,
            None => {
                let file = Arc::new(spool.file().await?);
                // Only the writer spills, so nobody else made one meanwhile.
                self.state.lock().file = Some(Arc::clone(&file));
                file
            }
        };
        file.write(bytes, share).await.map(Some)
    }

    /// The bytes at an offset; waits for them.
    pub(crate) async fn read(&self, id: u64, offset: u64) -> Result<Found, ConnectorError> {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            let found = {
                let mut state = self.state.lock();
                let Some(reader) = state.readers.iter_mut().find(|reader| reader.id == id) else {
                    return Err(broken_off());
                };
                if reader.lost {
                    return Err(fell_behind());
                }
                if offset > reader.furthest {
                    reader.furthest = offset;
                    state.trim();
                    self.room.notify_waiters();
                }
                state.at(offset)?
            };
            match found {
                At::Later => grown.await,
                At::End => return Ok(Found::End),
                At::Here { bytes, skip, last } => {
                    let mut bytes = match bytes {
                        Here::Memory(bytes) => bytes,
                        Here::Spooled(file, slot) => file.read(slot).await?,
                    };
                    let bytes = bytes.split_off(skip.min(bytes.len()));
                    return Ok(if last { Found::Last(bytes) } else { Found::Bytes(bytes) });
                }
            }
        }
    }

    pub(crate) fn pass(&self, proven: Proven) {
        self.state.lock().end = End::Passed(proven);
        self.grown.notify_waiters();
    }

    pub(crate) fn fail(&self, error: ConnectorError) {
        {
            let mut state = self.state.lock();
            if !matches!(state.end, End::Open) {
                return;
            }
            state.end = End::Failed(error.in_body());
        }
        self.grown.notify_waiters();
    }

    /// Another way of reading from now on.
    pub(crate) fn keep(&self, id: u64, keep: Keep) {
        let mut state = self.state.lock();
        if let Some(reader) = state.readers.iter_mut().find(|reader| reader.id == id) {
            reader.keep = keep;
        }
        drop(state);
        self.room.notify_waiters();
    }

    /// Moves all that is in memory out of it.
    pub(crate) async fn unload(&self) -> Result<(), ConnectorError> {
        loop {
            let next = {
                let mut state = self.state.lock();
                state.trim();
                state.to_spill()
            };
            match next {
                Some((start, bytes)) => self.spill(start, bytes).await?,
                None => return Ok(()),
            }
        }
    }

    /// Waits for the end.
    pub(crate) async fn passed(&self, id: u64) -> Result<Proven, ConnectorError> {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            {
                let state = self.state.lock();
                match &state.end {
                    End::Passed(proven) => return Ok(proven.clone()),
                    End::Failed(error) => return Err(error.clone()),
                    End::Open => {}
                }
                match state.readers.iter().find(|reader| reader.id == id) {
                    None => return Err(broken_off()),
                    Some(reader) if reader.lost => return Err(fell_behind()),
                    Some(_) => {}
                }
            }
            grown.await;
        }
    }

    pub(crate) fn proven(&self) -> Option<Proven> {
        match &self.state.lock().end {
            End::Passed(proven) => Some(proven.clone()),
            End::Open | End::Failed(_) => None,
        }
    }

    /// The writer went away without an end.
    pub(crate) fn abandon(&self) {
        self.fail(ConnectorError::new(
            ErrorClass::Cancelled,
            "host/broken-off",
            "The source's bytes broke off before their end.",
        ));
    }
}

enum At {
    Later,
    End,
    Here { bytes: Here, skip: usize, last: bool },
}

enum Here {
    Memory(Bytes),
    Spooled(Arc<SpoolFile>, u64),
}

impl State {
    fn at(&self, offset: u64) -> Result<At, ConnectorError> {
        let passed = match &self.end {
            End::Failed(error) => return Err(error.clone()),
            End::Passed(_) => true,
            End::Open => false,
        };
        if offset >= self.written {
            return Ok(if passed { At::End } else { At::Later });
        }
        let index = self.blocks.partition_point(|block| block.end() <= offset);
        let Some(block) = self.blocks.get(index).filter(|block| block.start <= offset) else {
            return Err(gone_by());
        };
        // Which block is the last is known when the source has passed; until then the newest might be.
        let last = block.end() == self.written;
        if last && !passed {
            return Ok(At::Later);
        }
        let bytes = match (&block.at, &self.file) {
            (Place::Memory(bytes), _) => Here::Memory(bytes.clone()),
            (Place::Spooled(slot), Some(file)) => Here::Spooled(Arc::clone(file), slot.number()),
            (Place::Spooled(_), None) => return Err(gone_by()),
        };
        Ok(At::Here {
            bytes,
            skip: usize::try_from(offset - block.start).unwrap_or(usize::MAX),
            last,
        })
    }
}

pub(crate) fn nobody_reads() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Cancelled,
        "host/not-taken",
        "The destination takes no more of it.",
    )
}

pub(crate) fn gone_by() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/seek",
        "These bytes have gone by, or don't reach so far.",
    )
}

fn broken_off() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Cancelled,
        "host/broken-off",
        "The call that lent these bytes is over.",
    )
    .in_body()
}

fn fell_behind() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Transient,
        "host/fell-behind",
        "This destination fell further behind than the spool holds; it reads the file on its own later.",
    )
    .in_body()
}

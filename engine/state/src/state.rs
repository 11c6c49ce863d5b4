//! A state folder as a whole: opened under its lock, its index made anew where it is lost or broken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use camroll_model::Instant;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::gathering::Gathering;
use crate::index::{Index, Key, guarded};
use crate::journal::{Journal, Position};
use crate::lock::Lock;
use crate::placements::index_record;
use crate::record::{DestinationId, Intent, Record};
use crate::sign_ins::{Cipher, SignIns};

/// Version of the index's shape; another one is made anew.
const FORMAT: u32 = 2;

/// What opening did that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The index was lost or broken, and was made anew from the journal.
    IndexRebuilt {
        /// Where the broken one is now.
        moved_to: Option<PathBuf>,
        /// Why.
        why: String,
    },
    /// A record that was being written when a process died was cut off.
    TailCut {
        /// So many bytes.
        bytes: u64,
    },
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::IndexRebuilt { moved_to, why } => {
                write!(
                    f,
                    "The index was made anew from the journal ({why}). The library is listed again; nothing is sent twice."
                )?;
                match moved_to {
                    Some(path) => write!(f, " The broken one is in {}.", path.display()),
                    None => Ok(()),
                }
            }
            Self::TailCut { bytes } => write!(
                f,
                "The journal's last {bytes} bytes were of a record that was never finished; they were cut off."
            ),
        }
    }
}

/// A state that was opened.
pub struct Opened {
    /// It.
    pub state: State,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// How a spec's last run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunNote {
    /// When it began.
    pub started: Instant,
    /// When it ended.
    pub ended: Instant,
    /// The exit code.
    pub exit: u8,
    /// The receipt, as JSON.
    pub receipt: String,
    /// When the source's sign-in ends, as far as known.
    pub sign_in_expires: Option<Instant>,
}

/// The state of one engine.
pub struct State {
    folder: PathBuf,
    index: Index,
    journal: Journal,
    sign_ins: SignIns,
    intents: Mutex<BTreeMap<(DestinationId, String), (Position, Intent)>>,
    applying: Mutex<()>,
    recording: Gathering<Vec<Record>>,
    counting: Mutex<()>,
    numbering: Mutex<()>,
    _lock: Lock,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

fn meta(name: &str) -> Vec<u8> {
    Key::new(b'm').end(name.as_bytes()).bytes()
}

/// Where a memo stands.
pub(crate) fn memo_key(name: &str) -> Vec<u8> {
    meta(&format!("memo/{name}"))
}

impl State {
    /// Opens a state folder and takes its lock; makes what is missing.
    pub fn open(folder: &Path) -> Result<Opened, StateError> {
        crate::sign_ins::private_folder(folder)?;
        let lock = Lock::take(folder)?;
        let sign_ins = SignIns::open(folder)?;
        let mut notices = Vec::new();
        let path = folder.join("index");
        let fresh = !path.exists();
        let (index, watermark) = match open_index(&path) {
            Ok(opened) => opened,
            Err(error) => {
                let why = error.to_string();
                let moved_to = move_aside(folder, &path)?;
                notices.push(Notice::IndexRebuilt {
                    moved_to: Some(moved_to),
                    why,
                });
                open_index(&path)?
            }
        };
        let opened = Self::replay(folder, &index, watermark, sign_ins.cipher());
        let (journal, intents, cut, placed) = match opened {
            Ok(opened) => opened,
            Err(StateError::IndexBroken(why)) => {
                drop(index);
                let moved_to = move_aside(folder, &path)?;
                notices.push(Notice::IndexRebuilt {
                    moved_to: Some(moved_to),
                    why,
                });
                return Self::open_anew(folder, lock, sign_ins, notices);
            }
            Err(error) => return Err(error),
        };
        if fresh && placed > 0 {
            notices.push(Notice::IndexRebuilt {
                moved_to: None,
                why: "it was gone".to_owned(),
            });
        }
        if cut > 0 {
            notices.push(Notice::TailCut { bytes: cut });
        }
        let state = Self {
            folder: folder.to_owned(),
            index,
            journal,
            sign_ins,
            intents: Mutex::new(intents),
            applying: Mutex::new(()),
            recording: Gathering::default(),
            counting: Mutex::new(()),
            numbering: Mutex::new(()),
            _lock: lock,
        };
        Ok(Opened { state, notices })
    }

    fn open_anew(folder: &Path, lock: Lock, sign_ins: SignIns, notices: Vec<Notice>) -> Result<Opened, StateError> {
        let (index, watermark) = open_index(&folder.join("index"))?;
        let (journal, intents, _, _) = Self::replay(folder, &index, watermark, sign_ins.cipher())?;
        let state = Self {
            folder: folder.to_owned(),
            index,
            journal,
            sign_ins,
            intents: Mutex::new(intents),
            applying: Mutex::new(()),
            recording: Gathering::default(),
            counting: Mutex::new(()),
            numbering: Mutex::new(()),
            _lock: lock,
        };
        Ok(Opened { state, notices })
    }

    /// Moves the index aside and makes it anew from the journal. The folder, for the caller to open again.
    pub fn rebuild(self) -> Result<Opened, StateError> {
        let folder = self.folder.clone();
        drop(self);
        let path = folder.join("index");
        if path.exists() {
            move_aside(&folder, &path)?;
        }
        Self::open(&folder)
    }

    #[allow(clippy::type_complexity, reason = "read by the two lines that call it")]
    fn replay(
        folder: &Path,
        index: &Index,
        watermark: Position,
        cipher: Cipher,
    ) -> Result<(Journal, BTreeMap<(DestinationId, String), (Position, Intent)>, u64, u64), StateError> {
        let (journal, replay) = Journal::open(&folder.join("journal"), cipher, watermark)?;
        let mut intents = BTreeMap::new();
        let mut placed = 0;
        for (position, record) in replay.records {
            match &record {
                Record::Intent(intent) => {
                    intents.insert((intent.destination, intent.key.clone()), (position, intent.clone()));
                }
                Record::Staged { destination, key, held } => {
                    if let Some((_, intent)) = intents.get_mut(&(*destination, key.clone())) {
                        intent.held = (!held.is_empty()).then(|| held.clone());
                    }
                }
                Record::Placed {
                    destination, intent, ..
                } => {
                    placed += 1;
                    if let Some(key) = intent {
                        intents.remove(&(*destination, key.clone()));
                    }
                }
                Record::Dropped { destination, key } => {
                    intents.remove(&(*destination, key.clone()));
                }
                Record::Destination { id, .. } => {
                    // A number that the journal gave is never given again.
                    let key = Key::new(b'#').end(b"destinations").bytes();
                    let given = index.get::<u32>(&key)?.unwrap_or_default();
                    index.put(&key, &given.max(id.0 + 1))?;
                }
                Record::Lost { .. } | Record::Place { .. } | Record::Doubted { .. } => {}
            }
            index_record(index, &record)?;
        }
        Ok((journal, intents, replay.cut, placed))
    }

    pub(crate) fn index(&self) -> Result<&Index, StateError> {
        Ok(&self.index)
    }

    /// The folder of this state.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Which engine this is: unlike any other state's, and the same as long as this one's key is.
    pub fn engine(&self) -> &str {
        self.sign_ins.engine()
    }

    pub(crate) fn cipher(&self) -> Cipher {
        self.sign_ins.cipher()
    }

    /// Where what was published is gathered, to be recorded together.
    pub(crate) fn recording(&self) -> &Gathering<Vec<Record>> {
        &self.recording
    }

    pub(crate) fn applying(&self) -> &Mutex<()> {
        &self.applying
    }

    pub(crate) fn counting(&self) -> &Mutex<()> {
        &self.counting
    }

    /// Held from the look whether a thing has a number until it has one: else two threads give one number, or a thing gets two.
    pub(crate) fn numbering(&self) -> &Mutex<()> {
        &self.numbering
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The sign-ins.
    pub fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    pub(crate) fn next_number(&self, of: &str) -> Result<u32, StateError> {
        let key = Key::new(b'#').end(of.as_bytes()).bytes();
        let number = self.index.get::<u32>(&key)?.unwrap_or_default();
        self.index.put(&key, &(number + 1))?;
        Ok(number)
    }

    pub(crate) fn open_intent(&self, intent: Intent, position: Position) {
        self.intents
            .lock()
            .insert((intent.destination, intent.key.clone()), (position, intent));
    }

    pub(crate) fn hold_intent(&self, destination: DestinationId, key: &str, held: &[u8]) {
        if let Some((_, intent)) = self.intents.lock().get_mut(&(destination, key.to_owned())) {
            intent.held = (!held.is_empty()).then(|| held.to_vec());
        }
    }

    pub(crate) fn has_intent(&self, destination: DestinationId, key: &str) -> bool {
        self.intents.lock().contains_key(&(destination, key.to_owned()))
    }

    pub(crate) fn close_intent(&self, destination: DestinationId, key: &str) {
        self.intents.lock().remove(&(destination, key.to_owned()));
    }

    /// Intents that were neither placed nor dropped: after a crash the engine looks at these first.
    pub fn open_intents(&self, destination: DestinationId) -> Vec<Intent> {
        let intents = self.intents.lock();
        intents
            .iter()
            .filter(|((at, _), _)| *at == destination)
            .map(|(_, (_, intent))| intent.clone())
            .collect()
    }

    /// Makes the index durable, and says how far of the journal it holds.
    pub fn checkpoint(&self) -> Result<(), StateError> {
        let watermark = {
            let _nothing_is_applied_meanwhile = self.applying.lock();
            let end = self.journal.end();
            let oldest = self.intents.lock().values().map(|(position, _)| *position).min();
            oldest.map_or(end, |oldest| oldest.min(end))
        };
        // A watermark beyond what the disk has would make a journal that a power cut shortened look damaged: `staged` doesn't wait for the disk.
        self.journal.append_durable(&[])?;
        self.index.put(&meta("watermark"), &watermark)?;
        self.index.flush()
    }

    /// A short text that was kept under a name.
    pub fn memo(&self, name: &str) -> Result<Option<String>, StateError> {
        self.index.get(&memo_key(name))
    }

    /// Keeps a short text under a name. Lost with the index.
    pub fn set_memo(&self, name: &str, text: &str) -> Result<(), StateError> {
        self.index.put(&memo_key(name), &text)
    }

    /// How a spec's last run ended.
    pub fn last_run(&self, spec: &str) -> Result<Option<RunNote>, StateError> {
        self.index.get(&meta(&format!("run/{spec}")))
    }

    /// Keeps how a spec's run ended.
    pub fn set_last_run(&self, spec: &str, note: &RunNote) -> Result<(), StateError> {
        self.index.put(&meta(&format!("run/{spec}")), note)
    }

    /// Writes lines about a run into `receipts/RUN.ndjson`, and drops the oldest beyond a hundred.
    pub fn write_receipt(&self, run: &str, lines: &[u8]) -> Result<(), StateError> {
        let folder = self.folder.join("receipts");
        crate::sign_ins::private_folder(&folder)?;
        crate::sign_ins::write_durably(&folder, &format!("{run}.ndjson"), lines)?;
        let mut names: Vec<_> = fs::read_dir(&folder)
            .map_err(StateError::io(&folder))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
            .collect();
        names.sort();
        for old in names.iter().take(names.len().saturating_sub(100)) {
            fs::remove_file(old).map_err(StateError::io(old))?;
        }
        Ok(())
    }
}

fn open_index(path: &Path) -> Result<(Index, Position), StateError> {
    let index = Index::open(path)?;
    let checked = index.clone();
    let watermark = guarded(move || {
        match checked.get::<u32>(&meta("format"))? {
            Some(FORMAT) => {}
            Some(other) => return Err(StateError::IndexBroken(format!("it has format {other}"))),
            None => checked.put(&meta("format"), &FORMAT)?,
        }
        Ok(checked.get(&meta("watermark"))?.unwrap_or_default())
    })?;
    Ok((index, watermark))
}

fn move_aside(folder: &Path, path: &Path) -> Result<PathBuf, StateError> {
    for number in 1..1000 {
        let aside = folder.join(format!("index.broken-{number}"));
        if !aside.exists() {
            fs::rename(path, &aside).map_err(StateError::io(path))?;
            return Ok(aside);
        }
    }
    fs::remove_dir_all(path).map_err(StateError::io(path))?;
    Ok(path.to_owned())
}

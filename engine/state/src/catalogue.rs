//! Every asset of a library as the source last told it, in order of arrival.

use camroll_model::{Asset, AssetId, Change, Departure, Library, Page, SourceKey};
use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::index::{Batch, Key, trailing};
use crate::state::State;

/// A library's number in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// When an asset last arrived, counted over a library. A change gives it a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl Seq {
    /// The one before; before all that arrives: 0.
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// An asset's number in its library, given once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ordinal(pub u64);

/// Whether an asset is in its library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// It is.
    Here,
    /// It left with a tombstone.
    Gone(Departure),
}

/// The specs whose receipts told of an asset that is missing without a word. Each has to: what one spec's people read, another's may not.
type ReportedBy = std::collections::BTreeSet<String>;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    asset: Asset,
    presence: Presence,
    seq: Seq,
    /// The snapshot that last told it.
    told: u64,
    /// A whole snapshot didn't tell it, and there was no tombstone.
    unexplained: bool,
}

/// An asset with what the catalogue knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogued {
    /// Its library.
    pub source: SourceId,
    /// Its number there.
    pub ordinal: Ordinal,
    /// When it last arrived.
    pub seq: Seq,
    /// The asset.
    pub asset: Asset,
    /// Whether it is there.
    pub presence: Presence,
    /// A whole snapshot didn't tell it, and there was no tombstone: kept, and reported.
    pub unexplained: bool,
    /// For the caller: it comes from the dirty set and not from the arrivals.
    pub already_looked_at: bool,
}

/// What a page changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Assets that are new.
    pub new: u64,
    /// Assets that changed or came back.
    pub changed: u64,
    /// Assets told again at the same version.
    pub unchanged: u64,
    /// Assets that left.
    pub departed: u64,
    /// At the end of a whole snapshot: assets that it didn't tell, without a tombstone. At most 1,000 are named.
    pub unexplained: Vec<AssetId>,
    /// Those beyond the ones that are named.
    pub unexplained_besides: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Counters {
    seq: u64,
    ordinal: u64,
    /// The snapshot that runs or ran last.
    snapshot: u64,
    running: bool,
    /// Something in it couldn't be read.
    incomplete: bool,
    /// Changes of albums and of who is in them.
    albums: u64,
}

fn counters_key(source: SourceId) -> Vec<u8> {
    Key::new(b'n').number(source.0).bytes()
}
fn cursor_key(source: SourceId) -> Vec<u8> {
    Key::new(b'u').number(source.0).bytes()
}
fn asset_key(source: SourceId, ordinal: u64) -> Vec<u8> {
    Key::new(b'a').number(source.0).long(ordinal).bytes()
}
fn arrival_key(source: SourceId, seq: u64) -> Vec<u8> {
    Key::new(b'r').number(source.0).long(seq).bytes()
}
fn unread_key(source: SourceId, what: &str) -> Vec<u8> {
    Key::new(b'U').number(source.0).end(what.as_bytes()).bytes()
}
fn unexplained_key(source: SourceId, ordinal: u64) -> Vec<u8> {
    Key::new(b'X').number(source.0).long(ordinal).bytes()
}
fn id_key(source: SourceId, id: &str) -> Vec<u8> {
    Key::new(b'i').number(source.0).end(id.as_bytes()).bytes()
}
fn alias_prefix(source: SourceId, alias: &str) -> Vec<u8> {
    Key::new(b'k').number(source.0).part(alias).bytes()
}

/// A page being applied: what it read and what it will write.
pub(crate) struct Writing<'a> {
    pub(crate) state: &'a State,
    pub(crate) source: SourceId,
    pub(crate) batch: Batch,
    counters: Counters,
    /// What this page wrote already, which the index doesn't know yet.
    fresh: std::collections::HashMap<String, (u64, Entry)>,
    applied: Applied,
}

impl State {
    /// The number of a library.
    pub fn source(&self, key: &SourceKey) -> Result<SourceId, StateError> {
        let name = Key::new(b's')
            .part(&key.connector)
            .part(&key.account)
            .part(&key.library)
            .bytes();
        let _one_at_a_time = self.numbering().lock();
        if let Some(id) = self.index()?.get(&name)? {
            return Ok(id);
        }
        let id = SourceId(self.next_number("sources")?);
        let mut batch = Batch::default();
        batch.put(&name, &id)?;
        batch.put(&Key::new(b'z').number(id.0).bytes(), key)?;
        self.index()?.apply(batch)?;
        Ok(id)
    }

    /// All libraries that were ever heard.
    pub fn sources(&self) -> Result<Vec<(SourceKey, SourceId)>, StateError> {
        let prefix = Key::new(b'z').bytes();
        self.index()?
            .range::<SourceKey>(&prefix, &prefix)
            .map(|found| {
                let (bytes, key) = found?;
                let id = bytes.last_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
                Ok((key, SourceId(id)))
            })
            .collect()
    }

    /// The source's own mark of how far its changes were read.
    pub fn cursor(&self, source: SourceId) -> Result<Option<Vec<u8>>, StateError> {
        let sealed: Option<Vec<u8>> = self.index()?.get(&cursor_key(source))?;
        Ok(sealed.and_then(|sealed| self.cipher().open(&sealed)))
    }

    /// Forgets it, so that all is told again.
    pub fn forget_cursor(&self, source: SourceId) -> Result<(), StateError> {
        let mut batch = Batch::default();
        batch.remove(&cursor_key(source));
        self.index()?.apply(batch)
    }

    /// The assets that a page touches on without telling them whole: to be described before it is applied.
    pub fn undescribed(&self, source: SourceId, changes: &[Change]) -> Result<Vec<AssetId>, StateError> {
        let mut wanted = std::collections::BTreeSet::new();
        for change in changes {
            match change {
                Change::Touched {
                    key,
                    version: Some(version),
                } => {
                    let known = self.asset(source, &AssetId(key.clone()))?;
                    if known.is_none_or(|known| &known.asset.version != version || known.presence != Presence::Here) {
                        wanted.insert(AssetId(key.clone()));
                    }
                }
                Change::Touched { key, version: None } => {
                    if self.asset(source, &AssetId(key.clone()))?.is_some() {
                        wanted.insert(AssetId(key.clone()));
                    }
                    wanted.extend(self.by_alias(source, key)?);
                }
                Change::Tombstone { key, .. } if self.asset(source, &AssetId(key.clone()))?.is_none() => {
                    wanted.extend(self.by_alias(source, key)?);
                }
                _ => {}
            }
        }
        Ok(wanted.into_iter().collect())
    }

    /// Puts a page into the catalogue, with its cursor, all together.
    pub fn apply_page(&self, source: SourceId, page: &Page) -> Result<Applied, StateError> {
        failpoint("page/before");
        let counters = self.index()?.get(&counters_key(source))?.unwrap_or_default();
        let mut writing = Writing {
            state: self,
            source,
            batch: Batch::default(),
            counters,
            fresh: std::collections::HashMap::new(),
            applied: Applied::default(),
        };
        for change in &page.changes {
            writing.apply(change)?;
        }
        let Writing {
            mut batch,
            counters,
            fresh,
            applied,
            ..
        } = writing;
        for (ordinal, entry) in fresh.values() {
            batch.put(&asset_key(source, *ordinal), entry)?;
        }
        batch.put(&counters_key(source), &counters)?;
        batch.put(&cursor_key(source), &self.cipher().seal(&page.cursor)?)?;
        self.index()?.apply(batch)?;
        failpoint("page/after");
        Ok(applied)
    }

    /// What the catalogue knows of an asset.
    pub fn asset(&self, source: SourceId, id: &AssetId) -> Result<Option<Catalogued>, StateError> {
        match self.index()?.get::<u64>(&id_key(source, id.as_str()))? {
            Some(ordinal) => self.asset_at(source, Ordinal(ordinal)),
            None => Ok(None),
        }
    }

    pub(crate) fn ordinal(&self, source: SourceId, id: &AssetId) -> Result<Option<Ordinal>, StateError> {
        Ok(self.index()?.get::<u64>(&id_key(source, id.as_str()))?.map(Ordinal))
    }

    /// The asset of that number.
    pub fn asset_at(&self, source: SourceId, ordinal: Ordinal) -> Result<Option<Catalogued>, StateError> {
        let entry: Option<Entry> = self.index()?.get(&asset_key(source, ordinal.0))?;
        Ok(entry.map(|entry| catalogued(source, ordinal, entry)))
    }

    /// What arrived after a mark, oldest first.
    pub fn arrivals(&self, source: SourceId, after: Seq, limit: usize) -> Result<Vec<Catalogued>, StateError> {
        let prefix = Key::new(b'r').number(source.0).bytes();
        let mut arrived = Vec::new();
        for found in self
            .index()?
            .range::<u64>(&prefix, &arrival_key(source, after.0 + 1))
            .take(limit)
        {
            let (_, ordinal) = found?;
            arrived.extend(self.asset_at(source, Ordinal(ordinal))?);
        }
        Ok(arrived)
    }

    /// All assets of a library in the order in which they were first told, from a number on.
    pub fn assets(&self, source: SourceId, from: Ordinal, limit: usize) -> Result<Vec<Catalogued>, StateError> {
        let prefix = Key::new(b'a').number(source.0).bytes();
        self.index()?
            .range::<Entry>(&prefix, &asset_key(source, from.0))
            .take(limit)
            .map(|found| found.map(|(key, entry)| catalogued(source, Ordinal(trailing(&key)), entry)))
            .collect()
    }

    /// When the newest asset arrived.
    pub fn last_seq(&self, source: SourceId) -> Result<Seq, StateError> {
        let counters: Counters = self.index()?.get(&counters_key(source))?.unwrap_or_default();
        Ok(Seq(counters.seq))
    }

    /// Whether a listing began and didn't come to its end yet.
    pub(crate) fn is_listing(&self, source: SourceId) -> Result<bool, StateError> {
        let counters: Counters = self.index()?.get(&counters_key(source))?.unwrap_or_default();
        Ok(counters.running)
    }

    /// Grows with each change of a library's albums or of who is in them.
    pub fn albums_version(&self, source: SourceId) -> Result<u64, StateError> {
        let counters: Counters = self.index()?.get(&counters_key(source))?.unwrap_or_default();
        Ok(counters.albums)
    }

    /// What a library told and couldn't be read: nothing tells it again unless it is asked for.
    pub fn unread(&self, source: SourceId) -> Result<Vec<String>, StateError> {
        let prefix = unread_key(source, "");
        self.index()?
            .range::<()>(&prefix, &prefix)
            .map(|found| {
                let (key, ()) = found?;
                Ok(String::from_utf8_lossy(key.get(prefix.len()..).unwrap_or_default()).into_owned())
            })
            .collect()
    }

    /// Forgets what was unread: it was read since, or is nothing that can be asked for.
    pub fn forget_unread(&self, source: SourceId, what: &[String]) -> Result<(), StateError> {
        let mut batch = Batch::default();
        for one in what {
            batch.remove(&unread_key(source, one));
        }
        self.index()?.apply(batch)
    }

    /// Assets that a whole listing no longer told, without a tombstone, and that no receipt of that spec named or counted yet; in the order in which they were first told.
    pub fn unreported(&self, source: SourceId, spec: &str) -> Result<Vec<Ordinal>, StateError> {
        let prefix = Key::new(b'X').number(source.0).bytes();
        let mut unreported = Vec::new();
        for found in self.index()?.range::<ReportedBy>(&prefix, &prefix) {
            let (key, reported_by) = found?;
            if !reported_by.contains(spec) {
                unreported.push(Ordinal(trailing(&key)));
            }
        }
        Ok(unreported)
    }

    /// Notes that a receipt of that spec tells of these.
    pub fn reported(&self, source: SourceId, spec: &str, assets: &[Ordinal]) -> Result<(), StateError> {
        let index = self.index()?;
        let mut batch = Batch::default();
        for ordinal in assets {
            let key = unexplained_key(source, ordinal.0);
            // One that was told again since has no mark any more.
            if let Some(mut reported_by) = index.get::<ReportedBy>(&key)? {
                reported_by.insert(spec.to_owned());
                batch.put(&key, &reported_by)?;
            }
        }
        index.apply(batch)
    }

    /// The libraries of an account as they were last told.
    pub fn libraries(&self, connector: &str, account: &str) -> Result<Vec<Library>, StateError> {
        Ok(self
            .index()?
            .get(&Key::new(b'b').part(connector).part(account).bytes())?
            .unwrap_or_default())
    }

    /// Keeps the libraries of an account.
    pub fn set_libraries(&self, connector: &str, account: &str, libraries: &[Library]) -> Result<(), StateError> {
        self.index()?
            .put(&Key::new(b'b').part(connector).part(account).bytes(), &libraries)
    }

    fn by_alias(&self, source: SourceId, alias: &str) -> Result<Vec<AssetId>, StateError> {
        let prefix = alias_prefix(source, alias);
        let mut ids = Vec::new();
        for found in self.index()?.range::<()>(&prefix, &prefix) {
            let (key, ()) = found?;
            if let Some(known) = self.asset_at(source, Ordinal(trailing(&key)))? {
                ids.push(known.asset.id);
            }
        }
        Ok(ids)
    }
}

impl Writing<'_> {
    fn apply(&mut self, change: &Change) -> Result<(), StateError> {
        match change {
            Change::Asset(asset) => self.asset(asset),
            Change::Tombstone { key, departure } => self.tombstone(key, *departure),
            Change::Touched {
                key,
                version: Some(version),
            } => {
                // Told in short at the version that is held: as good as told.
                match self.entry(key)? {
                    Some((ordinal, mut entry)) if entry.asset.version == *version => {
                        entry.told = self.counters.snapshot;
                        self.explained(ordinal, &mut entry);
                        self.fresh.insert(key.clone(), (ordinal, entry));
                        self.applied.unchanged += 1;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            Change::Touched { version: None, .. } => Ok(()),
            Change::Album(album) => self.album(album),
            Change::Member(member) => self.member(member),
            Change::MemberGone(member) => self.member_gone(&member.album, &member.asset),
            Change::Unread { what, .. } => {
                self.counters.incomplete = true;
                self.albums_unread(what)?;
                // The cursor goes past it with this very page.
                self.batch.put(&unread_key(self.source, what), &())
            }
            Change::SnapshotBegin => {
                self.counters.snapshot += 1;
                self.counters.running = true;
                self.counters.incomplete = false;
                self.albums_begin()
            }
            Change::SnapshotEnd => self.snapshot_end(),
        }
    }

    fn entry(&self, id: &str) -> Result<Option<(u64, Entry)>, StateError> {
        if let Some((ordinal, entry)) = self.fresh.get(id) {
            return Ok(Some((*ordinal, entry.clone())));
        }
        let Some(ordinal) = self.state.index()?.get::<u64>(&id_key(self.source, id))? else {
            return Ok(None);
        };
        let entry = self.state.index()?.get(&asset_key(self.source, ordinal))?;
        Ok(entry.map(|entry| (ordinal, entry)))
    }

    /// A new place in the order of arrival.
    fn arrive(&mut self, ordinal: u64, old: Option<Seq>) -> Result<Seq, StateError> {
        if let Some(old) = old {
            self.batch.remove(&arrival_key(self.source, old.0));
        }
        self.counters.seq += 1;
        self.batch.put(&arrival_key(self.source, self.counters.seq), &ordinal)?;
        Ok(Seq(self.counters.seq))
    }

    fn asset(&mut self, asset: &Asset) -> Result<(), StateError> {
        let told = self.counters.snapshot;
        let (ordinal, entry) = match self.entry(asset.id.as_str())? {
            Some((ordinal, mut entry)) => {
                let same = entry.asset == *asset && entry.presence == Presence::Here;
                entry.told = told;
                self.explained(ordinal, &mut entry);
                if same {
                    self.applied.unchanged += 1;
                } else {
                    for alias in &entry.asset.keys {
                        if !asset.keys.contains(alias) {
                            self.batch
                                .remove(&[alias_prefix(self.source, alias), ordinal.to_be_bytes().to_vec()].concat());
                        }
                    }
                    entry.seq = self.arrive(ordinal, Some(entry.seq))?;
                    entry.asset = asset.clone();
                    entry.presence = Presence::Here;
                    self.applied.changed += 1;
                }
                (ordinal, entry)
            }
            None => {
                self.counters.ordinal += 1;
                let ordinal = self.counters.ordinal;
                self.batch.put(&id_key(self.source, asset.id.as_str()), &ordinal)?;
                let seq = self.arrive(ordinal, None)?;
                self.applied.new += 1;
                (
                    ordinal,
                    Entry {
                        asset: asset.clone(),
                        presence: Presence::Here,
                        seq,
                        told,
                        unexplained: false,
                    },
                )
            }
        };
        for alias in &asset.keys {
            let key = [alias_prefix(self.source, alias), ordinal.to_be_bytes().to_vec()].concat();
            self.batch.put(&key, &())?;
        }
        self.fresh.insert(asset.id.to_string(), (ordinal, entry));
        Ok(())
    }

    fn tombstone(&mut self, id: &str, departure: Departure) -> Result<(), StateError> {
        // Unknown ids are normal; only an id is believed, never a key.
        let Some((ordinal, mut entry)) = self.entry(id)? else {
            return self.album_gone(id);
        };
        // What moved is there, under another id: that its old record is cleared away later deletes nothing. Only being told here again ends that.
        let moved = entry.presence == Presence::Gone(Departure::Moved);
        if entry.presence != Presence::Gone(departure) && !moved {
            // What is expunged isn't in the bin any more; the other way round it is.
            entry.presence = Presence::Gone(departure);
            entry.seq = self.arrive(ordinal, Some(entry.seq))?;
            self.applied.departed += 1;
        }
        entry.told = self.counters.snapshot;
        self.explained(ordinal, &mut entry);
        self.fresh.insert(id.to_owned(), (ordinal, entry));
        Ok(())
    }

    /// It isn't missing without a word any more.
    fn explained(&mut self, ordinal: u64, entry: &mut Entry) {
        if std::mem::take(&mut entry.unexplained) {
            self.batch.remove(&unexplained_key(self.source, ordinal));
        }
    }

    fn snapshot_end(&mut self) -> Result<(), StateError> {
        let whole = self.counters.running && !self.counters.incomplete;
        if self.counters.running {
            self.albums_end(self.counters.snapshot)?;
        }
        self.counters.running = false;
        if !whole {
            return Ok(());
        }
        // What this page told before its end isn't in the index yet, and is newer than what is.
        let mut untold: Vec<(String, u64, Entry)> = Vec::new();
        for (id, (ordinal, entry)) in &self.fresh {
            if self.is_untold(entry) {
                untold.push((id.clone(), *ordinal, entry.clone()));
            }
        }
        let prefix = Key::new(b'a').number(self.source.0).bytes();
        for found in self.state.index()?.range::<Entry>(&prefix, &prefix) {
            let (key, entry) = found?;
            if self.is_untold(&entry) && !self.fresh.contains_key(entry.asset.id.as_str()) {
                untold.push((entry.asset.id.to_string(), trailing(&key), entry));
            }
        }
        untold.sort_unstable_by_key(|(_, ordinal, _)| *ordinal);
        for (id, ordinal, mut entry) in untold {
            if self.applied.unexplained.len() < 1000 {
                self.applied.unexplained.push(entry.asset.id.clone());
            } else {
                self.applied.unexplained_besides += 1;
            }
            // The listing is over with this very page: nothing else would bring it to a receipt.
            self.batch
                .put(&unexplained_key(self.source, ordinal), &ReportedBy::new())?;
            entry.unexplained = true;
            self.fresh.insert(id, (ordinal, entry));
        }
        Ok(())
    }

    fn is_untold(&self, entry: &Entry) -> bool {
        entry.told != self.counters.snapshot && entry.presence == Presence::Here
    }

    /// The snapshot that runs or ran last.
    pub(crate) fn snapshot(&self) -> u64 {
        self.counters.snapshot
    }

    /// Something is another way with albums than it was.
    pub(crate) fn albums_changed(&mut self) {
        self.counters.albums += 1;
    }
}

fn catalogued(source: SourceId, ordinal: Ordinal, entry: Entry) -> Catalogued {
    Catalogued {
        source,
        ordinal,
        seq: entry.seq,
        asset: entry.asset,
        presence: entry.presence,
        unexplained: entry.unexplained,
        already_looked_at: false,
    }
}

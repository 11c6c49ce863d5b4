//! Takes pages of changes into the catalogue, each together with the cursor after it.

use camroll_model::{Album, Asset, AssetId, Change, Departure, Member, Page};

use super::{
    AlbumRecord, Applied, AssetRecord, IdRecord, Listing, MemberRecord, Presence, SnapshotEnd, SourceId, SourceRecord,
};
use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::index::Transaction;
use crate::index::keys::{self, Family};
use crate::state::State;

/// Longest id or key of an asset or album, bytes.
const NAME_LIMIT: usize = 4096;
/// Longest cursor, bytes, by the interface.
const CURSOR_LIMIT: usize = 64 << 10;

impl State {
    /// Takes in a page: assets, tombstones, albums and the cursor together or not at all. Ask `undescribed` before, and put what was described into the page.
    ///
    /// An asset told at the version that is known changes nothing, and counts as told.
    pub fn apply_page(&self, source: SourceId, page: &Page) -> Result<Applied, StateError> {
        limit("a cursor", page.cursor.len(), CURSOR_LIMIT)?;
        failpoint("index/page-before");
        let mut taking = Taking::begin(self.inner().index.begin(), source)?;
        let mut ended = Ended::No;
        for change in &page.changes {
            match change {
                // What was described for this page stands behind its end, and belongs before it.
                Change::SnapshotEnd => ended = Ended::Yes,
                Change::SnapshotBegin => {
                    if std::mem::replace(&mut ended, Ended::No) == Ended::Yes {
                        taking.end_listing();
                    }
                    taking.begin_listing();
                }
                other => taking.take(other)?,
            }
        }
        if ended == Ended::Yes {
            taking.end_listing();
        }
        let Taking {
            mut transaction,
            record,
            applied,
            ..
        } = taking;
        transaction.put(keys::numbered(Family::Source, source.0), &record)?;
        let sealed = self.inner().cursors.seal(&source.0.to_be_bytes(), &page.cursor)?;
        transaction.put(keys::numbered(Family::Cursor, source.0), &sealed)?;
        transaction.commit()?;
        self.touched();
        failpoint("index/page-after");
        Ok(applied)
    }
}

#[derive(PartialEq)]
enum Ended {
    No,
    Yes,
}

fn limit(what: &'static str, size: usize, limit: usize) -> Result<(), StateError> {
    if size > limit {
        Err(StateError::TooLarge { what, size, limit })
    } else {
        Ok(())
    }
}

/// A page that is being taken in.
struct Taking<'a> {
    transaction: Transaction<'a>,
    source: u32,
    record: SourceRecord,
    applied: Applied,
}

impl<'a> Taking<'a> {
    fn begin(transaction: Transaction<'a>, source: SourceId) -> Result<Self, StateError> {
        let record = transaction
            .get(&keys::numbered(Family::Source, source.0))?
            .ok_or(StateError::Unknown("source"))?;
        Ok(Self {
            transaction,
            source: source.0,
            record,
            applied: Applied::default(),
        })
    }

    fn take(&mut self, change: &Change) -> Result<(), StateError> {
        match change {
            Change::Asset(asset) => self.asset(asset),
            Change::Tombstone { key, departure } => self.tombstone(key, *departure),
            Change::Touched {
                key,
                version: Some(version),
            } => self.touched(key, version),
            // Its assets are described, and so told whole.
            Change::Touched { version: None, .. } => Ok(()),
            Change::Album(album) => self.album(album),
            Change::Member(member) => self.member(member),
            Change::MemberGone(member) => {
                self.transaction
                    .remove(keys::member(self.source, member.asset.as_str(), &member.album));
                Ok(())
            }
            Change::Unread { .. } => {
                self.applied.unread += 1;
                if self.record.running == Listing::Whole {
                    self.record.running = Listing::WithGaps;
                }
                Ok(())
            }
            Change::SnapshotBegin | Change::SnapshotEnd => Ok(()),
        }
    }

    fn begin_listing(&mut self) {
        self.record.snapshot += 1;
        self.record.told = 0;
        self.record.running = Listing::Whole;
    }

    fn end_listing(&mut self) {
        match std::mem::replace(&mut self.record.running, Listing::No) {
            // An end without a beginning says nothing.
            Listing::No => {}
            Listing::WithGaps => self.applied.snapshot = Some(SnapshotEnd::Incomplete),
            Listing::Whole => {
                self.record.complete = self.record.snapshot;
                self.record.unexplained = self.record.here.saturating_sub(self.record.told);
                self.applied.snapshot = Some(SnapshotEnd::Complete {
                    unexplained: self.record.unexplained,
                });
            }
        }
    }

    fn asset(&mut self, asset: &Asset) -> Result<(), StateError> {
        limit("the id of an asset", asset.id.as_str().len(), NAME_LIMIT)?;
        for key in &asset.keys {
            limit("a key of an asset", key.len(), NAME_LIMIT)?;
        }
        let Some((id, known)) = self.known(&asset.id)? else {
            let seq = self.next_seq();
            self.record.here += 1;
            self.record.told += 1;
            self.applied.new += 1;
            let record = AssetRecord {
                number: seq,
                presence: Presence::Here,
                asset: asset.clone(),
            };
            return self.put(seq, &record);
        };
        if known.presence == Presence::Here && is_same(&known.asset, asset) {
            self.applied.unchanged += 1;
            return self.tell(&asset.id, id, Presence::Here);
        }
        self.applied.changed += 1;
        self.count_as_told(&id, known.presence);
        if known.presence != Presence::Here {
            self.record.gone = self.record.gone.saturating_sub(1);
            self.record.here += 1;
        }
        self.take_away(&id, &known);
        let seq = self.next_seq();
        let record = AssetRecord {
            number: known.number,
            presence: Presence::Here,
            asset: asset.clone(),
        };
        self.put(seq, &record)
    }

    fn tombstone(&mut self, key: &str, departure: Departure) -> Result<(), StateError> {
        let gone = Presence::Gone(departure);
        let Some((id, known)) = self.known(&AssetId::from(key))? else {
            // For a key the engine asks what became of its assets.
            self.transaction.remove(keys::album(self.source, key));
            return Ok(());
        };
        if known.presence == gone {
            return Ok(());
        }
        if known.presence == Presence::Here {
            self.applied.departed += 1;
            self.record.here = self.record.here.saturating_sub(1);
            self.record.gone += 1;
            if id.told == self.record.snapshot {
                self.record.told = self.record.told.saturating_sub(1);
            }
            self.explain(&id);
        }
        self.take_away(&id, &known);
        let seq = self.next_seq();
        self.put(
            seq,
            &AssetRecord {
                presence: gone,
                ..known
            },
        )
    }

    fn touched(&mut self, key: &str, version: &str) -> Result<(), StateError> {
        let asset = AssetId::from(key);
        match self.known(&asset)? {
            Some((id, known)) if known.presence == Presence::Here && known.asset.version == version => {
                self.applied.unchanged += 1;
                self.tell(&asset, id, Presence::Here)
            }
            // Described, and so told whole.
            _ => Ok(()),
        }
    }

    fn album(&mut self, album: &Album) -> Result<(), StateError> {
        limit("the id of an album", album.id.len(), NAME_LIMIT)?;
        let record = AlbumRecord {
            album: album.clone(),
            told: self.record.snapshot,
        };
        self.transaction.put(keys::album(self.source, &album.id), &record)
    }

    fn member(&mut self, member: &Member) -> Result<(), StateError> {
        limit("the id of an album", member.album.len(), NAME_LIMIT)?;
        limit("the id of an asset", member.asset.as_str().len(), NAME_LIMIT)?;
        let record = MemberRecord {
            album: member.album.clone(),
            attributes: member.attributes.clone(),
            told: self.record.snapshot,
        };
        self.transaction
            .put(keys::member(self.source, member.asset.as_str(), &member.album), &record)
    }

    fn known(&self, id: &AssetId) -> Result<Option<(IdRecord, AssetRecord)>, StateError> {
        let Some(found) = self
            .transaction
            .get::<IdRecord>(&keys::asset_by_id(self.source, id.as_str()))?
        else {
            return Ok(None);
        };
        match self.transaction.get(&keys::asset(self.source, found.seq))? {
            Some(record) => Ok(Some((found, record))),
            None => Err(self.transaction.index().distrust("an id leads to no asset".to_owned())),
        }
    }

    fn next_seq(&mut self) -> u64 {
        self.record.last_seq += 1;
        self.record.last_seq
    }

    /// Notes that an asset was told as it is known.
    fn tell(&mut self, asset: &AssetId, id: IdRecord, presence: Presence) -> Result<(), StateError> {
        if id.told == self.record.snapshot {
            return Ok(());
        }
        self.count_as_told(&id, presence);
        let told = IdRecord {
            told: self.record.snapshot,
            ..id
        };
        self.transaction
            .put(keys::asset_by_id(self.source, asset.as_str()), &told)
    }

    fn count_as_told(&mut self, id: &IdRecord, before: Presence) {
        if before != Presence::Here {
            self.record.told += 1;
        } else if id.told != self.record.snapshot {
            self.record.told += 1;
            self.explain(id);
        }
    }

    /// An asset that was missing without a word is told, or leaves.
    fn explain(&mut self, id: &IdRecord) {
        if id.told < self.record.complete {
            self.record.unexplained = self.record.unexplained.saturating_sub(1);
        }
    }

    fn take_away(&mut self, id: &IdRecord, known: &AssetRecord) {
        self.transaction.remove(keys::asset(self.source, id.seq));
        for key in &known.asset.keys {
            self.transaction
                .remove(keys::asset_by_key(self.source, key, known.asset.id.as_str()));
        }
    }

    fn put(&mut self, seq: u64, record: &AssetRecord) -> Result<(), StateError> {
        let id = IdRecord {
            seq,
            number: record.number,
            told: self.record.snapshot,
        };
        self.transaction.put(keys::asset(self.source, seq), record)?;
        self.transaction
            .put(keys::asset_by_id(self.source, record.asset.id.as_str()), &id)?;
        for key in &record.asset.keys {
            self.transaction
                .put(keys::asset_by_key(self.source, key, record.asset.id.as_str()), &())?;
        }
        Ok(())
    }
}

/// Whether this is the asset that is known: the same version, and the same files with bytes. (Bytes may arrive at the service without a new version.)
fn is_same(known: &Asset, told: &Asset) -> bool {
    let files = |asset: &Asset| -> Vec<(String, String, bool)> {
        let resources = asset.resources.iter();
        resources
            .map(|file| (file.id.0.clone(), file.version.clone(), file.available))
            .collect()
    };
    known.version == told.version && files(known) == files(told)
}

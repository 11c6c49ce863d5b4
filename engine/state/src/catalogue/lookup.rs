//! Questions to the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use camroll_model::{Album, AssetId, Change, SourceKey};

use super::{
    AlbumRecord, AssetRecord, Catalogued, IdRecord, MemberRecord, Presence, Seq, SourceId, SourceRecord, Unexplained,
};
use crate::error::StateError;
use crate::index::keys::{self, Family};
use crate::index::{Index, Transaction};
use crate::state::State;

impl State {
    /// The number of a source; a new one for a source that wasn't known.
    pub fn source(&self, key: &SourceKey) -> Result<SourceId, StateError> {
        if let Some(number) = self.inner().index.get(&keys::source_by_key(key))? {
            return Ok(SourceId(number));
        }
        let mut transaction = self.inner().index.begin();
        let id = source_of(&mut transaction, key)?;
        transaction.commit()?;
        self.touched();
        Ok(id)
    }

    /// Where reading of the source goes on; none: from the beginning. One that can't be decrypted (another key) is as if there were none.
    pub fn cursor(&self, source: SourceId) -> Result<Option<Vec<u8>>, StateError> {
        let Some(sealed) = self
            .inner()
            .index
            .get::<Vec<u8>>(&keys::numbered(Family::Cursor, source.0))?
        else {
            return Ok(None);
        };
        Ok(self
            .inner()
            .cursors
            .unseal(&source.0.to_be_bytes(), &sealed)
            .map(|cursor| cursor.to_vec()))
    }

    /// Forgets where reading goes on: the source is listed again. The catalogue stays.
    pub fn forget_cursor(&self, source: SourceId) -> Result<(), StateError> {
        let mut transaction = self.inner().index.begin();
        transaction.remove(keys::numbered(Family::Cursor, source.0));
        transaction.commit()?;
        self.touched();
        Ok(())
    }

    /// The assets that these changes only touch on, and that must be described before the page is taken in.
    pub fn undescribed(&self, source: SourceId, changes: &[Change]) -> Result<Vec<AssetId>, StateError> {
        let index = &self.inner().index;
        let mut whole = BTreeSet::new();
        let mut named: BTreeMap<&str, Vec<&AssetId>> = BTreeMap::new();
        for change in changes {
            if let Change::Asset(asset) = change {
                whole.insert(&asset.id);
                for key in &asset.keys {
                    named.entry(key).or_default().push(&asset.id);
                }
            }
        }
        let mut asked = BTreeSet::new();
        let mut wanted = Vec::new();
        let mut want = |id: AssetId| {
            if !whole.contains(&id) && asked.insert(id.clone()) {
                wanted.push(id);
            }
        };
        for change in changes {
            match change {
                Change::Touched {
                    key,
                    version: Some(version),
                } => {
                    let id = AssetId::from(key.as_str());
                    let held = record(index, source, &id)?;
                    if !held.is_some_and(|(_, held)| held.presence == Presence::Here && held.asset.version == *version)
                    {
                        want(id);
                    }
                }
                Change::Touched { key, version: None } => {
                    let id = AssetId::from(key.as_str());
                    if index.get::<IdRecord>(&keys::asset_by_id(source.0, key))?.is_some() {
                        want(id);
                    }
                    self.assets_with_key(source, key)?.into_iter().for_each(&mut want);
                }
                Change::Tombstone { key, .. } => {
                    let is_id = whole.contains(&AssetId::from(key.as_str()))
                        || index.get::<IdRecord>(&keys::asset_by_id(source.0, key))?.is_some();
                    if !is_id {
                        self.assets_with_key(source, key)?.into_iter().for_each(&mut want);
                    }
                }
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn assets_with_key(&self, source: SourceId, key: &str) -> Result<Vec<AssetId>, StateError> {
        let prefix = keys::assets_by_key(source.0, key);
        let mut ids = Vec::new();
        self.inner().index.each(&prefix, |found, _| {
            let id = found.get(prefix.len()..).unwrap_or_default();
            ids.push(AssetId(String::from_utf8_lossy(id).into_owned()));
            Ok(())
        })?;
        Ok(ids)
    }

    /// The asset of that id.
    pub fn asset(&self, source: SourceId, id: &AssetId) -> Result<Option<Catalogued>, StateError> {
        let index = &self.inner().index;
        let about = self.source_record(source)?;
        Ok(record(index, source, id)?.map(|(found, record)| catalogued(&about, Seq(found.seq), Some(&found), record)))
    }

    /// Assets that came or changed after `after`, in that order.
    pub fn arrivals(&self, source: SourceId, after: Seq, limit: usize) -> Result<Vec<Catalogued>, StateError> {
        let index = &self.inner().index;
        let about = self.source_record(source)?;
        let prefix = keys::numbered(Family::Asset, source.0);
        let pairs = index.pairs(&prefix, Some(&keys::asset(source.0, after.0)), limit)?;
        pairs
            .into_iter()
            .map(|(key, value)| read(index, source, &about, &key, &value))
            .collect()
    }

    /// The newest asset's.
    pub fn last_seq(&self, source: SourceId) -> Result<Seq, StateError> {
        Ok(Seq(self.source_record(source)?.last_seq))
    }

    /// How many assets are in the library.
    pub fn asset_count(&self, source: SourceId) -> Result<u64, StateError> {
        Ok(self.source_record(source)?.here)
    }

    /// How many assets a complete listing didn't hold, though they didn't leave.
    pub fn unexplained_count(&self, source: SourceId) -> Result<u64, StateError> {
        Ok(self.source_record(source)?.unexplained)
    }

    /// Those assets, up to `limit`.
    pub fn unexplained(&self, source: SourceId, limit: usize) -> Result<Vec<Catalogued>, StateError> {
        let wanted = self.source_record(source)?.unexplained.min(limit as u64) as usize;
        self.search(source, wanted, |found| found.unexplained == Unexplained::Missing)
    }

    /// Assets of that name, or whose id begins so: what a person calls them. Reads the whole catalogue.
    pub fn find(&self, source: SourceId, wanted: &str, limit: usize) -> Result<Vec<Catalogued>, StateError> {
        self.search(source, limit, |found| {
            found.asset.name.as_deref() == Some(wanted)
                || (!wanted.is_empty() && found.asset.id.as_str().starts_with(wanted))
        })
    }

    fn search(
        &self,
        source: SourceId,
        limit: usize,
        is_wanted: impl Fn(&Catalogued) -> bool,
    ) -> Result<Vec<Catalogued>, StateError> {
        let mut found = Vec::new();
        let mut after = Seq(0);
        while found.len() < limit {
            let page = self.arrivals(source, after, 256)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            found.extend(page.into_iter().filter(&is_wanted));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The albums that an asset is in.
    pub fn albums_of(&self, source: SourceId, asset: &AssetId) -> Result<Vec<Album>, StateError> {
        let index = &self.inner().index;
        let about = self.source_record(source)?;
        let mut albums = Vec::new();
        index.each(&keys::members(source.0, asset.as_str()), |_, value| {
            let member: MemberRecord = index.decode(value)?;
            // What a complete listing didn't tell is gone; albums may be taken for gone, for nothing is removed with them.
            if member.told >= about.complete
                && let Some(album) = index.get::<AlbumRecord>(&keys::album(source.0, &member.album))?
                && album.told >= about.complete
            {
                albums.push(album.album);
            }
            Ok(())
        })?;
        Ok(albums)
    }

    pub(crate) fn source_record(&self, source: SourceId) -> Result<SourceRecord, StateError> {
        let record = self.inner().index.get(&keys::numbered(Family::Source, source.0))?;
        record.ok_or(StateError::Unknown("source"))
    }
}

/// The number of a source; a new one for a source that wasn't known.
pub(crate) fn source_of(transaction: &mut Transaction<'_>, key: &SourceKey) -> Result<SourceId, StateError> {
    let by_key = keys::source_by_key(key);
    if let Some(number) = transaction.get(&by_key)? {
        return Ok(SourceId(number));
    }
    let number = transaction.get::<u32>(&keys::next_source())?.unwrap_or(1);
    transaction.put(keys::next_source(), &(number + 1))?;
    transaction.put(by_key, &number)?;
    transaction.put(keys::numbered(Family::Source, number), &SourceRecord::new(key.clone()))?;
    Ok(SourceId(number))
}

fn record(index: &Index, source: SourceId, id: &AssetId) -> Result<Option<(IdRecord, AssetRecord)>, StateError> {
    // The asset may move on between the two reads.
    for _ in 0..8 {
        let Some(found) = index.get::<IdRecord>(&keys::asset_by_id(source.0, id.as_str()))? else {
            return Ok(None);
        };
        if let Some(record) = index.get(&keys::asset(source.0, found.seq))? {
            return Ok(Some((found, record)));
        }
    }
    Err(index.distrust("an id leads to no asset".to_owned()))
}

fn read(
    index: &Index,
    source: SourceId,
    about: &SourceRecord,
    key: &[u8],
    value: &[u8],
) -> Result<Catalogued, StateError> {
    let record: AssetRecord = index.decode(value)?;
    let seq = Seq(keys::last_number(key).unwrap_or(0));
    // Only where something is missing at all is it worth a look.
    let id = match about.unexplained {
        0 => None,
        _ => index.get::<IdRecord>(&keys::asset_by_id(source.0, record.asset.id.as_str()))?,
    };
    Ok(catalogued(about, seq, id.as_ref(), record))
}

fn catalogued(about: &SourceRecord, seq: Seq, id: Option<&IdRecord>, record: AssetRecord) -> Catalogued {
    let missing = record.presence == Presence::Here && id.is_some_and(|id| id.told < about.complete);
    Catalogued {
        seq,
        asset: record.asset,
        presence: record.presence,
        unexplained: if missing { Unexplained::Missing } else { Unexplained::No },
    }
}

//! The albums of a library and who is in them, as the source last told it, and whether all of that is known.

use camroll_model::{Album, AssetId, Member};
use serde::{Deserialize, Serialize};

use crate::catalogue::{SourceId, Writing};
use crate::error::StateError;
use crate::index::{Key, parts};
use crate::state::State;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    album: Album,
    /// The snapshot that last told it.
    told: u64,
}

/// How far the albums of a library are known. What an asset is not in can be said only of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlbumsHeard {
    /// The source told all of them and all who are in them, and every change since.
    Whole,
    /// A listing is under way that tells them.
    UnderWay,
    /// Never, or something of them couldn't be read. Another listing tells them.
    Lacking,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Hearing {
    whole: bool,
    /// In the listing that runs or ran last something of the albums couldn't be read.
    gap: bool,
}

/// What stands in the place of an album's id where the list of them couldn't be read.
const LIST_OF_ALBUMS: &str = "albums";

fn hearing_key(source: SourceId) -> Vec<u8> {
    Key::new(b'E').number(source.0).bytes()
}
/// The same as in the members of an album, the other way round.
fn albums_of_key(source: SourceId, asset: &str) -> Key {
    Key::new(b'C').number(source.0).part(asset)
}
fn album_of_key(source: SourceId, album: &str, asset: &str) -> Vec<u8> {
    albums_of_key(source, asset).part(album).bytes()
}
fn albums_key(source: SourceId) -> Key {
    Key::new(b'A').number(source.0)
}
fn album_key(source: SourceId, album: &str) -> Vec<u8> {
    albums_key(source).end(album.as_bytes()).bytes()
}
fn members_key(source: SourceId) -> Key {
    Key::new(b'B').number(source.0)
}
fn album_members_key(source: SourceId, album: &str) -> Key {
    members_key(source).part(album)
}
fn member_key(source: SourceId, album: &str, asset: &str) -> Vec<u8> {
    album_members_key(source, album).part(asset).bytes()
}

impl State {
    /// All albums and folders of a library, in the order of their ids.
    pub fn albums(&self, source: SourceId) -> Result<Vec<Album>, StateError> {
        let prefix = albums_key(source).bytes();
        self.index()?
            .range::<Told>(&prefix, &prefix)
            .map(|found| found.map(|(_, told)| told.album))
            .collect()
    }

    /// The ids of the albums that an asset is in. They may be unknown as albums.
    pub fn albums_of(&self, source: SourceId, asset: &AssetId) -> Result<Vec<String>, StateError> {
        let prefix = albums_of_key(source, asset.as_str()).bytes();
        self.index()?
            .range::<()>(&prefix, &prefix)
            .map(|found| {
                let (key, ()) = found?;
                Ok(last_part(key.get(prefix.len()..).unwrap_or_default()))
            })
            .collect()
    }

    /// How far the albums of a library are known.
    pub fn albums_heard(&self, source: SourceId) -> Result<AlbumsHeard, StateError> {
        let hearing: Hearing = self.index()?.get(&hearing_key(source))?.unwrap_or_default();
        Ok(match (hearing.whole, self.is_listing(source)?) {
            (true, _) => AlbumsHeard::Whole,
            (false, true) => AlbumsHeard::UnderWay,
            (false, false) => AlbumsHeard::Lacking,
        })
    }

    /// Who is in an album, a page at a time: after an asset, in the order of their ids. They may be unknown to the catalogue.
    pub fn members(
        &self,
        source: SourceId,
        album: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>, StateError> {
        let prefix = album_members_key(source, album).bytes();
        let from = match after {
            Some(after) => [member_key(source, album, after.as_str()), vec![0]].concat(),
            None => prefix.clone(),
        };
        self.index()?
            .range::<u64>(&prefix, &from)
            .take(limit)
            .map(|found| {
                let (key, _) = found?;
                Ok(AssetId(last_part(key.get(prefix.len()..).unwrap_or_default())))
            })
            .collect()
    }
}

fn last_part(key: &[u8]) -> String {
    parts(key).last().copied().unwrap_or_default().to_owned()
}

impl Writing<'_> {
    pub(crate) fn album(&mut self, album: &Album) -> Result<(), StateError> {
        let key = album_key(self.source, &album.id);
        let known: Option<Told> = self.batch.get(self.state.index()?, &key)?;
        if known.is_none_or(|known| known.album != *album) {
            self.albums_changed();
        }
        let told = Told {
            album: album.clone(),
            told: self.snapshot(),
        };
        self.batch.put(&key, &told)
    }

    pub(crate) fn member(&mut self, member: &Member) -> Result<(), StateError> {
        let key = member_key(self.source, &member.album, member.asset.as_str());
        if self.batch.get::<u64>(self.state.index()?, &key)?.is_none() {
            self.albums_changed();
        }
        let told = self.snapshot();
        self.batch.put(&key, &told)?;
        let turned = album_of_key(self.source, &member.album, member.asset.as_str());
        self.batch.put(&turned, &())
    }

    pub(crate) fn member_gone(&mut self, album: &str, asset: &AssetId) -> Result<(), StateError> {
        let key = member_key(self.source, album, asset.as_str());
        if self.batch.get::<u64>(self.state.index()?, &key)?.is_some() {
            self.albums_changed();
        }
        self.forget_member(&key);
        Ok(())
    }

    fn forget_member(&mut self, key: &[u8]) {
        self.batch.remove(key);
        let prefix = members_key(self.source).bytes();
        if let [album, asset] = parts(key.get(prefix.len()..).unwrap_or_default()).as_slice() {
            self.batch.remove(&album_of_key(self.source, album, asset));
        }
    }

    /// A listing begins: what couldn't be read before is told once more.
    pub(crate) fn albums_begin(&mut self) -> Result<(), StateError> {
        let hearing = Hearing {
            gap: false,
            ..self.hearing()?
        };
        self.batch.put(&hearing_key(self.source), &hearing)
    }

    /// Something couldn't be read. Whether it is of the albums is known by its name.
    pub(crate) fn albums_unread(&mut self, what: &str) -> Result<(), StateError> {
        let key = album_key(self.source, what);
        if what != LIST_OF_ALBUMS && self.batch.get::<Told>(self.state.index()?, &key)?.is_none() {
            return Ok(());
        }
        let lacking = Hearing {
            whole: false,
            gap: true,
        };
        self.batch.put(&hearing_key(self.source), &lacking)
    }

    /// A listing that began is at its end. An item that couldn't be read is no reason to keep what the albums no longer tell: no later change would take it away.
    pub(crate) fn albums_end(&mut self, snapshot: u64) -> Result<(), StateError> {
        let hearing = self.hearing()?;
        let whole = !hearing.gap;
        if whole {
            self.untold_albums(snapshot)?;
        }
        self.batch.put(&hearing_key(self.source), &Hearing { whole, ..hearing })
    }

    fn hearing(&self) -> Result<Hearing, StateError> {
        let known = self.batch.get(self.state.index()?, &hearing_key(self.source))?;
        Ok(known.unwrap_or_default())
    }

    /// An album that is gone takes with it who was in it.
    pub(crate) fn album_gone(&mut self, album: &str) -> Result<(), StateError> {
        let key = album_key(self.source, album);
        if self.batch.get::<Told>(self.state.index()?, &key)?.is_none() {
            return Ok(());
        }
        self.albums_changed();
        self.batch.remove(&key);
        let prefix = album_members_key(self.source, album).bytes();
        for found in self.state.index()?.range::<u64>(&prefix, &prefix) {
            let (key, _) = found?;
            self.forget_member(&key);
        }
        Ok(())
    }

    /// At the end of a snapshot that read all albums: what it didn't tell is gone, for it can be made again from what the source tells.
    fn untold_albums(&mut self, snapshot: u64) -> Result<(), StateError> {
        let albums = albums_key(self.source).bytes();
        for found in self.state.index()?.range::<Told>(&albums, &albums) {
            let (key, _) = found?;
            let now: Option<Told> = self.batch.get(self.state.index()?, &key)?;
            if now.is_some_and(|now| now.told != snapshot) {
                self.batch.remove(&key);
                self.albums_changed();
            }
        }
        let members = members_key(self.source).bytes();
        for found in self.state.index()?.range::<u64>(&members, &members) {
            let (key, _) = found?;
            let now: Option<u64> = self.batch.get(self.state.index()?, &key)?;
            if now.is_some_and(|now| now != snapshot) {
                self.forget_member(&key);
                self.albums_changed();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_album_runs_into_another_and_a_members_name_comes_back() {
        let key = member_key(SourceId(1), "a", "b\u{0}c");
        assert!(key.starts_with(&album_members_key(SourceId(1), "a").bytes()));
        assert!(!member_key(SourceId(1), "ab", "c").starts_with(&album_members_key(SourceId(1), "a").bytes()));
        let prefix = album_members_key(SourceId(1), "a").bytes();
        assert_eq!(last_part(&key[prefix.len()..]), "b\u{0}c");
    }
}

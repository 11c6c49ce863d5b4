//! What stands in a destination's albums by our hand. Kept in the index alone: lost, albums are found again by their names, and what is in them is put there once more, which changes nothing.

use camroll_model::{AssetId, Target};
use serde::{Deserialize, Serialize};

use crate::catalogue::SourceId;
use crate::error::StateError;
use crate::index::{Batch, Key, parts};
use crate::record::DestinationId;
use crate::state::State;

/// An album of a library, at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlbumPlace {
    /// The destination.
    pub destination: DestinationId,
    /// The library.
    pub source: SourceId,
    /// The album's id there.
    pub album: String,
}

/// What an album is at a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlbumThere {
    /// The destination's id of it; none where it is a list.
    pub id: Option<String>,
    /// As it is called there.
    pub name: String,
}

/// Something that was put into an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberThere {
    /// Whose file it is.
    pub asset: AssetId,
    /// The file.
    pub target: Target,
}

fn albums_key(destination: DestinationId) -> Key {
    Key::new(b'H').number(destination.0)
}
fn album_key(place: &AlbumPlace) -> Vec<u8> {
    albums_key(place.destination)
        .number(place.source.0)
        .part(&place.album)
        .bytes()
}
fn members_key(place: &AlbumPlace) -> Key {
    Key::new(b'I')
        .number(place.destination.0)
        .number(place.source.0)
        .part(&place.album)
}
fn member_key(place: &AlbumPlace, target: &Target) -> Vec<u8> {
    let name = target.path.as_deref().or(target.id.as_deref()).unwrap_or_default();
    members_key(place).part(name).bytes()
}

impl State {
    /// All albums of a destination.
    pub fn album_places(&self, destination: DestinationId) -> Result<Vec<(AlbumPlace, AlbumThere)>, StateError> {
        let prefix = albums_key(destination).bytes();
        let mut places = Vec::new();
        for found in self.index()?.range::<AlbumThere>(&prefix, &prefix) {
            let (key, there) = found?;
            let rest = key.get(prefix.len()..).unwrap_or_default();
            let (Some(source), Some(album)) = (rest.first_chunk::<4>(), rest.get(4..)) else {
                continue;
            };
            let place = AlbumPlace {
                destination,
                source: SourceId(u32::from_be_bytes(*source)),
                album: parts(album).first().copied().unwrap_or_default().to_owned(),
            };
            places.push((place, there));
        }
        Ok(places)
    }

    /// What an album is there; none where it was never made.
    pub fn album_there(&self, place: &AlbumPlace) -> Result<Option<AlbumThere>, StateError> {
        self.index()?.get(&album_key(place))
    }

    /// Keeps what it is there.
    pub fn set_album_there(&self, place: &AlbumPlace, there: &AlbumThere) -> Result<(), StateError> {
        self.index()?.put(&album_key(place), there)
    }

    /// Forgets an album, and what was put into it.
    pub fn forget_album_there(&self, place: &AlbumPlace) -> Result<(), StateError> {
        let mut batch = Batch::default();
        batch.remove(&album_key(place));
        let prefix = members_key(place).bytes();
        for found in self.index()?.range::<MemberThere>(&prefix, &prefix) {
            let (key, _) = found?;
            batch.remove(&key);
        }
        self.index()?.apply(batch)
    }

    /// What was put into an album, in the order of its paths or ids.
    pub fn members_there(&self, place: &AlbumPlace) -> Result<Vec<MemberThere>, StateError> {
        let prefix = members_key(place).bytes();
        self.index()?
            .range::<MemberThere>(&prefix, &prefix)
            .map(|found| found.map(|(_, member)| member))
            .collect()
    }

    /// Records what was put into an album and what was taken out.
    pub fn record_members(
        &self,
        place: &AlbumPlace,
        put: &[MemberThere],
        taken_out: &[MemberThere],
    ) -> Result<(), StateError> {
        let mut batch = Batch::default();
        for member in taken_out {
            batch.remove(&member_key(place, &member.target));
        }
        for member in put {
            batch.put(&member_key(place, &member.target), member)?;
        }
        self.index()?.apply(batch)
    }

    /// Grows with each file that gets a place of its own at a destination, and how many there are: alike twice, nothing came and nothing left between.
    pub fn placements_stamp(&self, destination: DestinationId) -> Result<(u64, u64), StateError> {
        Ok((self.last_placement(destination)?, self.placements_at(destination)?))
    }
}

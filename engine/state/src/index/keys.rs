//! The keys of the index. A byte says what it is; numbers are big-endian, so that keys sort as they came: sled needs a fifth of the memory for that.

use camroll_model::SourceKey;
use sha2::{Digest, Sha256};

use crate::journal::{DestinationId, PlacementHash, Position};

/// What a key leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Family {
    /// One of a kind: see the functions below.
    Single = 0x00,
    SourceByKey = 0x01,
    Source = 0x02,
    Destination = 0x03,
    Memo = 0x04,
    Libraries = 0x05,
    LastRun = 0x06,
    Cursor = 0x07,
    Asset = 0x10,
    AssetById = 0x11,
    AssetByKey = 0x12,
    Album = 0x13,
    Member = 0x14,
    Placement = 0x20,
    PlacementByAsset = 0x21,
    PlacementByPath = 0x22,
    Destructive = 0x23,
    Lane = 0x30,
    Mark = 0x31,
    Status = 0x32,
    Unsettled = 0x33,
    LaneTotals = 0x34,
    View = 0x35,
    AssetTotals = 0x36,
}

/// All that is made from the journal.
pub(crate) const FROM_JOURNAL: [Family; 6] = [
    Family::Destination,
    Family::Memo,
    Family::Placement,
    Family::PlacementByAsset,
    Family::PlacementByPath,
    Family::Destructive,
];

/// The beginning of all keys of a family.
pub(crate) fn family(family: Family) -> Vec<u8> {
    vec![family as u8]
}

/// The index's own format.
pub(crate) fn format() -> Vec<u8> {
    vec![Family::Single as u8, b'f']
}

/// How far the journal was taken in.
pub(crate) fn watermark() -> Vec<u8> {
    vec![Family::Single as u8, b'w']
}

/// The number that the next source gets.
pub(crate) fn next_source() -> Vec<u8> {
    vec![Family::Single as u8, b's']
}

/// The number that the next lane gets.
pub(crate) fn next_lane() -> Vec<u8> {
    vec![Family::Single as u8, b'l']
}

pub(crate) fn source_by_key(key: &SourceKey) -> Vec<u8> {
    join(
        Family::SourceByKey,
        &[&short_hash(&[&key.connector, &key.account, &key.library])],
    )
}

/// A key of something that a source has, or that a lane has: its number alone.
pub(crate) fn numbered(family: Family, number: u32) -> Vec<u8> {
    join(family, &[&number.to_be_bytes()])
}

/// A key by a name that a person or the engine gave.
pub(crate) fn named(family: Family, names: &[&str]) -> Vec<u8> {
    join(family, &[&short_hash(names)])
}

pub(crate) fn asset(source: u32, seq: u64) -> Vec<u8> {
    join(Family::Asset, &[&source.to_be_bytes(), &seq.to_be_bytes()])
}

pub(crate) fn asset_by_id(source: u32, id: &str) -> Vec<u8> {
    join(Family::AssetById, &[&source.to_be_bytes(), id.as_bytes()])
}

/// The beginning of the keys of all assets that have this other name.
pub(crate) fn assets_by_key(source: u32, key: &str) -> Vec<u8> {
    join(
        Family::AssetByKey,
        &[&source.to_be_bytes(), &(key.len() as u32).to_be_bytes(), key.as_bytes()],
    )
}

pub(crate) fn asset_by_key(source: u32, key: &str, id: &str) -> Vec<u8> {
    let mut bytes = assets_by_key(source, key);
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

pub(crate) fn album(source: u32, id: &str) -> Vec<u8> {
    join(Family::Album, &[&source.to_be_bytes(), id.as_bytes()])
}

/// The beginning of the keys of all albums that an asset is in.
pub(crate) fn members(source: u32, asset: &str) -> Vec<u8> {
    join(
        Family::Member,
        &[
            &source.to_be_bytes(),
            &(asset.len() as u32).to_be_bytes(),
            asset.as_bytes(),
        ],
    )
}

pub(crate) fn member(source: u32, asset: &str, album: &str) -> Vec<u8> {
    let mut bytes = members(source, asset);
    bytes.extend_from_slice(album.as_bytes());
    bytes
}

pub(crate) fn placements(destination: DestinationId) -> Vec<u8> {
    numbered(Family::Placement, destination.0)
}

pub(crate) fn placement(destination: DestinationId, position: Position) -> Vec<u8> {
    join(
        Family::Placement,
        &[&destination.0.to_be_bytes(), &position.to_be_bytes()],
    )
}

/// The beginning of the keys of all placements of an asset.
pub(crate) fn placements_of(destination: DestinationId, source: u32, asset: &str) -> Vec<u8> {
    join(
        Family::PlacementByAsset,
        &[
            &destination.0.to_be_bytes(),
            &source.to_be_bytes(),
            &(asset.len() as u32).to_be_bytes(),
            asset.as_bytes(),
        ],
    )
}

pub(crate) fn placement_of(destination: DestinationId, source: u32, asset: &str, hash: &PlacementHash) -> Vec<u8> {
    let mut bytes = placements_of(destination, source, asset);
    bytes.extend_from_slice(hash);
    bytes
}

/// The beginning of the keys of all placements at a path.
pub(crate) fn placements_at(destination: DestinationId, folded: &str) -> Vec<u8> {
    join(
        Family::PlacementByPath,
        &[&destination.0.to_be_bytes(), &short_hash(&[folded])],
    )
}

pub(crate) fn placement_at(destination: DestinationId, folded: &str, position: Position) -> Vec<u8> {
    let mut bytes = placements_at(destination, folded);
    bytes.extend_from_slice(&position.to_be_bytes());
    bytes
}

pub(crate) fn destructive(destination: DestinationId, position: Position) -> Vec<u8> {
    join(
        Family::Destructive,
        &[&destination.0.to_be_bytes(), &position.to_be_bytes()],
    )
}

/// What a lane has for a source: a mark, totals.
pub(crate) fn of_lane(family: Family, lane: u32, source: u32) -> Vec<u8> {
    join(family, &[&lane.to_be_bytes(), &source.to_be_bytes()])
}

/// What a lane has for an asset.
pub(crate) fn of_lane_asset(family: Family, lane: u32, source: u32, number: u64) -> Vec<u8> {
    join(
        family,
        &[&lane.to_be_bytes(), &source.to_be_bytes(), &number.to_be_bytes()],
    )
}

pub(crate) fn asset_totals(spec: &str, source: u32) -> Vec<u8> {
    join(Family::AssetTotals, &[&short_hash(&[spec]), &source.to_be_bytes()])
}

/// The last eight bytes, as a number.
pub(crate) fn last_number(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// The four bytes at a place, as a number.
pub(crate) fn number_at(key: &[u8], place: usize) -> Option<u32> {
    key.get(place..)?
        .first_chunk::<4>()
        .map(|bytes| u32::from_be_bytes(*bytes))
}

fn short_hash(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

fn join(family: Family, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(family as u8);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}
